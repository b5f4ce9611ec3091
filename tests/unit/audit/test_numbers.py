"""Where numbers end: what went first, what was in force then, and what was still good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from logparse.audit.finders import find
from tests.writing import Writer, read

if TYPE_CHECKING:
    from logparse.audit.finders import Finding

UNSAFE = "no snapshot before it that is known to be good"
SAVED_10 = "snap/net_iter_10.caffemodel (iteration 10, line 4)"


def found(text: str, *kinds: str) -> list[Finding]:
    log = read(text)
    return [one for one in find(log) if one.kind in kinds]


def display(writer: Writer, iteration: int, loss: float | str, *outputs: tuple[str, float | str]) -> int:
    """A display with outputs that enter no loss; its line."""
    line = writer.say(f"Iteration {iteration}, loss = {loss}", 1.0)
    for place, (name, value) in enumerate(outputs):
        writer.say(f"    Train net output #{place}: {name} = {value}")
    return line


def test_five_outputs_that_break_at_once_are_named_to_the_fourth() -> None:
    writer = Writer()
    display(writer, 0, 1.0)
    display(writer, 20, 2.0, *((f"loss_{name}", "nan") for name in "abcde"))

    (one,) = found(writer.text, "not_a_number")

    assert one.title == "Not a number from iteration 20 on: loss_a, loss_b, loss_c, loss_d, and 1 more"
    assert one.line == 4
    assert (
        one.evidence
        == (
            *(f"line {4 + place}: loss_{name} is nan" for place, name in enumerate("abcde")),
            "such values in all: 5",
            "last good display: iteration 20, loss 2 (line 3)",
            UNSAFE,
            "displays from there on: 0 of 0 like it",
        )[:-1]
    )


def test_more_than_eight_values_are_told_as_how_many_more() -> None:
    writer = Writer()
    display(writer, 0, 1.0, *((f"loss{place}", "inf") for place in range(10)))

    (one,) = found(writer.text, "not_a_number")

    assert one.evidence[7:10] == ("line 10: loss7 is inf", "and 2 more", "such values in all: 10")


def test_only_the_first_iteration_is_listed_and_all_are_counted() -> None:
    writer = Writer()
    display(writer, 0, 1.0, ("loss", 1))
    display(writer, 20, 1.0, ("loss", "nan"))
    display(writer, 40, "nan", ("loss", "nan"))
    writer.test(60, loss="nan")

    (one,) = found(writer.text, "not_a_number")

    assert one.evidence[:2] == ("line 5: loss is nan", "such values in all: 4")
    assert one.evidence[-1] == "displays from there on: 1 of 1 like it"


def test_the_displayed_loss_alone_is_named_where_no_output_is_printed() -> None:
    writer = Writer()
    display(writer, 20, "nan")

    (one,) = found(writer.text, "not_a_number")

    assert one.title == "Not a number from iteration 20 on: the displayed loss"
    assert one.evidence == (
        "line 2: the displayed loss is nan",
        "such values in all: 1",
        UNSAFE,
        "displays from there on: 1 of 1 like it",
    )


def test_a_value_of_an_unknown_iteration_is_placed_by_its_line() -> None:
    writer = Writer()
    writer.say("    Train net output #0: loss = nan")

    (one,) = found(writer.text, "not_a_number")

    assert one.title == "Not a number from line 2 on: loss"
    assert one.evidence == ("line 2: loss is nan", "such values in all: 1")


def test_an_orphan_before_the_first_known_iteration_is_passed_over() -> None:
    writer = Writer()
    writer.say("    Train net output #0: loss = nan")
    display(writer, 20, 1.0, ("loss", "nan"))

    (one,) = found(writer.text, "not_a_number")

    assert one.title == "Not a number from iteration 20 on: loss"
    assert one.evidence[:2] == ("line 4: loss is nan", "such values in all: 2")


def test_a_test_that_breaks_before_the_training_comes_first() -> None:
    writer = Writer()
    display(writer, 0, 1.0)
    line = writer.test(10, loss="nan")
    display(writer, 20, "nan")

    (one,) = found(writer.text, "not_a_number")

    assert (one.title, one.line) == ("Not a number from iteration 10 on: loss of the test", line)
    assert one.evidence[1] == "such values in all: 2"


def test_each_attempt_has_its_own_breakdown() -> None:
    writer = Writer()
    display(writer, 0, 1.0)
    writer.say("Iteration 0, lr = 0.5", file="sgd_solver.cpp")
    writer.save(10)
    display(writer, 20, "nan")
    writer.say("Starting Optimization", file="caffe.cpp")
    writer.say("Iteration 20, lr = 0.25", file="sgd_solver.cpp")
    display(writer, 40, "inf")

    one, two = found(writer.text, "not_a_number")

    assert (one.attempt, two.attempt) == (1, 2)
    assert one.evidence[1:] == (
        "such values in all: 1",
        "learning rate before it: 0.5",
        "last good display: iteration 0, loss 1 (line 2)",
        UNSAFE,
        f"saved between the last good display and it, so perhaps spoilt: {SAVED_10}",
        "displays from there on: 1 of 1 like it",
    )
    assert two.evidence == (
        "line 9: the displayed loss is inf",
        "such values in all: 1",
        "learning rate before it: 0.25",
        UNSAFE,
        "displays from there on: 1 of 1 like it",
    )


def test_the_last_snapshot_at_or_before_the_last_good_display_is_good() -> None:
    writer = Writer()
    for iteration in (0, 20, 40):
        display(writer, iteration, 1.0)
        writer.save(iteration)
    display(writer, 60, "nan")
    writer.save(60)

    (one,) = found(writer.text, "not_a_number")

    assert "last good snapshot: snap/net_iter_40.caffemodel (iteration 40, line 9)" in one.evidence
    assert not any("spoilt" in text for text in one.evidence)


def test_a_good_display_behind_the_first_bad_value_is_not_the_last_good_one() -> None:
    writer = Writer()
    display(writer, 0, 3.0)
    display(writer, 20, "nan")
    display(writer, 40, 2.0)

    (one,) = found(writer.text, "not_a_number")

    assert "last good display: iteration 0, loss 3 (line 2)" in one.evidence
    assert one.evidence[-1] == "displays from there on: 1 of 2 like it"


def test_the_rate_that_a_form_prints_behind_the_loss_counts_at_the_first_display() -> None:
    writer = Writer()
    writer.show(0, "nan", lr=0.125)

    (one,) = found(writer.text, "not_a_number")

    assert "learning rate before it: 0.125" in one.evidence


def test_a_rate_of_another_attempt_is_none() -> None:
    writer = Writer()
    writer.show(0, 1.0, lr=0.5)
    writer.say("Starting Optimization", file="caffe.cpp")
    display(writer, 20, "nan")
    writer.say("Starting Optimization", file="caffe.cpp")
    writer.say("Iteration 20, lr = 0.25", file="sgd_solver.cpp")

    (one,) = found(writer.text, "not_a_number")

    assert not any("learning rate" in text for text in one.evidence)


def test_debug_info_of_another_attempt_is_none() -> None:
    writer = Writer()
    writer.say("    [Forward] Layer conv1, top blob conv1 data: inf", file="net.cpp")
    display(writer, 0, 1.0)
    writer.say("Starting Optimization", file="caffe.cpp")
    line = writer.say("    [Forward] Layer conv2, top blob c data: nan", file="net.cpp")
    display(writer, 20, "nan")

    (one,) = found(writer.text, "not_a_number")

    assert f"first in debug_info: top blob c of conv2, forward, is nan (line {line})" in one.evidence
    assert sum("debug_info" in text for text in one.evidence) == 1


def test_only_tests_are_a_warning_and_training_is_an_error() -> None:
    writer = Writer()
    writer.test(0, loss="nan")
    (one,) = found(writer.text, "test_not_a_number")
    assert (one.severity, one.title) == ("warning", "Not a number at iteration 0: loss of the test")

    display(writer, 0, 1.0, ("loss", "nan"))
    (one,) = found(writer.text, "not_a_number", "test_not_a_number")
    assert (one.severity, one.kind) == ("error", "not_a_number")


# The ceiling ----------------------------------------------------------------------------------------------------------


def weighted(*parts: tuple[float, float], loss: float) -> str:
    """A good display, then one of outputs (value, weight) and their sum."""
    writer = Writer()
    for values, total in (([1.0 for _ in parts], 3.0), ([value for value, _ in parts], loss)):
        writer.say(f"Iteration {0 if total == 3.0 else 20}, loss = {total}", 1.0)
        for place, (value, (_, weight)) in enumerate(zip(values, parts, strict=True)):
            writer.say(f"    Train net output #{place}: o{place} = {value} (* {weight} = {value * weight:g} loss)")
    return writer.text


@pytest.mark.parametrize(
    ("parts", "loss", "said"),
    [
        (((87.3365, 0.5), (1.0, 1.0)), 44.7, "O0 sits at 87.3365 from iteration 20 on"),
        (((5.0, 2.0), (1.0, 1.0)), 174.673, "The displayed loss sits at 174.673 from iteration 20 on"),
        (((5.0, 0.25), (1.0, 0.5)), 65.5024, "The displayed loss sits at 65.5024 from iteration 20 on"),
        (((5.0, 2.0), (1.0, 1.0)), 262.009, "The displayed loss sits at 262.009 from iteration 20 on"),
    ],
)
def test_the_displayed_loss_is_held_against_sums_of_the_printed_weights(
    parts: tuple[tuple[float, float], ...], loss: float, said: str
) -> None:
    (one,) = found(weighted(*parts, loss=loss), "saturated")

    assert one.title == said
    assert one.severity == "error"


@pytest.mark.parametrize("loss", [174.67, 43.6683, 349.346, 131.005])
def test_a_sum_that_the_weights_do_not_give_is_no_ceiling(loss: float) -> None:
    """Weights 2 and 1: their sums are 1, 2 and 3."""
    assert not found(weighted((5.0, 2.0), (1.0, 1.0), loss=loss), "saturated")


def test_an_output_is_held_against_the_ceiling_itself() -> None:
    """Its value stands before the weight is applied."""
    assert not found(weighted((174.673, 2.0), loss=5.0), "saturated")


def test_at_most_six_weights_are_added_up() -> None:
    seven = [(1.0, 2.0**power) for power in range(7)]

    assert found(weighted(*seven, loss=round(63 * 87.3365, 2)), "saturated")
    assert not found(weighted(*seven, loss=round(64 * 87.3365, 2)), "saturated")


def test_a_test_at_the_ceiling_is_told_as_well() -> None:
    writer = Writer()
    writer.show(0, 1.0)
    line = writer.test(20, loss=87.3365)

    (one,) = found(writer.text, "saturated")

    assert one.title == "Loss of the test sits at 87.3365 from iteration 20 on"
    assert one.line == line
    assert one.evidence[:2] == (f"line {line}: loss of the test is 87.3365", "such values in all: 1")


def test_a_run_that_is_lost_has_nothing_left_to_wait_for() -> None:
    """It would go on to its last iteration, and end as "done"."""
    for last, told in ((1.0, ["time_left"]), ("nan", [])):
        writer = Writer("max_iter: 10000\n")
        for place in range(30):
            display(writer, 20 * place, last if place > 20 else 1.0 - place / 100)

        assert [one.kind for one in found(writer.text, "time_left")] == told
