"""Marks that stand alone look as they do on the page: the table of looks against the style sheet in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from logparse import parse_log
from logparse.report.charts.painting.looks import HATCHES, LOOKED_UP, look_of
from logparse.report.charts.painting.mark import Words
from logparse.report.charts.painting.palette import THEMES
from logparse.report.figures import charts_in
from logparse.report.page import render
from logparse.report.view import page_view

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    from logparse.report.charts.painting.looks import Look

pytestmark = pytest.mark.browser

SAMPLES: Final = ("alexnet", "lenet", "lenet_nan", "lstm", "resnet18", "siamese", "time_alexnet")
# What the samples may not show: every kind of layer and of memory, every curve and shade.
OTHERS: Final = (
    *(f"bar {kind}" for kind in ("k-conv", "k-fc", "k-rec", "k-norm", "k-other", "own", "again", "logged", "distinct")),
    *(f"{mark} m-{kind}" for mark in ("bar", "layer", "cell", "t-in", "t-part") for kind in (
        "data", "diff", "params", "gradients", "history", "buffers", "prefetch", "rest")),
    *(f"t-in {kind}" for kind in ("k-conv", "k-fc", "k-rec", "k-norm", "k-other")),
    *(f"{mark} {css}" for mark in ("line", "dot", "area band", "t-value", "ring") for css in (
        "c-train", "c-test0", "c-test1", "c-test2", "c-test3", "c-test4", "c-old", "c-many")),
    *(f"line {css}" for css in ("c-train raw", "c-old raw", "c-many raw", "c-test0 raw", "rate", "logged dashed")),
    *(f"rule {css}" for css in ("bad", "step", "start", "snapshot")),
    *(f"heat h{shade}" for shade in range(9)),
    *(f"spot r{size} k-{kind}" for size in range(1, 7) for kind in ("conv", "fc")),
    *(f"box k-{kind}" for kind in ("conv", "fc", "rec", "norm", "other")),
    *(f"edge e{width}" for width in range(1, 5)),
    "heat bad", "line bad-frame", "bar bad", "rule bad", "t-note bad", "t-value bad", "t-value logged", "t-card",
    "t-value distinct", "t-name dark", "t-note best", "t-note step", "ring best", "dot snapshot", "hit", "axis strip",
    "t-tick", "card", "lead", "ratio", "mark", "grid", "t-head", "t-label", "t-node",
)  # fmt: skip

# A mark of each class inside a chart (marks of the net inside its graph), and what the browser computes for it.
COMPUTED: Final = """(marks) => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    const data = [...canvas.getImageData(0, 0, 1, 1).data];
    return data[3] === 0 ? null : data.slice(0, 3);
  };
  const paint = (value) => {
    if (value === "none") return null;
    const pattern = /url\\("?[^#]*#([^")]+)/.exec(value);
    return pattern ? pattern[1] : rgb(value);
  };
  const [chart, graph] = [document.querySelector("svg.chart"), document.querySelector("svg.graph")];
  return marks.map(([css, kind]) => {
    const one = document.createElementNS("http://www.w3.org/2000/svg", kind);
    one.setAttribute("class", css.replace("edge ", ""));
    (/^(box|edge|t-node)/.test(css) ? graph : chart).append(one);
    const style = getComputedStyle(one);
    const found = {fill: paint(style.fill), stroke: paint(style.stroke), width: parseFloat(style.strokeWidth),
      dash: style.strokeDasharray === "none" ? [] : style.strokeDasharray.split(/[ ,]+/).map(parseFloat),
      opacity: parseFloat(style.opacity), strokeOpacity: parseFloat(style.strokeOpacity),
      cap: style.strokeLinecap, join: style.strokeLinejoin, size: parseFloat(style.fontSize),
      bold: Number(style.fontWeight) >= 600};
    one.remove();
    return found;
  });
}"""


def near(some: list[int] | str | None, colour: tuple[float, float, float] | None) -> bool:
    """Whether two colours differ by no more than a canvas rounds by."""
    if some is None or colour is None or isinstance(some, str):
        return some is None and colour is None
    return all(abs(one - 255 * other) <= 1.6 for one, other in zip(some, colour, strict=True))


def differs(found: dict[str, Any], look: Look, *, text: bool) -> list[str]:
    """What the browser and the table do not agree on."""
    wrong = []
    if found["fill"] != look.hatch if look.hatch else not near(found["fill"], look.fill):
        wrong.append("fill")
    if not near(found["stroke"], look.halo if text else look.stroke):
        wrong.append("stroke")
    if found["opacity"] != look.opacity:
        wrong.append("opacity")
    if text:
        return [*wrong, *(name for name in ("size", "bold") if found[name] != getattr(look, name))]
    if look.stroke is not None:
        told = {"width": look.width, "dash": list(look.dash), "strokeOpacity": look.stroke_opacity}
        wrong += [name for name, value in told.items() if found[name] != value]
        wrong += [name for name in ("cap", "join") if (found[name] == "round") != (look.round == name)]
    return wrong


@pytest.fixture(scope="session")
def looked_at(sample_logs: Path) -> list[tuple[str, str]]:
    """Classes and element of every mark of the samples, and of those that they lack."""
    used = dict.fromkeys((css, "text" if css.startswith("t-") else "path") for css in OTHERS)
    for name in SAMPLES:
        (log,) = page_view([parse_log(sample_logs / f"{name}.log")], None).logs
        for section in log.sections:
            for chart in charts_in(section.name, section.view):
                marks = chart.drawn.marks
                used |= dict.fromkeys((mark.css, "text" if isinstance(mark, Words) else "path") for mark in marks)
    return list(used)


@pytest.mark.parametrize("theme", THEMES)
def test_the_table_of_looks_is_what_the_style_sheet_computes(
    new_page: Callable[..., Page], sample_logs: Path, tmp_path: Path, looked_at: list[tuple[str, str]], theme: str
) -> None:
    path = tmp_path / "report.html"
    path.write_text(render([parse_log(sample_logs / "alexnet.log")]), encoding="utf-8")
    page = new_page(color_scheme=theme, bypass_csp=True)
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    computed = page.evaluate(COMPUTED, [list(one) for one in looked_at])
    apart = {
        css: (wrong, found, look)
        for (css, kind), found in zip(looked_at, computed, strict=True)
        if (wrong := differs(found, look := look_of(css, theme, text=kind == "text"), text=kind == "text"))
    }
    assert not apart, "make charts/painting/looks.py and templates/report.css the same again"


def test_every_row_of_the_table_is_looked_at(looked_at: list[tuple[str, str]]) -> None:
    seen = {one for css, _ in looked_at for one in css.split()}
    assert LOOKED_UP - seen <= {"t-title", "start"}  # the first is of sheets alone


@pytest.mark.parametrize("theme", THEMES)
def test_patterns_have_the_grounds_of_the_page(
    new_page: Callable[..., Page], sample_logs: Path, tmp_path: Path, theme: str
) -> None:
    path = tmp_path / "report.html"
    path.write_text(render([parse_log(sample_logs / "alexnet.log")]), encoding="utf-8")
    page = new_page(color_scheme=theme)
    page.goto(path.as_uri())
    for name, hatch in HATCHES.items():
        if not hatch.ground:
            continue
        ground = page.locator(f"#{name} .ground").evaluate("node => getComputedStyle(node).fill")
        light = page.locator(f"#{name} .light").evaluate("node => getComputedStyle(node).opacity")
        rgb = [int(part) for part in ground[4:-1].split(", ")]
        assert near(rgb, look_of(_WITH[name], theme).fill), name
        assert float(light) == hatch.opacity


_WITH: Final = {
    "hatch-data": "bar m-diff",
    "hatch-params": "bar k-rec",
    "hatch-buffers": "bar k-fc",
    "dots-params": "bar m-history",
}
