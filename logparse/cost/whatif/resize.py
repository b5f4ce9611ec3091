"""A net with other sizes: new shapes at its sources or new settings in a layer, carried through to the end.

Shapes follow from the rules of the layer types (rules/). Where a rule says nothing, a top grows with the
batch of its bottom as it did before, and that is said; where neither holds, the change is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost.costing import cost, expected_tops
from logparse.cost.fields import same_but_padding
from logparse.cost.layer_types import RULES
from logparse.cost.rule import View
from logparse.cost.traits import Base
from logparse.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from logparse.cost.memory.holdings import NetMemory
    from logparse.cost.memory.layer import LayerMemory
    from logparse.cost.spec import LayerSpec, ParamBlob, Shape


class WhatIfError(UsageError):
    """A change that is none, or cannot be followed through the net: which layer, and why."""


@dataclass(frozen=True, slots=True)
class Resized:
    """A net's layers after a change, and what had to be assumed."""

    layers: tuple[LayerMemory, ...]
    assumptions: tuple[str, ...] = ()


def with_batch(net: NetMemory, batch: int) -> Resized:
    """The net at another batch size: its data tops resized, everything else following.

    In a recurrent net the batch is the number of streams, axis 1 of a blob of T steps × N streams.
    """
    if net.batch is None or net.batch == batch:
        return Resized(net.layers)
    steps = _steps(net.layers)
    sources: dict[str, Shape] = {}
    for layer in net.layers:
        if not layer.bottoms and layer.kind != "Parameter":
            for name, shape in zip(layer.tops, layer.spec.tops, strict=True):
                scaled = None if shape is None else _scaled_source(shape, net.batch, batch, steps)
                if scaled is not None:
                    sources[name] = scaled
    return resized(net.layers, sources)


def _steps(layers: Sequence[LayerMemory]) -> int | None:
    """Time steps of the first recurrent layer, None where there is none."""
    bottoms = (layer.spec.bottoms[0] for layer in layers if layer.traits.base is Base.RECURRENT and layer.spec.bottoms)
    return next((shape[0] for shape in bottoms if shape), None)


def _scaled_source(shape: Shape, before: int, after: int, steps: int | None) -> Shape | None:
    """A data top at another batch size; None where its shape does not depend on it."""
    whole = before * (steps or 1)
    if shape and shape[0] % whole == 0:
        return (shape[0] // before * after, *shape[1:])
    if steps is not None and len(shape) > 1 and shape[1] == before:
        return (shape[0], after, *shape[2:])
    return None


def resized(
    layers: Sequence[LayerMemory], sources: Mapping[str, Shape], changed: frozenset[str] = frozenset()
) -> Resized:
    """The layers with new shapes: `sources` are blobs of new shape, `changed` layers whose definition is new.

    Raises:
        WhatIfError: a change cannot be followed through a layer.

    """
    shapes: dict[str, Shape] = dict(sources)
    found: list[LayerMemory] = []
    assumed: list[str] = []
    for layer in layers:
        bottoms = tuple(shapes.get(name, old) for name, old in zip(layer.bottoms, layer.spec.bottoms, strict=True))
        is_new = layer.spec.name in changed
        if not layer.bottoms:
            tops = tuple(sources.get(name, old) for name, old in zip(layer.tops, layer.spec.tops, strict=True))
        elif is_new or bottoms != layer.spec.bottoms:
            tops, note = _new_tops(layer, bottoms, is_new=is_new)
            assumed += note
        else:
            found.append(layer)
            continue
        shapes.update({name: top for name, top in zip(layer.tops, tops, strict=True) if top is not None})
        found.append(_with_shapes(layer, bottoms, tops, is_new=is_new))
    return Resized(tuple(found), tuple(assumed))


def _new_tops(
    layer: LayerMemory, bottoms: tuple[Shape | None, ...], *, is_new: bool
) -> tuple[tuple[Shape | None, ...], tuple[str, ...]]:
    _check_joined(layer, bottoms)
    by_rule = _by_rule(layer.spec.with_shapes(bottoms, (None,) * len(layer.tops)))
    if is_new and by_rule is not None:
        return by_rule, ()
    before = _by_rule(layer.spec)
    if by_rule is not None and before is not None and _agree(before, layer.spec.tops) and _keeps_values(layer, by_rule):
        return tuple(_padded(new, old) for new, old in zip(by_rule, layer.spec.tops, strict=True)), ()
    scaled = tuple(_grown(top, layer.spec.bottoms[0], bottoms[0]) for top in layer.spec.tops)
    if any(new is None and old is not None for new, old in zip(scaled, layer.spec.tops, strict=True)):
        raise WhatIfError(
            f"the change cannot be followed through the layer {layer.spec.name} ({layer.kind or 'of unknown type'})",
            remedy="Give the network's definition with prototxt=FILE, or change less.",
        )
    return scaled, (f"{layer.spec.name}: its top grows with the batch of its bottom",)


def _check_joined(layer: LayerMemory, bottoms: tuple[Shape | None, ...]) -> None:
    if layer.kind == "Eltwise" and len(set(bottoms)) > 1:
        raise WhatIfError(
            f"the layer {layer.spec.name} adds blobs that would differ in shape",
            remedy="Change every layer that feeds it alike; a residual sum ties their channels together.",
        )


def _by_rule(spec: LayerSpec) -> tuple[Shape | None, ...] | None:
    """The tops that the type's rule gives for these bottoms, one per top; None where it gives none."""
    if _BY_RULE not in spec.kept:
        spec.kept[_BY_RULE] = _told_by_rule(spec)
    found: tuple[Shape | None, ...] | None = spec.kept[_BY_RULE]
    return found


_BY_RULE: Final = "tops by rule"


def _told_by_rule(spec: LayerSpec) -> tuple[Shape | None, ...] | None:
    rule = RULES.get(spec.type or "")
    if rule is None:
        return None
    unprinted = (None,) * len(spec.tops)
    bare = spec if spec.tops == unprinted else spec.with_shapes(spec.bottoms, unprinted)
    definition = spec.definition if spec.definition is not None and spec.definition.complete else None
    expected = expected_tops(View(bare, definition, unprinted), rule)
    tops = (*expected, *unprinted[len(expected) :])[: len(spec.tops)]
    return None if None in tops else tops


def _agree(expected: tuple[Shape | None, ...], printed: tuple[Shape | None, ...]) -> bool:
    pairs = zip(expected, printed, strict=True)
    return all(want is not None and got is not None and same_but_padding(want, got) for want, got in pairs)


def _keeps_values(layer: LayerMemory, tops: tuple[Shape | None, ...]) -> bool:
    """A Reshape whose stated dims hold the batch itself would lose or invent values."""
    if layer.kind != "Reshape" or not tops:  # a damaged log may have lost its top
        return True
    old, new = layer.spec.tops[0], tops[0]
    bottom = layer.spec.bottoms[0]
    return old is not None and new is not None and bottom is not None and new != old


def _padded(new: Shape | None, old: Shape | None) -> Shape | None:
    """Old releases print four axes; the new shape is padded as the old one was."""
    if new is None or old is None:
        return new
    return (*new, *(1,) * (len(old) - len(new)))


def _grown(top: Shape | None, before: Shape | None, after: Shape | None) -> Shape | None:
    """A top whose first axis grows as the bottom's does; None where the bottoms differ in more than that."""
    if (
        top is None or not before or not after or before[1:] != after[1:] or before[0] == 0
    ):  # nothing grows from nothing
        return None
    if not top or top[0] * after[0] % before[0]:
        return top
    return (top[0] * after[0] // before[0], *top[1:])


def _with_shapes(
    layer: LayerMemory, bottoms: tuple[Shape | None, ...], tops: tuple[Shape | None, ...], *, is_new: bool
) -> LayerMemory:
    spec = layer.spec.with_shapes(bottoms, tops)
    counts = tuple(
        old if top is None else prod(top) for top, old in zip(tops, layer.counts, strict=True)
    )  # a count without a shape stays as printed
    return layer.resized(spec, counts, _params(layer, spec, is_new=is_new))


def _params(layer: LayerMemory, spec: LayerSpec, *, is_new: bool) -> tuple[ParamBlob, ...] | None:
    """The layer's own parameter blobs at its new shapes; those that are not its own stay an earlier layer's."""
    if layer.params is None:
        return None
    if not is_new and not layer.traits.params_along_batch and not _other_channels(layer.spec, spec):
        return layer.params
    found = cost(spec).params
    if found is not None and all(place < len(found) for place in layer.owned):
        return tuple(found[place] for place in layer.owned)
    if is_new or _other_channels(layer.spec, spec):
        raise WhatIfError(f"the parameters of the layer {spec.name} after the change are not known")
    return layer.params


def _other_channels(before: LayerSpec, after: LayerSpec) -> bool:
    pairs = zip(before.bottoms, after.bottoms, strict=True)
    return any(old is not None and new is not None and old[1:] != new[1:] for old, new in pairs)
