"""Several threads at once write what one writes after the other: matplotlib's settings are the whole process's."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import matplotlib as mpl
import pytest

from logparse import parse_log, write_report
from logparse.report.charts.canvas import Canvas

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

THREADS: Final = 6


@pytest.fixture(autouse=True)
def often_another_thread() -> Iterator[None]:
    """Threads change places a thousand times as often as usual, so that a race is seen."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def drawing(number: int) -> str:
    canvas = Canvas(200, 100)
    canvas.line(range(100), [place * number % 7 for place in range(100)], "line")
    for place in range(20):
        canvas.text(place, place, f"word {place} of {number}", "text")
    canvas.rules([(x, 0, x, 100) for x in range(100)], "rule")
    return str(canvas.svg(f"drawing {number}"))


def test_drawings_of_several_threads_are_those_of_one() -> None:
    expected = [drawing(number) for number in range(40)]
    with ThreadPoolExecutor(THREADS) as threads:
        found = list(threads.map(drawing, range(40)))
    assert found == expected
    assert all(f">word 19 of {number}<" in text for number, text in enumerate(found))


@pytest.mark.parametrize(
    "settings", [{"svg.fonttype": "path"}, {"path.simplify": False}, {"path.simplify_threshold": 0.0}]
)
def test_what_a_user_sets_in_matplotlib_changes_no_drawing(settings: dict[str, object]) -> None:
    expected = drawing(3)
    with mpl.rc_context(settings):  # type: ignore[arg-type]  # matplotlib's stubs name every key
        assert drawing(3) == expected


def test_reports_of_several_threads_are_those_of_one(root: Path, tmp_path: Path) -> None:
    logs = [root / "sample_logs" / f"{name}.log" for name in ("siamese", "lenet_nan", "time_alexnet")] * 2

    def report(job: tuple[int, Path]) -> bytes:
        path = tmp_path / f"{job[0]}.html"
        write_report(parse_log(job[1]), path, force=True)
        return path.read_bytes()

    expected = [report(job) for job in enumerate(logs)]
    with ThreadPoolExecutor(THREADS) as threads:
        found = list(threads.map(report, enumerate(logs)))
    assert found == expected


def test_one_log_is_asked_for_its_tables_by_several_threads(root: Path) -> None:
    path = root / "sample_logs" / "lenet_nan.log"
    shared, alone = parse_log(path), parse_log(path)
    with ThreadPoolExecutor(THREADS) as threads:
        found = list(threads.map(lambda name: repr(shared.table(name).to_dict("list")), shared.table_names * 3))
    assert found == [repr(alone.table(name).to_dict("list")) for name in alone.table_names] * 3
