"""The settings of a layer that are structure: what they leave to say beside its shapes and its parameters.

Numbers of fillers, rates, engines and sources are none. A field at its default says the same as one that is not
stated (caffe.proto): the defaults that matter stand in a table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from logparse.cost.costing import view_of
from logparse.cost.fields import Choice
from logparse.cost.layer_types import RULES, traits_of
from logparse.cost.rule import Missing
from logparse.cost.rules.convolution import depthwise_geometry, geometry
from logparse.cost.rules.pooling import method, window
from logparse.cost.structure.net_layer import is_of_kind
from logparse.cost.traits import Family, LayerKind
from logparse.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from logparse.cost.structure.net_layer import NetLayer

StructuralSettings: TypeAlias = tuple[Any, ...]

# Of every message: what a shape or a parameter tells already, and what changes values only.
_IGNORED: Final = frozenset(
    {"num_output", "bias_term", "engine", "eps", "shape", "slice_point", "force_nd_im2col", "debug_info"}
    | {"use_global_stats", "moving_average_fraction", "momentum", "stable_prod_grad"}
)
_IGNORED_OF: Final[Mapping[str, frozenset[str]]] = {
    "lrn_param": frozenset({"alpha", "beta", "k"}),
    "prelu_param": frozenset({"channel_shared"}),  # the parameter's shape tells it
    "input_param": frozenset({"shape"}),
}
# Messages that say nothing of what a layer does to its bottoms, or nothing that its tops do not say.
_SILENT: Final = frozenset({"transform_param", "loss_param", "batch_norm_param", "bn_param", "reshape_param"})
_DEFAULTS: Final[Mapping[tuple[str, str], tuple[Any, ...]]] = {
    ("concat_param", "axis"): (1,),
    ("concat_param", "concat_dim"): (1,),
    ("slice_param", "axis"): (1,),
    ("slice_param", "slice_dim"): (1,),
    ("softmax_param", "axis"): (1,),
    ("flatten_param", "axis"): (1,),
    ("flatten_param", "end_axis"): (-1,),
    ("inner_product_param", "axis"): (1,),
    ("inner_product_param", "transpose"): (False,),
    ("scale_param", "axis"): (1,),
    ("scale_param", "num_axes"): (1,),
    ("bias_param", "axis"): (1,),
    ("bias_param", "num_axes"): (1,),
    ("tile_param", "axis"): (1,),
    ("crop_param", "axis"): (2,),
    ("crop_param", "offset"): (0,),
    ("relu_param", "negative_slope"): (0,),
    ("elu_param", "alpha"): (1,),
    ("power_param", "power"): (1,),
    ("power_param", "scale"): (1,),
    ("power_param", "shift"): (0,),
    ("exp_param", "base"): (-1,),
    ("exp_param", "scale"): (1,),
    ("exp_param", "shift"): (0,),
    ("log_param", "base"): (-1,),
    ("log_param", "scale"): (1,),
    ("log_param", "shift"): (0,),
    ("lrn_param", "local_size"): (5,),
    ("lrn_param", "norm_region"): ("ACROSS_CHANNELS",),
    ("mvn_param", "normalize_variance"): (True,),
    ("mvn_param", "across_channels"): (False,),
    ("eltwise_param", "operation"): ("SUM",),
    ("reduction_param", "operation"): ("SUM",),
    ("reduction_param", "axis"): (0,),
    ("reduction_param", "coeff"): (1,),
    ("norm_param", "across_spatial"): (True,),
    ("norm_param", "channel_shared"): (True,),
}
_ENUMS: Final[Mapping[tuple[str, str], Choice]] = {
    ("eltwise_param", "operation"): Choice("operation", ("PROD", "SUM", "MAX"), "SUM"),
    ("lrn_param", "norm_region"): Choice("norm_region", ("ACROSS_CHANNELS", "WITHIN_CHANNEL"), "ACROSS_CHANNELS"),
    ("reduction_param", "operation"): Choice("operation", ("SUM", "ASUM", "SUMSQ", "MEAN"), "SUM", first=1),
}
_ALL_ONES: Final = frozenset({("eltwise_param", "coeff")})  # weights of a sum: all 1 say nothing


def structural_settings(layer: NetLayer) -> StructuralSettings:
    """What the layer's definition says beside shapes and parameters.

    Raises:
        Missing: nothing tells it, and the layer's type has settings that matter.

    """
    definition = layer.spec.definition
    read = _READ.get(layer.kind or "")
    if read is not None:
        return read(layer)
    if definition is None or not definition.complete:
        if _needs_none(layer):
            return ()
        raise Missing("its definition " + ("is missing" if definition is None else "stands cut off"))
    return tuple(sorted(_stated(definition), key=repr))


def _needs_none(layer: NetLayer) -> bool:
    """Whether shapes, parameters and usual settings say it all."""
    traits = layer.traits
    if traits is None:
        return False
    if traits.family is Family.FULLY_CONNECTED:
        return layer.params is not None
    return traits.family is Family.BATCH_NORM or is_of_kind(layer, LayerKind.ACTIVATION)


def _convolution(layer: NetLayer) -> StructuralSettings:
    traits = traits_of(layer.spec.type)
    is_depthwise = traits is not None and traits.depthwise
    view = view_of(layer.spec, RULES["Convolution"])
    found = depthwise_geometry(view) if is_depthwise else geometry(view)
    return (found.kernel, found.stride, found.pad, found.dilation, found.group, found.axis)


def _pooling(layer: NetLayer) -> StructuralSettings:
    """A window that covers the whole map is a global pooling, whatever its stride."""
    view = view_of(layer.spec, RULES["Pooling"])
    found = window(view)
    size = view.bottom()[2:]
    if found.is_global or (found.kernel == size and not any(found.pad)):
        return (method(view), "whole map")
    return (method(view), found.kernel, found.stride, found.pad, found.rounds_up)


_READ: Final[Mapping[str, Callable[[NetLayer], StructuralSettings]]] = {
    "Convolution": _convolution,
    "Deconvolution": _convolution,
    "Pooling": _pooling,
}


def _stated(definition: Message) -> Iterator[tuple[str, StructuralSettings]]:
    """Message → what of it is not at its default."""
    for name, values in definition.fields.items():
        if not name.endswith("_param") or name in _SILENT:
            continue
        for value in values:
            told = _fields(name, value) if isinstance(value, Message) else ()
            if told:
                yield name, told


def _fields(name: str, message: Message) -> StructuralSettings:
    return tuple(
        sorted(
            (field, told)
            for field in message.fields
            if not _is_ignored(name, field)
            for told in [_values(name, field, message)]
            if told and told != _DEFAULTS.get((name, field))
        )
    )


def _is_ignored(name: str, field: str) -> bool:
    return field in _IGNORED or field.endswith("filler") or field in _IGNORED_OF.get(name, ())


def _values(name: str, field: str, message: Message) -> StructuralSettings:
    enum = _ENUMS.get((name, field))
    if enum is not None:
        return (enum.stated(message),)
    values = tuple(_plain(name, value) for value in message.all(field))
    return () if (name, field) in _ALL_ONES and set(values) == {1} else values


def _plain(name: str, value: Any) -> Any:  # noqa: ANN401 - a value of text format
    """A value that compares as what it stands for: 1 and 1.0 are the same number."""
    if isinstance(value, Message):
        return _fields(name, value)
    return int(value) if isinstance(value, float) and value.is_integer() else value
