"""`logparse curve`: every value has its place, labels differ, what is no number is marked, ASCII where it must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from logparse import parse_log
from logparse.cli.main import main
from logparse.cli.screens.curve_text import plots_of
from logparse.export.plot import Plot, PlottedCurve, plotted
from tests.writing import Writer, solver

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def plot(*curves: PlottedCurve, starts: tuple[float, ...] = ()) -> Plot:
    return Plot("Losses", curves, starts, "iterations")


def curve(y: list[float], mark: str = "", name: str = "loss") -> PlottedCurve:
    return PlottedCurve(name, np.arange(len(y), dtype=float), np.array(y, dtype=float), mark)


def lines_of(one: Plot, width: int = 40, height: int = 8, **how: Any) -> list[str]:  # noqa: ANN401 - plain, logarithmic
    return list(plotted(one, width, height, **how))


def test_a_point_stands_where_its_value_is() -> None:
    lines = lines_of(plot(curve([0.0, 5.0, 10.0], "o")), height=11)
    rows = lines[1:12]
    wall = rows[0].index("┤")
    places = [(row, text.index("o", wall) - wall - 1) for row, text in enumerate(rows) if "o" in text[wall:]]
    columns = 40 - wall - 1
    assert places == [(0, columns - 1), (5, round((columns - 1) / 2)), (10, 0)]
    assert [row.split("┤")[0].strip() for row in rows if "┤" in row] == ["10", "6", "2", "0"]


def test_a_line_is_joined_and_falls() -> None:
    lines = lines_of(plot(curve([3.0, 2.0, 1.0])), plain=True, height=9)[1:10]
    columns = [text.index(".") for text in lines]
    assert columns == sorted(columns)
    assert columns[0] < columns[-1]


@pytest.mark.parametrize("width", [20, 33, 80])
def test_no_line_is_longer_than_it_may_be(width: int) -> None:
    one = plot(curve([1.0, 2.0, 1.5]), starts=(1.0,))
    assert max(map(len, lines_of(one, width)[1:10])) <= width


@pytest.mark.parametrize("values", [[0.5, 0.5001], [1e6, 1e6 + 1], [1.0, 1.0], [-3.0, -2.99999]])
def test_labels_of_an_axis_differ(values: list[float]) -> None:
    labels = [row.split("┤")[0].strip() for row in lines_of(plot(curve(values))) if "┤" in row]
    assert len(labels) >= 3
    assert len(set(labels)) == len(labels)


def test_what_is_no_number_is_marked_and_counted() -> None:
    lines = lines_of(plot(curve([2.0, float("nan"), 1.0, float("inf")])), plain=True)
    marks = next(row for row in lines if row.lstrip().startswith("nan"))
    assert marks.count("n") - 2 == 2
    assert any("2 of 4 are not drawn (n)" in row for row in lines)
    assert lines_of(plot(curve([float("nan")]))) == ["Losses: no value is a number"]


def test_a_gap_is_not_joined() -> None:
    whole = lines_of(plot(curve([1.0, 1.0, 1.0])), plain=True)
    broken = lines_of(plot(curve([1.0, float("nan"), 1.0])), plain=True)
    assert sum(row.count(".") for row in broken[1:9]) < sum(row.count(".") for row in whole[1:9]) / 3


def test_a_logarithmic_axis_leaves_out_what_has_no_logarithm() -> None:
    lines = lines_of(plot(curve([100.0, 1.0, 0.01, 0.0], "o")), logarithmic=True, height=9)
    rows = [row for row, text in enumerate(lines[1:10]) if "o" in text]
    assert rows == [0, 4, 8]
    assert any("1 of 4 are not drawn" in row for row in lines)


def test_an_attempt_is_marked_where_it_begins() -> None:
    lines = lines_of(plot(curve([1.0, 2.0, 3.0, 2.0, 1.0], "o"), starts=(2.0,)))
    assert sum("┊" in row for row in lines[1:9]) >= 7
    assert "another attempt begins: 2" in lines[-1]


def test_an_attempt_that_begins_elsewhere_has_no_mark() -> None:
    lines = lines_of(plot(curve([1.0, 2.0, 3.0], "o"), starts=(-3.0, 900.0)))
    assert not any("┊" in row for row in lines)
    assert not any("another attempt" in row for row in lines)


def test_values_at_the_ends_of_what_a_double_holds() -> None:
    lines = lines_of(plot(curve([-1.7e308, 0.0, 1.7e308], "o")), height=9)
    assert [row for row, text in enumerate(lines[1:10]) if "o" in text] == [0, 4, 8]


def test_plain_ascii_is_plain_ascii() -> None:
    one = plot(curve([1.0, float("nan"), 2.0]), curve([1.5, 1.0, 1.2], "x", "test"), starts=(1.0,))
    assert all(row.isascii() for row in lines_of(one, plain=True))
    assert not all(row.isascii() for row in lines_of(one))


def test_the_encoding_of_standard_output_decides(sample_logs: Path, run_logparse: Callable[..., Any]) -> None:
    for encoding, plain in (("ascii", True), ("latin-1", True), ("utf-8", False)):
        done = run_logparse("curve", sample_logs / "lenet.log", env={"PYTHONIOENCODING": encoding})
        assert done.returncode == 0
        assert done.stdout.isascii() is plain


def test_losses_and_scores_are_those_of_the_tables(sample_logs: Path) -> None:
    log = parse_log(sample_logs / "lenet.log")
    losses, scores = plots_of(log, None)
    assert [one.name for one in losses.curves] == ["training loss", "loss of test net #0"]
    assert losses.curves[0].y.tolist() == log.train["loss"].tolist()
    assert scores.curves[0].y.tolist() == log.test.query("output == 'accuracy'")["value"].tolist()
    assert [one.name for one in plots_of(log, ["accuracy"])[0].curves] == ["accuracy of test net #0"]
    assert len(plots_of(log, ["loss"])[0].curves) == 2


def test_attempts_of_a_log_are_starts() -> None:
    writer = Writer(solver())
    for iteration in (0, 10, 20):
        writer.show(iteration, 1.0)
    second = Writer(solver())
    for iteration in (10, 20, 30):
        second.show(iteration, 0.5)
    log = parse_log((writer.text + second.text).encode())
    assert [one.starts for one in plots_of(log, None)] == [(10.0,)]


def test_words_to_the_user(sample_logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = str(sample_logs / "lenet.log")
    assert main(["curve", log, "--what", "accuracy of test net"]) == 2
    assert "did you mean accuracy of test net #0?" in capsys.readouterr().err
    assert main(["curve", log, "-o", "x.csv"]) == 2
    assert main(["curve", log, "--width", "9999999"]) == 2
    assert main(["curve", str(sample_logs / "lenet_excerpt.log")]) == 0
    assert capsys.readouterr().out == "no loss and no score is in the log\n"
