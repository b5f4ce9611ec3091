"""What the solver says, as tables: one line one row, each under its own iteration, attempt and time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logparse.api import parse_log
from logparse.tables.run.events import iteration_of
from logparse.tables.series import filing

if TYPE_CHECKING:
    from pathlib import Path

    from logparse.api import Log

START: Final = "Starting Optimization"


def glog(*messages: str, start_s: float = 36_000.0, step_s: float = 1.0, day: str = "1124") -> str:
    """Messages as glog prints them, one every `step_s` seconds."""
    lines = []
    for place, message in enumerate(messages):
        now = start_s + place * step_s
        clock = f"{int(now // 3600):02d}:{int(now // 60) % 60:02d}:{now % 60:09.6f}"
        file = "net.cpp" if message.lstrip().startswith("[") else "solver.cpp"
        lines.append(f"I{day} {clock} 23669 {file}:1] {message}\n")
    return "".join(lines)


def read(*messages: str) -> Log:
    return parse_log(glog(*messages).encode())


def display(iteration: int, loss: str = "1.5") -> str:
    return f"Iteration {iteration} (10 iter/s, 2s/20 iters), loss = {loss}"


def output(index: int, name: str, value: str, net: str = "Train") -> str:
    return f"    {net} net output #{index}: {name} = {value}"


# Known failures of other readers ------------------------------------------------------------------------------------


def test_a_loss_is_filed_under_its_own_iteration() -> None:
    """`Iteration 100 (5.4 iter/s, …), loss` read as the loss of the iteration before."""
    log = read(START, display(0, "9"), display(100, "8"), display(200, "7"))

    assert log.train[["iteration", "loss"]].to_numpy().tolist() == [[0, 9], [100, 8], [200, 7]]


@pytest.mark.parametrize("text", ["824.912", "1e-05", "3", "1.5e+06", "-0.25"])
def test_a_value_is_read_whole(text: str) -> None:
    """`824.912` read as 8; `1e-05` read as 1."""
    log = read(START, display(0, text), output(0, "loss", text), f"Iteration 0, lr = {text}")

    assert log.train["loss"].tolist() == [float(text)]
    assert log.train_outputs["value"].tolist() == [float(text)]
    assert log.lr["lr"].tolist() == [float(text)]


def test_a_table_of_one_row_has_one_row() -> None:
    log = read(START, "Iteration 0, Testing net (#0)", output(0, "accuracy", "0.5", "Test"), display(0))

    assert (len(log.train), len(log.test)) == (1, 1)


def test_the_last_incomplete_display_is_kept() -> None:
    log = read(START, display(0), output(0, "loss", "1"), output(1, "acc", "0"), display(20), output(0, "loss", "2"))

    assert log.train["#0 loss"].tolist() == [1.0, 2.0]
    assert log.train["#1 acc"].tolist() == [0.0, pd.NA]


def test_one_name_at_three_indices_is_three_columns() -> None:
    log = read(START, display(0), *(output(index, "per_class", f"0.{index}") for index in range(3)))

    assert log.train[["#0 per_class", "#1 per_class", "#2 per_class"]].to_numpy().tolist() == [[0.0, 0.1, 0.2]]
    assert log.train_outputs["element"].tolist() == [0, 1, 2]


def test_an_output_that_appears_late_is_a_column_with_a_gap() -> None:
    log = read(START, display(0), output(0, "a", "1"), display(20), output(0, "a", "2"), output(1, "late", "3"))

    assert log.train["#1 late"].tolist() == [pd.NA, 3.0]


def test_multistep_status_is_no_display() -> None:
    log = read(START, display(0), "MultiStep Status: Iteration 20000, step = 1")

    assert log.train["iteration"].tolist() == [0]
    event = log.events.set_index("kind").loc["multistep"]
    assert (event["iteration"], event["value"], event["after_iteration"]) == (20_000, 1, 0)


def test_a_name_may_hold_what_the_line_is_made_of() -> None:
    log = read(START, display(0), output(0, "loss: a = b #1", "2"))

    assert log.train_outputs[["output", "value"]].to_numpy().tolist() == [["loss: a = b #1", 2.0]]


# nan is a value, a gap is none ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "value"), [("nan", np.nan), ("-nan", np.nan), ("inf", np.inf), ("-inf", -np.inf)])
def test_what_is_no_number_keeps_its_row(text: str, value: float) -> None:
    log = read(START, display(0), output(0, "loss", text), display(20, text))

    assert len(log.train) == 2
    assert np.array_equal(log.train["loss"], [1.5, value], equal_nan=True)


def test_a_printed_nan_is_told_from_a_missing_output() -> None:
    log = read(START, display(0), output(0, "loss", "nan"), "Iteration 20, loss = 1")

    assert log.train["#0 loss"].isna().tolist() == [False, True]
    assert np.isnan(log.train["#0 loss"].iloc[0])


# Where a line belongs -------------------------------------------------------------------------------------------------


def test_the_final_loss_line_is_a_row_of_its_own_without_outputs() -> None:
    log = read(START, display(20), output(0, "loss", "1.5"), "Iteration 20, loss = 1.4", "Optimization Done.")

    assert log.train[["iteration", "loss"]].to_numpy().tolist() == [[20, 1.5], [20, 1.4]]
    assert log.train["#0 loss"].tolist() == [1.5, pd.NA]


def test_the_lr_of_2014_stands_before_its_loss() -> None:
    log = read(
        START, "Iteration 0, lr = 0.1", "Iteration 0, loss = 9", "Iteration 20, lr = 0.01", "Iteration 20, loss = 8"
    )

    assert log.lr[["iteration", "lr"]].to_numpy().tolist() == [[0, 0.1], [20, 0.01]]
    assert log.train[["iteration", "loss"]].to_numpy().tolist() == [[0, 9], [20, 8]]


def test_nvcaffe_shows_the_first_three_iterations_with_seconds_only() -> None:
    log = read(START, *(f"Iteration {one} ({one}.5 s), loss = 6" for one in range(3)))

    assert log.train["seconds"].tolist() == [0.5, 1.5, 2.5]
    assert log.train["iterations_per_second"].isna().all()


def test_the_first_speed_of_a_process_is_uninitialised_memory() -> None:
    first = "Iteration 0 (-1.96972e+29 iter/s, 12.215s/100 iters), loss = 2"
    again = "Iteration 100 (782638 iter/s, 1s/100 iters), loss = 2"
    log = read(START, first, display(100), START, again, display(200))

    assert log.train["iterations_per_second"].fillna(-1).tolist() == [-1, 10, -1, 10]


def test_outputs_whose_display_is_lost_belong_to_no_iteration() -> None:
    """A damaged line must not give its outputs to the iteration before."""
    log = read(START, display(0), output(0, "a", "1"), output(1, "b", "2"), output(0, "a", "3"), output(1, "b", "4"))

    assert log.train_outputs["iteration"].tolist() == [0, 0, pd.NA, pd.NA]
    assert log.train[["#0 a", "#1 b"]].to_numpy().tolist() == [[1.0, 2.0]]


def test_an_output_behind_the_lr_of_another_display_is_not_its() -> None:
    log = read(START, display(0), "Iteration 0, lr = 0.1", output(0, "a", "3"), display(20), output(0, "a", "4"))

    assert log.train_outputs["iteration"].tolist() == [pd.NA, 20]
    assert log.train["#0 a"].tolist() == [pd.NA, 4.0]


def test_an_output_before_every_display_is_kept() -> None:
    log = read(output(1, "b", "2"), "Iteration 0, lr = 0.1", display(20), output(0, "a", "1"))

    assert log.train_outputs["iteration"].tolist() == [pd.NA, 20]


def test_lines_of_other_threads_between_display_and_outputs_change_nothing() -> None:
    log = read(START, display(0), "Restarting data prefetching from start.", output(0, "a", "1"), display(20))

    assert log.train["#0 a"].tolist() == [1.0, pd.NA]


# Tests ----------------------------------------------------------------------------------------------------------------


def test_two_test_nets_are_kept_apart() -> None:
    nets = (f"Iteration 100, Testing net (#{one})" for one in range(2))
    log = read(
        START, next(nets), output(0, "acc", "0.1", "Test"), next(nets), output(0, "acc", "0.2", "Test"), display(100)
    )

    assert log.test[["iteration", "test_net", "value"]].to_numpy().tolist() == [[100, 0, 0.1], [100, 1, 0.2]]


def test_the_loss_of_a_test_is_a_row_of_its_own() -> None:
    log = read(START, "Iteration 100, Testing net (#0)", "Test loss: 3.99", output(0, "acc", "0.1", "Test"))

    assert log.test[["iteration", "output", "value"]].to_numpy().tolist() == [
        [100, "(test loss)", 3.99],
        [100, "acc", 0.1],
    ]
    assert log.test["index"].tolist() == [pd.NA, 0]


def test_a_vector_output_keeps_its_elements() -> None:
    classes = (output(2 + one, "per_class", f"0.{one}", "Test") for one in range(3))
    log = read(START, "Iteration 0, Testing net (#0)", output(1, "acc", "1", "Test"), *classes)

    assert log.test["index"].tolist() == [1, 2, 3, 4]
    assert log.test["element"].tolist() == [0, 0, 1, 2]


def test_the_scores_of_2014_have_an_index_only() -> None:
    log = read(START, "Iteration 2000, Testing net", "Test score #0: 0.005", "Test score #1: 6.9")

    assert log.test["iteration"].tolist() == [2000, 2000]
    assert log.test[["test_net", "index", "value"]].to_numpy().tolist() == [[0, 0, 0.005], [0, 1, 6.9]]


def test_a_test_without_its_first_line_has_no_iteration() -> None:
    log = read(START, "Iteration 0, Testing net (#0)", *(output(0, "acc", value, "Test") for value in ("0.1", "0.2")))

    assert log.test["iteration"].tolist() == [0, pd.NA]
    assert log.test["test_net"].tolist() == [0, pd.NA]
    assert not log.test["superseded"].any()


def test_a_test_takes_as_long_as_from_its_first_line_to_its_last() -> None:
    log = read(START, "Iteration 0, Testing net (#0)", "Waiting for data", output(0, "acc", "1", "Test"), display(0))

    assert log.test["seconds"].tolist() == [2.0]


# Attempts and time ----------------------------------------------------------------------------------------------------


def test_iterations_that_a_resumed_run_goes_over_again_are_superseded() -> None:
    log = read(START, *map(display, (0, 100, 200)), START, *map(display, (100, 200, 300)))

    assert log.train["attempt"].tolist() == [1, 1, 1, 2, 2, 2]
    assert log.train["superseded"].tolist() == [False, True, True, False, False, False]


def test_outputs_of_one_attempt_are_not_filed_under_another() -> None:
    log = read(START, display(0), START, output(0, "a", "1"), display(100))

    assert log.train_outputs[["attempt", "iteration"]].to_numpy().tolist() == [[2, pd.NA]]


def test_time_counts_from_the_first_line_of_each_attempt() -> None:
    log = read(START, display(0), display(20), START, display(20), display(40))

    assert log.train["elapsed_s"].tolist() == [1, 2, 1, 2]
    assert log.train["time"].isna().all()


def test_with_a_year_every_row_has_its_date() -> None:
    text = glog(START, display(0), day="0301", start_s=0.25)

    common, leap = (parse_log(text.encode(), year=year).train for year in (2015, 2016))

    assert common["time"].tolist() == [pd.Timestamp("2015-03-01 00:00:01.250000")]
    assert leap["time"].tolist() == [pd.Timestamp("2016-03-01 00:00:01.250000")]
    assert common["elapsed_s"].tolist() == leap["elapsed_s"].tolist() == [1.0]


def test_new_year_is_no_step_back() -> None:
    text = glog(START, display(0), day="1231", start_s=86_390.0) + glog(display(20), day="0101", start_s=5.0)

    train = parse_log(text.encode(), year=2015).train

    assert train["elapsed_s"].tolist() == [1.0, 15.0]
    assert train["time"].iloc[1] == pd.Timestamp("2016-01-01 00:00:05")


def test_a_first_test_after_days_keeps_the_days() -> None:
    text = glog(START, display(0), day="0310") + glog(
        "Iteration 9, Testing net (#0)", output(0, "a", "1", "Test"), day="0313"
    )

    assert parse_log(text.encode(), year=2015).test["elapsed_s"].tolist() == [3 * 86_400 + 1]


def test_lines_without_a_time_have_none() -> None:
    log = parse_log(b"I1203 solver.cpp:84] Iteration 0, loss = 2\nI1203 solver.cpp:84] Iteration 9, loss = 1\n")

    assert log.train["elapsed_s"].isna().all()


# debug_info, clipping, caffe test -------------------------------------------------------------------------------------


def test_debug_figures_stand_before_the_display_of_their_iteration() -> None:
    forward = "    [Forward] Layer conv1, top blob conv1 data: 0.25"
    backward = "    [Backward] Layer conv1, param blob 0 diff: 0.5"
    log = read(START, forward, backward, display(0), forward, display(20), forward)

    debug = log.table("debug")
    assert debug["iteration"].tolist() == [0, 0, 20, pd.NA]
    assert debug["phase"].tolist() == ["TRAIN"] * 4
    second = debug[["stage", "layer", "part", "blob", "value"]].to_numpy().tolist()[1]
    assert second == ["backward", "conv1", "param", "0", 0.5]


def test_debug_figures_of_a_test_are_the_test_nets() -> None:
    forward = "    [Forward] Layer conv1, top blob conv1 data: 0.25"
    log = read(
        START, "Iteration 9, Testing net (#1)", forward, output(0, "a", "1", "Test"), forward, display(9), forward
    )

    debug = log.table("debug")
    assert debug["phase"].tolist() == ["TEST", "TRAIN", "TRAIN"]
    assert debug["iteration"].tolist() == [9, 9, pd.NA]
    assert debug["test_net"].tolist() == [1, pd.NA, pd.NA]


def test_debug_figures_of_a_test_whose_first_line_is_lost_are_no_training() -> None:
    forward = "    [Forward] Layer conv1, top blob conv1 data: 0.25"
    log = read(forward, output(0, "a", "1", "Test"), display(20))

    assert log.table("debug")[["phase", "iteration"]].to_numpy().tolist() == [["TEST", pd.NA]]


def test_clipping_is_filed_behind_a_display_and_summed_up_as_an_event() -> None:
    clip = "Gradient clipping: scaling down gradients (L2 norm {} > 2) by scale factor {}"
    log = read(START, display(0), clip.format(4, 0.5), clip.format(8, 0.25), display(20))

    clipping = log.table("clipping")
    assert clipping[["after_iteration", "norm", "factor"]].to_numpy().tolist() == [[0, 4, 0.5], [0, 8, 0.25]]
    event = log.events.set_index("kind").loc["clipping"]
    assert (event["value"], event["line"]) == (2, 3)


def test_the_batches_of_caffe_test_keep_their_vectors() -> None:
    batches = (f"Batch {batch}, per_class = 0.{batch}{one}" for batch in range(2) for one in range(3))
    log = parse_log(glog("Running for 2 iterations.", *batches).replace("solver.cpp", "caffe.cpp").encode())

    found = log.table("test_batches")
    assert found["batch"].tolist() == [0, 0, 0, 1, 1, 1]
    assert found["element"].tolist() == [0, 1, 2, 0, 1, 2]


# Events ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "iteration"),
    [
        ("snap/lenet_iter_5000.caffemodel", 5000),
        ("r_iter_7_iter_103747_score0_0.75.caffemodel", 103_747),
        ("lenet_iter_40.solverstate.h5", 40),
        ("final.caffemodel", None),
        (None, None),
    ],
)
def test_a_snapshots_iteration_stands_in_its_name(path: str | None, iteration: int | None) -> None:
    assert iteration_of(path) == iteration


def test_an_event_knows_what_the_solver_had_done() -> None:
    log = read(START, display(980), "Snapshotting to binary proto file s_iter_1000.caffemodel", "Waiting for data")

    events = log.events[log.events["kind"].isin(["snapshot", "stall"])]
    assert events["iteration"].tolist() == [1000, pd.NA]
    assert events["after_iteration"].tolist() == [980, 980]
    assert events["elapsed_s"].tolist() == [2.0, 3.0]


# caffe time -----------------------------------------------------------------------------------------------------------


def timed(*lines: str) -> str:
    """Messages of `caffe time`."""
    return glog("*** Benchmark begins ***", *lines, "*** Benchmark ends ***").replace("solver.cpp", "caffe.cpp")


def test_forward_and_backward_of_a_layer_are_one_row() -> None:
    log = parse_log(timed("     conv1\tforward: 2 ms.", "     conv1\tbackward: 6 ms.", "Total Time: 9 ms.").encode())

    assert log.timing[["layer", "forward_ms", "backward_ms"]].to_numpy().tolist() == [["conv1", 2, 6]]


def test_the_totals_of_the_net_are_a_row_of_their_own() -> None:
    totals = ("Average Forward pass: 3 ms.", "Average Backward pass: 7 ms.", "Total Time: 10 ms.")
    log = parse_log(timed("     conv1\tforward: 2 ms.", *totals).encode())

    assert log.timing["scope"].tolist() == ["layer", "net"]
    assert log.timing[["forward_ms", "backward_ms"]].iloc[1].tolist() == [3, 7]


def test_a_second_benchmark_is_a_second_run() -> None:
    once = ("     conv1\tforward: 2 ms.", "Average Forward pass: 3 ms.", "Total Time: 9 ms.")
    log = parse_log(timed(*once, *once).encode())

    assert log.timing["run"].tolist() == [1, 1, 2, 2]


def test_times_are_joined_to_what_the_layers_compute(sample_logs: Path) -> None:
    timing = parse_log(sample_logs / "time_alexnet.log").timing.set_index("layer")

    conv1 = timing.loc["conv1"]
    assert conv1["macs"] == 4 * 96 * 55 * 55 * 3 * 11 * 11
    assert conv1["forward_gflops"] == pytest.approx(2 * conv1["macs"] / (18.6238e-3 * 1e9))
    # bottom 4 × 3 × 227 × 227, top 4 × 96 × 55 × 55, weights 96 × 3 × 11 × 11 and 96 biases, all floats
    assert conv1["touched_bytes"] == 4 * (4 * 3 * 227 * 227 + 4 * 96 * 55 * 55 + 96 * 3 * 11 * 11 + 96)
    layers = timing[timing["scope"] == "layer"]
    assert layers["forward_share"].sum() == pytest.approx(1.0)
    assert layers["layer_index"].tolist() == list(range(len(layers)))


def test_until_2014_backward_times_came_in_backward_order() -> None:
    forward = [f"same\tforward: {one} milliseconds." for one in (1, 2)]
    backward = [f"same\tbackward: {one} milliseconds." for one in (20, 10)]
    lines = [
        "Testing for 1 iterations.",
        "first\tforward: 5 milliseconds.",
        *forward,
        "Forward pass: 8 milliseconds.",
        *backward,
    ]
    log = parse_log(timed(*lines, "first\tbackward: 50 milliseconds.", "Total Time: 90 milliseconds.").encode())

    layers = log.timing[log.timing["scope"] == "layer"]
    assert layers[["forward_ms", "backward_ms"]].to_numpy().tolist() == [[5, 50], [1, 10], [2, 20]]


def test_the_products_of_a_profiling_fork_give_speed_without_a_net() -> None:
    """Two images of a convolution of two groups; the second group has 60,000 weights left of 153,600."""
    product = "conv2\t group {}: A(128x1200{})*B(1200x729)=C(128x729) {} B/ {} us = 1 MB/s"
    lines = [
        product.format(group, nnz, size, us)
        for us in (1000, 3000)
        for group, nnz, size in ((0, "", 400), (1, " nnz:60000", 300))
    ]
    log = parse_log(glog(*lines).replace("solver.cpp", "base_conv_layer.cpp").encode())

    (row,) = log.timing.to_dict("records")
    assert (row["scope"], row["layer"], row["samples"], row["line"]) == ("image", "conv2", 4, 1)
    assert row["forward_ms"] == 4.0
    assert row["macs"] == (128 * 1200 + 60_000) * 729
    assert row["touched_bytes"] == 700
    assert row["forward_gflops"] == pytest.approx(2 * row["macs"] / 4e-3 * 1e-9)


# What the frames promise ----------------------------------------------------------------------------------------------


@given(
    parts=st.lists(
        st.lists(st.integers(0, 50), min_size=1, max_size=12),
        min_size=1,
        max_size=5,
    )
)
def test_superseded_agrees_with_its_definition(parts: list[list[int]]) -> None:
    attempt = np.concatenate([[number + 1] * len(part) for number, part in enumerate(parts)])
    iteration = np.concatenate(parts)

    flags = filing.superseded(attempt, iteration)

    for one, at, flag in zip(attempt, iteration, flags, strict=True):
        later = iteration[attempt > one]
        assert flag == bool(len(later) and at >= later.min())


@given(shapes=st.lists(st.lists(st.booleans(), max_size=4), min_size=1, max_size=8))
def test_wide_and_long_say_the_same(shapes: list[list[bool]]) -> None:
    """Whatever is printed of each display: the wide table holds the long one's values, and nothing else."""
    messages = [START]
    for number, printed in enumerate(shapes):
        messages.append(display(20 * number))
        messages += [output(index, f"out{index}", f"{number}.{index}") for index, yes in enumerate(printed) if yes]
    log = read(*messages)

    long = {
        (at, f"#{index} {name}"): value
        for at, index, name, value in log.train_outputs[["iteration", "index", "output", "value"]].to_numpy().tolist()
    }
    wide = log.train.set_index("iteration").filter(like="#").to_dict()
    assert {
        (at, name): value for name, column in wide.items() for at, value in column.items() if not pd.isna(value)
    } == long
