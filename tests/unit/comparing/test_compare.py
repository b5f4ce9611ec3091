"""What differs between two runs: nothing that does not, each pair by its way, changes against the base."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from logparse import formats, parse_log
from logparse.cli.main import main
from logparse.cli.screens.compare_text import MOST_CHARACTERS, json_lines, markdown_lines, text_lines
from logparse.comparing.courses import CHANCE
from logparse.comparing.gates import LIMITED, limit_of, verdict_on
from logparse.comparing.settings import fields_of
from logparse.comparing.values import BYTES, VALUES, FigurePair
from logparse.errors import UsageError, WrongTypeError
from logparse.textproto import parse
from tests.writing import Layer, Writer, data, net, read, solver

if TYPE_CHECKING:
    from pathlib import Path

    from logparse.api import Log
    from logparse.comparing.values import Comparison

SAMPLES: Final = ["alexnet", "lenet", "lenet_excerpt", "lenet_nan", "lstm", "resnet18", "siamese", "time_alexnet"]


def conv(name: str, bottom: str, batch: int = 2, outputs: int = 3, more: str = "") -> Layer:
    shape = f"{batch} {outputs} 4 4 ({batch * outputs * 16})"
    settings = f"convolution_param {{ num_output: {outputs} kernel_size: 1 {more} }}"
    return Layer(name, "Convolution", (bottom,), (name,), (shape,), settings)


def relu(name: str, bottom: str, batch: int = 2, outputs: int = 3) -> Layer:
    return Layer(name, "ReLU", (bottom,), (name,), (f"{batch} {outputs} 4 4 ({batch * outputs * 16})",))


def log_of(*layers: Layer, batch: int = 2, settings: str = "base_lr: 0.1\n", run: str = "") -> Log:
    first = data(f"{batch} 3 4 4 ({batch * 48})")
    return read(solver(settings), net([first, *layers]), run)


def chain(batch: int = 2) -> tuple[Layer, ...]:
    return conv("a", "data", batch), relu("b", "a", batch), conv("c", "b", batch)


def rows_of(one: Comparison) -> dict[str, Any]:
    assert one.layers is not None
    return {row.after or row.before or "": row for row in one.layers.rows}


# --- nothing differs that does not ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLES)
def test_a_log_is_like_itself(sample_logs: Path, name: str) -> None:
    log = parse_log(sample_logs / f"{name}.log")
    found = log.compare(log)
    assert not found.differs
    assert found.settings == ()
    assert found.layers is not None
    assert found.layers.rows == ()
    assert found.layers.unchanged == len(log.layers.query("net_index == 0 and type != 'Split'"))  # Caffe's own
    assert "Nothing differs that both logs tell." in list(text_lines([found]))


def test_a_larger_batch_is_a_setting_and_no_change_of_any_layer() -> None:
    found = log_of(*chain()).compare(log_of(*chain(8), batch=8))
    assert [(one.name, one.before, one.after) for one in found.settings] == [("batch", 2, 8)]
    assert found.layers is not None
    assert list(rows_of(found)) == ["data"]  # whose definition states it
    assert found.layers.by_batch == 3
    totals = {one.quantity: one for one in found.layers.totals}
    assert not totals["params"].differs
    assert not totals["macs per image"].differs
    assert totals["data"].share == 3.0


# --- layers --------------------------------------------------------------------------------------------------


def test_new_gone_and_changed_layers_with_their_share_of_the_base() -> None:
    base = log_of(*chain())
    other = log_of(conv("a", "data", more="group: 1"), conv("c", "a", outputs=6), conv("d", "c", outputs=6))
    found = base.compare(other)
    rows = rows_of(found)
    assert {name: row.how for name, row in rows.items()} == {
        "a": "same name",
        "b": "gone",
        "c": "same name",
        "d": "new",
    }
    assert [(one.name, one.before, one.after) for one in rows["a"].settings] == [("convolution_param.group", None, 1)]
    whole = 2 * (3 * 3 + 3)
    params = {one.quantity: one for one in rows["c"].changes}["params"]
    assert (params.before, params.after, params.whole) == (12, 3 * 6 + 6, whole)
    assert params.share == 12 / whole
    (new,) = [one for one in rows["d"].changes if one.quantity == "params"]
    assert (new.before, new.after) == (0, 6 * 6 + 6)
    (total,) = [one for one in found.layers.totals if one.quantity == "params"] if found.layers else []
    assert (total.before, total.after) == (whole, 12 + 24 + 42)


def test_changes_of_the_layers_add_up_to_that_of_the_total(sample_logs: Path, shared_logs: Path) -> None:
    base, other = parse_log(sample_logs / "lenet.log"), parse_log(shared_logs / "genuine/lenet_bn.log")
    found = base.compare(other).layers
    assert found is not None
    for total in found.totals[:2]:  # data of layers that follow the batch is told by the total alone
        parts = [one.change for row in found.rows for one in row.changes if one.quantity == total.quantity]
        assert sum(part for part in parts if part is not None) == total.change


def test_layers_that_are_only_renamed_are_found_again() -> None:
    layers, last = [], "data"
    names = sorted(range(60), key=lambda number: number * 37 % 61)
    for number in range(60):
        layers.append(conv(f"l{number}", last) if number % 2 else relu(f"l{number}", last))
        last = f"l{number}"
    renamed = [
        Layer(
            f"x{names[place]}",
            one.type,
            ("data" if not place else f"x{names[place - 1]}",),
            (f"x{names[place]}",),
            one.shapes,
            one.more,
        )
        for place, one in enumerate(layers)
    ]
    found = log_of(*layers).compare(log_of(*renamed)).layers
    assert found is not None
    pairs = [(row.before, row.after) for row in found.rows if row.how == "renamed"]
    right = [(f"l{place}", f"x{name}") for place, name in enumerate(names)]
    assert len(set(pairs) & set(right)) >= 0.95 * len(right)
    assert found.same_structure


def test_a_figure_that_one_side_does_not_know_is_no_difference(sample_logs: Path) -> None:
    whole, cut = (parse_log(sample_logs / f"{name}.log") for name in ("lenet", "lenet_excerpt"))
    found = whole.compare(cut)
    assert found.layers is not None
    assert any("is not set up to its end" in note for note in found.notes)
    (params,) = [one for one in found.layers.totals if one.quantity == "params"]
    assert params.at_least == (False, True)
    assert params.change is None


def test_layers_of_which_one_side_knows_a_figure_are_counted() -> None:
    known = Layer("m", "InnerProduct", ("data",), ("m",), ("2 5 (10)",), "inner_product_param { num_output: 5 }")
    mystery = Layer("m", "Mystery", ("data",), ("m",), ("2 5 (10)",))
    found = log_of(known).compare(log_of(mystery))
    assert found.layers is not None
    assert found.layers.unknown == {"params": 1, "macs per image": 1}
    assert "params of 1 layer is known on one side only, and not compared" in found.notes
    (row,) = found.layers.rows
    assert row.changes == ()
    assert row.settings[0][1:4] == ("type", "InnerProduct", "Mystery")


# --- settings ------------------------------------------------------------------------------------------------


def test_settings_of_the_solver_that_differ_and_no_others() -> None:
    base = log_of(*chain(), settings='base_lr: 0.1\nmomentum: 0.9\ntype: "SGD"\nstepvalue: 1\nstepvalue: 2\n')
    other = log_of(*chain(), settings='base_lr: 0.01\nmomentum: 0.9\ntype: "Adam"\nstepvalue: 1\nrandom_seed: 5\n')
    found = {one.name: (one.before, one.after) for one in base.compare(other).settings}
    assert found == {
        "type": ("SGD", "Adam"),
        "base_lr": (0.1, 0.01),
        "stepvalue": ((1, 2), 1),
        "random_seed": (None, 5),
    }


def test_a_solver_that_is_not_printed_is_told_and_not_compared() -> None:
    found = log_of(*chain()).compare(read(net([data(), *chain()])))
    assert found.settings == ()
    assert any("prints no solver" in note for note in found.notes)


def test_fields_by_their_path() -> None:
    message = parse("param { lr_mult: 1 } param { lr_mult: 2 } a { b: 3 b: 4 } name: 'x'").root
    assert fields_of(message, frozenset({"name"})) == {
        "param[0].lr_mult": (1,),
        "param[1].lr_mult": (2,),
        "a.b": (3, 4),
    }


# --- memory and figures --------------------------------------------------------------------------------------


def test_memory_by_kind_is_that_of_the_table(sample_logs: Path) -> None:
    base, other = (parse_log(sample_logs / f"{name}.log") for name in ("lenet", "siamese"))
    (device,) = base.compare(other).memory
    for one in base.compare(other).memory[device][:-1]:
        for log, value in ((base, one.before), (other, one.after)):
            rows = log.memory.query("device == @device and kind == @one.quantity")
            assert value == rows["bytes"].sum()
    kinds = base.compare(other).memory[device]
    assert kinds[-1].before == sum(one.before or 0 for one in kinds[:-1])
    assert {one.whole for one in kinds} == {kinds[-1].before}


def test_a_change_is_worked_out_of_what_is_known() -> None:
    assert FigurePair("x", BYTES, 100, 110, 200).share == 0.05
    assert FigurePair("x", BYTES, 100, None, 100).change is None
    assert FigurePair("x", BYTES, 100, 110, 100, (False, True)).change is None
    assert FigurePair("x", BYTES, 0, 110, 0).share is None
    assert not FigurePair("x", VALUES, float("nan"), float("nan"), None).differs


# --- curves --------------------------------------------------------------------------------------------------


def shown(losses: list[float], step: int = 10) -> str:
    writer = Writer()
    for place, loss in enumerate(losses):
        writer.show(place * step, loss)
    return writer.text


def test_curves_are_compared_where_both_are() -> None:
    base = log_of(*chain(), run=shown([5 - 0.1 * place for place in range(40)]))
    other = log_of(*chain(), run=shown([4 - 0.05 * place for place in range(60)]))
    found = base.compare(other)
    (along,) = [one for one in found.curves if one.axis == "iterations"]
    assert (along.first, along.last) == (0, 390)
    last = {one.quantity: one for one in along.changes}["training loss, last smoothed"]
    assert last.before == pytest.approx(5 - 0.1 * 37)  # the median of the last five
    assert last.after == pytest.approx(4 - 0.05 * 37)
    assert CHANCE in "\n".join(text_lines([found]))
    assert "significan" not in "\n".join(text_lines([found]))


def test_too_few_displays_have_no_smoothed_loss() -> None:
    found = log_of(*chain(), run=shown([3.0] * 5)).compare(log_of(*chain(), run=shown([2.0] * 5)))
    (along,) = [one for one in found.curves if one.axis == "iterations"]
    assert [(one.before, one.after) for one in along.changes] == [(None, None), (None, None)]


def test_runs_without_a_loss_are_told() -> None:
    found = log_of(*chain()).compare(log_of(*chain(), run=shown([2.0] * 5)))
    assert found.curves == ()
    assert any("no loss" in note for note in found.notes)


# --- attempts ------------------------------------------------------------------------------------------------


def test_attempts_of_one_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = net([data(), *chain()]), net([data(), conv("a", "data", outputs=6)])
    path = tmp_path / "train.log"
    path.write_text(
        solver("base_lr: 0.1\n") + first + shown([3.0] * 3) + solver("base_lr: 0.2\n") + second, encoding="utf-8"
    )
    log = parse_log(path)
    found = log.compare(log, attempt=1, other_attempt=2)
    assert found.names == (f"{path}@1", f"{path}@2")
    assert [(one.name, one.before, one.after) for one in found.settings] == [("base_lr", 0.1, 0.2)]
    assert main(["compare", f"{path}@1", f"{path}@2"]) == 0
    assert "0.2" in capsys.readouterr().out
    assert main(["compare", f"{path}@1", f"{path}@3"]) == 2
    assert "there is no attempt 3" in capsys.readouterr().err


def test_wrong_arguments_are_refused() -> None:
    log = log_of(*chain())
    with pytest.raises(WrongTypeError):
        log.compare("train.log")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="there is no attempt 2"):
        log.compare(log, attempt=2)


# --- text, Markdown, JSON ------------------------------------------------------------------------------------


def test_every_form_says_the_same(sample_logs: Path) -> None:
    found = [parse_log(sample_logs / "lenet.log").compare(parse_log(sample_logs / "siamese.log"))]
    text, marked = "\n".join(text_lines(found)), "\n".join(markdown_lines(found))
    (one,) = json.loads("\n".join(json_lines(found)))
    assert one["differs"] is True
    assert found[0].layers is not None
    for total, listed in zip(found[0].layers.totals, one["layers"]["totals"], strict=True):
        assert (listed["before"], listed["after"], listed["change"]) == (total.before, total.after, total.change)
        for form in (text, marked):
            texts = (formats.size(total.after), formats.short(total.after), formats.count(total.after))
            assert any(one in form for one in texts)
    assert "per cent of the base net's total" in text
    assert "per cent of the base net's total" in marked


def test_markdown_is_cut_aloud() -> None:
    layers, last = [], "data"
    for number in range(1500):
        layers.append(relu(f"layer_with_a_long_name_{number}", last))
        last = layers[-1].name
    found = log_of(*layers).compare(log_of(*layers[:2]))
    lines = list(markdown_lines([found]))
    text = "\n".join(lines) + "\n"
    assert MOST_CHARACTERS - 200 < len(text) <= MOST_CHARACTERS
    every = list(markdown_lines([found], most=10**9))
    left_out = int(lines[-1].split()[0].strip("_").replace(",", ""))
    assert left_out == len(every) - (len(lines) - 1)


def test_a_strangers_name_stays_text_in_markdown() -> None:
    found = log_of(conv("a", "data")).compare(log_of(conv("x|y<b>`", "data")))
    row = next(line for line in markdown_lines([found]) if "renamed" in line)
    assert "x\\|y\\<b>\\`" in row


def test_several_logs_have_an_overview(sample_logs: Path) -> None:
    base, one, two = (parse_log(sample_logs / f"{name}.log") for name in ("lenet", "siamese", "alexnet"))
    found = [base.compare(one), base.compare(two)]
    lines = list(text_lines(found))
    macs_line = next(line for line in lines if line.split()[:1] == ["macs"])
    for log in (base, one, two):
        macs = log.layers.query("phase == 'TRAIN'")["macs_per_image"].sum()
        assert formats.short(macs) in macs_line
    assert lines[0].startswith("Figures of all against")
    assert not any("Figures of all" in line for line in text_lines(found[:1]))
    assert any(line.startswith("### Figures of all") for line in markdown_lines(found))


def test_a_type_that_is_guessed_is_no_difference(sample_logs: Path) -> None:
    lines = (sample_logs / "alexnet.log").read_text(encoding="utf-8").splitlines(keepends=True)
    kept, in_dump = [], False
    for text in lines:
        starts = "Initializing net from parameters" in text
        in_dump = starts or (in_dump and not text.startswith(("I", "W", "E")))
        kept += [] if in_dump else [text]
    found = parse_log(sample_logs / "alexnet.log").compare(parse_log("".join(kept).encode()))
    assert found.layers is not None
    assert not [one for row in found.layers.rows for one in row.settings if one.name == "type"]
    assert found.layers.unchanged + len(found.layers.rows) == 24


# --- limits --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("params>+0", False),
        ("params>+100%", False),
        ("params>+300%", True),
        ("params>+1000", True),
        ("params<+0", True),
        ("params>100", True),
        ("params>20", False),
        ("macs>+10%", False),
        ("data>+1GB", True),
        ("data>+10B", False),
        ("memory>+10kB", True),
        ("loss.last>0.5", None),
        ("test.best<0.9", None),
    ],
)
def test_a_limit_holds_or_not_or_has_no_figure(text: str, holds: object) -> None:
    base, other = log_of(conv("a", "data")), log_of(conv("a", "data", outputs=9))  # 12 params and 36
    assert verdict_on(limit_of(text), base.compare(other)).holds is holds


def test_a_loss_that_is_no_number_is_within_no_bound(sample_logs: Path) -> None:
    base, other = (parse_log(sample_logs / f"{name}.log") for name in ("lenet", "lenet_nan"))
    for text in ("loss.last>100", "loss.last<0"):
        assert not verdict_on(limit_of(text), base.compare(other)).holds


@pytest.mark.parametrize("text", ["memory", "memory>", "memory>+5x", "memroy>+5%", "memory>5%", "memory=5"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        limit_of(text)


@pytest.mark.parametrize("name", LIMITED)
def test_every_figure_of_a_limit_is_known_of_a_whole_run(name: str, shared_logs: Path) -> None:
    log = parse_log(shared_logs / "genuine/lenet.log")
    found = LIMITED[name](log.compare(log))
    assert found is not None
    assert found.before is not None


def test_exit_codes(sample_logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lenet, siamese = (str(sample_logs / f"{name}.log") for name in ("lenet", "siamese"))
    assert main(["compare", lenet, siamese]) == 0
    assert main(["compare", lenet, siamese, "--exit-code"]) == 1
    assert main(["compare", lenet, lenet, "--exit-code"]) == 0
    assert main(["compare", lenet, siamese, "--fail-on", "memory>+1%"]) in {0, 1}
    capsys.readouterr()
    assert main(["compare", lenet, siamese, "--fail-on", "params>+0"]) == 1
    said = capsys.readouterr()
    assert "params>+0 does not hold" in said.err
    assert said.out
    assert main(["compare", lenet, siamese, "--fail-on", "parms>+1%"]) == 2
    assert "did you mean params?" in capsys.readouterr().err
    assert main(["compare", lenet, "-o", "x.csv", siamese]) == 2
    assert main(["compare", lenet, siamese, "--format", "md"]) == 0
    assert capsys.readouterr().out.startswith("## ")


def test_several_logs_stand_against_the_same_base(sample_logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [str(sample_logs / f"{name}.log") for name in ("lenet", "siamese", "lenet_nan")]
    assert main(["compare", *paths, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["names"] for one in found] == [[paths[0], paths[1]], [paths[0], paths[2]]]
