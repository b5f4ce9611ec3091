"""Several nets in one file: what is equal stands once, what is not has rules, and each net comes out of it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from logparse.errors import WrongTypeError
from logparse.recover.grades import Grade, RecoverError
from logparse.recover.nets.phases import NetState, has_layer, stages_for, with_rules
from logparse.textproto import parse
from tests.reading_back import State, filtered
from tests.writing import INITIALISED, Layer, line, net, read, solver

if TYPE_CHECKING:
    from pathlib import Path

    from logparse.recover.grades import RecoveredNet
    from logparse.textproto import Message

DATA = Layer("data", "DummyData", (), ("data", "label"), ("2 3 4 4 (96)", "2 (2)"), "include { phase: TRAIN }")
TEST_DATA = Layer("data", "DummyData", (), ("data", "label"), ("5 3 4 4 (240)", "5 (5)"), "include { phase: TEST }")
IP = Layer("ip", "InnerProduct", ("data",), ("ip",), ("2 7 (14)",), "inner_product_param { num_output: 7 }")
RELU = Layer("relu", "ReLU", ("ip",), ("ip",), ("2 7 (14)",))
LOSS = Layer("loss", "SoftmaxWithLoss", ("ip", "label"), ("loss",), ("(1)",))
ACCURACY = Layer("acc", "Accuracy", ("ip", "label"), ("acc",), ("(1)",), "include { phase: TEST }")


def second_net(number: int, layers: list[Layer], name: str = "N") -> str:
    start = line(f"Creating test net (#{number}) specified by net file: n.prototxt", "solver.cpp")
    return start + net(layers, phase="TEST", name=name)


def layers_of(recovered: RecoveredNet) -> list[Message]:
    return parse(recovered.text).root.children("layer")


def names(text: str, state: State) -> list[str]:
    return [layer.text("name") for layer in filtered(text, state)]


def test_equal_layers_stand_once_and_others_keep_their_rules() -> None:
    log = read(solver(), net([DATA, IP, RELU, LOSS]), second_net(0, [TEST_DATA, IP, RELU, ACCURACY, LOSS]))
    found = log.recover()
    assert found.form == "train_val"
    assert [layer.name for layer in found.layers] == ["data", "data", "ip", "relu", "acc", "loss"]
    assert [layer.nets for layer in found.layers] == [
        ("TRAIN",),
        ("TEST #0",),
        ("TRAIN", "TEST #0"),
        ("TRAIN", "TEST #0"),
        ("TEST #0",),
        ("TRAIN", "TEST #0"),
    ]
    assert all(layer.grade is Grade.VERBATIM and not layer.stated for layer in found.layers)
    assert names(found.text, State("TRAIN")) == ["data", "ip", "relu", "loss"]
    assert names(found.text, State("TEST")) == ["data", "ip", "relu", "acc", "loss"]


def test_a_layer_that_one_net_has_without_a_rule_gets_one() -> None:
    """Two files: what only one of them has says nothing about phases."""
    dropout = Layer("drop", "Dropout", ("ip",), ("ip",), ("2 7 (14)",))
    found = read(solver(), net([DATA, IP, dropout, LOSS]), second_net(0, [TEST_DATA, IP, LOSS])).recover()
    [drop] = [layer for layer in layers_of(found) if layer.text("name") == "drop"]
    assert [rule.text("phase") for rule in drop.children("include")] == ["TRAIN"]
    [told] = [layer for layer in found.layers if layer.name == "drop"]
    assert told.stated == ("its include rules follow from the nets that have it",)
    assert names(found.text, State("TEST")) == ["data", "ip", "loss"]


def test_a_rule_that_contradicts_the_nets_is_replaced() -> None:
    """A test file whose data layer says TRAIN as well as TEST, though only the test net has it."""
    both = Layer("data", "DummyData", (), ("data", "label"), ("5 3 4 4 (240)", "5 (5)"), "include {}")
    found = read(solver(), net([DATA, IP]), second_net(0, [both, IP])).recover()
    assert len(filtered(found.text, State("TRAIN"))) == 2
    assert len(filtered(found.text, State("TEST"))) == 2


def test_test_nets_are_told_apart_by_the_stages_that_the_log_prints() -> None:
    def stage(name: str) -> Layer:
        rule = f'include {{ phase: TEST stage: "{name}" }}'
        return Layer("data", "DummyData", (), ("data", "label"), ("5 3 4 4 (240)", "5 (5)"), rule)

    def one(number: int, name: str) -> str:
        text = second_net(number, [stage(name), IP, LOSS])
        return text.replace("state { phase: TEST }", f'state {{ phase: TEST stage: "{name}" }}')

    found = read(solver(), net([DATA, IP, LOSS]), one(0, "seen"), one(1, "unseen")).recover()
    assert found.stages == ()
    assert all(layer.grade is Grade.VERBATIM and not layer.stated for layer in found.layers)
    assert len(filtered(found.text, State("TEST", stages=frozenset({"seen"})))) == 3
    assert len(filtered(found.text, State("TEST", stages=frozenset({"unseen"})))) == 3


def test_test_nets_of_one_state_get_stages_and_the_solver_states_them() -> None:
    other = Layer("acc", "Accuracy", ("ip", "label"), ("acc",), ("(1)",), "accuracy_param { top_k: 5 }")
    log = read(
        solver("test_iter: 3\ntest_iter: 4\ntest_interval: 5\nbase_lr: 0.1\n"),
        net([DATA, IP, LOSS]),
        second_net(0, [TEST_DATA, IP, ACCURACY, LOSS]),
        second_net(1, [TEST_DATA, IP, other, LOSS]),
    )
    found = log.recover()
    assert found.stages == ((0, "test-0"), (1, "test-1"))
    for number, top_k in ((0, 1), (1, 5)):
        layers = filtered(found.text, State("TEST", stages=frozenset({f"test-{number}"})))
        assert [layer.text("name") for layer in layers] == ["data", "ip", "acc", "loss"]
        assert layers[2].child("accuracy_param").integer("top_k", 1) == top_k
    assert names(found.text, State("TRAIN")) == ["data", "ip", "loss"]
    states = parse(log.recover_solver("n.prototxt").text).root.children("test_state")
    assert [state.texts("stage") for state in states] == [("test-0",), ("test-1",)]


def test_equal_test_nets_need_no_stage() -> None:
    tests = [second_net(number, [TEST_DATA, IP, LOSS]) for number in (0, 1)]
    found = read(solver(), net([DATA, IP, LOSS]), *tests).recover()
    assert found.stages == ()
    assert [layer.nets for layer in found.layers][-1] == ("TRAIN", "TEST #0", "TEST #1")


def test_nets_of_two_names_keep_the_first_and_say_the_other() -> None:
    found = read(solver(), net([DATA, IP]), second_net(0, [TEST_DATA, IP], name="other")).recover()
    assert parse(found.text).root.text("name") == "N"
    assert '# TEST #0 is called "other".' in found.text
    assert found.is_complete


def test_two_layers_of_one_name_in_a_net_both_stay() -> None:
    again = Layer("ip", "InnerProduct", ("ip",), ("ip2",), ("2 7 (14)",), "inner_product_param { num_output: 7 }")
    found = read(net([DATA, IP, again])).recover()
    assert [layer.text("name") for layer in layers_of(found)] == ["data", "ip", "ip"]


def test_what_one_net_has_as_its_input_and_another_as_a_layer_stays_apart() -> None:
    dump = line("Initializing net from parameters: ") + (
        'name: "N"\nstate { phase: TEST }\ninput: "data"\ninput_dim: 5\ninput_dim: 3\ninput_dim: 4\ninput_dim: 4\n'
        f"{IP.definition}\n"
    )
    test = (
        line("Creating test net (#0) specified by test_net file: t.prototxt", "solver.cpp")
        + dump
        + (
            line("Input 0 -> data")
            + line("Creating Layer ip")
            + line("ip <- data")
            + line("ip -> ip")
            + line("Setting up ip")
            + line("Top shape: 5 7 (35)")
            + INITIALISED
        )
    )
    found = read(solver(), net([DATA, IP]), test).recover()
    assert not parse(found.text).root.has("input")
    [made] = [layer for layer in filtered(found.text, State("TEST")) if layer.text("type") == "Input"]
    assert made.child("input_param").child("shape").integers("dim") == (5, 3, 4, 4)
    assert names(found.text, State("TRAIN")) == ["data", "ip"]


# --- rules -----------------------------------------------------------------------------------------------------


def rule(text: str) -> Message:
    return parse(text).root


@pytest.mark.parametrize(
    ("rules", "state", "has"),
    [
        ("", NetState("TRAIN"), True),
        ("include { phase: TEST }", NetState("TRAIN"), False),
        ("include { phase: TEST }", NetState(None), True),
        ("include { phase: 1 }", NetState("TEST"), True),
        ("exclude { phase: TRAIN }", NetState("TRAIN"), False),
        ("include { min_level: 1 }", NetState("TRAIN", 0), False),
        ("include { min_level: 1 max_level: 2 }", NetState("TRAIN", 2), True),
        ('include { stage: "a" stage: "b" }', NetState("TRAIN", 0, frozenset("a")), False),
        ('include { stage: "a" } include { stage: "b" }', NetState("TRAIN", 0, frozenset("b")), True),
        ('include { not_stage: "a" }', NetState("TRAIN", 0, frozenset("a")), False),
    ],
)
def test_a_rule_asks_for_a_state(rules: str, state: NetState, has: bool) -> None:  # noqa: FBT001 - a case
    assert has_layer(state, rule(rules)) is has


@pytest.mark.parametrize("present", [{0}, {1}, {2}, {0, 1}, {1, 2}, {0, 2}])
def test_rules_are_made_for_any_choice_of_nets(present: set[int]) -> None:
    states = [NetState("TRAIN"), NetState("TEST", 0, frozenset("a")), NetState("TEST", 1, frozenset("ab"))]
    layer = with_rules(rule('name: "x" include { phase: TRAIN } include { phase: TEST }'), states, frozenset(present))
    assert [has_layer(state, layer) for state in states] == [place in present for place in range(3)]


def test_made_up_stages_are_none_that_is_there() -> None:
    taken = NetState("TRAIN", 0, frozenset({"test-1"}))
    assert stages_for([taken, NetState("TEST"), NetState("TEST")]) == {1: "test-0", 2: "test-1-recovered"}


# --- what is asked for -------------------------------------------------------------------------------------------


def test_forms_and_attempts() -> None:
    log = read(solver(), net([DATA, IP]), solver(), net([DATA, IP, RELU]), solver())
    assert log.recover().attempt == 2
    assert log.recover().form == "train"
    assert len(log.recover(attempt=1).layers) == 2
    for form, words in (("test", "shows no test net, but TRAIN"), ("tain", "did you mean train")):
        with pytest.raises(RecoverError, match=words):
            log.recover(form)
    with pytest.raises(RecoverError, match="attempt 3 is not there, or shows no net"):
        log.recover(attempt=3)


def test_arguments_of_a_wrong_type_are_refused(tmp_path: Path) -> None:
    log = read(solver(), net([DATA, IP]))
    with pytest.raises(WrongTypeError, match="a form is named by a str, not by int"):
        log.recover(1)  # type: ignore[arg-type]
    with pytest.raises(WrongTypeError, match="not NoneType"):
        log.recover_solver(None)  # type: ignore[arg-type]
    with pytest.raises(WrongTypeError, match="attempt is a whole number"):
        log.recover(attempt="1")  # type: ignore[arg-type]
    assert log.recover_solver(tmp_path / "n.prototxt").net == str(tmp_path / "n.prototxt")


def test_a_log_without_nets_says_so() -> None:
    with pytest.raises(RecoverError, match="the log shows no net"):
        read(solver()).recover()
