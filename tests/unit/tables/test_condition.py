"""What became of a loss, and what an attempt's outcome is with it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from logparse.tables.series.ceiling import CEILING, EXACT, at_parts, parts_of
from logparse.tables.series.trend import DISPLAYS_LEAST, drawn_trend, last_smoothed, lowest_and_last, trend
from tests.writing import Layer, Writer, cells, data, line, net, read, solver, trained

if TYPE_CHECKING:
    from collections.abc import Iterable

    from logparse.api import Log

DONE = line("Optimization Done.", "solver.cpp")
FATAL = line("Check failed: a == b", "layer.cpp", "F")


def outcomes(log: Log, *columns: str) -> list[tuple[Any, ...]]:
    return list(zip(*cells(log.table("attempts"), *columns).values(), strict=True))


def outcome(*losses: float | str, end: str = DONE, before: str = "") -> tuple[str, str | None]:
    [found] = outcomes(read(before, trained(losses).text, end), "outcome", "loss_state")
    return found


@pytest.mark.parametrize(
    ("losses", "state"),
    [
        ((1.0, "nan"), "not_a_number"),
        ((1.0, "-nan", "-nan"), "not_a_number"),
        ((1.0, "inf", "nan"), "not_a_number"),
        ((1.0, "87.3365", "87.3365"), "saturated"),
        ((1.0, 2.0, 40.0, 50.0), "exploded"),
        ([1.0] * 8 + [0.1] * 8 + [1.0] * 8, "rose"),
    ],
)
def test_a_run_that_came_to_nothing_diverged_whatever_caffe_says(losses: Iterable[float | str], state: str) -> None:
    assert outcome(*losses) == ("diverged", state)
    assert outcome(*losses, end="") == ("diverged", state)
    assert outcome(*losses, end="Killed\n") == ("diverged", state)


def test_an_error_of_the_process_comes_first_and_the_loss_stands_beside_it() -> None:
    assert outcome(1.0, "nan", end=FATAL) == ("fatal", "not_a_number")


@pytest.mark.parametrize(
    "losses", [(1.0, "nan", 1.0), (1.0, "inf", 0.9), ("87.3365", 5.0, 2.0), (2.0, 1.0), (0.0, 0.0)]
)
def test_a_loss_that_comes_back_or_falls_is_sound(losses: Iterable[float | str]) -> None:
    assert outcome(*losses) == ("done", None)


def test_where_it_began_is_told_and_the_process_keeps_its_own_word() -> None:
    log = read(trained([1.0, 2.0, "nan", "nan"]).text, DONE)

    assert outcomes(log, "ending", "loss_from", "loss_line", "outcome_text") == [
        ("done", 40, 6, "Its loss is not a number (nan) from iteration 40 on; Optimization Done.")
    ]


def test_of_a_nan_that_came_went_and_came_the_last_time_counts() -> None:
    log = trained([1.0, "nan", 1.0, 1.0, 1.0, 1.0, "nan"]).log()

    assert outcomes(log, "loss_from") == [(120,)]


def test_without_displays_the_tests_tell() -> None:
    writer = Writer()
    writer.test(0, accuracy=0.5, loss=1.0)
    writer.test(100, accuracy=1.0, loss="nan")

    assert outcomes(writer.log(), "outcome", "loss_from") == [("diverged", 100)]


def test_a_score_that_is_no_number_is_no_loss() -> None:
    writer = Writer()
    writer.test(0, per_class="nan", loss=1.0)

    assert outcomes(writer.log(), "outcome", "loss_state") == [("unfinished", None)]


def test_each_attempt_has_its_own_loss() -> None:
    log = read(solver(), trained([1.0, "nan"]).text, solver(), trained([1.0, 0.5]).text)

    assert outcomes(log, "loss_state", "last_loss") == [
        ("not_a_number", pytest.approx(math.nan, nan_ok=True)),
        (None, 0.5),
    ]


# At chance, at zero ---------------------------------------------------------------------------------------------------


def classified(classes: int, weight: str = "") -> str:
    shape = f"2 {classes} ({2 * classes})"
    layers = [data(shape), Layer("loss", "SoftmaxWithLoss", ("data",), ("loss",), ("(1)",))]
    return solver() + net(layers) + weight


def test_a_loss_at_the_logarithm_of_its_classes_has_learnt_nothing() -> None:
    assert outcome(*[2.31, 2.30, 2.29] * 4, before=classified(10)) == ("not_learning", "at_chance")
    assert outcome(*[2.31, 2.30, 2.29] * 4, before=classified(9)) == ("done", None)
    assert outcome(*[2.31, 2.30, 2.29] * 4) == ("done", None)  # of unknown classes nobody knows


def test_the_first_displays_of_any_run_are_at_chance() -> None:
    assert outcome(*[2.3] * 9, before=classified(10)) == ("done", None)
    assert outcome(*[2.3] * 10, before=classified(10)) == ("not_learning", "at_chance")


def test_a_loss_of_exactly_nothing_learns_nothing() -> None:
    assert outcome(0.0, 0.0, 0.0) == ("not_learning", "zero")
    assert outcome(0.0, 0.0, 1e-7) == ("done", None)


# Parts of the ceiling -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parts", [2, 3, 64, 100])
def test_a_part_of_the_samples_at_the_ceiling_is_told_of_a_known_batch(parts: int) -> None:
    values = np.array([float(f"{EXACT * k / parts:.6g}") for k in range(1, parts + 1)])

    assert at_parts(values, parts).all()
    assert parts_of(values[-3:] if parts > 2 else np.repeat(values, 2), parts) == parts
    assert not at_parts(values * 1.0001, parts).any()


def test_no_part_is_none() -> None:
    assert not at_parts(np.array([0.0, 88.0, 1.0]), 8).any()
    assert parts_of(np.array([43.6683, 43.6683]), 2) is None  # two are no evidence
    assert parts_of(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), None) is None
    assert parts_of(np.array([43.6683] * 3), 1 << 20) is None


def test_of_an_unknown_batch_the_fewest_samples_that_fit_are_told() -> None:
    assert parts_of(np.array([43.6683] * 3), None) == 2
    assert parts_of(np.array([float(f"{EXACT * k / 8:.6g}") for k in (1, 3, 2, 1, 5)]), None) == 8


def test_the_ceiling_is_that_of_a_float() -> None:
    assert float(f"{EXACT:.6g}") == CEILING


# The end of a curve ---------------------------------------------------------------------------------------------------


def test_the_end_of_few_displays_is_no_trend() -> None:
    assert math.isnan(last_smoothed(np.ones(DISPLAYS_LEAST - 1)))
    assert last_smoothed(np.ones(DISPLAYS_LEAST)) == 1.0


def test_one_last_batch_does_not_move_the_end() -> None:
    loss = np.ones(100)
    loss[-1] = 9.0

    assert last_smoothed(loss) == 1.0
    assert trend(loss)[-1] == 9.0  # the trend follows it …
    assert drawn_trend(loss)[-1] == 1.0  # … and the drawn line does not


def test_the_drawn_line_is_the_trend_but_for_its_end() -> None:
    loss = np.geomspace(10, 0.1, 200)

    assert drawn_trend(loss)[:-2].tolist() == trend(loss)[:-2].tolist()
    assert np.isnan(drawn_trend(np.append(loss, math.nan))[-1])


def test_a_loss_that_falls_has_not_gone_away() -> None:
    assert lowest_and_last(np.geomspace(10, 0.1, 100)) is None
    assert lowest_and_last(np.concatenate([np.geomspace(10, 0.1, 50), np.full(50, 8.0)])) is not None
