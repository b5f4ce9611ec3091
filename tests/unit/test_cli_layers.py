"""`logparse layers`: which layers are shown, in which order, and that the figures are those of the table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from logparse import formats, parse_log
from logparse.cli.main import main
from logparse.cli.screens.columns import bar, in_columns

if TYPE_CHECKING:
    from pathlib import Path


def said_by(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> list[str]:
    assert main(["layers", *map(str, words)]) == code
    said = capsys.readouterr()
    return (said.out if code == 0 else said.err).splitlines()


def test_every_layer_of_the_training_net_has_a_line_and_the_sums_stand_below(
    sample_logs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = said_by(capsys, sample_logs / "alexnet.log")
    layers = parse_log(sample_logs / "alexnet.log").layers.query("phase == 'TRAIN'")
    assert lines[0] == f"AlexNet, TRAIN net, batch 4, attempt 1: {len(layers)} layers"
    for line, row in zip(lines[2:], layers.itertuples(), strict=False):
        assert line.split()[:3] == [str(row.layer_index), row.layer, row.type]
        assert formats.size(row.distinct_bytes) in line
        assert formats.short(row.params) in line
    total = lines[2 + len(layers)]
    assert total.split()[0] == "total"
    for figure in (formats.size(layers["distinct_bytes"].sum()), formats.short(layers["params"].sum())):
        assert figure in total


def test_a_sum_with_a_gap_is_at_least_so_much(sample_logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layers = parse_log(sample_logs / "lenet_excerpt.log").layers
    assert layers["params"].isna().any()
    total = next(line for line in said_by(capsys, sample_logs / "lenet_excerpt.log") if line.split()[:1] == ["total"])
    assert f"≥ {formats.short(layers['params'].sum())}" in total


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--sort", "macs", "--top", "2"], ["conv2", "conv3"]),
        (["--sort", "type", "--top", "1"], ["conv1"]),
        (["--where", 'type == "LRN"'], ["norm1", "norm2"]),
        (["--where", 'params > 1e7 and type.str.contains("Inner")'], ["fc6", "fc7"]),
        (["--where", "macs_per_weight > 500 and params > 1e5", "--sort", "params"], ["conv2"]),
        (["--net", "test", "--where", 'type == "Accuracy"'], ["accuracy"]),
        (["--net", "1", "--where", 'type == "Accuracy"'], ["accuracy"]),
    ],
)
def test_layers_are_chosen_and_ordered(
    sample_logs: Path, words: list[str], expected: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    lines = said_by(capsys, sample_logs / "alexnet.log", "--columns", "layer", *words)
    assert [line.strip() for line in lines[2:-2]] == expected


def test_all_nets_stand_one_after_the_other(sample_logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    heads = [line for line in said_by(capsys, sample_logs / "alexnet.log", "--net", "all") if line[:1].strip()]
    assert [head.split(", ")[1] for head in heads] == ["TRAIN net", "TEST net"]


def test_sums_by_type_are_those_of_the_layers(sample_logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said_by(capsys, sample_logs / "alexnet.log", "--by", "type")[2:-1]
    layers = parse_log(sample_logs / "alexnet.log").layers.query("phase == 'TRAIN'")
    groups = layers.groupby("type")
    assert {line.split()[0]: int(line.split()[1]) for line in lines} == groups.size().to_dict()
    macs = layers["macs_per_image"].sum()
    for line in lines:
        rows = groups.get_group(line.split()[0])
        assert formats.short(rows["params"].sum()) in line
        assert formats.percent(rows["macs_per_image"].sum() / macs) in line
    assert lines[0].split()[0] == "Convolution"  # most MACs first


def test_several_logs_are_one_table_with_their_names(sample_logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sources = [str(sample_logs / f"{name}.log") for name in ("alexnet", "lenet")]
    words = [*sources, "--sort", "params", "--top", "1", "--format", "jsonl"]
    rows = [json.loads(line) for line in said_by(capsys, *words)]
    assert [(row["log"], row["layer"]) for row in rows] == [(sources[0], "fc6"), (sources[1], "ip1")]
    told = said_by(capsys, *sources, "--top", "1")
    assert [line.removesuffix(":") for line in told if line.endswith(".log:")] == sources


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["--where", "mac > 1"], "name 'mac' is not defined; did you mean macs?"),
        (["--where", "params + 1"], "'params + 1' is neither true nor false of a row"),
        (["--where", "macs >"], "An example: 'macs > 1e8"),
        (["--where", '__import__("os").system("true")'], '"__import__" is not a supported function'),
        (["--sort", "memory"], "there is no column 'memory'"),
        (["--columns", "layer,mac"], "there is no column 'mac'; did you mean macs?"),
        (["--columns", ","], "',' names nothing"),
        (["--net", "7"], "There are TRAIN, TEST, 0 and 1."),
        (["--by", "colour"], "there is no way 'colour'"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_words(
    sample_logs: Path, words: list[str], answer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = said_by(capsys, sample_logs / "alexnet.log", *words, code=2)
    assert answer in "\n".join(said)
    assert len(said) <= 2


def test_where_no_layer_is_like_that_it_is_said(sample_logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said_by(capsys, sample_logs / "lenet.log", "--where", "params > 1e9") == ["no layer is like that"]


def test_cells_stand_under_one_another() -> None:
    assert list(in_columns([("a", "1"), ("bcd", "22")])) == ["  a     1", "  bcd  22"]


@pytest.mark.parametrize(
    ("share", "drawn"), [(0.0, ""), (None, ""), (1.0, "████"), (2.0, "████"), (0.5, "██"), (0.001, "▏"), (0.28, "█▏")]
)
def test_a_bar_is_drawn_to_an_eighth_of_a_character(share: float | None, drawn: str) -> None:
    assert bar(share, 4) == drawn
