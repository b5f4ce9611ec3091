"""What the memory story shows is what the tables say: by kind, by layer, in all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from logparse import formats, parse_log
from logparse.report.held_memory.held import BASE, GROWN, held_run, passed
from logparse.report.held_memory.stories import choices, headline, pictures, told_of
from logparse.report.page import render
from logparse.report.reported_log import ReportedLog
from logparse.report.sections import graph, layers, memory
from tests.writing import Layer, data, line, net, read, solver

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from logparse.report.held_memory.held import HeldRun

LOGS = ["alexnet.log", "resnet18.log", "lstm.log", "siamese.log", "lenet.log", "time_alexnet.log"]


def run_of(path: Path) -> tuple[ReportedLog, HeldRun]:
    log = ReportedLog(parse_log(path))
    run = held_run(log)
    assert run is not None
    return log, run


def sums(log: ReportedLog, run: HeldRun) -> Mapping[tuple[Any, str], int]:
    """The table `memory` of the run's device: net and kind → bytes."""
    rows = [row for row in log.rows("memory") if row["device"] == run.device]
    return {(row["net_index"], row["kind"]): row["bytes"] for row in rows if row["attempt"] == 1}


@pytest.mark.parametrize("name", LOGS)
def test_the_story_adds_up_to_the_table_of_memory_by_net_and_kind(sample_logs: Path, name: str) -> None:
    log, run = run_of(sample_logs / name)
    expected = sums(log, run)
    for held in run.nets:
        number = held.net.layers[0]["net_index"]
        for at, kind in enumerate(GROWN):
            assert held.inputs[at] + sum(one.grown[at] for one in held.layers) == expected[number, kind]
        assert held.base == {kind: expected[number, kind] for kind in BASE if (number, kind) in expected}


@pytest.mark.parametrize("name", LOGS)
def test_what_all_nets_hold_in_the_end_is_the_footprint(sample_logs: Path, name: str) -> None:
    log, run = run_of(sample_logs / name)
    (row,) = [row for row in log.rows("footprint") if (row["attempt"], row["device"]) == (1, run.device)]
    assert run.total == row["bytes"]
    whole = next(one for one in choices(run) if one.whole)
    for grain in ("by layer", "by module"):
        assert told_of(run, whole, grain).running[-1] == row["bytes"]


@pytest.mark.parametrize("name", LOGS)
def test_own_steps_and_those_counted_again_are_the_logged_ones(sample_logs: Path, name: str) -> None:
    _, run = run_of(sample_logs / name)
    for held in run.nets:
        for one, row in zip(held.layers, held.net.layers, strict=True):
            assert (one.own, (one.own or 0) + (one.again or 0)) == (row["distinct_bytes"], row["logged_step_bytes"])


def test_the_headline_tells_shares_of_what_caffe_allocates(sample_logs: Path) -> None:
    log, run = run_of(sample_logs / "alexnet.log")
    kinds = {kind: sum(size for (_, one), size in sums(log, run).items() if one == kind) for kind in (*BASE, *GROWN)}
    whole = sum(kinds.values())
    first = formats.percent(sum(kinds[kind] for kind in ("params", "gradients", "history")) / whole)
    second = formats.percent((kinds["distinct_data"] + kinds["diff"]) / whole)
    assert headline(run) == (
        f"Parameters, gradients and history take {first} of the 838 MB that Caffe allocates on the CPU, data and diffs "
        f"of blobs {second}"
    )


def test_the_larger_net_stands_first_and_all_nets_at_last(sample_logs: Path) -> None:
    log, run = run_of(sample_logs / "alexnet.log")
    assert [(one.label, one.grain) for one in pictures(log, run)] == [
        ("TRAIN net", "by layer"),
        ("TEST net", "by layer"),
        ("Both nets", "by layer"),
    ]


def test_a_picture_names_the_rows_of_its_slots(sample_logs: Path) -> None:
    log, run = run_of(sample_logs / "resnet18.log")
    by_name = {(one.label, one.grain): one for one in pictures(log, run)}
    both = by_name["Both nets", "by module"]
    assert both.nets == "a1n0 a1n1"
    places = [part.split(":") for part in both.slots.split()]
    covered: dict[str, list[int]] = {number: [] for number in "01"}
    for number, ends in places:
        start, stop = map(int, ends.split("-"))
        covered[number].extend(range(start, stop))
    assert [covered[str(at)] for at in range(2)] == [list(range(len(one.layers))) for one in run.nets]


def big(count: int) -> str:
    layers = [data("64 256 56 56 (51380224)")]
    layers += [
        Layer(f"ip{at}", "ReLU", ("data" if not at else f"ip{at - 1}",), (f"ip{at}",), ("64 256 56 56 (51380224)",))
        for at in range(count)
    ]
    return net(layers)


def test_a_run_that_does_not_fit_its_card_says_so_and_where_it_passes_it() -> None:
    shape = "64 256 56 56 (51380224)"
    some = [data(shape)]
    for at in range(16):
        some.append(
            Layer(
                f"conv{at}",
                "Convolution",
                (some[-1].tops[0],),
                (f"conv{at}",),
                (shape,),
                "convolution_param { num_output: 256 kernel_size: 3 pad: 1 }",
                backward=True,
            )
        )
    card = line("Using GPUs 0", "caffe.cpp") + line("GPU 0: Tesla K20c", "caffe.cpp")
    log = ReportedLog(read(card, solver("solver_mode: GPU\n"), net(some)))
    run, view = held_run(log), memory.build(log)
    assert run is not None
    assert view is not None
    assert view.story is not None
    assert view.story.title.endswith("; the run does not fit into the 4.97 GB of Tesla K20c")
    over = passed(run, run.whole["card_bytes"])
    assert over is not None
    words = f"Tesla K20c’s 4.97 GB are passed in the {over['pass']} pass at {over['layer']}."
    assert any(note.endswith(words) for note in view.story.notes)
    (picture,) = view.story.pictures
    assert "passed at conv" in picture.svg
    assert "Tesla K20c: 4.97 GB" in picture.svg


def test_the_layer_in_whose_pass_the_card_is_full_is_that_of_the_timeline() -> None:
    log = ReportedLog(read(solver("solver_mode: GPU\n"), big(6)))
    run = held_run(log)
    assert run is not None
    assert run.device == "gpu"
    limit = 700_000_000
    row = passed(run, limit)
    assert row is not None
    over = [one for one in run.touches if one["running_bytes"] + run.rest > limit]
    assert row == over[0]
    assert passed(run, 10**12) is None


def test_blocks_of_unknown_size_are_told() -> None:
    view = memory.build(ReportedLog(read(net([data(), Layer("x", "Unheard", ("data",), ("x",), ("2 3 4 4 (96)",))]))))
    assert view is not None
    assert view.story is not None
    assert any("no size is known" in words for words in view.story.notes)
    assert " of at least 768 B that Caffe allocates on the CPU" in view.story.title


def test_a_log_without_shapes_has_no_story() -> None:
    view = memory.build(ReportedLog(read(line("Creating Layer a"), line("a -> a"))))
    assert view is None or view.story is None


def test_layers_in_the_table_are_those_of_the_net_with_what_has_no_column_beneath(sample_logs: Path) -> None:
    view = layers.build(ReportedLog(parse_log(sample_logs / "alexnet.log")))
    assert view is not None
    first, second = view.nets
    assert [head.title for head in first.table.heads] == [
        "Net", "Layer", "Type", "Shape", "Data", "Parameters", "MACs", "Shares", "Note"
    ]  # fmt: skip
    heads, *lines = [text.split("\t") for text in first.more.split("\n")]
    assert len(lines) == len(first.table.rows)
    assert all(len(cells) == len(heads) for cells in lines)
    table = parse_log(sample_logs / "alexnet.log").layers
    own = table[table["net_index"] == 0]
    for head, column in (("Weights", "weights"), ("Diffs, B", "diff_bytes"), ("Running, logged, B", "logged_bytes")):
        at = heads.index(head)
        assert [int(cells[at] or 0) for cells in lines] == own[column].tolist()
    assert "″" in second.more
    assert "″" not in first.more
    assert "fc6" in first.table.rows[16].cells[1].text


def test_a_name_with_tabs_and_line_ends_keeps_its_line() -> None:
    odd = data()
    view = layers.build(ReportedLog(read(net([odd, Layer("a\tb", "ReLU", ("data",), ("a\tb",), ("2 3 4 4 (96)",))]))))
    assert view is not None
    lengths = {len(text.split("\t")) for text in view.nets[0].more.split("\n")}
    assert len(lengths) == 1


@pytest.mark.parametrize(("name", "limit"), [("googlenet.log", 355_000), ("vgg16.log", 170_000)])
def test_the_report_of_a_large_net_stays_small(shared_logs: Path, name: str, limit: int) -> None:
    assert len(render([parse_log(shared_logs / "genuine" / name)]).encode()) <= limit


def test_googlenet_is_drawn_without_a_crossing_and_small(shared_logs: Path) -> None:
    view = graph.build(ReportedLog(parse_log(shared_logs / "genuine" / "googlenet.log")))
    assert view is not None
    assert "95 nodes and 124 edges, 0 crossings" in view.svg
    assert len(view.svg.encode()) <= 45_000
    width = int(view.svg.split('viewBox="0 0 ')[1].split()[0])
    assert width <= 6 * 146 + 16
    assert view.outline.count("Convolution + ReLU") == 59


def test_a_very_large_net_is_drawn_by_modules() -> None:
    many = [data()]
    many += [
        Layer(f"b{at // 8}/c{at}", "ReLU", ("data" if not at else f"t{at - 1}",), (f"t{at}",), ("2 3 4 4 (96)",))
        for at in range(320)
    ]
    view = graph.build(ReportedLog(read(net(many))))
    assert view is not None
    assert "41 modules and 40 edges, 0 crossings" in view.svg
    assert "Modules are closed" in view.note
