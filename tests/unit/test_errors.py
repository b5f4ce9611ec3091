"""What a caller does wrong is told in the words of what was called: the library's arguments, the command's options."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

import pytest

import logparse
from logparse.cli.words import _OPTIONS, say_error
from logparse.cost.memory.terms import Terms
from logparse.cost.whatif.change import Change
from logparse.errors import (
    DefinitionError,
    UnknownTableError,
    UnreadableError,
    UsageError,
    WrongTypeError,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from logparse.errors import LogparseError

LINE: Final = "I1124 10:43:20.990321 23669 solver.cpp:102] Iteration 0, loss = 2.4\n"


@pytest.fixture(scope="module")
def lenet(sample_logs: Path) -> Path:
    return sample_logs / "lenet.log"


@pytest.fixture(scope="module")
def log(lenet: Path) -> logparse.Log:
    return logparse.parse_log(lenet)


def closed() -> io.BytesIO:
    stream = io.BytesIO(LINE.encode())
    stream.close()
    return stream


@pytest.mark.parametrize(
    ("source", "kind", "words"),
    [
        (None, WrongTypeError, "not as NoneType"),
        (3, WrongTypeError, 'a log is given as a path, its bytes, an open file or "-" for standard input, not as int'),
        (["a.log"], WrongTypeError, "not as list"),
        (2 * LINE, UsageError, "no path has 2 lines: this is the text of a log\n  A str is a path. Give text as bytes"),
        (LINE.rstrip("\n"), UsageError, "no path is a line of Caffe's: this is the text of a log"),
        (1000 * LINE, UsageError, "no path has 1,000 lines"),
        ("", UsageError, "an empty text is no path"),
        (closed(), UsageError, "this file has been closed"),
    ],
    ids=["none", "int", "list", "two lines", "a line", "many lines", "empty", "closed"],
)
def test_what_is_no_source_of_a_log_is_refused(source: Any, kind: type[LogparseError], words: str) -> None:  # noqa: ANN401 - whatever a caller gives
    with pytest.raises(kind) as caught:
        logparse.parse_log(source)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 250


def test_a_file_that_is_only_written_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "a").open("wb") as file, pytest.raises(UsageError, match="not open for reading"):
        logparse.parse_log(file)


def test_any_path_like_thing_is_a_path(lenet: Path) -> None:
    class Entry:
        def __fspath__(self) -> str:
            return str(lenet)

    assert not logparse.parse_log(Entry()).nets.empty


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({"year": "2015"}, WrongTypeError, "year is a whole number, not '2015'"),
        ({"year": 15}, UsageError, "year is a whole number from 1970 to 2199, not 15"),
        ({"max_bytes": "1GB"}, WrongTypeError, "max_bytes is a whole number"),
        ({"max_bytes": 0}, UsageError, "max_bytes is a whole number from 1, not 0"),
        ({"max_bytes": 100}, UnreadableError, "raise the limit with max_bytes=N"),
        ({"processes": 0}, UsageError, "processes is a whole number from 1"),
        ({"processes": True}, WrongTypeError, "processes is a whole number, not True"),
        ({"prototxt": 3}, WrongTypeError, "prototxt is the path of a network definition, not int"),
        ({"prototxt": "name: 'a'\nlayer {}"}, UsageError, "and not its text"),
        ({"prototxt": "a\0b"}, DefinitionError, "embedded null byte"),
    ],
    ids=str,
)
def test_an_argument_without_a_meaning_is_named(
    lenet: Path, arguments: dict[str, Any], kind: type[LogparseError], words: str
) -> None:
    with pytest.raises(kind) as caught:
        logparse.parse_log(lenet, **arguments)
    assert words in str(caught.value)


def test_a_table_that_is_not_there_is_told_with_the_nearest(log: logparse.Log) -> None:
    with pytest.raises(UnknownTableError, match=r"^there is no table 'layer'; did you mean layers\?$"):
        log.table("layer")
    with pytest.raises(KeyError, match="there are summary, layers, blobs"):
        log.table("xyz")
    with pytest.raises(WrongTypeError, match="named by a str, not by list"):
        log.table(["layers"])  # type: ignore[arg-type]


def terms_set(log: logparse.Log, terms: object) -> None:
    log.terms = terms  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda log: log.run(9), "attempt 9 is not there, or shows no net\n  Attempts that show one: 1."),
        (lambda log: log.run("1"), "attempt is a whole number, not '1'"),
        (lambda log: log.whatif({"batch": 8}), "a change is a logparse.cost.whatif.change.Change, not {'batch': 8}"),
        (lambda log: log.whatif(Change(batch=8), fit=8), "fit is what Log.fit gave, not 8"),
        (lambda log: log.fit(2**33, change=8), "a change is a"),
        (lambda log: terms_set(log, "cudnn"), "terms are logparse.cost.memory.terms.Terms, not 'cudnn'"),
        (lambda log: terms_set(log, Terms(engine="trt")), "there is no engine 'trt'; there are caffe and cudnn"),
        (
            lambda log: terms_set(log, Terms(context_bytes=-1)),
            "context_bytes is a whole number of bytes from 0, not -1",
        ),
        (lambda _: logparse.write_report("a.log", "a.html"), "a report is of what parse_log gave, not of str"),  # type: ignore[arg-type]
        (lambda log: logparse.write_report([log, None], "a.html"), "not of NoneType"),  # type: ignore[list-item]
        (lambda log: logparse.write_report(log, None), "a file to write is given as its path, not as NoneType"),  # type: ignore[arg-type]
        (lambda log: logparse.write_report(log, ""), "'' is no name of a file"),
        (lambda log: logparse.write_report(log, "a.html", title=3), "a title is a str, not int"),  # type: ignore[arg-type]
    ],
    ids=range(13),
)
def test_a_call_that_makes_no_sense_is_a_usage_error(
    log: logparse.Log, call: Callable[[logparse.Log], object], words: str
) -> None:
    with pytest.raises(UsageError) as caught:
        call(log)
    assert words in str(caught.value)


def test_a_wrong_type_is_a_type_error_too() -> None:
    with pytest.raises(TypeError):
        logparse.parse_log(3)  # type: ignore[arg-type]


def test_an_existing_file_names_the_argument_and_is_told_before_the_work(log: logparse.Log, tmp_path: Path) -> None:
    target = tmp_path / "a.html"
    target.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        logparse.write_report(log, target)
    assert str(caught.value) == f"{target} exists already\n  Give force=True to overwrite it."


def test_the_library_names_no_option(root: Path) -> None:
    """`--force` and its like mean nothing to who calls from Python; the command says them in their place."""
    told = [
        f"{path}: {line.strip()}"
        for path in (root / "logparse").rglob("*.py")
        if "cli" not in path.parts
        for line in path.read_text(encoding="utf-8").splitlines()
        if "remedy=" in line and " --" in line.replace("glog's --log_dir", "")
    ]
    assert told == []


def test_the_command_says_in_options_what_the_library_says_in_arguments(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = [path.read_text(encoding="utf-8") for path in (root / "logparse").rglob("*.py") if "cli" not in path.parts]
    for argument, option in _OPTIONS.items():
        assert any(f"{argument}" in text and "remedy=" in text for text in texts), f"nothing says {argument!r}"
        say_error(UsageError("what", remedy=f"Give {argument}."))
        assert capsys.readouterr().err == f"logparse: what\n  Give {option}.\n"
    say_error(UsageError("force=True"))  # what went wrong is told as it is
    assert capsys.readouterr().err == "logparse: force=True\n"


# --- a process without a standard stream, a user without a home ------------------------------------------


def shell(command: str, root: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    words = f'"{sys.executable}" -m logparse {command}'
    known = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(root), **environment}
    return subprocess.run(["/bin/sh", "-c", words], env=known, capture_output=True, check=False)


@pytest.mark.skipif(os.name != "posix", reason="a shell that closes streams")
@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        ("export - --table nets <&-", 3, b"standard input is closed"),
        ("export {log} --table nets >&-", 2, b"standard output is closed"),
        ("export {log} --table nets --format parquet >&-", 2, b"standard output is closed"),
        ("whatif {log} >&-", 2, b"standard output is closed"),
        ("export {log} --table nets -o {out} >&-", 0, b""),
        ("export {log} --table nets -o {out} <&- >&- 2>&-", 0, b""),
        ("export absent.log --table nets 2>&-", 3, b""),
        ("export --table 2>&- >&-", 2, b""),
    ],
)
def test_a_closed_stream_is_no_fault(
    command: str, code: int, words: bytes, lenet: Path, tmp_path: Path, root: Path
) -> None:
    done = shell(command.format(log=lenet, out=tmp_path / "out.csv"), root)
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr
    assert b"fault" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="a home that cannot be made")
def test_a_user_without_a_home_gets_a_report_and_no_foreign_words(lenet: Path, tmp_path: Path, root: Path) -> None:
    done = shell(f"report {lenet} -o {tmp_path}/out.html", root, HOME="/dev/null")
    assert done.returncode == 0
    assert done.stderr.startswith(b"logparse: wrote ")
    assert len(done.stderr.splitlines()) == 1


def test_the_level_of_matplotlibs_words_is_left_as_it_was() -> None:
    words = (
        "import logging; logging.getLogger('matplotlib').setLevel(17); import logparse.report.charts;"
        "print(logging.getLogger('matplotlib').level)"
    )
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, check=True)
    assert int(done.stdout) == 17
