"""Solver lines that the fast scan does not take → rows of the same columns (model.SERIES_COLUMNS)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from logparse.reading.line.values import NAN, number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

    Column = npt.NDArray[Any]
    Match = re.Match[str]
    Intern = Callable[[str], int]
    Row = tuple[float, ...]

WHOLE_COLUMNS: Final = frozenset(
    {
        "line",
        "iteration",
        "index",
        "name",
        "net",
        "stage",
        "layer",
        "part",
        "blob",
        "direction",
        "batch",
        "group",
        "month_day",
    }
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


def _product(match: Match, intern: Intern) -> Row:
    weights = match["weights"] or int(match["rows"]) * int(match["inner"])
    macs = int(weights) * int(match["columns"])
    return (intern(match["layer"]), int(match["group"]), macs, int(match["bytes"]), number(match["us"]) / 1000)


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
    "product": ("product", _product),
    "clipping": ("clipping", _clipping),
    "test_batch": ("test_batch", _test_batch),
}
