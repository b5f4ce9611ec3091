"""Every row of a layer type is whole: what is known is stated, what is not known says why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import pytest

from logparse.cost.buffer import CPU, GPU, no_buffers, unknown_buffers
from logparse.cost.costing import view_of
from logparse.cost.layer_types import LAYER_TYPES, RULES, _checked, is_loss, traits_of
from logparse.cost.memory.buffers import buffers, prefetch_batches
from logparse.cost.memory.gradients import forced_bottoms
from logparse.cost.rule import Count, Missing, Params, Rule, no_macs, no_params
from logparse.cost.spec import LayerSpec
from logparse.cost.traits import (
    READS_NOTHING,
    Base,
    Family,
    InPlace,
    LayerKind,
    LayerType,
    Side,
    Traits,
    When,
    unknown_reads,
)
from logparse.cost.types import V0_TYPES, V1_TYPES
from logparse.report.kinds import kind_of
from logparse.tables.nets.shares import group_of
from logparse.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from logparse.cost.rule import View
    from logparse.derive.facts import LayerFact

KINDS: Final = sorted(LAYER_TYPES)
NOT_AT_ALL: Final = frozenset({"", "unknown", "not known", "?"})
BARE_SHAPES: Final = ((7, 3, 5, 11),) * 4


def bare(kind: str, definition: Message | None = None) -> LayerSpec:
    """A layer of a type and nothing more: in TRAIN, with backward."""
    return LayerSpec("x", kind, definition, BARE_SHAPES, (BARE_SHAPES[0],), (False,), "TRAIN", bottom_needs_grad=())


def answer(ask: Callable[[], object]) -> str:
    """The reason that a rule gives for not answering; a full stop where it answers."""
    try:
        ask()
    except Missing as missing:
        return str(missing)
    return "."


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_states_what_it_is(kind: str) -> None:
    traits = LAYER_TYPES[kind].traits
    assert isinstance(traits.kind, LayerKind)
    assert isinstance(traits.base, Base)
    assert isinstance(traits.family, Family)
    assert isinstance(traits.in_place, InPlace)
    assert isinstance(traits.shares_data, When)
    assert isinstance(traits.shares_diff, When)


@pytest.mark.parametrize("definition", [None, Message()], ids=["no definition", "no settings"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_a_rule_cannot_tell_it_tells_why(kind: str, definition: Message | None) -> None:
    spec, row = bare(kind, definition), LAYER_TYPES[kind]
    view = view_of(spec, row.rule)
    for device in (CPU, GPU):
        told = buffers(spec, device)
        assert told.items is not None or told.reason.strip() not in NOT_AT_ALL
    assert answer(lambda: row.traits.backward_reads(view)).strip() not in NOT_AT_ALL
    for place in range(4):
        assert isinstance(row.traits.writes_at(spec, place), Side)
        assert isinstance(row.traits.reads_at(spec, place), Side)
        assert isinstance(row.traits.unasked(spec), bool)


@pytest.mark.parametrize("kind", KINDS)
def test_places_of_bottoms_are_bottoms_that_are_there(kind: str) -> None:
    traits = LAYER_TYPES[kind].traits
    for count in range(4):
        needs = (True,) * count
        spec = LayerSpec("x", kind, None, BARE_SHAPES[:count], (None,), bottom_needs_grad=needs)
        for device in (CPU, GPU):
            asked = {*traits.asks_diff(spec, device), *traits.scratch(spec, device)}
            assert asked <= set(range(count)), (kind, count, device)


@pytest.mark.parametrize("kind", KINDS)
def test_reads_are_of_blobs_that_are_there(kind: str) -> None:
    row = LAYER_TYPES[kind]
    spec = bare(kind, Message())
    view = view_of(spec, row.rule)
    try:
        found = row.traits.backward_reads(view)
    except Missing:
        return
    assert set(found.bottoms) <= set(range(4))
    assert set(found.tops) <= {0}


def test_no_type_has_two_rows_and_each_name_leads_to_its_row() -> None:
    for first, row in LAYER_TYPES.items():
        for name in row.names:
            assert LAYER_TYPES[name] is row, (first, name)
            assert traits_of(name) is row.traits
            assert RULES[name] is row.rule
    assert LAYER_TYPES["Hardswish"] is LAYER_TYPES["HardSwish"]


@pytest.mark.parametrize(("old", "new"), sorted({**V1_TYPES, **V0_TYPES}.items()))
def test_a_name_of_old_leads_to_todays_row(old: str, new: str) -> None:
    expected = LAYER_TYPES[new].traits if new else None
    assert traits_of(old) is expected


@pytest.mark.parametrize("name", [None, "", "WarpDrive"])
def test_what_is_no_layer_type_has_no_traits(name: str | None) -> None:
    assert traits_of(name) is None
    assert not is_loss(name)


def test_a_type_that_nobody_knows_is_a_loss_by_its_name_and_its_labels_are_not_forced() -> None:
    assert is_loss("TripletLoss")
    assert forced_bottoms("TripletLoss", 3) == (True, False, True)
    assert forced_bottoms("WarpDrive", 2) == forced_bottoms(None, 2) == (True, True)
    assert forced_bottoms("ContrastiveLoss", 3) == (True, True, False)
    assert forced_bottoms("EuclideanLoss", 2) == (True, True)


# -- a row is checked when the table is made -------------------------------------------------------------


def params(_: View) -> Params:
    return Params((), "")


def products(_: View) -> Count:
    return Count(1, "1")


SOME: Final = Traits(LayerKind.CUSTOM, Base.LAYER, no_buffers, READS_NOTHING, InPlace.UNKNOWN)


@pytest.mark.parametrize(
    "rule",
    [Rule("made up", params=params), Rule("made up", macs=products), Rule("made up", params=params, macs=products)],
)
def test_a_row_that_is_silent_about_its_backward_products_is_refused(rule: Rule) -> None:
    with pytest.raises(TypeError, match="no backward MACs are stated for Silent, Mute"):
        _checked({"Silent": LayerType(rule, SOME), "ReLU": LAYER_TYPES["ReLU"], "Mute": LayerType(rule, SOME)})


@pytest.mark.parametrize(
    "rule",
    [
        Rule("made up"),
        Rule("made up", params=no_params, macs=no_macs),
        Rule("made up", params=params, backward=no_macs),
        Rule("made up", params=params, macs=products, backward=products),
    ],
)
def test_a_row_that_states_them_or_has_none_is_taken(rule: Rule) -> None:
    rows = {"Stated": LayerType(rule, SOME)}
    assert _checked(rows) is rows


def test_every_row_of_the_table_states_them() -> None:
    assert [name for name, row in LAYER_TYPES.items() if not row.rule.is_whole] == []


# -- reasons ---------------------------------------------------------------------------------------------


def test_a_type_whose_source_was_not_to_be_had_says_its_name() -> None:
    spec = bare("HSwish")
    view = view_of(spec, RULES["HSwish"])
    assert answer(lambda: [*unknown_buffers()(view, CPU)]) == "what the layer type HSwish allocates is not known"
    assert answer(lambda: [*unknown_buffers("a reason")(view, CPU)]) == "a reason"
    assert answer(lambda: unknown_reads("another")(view)) == "another"


# -- who asks --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_report_knows_the_kind_of_every_type(kind: str) -> None:
    assert kind_of(kind) == LAYER_TYPES[kind].traits.kind
    assert kind_of(kind) not in {"other", "unknown"}


def test_the_report_calls_what_it_does_not_know_other_or_unknown() -> None:
    assert kind_of("WarpDrive") == "other"
    assert kind_of(None) == "unknown"


class Fact:
    """As much of a layer's fact as `shares` asks for."""

    def __init__(self, kind: str | None) -> None:
        """A layer without settings."""
        self.type = kind
        self.spec = bare(kind or "")


@pytest.mark.parametrize(
    ("kind", "group"),
    [
        ("InnerProduct", "fully connected"),
        ("MarginInnerProduct", "fully connected"),
        ("LargeMarginInnerProduct", "fully connected"),
        ("DepthwiseConvolution", "depthwise convolution"),
        ("ConvolutionDepthwise", "depthwise convolution"),
        ("Convolution", "convolution, kernel not known"),
        ("ConvolutionDeeplab", "convolution, kernel not known"),
        ("Deconvolution", "convolution, kernel not known"),
        ("Im2col", "other"),
        ("Correlation", "other"),
        ("BatchNorm", "other"),
        ("Embed", "other"),
        ("WarpDrive", "other"),
        (None, "other"),
    ],
)
def test_shares_group_by_family(kind: str | None, group: str) -> None:
    assert group_of(cast("LayerFact", Fact(kind))) == group


PREFETCHING: Final = {
    *("Data", "ImageData", "WindowData"),
    *("AnnotatedData", "VideoData"),  # SSD
    *("ImageLabelData", "MultiImageData", "CPMData"),
}


def test_which_types_fill_batches_in_a_thread() -> None:
    assert {kind for kind, row in LAYER_TYPES.items() if row.traits.prefetches} == PREFETCHING


@pytest.mark.parametrize("kind", sorted(PREFETCHING))
def test_a_prefetching_type_keeps_four_batches(kind: str) -> None:
    assert prefetch_batches(bare(kind)) == prefetch_batches(bare(kind, Message())) == 4


@pytest.mark.parametrize("kind", sorted({"HDF5Data", "DummyData", "Input", "MemoryData", "CustomData", "WarpDrive"}))
def test_no_other_type_keeps_any(kind: str) -> None:
    assert prefetch_batches(bare(kind)) == 0
