"""One log as the report sees it: the net that leads, which nets are equal, which are printed, and their anchors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logparse.report import reported_log
from logparse.report.reported_log import ReportedLog
from logparse.report.sections import head, training
from logparse.rows import layer_name
from tests.writing import INITIALISED, Layer, data, line, net, read, solver

if TYPE_CHECKING:
    import pytest

TEST = line("Creating test net (#{}) specified by net file: a", "solver.cpp")
SHAPE = "2 3 4 4 (96)"


def of(*names: str, phase: str = "TRAIN", shape: str = SHAPE) -> str:
    """A net of a source and one layer a name."""
    layers = [Layer(name, "ReLU", ("data",), (name,), (shape,)) for name in names]
    return net([data(shape), *layers], phase=phase)


def of_test(number: int, *names: str) -> str:
    return TEST.format(number) + of(*names, phase="TEST")


def lead(*parts: str) -> str | None:
    found = ReportedLog(read(*parts)).lead
    return None if found is None else found.anchor


def test_the_training_net_with_most_layers_leads() -> None:
    small, large = of("a"), of("b", "c")

    assert lead(solver(), small, large) == "a1n1"
    assert lead(solver(), large, small) == "a1n0"
    assert lead(solver(), small, of("d")) == "a1n0"
    assert lead(solver(), small, solver(), large) == "a2n0"


def test_no_test_net_leads_where_anything_is_trained() -> None:
    assert lead(solver(), of("a"), of_test(0, "b", "c", "d")) == "a1n0"
    assert lead(solver(), of_test(0, "b", "c", "d"), of("a")) == "a1n1"


def test_without_a_training_net_the_largest_leads() -> None:
    assert lead(solver(), of_test(0, "a"), of_test(1, "b", "c")) == "a1n1"
    assert lead(solver(), of_test(0, "b", "c"), of_test(1, "a")) == "a1n0"


def nested(*inner: str) -> str:
    """A net of two layers, the second of which has an inner net."""
    outer = net([data()], done=False) + line("Creating Layer l") + line("l <- data") + line("l -> h")
    return outer + of(*inner) + line("Setting up l") + line(f"Top shape: {SHAPE}") + INITIALISED


def test_an_inner_net_never_leads_its_outer_one() -> None:
    assert lead(solver(), nested("a", "b", "c", "d")) == "a1n0"


def test_a_log_without_a_net_has_none_that_leads() -> None:
    assert lead(solver()) is None


# Titles ---------------------------------------------------------------------------------------------------------------


def titles(*parts: str) -> list[str]:
    return [one.title for one in ReportedLog(read(*parts)).nets]


def test_nets_are_told_apart_by_what_tells_them_apart() -> None:
    assert titles(of("a")) == ["TRAIN net"]
    assert titles(solver(), of("a"), of_test(0, "b")) == ["TRAIN net", "TEST net"]
    assert titles(solver(), of("a"), of_test(0, "b"), of_test(1, "b")) == ["TRAIN net", "TEST net #0", "TEST net #1"]
    assert titles(solver(), of("a"), solver(), of("a")) == ["Attempt 1, TRAIN net", "Attempt 2, TRAIN net"]
    assert titles(line(f"Top shape: {SHAPE}")) == ["Net"]
    assert titles(nested("a")) == ["TRAIN net", "TRAIN net inside l"]


def test_a_net_in_the_middle_of_a_sentence() -> None:
    assert [one.kind for one in ReportedLog(read(of("a"))).nets] == ["TRAIN net"]
    assert [one.kind for one in ReportedLog(read(line(f"Top shape: {SHAPE}"))).nets] == ["net"]


# Equal nets -----------------------------------------------------------------------------------------------------------


def equal(*parts: str) -> list[tuple[str, list[str]]]:
    groups = ReportedLog(read(*parts)).distinct_nets
    return [(first.anchor, [other.anchor for other in others]) for first, others in groups]


def test_a_net_that_is_set_up_again_is_one_with_the_first() -> None:
    once = solver() + of("a") + of_test(0, "b")

    assert equal(once, once) == [
        ("a1n0", ["a2n0"]),
        ("a1n1", ["a2n1"]),
    ]


def test_a_net_that_differs_in_anything_is_another() -> None:
    wide = "2 6 4 4 (192)"

    assert len(equal(solver(), of("a"), solver(), of("b"))) == 2
    assert len(equal(solver(), of("a"), solver(), of("a", shape=wide))) == 2
    assert len(equal(solver(), of("a"), solver(), of("a").replace('"ReLU"', '"TanH"'))) == 2
    assert len(equal(solver(), of("a"), solver(), of_test(0, "a"))) == 2
    flag = line("a needs backward computation.")
    assert len(equal(solver(), of("a"), solver(), of("a").replace(INITIALISED, flag + INITIALISED))) == 2


# Printed nets and links -----------------------------------------------------------------------------------------------


def test_of_very_many_layers_those_of_the_leading_net_are_always_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five rows at most: the leading net has four, so that a net of two is left out and one of one is not."""
    monkeypatch.setattr(reported_log, "LAYERS_PRINTED", 5)
    one = TEST.format(1) + net([data()], phase="TEST")
    found = ReportedLog(read(solver(), of_test(0, "x"), of("a", "b", "c"), one))

    assert [first.anchor for first, _ in found.printed_nets] == ["a1n1", "a1n2"]
    assert found.layer_href(1, 0, 0) == ""


def test_links_go_to_the_net_that_is_printed() -> None:
    found = ReportedLog(read(solver(), of("a"), solver(), of("a")))

    assert found.layer_href(2, 0, 1) == "#a1n0-1"
    assert found.layer_href(1, 0, None) == "#a1n0"
    assert found.layer_href(None, 0, 1) == found.layer_href(1, None, 1) == found.layer_href(7, 0, 1) == ""
    row = {"attempt": 2, "net_index": 0, "layer_index": 1}
    assert found.layer_target(row) == "a1n0-1"
    assert found.linked([row]) == [{**row, "_href": "#a1n0-1"}]


def test_several_logs_of_a_report_have_anchors_of_their_own() -> None:
    log = read(of("a"))

    assert [one.anchor for one in ReportedLog(log, number=2, alone=False).nets] == ["log2-a1n0"]
    assert ReportedLog(log, number=2, alone=True).prefix == ""


def test_a_layer_without_a_name_is_called_unnamed() -> None:
    assert layer_name({"layer": None}) == "(unnamed)"
    assert layer_name({"layer": "conv1"}) == "conv1"
    assert layer_name({}) == "(unnamed)"


# One attempt leads ----------------------------------------------------------------------------------------------------

SHOWN = line("Iteration 0, loss = 2", "solver.cpp") + line("Iteration 20, loss = 1", "solver.cpp")
NAN = line("Iteration 40, loss = nan", "solver.cpp")
DONE = line("Optimization Done.", "solver.cpp")
FATAL = line("Check failed: a == b", "layer.cpp", "F")
ADAM = solver('type: "Adam"\n')


def lede(*parts: str) -> str:
    return head.build(ReportedLog(read(*parts))).lede


def test_what_was_trained_leads_before_what_is_larger() -> None:
    assert lead(ADAM, of("a"), SHOWN, DONE, of("b", "c", "d")) == "a1n0"
    assert lead(ADAM, of("a"), of("b", "c", "d")) == "a1n1"


def test_of_equal_nets_the_last_that_was_trained_leads() -> None:
    assert lead(solver(), of("a"), SHOWN, solver(), of("a"), SHOWN) == "a2n0"
    assert lead(solver(), of("a"), SHOWN, solver(), of("a"), FATAL) == "a1n0"


def test_the_head_is_about_one_attempt_and_the_end_of_the_last_is_told_as_its() -> None:
    net, loss = (
        "A TRAIN net of 2 layers at batch 2",
        "Its loss was between 1 and 2 in its 2 displays, too few for a trend.",
    )
    assert lede(ADAM, of("a"), SHOWN, DONE) == f"{net}, trained with Adam to iteration 20 in 0 ms. {loss}"
    assert lede(ADAM, of("a"), SHOWN, DONE, of("b", "c"), FATAL) == (
        f"{net}, trained with Adam to iteration 20 in 0 ms. {loss} The last attempt failed before its first display: "
        "Check failed: a == b."
    )
    assert lede(solver(), FATAL, ADAM, of("a"), SHOWN, DONE) == (
        f"{net}, trained with Adam to iteration 20 in 0 ms. {loss}"
    )


def test_nothing_was_trained_that_displays_nothing() -> None:
    assert lede(ADAM, FATAL) == "A log without a net's set-up. The run failed in its set-up: Check failed: a == b."


def test_a_loss_that_is_no_number_comes_before_the_end() -> None:
    assert lede(ADAM, of("a"), SHOWN, NAN, DONE) == (
        "A TRAIN net of 2 layers at batch 2, trained with Adam to iteration 40 in 0 ms. It diverged: its loss is not a "
        "number (nan) from iteration 40 on. The run went on to its end all the same: Caffe never looks at its loss."
    )


def test_settings_that_turn_nothing_on_are_not_told() -> None:
    settings = solver("base_lr: 0.1\niter_size: 1\nclip_gradients: -1\n")
    assert next(fact for fact in head.build(ReportedLog(read(settings, SHOWN))).facts).note == "lr 0.1"
    settings = solver("iter_size: 4\nclip_gradients: 35\n")
    note = next(fact for fact in head.build(ReportedLog(read(settings, SHOWN))).facts).note
    assert note == "4 passes per update · gradients clipped at 35"


def test_the_loss_at_the_end_is_one_figure() -> None:
    """Card, sentence, comparison, chart and table `attempts` say the same of the same log."""
    losses = [5.0] * 5 + [1.0] * 28 + [9.0]
    run = "".join(line(f"Iteration {20 * place}, loss = {loss}", "solver.cpp") for place, loss in enumerate(losses))
    log = ReportedLog(read(solver(), of("a"), run))

    assert log.loss_at_end == (1.0, True)
    view = head.build(log)
    content = training.build(log)
    assert content is not None
    assert [(card.text, card.note) for card in view.cards if card.name == "Loss at the end"] == [
        ("1", "median of the last displays; 5 in the first 5")
    ]
    assert "Its loss fell to 1." in view.lede
    assert content.charts[0].title == "The training loss falls from 5 in its first 5 displays to 1 by iteration 660"
