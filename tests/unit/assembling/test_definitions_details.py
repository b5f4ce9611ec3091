"""Definitions joined to layers: whose definition a layer gets, when a dump is cut, where a prototxt is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from logparse import parse_log
from logparse.assembling.definitions import read_prototxt
from logparse.errors import DefinitionError

if TYPE_CHECKING:
    from pathlib import Path

    from logparse.api import Log
    from logparse.model import Layer, Net

STAMP: Final = "I1124 10:43:20.990321 23669"


def glog(*messages: str) -> str:
    """A message that begins with two blanks is a line of a dump, the others get a header."""
    return "".join(f"{one[2:]}\n" if one.startswith("  ") else f"{STAMP} net.cpp:1] {one}\n" for one in messages)


def lines(name: str, *, bottom: str | None = "x", tops: tuple[str, ...] = ("y",), shape: str = "2 3 (6)") -> list[str]:
    """A layer's set-up."""
    wires = [f"{name} <- {bottom}"] * (bottom is not None) + [f"{name} -> {top}" for top in tops]
    return [f"Creating Layer {name}", *wires, f"Setting up {name}", *[f"Top shape: {shape}"] * len(tops)]


NET: Final = "Initializing net from parameters: "
TRAIN: Final = "Creating training net."
TEST: Final = "Creating testing net."
DONE: Final = "Network initialization done."


def nets(*messages: str, prototxt: Path | None = None) -> tuple[Net, ...]:
    return parse_log(glog(*messages).encode(), prototxt=prototxt).facts.attempts[0].nets


def given(layer: Layer) -> tuple[str, str] | None:
    """A field of a layer's definition that tells which one it is, and where it comes from."""
    return None if layer.definition is None else (layer.definition.message.text("mark"), layer.definition.origin)


# Cut dumps ------------------------------------------------------------------------------------------------------------


def dump_of(size: int) -> str:
    """A dump of so many bytes that ends with a whole layer."""
    tail = 'layer { name: "a" type: "ReLU" mark: "last" }'
    head = 'name: "é'
    return f'  {head}{"n" * (size - len((head + tail).encode()) - 2)}" {tail}'


@pytest.mark.parametrize(("size", "cut"), [(29_848, False), (29_849, True), (29_999, True), (40_000, True)])
def test_a_dump_as_long_as_glog_prints_at_most_counts_as_cut(size: int, cut: bool) -> None:  # noqa: FBT001
    """29,999 bytes with the header and the first line; a dump within 150 of them may have lost its end."""
    (net,) = nets(NET, dump_of(size), *lines("a"))

    assert net.dump_cut is cut
    assert given(net.layers[0]) == (None if cut else ("last", "dump"))


def test_bytes_count_not_letters() -> None:
    text = dump_of(29_848)
    assert len(text.encode()) == len(text) + 1 == 29_850  # é is two; two blanks stand before it

    (net,) = nets(NET, text.replace("nn", "né", 1), *lines("a"))
    assert net.dump_cut


def test_a_dump_that_ends_within_a_message_is_cut() -> None:
    (net,) = nets(
        NET, '  layer { name: "b" type: "ReLU" mark: "b" }', '  layer { name: "a" ty', *lines("a"), *lines("b")
    )

    assert net.dump_cut
    assert [given(layer) for layer in net.layers] == [None, ("b", "dump")]


def test_a_dump_of_nothing_is_none() -> None:
    (net,) = nets(NET, "   ", *lines("a"))

    assert (net.dump, net.dump_cut) == (None, False)


def test_the_solvers_dump_may_be_cut_as_well() -> None:
    solver = f"{STAMP} solver.cpp:1] Initializing solver from parameters: \n"
    whole, cut = (parse_log((solver + text).encode()).facts.attempts[0] for text in ("a: 1\n", "net_param { na\n"))

    assert (whole.solver_cut, cut.solver_cut) == (False, True)


# Which definition is whose --------------------------------------------------------------------------------------------


def definition(name: str, mark: str, type_: str = "ReLU", more: str = "") -> str:
    return f'  layer {{ name: "{name}" type: "{type_}" mark: "{mark}" {more} }}'


def test_layers_of_one_name_take_their_definitions_in_turn_and_then_the_last() -> None:
    (net,) = nets(NET, definition("a", "1"), definition("a", "2"), *lines("a"), *lines("a"), *lines("a"))

    assert [given(layer) for layer in net.layers] == [("1", "dump"), ("2", "dump"), ("2", "dump")]


def test_an_unnamed_layer_takes_none() -> None:
    (net,) = nets(NET, '  layer { type: "ReLU" mark: "nameless" }', "Top shape: 2 3 (6)")

    assert given(net.layers[0]) is None
    assert net.layers[0].type is None


def test_a_layer_that_the_dump_lacks_takes_none() -> None:
    (net,) = nets(NET, definition("a", "1"), *lines("b"))

    assert given(net.layers[0]) is None


def test_definitions_of_the_old_form_are_read_in_the_new_one() -> None:
    (net,) = nets(NET, '  layers { name: "a" type: INNER_PRODUCT mark: "old" }', *lines("a"))

    assert (net.layers[0].type, given(net.layers[0])) == ("InnerProduct", ("old", "dump"))


def test_a_definition_without_a_type_leaves_it_open() -> None:
    (net,) = nets(NET, '  layer { name: "a" mark: "1" }', *lines("a"))

    assert net.layers[0].type is None


# Splits ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "bottom", "tops", "type_"),
    [
        ("b_l_0_split", "b", ("b_l_0_split_0", "b_l_0_split_1"), "Split"),
        ("b_l_12_split", "b", ("b_l_12_split_0",), "Split"),
        ("b_l_0_split", "b", ("b_l_0_split_1", "b_l_0_split_0"), None),
        ("b_l_0_split", "b", ("b_l_0_split_0", "other"), None),
        ("b_l_0_split", None, ("b_l_0_split_0",), None),
        ("b_l_0_split", "b", (), None),
        ("_0_split", "b", ("_0_split_0",), None),
        ("b_l_split", "b", ("b_l_split_0",), None),
        ("b_l_0_split_x", "b", ("b_l_0_split_x_0",), None),
    ],
)
def test_a_split_is_known_by_its_names(name: str, bottom: str | None, tops: tuple[str, ...], type_: str | None) -> None:
    (net,) = nets(NET, *lines(name, bottom=bottom, tops=tops))

    assert net.layers[0].type == type_


def test_a_layer_of_two_bottoms_is_no_split() -> None:
    (net,) = nets(NET, "b_l_0_split <- b", "b_l_0_split <- c", "b_l_0_split -> b_l_0_split_0")

    assert net.layers[0].type is None


# The other net's definitions ------------------------------------------------------------------------------------------


def siblings(train: tuple[str, ...], test: tuple[str, ...], *layers: list[str]) -> tuple[Net, ...]:
    """A training and a testing net of the same layers, each with its own dump."""
    set_up = [line for layer in layers for line in layer]
    return nets(TRAIN, NET, *train, *set_up, DONE, TEST, NET, *test, *set_up, DONE)


def test_the_other_nets_definition_fills_what_is_missing_in_either() -> None:
    train, test = siblings((definition("a", "1"),), (definition("b", "2"),), lines("a"), lines("b"))

    assert [given(layer) for layer in train.layers] == [("1", "dump"), ("2", "other net's dump")]
    assert [given(layer) for layer in test.layers] == [("1", "other net's dump"), ("2", "dump")]
    assert [layer.type for layer in test.layers] == ["ReLU", "ReLU"]


def test_sources_differ_between_nets_and_are_left_alone() -> None:
    _, test = siblings((definition("a", "1"),), (), lines("a", bottom=None))

    assert given(test.layers[0]) is None


def test_a_rule_that_leaves_the_layer_out_of_a_phase_is_heeded() -> None:
    for rule, filled in (
        ("include { phase: TRAIN }", None),
        ("include { phase: TEST }", ("1", "other net's dump")),
        ("exclude { phase: TEST }", None),
        ("exclude { phase: TRAIN }", ("1", "other net's dump")),
        ("include { stage: 'x' }", ("1", "other net's dump")),
    ):
        _, test = siblings((definition("a", "1", more=rule),), (), lines("a"))
        assert given(test.layers[0]) == filled, rule


def test_a_layer_that_the_log_says_is_of_another_type_is_left_alone() -> None:
    typed = ["Creating layer 'a' of type '{}'", *lines("a")]
    other = [typed[0].format("TanH"), *typed[1:]]
    same = [typed[0].format("ReLU"), *typed[1:]]

    for layer, filled in ((other, None), (same, ("1", "other net's dump"))):
        _, test = nets(TRAIN, NET, definition("a", "1"), *lines("a"), DONE, TEST, NET, *layer, DONE)
        assert given(test.layers[0]) == filled
    _, test = nets(TRAIN, NET, definition("a", "1"), *lines("a"), DONE, TEST, NET, *other, DONE)
    assert test.layers[0].type == "TanH"


def test_of_three_nets_the_first_that_knows_fills_the_others() -> None:
    third = [TEST, NET, *lines("a"), DONE]
    found = nets(
        TRAIN, NET, definition("a", "1"), *lines("a"), DONE, TEST, NET, definition("a", "2"), *lines("a"), DONE, *third
    )

    assert [given(net.layers[0]) for net in found] == [("1", "dump"), ("2", "dump"), ("1", "other net's dump")]


def test_an_inner_net_stands_for_itself() -> None:
    outer = ["Creating Layer l", "l <- x", "l -> h"]
    inner = [NET, *lines("a"), DONE, "Setting up l", "Top shape: 2 3 (6)"]
    found = nets(TRAIN, NET, definition("a", "1"), *lines("a"), *outer, *inner, DONE, TEST, NET, *lines("a"), DONE)

    assert [given(net.layers[0]) for net in found] == [("1", "dump"), None, ("1", "other net's dump")]


# A prototxt -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def prototxt(tmp_path: Path) -> Path:
    return tmp_path / "n.prototxt"


def log_of(path: Path, text: str, *messages: str) -> Log:
    path.write_text(text, encoding="utf-8")
    return parse_log(glog(*messages).encode(), prototxt=path)


def test_a_prototxt_fills_what_no_dump_defines(prototxt: Path) -> None:
    text = definition("a", "p").strip() + definition("b", "p").strip()
    log = log_of(prototxt, text, TRAIN, NET, definition("a", "1"), *lines("a"), *lines("b"), *lines("c"))
    (net,) = log.facts.attempts[0].nets

    assert [given(layer) for layer in net.layers] == [("1", "dump"), ("p", "prototxt"), None]
    assert [layer.type for layer in net.layers] == ["ReLU", "ReLU", None]
    assert log.notes == ()


def test_a_prototxt_of_the_old_form_is_read_too(prototxt: Path) -> None:
    log = log_of(prototxt, 'layers { name: "a" type: INNER_PRODUCT }', NET, *lines("a"))

    assert log.facts.attempts[0].nets[0].layers[0].type == "InnerProduct"


def test_a_prototxt_without_a_type_leaves_that_of_the_log(prototxt: Path) -> None:
    log = log_of(prototxt, 'layer { name: "a" }', NET, "Creating layer 'a' of type 'TanH'", *lines("a"))

    assert log.facts.attempts[0].nets[0].layers[0].type == "TanH"


def test_its_rules_decide_which_net_a_layer_is_of(prototxt: Path) -> None:
    text = (
        'layer { name: "a" mark: "t" include { phase: TRAIN } } layer { name: "a" mark: "e" exclude { phase: TRAIN } }'
    )
    log = log_of(prototxt, text, TRAIN, *lines("a"), DONE, TEST, *lines("a"), DONE)

    assert [given(net.layers[0]) for net in log.facts.attempts[0].nets] == [("t", "prototxt"), ("e", "prototxt")]
    log = log_of(prototxt, text, *lines("a"))
    assert given(log.facts.attempts[0].nets[0].layers[0]) == ("t", "prototxt")


def test_no_prototxt_describes_an_inner_net(prototxt: Path) -> None:
    outer = ["Creating Layer l", "l <- x", "l -> h", NET, *lines("a"), DONE]
    log = log_of(prototxt, 'layer { name: "a" mark: "p" }', *lines("a"), *outer)

    assert [given(net.layers[0]) for net in log.facts.attempts[0].nets] == [("p", "prototxt"), None]


CONV: Final = 'layer {{ name: "a" type: "{}" {} }}'


def differences(path: Path, dumped: str, mine: str) -> list[tuple[int | None, str, str]]:
    log = log_of(path, mine, TRAIN, NET, f"  {dumped}", *lines("a"))
    return [(note.line, note.what, note.meaning) for note in log.notes]


@pytest.mark.parametrize(
    ("dumped", "mine", "names"),
    [
        ("", "", []),
        ("convolution_param { kernel_size: 3 }", "convolution_param { kernel_size: 3 }", []),
        ("convolution_param { kernel_size: 3 }", "convolution_param { kernel_size: 5 }", ["convolution_param"]),
        ("convolution_param { kernel_size: 3 }", "", ["convolution_param"]),
        ("", "convolution_param { kernel_size: 3 }", ["convolution_param"]),
        ("convolution_param { kernel_size: 3 }", "convolution_param { kernel_size: 3 pad: 1 }", ["convolution_param"]),
        ("a_param { x: 1 } b_param { x: 1 }", "b_param { x: 2 } a_param { x: 2 }", ["a_param", "b_param"]),
        ("p_param { shape { dim: 1 } }", "p_param { shape { dim: 2 } }", ["p_param"]),
        ("param { lr_mult: 1 }", "param { lr_mult: 2 }", []),
        *(
            (f"convolution_param {{ {name}: 1 }}", f"convolution_param {{ {name}: 2 }}", [])
            for name in ("weight_filler", "bias_filler", "filler", "source", "engine")
        ),
        *(
            (f"{name} {{ x: 1 }}", f"{name} {{ x: 2 }}", [])
            for name in (
                "data_param",
                "transform_param",
                "image_data_param",
                "hdf5_data_param",
                "window_data_param",
                "memory_data_param",
            )
        ),
    ],
)
def test_where_dump_and_prototxt_differ_is_noted(prototxt: Path, dumped: str, mine: str, names: list[str]) -> None:
    kind = "Convolution"

    assert differences(prototxt, CONV.format(kind, dumped), CONV.format(kind, mine)) == [
        (
            4,
            f"{name} of layer 'a' (TRAIN) differs between the log and the prototxt",
            "The log's own definition is used.",
        )
        for name in names
    ]


def test_another_type_is_the_one_difference_that_is_noted(prototxt: Path) -> None:
    told = differences(prototxt, CONV.format("ReLU", "a_param { x: 1 }"), CONV.format("TanH", "a_param { x: 2 }"))

    assert [what for _, what, _ in told] == ["type of layer 'a' (TRAIN) differs between the log and the prototxt"]


def test_a_net_without_a_phase_is_called_a_net(prototxt: Path) -> None:
    log = log_of(prototxt, CONV.format("TanH", ""), NET, "  " + CONV.format("ReLU", ""), *lines("a"))

    assert [note.what for note in log.notes] == ["type of layer 'a' (net) differs between the log and the prototxt"]


def test_a_prototxt_that_was_of_no_use_says_why(prototxt: Path) -> None:
    text = 'layer { name: "a" type: "ReLU" }'
    empty = log_of(prototxt, text, "Creating training net.")
    assert [(note.what, note.meaning) for note in empty.notes] == [
        ("the prototxt was not used", "The log sets up no net.")
    ]

    other = log_of(prototxt, text, *lines("b"))
    assert [(note.what, note.meaning) for note in other.notes] == [
        ("the prototxt was not used", "No layer of the log has a name that stands in it: is it this net's?")
    ]


def test_a_prototxt_that_says_what_the_dump_says_is_no_matter(prototxt: Path) -> None:
    text = 'layer { name: "a" type: "ReLU" }'

    assert log_of(prototxt, text, NET, f"  {text}", *lines("a")).notes == ()


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ('layer { name: "a" }\nlayer { name: }\n', 2, ""),
        ('layer {\n name: "a"\n', 3, "it ends inside a message"),
        ('layer {\n name: "a"', 2, "it ends inside a message"),
    ],
)
def test_what_is_no_definition_is_told_with_its_line(text: str, line: int, why: str) -> None:
    with pytest.raises(DefinitionError, match=rf"n:{line}: not a network definition: .*{why}") as caught:
        read_prototxt(text, "n")
    assert caught.value.remedy == "Give the .prototxt that the net was trained from."


def test_a_solvers_prototxt_is_no_nets() -> None:
    with pytest.raises(DefinitionError, match="n: no layer in this definition") as caught:
        read_prototxt('base_lr: 0.1\nnet: "a"', "n")
    assert caught.value.remedy == "Give a net's .prototxt, not a solver's."
