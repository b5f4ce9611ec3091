"""What a run allocates, block by block: parameters and their copies, blobs, buffers, prefetched batches."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from logparse.cost.memory.beside import threads
from logparse.cost.memory.beside import workspace as workspace_of
from logparse.cost.memory.footprint import FAILS, FITS, UNCLEAR, footprint, left_out, rounded, verdict
from logparse.cost.memory.gpu import Build, Told, gpu
from logparse.cost.memory.holdings import COPIES, Era, Kind, Solver, copies, holdings
from logparse.cost.memory.terms import DEVICES, ENGINES, PROGRAM_BYTES, USUAL, Terms
from logparse.cost.spec import Basis
from tests.cost_nets import net, run

if TYPE_CHECKING:
    from logparse.cost.memory.holdings import Allocation, NetMemory, Run

MIB: Final = 1024 * 1024
PRINTED: Final = {"data": (7, 3, 5, 5), "label": (7,)}
DATA: Final = 'layer { name: "in" type: "Data" top: "data" top: "label" data_param { batch_size: 7 } }'
DENSE: Final = (
    'layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 11 } }'
)
LOSS: Final = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }'
WEIGHTS: Final = 75 * 11 * 4
BIASES: Final = 11 * 4
PARAMS: Final = WEIGHTS + BIASES
BATCH: Final = (7 * 75 + 7) * 4


def usual(*, beside: bool = False, element_bytes: int = 4, phase: str = "TRAIN", middle: str = "") -> NetMemory:
    text = DATA + middle + DENSE + LOSS
    return net(text, phase=phase, batch=7, beside=beside, element_bytes=element_bytes, printed=PRINTED)


def with_test_net(solver: Solver = Solver()) -> Run:  # noqa: B008 - frozen
    return run(usual(), usual(beside=True, phase="TEST"), solver=solver)


def of_kind(one: Run, device: str, kind: Kind, place: int = 0) -> list[Allocation]:
    return [block for block in holdings(one, device)[place].blocks if block.kind is kind]


def sizes(one: Run, device: str, kind: Kind, place: int = 0) -> dict[str, int]:
    return {block.what: block.bytes for block in of_kind(one, device, kind, place)}


# -- parameters ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("device", ["cpu", "gpu"])
def test_each_parameter_blob_has_its_gradient_and_its_history(device: str) -> None:
    assert sizes(run(usual()), device, Kind.PARAMS) == {"ip, param 0": WEIGHTS, "ip, param 1": BIASES}
    assert sizes(run(usual()), device, Kind.GRADIENTS) == {"ip, param 0": WEIGHTS, "ip, param 1": BIASES}
    assert sizes(run(usual()), device, Kind.HISTORY) == {"ip, param 0, copy 1": WEIGHTS, "ip, param 1, copy 1": BIASES}


def test_copies_are_numbered() -> None:
    found = sizes(run(usual(), solver=Solver("Adam")), "gpu", Kind.HISTORY)
    assert list(found) == ["ip, param 0, copy 1", "ip, param 0, copy 2", "ip, param 1, copy 1", "ip, param 1, copy 2"]


# Param-sized buffers beside data and gradient, measured per solver: on the CPU with `update_` and `temp_`
@pytest.mark.parametrize(
    ("solver", "on_the_cpu", "on_a_gpu"),
    [("SGD", 1, 1), ("Nesterov", 2, 1), ("AdaGrad", 2, 1), ("RMSProp", 2, 1), ("AdaDelta", 4, 2), ("Adam", 3, 2)],
)
def test_a_solvers_own_copies(solver: str, on_the_cpu: int, on_a_gpu: int) -> None:
    assert copies(Solver(solver), "cpu") == on_the_cpu
    assert copies(Solver(solver), "gpu") == on_a_gpu


def test_the_solvers_are_caffes_six() -> None:
    assert set(COPIES) == {"SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam"}
    assert copies(Solver("Lion"), "cpu") == copies(Solver("SGD"), "cpu")


@pytest.mark.parametrize(
    ("solver", "on_the_cpu", "on_a_gpu"),
    [("SGD", 2, 2), ("Nesterov", 3, 2), ("AdaDelta", 4, 3), ("Adam", 3, 3)],
)
def test_l1_needs_a_temporary_unless_the_solver_has_one_already(solver: str, on_the_cpu: int, on_a_gpu: int) -> None:
    l1 = Solver(solver, l1=True)
    assert (copies(l1, "cpu"), copies(l1, "gpu")) == (on_the_cpu, on_a_gpu)
    plain = Solver(solver)
    assert copies(l1, "gpu", decays=False) == copies(plain, "gpu")
    assert copies(l1, "cpu", decays=False) == copies(plain, "cpu")


def test_what_does_not_decay_has_no_temporary_of_l1() -> None:
    layers = list(usual().layers)
    layers[1] = replace(layers[1], decays=(True, False))
    found = sizes(run(replace(usual(), layers=tuple(layers)), solver=Solver(l1=True)), "gpu", Kind.HISTORY)
    assert list(found) == ["ip, param 0, copy 1", "ip, param 0, copy 2", "ip, param 1, copy 1"]
    layers[1] = replace(layers[1], decays=(False,))  # what is not stated decays
    found = sizes(run(replace(usual(), layers=tuple(layers)), solver=Solver(l1=True)), "gpu", Kind.HISTORY)
    assert list(found) == ["ip, param 0, copy 1", "ip, param 1, copy 1", "ip, param 1, copy 2"]


def test_caffe_time_computes_gradients_but_no_update_and_none_for_statistics() -> None:
    norm = 'layer { name: "bn" type: "BatchNorm" bottom: "data" top: "data" }'
    timed = run(usual(middle=norm), command="time")
    trained = run(usual(middle=norm))
    assert sizes(timed, "cpu", Kind.PARAMS) == sizes(trained, "cpu", Kind.PARAMS)
    assert list(sizes(timed, "gpu", Kind.GRADIENTS)) == ["ip, param 0", "ip, param 1"]
    assert [name for name in sizes(trained, "gpu", Kind.GRADIENTS) if name.startswith("bn")] == [
        "bn, param 0",
        "bn, param 1",
        "bn, param 2",
    ]
    assert sizes(timed, "gpu", Kind.HISTORY) == {}


def test_caffe_time_touches_no_gradient_of_a_frozen_parameter() -> None:
    """Backward asks param_propagate_down; force_backward sets it for all. Training clears every gradient there is."""
    frozen = net(DATA + DENSE.replace("inner", "param { lr_mult: 0 } inner") + LOSS, batch=7, printed=PRINTED)
    assert list(sizes(run(frozen, command="time"), "gpu", Kind.GRADIENTS)) == ["ip, param 1"]
    assert list(sizes(run(frozen), "gpu", Kind.GRADIENTS)) == ["ip, param 0", "ip, param 1"]
    forced = [replace(layer, spec=replace(layer.spec, force_backward=True)) for layer in frozen.layers]
    found = sizes(run(replace(frozen, layers=tuple(forced)), command="time"), "gpu", Kind.GRADIENTS)
    assert list(found) == ["ip, param 0", "ip, param 1"]


@pytest.mark.parametrize(
    ("command", "solver", "mult", "on_device"),
    [
        ("train", Solver(), 1, True),  # weight decay reads it on the device
        ("train", Solver(), 0, False),
        ("train", Solver(decays=False), 1, False),
        ("time", Solver(), 1, False),
        ("test", Solver(), 1, False),
    ],
)
def test_the_factor_of_a_batch_norms_average_stays_on_the_host(
    command: str, solver: Solver, mult: int, *, on_device: bool
) -> None:
    rates = f"param {{ decay_mult: {mult} }}" * 3
    norm = f'layer {{ name: "bn" type: "BatchNorm" bottom: "data" top: "data" {rates} }}'
    layers = tuple(
        replace(layer, decays=(mult != 0,) * 3) if layer.spec.name == "bn" else layer
        for layer in usual(middle=norm).layers
    )
    one = run(replace(usual(middle=norm), layers=layers), command=command, solver=solver)
    assert {"bn, param 0", "bn, param 1"} <= set(sizes(one, "gpu", Kind.PARAMS))
    assert ("bn, param 2" in sizes(one, "gpu", Kind.PARAMS)) is on_device
    assert sizes(one, "cpu", Kind.PARAMS)["bn, param 2"] == 4


def test_caffe_test_holds_parameters_alone() -> None:
    one = run(usual(phase="TEST"), command="test")
    assert sizes(one, "cpu", Kind.PARAMS) == {"ip, param 0": WEIGHTS, "ip, param 1": BIASES}
    assert sizes(one, "cpu", Kind.GRADIENTS) == sizes(one, "cpu", Kind.HISTORY) == {}


def test_a_test_net_shares_the_train_nets_parameters() -> None:
    for device in ("cpu", "gpu"):
        for kind in (Kind.PARAMS, Kind.GRADIENTS, Kind.HISTORY):
            assert sizes(with_test_net(), device, kind, 1) == {}


def test_a_test_net_that_is_not_tested_first_still_has_its_own_on_the_cpu() -> None:
    later = with_test_net(Solver(tests_first=False))
    assert sizes(later, "cpu", Kind.PARAMS, 1) == {"ip, param 0": WEIGHTS, "ip, param 1": BIASES}
    assert sizes(later, "gpu", Kind.PARAMS, 1) == {}
    assert sizes(later, "cpu", Kind.GRADIENTS, 1) == sizes(later, "cpu", Kind.HISTORY, 1) == {}
    assert sizes(later, "cpu", Kind.PARAMS, 0) == {"ip, param 0": WEIGHTS, "ip, param 1": BIASES}


def test_a_layer_that_only_the_test_net_has_is_its_own() -> None:
    other = DATA + DENSE.replace('"ip" type', '"other" type') + LOSS
    second = net(other, phase="TEST", batch=7, beside=True, printed=PRINTED)
    assert sizes(run(usual(), second), "gpu", Kind.PARAMS, 1) == {"other, param 0": WEIGHTS, "other, param 1": BIASES}
    assert sizes(run(usual(), second), "gpu", Kind.GRADIENTS, 1) == {}


def test_a_second_net_that_is_not_beside_the_first_shares_nothing() -> None:
    assert sizes(run(usual(), usual()), "gpu", Kind.PARAMS, 1) == {"ip, param 0": WEIGHTS, "ip, param 1": BIASES}


def test_parameters_that_are_not_known_are_a_gap() -> None:
    layers = list(usual().layers)
    layers[1] = replace(layers[1], params=None)
    held = holdings(run(replace(usual(), layers=tuple(layers))), "cpu")[0]
    assert held.bytes_of(Kind.PARAMS) == 0
    assert {(gap.layer, gap.name, gap.reason) for gap in held.gaps} == {(1, "ip", "its parameters are not known")}


@pytest.mark.parametrize(
    ("command", "beside", "kinds"),
    [
        ("train", False, [Kind.PARAMS, Kind.GRADIENTS, Kind.HISTORY]),
        ("time", False, [Kind.PARAMS, Kind.GRADIENTS]),
        ("test", False, [Kind.PARAMS]),
        ("train", True, [Kind.PARAMS]),
    ],
)
def test_what_there_is_for_each_parameter_is_not_known_either(command: str, *, beside: bool, kinds: list[Kind]) -> None:
    layers = [usual().layers[0], replace(usual().layers[1], params=None)]
    net = replace(usual(), layers=tuple(layers), beside=beside)
    for device in ("cpu", "gpu"):
        assert [gap.kind for gap in holdings(replace(run(net), command=command), device)[0].gaps] == kinds


def test_a_layer_without_a_name_is_called_so_and_shares_nothing() -> None:
    """In an excerpt: two layers without a name are not one."""
    layers = usual().layers
    unnamed = replace(layers[1], spec=replace(layers[1].spec, name=""))
    held = holdings(run(replace(usual(), layers=(layers[0], replace(unnamed, params=None)))), "cpu")[0]
    assert {gap.name for gap in held.gaps} == {"unnamed layer"}
    net = replace(usual(), layers=(layers[0], unnamed))
    beside = replace(usual(), layers=(layers[0], replace(unnamed)), beside=True)
    first, second = holdings(run(net, beside), "cpu")
    assert second.bytes_of(Kind.PARAMS) == first.bytes_of(Kind.PARAMS) > 0


def test_a_guess_makes_what_rests_on_it_inferred() -> None:
    layers = list(usual().layers)
    layers[1] = replace(layers[1], inferred=True)
    held = holdings(run(replace(usual(), layers=tuple(layers))), "cpu")[0]
    basis = {(block.kind, block.what): block.basis for block in held.blocks}
    assert basis[Kind.PARAMS, "ip, param 0"] is basis[Kind.HISTORY, "ip, param 0, copy 1"] is Basis.INFERRED
    assert basis[Kind.DATA, "ip"] is basis[Kind.DIFF, "ip"] is Basis.INFERRED
    assert basis[Kind.BUFFERS, "ip, bias multiplier"] is Basis.INFERRED
    assert basis[Kind.DATA, "data"] is Basis.SHAPES
    certain = {block.what: block.basis for block in holdings(run(usual()), "cpu")[0].blocks}
    assert certain["ip, param 0"] is Basis.DEFINITION
    assert certain["ip, bias multiplier"] is Basis.DEFINITION


# -- blobs ---------------------------------------------------------------------------------------------


def test_blobs_count_in_the_nets_own_values() -> None:
    assert sizes(run(usual()), "cpu", Kind.DATA) == {"data": 2100, "label": 28, "ip": 308, "loss": 4}
    doubled = run(usual(element_bytes=8))
    assert sizes(doubled, "cpu", Kind.DATA) == {"data": 4200, "label": 56, "ip": 616, "loss": 8}
    assert sizes(doubled, "cpu", Kind.PARAMS) == {"ip, param 0": 2 * WEIGHTS, "ip, param 1": 2 * BIASES}


def test_a_count_that_is_not_printed_is_a_gap() -> None:
    layers = list(usual().layers)
    layers[1] = replace(layers[1], counts=(None,))
    held = holdings(run(replace(usual(), layers=tuple(layers))), "cpu")[0]
    assert {(gap.kind, gap.layer, gap.name, gap.reason) for gap in held.gaps} == {
        (Kind.DATA, 1, "ip", "the count of ip is not printed"),
        (Kind.DIFF, 1, "ip", "the count of ip is not printed"),
    }


def test_gradients_of_blobs_are_one_gap_where_the_log_does_not_say_who_does_backward() -> None:
    layers = [replace(layer, spec=replace(layer.spec, backward=None)) for layer in usual().layers]
    layers[0] = usual().layers[0]
    held = holdings(run(replace(usual(), layers=tuple(layers))), "cpu")[0]
    assert held.bytes_of(Kind.DIFF) == 0
    assert [(gap.kind, gap.layer, gap.name) for gap in held.gaps] == [(Kind.DIFF, 1, "ip")]
    assert "does not say which layers do backward" in held.gaps[0].reason


def test_caffe_time_has_more_gradients_than_training() -> None:
    still = net(DATA + DENSE, printed=PRINTED)  # no loss, so that training has nothing to do
    assert set(sizes(run(still), "cpu", Kind.DIFF)) == set()
    assert set(sizes(run(still, command="time"), "cpu", Kind.DIFF)) == {"ip"}


# -- buffers -------------------------------------------------------------------------------------------


def test_a_cudnn_build_has_other_buffers_and_gradients_on_the_gpu() -> None:
    conv = (
        'layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"'
        " convolution_param { num_output: 2 kernel_size: 3 } }"
    )
    one = run(net(DATA + conv + DENSE.replace('"data"', '"conv"') + LOSS, printed=PRINTED))
    plain, cudnn, on_cpu = (
        holdings(one, "gpu")[0],
        holdings(one, "gpu", cudnn=True)[0],
        holdings(one, "cpu", cudnn=True)[0],
    )
    assert [block.what for block in plain.blocks if block.what.startswith("conv, ")] == [
        "conv, param 0",
        "conv, param 0",
        "conv, param 0, copy 1",
        "conv, param 1",
        "conv, param 1",
        "conv, param 1, copy 1",
        "conv, im2col column",
        "conv, bias multiplier",
    ]
    assert "conv, im2col column" not in {block.what for block in cudnn.blocks}
    assert {block.what for block in plain.blocks if block.kind is Kind.DIFF} - {
        block.what for block in cudnn.blocks if block.kind is Kind.DIFF
    } == {"data"}
    assert on_cpu == holdings(one, "cpu")[0]


def test_a_layer_whose_buffers_are_not_known_is_a_gap() -> None:
    python = 'layer { name: "own" type: "Python" bottom: "data" top: "out" }'
    held = holdings(run(net(DATA + python, printed=PRINTED)), "gpu")[0]
    gaps = {gap.kind: gap for gap in held.gaps}
    assert gaps[Kind.BUFFERS].name == "own"
    assert "Python" in gaps[Kind.BUFFERS].reason


# -- prefetched batches --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("era", "settings", "on_the_cpu", "on_a_gpu"),
    [
        (Era.NOW, "", 3, 4),  # four batches; on the CPU the top is one of them
        (Era.NOW, "prefetch: 10", 9, 10),
        (Era.NOW, "prefetch: 1", 0, 1),
        (Era.RC2, "", 1, 1),
        (Era.RC2, "prefetch: 10", 1, 1),
    ],
)
def test_batches_that_are_kept_ready(era: Era, settings: str, on_the_cpu: int, on_a_gpu: int) -> None:
    source = DATA.replace("batch_size: 7", f"batch_size: 7 {settings}")
    one = replace(run(net(source + DENSE + LOSS, printed=PRINTED)), era=era)
    for device, count in (("cpu", on_the_cpu), ("gpu", on_a_gpu)):
        assert holdings(one, device)[0].bytes_of(Kind.PREFETCH) == count * BATCH
        assert [block.what for block in of_kind(one, device, Kind.PREFETCH)][:2] == (
            ["data, batch 1", "label, batch 1"] if count else []
        )


def test_a_layer_that_reads_no_files_keeps_no_batches() -> None:
    source = 'layer { type: "Input" top: "data" top: "label" }'
    assert sizes(run(net(source + DENSE + LOSS, printed=PRINTED)), "gpu", Kind.PREFETCH) == {}


def test_a_batch_of_unknown_size_is_a_gap() -> None:
    layers = list(usual().layers)
    layers[0] = replace(layers[0], counts=(None, 7))
    held = holdings(run(replace(usual(), layers=tuple(layers))), "gpu")[0]
    assert held.bytes_of(Kind.PREFETCH) == 4 * 7 * 4
    assert {gap.reason for gap in held.gaps if gap.kind is Kind.PREFETCH} == {"the count of data is not printed"}


def test_threads_are_counted_over_all_nets() -> None:
    source = net('layer { type: "Input" top: "data" top: "label" }' + DENSE + LOSS, printed=PRINTED)
    assert threads([usual(), usual(beside=True), source]) == 2
    assert threads([]) == 0


# -- precision -----------------------------------------------------------------------------------------


def test_another_precision_of_some_kinds_leaves_the_others() -> None:
    halved = replace(run(usual()), bits={Kind.PARAMS: 16, Kind.DATA: 1})
    assert sizes(halved, "cpu", Kind.PARAMS) == {"ip, param 0": WEIGHTS // 2, "ip, param 1": BIASES // 2}
    assert sizes(halved, "cpu", Kind.GRADIENTS) == {"ip, param 0": WEIGHTS, "ip, param 1": BIASES}
    # one bit a value, rounded up to whole bytes: 525, 7, 77 and 1 values
    assert sizes(halved, "cpu", Kind.DATA) == {"data": 66, "label": 1, "ip": 10, "loss": 1}


def test_no_net_holds_nothing() -> None:
    assert holdings(run(), "gpu") == ()


# -- the whole footprint -------------------------------------------------------------------------------


def test_nothing_is_set_but_the_program() -> None:
    assert Terms(None, None, None, PROGRAM_BYTES, None) == USUAL
    assert PROGRAM_BYTES == 20_197_376


def test_the_devices_and_engines_that_can_be_asked_for() -> None:
    assert DEVICES == ("cpu", "gpu")
    assert ENGINES == ("caffe", "cudnn")


def test_the_driver_packs_small_blocks_and_gives_whole_pages_to_large_ones() -> None:
    assert rounded([513]) == rounded([512] * 4096) == 2 * MIB
    assert rounded([513] * 2048) == 2 * MIB
    assert rounded([513] * 2049) == 4 * MIB
    assert rounded([MIB + 1, 1]) == 4 * MIB
    assert rounded([2 * MIB]) == 2 * MIB
    assert rounded([2 * MIB + 1, 5 * MIB]) == 4 * MIB + 6 * MIB


def test_on_the_cpu_a_run_is_caffes_own_and_the_program() -> None:
    found = footprint(run(usual()), "cpu", Terms(program_bytes=1000))
    own = holdings(run(usual()), "cpu")[0].total_bytes
    assert found.bytes == found.low_bytes == found.high_bytes == own + 1000
    assert [(part.name, part.bytes) for part in found.parts] == [
        ("Caffe's own allocations", own),
        ("the program itself", 1000),
    ]
    assert found.device == "cpu"


H100: Final = gpu(Told(("NVIDIA H100 80GB HBM3",)))


def test_on_the_gpu_a_run_is_caffes_own_in_pages_the_context_and_a_handle_per_thread() -> None:
    terms = Terms(context_bytes=100, thread_bytes=10, engine="caffe")
    found = footprint(replace(with_test_net(), gpu=H100), "gpu", terms)
    blocks = [block.bytes for held in holdings(with_test_net(), "gpu") for block in held.blocks]
    assert [(part.name, part.bytes) for part in found.parts] == [
        ("Caffe's own allocations", sum(blocks)),
        ("rounding to pages of 2 MiB", 2 * MIB - sum(blocks)),
        ("CUDA context and first cuBLAS handle", 100),
        ("cuBLAS handles of prefetch threads", 2 * 10),
    ]
    assert found.bytes == 2 * MIB + 100 + 2 * 10
    doubt = found.bytes // 100  # on the measured card
    assert (found.low_bytes, found.high_bytes) == (found.bytes - doubt, found.bytes + doubt)
    assert (found.engine, found.cudnn) == ("caffe", None)
    assert found.remarks[0] == "the context as given"


def test_on_a_card_that_nobody_measured_pages_may_be_none_and_the_doubt_is_larger() -> None:
    found = footprint(with_test_net(), "gpu", Terms(context_bytes=100, thread_bytes=10, engine="caffe"))
    own = sum(block.bytes for held in holdings(with_test_net(), "gpu") for block in held.blocks)
    low, high = own + 120, 2 * MIB + 120
    assert (found.low_bytes, found.high_bytes) == (low - low // 20, high + high // 20)
    assert found.bytes == own + (2 * MIB - own) // 2 + 120


@pytest.mark.parametrize("engine", [None, "caffe", "cudnn"])
@pytest.mark.parametrize("told", [Told(), Told(("Tesla K40m",)), Told(("NVIDIA H100 80GB HBM3",)), Told(year=2015)])
def test_the_estimate_lies_in_its_range(engine: str | None, told: Told) -> None:
    for one in (with_test_net(), convolved()):
        found = footprint(replace(one, gpu=gpu(told)), "gpu", Terms(engine=engine))
        assert found.low_bytes is not None
        assert found.high_bytes is not None
        assert found.low_bytes <= found.bytes <= found.high_bytes


CONV: Final = (
    'layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"'
    " convolution_param { num_output: 2 kernel_size: 3 group: 1 } }"
)


def convolved(settings: str = "") -> Run:
    conv = CONV.replace("group: 1", settings or "group: 1")
    return run(net(DATA + conv + DENSE.replace('"data"', '"conv"') + LOSS, printed=PRINTED))


def test_a_cudnn_build_lies_between_no_workspace_and_all_that_caffe_allows() -> None:
    terms = Terms(context_bytes=100, thread_bytes=10, cudnn_handle_bytes=1000)
    found = footprint(replace(convolved(), gpu=H100), "gpu", terms)
    # three handles of the convolution, one of the loss's softmax; three times eight mebibytes
    low = 2 * MIB + 4 * 1000 + 100 + 10
    high = low + 3 * 8 * MIB
    assert found.bytes == 2 * MIB + 100 + 10  # the figure is for engine CAFFE
    assert found.cudnn == (low - low // 100, high + high // 100)
    assert found.caffe == (found.bytes - found.bytes // 100, found.bytes + found.bytes // 100)
    assert (found.low_bytes, found.high_bytes) == (found.caffe[0], found.cudnn[1])
    assert found.remarks[-1].startswith("nothing tells the engine")
    assert found.remarks[-1].endswith("cuDNN's with 4 handles")


def test_narrowed_to_cudnn_the_figure_is_the_sum_of_what_is_likely() -> None:
    terms = Terms(context_bytes=100, thread_bytes=10, cudnn_handle_bytes=1000, engine="cudnn")
    found = footprint(replace(convolved(), gpu=H100), "gpu", terms)
    own = sum(block.bytes for block in holdings(convolved(), "gpu", cudnn=True)[0].blocks)
    assert [(part.name, part.bytes) for part in found.parts] == [
        ("Caffe's own allocations, cuDNN build", own),
        ("rounding to pages of 2 MiB", 2 * MIB - own),
        ("4 cuDNN handles", 4000),
        ("workspace of cuDNN's convolutions", 3 * 8 * MIB // 2),
        ("what cuDNN loads for its first convolution", 0),
        ("CUDA context and first cuBLAS handle", 100),
        ("cuBLAS handles of prefetch threads", 10),
    ]
    assert found.bytes == sum(part.bytes for part in found.parts)
    assert found.cudnn == (found.low_bytes, found.high_bytes)
    assert found.caffe is None


@pytest.mark.parametrize(
    ("told", "workspace"),
    [
        (Told(build=Build.RC2), (0, 0, 0)),  # cudnn_conv_layer.cpp of 2014 has none
        (Told(), (0, 12 * MIB, 24 * MIB)),  # three streams of 8 MiB
        (Told(build=Build.NVCAFFE, workspace_bytes=5), (5, 5, 5)),  # one for all layers, printed
        (Told(build=Build.NVCAFFE, total_bytes=20 * MIB), (0, 5 * MIB, 10 * MIB)),  # or half of the card
        (Told(build=Build.NVCAFFE), (0, 12 * MIB, 24 * MIB)),
    ],
)
def test_the_workspace_is_its_builds(told: Told, workspace: tuple[int, int, int]) -> None:
    assert workspace_of(replace(convolved(), gpu=gpu(told))) == workspace
    dense = run(net(DATA + DENSE + LOSS, printed=PRINTED))
    assert workspace_of(replace(dense, gpu=gpu(told))) == (0, 0, 0)


def test_several_gpus_may_hold_three_more_copies_of_the_parameters() -> None:
    alone, two = (
        footprint(replace(run(usual()), gpu=gpu(Told(gpus=gpus))), "gpu", Terms(engine="caffe")) for gpus in (1, 2)
    )
    params = holdings(run(usual()), "gpu")[0].bytes_of(Kind.PARAMS)
    assert alone.low_bytes == two.low_bytes
    assert alone.high_bytes is not None
    assert two.high_bytes is not None
    assert two.high_bytes - alone.high_bytes == pytest.approx(3 * params * 1.05, abs=2)
    assert any(f"of one of 2 GPUs; the range holds up to {3 * params:,} bytes" in remark for remark in two.remarks)


def test_a_cudnn_build_that_would_stop_has_no_range_and_says_so() -> None:
    printed = {"data": (7, 3, 5, 5, 5), "label": (7,)}
    one = run(net(DATA + CONV + DENSE.replace('"data"', '"conv"') + LOSS, printed=printed))
    caffe = footprint(one, "gpu", Terms(engine="caffe"))
    for engine in (None, "cudnn"):
        found = footprint(one, "gpu", Terms(engine=engine))
        assert found.cudnn is None
        assert found.bytes == caffe.bytes
        assert any("stops at a convolution" in remark for remark in found.remarks)
    assert (footprint(one, "gpu").low_bytes, footprint(one, "gpu").high_bytes) == (caffe.low_bytes, caffe.high_bytes)
    assert footprint(one, "gpu", Terms(engine="cudnn")).low_bytes is None
    assert footprint(one, "cpu").remarks == ()
    assert not any("stops" in remark for remark in footprint(convolved(), "gpu").remarks)


def test_where_blobs_are_left_out_there_is_no_upper_end() -> None:
    layers = [replace(layer, params=None) for layer in usual().layers]
    found = footprint(run(replace(usual(), layers=tuple(layers))), "gpu", Terms(engine="caffe"))
    assert found.low_bytes is not None
    assert found.high_bytes is None


def test_a_set_up_that_is_not_seen_to_its_end_has_no_upper_end() -> None:
    found = footprint(replace(run(usual()), complete=False), "gpu")
    assert (found.low_bytes is None, found.high_bytes) == (False, None)
    assert any("does not show the end of a net's set-up" in remark for remark in found.remarks)


@pytest.mark.parametrize(
    ("low", "high", "card", "said"),
    [
        (5, 10, (10, 12), FITS),
        (5, 11, (10, 12), UNCLEAR),
        (12, 15, (10, 12), UNCLEAR),
        (13, 15, (10, 12), FAILS),
        (5, None, (10, 12), UNCLEAR),
        (13, None, (10, 12), FAILS),
        (None, None, (10, 12), None),
        (5, 10, None, None),
    ],
)
def test_the_verdict_asks_the_upper_end_for_yes_and_the_lower_one_for_no(
    low: int | None, high: int | None, card: tuple[int, int] | None, said: str | None
) -> None:
    found = footprint(run(usual()), "gpu")._replace(low_bytes=low, high_bytes=high)
    assert verdict(found, card) == said


@pytest.mark.parametrize(("shows", "kinds"), [(True, {"data", "forward"}), (False, {"data"})])
def test_a_run_of_no_iteration_holds_no_gradients(shows: bool, kinds: set[str]) -> None:  # noqa: FBT001
    """Solver::Solve: with max_iter 0 there is no step, but a displayed loss takes one forward pass."""
    one = replace(run(usual()), solver=Solver(trains=False, shows=shows))
    held = holdings(one, "gpu")[0]
    assert held.bytes_of(Kind.PARAMS) > 0
    assert (held.bytes_of(Kind.DATA) > 0) == ("forward" in kinds)
    assert held.bytes_of(Kind.DIFF) == held.bytes_of(Kind.GRADIENTS) == held.bytes_of(Kind.HISTORY) == 0
    assert any("max_iter is 0" in remark for remark in footprint(one, "gpu").remarks)


def test_an_assumed_solver_is_named() -> None:
    unsaid = run(usual(), solver=Solver(stated=False))
    assert footprint(unsaid, "cpu").remarks == ("the log shows no solver: SGD assumed",)
    assert footprint(replace(unsaid, command="time"), "cpu").remarks == ()
    assert footprint(run(usual()), "cpu").remarks == ()


def test_what_is_left_out_is_named_by_kind_with_the_first_three() -> None:
    layers = [replace(layer, params=None) for layer in (*usual().layers, *usual().layers[1:])]
    held = holdings(run(replace(usual(), layers=tuple(layers))), "cpu")
    first = "; ".join(f"{name}: its parameters are not known" for name in ("in", "ip", "loss"))
    assert left_out(held) == (f"params, gradients, history ({first}; and 2 more)",)
    assert left_out(held, limit=5)[0].count("not known") == 5
    assert "more" not in left_out(held, limit=5)[0]
    assert footprint(run(replace(usual(), layers=tuple(layers))), "cpu").left_out == left_out(held)
    assert left_out(holdings(run(usual()), "cpu")) == ()
