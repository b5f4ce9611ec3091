"""Records → model: which attempt, which net, nested in what, which layer. The one state machine.

The order of a layer's lines differs between versions (before rc3 "Setting up" comes before the layer's own
lines, in 2014 there is none, a pasted excerpt may begin anywhere), so each record is filed by what is open, and
a shape that belongs to nobody becomes an unnamed layer instead of being lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from logparse.assembling.builders import AttemptBuilder, NetBuilder
from logparse.assembling.definitions import phase_of, read_dump
from logparse.assembling.finish import finished
from logparse.errors import Note
from logparse.model import Blob, Event, SharedParam
from logparse.reading.messages import records as rec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from logparse.assembling.builders import LayerBuilder
    from logparse.model import Attempt
    from logparse.reading.extract import LastLine

IN_PLACE: Final = " (in-place)"
AUTOMATIC: Final = "(automatic)"
_NOTES_OF_A_KIND: Final = 20
BEFORE_LAYERS: Final = "Memory required before the first layer"


@dataclass(slots=True)
class _State:
    attempts: list[AttemptBuilder] = field(default_factory=list)
    stack: list[NetBuilder] = field(default_factory=list)  # nets being set up, the innermost last
    last_done: NetBuilder | None = None  # a total printed after "done" is this net's
    announced: rec.CreatingNet | None = None
    factory: rec.FactoryLayer | None = None
    dropped: list[str] = field(default_factory=list)  # printed before the net whose rules filtered them
    early_chatter: list[str] = field(default_factory=list)  # a layer's constructor speaks before its first line
    lost_flags: list[rec.BackwardFlag] = field(default_factory=list)  # the first few
    lost_flag_count: int = 0

    def all_notes(self) -> tuple[Note, ...]:
        """What was odd about the lines."""
        meaning = "The flag is of no layer that was set up; it is left out."
        more = self.lost_flag_count - len(self.lost_flags)
        notes = [
            Note(flag.line, f"backward flag of an unknown layer {flag.layer!r}", meaning) for flag in self.lost_flags
        ]
        notes += [Note(None, f"{more} more backward flags of unknown layers", meaning)] if more else []
        return tuple(notes)

    def attempt(self, line: int) -> AttemptBuilder:
        """The open attempt; an excerpt opens one without any start line."""
        if not self.attempts:
            self.begin_attempt(line)
        return self.attempts[-1]

    def begin_attempt(self, line: int) -> AttemptBuilder:
        self.stack.clear()
        self.last_done, self.announced, self.factory = None, None, None
        self.attempts.append(AttemptBuilder(len(self.attempts) + 1, line))
        return self.attempts[-1]

    def net(self, line: int) -> NetBuilder:
        """The innermost open net; lines without a net open one."""
        return self.stack[-1] if self.stack else self.begin_net(line)

    def begin_net(self, line: int) -> NetBuilder:
        attempt = self.attempt(line)
        attempt.begun = True
        outer = self._enclosing()
        if outer is None:
            self.stack.clear()
        net = NetBuilder(len(attempt.nets), line)
        if outer is not None and outer.current is not None:
            net.nested, net.parent, net.phase = outer.current.name, outer.index, outer.phase
        elif self.announced is not None:
            net.phase, net.test_index = self.announced.phase, self.announced.test_index
        self.announced = None
        net.dropped, self.dropped = self.dropped, []
        attempt.nets.append(net)
        self.stack.append(net)
        return net

    def _enclosing(self) -> NetBuilder | None:
        """A net is nested if one is open whose layer has begun its set-up and has no shape yet."""
        outer = self.stack[-1] if self.stack else None
        layer = outer.current if outer is not None else None
        if layer is None or layer.closed or layer.shapes or not (layer.bottoms or layer.tops):
            return None
        return outer


# --- one small function a record ---------------------------------------------------------------------------


def _solver(state: _State, record: rec.SolverParameters) -> None:
    attempt = state.attempt(record.line)
    if attempt.begun:
        attempt = state.begin_attempt(record.line)
    attempt.command = attempt.command or "train"
    dump = read_dump(record.dump)
    attempt.begun = True
    if dump is not None:
        attempt.solver, attempt.solver_cut = dump.message, dump.cut


def _start(state: _State, record: rec.Start) -> None:
    attempt = state.attempt(record.line)
    starts = (record.mode is not None and record.device is None) or record.version is not None
    if starts and attempt.begun:
        attempt = state.begin_attempt(record.line)
    attempt.command = record.command or attempt.command
    attempt.mode = record.mode or attempt.mode
    attempt.gpus = record.gpus or attempt.gpus
    if record.device is not None:
        attempt.devices.append(record.device)
    if record.version is not None:
        attempt.versions.append(record.version)


def _milestone(state: _State, record: rec.Milestone) -> None:
    attempt = state.attempt(record.line)
    if record.what == "optimization":
        if attempt.optimising:
            attempt = state.begin_attempt(record.line)
        attempt.optimising = True
        attempt.command = attempt.command or "train"
    attempt.events.append(Event(record.line, record.what, record.text, record.time_s))


def _creating_net(state: _State, record: rec.CreatingNet) -> None:
    state.attempt(record.line)
    state.stack.clear()
    state.announced = record


def _net_parameters(state: _State, record: rec.NetParameters) -> None:
    net = state.begin_net(record.line)
    dump = read_dump(record.dump)
    if dump is None:
        return
    net.dump, net.dump_cut = dump.message, dump.cut
    net.name = dump.message.text("name") or None
    net.phase = phase_of(dump.message) or net.phase


def _dropped(state: _State, record: rec.DroppedLayer) -> None:
    state.dropped.append(record.layer)


def _factory(state: _State, record: rec.FactoryLayer) -> None:
    layer = state.stack[-1].current if state.stack else None
    # A loss makes its inner Softmax through the factory too: that line is inside the set-up of the loss
    if layer is not None and not layer.closed and not layer.shapes and layer.name == record.layer:
        return
    state.factory = record
    state.early_chatter.clear()


def _creating_layer(state: _State, record: rec.CreatingLayer) -> None:
    net = state.net(record.line)
    factory = state.factory if state.factory is not None and state.factory.layer == record.layer else None
    layer = net.open_layer(record.layer, factory.line if factory is not None else record.line)
    if factory is not None:
        layer.type = factory.type
        layer.chatter.extend(state.early_chatter)
    state.factory = None
    state.early_chatter.clear()


def _open_from_factory(state: _State, line: int) -> LayerBuilder | None:
    """Loggers that print only the factory line: the layer begins with the first line about it."""
    factory = state.factory
    if factory is None:
        return None
    layer = state.net(line).open_layer(factory.layer, factory.line)
    layer.type = factory.type
    state.factory = None
    return layer


def _wire(state: _State, record: rec.Wire) -> None:
    if state.factory is not None and record.text.startswith(
        (f"{state.factory.layer} <- ", f"{state.factory.layer} -> ")
    ):
        _open_from_factory(state, record.line)
    layer = state.stack[-1].current if state.stack else None
    name, arrow, blob = split_wire(record.text, layer.name if layer is not None and not layer.closed else None)
    if layer is None or layer.closed or layer.name != name:
        layer = state.net(record.line).open_layer(name, record.line)
    if arrow == "<-":
        layer.bottoms.append(blob)
    else:
        in_place = blob.endswith(IN_PLACE)
        layer.tops.append(Blob(blob.removesuffix(IN_PLACE), None, None, in_place, blob == AUTOMATIC))


def split_wire(text: str, layer: str | None) -> tuple[str, str, str]:
    """`LAYER <- BLOB` → (layer, arrow, blob), split at the layer's known name; at the first arrow without one."""
    if layer is not None:
        for arrow in ("<-", "->"):
            if text.startswith(f"{layer} {arrow} "):
                return layer, arrow, text[len(layer) + len(arrow) + 2 :]
    places = [(text.find(f" {arrow} "), arrow) for arrow in ("<-", "->") if f" {arrow} " in text]
    place, arrow = min(places)
    return text[:place], arrow, text[place + 4 :]


def _net_input(state: _State, record: rec.NetInput) -> None:
    state.net(record.line).inputs.append(record.blob)


def _setting_up(state: _State, record: rec.SettingUp) -> None:
    net = state.net(record.line)
    layer = net.current
    if layer is None or layer.closed or layer.name != record.layer or layer.shapes:
        _open_named(state, net, record)


def _open_named(state: _State, net: NetBuilder, record: rec.SettingUp) -> None:
    if state.factory is None or state.factory.layer != record.layer or _open_from_factory(state, record.line) is None:
        net.open_layer(record.layer, record.line)


def _top_shape(state: _State, record: rec.TopShape) -> None:
    net = state.net(record.line)
    if record.phase is not None:
        net.phase = net.phase or record.phase
    layer = net.current
    if layer is None or not layer.wants_shape or record.layer not in (None, layer.name):
        layer = net.open_layer(record.layer, record.line)
    layer.shapes.append(record)


def _loss_weight(state: _State, record: rec.LossWeight) -> None:
    layer = state.stack[-1].current if state.stack else None
    if layer is not None and layer.shapes:
        layer.weights[len(layer.shapes) - 1] = record.weight


def _memory(state: _State, record: rec.Memory) -> None:
    net = state.net(record.line) if state.stack or state.last_done is None else None
    layer = net.current if net is not None else None
    if net is not None and layer is not None and not layer.closed and not net.flagging:
        layer.logged_bytes, layer.closed = record.bytes, True
    elif net is not None and not net.layers and record.bytes == 0:
        net.reported[BEFORE_LAYERS] = 0  # debug builds and AMD's fork print a zero before the first layer
    elif net is not None and not net.flagging and layer is not None and layer.logged_bytes is not None:
        _lost_layer(net, record)
    else:
        owner = net or state.last_done
        if owner is not None and record.bytes is not None:
            owner.total_bytes, owner.total_line = record.bytes, record.line


def _lost_layer(net: NetBuilder, record: rec.Memory) -> None:
    """A second running figure after one layer: the lines of the layer between them are missing."""
    layer = net.open_layer(None, record.line)
    layer.logged_bytes, layer.closed = record.bytes, True


def _reported(state: _State, record: rec.ReportedMemory) -> None:
    net = state.stack[-1] if state.stack else state.last_done
    if net is None:  # the log begins behind the net's layers
        net = state.begin_net(record.line)
        net.phase = record.phase
    net.reported.update(dict(record.figures))


def _sharing(state: _State, record: rec.SharingParameters) -> None:
    layer = state.stack[-1].current if state.stack else None
    if layer is not None and record.param_index is not None:
        layer.shared.append(SharedParam(record.param, record.owner, record.param_index, record.line))


def _flag(state: _State, record: rec.BackwardFlag) -> None:
    if not state.stack:
        return
    if not state.stack[-1].flag(record.layer, needed=record.needed):
        state.lost_flag_count += 1
        if len(state.lost_flags) < _NOTES_OF_A_KIND:
            state.lost_flags.append(record)


def _net_output(state: _State, record: rec.NetOutput) -> None:
    if state.stack:
        state.stack[-1].outputs.append(record.blob)


def _net_done(state: _State, record: rec.NetDone) -> None:
    if state.stack:
        net = state.stack.pop()
        net.done, net.end_line = True, record.line
        state.last_done = net


def _recurrent(state: _State, record: rec.RecurrentStart) -> None:
    _say(state, record.text)


def _chatter(state: _State, record: rec.Chatter) -> None:
    _say(state, record.text)


def _say(state: _State, text: str) -> None:
    layer = state.stack[-1].current if state.stack else None
    if state.factory is not None:
        state.early_chatter.append(text)
    elif layer is not None and not layer.closed:
        layer.chatter.append(text)


def _event(state: _State, record: rec.EventRecord) -> None:
    event = Event(record.line, record.kind, record.text, record.time_s, record.iteration, record.value, record.path)
    attempt = state.attempt(record.line)
    attempt.events.append(event)
    attempt.begun = attempt.begun or record.kind == "fatal"


# Each function takes the record type that is its key.
_FILE: Final[dict[type[rec.Record], Callable[[_State, Any], None]]] = {
    rec.SolverParameters: _solver,
    rec.Start: _start,
    rec.Milestone: _milestone,
    rec.CreatingNet: _creating_net,
    rec.NetParameters: _net_parameters,
    rec.DroppedLayer: _dropped,
    rec.FactoryLayer: _factory,
    rec.CreatingLayer: _creating_layer,
    rec.Wire: _wire,
    rec.NetInput: _net_input,
    rec.SettingUp: _setting_up,
    rec.TopShape: _top_shape,
    rec.LossWeight: _loss_weight,
    rec.Memory: _memory,
    rec.ReportedMemory: _reported,
    rec.SharingParameters: _sharing,
    rec.BackwardFlag: _flag,
    rec.NetOutput: _net_output,
    rec.NetDone: _net_done,
    rec.RecurrentStart: _recurrent,
    rec.Chatter: _chatter,
    rec.EventRecord: _event,
}


class Assembled(NamedTuple):
    """All attempts of a log, and what was odd about its lines."""

    attempts: tuple[Attempt, ...]
    notes: tuple[Note, ...]


def assemble(
    records: Sequence[rec.Record], last_line: int, series_from: int | None = None, last: LastLine | None = None
) -> Assembled:
    """Put the records of one log together.

    `last_line` is the log's; `series_from` the first solver line (a log of solver lines alone is one attempt, and so
    is what stands before the first start); `last` the last line, for an attempt that ends without a word.
    """
    state = _State()
    if series_from is not None and (not records or records[0].line > series_from):
        state.begin_attempt(series_from).begun = True
    for record in records:
        _FILE[type(record)](state, record)
    return Assembled(finished(state.attempts, last_line, last), state.all_notes())


__all__ = ["Assembled", "assemble", "split_wire"]
