"""When a run allocates what it holds: each block at its first touch, in the order in which Caffe goes about it.

Caffe allocates a blob when it is first written or read, and frees nothing during a run. A solver sets its nets up,
begins its first step by clearing the gradients of all parameters (Net::ClearParamDiffs), tests where it tests before
it trains (Solver::Step, TestAll), goes forward layer by layer, backward in reverse, and updates (ApplyUpdate). So the
order of all first touches is known, and with it what was held at every moment of the first iteration.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from logparse.cost.buffer import BACKWARD, CPU, FORWARD, SETUP
from logparse.cost.memory.blobs import diff_touches
from logparse.cost.memory.buffers import buffers
from logparse.cost.memory.footprint import PACKED_BYTES, in_pages, in_steps
from logparse.cost.memory.holdings import Allocation, Era, Kind, holdings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from logparse.cost.memory.holdings import Gap, Run


class Pass(StrEnum):
    """What a run is doing; the clearing of gradients with which a step begins counts to its set-up."""

    SET_UP = "set-up"
    TEST = "test"
    FORWARD = "forward"
    BACKWARD = "backward"
    UPDATE = "update"


class FirstTouch(NamedTuple):
    """One block at its first touch: the pass, the net and the layer at work, by place, and the block.

    A part whose size is not known is a `Gap`. The layer is None where the solver itself is at work. `owner` is the net
    whose block it is: parameters can be touched first by a test net that shares them.
    """

    during: Pass
    net: int
    layer: int | None
    part: Allocation | Gap
    owner: int


class Moment(NamedTuple):
    """A touch, and what is held behind it: on the CPU what was asked for, on a GPU what the driver gave for it."""

    touch: FirstTouch
    running_bytes: int


_Place: TypeAlias = tuple[Pass, int, "int | None"]


class _When(NamedTuple):
    """The order of touches: a run's turns, the nets, the layers as they come, and the order within a layer."""

    turn: int
    net: int
    place: int
    within: int


_TURNS: Final[Mapping[Pass, int]] = {Pass.SET_UP: 0, Pass.TEST: 2, Pass.FORWARD: 3, Pass.BACKWARD: 4, Pass.UPDATE: 5}
_CLEARED: Final = 1  # the gradients of parameters, before the first pass
_TESTED_LATE: Final = 6  # without test_initialization
_PASSES: Final[Mapping[str, Pass]] = {SETUP: Pass.SET_UP, FORWARD: Pass.FORWARD, BACKWARD: Pass.BACKWARD}


def timeline(run: Run, device: str) -> tuple[Moment, ...]:
    """Every block of a run on "cpu" or "gpu" (engine CAFFE) in the order of their first touches.

    They are the blocks of `holdings`, no more and no fewer. The last `running_bytes` is what they take together: on the
    CPU the footprint less the program; on a GPU in whole pages, as measured on an H100 (other drivers round less).
    """
    order = _Order(run, device)
    held = holdings(run, device)
    touches = [order.touch(net, part) for net, one in enumerate(held) for part in one.parts]
    touches.sort(key=lambda one: one[0])  # stable: within a layer as holdings list them
    return tuple(_running((touch for _, touch in touches), device))


def _running(touches: Iterable[FirstTouch], device: str) -> Iterator[Moment]:
    whole = packed = 0
    for touch in touches:
        size = touch.part.bytes if isinstance(touch.part, Allocation) else 0
        if device == CPU:
            whole += size
        elif size > PACKED_BYTES:
            whole += in_pages(size)
        else:
            packed += in_steps(size)
        yield Moment(touch, whole + in_pages(packed))


class _Order:
    """Where in the order of a run a block stands."""

    def __init__(self, run: Run, device: str) -> None:
        self._run, self._device = run, device
        self._diffs = [diff_touches(net.layers, device, timed=run.command == "time") for net in run.nets]
        self._tested = self._tests_first()

    def touch(self, net: int, part: Allocation | Gap) -> tuple[_When, FirstTouch]:
        """The place in the order, and the touch."""
        during, at, layer = self._at(net, part)
        turn = _TURNS[during]
        if part.kind is Kind.GRADIENTS and during is Pass.SET_UP:
            turn = _CLEARED
        if during is Pass.TEST and not self._run.solver.tests_first and self._run.nets[at].beside:
            turn = _TESTED_LATE
        place = -1 if layer is None else -layer if during is Pass.BACKWARD else layer
        return _When(turn, at, place, self._within(at, layer, part)), FirstTouch(during, at, layer, part, net)

    def _at(self, net: int, part: Allocation | Gap) -> _Place:
        """The pass, the net at work, and the layer at work."""
        if part.layer is None:
            return Pass.SET_UP, net, None
        return _FIRST_TOUCH[part.kind](self, net, part.layer, part)

    def data(self, net: int, layer: int, _part: Allocation | Gap) -> _Place:
        early = self._device == CPU and self._is_filled_at_set_up(net, layer)
        return (Pass.SET_UP if early else self._forward(net)), net, layer

    def prefetch(self, net: int, layer: int, _part: Allocation | Gap) -> _Place:
        return Pass.SET_UP, net, layer

    def gradients(self, net: int, layer: int, _part: Allocation | Gap) -> _Place:
        """A step begins by clearing them; `caffe time` takes no step, and Backward is the first to touch them."""
        return (Pass.BACKWARD if self._run.command == "time" else Pass.SET_UP), net, layer

    def history(self, net: int, layer: int, _part: Allocation | Gap) -> _Place:
        return Pass.UPDATE, net, layer

    def buffers(self, net: int, layer: int, part: Allocation | Gap) -> _Place:
        return self._pass_of(net, self._moment(net, layer, part)), net, layer

    def params(self, net: int, layer: int, _part: Allocation | Gap) -> _Place:
        """Fillers write them on the host as the net is set up; a card gets them where they are first read."""
        if self._device == CPU:
            return Pass.SET_UP, net, layer
        return self._tested.get((net, layer), (self._forward(net), net, layer))

    def _tests_first(self) -> dict[tuple[int, int], _Place]:
        """Layer of the first net → its like in the first test net, where that one is tested before training."""
        run = self._run
        beside = next((place for place, net in enumerate(run.nets) if net.beside), None)
        if beside is None or not run.solver.tests_first:
            return {}
        places = {layer.spec.name: place for place, layer in enumerate(run.nets[beside].layers) if layer.spec.name}
        return {
            (0, place): (Pass.TEST, beside, places[layer.spec.name])
            for place, layer in enumerate(run.nets[0].layers)
            if layer.spec.name in places
        }

    def diff(self, net: int, layer: int, part: Allocation | Gap) -> _Place:
        touched = self._diffs[net].get(part.what) if isinstance(part, Allocation) else None
        if touched is None:
            return Pass.BACKWARD, net, layer
        return self._pass_of(net, touched.moment), net, touched.layer

    def _moment(self, net: int, layer: int, part: Allocation | Gap) -> str:
        spec = self._run.nets[net].layers[layer].spec
        items = buffers(spec, self._device, self._run.nets[net].element_bytes).items or ()
        moments = {f"{spec.label}, {item.name}": item.moment for item in items}
        return moments.get(part.what, FORWARD) if isinstance(part, Allocation) else FORWARD

    def _pass_of(self, net: int, moment: str) -> Pass:
        return self._forward(net) if moment == FORWARD else _PASSES[moment]

    def _forward(self, net: int) -> Pass:
        is_test = self._run.nets[net].beside or self._run.command == "test"
        return Pass.TEST if is_test else Pass.FORWARD

    def _is_filled_at_set_up(self, net: int, layer: int) -> bool:
        """Whether the top is one of the batches that a thread fills (since 1.0; before, the top has its own memory)."""
        return self._run.era is not Era.RC2 and self._run.nets[net].layers[layer].prefetches

    def _within(self, net: int, layer: int | None, part: Allocation | Gap) -> int:
        """A layer that reads its weights first, or writes to a buffer first, asks for these before its top."""
        if layer is None:
            return 0
        worker = self._run.nets[net].layers[layer]
        first = {Kind.PARAMS} if worker.convolves else {Kind.BUFFERS} if worker.traits.buffer_first else set()
        return 0 if part.kind in first else 1 if part.kind is Kind.DATA else 2


_FIRST_TOUCH: Final[Mapping[Kind, Callable[[_Order, int, int, Allocation | Gap], _Place]]] = {
    Kind.DATA: _Order.data,
    Kind.DIFF: _Order.diff,
    Kind.PARAMS: _Order.params,
    Kind.GRADIENTS: _Order.gradients,
    Kind.HISTORY: _Order.history,
    Kind.BUFFERS: _Order.buffers,
    Kind.PREFETCH: _Order.prefetch,
}
