"""Columns that grow block by block: nothing lost, nothing out of order, no memory for what never changes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logparse.reading.fast.columns import GrowingColumn, SeriesTable
from logparse.reading.fast.scanner import SeriesScanner
from logparse.reading.input.blocks import TextBlock
from logparse.reading.messages.patterns import BY_NAME

if TYPE_CHECKING:
    import re


HEADER: Final = b"I1124 10:43:20.990321 23669 solver.cpp:239] "
PIECES: Final = st.lists(st.lists(st.sampled_from((0.0, 1.5, math.nan)), max_size=5), max_size=12)


@given(PIECES)
def test_a_growing_column_is_its_pieces_in_a_row(pieces: list[list[float]]) -> None:
    column = GrowingColumn("float64")
    for piece in pieces:
        column.extend(np.array(piece, np.float64))
    whole = np.array([value for piece in pieces for value in piece], np.float64)
    np.testing.assert_array_equal(column.finished(), whole)


@pytest.mark.parametrize("value", [7.0, math.nan])
def test_a_column_of_one_value_is_one_value(value: float) -> None:
    column = GrowingColumn("float64")
    for _ in range(3):
        column.extend(np.full(1000, value))
        column.extend(np.broadcast_to(np.float64(value), 1000))
    finished = column.finished()
    assert (len(finished), finished.strides) == (6000, (0,))
    assert not finished.flags.writeable


def test_rows_and_chunks_of_a_block_stand_in_the_order_of_their_lines() -> None:
    table = SeriesTable()
    first = HEADER + b"Iteration 1, loss = 1\n\n" + HEADER + b"Iteration 3, loss = 3\n"
    scan = SeriesScanner().scan(TextBlock(first, 1))
    for series, columns in scan.columns.items():
        table.add_chunk(series, columns, scan.names)
    table.add("display", _match("display", "Iteration 2, loss = 2"), 2, None, None)
    table.end_block()
    table.add("display", _match("display", "Iteration 4 (1 iter/s, 2s/3 iters), loss = nan"), 4, 1231, 5.0)
    display = table.curves().series["display"]
    assert display["line"].tolist() == display["iteration"].tolist() == [1, 2, 3, 4]
    np.testing.assert_array_equal(display["loss"], [1.0, 2.0, 3.0, math.nan])
    assert display["month_day"].tolist() == [1124, -1, 1124, 1231]
    np.testing.assert_array_equal(display["interval"], [math.nan, math.nan, math.nan, 3.0])


def test_names_of_chunks_and_rows_are_numbered_together() -> None:
    table = SeriesTable()
    table.add("train_output", _match("train_output", "    Train net output #0: b = 1"), 1, None, None)
    scan = SeriesScanner().scan(
        TextBlock(HEADER + b"    Train net output #0: a = 1\n" + HEADER + b"    Train net output #1: b = 2\n", 2)
    )
    table.add_chunk("train_output", scan.columns["train_output"], scan.names)
    curves = table.curves()
    assert [curves.names[number] for number in curves.series["train_output"]["name"]] == ["b", "a", "b"]


def _match(pattern: str, message: str) -> re.Match[str]:
    match = BY_NAME[pattern].regex.fullmatch(message)
    assert match is not None
    return match
