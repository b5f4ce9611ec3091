"""Rows of a table by what a user asks for: a net, a condition, an order; one table of several logs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pandas as pd

from logparse.errors import UsageError, suggestion
from logparse.formats import enumerated
from logparse.rows import lead_rank

if TYPE_CHECKING:
    from collections.abc import Mapping

ALL_NETS: Final = "all"
LOG: Final = "log"  # the column that says of which log a row is
_EXAMPLE: Final = "An example: 'macs > 1e8 and type == \"Convolution\"'."
_UNKNOWN: Final = re.compile(r"'(.+)'")


def of_net(frame: pd.DataFrame, wanted: str | None, attempt: int | None = None) -> pd.DataFrame:
    """The rows of one net (by its number), of all nets of a phase, or of all; of the leading net where none is named.

    `frame` has the columns attempt, net_index, phase and nested.

    Raises:
        UsageError: there is no such net; which there are is told.

    """
    found = frame if attempt is None else frame[frame["attempt"] == attempt]
    if wanted is not None and wanted.lower() == ALL_NETS:
        return found
    if wanted is None:
        return _of_lead(found)
    kept = found[found["net_index"] == int(wanted) if wanted.isdigit() else found["phase"] == wanted.upper()]
    if kept.empty and not frame.empty:
        there = dict.fromkeys(map(str, [*frame["phase"].dropna(), *frame["net_index"]]))
        raise UsageError(f"there is no net {wanted!r}", remedy=f"There are {enumerated(list(there))}.")
    return kept


def _of_lead(frame: pd.DataFrame) -> pd.DataFrame:
    keys = frame[["attempt", "net_index"]].apply(tuple, axis=1)
    lead = max(((_rank(rows), key) for key, rows in frame.groupby(keys)), default=None)
    return frame if lead is None else frame[keys == lead[1]]


def _rank(rows: pd.DataFrame) -> tuple[bool, bool, int]:
    return lead_rank({name: rows[name].iloc[0] for name in ("phase", "nested")}, len(rows))


def rows_where(frame: pd.DataFrame, condition: str) -> pd.DataFrame:
    """The rows of which a condition is true, written as pandas writes it; what is not known is not true.

    It sees the columns and nothing else.

    Raises:
        UsageError: it is no condition, or names what is no column.

    """
    try:
        found = frame.eval(condition, engine="python", local_dict={}, global_dict={})
    except Exception as error:  # whatever pandas makes of a user's text
        unknown = _UNKNOWN.search(str(error))
        near = f"; {suggestion(unknown[1], list(frame.columns))}" if isinstance(error, NameError) and unknown else ""
        raise UsageError(f"{condition!r}: {str(error) or type(error).__name__}{near}", remedy=_EXAMPLE) from error
    if not isinstance(found, pd.Series) or str(found.dtype) not in {"bool", "boolean"}:
        raise UsageError(f"{condition!r} is neither true nor false of a row", remedy=_EXAMPLE)
    return frame[found.fillna(value=False).astype(bool)]


def ordered(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows by a column: the largest numbers first, text by the alphabet, equal ones as they stood.

    Raises:
        UsageError: there is no such column.

    """
    check_column(frame, name)
    return frame.sort_values(name, ascending=frame[name].dtype.kind not in "iuf", kind="stable")


def check_column(frame: pd.DataFrame, name: str) -> None:
    """Raise UsageError if there is no such column."""
    if name not in frame.columns:
        raise UsageError(f"there is no column {name!r}; {suggestion(name, list(frame.columns))}")


def of_logs(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The same table of several logs as one, with a first column `log`; of one log as it is."""
    if len(frames) == 1:
        return next(iter(frames.values()))
    named = (frame.assign(**{LOG: name}) for name, frame in frames.items())
    return pd.concat([frame[[LOG, *frame.columns[:-1]]] for frame in named], ignore_index=True)
