"""The library's manners: a log says what it is, its tables are nobody's to spoil, many logs are read at once."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

import pytest

import logparse
from logparse import formats, parse_log, parse_logs
from logparse.catalogue import TABLES
from logparse.errors import LogparseError, NothingRecognisedError, UnreadableError, UsageError, WrongTypeError
from logparse.report.notebook import LAYERS_SHOWN
from logparse.report.reported_log import ReportedLog
from logparse.report.verdict.sentence import sentence
from tests.writing import Layer, data, line, net, read

SAMPLES: Final = ["alexnet", "lenet", "lenet_excerpt", "lenet_nan", "lstm", "siamese", "time_alexnet"]


# --- what a log says of itself -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLES)
def test_a_log_prints_as_file_net_and_outcome(sample_logs: Path, name: str) -> None:
    log = parse_log(sample_logs / f"{name}.log")
    text = repr(log)
    (row,) = log.summary.to_dict("records")
    assert text.startswith(f"<Log {sample_logs / name}.log: ")
    assert text.endswith(f"of {row['layers']} layers, {row['outcome'].replace('_', ' ')}>")
    assert "\n" not in text


def test_a_log_of_nothing_much_prints_too() -> None:
    assert repr(read(line("Use CPU.", "caffe.cpp"))) == "<Log <bytes>: no net, unfinished>"


def test_a_name_of_a_net_cannot_break_the_line() -> None:
    text = repr(read(net([data()]).replace('name: "N"', 'name: "a\\nb\\033[31m"')))
    assert text.isprintable()


class _Page(HTMLParser):
    """The tags that are open at the end, all tags, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser's
        self.open.append(tag)
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += f"{data} "


def page_of(log: logparse.Log) -> _Page:
    page = _Page()
    page.feed(log._repr_html_())
    return page


@pytest.mark.parametrize("name", SAMPLES)
def test_a_notebook_shows_the_summary_and_the_layers(sample_logs: Path, name: str) -> None:
    log = parse_log(sample_logs / f"{name}.log")
    page = page_of(log)
    seen = ReportedLog(log)
    assert page.open == []
    assert sentence(seen) in page.text
    assert seen.lead is not None
    for layer in seen.lead.layers[:LAYERS_SHOWN]:
        assert formats.size(layer["distinct_bytes"]) in page.text
        assert formats.plain(layer["type"]) in page.text


def test_a_notebook_shows_so_many_layers_and_says_how_many_more() -> None:
    layers = [Layer(f"r{place}", "ReLU", ("data",), (f"r{place}",), ("2 3 4 4 (96)",)) for place in range(130)]
    page = page_of(read(net([data(), *layers])))
    assert "and 31 more layers" in page.text


def test_a_strangers_text_is_escaped_in_a_notebook() -> None:
    evil = '<script>alert(1)</script><img src=x onerror="y">'
    log = read(net([data(), Layer(evil.replace('"', ""), "ReLU", ("data",), ("r",), ("2 3 4 4 (96)",))]))
    page = page_of(log)
    assert page.tags <= {"div", "p", "strong", "table", "tr", "th", "td"}
    assert "<script>" in page.text


# --- tables --------------------------------------------------------------------------------------------------


def test_a_table_by_its_name_in_three_ways(sample_logs: Path) -> None:
    log = parse_log(sample_logs / "lenet.log")
    assert log["layers"].equals(log.layers)
    assert log["layers"].equals(log.table("layers"))
    assert "layers" in log
    assert "laeyrs" not in log
    with pytest.raises(KeyError, match="did you mean layers"):
        log["laeyrs"]
    with pytest.raises(TypeError):
        log[0]  # type: ignore[index]


@pytest.mark.parametrize("name", TABLES)
def test_what_a_caller_does_to_a_table_concerns_nobody_else(sample_logs: Path, name: str) -> None:
    log, other = (parse_log(sample_logs / "lenet.log") for _ in range(2))
    before = repr(other[name].to_dict("list"))
    spoilt = log[name]
    for column in spoilt.columns:
        if len(spoilt) and str(spoilt[column].dtype) in {"Int64", "Float64", "string"}:
            spoilt[column].array[0] = None  # the array itself, past all that pandas guards
            spoilt.loc[:, column] = None
    spoilt["more"] = 1
    assert repr(log[name].to_dict("list")) == before
    assert log.findings.equals(other.findings)


# --- many logs -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("processes", [1, 2])
def test_many_logs_in_their_order_with_errors_as_values(sample_logs: Path, tmp_path: Path, processes: int) -> None:
    (tmp_path / "prose.txt").write_text("nothing of Caffe's\n" * 5, encoding="utf-8")
    paths: list[Any] = [
        sample_logs / "lenet.log",
        tmp_path / "absent.log",
        str(sample_logs / "siamese.log"),
        tmp_path / "prose.txt",
        sample_logs / "alexnet.log",
    ]
    found = list(parse_logs(iter(paths), processes=processes))
    assert [path for path, _ in found] == paths
    kinds = [type(one) for _, one in found]
    assert kinds == [logparse.Log, UnreadableError, logparse.Log, NothingRecognisedError, logparse.Log]
    for path, log in found:
        if isinstance(log, LogparseError):
            assert log.remedy == next(iter(parse_logs([path])))[1].remedy  # type: ignore[union-attr]
        else:
            assert log.layers.equals(parse_log(path).layers)


def test_options_of_many_logs_are_those_of_one(sample_logs: Path) -> None:
    ((_, log),) = parse_logs([sample_logs / "lenet.log"], curves=False, year=2020)
    assert isinstance(log, logparse.Log)
    assert log.train.empty
    assert log.facts.year == 2020


@pytest.mark.parametrize(
    ("paths", "processes", "error"),
    [(["x"], 0, UsageError), (["x"], "2", WrongTypeError), ("train.log", 1, WrongTypeError), (3, 1, WrongTypeError)],
)
def test_wrong_arguments_are_refused_at_once(paths: Any, processes: Any, error: type[Exception]) -> None:  # noqa: ANN401
    with pytest.raises(error):
        parse_logs(paths, processes=processes)


DIES: Final = """
import os, sys
import logparse.many as many
reading = many.parse_log
def parse_log(path, **options):
    if "dies" in str(path):
        os._exit(9)
    return reading(path, **options)
many.parse_log = parse_log
if __name__ == "__main__":
    for path, one in many.parse_logs(sys.argv[1:], processes=2):
        print(os.path.basename(path), type(one).__name__)
"""


def test_a_process_that_dies_takes_one_log_with_it(sample_logs: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(DIES, encoding="utf-8")
    logs = [sample_logs / "lenet.log", tmp_path / "dies.log", *[sample_logs / "siamese.log"] * 4]
    done = subprocess.run(
        [sys.executable, str(script), *map(str, logs)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env={"PYTHONPATH": str(Path(logparse.__file__).parents[1])},
    )
    found = [one.split() for one in done.stdout.splitlines()]
    assert found == [["lenet.log", "Log"], ["dies.log", "UnreadableError"], *[["siamese.log", "Log"]] * 4]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_log_goes_from_process_to_process(sample_logs: Path, name: str) -> None:
    log = parse_log(sample_logs / f"{name}.log")
    assert log.layers.equals(pickle.loads(pickle.dumps(log)).layers)  # noqa: S301 - our own
    assert repr(log) == repr(pickle.loads(pickle.dumps(log)))  # noqa: S301 - our own


# --- documented examples -------------------------------------------------------------------------------------


def blocks() -> list[str]:
    text = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("code", blocks())
def test_what_the_introduction_shows_of_the_library_runs(
    code: str, sample_logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    for name, source in {"train.log": "alexnet.log", "base.log": "lenet.log"}.items():
        shutil.copy(sample_logs / source, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})  # noqa: S102 - our own words


def shell_lines() -> list[str]:
    text = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    listed = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL)).splitlines()
    return [line for line in listed if line.startswith("logparse ")]


@pytest.mark.parametrize("words", shell_lines())
def test_what_the_introduction_shows_of_the_command_runs(
    words: str, sample_logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shlex
    import shutil

    from logparse.cli.main import main

    for name in ("train.log", "base.log"):
        shutil.copy(sample_logs / "alexnet.log", tmp_path / name)
    definition = Path(__file__).resolve().parents[2] / "sample_logs/lenet_fragment.prototxt"
    shutil.copy(definition, tmp_path / "train_val.prototxt")
    monkeypatch.chdir(tmp_path)
    arguments = shlex.split(words, comments=True)[1:]
    overwrites = ["--force"] if "recover" in arguments else []
    assert main([*arguments, *overwrites]) == 0
