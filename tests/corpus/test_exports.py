"""Every table of every log can be built, exported and read back; those of a stranger's log in every format."""

from __future__ import annotations

import csv
import io
import json
import zlib
from typing import TYPE_CHECKING, Any, Final

import pytest
from pyarrow import parquet

from logparse import export
from logparse.catalogue import TABLES
from tests.parsed import parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pandas as pd

# A table of answers to questions that the caller asks: made anew for each, so tested where it is made.
TABLES_OF_THE_LOG: Final = tuple(name for name in TABLES if name != "whatif")
ROWS: Final = 300  # of the text formats, which treat each row alike

pytestmark = pytest.mark.corpus


def written(frame: pd.DataFrame, table: str, form: str) -> bytes:
    return b"".join(export.FORMATS[form].chunks(frame, table))


def check_tables(path: Path, forms: Callable[[int], Sequence[str]]) -> None:
    """Every table is built, and comes back from the formats that its place among the tables asks for."""
    log = parsed(path)
    assert set(log.table_names) == set(TABLES)
    for place, name in enumerate(TABLES_OF_THE_LOG):
        frame = log.table(name)
        check_names(name, list(frame.columns))
        for form in forms(place):
            CHECKS[form](written(frame if form == "parquet" else frame.head(ROWS), name, form), frame)


def check_parquet(data: bytes, frame: pd.DataFrame) -> None:
    stored = parquet.read_table(io.BytesIO(data))
    assert (stored.num_rows, stored.column_names) == (len(frame), list(frame.columns))


def check_csv(data: bytes, frame: pd.DataFrame) -> None:
    head, *rows = csv.reader(io.StringIO(data.decode(), newline=""))
    assert head == list(frame.columns)
    assert len(rows) == len(frame.head(ROWS))
    assert all(len(row) == len(head) for row in rows)


def check_json(data: bytes, frame: pd.DataFrame) -> None:
    check_records(json.loads(data, parse_constant=pytest.fail), frame)


def check_jsonl(data: bytes, frame: pd.DataFrame) -> None:
    check_records([json.loads(line, parse_constant=pytest.fail) for line in data.splitlines()], frame)


def check_records(records: list[dict[str, Any]], frame: pd.DataFrame) -> None:
    assert len(records) == len(frame.head(ROWS))
    assert all(list(record) == list(frame.columns) for record in records)


def check_markdown(data: bytes, frame: pd.DataFrame) -> None:
    assert len(data.splitlines()) == len(frame.head(ROWS)) + 2


def check_text(data: bytes, frame: pd.DataFrame) -> None:
    assert len(data.splitlines()) == len(frame.head(ROWS)) + 1


CHECKS: Final = {
    "csv": check_csv,
    "json": check_json,
    "jsonl": check_jsonl,
    "parquet": check_parquet,
    "markdown": check_markdown,
    "text": check_text,
}


def test_every_format_has_its_check() -> None:
    assert tuple(CHECKS) == tuple(export.FORMATS)


def check_names(table: str, columns: list[str]) -> None:
    """The registry's columns in its order; between them only outputs, which the log names."""
    registered = [column.name for column in TABLES[table].columns]
    assert [name for name in columns if not name.startswith("#")] == registered


def all_forms(_place: int) -> Sequence[str]:
    return tuple(CHECKS)


def one_form(path: Path) -> Callable[[int], Sequence[str]]:
    """One format for each table, another from table to table and from log to log: our own logs are of few kinds, and
    there are enough of them for each table to meet each format many times."""
    first = zlib.crc32(path.name.encode())
    return lambda place: (tuple(CHECKS)[(first + place) % len(CHECKS)],)


def test_every_genuine_log(genuine_log: Path) -> None:
    check_tables(genuine_log, one_form(genuine_log))


def test_every_gpu_log(gpu_log: Path) -> None:
    check_tables(gpu_log, one_form(gpu_log))


def test_every_public_log(public_log: Path) -> None:
    check_tables(public_log, all_forms)
