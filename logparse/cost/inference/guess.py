"""What a guess is, and the few questions that every guess asks of a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost.inference.names import named_type
from logparse.cost.types import canonical_type
from logparse.textproto import Message

if TYPE_CHECKING:
    from logparse.cost.spec import LayerSpec, Shape
    from logparse.textproto import Value


class Guess(NamedTuple):
    """A type and a definition with the assumptions behind them, or only the reason why there is none."""

    type: str | None = None
    definition: Message | None = None
    assumptions: tuple[str, ...] = ()
    reason: str = ""


MAP_AXES: Final = 2  # batch and channel stand before the map


def message(**fields: Value | list[Value]) -> Message:
    """A definition's message from its fields."""
    return Message({name: value if isinstance(value, list) else [value] for name, value in fields.items()})


def supported_type(spec: LayerSpec) -> str | None:
    """The known type, else the one that the name supports."""
    return canonical_type(spec.type) if spec.type else named_type(spec.name)


def one_to_one(spec: LayerSpec) -> tuple[Shape, Shape] | None:
    """(bottom, top) of a layer that has exactly one of each, both known."""
    if len(spec.bottoms) != 1 or len(spec.tops) != 1 or spec.bottoms[0] is None or spec.tops[0] is None:
        return None
    return spec.bottoms[0], spec.tops[0]
