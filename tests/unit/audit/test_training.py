"""How the loss went: each threshold from both sides, on runs whose trend can be read off the list of losses.

The trend is a running median of five displays, whole from the third display to the third from the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from logparse.audit.finders import find
from tests.writing import Writer, read, trained

if TYPE_CHECKING:
    from collections.abc import Iterable

    from logparse.audit.finders import Finding

TRAINING = ("progress", "plateau", "no_progress", "diverged")


def found(text: str, *kinds: str) -> list[Finding]:
    log = read(text)
    return [one for one in find(log) if one.kind in (kinds or TRAINING)]


def kinds(losses: Iterable[float]) -> set[str]:
    return {one.kind for one in found(trained(losses).text)}


# How many displays are enough -----------------------------------------------------------------------------------------

FALLS = [1.0] * 6 + [0.5] * 20
FLAT = [1.0] * 26
RISES = [1.0] * 6 + [0.25] * 6 + [1.0] * 14


@pytest.mark.parametrize(("losses", "kind"), [(FALLS, "progress"), (FLAT, "no_progress"), (RISES, "diverged")])
def test_twenty_displays_with_a_whole_window_are_needed(losses: list[float], kind: str) -> None:
    """Two at either end have none: 24 are enough, 23 are not."""
    assert kind in kinds(losses[:24])
    assert kinds(losses[:23]) == set()


def test_displays_without_a_number_are_not_counted() -> None:
    assert "progress" in {one.kind for one in found(trained([*FALLS[:24], "nan"]).text)}
    assert not found(trained([*FALLS[:10], "nan", *FALLS[11:24]]).text)
    assert not found(trained([*FALLS[:10], 87.3365, *FALLS[11:24]]).text, "no_progress")


def test_a_run_of_three_hundred_displays_takes_wider_medians() -> None:
    """A fiftieth of the run: seven of 350. A spike of three displays moves a median of five, not one of seven."""
    losses = [2.0] * 100 + [1.0] * 250
    losses[200:203] = [0.1] * 3

    (one,) = found(trained(losses).text, "progress")

    assert one.title.startswith("The loss fell from 2 to 1, reached at iteration 2,000")


# Progress -------------------------------------------------------------------------------------------------------------


def test_progress_counts_from_the_first_display_to_the_lowest_whole_median() -> None:
    """Half of 2.4 is 1.2, a tenth 0.24."""
    (one,) = found(trained([2.4, *[2.0] * 9, *[1.2] * 7, *[0.24] * 7, *[0.6] * 4]).text, "progress")

    assert one.title == "The loss fell from 2.4 to 0.24, reached at iteration 340 after 18.0 s"
    assert one.evidence == (
        "half of it at iteration 200 after 11.0 s (line 22)",
        "a tenth of it at iteration 340 after 18.0 s (line 36)",
    )
    assert one.line == 36


def test_a_share_that_was_never_reached_is_not_told() -> None:
    (one,) = found(trained([2.0] * 10 + [1.0] * 14).text, "progress")
    assert one.evidence == ("half of it at iteration 200 after 11.0 s (line 22)",)

    (one,) = found(trained([2.0] * 10 + [1.01] * 14).text, "progress")
    assert one.evidence == ()


def test_a_loss_that_falls_to_nothing_or_below_is_no_progress_of_a_loss() -> None:
    assert not found(trained([2.0] * 10 + [0.0] * 14).text, "progress")
    assert not found(trained([2.0] * 10 + [-1.0] * 14).text, "progress")


def test_without_time_stamps_there_is_no_time() -> None:
    text = "".join(f"I1203 solver.cpp:84] Iteration {20 * at}, loss = {2 if at < 10 else 1}\n" for at in range(24))

    (one,) = found(text, "progress")

    assert one.title == "The loss fell from 2 to 1, reached at iteration 200"
    assert one.evidence == ("half of it at iteration 200 (line 11)",)


def test_each_attempt_is_told_of() -> None:
    writer = trained([2.0] * 10 + [1.0] * 14)
    writer.say("Starting Optimization", file="caffe.cpp")
    trained([4.0] * 10 + [1.0] * 14, writer=writer)

    assert [(one.attempt, one.title[:19]) for one in found(writer.text, "progress")] == [
        (1, "The loss fell from "),
        (2, "The loss fell from "),
    ]


def test_a_short_attempt_does_not_hide_the_next() -> None:
    for kind, losses in (("progress", FALLS), ("no_progress", FLAT), ("diverged", RISES)):
        writer = trained([1.0] * 5)
        writer.say("Starting Optimization", file="caffe.cpp")
        assert [one.attempt for one in found(trained(losses, writer=writer).text, kind)] == [2]


# Plateaus -------------------------------------------------------------------------------------------------------------


def test_a_plateau_shows_the_rates_at_both_ends() -> None:
    writer = Writer()
    for place in range(40):
        writer.show(20 * place, max(2.0 - 0.1 * place, 1.0), lr=0.1 if place < 20 else 0.01)

    (one,) = found(writer.text, "plateau")

    assert one.title == "The loss has stopped falling from iteration 200 to 740: 1 to 1"
    assert one.text == "Its running median gains less than 1.0 % there, over 70.0 % of the displays."
    assert one.evidence == ("line 32: learning rate 0.1", "line 113: learning rate 0.01")


def test_a_slow_fall_is_no_plateau() -> None:
    assert "plateau" not in kinds([2.0 * 0.99**place for place in range(60)])


def test_a_plateau_is_told_though_the_loss_wanders_up_again() -> None:
    """The lowest so far counts: what rises by less than a divergence still gains nothing."""
    losses = [2.0 - 0.1 * place for place in range(10)] + [1.0] * 10 + [1.3] * 10

    assert kinds(losses) == {"progress", "plateau"}


def test_a_run_that_diverges_has_no_plateau() -> None:
    assert kinds([1.0] * 5 + [0.4] * 5 + [1.2] * 20) == {"progress", "diverged"}


def test_a_loss_of_zero_or_below_has_no_plateau() -> None:
    assert kinds([0.0] * 30) == set()
    assert kinds([-1.0] * 30) == set()


# Divergence -----------------------------------------------------------------------------------------------------------


def test_a_rise_must_be_more_than_a_tenth_of_the_first_loss() -> None:
    """From 0.05 up to 0.25 is four times as much; of a first loss of 2 it is a tenth, of one of 1.99 more."""
    fall = [0.05] * 10 + [0.25] * 10

    assert "diverged" not in kinds([2.0] * 6 + fall)
    assert "diverged" in kinds([1.99] * 6 + fall)


@pytest.mark.parametrize(("wander", "told"), [(0.055, True), (0.057, False)])
def test_a_rise_must_be_more_than_six_standard_deviations(wander: float, told: bool) -> None:  # noqa: FBT001
    """Of each five displays two stand above their level, two below and one on it: so the median is the level, and
    the median distance `wander`. 1.4826 times it is the standard deviation; the rise of 0.5 is six at 0.0562.
    """
    pattern = (wander, -wander, 0.0, wander, -wander)
    levels = [1.0] * 10 + [0.5] * 10 + [1.0] * 10

    assert ("diverged" in kinds(level + pattern[at % 5] for at, level in enumerate(levels))) is told


def test_the_snapshots_at_or_before_the_lowest_loss_are_before_the_rise() -> None:
    writer = Writer()
    for place in range(30):
        writer.show(20 * place, 1.0 if place < 10 else 0.25 if place < 20 else 1.0, lr=0.5)
        if place in {5, 10, 15}:
            writer.save(20 * place)

    (one,) = found(writer.text, "diverged")

    assert one.title == "The loss rose from 0.25 at iteration 200 to 1 at iteration 540"
    assert one.evidence == (
        "line 34: lowest, learning rate 0.5",
        "line 89: last, learning rate 0.5",
        "last snapshot before it rose: snap/net_iter_200.caffemodel (iteration 200, line 37)",
    )
    assert (one.severity, one.line) == ("warning", 34)
