"""A sum of floats has one value, whatever the version of Python."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from logparse import parse_log
from logparse.sums import float_sum

if TYPE_CHECKING:
    from pathlib import Path

# Ten times 0.1 one after the other; the built-in sum of Python 3.12 and later says 1.0.
TENTHS = 0.9999999999999999


def test_each_step_of_a_sum_is_rounded() -> None:
    assert float_sum([0.1] * 10) == TENTHS


def test_the_sum_of_nothing_is_a_float() -> None:
    nothing = float_sum([])
    assert (nothing, type(nothing)) == (0.0, float)


@pytest.mark.parametrize(("values", "expected"), [([1e308, 1e308], math.inf), ([math.inf, 1.0], math.inf)])
def test_a_sum_may_be_infinite(values: list[float], expected: float) -> None:
    assert float_sum(values) == expected


def test_infinities_of_both_signs_are_no_number() -> None:
    assert math.isnan(float_sum([math.inf, -math.inf]))


def test_shares_of_a_timing_rest_on_such_a_sum(tmp_path: Path) -> None:
    lines = [f"I0311 16:29:35.000041 1 caffe.cpp:300]      conv{place}\tforward: 0.1 ms." for place in range(10)]
    log = tmp_path / "time.log"
    log.write_text("\n".join(lines) + "\n")
    assert parse_log(log).timing["forward_share"].tolist() == [0.1 / TENTHS] * 10
