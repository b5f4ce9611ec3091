"""Records → model: which attempt, which net, nested in what, which layer. The one state machine.

The order of a layer's lines differs between versions (before rc3 "Setting up" comes before the layer's own
lines, in 2014 there is none, a pasted excerpt may begin anywhere), so each record is filed by what is open, and
a shape that belongs to nobody becomes an unnamed layer instead of being lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from logparse.assembling.definitions import phase_of, read_dump
from logparse.assembling.finish import finished
from logparse.assembling.plans import PlanBuilder
from logparse.assembling.processes import BEGINNINGS, has_run, is_anothers, note_end
from logparse.assembling.state import State
from logparse.assembling.wires import split_wire
from logparse.model import Blob, Event, SharedParam
from logparse.reading.messages import records as rec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from logparse.assembling.builders import LayerBuilder, NetBuilder
    from logparse.assembling.plans import PlanLine
    from logparse.errors import Note
    from logparse.model import Attempt
    from logparse.reading.extract import LastLine

IN_PLACE: Final = " (in-place)"
AUTOMATIC: Final = "(automatic)"
_NOTES_OF_A_KIND: Final = 20
_LARGEST_BYTES: Final = 2**63
BEFORE_LAYERS: Final = "Memory required before the first layer"


# --- one small function a record ---------------------------------------------------------------------------


def _solver(state: State, record: rec.SolverParameters) -> None:
    attempt = state.attempt(record.line)
    if attempt.begun:
        attempt = state.begin_attempt(record.line)
    attempt.command, attempt.thread = attempt.command or "train", record.thread
    dump = read_dump(record.dump)
    attempt.begun = True
    if dump is not None:
        attempt.solver, attempt.solver_cut = dump.message, dump.cut


def _start(state: State, record: rec.Start) -> None:
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


def _milestone(state: State, record: rec.Milestone) -> None:
    attempt = state.attempt(record.line)
    if record.what in BEGINNINGS and has_run(attempt):
        attempt = state.begin_attempt(record.line)
    if record.what == "optimization":
        if attempt.optimising:
            attempt = state.begin_attempt(record.line)
        attempt.optimising = True
        attempt.command = attempt.command or "train"
    note_end(attempt, record.what)
    attempt.events.append(Event(record.line, record.what, record.text, record.time_s))


def _creating_net(state: State, record: rec.CreatingNet) -> None:
    attempt = state.attempt(record.line)
    if record.phase == "TRAIN" and has_run(attempt):
        state.begin_attempt(record.line)
    state.stack.clear()
    state.announced = record


def _net_parameters(state: State, record: rec.NetParameters) -> None:
    unannounced = state.attempts and state.announced is None and not state.is_nested()
    if unannounced and is_anothers(state.attempts[-1], record, setting_up=bool(state.stack)):
        state.begin_attempt(record.line)
    net = state.begin_net(record.line)
    attempt = state.attempts[-1]
    attempt.thread, attempt.set_up_s = attempt.thread or record.thread, record.time_s
    dump = read_dump(record.dump)
    if dump is None:
        return
    net.dump, net.dump_cut = dump.message, dump.cut
    net.name = dump.message.text("name") or None
    net.phase = phase_of(dump.message) or net.phase


def _dropped(state: State, record: rec.DroppedLayer) -> None:
    state.dropped.append(record.layer)


def _factory(state: State, record: rec.FactoryLayer) -> None:
    layer = state.stack[-1].current if state.stack else None
    # A loss makes its inner Softmax through the factory too: that line is inside the set-up of the loss
    if layer is not None and not layer.closed and not layer.shapes and layer.name == record.layer:
        return
    state.factory = record
    state.forget_early()


def _creating_layer(state: State, record: rec.CreatingLayer) -> None:
    net = state.net(record.line)
    factory = state.factory if state.factory is not None and state.factory.layer == record.layer else None
    layer = net.open_layer(record.layer, factory.line if factory is not None else record.line)
    if factory is not None:
        layer.type = factory.type
        layer.chatter.extend(state.early_chatter)
        layer.data_size = state.early_size
    state.factory = None
    state.forget_early()


def _open_from_factory(state: State, line: int) -> LayerBuilder | None:
    """Loggers that print only the factory line: the layer begins with the first line about it."""
    factory = state.factory
    if factory is None:
        return None
    layer = state.net(line).open_layer(factory.layer, factory.line)
    layer.type = factory.type
    state.factory = None
    return layer


def _wire(state: State, record: rec.Wire) -> None:
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


def _net_input(state: State, record: rec.NetInput) -> None:
    state.net(record.line).inputs.append(Blob(record.blob, None, None, line=record.line))


def _setting_up(state: State, record: rec.SettingUp) -> None:
    net = state.net(record.line)
    layer = net.current
    if layer is None or layer.closed or layer.name != record.layer or layer.shapes:
        _open_named(state, net, record)


def _open_named(state: State, net: NetBuilder, record: rec.SettingUp) -> None:
    if state.factory is None or state.factory.layer != record.layer or _open_from_factory(state, record.line) is None:
        net.open_layer(record.layer, record.line)


def _top_shape(state: State, record: rec.TopShape) -> None:
    net = state.net(record.line)
    if record.phase is not None:
        net.phase = net.phase or record.phase
    layer = net.current
    if layer is None or not layer.wants_shape or record.layer not in (None, layer.name):
        layer = net.open_layer(record.layer, record.line)
    layer.shapes.append(record)


def _loss_weight(state: State, record: rec.LossWeight) -> None:
    layer = state.stack[-1].current if state.stack else None
    if layer is not None and layer.shapes:
        layer.weights[len(layer.shapes) - 1] = record.weight


def _memory(state: State, record: rec.Memory) -> None:
    net = state.net(record.line) if state.stack or state.last_done is None else None
    layer = net.current if net is not None else None
    if net is not None and layer is not None and not layer.closed and not net.flagging:
        layer.logged_bytes, layer.closed = record.bytes, True
    elif net is not None and not net.layers and record.bytes == 0:
        net.report(BEFORE_LAYERS, 0, record.line)  # debug builds and AMD's fork print a zero before the first layer
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


def _reported(state: State, record: rec.ReportedMemory) -> None:
    net = state.planned_net() if record.of_plan else state.stack[-1] if state.stack else state.last_done
    if net is None:  # the log begins behind the net's layers
        net = state.begin_net(record.line)
        net.phase = record.phase
    for label, size in record.figures:
        net.report(label, size, record.line)


def _plan_line(state: State, record: PlanLine) -> None:
    net = state.planned_net() or state.begin_net(record.line)
    if net.plan is None:
        net.plan = PlanBuilder(record.line)
    net.plan.take(record)


def _sharing(state: State, record: rec.SharingParameters) -> None:
    layer = state.stack[-1].current if state.stack else None
    if layer is not None and record.param_index is not None:
        layer.shared.append(SharedParam(record.param, record.owner, record.param_index, record.line))


def _flag(state: State, record: rec.BackwardFlag) -> None:
    if not state.stack:
        return
    if not state.stack[-1].flag(record.layer, needed=record.needed):
        state.lost_flag_count += 1
        if len(state.lost_flags) < _NOTES_OF_A_KIND:
            state.lost_flags.append(record)


def _net_output(state: State, record: rec.NetOutput) -> None:
    if state.stack:
        state.stack[-1].outputs.append(record.blob)


def _net_done(state: State, record: rec.NetDone) -> None:
    if state.stack:
        net = state.stack.pop()
        net.done, net.end_line = True, record.line
        state.last_done = net


def _chatter(state: State, record: rec.Chatter | rec.RecurrentStart) -> None:
    _say(state, record.text)


def _data_size(state: State, record: rec.DataSize) -> None:
    _say(state, record.text)
    layer = state.stack[-1].current if state.stack else None
    if state.factory is not None:
        state.early_size = record
    elif layer is not None and not layer.closed:
        layer.data_size = record


def _say(state: State, text: str) -> None:
    layer = state.stack[-1].current if state.stack else None
    if state.factory is not None:
        state.early_chatter.append(text)
    elif layer is not None and not layer.closed:
        layer.chatter.append(text)


def _event(state: State, record: rec.EventRecord) -> None:
    event = Event(record.line, record.kind, record.text, record.time_s, record.iteration, record.value, record.path)
    attempt = state.attempt(record.line)
    if record.kind in BEGINNINGS and has_run(attempt):
        attempt = state.begin_attempt(record.line)
    if record.kind == "engine" and any(one.kind == "engine" for one in attempt.events):
        return  # of the build it says the same for every layer
    attempt.events.append(event)
    if record.kind == "learnable_space" and record.value is not None and record.value < _LARGEST_BYTES:
        attempt.report_learnable(record.text, int(record.value), record.line)
    if record.kind == "fatal":
        attempt.begun = True
        if attempt.constructing is None and state.factory is not None:
            attempt.constructing = state.factory.layer
    note_end(attempt, record.kind)


def _solver_lines(state: State, record: rec.SolverLines) -> None:
    attempt = state.attempt(record.line)
    attempt.solved = attempt.begun = True
    attempt.solver_line = record.line


# Each function takes the record type that is its key.
_FILE: Final[dict[type[rec.Record], Callable[[State, Any], None]]] = {
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
    rec.PlanStepRecord: _plan_line,
    rec.PlannedBlobRecord: _plan_line,
    rec.PlannedSlotRecord: _plan_line,
    rec.SharingParameters: _sharing,
    rec.BackwardFlag: _flag,
    rec.NetOutput: _net_output,
    rec.NetDone: _net_done,
    rec.RecurrentStart: _chatter,
    rec.Chatter: _chatter,
    rec.DataSize: _data_size,
    rec.EventRecord: _event,
    rec.SolverLines: _solver_lines,
}


class Assembled(NamedTuple):
    """All attempts of a log, and what was odd about its lines."""

    attempts: tuple[Attempt, ...]
    notes: tuple[Note, ...]


def assemble(records: Sequence[rec.Record], last_line: int, last: LastLine | None = None) -> Assembled:
    """Put the records of one log together.

    `last_line` is the log's; `last` the last line, for an attempt that ends without a word. A log of solver lines alone
    is one attempt, and so is what stands before the first start.
    """
    state = State()
    for record in records:
        _FILE[type(record)](state, record)
    return Assembled(finished(state.attempts, last_line, last), state.all_notes())


__all__ = ["Assembled", "assemble", "split_wire"]
