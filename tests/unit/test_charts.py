"""Drawings: small, themable, closed, the same every time, whatever text a log puts into them."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logparse.report.charts import bars, curves, memory
from logparse.report.charts.axes import CHARACTER
from logparse.report.charts.canvas import Canvas, label
from logparse.report.charts.curves import Series

HOSTILE = "</script><img src=x onerror=alert(1)>"


class Elements(HTMLParser):
    """Names of the elements, and the text of each `<text>`."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.titles: list[str] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        if self.names[-1] == "text" and data.strip():
            self.texts.append(data)
        if self.names[-1] == "title" and data.strip():
            self.titles.append(data)


def steps(count: int, name: str = "layer{}") -> list[memory.Step]:
    return [memory.Step(name.format(i), 100 * i, 100, 60 * i, 60, f"row{i}") for i in range(count)]


def text_of(draw: str) -> list[str]:
    canvas = Canvas(100, 20)
    canvas.text(5, 10, draw, "t-label")
    return Elements(canvas.svg("a text")).texts


@pytest.mark.parametrize(
    "text",
    [
        "a$_{$b",
        "_hidden",
        "$\\frac{1}{2}$",
        HOSTILE,
        "卷积层一",
        "conv & pool",
        "emoji 🎉",
        "\\alpha",
        "%d {x}",
        "a" * 150,
    ],
)
def test_a_label_reads_as_it_is(text: str) -> None:
    assert text_of(text) == [text]


@given(st.text(min_size=1, max_size=40))
def test_any_label_can_be_drawn(text: str) -> None:
    canvas = Canvas(100, 20)
    canvas.text(5, 10, text, "t-label")
    assert Elements(canvas.svg("a text")).names == ["svg", "text"]


def test_a_label_stands_on_one_line_without_control_characters() -> None:
    assert label("a\nb\x00c\u2028d") == "a·b·c·d"


def test_a_long_label_is_shortened_in_the_middle() -> None:
    assert label("inception_4a/output_inception_4a/output_0_split", 20) == "inception…t_0_split"


def test_a_drawing_has_paths_and_text_and_nothing_that_a_policy_would_drop() -> None:
    found = Elements(memory.memory(steps(24), "memory"))
    assert set(found.names) == {"svg", "path", "text", "title"}
    assert found.attributes <= {"class", "d", "x", "y", "transform", "viewbox", "role", "aria-label", "data-row"}


def test_the_description_is_the_text_alternative() -> None:
    assert f'role="img" aria-label="{"a &lt;b&gt; &quot;c&quot;"}"' in memory.memory(steps(3), 'a <b> "c"')


def test_two_drawings_of_the_same_are_the_same() -> None:
    assert memory.memory(steps(24), "memory") == memory.memory(steps(24), "memory")


def test_a_user_setting_of_matplotlib_changes_nothing() -> None:
    plain = memory.memory(steps(5), "memory")
    with mpl.rc_context({"svg.fonttype": "path", "font.size": 30, "path.simplify": False, "text.usetex": False}):
        assert memory.memory(steps(5), "memory") == plain


def test_every_layer_has_hover_text_and_a_row_to_go_to() -> None:
    drawing = memory.memory(steps(7), "memory")
    assert [f'data-row="row{i}"' in drawing for i in range(7)] == [True] * 7
    assert Elements(drawing).titles[2] == "layer2\nlogged +100 B = 200 B\ndistinct +60 B = 120 B"


def test_hover_text_is_escaped() -> None:
    assert "<img" not in memory.memory(steps(2, HOSTILE), "memory")


def test_few_layers_are_all_named_and_many_are_named_by_their_largest() -> None:
    assert {f"layer{i}" for i in range(30)} <= set(Elements(memory.memory(steps(30), "m")).texts)
    names = [text for text in Elements(memory.memory(steps(400), "m")).texts if text.startswith("layer")]
    assert 3 <= len(names) <= memory.TALLEST


def test_a_net_of_180_layers_stays_small() -> None:
    assert len(memory.memory(steps(180), "m")) < 50_000


def test_a_log_without_running_figures_still_shows_distinct_data() -> None:
    rows = [memory.Step("a", None, None, 10, 10), memory.Step("b", None, None, None, None)]
    assert "10 B" in Elements(memory.memory(rows, "m")).texts


def test_figures_of_layers_stand_side_by_side() -> None:
    rows = [bars.LayerRow("a", "k-conv", "a\n10", "row0"), bars.LayerRow("b", "k-other")]
    panels = [
        bars.Panel("Bars", (0.4, None), ("40.0 %", "not known")),
        bars.Panel("Dots", (100.0, None), ("100", "–"), dots=True),
    ]
    drawing = bars.by_layer(rows, panels, "figures")
    assert {"a", "b", "Bars", "Dots", "40.0 %", "not known", "100"} <= set(Elements(drawing).texts)
    assert "–" not in Elements(drawing).texts
    assert drawing.count('class="dot k-conv"') == 1


def test_a_text_of_nothing_draws_nothing_and_leaves_the_next_one_whole() -> None:
    panels = [bars.Panel("Bars", (1.0, 2.0, 3.0), ("", "2 B", "3 B"))]
    rows = [bars.LayerRow(name, "k-conv") for name in ("a", "", "c")]
    drawing = bars.by_layer(rows, panels, "figures")
    assert {"a", "c", "2 B", "3 B"} <= set(Elements(drawing).texts)
    assert "style=" not in drawing


def test_layers_of_which_nothing_is_known_can_be_drawn() -> None:
    panels = [bars.Panel("Bars", (None,), ("not known",)), bars.Panel("Dots", (None,), ("–",), dots=True)]
    assert "not known" in Elements(bars.by_layer([bars.LayerRow("a", "k-other")], panels, "figures")).texts


def test_parts_without_room_are_not_named_in_the_bar() -> None:
    parts = (bars.Share("convolution", "k-conv", 0.999), bars.Share("fully connected", "k-fc", 0.001))
    found = Elements(bars.stacked([bars.Whole("MACs", "1 M", parts)], "shares"))
    assert "convolution 99.9 %" in found.texts
    assert not [text for text in found.texts if text.startswith("fully")]
    assert "fully connected: 0.1 %" in found.titles


def test_the_name_and_the_total_of_a_stacked_bar_have_the_room_they_need() -> None:
    drawing = bars.stacked([bars.Whole("GPU", "843 MB to 3.58 GB", (bars.Share("data", "m-data", 1.0),))], "memory")
    ends = re.findall(r'<text class="[^"]* a-e" x="([\d.]+)"[^>]*>([^<]+)', drawing)
    assert [text for _, text in ends] == ["GPU", "843 MB to 3.58 GB"]
    assert all(float(x) > CHARACTER * len(text) for x, text in ends)


def series(y: list[float], x: list[float] | None = None, *, dots: bool = False) -> Series:
    return Series("loss", "c-train", np.array(x or range(len(y)), dtype=float), np.array(y), dots=dots)


def test_where_a_loss_stops_being_a_number_is_marked_and_the_line_ends() -> None:
    drawing = curves.losses([series([2.0, 1.5, float("nan"), float("nan")])], None, "loss")
    assert "not a number from iteration 2" in Elements(drawing).texts
    assert drawing.count('class="line c-train"') == 1


def test_a_loss_that_is_never_a_number_can_be_drawn() -> None:
    drawing = curves.losses([series([float("nan")] * 3)], None, "loss")
    assert "not a number from iteration 0" in Elements(drawing).texts


def test_a_line_breaks_where_an_attempt_starts_again() -> None:
    drawing = curves.losses([series([3, 2, 1, 2, 1], [0, 10, 20, 10, 20])], None, "loss")
    assert drawing.count('class="line c-train"') == 2


def test_a_learning_rate_that_is_divided_by_ten_gets_a_log_scale() -> None:
    rate = Series("learning rate", "rate", np.array([0.0, 10, 20]), np.array([0.1, 0.01, 0.01]))
    assert "Learning rate, log scale" in Elements(curves.losses([series([2, 1, 1])], rate, "loss")).texts


def test_one_measurement_is_a_dot() -> None:
    assert 'class="dot c-train"' in curves.losses([series([1.0])], None, "loss")


def test_extremes_survive_in_a_curve_of_a_hundred_thousand_points() -> None:
    y = np.ones(100_000)
    y[54_321] = 9.0
    drawing = curves.losses([Series("loss", "c-train", np.arange(100_000.0), y)], None, "loss")
    assert len(drawing) < 40_000
    raw = re.search(r'class="line c-train raw" d="([^"]*)"', drawing)
    assert raw is not None
    heights = [float(number) for number in re.findall(r"[ V](-?[\d.]+)", raw[1])]
    assert max(heights) - min(heights) > 150


def test_panels_beyond_nine_are_left_out() -> None:
    groups = [(f"output{i}", [series([1, 2, 3])]) for i in range(12)]
    texts = Elements(curves.panels(groups, "outputs")).texts
    assert [name for name in texts if name.startswith("output")] == [f"output{i}" for i in range(curves.PANELS)]
