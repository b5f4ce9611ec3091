"""Mutable counterparts of the model, used by assemble.py alone while a net is being read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import prod
from typing import TYPE_CHECKING, Final

from logparse.model import Attempt, Blob, Layer, Net

if TYPE_CHECKING:
    from logparse.assembling.plans import PlanBuilder
    from logparse.model import Definition, Event, OutOfMemory, SharedParam
    from logparse.reading.messages.records import DataSize, TopShape
    from logparse.textproto import Message


LEARNABLE: Final = "shared learnable space"


@dataclass(slots=True)
class LayerBuilder:
    """A layer between its first line and its last."""

    index: int
    name: str | None
    line: int
    type: str | None = None
    bottoms: list[str] = field(default_factory=list)
    tops: list[Blob] = field(default_factory=list)
    shapes: list[TopShape] = field(default_factory=list)
    weights: dict[int, float] = field(default_factory=dict)
    logged_bytes: int | None = None
    backward: bool | None = None
    shared: list[SharedParam] = field(default_factory=list)
    chatter: list[str] = field(default_factory=list)
    data_size: DataSize | None = None
    closed: bool = False

    @property
    def wants_shape(self) -> bool:
        """Whether a shape line can still be this layer's."""
        return not self.closed and (not self.tops or len(self.shapes) < len(self.tops))

    def blobs(self) -> tuple[Blob, ...]:
        """The tops joined with their shapes, in order; either list may be the longer one.

        A data layer's own line gives its first top's shape where none is printed, or (2013) none with its batch.
        """
        found = [self._blob(place) for place in range(max(len(self.tops), len(self.shapes)))]
        size = self.data_size
        if found and size is not None and found[0].count is None and found[0].shape in (None, size.dims[1:]):
            line = found[0].line or size.line
            found[0] = replace(found[0], shape=size.dims, count=prod(size.dims), line=line)
        return tuple(found)

    def _blob(self, place: int) -> Blob:
        named = self.tops[place] if place < len(self.tops) else Blob("", None, None)
        if place >= len(self.shapes):
            return named
        shape = self.shapes[place]
        return Blob(
            named.name, shape.dims, shape.values, named.in_place, named.automatic, self.weights.get(place), shape.line
        )

    def freeze(self, type_: str | None, definition: Definition | None) -> Layer:
        """The finished layer; its type and definition come from the net's dump."""
        return Layer(
            index=self.index,
            name=self.name,
            type=type_ or self.type,
            bottoms=tuple(self.bottoms),
            tops=self.blobs(),
            logged_bytes=self.logged_bytes,
            backward=self.backward,
            shared_params=tuple(self.shared),
            definition=definition,
            chatter=tuple(self.chatter),
            line=self.line,
        )


@dataclass(slots=True)
class NetBuilder:
    """A net between `Initializing net` and its "Network initialization done"."""

    index: int
    line: int
    phase: str | None = None
    test_index: int | None = None
    nested: str | None = None
    parent: int | None = None
    name: str | None = None
    dump: Message | None = None
    dump_cut: bool = False
    layers: list[LayerBuilder] = field(default_factory=list)
    inputs: list[Blob] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    reported: dict[str, int] = field(default_factory=dict)
    reported_lines: dict[str, int] = field(default_factory=dict)
    plan: PlanBuilder | None = None
    total_bytes: int | None = None
    total_line: int | None = None
    done: bool = False
    end_line: int = 0
    flagging: bool = False  # backward flags have begun
    unflagged: dict[str | None, list[LayerBuilder]] = field(default_factory=dict)  # by name, in order

    @property
    def current(self) -> LayerBuilder | None:
        """The layer that is being set up, or was last."""
        return self.layers[-1] if self.layers else None

    def open_layer(self, name: str | None, line: int) -> LayerBuilder:
        """Begin a layer."""
        layer = LayerBuilder(len(self.layers), name, line)
        self.layers.append(layer)
        self.unflagged.setdefault(name, []).append(layer)
        self.flagging = False
        return layer

    def report(self, label: str, size: int, line: int) -> None:
        """Note a figure that a fork prints about itself; the last one of a label holds."""
        self.reported[label], self.reported_lines[label] = size, line

    def flag(self, name: str, *, needed: bool) -> bool:
        """Give a backward flag to the layer it is of; False where there is none of that name without one.

        Flags come in reverse order, so that of several layers of one name the last is meant first.
        """
        mine = self.unflagged.get(name)
        if not mine:
            return False
        mine.pop().backward = needed
        self.flagging = True
        return True

    def freeze(self, layers: tuple[Layer, ...], inputs: tuple[Blob, ...], element_bytes: int | None) -> Net:
        """The finished net; shapes of its inputs come from its dump."""
        return Net(
            index=self.index,
            phase=self.phase,
            name=self.name,
            test_index=self.test_index,
            nested=self.nested,
            parent=self.parent,
            layers=layers,
            inputs=inputs,
            outputs=tuple(self.outputs),
            dump=self.dump,
            dump_cut=self.dump_cut,
            total_bytes=self.total_bytes,
            total_line=self.total_line,
            element_bytes=element_bytes,
            reported=dict(self.reported),
            reported_lines=dict(self.reported_lines),
            plan=self.plan.freeze() if self.plan is not None else None,
            dropped=tuple(self.dropped),
            done=self.done,
            line=self.line,
            end_line=self.end_line,
        )


@dataclass(slots=True)
class AttemptBuilder:
    """One start of the solver, while its lines come in."""

    index: int
    line: int
    command: str | None = None
    mode: str | None = None
    solver: Message | None = None
    solver_cut: bool = False
    nets: list[NetBuilder] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    devices: list[str] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    gpus: int | None = None
    optimising: bool = False
    solved: bool = False  # solver lines have been seen: its set-up is behind it
    solver_line: int = 0  # where solver lines last began: after other lines they begin anew
    over: bool = False  # it has said that it is done
    dead: bool = False  # it has said what killed it; other threads may still print
    thread: int | None = None  # that sets up its solver and nets
    set_up_s: float | None = None  # when it last began a net
    # More than start lines have been seen: a start line now is another attempt's. "Starting Optimization" is no
    # such sign: before rc3 it stands at the start.
    begun: bool = False
    out_of_memory: OutOfMemory | None = None
    constructing: str | None = None

    def report_learnable(self, text: str, size: int, line: int) -> None:
        """NVCaffe's slab of diffs for what a solver learns: each GPU says the same of the net that is trained."""
        own = [net for net in self.nets if net.nested is None]
        trained = next((net for net in own if net.phase == "TRAIN"), own[0] if own else None)
        label = LEARNABLE + text.partition(f" {LEARNABLE}")[2]
        if trained is not None and label not in trained.reported:
            trained.report(label, size, line)

    def freeze(self, nets: tuple[Net, ...], outcome: tuple[str, str, int | None], end_line: int) -> Attempt:
        """The finished attempt; `outcome` is (word, text, line)."""
        return Attempt(
            index=self.index,
            command=self.command,
            solver=self.solver,
            solver_cut=self.solver_cut,
            nets=nets,
            events=tuple(self.events),
            devices=tuple(self.devices),
            versions=tuple(self.versions),
            mode=self.mode,
            outcome=outcome[0],
            outcome_text=outcome[1],
            outcome_line=outcome[2],
            start_s=None,
            end_s=None,
            year=None,
            line=self.line,
            end_line=end_line,
            gpus=self.gpus,
            out_of_memory=self.out_of_memory,
            constructing=self.constructing,
        )
