"""Builders → model: what is known about an attempt only when all its lines have been read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logparse.assembling.definitions import Definitions, fill_from_siblings, layer_messages, stated_inputs, type_of
from logparse.assembling.outcome import command_of, located, out_of_memory_place, outcome_of, silence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from logparse.assembling.builders import AttemptBuilder, NetBuilder
    from logparse.model import Attempt, Layer, Net
    from logparse.reading.extract import LastLine


def finished(attempts: Sequence[AttemptBuilder], last_line: int, last: LastLine | None) -> tuple[Attempt, ...]:
    """All attempts; each ends where the next one starts, the last with the log."""
    follows = [following.line for following in attempts[1:]]
    frozen = [
        _freeze(one, start - 1, f"No word about the end; another start follows at line {start}.")
        for one, start in zip(attempts, follows, strict=False)
    ]
    return (*frozen, *(_freeze(one, last_line, silence(last)) for one in attempts[-1:]))


def _freeze(attempt: AttemptBuilder, end_line: int, silent: str) -> Attempt:
    nets = fill_from_siblings([_freeze_net(net, end_line) for net in attempt.nets])
    attempt.command = attempt.command or command_of(attempt.events)
    place = out_of_memory_place(attempt.events)
    attempt.out_of_memory = None if place is None else located(place, nets)
    return attempt.freeze(nets, outcome_of(attempt, silent), end_line)


def _freeze_net(net: NetBuilder, end_line: int) -> Net:
    net.end_line = net.end_line or end_line
    definitions = Definitions(layer_messages(net.dump) if net.dump is not None else (), "dump")
    layers = []
    for layer in net.layers:
        definition = definitions.take(layer.name) if layer.name is not None else None
        layers.append(layer.freeze(type_of(definition, layer), definition))
    return net.freeze(tuple(layers), stated_inputs(net.inputs, net.dump), element_bytes(layers))


def element_bytes(layers: Iterable[Layer]) -> int | None:
    """Bytes of one value (2, 4 or 8), from the steps of the running memory line; None where it does not tell.

    A step counts only between two layers that both print the figure; the commonest quotient wins.
    """
    votes: dict[int, int] = {}
    before = 0
    for layer in layers:
        if layer.logged_bytes is None:
            return max(votes, key=lambda size: votes[size]) if votes else None
        count = sum(top.count or 0 for top in layer.tops)
        step, before = layer.logged_bytes - before, layer.logged_bytes
        for size in (2, 4, 8):
            if count and step == count * size:
                votes[size] = votes.get(size, 0) + 1
    return max(votes, key=lambda size: votes[size]) if votes else None
