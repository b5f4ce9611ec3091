"""What the log does not tell, or tells in two ways: which lines are missing where, and which figures are not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logparse.audit.finders import find
from tests.unit.audit.cases import CONV, ENDLESS, IN_PLACE, NET, ODD, SHAPE, START
from tests.writing import Layer, data, line, memory, net, read

if TYPE_CHECKING:
    from logparse.audit.finders import Finding

TEST = line("Creating test net (#0) specified by net file: a", "solver.cpp")


def found(*parts: str, kind: str) -> list[Finding]:
    log = read(*parts)
    return [one for one in find(log) if one.kind == kind]


# Missing lines --------------------------------------------------------------------------------------------------------


def test_bytes_before_the_first_layer_are_missing_before_it() -> None:
    (one,) = found(NET.replace("data: 384", "data: 400").replace("data: 768", "data: 784"), kind="missing_bytes")

    assert one.title == "16 B are missing before data"
    assert (one.layer_index, one.line) == (0, 6)


def test_missing_values_are_counted_in_the_nets_own_size() -> None:
    text = net([data(), CONV, IN_PLACE], value_bytes=8).replace("data: 2304", "data: 2320")
    (one,) = found(text, kind="missing_bytes")

    assert one.title == "16 B are missing between conv and relu"
    assert "2 values of 8 bytes" in one.text


def test_a_net_that_does_not_tell_its_size_is_of_floats() -> None:
    (one,) = found(line("Top shape: 2 3 (6)"), memory(36), kind="missing_bytes")

    assert one.title == "12 B are missing before an unnamed layer"
    assert "3 values of 4 bytes" in one.text


def test_every_gap_of_a_net_is_told() -> None:
    text = net([data(), CONV, IN_PLACE]).replace("data: 768", "data: 776").replace("data: 1152", "data: 1150")

    assert [one.title for one in found(text, kind="missing_bytes")] == ["8 B are missing between data and conv"]
    assert [one.title for one in found(text, kind="surplus_bytes")] == ["10 B too many between conv and relu"]


def test_a_layer_without_a_shape_whose_figure_does_not_grow_misses_nothing() -> None:
    text = "".join(NET.rsplit(line(f"Top shape: {SHAPE}"), 1))

    assert not found(text.replace("data: 768", "data: 384"), kind="missing_shape")


def test_a_layer_without_tops_misses_no_shape() -> None:
    silence = Layer("silence", "Silence", ("conv",))
    text = "data: 900".join(net([data(), CONV, silence]).rsplit("data: 768", 1))

    assert not found(text, kind="missing_shape")
    assert [one.title for one in found(text, kind="missing_bytes")] == ["132 B are missing between conv and silence"]


def test_each_layer_without_its_shape_is_told() -> None:
    text = net([data(), CONV, IN_PLACE]).replace(line(f"Top shape: {SHAPE}"), "")

    assert [one.title for one in found(text, kind="missing_shape")] == [
        "The shape of data is not in the log",
        "The shape of conv is not in the log",
        "The shape of relu is not in the log",
    ]


def test_the_bytes_of_a_lost_layer_are_told() -> None:
    """Two running figures after one layer: the lines of the layer between them are missing."""
    text = ENDLESS + memory(1000)

    assert [one.title.split(" between ")[0] for one in found(text, kind="missing_bytes")] == ["232 B are missing"]


# Contradictions and cut dumps -----------------------------------------------------------------------------------------


def test_every_problem_of_every_layer_is_told() -> None:
    text = NET.replace("num_output: 3", "num_output: 4").replace("dim: 2 dim: 3", "dim: 2 dim: 5")

    assert [(one.layer_index, one.title) for one in found(text, kind="contradiction")] == [
        (0, "data: top 0: the definition gives 2·5·4·4, the log prints 2·3·4·4"),
        (1, "conv: top 0: the definition gives 2·4·4·4, the log prints 2·3·4·4"),
    ]


def cut(text: str) -> str:
    return text.replace("num_output: 3 kernel_size: 1 } }", "num_out")


def test_cut_dumps_of_one_attempt_are_one_finding() -> None:
    (one,) = found(START, cut(NET), TEST, cut(net([data(), CONV], phase="TEST")), kind="dump_cut")

    assert one.title == "The log shows only the beginning of the definition of the TRAIN net and the TEST net #0"
    assert one.evidence == (
        "the TRAIN net: 1 of 2 layers without their definition",
        "the TEST net #0: 1 of 2 layers without their definition",
    )
    assert (one.attempt, one.net_index, one.layer_index, one.line) == (1, 0, None, 3)


def test_three_nets_are_listed_as_people_list() -> None:
    more = "".join(f"{TEST.replace('#0', f'#{number}')}{cut(net([data(), CONV], phase='TEST'))}" for number in (0, 1))
    (one,) = found(START, cut(NET), more, kind="dump_cut")

    assert one.title.endswith("of the TRAIN net, the TEST net #0 and the TEST net #1")


def test_a_whole_dump_beside_a_cut_one_is_not_told_of() -> None:
    (one,) = found(START, NET, TEST, cut(net([data(), CONV], phase="TEST")), kind="dump_cut")

    assert one.title.endswith("of the TEST net #0")
    assert one.evidence == ("the TEST net #0: 0 of 2 layers without their definition",)
    assert one.net_index == 1


def test_cut_dumps_of_two_attempts_are_two_findings() -> None:
    assert [one.attempt for one in found(START, cut(NET), START, cut(ENDLESS), kind="dump_cut")] == [1]
    other = cut(ENDLESS).replace("conv", "other")
    assert [one.attempt for one in found(START, cut(NET), START, cut(NET), other, kind="dump_cut")] == [1, 2]


# Figures that are not known -------------------------------------------------------------------------------------------


def odd(name: str, type_: str = "Mystery") -> Layer:
    return Layer(name, type_, ("data",), (name,), (SHAPE,))


def test_layers_of_one_reason_are_one_finding_over_all_nets() -> None:
    first, second = net([data(), odd("a"), odd("b")]), net([data(), odd("c")], phase="TEST")
    (one,) = found(START, first, TEST, second, kind="not_derived")

    assert one.title == ("Parameters or MACs of 2 layers of the TRAIN net and 1 layer of the TEST net #0 are not known")
    assert one.evidence == (
        "the TRAIN net: a, b (66.7 % of its distinct data)",
        "the TEST net #0: c (50.0 % of its distinct data)",
    )
    assert (one.net_index, one.layer_index) == (0, 1)


def test_layers_of_two_reasons_are_two_findings() -> None:
    told = found(net([data(), odd("a"), odd("b", "Riddle"), odd("c")]), kind="not_derived")

    assert [(one.layer_index, one.text.partition(".")[0]) for one in told] == [
        (1, "No rule for the layer type Mystery"),
        (2, "No rule for the layer type Riddle"),
    ]


def test_more_layers_than_eight_are_told_as_how_many_more() -> None:
    (one,) = found(net([data(), *(odd(f"l{place}") for place in range(10))]), kind="not_derived")

    assert one.title == "Parameters or MACs of 10 layers of the TRAIN net are not known"
    assert one.evidence == ("the TRAIN net: l0, l1, l2, l3, l4, l5, l6, l7, and 2 more (90.9 % of its distinct data)",)


def test_the_share_is_left_out_where_the_nets_data_are_not_known() -> None:
    text = "".join(net([data(), odd("a"), CONV]).rsplit(line(f"Top shape: {SHAPE}"), 1))
    told = [one for one in found(text, kind="not_derived") if one.layer_index == 1]

    assert [one.evidence for one in told] == [("the TRAIN net: a",)]


def test_attempts_are_told_apart() -> None:
    text = START + net([data(), ODD])
    changed = text.replace("odd", "other")

    assert [one.attempt for one in found(text, changed, kind="not_derived")] == [1, 2]


# What was assumed -----------------------------------------------------------------------------------------------------


def test_layers_of_one_assumption_stand_together() -> None:
    second = Layer("relu2", "ReLU", ("conv",), ("conv",), (SHAPE,))
    (one,) = found(net([data(), CONV, IN_PLACE, second], dump=False), kind="assumed")

    assert one.severity == "note"
    assert one.title == "Figures of 3 layers rest on a stated assumption"
    assert one.evidence[1] == (
        "relu, relu2: taken as ReLU by its name and because its top is in place; default settings taken"
    )


def test_one_layer_is_one() -> None:
    (one,) = found(net([data()], dump=False), kind="assumed")

    assert one.title == "Figures of 1 layer rest on a stated assumption"
    assert (one.attempt, one.net_index, one.layer_index, one.line) == (1, 0, 0, 1)


def test_nothing_is_assumed_of_an_attempt_that_states_all() -> None:
    text = START + NET + START + net([data()], dump=False)

    assert [one.attempt for one in found(text, kind="assumed")] == [2]


# Lines that nobody knows ----------------------------------------------------------------------------------------------


def test_the_first_unknown_line_is_shown_though_another_shape_is_more_frequent() -> None:
    text = NET + line("Frobnicating at length") + line("Humming 1 time") + line("Humming 2 times") * 2
    (one,) = found(text, kind="unknown_lines")

    assert one.title == "4 of 17 lines of Caffe's own were not understood"
    assert one.evidence == ("line 18: Frobnicating at length",)
    assert one.line == 18


def test_notes_of_the_reader_are_told_each() -> None:
    text = ENDLESS + line("a needs backward computation.") + line("b needs backward computation.")

    assert [(one.severity, one.line, one.title) for one in found(text, kind="reader")] == [
        ("note", 17, "backward flag of an unknown layer 'a'"),
        ("note", 18, "backward flag of an unknown layer 'b'"),
    ]
