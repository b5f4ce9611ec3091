"""A dump may be missing or cut anywhere: a layer that is then complete is the layer that ran, or says what it assumes.

The definitions of every genuine net are taken away from a layer on, at every boundary, and the nets recovered from what
is left; each field of a rebuilt layer is held against the definition that was taken away.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from logparse.api import Log, parse_log
from logparse.recover.grades import Grade
from logparse.textproto import Message, parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from logparse.model import Layer, LogFacts, Net
    from logparse.recover.grades import GradedLayer, RecoveredNet
    from logparse.textproto import Value

NETS: Final = (
    "alexnet",
    "cifar10_quick",
    "conv3d",
    "fcn_small",
    "lenet",
    "lenet_bn",
    "lstm",
    "old_rc2_siamese",
    "rect",
    "resnet18",
    "shapes_misc",
    "two_tests",
    "vgg16",
)
MOST_CUTS: Final = 25
# What Caffe takes where a definition does not say; what a rebuilt layer leaves out means the same
DEFAULTS: Final[dict[str, Any]] = {
    "stride": 1,
    "pad": 0,
    "group": 1,
    "dilation": 1,
    "bias_term": True,
    "axis": 1,
    "top_k": 1,
}
# What no line tells and a rebuilt layer takes to be Caffe's default, with the word by which it says so
ASSUMED: Final = {
    "bias_term": "bias",
    "channel_shared": "one slope per channel",
    "ignore_label": "ignore_label",
    "normalize": "normalize",
    "shape": "its dims are those of its top",
    "slice_dim": "Slice",
    "transpose": "transpose",
}
# Never in a rebuilt layer unless its lines say it
NOT_CARRIED: Final = frozenset({"weight_filler", "bias_filler", "filler"})


def without(net: Net, first: int) -> Net:
    """The net whose dump ends before the layer at this place of the dump."""
    assert net.dump is not None
    dumped = net.dump.children("layer")[:first]
    left = Counter(message.text("name") for message in dumped)

    def cut(layer: Layer) -> Layer:
        if layer.definition is None:
            return layer
        left[layer.name or ""] -= 1
        return layer if left[layer.name or ""] >= 0 else replace(layer, definition=None, type=None)

    layers = tuple(cut(layer) for layer in net.layers)
    fields: dict[str, list[Value]] = {**net.dump.fields, "layer": [*dumped]}
    return replace(net, dump=Message(fields, complete=False), dump_cut=True, layers=layers)


def shortened(facts: LogFacts, first: int) -> Log:
    attempts = [
        replace(one, nets=tuple(without(net, first) if net.nested is None else net for net in one.nets))
        for one in facts.attempts
    ]
    return Log(replace(facts, attempts=tuple(attempts)))


def cuts(facts: LogFacts) -> Iterator[int]:
    most = max(len(net.dump.children("layer")) for one in facts.attempts for net in one.nets if net.dump is not None)
    yield from range(0, most, max(most // MOST_CUTS, 1))


def plain(message: Message) -> Any:  # noqa: ANN401 - nested values
    return {
        name: [plain(value) if isinstance(value, Message) else value for value in values]
        for name, values in message.fields.items()
    }


class Fault(NamedTuple):
    """A field of a recovered layer that is not what the definition had."""

    layer: GradedLayer
    field: str
    text: str

    @property
    def is_assumed(self) -> bool:
        """Whether the layer says that it assumes this."""
        word = ASSUMED.get(self.field)
        return word is not None and any(word in text for text in self.layer.stated)


def faults(net: RecoveredNet, originals: dict[str, list[Message]]) -> Iterator[Fault]:
    """Where a recovered layer contradicts every definition of its name."""
    layers = parse(net.text).root.children("layer")
    for message, layer in zip(layers, net.layers, strict=True):
        found = [list(contradictions(message, original, layer)) for original in originals[layer.name]]
        yield from min(found, key=len)


def contradictions(mine: Message, original: Message, layer: GradedLayer) -> Iterator[Fault]:
    for name in ("type", "bottom", "top"):
        if mine.has(name) and mine.all(name) != original.all(name):
            yield Fault(layer, name, f"{mine.all(name)}, was {original.all(name)}")
    for name in {*mine.fields, *original.fields}:
        if name.endswith("_param"):
            yield from _settings(mine.child(name), original.child(name), layer)


def _settings(mine: Message, original: Message, layer: GradedLayer) -> Iterator[Fault]:
    for field, values in mine.fields.items():
        assert layer.grade is Grade.VERBATIM or field not in NOT_CARRIED
        actual: list[Any] = [*original.all(field)] or [DEFAULTS.get(field)]
        if _once([*values]) != _once(actual):
            yield Fault(layer, field, f"{values}, was {actual}")
    if layer.grade is Grade.REBUILT:
        for field, values in original.fields.items():
            if field not in NOT_CARRIED and not mine.has(field) and _once([*values]) != [DEFAULTS.get(field)]:
                yield Fault(layer, field, f"left out, was {values}")


def _once(values: list[Any]) -> list[Any]:
    plained = [plain(value) if isinstance(value, Message) else value for value in values]
    return plained[:1] if all(value == plained[0] for value in plained) else plained


@pytest.mark.parametrize("name", NETS)
def test_what_is_rebuilt_after_a_cut_is_the_layer_that_ran(shared_logs: Path, name: str) -> None:
    whole = parse_log(shared_logs / f"genuine/{name}.log")
    originals: dict[str, list[Message]] = {}
    for layer in parse(whole.recover().text).root.children("layer"):
        originals.setdefault(layer.text("name"), []).append(layer)
    rebuilt = 0
    for first in cuts(whole.facts):
        net = shortened(whole.facts, first).recover("train_val")
        rebuilt += sum(layer.grade is Grade.REBUILT for layer in net.layers)
        wrong = [one for one in faults(net, originals) if not one.is_assumed]
        assert [(one.layer.name, one.field, one.text) for one in wrong] == []
        assert {layer.name for layer in net.layers} == originals.keys()
    assert rebuilt > 0
