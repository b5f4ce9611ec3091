"""Guesses about one layer: each from the smallest evidence that allows it, and none where any piece is missing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from logparse.cost.inference.by_shape import guess
from logparse.cost.inference.by_window import convolution
from logparse.cost.inference.windows import Window, candidates, common, customary
from logparse.cost.spec import LayerSpec
from logparse.textproto import Message

if TYPE_CHECKING:
    from logparse.cost.inference.guess import Guess
    from logparse.cost.spec import Shape

MAP: Final = (7, 3, 11, 13)


def layer(
    name: str,
    bottoms: tuple[Shape | None, ...],
    *tops: Shape | None,
    kind: str | None = None,
    in_place: bool = False,
    notes: tuple[str, ...] = (),
) -> LayerSpec:
    return LayerSpec(name, kind, None, bottoms, tops, (in_place,) * len(tops), "TRAIN", nested_notes=notes)


def kind_of(
    name: str,
    bottoms: tuple[Shape | None, ...],
    *tops: Shape | None,
    kind: str | None = None,
    in_place: bool = False,
    notes: tuple[str, ...] = (),
) -> str | None:
    return guess(layer(name, bottoms, *tops, kind=kind, in_place=in_place, notes=notes)).type


def settings(found: Guess, name: str) -> Message:
    return (found.definition or Message()).child(name)


# -- splits and sources --------------------------------------------------------------------------------


def test_a_split_is_told_by_its_name_and_its_equal_tops() -> None:
    assert kind_of("data_data_0_split", (MAP,), MAP, MAP) == "Split"
    assert kind_of("data_data_0_split", (None,), MAP, MAP) == "Split"
    assert kind_of("data_data_0_split", (MAP,), MAP, (7, 3)) is None
    assert kind_of("data_data_0_split", (MAP, MAP), MAP, MAP) != "Split"
    assert kind_of("data_data_0_split", (MAP,)) != "Split"
    assert kind_of("fork", (MAP,), MAP, MAP) != "Split"
    assert guess(layer("a_b_0_split", (MAP,), MAP, MAP)).assumptions == ("a Split, by its name and its equal tops",)


@pytest.mark.parametrize(
    "name", ["data", "input", "mnist", "cifar", "imagenet", "label", "train_data", "x/Data", "x.label"]
)
def test_a_layer_without_bottoms_is_a_data_layer_by_its_name(name: str) -> None:
    found = guess(layer(name, (), MAP, (7,)))
    assert found.type == "Data"
    assert found.assumptions == ("taken as a data layer by its name and because it has no bottoms",)


@pytest.mark.parametrize(
    "note",
    [
        "output data size: 64,1,28,28",
        "Opened lmdb /x",
        "Opened leveldb /x",
        "Number of HDF5 files: 2",
        "A total of 50000 images.",
        "Loading mean file from: mean.binaryproto",
    ],
)
def test_a_layers_own_lines_may_tell_of_data(note: str) -> None:
    found = guess(layer("x", (), MAP, notes=("other", note)))
    assert found.type == "Data"
    assert found.assumptions == ("taken as a data layer: it has no bottoms and its own lines tell of data",)
    assert guess(layer("x", (MAP,), MAP, notes=(note,))).type != "Data"


def test_without_name_or_lines_a_layer_without_bottoms_may_be_a_remnant() -> None:
    assert (
        guess(layer("conv1", (), MAP)).reason == "no bottom is printed: a data layer, or lines of the log are missing"
    )
    assert guess(layer("", (), MAP)).reason == "a shape stands here without its layer"
    assert guess(layer("data", ())).type is None
    assert guess(layer("update", (), MAP)).type is None


# -- recurrent layers ----------------------------------------------------------------------------------

STEPS: Final = "Initializing recurrent layer: assuming input batch contains 5 timesteps of 3 independent streams."


@pytest.mark.parametrize(("weight", "kind"), [("W_xc", "LSTM"), ("W_xh", "RNN")])
def test_a_recurrent_layer_names_its_parameters(weight: str, kind: str) -> None:
    notes = (STEPS, f"Adding parameter 0: {weight}", "Adding parameter 1: b")
    found = guess(layer("x", ((5, 3, 7), (5, 3)), (5, 3, 2), notes=notes))
    assert found.type == kind
    assert settings(found, "recurrent_param").integer("num_output", 0) == 2
    assert found.assumptions == (f"taken as {kind}: its lines add the parameters {weight}, b",)


def test_a_recurrent_layer_that_names_none_may_be_either() -> None:
    found = guess(layer("x", ((5, 3, 7), (5, 3)), (5, 3, 2), notes=(STEPS,)))
    assert found.reason == "a recurrent layer whose parameters its lines do not name: LSTM or RNN"
    for tops in ((), (None,), ((),)):
        assert guess(layer("x", ((5, 3, 7), (5, 3)), *tops, notes=(STEPS, "Adding parameter 0: W_xc"))).type is None
    assert guess(layer("x", ((5, 3, 7), (5, 3)), (5, 3, 2), notes=("Adding parameter 0: W_xc",))).type != "LSTM"


# -- layers that cost nothing --------------------------------------------------------------------------

TRAITS: Final = {
    "Flatten": "its equal count",
    "Reshape": "its equal count",
    "Permute": "its equal count",
    "PriorBox": "the first dims of its top",
    "Crop": "its two bottoms",
    "MultiBoxLoss": "its four bottoms",
    "DetectionOutput": "its bottoms",
    "DetectionEvaluate": "its two bottoms",
    "Silence": "having no top",
}


@pytest.mark.parametrize(
    ("kind", "spec", "taken"),
    [
        ("Flatten", layer("flatten", (MAP,), (7, 429)), True),
        ("Flatten", layer("flatten", (MAP,), (7, 428)), False),
        ("Reshape", layer("reshape", (MAP,), (7, 3, 143)), True),
        ("Permute", layer("perm", (MAP,), (7, 11, 13, 3)), True),
        ("Permute", layer("perm", (MAP, MAP), (7, 11, 13, 3)), False),
        ("PriorBox", layer("x_priorbox", (MAP, MAP), (1, 2, 144)), True),
        ("PriorBox", layer("x_priorbox", (MAP, MAP), (1, 3, 144)), False),
        ("PriorBox", layer("x_priorbox", (MAP, MAP), (2, 2, 144)), False),
        ("PriorBox", layer("x_priorbox", (MAP, MAP)), False),
        ("Crop", layer("crop", (MAP, MAP), (7, 3, 5, 5)), True),
        ("Crop", layer("crop", (MAP, MAP, MAP), (7, 3, 5, 5)), False),
        ("MultiBoxLoss", layer("mbox_loss", (MAP, MAP, MAP, MAP), ()), True),
        ("MultiBoxLoss", layer("mbox_loss", (MAP, MAP, MAP), ()), False),
        ("DetectionOutput", layer("detection_out", (MAP, MAP, MAP), (1, 1, 9, 7)), True),
        ("DetectionOutput", layer("detection_out", (MAP,) * 5, (1, 1, 9, 7)), True),
        ("DetectionOutput", layer("detection_out", (MAP,) * 4, (1, 1, 9, 7)), False),
        ("DetectionEvaluate", layer("detection_eval", (MAP, MAP), (1, 1, 9, 5)), True),
        ("DetectionEvaluate", layer("detection_eval", (MAP, MAP, MAP), (1, 1, 9, 5)), False),
        ("Silence", layer("silence", (MAP,)), True),
        ("Silence", layer("silence", (MAP,), (7,)), False),
    ],
)
def test_what_costs_nothing_needs_its_name_and_one_trait(kind: str, spec: LayerSpec, *, taken: bool) -> None:
    found = guess(spec)
    assert (found.type == kind) is taken
    if taken:
        assert found.definition is None
        assert found.assumptions == (f"taken as {kind} by its name and {TRAITS[kind]}",)


# -- layers that keep the shape ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ReLU", "Dropout", "PReLU", "BatchNorm", "Scale", "Sigmoid", "TanH", "ELU"])
@pytest.mark.parametrize("in_place", [False, True])
def test_an_activation_or_normalisation_needs_its_name_and_its_bottoms_shape(kind: str, *, in_place: bool) -> None:
    name = {"BatchNorm": "bn1", "Dropout": "drop1"}.get(kind, kind.lower())
    found = guess(layer(name, (MAP,), MAP, in_place=in_place))
    assert found.type == kind
    where = "in place" if in_place else "of its bottom's shape"
    assert found.assumptions[0] == f"taken as {kind} by its name and because its top is {where}"
    assert guess(layer(name, (MAP,), (7, 3, 11, 12))).type != kind
    assert guess(layer("x", (MAP,), MAP, kind=kind)).assumptions[0] == "by its type"


@pytest.mark.parametrize(("name", "kind"), [("norm1", "LRN"), ("prob", "Softmax")])
def test_two_types_are_never_in_place(name: str, kind: str) -> None:
    assert kind_of(name, (MAP,), MAP) == kind
    assert kind_of(name, (MAP,), MAP, in_place=True) is None


def test_what_is_taken_for_granted_of_a_scale_and_a_prelu_is_said() -> None:
    scale = guess(layer("scale", (MAP,), MAP))
    assert settings(scale, "scale_param").flag("bias_term", default=False)
    assert scale.assumptions[1] == "one scale and one shift per channel taken"
    assert guess(layer("prelu", (MAP,), MAP)).assumptions[1] == "one slope per channel taken"
    assert guess(layer("relu", (MAP,), MAP)).assumptions[1] == "default settings taken"


def test_in_place_without_a_telling_name_has_candidates() -> None:
    assert guess(layer("x", (MAP,), MAP, in_place=True)).reason == (
        "its top is in place: ReLU, Dropout (no parameters), BatchNorm, Scale or PReLU (some)"
    )


# -- several bottoms, several tops ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bottoms", "top", "kind"),
    [
        (((7, 3, 5), (7, 3, 5)), (7, 3, 5), "Eltwise"),
        (((7, 3, 5), (7, 2, 5)), (7, 5, 5), "Concat"),
        (((7, 3), (7, 2), (7, 6)), (7, 11), "Concat"),
        (((7, 3, 5), (7, 2, 5)), (7, 6, 5), None),  # the channels do not add up
        (((7, 3, 5), (7, 2, 4)), (7, 5, 5), None),  # another map
        (((6, 3, 5), (7, 2, 5)), (7, 5, 5), None),  # another batch
        (((7, 3, 5), (7, 2)), (7, 5, 5), None),  # another rank
        (((7,), (4,)), (11,), None),  # no channels
        (((7, 3, 5),), (7, 3, 5), None),  # one bottom
        (((7, 3, 5), None), (7, 3, 5), None),
        (((7, 3, 5), (7, 3, 5)), None, None),
        (((1,), (1,)), (1,), None),  # one number: a loss
    ],
)
def test_several_bottoms_are_joined_where_shapes_say_how(
    bottoms: tuple[Shape | None, ...], top: Shape | None, kind: str | None
) -> None:
    assert kind_of("x", bottoms, top) == kind
    if top is not None:
        assert kind_of("x", bottoms, top, top) != "Concat"


def test_why_a_layer_is_taken_as_joining() -> None:
    assert guess(layer("x", ((7, 3), (7, 3)), (7, 3))).assumptions == ("taken as Eltwise: all shapes are equal",)
    assert guess(layer("x", ((7, 3), (7, 2)), (7, 5))).assumptions == ("taken as Concat: the channels add up",)


@pytest.mark.parametrize(
    ("bottom", "tops", "axis", "points"),
    [
        ((7, 5, 11), ((7, 3, 11), (7, 2, 11)), 1, (3,)),
        ((7, 5, 11), ((2, 5, 11), (5, 5, 11)), 0, (2,)),
        ((7, 6, 11), ((7, 1, 11), (7, 2, 11), (7, 3, 11)), 1, (1, 3)),
    ],
)
def test_tops_that_add_up_to_the_bottom_are_slices(
    bottom: Shape, tops: tuple[Shape, ...], axis: int, points: tuple[int, ...]
) -> None:
    found = guess(layer("x", (bottom,), *tops))
    assert found.type == "Slice"
    assert settings(found, "slice_param").integer("axis", -1) == axis
    assert settings(found, "slice_param").integers("slice_point") == points
    assert found.assumptions == ("taken as Slice: the tops' sizes add up to the bottom's",)


@pytest.mark.parametrize(
    ("bottom", "tops"),
    [
        ((7, 5, 11), ((7, 3, 11), (7, 1, 11))),  # a channel is lost
        ((7, 5, 11), ((7, 5, 11), (7, 5, 11))),  # no axis differs
        ((7, 5, 11), ((7, 3), (7, 2))),  # another rank
        ((7, 5, 11), ((7, 5, 11),)),  # one top
        ((7, 5, 11), ((7, 3, 11), None)),
        (None, ((7, 3, 11), (7, 2, 11))),
    ],
)
def test_other_tops_are_none(bottom: Shape | None, tops: tuple[Shape | None, ...]) -> None:
    assert kind_of("x", (bottom,), *tops) != "Slice"


@pytest.mark.parametrize(
    ("name", "kind"), [("loss", "SoftmaxWithLoss"), ("accuracy", "Accuracy"), ("top-5", "Accuracy")]
)
def test_a_measure_is_one_number_of_several_bottoms_and_named(name: str, kind: str) -> None:
    found = guess(layer(name, ((7, 3), (7,)), ()))
    assert found.type == kind
    assert found.assumptions == (f"taken as {kind} by its name and because its top is one number",)
    assert kind_of(name, ((7, 3, 1, 1), (7, 1, 1, 1)), (1, 2, 1, 1)) == kind  # 2014: accuracy and loss
    assert kind_of(name, ((7, 3), (7,))) == kind  # 2014: a loss without a top
    assert kind_of(name, ((7, 3), (7,)), (3,)) != kind
    assert kind_of(name, ((7, 3),), ()) != kind
    assert kind_of(name, ((7, 3), (7,)), None) != kind


def test_an_unnamed_number_of_several_bottoms_has_candidates() -> None:
    assert guess(layer("x", ((7, 3), (7,)), ())).reason == (
        "one number out of several bottoms: a loss (some have parameters) or a measure"
    )


# -- pooling and padding -------------------------------------------------------------------------------


def test_a_pooling_keeps_its_channels_and_makes_its_map_no_larger() -> None:
    assert kind_of("pool1", (MAP,), (7, 3, 5, 6)) == "Pooling"
    assert kind_of("pool1", (MAP,), MAP) == "Pooling"  # stride 1, as in an Inception's pool
    assert kind_of("pool1", (MAP,), (7, 3, 12, 13)) is None
    assert kind_of("pool1", (MAP,), (7, 2, 5, 6)) is None
    assert kind_of("pool1", (MAP,), (6, 3, 5, 6)) is None
    assert kind_of("pool1", ((7, 30),), (7, 30)) is None  # no map
    assert guess(layer("pool1", (MAP,), (7, 3, 5, 6))).assumptions == (
        "taken as Pooling by its name and its kept channels",
    )


def test_kept_channels_on_a_smaller_map_may_be_either() -> None:
    reason = "channels kept and a smaller map: Pooling (no parameters) or Convolution (some)"
    assert guess(layer("x", (MAP,), (7, 3, 5, 6))).reason == reason
    assert guess(layer("x", (MAP,), MAP)).reason == "neither the definition nor the shapes tell what the layer is"
    for name in ("deconv", "fc6"):
        assert guess(layer(name, (MAP,), (7, 3, 5, 6))).reason != reason


def test_a_padding_grows_the_map_by_the_same_even_number_on_each_axis() -> None:
    found = guess(layer("pad2", (MAP,), (7, 3, 15, 17)))
    assert found.type == "Padding"
    assert found.assumptions == ("taken as a padding layer of 2013 by its name and its larger map",)
    assert kind_of("pad2", (MAP,), MAP) == "Padding"
    for top in ((7, 3, 14, 16), (7, 3, 15, 19), (7, 2, 15, 17), (6, 3, 15, 17), (7, 3, 9, 11), (7, 3)):
        assert kind_of("pad2", (MAP,), top) != "Padding"
    assert kind_of("x", (MAP,), (7, 3, 15, 17)) != "Padding"


# -- fully connected -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "bottom", "top", "axis", "outputs"),
    [
        ("x", MAP, (7, 10), 1, 10),
        ("x", (7, 3), (7, 10), 1, 10),
        ("x", (7, 3, 1, 1), (7, 10, 1, 1), 1, 10),  # an old release's row to an old release's row
        ("ip1", MAP, (7, 10, 1, 1), 1, 10),  # from a map only where the name speaks
        ("ip1", (5, 3, 7), (5, 3, 10), 2, 10),  # a row per step and stream
    ],
)
def test_a_row_per_image_is_an_inner_product(name: str, bottom: Shape, top: Shape, axis: int, outputs: int) -> None:
    found = guess(layer(name, (bottom,), top))
    assert found.type == "InnerProduct"
    assert settings(found, "inner_product_param").integer("axis", -1) == axis
    assert settings(found, "inner_product_param").integer("num_output", -1) == outputs
    assert found.assumptions == ("taken as InnerProduct: its top is one row per image",)


@pytest.mark.parametrize(
    ("name", "bottom", "top"),
    [
        ("x", MAP, (7, 10, 1, 1)),  # a pooling or a convolution may end there too
        ("x", (5, 3, 7), (5, 3, 10)),
        ("conv1", MAP, (7, 10)),
        ("x", MAP, (6, 10)),
        ("x", MAP, (10,)),
        ("x", (7,), (7, 10)),
        ("ip1", (5, 3, 7), (5, 4, 10)),
        ("ip1", (7, 3, 5, 5), (7, 10, 2, 1)),
    ],
)
def test_other_rows_are_none(name: str, bottom: Shape, top: Shape) -> None:
    assert kind_of(name, (bottom,), top) != "InnerProduct"


def test_a_row_of_as_many_values_may_be_only_reshaped_unless_the_name_speaks() -> None:
    assert guess(layer("x", (MAP,), (7, 429))).reason == (
        "a row of as many values: Flatten, Reshape (no parameters) or InnerProduct (some)"
    )
    assert kind_of("fc6", (MAP,), (7, 429)) == "InnerProduct"
    assert guess(layer("x", (MAP,), (7, 10), kind="InnerProduct")).assumptions == ("by its type",)


# -- convolutions --------------------------------------------------------------------------------------


def test_windows_are_those_that_fit_with_no_pad_or_the_one_that_keeps_the_size() -> None:
    assert customary(28, 24) == (Window(5, 1, 0),)
    assert customary(13, 13) == tuple(Window(k, 1, (k - 1) // 2) for k in (1, 3, 5, 7, 9, 11))
    assert customary(8, 4, (2,)) == (Window(2, 2, 0),)
    assert customary(9, 3, (3,)) == tuple(Window(3, stride, pad) for stride, pad in ((3, 0), (3, 1), (4, 1)))
    assert customary(3, 1, (4,)) == ()  # larger than its map
    assert customary(4, 1, (4,)) == tuple(Window(4, stride, 0) for stride in (1, 2, 3, 4))
    assert customary(3, 1, (5,)) == tuple(Window(5, stride, 2) for stride in (3, 4))


def test_a_window_must_fit_every_axis() -> None:
    assert common((1, 3, 28, 28), (1, 8, 24, 24)) == (Window(5, 1, 0),)
    assert common((1, 3, 28, 28), (1, 8, 24, 22)) == ()
    assert common((1, 3), (1, 8)) == ()
    assert common((1, 3, 28, 28), (1, 8, 24, 24), (3,)) == ()


def test_windows_in_a_reason_are_six_at_most() -> None:
    six = tuple(Window(k, 1, 0) for k in range(1, 7))
    assert candidates(six[:2]) == "1×1 (stride 1, pad 0), 2×2 (stride 1, pad 0)"
    assert "…" not in candidates(six)
    assert candidates((*six, Window(7, 1, 0))).endswith("6×6 (stride 1, pad 0) …")


def test_the_only_customary_window_is_taken() -> None:
    found = guess(layer("conv1", ((7, 3, 28, 28),), (7, 8, 24, 24)))
    assert found.type == "Convolution"
    assert found.assumptions == (
        "taken as Convolution: its top has other channels and a smaller map",
        "stride 1, no padding, one group",
        "no dilation",
    )
    assert kind_of("x", ((7, 3, 28, 28),), (7, 8, 24, 24)) == "Convolution"  # whatever its name
    assert kind_of("x", ((7, 3, 28, 28),), (7, 8, 24, 24), kind="Sigmoid") is None
    read = settings(found, "convolution_param")
    assert read.integer("num_output", 0) == 8
    assert [read.integers(name) for name in ("kernel_size", "stride", "pad")] == [(5, 5), (1, 1), (0, 0)]
    assert not read.has("bias_term")
    assert guess(layer("x", ((7, 3, 28, 28),), (7, 8, 24, 24), kind="Convolution")).assumptions[0] == "by its type"


def test_a_window_as_a_definition() -> None:
    found = convolution((7, 3, 28, 28, 28), (7, 8, 14, 14, 14), Window(3, 2, 1), "so", bias=False)
    assert found.assumptions == ("so", "stride 2, padding 1, one group", "no dilation")
    read = settings(found, "convolution_param")
    assert [read.integers(name) for name in ("kernel_size", "stride", "pad")] == [(3, 3, 3), (2, 2, 2), (1, 1, 1)]
    assert not read.flag("bias_term", default=True)


def test_several_kernels_that_fit_are_candidates() -> None:
    found = guess(layer("conv1", ((7, 3, 13, 13),), (7, 8, 13, 13)))
    assert found.reason.startswith("a convolution whose kernel the shapes do not fix: 1×1 (stride 1, pad 0), 3×3")
    assert found.reason.endswith("fit alike")
    # one kernel at several strides is one kernel
    assert kind_of("conv", ((7, 3, 4, 4),), (7, 8, 1, 1)) is None
    assert kind_of("x", ((7, 3, 11, 11),), (7, 8, 1, 1), kind="Convolution") is None


def test_a_window_that_is_not_customary_is_said_of_a_convolution_alone() -> None:
    assert guess(layer("x", ((7, 3, 28, 28),), (7, 8, 20, 27), kind="Convolution")).reason == (
        "a convolution with a window that is not customary"
    )
    assert guess(layer("x", ((7, 3, 28, 28),), (7, 8, 20, 27))).reason == (
        "neither the definition nor the shapes tell what the layer is"
    )


@pytest.mark.parametrize("name", ["conv2_1/dw", "dw", "x_depthwise", "block.sep", "a-dw2"])
def test_a_layer_that_may_be_depthwise_is_not_guessed(name: str) -> None:
    reason = "a convolution that may be depthwise; its group is not printed"
    assert guess(layer(name, ((7, 3, 28, 28),), (7, 3, 24, 24))).reason == reason
    assert guess(layer(name, ((7, 3, 28, 28),), (7, 8, 24, 24))).type == "Convolution"  # other channels


@pytest.mark.parametrize(
    ("name", "bottom", "top"),
    [
        ("deconv1", (7, 3, 28, 28), (7, 8, 24, 24)),
        ("concat", (7, 3, 28, 28), (7, 8, 24, 24)),
        ("fc6", (7, 3, 28, 28), (7, 8, 24, 24)),
        ("x", (7, 3, 28, 28), (6, 8, 24, 24)),  # another batch
        ("x", (7, 3, 28), (7, 8, 24, 24)),  # another rank
        ("x", (7, 3), (7, 8)),  # no map
        ("x", (7, 8, 28, 28), (7, 32, 14, 14)),  # as many values: a reshape may do that
    ],
)
def test_other_maps_are_no_convolution(name: str, bottom: Shape, top: Shape) -> None:
    assert kind_of(name, (bottom,), top) != "Convolution"


# -- nothing fits --------------------------------------------------------------------------------------


def test_what_nothing_tells_is_said_by_whether_the_type_is_known() -> None:
    assert guess(layer("x", (MAP,), (7, 30, 30, 30))).reason == (
        "neither the definition nor the shapes tell what the layer is"
    )
    assert (
        guess(layer("x", (MAP,), (7, 30, 30, 30), kind="Deconvolution")).reason == "the layer's definition is missing"
    )
    assert guess(replace(layer("x", (None,), MAP))).type is None
