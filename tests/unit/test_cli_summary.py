"""`logparse summary`, which `logparse LOG` is: one screen a log, in the voice of the report; one row a log."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING

import pytest

from logparse import formats, parse_log
from logparse.cli.main import VERBS, main
from logparse.cli.screens.columns import PIPE_WIDTH
from logparse.cli.screens.summary_text import summary_lines
from logparse.reading.messages.ignored import IGNORED_PATTERNS
from logparse.reading.messages.patterns import PATTERNS
from logparse.report.reported_log import ReportedLog
from logparse.report.verdict.cards import cards
from logparse.report.verdict.sentence import sentence
from logparse.tables.run.fork import FORK_MARKS, build_of
from tests.writing import line, net, read

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

SAMPLES = ["alexnet", "lenet", "lenet_excerpt", "lenet_nan", "lstm", "resnet18", "siamese", "time_alexnet"]


def said_by(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> str:
    assert main([*map(str, words)]) == code
    said = capsys.readouterr()
    return said.out if code == 0 else said.err


@pytest.mark.parametrize("name", SAMPLES)
def test_the_screen_says_what_the_report_says_first(sample_logs: Path, name: str) -> None:
    log = parse_log(sample_logs / f"{name}.log")
    text = " ".join(" ".join(summary_lines(log, PIPE_WIDTH)).split())
    seen = ReportedLog(log)
    assert sentence(seen) in text
    for card in cards(seen):
        assert f"{card.name} {card.text}" in text
    assert formats.exact_bytes(int(seen.lead.row["logged_bytes"])) in text if seen.lead else True


@pytest.mark.parametrize("width", [40, 60, 100])
def test_one_screen_as_wide_as_it_may_be(sample_logs: Path, width: int) -> None:
    lines = list(summary_lines(parse_log(sample_logs / "resnet18.log"), width))
    assert max(map(len, lines)) <= width + 20  # a name of a layer is not broken
    assert len(list(summary_lines(parse_log(sample_logs / "resnet18.log"), 100))) <= 40


def test_the_largest_steps_are_those_of_the_layers(sample_logs: Path) -> None:
    log = parse_log(sample_logs / "lenet.log")
    lines = list(summary_lines(log, PIPE_WIDTH))
    start = next(place for place, text in enumerate(lines) if text.startswith("Largest steps"))
    steps = log.layers.query("phase == 'TRAIN'").sort_values("logged_step_bytes", ascending=False, kind="stable")
    total = steps["logged_step_bytes"].sum()
    for text, (_, row) in zip(lines[start + 1 : start + 4], steps.iterrows(), strict=False):
        assert text.split()[0] == row["layer"]
        assert formats.size(row["logged_step_bytes"]) in text
        assert formats.percent(row["logged_step_bytes"] / total) in text


@pytest.mark.parametrize("name", SAMPLES)
def test_the_row_repeats_the_tables(sample_logs: Path, name: str) -> None:
    log = parse_log(sample_logs / f"{name}.log")
    (row,) = log.summary.to_dict("records")
    lead = ReportedLog(log).lead
    assert lead is not None
    for key in ("net", "batch", "params", "macs_per_image", "logged_bytes", "distinct_bytes", "structure"):
        assert formats.plain(row[key]) == formats.plain(lead.row[key]), key
    assert row["layers"] == len(lead.layers)
    for severity in ("error", "warning", "hint", "note"):
        assert row[f"{severity}s"] == (log.findings["severity"] == severity).sum()
    footprint = log.footprint.query("attempt == @row['attempt'] and device == @row['device']").iloc[0]
    assert formats.plain(row["footprint_high_bytes"]) == formats.plain(footprint["high_bytes"])


def test_a_log_without_a_verb_is_summed_up(sample_logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = sample_logs / "alexnet.log"
    assert said_by(capsys, log) == said_by(capsys, "summary", log)
    assert said_by(capsys, "--year", "2020", log).startswith("alexnet.log: Finished")


@pytest.mark.parametrize("word", ["absent.log", "absent/log", "absent*", "folder"])
def test_what_is_named_like_a_log_is_no_verb(
    word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    assert "verb" not in said_by(capsys, word, code=3)


def test_a_misspelt_verb_is_no_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["sumary", "x.log"]) == 2


def test_standard_input_needs_no_verb(
    sample_logs: Path, run_logparse: Callable[..., object], capsys: pytest.CaptureFixture[str]
) -> None:
    log = sample_logs / "siamese.log"
    done = run_logparse("-", stdin=log.read_bytes())
    out = done.stdout.decode()  # type: ignore[attr-defined]
    assert out.splitlines()[1:] == said_by(capsys, log).splitlines()[1:]


def test_several_logs_are_one_table_with_a_row_each(sample_logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [sample_logs / f"{name}.log" for name in ("lenet", "siamese")]
    rows = list(csv.DictReader(io.StringIO(said_by(capsys, "summary", *paths, "--format", "csv"))))
    assert [row["log"] for row in rows] == [str(path) for path in paths]
    assert [int(row["params"]) for row in rows] == [int(parse_log(path).summary["params"][0]) for path in paths]
    (one,) = json.loads(said_by(capsys, "summary", paths[0], "--format", "json"))
    assert one["net"] == "LeNet"
    screens = said_by(capsys, *paths)
    assert len(re.findall(r"^\S+\.log: ", screens, re.MULTILINE)) == 2


def test_a_log_with_no_net_has_a_screen_too() -> None:
    lines = list(summary_lines(read(line("Use CPU.", "caffe.cpp")), PIPE_WIDTH))
    assert lines[0].endswith("Set-up only") or lines[0].endswith("Excerpt")


def test_a_strangers_name_stays_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "evil.log"
    path.write_text(net([]).replace("name:", 'name: "\u202e\x1b[31m" #'), encoding="utf-8")
    out = said_by(capsys, path)
    assert "\x1b" not in out
    assert "\u202e" not in out


# --- which build ---------------------------------------------------------------------------------------------


def test_every_mark_of_a_build_is_a_reason_of_the_ledger() -> None:
    known = {one.name for one in PATTERNS} | {one.reason for one in IGNORED_PATTERNS}
    for name, marks in FORK_MARKS.items():
        assert marks <= known, name


def test_a_build_is_told_by_its_own_lines(sample_logs: Path) -> None:
    banner = line("This is NVCaffe 0.17.0 started at Wed Feb 28 07:56:37 2018", "caffe.cpp")
    found = build_of(read(banner).facts)
    assert found is not None
    assert (found.name, found.version, found.line) == ("NVCaffe", "0.17.0", 1)
    assert build_of(parse_log(sample_logs / "lenet.log").facts) is None


# --- examples ------------------------------------------------------------------------------------------------


def examples() -> Sequence[str]:
    from importlib import import_module

    return [example for verb in VERBS for example in import_module(f"logparse.cli.{verb}").EXAMPLES]


@pytest.mark.parametrize("verb", VERBS)
def test_help_shows_two_examples(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = said_by(capsys, verb, "--help")
    assert text.split("examples:")[1].count("\n  logparse ") == 2


@pytest.mark.parametrize("example", examples())
def test_an_example_of_the_help_runs(
    example: str, sample_logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shlex
    import shutil

    (tmp_path / "logs").mkdir()
    for target in ("train.log", "base.log", "logs/one.log", "logs/two.log"):
        name = "lenet.log" if target == "train.log" else "siamese.log"
        shutil.copy(sample_logs / name, tmp_path / target)
    monkeypatch.chdir(tmp_path)
    program, *words = shlex.split(example)
    assert program == "logparse"
    assert main(words) == 0
