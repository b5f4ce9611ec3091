"""Where memory ran out, joined with what the run needed: by the frames of the trace, on a net of large blocks.

Every block but the scores, the labels and the loss is larger than a page of the driver, so that a block more or less
shows in the sums.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from logparse.cost.memory.footprint import rounded
from logparse.cost.memory.holdings import Kind, holdings
from logparse.cost.memory.terms import MIB, Terms
from logparse.cost.whatif.change import Change, changed
from tests.writing import Layer, cells, data, line, net, read

if TYPE_CHECKING:
    from logparse.api import Log
    from logparse.cost.memory.holdings import Allocation

SOLVER: Final = "I1124 10:00:00.000000 23669 solver.cpp:1] Initializing solver from parameters: \nbase_lr: 0.1\n"
OUT: Final = line("Check failed: error == cudaSuccess (2 vs. 0)  out of memory", "syncedmem.cpp", "F")
HOST: Final = line("Check failed: *ptr host allocation of size 1234 failed", "syncedmem.hpp", "F")
TRAINING: Final = ("caffe::Solver<>::Step()", "caffe::Solver<>::Solve()", "train()", "main")
TESTING: Final = ("caffe::Net<>::Forward()", "caffe::Solver<>::Test()", *TRAINING)
TAKEN: Final = ("caffe::SyncedMemory::to_gpu()", "caffe::SyncedMemory::mutable_gpu_data()")
READ: Final = ("caffe::SyncedMemory::to_gpu()", "caffe::SyncedMemory::gpu_data()", "caffe::Blob<>::gpu_data()")
IMAGES: Final = "1 1 512 1024 (524288)"  # 2 MiB
MAPS: Final = "1 2 512 1024 (1048576)"  # 4 MiB

LAYERS: Final = (
    Layer("data", "Data", (), ("data", "label"), (IMAGES, "1 (1)"), "data_param { batch_size: 1 }", backward=False),
    Layer("conv", "Convolution", ("data",), ("conv",), (MAPS,), "convolution_param { num_output: 2 kernel_size: 1 }"),
    Layer("relu", "ReLU", ("conv",), ("conv",), (MAPS,)),
    Layer("norm", "LRN", ("conv",), ("norm",), (MAPS,)),
    Layer("pool", "Pooling", ("norm",), ("pool",), (MAPS,), "pooling_param { kernel_size: 1 }"),
    Layer("ip", "InnerProduct", ("pool",), ("ip",), ("1 2 (2)",), "inner_product_param { num_output: 2 }"),
    Layer("ip2", "InnerProduct", ("ip",), ("ip2",), ("1 2 (2)",), "inner_product_param { num_output: 2 }"),
    Layer("loss", "SoftmaxWithLoss", ("ip2", "label"), ("loss",), ("(1)",)),
)
NETS: Final = [one if one.backward is False else replace(one, backward=True) for one in LAYERS]
TRAIN: Final = net(NETS)
TEST: Final = line("Creating test net (#0) specified by net file: a", "solver.cpp") + net(NETS, phase="TEST")


def trace(*frames: str) -> str:
    return "*** Check failure stack trace: ***\n" + "".join(f"    @     0x7f592d1e6bb7  {frame}\n" for frame in frames)


def out(
    *frames: str,
    before: str = SOLVER + TRAIN + TEST,
    gpus: tuple[str, ...] = ("NVIDIA H100 80GB HBM3",),
    message: str = OUT,
) -> Log:
    names = "".join(line(f"GPU {number}: {name}", "caffe.cpp") for number, name in enumerate(gpus))
    return read(names, before, message, trace(*frames))


def row(log: Log) -> dict[str, Any]:
    return {name: column[0] for name, column in cells(log.table("out_of_memory")).items()}


# What the request was for ---------------------------------------------------------------------------------------------

PLACES: Final = {
    "forward, its top": (
        (*TAKEN, "caffe::PoolingLayer<>::Forward_gpu()", "caffe::Net<>::ForwardFromTo()", *TRAINING),
        ("forward", "TRAIN", 0, "distinct_data", "Pooling", "pool"),
    ),
    "forward, in place: what else but a buffer": (
        (*TAKEN, "caffe::ReLULayer<>::Forward_gpu()", *TRAINING),
        ("forward", "TRAIN", 0, "buffers", "ReLU", "relu"),
    ),
    "forward, a top before the buffer": (
        (*TAKEN, "caffe::LRNLayer<>::CrossChannelForward_gpu()", *TRAINING),
        ("forward", "TRAIN", 0, "distinct_data", "LRN", "norm"),
    ),
    "forward, a buffer before the top": (
        (*TAKEN, "caffe::SoftmaxWithLossLayer<>::Forward_gpu()", *TRAINING),
        ("forward", "TRAIN", 0, "buffers", "SoftmaxWithLoss", "loss"),
    ),
    "forward, a convolution's column": (
        (*TAKEN, "caffe::BaseConvolutionLayer<>::forward_gpu_gemm()", "caffe::ConvolutionLayer<>::Forward_gpu()"),
        ("forward", None, 0, "buffers", "Convolution", "conv"),
    ),
    "forward, a convolution's top": (
        (*TAKEN, "caffe::ConvolutionLayer<>::Forward_gpu()", *TRAINING),
        ("forward", "TRAIN", 0, "distinct_data", "Convolution", "conv"),
    ),
    "forward, weights that are read": (
        (*READ, "caffe::ConvolutionLayer<>::Forward_gpu()", *TRAINING),
        ("forward", "TRAIN", 0, "params", "Convolution", "conv"),
    ),
    "forward, a bottom that is read": (
        (*READ, "caffe::PoolingLayer<>::Forward_gpu()", *TRAINING),
        ("forward", "TRAIN", 0, "distinct_data", "Pooling", "pool"),
    ),
    "forward, one of two layers of a type": (
        (*TAKEN, "caffe::InnerProductLayer<>::Forward_gpu()", *TRAINING),
        ("forward", "TRAIN", 0, "distinct_data", "InnerProduct", None),
    ),
    "forward of the test net": (
        (*TAKEN, "caffe::PoolingLayer<>::Forward_gpu()", *TESTING),
        ("forward", "TEST", 1, "distinct_data", "Pooling", "pool"),
    ),
    "parameter gradients": (
        (*TAKEN, "caffe::Net<>::ClearParamDiffs()", *TRAINING),
        ("parameter gradients", "TRAIN", 0, "gradients", None, None),
    ),
    "backward": (
        (*TAKEN, "caffe::PoolingLayer<>::Backward_gpu()", *TRAINING),
        ("backward", "TRAIN", 0, "diff", "Pooling", "pool"),
    ),
    "update": (
        (*TAKEN, "caffe::SGDSolver<>::ComputeUpdateValue()", *TRAINING),
        ("update", "TRAIN", 0, "history", None, None),
    ),
    "prefetch": (
        (*TAKEN, "caffe::DataLayer<>::load_batch()", "caffe::BasePrefetchingDataLayer<>::InternalThreadEntry()"),
        ("prefetch", None, 0, "prefetch", "Data", "data"),
    ),
    "snapshot": (
        (*TAKEN, "caffe::SGDSolver<>::SnapshotSolverState()", *TRAINING),
        ("snapshot", "TRAIN", 0, None, None, None),
    ),
    "context": (
        ("caffe::Timer::Init()", "caffe::Solver<>::Solver()", "train()", "main"),
        ("context", None, None, None, None, None),
    ),
    "no frame at all": ((), (None, None, 0, None, None, None)),
}


@pytest.mark.parametrize("name", PLACES)
def test_the_trace_tells_what_the_request_was_for(name: str) -> None:
    frames, expected = PLACES[name]
    found = row(out(*frames))

    names = ("stage", "phase", "net_index", "kind", "layer_type", "layer")
    assert tuple(found[one] for one in names) == expected
    assert (found["attempt"], found["side"]) == (1, "device")
    assert found["line"] == (SOLVER + TRAIN + TEST).count("\n") + 2


def test_a_read_that_is_not_among_the_first_three_frames_is_another_layers() -> None:
    frames = (*TAKEN, "caffe::Blob<>::mutable_gpu_data()", "caffe::SyncedMemory::gpu_data()")
    found = row(out(*frames, "caffe::ConvolutionLayer<>::Forward_gpu()", *TRAINING))

    assert found["kind"] == "distinct_data"


@pytest.mark.parametrize(
    ("type_", "kind"), [("SoftmaxWithLoss", "buffers"), ("Swish", "buffers"), ("LRN", "distinct_data")]
)
def test_whether_a_layer_asks_for_its_top_or_for_its_buffer_first(type_: str, kind: str) -> None:
    assert row(out(*TAKEN, f"caffe::{type_}Layer<>::Forward_gpu()", *TRAINING))["kind"] == kind


def test_what_a_layer_inside_another_asks_for_is_the_others_buffer() -> None:
    """softmax_loss_layer.cu: the top of its inner Softmax is what it holds for itself."""
    inner = ("caffe::SoftmaxLayer<>::Forward_gpu()", "caffe::Layer<>::Forward()")
    outer = "caffe::SoftmaxWithLossLayer<>::Forward_gpu()"
    found, alone = row(out(*TAKEN, *inner, outer, *TRAINING)), row(out(*TAKEN, outer, *TRAINING))

    assert (found["kind"], found["layer_type"]) == ("buffers", "Softmax")
    assert found["held_bytes"] == alone["held_bytes"]
    assert row(out(*TAKEN, *inner, *TRAINING))["kind"] == "distinct_data"


def test_a_run_without_a_net_at_a_test_has_no_net_at_work() -> None:
    found = row(out(*TAKEN, "caffe::PoolingLayer<>::Forward_gpu()", *TESTING, before=SOLVER + TRAIN))

    assert (found["net_index"], found["kind"], found["held_bytes"]) == (None, None, None)


# What was held before -------------------------------------------------------------------------------------------------

EVERYTHING: Final = frozenset(Kind)
FORWARD: Final = frozenset({Kind.DATA, Kind.BUFFERS, Kind.PREFETCH, Kind.PARAMS})
BESIDE: Final = 594 * MIB  # the context of the card that was measured
THREAD: Final = 64 * MIB
TERMS: Final = Terms(context_bytes=BESIDE, thread_bytes=THREAD)
CARD: Final = "NVIDIA H100 80GB HBM3"


def held(log: Log, chosen: dict[int, Any]) -> int:
    """The chosen blocks of each net, rounded together, with the context and a handle for each data layer's thread."""
    _, run = log.run()
    blocks: list[Allocation] = []
    for place, wanted in chosen.items():
        blocks += [block for block in holdings(run, "gpu")[place].blocks if wanted(block)]
    return rounded([block.bytes for block in blocks]) + BESIDE + 2 * THREAD


def of(*kinds: Kind, before: int = 99) -> Any:  # noqa: ANN401 - a predicate
    """Blocks of some kinds, of layers before one."""
    return lambda block: block.kind in kinds and (before > 90 or (block.layer is not None and block.layer < before))


def both(*predicates: Any) -> Any:  # noqa: ANN401 - a predicate
    return lambda block: any(one(block) for one in predicates)


HELD: Final = {
    "parameter gradients": {1: of(*EVERYTHING)},
    "forward, its top": {1: of(*EVERYTHING), 0: both(of(Kind.GRADIENTS), of(*FORWARD, before=4))},
    "forward, a convolution's column": {1: of(*EVERYTHING), 0: both(of(Kind.GRADIENTS), of(*FORWARD, before=1))},
    "forward, one of two layers of a type": {
        1: of(*EVERYTHING),
        0: both(of(Kind.GRADIENTS), of(*FORWARD, before=5)),
    },
    "forward of the test net": {1: of(*FORWARD, before=4)},
    "backward": {1: of(*EVERYTHING), 0: of(Kind.GRADIENTS, *FORWARD)},
    "update": {1: of(*EVERYTHING), 0: of(Kind.GRADIENTS, Kind.DIFF, *FORWARD)},
}


@pytest.mark.parametrize("name", HELD)
def test_what_was_held_follows_caffes_order_of_allocation(name: str) -> None:
    """The test net, which is tested first; the parameters' gradients; forward layer by layer; backward; the update."""
    log = out(*PLACES[name][0])

    assert row(log)["held_bytes"] == held(log, HELD[name])


def test_the_stages_hold_more_and_more() -> None:
    stages = ("parameter gradients", "forward, a convolution's column", "forward, its top", "backward", "update")
    found = [row(out(*PLACES[name][0]))["held_bytes"] for name in stages]

    assert found == sorted(set(found))


def test_a_test_net_that_is_not_tested_first_holds_nothing_yet() -> None:
    before = SOLVER + "test_initialization: false\n" + TRAIN + TEST
    log = out(*PLACES["parameter gradients"][0], before=before)

    assert row(log)["held_bytes"] == BESIDE + 2 * THREAD


def test_a_command_that_does_not_train_holds_no_test_net_first() -> None:
    log = out(*PLACES["backward"][0], before=TRAIN + TEST + line("*** Benchmark begins ***", "caffe.cpp"))

    assert row(log)["held_bytes"] == held(log, {0: of(Kind.GRADIENTS, *FORWARD)})


def test_a_layer_that_is_named_is_where_it_stopped() -> None:
    """While the net is set up the layer being set up is known by its name: two layers are of its type."""
    begun = TRAIN.partition(line("Creating Layer ip2"))[0]
    begun += line("Creating Layer ip2") + line("ip2 <- ip") + line("ip2 -> ip2")
    frames = (
        *TAKEN,
        "caffe::InnerProductLayer<>::LayerSetUp()",
        "caffe::Net<>::Init()",
        "caffe::Solver<>::InitTrainNet()",
    )
    log = out(*frames, *TRAINING, before=SOLVER + begun)
    _, run = log.run()

    blocks = [
        block for block in holdings(run, "gpu")[0].blocks if of(*FORWARD, before=6)(block) or of(Kind.GRADIENTS)(block)
    ]
    assert row(log)["layer"] == "ip2"
    assert row(log)["held_bytes"] == rounded([block.bytes for block in blocks]) + BESIDE + THREAD


# What would have fitted -----------------------------------------------------------------------------------------------


def test_the_run_and_its_first_net_alone_are_of_engine_caffe() -> None:
    log = out(*PLACES["backward"][0])
    _, run = log.run()
    alone = changed(run, Change(no_test_net=True)).run
    sizes = [[block.bytes for one in holdings(each, "gpu") for block in one.blocks] for each in (run, alone)]

    found = row(log)

    assert found["run_bytes"] == rounded(sizes[0]) + BESIDE + 2 * THREAD
    assert found["first_net_bytes"] == rounded(sizes[1]) + BESIDE + THREAD
    assert found["first_net_bytes"] < found["run_bytes"]


def test_another_engine_that_is_asked_for_is_taken() -> None:
    log = out(*PLACES["prefetch"][0])
    caffe = row(log)["run_bytes"]
    log.terms = Terms(engine="cudnn")

    assert row(log)["run_bytes"] != caffe


@pytest.mark.parametrize("engine", [None, "caffe", "cudnn"])
def test_it_speaks_with_the_figures_of_the_footprint(engine: str | None) -> None:
    log = out(*PLACES["prefetch"][0])
    log.terms = Terms(engine=engine)
    whole = {name: column[1] for name, column in cells(log.footprint).items()}
    found = row(log)

    assert (found["run_bytes"], found["run_low_bytes"], found["run_high_bytes"], found["card_bytes"]) == (
        whole["bytes"],
        whole["low_bytes"],
        whole["high_bytes"],
        whole["card_bytes"],
    )
    assert found["run_fits_card"] is True
    assert whole["fits"] == "fits"


ROOM: Final = "the whole run fits the empty card: something else held its memory"
TIGHT: Final = "the run needs more than the card has: a smaller batch is needed"
ALONE: Final = "the first net alone would have fitted: a smaller test batch, or no test net, would have done"
NOT_KNOWN: Final = "how much the card has is not known"
BOTH: Final = SOLVER + TRAIN + TEST


def fits(*gpus: str, before: str = BOTH, stage: str = "context") -> tuple[Any, ...]:
    found = row(out(*PLACES[stage][0], before=before, gpus=gpus))
    return tuple(found[name] for name in ("card_bytes", "first_net_fits", "run_fits_card", "text"))


def test_a_card_whose_memory_is_known_tells_what_fits() -> None:
    assert fits("Some card") == (None, None, None, NOT_KNOWN)
    assert fits(CARD) == (85_017_493_504, True, True, f"{ROOM}; {ALONE}")
    assert fits("GeForce GTX 1060 6 GB") == (6 * 10**9, True, True, f"{ROOM}; {ALONE}")
    assert fits(CARD, before=SOLVER + TRAIN) == (85_017_493_504, True, True, ROOM)


def test_of_several_cards_the_smallest_counts() -> None:
    assert fits(CARD, "Some card", "Tesla P100 16GB")[0] == 16 * 10**9


@pytest.mark.parametrize("name", ["Card 0GB", "Card 1234GB", "80GBit", "x80GB"])
def test_what_is_no_memory_of_a_card(name: str) -> None:
    assert fits(name)[0] is None


def grown(scale: int) -> list[Layer]:
    """The layers with maps so many times as high."""
    high = 512 * scale
    shapes = {IMAGES: f"1 1 {high} 1024 ({high * 1024})", MAPS: f"1 2 {high} 1024 ({2 * high * 1024})"}
    return [replace(one, shapes=tuple(shapes.get(shape, shape) for shape in one.shapes)) for one in NETS]


TESTED_NET: Final = line("Creating test net (#0) specified by net file: a", "solver.cpp")


def large(scale: int) -> str:
    """A run of two such nets."""
    return SOLVER + net(grown(scale)) + TESTED_NET + net(grown(scale), phase="TEST")


def test_a_run_that_needs_more_than_the_card_has() -> None:
    card, alone, whole, text = fits("Card 1GB", before=large(32))

    assert (card, alone, whole) == (10**9, False, False)
    assert text == TIGHT


def test_a_first_net_that_alone_would_have_fitted_on_the_card() -> None:
    """Of both nets more than 2 GB at least, of the first one less at most."""
    both = SOLVER + TRAIN + TESTED_NET + net(grown(128), phase="TEST")
    card, alone, whole, text = fits("Card 2GB", before=both)

    assert (card, alone, whole) == (2 * 10**9, True, False)
    assert text == f"{TIGHT}; {ALONE}"


def test_between_the_ends_of_the_range_it_is_not_clear() -> None:
    card, _, whole, text = fits("Card 1GB", before=large(12))

    assert (card, whole) == (10**9, None)
    assert text.startswith("whether it fits the card's 1.00 GB is not clear: it needs ")


def test_what_was_held_already_shows_that_the_first_net_fits() -> None:
    """Whatever the card has: the update of both nets held more than the first net alone needs."""
    bigger_test = SOLVER + TRAIN + TESTED_NET + net(grown(4), phase="TEST")

    assert fits("Some card", before=bigger_test, stage="update") == (None, True, None, ALONE)


def test_a_set_up_that_did_not_end_tells_only_what_is_known_of_it() -> None:
    """Neither of the net nor of the run can be said that it fits; its batches of data are told."""
    begun = line("Creating Layer data") + line("data -> data") + line("data -> label")
    text = begun + line("output data size: 5000,3,200,200", "data_layer.cpp")
    found = row(out(before=text))

    assert (found["first_net_fits"], found["run_fits_card"], found["run_high_bytes"]) == (None, None, None)
    assert "the set-up of the net did not end: what is known of it takes " in found["text"]
    assert "a batch of data takes 2,400,000,000 B, and 4 of them are kept" in found["text"]


@pytest.mark.parametrize("dims", ["99999,99999,99999", "4294967296", "-1,3", "5000"])
def test_a_data_size_that_no_blob_can_have_is_none(dims: str) -> None:
    begun = line("Creating Layer data") + line("data -> data") + line(f"output data size: {dims}", "data_layer.cpp")
    counts = cells(read(begun, OUT).blobs)["count"]

    assert counts == [5000 if dims == "5000" else None]


def test_a_set_up_that_is_not_in_the_log_is_not_taken_for_a_full_card() -> None:
    found = row(out(*PLACES["forward of the test net"][0], before=line("Solver scaffolding done.", "solver.cpp")))

    assert found["text"] == "the set-up of the net is not in this log: what the run needs is not known"
    assert (found["stage"], found["layer_type"]) == ("forward", "Pooling")


def test_the_hosts_memory_is_no_cards() -> None:
    found = row(out(*PLACES["prefetch"][0], message=HOST, gpus=("NVIDIA H100 80GB HBM3",)))

    assert (found["side"], found["text"]) == ("host", "the host's memory ran out, not the GPU's")


def test_without_a_net_not_even_the_context_found_room() -> None:
    found = row(out(*PLACES["context"][0], before=SOLVER, gpus=("NVIDIA H100 80GB HBM3",)))

    room = "not even the CUDA context found room, on a card of 85.0 GB: something else held its memory"
    assert found["text"] == f"no net had been set up: {room}"
    assert (found["run_bytes"], found["first_net_bytes"], found["held_bytes"]) == (None, None, None)
    assert found["card_bytes"] == 85_017_493_504


def test_an_attempt_that_did_not_run_out_has_no_row() -> None:
    assert read(SOLVER, TRAIN).table("out_of_memory").empty


def test_blobs_that_no_layer_reads_may_have_been_what_did_not_fit() -> None:
    """Caffe leaves them on the host, a fork may not: then nothing else need have held the card's memory."""
    unread = replace(data("1000 3 500 500 (750000000)"), name="more", tops=("more",))
    text = SOLVER + net([*NETS, unread])
    card, alone, whole, said = fits("Card 2GB", before=text)

    assert (card, alone, whole) == (2 * 10**9, None, None)
    assert "and as much as 3.00 GB more if blobs that no layer reads were on it" in said
    assert fits("Card 8GB", before=text)[2] is True
