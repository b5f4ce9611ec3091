"""No violation that axe-core knows of: WCAG 2 A and AA and its best practices, in both themes, wide and on a phone."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it has no types

from logparse import parse_log, write_report

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

SAMPLES: Final = ("alexnet", "resnet18", "lstm", "lenet_nan", "lenet_excerpt", "time_alexnet")
# What a review meeting may look at: out of memory with and without a test net, several attempts, debug_info, a fork
SHARED: Final = (
    "gpu/gpu_oom_test_net",
    "gpu/gpu_oom_vgg16_b660",
    "genuine/lenet_debug_info",
    "genuine/two_tests",
    "genuine/err_missing_solver",
    "genuine/googlenet",
)
TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
SCREENS: Final = ((1440, 900), (375, 812))


def violations(new_page: Callable[..., Page], report: Path) -> list[str]:
    """Rule, place and width of each, with every fold open."""
    found: list[str] = []
    for scheme, (width, height) in product(("light", "dark"), SCREENS):
        page = new_page(viewport={"width": width, "height": height}, color_scheme=scheme, bypass_csp=True)
        page.goto(report.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        told: dict[str, Any] = Axe().run(page, options={"runOnly": TAGS, "resultTypes": ["violations"]}).response
        found += [f"{width} {scheme}: {one['id']} at {one['nodes'][0]['html'][:120]}" for one in told["violations"]]
        page.close()
    return found


@pytest.mark.parametrize("name", SAMPLES)
def test_a_report_has_no_violation(name: str, new_page: Callable[..., Page], sample_logs: Path, tmp_path: Path) -> None:
    write_report(parse_log(sample_logs / f"{name}.log"), tmp_path / "report.html")
    assert violations(new_page, tmp_path / "report.html") == []


@pytest.mark.parametrize("name", SHARED)
def test_a_report_of_a_run_that_went_wrong_or_is_large_has_none(
    name: str, new_page: Callable[..., Page], shared_logs: Path, tmp_path: Path
) -> None:
    write_report(parse_log(shared_logs / f"{name}.log"), tmp_path / "report.html")
    assert violations(new_page, tmp_path / "report.html") == []


def test_several_logs_on_one_page_have_none(new_page: Callable[..., Page], sample_logs: Path, tmp_path: Path) -> None:
    write_report([parse_log(sample_logs / f"{name}.log") for name in ("lenet", "lenet_nan")], tmp_path / "report.html")
    assert violations(new_page, tmp_path / "report.html") == []
