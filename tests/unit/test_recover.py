"""The verb `recover`: what it writes and where, what it refuses, and its exit codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from logparse.api import parse_log
from logparse.cli.main import main
from logparse.textproto import parse

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def lenet(sample_logs: Path) -> Path:
    return sample_logs / "lenet.log"


@pytest.fixture
def excerpt(sample_logs: Path) -> Path:
    return sample_logs / "lenet_excerpt.log"


def test_the_definition_goes_to_standard_output_and_words_to_standard_error(lenet: Path, run_logparse: Run) -> None:
    done = run_logparse("recover", lenet)
    assert done.returncode == 0
    assert done.stdout.decode() == parse_log(lenet).recover().text
    assert done.stderr == b"logparse: train_val of attempt 1: 11 layers, nothing open\n"


def test_net_and_solver_are_two_files_and_the_solver_names_the_net(
    lenet: Path, tmp_path: Path, run_logparse: Run
) -> None:
    assert run_logparse("recover", lenet, "-o", "net.prototxt", "--solver", "solver.prototxt").returncode == 0
    solver = parse((tmp_path / "solver.prototxt").read_text()).root
    assert solver.all("net") == ["net.prototxt"]
    assert solver.last("base_lr") == 0.01
    assert parse((tmp_path / "net.prototxt").read_text()).root.text("name") == "LeNet"


def test_a_recovered_file_is_a_definition_for_the_log_that_lacks_it(
    lenet: Path, tmp_path: Path, run_logparse: Run
) -> None:
    run_logparse("recover", lenet, "-o", "net.prototxt")
    text = lenet.read_text()
    start, end = text.index('name: "LeNet"'), text.index("I1124", text.index('name: "LeNet"'))
    bare = text[:start] + text[end:]
    start, end = bare.index('name: "LeNet"'), bare.index("I1124", bare.index('name: "LeNet"'))
    bare = bare[:start] + bare[end:]
    (tmp_path / "bare.log").write_text(bare)
    whole, given = parse_log(lenet).layers, parse_log(tmp_path / "bare.log", tmp_path / "net.prototxt").layers
    columns = ["layer", "type", "params", "macs"]
    assert given[columns].equals(whole[columns])


def test_nothing_is_overwritten_unasked(lenet: Path, tmp_path: Path, run_logparse: Run) -> None:
    for name in ("net.prototxt", "solver.prototxt"):
        (tmp_path / name).write_text("old")
        files = ("-o", "net.prototxt", "--solver", "solver.prototxt")
        refused = run_logparse("recover", lenet, *files)
        assert refused.returncode == 2
        assert f"{name} exists already\n  Give --force to overwrite it." in refused.stderr.decode()
        assert (tmp_path / name).read_text() == "old"
        assert run_logparse("recover", lenet, *files, "--force").returncode == 0
        (tmp_path / "net.prototxt").unlink()


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["--solver", "s.prototxt"], "--solver names the file of the net, and there is none\n  Give -o FILE as well."),
        (["-o", "x", "--solver", "x"], "x cannot be both the net and the solver"),
        (["-o", "x", "--solver", "y", "--as", "deploy"], "the form deploy has no training net"),
        (["--as", "train_vla"], "there is no form 'train_vla'; did you mean train_val?"),
        (["--attempt", "7"], "attempt 7 is not there, or shows no net\n  Attempts that show one: 1."),
    ],
)
def test_a_call_that_makes_no_sense_is_refused(
    words: list[str], answer: str, lenet: Path, tmp_path: Path, run_logparse: Run
) -> None:
    done = run_logparse("recover", lenet, *words)
    assert done.returncode == 2
    assert answer in done.stderr.decode()
    assert done.stdout == b""
    assert list(tmp_path.iterdir()) == []


def test_open_fields_fail_only_where_all_is_asked_for(
    lenet: Path, excerpt: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["recover", str(lenet), "--complete"]) == 0
    assert main(["recover", str(excerpt)]) == 0
    text = capsys.readouterr().out
    assert main(["recover", str(excerpt), "--complete"]) == 1
    out, err = capsys.readouterr()
    assert text.endswith(out)
    assert "--complete asks for all, and open are" in err
    assert "pooling_param.pool of pool1" in err


def test_the_net_given_beside_the_log_fills_what_it_lacks(excerpt: Path, sample_logs: Path) -> None:
    found = parse_log(excerpt, sample_logs / "lenet_fragment.prototxt").recover()
    stated = {layer.name: layer.stated for layer in found.layers}
    assert stated["conv1"] == ("as the given prototxt defines it",)


def test_a_net_is_recovered_without_a_table_package(
    lenet: Path, fresh_modules: Callable[[str, list[str]], set[str]]
) -> None:
    statement = f"from logparse.cli.main import main; main(['recover', {str(lenet)!r}, '-o', '/dev/null', '--force'])"
    heavy = {"pandas", "matplotlib", "jinja2"}
    assert not fresh_modules(statement, sorted(heavy)) & heavy
