"""The solver beside its net: as it is printed, with the recovered file as its net."""

from __future__ import annotations

import pytest

from logparse.recover.grades import RecoverError
from logparse.recover.textprint import same
from logparse.textproto import parse
from tests.writing import Layer, line, net, read, solver

DATA = Layer("data", "DummyData", (), ("data",), ("2 3 4 4 (96)",))
TEST = line("Creating test net (#0) specified by net file: n.prototxt", "solver.cpp") + net([DATA], phase="TEST")
SETTINGS = (
    'test_iter: 3\ntest_interval: 5\nbase_lr: 0.01\nlr_policy: "step"\nsolver_mode: GPU\nnet: "old.prototxt"\n'
    'train_state {\n  level: 0\n  stage: ""\n}\nstepvalue: 10\nstepvalue: 20\n'
)


def test_every_setting_stays_and_the_net_is_the_recovered_file() -> None:
    found = read(solver(SETTINGS), net([DATA]), TEST).recover_solver("new.prototxt")
    message = parse(found.text).root
    before = parse(SETTINGS).root
    assert message.fields.pop("net") == ["new.prototxt"]
    before.fields.pop("net")
    assert same(message) == same(before)
    assert "solver_mode: GPU\n" in found.text
    assert 'lr_policy: "step"\n' in found.text
    assert found.is_complete


def test_nets_inside_the_solver_are_replaced() -> None:
    inline = 'base_lr: 0.1\nnet_param {\n  name: "inline"\n  layer {\n    name: "x"\n  }\n}\ntest_net: "t.prototxt"\n'
    message = parse(read(solver(inline), net([DATA]), TEST).recover_solver("new.prototxt").text).root
    assert message.fields.keys() == {"net", "base_lr"}


def test_without_test_nets_what_is_about_tests_is_left_out_and_said() -> None:
    alone = read(solver(SETTINGS), net([DATA]))
    for log, form in ((alone, None), (read(solver(SETTINGS), net([DATA]), TEST), "train")):
        found = log.recover_solver("new.prototxt", form)
        assert not {"test_iter", "test_interval"} & parse(found.text).root.fields.keys()
        assert "# What is about tests is left out: new.prototxt has no test net." in found.text


def test_a_cut_dump_says_what_is_missing() -> None:
    long = "".join(f"stepvalue: {number}\n" for number in range(3000))
    found = read(solver(f"base_lr: 0.1\n{long}"[:29_900]), net([DATA])).recover_solver("n.prototxt")
    assert [(one.layer, one.field) for one in found.open_fields] == [(None, "what follows")]
    assert found.text.endswith("# not known: what follows: the log cuts the solver's dump here\n")


@pytest.mark.parametrize(
    ("parts", "form", "words"),
    [
        ((net([DATA]),), None, "prints no solver for attempt 1"),
        ((solver(), net([DATA]), TEST), "deploy", "the form deploy has no training net"),
        ((solver(), net([DATA]), TEST), "test", "the form test has no training net"),
    ],
)
def test_a_solver_that_makes_no_sense_is_refused(parts: tuple[str, ...], form: str | None, words: str) -> None:
    with pytest.raises(RecoverError, match=words):
        read(*parts).recover_solver("n.prototxt", form)
