"""The memory of a run as pictures: each net by layer and by module, and all its nets one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from logparse import formats
from logparse.cost.memory.footprint import FAILS
from logparse.report.charts.across import LEFT, RIGHT, NamedSlots
from logparse.report.charts.axes import WIDTH
from logparse.report.charts.story import Slot, Story, Stratum, story
from logparse.report.held_memory.held import BASE, GROWN, KIND_WORDS, as_one_layer, passed, unknown_blocks
from logparse.report.structure.modules import MANY_LAYERS, brief, within, without_shared_words
from logparse.report.tabulate import Field, tabulate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markupsafe import Markup

    from logparse.report.elements import TableView
    from logparse.report.held_memory.held import HeldLayer, HeldNet, HeldRun
    from logparse.report.reported_log import ReportedLog, ReportedNet

_ROWS: Final = 40  # of a narrow screen's list of layers
_GIB: Final = 2**30
USUAL_CARDS: Final = tuple(
    (f"an {size} GiB card" if size != 24 else "a 24 GiB card", size * _GIB) for size in (8, 11, 24)
)


class RowBar(NamedTuple):
    """A slot as a row of a narrow screen: its name, the class that sets its bar's length, its step, all held then."""

    name: str
    css: str
    step: str
    running: str


class PictureView(NamedTuple):
    """One picture: which nets it is of, its grain, the drawing, and how a script finds a layer under a point.

    `nets` are anchors of tables; `slots` is for each slot the number of its net among them and its layers' places,
    `0:7-9` for the eighth and the ninth layer of the first; empty where each layer of the nets is a slot. `ends` are
    the left and right end of the axis and the width of the drawing.
    """

    label: str
    grain: str
    svg: Markup
    nets: str
    slots: str
    ends: str
    rows: tuple[RowBar, ...]


class _Choice(NamedTuple):
    """What a picture is of: its label, its nets, whether all that is beside Caffe's blocks is in it."""

    label: str
    nets: tuple[HeldNet, ...]
    whole: bool


def choices(run: HeldRun) -> tuple[_Choice, ...]:
    """The largest net first, the largest of the others, all nets of the run; whole runs first where they do not fit."""
    if len(run.nets) == 1:
        return (_Choice(run.nets[0].net.title, run.nets, whole=True),)
    ranked = sorted(run.nets, key=lambda net: -net.total)
    alone = [_Choice(net.net.title, (net,), whole=False) for net in ranked[:2]]
    every = _Choice("Both nets" if len(run.nets) == 2 else f"All {len(run.nets)} nets", run.nets, whole=True)
    return (every, *alone) if run.whole.get("fits") == FAILS else (*alone, every)


def pictures(log: ReportedLog, run: HeldRun) -> tuple[PictureView, ...]:
    """All pictures in the order of reading; of each choice the grain that suits its number of layers first."""
    return tuple(_picture(log, run, choice, grain) for choice in choices(run) for grain in _grains(run, choice))


def _grains(run: HeldRun, choice: _Choice) -> tuple[str, ...]:
    """By layer; of very many layers by module, and by layer too only for the largest net."""
    if sum(len(net.layers) for net in choice.nets) <= MANY_LAYERS:
        return ("by layer",)
    largest = max(run.nets, key=lambda net: net.total)
    return ("by module", "by layer") if choice.nets == (largest,) else ("by module",)


def _picture(log: ReportedLog, run: HeldRun, choice: _Choice, grain: str) -> PictureView:
    told = told_of(run, choice, grain)
    title = f"Memory of the {choice.label if choice.label[0].isupper() else choice.label.lower()} {grain}"
    words = (
        f"{title}: {formats.size(told.running[-1] if told.slots else told.at_base)} held in the end. "
        "The table below it has the figures."
    )
    anchors = [_anchor(log, net.net) for net in choice.nets]
    places = _places(choice)
    return PictureView(
        choice.label,
        grain,
        story(told, words),
        " ".join(anchors) if all(anchors) else "",
        "" if grain == "by layer" else " ".join(f"{net}:{start}-{stop}" for net, start, stop in places),
        f"{LEFT:.0f} {RIGHT:.0f} {WIDTH:.0f}",
        tuple(_rows(told)) if len(told.slots) <= _ROWS else (),
    )


def _anchor(log: ReportedLog, net: ReportedNet) -> str:
    """The anchor of the table that has the net's layers; empty where none is printed."""
    first = net.layers[0]
    return log.layer_href(first["attempt"], first["net_index"], None).removeprefix("#")


def _places(choice: _Choice) -> list[tuple[int, int, int]]:
    return [(at, part.start, part.stop) for at, net in enumerate(choice.nets) for part in net.modules]


def told_of(run: HeldRun, choice: _Choice, grain: str) -> Story:
    """What the picture of a choice shows."""
    slots: list[Slot] = []
    spans: list[NamedSlots] = []
    breaks: list[int] = []
    for net in choice.nets:
        if slots:
            breaks.append(len(slots))
        spans.extend(_spans(net, len(slots), grain))
        slots.extend(_slots(net, grain))
    sums = {kind: sum(net.base.get(kind, 0) for net in choice.nets) for kind in BASE}
    base = [Stratum(*KIND_WORDS["rest"], run.rest)] if choice.whole else []
    base += [Stratum(*KIND_WORDS[kind], sums[kind]) for kind in BASE if sums[kind]]
    grown = tuple(KIND_WORDS[kind] for kind in GROWN)
    told = Story(tuple(slots), tuple(base), grown, tuple(spans), None, tuple(breaks))
    card = card_of(run, max(told.running, default=told.at_base))
    return Story(told.slots, told.base, told.grown, told.spans, card, told.breaks)


def _slots(net: HeldNet, grain: str) -> Iterator[Slot]:
    layers = list(net.layers)
    if any(net.inputs) and layers:  # what no layer makes is there before the first
        first = layers[0]
        grown = tuple(one + more for one, more in zip(first.grown, net.inputs, strict=True))
        layers[0] = type(first)(first.name, grown, first.own, first.again, first.logged)
    if grain == "by module":
        layers = [as_one_layer(layers[part.start : part.stop], name) for part, name in _named(net)]
    known = {part.name: name for part, name in _named(net)}
    names = without_shared_words([within(layer.name, known) for layer in layers])
    for layer, name in zip(layers, names, strict=True):
        yield Slot(name, layer.grown, layer.own, layer.again, layer.logged)


def _named(net: HeldNet) -> list[tuple[NamedSlots, str]]:
    names = brief([part.name for part in net.modules])
    return [(NamedSlots(part.name, part.start, part.stop), name) for part, name in zip(net.modules, names, strict=True)]


def _spans(net: HeldNet, first: int, grain: str) -> Iterator[NamedSlots]:
    for at, (part, name) in enumerate(_named(net)):
        start, stop = (at, at + 1) if grain == "by module" else (part.start, part.stop)
        yield NamedSlots(name, first + start, first + stop)


def card_of(run: HeldRun, held: int) -> tuple[str, int] | None:
    """The named card; else the least of the usual sizes that holds it, or the largest of them; none on a CPU."""
    if run.device == "cpu":
        return None
    size = run.whole.get("card_bytes")
    if not formats.is_na(size):
        name = run.whole.get("card")
        return ("the card" if formats.is_na(name) else str(name)), int(size or 0)
    return next((card for card in USUAL_CARDS if card[1] >= held), USUAL_CARDS[-1])


def _rows(told: Story) -> Iterator[RowBar]:
    largest = max((sum(slot.grown) for slot in told.slots), default=0) or 1
    for slot, running in zip(told.slots, told.running, strict=True):
        step = sum(slot.grown)
        yield RowBar(slot.name, f"b{round(50 * step / largest)}", f"+{formats.size(step)}", formats.size(running))


# --- words ------------------------------------------------------------------------------------------------


def headline(run: HeldRun) -> str:
    """Which kinds take most of what Caffe allocates itself, and whether the run fits its card.

    Where the size of a block is not known the amount is a lower bound, and says so.
    """
    sums = {kind: sum(net.base.get(kind, 0) for net in run.nets) for kind in BASE}
    grown = [
        sum(net.inputs[at] + sum(layer.grown[at] for layer in net.layers) for net in run.nets)
        for at in range(len(GROWN))
    ]
    groups = {
        "parameters, gradients and history": sum(sums[kind] for kind in BASE[:3]),
        "data and diffs of blobs": grown[0] + grown[1],
        "private buffers of layers": grown[2],
        "prefetched batches": sums["prefetch"],
    }
    whole = sum(groups.values())
    if not whole:
        return "Of no block of the run the size is known"
    (first, most), (second, next_), *_ = sorted(groups.items(), key=lambda group: -group[1])
    amount = f"{'at least' if any(unknown_blocks(run.nets)) else 'the'} {formats.size(whole)}"
    share = formats.percent(most / whole)
    title = f"{formats.capitalised(first)} take {share} of {amount} that Caffe allocates on the {run.device.upper()}"
    title += f", {second} {formats.percent(next_ / whole)}" if next_ else ""
    card = card_of(run, run.total)
    if run.whole.get("fits") != FAILS or card is None:
        return title
    return f"{title}; the run does not fit into the {formats.size(card[1])} of {card[0]}"


def reading_notes(run: HeldRun) -> Iterator[str]:
    """How the picture is read, what is not in it, and where the run passes its card in the order of allocation."""
    yield _READING
    card = card_of(run, run.total)
    over = None if card is None or formats.is_na(run.whole.get("card_bytes")) else passed(run, card[1])
    if card is not None and over is not None:
        at = "" if formats.is_na(over.get("layer")) else f" at {over['layer']}"
        yield (
            f"In the order in which Caffe allocates, {card[0]}’s {formats.size(card[1])} are passed in the "
            f"{over['pass']} pass{at}."
        )
    if run.device == "gpu" and str(run.whole.get("engine")).lower() != "caffe":
        yield "Buffers are those of the engine CAFFE; cuDNN takes others, which the range of the whole run has in it."
    missing = [f"{number} {formats.plural('block', number)} of {words}" for words, number in unknown_blocks(run.nets)]
    if missing:
        yield f"Not in the picture, since no size is known of them: {formats.enumerated(missing)}."


_READING: Final = (
    "Read from left to right: what is held once the layers up to here have gone forward and backward. What stands "
    "below is there in whole from the first step on. Steps hatched in grey are what Caffe’s line counts again: tops "
    "that write over memory, or share it, that is counted already."
)


def data_of(run: HeldRun) -> TableView:
    """The figures of the pictures: each net by layer, or by module where it has very many."""
    rows = [row for net in run.nets for row in _data_rows(net, several=len(run.nets) > 1)]
    grain = "module" if any(len(net.layers) > MANY_LAYERS for net in run.nets) else "layer"
    return tabulate(f"Memory by {grain}", _FIELDS, rows)


def _data_rows(net: HeldNet, *, several: bool) -> Iterator[dict[str, object]]:
    running = sum(net.base.values()) + sum(net.inputs)
    for layer in _grained(net):
        running += sum(layer.grown)
        yield {
            "net": net.net.title if several else None,
            "layer": layer.name,
            **dict(zip(GROWN, layer.grown, strict=True)),
            "own": layer.own,
            "again": layer.again,
            "logged": layer.logged,
            "running": running,
        }


def _grained(net: HeldNet) -> Sequence[HeldLayer]:
    if len(net.layers) <= MANY_LAYERS:
        return net.layers
    return [as_one_layer(net.layers[part.start : part.stop], part.name) for part in net.modules]


_FIELDS: Final = (
    Field("layer", "Layer"),
    Field("net", "Net", optional=True),
    Field("distinct_data", "Data", "count", "B", total=True),
    Field("diff", "Diffs", "count", "B", total=True),
    Field("buffers", "Buffers", "count", "B", total=True),
    Field("running", "Held then", "count", "B"),
    Field("again", "Counted again", "count", "B", total=True),
    Field("logged", "Running, logged", "count", "B"),
)
