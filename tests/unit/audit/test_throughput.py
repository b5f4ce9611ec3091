"""What the time went into and how fast it went, in words: thresholds, and the settings that are told with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from logparse.audit.finders import find
from tests.writing import Layer, Writer, data, net, read

if TYPE_CHECKING:
    from logparse.audit.finders import Finding


def found(text: str, kind: str) -> list[Finding]:
    log = read(text)
    return [one for one in find(log) if one.kind == kind]


def run(*, lasts: float, tests: float = 0.0, snapshots: float = 0.0, settings: str = "") -> str:
    """A run of so many seconds with two tests and two snapshots of so many together."""
    writer = Writer(settings)
    begun = writer.now
    for iteration in (0, 20):
        writer.show(iteration, 1.0)
        writer.test(iteration + 20, seconds=tests / 2, accuracy=0.5)
        writer.save(iteration + 20, seconds=snapshots / 2)
    writer.say("Optimization Done.", begun + lasts - writer.now)
    return writer.text


# Time that is lost ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lasts", "tests", "told"), [(60.0, 6.0, True), (60.0, 5.98, False), (59.9, 30.0, False), (600.0, 59.9, False)]
)
def test_a_tenth_of_a_minute_or_more_is_worth_a_word(lasts: float, tests: float, told: bool) -> None:  # noqa: FBT001
    assert bool(found(run(lasts=lasts, tests=tests), "time_in_tests")) is told
    assert bool(found(run(lasts=lasts, snapshots=tests), "time_in_snapshots")) is told


def test_both_are_told_with_the_settings_that_lead_to_them() -> None:
    settings = "test_interval: 20\ntest_iter: 7\ntest_iter: 9\nsnapshot: 40\n"
    text = run(lasts=100.0, tests=50.0, snapshots=25.0, settings=settings)

    (tests,), (snapshots,) = found(text, "time_in_tests"), found(text, "time_in_snapshots")

    assert tests.title == "50.0 % of the time goes into tests: 50.0 s of 1 min 40 s"
    assert tests.evidence == ("2 tests", "on average 25.0 s", "test_interval: 20", "test_iter: 7, 9")
    assert snapshots.title == "25.0 % of the time goes into snapshots: 25.0 s of 1 min 40 s"
    assert snapshots.evidence == ("2 snapshots", "on average 12.5 s", "snapshot: 40")


def test_without_a_solver_there_are_no_settings() -> None:
    (one,) = found(run(lasts=100.0, tests=50.0), "time_in_tests")

    assert one.evidence == ("2 tests", "on average 25.0 s")


def test_more_than_all_of_the_time_is_all_of_it() -> None:
    """Two test nets that are tested side by side, by two threads: 60 s and 60 s of 60 s."""
    writer = Writer()
    writer.show(0, 1.0, after_s=0.0)
    for number in (0, 1):
        writer.test(20, seconds=60.0, net=number, accuracy=0.5)
        writer.now -= 60.0 * (1 - number)
    writer.show(20, 1.0, after_s=0.0)

    (one,) = found(writer.text, "time_in_tests")

    assert one.title.startswith("100 % of the time goes into tests: 2 min 00 s of 1 min 00 s")


def test_a_job_that_only_tests_spends_its_time_on_purpose() -> None:
    writer = Writer()
    writer.show(0, 1.0)
    writer.test(0, seconds=90.0, accuracy=0.5)

    assert not found(writer.text, "time_in_tests")


def test_each_attempt_is_weighed_by_itself() -> None:
    writer = Writer()
    for seconds in (0.0, 30.0):
        writer.show(0, 1.0)
        writer.test(20, seconds=seconds, accuracy=0.5)
        writer.show(20, 1.0, after_s=40.0)
        if not seconds:
            writer.say("Starting Optimization", 100.0, "caffe.cpp")

    (one,) = found(writer.text, "time_in_tests")

    assert one.attempt == 2
    assert one.title == "42.3 % of the time goes into tests: 30.0 s of 1 min 11 s"
    assert one.line == 8


# Waits for data -------------------------------------------------------------------------------------------------------


def waiting(iterations: int, *lines: str, settings: str = "", gpus: str = "") -> str:
    writer = Writer(settings, start=not gpus)
    if gpus:
        writer.say(f"Using GPUs {gpus}", file="caffe.cpp")
    writer.show(0, 1.0)
    for line in lines:
        writer.say(line, file="blocking_queue.cpp")
    writer.show(iterations, 1.0)
    return writer.text


@pytest.mark.parametrize(
    ("iterations", "settings", "gpus", "told"),
    [
        (10_010, "", "", True),
        (10_011, "", "", False),
        (5005, "iter_size: 2\n", "", True),
        (5006, "iter_size: 2\n", "", False),
        (5005, "", "0,1", True),
        (5006, "", "0,1", False),
    ],
)
def test_waits_for_a_tenth_of_all_batches_are_told(iterations: int, settings: str, gpus: str, told: bool) -> None:  # noqa: FBT001
    text = waiting(iterations, "Waiting for data", "Waiting for data", settings=settings, gpus=gpus)

    assert bool(found(text, "data_waits")) is told


def test_one_line_of_waiting_is_that_of_every_start() -> None:
    assert not found(waiting(5, "Waiting for data"), "data_waits")


def test_waits_of_two_kinds_are_counted_apart() -> None:
    (one,) = found(waiting(20, "Waiting for data", "Data layer prefetch queue empty"), "data_waits")

    assert one.title == "The solver waited for data at least 2 times in 20 batches"


def test_a_run_that_never_trained_waited_for_nothing() -> None:
    assert not found(waiting(0, "Waiting for data", "Waiting for data"), "data_waits")


# Speed ----------------------------------------------------------------------------------------------------------------

DENSE = Layer(
    "ip", "InnerProduct", ("data",), ("ip",), ("2 50 (100)",), "inner_product_param { num_output: 50 }", backward=True
)
ODD = Layer("odd", "Mystery", ("data",), ("odd",), ("2 3 4 4 (96)",), backward=False)
RELU = Layer("relu", "ReLU", ("data",), ("relu",), ("2 3 4 4 (96)",), backward=False)


def speed(*layers: Layer, settings: str = "max_iter: 9\n", gpus: str = "") -> Finding:
    writer = Writer("", start=False)
    if gpus:
        writer.say(f"Using GPUs {gpus}", file="caffe.cpp")
    writer.say("Initializing solver from parameters: ")
    writer.lines += [settings, net([data(backward=False), *layers])]
    writer.show(0, 1.0)
    writer.show(20, 1.0)
    (one,) = found(writer.text, "throughput")
    return one


def test_the_speed_of_a_net_of_which_all_is_known() -> None:
    one = speed(DENSE)

    assert one.title == "40 images/s, 384 kFLOP/s"
    assert one.evidence == (
        "batch 2 × iter_size 1 = 2 images an iteration",
        "20 iterations/s",
        "9.60 kMAC an iteration",
    )


def test_images_of_all_gpus_and_batches_count() -> None:
    one = speed(DENSE, settings="iter_size: 3\n", gpus="0,1")

    assert one.title == "240 images/s, 2.30 MFLOP/s"
    assert one.evidence[0] == "batch 2 × iter_size 3 × 2 GPUs = 12 images an iteration"


def test_a_layer_whose_macs_are_not_known_makes_it_a_lower_bound() -> None:
    assert speed(DENSE, ODD).evidence[-1] == "a lower bound: the MACs of 1 layer are not known"
    other = Layer("other", "Mystery", ("data",), ("other",), ("2 3 4 4 (96)",), backward=False)
    assert speed(DENSE, ODD, other).evidence[-1] == "a lower bound: the MACs of 2 layers are not known"


def test_a_net_that_multiplies_nothing_has_images_and_no_flops() -> None:
    one = speed(RELU)

    assert one.title == "40 images/s"
    assert one.evidence == ("batch 2 × iter_size 1 = 2 images an iteration", "20 iterations/s")


def test_one_image_an_iteration_is_one_image() -> None:
    writer = Writer("", start=False)
    writer.lines.append(net([data("1 3 (3)")]))
    writer.show(0, 1.0)
    writer.show(20, 1.0)

    (one,) = found(writer.text, "throughput")

    assert one.evidence[0] == "batch 1 × iter_size 1 = 1 image an iteration"


def test_a_row_without_a_speed_does_not_hide_the_next() -> None:
    writer = Writer()
    writer.show(0, 1.0)
    writer.say("Starting Optimization", file="caffe.cpp")
    writer.lines.append(net([data()]))
    writer.show(0, 1.0)
    writer.show(20, 1.0)

    assert [one.attempt for one in found(writer.text, "throughput")] == [2]


# Slower, and what is left ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("step", "told"), [(13, True), (14, False)])
def test_seven_tenths_of_the_median_speed_are_still_the_same_speed(step: int, told: bool) -> None:  # noqa: FBT001
    writer, iteration = Writer(), 0
    for place in range(51):
        writer.show(iteration, 1.0)
        iteration += 20 if place < 30 else step

    assert bool(found(writer.text, "slowed")) is told


def test_an_attempt_of_steady_speed_does_not_hide_a_slowed_one() -> None:
    writer, iteration = Writer(), 0
    writer.show(0, 1.0)
    writer.show(20, 1.0)
    writer.say("Starting Optimization", file="caffe.cpp")
    for place in range(51):
        writer.show(iteration, 1.0)
        iteration += 20 if place < 30 else 10

    (one,) = found(writer.text, "slowed")

    assert (one.attempt, one.line) == (2, 6)
    assert one.evidence == ("10 iterations/s after 20",)


def test_what_is_left_counts_the_runs_share_of_tests_and_snapshots() -> None:
    """40 iterations took 4 s of training and 6 s of tests: 60 more take 6 and 9 s."""
    writer = Writer("max_iter: 100\n")
    for iteration in (0, 20, 40):
        writer.show(iteration, 1.0, after_s=2.0)
        if iteration < 40:
            writer.test(iteration + 20, seconds=3.0, accuracy=0.5)

    (one,) = found(writer.text, "time_left")

    assert one.title == "60 iterations are left; if the run is still going, about 15.0 s"
    assert one.evidence == ("10 iterations/s of late",)
    assert one.line == writer.number


@pytest.mark.parametrize("end", ["Optimization Done.", "Optimization stopped early."])
def test_a_run_that_ended_has_nothing_left(end: str) -> None:
    writer = Writer("max_iter: 100\n")
    writer.show(0, 1.0)
    writer.show(20, 1.0)
    writer.say(end)

    assert not found(writer.text, "time_left")


def test_an_attempt_with_nothing_left_does_not_hide_another() -> None:
    writer = Writer("max_iter: 20\n")
    writer.show(0, 1.0)
    writer.show(20, 1.0)
    writer.say("Initializing solver from parameters: ")
    writer.lines.append("max_iter: 60\n")
    writer.show(20, 1.0)
    writer.show(40, 1.0)

    assert [one.attempt for one in found(writer.text, "time_left")] == [2]
