"""Every layer type that is known, one row each: its rule and its traits, from the modules in `rules/`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.cost.rules import (
    convolution,
    data,
    dense,
    elementwise,
    losses,
    measures,
    moving,
    normalisation,
    pooling,
    recurrent,
    scaling,
)
from logparse.cost.rules.forks import activations as fork_activations
from logparse.cost.rules.forks import data as fork_data
from logparse.cost.rules.forks import detection, faces, ssd, vision
from logparse.cost.rules.forks import losses as fork_losses
from logparse.cost.rules.forks import moving as fork_moving
from logparse.cost.rules.forks import normalisation as fork_normalisation
from logparse.cost.types import canonical_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logparse.cost.rule import Rule
    from logparse.cost.traits import LayerType, Traits

_FAMILIES: Final = (
    convolution,
    dense,
    normalisation,
    scaling,
    pooling,
    elementwise,
    moving,
    losses,
    measures,
    data,
    recurrent,
    ssd,
    vision,
    fork_activations,
    fork_normalisation,
    fork_losses,
    fork_data,
    fork_moving,
    detection,
    faces,
)


def _checked(rows: Mapping[str, LayerType]) -> Mapping[str, LayerType]:
    """The rows, if each that has parameters or matrix products says what its backward pass multiplies.

    Raises:
        TypeError: a row does not; a silent 0 would stand in every table.

    """
    silent = [name for name, row in rows.items() if not row.rule.is_whole]
    if silent:
        raise TypeError(f"no backward MACs are stated for {', '.join(silent)}")
    return rows


LAYER_TYPES: Final[Mapping[str, LayerType]] = _checked(
    {name: row for family in _FAMILIES for first, row in family.TYPES.items() for name in (first, *row.names)}
)
RULES: Final[Mapping[str, Rule]] = {name: row.rule for name, row in LAYER_TYPES.items()}


def traits_of(name: str | None) -> Traits | None:
    """What is known of a layer type by any of its names; None where it is not known at all."""
    row = LAYER_TYPES.get(name or "") or LAYER_TYPES.get(canonical_type(name or ""))
    return None if row is None else row.traits


def is_loss(name: str | None) -> bool:
    """Whether a type is a loss: by its class, or by its name where nothing else is known of it."""
    traits = traits_of(name)
    return (name or "").endswith("Loss") if traits is None else traits.is_loss
