"""What `curve` shows: the losses of a log over its iterations, and its scores below."""

from __future__ import annotations

import sys
from itertools import cycle
from typing import TYPE_CHECKING, Any, Final

from logparse.audit.curves import numbers, of_losses
from logparse.errors import UsageError, suggestion
from logparse.export.plot import POINT_MARKS, Plot, PlottedCurve, plotted
from logparse.output import STDOUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from logparse.api import Log

TRAINING: Final = "training loss"
_NEEDED: Final = "⠿┤└┊"  # what a terminal must be able to print


def is_plain(output: str) -> bool:
    """Whether what is written can only be ASCII: standard output in an encoding without braille."""
    if output != STDOUT or sys.stdout is None:
        return False
    try:
        _NEEDED.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return True
    return False


def plots_of(log: Log, wanted: Sequence[str] | None) -> list[Plot]:
    """One plot of all losses, one of all scores; of the curves that are wanted by name alone, where any is.

    Raises:
        UsageError: there is no curve of that name.

    """
    losses, scores = [*_trained(log)], list[PlottedCurve]()
    marks = cycle(POINT_MARKS)
    for curve, is_loss in _tested(log):
        (losses if is_loss else scores).append(curve._replace(mark=next(marks)))
    names = [curve.name for curve in (*losses, *scores)]
    for name in wanted or ():
        if not any(_is(name, one) for one in names):
            raise UsageError(
                f"there is no curve {name!r}; {suggestion(name, names) if names else 'the log shows none'}"
            )
    starts = _starts(log)
    found = []
    for title, curves in (("Losses", losses), ("Scores", scores)):
        kept = tuple(one for one in curves if not wanted or any(_is(name, one.name) for name in wanted))
        if kept:
            found.append(Plot(title, kept, starts, "iterations"))
    return found


def _is(wanted: str, name: str) -> bool:
    """Whether a curve is meant: by its whole name, or by the output's; `loss` is the training loss too."""
    return wanted in {name, name.partition(" of test net #")[0]} or (name, wanted) == (TRAINING, "loss")


def _trained(log: Log) -> Iterator[PlottedCurve]:
    frame = log.table("train")
    if not frame.empty:
        yield PlottedCurve(TRAINING, numbers(frame, "iteration"), numbers(frame, "loss"))


def _tested(log: Log) -> Iterator[tuple[PlottedCurve, bool]]:
    """Each scalar output of each test net, and whether it is a loss; vectors are left out.

    So are, as in the report, scores of a net whose loss is no number, and a test of one batch before training.
    """
    frame = log.table("test")
    if frame.empty:
        return
    frame = frame[~(frame["initial"].fillna(value=False) | frame["meaningless"].fillna(value=False)).astype(bool)]
    vectors = set(frame.loc[frame["element"].fillna(0) > 0, "output"])
    scalar = frame[~frame["output"].isin(vectors) & frame["test_net"].notna()]
    for key, rows in scalar.groupby(["output", "test_net"], sort=False):
        yield _curve(key, rows), bool(of_losses(rows).any())


def _curve(key: Any, rows: pd.DataFrame) -> PlottedCurve:  # noqa: ANN401 - pandas' key of a group
    output, net = key
    return PlottedCurve(f"{output} of test net #{int(net)}", numbers(rows, "iteration"), numbers(rows, "value"))


def _starts(log: Log) -> tuple[float, ...]:
    """The first displayed iteration of every attempt but the first that displays one."""
    firsts = log.table("attempts")["first_iteration"].dropna().tolist()
    return tuple(float(one) for one in firsts[1:])


def curve_lines(plots: Sequence[Plot], width: int, height: int, *, plain: bool, logarithmic: bool) -> Iterator[str]:
    """The plots of a log, one below the other."""
    for number, plot in enumerate(plots):
        if number:
            yield ""
        yield from plotted(plot, width, height, plain=plain, logarithmic=logarithmic and plot.title == "Losses")
    if not plots:
        yield "no loss and no score is in the log"
