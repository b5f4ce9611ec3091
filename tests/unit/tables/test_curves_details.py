"""Whose a solver line is, by line numbers alone: outputs, tests, figures, clippings; and times in one calendar."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from logparse import parse_log
from tests.writing import Writer, cells, read

if TYPE_CHECKING:
    from logparse.api import Log

START = "Starting Optimization"


def log_of(*messages: str, year: int | None = None) -> Log:
    writer = Writer(start=False)
    for message in messages:
        writer.say(message, 1.0, "net.cpp" if message.lstrip().startswith("[") else "solver.cpp")
    return parse_log(writer.text.encode(), year=year)


def display(iteration: int, loss: float = 1.0) -> str:
    return f"Iteration {iteration}, loss = {loss}"


def train(index: int, name: str, value: float) -> str:
    return f"    Train net output #{index}: {name} = {value}"


def result(index: int, name: str, value: float) -> str:
    return f"    Test net output #{index}: {name} = {value}"


def opened(iteration: int, net: int = 0) -> str:
    """The first line of a test."""
    return f"Iteration {iteration}, Testing net (#{net})"


def rate(iteration: int) -> str:
    return f"Iteration {iteration}, lr = 0.5"


def rows(log: Log, table: str, *columns: str) -> list[tuple[Any, ...]]:
    return list(zip(*cells(log.table(table), *columns).values(), strict=True))


# Outputs of training --------------------------------------------------------------------------------------------------


def test_columns_of_outputs_stand_by_index_and_name_before_the_last() -> None:
    log = log_of(display(0), train(0, "b", 1), train(1, "a", 2), train(2, "a", 3), display(20), train(1, "b", 4))

    assert list(cells(log.train)) == [
        "attempt",
        "iteration",
        "loss",
        "iterations_per_second",
        "seconds",
        "epoch",
        "elapsed_s",
        "time",
        "superseded",
        "#0 b",
        "#1 b",
        "#1 a",
        "#2 a",
        "line",
    ]
    wide = cells(log.train)
    assert [wide[name] for name in ("#0 b", "#1 b", "#1 a", "#2 a")] == [[1, None], [None, 4], [2, None], [3, None]]


def test_one_output_of_one_name_is_one_column() -> None:
    log = log_of(display(0), train(0, "a", 1), display(20), train(0, "a", 2), display(40), train(0, "a", 3))

    assert cells(log.train)["#0 a"] == [1.0, 2.0, 3.0]
    assert log.train["#0 a"].dtype == "float64"


def test_a_column_with_a_gap_at_its_beginning_keeps_its_places() -> None:
    log = log_of(display(0), display(20), train(0, "a", 2), display(40), train(0, "a", 3))

    assert cells(log.train)["#0 a"] == [None, 2.0, 3.0]


def test_outputs_without_any_display_are_of_no_iteration() -> None:
    log = log_of(START, train(0, "a", 1))

    assert rows(log, "train_outputs", "attempt", "iteration", "value") == [(1, None, 1.0)]
    assert log.train.empty


def test_a_lost_display_orphans_what_begins_again_in_any_group() -> None:
    first = (display(0), train(0, "a", 1), train(1, "b", 2))
    lost = (train(0, "a", 3), train(1, "b", 4))
    log = log_of(*first, *lost, display(40), train(0, "a", 5), train(1, "b", 6), *lost)

    assert rows(log, "train_outputs", "iteration", "value") == [
        (0, 1),
        (0, 2),
        (None, 3),
        (None, 4),
        (40, 5),
        (40, 6),
        (None, 3),
        (None, 4),
    ]


def test_a_group_of_one_output_begins_again_with_the_same_index() -> None:
    log = log_of(display(0), train(0, "a", 1), train(0, "a", 2), display(40), train(0, "a", 3))

    assert rows(log, "train_outputs", "iteration", "value") == [(0, 1), (None, 2), (40, 3)]


def test_a_test_between_display_and_output_makes_it_an_orphan() -> None:
    log = log_of(display(0), opened(0), result(0, "t", 9), train(0, "a", 1), display(20), train(0, "a", 2))

    assert rows(log, "train_outputs", "iteration", "value") == [(None, 1), (20, 2)]


def test_an_output_with_lines_between_is_still_its_displays() -> None:
    log = log_of(display(0), "Waiting for data", train(0, "a", 1), "Waiting for data", train(1, "b", 2))

    assert rows(log, "train_outputs", "iteration", "index") == [(0, 0), (0, 1)]


def test_an_output_of_the_next_attempt_is_not_the_last_display_s() -> None:
    log = log_of(START, display(0), train(0, "a", 1), START, train(0, "a", 2), display(20))

    assert rows(log, "train_outputs", "attempt", "iteration", "value") == [(1, 0, 1), (2, None, 2)]


def test_elements_count_from_the_first_index_of_a_name_in_each_attempt() -> None:
    first = (display(0), train(0, "l", 1), train(1, "v", 2), train(2, "v", 3))
    second = (display(20), train(0, "v", 4), train(1, "v", 5), train(2, "l", 6))
    log = log_of(START, *first, START, *second)

    assert rows(log, "train_outputs", "output", "element") == [
        ("l", 0),
        ("v", 0),
        ("v", 1),
        ("v", 0),
        ("v", 1),
        ("l", 0),
    ]


def test_a_weight_makes_a_weighted_loss_and_none_makes_none() -> None:
    log = log_of(
        display(0),
        "    Train net output #0: a = 2 (* 0.5 = 1 loss)",
        "    Train net output #1: b = 3",
        "    Train net output #2: c = nan (* 1 = nan loss)",
    )
    frame = log.train_outputs

    assert frame["weighted_loss"].isna().tolist() == [False, True, False]
    assert cells(frame)["loss_weight"][::2] == [0.5, 1.0]
    assert cells(frame)["weighted_loss"][0] == 1.0


def test_a_rate_that_is_no_number_is_printed() -> None:
    log = log_of("Iteration 0, lr = nan", "Iteration 20, lr = 0.5")

    assert log.lr["lr"].isna().tolist() == [False, False]
    assert cells(log.lr)["lr"][1] == 0.5


# Tests ----------------------------------------------------------------------------------------------------------------


def test_every_line_of_a_test_has_its_iteration_net_and_length() -> None:
    log = log_of(
        opened(100, 1), result(0, "a", 1), result(1, "b", 2), opened(100, 2), "Waiting for data", result(0, "a", 3)
    )

    assert rows(log, "test", "iteration", "test_net", "index", "seconds") == [
        (100, 1, 0, 2.0),
        (100, 1, 1, 2.0),
        (100, 2, 0, 2.0),
    ]


def test_a_test_that_prints_no_number_is_of_the_first_net() -> None:
    log = log_of("Testing net", result(0, "a", 1), "Iteration 100, Testing net", result(0, "a", 2))

    assert rows(log, "test", "iteration", "test_net", "superseded") == [(None, 0, False), (100, 0, False)]


def test_the_loss_of_a_test_stands_where_it_was_printed() -> None:
    log = log_of(
        display(0),
        train(0, "x", 1),
        opened(0),
        result(0, "a", 1),
        "Test loss: 3",
        opened(10),
        "Test loss: 2",
        result(0, "a", 5),
    )

    assert rows(log, "test", "iteration", "output", "index", "value", "line") == [
        (0, "a", 0, 1, 4),
        (0, "(test loss)", None, 3, 5),
        (10, "(test loss)", None, 2, 7),
        (10, "a", 0, 5, 8),
    ]


def test_the_loss_of_a_test_does_not_move_the_elements_of_the_first_output() -> None:
    log = log_of(opened(0), "Test loss: 3", result(0, "a", 1), result(1, "a", 2))

    assert rows(log, "test", "output", "element") == [("(test loss)", None), ("a", 0), ("a", 1)]


def test_two_losses_behind_one_start_are_of_two_tests() -> None:
    log = log_of(opened(0), "Test loss: 3", "Test loss: 4")

    assert rows(log, "test", "iteration", "value") == [(0, 3), (None, 4)]


def test_losses_alone_have_no_names_to_be_told_by() -> None:
    log = log_of(opened(0), "Test loss: 3")

    assert rows(log, "test", "output", "element", "loss_weight") == [
        ("(test loss)", None, pytest.approx(float("nan"), nan_ok=True))
    ]


def test_elements_of_a_vector_count_in_each_net_and_attempt() -> None:
    one = (opened(0, 0), result(0, "v", 1), result(1, "v", 2))
    two = (opened(0, 1), result(0, "s", 9), result(1, "v", 3), result(2, "v", 4))
    log = log_of(START, *one, *two, START, opened(10, 0), result(0, "s", 8), result(1, "s", 8), result(2, "v", 5))

    assert rows(log, "test", "attempt", "test_net", "output", "element") == [
        (1, 0, "v", 0),
        (1, 0, "v", 1),
        (1, 1, "s", 0),
        (1, 1, "v", 0),
        (1, 1, "v", 1),
        (2, 0, "s", 0),
        (2, 0, "s", 1),
        (2, 0, "v", 0),
    ]


def test_a_start_in_the_place_of_a_lost_output_is_seen() -> None:
    """Output #1 of the first test and outputs #0 and #1 of the second are lost: #2 is the second test's."""
    log = log_of(opened(0), result(0, "a", 1), opened(10), result(2, "c", 3))

    assert rows(log, "test", "iteration", "value") == [(0, 1), (10, 3)]


def test_a_test_without_its_start_has_neither_net_nor_length() -> None:
    log = log_of(result(0, "a", 1), opened(10), result(0, "a", 2))

    assert rows(log, "test", "iteration", "test_net", "value") == [(None, None, 1), (10, 0, 2)]
    assert log.test["seconds"].isna().tolist() == [True, False]


def test_a_test_after_midnight_without_a_date_is_not_a_day_long() -> None:
    text = "INFO - 23:59:58 - Iteration 0, Testing net (#0)\nINFO - 00:00:01 -     Test net output #0: a = 1\n"

    assert cells(parse_log(text.encode()).test)["seconds"] == [3.0]


def test_a_clock_that_steps_back_in_a_test_makes_it_no_shorter_than_nothing() -> None:
    writer = Writer()
    writer.test(0, seconds=-3.0, accuracy=1)

    assert cells(writer.log().test)["seconds"] == [0.0]


# Superseded -----------------------------------------------------------------------------------------------------------


def test_every_table_knows_what_a_later_attempt_went_over_again() -> None:
    log = log_of(
        START,
        display(0),
        rate(0),
        opened(20),
        result(0, "a", 1),
        display(20),
        rate(20),
        START,
        opened(20),
        result(0, "a", 2),
        display(20),
        rate(20),
        display(40),
    )

    assert cells(log.train)["superseded"] == [False, True, False, False]
    assert cells(log.lr)["superseded"] == [False, True, False]
    assert cells(log.test)["superseded"] == [True, False]


# debug_info -----------------------------------------------------------------------------------------------------------

FIGURE = "    [Forward] Layer c, top blob c data: 0.5"


def debug(*messages: str) -> list[tuple[Any, ...]]:
    return rows(log_of(START, *messages), "debug", "iteration", "phase", "test_net")


def test_figures_before_a_display_are_its_trainings() -> None:
    assert debug(FIGURE, display(0), FIGURE, FIGURE, display(20)) == [(0, "TRAIN", None)] + [(20, "TRAIN", None)] * 2


def test_figures_behind_the_last_display_are_of_no_iteration() -> None:
    assert debug(display(0), FIGURE) == [(None, "TRAIN", None)]
    assert debug(FIGURE) == [(None, "TRAIN", None)]


def test_figures_of_a_test_stand_between_its_first_line_and_its_results() -> None:
    assert debug(opened(9, 2), FIGURE, result(0, "a", 1), FIGURE, display(9)) == [(9, "TEST", 2), (9, "TRAIN", None)]
    assert debug(opened(9), FIGURE, "Test loss: 1", FIGURE, display(9)) == [(9, "TEST", 0), (9, "TRAIN", None)]


@pytest.mark.parametrize("ends", [display(9), rate(9), result(0, "a", 1), "Test loss: 1"])
def test_a_test_is_over_with_any_line_of_the_solvers(ends: str) -> None:
    assert debug(opened(9), ends, FIGURE)[-1][1] == "TRAIN"


def test_figures_before_a_test_are_not_of_the_display_behind_it() -> None:
    assert debug(FIGURE, opened(9), result(0, "a", 1), display(9)) == [(None, "TRAIN", None)]


def test_figures_of_a_test_whose_first_line_is_lost_are_of_no_iteration() -> None:
    assert debug(FIGURE, result(0, "a", 1), display(9)) == [(None, "TEST", None)]
    assert debug(FIGURE, "Test loss: 1", display(9)) == [(None, "TEST", None)]
    assert debug(FIGURE, train(0, "a", 1), result(0, "a", 1)) == [(None, "TRAIN", None)]
    assert debug(FIGURE, rate(5), result(0, "a", 1)) == [(None, "TRAIN", None)]


def test_a_test_of_an_unprinted_iteration_and_net() -> None:
    assert debug("Testing net", FIGURE, result(0, "a", 1)) == [(None, "TEST", 0)]


def test_figures_of_one_attempt_are_not_of_anothers_display_or_test() -> None:
    assert debug(FIGURE, START, display(20)) == [(None, "TRAIN", None)]
    assert debug(opened(9), START, FIGURE, display(20)) == [(20, "TRAIN", None)]


def test_a_figure_is_told_with_its_layer_part_and_blob() -> None:
    log = log_of("    [Backward] Layer a, b, param blob 1 diff: 1e-05", display(0))

    assert rows(log, "debug", "stage", "layer", "part", "blob", "value", "line", "attempt") == [
        ("backward", "a, b", "param", "1", 1e-05, 1, 1)
    ]


# Clipping and events --------------------------------------------------------------------------------------------------


def clip(norm: float, factor: float) -> str:
    return f"Gradient clipping: scaling down gradients (L2 norm {norm} > 2) by scale factor {factor}"


def test_clippings_are_behind_the_last_display_or_test_of_their_attempt() -> None:
    log = log_of(START, clip(4, 0.5), display(0), clip(8, 0.25), opened(20), clip(5, 0.4), START, clip(3, 0.66))

    assert rows(log, "clipping", "attempt", "after_iteration", "norm", "threshold", "factor", "line") == [
        (1, None, 4, 2, 0.5, 2),
        (1, 0, 8, 2, 0.25, 4),
        (1, 20, 5, 2, 0.4, 6),
        (2, None, 3, 2, 0.66, 8),
    ]


def test_clippings_are_one_event_an_attempt() -> None:
    log = log_of(START, display(0), clip(4, 0.5), clip(8, 0.25), START, clip(3, 0.66))
    found = rows(log, "events", "kind", "attempt", "value", "after_iteration", "text", "line")

    assert [row for row in found if row[0] == "clipping"] == [
        ("clipping", 1, 2, 0, "Gradients clipped 2 times, by a factor of 0.25 at the least, for a norm up to 8", 3),
        ("clipping", 2, 1, None, "Gradients clipped 1 time, by a factor of 0.66 at the least, for a norm up to 3", 6),
    ]


def test_without_any_display_nothing_is_known_of_when_it_was() -> None:
    assert rows(log_of(clip(4, 0.5)), "clipping", "after_iteration") == [(None,)]


def test_events_stand_in_the_order_of_the_log_with_their_time() -> None:
    log = log_of(START, display(0), clip(4, 0.5), "Snapshotting to binary proto file a_iter_7.caffemodel", year=2015)

    assert rows(log, "events", "kind", "iteration", "after_iteration", "elapsed_s", "time", "path") == [
        ("optimization", None, None, 0.0, "2015-11-24T10:00:01", None),
        ("clipping", None, 0, None, None, None),
        ("snapshot", 7, 0, 3.0, "2015-11-24T10:00:04", "a_iter_7.caffemodel"),
    ]


def test_an_iteration_that_an_event_prints_comes_before_that_of_its_file() -> None:
    log = log_of(START, "MultiStep Status: Iteration 60, step = 1", "Resuming from a_iter_5_iter_70.solverstate")

    assert rows(log, "events", "kind", "iteration", "value")[1:] == [("multistep", 60, 1), ("resume", 70, None)]


def test_an_event_of_a_line_without_a_time_has_none() -> None:
    log = read("I1124 10:00:00.000000 1 solver.cpp:1] Starting Optimization\n", "Killed\n")

    assert rows(log, "events", "kind", "elapsed_s", "time") == [("optimization", 0.0, None), ("killed", None, None)]


# Batches of caffe test ------------------------------------------------------------------------------------------------


def test_values_of_one_blob_count_in_each_batch_and_attempt() -> None:
    lines = ["Batch 0, a = 1", "Batch 0, v = 2", "Batch 0, v = 3", "Batch 1, v = 4"]
    log = log_of(START, *lines, START, *lines)

    assert rows(log, "test_batches", "attempt", "batch", "output", "element", "value", "line")[:4] == [
        (1, 0, "a", 0, 1, 2),
        (1, 0, "v", 0, 2, 3),
        (1, 0, "v", 1, 3, 4),
        (1, 1, "v", 0, 4, 5),
    ]
    assert [row[0] for row in rows(log, "test_batches", "attempt")] == [1] * 4 + [2] * 4
    assert cells(log.table("test_batches"))["element"] == [0, 0, 1, 0] * 2


# Times ----------------------------------------------------------------------------------------------------------------


def spans(text: str, year: int | None = None) -> list[Any]:
    return cells(parse_log(text.encode(), year=year).train)["elapsed_s"]


def at(stamp: str, message: str) -> str:
    return f"I{stamp} 1 solver.cpp:1] {message}\n"


def test_time_counts_from_the_attempts_first_line_whatever_its_kind() -> None:
    text = at("1124 10:00:00.000000", START) + at("1124 10:00:01.500000", opened(0))
    text += at("1124 10:00:02.000000", result(0, "a", 1)) + at("1124 10:00:04.250000", display(0))

    assert spans(text) == [4.25]


def test_without_a_record_the_first_solver_line_counts() -> None:
    assert spans(at("1124 10:00:00.000000", rate(0)) + at("1124 10:00:02.000000", display(0))) == [2.0]


def test_a_leap_day_that_the_displays_alone_have_seen_is_no_day_too_many() -> None:
    """The attempt's start stands before 29 February, which only displays saw."""
    text = at("0228 23:00:00.000000", START) + at("0229 01:00:00.000000", display(0))
    text += at("0301 01:00:00.000000", display(10))

    assert spans(text) == [7200.0, 26 * 3600.0]
    assert spans(text, 2016) == [7200.0, 26 * 3600.0]


@pytest.mark.parametrize(("stamp", "seconds"), [("1125 09:59:30", 86_370.0), ("1125 11:00:00", 90_000.0)])
def test_a_first_solver_line_may_come_more_than_a_day_after_the_start(stamp: str, seconds: float) -> None:
    text = at("1124 10:00:00.000000", START) + at(f"{stamp}.000000", display(0))
    log = parse_log(text.encode(), year=2015)

    assert cells(log.attempts)["duration_s"] == [seconds]
    assert cells(log.train)["elapsed_s"] == [seconds]
    assert cells(log.train)["time"] == [f"2015-11-25T{stamp[5:]}"]


@pytest.mark.parametrize(("clock", "seconds"), [("10:00:30.000000", -30.0), ("10:00:00.000000", -60.0)])
def test_a_thread_may_be_a_minute_behind_the_attempts_first_line(clock: str, seconds: float) -> None:
    assert spans(at("1124 10:01:00.000000", START) + at(f"1124 {clock}", display(0))) == [seconds]


def test_new_year_between_the_start_and_the_first_display() -> None:
    text = at("1231 23:59:50.000000", START) + at("0101 00:00:10.000000", display(0))

    assert spans(text) == [20.0]
    assert spans(text, 2016) == [20.0]


def test_an_attempt_in_the_next_year_counts_from_its_own_start() -> None:
    text = at("1230 10:00:00.000000", START) + at("1230 10:00:05.000000", display(0))
    text += at("0102 10:00:00.000000", START) + at("0102 10:00:07.000000", display(0))

    assert spans(text) == [5.0, 7.0]
    assert cells(parse_log(text.encode(), year=2015).train)["time"] == ["2015-12-30T10:00:05", "2016-01-02T10:00:07"]


@pytest.mark.parametrize("year", [2015, 2016])
def test_solver_lines_that_begin_in_the_next_year_are_dated_so(year: int) -> None:
    """The first attempt displays nothing, so that the series themselves have not seen New Year."""
    text = (
        at("1230 10:00:00.000000", START) + at("0102 10:00:00.000000", START) + at("0102 10:00:05.000000", display(0))
    )

    assert spans(text, year) == [5.0]
    assert cells(parse_log(text.encode(), year=year).train)["time"] == [f"{year + 1}-01-02T10:00:05"]


def test_lines_without_a_time_among_others_have_none() -> None:
    text = at("1124 10:00:00.000000", START) + "I1124 solver.cpp:1] Iteration 0, loss = 1\n"
    text += at("1124 10:00:05.000000", display(20))

    assert spans(text) == [pytest.approx(math.nan, nan_ok=True), 5.0]


def test_a_logger_of_clock_times_alone_runs_over_midnight() -> None:
    text = "INFO - 23:59:50 - Starting Optimization\nINFO - 23:59:55 - Iteration 0, loss = 1\n"
    text += "INFO - 00:00:05 - Iteration 20, loss = 1\n"

    assert spans(text) == [5.0, 15.0]


def test_microseconds_are_kept() -> None:
    text = at("1124 10:00:00.000001", START) + at("1124 10:00:00.123457", display(0))

    assert spans(text) == [0.123456]
    assert cells(parse_log(text.encode(), year=2015).train)["time"] == ["2015-11-24T10:00:00.123457"]


# Tests that are compared with no other --------------------------------------------------------------------------------

STARTED, COMPLETED = "Initial Test started...", "Initial Test completed in 0.06s"


@pytest.mark.parametrize("said", [(STARTED, COMPLETED), (STARTED, ""), ("", COMPLETED)])
def test_the_test_of_one_batch_before_training_is_marked(said: tuple[str, str]) -> None:
    before, after = said
    first = [opened(0), result(0, "accuracy", 1), opened(0, 1), result(0, "accuracy", 1)]
    log = log_of(*filter(None, [before, *first, after, display(0), opened(10), result(0, "accuracy", 0.5)]))

    assert cells(log.test, "initial") == {"initial": [True, True, False]}


def test_a_first_test_of_which_nobody_says_so_is_a_test() -> None:
    log = log_of(opened(0), result(0, "accuracy", 1), display(0))

    assert cells(log.test, "initial") == {"initial": [False]}


def weighted(index: int, value: float | str) -> str:
    return f"    Test net output #{index}: loss = {value} (* 1 = {value} loss)"


@pytest.mark.parametrize("value", ["nan", "87.3365"])
def test_scores_beside_a_loss_that_is_no_number_mean_nothing(value: str) -> None:
    first = [opened(0), result(0, "accuracy", 0.1), weighted(1, 2.3)]
    broken = [opened(10), result(0, "accuracy", 1), weighted(1, value)]
    log = log_of(*first, *broken, *first)

    assert cells(log.test, "meaningless") == {"meaningless": [False, False, True, True, False, False]}


def test_scores_after_the_loss_broke_for_good_mean_nothing_whatever_the_test_prints() -> None:
    score = [opened(10), result(0, "accuracy", 0.5)]
    assert cells(log_of(display(0), *score, display(20, math.nan), *score).test, "meaningless") == {
        "meaningless": [False, True]
    }
    assert cells(log_of(display(0, math.nan), *score, display(20)).test, "meaningless") == {"meaningless": [False]}


def test_a_class_that_a_test_does_not_hold_leaves_its_other_scores_alone() -> None:
    log = log_of(opened(0), result(0, "accuracy", 0.5), result(1, "per_class", math.nan), weighted(2, 1.0))

    assert cells(log.test, "meaningless") == {"meaningless": [False, False, False]}
