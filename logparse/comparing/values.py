"""What a comparison is made of: figures before and after, settings before and after, layers that are paired."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Number: TypeAlias = "int | float"

# Units of a figure: what a number is, for whoever prints it.
BYTES: Final = "bytes"
MACS: Final = "MAC"
VALUES: Final = "values"
COUNT: Final = "count"
MEASURED: Final = "measured"  # a loss or a score: six significant digits, as Caffe prints it


class FigurePair(NamedTuple):
    """A figure of the base and of the other run; None where it is not known.

    `whole` is what a change in per cent is a share of: the base's figure itself, or for a part the base's total.
    `at_least` says of either whether it is a lower bound, since parts of it are not known.
    """

    quantity: str
    unit: str
    before: Number | None
    after: Number | None
    whole: Number | None
    at_least: tuple[bool, bool] = (False, False)

    @property
    def change(self) -> Number | None:
        """The other's minus the base's; None where either is not known, or only from below."""
        if self.before is None or self.after is None or any(self.at_least):
            return None
        return self.after - self.before

    @property
    def share(self) -> float | None:
        """The change as a share of `whole`; None where that is 0 or not known."""
        return None if self.change is None or not self.whole else self.change / self.whole

    @property
    def differs(self) -> bool:
        """Whether both are known and not the same: a nan is the same as a nan."""
        known = self.before is not None and self.after is not None
        both_nan = self.before != self.before and self.after != self.after
        return known and self.before != self.after and not both_nan


class DifferingField(NamedTuple):
    """What was set differently: of what, which field, its value on either side; None where it is not stated.

    A value is a scalar, a text, or a tuple of them where a field repeats. `form` is the key of `formats.FORMS` by which
    a person reads it, "" for text as printed.
    """

    where: str
    name: str
    before: object
    after: object
    form: str = ""


@dataclass(frozen=True, slots=True)
class ComparedLayer:
    """A layer that is new or gone, or one of both nets that is not the same in them.

    `how` is a word of cost/structure/alignment.py. `changes` are the figures that differ (of a layer that is new or
    gone all that it has), as shares of the base net's totals.
    """

    how: str
    before: str | None
    after: str | None
    type: str | None
    settings: tuple[DifferingField, ...]
    changes: tuple[FigurePair, ...]
    lines: tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class LayerComparison:
    """Two nets layer by layer: what differs, how many do not, what could not be compared, the totals.

    `unchanged` counts pairs with the same name, place, settings and figures; `by_batch` those of them whose data is as
    much larger as the batch is. `unknown` is quantity → pairs of which one figure is not known.
    """

    nets: tuple[str, str]
    rows: tuple[ComparedLayer, ...]
    unchanged: int
    by_batch: int
    unknown: Mapping[str, int]
    totals: tuple[FigurePair, ...]
    same_structure: bool | None


class Range(NamedTuple):
    """The part of an axis that both runs went over, and what their losses and scores were within it."""

    axis: str
    unit: str
    first: Number
    last: Number
    changes: tuple[FigurePair, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One run against the base. `names` are the base's and the other's; figures that differ or not are all here.

    `notes` tell what could not be compared, and why.
    """

    names: tuple[str, str]
    settings: tuple[DifferingField, ...]
    layers: LayerComparison | None
    figures: tuple[FigurePair, ...]
    memory: Mapping[str, tuple[FigurePair, ...]]
    curves: tuple[Range, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def differs(self) -> bool:
        """Whether anything that both logs tell is not the same."""
        return bool(
            self.settings
            or (self.layers is not None and self.layers.rows)
            or any(one.differs for one in self.every_change())
        )

    def every_change(self) -> tuple[FigurePair, ...]:
        """All figures, those of single layers left out."""
        totals = () if self.layers is None else self.layers.totals
        parts = (one for kinds in self.memory.values() for one in kinds)
        measured = (one for part in self.curves for one in part.changes)
        return (*totals, *self.figures, *parts, *measured)
