"""Charts that stand alone: known by a name, in the colours of a theme, whole or not at all, whatever a log says."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import image
from matplotlib.figure import Figure
from matplotlib.text import Text

from logparse import formats, parse_log, write_figures
from logparse.cli import report
from logparse.cli.main import main
from logparse.errors import UnknownFigureError, UsageError, WrongTypeError
from logparse.report.charts.canvas import Canvas
from logparse.report.charts.painting.looks import LOOKED_UP, look_of
from logparse.report.charts.painting.mark import Outline, Words, label
from logparse.report.charts.painting.palette import COLOURS, THEMES, hexed, rgb
from logparse.report.charts.painting.plotted import figure_of
from logparse.report.charts.painting.sheet import KeyEntry, sheet
from logparse.report.charts.painting.svgfile import svg_file
from logparse.report.elements import ChartView
from logparse.report.figures import FIGURE_FORMATS, NamedChart, charts_in, slug
from logparse.report.templating import FOLDERS
from logparse.report.view import page_view

if TYPE_CHECKING:
    from pathlib import Path

    from logparse import Log

SAMPLES: Final = ("alexnet", "lenet", "lenet_nan", "lstm", "siamese", "time_alexnet")
SVG: Final = "{http://www.w3.org/2000/svg}"
MEANING: Final = ("a$_{$b", "$\\frac{1}{2}$", "_hid^den", "</text><script>", "]]>&amp;")
HOSTILE: Final = (*MEANING, "卷积层", "\u202egnol", "n" * 300)


@cache
def sample(root: Path, name: str) -> Log:
    return parse_log(root / "sample_logs" / f"{name}.log")


@cache
def charts(root: Path, name: str) -> tuple[NamedChart, ...]:
    (log,) = page_view([sample(root, name)], None).logs
    return tuple(chart for section in log.sections for chart in charts_in(section.name, section.view))


def texts_of(figure: Figure) -> list[str]:
    return [one.get_text() for one in figure.artists if isinstance(one, Text)]


def texts_in(file: bytes) -> list[str]:
    return ["".join(one.itertext()) for one in ET.fromstring(file).iter(f"{SVG}text")]  # noqa: S314 - made just before


def drawn(text: str) -> NamedChart:
    canvas = Canvas(200, 40)
    canvas.boxes([(0, 0, 50, 20)], "bar k-fc", [text])
    canvas.text(5, 30, text, "t-label")
    view = ChartView(text, "", canvas.svg(text), None, (("k-fc", text),))  # type: ignore[arg-type]  # no table is asked for
    (chart,) = charts_in("compute", type("View", (), {"charts": (view,)})())
    return chart


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLES)
def test_each_chart_of_a_report_has_a_name_of_its_own(root: Path, name: str) -> None:
    stems = [chart.stem for chart in charts(root, name)]
    assert len(stems) == len(set(stems))
    assert all(re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", stem) for stem in stems)
    assert not [stem for stem in stems if re.search(r"-chart(-\d+)?$", stem)], "give the ChartView its name"
    assert sample(root, name).figure_names == tuple(stems)


def test_names_tell_the_section_and_the_chart(root: Path) -> None:
    names = sample(root, "alexnet").figure_names
    assert {"memory-train-net-by-layer", "memory-whole-run", "compute-kinds", "graph-net", "training-curves"} <= {
        *names
    }


def test_charts_of_one_name_are_numbered() -> None:
    canvas = Canvas(10, 10)
    canvas.rules([(0, 0, 5, 5)], "axis")
    view = ChartView("title", "", canvas.svg("a"), None, name="values")  # type: ignore[arg-type]  # no table is asked for
    found = charts_in("training", type("View", (), {"charts": (view, view, view)})())
    assert [chart.name for chart in found] == ["values", "values-2", "values-3"]


def test_a_chart_without_marks_is_none() -> None:
    view = ChartView("title", "", Canvas(10, 10).svg("a"), None)  # type: ignore[arg-type]  # no table is asked for
    assert charts_in("training", type("View", (), {"charts": (view,)})()) == ()


@pytest.mark.parametrize(
    ("text", "name"), [("Both nets, by layer", "both-nets-by-layer"), ("../..\\x:y\0", "x-y"), ("卷积", "chart")]
)
def test_a_text_becomes_a_safe_part_of_a_file_s_name(text: str, name: str) -> None:
    assert slug(text) == name
    assert len(slug("long " * 100)) <= 60


# --- a figure for a notebook ------------------------------------------------------------------------------------------


def test_a_figure_is_matplotlib_s_and_is_shown_without_pyplot(root: Path) -> None:
    figure = sample(root, "alexnet").figure("memory")
    assert isinstance(figure, Figure)
    assert figure._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]  # what a notebook asks for
    assert any(text.endswith("TRAIN net, by layer") for text in texts_of(figure))


def test_a_chart_is_found_by_place_by_name_and_by_whole_name(root: Path) -> None:
    log = sample(root, "alexnet")
    place = [name for name in log.figure_names if name.startswith("memory-")].index("memory-whole-run") + 1
    found = [
        texts_of(log.figure(*asked)) for asked in (("memory", place), ("memory", "whole-run"), ("memory-whole-run",))
    ]
    assert found[0] == found[1] == found[2]
    assert texts_of(log.figure("memory")) == texts_of(log.figure("memory", 1)) != found[0]


@pytest.mark.parametrize("name", SAMPLES)
def test_every_name_that_is_told_can_be_asked_for(root: Path, name: str) -> None:
    log = sample(root, name)
    for chart in charts(root, name):
        assert texts_of(log.figure(chart.stem)) == texts_of(log.figure(chart.section, chart.name))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("memroy",), "did you mean memory?"),
        (("computing",), "did you mean compute?"),
        (("memory", "whole-rum"), "did you mean whole-run?"),
        (("memory", 99), "there are train-net-by-layer"),
        (("memory", 0), "memory has no chart 0"),
        (("memory-nothing",), "memory has no chart 'nothing'"),
        (("findings",), "gives no chart of findings; there are charts of memory, compute"),
    ],
)
def test_a_name_that_is_not_there_is_answered_with_what_is(root: Path, asked: tuple[str, ...], told: str) -> None:
    with pytest.raises(UnknownFigureError, match=re.escape(told)) as caught:
        sample(root, "alexnet").figure(*asked)
    assert isinstance(caught.value, KeyError)


def test_what_is_neither_a_name_nor_a_place_is_refused(root: Path) -> None:
    log = sample(root, "alexnet")
    with pytest.raises(UsageError, match="did you mean dark"):
        log.figure("memory", theme="drak")
    for wrong in (True, 1.5, ()):
        with pytest.raises(WrongTypeError):
            log.figure("memory", wrong)  # type: ignore[arg-type]
    with pytest.raises(WrongTypeError):
        log.figure(3)  # type: ignore[arg-type]


def test_the_title_and_the_key_stand_in_the_figure(root: Path) -> None:
    (chart,) = (one for one in charts(root, "alexnet") if one.stem == "compute-layers")
    texts = texts_of(sample(root, "alexnet").figure("compute", "layers"))
    assert chart.title in texts
    assert {"convolution", "fully connected"} <= set(texts)


def test_a_long_title_and_a_long_key_take_the_rows_that_they_need() -> None:
    canvas = Canvas(300, 50)
    canvas.rules([(0, 0, 300, 50)], "axis")
    key = [KeyEntry("bar k-conv", f"what number {at} stands for") for at in range(6)]
    made = sheet(canvas.svg("x").marks, (300, 50), "word " * 40, key)  # type: ignore[attr-defined]
    texts = texts_of(figure_of(made, "light"))
    assert " ".join(texts[: len(texts) - 6]).split() == ["word"] * 40
    assert texts[-6:] == [one.words for one in key]
    top = min(y for mark in made.marks if isinstance(mark, Outline) and mark.css == "axis" for _, y in mark.points)
    assert top > max(mark.y for mark in made.marks if isinstance(mark, Words))
    assert made.height > 50 + 9 * 15


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_theme_gives_ground_and_marks_their_colours(root: Path, theme: str) -> None:
    figure = sample(root, "alexnet").figure("compute", "kinds", theme=theme)
    assert mpl.colors.to_hex(figure.get_facecolor()) == hexed(rgb("paper", theme))
    faces = {mpl.colors.to_hex(one.get_facecolor()) for one in figure.artists if one.get_label() == "bar k-conv"}  # type: ignore[attr-defined]
    assert faces == {hexed(rgb("accent", theme))}


def test_a_hatched_mark_is_striped_within_its_outline() -> None:
    canvas = Canvas(100, 100)
    canvas.boxes([(20, 20, 80, 80)], "bar k-fc")
    chart = NamedChart("compute", "kinds", "", canvas.svg("x"))  # type: ignore[arg-type]
    figure = figure_of(chart.sheet, "light")
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3]  # type: ignore[attr-defined]
    paper, warm = ([round(255 * part) for part in rgb(name, "light")] for name in ("paper", "warm"))
    top = round(chart.sheet.height - 18 - 100)
    inside, beside = pixels[top + 25 : top + 75, 43:93], pixels[top + 5 : top + 15, 18:118]
    assert len(np.unique(inside.reshape(-1, 3), axis=0)) > 5
    assert (np.abs(inside.astype(int) - warm).sum(axis=2) < 6).mean() > 0.4
    assert (beside == paper).all()


# --- text -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_stranger_s_text_is_text_in_every_form(text: str) -> None:
    chart = drawn(text)
    assert texts_in(svg_file(chart.sheet, "dark"))[-1] == formats.shown(label(text, 200))
    for form, write in FIGURE_FORMATS.items():
        assert len(write(chart.sheet, "light")) > 500, form
    figure = figure_of(chart.sheet, "light")
    assert not any(one.get_parse_math() or one.get_usetex() for one in figure.artists if isinstance(one, Text))


@pytest.mark.parametrize("text", MEANING)
def test_what_would_mean_something_elsewhere_means_itself(text: str) -> None:
    assert text in texts_in(svg_file(drawn(text).sheet, "light"))
    assert text in texts_of(figure_of(drawn(text).sheet, "light"))


def test_what_xml_has_no_place_for_is_replaced() -> None:
    file = svg_file(drawn("a\x00b\x1bc\ud800d\uffff").sheet, "light")
    assert texts_in(file)[-1].startswith("a·b·c·d")


def test_a_character_that_no_font_has_is_a_box_in_a_figure_and_itself_in_svg() -> None:
    text = "x\U0001f9ff\u1bfb"
    assert texts_of(figure_of(drawn(text).sheet, "light"))[-1] == "x□□"
    assert texts_in(svg_file(drawn(text).sheet, "light"))[-1] == text


def test_a_log_of_hostile_names_can_be_drawn(root: Path) -> None:
    log = parse_log((root / "sample_logs/alexnet.log").read_bytes().replace(b"conv1", b"c$_{^</g>"))
    for name in log.figure_names:
        assert log.figure(name).get_figwidth() > 1
    assert any("c$_{^</g>" in text for text in texts_of(log.figure("compute", "layers")))


# --- files ------------------------------------------------------------------------------------------------------------


def test_each_chart_is_a_file_with_all_texts_of_the_page(root: Path, tmp_path: Path) -> None:
    paths = write_figures(sample(root, "lenet"), tmp_path / "new" / "folder")
    assert [path.stem for path in paths] == [chart.stem for chart in charts(root, "lenet")]
    for path, chart in zip(paths, charts(root, "lenet"), strict=True):
        on_page = re.findall(r"<text [^>]*>([^<]+)</text>", chart.drawn)
        assert set(on_page) <= set(re.findall(r"<text [^>]*>([^<]+)</text>", path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("form", FIGURE_FORMATS)
def test_two_runs_give_the_same_bytes_whatever_the_settings(root: Path, tmp_path: Path, form: str) -> None:
    log = sample(root, "time_alexnet")
    settings = {
        "savefig.bbox": "tight", "lines.scale_dashes": False, "path.sketch": (3.0, 20.0, 2.0), "font.size": 30,
        "figure.autolayout": True, "hatch.linewidth": 9, "patch.force_edgecolor": True, "savefig.facecolor": "red",
        "path.simplify": False, "text.parse_math": True, "savefig.transparent": True,
    }  # fmt: skip
    plain = write_figures(log, tmp_path / "a", form=form)
    with mpl.rc_context(settings):  # type: ignore[arg-type]  # matplotlib's stubs name every key
        other = write_figures(log, tmp_path / "b", form=form)
    assert [one.read_bytes() for one in plain] == [one.read_bytes() for one in other]


def test_files_of_several_threads_are_those_of_one(root: Path) -> None:
    sheets = [chart.sheet for name in ("lenet", "alexnet") for chart in charts(root, name)]
    expected = [svg_file(one, "dark") for one in sheets]
    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(lambda one: svg_file(one, "dark"), sheets)) == expected


def test_a_picture_is_as_large_as_its_sheet(root: Path, tmp_path: Path) -> None:
    path = write_figures(sample(root, "time_alexnet"), tmp_path, form="png")[0]
    height, width, _ = image.imread(path).shape
    made = charts(root, "time_alexnet")[0].sheet
    assert width / height == pytest.approx(made.width / made.height, rel=0.01)
    assert width >= 2 * 960


def test_no_file_is_overwritten_and_none_written_beside_one_that_is_there(root: Path, tmp_path: Path) -> None:
    log = sample(root, "time_alexnet")
    there = tmp_path / f"{log.figure_names[-1]}.svg"
    there.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="exists already"):
        write_figures(log, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [there.name]
    write_figures(log, tmp_path, force=True)
    assert there.read_bytes().startswith(b"<?xml")


def test_a_folder_that_is_a_file_a_form_and_a_theme_that_are_none_are_refused(root: Path, tmp_path: Path) -> None:
    log, file = sample(root, "time_alexnet"), tmp_path / "file"
    file.write_text("x", encoding="utf-8")
    refused: tuple[tuple[dict[str, Any], str], ...] = (
        ({"folder": file}, "is no folder"),
        ({"folder": file / "below"}, "cannot make the folder"),
        ({"folder": tmp_path, "form": "gif"}, "there is no form 'gif'"),
        ({"folder": tmp_path, "theme": "blue"}, "there is no theme 'blue'"),
    )
    for wrong, told in refused:
        with pytest.raises(UsageError, match=told):
            write_figures(log, **wrong)
    kinds: tuple[Any, ...] = ((3, tmp_path), ([], tmp_path), (log, 3))
    for one in kinds:
        with pytest.raises(WrongTypeError):
            write_figures(*one)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_figures_of_several_logs_have_the_log_s_place_and_name_before_theirs(root: Path, tmp_path: Path) -> None:
    logs = [sample(root, "time_alexnet"), sample(root, "siamese"), sample(root, "siamese")]
    names = [path.name for path in write_figures(tuple(logs), tmp_path)]
    assert len(names) == len(set(names)) == sum(len(log.figure_names) for log in logs)
    assert "log1-time-alexnet-log-timing-layers.svg" in names
    assert {name.split("-")[0] for name in names} == {"log1", "log2", "log3"}


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_writes_figures_beside_the_report(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, out, folder = root / "sample_logs/time_alexnet.log", tmp_path / "r.html", tmp_path / "figures"
    words = ["report", str(log), "-o", str(out), "--figures", str(folder), "--figure-format", "png"]
    assert main([*words, "--figure-theme", "dark"]) == 0
    names = sample(root, "time_alexnet").figure_names
    assert {path.name for path in folder.iterdir()} == {f"{name}.png" for name in names}
    assert f"wrote {len(names)} figures into {folder}" in capsys.readouterr().err
    out.unlink()
    assert main(words) == 2
    assert "--force" in capsys.readouterr().err
    assert not out.exists()
    assert main([*words, "--force"]) == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--figure-theme", "dark"], "Give --figures DIR, too."),
        (["--figures", "x", "--figure-format", "pgn"], "did you mean png?"),
        (["--figures", "x", "--figure-theme", "drak"], "did you mean dark?"),
    ],
)
def test_a_call_that_means_nothing_is_refused(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    log = root / "sample_logs/time_alexnet.log"
    assert main(["report", str(log), "-o", str(tmp_path / "r.html"), *words]) == 2
    assert told in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_command_knows_the_forms_and_themes_of_the_library() -> None:
    assert tuple(FIGURE_FORMATS) == report._FORMATS
    assert report._THEMES == THEMES


def test_a_report_loads_neither_matplotlib_s_figure_nor_its_svg_backend(root: Path) -> None:
    code = (
        "import sys; from logparse.cli.main import main; "
        f"main(['report', {str(root / 'sample_logs/alexnet.log')!r}, '-o', '-']); "
        "print([name for name in sys.modules if name in ('matplotlib.figure', 'matplotlib.backends.backend_svg', "
        "'matplotlib.pyplot', 'jinja2.sandbox')], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=root)
    assert done.stderr.decode().splitlines()[-1] == "[]"


# --- colours ----------------------------------------------------------------------------------------------------------


def test_the_palette_is_the_style_sheet_s() -> None:
    folder = next(one for one in FOLDERS if one.is_dir())
    css = (folder / "report.css").read_text(encoding="utf-8")
    sheet_colours = dict(re.findall(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}, #[0-9a-f]{6})\)", css))
    assert {name: ", ".join(pair) for name, pair in COLOURS.items()}.items() <= sheet_colours.items()


@pytest.mark.parametrize("name", SAMPLES)
def test_every_mark_has_a_look_of_its_own(root: Path, name: str) -> None:
    used = {css for chart in charts(root, name) for mark in chart.sheet.marks for css in mark.css.split()}
    assert not used - LOOKED_UP, "give them a row in charts/painting/looks.py"


def test_a_mark_of_unknown_classes_is_not_seen() -> None:
    look = look_of("nothing that anybody knows", "light")
    assert look.fill is None
    assert look.stroke is None
