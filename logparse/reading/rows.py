"""Solver lines that the fast scan does not take → rows of the same columns (model.SERIES_COLUMNS)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from logparse.model import SERIES_COLUMNS, Curves
from logparse.reading.values import NAN, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import numpy.typing as npt

    Column = npt.NDArray[Any]
    Match = re.Match[str]
    Intern = Callable[[str], int]
    Row = tuple[float, ...]

WHOLE_COLUMNS: Final = frozenset(
    {"line", "iteration", "index", "name", "net", "stage", "layer", "part", "blob", "direction", "batch", "month_day"}
)
CLOCK_COLUMNS: Final = ("month_day", "seconds_of_day")
MISSING: Final = -1  # in a whole-number column

_DEBUG_WHERE: Final = re.compile(
    r"Layer (?P<layer>.*), (?P<part>top|bottom|param) blob (?P<blob>.*) (?:data|diff)", re.DOTALL
)
_STAGES: Final = {"Forward": 0, "Backward": 1}
_DIRECTIONS: Final = {"forward": 0, "backward": 1}


def _whole(text: str | None) -> int:
    return MISSING if text is None else int(text)


def _display(match: Match, _intern: Intern) -> Row:
    seconds = match["seconds"] if match["seconds"] is not None else match["only_seconds"]
    return (
        int(match["iteration"]),
        number(match["loss"]),
        number(match["rate"]),
        number(seconds),
        number(match["interval"]),
        number(match["epoch"]),
    )


def _output(match: Match, intern: Intern) -> Row:
    name = intern(match["name"].strip())
    return (int(match["index"]), name, number(match["value"]), number(match["weight"]), number(match["weighted"]))


def _score(match: Match, intern: Intern) -> Row:
    return (int(match["index"]), intern("score"), number(match["value"]), NAN, NAN)


def _test_start(match: Match, _intern: Intern) -> Row:
    return (_whole(match["iteration"]), _whole(match["net"]))


def _test_loss(match: Match, _intern: Intern) -> Row:
    return (number(match["loss"]),)


def _lr(match: Match, _intern: Intern) -> Row:
    rates = (number(match[name]) for name in ("lr", "momentum", "decay", "scale"))
    return (int(match["iteration"]), *rates)


def _debug(match: Match, intern: Intern) -> Row:
    where = _DEBUG_WHERE.fullmatch(match["where"])
    names = ("", "", "") if where is None else where.group("layer", "part", "blob")
    return (_STAGES[match["stage"]], *(intern(name) for name in names), number(match["value"]))


def _timing(match: Match, intern: Intern) -> Row:
    return (intern(match["layer"].strip()), _DIRECTIONS[match["direction"]], number(match["ms"]))


def _clipping(match: Match, _intern: Intern) -> Row:
    return (number(match["norm"]), number(match["threshold"]), number(match["factor"]))


def _test_batch(match: Match, intern: Intern) -> Row:
    return (int(match["batch"]), intern(match["name"]), number(match["value"]))


# Pattern name → series, and the row behind its line number.
ROWS: Final[Mapping[str, tuple[str, Callable[[Match, Intern], Row]]]] = {
    "display": ("display", _display),
    "train_output": ("train_output", _output),
    "test_output": ("test_output", _output),
    "test_score": ("test_output", _score),
    "test_start": ("test_start", _test_start),
    "test_loss": ("test_loss", _test_loss),
    "lr": ("lr", _lr),
    "debug_blob": ("debug", _debug),
    "timing": ("timing", _timing),
    "clipping": ("clipping", _clipping),
    "test_batch": ("test_batch", _test_batch),
}


class SeriesTable:
    """Collects rows line by line and whole chunks of columns; `curves` joins them in the log's order."""

    def __init__(self) -> None:
        self._names: dict[str, int] = {}
        self._rows: dict[str, list[Row]] = {}
        self._chunks: dict[str, list[Mapping[str, Column]]] = {}

    def intern(self, name: str) -> int:
        """The index of a name; the same for every chunk of a log."""
        return self._names.setdefault(name, len(self._names))

    def add(self, pattern: str, match: Match, line: int, month_day: int | None, seconds: float | None) -> None:
        """Add the row of one line."""
        series, make = ROWS[pattern]
        row = (
            line,
            *make(match, self.intern),
            MISSING if month_day is None else month_day,
            number(None) if seconds is None else seconds,
        )
        self._rows.setdefault(series, []).append(row)

    def add_chunk(self, series: str, columns: Mapping[str, Column], names: tuple[str, ...]) -> None:
        """Add whole columns whose name columns index into `names`."""
        import numpy as np  # noqa: PLC0415 - only logs with solver lines need it

        to_ours = np.array([self.intern(name) for name in names] or [0], dtype=np.int64)
        named = [c for c in ("name", "part", "blob", "layer") if c in columns]
        renamed = {column: to_ours[columns[column]] for column in named}
        self._chunks.setdefault(series, []).append({**columns, **renamed})

    def curves(self) -> Curves:
        """All rows and chunks, each series in the order of the log."""
        series = {name: self._joined(name) for name in SERIES_COLUMNS if name in self._rows or name in self._chunks}
        return Curves(series, tuple(self._names))

    def _joined(self, series: str) -> Mapping[str, Column]:
        import numpy as np  # noqa: PLC0415 - as above

        names = (*SERIES_COLUMNS[series], *CLOCK_COLUMNS)
        parts = [*self._chunks.pop(series, ()), *_columns_of(names, self._rows.pop(series, ()))]
        if len(parts) == 1:
            only: Mapping[str, Column] = parts[0]
            return only
        order = np.argsort(np.concatenate([part["line"] for part in parts]), kind="stable")
        return {name: np.concatenate([part[name] for part in parts])[order] for name in names}


def _columns_of(names: tuple[str, ...], rows: Iterable[Row]) -> list[Mapping[str, Column]]:
    import numpy as np  # noqa: PLC0415 - as above

    listed = list(rows)
    if not listed:
        return []
    columns = zip(names, zip(*listed, strict=True), strict=True)
    return [{name: np.array(values, dtype=_dtype(name)) for name, values in columns}]


def _dtype(column: str) -> str:
    return "int64" if column in WHOLE_COLUMNS else "float64"
