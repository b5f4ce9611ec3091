"""The stories of a run, told from logs written here: what must be found, with which evidence, and what must not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pytest

from logparse.api import parse_log
from logparse.tables.series.ceiling import CEILING, at_ceiling
from logparse.tables.series.robust import median, noise
from logparse.tables.speed.milestones import ladder
from tests.writing import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from logparse.api import Log

STORIES: Final = {
    "not_a_number",
    "test_not_a_number",
    "saturated",
    "diverged",
    "plateau",
    "no_progress",
    "overfitting",
    "test_gap",
    "slowed",
    "data_waits",
    "time_in_tests",
    "time_in_snapshots",
}


def told(log: Log, *kinds: str) -> list[tuple[str, tuple[str, ...], int]]:
    """Title, evidence and line of the findings of some kinds."""
    found = log.findings
    rows = found.loc[found["kind"].isin(kinds), ["title", "evidence", "line"]].to_numpy().tolist()
    return [(str(title), tuple(evidence), int(line)) for title, evidence, line in rows]


def trained(losses: Iterable[float | str], lr: Callable[[int], float] | None = None) -> Writer:
    """A run that displays these losses, every 20 iterations."""
    writer = Writer()
    for place, loss in enumerate(losses):
        writer.show(20 * place, loss, lr=None if lr is None else lr(20 * place))
    return writer


def falling(displays: int = 200, seed: int = 0) -> list[float]:
    """An ordinary run: from 2.3 to 0.05, with a tenth of noise."""
    rng = np.random.default_rng(seed)
    trend = 0.05 + 2.25 * np.exp(-np.arange(displays) / (displays / 6))
    return [float(loss) for loss in trend * (1 + 0.1 * rng.standard_normal(displays))]


@pytest.mark.parametrize("seed", range(5))
def test_an_ordinary_run_has_no_bad_story(seed: int) -> None:
    log = trained(falling(seed=seed)).log()

    assert not told(log, *STORIES)


# Where numbers end ----------------------------------------------------------------------------------------------------


def test_nan_is_told_with_the_rate_the_last_good_display_and_the_last_good_snapshot() -> None:
    writer = trained([2.3, 2.2, 2.1], lr=lambda _: 0.1)
    writer.save(40)
    good = writer.show(60, 2.0, lr=0.1)
    writer.save(80)  # nobody knows: the loss of 80 is nan
    bad = writer.show(80, "-nan", lr=0.1)
    writer.show(100, "nan", lr=0.1)

    ((title, evidence, line),) = told(writer.log(), "not_a_number")

    assert title == "Not a number from iteration 80 on: loss"
    assert line == bad
    assert "learning rate before it: 0.1" in evidence
    assert f"last good display: iteration 60, loss 2 (line {good})" in evidence
    assert any(one.startswith("last good snapshot: snap/net_iter_40.caffemodel") for one in evidence)
    assert any("perhaps spoilt: snap/net_iter_80.caffemodel" in one for one in evidence)
    assert "displays from there on: 2 of 2 like it" in evidence


def test_the_output_that_went_first_is_named() -> None:
    writer = Writer()
    writer.say("Iteration 0, loss = 3")
    writer.say("    Train net output #0: aux = nan (* 0 = nan loss)")
    writer.say("    Train net output #1: main = 3 (* 1 = 3 loss)")
    writer.say("Iteration 20, loss = nan")

    ((title, evidence, line),) = told(writer.log(), "not_a_number")

    assert title == "Not a number from iteration 0 on: aux"
    assert evidence[0] == f"line {line}: aux is nan"


def test_debug_info_names_the_blob() -> None:
    writer = Writer()
    writer.say("    [Forward] Layer conv1, top blob conv1 data: 0.5", file="net.cpp")
    line = writer.say("    [Backward] Layer conv1, param blob 0 diff: inf", file="net.cpp")
    writer.show(0, "nan")

    ((_, evidence, _),) = told(writer.log(), "not_a_number")

    assert f"first in debug_info: param blob 0 of conv1, backward, is inf (line {line})" in evidence


def test_a_first_test_without_statistics_is_no_breakdown_of_training() -> None:
    writer = Writer()
    writer.test(0, loss="nan")
    writer.show(0, 2.0)

    log = writer.log()

    assert not told(log, "not_a_number")
    ((title, _, _),) = told(log, "test_not_a_number")
    assert title == "Not a number at iteration 0: loss of the test"


@pytest.mark.parametrize("log", ["lenet_nan.log"])
def test_a_real_run_with_a_rate_of_fifty(log: str, sample_logs: Path) -> None:
    ((title, evidence, _),) = told(parse_log(sample_logs / log), "not_a_number")

    assert title == "Not a number from iteration 20 on: loss"
    assert "learning rate before it: 50" in evidence
    assert any(one.startswith("last good display: iteration 0") for one in evidence)


def test_the_ceiling_of_a_softmax_loss_is_nan_on_a_gpu() -> None:
    writer = trained([2.3, 2.2], lr=lambda _: 50.0)
    line = writer.show(40, 87.3365, lr=50.0)
    writer.show(60, 87.3365, lr=50.0)

    ((title, evidence, where),) = told(writer.log(), "saturated")

    assert title == "The displayed loss sits at 87.3365 from iteration 40 on"
    assert where == line
    assert "such values in all: 4" in evidence
    assert "learning rate before it: 50" in evidence


@pytest.mark.parametrize(
    ("value", "weights", "expected"),
    [
        (87.3365, (), True),
        (87.3366, (), True),
        (87.34, (), False),
        (87.3365 * 1.6, (0.3, 0.3, 1.0), True),
        (87.3365 * 0.3, (0.3, 0.3, 1.0), True),
        (87.3365 * 1.6, (), False),
        (174.673, (2.0,), True),
        (0.0, (0.0, 1.0), False),
    ],
)
def test_the_ceiling_counts_with_its_loss_weights(value: float, weights: tuple[float, ...], expected: bool) -> None:  # noqa: FBT001
    assert at_ceiling(np.array([value]), weights).tolist() == [expected]
    assert pytest.approx(-np.log(np.finfo(np.float32).tiny), abs=5e-5) == CEILING


def test_a_displayed_sum_of_weighted_losses_at_its_ceiling_is_found() -> None:
    writer = Writer()
    for iteration, aux in ((0, 2.0), (20, 87.3365)):
        writer.say(f"Iteration {iteration}, loss = {1.3 * aux:.6g}")
        writer.say(f"    Train net output #0: aux = {aux} (* 0.3 = {0.3 * aux:.6g} loss)")
        writer.say(f"    Train net output #1: main = {aux} (* 1 = {aux:.6g} loss)")

    ((title, _, _),) = told(writer.log(), "saturated")

    assert title == "The displayed loss sits at 113.537 from iteration 20 on"


# How the loss went ----------------------------------------------------------------------------------------------------


def test_a_loss_that_stops_falling_is_a_plateau() -> None:
    flat = [0.5 + 0.01 * (place % 3) for place in range(100)]
    writer = trained([*np.linspace(2.3, 0.5, 100), *flat], lr=lambda iteration: 0.1 if iteration < 3000 else 0.01)

    ((title, evidence, _),) = told(writer.log(), "plateau")

    assert title.startswith("The loss has stopped falling from iteration 2,0")
    assert "learning rate 0.1" in evidence[0]
    assert "learning rate 0.01" in evidence[1]


def test_a_loss_that_never_falls_has_no_progress() -> None:
    rng = np.random.default_rng(1)
    log = trained((2.302 + 0.003 * rng.standard_normal(100)).tolist()).log()

    assert told(log, "no_progress")
    assert not told(log, "plateau", "progress", "diverged")


def test_a_short_flat_end_is_no_plateau() -> None:
    log = trained([*np.linspace(2.3, 0.5, 100), *[0.5] * 20]).log()

    assert not told(log, "plateau")


def test_a_loss_that_goes_away_is_told_with_its_lowest_and_the_snapshot_before() -> None:
    rng = np.random.default_rng(2)
    writer = Writer()
    for place, loss in enumerate([*np.linspace(2.0, 0.5, 60), *np.linspace(0.5, 4.0, 40)]):
        writer.show(20 * place, float(loss + 0.02 * rng.standard_normal()), lr=0.1)
        if 20 * place == 1000:
            writer.save(1000)

    ((title, evidence, _),) = told(writer.log(), "diverged")

    assert title.startswith("The loss rose from 0.5")
    assert any("snap/net_iter_1000.caffemodel" in one for one in evidence)


def test_one_spike_is_no_divergence() -> None:
    losses = [*falling(100), 60.0]

    assert not told(trained(losses).log(), "diverged")


def test_noise_about_a_floor_near_zero_is_no_divergence() -> None:
    rng = np.random.default_rng(3)
    losses = [*np.geomspace(2.3, 1e-3, 60), *np.abs(1e-3 * rng.standard_normal(140))]

    assert not told(trained(losses).log(), "diverged")


def test_progress_tells_when_half_and_a_tenth_were_reached() -> None:
    writer = trained([2.0] * 10 + [0.9] * 10 + [0.1] * 30)

    ((title, evidence, _),) = told(writer.log(), "progress")

    assert title == "The loss fell from 2 to 0.1, reached at iteration 400 after 21.0 s"
    assert evidence[0].startswith("half of it at iteration 200 after 11.0 s")
    assert evidence[1].startswith("a tenth of it at iteration 400 after 21.0 s")


def test_milestones_have_the_time_to_each_round_loss() -> None:
    found = trained([2.0] * 10 + [0.9] * 10 + [0.1] * 30).log().table("milestones")

    assert found[["loss", "iteration", "elapsed_s"]].to_numpy().tolist() == [
        [1.0, 200, 11.0],
        [0.5, 400, 21.0],
        [0.2, 400, 21.0],
        [0.1, 400, 21.0],
    ]


@pytest.mark.parametrize(
    ("high", "low", "steps"),
    [
        (2.3, 0.4, [2.0, 1.0, 0.5]),
        (2.0, 2.0, []),
        (1.0, 0.1, [0.5, 0.2, 0.1]),
        (float("inf"), 1.0, []),
        (2.0, -1.0, []),
    ],
)
def test_the_ladder_of_losses(high: float, low: float, steps: list[float]) -> None:
    assert list(ladder(high, low)) == steps


# Tests ----------------------------------------------------------------------------------------------------------------


def test_the_best_test_is_told_with_the_snapshots_around_it() -> None:
    writer = Writer()
    for iteration, accuracy in ((0, 0.1), (500, 0.8), (1000, 0.9), (1500, 0.85)):
        if iteration in {500, 1500}:
            writer.save(iteration)
        line = writer.test(iteration, accuracy=accuracy, loss=1 - accuracy)
        best = line - 1 if iteration == 1000 else 0
        writer.show(iteration, 1.0)
        if best:
            where = best

    ((title, evidence, line),) = told(writer.log(), "best_test")

    assert title == "Best accuracy of test net #0: 0.9 at iteration 1,000, of 4 tests"
    assert line == where
    assert evidence[0].startswith("nearest snapshot before it: snap/net_iter_500.caffemodel")
    assert evidence[1].startswith("nearest snapshot after it: snap/net_iter_1500.caffemodel")
    assert "last: 0.85 at iteration 1,500" in evidence
    assert any(one.startswith("best loss: 0.1 at iteration 1,000") for one in evidence)


def test_a_model_saved_at_the_best_test_is_named_alone() -> None:
    writer = Writer()
    for iteration, accuracy in ((0, 0.1), (500, 0.8), (1000, 0.7)):
        writer.save(iteration)
        writer.test(iteration, accuracy=accuracy)

    ((_, evidence, _),) = told(writer.log(), "best_test")

    assert evidence[0].startswith("saved as snap/net_iter_500.caffemodel")
    assert not any("nearest" in one for one in evidence)


def test_an_accuracy_of_scores_that_are_nan_is_not_the_best() -> None:
    writer = Writer()
    for iteration, accuracy, loss in (
        (0, 0.1, 2.3),
        (500, 0.8, 0.9),
        (900, 0.7, 1.0),
        (1000, 1.0, "nan"),
        (1500, 1.0, 87.3365),
    ):
        writer.test(iteration, accuracy=accuracy, loss=loss)

    ((title, _, _),) = told(writer.log(), "best_test")

    assert title.startswith("Best accuracy of test net #0: 0.8 at iteration 500, of 3")


def test_overfitting_is_a_test_loss_that_turns_while_training_falls() -> None:
    writer = Writer()
    for place in range(100):
        if place % 10 == 0:
            loss = 1.0 - 0.01 * place if place <= 50 else 0.5 + 0.01 * (place - 50)
            line = writer.test(20 * place, loss=f"{loss:.4g}")
            turn = line if place == 50 else 0
            if turn:
                where = turn
        writer.show(20 * place, 1.0 * 0.97**place)

    ((title, evidence, line),) = told(writer.log(), "overfitting")

    assert title.startswith("loss of test net #0 rose from 0.5 at iteration 1,000 to 0.9")
    assert line == where
    assert evidence[0].startswith(f"line {where}: loss 0.5, in training ")


def test_a_test_loss_that_ends_twice_as_high_is_a_gap() -> None:
    writer = Writer()
    for place in range(100):
        if place % 10 == 0:
            writer.test(20 * place, loss=f"{1.0 - 0.005 * place:.4g}")
        writer.show(20 * place, 1.0 * 0.97**place)

    log = writer.log()

    assert not told(log, "overfitting")
    ((title, _, _),) = told(log, "test_gap")
    assert title.startswith("loss of test net #0 ends at 0.55, ")


# Time -----------------------------------------------------------------------------------------------------------------

NET: Final = """I1124 10:00:00.000000 23669 net.cpp:1] Initializing net from parameters:
name: "N" state { phase: TRAIN }
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 8 dim: 3 dim: 4 dim: 4 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 10 } }
I1124 10:00:00.000000 23669 net.cpp:1] Creating Layer data
I1124 10:00:00.000000 23669 net.cpp:1] data -> data
I1124 10:00:00.000000 23669 net.cpp:1] Setting up data
I1124 10:00:00.000000 23669 net.cpp:1] Top shape: 8 3 4 4 (384)
I1124 10:00:00.000000 23669 net.cpp:1] Memory required for data: 1536
I1124 10:00:00.000000 23669 net.cpp:1] Creating Layer ip
I1124 10:00:00.000000 23669 net.cpp:1] ip <- data
I1124 10:00:00.000000 23669 net.cpp:1] ip -> ip
I1124 10:00:00.000000 23669 net.cpp:1] Setting up ip
I1124 10:00:00.000000 23669 net.cpp:1] Top shape: 8 10 (80)
I1124 10:00:00.000000 23669 net.cpp:1] Memory required for data: 1856
I1124 10:00:00.000000 23669 net.cpp:1] ip needs backward computation.
I1124 10:00:00.000000 23669 net.cpp:1] data does not need backward computation.
I1124 10:00:00.000000 23669 net.cpp:1] Network initialization done.
"""


def run_with_net(solver: str, gpus: str = "") -> Writer:
    """A run of a net with batch 8: one InnerProduct from 48 to 10."""
    writer = Writer()
    writer.lines = []
    if gpus:
        writer.say(f"Using GPUs {gpus}", file="caffe.cpp")
    writer.say("Initializing solver from parameters: ")
    writer.lines += [solver, NET]
    return writer


def test_throughput_counts_every_image_of_an_iteration() -> None:
    """The printed batch is that of one GPU: 8 images × iter_size 2 × 4 GPUs, 20 iterations in 4 s."""
    writer = run_with_net("iter_size: 2\nmax_iter: 1000\n", gpus="0, 1, 2, 3")
    for place in range(10):
        writer.show(20 * place, 1.0, after_s=4.0)
    writer.say("Optimization Done.")

    (row,) = writer.log().table("throughput").to_dict("records")

    assert (row["batch"], row["iter_size"], row["gpus"], row["images_per_iteration"]) == (8, 2, 4, 64)
    assert row["iterations_per_second"] == pytest.approx(5.0)
    assert row["images_per_s"] == pytest.approx(320.0)
    # forward 8 × 48 × 10, backward the weights' gradient alone: the bottom is data
    assert row["macs_per_iteration"] == 2 * 4 * (8 * 48 * 10) * 2
    assert row["gflops"] == pytest.approx(2 * row["macs_per_iteration"] * 5.0 * 1e-9)
    ((title, evidence, _),) = told(writer.log(), "throughput")
    assert title.startswith("320 images/s, ")
    assert evidence[0] == "batch 8 × iter_size 2 × 4 GPUs = 64 images an iteration"


def test_tests_and_snapshots_do_not_slow_the_training() -> None:
    writer = run_with_net("test_interval: 20\ntest_iter: 7\n")
    for place in range(30):
        writer.test(20 * place, seconds=6.0, accuracy=0.5)
        writer.show(20 * place, 1.0, after_s=4.0)
        writer.save(20 * place + 20, seconds=1.0)

    log = writer.log()
    (row,) = log.table("throughput").to_dict("records")

    assert row["iterations_per_second"] == pytest.approx(5.0)
    assert (row["tests"], row["seconds_in_tests"]) == (30, pytest.approx(180.0))
    assert (row["snapshots"], row["seconds_in_snapshots"]) == (30, pytest.approx(30.0))
    ((title, evidence, _),) = told(log, "time_in_tests")
    assert title.startswith("54.5 % of the time goes into tests: 3 min 00 s of 5 min 30 s")
    assert {"test_interval: 20", "test_iter: 7"} <= set(evidence)


def test_a_run_that_is_still_going_knows_what_is_left() -> None:
    writer = run_with_net("max_iter: 1000\n")
    for place in range(11):
        writer.show(20 * place, 1.0, after_s=4.0)

    ((title, _, _),) = told(writer.log(), "time_left")

    assert title == "800 iterations are left; if the run is still going, about 2 min 40 s"


def test_a_run_that_is_done_has_nothing_left() -> None:
    writer = run_with_net("max_iter: 1000\n")
    for place in range(11):
        writer.show(20 * place, 1.0, after_s=4.0)
    writer.say("Optimization Done.")

    assert not told(writer.log(), "time_left")


def test_waits_for_data_count_a_thousand_a_line() -> None:
    writer = trained([1.0] * 10)
    first = writer.number + 1
    for _ in range(3):
        writer.say("Waiting for data", file="blocking_queue.cpp")
    writer.show(400, 1.0)

    ((title, evidence, line),) = told(writer.log(), "data_waits")

    assert title == "The solver waited for data at least 2,001 times in 400 batches"
    assert line == first
    assert evidence == (f"3 lines, the first {first}, the last {first + 2}",)


def test_the_first_wait_of_a_run_is_none() -> None:
    writer = Writer()
    writer.say("Waiting for data", file="blocking_queue.cpp")
    for place in range(5):
        writer.show(place, 1.0)

    assert not told(writer.log(), "data_waits")


def test_a_run_that_slows_down_is_found() -> None:
    writer = Writer()
    for place in range(100):
        writer.show(20 * place, 1.0, after_s=1.0 if place < 70 else 3.0)

    ((title, _, _),) = told(writer.log(), "slowed")

    assert title.startswith("The last displays came at 33.3 %")


# Statistics -----------------------------------------------------------------------------------------------------------


def test_median_and_noise_pass_over_what_is_no_number() -> None:
    assert median([3.0, np.nan, 1.0, np.inf, 2.0]) == 2.0
    assert np.isnan(median([np.nan]))
    assert noise([1.0, 2.0, 100.0], [1.0, 1.0, 1.0]) == pytest.approx(1.4826)
