"""Rows and columns → frames: the columns of the table and no others; what is not known is NA, whatever it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from logparse.rows import rows_of
from logparse.tables.column import decimal, listed, moment, text, truth, whole
from logparse.tables.frame import frame
from logparse.tables.table import Table

if TYPE_CHECKING:
    from logparse.tables.table import Built, LogLike

NAN = float("nan")


def build(_log: LogLike) -> Built:
    return []


TABLE = Table(
    "zoo",
    "One row per animal.",
    (
        text("name", "Name", "What it is called."),
        whole("legs", "Legs", "How many."),
        decimal("weight", "Weight", "On a good day.", "kg"),
        truth("tame", "Tame", "Whether it bites."),
        listed("young", "Young", "Their names."),
        moment("fed", "Fed", "When last."),
    ),
    build,
)
WITH_OUTPUTS = Table("zoo", "One row per animal.", TABLE.columns[:2], build, has_outputs=True)
ROW = {"name": "Ida", "legs": 4, "weight": 0.5, "tame": True, "young": ["Ed"], "fed": np.datetime64("2015-03-11", "us")}


def column(name: str, *values: object) -> pd.Series:
    """The column of a frame whose rows say nothing else."""
    return frame(TABLE, [{name: value} for value in values])[name]


def dtypes(made: pd.DataFrame) -> list[str]:
    return [str(dtype) for dtype in made.dtypes]


# --- rows --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [[], [ROW], [ROW, {}], [{}]], ids=["none", "one", "one and nothing", "nothing"])
def test_columns_have_the_order_and_the_dtypes_of_the_table(rows: list[dict[str, Any]]) -> None:
    made = frame(TABLE, [dict(reversed(row.items())) for row in rows])
    assert list(made.columns) == ["name", "legs", "weight", "tame", "young", "fed"]
    assert dtypes(made) == ["string", "Int64", "Float64", "boolean", "object", "datetime64[us]"]
    assert len(made) == len(rows)
    assert isinstance(made.index, pd.RangeIndex)


def test_a_table_without_rows_can_be_changed_and_stays_without_rows() -> None:
    made = frame(TABLE, [])
    made.loc[0, "name"] = "Ida"
    made["more"] = 1
    again = frame(TABLE, [])
    assert len(again) == 0
    assert list(again.columns) == [column.name for column in TABLE.columns]
    assert dtypes(again) == ["string", "Int64", "Float64", "boolean", "object", "datetime64[us]"]


def test_tables_of_one_name_are_not_one_table() -> None:
    assert list(frame(WITH_OUTPUTS, []).columns) == ["name", "legs"]


def test_a_value_comes_back() -> None:
    assert rows_of(frame(TABLE, [ROW])) == [{**ROW, "fed": pd.Timestamp("2015-03-11")}]


@pytest.mark.parametrize("name", ["name", "legs", "weight", "tame", "fed"])
def test_none_and_a_missing_key_are_na(name: str) -> None:
    made = frame(TABLE, [ROW, {name: None}, {}])
    assert made[name].isna().tolist() == [False, True, True]


def test_a_list_that_is_not_there_is_none_and_an_empty_one_is_not() -> None:
    assert column("young", ["Ed"], [], None, ["Al", None], [1]).tolist() == [["Ed"], [], None, ["Al", None], [1]]


def test_lists_of_one_length_stay_lists() -> None:
    assert column("young", [1, 2], [3, 4]).tolist() == [[1, 2], [3, 4]]


def test_a_decimal_that_is_nan_is_na_and_an_infinity_is_not() -> None:
    assert column("weight", 1, NAN, float("inf"), np.float64(2.5)).isna().tolist() == [False, True, False, False]


def test_whole_numbers_keep_all_their_digits() -> None:
    assert column("legs", 2**53 + 1, None, 2**63 - 1, -(2**63)).tolist() == [2**53 + 1, pd.NA, 2**63 - 1, -(2**63)]


@pytest.mark.parametrize("values", [(4.0, None), (np.int32(4), None), (np.int64(4),), (True, 3)])
def test_what_is_a_whole_number_counts_as_one(values: tuple[Any, ...]) -> None:
    made = column("legs", *values)
    assert str(made.dtype) == "Int64"
    assert made.tolist() == [pd.NA if value is None else int(value) for value in values]


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 2**64, -(2**64), 10**400])
@pytest.mark.parametrize("others", [(), (4,), (4, None), (2**62, -1, None)])
def test_a_whole_number_that_64_bits_do_not_hold_is_na_and_takes_no_other_with_it(
    value: int, others: tuple[int | None, ...]
) -> None:
    made = column("legs", *others, value, *others)
    assert str(made.dtype) == "Int64"
    expected = [pd.NA if one is None else one for one in others]
    assert made.tolist() == [*expected, pd.NA, *expected]


def test_a_whole_number_beyond_every_decimal_is_na_among_decimals() -> None:
    assert column("weight", 10**400, 0.5, None, -(10**400), 10**300).tolist() == [pd.NA, 0.5, pd.NA, pd.NA, 1e300]


@pytest.mark.parametrize("value", [4.5, "four"])
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError, OverflowError)):
        column("legs", 4, value)


@pytest.mark.parametrize("values", [(True, 2), ("yes",), (0.5, None)])
def test_what_is_no_truth_value_is_refused(values: tuple[Any, ...]) -> None:
    with pytest.raises((TypeError, ValueError)):
        column("tame", *values)


def test_a_misspelt_key_is_refused_with_what_is_meant_and_where_columns_are_added() -> None:
    with pytest.raises(ValueError, match=r"the table 'zoo' has no column 'lesg': add it in .*test_frame; is 'legs'"):
        frame(TABLE, [ROW, {"name": "Bo", "lesg": 3}])


def test_one_key_too_many_is_refused() -> None:
    with pytest.raises(ValueError, match="no column 'wings'"):
        frame(TABLE, [{**ROW, "wings": 2}])


# --- columns -----------------------------------------------------------------------------------------------

LEGS = np.array([4, 2])
NAMES = pd.array(["Ida", "Bo"], dtype="string")


def test_columns_are_taken_as_they_are_in_the_order_of_the_table() -> None:
    made = frame(WITH_OUTPUTS, {"legs": LEGS, "name": NAMES})
    assert list(made.columns) == ["name", "legs"]
    assert dtypes(made) == ["string", "int64"]
    assert np.shares_memory(made["legs"].to_numpy(), LEGS)


def test_outputs_stand_before_the_last_column_where_a_table_has_them() -> None:
    made = frame(WITH_OUTPUTS, {"#0 a": LEGS, "name": NAMES, "legs": LEGS, "#1 legs": LEGS})
    assert list(made.columns) == ["name", "#0 a", "#1 legs", "legs"]


@pytest.mark.parametrize("strange", ["lesg", "#0 a"])
def test_a_column_that_the_table_does_not_have_is_refused(strange: str) -> None:
    plain = Table("zoo", "One row per animal.", TABLE.columns[:2], build)
    with pytest.raises(ValueError, match=f"the table 'zoo' has no column '{strange}'"):
        frame(plain, {"name": NAMES, "legs": LEGS, strange: LEGS})


def test_a_misspelt_column_is_refused_beside_outputs() -> None:
    with pytest.raises(ValueError, match=r"no column 'lesg'.*is 'legs' meant"):
        frame(WITH_OUTPUTS, {"#0 a": LEGS, "name": NAMES, "lesg": LEGS})


def test_a_column_that_nothing_builds_is_refused() -> None:
    with pytest.raises(ValueError, match=r"nothing builds the column 'legs' of the table 'zoo': see .*test_frame"):
        frame(WITH_OUTPUTS, {"name": NAMES})
