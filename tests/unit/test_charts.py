"""Drawings: small, themable, closed, the same every time, whatever text a log puts into them."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logparse.report.charts import bars, curves, heat, mirror, sparks
from logparse.report.charts.across import NamedSlots
from logparse.report.charts.axes import CHARACTER
from logparse.report.charts.canvas import Canvas, label
from logparse.report.charts.curves import CurvePanel, Occasion, Series, Timeline
from logparse.report.charts.story import LABELLED, Slot, Story, Stratum, largest, story

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


def slots(count: int, name: str = "layer{}") -> tuple[Slot, ...]:
    return tuple(Slot(name.format(i), (60 + i, 40), 60 + i, 40, 100 * (i + 1)) for i in range(count))


def told(count: int, name: str = "layer{}", card: tuple[str, int] | None = None) -> Story:
    kinds = (("data", "m-data"), ("diffs", "m-diff"))
    base = (Stratum("parameters", "m-params", 500),)
    return Story(slots(count, name), base, kinds, (NamedSlots("all", 0, count),), card)


def drawn(count: int, name: str = "layer{}", card: tuple[str, int] | None = None) -> str:
    return story(told(count, name, card), "memory")


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
    found = Elements(drawn(24))
    assert set(found.names) == {"svg", "path", "text"}
    assert found.attributes <= {"class", "d", "x", "y", "transform", "viewbox", "role", "aria-label", "data-row"}


def test_the_description_is_the_text_alternative() -> None:
    assert f'role="img" aria-label="{"a &lt;b&gt; &quot;c&quot;"}"' in story(told(3), 'a <b> "c"')


def test_two_drawings_of_the_same_are_the_same() -> None:
    assert drawn(24) == drawn(24)


def test_a_user_setting_of_matplotlib_changes_nothing() -> None:
    plain = drawn(5)
    with mpl.rc_context({"svg.fonttype": "path", "font.size": 30, "path.simplify": False, "text.usetex": False}):
        assert drawn(5) == plain


def test_names_in_a_drawing_are_escaped() -> None:
    assert "<img" not in drawn(2, HOSTILE)
    assert "&lt;/script&gt;" in drawn(2, HOSTILE)


@pytest.mark.parametrize("count", [1, 2, 8, 30, 170, 2000])
def test_the_largest_are_named_however_many_layers_there_are(count: int) -> None:
    names = [text for text in Elements(drawn(count)).texts if text.startswith("layer")]
    assert sorted(names) == sorted(f"layer{i}" for i in range(max(count - LABELLED, 0), count))


def test_no_name_over_the_steps_meets_another() -> None:
    places = re.findall(r'class="t-name a-m" x="([0-9.]+)" y="([0-9.]+)">(layer[0-9]+)<', drawn(300))
    rows: dict[str, list[tuple[float, float]]] = {}
    for x, y, text in places:
        half = len(text) * CHARACTER / 2
        rows.setdefault(y, []).append((float(x) - half, float(x) + half))
    assert len(places) == LABELLED
    for ends in rows.values():
        assert all(one[1] <= other[0] for one, other in itertools.pairwise(sorted(ends)))


def test_the_largest_are_those_that_own_most_and_none_that_owns_nothing() -> None:
    some = (Slot("a", (0,), 0, 9, None), Slot("b", (1,), 5, 0, None), Slot("c", (1,), None, None, None))
    assert largest(some) == [1]


@pytest.mark.parametrize(("count", "limit"), [(24, 12_000), (180, 20_000), (2000, 50_000)])
def test_the_story_of_many_layers_stays_small(count: int, limit: int) -> None:
    assert len(drawn(count)) < limit


def test_the_running_area_ends_at_all_that_is_held() -> None:
    one = told(10)
    assert one.running[-1] == 500 + sum(sum(slot.grown) for slot in one.slots)
    assert {"parameters 500 B", "data 645 B", "diffs 400 B", "logged 1.00 kB"} <= set(Elements(drawn(10)).texts)


def test_the_layer_that_passes_the_card_is_named() -> None:
    one = told(10, card=("a card", 1000))
    at = one.crossing
    assert at is not None
    assert one.running[at] > 1000 >= one.running[at - 1]
    texts = Elements(drawn(10, card=("a card", 1000))).texts
    assert {"a card: 1.00 kB", f"passed at layer{at}"} <= set(texts)


def test_a_card_with_far_more_room_stands_beside_the_picture_and_not_in_it() -> None:
    drawing = drawn(10, card=("a card", 100_000))
    assert "1.5 % of a card (100 kB)" in Elements(drawing).texts
    assert 'class="card"' not in drawing
    assert told(10, card=("a card", 100_000)).crossing is None


def test_a_log_without_running_figures_has_no_line_of_them_and_unknown_layers_are_marked() -> None:
    rows = (Slot("a", (10,), 10, None, None), Slot("b", (0,), None, None, None))
    drawing = story(Story(rows, (), (("data", "m-data"),), (NamedSlots("all", 0, 2),)), "m")
    assert {"data 10 B", "?"} <= set(Elements(drawing).texts)
    assert "logged" not in drawing


def test_figures_without_any_byte_can_be_drawn() -> None:
    assert "<svg" in story(Story((Slot("a", (0,), 0, 0, 0),), (), (("data", "m-data"),), ()), "m")


def bar(name: str, macs: float | None, params: float | None, ms: float | None = None) -> mirror.CostBar:
    return mirror.CostBar(name, macs, params, ms, "k-conv")


def test_time_has_a_lane_only_where_it_was_measured() -> None:
    spans = (NamedSlots("one", 0, 2),)
    plain = Elements(mirror.mirrored([bar("a", 10, 4), bar("b", None, 0)], spans, "m")).texts
    timed = Elements(mirror.mirrored([bar("a", 10, 4, 2.5), bar("b", None, 0, float("inf"))], spans, "m")).texts
    assert {"MACs", "Parameters", "a", "one"} <= set(plain)
    assert "Time, forward and backward" not in plain
    assert "Time, forward and backward" in timed


def test_dots_of_layers_stand_by_parameters_and_macs_with_lines_of_equal_use() -> None:
    layers = [mirror.Weighted("a", 10, 1000, 50, "k-conv"), mirror.Weighted("b", 1000, 1000, 10, "k-fc")]
    drawing = mirror.scatter(layers, "m")
    assert {"a", "b", "each weight used once", "100 times"} <= set(Elements(drawing).texts)
    (one,) = re.findall(r'class="spot r6 k-conv" d="M([0-9.]+) ([0-9.]+)H', drawing)
    (other,) = re.findall(r'class="spot r[0-9] k-fc" d="M([0-9.]+) ([0-9.]+)H', drawing)
    assert float(one[0]) < float(other[0])
    assert one[1] == other[1]


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


def curve(*some: Series, rate: Series | None = None, score: bool = False, **more: object) -> str:
    """One panel of series, with what the panels share."""
    return curves.run([CurvePanel("Loss", some, score=score)], Timeline(rate, **more), "loss")  # type: ignore[arg-type]


def test_the_line_ends_where_a_loss_stops_being_a_number() -> None:
    y = [2.0, 1.5, float("nan"), float("nan")]
    drawing = curve(series(y), occasions=(Occasion("bad", 2.0, "not a number from iteration 2"),))
    assert "not a number from iteration 2" in Elements(drawing).texts
    assert drawing.count('class="line c-train"') == 1
    assert drawing.count('class="rule bad"') == 1
    assert curves.first_broken(series(y)) == 2.0


def test_a_loss_that_is_never_a_number_can_be_drawn() -> None:
    assert "Loss" in Elements(curve(series([float("nan")] * 3))).texts


def test_a_line_breaks_where_an_attempt_starts_again() -> None:
    drawing = curve(series([3, 2, 1, 2, 1], [0, 10, 20, 10, 20]))
    assert drawing.count('class="line c-train"') == 2


def test_a_learning_rate_that_is_divided_by_ten_gets_a_log_scale() -> None:
    rate = Series("learning rate", "rate", np.array([0.0, 10, 20]), np.array([0.1, 0.01, 0.01]))
    assert "Learning rate, log scale" in Elements(curve(series([2, 1, 1]), rate=rate)).texts


def test_one_measurement_is_a_dot_over_its_own_iteration() -> None:
    drawing = curve(series([1.0], [120_000]))
    assert 'class="dot c-train"' in drawing
    assert [text for text in Elements(drawing).texts if text.startswith("120,")] == ["120,000"]


def heights(drawing: str, css: str) -> list[float]:
    path = re.search(rf'class="{css}" d="([^"]*)"', drawing)
    assert path is not None
    return [float(number) for number in re.findall(r"[ V](-?[\d.]+)", path[1])]


@pytest.mark.parametrize("number", [10, 1_000, 100_000, 1_000_000])
def test_extremes_survive_however_many_points_there_are(number: int) -> None:
    y = np.ones(number)
    y[number // 2] = 9.0
    drawing = curve(Series("loss", "c-train", np.arange(float(number)), y))
    assert len(drawing) < 40_000
    css = "area band c-train" if number >= curves.BAND_FROM else "line c-train"
    assert max(heights(drawing, css)) - min(heights(drawing, css)) > 150


def test_scores_stand_on_a_linear_scale_always() -> None:
    y = [0.001, 0.5, 0.9, 0.95]
    assert "Loss, log scale" in Elements(curve(series(y, dots=True))).texts
    assert "Loss" in Elements(curve(series(y, dots=True), score=True)).texts


def test_what_an_untrained_net_scores_does_not_crush_the_rest() -> None:
    texts = Elements(curve(series([0.1, 0.98, 0.985, 0.99], dots=True), score=True)).texts
    assert "↓ 0.1 at the start" in texts
    assert "0.985" in texts


def test_ends_that_differ_read_differently() -> None:
    texts = Elements(curve(series([1.0, 0.99214], dots=True), series([1.0, 0.99226], dots=True), score=True)).texts
    assert {"0.9921", "0.9923"} <= set(texts)


def test_of_a_bundle_the_highest_and_the_lowest_ends_are_named() -> None:
    many = [
        Series(f"value {place}", "c-many", np.arange(3.0), np.array([0.0, 0.5, place / 10]), dots=True)
        for place in range(10)
    ]
    texts = Elements(curve(*many, score=True)).texts
    assert [text for text in texts if text.startswith("value")] == ["value 9", "value 8", "value 1", "value 0"]


def test_what_happened_runs_through_all_panels() -> None:
    panels = [CurvePanel("Loss", (series([2.0, 1.0]),)), CurvePanel("Accuracy", (series([0.1, 0.9]),), score=True)]
    drawing = curves.run(panels, Timeline(occasions=(Occasion("step", 1.0, "lr ÷ 10"),), snapshots=(1.0,)), "loss")
    rule = heights(drawing, "rule step")
    assert max(rule) - min(rule) > 2 * curves.HEIGHT
    assert "lr ÷ 10" in Elements(drawing).texts
    assert "snapshot of iteration 1" in Elements(drawing).titles


def test_time_stands_under_the_iterations() -> None:
    drawing = curve(series([2.0, 1.0], [0, 100]), clock=((0.0, 100.0), (0.0, 7200.0)))
    assert {"0 s", "2 h 00 min", "since the start"} <= set(Elements(drawing).texts)


def test_values_that_stand_at_one_iteration_are_not_joined() -> None:
    several = Series("norm", "c-train", np.array([0.0, 0, 0, 20]), np.array([3.0, 4, 5, 6]), joined=False)
    drawing = curve(several)
    assert "line c-train" not in drawing
    assert drawing.count('class="dot c-train"') == 4


def test_panels_beyond_nine_are_left_out() -> None:
    groups = [(f"output{i}", [series([1, 2, 3])]) for i in range(12)]
    texts = Elements(curves.panels(groups, "outputs", scores=frozenset())).texts
    assert [name for name in texts if name.startswith("output")] == [f"output{i}" for i in range(curves.PANELS)]


def test_small_panels_show_the_same_iterations() -> None:
    groups = [("a", [series([1, 2], [0, 50])]), ("b", [series([1, 2], [0, 100])])]
    texts = Elements(curves.panels(groups, "outputs", scores=frozenset())).texts
    assert texts.count("100") == 2
    assert "50" not in texts


@pytest.mark.parametrize("shape", ["circle", "square", "diamond", "triangle"])
def test_every_mark_is_a_shape_of_its_own_size(shape: str) -> None:
    canvas = Canvas(100, 100)
    canvas.dots([(50, 50)], 4, "dot", shape=shape)
    path = re.search(r'd="([^"]*)"', canvas.svg("marks"))
    assert path is not None
    places = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", path[1])]
    assert all(44 <= place <= 56 for place in places)


# Heat maps ------------------------------------------------------------------------------------------------------------


def test_magnitudes_are_shaded_by_their_logarithm() -> None:
    shades, ends = heat.shaded(np.array([[1e-6, 1e-3, 1.0], [np.nan, 0.0, np.inf]]))
    assert shades.tolist() == [[0, 4, 8], [-1, 0, -1]]
    assert ends == (1e-6, 1.0)


def test_a_map_of_zeros_can_be_drawn() -> None:
    shades, ends = heat.shaded(np.zeros((1, 2)))
    assert (shades.tolist(), ends) == ([[0, 0]], None)
    assert Elements(heat.heat(heat.HeatMap(("a",), (0, 1), np.zeros((1, 2))), "map")).texts[0] == "a"


def test_the_first_that_is_no_number_has_a_frame() -> None:
    found = heat.HeatMap(("conv1", "conv2"), (0, 20), np.array([[1.0, np.inf], [2.0, np.inf]]))
    drawing = heat.heat(found, "map")
    frame = heights(drawing, "line bad-frame")
    assert 30 < min(frame) < 34 < max(frame) < 52  # about the first row, not the second
    assert drawing.count('class="heat bad"') == 1


# Small drawings beside figures ----------------------------------------------------------------------------------------


def widths(drawing: str, css: str) -> list[float]:
    paths = re.findall(rf'class="{css}" d="M([\d.]+) [\d.]+H([\d.]+)', drawing)
    assert paths, css
    return [float(end) - float(start) for start, end in paths]


def test_a_gauge_shows_the_range_against_its_card() -> None:
    drawing = sparks.gauge(4e9, 8e9, 16e9, "memory")
    (card,), (low,), (span,) = (widths(drawing, css) for css in ("g-card", "bar m-data", "g-range m-data"))
    assert low / card == pytest.approx(0.25, abs=0.01)
    assert span / card == pytest.approx(0.25, abs=0.01)


def test_a_gauge_of_what_cannot_fit_is_another_colour() -> None:
    assert 'class="bar bad"' in sparks.gauge(9e9, 10e9, 8e9, "memory")
    assert 'class="bar bad"' not in sparks.gauge(7e9, 10e9, 8e9, "memory")


def test_an_open_range_runs_to_the_edge() -> None:
    drawing = sparks.gauge(1e9, None, None, "memory")
    low, span = widths(drawing, "bar m-data")[0], widths(drawing, "g-range m-data")[0]
    assert low + span == pytest.approx(sparks.SPARK_WIDTH - 2, abs=0.5)
    assert span > 20


def test_a_whole_is_cut_into_its_parts() -> None:
    drawing = sparks.split([("k-conv", 0.75, "a"), ("k-fc", 0.25, "b")], "parts")
    assert widths(drawing, "bar k-conv")[0] > 2.9 * widths(drawing, "bar k-fc")[0]
    assert Elements(drawing).titles == ["a", "b"]


def test_a_small_curve_rings_its_best_point() -> None:
    x, y = np.arange(3.0), np.array([1.0, 5.0, 2.0])
    assert 'class="ring c-train"' in sparks.curve(x, y, 1, "scores")
    assert sparks.curve(x[:1], y[:1], 0, "one") == ""
