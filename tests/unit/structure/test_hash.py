"""The hash of a net's structure: what it does not see, and what it must see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from logparse.cost.spec import Basis
from logparse.cost.structure.identity import structure_of
from tests.structures import net_layers, structure


def source(name: str = "data", dims: str = "2 3 12 12") -> str:
    shape = " ".join(f"dim: {dim}" for dim in dims.split())
    return f'layer {{ name: "{name}" type: "Input" top: "{name}" input_param {{ shape {{ {shape} }} }} }}\n'


def layer(kind: str, name: str, bottoms: str, settings: str = "", tops: str = "") -> str:
    reads = " ".join(f'bottom: "{one}"' for one in bottoms.split())
    writes = " ".join(f'top: "{one}"' for one in (tops or name).split())
    return f'layer {{ name: "{name}" type: "{kind}" {reads} {writes} {settings} }}\n'


def conv(name: str, bottom: str, settings: str = "num_output: 4 kernel_size: 3", more: str = "") -> str:
    return layer("Convolution", name, bottom, f"convolution_param {{ {settings} }} {more}")


def pool(name: str, bottom: str, settings: str = "pool: MAX kernel_size: 2 stride: 2") -> str:
    return layer("Pooling", name, bottom, f"pooling_param {{ {settings} }}")


def dense(name: str, bottom: str, settings: str = "num_output: 5") -> str:
    return layer("InnerProduct", name, bottom, f"inner_product_param {{ {settings} }}")


RELU = layer("ReLU", "relu", "c", tops="c")
LABEL = source("label", "2")
BASE = source() + conv("c", "data") + RELU + pool("p", "c") + dense("ip", "p")
TRAINED = BASE + LABEL + layer("SoftmaxWithLoss", "loss", "ip label")

SAME = {
    "other names": source("x") + conv("y", "x") + layer("ReLU", "r", "y", tops="y") + pool("z", "y") + dense("w", "z"),
    "another batch": BASE.replace("dim: 2 dim: 3", "dim: 64 dim: 3"),
    "not in place": source() + conv("c", "data") + layer("ReLU", "r", "c") + pool("p", "r") + dense("ip", "p"),
    "training": TRAINED,
    "testing": TRAINED + layer("Accuracy", "accuracy", "ip label"),
    "testing, with Caffe's Split": BASE
    + LABEL
    + layer("Split", "s", "ip", tops="s_0 s_1")
    + layer("SoftmaxWithLoss", "loss", "s_0 label")
    + layer("Accuracy", "accuracy", "s_1 label"),
    "deployed": BASE + layer("Softmax", "prob", "ip"),
    "a loss of two layers": BASE
    + LABEL
    + layer("Softmax", "prob", "ip")
    + layer("MultinomialLogisticLoss", "loss", "prob label"),
    "with Dropout": source()
    + conv("c", "data")
    + RELU
    + pool("p", "c")
    + layer("Dropout", "drop", "p", "dropout_param { dropout_ratio: 0.5 }", tops="p")
    + dense("ip", "p"),
    "defaults stated": BASE.replace("kernel_size: 3", "kernel_size: 3 stride: 1 pad: 0 group: 1 dilation: 1 axis: 1")
    .replace('name: "relu"', 'name: "relu" relu_param { negative_slope: 0 }')
    .replace("num_output: 5", "num_output: 5 axis: 1 transpose: false"),
    "a kernel by its sides": BASE.replace("kernel_size: 3", "kernel_h: 3 kernel_w: 3"),
    "fillers, rates, engine": BASE.replace(
        "kernel_size: 3", 'kernel_size: 3 weight_filler { type: "xavier" std: 0.1 } engine: CAFFE'
    ).replace('name: "c"', 'name: "c" param { lr_mult: 2 decay_mult: 0 }'),
    "a label that is read by nobody": source() + LABEL + BASE.removeprefix(source()),
    "old names of types": BASE.replace('"Convolution"', "CONVOLUTION").replace('"Pooling"', "POOLING"),
}
OTHER = {
    "a kernel": BASE.replace("kernel_size: 3", "kernel_size: 5"),
    "a kernel that is padded to the same map": BASE.replace("kernel_size: 3", "kernel_size: 5 pad: 1"),
    "a stride": BASE.replace("kernel_size: 3", "kernel_size: 3 stride: 2"),
    "a padding": BASE.replace("kernel_size: 3", "kernel_size: 3 pad: 1"),
    "a dilation": BASE.replace("kernel_size: 3", "kernel_size: 3 dilation: 2"),
    "groups": BASE.replace("dim: 3 ", "dim: 4 ").replace("kernel_size: 3", "kernel_size: 3 group: 2"),
    "channels": BASE.replace("num_output: 4", "num_output: 8"),
    "no bias": BASE.replace("kernel_size: 3", "kernel_size: 3 bias_term: false"),
    "how a pooling pools": BASE.replace("MAX", "AVE"),
    "a pooling's window": BASE.replace("kernel_size: 2", "kernel_size: 3"),
    "outputs": BASE.replace("num_output: 5", "num_output: 6"),
    "an activation": BASE.replace("ReLU", "TanH"),
    "a leak": BASE.replace('name: "relu"', 'name: "relu" relu_param { negative_slope: 0.1 }'),
    "no activation": source() + conv("c", "data") + pool("p", "c") + dense("ip", "p"),
    "the activation behind the pooling": source()
    + conv("c", "data")
    + pool("p", "c")
    + layer("ReLU", "relu", "p", tops="p")
    + dense("ip", "p"),
    "the image's size": BASE.replace("dim: 12 dim: 12", "dim: 16 dim: 12"),
    "the image's channels": BASE.replace("dim: 3 dim: 12", "dim: 1 dim: 12"),
    "one layer more": BASE + dense("ip2", "ip"),
    "an edge": BASE + dense("ip2", "p"),
    "a type of a fork": BASE.replace("ReLU", "Swish"),
}


@pytest.mark.parametrize("text", SAME.values(), ids=SAME)
def test_what_is_no_structure_changes_no_hash(text: str) -> None:
    found = structure(text)

    assert found.basis is Basis.DEFINITION
    assert found.digest == structure(BASE).digest is not None


@pytest.mark.parametrize("text", OTHER.values(), ids=OTHER)
def test_each_thing_of_the_structure_changes_the_hash(text: str) -> None:
    assert structure(text).digest not in {None, structure(BASE).digest}


def test_the_hash_is_the_same_in_every_run() -> None:
    """Written down: the digest follows from the text alone, not from Python's seed of hashes."""
    assert structure(BASE).digest == "b4c7991fa3b9a1c1"


def forked(first: str, second: str, joined: str = "a b", kind: str = "Eltwise") -> str:
    return source() + first + second + layer(kind, "joined", joined)


A = conv("a", "data", "num_output: 4 kernel_size: 3 pad: 1")
B = conv("b", "data", "num_output: 4 kernel_size: 1")


def test_branches_may_be_written_in_any_order() -> None:
    assert structure(forked(A, B)).digest == structure(forked(B, A)).digest


@pytest.mark.parametrize("kind", ["Eltwise", "Concat"])
def test_the_order_of_bottoms_is_part_of_an_edge(kind: str) -> None:
    """Channels of a Concat are in its order; of a sum they are not, but its coefficients are."""
    assert structure(forked(A, B, "a b", kind)).digest != structure(forked(A, B, "b a", kind)).digest


def test_a_sum_is_no_maximum() -> None:
    most = layer("Eltwise", "joined", "a b", "eltwise_param { operation: MAX }")
    number = layer("Eltwise", "joined", "a b", "eltwise_param { operation: 2 }")
    stated = layer("Eltwise", "joined", "a b", "eltwise_param { operation: SUM coeff: 1 coeff: 1 }")
    digests = [structure(source() + A + B + end).digest for end in (most, number, stated)]

    assert digests[0] == digests[1] != digests[2] == structure(forked(A, B)).digest


def test_one_blob_read_twice_is_not_two_blobs_alike() -> None:
    twice = source() + A + layer("Eltwise", "s", "a a")
    two = source() + A + A.replace('"a"', '"b"') + layer("Eltwise", "s", "a b")

    assert structure(twice).digest != structure(two).digest


def test_twins_that_are_joined_crosswise_are_another_net() -> None:
    """Each layer has the same neighbours in both nets; only the whole graph tells them apart."""
    one, other = (
        source()
        + conv("a1", "data")
        + conv("a2", "data")
        + layer("TanH", "b1", "a1")
        + layer("TanH", "b2", "a2")
        + layer("Concat", "c1", f"a1 {first}")
        + layer("Concat", "c2", f"a2 {second}")
        for first, second in (("b1", "b2"), ("b2", "b1"))
    )

    assert structure(one).digest != structure(other).digest
    assert structure(one).digest == structure(one.replace("a1", "x").replace("a2", "a1").replace("x", "a2")).digest


def test_shared_weights_are_not_weights_of_their_own() -> None:
    shared = 'param { name: "w" } param { name: "b" }'
    own = forked(A, A.replace('"a"', '"b"'))
    tied = forked(
        conv("a", "data", "num_output: 4 kernel_size: 3 pad: 1", shared),
        conv("b", "data", "num_output: 4 kernel_size: 3 pad: 1", shared),
    )

    assert structure(own).digest != structure(tied).digest
    assert structure(tied).digest == structure(tied.replace('"w"', '"u"').replace('"b" }', '"v" }')).digest


def test_a_sigmoid_that_a_loss_reads_is_the_nets_own() -> None:
    end = layer("Sigmoid", "s", "ip")
    trained = BASE + end + LABEL + layer("EuclideanLoss", "loss", "s label")

    assert structure(trained).digest != structure(BASE).digest
    assert structure(BASE + end).digest == structure(BASE).digest


def test_a_window_over_the_whole_map_is_a_global_pooling() -> None:
    window, whole = (
        source() + conv("c", "data") + pool("p", "c", settings)
        for settings in ("pool: AVE kernel_size: 10 stride: 1", "pool: AVE global_pooling: true")
    )
    assert structure(window).digest == structure(whole).digest


def test_streams_of_a_recurrent_net_are_its_batch() -> None:
    def unrolled(streams: int) -> str:
        text = source("x", f"7 {streams} 10") + source("cont", f"7 {streams}")
        text += layer("LSTM", "lstm", "x cont", "recurrent_param { num_output: 6 }")
        return text + dense("ip", "lstm", "num_output: 5 axis: 2")

    assert structure(unrolled(4), 4).digest == structure(unrolled(9), 9).digest is not None
    assert (
        structure(unrolled(4), 4).digest != structure(unrolled(4).replace("num_output: 6", "num_output: 8"), 4).digest
    )


def test_blobs_from_outside_are_the_same_from_one_layer_or_from_two() -> None:
    two = source("a", "2 3 8 8") + source("b", "2 3 8 8") + layer("Eltwise", "s", "a b")
    one = layer("Data", "data", "", tops="a b") + layer("Eltwise", "s", "a b")
    one = one.replace('"Data"  top', '"Data" top')
    shapes = {"a": (2, 3, 8, 8), "b": (2, 3, 8, 8)}

    assert structure(one, printed=shapes).digest == structure(two).digest


# --- what is not known --------------------------------------------------------------------------------------


def test_a_layer_without_its_definition_leaves_no_hash() -> None:
    layers = net_layers(BASE)
    lost = next(one for one in layers if one.spec.name == "c")
    bare = replace(lost, spec=replace(lost.spec, definition=None))
    found = structure_of([bare if one is lost else one for one in layers], 2)

    assert found.digest is None
    assert found.basis is Basis.UNKNOWN
    assert found.reason == "c: the layer's definition is missing"


def test_a_blob_that_nothing_makes_leaves_no_hash() -> None:
    found = structure(BASE.removeprefix(source()), printed={"data": (2, 3, 12, 12)})
    assert "c: nothing in the log makes its bottom" in found.reason
    assert found.digest is None


def test_what_is_assumed_shows_in_the_basis() -> None:
    layers = [replace(one, assumed=one.spec.name == "p") for one in net_layers(BASE)]
    found = structure_of(layers, 2)

    assert found.basis is Basis.INFERRED
    assert found.digest == structure(BASE).digest


def test_a_net_of_which_the_log_shows_a_part_has_no_hash() -> None:
    found = structure_of(net_layers(BASE), 2, missing="the log ends early")
    assert (found.digest, found.reason) == (None, "the log ends early")


def test_no_layer_is_no_structure() -> None:
    assert structure_of([], None).reason == "no layer of the net is in the log"
