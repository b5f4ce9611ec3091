"""Derived nets as the memory rules see them, and what each layer holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from logparse.cost.buffer import CPU, GPU
from logparse.cost.memory.blobs import diff_blobs
from logparse.cost.memory.buffers import buffers
from logparse.cost.memory.holdings import NetMemory
from logparse.cost.memory.layer import LayerMemory, known_type
from logparse.cost.spec import Basis, LayerSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from logparse.derive.facts import LayerFact, NetFact
    from logparse.model import Blob


INPUTS: Final = "the net's inputs"


def net_memory(
    layers: Iterable[LayerFact],
    element_bytes: int,
    batch: int | None,
    *,
    inputs: Sequence[Blob] = (),
    is_per_image: bool = False,
) -> NetMemory:
    """One net as the memory rules see it; without the batch (`is_per_image`) no blob's size is known.

    Inputs of the net itself are the tops of an Input layer before all others, as UpgradeNetInput makes one of them.
    """
    seen = [*_input_layer(inputs), *map(_layer, layers)]
    if is_per_image:
        seen = [_without_sizes(layer) for layer in seen]
    return NetMemory(tuple(seen), element_bytes, batch=batch)


def _without_sizes(layer: LayerMemory) -> LayerMemory:
    spec = replace(layer.spec, bottoms=(None,) * len(layer.bottoms), tops=(None,) * len(layer.tops))
    return replace(layer, spec=spec, counts=(None,) * len(layer.tops))


def _input_layer(inputs: Sequence[Blob]) -> Iterator[LayerMemory]:
    if not inputs:
        return
    yield LayerMemory(
        spec=LayerSpec(INPUTS, "Input", None, (), tuple(blob.shape for blob in inputs), backward=False),
        kind="Input",
        bottoms=(),
        tops=tuple(blob.name for blob in inputs),
        counts=tuple(blob.count for blob in inputs),
        losses=(False,) * len(inputs),
        params=(),
    )


def _layer(one: LayerFact) -> LayerMemory:
    tops, params = one.layer.tops, one.params
    return LayerMemory(
        spec=one.spec,
        kind=known_type(one.spec.type),
        bottoms=one.layer.bottoms,
        tops=tuple(top.name or f"{one.layer.index}.{place}" for place, top in enumerate(tops)),
        counts=tuple(top.count for top in tops),
        losses=tuple(bool(top.loss_weight) for top in tops),
        params=None if params is None else tuple(p.blob for p in params if p.owner is None),
        owned=tuple(place for place, param in enumerate(params or ()) if param.owner is None),
        decays=_decays(one),
        inferred=one.type_basis == "inferred" or one.cost.params_basis is Basis.INFERRED,
    )


def _decays(one: LayerFact) -> tuple[bool, ...]:
    """Per own parameter blob, whether weight decay applies to it (decay_mult is 1 where not stated)."""
    if not one.params:
        return ()
    definition = one.spec.definition
    stated = [param.number("decay_mult", 1) for param in definition.children("param")] if definition else []
    mults = [*stated[: len(one.params)], *(1,) * (len(one.params) - len(stated))]
    return tuple(mult != 0 for mult, param in zip(mults, one.params, strict=True) if param.owner is None)


def held_per_layer(fact: NetFact) -> list[dict[str, int | str | None]]:
    """Per layer, the gradients of its tops on the CPU and its private buffers on either device; None where NA."""
    net = fact.memory
    first = len(net.layers) - len(fact.layers)  # behind the net's inputs
    known = all(layer.backward is not None for layer in net.layers)
    diffs: dict[int, int | None] = {}
    for blob in diff_blobs(net.layers, CPU) if known else ():
        size = None if blob.values is None else blob.values * net.element_bytes
        before = diffs.get(blob.layer, 0)
        diffs[blob.layer] = None if size is None or before is None else before + size
    return [
        {"diff_bytes": diffs.get(place, 0) if known else None, **_private(layer, net.element_bytes)}
        for place, layer in enumerate(net.layers[first:], first)
    ]


def _private(layer: LayerMemory, element_bytes: int) -> dict[str, int | str | None]:
    on_cpu, on_gpu = (buffers(layer.spec, device, element_bytes) for device in (CPU, GPU))
    return {
        "buffer_bytes": on_cpu.total_bytes,
        "gpu_buffer_bytes": on_gpu.total_bytes,
        "buffer_formula": "; ".join(f"{item.name}: {item.formula}" for item in on_cpu.items or ()) or None,
        "buffer_reason": on_cpu.reason or None,
    }
