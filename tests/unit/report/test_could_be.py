"""What the net could be: sentences, plans and what-ifs say what their tables say; nothing where nothing is known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pytest

from logparse import formats, parse_log
from logparse.report.charts import plan as plan_chart
from logparse.report.elements import LinesView, TableView
from logparse.report.reported_log import ReportedLog
from logparse.report.sections import could_be
from tests.writing import Layer, net, read, solver

if TYPE_CHECKING:
    from pathlib import Path

    from logparse.api import Log
    from logparse.report.elements import ChartView, Content

SAMPLES: Final = ("alexnet", "lenet", "resnet18", "siamese", "lstm", "time_alexnet")


def section(log: Log) -> Content:
    found = could_be.build(ReportedLog(log))
    assert found is not None
    return found


def lead_rows(log: Log, table: str) -> list[dict[str, Any]]:
    """The rows of the leading net."""
    lead = ReportedLog(log).lead
    assert lead is not None
    return [
        dict(row)
        for row in ReportedLog(log).rows(table)
        if (row["attempt"], row["net_index"]) == (lead.row["attempt"], lead.row["net_index"])
    ]


def table_of(chart: ChartView) -> TableView:
    assert isinstance(chart.table, TableView)
    return chart.table


def column(table: TableView, title: str) -> list[str]:
    place = [head.title for head in table.heads].index(title)
    return [row.cells[place].text for row in table.rows]


@pytest.mark.parametrize("name", SAMPLES)
def test_the_headline_of_the_plans_is_the_plan_of_a_training_step(sample_logs: Path, name: str) -> None:
    log = parse_log(sample_logs / f"{name}.log")
    plans = {row["scheme"]: row for row in lead_rows(log, "plan")}
    drawn = plans.get("training_caffe") or plans["inference"]
    title = section(log).charts[0].title
    assert f"need {formats.size(drawn['bytes'])}, Caffe keeps" in title
    assert formats.size(drawn["bytes"] + drawn["saves_bytes"]) in title
    assert ("no plan needs less" in title) == (drawn["bytes"] == drawn["bound_bytes"])
    assert ("a training step" in title) == ("training_caffe" in plans)


def test_a_scheme_that_changes_nothing_has_no_bar(sample_logs: Path) -> None:
    """ResNet-18 works in place wherever it may, and cuDNN reads what the engine CAFFE does."""
    log = parse_log(sample_logs / "resnet18.log")
    plans = {row["scheme"]: row["bytes"] for row in lead_rows(log, "plan")}
    assert plans["in_place"] == plans["caffe"]
    schemes = column(table_of(section(log).charts[0]), "Scheme")
    assert "in_place" not in schemes
    assert schemes[0] == "caffe"
    extra = re.findall(r"[\d.]+ GMAC", section(log).charts[0].svg)
    assert extra == [
        formats.mac_count(row["extra_macs"]) for row in lead_rows(log, "plan") if row["scheme"].startswith("check")
    ]


def test_the_picture_of_a_plan_has_a_box_a_block_and_marks_where_most_is_alive(sample_logs: Path) -> None:
    log = parse_log(sample_logs / "resnet18.log")
    chart = section(log).charts[1]
    plan = next(row for row in lead_rows(log, "plan") if row["scheme"] == "training_caffe")
    blocks = [row for row in lead_rows(log, "placement") if row["scheme"] == "training_caffe" and row["bytes"]]
    assert isinstance(chart.table, LinesView)
    heads, *lines = (line.split("\t") for line in chart.table.lines)
    assert heads == ["block", "half", "bytes", "offset", "from step", "to step"]
    listed = sorted(blocks, key=lambda row: -row["bytes"])[:60]
    assert len(lines) == len(listed) < len(blocks)
    assert sorted((line[0], int(line[2]), int(line[3])) for line in lines) == sorted(
        (row["block"], row["bytes"], row["offset_bytes"]) for row in listed
    )
    assert f"Of {len(blocks)} blocks the 60 largest" in chart.table.note
    assert f"at {plan['peak_layer']}, {plan['peak_pass']}" in chart.title
    assert f"fullest: {formats.size(plan['bytes'])}" in chart.svg
    assert chart.svg.count("<title>") > 20
    assert [name for _, name in chart.key] == ["data", "gradient"]


def test_a_picture_of_hundreds_of_blocks_stays_small() -> None:
    blocks = [
        plan_chart.Block(f"inception_{place}/output", "m-data", 4096 * (1 + place % 9), 4096 * place, place, place + 40)
        for place in range(300)
    ]
    stretches = [plan_chart.Stretch("forward", 0, 170), plan_chart.Stretch("backward", 170, 340)]
    drawing = plan_chart.plan(blocks, stretches, (40, "fullest"), "plan")
    assert len(drawing) < 40_000
    assert {"forward", "backward", "fullest"} <= set(re.findall(r">([^<]+)</text>", drawing))


def test_who_holds_most_is_told_with_the_share(sample_logs: Path) -> None:
    log = parse_log(sample_logs / "alexnet.log")
    layers = lead_rows(log, "layers")
    held, buys = section(log).paragraphs
    for key, form in (("distinct_bytes", formats.size), ("params", formats.short), ("macs_per_image", formats.short)):
        worst = max(layers, key=lambda row: row[key] or 0)
        share = worst[key] / sum(row[key] or 0 for row in layers)
        assert re.search(rf"{worst['layer']} {form(worst[key])} of \w+ \({formats.percent(share)}\)", held)
    best = max(lead_rows(log, "levers"), key=lambda row: row["saves_gpu_bytes"] or 0)
    assert f"{formats.size(best['saves_gpu_bytes'])} of memory on the GPU, with {best['layer']}" in buys


def test_the_levers_stand_largest_first_and_those_unknown_are_counted(sample_logs: Path) -> None:
    log = parse_log(sample_logs / "resnet18.log")
    (table,) = section(log).folded
    rows = lead_rows(log, "levers")
    known = sorted((row["saves_gpu_bytes"] for row in rows if row["saves_gpu_bytes"] is not None), reverse=True)
    assert column(table, "Whole run") == [formats.size(size) for size in known[:10]]
    assert "The table levers has more." in table.note
    assert f"{len(rows) - len(known)} cannot be followed" in table.note
    assert any(cell.startswith(formats.MINUS) for cell in column(table, "Data"))  # two factors: a blob between them


def test_a_what_if_tells_what_changes_and_what_it_takes_for_granted(sample_logs: Path) -> None:
    chart = section(parse_log(sample_logs / "alexnet.log")).charts[-1]
    rows = {row.cells[0].text: row.cells for row in table_of(chart).rows}
    titles = [head.title for head in table_of(chart).heads]
    doubled = rows["batch 8"]
    assert doubled[titles.index("Distinct data")].text == "45.2 MB\n×2"
    assert doubled[titles.index("Parameters")].css == "z"
    assert "batch 4 → 8" in doubled[-1].text


def test_the_headline_of_the_what_ifs_is_what_fits(sample_logs: Path) -> None:
    log = parse_log(sample_logs / "alexnet.log")
    fits = [row for row in ReportedLog(log).rows("whatif") if row["quantity"] == "batch"]
    title = section(log).charts[-1].title
    for row in fits:
        size = row["scenario"].removeprefix("fits ").removesuffix(" on the gpu")
        assert f"{formats.count(row['after'])} in {size}" in title


def test_a_change_that_moves_nothing_that_is_drawn_has_no_bar(sample_logs: Path) -> None:
    chart = section(parse_log(sample_logs / "time_alexnet.log")).charts[-1]
    drawn = set(re.findall(r'class="t-label a-e"[^>]*>([^<]+)', chart.svg))
    for row in table_of(chart).rows:
        name = row.cells[0].text
        moved = any(cell.css == "c" for cell in row.cells[1:])
        assert name == "as it is" or name not in drawn or moved


def test_nothing_is_said_of_a_net_of_which_nothing_is_known() -> None:
    assert could_be.build(ReportedLog(read(solver()))) is None
    unknown = Layer("a", "Mystery", (), ("a",), ("3 (3)",))
    found = could_be.build(ReportedLog(read(net([unknown]))))
    assert found is None or not found.folded
