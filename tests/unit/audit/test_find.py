"""All findings together: worst first, more bytes first, what is equal once; and the words that finders share."""

from __future__ import annotations

from dataclasses import replace

from logparse.audit.finders import FINDERS, SEVERITIES, find
from tests.unit.audit.cases import CONV, DONE, FATAL, NET, ODD, SHAPE, SIGTERM, START
from tests.writing import Layer, data, line, net, read


def kinds(*parts: str) -> list[str]:
    log = read(*parts)
    return [one.kind for one in find(log)]


def test_the_severities_worst_first() -> None:
    assert SEVERITIES == ("error", "warning", "hint", "note")


def test_the_finders_in_the_order_in_which_they_speak_within_a_severity() -> None:
    assert [finder.__name__ for finder in FINDERS] == [
        "diagnosed",
        "endings",
        "not_a_number",
        "saturated",
        "in_debug_info",
        "unlearnt",
        "how_lost",
        "negative_loss",
        "diverged",
        "resumed",
        "did_not_take",
        "from_weights_alone",
        "overfitting",
        "unfinished_nets",
        "figure_alone",
        "missing_bytes",
        "missing_shapes",
        "contradicted",
        "cut_dumps",
        "not_derived",
        "lost_by_plan",
        "released_unheld",
        "in_place_candidates",
        "assumed",
        "memory_plans",
        "counted_twice",
        "largest_steps",
        "hot_spots",
        "absent_scores",
        "plateau",
        "best_test",
        "progress",
        "high_start",
        "no_peer_access",
        "lost_time",
        "waited_for_data",
        "slowed",
        "speed",
        "time_left",
        "several_ranks",
        "unknown_lines",
        "outputs_without_column",
        "notes",
    ]


def test_worse_comes_first_then_in_the_order_of_the_finders() -> None:
    relu = Layer("relu", "ReLU", ("conv",), ("relu",), (SHAPE,))

    assert kinds(START, net([data(), CONV, relu, ODD]), line("Frobnicating"), FATAL) == [
        "fatal",
        "not_derived",
        "in_place",
        "largest_steps",
        "unknown_lines",
    ]


def test_within_a_severity_more_bytes_come_first() -> None:
    wide = "2 6 4 4 (192)"
    wider = replace(CONV, name="wide", tops=("wide",), shapes=(wide,), more=CONV.more.replace("3", "6", 1))
    log = read(
        net(
            [
                data(),
                CONV,
                wider,
                Layer("small", "ReLU", ("conv",), ("small",), (SHAPE,)),
                Layer("large", "ReLU", ("wide",), ("large",), (wide,)),
            ]
        )
    )

    told = [one for one in find(log) if one.kind == "in_place"]

    assert [(one.layer_index, one.saves_bytes) for one in told] == [(4, 768), (3, 384)]


def test_what_a_net_says_again_in_a_later_attempt_is_not_told_again() -> None:
    text = START + net([data(), ODD])

    assert kinds(text, text).count("not_derived") == 1
    assert kinds(text, text.replace("odd", "other")).count("not_derived") == 2


def test_what_is_about_an_attempt_is_told_of_each() -> None:
    assert kinds(START, NET, SIGTERM, START, NET, SIGTERM).count("signal") == 2


def test_a_log_of_which_nothing_can_be_said_has_no_finding() -> None:
    assert kinds(START, DONE) == []
