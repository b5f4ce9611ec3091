"""What an attempt's lines tell of its GPU: the engine by its signs, libraries, memory, build (derive/gpu.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from logparse.cost.memory.gpu import Build
from tests.writing import Layer, data, line, net, read, solver

if TYPE_CHECKING:
    from logparse.cost.memory.gpu import Told

CONV: Final = "convolution_param {{ num_output: 3 kernel_size: 1 {} }}"
OUT: Final = line("Check failed: error == cudaSuccess (2 vs. 0)  out of memory", "syncedmem.cpp", "F")


def layers(more: str = "", second: str = "") -> list[Layer]:
    return [
        data(),
        Layer("conv1", "Convolution", ("data",), ("conv1",), ("2 3 4 4 (96)",), CONV.format(more)),
        Layer("conv2", "Convolution", ("conv1",), ("conv2",), ("2 3 4 4 (96)",), CONV.format(second or more)),
        Layer("ip", "InnerProduct", ("conv2",), ("ip",), ("2 5 (10)",), "inner_product_param { num_output: 5 }"),
    ]


def trace(*frames: str) -> str:
    return "*** Check failure stack trace: ***\n" + "".join(f"    @     0x7f592d1e6bb7  {one}\n" for one in frames)


def told(*parts: str) -> Told:
    return read(*parts).run()[1].gpu.told


def engine(*parts: str, more: str = "", second: str = "") -> str | None:
    return told(solver(), *parts[:1], net(layers(more, second)), *parts[1:]).engine


SIGNS: Final = {
    "nothing": ("", (), None),
    "NVCaffe prints that there is none": ("CuDNN version: USE_CUDNN is not defined", (), "caffe"),
    "NVCaffe prints its version": ("CuDNN version: 7600", (), "cudnn"),
    "a version of another library": ("CuBLAS version: 10200", (), None),
    "a workspace": (
        "[0] Conv Algos (F,BD,BF): 'conv1_1' with space 0.01G/1 1 4 3  (limit 12.33G, req 0G)",
        (),
        "cudnn",
    ),
    "a layer that cuDNN does not support": (
        "CUDNN does not support padding or multiple tops. Using Caffe's own pooling layer.",
        (),
        "cudnn",
    ),
    "its class in a trace": ("", ("caffe::CuDNNConvolutionLayer<>::Forward_gpu()",), "cudnn"),
    "Caffe's own class in a trace": ("", ("caffe::ConvolutionLayer<>::Forward_gpu()",), "caffe"),
    "the class of a layer that never runs on cuDNN": ("", ("caffe::InnerProductLayer<>::Forward_gpu()",), None),
    "a helper that both have": ("", ("caffe::ConvolutionLayer<>::compute_output_shape()",), None),
    "the CPU's pass": ("", ("caffe::ConvolutionLayer<>::Forward_cpu()",), None),
}


@pytest.mark.parametrize("name", SIGNS)
def test_the_engine_is_known_by_what_only_one_build_prints(name: str) -> None:
    printed, frames, expected = SIGNS[name]
    assert engine(line(printed, "caffe.cpp") if printed else "", OUT + trace(*frames)) == expected


def test_a_definition_that_asks_for_cudnn_shows_a_build_that_has_it() -> None:
    assert engine(more="engine: CUDNN") == "cudnn"
    assert engine(more="engine: CAFFE") is None  # so it may be either build
    assert engine(more="engine: DEFAULT") is None


def test_a_layer_that_was_told_to_work_without_cudnn_shows_nothing() -> None:
    frames = trace("caffe::ConvolutionLayer<>::Forward_gpu()")
    assert engine("", OUT + frames, more="engine: CAFFE") is None
    assert engine("", OUT + frames, second="dilation: 2") is None  # cuDNN leaves that one to Caffe's engine


def test_an_error_of_cudnns_is_its_builds() -> None:
    said = line("Check failed: status == CUDNN_STATUS_SUCCESS (4 vs. 0)  CUDNN_STATUS_INTERNAL_ERROR", "cudnn.hpp", "F")
    assert engine("", said) == "cudnn"


def test_a_convolution_that_cudnn_refuses_and_that_was_set_up_shows_a_build_without_it() -> None:
    solid = Layer("conv", "Convolution", ("data",), ("conv",), ("2 3 4 4 4 (384)",), CONV.format(""))
    text = net([data("2 3 4 4 4 (384)"), solid])
    assert told(solver(), text).engine == "caffe"
    assert told(solver(), net([data("2 3 4 4 4 (384)"), solid], done=False)).engine is None


def test_a_layer_that_cudnn_does_not_support_is_told_once() -> None:
    said = line(
        "CUDNN does not support padding or multiple tops. Using Caffe's own pooling layer.", "layer_factory.cpp"
    )
    log = read(solver(), said, said, net(layers()))
    assert [event.kind for event in log.facts.attempts[0].events].count("engine") == 1


@pytest.mark.parametrize(
    ("printed", "cuda", "cudnn"),
    [
        ("CUDA version: 10010", 10.1, None),
        ("CUDA version: 8000", 8.0, None),
        ("CUDA driver version: 11020", None, None),  # what runs is the library
        ("CuDNN version: 7600", None, 7.6),
        ("cuDNN version: 8101", None, 8.1),
        ("CuDNN version: 90100", None, 9.1),
        ("CuDNN version: 6.0.21", None, 6.0),
    ],
)
def test_releases_of_libraries(printed: str, cuda: float | None, cudnn: float | None) -> None:
    found = told(line(printed, "caffe.cpp"), solver(), net(layers()))
    assert (found.cuda, found.cudnn) == (cuda, cudnn)


def test_of_several_cards_that_are_printed_the_one_with_least_free_counts() -> None:
    def card(number: int, total: int, free: int) -> str:
        return line(f"Total memory: {total}, Free: {free}, dev_info[{number}]: total={total} free={free}", "a.cpp")

    found = told(card(0, 2000, 1700), card(1, 2000, 1900), solver(), net(layers()))
    assert (found.total_bytes, found.gone_bytes, found.build) == (2000, 300, Build.NVCAFFE)


@pytest.mark.parametrize(
    ("space", "size"), [("4.19M", 4_195_000), ("0.01G", 15_000_000), ("9M", 9_500_000), ("512", 512)]
)
def test_a_workspace_is_taken_with_half_a_unit_of_its_last_digit(space: str, size: int) -> None:
    said = f"[0] Conv Algos (F,BD,BF): 'conv1' with space {space} 3/1 -> [0 1 0] 0 1 0 \t(avail 33G, req 4M)\tt: 0 0 0"
    assert told(solver(), net(layers()), line(said, "cudnn_conv_layer.cpp")).workspace_bytes == size


def test_the_build_is_told_by_its_own_lines() -> None:
    banner = line("This is NVCaffe 0.17.0 started at Wed Feb 28 07:56:37 2018", "caffe.cpp")
    assert told(banner, solver(), net(layers())).build is Build.NVCAFFE
    assert told(solver(), net(layers())).build is Build.BVLC


def test_how_many_gpus_train_together() -> None:
    assert told(line("Using GPUs 0, 1", "caffe.cpp"), solver(), net(layers())).gpus == 2
    assert told(solver(), net(layers())).gpus == 1


# Whether a run fits ---------------------------------------------------------------------------------------------------

MAPS: Final = "600 3 500 500 (450000000)"
LARGE: Final = [data(MAPS), Layer("conv", "Convolution", ("data",), ("conv",), (MAPS,), CONV.format(""))]
CARD: Final = line("Using GPUs 0", "caffe.cpp") + line("GPU 0: GeForce GTX 1050", "caffe.cpp")
BEGUN: Final = line("Starting Optimization", "caffe.cpp")
SAVED: Final = line("Snapshotting to binary proto file a_iter_100.caffemodel", "solver.cpp")
ENDED: Final = line("Optimization Done.", "caffe.cpp")


def fits(*parts: str) -> str | None:
    value = read(*parts).footprint["fits"].iloc[1]
    return value if isinstance(value, str) else None


def test_what_the_log_shows_to_have_run_is_never_called_impossible() -> None:
    whole = CARD + solver() + net(LARGE)
    assert fits(whole) == "does not fit"
    assert fits(whole, BEGUN) == "unclear"
    assert fits(whole, BEGUN, ENDED) == "fits"
    assert fits(whole, BEGUN, SAVED) == "fits"
    assert fits(whole, BEGUN, SAVED, OUT) == "does not fit"
    assert fits(whole, BEGUN, OUT) == "does not fit"
    assert fits(solver(), net(LARGE)) is None


def test_a_run_that_ended_held_no_more_than_its_card() -> None:
    row = read(CARD + solver() + net(LARGE), BEGUN, ENDED).footprint.iloc[1]
    assert row["high_bytes"] == 2 * 1024**3
    assert row["bytes"] <= row["high_bytes"]
    assert "it ran, so it held no more than the 2,147,483,648 bytes" in row["basis"]


def test_a_run_of_no_iteration_holds_what_its_one_forward_pass_takes() -> None:
    def kinds(settings: str) -> set[str]:
        rows = read(solver(settings), net(layers())).memory
        return set(rows[(rows["device"] == "gpu") & (rows["bytes"] > 0)]["kind"]) - {"logged"}

    assert "gradients" in kinds("max_iter: 5\n")
    assert kinds("max_iter: 0\ndisplay: 20\n") == {"distinct_data", "params", "buffers"}
    assert kinds("max_iter: 0\n") == {"params"}
