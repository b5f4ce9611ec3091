"""How an attempt ended: a word, what the log says, and where; and where memory ran out.

A fatal line is followed by glog's stack trace, innermost frame first. It says which part of Caffe asked for the
memory, though not for how much (Caffe never frees during a run: the request that failed is the first one that did
not fit). Two other errors look alike and are not about memory: a blob of more than 2^31 - 1 values, which
`Blob::Reshape` refuses, and one of more than 2^30, at which the 32-bit loop counters of Caffe's GPU kernels overflow.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from logparse.model import OutOfMemory

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from logparse.assembling.builders import AttemptBuilder
    from logparse.model import Event, Net
    from logparse.reading.extract import LastLine

_MOST_GPU_VALUES: Final = 2**30
_DEVICE: Final = "device"
_HOST: Final = "host"
# What the allocators say, and on which side: syncedmem.cpp, gpu_memory.hpp, cuBLAS, cuDNN, OpenCL; malloc, new, mmap.
_ALLOCATORS: Final = (
    (re.compile(r"host allocation of size (?P<requested>\d+) failed|std::bad_alloc|Cannot allocate memory"), _HOST),
    (
        re.compile(
            r"Failed to allocate (?P<requested>\d+) bytes on device \d+"
            r"(?:\. Total memory: (?P<total>\d+), Free: (?P<free>\d+))?"
        ),
        _DEVICE,
    ),
    (re.compile(r"out of memory|_ALLOC_FAILED|CL_MEM_OBJECT_ALLOCATION_FAILURE|CL_OUT_OF_RESOURCES"), _DEVICE),
)
# Frames, innermost first: the first that is in this table says what was going on.
_STAGES: Final = (
    (re.compile(r"\bNet(?:<.*>)?::Init\("), "init"),
    (re.compile(r"::\w*Backward\w*\("), "backward"),
    (re.compile(r"::\w*Forward\w*\("), "forward"),
    (re.compile(r"::ClearParamDiffs\("), "parameter gradients"),
    (re.compile(r"::(?:ComputeUpdateValue|ApplyUpdate|ClipGradients|Normalize|Regularize|PreSolve)\("), "update"),
    (re.compile(r"::(?:load_batch|InternalThreadEntry|Prefetch\w*)\("), "prefetch"),
    (re.compile(r"::Snapshot\w*\("), "snapshot"),
    (re.compile(r"::(?:Timer::\w+|SetDevice|Get|Caffe)\("), "context"),
)
_PHASES: Final = (
    (re.compile(r"::(?:Test|TestAll|InitTestNets)\(|^test\("), "TEST"),
    (re.compile(r"::(?:InitTrainNet|Step|Solve)\("), "TRAIN"),
)
_LAYER: Final = re.compile(r"\bcaffe::(?:\w+::)*(?:CuDNN|MKLDNN|MKL)?(?P<type>\w+?)Layer(?:<.*>)?::")
_FRAME: Final = re.compile(r"\s*@\s+(?:0x[0-9a-fA-F]+|\(nil\))?\s*(?P<symbol>.*)", re.DOTALL)
# What only a run that goes on says.
_OF_THE_RUN: Final = frozenset({"snapshot", "solverstate", "optimization", "solving"})
_BASE_CLASSES: Final = frozenset({"", "Base", "Loss", "Neuron", "BaseData", "BasePrefetchingData"})


def out_of_memory_place(events: Sequence[Event]) -> OutOfMemory | None:
    """Where memory ran out, from the events of one attempt; None where it did not."""
    for place, event in enumerate(events):
        if event.kind not in ("fatal", "exception"):
            continue
        for allocator, side in _ALLOCATORS:
            said = allocator.search(event.text)
            if said is not None:
                return _place(event, said, side, frames_of(events[place + 1 :]))
    return None


def frames_of(events: Iterable[Event]) -> tuple[str, ...]:
    """The symbols of a stack trace, innermost first: the stack events up to the first event of another kind."""
    symbols = []
    for event in events:
        if event.kind != "stack":
            break
        found = _FRAME.match(event.text)
        symbols.append(found["symbol"].strip() if found else event.text)
    return tuple(symbol for symbol in symbols if not symbol.startswith("google::LogMessage"))


def command_of(events: Iterable[Event]) -> str | None:
    """The command, where only the stack trace of a failed start names it: the frame above `main`."""
    words = {"train()": "train", "test()": "test", "time()": "time", "device_query()": "device_query"}
    frames = (_FRAME.match(event.text) for event in events if event.kind == "stack")
    return next(
        (words[frame["symbol"].strip()] for frame in frames if frame and frame["symbol"].strip() in words), None
    )


def _place(event: Event, said: re.Match[str], side: str, frames: tuple[str, ...]) -> OutOfMemory:
    groups = said.groupdict()
    return OutOfMemory(
        line=event.line,
        text=event.text,
        side=side,
        stage=traced_stage(frames),
        phase=traced_phase(frames),
        layer_type=next(iter(layer_types(frames)), None),
        layer=None,
        requested_bytes=_number(groups.get("requested")),
        free_bytes=_number(groups.get("free")),
        frames=frames,
    )


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def _first(table: Sequence[tuple[re.Pattern[str], str]], frames: Iterable[str]) -> str | None:
    """The word of the innermost frame that any row knows."""
    return next((word for frame in frames for regex, word in table if regex.search(frame)), None)


def traced_stage(frames: Iterable[str]) -> str | None:
    """What was going on, by the innermost frame that tells: a key of STAGE_WORDS."""
    return _first(_STAGES, frames)


def traced_phase(frames: Iterable[str]) -> str | None:
    """TRAIN or TEST, by the frames of the solver; None where they do not tell."""
    return _first(_PHASES, frames)


def layer_types(frames: Iterable[str]) -> tuple[str, ...]:
    """The layers' classes without their engines, innermost first: `caffe::CuDNNConvolutionLayer<>::Reshape()` →
    Convolution. A layer that works through another one stands behind it."""
    found = (_LAYER.search(frame) for frame in frames)
    names = (one["type"].removeprefix("Base") for one in found if one is not None and one["type"] not in _BASE_CLASSES)
    return tuple(dict.fromkeys(names))


def located(place: OutOfMemory, nets: Sequence[Net]) -> OutOfMemory:
    """The place with the layer's name where it is certain: the one being set up, or the only one of its type."""
    mine = [net for net in nets if net.nested is None and place.phase in (None, net.phase)]
    if place.stage == "init":
        open_net = next((net for net in reversed(mine) if not net.done and net.layers), None)
        return place if open_net is None else replace(place, layer=open_net.layers[-1].name, phase=open_net.phase)
    names = [layer.name for net in mine[:1] for layer in net.layers if layer.type == place.layer_type]
    return replace(place, layer=names[0]) if len(names) == 1 and place.layer_type is not None else place


# --- the outcome -------------------------------------------------------------------------------------------


def outcome_of(attempt: AttemptBuilder, silent: str) -> tuple[str, str, int | None]:
    """The outcome word (see model.Attempt), its text and its line; the gravest event decides.

    `silent` is what is said where no event tells how it ended.
    """
    by_kind: dict[str, Event] = {}
    for event in attempt.events:
        by_kind.setdefault(event.kind, event)
    for kinds, word in _GRAVEST_FIRST:
        found = next((by_kind[kind] for kind in kinds if kind in by_kind), None)
        if found is not None:
            return _told(attempt, word, found)
    raised = _raised(attempt)
    if raised is not None:
        return "fatal", raised.text, raised.line
    if attempt.command == "device_query":
        return "done", "The devices were listed.", None
    return "unfinished", silent, None


def _raised(attempt: AttemptBuilder) -> Event | None:
    """The exception of Python that ended a script around Caffe: with its traceback, and nothing of the run after it.

    A script may catch one and go on; what other words than the run's follow takes nothing back.
    """
    pairs = zip(attempt.events, attempt.events[1:], strict=False)
    found = [now for before, now in pairs if (before.kind, now.kind) == ("traceback", "complaint")]
    if not found:
        return None
    run = [event.line for event in attempt.events if event.kind in _OF_THE_RUN]
    nets = [layer.line for net in attempt.nets for layer in net.layers]
    return found[-1] if found[-1].line > max(*run, *nets, attempt.solver_line, attempt.line) else None


def silence(last: LastLine | None) -> str:
    """What is said of an attempt whose log ends without a word about the end."""
    if last is None:
        return "The log ends without a word about the end."
    if last.cut:
        return f"The log is cut in the middle of line {last.number}: {last.text}"
    return f"No word about the end (cut, still running, or killed); the last line is {last.number}: {last.text}"


def _told(attempt: AttemptBuilder, word: str, event: Event) -> tuple[str, str, int | None]:
    if word != "fatal":
        return word, event.text, event.line
    place = attempt.out_of_memory
    if place is not None and place.line == event.line:
        return "out_of_memory", f"{event.text}{place_text(place)}", event.line
    return word, f"{event.text}{_not_memory(attempt, event.text)}{_parse_error(attempt, event)}", event.line


def place_text(place: OutOfMemory) -> str:
    """Where it happened in words, to follow the message; empty where no stack trace tells."""
    parts = []
    if place.stage is not None:
        parts.append(STAGE_WORDS[place.stage])
    if place.layer is not None:
        parts.append(f"layer {place.layer!r}")
    elif place.layer_type is not None:
        parts.append(f"layer type {place.layer_type}")
    if place.phase is not None:
        parts.append(f"{place.phase} net")
    return f"; {', '.join(parts)}" if parts else ""


def _parse_error(attempt: AttemptBuilder, fatal: Event) -> str:
    """What protobuf said was wrong with a definition, before Caffe says only that it could not read it."""
    if "Failed to parse" not in fatal.text:
        return ""
    said = [event.text for event in attempt.events if event.kind == "protobuf" and event.line < fatal.line]
    return f"; {said[-1].partition('] ')[2] or said[-1]}" if said else ""


def _not_memory(attempt: AttemptBuilder, text: str) -> str:
    """What an error that looks like a lack of memory really is."""
    if "blob size exceeds INT_MAX" in text:
        return "; not out of memory: a blob would have more than 2^31 - 1 values"
    if "illegal memory access" not in text:
        return ""
    counts = [
        (shape.values or 0, layer.name)
        for net in attempt.nets
        for layer in net.layers
        for shape in layer.shapes
        if shape.values is not None and shape.values > _MOST_GPU_VALUES
    ]
    if not counts:
        return ""
    count, name = max(counts, key=lambda found: found[0])
    return f"; not out of memory: a blob of layer {name!r} has {count} values, and Caffe's kernels count up to 2^30"


STAGE_WORDS: Final = {
    "init": "while the net was set up",
    "forward": "in the forward pass",
    "backward": "in the backward pass",
    "parameter gradients": "when the parameters' gradients were allocated",
    "update": "in the update of the parameters",
    "prefetch": "while data were fetched ahead",
    "snapshot": "while a snapshot was taken",
    "context": "when the device's context was made",
}
# A crash after "Optimization Done" (a corrupted heap at exit) does not undo the training.
_GRAVEST_FIRST: Final = (
    (("fatal",), "fatal"),
    (("stopped_early",), "stopped"),
    (("done", "time_done", "test_done"), "done"),
    (("exception",), "fatal"),
    (("signal",), "signal"),
    (("killed",), "killed"),
)
