"""The command as its user meets it: exit codes, what goes where, what is refused and in which words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from logparse import __version__
from logparse.catalogue import TABLES
from logparse.cli.main import VERBS, main
from logparse.errors import Note, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[bytes]]

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256))


class FakeLog:
    """A log that was understood as well as the test wants."""

    def __init__(self, parsed_share: float = 1.0, notes: tuple[Note, ...] = ()) -> None:
        self.parsed_share = parsed_share
        self.notes = notes
        self.facts = SimpleNamespace(source=SimpleNamespace(name="fake.log"), ledger=())

    def table(self, _name: str) -> pd.DataFrame:
        return pd.DataFrame({"iteration": pd.Series([0, 20], dtype="Int64")})


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make `parse_log` return a fake log, or raise."""

    def install(result: FakeLog | BaseException) -> None:
        def parse_log(*_: object, **__: object) -> FakeLog:
            if isinstance(result, BaseException):
                raise result
            return result

        monkeypatch.setattr("logparse.api.parse_log", parse_log)

    return install


@pytest.fixture
def alexnet(sample_logs: Path) -> Path:
    return sample_logs / "alexnet.log"


# --- words about itself ------------------------------------------------------------------------------------


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"logparse {__version__}\n"


@pytest.mark.parametrize("words", [["--help"], *([verb, "--help"] for verb in VERBS)])
def test_help_is_plain_ascii_so_that_any_terminal_prints_it(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 0
    assert capsys.readouterr().out.isascii()


def test_help_names_every_table_and_format(capsys: pytest.CaptureFixture[str]) -> None:
    main(["export", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert ", ".join(TABLES) in text
    assert "csv, json, jsonl, parquet, markdown" in text


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ([], "the following arguments are required: VERB"),
        (["reprot", "x.log"], "there is no verb 'reprot'; did you mean report?"),
        (["zzz"], "there is no verb 'zzz'; there are summary, layers, report, export"),
        (["export", "x.log", "--table", "laeyrs"], "there is no table 'laeyrs'; did you mean layers?"),
        (["export", "x.log", "--table", "Layers"], "did you mean layers?"),
        (["export", "x.log", "--table", "lr", "--format", "jsno"], "there is no format 'jsno'; did you mean json?"),
        (["export", "x.log"], "required: --table"),
        (["report", "x.log"], "required: -o/--output"),
        (["report", "-o", "x.html"], "required: LOG"),
        (["report", "x.log", "-o", "x.html", "--forc"], "unrecognized arguments: --forc"),
        (["report", "x.log", "-o", "x.html", "--year", "17"], "'17' is no year between 1970 and 2199"),
        (["report", "x.log", "-o", "x.html", "--year", "²⁰¹⁷"], "is no year"),
        (["report", "x.log", "-o", "x.html", "--min-parsed", "99"], "'99' is no share: give 99% or 0.99"),
        (["report", "x.log", "-o", "x.html", "--min-parsed", "nan"], "is no share"),
        (["report", "x.log", "-o", "x.html", "--min-parsed", "101%"], "is no share"),
    ],
)
def test_a_wrong_call_is_answered_with_what_would_be_right(
    words: list[str], answer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    said = capsys.readouterr()
    assert answer in said.err
    assert said.out == ""


def test_a_choice_about_formulas_is_one_about_csv(alexnet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(alexnet), "--table", "nets", "--format", "json", "--csv-formulas", "keep"]) == 2
    assert "--csv-formulas is about csv, and the format is json" in capsys.readouterr().err
    assert main(["whatif", str(alexnet), "--csv-formulas", "keep"]) == 2


@pytest.mark.parametrize(("words", "name"), [([], "'=1"), (["--csv-formulas", "keep"], "=1")])
def test_a_layer_that_would_be_a_formula(
    alexnet: Path, tmp_path: Path, words: list[str], name: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(alexnet.read_bytes().replace(b"relu1", b"=1"))
    assert main(["export", str(log), "--table", "layers", *words]) == 0
    assert f",{name},".encode() in capfdbinary.readouterr().out


# --- what cannot be read -----------------------------------------------------------------------------------


def make_folder(path: Path) -> None:
    path.mkdir()


def make_empty(path: Path) -> None:
    path.write_bytes(b"")


def make_png(path: Path) -> None:
    path.write_bytes(PNG)


def make_prose(path: Path) -> None:
    path.write_text("The quick brown fox\njumps over the lazy dog\n", encoding="utf-8")


def make_nothing(_path: Path) -> None:
    pass


@pytest.mark.parametrize("verb", [["export", "--table", "layers"], ["report", "-o", "out.html"]], ids=lambda v: v[0])
@pytest.mark.parametrize(
    ("make", "code"),
    [(make_nothing, 3), (make_folder, 3), (make_empty, 4), (make_png, 4), (make_prose, 4)],
)
def test_an_input_that_is_no_log_is_told_in_words(
    verb: list[str], make: Callable[[Path], None], code: int, tmp_path: Path, run_logparse: Run
) -> None:
    make(tmp_path / "input.log")
    done = run_logparse(*verb, "input.log")
    assert done.returncode == code
    assert b"Traceback" not in done.stderr
    assert b"input.log" in done.stderr
    assert done.stdout == b""
    assert not (tmp_path / "out.html").exists()


def cut_in_mid_line(log: bytes) -> bytes:
    return log[: log.index(b"Top shape", len(log) // 20) + 14]


def only_solver_lines(log: bytes) -> bytes:
    return b"".join(line for line in log.splitlines(keepends=True) if b" solver.cpp:" in line)


def only_an_error(_log: bytes) -> bytes:
    return (
        b"F1124 10:45:36.814222 27831 math_functions.cu:26] Check failed: status == CUBLAS_STATUS_SUCCESS (13 vs. 0)\n"
    )


@pytest.mark.parametrize("cut", [cut_in_mid_line, only_solver_lines, only_an_error])
def test_a_piece_of_a_log_is_enough_for_a_report(
    cut: Callable[[bytes], bytes], sample_logs: Path, tmp_path: Path, run_logparse: Run
) -> None:
    (tmp_path / "piece.log").write_bytes(cut((sample_logs / "lenet.log").read_bytes()))
    done = run_logparse("report", "piece.log", "-o", "out.html")
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr
    assert (tmp_path / "out.html").stat().st_size > 2_000


def test_a_prototxt_that_is_not_there_is_told(alexnet: Path, run_logparse: Run) -> None:
    done = run_logparse("export", alexnet, "--table", "layers", "--prototxt", "absent.prototxt")
    assert done.returncode == 3
    assert b"absent.prototxt" in done.stderr


# --- what is written ---------------------------------------------------------------------------------------


def test_data_goes_to_standard_output_and_words_to_standard_error(alexnet: Path, run_logparse: Run) -> None:
    done = run_logparse("export", alexnet, "--table", "layers", "--format", "json")
    assert done.returncode == 0
    records = json.loads(done.stdout)
    assert records[0]["layer"] == "data"
    assert done.stderr == b""


def test_standard_input_is_a_log_too(alexnet: Path, run_logparse: Run) -> None:
    words = ("--table", "layers", "--format", "csv")
    from_file = run_logparse("export", alexnet, *words)
    from_stdin = run_logparse("export", "-", *words, stdin=alexnet.read_bytes())
    assert from_stdin.stdout == from_file.stdout
    assert from_stdin.stdout.count(b"\n") > 50


@pytest.mark.parametrize("name", ["layers.json", "layers.md", "layers.csv", "layers.jsonl", "layers.parquet", "layers"])
def test_the_ending_of_the_file_chooses_the_format(name: str, alexnet: Path, tmp_path: Path) -> None:
    starts = {"json": b"[\n{", "md": b"| Attempt |", "csv": b"attempt,", "jsonl": b'{"attempt"', "parquet": b"PAR1"}
    assert main(["export", str(alexnet), "--table", "layers", "-o", str(tmp_path / name)]) == 0
    assert (tmp_path / name).read_bytes().startswith(starts.get(name.rpartition(".")[2], b"attempt,"))


@pytest.mark.parametrize("verb", [["export", "--table", "layers"], ["report"]], ids=lambda v: v[0])
def test_nothing_is_overwritten_unasked(verb: list[str], alexnet: Path, tmp_path: Path, run_logparse: Run) -> None:
    target = tmp_path / "out"
    target.write_bytes(b"mine")
    refused = run_logparse(*verb, alexnet, "-o", "out")
    assert refused.returncode == 2
    assert b"out exists already" in refused.stderr
    assert b"Give --force to overwrite it." in refused.stderr
    assert target.read_bytes() == b"mine"
    assert run_logparse(*verb, alexnet, "-o", "out", "--force").returncode == 0
    assert target.read_bytes() != b"mine"


@pytest.mark.parametrize("verb", [["export", "--table", "layers"], ["report"]], ids=lambda v: v[0])
def test_a_log_is_never_overwritten_by_what_is_made_of_it(
    verb: list[str], alexnet: Path, tmp_path: Path, run_logparse: Run
) -> None:
    log = tmp_path / "train.log"
    log.write_bytes(alexnet.read_bytes())
    done = run_logparse(*verb, "train.log", "-o", "train.log", "--force")
    assert done.returncode == 2
    assert log.read_bytes() == alexnet.read_bytes()


def test_a_report_says_what_it_wrote(alexnet: Path, tmp_path: Path, run_logparse: Run) -> None:
    done = run_logparse("report", alexnet, "-o", "out.html")
    assert done.returncode == 0
    assert done.stdout == b""
    assert done.stderr.startswith(b"logparse: wrote out.html (")
    assert (tmp_path / "out.html").read_text(encoding="utf-8").rstrip().endswith("</html>")


def test_a_reader_that_has_had_enough_is_no_failure(alexnet: Path, root: Path) -> None:
    command = [sys.executable, "-m", "logparse", "export", str(alexnet), "--table", "layers", "--format", "json"]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, **pipes) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=120) == 0


# --- gates and faults --------------------------------------------------------------------------------------

LR = ["export", "fake.log", "--table", "lr"]
NOTE = Note(7, "a line is cut\x1b[2J", "its value is lost")


@pytest.mark.parametrize(
    ("log", "words", "code"),
    [
        (FakeLog(0.5), [], 0),
        (FakeLog(0.99), ["--min-parsed", "99%"], 0),
        (FakeLog(0.98), ["--min-parsed", "0.99"], 1),
        (FakeLog(float("nan")), ["--min-parsed", "0.99"], 1),
        (FakeLog(1.0), ["--strict"], 0),
        (FakeLog(0.999), ["--strict"], 1),
        (FakeLog(1.0, (NOTE,)), ["--strict"], 1),
        (FakeLog(1.0, (NOTE,)), [], 0),
    ],
)
def test_a_gate_fails_after_the_data_is_written(
    log: FakeLog, words: list[str], code: int, fake: Callable[..., None], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    fake(log)
    assert main([*LR, *words]) == code
    said = capsysbinary.readouterr()
    assert said.out == b"iteration\n0\n20\n"
    assert (b"asked for" in said.err or b"asks for" in said.err or b"allows none" in said.err) == (code == 1)


def test_a_note_tells_its_line_and_cannot_steer_the_terminal(
    fake: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    fake(FakeLog(1.0, (NOTE,)))
    main(LR)
    assert capsys.readouterr().err == "logparse: fake.log:7: a line is cut\\x1b[2J; its value is lost\n"


def test_a_users_mistake_is_words_and_its_own_code(
    fake: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    fake(UnreadableError("fake.log: no such file", remedy="Check the path."))
    assert main(LR) == 3
    assert capsys.readouterr().err == "logparse: fake.log: no such file\n  Check the path.\n"


def test_an_interrupt_is_130(fake: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    fake(KeyboardInterrupt())
    assert main(LR) == 130
    assert capsys.readouterr().err == "logparse: interrupted\n"


def test_a_fault_of_our_own_asks_for_a_report(fake: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    fake(ZeroDivisionError("division by zero"))
    assert main(LR) == 70
    said = capsys.readouterr().err
    assert "unexpected ZeroDivisionError: division by zero" in said
    assert "please report it" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("words", [["--debug", *LR], [*LR, "--debug"]])
def test_debug_shows_the_traceback(
    words: list[str], fake: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    fake(ZeroDivisionError("division by zero"))
    assert main(words) == 70
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_parquet_is_not_sent_to_a_terminal(
    fake: Callable[..., None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake(FakeLog())
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main([*LR, "--format", "parquet"]) == 2
    assert "parquet is not for a terminal" in capsys.readouterr().err
