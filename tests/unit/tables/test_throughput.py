"""How fast each attempt worked: what is taken out of the time, what an iteration is, and what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.writing import Layer, Writer, cells, data, line, net, read

if TYPE_CHECKING:
    from logparse.api import Log


def row(log: Log, place: int = 0) -> dict[str, Any]:
    return {name: column[place] for name, column in cells(log.table("throughput")).items()}


def speed(writer: Writer) -> tuple[Any, Any]:
    found = row(writer.log())
    return found["iterations_per_second"], found["recent_iterations_per_second"]


# The speed ------------------------------------------------------------------------------------------------------------


def test_the_speed_is_the_median_over_neighbouring_displays() -> None:
    writer = Writer()
    for iteration, after in ((0, 1.0), (20, 2.0), (40, 1.0), (60, 4.0)):
        writer.show(iteration, 1.0, after_s=after)

    assert speed(writer) == (10.0, 10.0)  # of 10, 20 and 5


def test_the_recent_speed_is_that_of_the_last_twenty_intervals() -> None:
    writer, iteration = Writer(), 0
    for place in range(42):
        writer.show(iteration, 1.0)
        iteration += 30 if place < 21 else 10 if place < 31 else 20

    assert speed(writer) == (30.0, 15.0)  # 21 of 30, 10 of 10 and 10 of 20; the last twenty are the last two sorts


def test_an_iteration_or_a_clock_that_does_not_grow_has_no_speed() -> None:
    writer = Writer()
    for iteration, after in ((0, 1.0), (20, 1.0), (20, 1.0), (40, 0.0), (30, 1.0), (50, 2.0)):
        writer.show(iteration, 1.0, after_s=after)

    assert speed(writer) == (15.0, 15.0)  # of 20 and 10: the others stood still or went back


def test_without_time_stamps_the_printed_seconds_count() -> None:
    lines = [
        f"I1203 solver.cpp:1] Iteration {20 * at} (1 iter/s, {seconds}s/20 iters), loss = 1\n"
        for at, seconds in enumerate((9, 2, 4))
    ]
    found = row(read(*lines))

    assert found["iterations_per_second"] == 7.5  # of 10 and 5
    assert found["seconds_before_training"] is None
    assert found["seconds_total"] is None


def test_one_display_has_no_speed() -> None:
    writer = Writer()
    writer.show(0, 1.0)

    assert speed(writer) == (None, None)
    assert row(writer.log())["iterations"] == 0


# Pauses ---------------------------------------------------------------------------------------------------------------


def test_tests_and_snapshots_between_two_displays_are_taken_out() -> None:
    writer = Writer()
    writer.show(0, 1.0)
    writer.test(20, seconds=3.0, accuracy=1)
    writer.save(20, seconds=2.0)
    writer.show(20, 1.0, after_s=4.0)
    found = row(writer.log())

    assert found["iterations_per_second"] == 5.0
    assert (found["tests"], found["seconds_in_tests"]) == (1, 3.0)
    assert (found["snapshots"], found["seconds_in_snapshots"]) == (1, 2.0)


def test_a_pause_on_the_line_of_a_display_is_between_the_right_ones() -> None:
    writer = Writer()
    writer.test(0, seconds=5.0, accuracy=1)
    writer.show(0, 1.0)
    writer.show(20, 1.0, after_s=4.0)
    writer.test(40, seconds=5.0, accuracy=1)
    found = row(writer.log())

    assert found["iterations_per_second"] == 5.0
    assert found["seconds_before_training"] == 1.0
    assert (found["tests"], found["seconds_in_tests"]) == (2, 10.0)


def test_a_snapshot_is_over_with_its_solver_state_or_with_the_test_that_follows_at_once() -> None:
    writer = Writer()
    writer.show(0, 1.0)
    writer.save(20, seconds=2.0)
    writer.now += 3.0
    writer.test(20, seconds=0.0, accuracy=1)
    assert row(writer.log())["seconds_in_snapshots"] == 5.0

    writer = Writer()
    writer.show(0, 1.0)
    writer.save(20, seconds=2.0)
    writer.say("Waiting for data", 3.0, "blocking_queue.cpp")
    writer.test(20, seconds=0.0, accuracy=1)
    assert row(writer.log())["seconds_in_snapshots"] == 2.0


def test_a_test_that_began_before_the_states_line_does_not_shorten_the_snapshot() -> None:
    writer = Writer()
    writer.show(0, 1.0)
    writer.save(20, seconds=2.0)
    writer.now -= 1.5
    writer.test(20, seconds=0.0, accuracy=1)

    assert row(writer.log())["seconds_in_snapshots"] == 2.0


def test_a_model_and_a_state_of_another_iteration_are_no_pair() -> None:
    writer = Writer()
    writer.show(0, 1.0)
    writer.say("Snapshotting to binary proto file n_iter_10.caffemodel")
    writer.say("Snapshotting solver state to binary proto file n_iter_20.solverstate", 2.0, "sgd_solver.cpp")

    found = row(writer.log())
    assert (found["snapshots"], found["seconds_in_snapshots"]) == (0, 0.0)


def test_a_state_without_a_model_before_it_is_no_snapshot() -> None:
    writer = Writer()
    writer.show(0, 1.0)
    writer.say("Snapshotting to binary proto file n_iter_10.caffemodel")
    writer.say("Optimization stopped early.", 2.0)
    writer.say("Snapshotting solver state to binary proto file n_iter_10.solverstate", 2.0, "sgd_solver.cpp")

    assert row(writer.log())["snapshots"] == 0


def test_a_clock_that_stepped_back_makes_no_snapshot_below_nothing() -> None:
    writer = Writer()
    writer.show(0, 1.0)
    writer.save(20, seconds=-2.0)

    assert row(writer.log())["seconds_in_snapshots"] == 0.0


def test_a_test_without_results_or_stamps_is_not_timed() -> None:
    writer = Writer()
    writer.show(0, 1.0)
    writer.say("Iteration 20, Testing net (#0)")
    writer.show(20, 1.0)
    assert row(writer.log())["tests"] == 0

    lines = (
        "I1203 solver.cpp:1] Iteration 0, Testing net (#0)\n",
        "I1203 solver.cpp:1]     Test net output #0: a = 1\n",
    )
    shown = [f"I1203 solver.cpp:1] Iteration {at}, loss = 1\n" for at in (0, 20)]
    assert row(read(*lines, *shown))["tests"] == 0


def test_pauses_are_of_their_own_attempt() -> None:
    writer = Writer()
    writer.test(0, seconds=4.0, accuracy=1)
    writer.show(0, 1.0)
    writer.save(10, seconds=3.0)
    writer.say("Starting Optimization", file="caffe.cpp")
    writer.test(10, seconds=2.0, accuracy=1)
    writer.show(10, 1.0)
    writer.save(20, seconds=1.0)
    log = writer.log()

    assert [row(log, place)["seconds_in_tests"] for place in (0, 1)] == [4.0, 2.0]
    assert [row(log, place)["seconds_in_snapshots"] for place in (0, 1)] == [3.0, 1.0]
    assert [row(log, place)["seconds_before_training"] for place in (0, 1)] == [1.0, 1.0]
    assert [row(log, place)["line"] for place in (0, 1)] == [1, 8]


# What an iteration is -------------------------------------------------------------------------------------------------


def dense(outputs: int, batch: int = 2, *, backward: bool = True) -> Layer:
    more = f"inner_product_param {{ num_output: {outputs} bias_term: false }}"
    shape = f"{batch} {outputs} ({batch * outputs})"
    return Layer("ip", "InnerProduct", ("data",), ("ip",), (shape,), more, backward=backward)


SOURCE = data("2 8 (16)", backward=False)
SHOWN = "".join(line(f"Iteration {at}, loss = 1", "solver.cpp") for at in (0, 20))
TEST = line("Creating test net (#0) specified by net file: a", "solver.cpp")


def work(*parts: str) -> tuple[Any, ...]:
    found = row(read(*parts, SHOWN))
    names = ("batch", "iter_size", "gpus", "images_per_iteration", "macs_per_iteration", "unknown_layers")
    return tuple(found[name] for name in names)


def solver(text: str) -> str:
    return line("Initializing solver from parameters: ", "solver.cpp") + text


def test_the_training_net_is_what_an_iteration_runs() -> None:
    """2 images × 8 × 5 = 80 MACs forward and 80 backward; of the test net nothing counts."""
    train, test = net([SOURCE, dense(5)]), TEST + net([data("7 8 (56)", backward=False), dense(50, 7)], phase="TEST")

    assert work(solver("base_lr: 1\n"), train, test) == (2, 1, 1, 2, 160, 0)
    assert work(solver("base_lr: 1\n"), test, train) == (2, 1, 1, 2, 160, 0)
    assert work(test) == (7, 1, 1, 7, 2800, 0)


def test_every_batch_of_every_gpu_counts() -> None:
    train = net([SOURCE, dense(5)])

    assert work(solver("iter_size: 3\n"), train) == (2, 3, 1, 6, 480, 0)
    assert work(line("Using GPUs 0, 1", "caffe.cpp"), solver("iter_size: 3\n"), train) == (2, 3, 2, 12, 960, 0)


def test_layers_of_which_forward_or_backward_is_not_known_are_counted_and_left_out() -> None:
    odd = Layer("odd", "Mystery", ("data",), ("odd",), ("2 8 (16)",), backward=False)

    assert work(solver("base_lr: 1\n"), net([SOURCE, dense(5), odd])) == (2, 1, 1, 2, 160, 1)


def test_without_a_net_an_iteration_is_of_unknown_work() -> None:
    assert work(solver("iter_size: 3\n")) == (None, 3, 1, None, None, None)


def test_a_net_without_a_batch_has_no_images() -> None:
    source = Layer("data", "Input", (), ("data",), ("(1)",), backward=False)

    assert work(net([source]))[:4] == (None, 1, 1, None)


def test_rates_follow_from_the_speed_and_the_work() -> None:
    writer = Writer("iter_size: 3\n", start=False)
    writer.lines.append(net([SOURCE, dense(5)]))
    writer.show(0, 1.0)
    writer.show(20, 1.0, after_s=2.0)
    found = row(writer.log())

    assert (found["images_per_s"], found["gflops"]) == (60.0, pytest.approx(2 * 480 * 10.0 * 1e-9))


def test_a_net_of_no_macs_has_no_flops() -> None:
    writer = Writer("", start=False)
    writer.lines.append(net([SOURCE]))
    writer.show(0, 1.0)
    writer.show(20, 1.0)
    found = row(writer.log())

    assert (found["macs_per_iteration"], found["gflops"], found["images_per_s"]) == (0, None, 40.0)


def test_an_iteration_of_images_without_their_batch_is_of_unknown_work() -> None:
    text = line("Creating Layer data") + line("data -> data") + line("Top shape: 1 28 28")
    text += line("Creating Layer conv") + line("conv <- data") + line("conv -> conv") + line("Top shape: 20 24 24")

    assert row(read(text, SHOWN))["macs_per_iteration"] is None


def test_an_attempt_that_neither_trains_nor_is_timed_has_no_row() -> None:
    assert read(solver("base_lr: 1\n"), net([SOURCE])).table("throughput").empty
    assert len(read(line("*** Benchmark begins ***", "caffe.cpp")).table("throughput")) == 1


def test_displays_before_the_first_start_are_of_the_first_attempt() -> None:
    log = read(SHOWN, solver("base_lr: 1\n"), SHOWN)

    assert [row(log, place)["iterations"] for place in (0, 1)] == [20, 20]
    assert [row(log, place)["attempt"] for place in (0, 1)] == [1, 2]


# Waits for data -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "waits"),
    [
        ((), 0),
        (("Waiting for data",), 1),
        (("Waiting for data",) * 2, 1001),
        (("Waiting for data",) * 3, 2001),
        (("Waiting for data", "Data layer prefetch queue empty"), 2),
        (("Waiting for data",) * 2 + ("Waiting for datum",), 1002),
    ],
)
def test_caffe_prints_the_first_wait_and_every_thousandth(lines: tuple[str, ...], waits: int) -> None:
    writer = Writer()
    for one in lines:
        writer.say(one, file="blocking_queue.cpp")
    writer.show(0, 1.0)

    assert row(writer.log())["data_waits"] == waits


# What is left ---------------------------------------------------------------------------------------------------------


def left(settings: str, *, end: str = "", tests: float = 0.0, saves: float = 0.0) -> tuple[Any, Any]:
    writer = Writer(settings)
    for iteration in (0, 20, 40):
        writer.show(iteration, 1.0, after_s=2.0)
    if tests:
        writer.test(40, seconds=tests, accuracy=1)
    if saves:
        writer.save(40, seconds=saves)
    if end:
        writer.say(end)
    found = row(writer.log())
    return found["iterations_left"], found["seconds_left"]


def test_what_is_left_at_the_recent_speed_with_its_share_of_pauses() -> None:
    """10 iterations a second: 60 take 6 s; 40 iterations had 4 s of tests, 2 s of snapshots: 60 have 9."""
    assert left("max_iter: 100\n") == (60, 6.0)
    assert left("max_iter: 100\n", tests=4.0) == (60, pytest.approx(12.0))
    assert left("max_iter: 100\n", tests=4.0, saves=2.0) == (60, pytest.approx(15.0))


@pytest.mark.parametrize(
    ("settings", "end"),
    [
        ("max_iter: 40\n", ""),
        ("max_iter: 39\n", ""),
        ("base_lr: 1\n", ""),
        ("max_iter: 100\n", "Optimization Done."),
        ("max_iter: 100\n", "Optimization stopped early."),
    ],
)
def test_nothing_is_left_of_a_run_that_has_reached_its_end(settings: str, end: str) -> None:
    assert left(settings, end=end) == (None, None)


def test_one_iteration_may_be_left() -> None:
    assert left("max_iter: 41\n") == (1, pytest.approx(0.1))


def test_without_a_recent_speed_the_time_is_not_known() -> None:
    writer = Writer("max_iter: 100\n")
    writer.show(20, 1.0)
    found = row(writer.log())

    assert (found["iterations_left"], found["seconds_left"]) == (80, None)
