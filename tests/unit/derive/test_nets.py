"""What follows from a net: batches, steps, what is whose, and what had to be assumed, each on the smallest net."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from logparse import parse_log
from tests.writing import Layer, cells, data, line, memory, net, read, set_up, solver

if TYPE_CHECKING:
    from pathlib import Path

    from logparse.api import Log

SHAPE = "2 3 4 4 (96)"
STREAMS = "Initializing recurrent layer: assuming input batch contains 2 timesteps of 5 independent streams."


def column(log: Log, name: str) -> list[Any]:
    return cells(log.layers)[name]


# The batch ------------------------------------------------------------------------------------------------------------


def batch(*layers: Layer, dump: bool = True) -> Any:  # noqa: ANN401 - a cell
    return column(read(net(layers, dump=dump)), "batch")[-1]


def test_the_batch_is_the_first_dimension_of_the_first_top_of_the_first_source() -> None:
    other = Layer("other", "Input", (), ("other",), ("7 3 (21)",))
    act = Layer("act", "ReLU", ("data",), ("act",), (SHAPE,))

    assert batch(data(), act) == 2
    assert batch(other, data()) == 7
    assert batch(data(), other) == 2
    assert batch(Layer("both", "Data", (), ("a", "b"), ("4 3 (12)", "9 (9)"))) == 4


def test_a_parameter_layer_is_no_source_of_images() -> None:
    parameter = Layer("p", "Parameter", (), ("p",), ("7 3 (21)",))

    assert batch(parameter, data()) == 2
    assert batch(parameter) is None


def test_a_net_without_a_source_or_its_shape_has_no_batch() -> None:
    assert batch(Layer("act", "ReLU", ("data",), ("act",), (SHAPE,))) is None
    assert batch(Layer("data", "Input", (), ("data",), ())) is None
    assert batch(Layer("data", "Input", (), ("data",), ("(1)",))) is None
    assert batch(Layer("data", "Input", (), (), ())) is None


def test_a_recurrent_layer_counts_its_streams() -> None:
    text = line("Creating Layer x") + line("x -> x") + line("Setting up x") + line("Top shape: 2 5 8 (80)")
    text += memory(320) + line("Creating Layer l") + line("l <- x") + line("l -> h")
    log = read(text + line(STREAMS, "recurrent_layer.cpp") + line("Setting up l") + line("Top shape: 2 5 4 (40)"))

    assert column(log, "batch") == [5, 5]


# Inputs of the net itself ---------------------------------------------------------------------------------------------


def with_inputs(stated: str, *names: str, layers: tuple[Layer, ...] = ()) -> Log:
    """A net whose inputs no layer makes: `stated` is what its definition says of them."""
    text = line("Initializing net from parameters: ") + f"{stated}\n" + "".join(f"{one.definition}\n" for one in layers)
    text += "".join(line(f"Input {place} -> {name}") for place, name in enumerate(names))
    running = 0
    for layer in layers:
        running += 4 * layer.count
        text += set_up(layer, running)
    return read(text)


PRODUCT = Layer("ip", "InnerProduct", ("x",), ("ip",), ("2 5 (10)",), "inner_product_param { num_output: 5 }")


@pytest.mark.parametrize(
    "stated",
    [
        'input: "x" input_dim: 2 input_dim: 3 input_dim: 4 input_dim: 4',
        'input: "x" input_shape { dim: 2 dim: 3 dim: 4 dim: 4 }',
        'input: "y" input: "x" input_shape { dim: 7 } input_shape { dim: 2 dim: 3 dim: 4 dim: 4 }',
        'input: "y" input: "x" ' + "input_dim: 7 " * 4 + "input_dim: 2 input_dim: 3 input_dim: 4 input_dim: 4",
    ],
)
def test_an_input_has_the_shape_that_its_nets_definition_states(stated: str) -> None:
    log = with_inputs(stated, *(["y", "x"] if "y" in stated else ["x"]), layers=(PRODUCT,))

    assert column(log, "params") == [5 * 48 + 5]
    assert column(log, "macs") == [2 * 5 * 48]
    *_, blob, top = zip(*cells(log.table("blobs"), "layer", "blob", "shape", "distinct_bytes").values(), strict=True)
    assert (blob, top) == ((None, "x", [2, 3, 4, 4], 384), ("ip", "ip", [2, 5], 40))


def test_the_batch_is_the_first_inputs() -> None:
    log = with_inputs('input: "x" input_shape { dim: 2 dim: 48 }', "x", layers=(PRODUCT,))

    assert column(log, "batch") == [2]
    assert column(log, "macs_per_image") == [5 * 48]


def test_inputs_are_data_of_the_net_that_caffes_figure_leaves_out() -> None:
    act = Layer("act", "ReLU", ("x",), ("x",), ("2 48 (96)",))
    log = with_inputs('input: "x" input_shape { dim: 2 dim: 48 }', "x", layers=(act, PRODUCT))

    assert column(log, "distinct_bytes") == [0, 40]
    assert column(log, "distinct_total_bytes") == [384, 424]
    assert cells(log.nets, "logged_bytes", "distinct_bytes") == {"logged_bytes": [424], "distinct_bytes": [424]}
    held = cells(log.table("memory"), "device", "kind", "bytes")
    data = [size for kind, size in zip(held["kind"], held["bytes"], strict=True) if kind == "distinct_data"]
    assert data == [424, 424]


@pytest.mark.parametrize(
    "stated", ['input: "x"', 'input: "x" input_dim: 2 input_dim: 3', 'input: "z" input_shape { dim: 2 }']
)
def test_an_input_whose_shape_nothing_states_is_not_known(stated: str) -> None:
    log = with_inputs(stated, "x", layers=(PRODUCT,))

    assert (column(log, "params"), column(log, "batch"), column(log, "distinct_total_bytes")) == ([None],) * 3
    assert "the net's inputs: the count of x is not printed" in cells(log.table("memory"), "basis")["basis"][1]


def test_a_prototxt_states_what_a_log_without_definition_does_not(tmp_path: Path) -> None:
    prototxt = tmp_path / "net.prototxt"
    prototxt.write_text(f'input: "x" input_shape {{ dim: 2 dim: 48 }} {PRODUCT.definition}', encoding="utf-8")
    text = line("Input 0 -> x") + set_up(PRODUCT, 40)

    assert cells(parse_log(text.encode(), prototxt=prototxt).layers, "macs") == {"macs": [2 * 5 * 48]}


# 2013: shapes without their batch, which the data layer's own line tells ---------------------------------------------


def of_2013(*said: str, shape: str = "1 28 28") -> Log:
    """A data layer that says something of its size, and a convolution; no shape is printed with its batch."""
    text = "".join(map(line, ("Creating Layer in", "in -> data", "in -> label")))
    text += "".join(line(one, "data_layer.cpp") for one in said)
    text += "".join(map(line, (f"Top shape: {shape}", "Top shape: 1 1 1", "in does not need backward computation.")))
    text += "".join(map(line, ("Creating Layer conv1", "conv1 <- data", "conv1 -> conv1", "Top shape: 20 24 24")))
    return read(text, line("conv1 needs backward computation."))


def test_the_size_that_a_data_layer_prints_is_its_first_tops_shape() -> None:
    log = of_2013("output data size: 64,1,28,28")

    assert column(log, "top_shape") == [[[64, 1, 28, 28], [1, 1, 1]], [[20, 24, 24]]]
    assert column(log, "top_count") == [[64 * 28 * 28, None], [None]]
    assert column(log, "batch") == [64, 64]
    assert column(log, "problems") == [[], []]


def test_with_it_costs_of_one_image_are_known_of_the_batch() -> None:
    of_image = 20 * 24 * 24 * 25
    with_size, without = of_2013("output data size: 64,1,28,28"), of_2013()

    assert column(with_size, "macs_per_image")[1] == column(without, "macs_per_image")[1] == of_image
    assert (column(with_size, "macs")[1], column(without, "macs")[1]) == (64 * of_image, None)
    assert (column(with_size, "backward_macs")[1], column(without, "backward_macs")[1]) == (64 * of_image, None)
    assert column(with_size, "macs_reason")[1] is None
    assert column(without, "macs_reason")[1] == "the log prints shapes without their batch"
    assert cells(with_size.table("shares"), "macs")["macs"] == [64 * of_image, 0]


def test_a_size_that_contradicts_the_printed_shape_or_comes_behind_the_set_up_is_no_shape() -> None:
    assert column(of_2013("output data size: 64,3,28,28"), "batch") == [None, None]
    late = read(net([data()]), line("output data size: 64,1,28,28", "data_layer.cpp"))
    assert column(late, "batch") == [2]


@pytest.mark.parametrize("size", ["9" * 5000, "2147483648", "64,1,28,0", "65536,65536"])
def test_a_size_that_no_blob_has_is_no_shape(size: str) -> None:
    """Blob::Reshape refuses more than 2³¹ - 1 values (blob.cpp)."""
    log = read(line("Creating Layer in"), line("in -> data"), line(f"output data size: {size}", "data_layer.cpp"))

    assert column(log, "top_shape") == [[None]]


def test_an_input_that_no_blob_can_be_is_not_known() -> None:
    log = with_inputs('input: "x" input_shape { dim: 65536 dim: 65536 }', "x", layers=(PRODUCT,))

    assert column(log, "batch") == [None]


def test_a_data_layer_that_dies_before_its_shapes_has_the_size_that_it_printed() -> None:
    text = line("Creating layer data", "layer_factory.cpp") + line("Creating Layer data")
    text += line("data -> data") + line("data -> label")
    log = read(text, line("output data size: 5000,3,200,200", "data_layer.cpp"), line("out of memory", "a.cpp", "F"))

    assert column(log, "top_count") == [[600_000_000, None]]


def test_a_constructor_may_tell_the_size_before_its_layer_has_its_line() -> None:
    text = line("Initializing net from parameters: ") + 'name: "N"\n'
    text += line("Creating layer 'data' of type 'Data'", "layer_factory.hpp")
    text += line("[n0.d0.r0] Output data size: 34, 3, 32, 32", "data_layer.cpp") + line("Created Layer data (0)")
    other = line("Creating layer 'label' of type 'Data'", "layer_factory.hpp") + line("Created Layer label (1)")
    log = read(text, line("data -> data"), memory(1), other, line("label -> label"))

    assert column(log, "top_shape") == [[[34, 3, 32, 32]], [None]]


def nested(outer: str) -> Log:
    """A net of a source of `outer` and a layer with an inner net whose own source has 7."""
    text = line("Creating Layer x") + line("x -> x") + line("Setting up x") + line(f"Top shape: {outer}") + memory(24)
    text += line("Creating Layer l") + line("l <- x") + line("l -> h")
    inner = net([Layer("in", "Input", (), ("in",), ("7 1 (7)",))])
    return read(text, inner, line("Setting up l"), line("Top shape: 3 2 (6)"))


def test_an_inner_net_counts_images_as_its_outer_net_does() -> None:
    assert column(nested("3 2 (6)"), "batch") == [3, 3, 3]
    assert column(nested("(6)"), "batch") == [None, None, 7]


# Steps and bytes ------------------------------------------------------------------------------------------------------


def test_a_step_is_known_between_two_figures_only() -> None:
    layers = [data(), *(Layer(name, "ReLU", ("data",), (name,), (SHAPE,)) for name in "abc")]
    text = net(layers)
    assert column(read(text), "logged_step_bytes") == [384, 384, 384, 384]

    log = read(text.replace(memory(1152), ""))
    assert column(log, "logged_bytes") == [384, 768, None, 1536]
    assert column(log, "logged_step_bytes") == [384, 384, None, None]
    assert column(log, "expected_step_bytes") == [384] * 4


def test_distinct_data_are_summed_until_a_count_is_missing() -> None:
    layers = [data(), *(Layer(name, "ReLU", ("data",), (name,), (SHAPE,)) for name in "abc")]
    log = read("".join(net(layers).rsplit(line(f"Top shape: {SHAPE}"), 1)))

    assert column(log, "distinct_bytes") == [384, 384, 384, None]
    assert column(log, "distinct_total_bytes") == [384, 768, 1152, None]
    assert cells(log.nets)["distinct_bytes"] == [None]

    missing_early = net(layers).replace(line("Setting up a") + line(f"Top shape: {SHAPE}"), line("Setting up a"))
    assert column(read(missing_early), "distinct_total_bytes") == [384, None, None, None]


def test_a_layer_without_tops_has_no_expected_step_and_no_data() -> None:
    log = read(net([data(), Layer("silence", "Silence", ("data",))]))

    assert column(log, "expected_step_bytes") == [384, None]
    assert column(log, "distinct_bytes") == [384, 0]


def test_what_a_lost_layer_holds_is_not_known() -> None:
    log = read(net([data()], done=False) + memory(1000) + line("Creating Layer a") + line("a -> y"))

    assert column(log, "distinct_bytes")[1] is None
    assert column(log, "distinct_total_bytes")[1] is None


def test_values_of_a_net_that_does_not_tell_are_floats() -> None:
    log = read(line("Setting up a"), line("Top shape: 2 3 (6)"))

    assert cells(log.nets)["element_bytes"] == [None]
    assert column(log, "expected_step_bytes") == [24]


def test_values_of_a_net_of_doubles_are_doubles() -> None:
    log = read(net([data()], value_bytes=8))

    assert (cells(log.nets)["element_bytes"], column(log, "expected_step_bytes")) == ([8], [768])


# Types ----------------------------------------------------------------------------------------------------------------


def test_where_a_type_comes_from() -> None:
    typed = line("Creating layer 'typed' of type 'TanH'", "layer_factory.hpp") + line("Creating Layer typed")
    typed += line("typed <- x") + line("typed -> y") + line("Setting up typed") + line(f"Top shape: {SHAPE}")
    split = [line("Creating Layer y_typed_0_split"), line("y_typed_0_split <- y")]
    split += [line("y_typed_0_split -> y_typed_0_split_0"), line("Setting up y_typed_0_split")]
    split += [line(f"Top shape: {SHAPE}")]
    riddle = line("Creating Layer riddle") + line("riddle <- y") + line("riddle -> z") + line("Top shape: 2 7 (14)")
    log = read(net([data()], done=False), typed, *split, line("Creating Layer relu"), line("relu <- y"))
    assert column(log, "type_basis")[:3] == ["definition", "log", "log"]

    log = read(net([data()], dump=False, done=False), riddle)
    assert list(zip(column(log, "type"), column(log, "type_basis"), strict=True)) == [
        ("Data", "inferred"),
        (None, "unknown"),
    ]


# What an excerpt does not name ----------------------------------------------------------------------------------------


def conv(name: str, bottom: str) -> str:
    """The lines of a convolution that takes 28 × 28 to 24 × 24, which is 5 × 5."""
    text = line(f"Creating Layer {name}") + line(f"{name} <- {bottom}") + line(f"{name} -> {name}")
    return text + line(f"Setting up {name}") + line("Top shape: 64 20 24 24 (737280)")


def assumptions(*parts: str) -> list[Any]:
    return [texts[:1] for texts in column(read(*parts), "assumptions")]


UNNAMED = line("Top shape: 64 1 28 28 (50176)") + memory(200_704)


def test_a_bottom_that_nobody_names_is_the_unnamed_top_before_it() -> None:
    assert assumptions(UNNAMED, conv("c", "data")) == [
        [],
        ["its bottom data is the unnamed top of the unnamed layer before it"],
    ]


def test_a_layer_that_has_a_name_and_no_wires_is_named() -> None:
    text = line("Setting up images") + line("Top shape: 64 1 28 28 (50176)") + memory(200_704)

    assert assumptions(text, conv("c", "data")) == [
        [],
        ["its bottom data is the unnamed top of the layer images before it"],
    ]


def test_an_unnamed_top_is_taken_once() -> None:
    found = assumptions(UNNAMED, conv("c", "data"), conv("d", "other"))

    assert found[1] == ["its bottom data is the unnamed top of the unnamed layer before it"]
    assert not any("unnamed" in text for text in found[2])


def test_a_bottom_that_was_made_by_name_needs_no_assumption() -> None:
    named = line("Creating Layer in") + line("in -> data") + line("Setting up in")
    named += line("Top shape: 64 1 28 28 (50176)") + memory(200_704)

    assert not any("unnamed" in text for text in assumptions(UNNAMED, named, conv("c", "data"))[2])


def test_a_bottom_that_was_assumed_once_is_known_from_then_on() -> None:
    found = assumptions(UNNAMED, conv("c", "data"), conv("d", "data"))

    assert found[1] == ["its bottom data is the unnamed top of the unnamed layer before it"]
    assert found[2] == ["taken as Convolution: its top has other channels and a smaller map"]


def test_of_several_unnamed_tops_the_first_is_meant_and_of_several_layers_the_nearest() -> None:
    """Kernel 5 × 5 only if the bottom is 28 × 28: the label's and the older layer's tops are not it."""
    label = line("Top shape: 64 1 28 28 (50176)") + line("Top shape: 64 (64)") + memory(200_960)
    older = line("Top shape: 64 1 40 40 (102400)") + memory(409_600)
    for text in (label, older + UNNAMED):
        log = read(text, conv("c", "data"))
        assert column(log, "params_formula")[-1] == "20 × (1/1) × 5·5 + 20 biases = 520"


# Shared parameters ----------------------------------------------------------------------------------------------------


def sharing(params: str, *shared: str) -> dict[str, list[Any]]:
    """The parameters of a fully connected layer of 48 × 5 weights and 5 biases, with lines about shared ones."""
    more = f"{params} inner_product_param {{ num_output: 5 }}"
    text = net([data(), Layer("ip", "InnerProduct", ("data",), ("ip",), ("2 5 (10)",), more)], done=False)
    lines = [line(f"Sharing parameters {one}") for one in shared]
    log = read(text, *lines)
    return {**cells(log.params, "shares_with", "bytes"), "own": cells(log.nets)["params"]}


def test_the_logs_index_is_the_owners_and_the_definitions_names_tell_ours() -> None:
    """`param index 0` of the owner is our second parameter, the biases: its name says so."""
    found = sharing('param { name: "w" } param { name: "b" }', "'b' owned by layer 'first', param index 0")

    assert found == {"shares_with": [None, "first"], "bytes": [960, 0], "own": [240]}


def test_without_a_definitions_name_the_index_is_taken() -> None:
    assert sharing("", "'w' owned by layer 'first', param index 0")["shares_with"] == ["first", None]
    assert sharing("", "'w' owned by layer 'first', param index 1")["shares_with"] == [None, "first"]
    assert sharing('param { name: "w" }', "'b' owned by layer 'first', param index 1")["shares_with"] == [None, "first"]


def test_an_index_beyond_the_layers_parameters_is_passed_over() -> None:
    assert sharing("", "'x' owned by layer 'first', param index 2")["shares_with"] == [None, None]


def test_both_parameters_may_be_shared() -> None:
    found = sharing(
        'param { name: "w" } param { name: "b" }',
        "'w' owned by layer 'first', param index 0",
        "'b' owned by layer 'second', param index 1",
    )

    assert found == {"shares_with": ["first", "second"], "bytes": [0, 0], "own": [0]}


# The tables of nets ---------------------------------------------------------------------------------------------------


def test_what_batches_do_not_divide_has_no_figure_of_an_image() -> None:
    """Two timesteps of three streams: 12 MACs of a batch of 5 are no whole number an image."""
    ip = Layer("ip", "InnerProduct", ("data",), ("ip",), ("5 3 (15)",), "inner_product_param { num_output: 3 }")
    odd = Layer("odd", "InnerProduct", ("x",), ("odd",), ("2 3 (6)",), "inner_product_param { num_output: 3 }")
    source = Layer("x", "Input", (), ("x",), ("2 4 (8)",))
    log = read(net([data("5 4 (20)"), ip, source, odd]))

    assert column(log, "macs") == [0, 60, 0, 24]
    assert column(log, "macs_per_image") == [0, 12, 0, None]


def test_an_unfinished_net_without_layers_has_no_figures() -> None:
    row = cells(read(solver(), line("Initializing net from parameters: "), 'name: "N"\n').nets)

    names = ("layers", "batch", "logged_bytes", "distinct_bytes", "missing_bytes", "definition_origin", "done")
    assert [row[name][0] for name in names] == [0, None, None, None, None, None, False]
    assert row["definition_cut"] == [False]


# force_backward -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("force", [False, True])
def test_force_backward_wins_over_the_printed_flags(force: bool) -> None:  # noqa: FBT001 - a parameter of the test
    frozen = "param { lr_mult: 0 } param { lr_mult: 0 } convolution_param { num_output: 3 kernel_size: 1 }"
    conv = Layer("conv", "Convolution", ("data",), ("conv",), (SHAPE,), frozen, backward=False)
    text = net([data(backward=False), conv])
    log = read(text.replace('name: "N"', f'name: "N" force_backward: {str(force).lower()}'))

    assert column(log, "backward") == [force, force]
    assert column(log, "backward_macs") == [0, 2 * 2 * 3 * 3 * 16 if force else 0]
    assert column(log, "diff_bytes") == ([384, 384] if force else [0, 0])
