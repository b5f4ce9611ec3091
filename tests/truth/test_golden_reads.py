"""What every layer type's backward pass reads, by hand, with engine CAFFE and with cuDNN."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from logparse.cost.costing import view_of
from logparse.cost.layer_types import LAYER_TYPES
from logparse.cost.rule import Missing
from tests.truth.golden_reads import ROWS

if TYPE_CHECKING:
    from logparse.cost.traits import ReadRule, Reads
    from tests.truth.golden.reads import ReadRow


def as_text(found: Reads) -> str:
    """As a row has it: "B0 B1 T0 p"."""
    bottoms = [f"B{place}" for place in found.bottoms]
    return " ".join([*bottoms, *(f"T{place}" for place in found.tops), *(["p"] if found.private else [])])


def told(row: ReadRow, rule: ReadRule) -> str:
    spec = row.spec()
    return as_text(rule(view_of(spec, LAYER_TYPES[row.type].rule)))


@pytest.mark.parametrize("row", [row for row in ROWS if not row.reason], ids=str)
def test_a_backward_pass_reads_what_was_worked_out_by_hand(row: ReadRow) -> None:
    assert told(row, LAYER_TYPES[row.type].traits.backward_reads) == row.reads


@pytest.mark.parametrize("row", [row for row in ROWS if row.reason], ids=str)
def test_what_cannot_be_told_is_missing_with_its_reason(row: ReadRow) -> None:
    with pytest.raises(Missing, match=row.reason):
        told(row, LAYER_TYPES[row.type].traits.backward_reads)


@pytest.mark.parametrize("row", [row for row in ROWS if row.cudnn], ids=str)
def test_cudnn_reads_what_its_layer_hands_over(row: ReadRow) -> None:
    cudnn = LAYER_TYPES[row.type].traits.cudnn
    assert cudnn is not None
    assert cudnn.reads is not None
    assert told(row, cudnn.reads) == row.cudnn


def test_no_other_type_reads_something_else_on_cudnn() -> None:
    other = {name for name, row in LAYER_TYPES.items() if row.traits.cudnn is not None and row.traits.cudnn.reads}
    assert other == {row.type for row in ROWS if row.cudnn}


def test_every_type_has_a_row_and_every_row_a_type() -> None:
    assert {row.type for row in ROWS} == set(LAYER_TYPES)


def test_no_two_rows_are_the_same() -> None:
    assert len({str(row) for row in ROWS}) == len(ROWS)
