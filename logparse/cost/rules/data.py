"""Layers that bring data in or take it out. Source: the file of each layer (data_layer.cpp, …)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from logparse.cost import fields
from logparse.cost.buffer import CPU, FORWARD, Need, no_buffers, unknown_buffers
from logparse.cost.rule import Missing, Params, Rule, dims, no_macs, no_shapes, not_told
from logparse.cost.spec import ParamBlob
from logparse.cost.traits import (
    NO_BACKWARD,
    READS_NOTHING,
    Base,
    InPlace,
    LayerKind,
    LayerType,
    Side,
    Traits,
    touched_at,
    unknown_reads,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.cost.rule import ParamRule, View
    from logparse.cost.spec import Shape
    from logparse.textproto import Message

_LEGACY_DIMS: Final = ("num", "channels", "height", "width")


_T = TypeVar("_T")


def _spread(stated: tuple[_T, ...], tops: int) -> tuple[_T, ...]:
    """What is stated once stands for every top."""
    return stated * tops if len(stated) == 1 else stated


def _legacy_shapes(message: Message) -> tuple[Shape, ...]:
    """DummyData's older lists `num`, `channels`, `height`, `width`: a value for each top, or one for all.

    Source: dummy_data_layer.cpp, LayerSetUp.
    """
    lists = [message.integers(name) for name in _LEGACY_DIMS]
    longest = max(len(values) for values in lists)
    return tuple(zip(*(_spread(values, longest) for values in lists), strict=False))


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


# -- private buffers -------------------------------------------------------------------------------


def _written(layer: View, device: str) -> Iterator[Need]:
    """HDF5Output's copies of what it writes, on the host (hdf5_output_layer.cpp and .cu)."""
    if device == CPU:
        yield Need("copy of the data", FORWARD, layer.bottom(0))
        yield Need("copy of the labels", FORWARD, layer.bottom(1))


def _whole_file(_: View, device: str) -> Iterator[Need]:
    """HDF5Data loads a whole file on the host; on the GPU rows are copied straight into the top."""
    if device == CPU:
        raise Missing("it holds its whole HDF5 file, whose size the log does not tell")
    yield from ()


_SOURCE: Final = Traits(LayerKind.DATA, Base.LAYER, no_buffers, NO_BACKWARD, InPlace.NEVER)
_FILLED: Final = _SOURCE._replace(
    writes_at=touched_at(Side.HOST)
)  # on the host; the device gets a copy when a layer there reads it
# Its batches are counted apart (`prefetch_batches`): an image is transformed where it stands in its batch, whose
# memory the layer's own blob for one image is given (`set_cpu_data` in load_batch)
_PREFETCHED: Final = _FILLED._replace(base=Base.PREFETCHING)


def _from_data(name: str, traits: Traits) -> LayerType:
    return LayerType(Rule(f"{name} layer: shapes come from the data", no_shapes), traits)


TYPES: Final = {
    **{name: _from_data(name, _PREFETCHED) for name in ("Data", "ImageData", "WindowData", "AnnotatedData")},
    "VideoData": _from_data("VideoData", _PREFETCHED),
    "HDF5Data": _from_data("HDF5Data", _SOURCE._replace(buffers=_whole_file)),
    "HDF5Output": _from_data("HDF5Output", _SOURCE._replace(buffers=_written)),
    "Input": LayerType(Rule("input_layer.cpp", _input), _FILLED),
    "DummyData": LayerType(Rule("dummy_data_layer.cpp", _dummy), _FILLED),
    "MemoryData": LayerType(Rule("memory_data_layer.cpp", _memory), _FILLED._replace(base=Base.DATA)),
    "Parameter": LayerType(
        Rule("parameter_layer.hpp", _parameter_shapes, _parameter_params, backward=no_macs),
        _FILLED._replace(backward_reads=READS_NOTHING, params_along_batch=True),
    ),
    "Python": LayerType(
        Rule(
            "python_layer.hpp",
            no_shapes,
            _unknown_params(_PYTHON),
            not_told(_PYTHON),
            not_told(_PYTHON),
            not_told(_PYTHON),
        ),
        Traits(
            kind=LayerKind.CUSTOM,
            base=Base.LAYER,
            buffers=unknown_buffers(_PYTHON),
            backward_reads=unknown_reads(_PYTHON),
            in_place=InPlace.UNKNOWN,
            writes_at=touched_at(Side.HOST),
            reads_at=touched_at(Side.HOST),
        ),
    ),
}
