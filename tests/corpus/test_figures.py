"""Every chart of every stranger's log stands alone: as a file that any XML reader takes, and as a figure."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from logparse.report.charts.painting.looks import LOOKED_UP
from logparse.report.charts.painting.plotted import figure_of
from logparse.report.charts.painting.svgfile import svg_file
from logparse.report.figures import charts_in
from logparse.report.view import page_view
from tests.parsed import parsed

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.corpus


def test_each_chart_of_a_stranger_s_log_stands_alone(public_log: Path) -> None:
    (log,) = page_view([parsed(public_log)], None).logs
    charts = [chart for section in log.sections for chart in charts_in(section.name, section.view)]
    assert len({chart.stem for chart in charts}) == len(charts)
    for chart in charts:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", chart.stem)
        made = chart.sheet
        assert {css for mark in made.marks for css in mark.css.split()} <= LOOKED_UP
        drawing = ET.fromstring(svg_file(made, "light"))  # noqa: S314 - made just before
        assert float(drawing.attrib["height"]) == round(made.height)
        assert figure_of(made, "dark").artists
