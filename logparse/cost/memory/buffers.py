"""What a layer allocates for itself beside its tops: buffers that Caffe's memory line never counts.

Caffe allocates at first touch, so a buffer that only Backward touches does not exist in a TEST net. The
rules stand in the rows of the layer types (layer_types.py).
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost.buffer import BACKWARD, CPU, GPU
from logparse.cost.costing import NO_TYPE, view_of
from logparse.cost.layer_types import LAYER_TYPES, traits_of
from logparse.cost.rule import Missing, dims
from logparse.cost.spec import Basis
from logparse.cost.types import canonical_type

if TYPE_CHECKING:
    from logparse.cost.buffer import BufferRule, Need
    from logparse.cost.rule import View
    from logparse.cost.spec import LayerSpec, Shape

_INT_BYTES: Final = 4  # indices and masks are 32-bit whatever the net's Dtype is


class Buffer(NamedTuple):
    """One private buffer: what it holds, when it is first touched, its shape, the bytes of a value, and the basis."""

    name: str
    moment: str
    shape: Shape
    cell_bytes: int
    basis: Basis

    @property
    def bytes(self) -> int:
        """Its size."""
        return prod(self.shape) * self.cell_bytes

    @property
    def formula(self) -> str:
        """The size with the layer's own values."""
        return f"{dims(self.shape)} × {self.cell_bytes} bytes = {self.bytes:,}"


class Buffers(NamedTuple):
    """A layer's private buffers on one device; `items` is None, with the reason, where they are not known."""

    items: tuple[Buffer, ...] | None
    reason: str = ""

    @property
    def total_bytes(self) -> int | None:
        """The sum over all buffers."""
        return None if self.items is None else sum(item.bytes for item in self.items)


_PREFETCH_DEFAULT: Final = 4


MOST_PREFETCHED: Final = 4096  # batches; blocks are made one by one, and nobody keeps so many: a damaged number


def prefetch_batches(spec: LayerSpec) -> int:
    """How many whole batches the layer's thread keeps ready: 4 unless the definition says otherwise.

    Only layers over BasePrefetchingDataLayer have any (data_param.prefetch; rc3 had 3, earlier 1).
    """
    traits = traits_of(spec.type)
    if traits is None or not traits.prefetches:
        return 0
    if spec.definition is None:
        return _PREFETCH_DEFAULT
    return spec.definition.child("data_param").integer("prefetch", _PREFETCH_DEFAULT)


def _sized(need: Need, basis: Basis, element_bytes: int) -> Buffer:
    return Buffer(need.name, need.moment, need.shape, _INT_BYTES if need.integers else element_bytes, basis)


def _reason(spec: LayerSpec) -> str:
    return NO_TYPE if spec.type is None else f"what the layer type {spec.type} allocates is not known"


def buffers(spec: LayerSpec, device: str = CPU, element_bytes: int = 4) -> Buffers:
    """The layer's private buffers on `device` ("cpu" or "gpu", engine CAFFE); pure.

    What only Backward touches is left out where the layer does none (a TEST net, a frozen layer).
    """
    key = device, element_bytes
    if key not in spec.kept:
        spec.kept[key] = _buffers(spec, device, element_bytes)
    found: Buffers = spec.kept[key]
    return found


def _buffers(spec: LayerSpec, device: str, element_bytes: int) -> Buffers:
    row = LAYER_TYPES.get(canonical_type(spec.type)) if spec.type else None
    if row is None:
        return Buffers(None, _reason(spec))
    return _needed(view_of(spec, row.rule), row.traits.buffers, device, element_bytes)


def added_by_cudnn(spec: LayerSpec, element_bytes: int) -> Buffers:
    """The buffers that the layer has only where it runs on cuDNN."""
    row = LAYER_TYPES.get(canonical_type(spec.type)) if spec.type else None
    if row is None or row.traits.cudnn is None or row.traits.cudnn.adds is None:
        return Buffers(())
    return _needed(view_of(spec, row.rule), row.traits.cudnn.adds, GPU, element_bytes)


def _needed(view: View, rule: BufferRule, device: str, element_bytes: int) -> Buffers:
    try:
        needs = list(rule(view, device))
    except Missing as missing:
        return Buffers(None, str(missing))
    except (IndexError, ValueError, ZeroDivisionError):
        return Buffers(None, "the definition and the printed shapes do not fit each other")
    basis = Basis.DEFINITION if view.definition is not None else Basis.SHAPES
    kept = (need for need in needs if view.goes_back or need.moment != BACKWARD)
    return Buffers(tuple(_sized(need, basis, element_bytes) for need in kept))
