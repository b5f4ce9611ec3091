"""Plans that use memory again: lifetimes of blobs, the bound, placements, recomputation."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logparse.cost.plan.checkpoints import root_segments, ways_to_cut
from logparse.cost.plan.lifetimes import Lifetime, of_inference, of_training, recomputed
from logparse.cost.plan.placement import live_bytes, planned
from logparse.cost.plan.schemes import as_yjxiong, schemes
from logparse.cost.plan.yjxiong import opt_bytes
from logparse.cost.rule import Missing
from logparse.cost.spec import LayerSpec
from tests.cost_nets import net

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.cost.memory.holdings import NetMemory

PRINTED: Final = {"data": (2, 3, 4, 4), "label": (2,)}
DATA: Final = 'layer { name: "in" type: "Data" top: "data" top: "label" data_param { batch_size: 2 } }'
CONV: Final = (
    'layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" '
    "convolution_param { num_output: 5 kernel_size: 1 } }"
)
RELU: Final = 'layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }'
POOL: Final = (
    'layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { kernel_size: 2 stride: 2 } }'
)
DENSE: Final = (
    'layer { name: "ip" type: "InnerProduct" bottom: "pool" top: "ip" inner_product_param { num_output: 7 } }'
)
LOSS: Final = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }'
BYTES: Final = {"data": 2 * 48 * 4, "label": 8, "conv": 2 * 80 * 4, "pool": 2 * 20 * 4, "ip": 2 * 7 * 4, "loss": 4}
LAYERS: Final = 6


def usual(*, phase: str = "TRAIN") -> NetMemory:
    return net(DATA + CONV + RELU + POOL + DENSE + LOSS, phase=phase, batch=2, printed=PRINTED)


def lives(blocks: Sequence[Lifetime]) -> dict[tuple[str, str], tuple[int, int]]:
    return {(one.name, one.half): (one.first, one.last) for one in blocks}


# -- lifetimes -----------------------------------------------------------------------------------------


def test_in_a_forward_pass_a_blob_lives_from_its_write_to_its_last_read_without_labels_and_losses() -> None:
    blocks = of_inference(usual())
    assert {one.name: one.bytes for one in blocks} == {name: BYTES[name] for name in ("data", "conv", "pool", "ip")}
    assert lives(blocks) == {
        ("data", "data"): (0, 1),
        ("conv", "data"): (1, 3),  # written again in place
        ("pool", "data"): (3, 4),
        ("ip", "data"): (4, 5),  # what the net gives stays to the end
    }


def test_a_label_may_go_through_a_split() -> None:
    split = 'layer { name: "split" type: "Split" bottom: "label" top: "l0" top: "l1" }'
    accuracy = 'layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "l1" top: "accuracy" }'
    text = DATA + split + CONV + POOL + DENSE + LOSS.replace("label", "l0") + accuracy
    found = of_inference(net(text, phase="TEST", batch=2, printed={**PRINTED, "l0": (2,), "l1": (2,)}))
    assert {one.name for one in found} == {"data", "conv", "pool", "ip"}


def test_a_max_pooling_has_an_index_that_dies_at_once_and_an_average_has_none() -> None:
    assert lives(of_inference(usual(), with_index=True))["pool", "index"] == (3, 3)
    average = net(DATA + CONV + POOL.replace("kernel", "pool: AVE kernel") + DENSE + LOSS, batch=2, printed=PRINTED)
    assert ("pool", "index") not in lives(of_inference(average, with_index=True))


def test_in_training_data_lives_until_the_backward_pass_that_reads_it_and_gradients_from_there() -> None:
    """Six layers: layer i goes backward at step 11 − i."""
    assert lives(of_training(usual())) == {
        ("data", "data"): (0, 10),  # conv's weights
        ("label", "data"): (0, 6),
        ("conv", "data"): (1, 9),  # relu's backward; MAX pooling reads its own index
        ("pool", "data"): (3, 7),  # ip's weights
        ("ip", "data"): (4, 5),
        ("loss", "data"): (5, 5),
        ("loss", "diff"): (5, 6),
        ("ip", "diff"): (6, 7),
        ("pool", "diff"): (7, 8),
        ("conv", "diff"): (8, 10),
        ("data", "diff"): (10, 10),  # base_conv_layer.cpp takes its pointer
    }


def test_what_is_dropped_is_worked_out_anew_before_its_segment_goes_backward() -> None:
    """Two segments: in, conv, relu | pool, ip, loss. Nothing is dropped but what no later segment reads."""
    segments = [0, 0, 0, 1, 1, 1]
    assert recomputed(usual(), segments) == ()  # conv is read by pool: it is kept
    wider = [0, 0, 0, 0, 1, 1]
    assert recomputed(usual(), wider) == (1, 2)
    found = [one for one in of_training(usual(), segments=wider) if one.name == "conv" and one.half == "data"]
    assert [(one.first, one.last) for one in found] == [(1, 3), (8, 11)]  # loss, ip back at 6, 7; conv, relu anew


def unread() -> NetMemory:
    """A net one of whose layers is of a type that nobody knows."""
    text = (DATA + CONV + RELU + POOL + DENSE + LOSS).replace('"ReLU"', '"Mystery"')
    return net(text, batch=2, printed={**PRINTED, "conv": (2, 5, 4, 4)})


def test_what_is_not_known_is_missing() -> None:
    with pytest.raises(Missing, match="what the backward pass of relu reads is not known"):
        of_training(unread())


# -- placements ----------------------------------------------------------------------------------------


def block(first: int, last: int, size: int) -> Lifetime:
    return Lifetime(f"{first}-{last}", "data", size, first, last)


# Pisarchyk & Lee 2020, arXiv 2001.03288: the toy of the paper, (first, last, bytes)
TOY: Final = [
    block(*one)
    for one in ((0, 1, 32), (1, 4, 28), (2, 5, 36), (3, 5, 16), (4, 5, 8), (5, 7, 64), (6, 8, 10), (7, 8, 40))
]


def test_the_toy_of_the_paper_is_planned_at_its_bound() -> None:
    found = planned(TOY)
    assert sum(one.bytes for one in TOY) == 234
    assert (found.bytes, found.bound_bytes, found.is_optimal) == (124, 124, True)


def test_the_gap_before_the_first_block_is_used() -> None:
    """A long block lies high, since another one was below it when it came; what comes later fits below it."""
    blocks = [block(0, 1, 50), block(1, 9, 50), block(2, 9, 30), block(2, 9, 20)]
    assert planned(blocks).bytes == 100


def test_nothing_takes_nothing() -> None:
    assert (planned([]).bytes, planned([]).bound_bytes, live_bytes([])) == (0, 0, [])


LIFETIMES: Final = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 6), st.integers(0, 99)).map(
        lambda one: block(one[0], one[0] + one[1], one[2])
    ),
    max_size=12,
)


@given(LIFETIMES)
def test_no_two_blocks_that_live_at_one_step_overlap(blocks: list[Lifetime]) -> None:
    found = planned(blocks)
    for (one, start), (other, second) in combinations(zip(found.blocks, found.offsets, strict=True), 2):
        apart = one.last < other.first or other.last < one.first
        assert apart or start + one.bytes <= second or second + other.bytes <= start
    assert found.bytes == max((start + one.bytes for one, start in zip(blocks, found.offsets, strict=True)), default=0)
    assert max((one.bytes for one in blocks), default=0) <= found.bound_bytes <= found.bytes
    assert found.bytes <= sum(one.bytes for one in blocks)
    assert planned(blocks) == found  # the same for the same


CHAINS: Final = st.lists(st.integers(0, 99), max_size=40).map(
    lambda sizes: [block(place, place + 1, size) for place, size in enumerate(sizes)]
)


@given(CHAINS)
def test_a_chain_of_any_length_is_planned_at_its_bound(blocks: list[Lifetime]) -> None:
    assert planned(blocks).is_optimal


ORACLE: Final = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 5), st.integers(1, 64)).map(
        lambda one: block(one[0], one[0] + one[1], one[2])
    ),
    min_size=1,
    max_size=9,
)


@pytest.mark.skipif(find_spec("omnimalloc") is None, reason="omnimalloc is not made for this machine")
@given(ORACLE)
def test_a_plan_is_hardly_above_that_of_another_allocator(blocks: list[Lifetime]) -> None:
    """omnimalloc's best: what both call a plan is the same, and ours hardly ever takes more."""
    omnimalloc = pytest.importorskip("omnimalloc")
    theirs = omnimalloc.Pool(
        id="blobs",
        allocations=tuple(
            omnimalloc.Allocation(id=place, size=one.bytes, start=one.first, end=one.last + 1)
            for place, one in enumerate(blocks)
        ),
    )
    best = omnimalloc.allocate(theirs, allocator="supermalloc", validate=True).size
    found = planned(blocks)
    assert found.bound_bytes <= best
    assert found.bytes <= 1.05 * best


# -- recomputation -------------------------------------------------------------------------------------


def stairs(depth: int = 12) -> NetMemory:
    """Convolutions of many sizes, and a narrow place in the middle."""
    text, bottom = DATA, "data"
    for place in range(depth):
        width = 1 if place == depth // 2 else 5 + place % 3
        text += (
            f'layer {{ name: "c{place}" type: "Convolution" bottom: "{bottom}" top: "c{place}" '
            f"convolution_param {{ num_output: {width} kernel_size: 1 }} }}"
            f'layer {{ name: "s{place}" type: "Sigmoid" bottom: "c{place}" top: "s{place}" }}'
        )
        bottom = f"s{place}"
    dense = DENSE.replace('"pool"', f'"{bottom}"')
    return net(text + dense + LOSS, batch=2, printed=PRINTED)


def test_each_way_to_cut_is_a_row_of_segments_from_first_to_last() -> None:
    ways = ways_to_cut(stairs())
    assert len(set(ways)) == len(ways) > 10
    for segments in ways:
        assert segments[0] == 0
        assert {later - one for one, later in pairwise(segments)} <= {0, 1}
    assert root_segments(stairs()) in ways
    assert (0,) * len(stairs().layers) in ways


def test_a_cut_by_bytes_goes_where_the_least_passes() -> None:
    deep = stairs()
    cuts = {place for segments in ways_to_cut(deep) for place in range(1, len(segments)) if is_cut(segments, place)}
    places = [place for place, layer in enumerate(deep.layers) if layer.spec.name == "c7"]
    assert set(places) <= cuts  # behind the narrow s6


def is_cut(segments: Sequence[int], place: int) -> bool:
    return segments[place] != segments[place - 1]


def test_the_best_checkpoints_need_no_more_than_any_that_were_tried() -> None:
    deep = stairs()
    best = next(one for one in schemes(deep) if one.name == "checkpoint_best")
    bounds = [max(live_bytes(of_training(deep, segments=segments))) for segments in ways_to_cut(deep)]
    assert best.bound == min(bounds)


def test_a_budget_is_met_with_as_little_as_it_needs() -> None:
    found = {one.name: one for one in schemes(stairs())}
    least, all_kept = found["checkpoint_best"], found["training_caffe"]
    assert least.bytes is not None
    assert all_kept.bytes is not None
    assert least.bytes < all_kept.bytes

    at_ease = schemes(stairs(), all_kept.bytes)[-1]
    assert (at_ease.bytes, at_ease.extra_macs) == (all_kept.bytes, 0)
    costs = []
    for budget in range(least.bytes, all_kept.bytes, (all_kept.bytes - least.bytes) // 5):
        tight = schemes(stairs(), budget)[-1]
        assert tight.bytes is not None
        assert tight.bytes <= budget
        assert tight.kept == least.kept
        costs.append(tight.extra_macs or 0)
    assert costs == sorted(costs, reverse=True)
    assert costs[0] > costs[-1]
    assert schemes(stairs(), least.bytes - 1)[-1] == least  # none fits: what needs least


def test_a_budget_changes_nothing_where_nothing_trains() -> None:
    assert schemes(usual(phase="TEST"), 1) == schemes(usual(phase="TEST"))


# -- schemes -------------------------------------------------------------------------------------------


def test_every_scheme_says_what_it_saves_against_what_caffe_keeps_of_the_same() -> None:
    found = {scheme.name: scheme for scheme in schemes(usual())}
    data = sum(BYTES.values())
    assert list(found) == [
        "caffe",
        "in_place",
        "inference",
        "inference_index",
        "training_caffe",
        "training_cudnn",
        "checkpoint_sqrt",
        "checkpoint_best",
    ]
    assert (found["caffe"].bytes, found["caffe"].kept) == (2 * data - BYTES["label"], 2 * data - BYTES["label"])
    assert found["inference"].kept == data
    assert found["inference"].bytes == BYTES["data"] + BYTES["conv"]
    assert usual().layers[found["inference"].peak or 0].spec.name == "conv"
    assert [one.name for one in found["inference"].alive or ()] == ["conv", "data"]
    for scheme in found.values():
        assert scheme.alive is None or sum(one.bytes for one in scheme.alive) == scheme.bound


def test_in_place_saves_the_data_and_the_gradient_of_each_layer_that_may_be() -> None:
    apart = (DATA + CONV + RELU + POOL + DENSE + LOSS).replace('bottom: "conv" top: "conv"', 'bottom: "conv" top: "r"')
    text = apart.replace('bottom: "conv" top: "pool"', 'bottom: "r" top: "pool"')
    found = {one.name: one for one in schemes(net(text, batch=2, printed=PRINTED))}
    already = {one.name: one for one in schemes(usual())}
    assert found["caffe"].bytes == (already["caffe"].bytes or 0) + 2 * BYTES["conv"]
    assert found["in_place"].bytes == already["caffe"].bytes == already["in_place"].bytes
    assert found["in_place"].kept == found["caffe"].bytes


def test_a_net_that_trains_nothing_has_no_scheme_of_training() -> None:
    found = {scheme.name: scheme for scheme in schemes(usual(phase="TEST"))}
    assert list(found) == ["caffe", "in_place", "inference", "inference_index"]
    assert found["caffe"].counted.startswith("data of all blobs")


def test_a_net_of_which_no_blob_is_left_takes_nothing() -> None:
    """In a damaged log: one layer without tops, and it goes backward."""
    lost = replace(
        usual().layers[1],
        bottoms=(),
        tops=(),
        counts=(),
        losses=(),
        spec=LayerSpec("lost", "ReLU", None, (), (), backward=True),
    )
    found = {scheme.name: scheme for scheme in schemes(replace(usual(), layers=(lost,)))}
    assert {scheme.bytes for scheme in found.values()} == {0}
    assert found["checkpoint_best"].peak is None


def test_a_scheme_of_which_nothing_is_known_says_why() -> None:
    found = {scheme.name: scheme for scheme in schemes(unread())}
    for name in ("training_caffe", "checkpoint_sqrt", "checkpoint_best"):
        assert (found[name].bytes, found[name].extra_macs) == (None, None)
        assert "relu reads is not known" in found[name].reason


# -- the plan of a fork --------------------------------------------------------------------------------


def test_slots_are_taken_first_come_and_what_goes_backward_keeps_its_data() -> None:
    """Data: each its own, since all go backward. Diffs in reverse: ip, pool, and conv where ip was; data's is alone."""
    data = sum(BYTES.values())
    shared = max(BYTES["ip"], BYTES["conv"]) + BYTES["pool"]
    alone = BYTES["data"] + BYTES["label"] + BYTES["loss"]  # a data layer's tops, and a loss, keep their diffs
    assert opt_bytes(usual()) == data + shared + alone


def test_blobs_that_are_left_alone_keep_their_memory() -> None:
    assert opt_bytes(usual(), frozenset({"conv"})) == opt_bytes(usual()) + min(BYTES["ip"], BYTES["conv"])


def test_in_a_test_net_data_gives_its_slot_back() -> None:
    """conv and ip share the first slot, pool has the second; all diffs come in reverse into the slots that are free."""
    found = opt_bytes(usual(phase="TEST"))
    alone = 2 * (BYTES["data"] + BYTES["label"] + BYTES["loss"])
    assert found == alone + BYTES["conv"] + BYTES["pool"]


def test_the_plan_of_a_fork_needs_to_know_what_goes_backward() -> None:
    layers = [replace(layer, spec=replace(layer.spec, backward=None)) for layer in usual().layers]
    found = as_yjxiong(replace(usual(), layers=tuple(layers)))
    assert (found.bytes, found.extra_macs) == (None, None)
    assert "whether in goes backward" in found.reason
