"""What the charts of a run are drawn from: which series, what happened when, the magnitudes of debug_info."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from logparse import parse_log
from logparse.report.elements import TableView
from logparse.report.measured.gradients import clipping_chart, heat_charts
from logparse.report.measured.occasions import STEPS_SHOWN, run_timeline
from logparse.report.measured.outputs import losses, outputs_of_tests, rate, styled
from logparse.report.reported_log import ReportedLog
from logparse.report.sections import training
from logparse.report.templating import FOLDERS
from tests.writing import Writer, data, line, net, read, solver, trained

if TYPE_CHECKING:
    from pathlib import Path

    from logparse.report.elements import ChartView, Content


def table_of(chart: ChartView) -> TableView:
    assert isinstance(chart.table, TableView)
    return chart.table


def reported(writer: Writer) -> ReportedLog:
    return ReportedLog(writer.log())


def section(log: ReportedLog) -> Content:
    found = training.build(log)
    assert found is not None
    return found


def texts(chart: ChartView) -> list[str]:
    return re.findall(r"<text [^>]*>([^<]*)</text>", chart.svg)


def style() -> str:
    return next(folder for folder in FOLDERS if folder.is_dir()).joinpath("report.css").read_text(encoding="utf-8")


# Series ---------------------------------------------------------------------------------------------------------------


def two_nets() -> Writer:
    writer = trained([2.0, 1.5, 1.0])
    for place, value in enumerate((0.1, 0.8, 0.9), 3):
        writer.test(20 * place, net=0, accuracy=value, loss=1 - value)
        writer.test(20 * place, net=1, accuracy=value / 2, loss=2 - value)
    return writer


def test_every_output_of_every_test_net_is_a_series() -> None:
    found = [(one.name, one.net, one.is_score) for one in outputs_of_tests(reported(two_nets()))]
    assert found == [
        ("accuracy", "test #0", True),
        ("loss", "test #0", False),
        ("accuracy", "test #1", True),
        ("loss", "test #1", False),
    ]


def test_series_of_a_panel_have_a_look_each() -> None:
    series = styled([*losses(reported(two_nets())), *(one.series for one in outputs_of_tests(reported(two_nets())))])
    assert [one.css for one in series] == ["c-train", "c-test0", "c-test1", "c-test2", "c-test3"]


def test_every_look_has_hue_dash_and_swatch() -> None:
    for number in range(5):
        assert re.search(rf"\.c-test{number} {{ --c:", style())
        assert re.search(rf"\.line\.c-test{number} {{ stroke-dasharray:", style())


def test_scores_stand_in_a_panel_of_their_own_and_the_best_is_ringed() -> None:
    (chart, *_) = section(reported(two_nets())).charts
    assert {"Loss", "Accuracy, linear scale", "best 0.9 at iteration 100"} <= set(texts(chart))
    assert 'class="ring best"' in chart.svg


def test_scores_of_another_size_do_not_share_the_panel() -> None:
    writer = trained([2.0, 1.0])
    for place in range(3):
        writer.test(40 + 20 * place, {"accuracy": 0.5 + place / 10, "correct_pixels": 5000.0 + place})
    content = section(reported(writer))
    assert "Accuracy, linear scale" in texts(content.charts[0])
    assert "correct_pixels" in texts(content.charts[1])


def test_values_of_one_output_are_told_by_their_number() -> None:
    writer = trained([2.0, 1.0])
    for place in range(3):
        writer.say(f"Iteration {40 + 20 * place}, Testing net (#0)")
        for value in range(8):
            writer.say(f"    Test net output #{value}: class_acc = {value / 10 + place / 100}")
    chart = next(one for one in section(reported(writer)).charts if "class_acc" in one.title)
    assert chart.title == "The 8 values of class_acc, test, end between 0.02 (value 0) and 0.72 (value 7)"
    named = [text for text in texts(chart) if text.startswith("value")]
    assert named == ["value 7", "value 6", "value 1", "value 0"]


def test_one_test_and_one_display_can_be_drawn() -> None:
    writer = trained([2.0])
    writer.test(0, accuracy=0.5)
    (chart,) = section(reported(writer)).charts
    assert chart.title == "The loss was 2 in its only display"


# What happened --------------------------------------------------------------------------------------------------------


def occasions(log: ReportedLog) -> list[tuple[str, float, str]]:
    return [tuple(one) for one in run_timeline(log, losses(log), rate(log)).occasions]  # type: ignore[misc]


def stepped(*rates: float) -> ReportedLog:
    writer = Writer()
    for place, value in enumerate(rates):
        writer.show(20 * place, 2.0 - place / 100, lr=value)
    return reported(writer)


def test_steps_of_the_learning_rate_say_by_how_much() -> None:
    assert occasions(stepped(0.1, 0.1, 0.01, 0.02)) == [("step", 40.0, "lr ÷ 10"), ("step", 60.0, "lr × 2")]


def test_a_rate_that_changes_all_the_time_has_no_steps() -> None:
    assert occasions(stepped(*(0.1 * 0.99**place for place in range(50)))) == []
    assert occasions(stepped(*(0.5**place for place in range(STEPS_SHOWN + 2)))) == []


def test_where_the_loss_is_lost_stands_among_them() -> None:
    assert occasions(reported(trained([2.0, "nan", "nan"]))) == [("bad", 20.0, "not a number from iteration 20")]


def test_a_later_attempt_is_marked_where_it_takes_over() -> None:
    shown = "".join(line(f"Iteration {place}, loss = 1", "solver.cpp") for place in (0, 20))
    log = ReportedLog(read(solver(), shown, solver(), shown.replace("Iteration 0", "Iteration 10")))
    assert occasions(log) == [("start", 10.0, "attempt 2")]
    assert run_timeline(log, losses(log), None).clock == ((), ())  # two clocks are none


def test_snapshots_and_the_clock_are_kept() -> None:
    writer = trained([2.0, 1.0])
    writer.save(20)
    found = run_timeline(reported(writer), [], None)
    assert found.snapshots == (20.0,)
    iterations, seconds = found.clock
    assert iterations == (0.0, 20.0)
    assert seconds[1] - seconds[0] == pytest.approx(1.0)


# Magnitudes -----------------------------------------------------------------------------------------------------------


def with_debug(*gradients: tuple[str, str]) -> ReportedLog:
    """Displays, each after the figures of a pass through conv and fc, whose gradients are these."""
    writer = Writer()
    for place, (conv, fc) in enumerate(gradients):
        writer.say("    [Forward] Layer conv, top blob conv data: 0.5")
        writer.say("    [Backward] Layer fc, bottom blob conv diff: 0.25")
        writer.say(f"    [Backward] Layer fc, param blob 0 diff: {fc}")
        writer.say(f"    [Backward] Layer conv, param blob 0 diff: {conv}")
        writer.show(20 * place, 2.0)
    return reported(writer)


def test_gradients_are_told_by_how_far_they_lie_apart() -> None:
    forward, backward = heat_charts(with_debug(("1e-06", "0.1"), ("1e-07", "1")))
    assert forward.title == "Mean |data| of tops in the forward pass"
    assert backward.title == (
        "Mean |diff| of bottoms and parameters in the backward pass: from 1e−07 (conv param 0) to 1 (fc param 0) at "
        "the last iteration"
    )
    rows = [row.cells[0].text for row in table_of(backward).rows]
    assert rows == ["conv param 0", "conv in fc", "fc param 0"]
    assert [cell.text for cell in table_of(backward).rows[0].cells[1:]] == ["1e−06", "1e−07", "1e−06", "1e−07", "0"]


def test_the_first_gradient_that_is_no_number_is_told() -> None:
    _, backward = heat_charts(with_debug(("0.1", "0.1"), ("0.1", "nan"), ("nan", "nan")))
    assert backward.title.endswith("fc param 0 is the first that is no number, at iteration 20")
    assert backward.svg.count('class="line bad-frame"') == 1


def test_many_iterations_are_drawn_by_their_medians() -> None:
    _, backward = heat_charts(with_debug(*[("0.1", "1")] * 200))
    assert "Each column is the median of 200 / 80 iterations." in backward.note
    assert len(backward.svg) < 60_000


def test_what_reads_the_data_is_no_work_of_the_net() -> None:
    figures = line("[Forward] Layer data, top blob data data: 9") + line("[Forward] Layer a, top blob a data: 1")
    shown = line("Iteration 0, loss = 1", "solver.cpp")
    (chart,) = heat_charts(ReportedLog(read(solver(), net([data()]), figures, shown)))
    assert [row.cells[0].text for row in table_of(chart).rows] == ["a"]


def test_without_debug_info_and_clipping_there_is_no_such_chart() -> None:
    log = reported(trained([2.0, 1.0]))
    assert (list(heat_charts(log)), list(clipping_chart(log))) == ([], [])


def test_clipped_updates_stand_beside_their_threshold() -> None:
    writer = Writer()
    for place, norm in enumerate((4.0, 6.0, 8.0)):
        writer.show(20 * place, 1.0)
        writer.say(
            f"Gradient clipping: scaling down gradients (L2 norm {norm} > 2) by scale factor {2 / norm:g}",
            file="sgd_solver.cpp",
        )
    (chart,) = clipping_chart(reported(writer))
    assert chart.title == "3 updates were clipped; the longest gradient was 4 × the threshold"
    assert chart.svg.count('class="dot c-train"') == 3


@pytest.mark.parametrize("name", ["genuine/lenet_debug_info.log", "genuine/lenet_clip.log", "genuine/two_tests.log"])
def test_real_figures_have_their_charts(shared_logs: Path, name: str) -> None:
    log = ReportedLog(parse_log(shared_logs / name))
    charts = section(log).charts
    assert len(charts) > 1
    styled_names = set(
        re.findall(r"\.([a-z][a-z0-9-]*)", FOLDERS[1].joinpath("report.css").read_text(encoding="utf-8"))
    )
    for chart in charts:
        assert table_of(chart).rows
        marks = {one for found in re.findall(r'class="([^"]*)"', chart.svg) for one in found.split()}
        assert marks <= styled_names
        assert np.isfinite([float(x) for x in re.findall(r' x="([^"]*)"', chart.svg)]).all()
