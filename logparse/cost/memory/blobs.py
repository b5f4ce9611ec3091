"""Which blobs of a net really get memory: Caffe allocates the two halves of a blob at their first touch.

Data: the tops that own memory (sharing.py); on the GPU a blob that only host code writes and reads stays
on the host. Gradients ("diff"): a blob has one if the layer that makes it does backward and so reads it, or
if a layer that does backward asks for it, be it to write a gradient or only by its pointer. Checked against
the live nets' allocations and, on the GPU, against every cudaMalloc.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost.buffer import BACKWARD, CPU, FORWARD, SETUP
from logparse.cost.costing import cost
from logparse.cost.memory.gradients import learns
from logparse.cost.memory.sharing import owners
from logparse.cost.traits import Side

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logparse.cost.memory.layer import LayerMemory


class OwnBlob(NamedTuple):
    """A blob that owns one half's memory: the layer that makes it, and its values."""

    layer: int
    name: str
    values: int | None


def _blobs(layers: Sequence[LayerMemory], *, of_data: bool) -> tuple[list[OwnBlob], Mapping[str, str]]:
    """(blobs that own memory, name → owner) for one half."""
    own, owner_of = owners(tuple(layer.links for layer in layers), of_data=of_data)
    return [OwnBlob(place, name, layers[place].counts[top]) for name, (place, top) in own.items()], owner_of


def data_blobs(layers: Sequence[LayerMemory], device: str) -> list[OwnBlob]:
    """The blobs whose data has memory on the device; on the GPU without prefetched tops (they are batches)."""
    own, owner_of = _blobs(layers, of_data=True)
    if device == CPU:
        return [blob for blob in own if layers[blob.layer].kind != PARAMETER]
    touched = {owner_of.get(name, name) for layer in layers for name in _on_device(layer)}
    return [
        blob
        for blob in own
        if blob.name in touched and not layers[blob.layer].prefetches and layers[blob.layer].kind != PARAMETER
    ]


PARAMETER: Final = "Parameter"  # its top is its parameter blob: counted there


def _on_device(layer: LayerMemory) -> Iterator[str]:
    """Names of the blobs whose data this layer touches on the GPU."""
    for names, side in ((layer.tops, layer.traits.writes_at), (layer.bottoms, layer.traits.reads_at)):
        yield from (name for place, name in enumerate(names) if side(layer.spec, place) is Side.DEVICE)
    yield from (name for name, is_loss in zip(layer.tops, layer.losses, strict=True) if is_loss)


class Touched(NamedTuple):
    """The first touch of a blob's gradient: when (cost/buffer.py), and the place of the layer at work."""

    moment: str
    layer: int


def diff_blobs(
    layers: Sequence[LayerMemory], device: str, *, timed: bool = False, cudnn: bool = False
) -> list[OwnBlob]:
    """The blobs whose gradient has memory; `timed` is `caffe time`, which calls every layer's Backward."""
    own, _ = _blobs(layers, of_data=False)
    touched = diff_touches(layers, device, timed=timed, cudnn=cudnn)
    return [blob for blob in own if blob.name in touched]


def diff_touches(
    layers: Sequence[LayerMemory], device: str, *, timed: bool = False, cudnn: bool = False
) -> dict[str, Touched]:
    """Blob that owns a gradient → its first touch.

    A loss weight is written into its top's gradient as the layer is set up (Layer::SetLossWeights), and read on the
    GPU by its Forward; the layers that go backward come in reverse.
    """
    _, owner_of = _blobs(layers, of_data=False)
    found: dict[str, Touched] = {}
    for place, layer in reversed(list(enumerate(layers))):
        for name in _asked_in_backward(layer, device, timed=timed, cudnn=cudnn):
            found.setdefault(owner_of.get(name, name), Touched(BACKWARD, place))
    for place, layer in enumerate(layers):
        for moment, name in _asked_before(layer, device):
            owner = owner_of.get(name, name)
            if owner not in found or _ORDER[moment] < _ORDER[found[owner].moment]:
                found[owner] = Touched(moment, place)
    return found


_ORDER: Final = {SETUP: 0, FORWARD: 1, BACKWARD: 2}


def _asked_before(layer: LayerMemory, device: str) -> Iterator[tuple[str, str]]:
    """When, and the blobs whose gradient memory the layer asks for before anything goes backward."""
    loss = SETUP if device == CPU else FORWARD
    yield from ((loss, name) for name, is_loss in zip(layer.tops, layer.losses, strict=True) if is_loss)
    yield from ((FORWARD, layer.bottoms[place]) for place in layer.traits.scratch(layer.spec, device))


def _asked_in_backward(layer: LayerMemory, device: str, *, timed: bool, cudnn: bool) -> Iterator[str]:
    """The blobs whose gradient memory its backward pass asks for."""
    if not layer.backward and not (timed and _runs_anyway(layer, device)):
        return
    if layer.bottoms:
        yield from layer.tops
    always = () if cudnn and layer.convolves else layer.traits.asks_diff(layer.spec, device)
    needs = layer.spec.bottom_needs_grad or (False,) * len(layer.bottoms)
    for place, (name, need) in enumerate(zip(layer.bottoms, needs, strict=True)):
        if need or place in always:
            yield name


def _runs_anyway(layer: LayerMemory, device: str) -> bool:
    """Whether `caffe time` makes the layer touch gradients that nobody needs.

    Its Backward computes those of the parameters that learn, or takes a gradient before it asks who needs it.
    """
    if layer.spec.phase == "TEST":
        return False
    blobs = len(cost(layer.spec).params or ())
    learning = blobs > 0 and (layer.spec.force_backward or learns(layer.spec.definition, blobs))
    takes = bool(layer.traits.asks_diff(layer.spec, device)) or layer.traits.unasked(layer.spec)
    return learning or takes
