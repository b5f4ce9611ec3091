"""Two runs beside another: `compared(base, other)` gives all that differs, and all totals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logparse.comparing.courses import common_ranges
from logparse.comparing.held import held, run_figures
from logparse.comparing.layers import compared_layers
from logparse.comparing.settings import run_settings, untold_settings
from logparse.comparing.values import Comparison

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.comparing.side import ComparedRun
    from logparse.comparing.values import LayerComparison


def compared(base: ComparedRun, other: ComparedRun) -> Comparison:
    """The other run against the base."""
    layers = compared_layers(base, other)
    curves, left_out = common_ranges(base, other)
    return Comparison(
        names=(base.name, other.name),
        settings=tuple(run_settings(base, other)),
        layers=layers,
        figures=tuple(run_figures(base, other)),
        memory=held(base, other),
        curves=curves,
        notes=(*untold_settings(base, other), *_layer_notes(base, other, layers), *left_out),
    )


def _layer_notes(base: ComparedRun, other: ComparedRun, layers: LayerComparison | None) -> Iterator[str]:
    if layers is None:
        lacking = [side.name for side in (base, other) if side.lead is None]
        yield f"{' and '.join(lacking)} {'shows' if len(lacking) == 1 else 'show'} no net: layers are not compared"
        return
    for quantity, number in layers.unknown.items():
        words = "layer is" if number == 1 else "layers are"
        yield f"{quantity} of {number} {words} known on one side only, and not compared"
    for side in (base, other):
        if side.lead is not None and not side.net(side.lead).net.done:
            yield f"the net of {side.name} is not set up to its end: what it lacks reads as gone or new"
