"""A recovered definition, read as Caffe reads one: filtered by a state, Splits put in, shapes carried from the sources.

Nothing here is shared with what recovers: rules and Splits are told a second time, from net.cpp (FilterNet,
StateMeetsRule, AppendTop) and insert_splits.cpp. Shapes and costs come from the rules of the layer types, which get
the text's own definitions and the shapes of the data alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Final, TypeAlias

from logparse.cost.costing import cost
from logparse.cost.layer_types import is_loss
from logparse.cost.spec import LayerSpec
from logparse.textproto import Message, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logparse.cost.spec import Cost, Shape
    from logparse.model import Net

AUTOMATIC: Final = "(automatic)"
Wired: TypeAlias = "tuple[str, str, list[str], list[str], Message | None]"


@dataclass(frozen=True)
class State:
    """What a net is asked for with."""

    phase: str | None = None
    level: int = 0
    stages: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Built:
    """One layer of the net that was read."""

    name: str
    type: str
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]
    shapes: tuple[Shape | None, ...]
    cost: Cost
    definition: Message | None

    @property
    def params(self) -> list[tuple[Shape, str]] | None:
        return None if self.cost.params is None else [(blob.shape, blob.kind) for blob in self.cost.params]


def state_in(net: Net, stage: str | None = None) -> State:
    """The state of a net as its log prints it, with a stage that recovering made up."""
    printed = Message() if net.dump is None else net.dump.child("state")
    stages = {text for text in printed.texts("stage") if text} | ({stage} if stage else set())
    return State(printed.text("phase") or net.phase, printed.integer("level", 0), frozenset(stages))


def _meets(rule: Message, state: State) -> bool:
    if rule.has("phase") and state.phase is not None and rule.text("phase") != state.phase:
        return False
    if rule.has("min_level") and state.level < rule.integer("min_level", 0):
        return False
    if rule.has("max_level") and state.level > rule.integer("max_level", 0):
        return False
    if any(stage not in state.stages for stage in rule.texts("stage") if stage):
        return False
    return not any(stage in state.stages for stage in rule.texts("not_stage"))


def filtered(text: str, state: State) -> list[Message]:
    """The layers that a net of this state has."""
    document = parse(text)
    assert not document.cut
    assert document.errors == ()
    kept = []
    for layer in document.root.children("layer"):
        include, exclude = layer.children("include"), layer.children("exclude")
        assert not (include and exclude), "Caffe refuses both"
        is_in = any(_meets(rule, state) for rule in include) if include else True
        if is_in and not any(_meets(rule, state) for rule in exclude):
            kept.append(layer)
    return kept


@dataclass
class _Split:
    """Which readers a top has: how many in all, and how many were given theirs."""

    layer: str
    place: int
    readers: int = 0
    given: int = 0
    is_loss: bool = False


def with_splits(layers: Sequence[Message], inputs: Sequence[str] = ()) -> list[Wired]:
    """(name, type, bottoms, tops, definition) of every layer, those that Caffe puts in among them."""
    tops: dict[tuple[int, int], _Split] = {}
    made: dict[str, tuple[int, int]] = {}
    sources: dict[tuple[int, int], tuple[int, int]] = {}
    for place, name in enumerate(inputs):
        made[name] = (-1, place)
        tops[-1, place] = _Split("input", place)
    for at, layer in enumerate(layers):
        for place, name in enumerate(layer.texts("bottom")):
            assert name in made, f"unknown bottom {name}"
            sources[at, place] = made[name]
            tops[made[name]].readers += 1
        for place, name in enumerate(layer.texts("top")):
            made[name] = (at, place)
            tops[at, place] = _Split(layer.text("name"), place)
        for place, weight in enumerate(_loss_weights(layer)):
            if weight and (at, place) in tops:
                tops[at, place].is_loss = True
    for one in tops.values():
        one.readers += bool(one.readers and one.is_loss)
        one.given = int(one.is_loss)
    return list(_walked(layers, inputs, tops, sources))


def _loss_weights(layer: Message) -> tuple[float, ...]:
    stated = layer.numbers("loss_weight")
    return stated or ((1.0,) if is_loss(layer.text("type")) else ())


def _walked(
    layers: Sequence[Message],
    inputs: Sequence[str],
    tops: Mapping[tuple[int, int], _Split],
    sources: Mapping[tuple[int, int], tuple[int, int]],
) -> Iterator[Wired]:
    for place, name in enumerate(inputs):
        yield from _split_behind(name, tops[-1, place])
    for at, layer in enumerate(layers):
        bottoms = []
        for place, name in enumerate(layer.texts("bottom")):
            one = tops[sources[at, place]]
            if one.readers > 1:
                bottoms.append(f"{name}_{one.layer}_{one.place}_split_{one.given}")
                one.given += 1
            else:
                bottoms.append(name)
        yield layer.text("name"), layer.text("type"), bottoms, list(layer.texts("top")), layer
        for place, name in enumerate(layer.texts("top")):
            yield from _split_behind(name, tops[at, place])


def _split_behind(name: str, one: _Split) -> Iterator[Wired]:
    if one.readers > 1:
        split = f"{name}_{one.layer}_{one.place}_split"
        yield split, "Split", [name], [f"{split}_{number}" for number in range(one.readers)], None


def built(
    text: str, state: State, sources: Mapping[str, Shape], printed: Mapping[str, Shape] | None = None
) -> list[Built]:
    """The net of a state. `sources` are the shapes of its data; `printed` stands in where a rule gives no shape."""
    inputs = parse(text).root.texts("input")
    shapes: dict[str, Shape | None] = {name: sources.get(name) for name in inputs}
    net: list[Built] = []
    for name, kind, bottoms, tops, definition in with_splits(filtered(text, state), inputs):
        known = tuple(shapes[bottom] for bottom in bottoms)
        spec = LayerSpec(name, kind or None, definition, known, (None,) * len(tops), phase=state.phase)
        told = cost(spec)
        found = list(told.expected_tops)
        if kind == "Split":
            found = [known[0]] * len(tops)
        if not bottoms and kind not in {"Input", "DummyData", "Parameter"}:
            if not sources.keys() >= set(tops):
                return net  # the log ends before its data is set up
            found = [sources[top] for top in tops]
        if not tops and is_loss(kind):
            tops = [AUTOMATIC]  # noqa: PLW2901 - as AutoTopBlobs has it
        for place, top in enumerate(tops):
            if place >= len(found) or found[place] is None:
                found[place:] = [(printed or {}).get(top)]
        shapes |= dict(zip(tops, found, strict=False))
        with_tops = LayerSpec(name, kind or None, definition, known, tuple(found[: len(tops)]), phase=state.phase)
        net.append(Built(name, kind, tuple(bottoms), tuple(tops), with_tops.tops, cost(with_tops), definition))
    return net


def logged_bytes(net: Sequence[Built], size: int) -> int:
    """`Memory required for data` of the net: every top of every layer."""
    return size * sum(prod(shape) for layer in net for shape in layer.shapes if shape is not None)


def sources_in(net: Net) -> dict[str, Shape]:
    """The shapes of what comes from outside, as the log prints them."""
    tops = [top for layer in net.layers if not layer.bottoms for top in layer.tops]
    return {blob.name: blob.shape for blob in (*net.inputs, *tops) if blob.shape is not None}


def printed_in(net: Net) -> dict[str, Shape]:
    """Every printed shape by its blob."""
    return {top.name: top.shape for layer in net.layers for top in layer.tops if top.shape is not None}


def doubled(names: Sequence[str]) -> list[str]:
    """The names that stand twice."""
    return [name for name, count in Counter(names).items() if count > 1]
