"""Settings that differ: how Caffe was started, the solver, the batches, where the data comes from, a layer's fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from logparse.comparing.values import DifferingField
from logparse.solver import solver_type
from logparse.tables.run.fork import build_of
from logparse.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from logparse.comparing.side import ComparedRun
    from logparse.derive.facts import NetFact
    from logparse.model import Attempt

Fields: TypeAlias = "Mapping[str, tuple[object, ...]]"

OF_RUN: Final = "run"
OF_SOLVER: Final = "solver"
_SOURCES: Final = frozenset({"source", "root_folder", "mean_file"})
# Nets that stand within a solver's definition are compared as nets.
_NETS: Final = frozenset({"net_param", "train_net_param", "test_net_param"})
# Of a layer's definition: what is compared by itself, and names of blobs, which change with any renaming.
_APART: Final = frozenset({"name", "type", "bottom", "top"})


def fields_of(message: Message, apart: frozenset[str] = frozenset()) -> dict[str, tuple[object, ...]]:
    """Every field by its path, with all its values: `convolution_param.num_output` → (20,).

    Messages that repeat are told apart by their place: `param[1].lr_mult`.
    """
    found: dict[str, list[object]] = {}
    for path, value in _walked(message, ""):
        if path.partition(".")[0].partition("[")[0] not in apart:
            found.setdefault(path, []).append(value)
    return {path: tuple(values) for path, values in found.items()}


def _walked(message: Message, prefix: str) -> Iterator[tuple[str, object]]:
    for name, values in message.fields.items():
        several = sum(isinstance(value, Message) for value in values) > 1
        for place, value in enumerate(values):
            if isinstance(value, Message):
                yield from _walked(value, f"{prefix}{name}{f'[{place}]' if several else ''}.")
            else:
                yield f"{prefix}{name}", value


def differing(
    where: str, before: Fields, after: Fields, *, cut: tuple[bool, bool] = (False, False)
) -> list[DifferingField]:
    """The fields whose values are not the same; what a definition that is cut may have lost is no difference."""
    found = []
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name), after.get(name)
        lost = (old is None and cut[0]) or (new is None and cut[1])
        if old != new and not lost:
            found.append(DifferingField(where, name, _value(old), _value(new)))
    return found


def _value(values: tuple[object, ...] | None) -> object:
    return values[0] if values is not None and len(values) == 1 else values


def layer_settings(where: str, before: Message, after: Message) -> tuple[DifferingField, ...]:
    """What the definitions of one layer say differently, beside its name, its type and its wires."""
    if before.fields == after.fields:
        return ()
    cut = (not before.complete, not after.complete)
    return tuple(differing(where, fields_of(before, _APART), fields_of(after, _APART), cut=cut))


def run_settings(base: ComparedRun, other: ComparedRun) -> Iterator[DifferingField]:
    """What differs before any layer is looked at: how the run was started, its solver, batches."""
    for name, old, new in _started(base, other):
        if old != new and old is not None and new is not None:
            yield DifferingField(OF_RUN, name, old, new)
    yield from _solvers(base.facts, other.facts)
    for key in (key for key in base.nets if key in other.nets):
        old_net, new_net = base.net(base.nets[key]), other.net(other.nets[key])
        if old_net.batch != new_net.batch and None not in {old_net.batch, new_net.batch}:
            yield DifferingField(base.net_title(base.nets[key]), "batch", old_net.batch, new_net.batch)
        sources = _sources(old_net), _sources(new_net)
        if sources[0] != sources[1] and all(sources):
            yield DifferingField(base.net_title(base.nets[key]), "data", *sources)
        if old_net.element_bytes != new_net.element_bytes:
            where = base.net_title(base.nets[key])
            yield DifferingField(where, "bytes of a value", old_net.element_bytes, new_net.element_bytes)


def _sources(net: NetFact) -> tuple[object, ...]:
    """Where a net's data comes from, as the definitions of layers without bottoms state it."""
    definitions = (one.layer.definition for one in net.layers if not one.layer.bottoms)
    stated = (fields_of(one.message) for one in definitions if one is not None)
    return tuple(
        value
        for fields in stated
        for path, values in fields.items()
        if path.rpartition(".")[2] in _SOURCES
        for value in values
    )


def _started(base: ComparedRun, other: ComparedRun) -> Iterator[tuple[str, object, object]]:
    """What both logs tell of how they were started; None where one does not."""
    one, two = base.facts, other.facts
    yield "command", one.command, two.command
    yield "mode", one.mode, two.mode
    yield "devices", tuple(one.devices) or None, tuple(two.devices) or None
    yield "GPUs together", one.gpus, two.gpus
    yield "versions", tuple(one.versions) or None, tuple(two.versions) or None
    old, new = build_of(base.log.facts), build_of(other.log.facts)
    yield "Caffe", old and old.name, new and new.name


def _solvers(one: Attempt, two: Attempt) -> Iterator[DifferingField]:
    if one.solver is None or two.solver is None:
        return  # told among the notes
    kinds = solver_type(one.solver), solver_type(two.solver)
    if kinds[0] != kinds[1]:
        yield DifferingField(OF_SOLVER, "type", *kinds)
    apart = _NETS | {"type", "solver_type"}
    yield from differing(
        OF_SOLVER, fields_of(one.solver, apart), fields_of(two.solver, apart), cut=(one.solver_cut, two.solver_cut)
    )


def untold_settings(base: ComparedRun, other: ComparedRun) -> Iterator[str]:
    """What only one of both logs tells of its settings, as sentences."""
    for one, two in ((base, other), (other, base)):
        if one.facts.solver is not None and two.facts.solver is None:
            yield f"{two.name} prints no solver: its settings are not compared"
    if base.facts.solver is None and other.facts.solver is None:
        yield "neither log prints a solver: settings of training are not compared"
    cut = [side.name for side in (base, other) if side.facts.solver is not None and side.facts.solver_cut]
    if cut:
        yield f"the solver of {' and '.join(cut)} stands cut off: fields that it lacks are not compared"
