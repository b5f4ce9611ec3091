"""Layers that move, cut, join or reshape data and compute nothing.

Source: split_layer.cpp, concat_layer.cpp, slice_layer.cpp, reshape_layer.cpp, flatten_layer.cpp,
crop_layer.cpp, tile_layer.cpp, batch_reindex_layer.cpp, filter_layer.cpp, silence_layer.cpp.
"""

from __future__ import annotations

import itertools
from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost import fields
from logparse.cost.buffer import CPU, Need, early, no_buffers
from logparse.cost.rule import Missing, Rule, bare_view, no_shapes
from logparse.cost.traits import (
    READS_NOTHING,
    Base,
    InPlace,
    LayerKind,
    LayerType,
    Side,
    Traits,
    When,
    first_bottom,
    reads,
    touched_at,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logparse.cost.rule import View
    from logparse.cost.spec import LayerSpec, Shape
    from logparse.textproto import Message


def _legacy_axis(message: Message, legacy: str, rank: int) -> int:
    """`axis`, or the older field (`concat_dim`, `slice_dim`) where that one is set."""
    return fields.axis_index(message.integer(legacy, message.integer("axis", 1)), rank)


def _concat(layer: View) -> tuple[Shape | None, ...]:
    bottoms = layer.all_bottoms()
    axis = _legacy_axis(layer.param("concat_param"), "concat_dim", len(bottoms[0]))
    first = bottoms[0]
    return ((*first[:axis], sum(shape[axis] for shape in bottoms), *first[axis + 1 :]),)


def _slice(layer: View) -> tuple[Shape | None, ...]:
    message, bottom = layer.param("slice_param"), layer.bottom()
    axis = _legacy_axis(message, "slice_dim", len(bottom))
    cuts, count = message.integers("slice_point"), max(len(layer.spec.tops), 1)
    edges = (0, *cuts, bottom[axis]) if cuts else tuple(bottom[axis] * i // count for i in range(count + 1))
    sizes = [after - before for before, after in itertools.pairwise(edges)]
    return tuple((*bottom[:axis], size, *bottom[axis + 1 :]) for size in sizes)


def _flatten(layer: View) -> tuple[Shape | None, ...]:
    message, bottom = layer.param("flatten_param"), layer.bottom()
    start = fields.axis_index(message.integer("axis", 1), len(bottom))
    end = fields.axis_index(message.integer("end_axis", -1), len(bottom))
    return ((*bottom[:start], prod(bottom[start : end + 1]), *bottom[end + 1 :]),)


def _filled(stated: Sequence[int], bottom: Shape, start: int, whole: int) -> Shape:
    """Reshape's dims with 0 (copy) and -1 (what is left over) filled in; `whole` is their product."""
    dims = [bottom[start + i] if dim == 0 else dim for i, dim in enumerate(stated)]
    known = prod(dim for dim in dims if dim != -1)
    if known == 0 or whole % known or (-1 not in dims and known != whole):
        raise Missing("the stated shape does not hold the bottom's values")
    return tuple(whole // known if dim == -1 else dim for dim in dims)


def _reshape(layer: View) -> tuple[Shape | None, ...]:
    message, bottom = layer.param("reshape_param"), layer.bottom()
    stated = message.child("shape").integers("dim")
    if not message.has("shape"):
        raise Missing("the definition states no shape")
    # A negative axis counts one past the end: -1 appends dims
    axis = message.integer("axis", 0)
    start = axis if axis >= 0 else len(bottom) + axis + 1
    axes = message.integer("num_axes", -1)
    end = len(bottom) if axes == -1 else start + axes
    if any(dim == 0 and start + i >= len(bottom) for i, dim in enumerate(stated)):
        raise Missing("a copied dimension lies outside the bottom")
    return ((*bottom[:start], *_filled(stated, bottom, start, prod(bottom[start:end])), *bottom[end:]),)


def _crop(layer: View) -> tuple[Shape | None, ...]:
    bottom, like = layer.bottom(0), layer.bottom(1)
    axis = fields.axis_index(layer.param("crop_param").integer("axis", 2), len(bottom))
    return ((*bottom[:axis], *like[axis:]),)


def _tile(layer: View) -> tuple[Shape | None, ...]:
    message, bottom = layer.param("tile_param"), layer.bottom()
    axis = fields.axis_index(message.integer("axis", 1), len(bottom))
    return ((*bottom[:axis], bottom[axis] * message.integer("tiles", 1), *bottom[axis + 1 :]),)


def _batch_reindex(layer: View) -> tuple[Shape | None, ...]:
    return ((*layer.bottom(1)[:1], *layer.bottom(0)[1:]),)


def _filter(layer: View) -> tuple[Shape | None, ...]:
    """At set-up every top has its bottom's shape; the selector changes the batch at run time."""
    return tuple(layer.bottom(i) for i in range(len(layer.spec.tops)))


def _permute(layer: View) -> tuple[Shape | None, ...]:
    """SSD's Permute: the stated axes first, the rest in their old order (permute_layer.cpp)."""
    bottom, order = layer.bottom(), list(layer.param("permute_param").integers("order"))
    order += [axis for axis in range(len(bottom)) if axis not in order]
    if max(order, default=0) >= len(bottom):
        raise Missing("the stated order names an axis that the bottom has not")
    return (tuple(bottom[axis] for axis in order),)


def _reorders(layer: View) -> bool:
    """Whether a Permute changes the order at all; else its top is its bottom's memory."""
    order = layer.param("permute_param").integers("order")
    return order != tuple(range(len(order)))


# -- private buffers -------------------------------------------------------------------------------


def _crop_buffers(layer: View, device: str) -> Iterator[Need]:
    """An offset and two steps per axis, filled in Reshape (crop_layer.cpp; measured: 48 bytes on the GPU)."""
    yield Need("offsets and steps", early(device), (3, len(layer.bottom())), integers=True)


def _permute_buffers(layer: View, device: str) -> Iterator[Need]:
    """Order, old and new steps, filled in Reshape; the GPU reads them where something moves (permute_layer.cu)."""
    if device == CPU or _reorders(layer):
        yield Need("order and steps", early(device), (3, len(layer.bottom())), integers=True)


# -- gradients -------------------------------------------------------------------------------------


def _keeps_order(spec: LayerSpec) -> bool:
    """A Permute into the order that the axes have shares data and diff (permute_layer.cpp, need_permute_)."""
    layer = bare_view(spec)
    return layer.definition is not None and not _reorders(layer)


def _permute_asks(spec: LayerSpec, device: str) -> Sequence[int]:
    """Backward does not ask whether its bottom needs a gradient (permute_layer.cpp)."""
    layer = bare_view(spec)
    moves = layer.definition is None or _reorders(layer)
    return first_bottom(spec, device) if moves else ()


def _selects_on_host(spec: LayerSpec, place: int) -> Side:
    """The selector, its last bottom, is read on the host in Reshape (filter_layer.cpp)."""
    return Side.HOST if place == len(spec.bottoms) - 1 else Side.DEVICE


def _joins(spec: LayerSpec) -> bool:
    """A Concat of one bottom returns at once (concat_layer.cpp, Backward)."""
    return len(spec.bottoms) > 1


_MOVES: Final = Traits(LayerKind.JOINING, Base.LAYER, no_buffers, READS_NOTHING, InPlace.NEVER)
_ALIAS: Final = _MOVES._replace(
    shares_data=When.ALWAYS,
    shares_diff=When.ALWAYS,
    writes_at=touched_at(Side.NOWHERE),
    reads_at=touched_at(Side.NOWHERE),
)
_IF_SINGLE: Final = _MOVES._replace(shares_data=When.IF_SINGLE, shares_diff=When.IF_SINGLE)

TYPES: Final = {
    # Its tops are one memory; each has a gradient of its own, which Backward adds up (split_layer.cpp)
    "Split": LayerType(Rule("split_layer.cpp"), _ALIAS._replace(shares_diff=When.NEVER)),
    "Concat": LayerType(Rule("concat_layer.cpp", _concat), _IF_SINGLE._replace(unasked=_joins)),
    "Slice": LayerType(Rule("slice_layer.cpp", _slice), _IF_SINGLE),
    "Flatten": LayerType(Rule("flatten_layer.cpp", _flatten), _ALIAS),
    "Reshape": LayerType(Rule("reshape_layer.cpp", _reshape), _ALIAS),
    "Crop": LayerType(Rule("crop_layer.cpp", _crop), _MOVES._replace(buffers=_crop_buffers, asks_diff=first_bottom)),
    "Tile": LayerType(Rule("tile_layer.cpp", _tile), _MOVES),
    "BatchReindex": LayerType(
        Rule("batch_reindex_layer.cpp", _batch_reindex), _MOVES._replace(backward_reads=reads(bottoms="second"))
    ),
    # The indices that it kept are a list of its own
    "Filter": LayerType(
        Rule("filter_layer.cpp", _filter),
        _MOVES._replace(backward_reads=reads(private=True), reads_at=_selects_on_host),
    ),
    "Padding": LayerType(Rule("padding_layer.cpp (2013)", no_shapes), _MOVES),
    "Silence": LayerType(
        Rule("silence_layer.cpp", no_shapes),
        _MOVES._replace(writes_at=touched_at(Side.NOWHERE), reads_at=touched_at(Side.NOWHERE)),
    ),
    "Permute": LayerType(
        Rule("permute_layer.cpp (SSD)", _permute),
        _MOVES._replace(buffers=_permute_buffers, asks_diff=_permute_asks, passes_on=_keeps_order),
    ),
}
