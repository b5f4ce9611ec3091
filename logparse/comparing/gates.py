"""What a comparison must not show: `memory>+5%` names a figure, a direction and how much."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.comparing.layers import LAYER_DATA, MACS_PER_IMAGE, PARAMS
from logparse.errors import UsageError, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from logparse.comparing.values import Comparison, FigurePair, Number

_EXAMPLE: Final = "Examples: 'memory>+5%', 'params>+0', 'data>+10MB', 'loss.last>0.5', 'test.best<-1%'."
_LIMIT: Final = re.compile(
    r"(?P<name>[a-z.]+) *(?P<sign>[<>]) *(?P<by>[-+]?)(?P<number>[0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?)"
    r" *(?P<unit>%|[kmgt]?i?b|)",
    re.IGNORECASE,
)
_UNITS: Final = {
    **{f"{prefix}b": 1000**power for power, prefix in enumerate(("", "k", "m", "g", "t"))},
    **{f"{prefix}ib": 1024**power for power, prefix in enumerate("kmgt", 1)},
}


class Limit(NamedTuple):
    """A figure must not go beyond a bound: `by` says that the bound is of its change, `percent` of its base."""

    text: str
    name: str
    upward: bool
    by: bool
    bound: float
    percent: bool


class Verdict(NamedTuple):
    """A limit beside the figure: whether it holds; None where there is no figure."""

    limit: Limit
    change: FigurePair | None
    holds: bool | None


def limit_of(text: str) -> Limit:
    """The limit that a text states.

    Raises:
        UsageError: it is none, or names a figure that is not compared.

    """
    found = _LIMIT.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{text!r} is no limit", remedy=_EXAMPLE)
    name, unit = found["name"].lower(), found["unit"].lower()
    if name not in LIMITED:
        raise UsageError(f"there is no figure {name!r}; {suggestion(name, list(LIMITED))}", remedy=_EXAMPLE)
    by, percent = bool(found["by"]), unit == "%"
    if percent and not by:
        raise UsageError(f"{text!r}: a bound in per cent is one of a change", remedy="Write +5% or -5%.")
    bound = float(found["number"]) * (-1 if found["by"] == "-" else 1) * _UNITS.get(unit, 1)
    return Limit(text, name, found["sign"] == ">", by, bound / 100 if percent else bound, percent)


def verdict_on(limit: Limit, comparison: Comparison) -> Verdict:
    """Whether a comparison keeps to a limit. A range is told by its upper end where that is known."""
    change = LIMITED[limit.name](comparison)
    if change is None:
        return Verdict(limit, None, None)
    value: Number | None = change.after
    if limit.by:
        value = change.change
        if value is not None and limit.percent:
            value = None if not change.before else value / change.before
    elif change.at_least[1] and not (limit.upward and value is not None and value > limit.bound):
        value = None  # so much at least: it may be more
    if value is None:
        return Verdict(limit, change, None)
    within = value <= limit.bound if limit.upward else value >= limit.bound
    return Verdict(limit, change, within)  # what is not a number is within no bound


# -- figures by name -----------------------------------------------------------------------------------


def _total(name: str) -> Callable[[Comparison], FigurePair | None]:
    def found(comparison: Comparison) -> FigurePair | None:
        totals = () if comparison.layers is None else comparison.layers.totals
        return next((one for one in totals if one.quantity == name), None)

    return found


def _of_the_run(*beginnings: str) -> Callable[[Comparison], FigurePair | None]:
    """The largest of the run's figures that begin so; by the first beginning that any has."""

    def found(comparison: Comparison) -> FigurePair | None:
        for beginning in beginnings:
            known = [one for one in comparison.figures if one.quantity.startswith(beginning)]
            if known:
                return max(known, key=lambda one: one.after or 0)
        return None

    return found


def _held(comparison: Comparison) -> FigurePair | None:
    """The sum of all kinds, on the GPU where both devices are compared."""
    return list(comparison.memory.values())[-1][-1] if comparison.memory else None


def _measured(begins: str, ends: str) -> Callable[[Comparison], FigurePair | None]:
    """A loss or a score over the iterations that both runs have."""

    def found(comparison: Comparison) -> FigurePair | None:
        changes = comparison.curves[0].changes if comparison.curves else ()
        return next((one for one in changes if begins in one.quantity and one.quantity.endswith(ends)), None)

    return found


LIMITED: Final[Mapping[str, Callable[[Comparison], FigurePair | None]]] = {
    "params": _total(PARAMS),
    "macs": _total(MACS_PER_IMAGE),
    "data": _total(LAYER_DATA),
    "memory": _held,
    "logged": _of_the_run("Memory required for data"),
    "footprint": _of_the_run("footprint, at most", "footprint, "),
    "peak": _of_the_run("timeline's peak"),
    "loss.best": _measured("training loss", "lowest smoothed"),
    "loss.last": _measured("training loss", "last smoothed"),
    "test.best": _measured("test net", ", best"),
    "test.last": _measured("test net", ", last"),
}
