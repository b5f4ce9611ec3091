"""What the report's page says: sections, tables, anchors, totals; the data of it, not its markup."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from logparse import formats, parse_log, write_report
from logparse.errors import UsageError
from logparse.report.elements import Cell
from logparse.report.page import render
from logparse.report.tabulate import Field, tabulate
from logparse.report.templating import FOLDERS
from logparse.report.view import SECTIONS, page_view
from tests.writing import Layer, data, line, net, solver

if TYPE_CHECKING:
    from pathlib import Path

    from logparse.report.elements import TableView
    from logparse.report.view import SectionView

HOSTILE = "</script><img src=x onerror=alert(1)>"
ONLY_CURVE = b"".join(
    b"I1124 10:43:2%d.9 1 solver.cpp:239] Iteration %d, loss = %d.5\n" % (i, i * 10, 9 - i) for i in range(5)
)
ONLY_ERROR = (
    b"F1124 10:47:12.070344 31261 io.cpp:36] Check failed: fd != -1 (-1 vs. -1) File not found: nope.prototxt\n"
    b"*** Check failure stack trace: ***\n"
)


@cache
def sections(source: Path | bytes) -> dict[str, SectionView]:
    (log,) = page_view([parse_log(source)], None).logs
    return {section.anchor: section for section in log.sections}


def column(table: TableView, title: str, unit: str = "") -> list[str]:
    at = [(head.title, head.unit) for head in table.heads].index((title, unit))
    return [row.cells[at].text for row in table.rows]


def number(text: str) -> int:
    return int(text.replace(",", ""))


def hostile_log(sample_logs: Path) -> bytes:
    return (sample_logs / "alexnet.log").read_bytes().replace(b"conv1", HOSTILE.encode())


class Anchors(HTMLParser):
    """Ids, links into the page, and everything that could fetch or run."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: set[str] = set()
        self.loaded: set[str] = set()
        self.attributes: set[str] = set()
        self.elements: set[str] = set()
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id":
                self.ids.append(value or "")
            elif name == "href" and tag == "a":
                self.links.add((value or "").removeprefix("#"))
            elif name in {"src", "href", "srcset", "action", "data", "poster"}:
                self.loaded.add(value or "")


def test_a_section_is_one_entry_with_a_partial_that_exists() -> None:
    names = [section.name for section in SECTIONS]
    assert len(names) == len(set(names))
    for section in SECTIONS:
        assert any((folder / section.partial).is_file() for folder in FOLDERS)


def test_a_training_log_has_every_section_but_the_times_of_layers(sample_logs: Path) -> None:
    names = [section.name for section in SECTIONS if section.name != "timing"]
    assert list(sections(sample_logs / "lenet.log")) == names


def test_a_timed_net_has_its_times_and_no_curves(sample_logs: Path) -> None:
    found = sections(sample_logs / "time_alexnet.log")
    assert "training" not in found
    (chart,) = found["timing"].view.charts
    assert chart.title.startswith("fc6 takes ")
    assert column(chart.table, "Layer")[:3] == ["data", "conv1", "relu1"]
    assert number(column(chart.table, "MACs", "of the batch")[1]) == 421_660_800


def test_the_bars_of_the_footprint_are_whole(sample_logs: Path) -> None:
    block = sections(sample_logs / "alexnet.log")["memory"].view
    (chart,) = block.charts
    memory = parse_log(sample_logs / "alexnet.log").table("memory")
    held = memory[(memory["device"] == "cpu") & (memory["kind"] != "logged")]["bytes"].sum()
    at = [head.title for head in chart.table.heads].index("CPU")
    assert number(chart.table.total[at].text) == held
    assert "858 MB on the CPU" in chart.title


def test_events_leave_out_the_routine(sample_logs: Path) -> None:
    (table,) = sections(sample_logs / "lenet.log")["events"].view.tables
    kinds = set(column(table, "Kind"))
    assert "snapshot" in kinds
    assert "solving" not in kinds
    assert "events" not in sections(sample_logs / "alexnet.log")


def test_frames_of_a_stack_are_no_events_of_the_report() -> None:
    stack = "*** Check failure stack trace: ***\n    @     0x7fe9bc71da3d  caffe::Net<>::Init()\n"
    saved = line("Snapshotting to binary proto file a_iter_20.caffemodel", "solver.cpp")
    (table,) = sections(ONLY_CURVE + saved.encode() + ONLY_ERROR + stack.encode())["events"].view.tables
    assert set(column(table, "Kind")) == {"snapshot", "fatal"}


def test_a_net_that_rests_on_its_definition_says_so_once(sample_logs: Path) -> None:
    assert sections(sample_logs / "alexnet.log")["compute"].view.paragraphs == (
        "All 24 layers are known: 24 by their definition.",
    )
    assert len(sections(sample_logs / "lenet_excerpt.log")["compute"].view.paragraphs) == 2


def test_the_style_is_printed_without_its_comments(sample_logs: Path) -> None:
    (style,) = re.findall(r"<style>(.*?)</style>", render([parse_log(sample_logs / "lenet_excerpt.log")]), re.DOTALL)
    assert "/*" not in style
    assert style.count("{") == style.count("}") > 200
    assert ".pill{" in style


def test_a_section_without_data_is_left_out() -> None:
    assert not {"summary", "memory", "compute", "layers"} & sections(ONLY_CURVE).keys()
    assert "training" in sections(ONLY_CURVE)


def test_a_log_of_only_an_error_says_which() -> None:
    found = sections(ONLY_ERROR)
    assert "training" not in found
    assert "File not found" in str(found["findings"].view.findings[0].evidence)


@pytest.mark.parametrize("data", [ONLY_CURVE, ONLY_ERROR], ids=["only a curve", "only an error"])
def test_a_partial_log_makes_a_whole_page(data: bytes) -> None:
    assert render([parse_log(data)]).rstrip().endswith("</html>")


def test_the_layer_table_has_every_layer_of_every_net(sample_logs: Path) -> None:
    log = parse_log(sample_logs / "alexnet.log")
    nets = sections(sample_logs / "alexnet.log")["layers"].view.nets
    assert [column(net.table, "Layer") for net in nets] == [
        log.layers.loc[log.layers["net_index"] == index, "layer"].tolist() for index in (0, 1)
    ]


@pytest.mark.parametrize(
    ("title", "unit"),
    [("Data", "B"), ("Parameters", ""), ("MACs", "per image")],
)
def test_printed_rows_add_up_to_the_printed_total(sample_logs: Path, title: str, unit: str) -> None:
    table = sections(sample_logs / "alexnet.log")["layers"].view.nets[0].table
    at = [(head.title, head.unit) for head in table.heads].index((title, unit))
    assert sum(map(number, column(table, title, unit))) == number(table.total[at].text) > 0


def test_a_total_over_unknown_rows_is_a_lower_bound() -> None:
    fields = (Field("name", "Name"), Field("value", "Value", "count", total=True))
    table = tabulate("t", fields, [{"name": "a", "value": 5}, {"name": "b", "value": None}])
    assert table.total[1].text == "≥ 5"


def test_an_optional_column_without_a_figure_is_left_out() -> None:
    fields = (Field("name", "Name"), Field("value", "Value", "count", optional=True))
    assert len(tabulate("t", fields, [{"name": "a", "value": 0}]).heads) == 1
    assert len(tabulate("t", fields, [{"name": "a", "value": 1}]).heads) == 2


def test_rows_are_anchored_by_number_and_never_by_name(sample_logs: Path) -> None:
    html = render([parse_log(hostile_log(sample_logs))])
    anchors = Anchors(html)
    assert "a1n0-5" in anchors.ids
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in anchors.ids)


@pytest.mark.parametrize("name", ["alexnet.log", "lenet_nan.log", "lstm.log", "lenet_excerpt.log"])
def test_every_link_leads_somewhere_and_every_id_stands_once(sample_logs: Path, name: str) -> None:
    anchors = Anchors(render([parse_log(sample_logs / name)]))
    assert anchors.links <= set(anchors.ids)
    assert len(anchors.ids) == len(set(anchors.ids))


def test_a_card_of_a_section_that_is_not_there_leads_nowhere() -> None:
    totals = "".join(line(f"Average {way} pass: 5 ms.", "caffe.cpp") for way in ("Forward", "Backward"))
    log = line("Use CPU.", "caffe.cpp") + net([data()]) + line("*** Benchmark begins ***", "caffe.cpp") + totals
    markup = render([parse_log((log + line("*** Benchmark ends ***", "caffe.cpp")).encode())])
    assert ">Forward pass</dt>" in markup
    anchors = Anchors(markup)
    assert anchors.links <= set(anchors.ids)


def test_two_logs_in_one_report_keep_their_anchors_apart(sample_logs: Path) -> None:
    logs = [parse_log(sample_logs / name) for name in ("alexnet.log", "lenet_nan.log")]
    anchors = Anchors(render(logs))
    assert anchors.links <= set(anchors.ids)
    assert len(anchors.ids) == len(set(anchors.ids))
    assert {"log1-a1n0-5", "log2-a1n0-5"} <= set(anchors.ids)


def test_two_logs_are_compared_at_the_head(sample_logs: Path) -> None:
    view = page_view([parse_log(sample_logs / name) for name in ("alexnet.log", "lenet_nan.log")], "Two nets")
    assert view.title == "Two nets"
    assert view.comparison is not None
    assert column(view.comparison, "Net") == ["AlexNet", "LeNet"]
    assert column(view.comparison, "Parameters") == ["61.0 M", "431 k"]
    assert column(view.comparison, "Outcome") == ["Finished", "Diverged"]
    assert column(view.comparison, "Solver") == ["SGD, lr 0.001, step", "SGD, lr 50, inv"]
    assert column(view.comparison, "Memory", "at its peak") == ["858 MB, CPU", "47.7 MB, CPU"]
    assert column(view.comparison, "Best test") == ["loss 7.12712", "–"]


def test_a_net_that_is_set_up_again_is_printed_once(sample_logs: Path) -> None:
    log = (sample_logs / "lenet_nan.log").read_bytes()
    nets = sections(log + log)["layers"].view.nets
    assert len(nets) == 2
    assert "the same, layer by layer: Attempt 2, TRAIN net" in nets[0].note
    anchors = Anchors(render([parse_log(log + log)]))
    assert anchors.links <= set(anchors.ids)


def test_very_many_nets_are_not_all_printed(sample_logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("logparse.report.reported_log.LAYERS_PRINTED", 30)
    (log,) = page_view([parse_log(sample_logs / "alexnet.log")], None).logs
    (layers,) = [section.view for section in log.sections if section.anchor == "layers"]
    assert [net.title for net in layers.nets] == ["TRAIN net"]
    assert layers.left_out.endswith(": 1 of its nets.")
    anchors = Anchors(render([parse_log(sample_logs / "alexnet.log")]))
    assert anchors.links - {""} <= set(anchors.ids)


def test_iterations_that_a_later_attempt_did_again_are_grey(sample_logs: Path) -> None:
    log = (sample_logs / "lenet.log").read_bytes()
    (chart, *_) = sections(log + log)["training"].view.charts
    assert 'class="line c-old raw"' in chart.svg
    assert ("c-old", "done again") in chart.key


def test_the_key_figures_of_alexnet(sample_logs: Path) -> None:
    (log,) = page_view([parse_log(sample_logs / "alexnet.log")], None).logs
    assert {card.name: card.text for card in log.head.cards} == {
        "Memory at its peak": "858 MB",
        "Best loss": "7.12712",
        "Time": "13.3 s",
        "Parameters": "61.0 M",
        "MACs per image": "724 M",
        "Effective batch": "4",
    }
    figures = {fact.name: fact.text for fact in sections(sample_logs / "alexnet.log")["summary"].view.figures}
    assert figures == {"Memory as Caffe logs it": "33.3 MB", "Distinct data": "22.6 MB"}


def test_titles_of_charts_state_what_the_data_show(sample_logs: Path) -> None:
    charts = sections(sample_logs / "alexnet.log")["compute"].view.charts
    assert charts[0].title == "Convolutions hold 91.9 % of the MACs, fully connected layers 96.2 % of the parameters"
    assert charts[1].title == "4 of 8 layers hold 80 % of the MACs, 2 hold 80 % of the parameters"
    assert charts[2].title == "A weight of conv1 is used 3,025 times per image, one of fc6 once"


def test_every_chart_has_its_data_as_a_table(sample_logs: Path) -> None:
    for section in sections(sample_logs / "lenet_nan.log").values():
        for chart in getattr(section.view, "charts", ()):
            assert getattr(chart.table, "rows", ()) or getattr(chart.table, "lines", ())
            assert chart.title in chart.svg.unescape()


def test_what_is_not_known_has_its_reason_beside_it(sample_logs: Path) -> None:
    (net,) = sections(sample_logs / "lenet_excerpt.log")["layers"].view.nets
    at = [head.title for head in net.table.heads].index("Parameters")
    unknown = [row.cells[at] for row in net.table.rows if row.cells[at].text == "–"]
    assert unknown
    assert all(cell.title for cell in unknown)


def test_a_test_whose_loss_is_nan_is_not_the_best(sample_logs: Path) -> None:
    titles = [chart.title for chart in sections(sample_logs / "lenet_nan.log")["training"].view.charts]
    assert "The loss is not a number (nan) from iteration 20 on" in titles
    assert not [title for title in titles if title.endswith(": 1")]


def test_the_attempt_of_a_resumed_log_is_told(sample_logs: Path) -> None:
    log = (sample_logs / "lenet_nan.log").read_bytes()
    (view,) = page_view([parse_log(log + log)], None).logs
    assert view.head.attempts is not None
    assert len(view.head.attempts.rows) == 2


def test_provenance_has_the_digest_of_the_file(sample_logs: Path) -> None:
    path = sample_logs / "alexnet.log"
    facts = {fact.name: fact.text for fact in sections(path)["provenance"].view.facts}
    assert facts["SHA-256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_ledger_of_the_report_accounts_for_every_line(sample_logs: Path) -> None:
    view = sections(sample_logs / "alexnet.log")["provenance"].view
    lines = len((sample_logs / "alexnet.log").read_bytes().splitlines())
    assert sum(map(number, column(view.classes, "Lines"))) == lines


def test_a_hostile_name_is_escaped_wherever_it_stands(sample_logs: Path) -> None:
    html = render([parse_log(hostile_log(sample_logs))], HOSTILE)
    assert "<img" not in html
    assert html.count("</script>") == 1


def test_a_name_that_steers_or_turns_is_an_escape_wherever_it_stands(sample_logs: Path) -> None:
    data = (sample_logs / "lenet.log").read_bytes().replace(b"conv1", "c\x9b\u202e\u2066שלום".encode())
    html = render([parse_log(data)], "t\u202e\x85")
    assert not {"\x9b", "\x85", "\u202e", "\u2066"} & set(html)
    assert r"<title>t\u202e" in html
    assert html.count("שלום") == html.count("\u2068שלום\u2069") > 10
    assert re.search(r"<svg.*c\\u009b\\u202e|<svg.*c·\\u202e", html, re.DOTALL)


def test_the_title_of_the_page_is_short_whatever_the_net_is_called(sample_logs: Path) -> None:
    html = render([parse_log(sample_logs / "lenet_excerpt.log")], "net " * 5000)
    (title,) = re.findall(r"<title>(.*?)</title>\n<link", html, re.DOTALL)
    assert title == f"{('net ' * 20).rstrip()}… · Caffe log report"
    assert "net " * 5000 in html


def test_the_page_fetches_nothing_and_has_no_style_or_handler_in_an_attribute(sample_logs: Path) -> None:
    anchors = Anchors(render([parse_log(sample_logs / "alexnet.log")]))
    assert {address for address in anchors.loaded if not address.startswith("#")} == {"data:,"}
    assert not [name for name in anchors.attributes if name == "style" or name.startswith("on")]
    assert not anchors.elements & {"iframe", "object", "embed", "img", "base", "form"}


def test_the_policy_names_the_style_and_the_script_by_their_digests(sample_logs: Path) -> None:
    html = render([parse_log(sample_logs / "lenet_excerpt.log")])
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    assert policy[1].startswith("default-src &#39;none&#39;;")
    for tag in ("style", "script"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src &#39;sha256-{digest}&#39;" in policy[1]


def test_templates_print_and_neither_format_nor_trust() -> None:
    folder = next(folder for folder in FOLDERS if folder.is_dir())
    templates = sorted(folder.rglob("*.html"))
    assert len(templates) > 5
    for template in templates:
        text = template.read_text(encoding="utf-8")
        inside = " ".join(re.findall(r"\{[{%].*?[}%]\}", text, re.DOTALL))
        assert not re.search(r"\|\s*(safe|round|format|int|float|sum|length)", inside), template
        assert not re.search(r"[^=!<>]\s[+*/]\s", inside), template
        assert "http:" not in text
        assert "https:" not in text


def test_a_report_made_twice_is_the_same_to_the_byte(sample_logs: Path) -> None:
    first, second = (render([parse_log(sample_logs / "lenet_nan.log")]) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("name", "limit"), [("alexnet.log", 183_000), ("resnet18.log", 282_000), ("lstm.log", 157_000)]
)
def test_a_report_stays_small(sample_logs: Path, name: str, limit: int) -> None:
    assert len(render([parse_log(sample_logs / name)]).encode()) <= limit


def test_a_report_is_not_written_over_a_file(sample_logs: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    log = parse_log(sample_logs / "lenet_excerpt.log")
    write_report(log, target)
    with pytest.raises(UsageError):
        write_report(log, target)
    write_report(log, target, force=True, title="Again")
    assert "<title>Again" in target.read_text(encoding="utf-8")


def test_a_report_of_no_log_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        render([])


def test_cells_of_records_take_their_form_from_the_field() -> None:
    record: dict[str, Any] = {"size": 1234567, "share": 0.25, "name": "x"}
    fields = (Field("name", "N"), Field("size", "S", "count"), Field("share", "P", "percent"))
    assert tabulate("t", fields, [record]).rows[0].cells == (Cell("x", "t"), Cell("1,234,567"), Cell("25.0 %"))


def test_the_footprint_speaks_of_a_range_on_the_gpu_with_both_builds_beside_each_other(sample_logs: Path) -> None:
    block = sections(sample_logs / "alexnet.log")["memory"].view
    row = parse_log(sample_logs / "alexnet.log").footprint.iloc[1]
    (chart,) = block.charts
    low, high = (formats.size(row[key]) for key in ("low_bytes", "high_bytes"))
    assert f"858 MB on the CPU and {low} to {high} on the GPU: " in chart.title
    builds = [[cell.text for cell in one.cells] for one in block.tables[1].rows]
    assert builds == [
        [name, formats.count(row[f"{engine}_low_bytes"]), formats.count(row[f"{engine}_high_bytes"])]
        for engine, name in (("caffe", "CAFFE"), ("cudnn", "cuDNN"))
    ]


def test_a_footprint_without_a_range_has_the_same_figure_at_both_ends(sample_logs: Path) -> None:
    table = sections(sample_logs / "alexnet.log")["memory"].view.tables[0]
    cells = {head.title: cell.text for head, cell in zip(table.heads, table.rows[0].cells, strict=True)}
    assert cells["Device"] == "CPU"
    assert cells["Estimate"] == cells["At least"] == cells["At most"]


def test_what_is_left_out_leaves_the_range_open() -> None:
    text = net([data(), Layer("lost", "Unheard", ("data",), ("lost",), ("2 3 4 4 (96)",))])
    (chart,) = sections((solver() + text).encode())["memory"].view.charts
    assert " or more on the GPU" in chart.title
