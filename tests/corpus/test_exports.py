"""Every table of every log can be exported, in every format, and comes back."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Final

import pytest
from pyarrow import parquet

from logparse import export, parse_log
from logparse.catalogue import TABLES
from logparse.errors import NothingRecognisedError

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

# A table of answers to questions that the caller asks: made anew for each, so tested where it is made.
TABLES_OF_THE_LOG: Final = tuple(name for name in TABLES if name != "whatif")
ROWS: Final = 300  # of the text formats, which treat each row alike

pytestmark = pytest.mark.corpus


def written(frame: pd.DataFrame, table: str, form: str) -> bytes:
    return b"".join(export.FORMATS[form].chunks(frame, table))


def check_tables(path: Path) -> None:
    log = parse_log(path)
    assert set(log.table_names) == set(TABLES)
    for name in TABLES_OF_THE_LOG:
        frame = log.table(name)
        check_names(name, list(frame.columns))
        stored = parquet.read_table(io.BytesIO(written(frame, name, "parquet")))
        assert (stored.num_rows, stored.column_names) == (len(frame), list(frame.columns))
        check_text(frame.head(ROWS), name)


def check_text(frame: pd.DataFrame, table: str) -> None:
    assert written(frame, table, "csv").startswith(",".join(frame.columns).encode() + b"\n")
    records = json.loads(written(frame, table, "json"), parse_constant=pytest.fail)
    assert len(records) == len(frame)
    assert [json.loads(line) for line in written(frame, table, "jsonl").splitlines()] == records
    assert len(written(frame, table, "markdown").splitlines()) == len(frame) + 2


def check_names(table: str, columns: list[str]) -> None:
    """The registry's columns in its order; between them only outputs, which the log names."""
    registered = [column.name for column in TABLES[table].columns]
    assert [name for name in columns if not name.startswith("#")] == registered


def test_every_genuine_log(genuine_log: Path) -> None:
    check_tables(genuine_log)


def test_every_gpu_log(gpu_log: Path) -> None:
    check_tables(gpu_log)


def test_every_public_log(public_log: Path) -> None:
    try:
        check_tables(public_log)
    except NothingRecognisedError as error:
        pytest.fail(f"{public_log}: {error}")
