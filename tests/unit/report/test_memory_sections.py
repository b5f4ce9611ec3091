"""What the report says of memory where little or more than usual is in the log: one figure alone, a fork's own plan."""

from __future__ import annotations

from logparse.report.reported_log import ReportedLog
from logparse.report.sections import memory as growth
from logparse.report.sections import summary
from tests.writing import Layer, data, line, memory, net, read, trained

SHAPE = "2 3 4 4 (96)"


def figures(*parts: str) -> dict[str, tuple[str, str]]:
    view = summary.build(ReportedLog(read(*parts)))
    assert view is not None
    return {one.name: (one.text, one.note) for one in view.figures}


def test_a_figure_without_its_layers_is_the_key_figure() -> None:
    view = summary.build(ReportedLog(read(memory(1192246208))))

    assert view is not None
    assert view.about == "Of the net, of which no layer is in the log."
    assert [(one.text, one.note) for one in view.figures] == [("1.19 GB", "1,192,246,208 B")]
    assert any("private buffers and prefetched batches are not in it" in words for words in view.memory_words)
    assert (view.memory_table, view.nets) == (None, None)


def test_of_several_such_figures_the_largest_leads_and_without_any_there_is_no_section() -> None:
    first = memory(1000) + line("Network initialization done.")
    again = line("Initializing net from parameters: ") + 'name: "N"\nstate { phase: TEST }\n' + memory(3000)

    assert figures(first, again)["Memory as Caffe logs it"] == ("3.00 kB", "3,000 B")
    assert summary.build(ReportedLog(trained([1.0, 0.5]).log())) is None


def test_inputs_of_the_net_are_told_apart_from_what_caffe_counts() -> None:
    act = Layer("act", "ReLU", ("x",), ("y",), ("2 48 (96)",))
    text = net([act]).replace('name: "N"', 'name: "N" input: "x" input_shape { dim: 2 dim: 48 }')
    text = text.replace(line("Creating Layer act"), line("Input 0 -> x") + line("Creating Layer act"))

    found = figures(text)
    assert found["Distinct data"] == (
        "768 B",
        "768 B, 200.0 % of the logged figure; 384 B of it are inputs of the net, which that figure leaves out",
    )
    view = summary.build(ReportedLog(read(text)))
    assert view is not None
    assert view.memory_table is not None
    assert [row.cells[1].text for row in view.memory_table.rows] == ["384"]


def test_a_forks_figures_and_slots_stand_under_the_chart() -> None:
    plan = ("blob 0 name data data idx 0", "blob 0 name data diff idx 0", "storage memory slot 0 size 384")
    content = growth.build(ReportedLog(read(net([data()]), *map(line, (*plan, "raw memory 768 opt memory 384")))))

    assert content is not None
    assert [table.caption for table in content.tables][2:] == [
        "What this build prints of its memory",
        "Slots of the build's own memory plan",
    ]
    printed, slots = ([[cell.text for cell in row.cells] for row in table.rows] for table in content.tables[2:])
    assert [row[1:5] for row in printed] == [
        ["raw memory", "768", "768", "0"],
        ["optimised memory", "384", "384", "0"],
    ]
    assert [row[:4] for row in slots] == [["TRAIN net 0", "0", "384", "data_data, data_diff"]]


def test_a_net_that_prints_no_more_than_caffe_has_no_such_tables() -> None:
    content = growth.build(ReportedLog(read(net([data()]))))

    assert content is not None
    assert [table.caption for table in content.tables] == ["The whole run at its peak", "The GPU's range by build"]
