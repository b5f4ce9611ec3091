"""Solver columns → `train`, `train_outputs`, `test`, `lr` and `timing` frames.

A row is filed by line numbers: an output belongs to the last display (or test start) before it in the same
attempt, never to a neighbouring iteration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from logparse.tables.columns import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt
    import pandas as pd

    from logparse.model import Attempt, Curves

    Column = npt.NDArray[Any]
    Columns = Mapping[str, Column]


def _empty(table: str) -> pd.DataFrame:
    from logparse.tables.frames import frame  # noqa: PLC0415 - pandas only where a frame is wanted

    return frame(table, [])


def _build(table: str, columns: Mapping[str, Any]) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - as above

    names = [column.name for column in TABLES[table] if column.name in columns]
    extra = [name for name in columns if name not in names]
    return pd.DataFrame({name: columns[name] for name in [*names[:-1], *extra, *names[-1:]]})


def attempt_of(lines: Column, attempts: Sequence[Attempt]) -> Column:
    """The attempt that each line stands in; lines before the first one belong to it."""
    import numpy as np  # noqa: PLC0415 - only logs with solver lines need it

    starts = np.array([attempt.line for attempt in attempts], dtype=np.int64)
    return np.maximum(np.searchsorted(starts, lines, side="right"), 1)


def _before(lines: Column, starts: Column) -> Column:
    """Per line, the place of the last start at or before it; -1 where there is none."""
    import numpy as np  # noqa: PLC0415 - as above

    return np.searchsorted(starts, lines, side="right") - 1


def superseded(attempt: Column, iteration: Column) -> Column:
    """Whether a later attempt reached this iteration again: at or above the lowest iteration of a later one."""
    import numpy as np  # noqa: PLC0415 - as above

    flags = np.zeros(len(iteration), dtype=bool)
    lowest = np.iinfo(np.int64).max
    for one in np.unique(attempt)[::-1]:
        rows = attempt == one
        flags[rows] = iteration[rows] >= lowest
        lowest = min(lowest, int(iteration[rows].min()))
    return flags


def _names(curves: Curves, places: Column) -> Any:  # noqa: ANN401 - a pandas string array
    import pandas as pd  # noqa: PLC0415 - as above

    return pd.array(list(curves.names), dtype="string").take(places)


def train(curves: Curves, attempts: Sequence[Attempt]) -> pd.DataFrame:
    """One row per display; outputs in columns `#J NAME`, by index and name."""
    shown = curves.series.get("display")
    if shown is None:
        return _empty("train")
    attempt = attempt_of(shown["line"], attempts)
    columns = {
        "attempt": attempt,
        "iteration": shown["iteration"],
        "loss": shown["loss"],
        "iterations_per_second": _real_rates(shown, attempt),
        "seconds": shown["seconds"],
        "epoch": shown["epoch"],
        "superseded": superseded(attempt, shown["iteration"]),
        "line": shown["line"],
    }
    return _build("train", {**columns, **_wide_outputs(curves, shown, attempt, attempts)})


def _real_rates(shown: Columns, attempt: Column) -> Column:
    """iter/s without the first figure of each process: Caffe divides by memory that it never set."""
    import numpy as np  # noqa: PLC0415 - as above

    rates = shown["iterations_per_second"].copy()
    rates[np.flatnonzero(np.diff(attempt, prepend=0))] = np.nan
    return rates


def _wide_outputs(curves: Curves, shown: Columns, attempt: Column, attempts: Sequence[Attempt]) -> dict[str, Column]:
    import numpy as np  # noqa: PLC0415 - as above

    outputs = curves.series.get("train_output")
    if outputs is None:
        return {}
    row = _filed(outputs, shown["line"], attempt, attempts)
    keys = outputs["index"] * max(len(curves.names), 1) + outputs["name"]
    wide = {}
    for key in np.unique(keys):
        chosen = (keys == key) & (row >= 0)
        index, name = divmod(int(key), max(len(curves.names), 1))
        column = np.full(len(shown["line"]), np.nan)
        column[row[chosen]] = outputs["value"][chosen]
        wide[f"#{index} {curves.names[name]}"] = column
    return wide


def _filed(outputs: Columns, starts: Column, start_attempt: Column, attempts: Sequence[Attempt]) -> Column:
    """The row that each output belongs to; -1 where no start stands before it in its attempt."""
    import numpy as np  # noqa: PLC0415 - as above

    row = _before(outputs["line"], starts)
    same = start_attempt[np.maximum(row, 0)] == attempt_of(outputs["line"], attempts)
    return np.where((row >= 0) & same, row, -1)


def _output_columns(curves: Curves, outputs: Columns) -> dict[str, Any]:
    return {
        "index": outputs["index"],
        "output": _names(curves, outputs["name"]),
        "value": outputs["value"],
        "loss_weight": outputs["loss_weight"],
        "weighted_loss": outputs["weighted_loss"],
        "line": outputs["line"],
    }


def train_outputs(curves: Curves, attempts: Sequence[Attempt]) -> pd.DataFrame:
    """One row per `Train net output`, under its display's iteration (NA where the display is missing)."""
    outputs, shown = curves.series.get("train_output"), curves.series.get("display")
    if outputs is None:
        return _empty("train_outputs")
    attempt = attempt_of(outputs["line"], attempts)
    iteration = _iteration_of(outputs, shown, attempts)
    return _build("train_outputs", {"attempt": attempt, "iteration": iteration, **_output_columns(curves, outputs)})


def _iteration_of(outputs: Columns, starts: Columns | None, attempts: Sequence[Attempt]) -> Any:  # noqa: ANN401
    """A nullable array of iterations; NA where no start stands before, or the start prints none."""
    import numpy as np  # noqa: PLC0415 - as above
    import pandas as pd  # noqa: PLC0415 - as above

    if starts is None or not len(starts["line"]):
        return pd.array([pd.NA] * len(outputs["line"]), dtype="Int64")
    row = _filed(outputs, starts["line"], attempt_of(starts["line"], attempts), attempts)
    values = starts["iteration"][np.maximum(row, 0)]
    return pd.arrays.IntegerArray(values.astype("int64"), (row < 0) | (values < 0))


def test(curves: Curves, attempts: Sequence[Attempt]) -> pd.DataFrame:
    """One row per `Test net output` (or score), under its test's iteration and net."""
    import numpy as np  # noqa: PLC0415 - as above

    outputs, starts = curves.series.get("test_output"), curves.series.get("test_start")
    if outputs is None:
        return _empty("test")
    attempt = attempt_of(outputs["line"], attempts)
    iteration = _iteration_of(outputs, starts, attempts)
    net = np.zeros(len(attempt), dtype=np.int64)
    if starts is not None:
        row = _before(outputs["line"], starts["line"])
        net = np.maximum(np.where(row >= 0, starts["net"][np.maximum(row, 0)], 0), 0)
    filled = iteration.fillna(-1).to_numpy(dtype="int64")
    columns = {"attempt": attempt, "iteration": iteration, "test_net": net, "superseded": superseded(attempt, filled)}
    return _build("test", {**columns, **_output_columns(curves, outputs)})


def lr(curves: Curves, attempts: Sequence[Attempt]) -> pd.DataFrame:
    """One row per `lr` line."""
    rates = curves.series.get("lr")
    if rates is None:
        return _empty("lr")
    names = ("iteration", "lr", "momentum", "weight_decay", "gradient_scale", "line")
    return _build("lr", {"attempt": attempt_of(rates["line"], attempts), **{name: rates[name] for name in names}})


def timing(curves: Curves, attempts: Sequence[Attempt]) -> pd.DataFrame:
    """One row per layer of `caffe time`: its forward and backward milliseconds."""
    from logparse.tables.frames import frame  # noqa: PLC0415 - as above

    times = curves.series.get("timing")
    if times is None:
        return _empty("timing")
    rows: dict[tuple[int, str, int], dict[str, Any]] = {}
    seen: dict[tuple[int, str, int], int] = {}
    listed = zip(
        attempt_of(times["line"], attempts), times["layer"], times["direction"], times["ms"], times["line"], strict=True
    )
    for attempt, layer, direction, ms, line in listed:
        name = curves.names[int(layer)]
        again = seen.setdefault((int(attempt), name, int(direction)), 0)
        seen[int(attempt), name, int(direction)] += 1
        row = rows.setdefault((int(attempt), name, again), {"attempt": int(attempt), "layer": name, "line": int(line)})
        row["backward_ms" if direction else "forward_ms"] = float(ms)
    return frame("timing", list(rows.values()))


CURVE_TABLES: Final[Mapping[str, Callable[[Curves, Sequence[Attempt]], pd.DataFrame]]] = {
    "train": train,
    "train_outputs": train_outputs,
    "test": test,
    "lr": lr,
    "timing": timing,
}
