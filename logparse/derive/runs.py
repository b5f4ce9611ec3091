"""Derived nets and attempts as the memory rules see them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from logparse.cost.buffer import CPU, GPU
from logparse.cost.inference.infer import guess
from logparse.cost.memory.blobs import diff_blobs
from logparse.cost.memory.buffers import buffers
from logparse.cost.memory.holdings import Era, NetMemory, Run, Solver
from logparse.cost.memory.layer import LayerMemory, known_type
from logparse.cost.spec import Basis
from logparse.solver import solver_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.cost.spec import LayerSpec
    from logparse.derive.nets import LayerFact, NetFact
    from logparse.model import Attempt
    from logparse.textproto import Message

_COMMANDS: Final = frozenset({"train", "test", "time"})


def run_of(attempt: Attempt, nets: Sequence[NetFact]) -> Run:
    """The attempt as the memory rules see it; nets that a recurrent layer unrolls inside itself are its buffers."""
    own = [fact for fact in nets if fact.net.nested is None]
    command = attempt.command if attempt.command in _COMMANDS else "train"
    return Run(
        command=command,
        nets=tuple(net_memory(fact, beside=command == "train" and place > 0) for place, fact in enumerate(own)),
        solver=_solver(attempt.solver),
        era=_era(own),
    )


def net_memory(fact: NetFact, *, beside: bool) -> NetMemory:
    """One net as the memory rules see it; `beside` is a test net that shares a train net's parameters."""
    layers = [_layer(one) for one in fact.layers]
    if fact.is_per_image:  # without the batch no blob's size is known
        layers = [_without_sizes(layer) for layer in layers]
    return NetMemory(tuple(layers), fact.element_bytes, beside, fact.batch)


def _without_sizes(layer: LayerMemory) -> LayerMemory:
    spec = replace(layer.spec, bottoms=(None,) * len(layer.bottoms), tops=(None,) * len(layer.tops))
    return replace(layer, spec=spec, counts=(None,) * len(layer.tops))


def _layer(one: LayerFact) -> LayerMemory:
    spec, is_guess = resolved(replace(one.spec, type=known_type(one.type)))
    tops = one.layer.tops
    return LayerMemory(
        spec=spec,
        kind=known_type(spec.type),
        bottoms=one.layer.bottoms,
        tops=tuple(top.name or f"{one.layer.index}.{place}" for place, top in enumerate(tops)),
        counts=tuple(top.count for top in tops),
        losses=tuple(bool(top.loss_weight) for top in tops),
        params=None if one.params is None else tuple(p.blob for p in one.params if p.owner is None),
        owned=tuple(place for place, param in enumerate(one.params or ()) if param.owner is None),
        decays=_decays(one),
        inferred=is_guess or one.type_basis == "inferred" or one.cost.params_basis is Basis.INFERRED,
    )


def resolved(spec: LayerSpec) -> tuple[LayerSpec, bool]:
    """The layer with a guessed definition where its own is missing and a guess fits, and whether it is a guess."""
    has_definition = spec.definition is not None and spec.definition.complete
    if has_definition or buffers(spec, GPU).items is not None:
        return spec, False
    found = guess(spec)
    return (spec, False) if found.type is None else (replace(spec, type=found.type, definition=found.definition), True)


def _decays(one: LayerFact) -> tuple[bool, ...]:
    """Per own parameter blob, whether weight decay applies to it (decay_mult is 1 where not stated)."""
    definition = one.spec.definition
    stated = [param.number("decay_mult", 1) for param in definition.children("param")] if definition else []
    params = one.params or ()
    mults = [*stated[: len(params)], *(1,) * (len(params) - len(stated))]
    return tuple(mult != 0 for mult, param in zip(mults, params, strict=True) if param.owner is None)


def _solver(solver: Message | None) -> Solver:
    if solver is None:
        return Solver(stated=False)
    is_l1 = solver.text("regularization_type") == "L1" and solver.number("weight_decay", 0) != 0
    return Solver(
        type=solver_type(solver) or "SGD",
        l1=is_l1,
        tests_first=solver.flag("test_initialization", default=True),
    )


def _era(nets: Sequence[NetFact]) -> Era:
    """Up to rc2 the memory line came once, after the last layer."""
    return Era.RC2 if any(fact.net.total_bytes is not None for fact in nets) else Era.NOW


def held_per_layer(fact: NetFact) -> list[dict[str, int | str | None]]:
    """Per layer, the gradients of its tops on the CPU and its private buffers on either device; None where NA."""
    net = net_memory(fact, beside=False)
    known = all(layer.backward is not None for layer in net.layers)
    diffs: dict[int, int | None] = {}
    for blob in diff_blobs(net.layers, CPU) if known else ():
        size = None if blob.values is None else blob.values * net.element_bytes
        before = diffs.get(blob.layer, 0)
        diffs[blob.layer] = None if size is None or before is None else before + size
    return [
        {"diff_bytes": diffs.get(place, 0) if known else None, **_private(layer, net.element_bytes)}
        for place, layer in enumerate(net.layers)
    ]


def _private(layer: LayerMemory, element_bytes: int) -> dict[str, int | str | None]:
    on_cpu, on_gpu = (buffers(layer.spec, device, element_bytes) for device in (CPU, GPU))
    return {
        "buffer_bytes": on_cpu.total_bytes,
        "gpu_buffer_bytes": on_gpu.total_bytes,
        "buffer_formula": "; ".join(f"{item.name}: {item.formula}" for item in on_cpu.items or ()) or None,
        "buffer_reason": on_cpu.reason or None,
    }
