"""What rows of tables have in common, wherever they are read."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from logparse import formats
from logparse.rows import (
    float_of,
    grouped,
    int_of,
    is_blank,
    items_of,
    known_rows,
    known_sum,
    layer_name,
    lead_rank,
    net_kind,
    net_name,
    rows_of,
)

NAN = float("nan")


@pytest.mark.parametrize("value", [None, pd.NA, ""])
def test_a_cell_without_text_is_blank(value: object) -> None:
    assert is_blank(value)


@pytest.mark.parametrize("value", ["x", 0, False])
def test_a_cell_with_a_value_is_not(value: object) -> None:
    assert not is_blank(value)


def test_a_list_that_is_not_known_has_no_items() -> None:
    unknown: Any = pd.NA
    assert items_of(None) == items_of(unknown) == []
    assert items_of((1, None)) == [1, None]


def test_a_number_that_is_not_known_is_none() -> None:
    assert int_of(pd.NA) is int_of(None) is int_of(NAN) is float_of(pd.NA) is None
    assert (int_of(7.0), float_of(7)) == (7, 7.0)


def test_a_sum_says_of_how_many_rows_it_does_not_know() -> None:
    rows: list[dict[str, Any]] = [{"n": 1}, {"n": pd.NA}, {"n": 2}, {"other": 4}]
    assert known_sum(rows, "n") == (3, 2)
    assert known_sum([], "n") == (0, 0)
    assert known_rows(rows, "n") == [{"n": 1}, {"n": 2}]


def test_groups_stand_in_the_order_of_their_first_items() -> None:
    assert grouped("banana", str) == {"b": ["b"], "a": ["a", "a", "a"], "n": ["n", "n"]}


def test_rows_keep_what_is_not_known() -> None:
    (row,) = rows_of(pd.DataFrame({"a": pd.array([pd.NA], dtype="Int64"), "b": ["x"]}))
    assert formats.is_na(row["a"])
    assert row["b"] == "x"


def test_a_layer_without_a_name_is_named_as_asked() -> None:
    assert layer_name({"layer": "ip1"}) == "ip1"
    assert layer_name({"layer": pd.NA}) == "(unnamed)"
    assert layer_name({}, "an unnamed layer") == "an unnamed layer"


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (("TRAIN",), "TRAIN net"),
        (("TEST", 1), "TEST net #1"),
        ((None, pd.NA, "rnn"), "net inside rnn"),
        ((pd.NA, 0), "net #0"),
    ],
)
def test_a_net_in_words(told: tuple[Any, ...], text: str) -> None:
    assert net_name(*told) == text
    assert text.startswith(net_kind(told[0]))


Net = tuple[object, object, int]  # phase, nested in which layer, how many layers


def leading(*nets: Net) -> Net:
    return max(nets, key=lambda net: lead_rank({"phase": net[0], "nested": net[1]}, net[2]))


def test_the_training_net_with_most_layers_leads() -> None:
    assert leading(("TEST", None, 9), ("TRAIN", None, 3), ("TRAIN", None, 5)) == ("TRAIN", None, 5)


def test_without_a_training_net_the_largest_leads() -> None:
    assert leading(("TEST", None, 3), (None, None, 9)) == (None, None, 9)


def test_a_net_inside_a_layer_leads_only_where_there_is_no_other() -> None:
    assert leading(("TRAIN", "rnn", 90), ("TEST", None, 3)) == ("TEST", None, 3)
    assert leading(("TRAIN", "rnn", 3), ("TEST", "rnn", 9)) == ("TEST", "rnn", 9)


def test_of_nets_of_one_size_the_first_leads() -> None:
    assert leading(("TRAIN", None, 3), ("TRAIN", pd.NA, 3))[1] is None
