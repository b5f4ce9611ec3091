"""Layers that bring data in or take it out. Source: the file of each layer (data_layer.cpp, …)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.cost import fields
from logparse.cost.rule import Params, Rule, dims, no_shapes, not_told
from logparse.cost.spec import ParamBlob

if TYPE_CHECKING:
    from logparse.cost.rule import ParamRule, View
    from logparse.cost.spec import Shape
    from logparse.textproto import Message

_LEGACY_DIMS: Final = ("num", "channels", "height", "width")


def _spread(shapes: tuple[Shape, ...], tops: int) -> tuple[Shape | None, ...]:
    """One stated shape stands for every top."""
    return shapes * tops if len(shapes) == 1 else shapes


def _legacy_shapes(message: Message) -> tuple[Shape, ...]:
    """DummyData's older parallel lists `num`, `channels`, `height`, `width`."""
    return tuple(zip(*(message.integers(name) for name in _LEGACY_DIMS), strict=False))


def _input(layer: View) -> tuple[Shape | None, ...]:
    return _spread(fields.stated_shapes(layer.param("input_param")), len(layer.spec.tops))


def _dummy(layer: View) -> tuple[Shape | None, ...]:
    message = layer.param("dummy_data_param")
    return _spread(fields.stated_shapes(message) or _legacy_shapes(message), len(layer.spec.tops))


def _memory(layer: View) -> tuple[Shape | None, ...]:
    message = layer.param("memory_data_param")
    data = tuple(message.integer(name, 0) for name in ("batch_size", "channels", "height", "width"))
    return (data, data[:1])


def _parameter_params(layer: View) -> Params:
    """Its one blob is its top: a parameter that the net reads like any other blob."""
    shape = layer.top()
    return Params((ParamBlob(shape, "weight"),), dims(shape))


def _parameter_shapes(layer: View) -> tuple[Shape | None, ...]:
    return (layer.param("parameter_param").child("shape").integers("dim"),)


def _unknown_params(reason: str) -> ParamRule:
    def params(layer: View) -> Params:
        not_told(reason)(layer)
        return Params((), "")

    return params


_PYTHON: Final = "a Python layer's work stands in its module, not in the log"
_FROM_DATA: Final = (
    "Data",
    "ImageData",
    "HDF5Data",
    "WindowData",
    "AnnotatedData",
    "VideoData",
    "HDF5Output",
)

RULES: Final = {
    **{name: Rule(f"{name} layer: shapes come from the data", no_shapes) for name in _FROM_DATA},
    "Input": Rule("input_layer.cpp", _input),
    "DummyData": Rule("dummy_data_layer.cpp", _dummy),
    "MemoryData": Rule("memory_data_layer.cpp", _memory),
    "Parameter": Rule("parameter_layer.hpp", _parameter_shapes, _parameter_params),
    "Python": Rule("python_layer.hpp", no_shapes, _unknown_params(_PYTHON), not_told(_PYTHON), not_told(_PYTHON)),
}
