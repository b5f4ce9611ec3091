"""What a log shows around the line that decides: where the run was, which layer, what shapes, which pass and thread."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.assembling.outcome import STAGE_WORDS, frames_of, layer_types, traced_phase, traced_stage
from logparse.tables.run.events import iteration_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from logparse.audit.finding import AuditedLog
    from logparse.model import Attempt, Blob, Event, Layer, Net
    from logparse.textproto import Message

MOST_GPU_VALUES: Final = 2**30  # the 32-bit loop counters of Caffe's kernels overflow beyond
_TWO: Final = re.compile(r"\((?P<a>-?[\w.+-]+) vs\. (?P<b>-?[\w.+-]+)\)")
_SAYS_MORE: Final = frozenset({"protobuf", "hdf5"})
_LONGEST: Final = 300
_OF_THE_RUN: Final = frozenset({"snapshot", "solverstate", "optimization", "solving", "done", "time_done", "test_done"})
# Threads by their frames, innermost first: base_data_layer.cpp, data_reader.cpp, internal_thread.cpp; parallel.cpp.
_THREADS: Final = (
    (re.compile(r"::(?:load_batch|InternalThreadEntry|DataReader::|Prefetch\w*|entry)\b"), "a thread that loads data"),
    (re.compile(r"P2PSync|NCCL|Worker(?:<.*>)?::|P2PManager"), "a worker's thread of one GPU"),
)
# Losses and measures that take class indices: a label out of range reads or writes foreign memory.
_TAKES_LABELS: Final = frozenset(
    {"SoftmaxWithLoss", "InfogainLoss", "MultinomialLogisticLoss", "Accuracy", "HingeLoss"}
)
_OF_FORKS: Final = re.compile(
    r"caffe::(?P<type>ROIPooling|PSROIPooling|PSROIAlign|Python|Proposal|SmoothL1Loss|Upsample|Correlation|Interp"
    r"|Permute|MultiBoxLoss|DetectionOutput|Resample|FlowWarp|Warp\w*|CTC\w*|Deform\w*)Layer"
)


@dataclass(frozen=True)
class Scene:
    """One deciding event of one attempt, and all that stands around it."""

    log: AuditedLog
    attempt: Attempt
    event: Event
    match: re.Match[str]
    more: Mapping[str, str] = field(default_factory=dict)  # groups of what was said before or after

    # --- the stack trace --------------------------------------------------------------------------------------

    @cached_property
    def frames(self) -> tuple[str, ...]:
        """The trace behind the line, innermost first; that of a signal stands behind it as well."""
        events = self.attempt.events
        place = next(i for i, event in enumerate(events) if event is self.event)
        return frames_of(events[place + 1 :])

    def traced(self, regex: str) -> bool:
        """Whether any frame has this."""
        return any(re.search(regex, frame) for frame in self.frames)

    @cached_property
    def phase(self) -> str | None:
        """TRAIN or TEST of the net at work, by the trace or the net being set up; else None."""
        net = self.net_in_set_up
        return traced_phase(self.frames) or (net.phase if net is not None else None)

    @cached_property
    def stage(self) -> str | None:
        """What was going on, by the trace: a key of outcome's STAGE_WORDS."""
        return traced_stage(self.frames)

    @cached_property
    def thread(self) -> str | None:
        """Which thread died, where the trace tells one beside the solver's."""
        return next((words for frame in self.frames for regex, words in _THREADS if regex.search(frame)), None)

    @cached_property
    def fork_layer(self) -> str | None:
        """The innermost layer of a fork in the trace, by its class."""
        found = (_OF_FORKS.search(frame) for frame in self.frames)
        return next((match["type"] for match in found if match is not None), None)

    # --- the net ----------------------------------------------------------------------------------------------

    @cached_property
    def net_in_set_up(self) -> Net | None:
        """The innermost net whose set-up has no end."""
        return next((net for net in reversed(self.attempt.nets) if not net.done), None)

    @cached_property
    def layer(self) -> Layer | None:
        """The layer being set up: the last one, if its shapes are not printed yet."""
        net = self.net_in_set_up
        last = net.layers[-1] if net is not None and net.layers and self.attempt.constructing is None else None
        shapes = [top for top in last.tops if top.shape is not None] if last is not None else []
        return last if not shapes else None

    @property
    def layer_name(self) -> str | None:
        """The name of the layer being set up or constructed."""
        return self.attempt.constructing or (self.layer.name if self.layer is not None else None)

    @cached_property
    def definition(self) -> Message | None:
        """The definition of that layer, where the log has it."""
        net = self.net_in_set_up
        if self.layer is not None and self.layer.definition is not None:
            return self.layer.definition.message
        layers = [] if net is None or net.dump is None else net.dump.children("layer") + net.dump.children("layers")
        return next((one for one in layers if one.text("name") == self.layer_name and self.layer_name), None)

    @property
    def layer_type(self) -> str | None:
        """The type of that layer."""
        own = self.layer.type if self.layer is not None else None
        return own or (self.definition.text("type") if self.definition is not None else None) or None

    @property
    def layer_text(self) -> str:
        """That layer in the middle of a sentence; "a layer" where it is not known."""
        if self.layer_name is None:
            return "a layer"
        return f"layer {self.layer_name!r}" + (f" ({self.layer_type})" if self.layer_type else "")

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Blob → its last printed shape in the net being set up, and in the net at work where all are."""
        net = self.net_in_set_up or self.net_at_work
        layers = net.layers if net is not None else ()
        return {top.name: top.shape for layer in layers for top in layer.tops if top.shape is not None}

    @cached_property
    def bottoms(self) -> tuple[str, ...]:
        """What the layer being set up reads: by its lines, else by its definition."""
        if self.layer is not None and self.layer.bottoms:
            return self.layer.bottoms
        return self.definition.texts("bottom") if self.definition is not None else ()

    @cached_property
    def net_at_work(self) -> Net | None:
        """The first net of the phase that the trace tells; the first of all where it tells none."""
        own = [net for net in self.attempt.nets if net.nested is None]
        return next((net for net in own if self.phase in (None, net.phase)), None)

    @cached_property
    def label_layers(self) -> tuple[Layer, ...]:
        """The layers of the net at work that take class indices."""
        net = self.net_at_work
        return tuple(layer for layer in net.layers if layer.type in _TAKES_LABELS) if net is not None else ()

    @property
    def classes(self) -> int | None:
        """How many classes the first of them has: the second dimension of what it reads."""
        shape = self.shapes.get(self.label_layers[0].bottoms[0]) if self.label_layers else None
        return shape[1] if shape is not None and len(shape) > 1 else None

    @cached_property
    def huge(self) -> Blob | None:
        """The largest blob beyond what Caffe's GPU kernels count, the first of several; None where there is none."""
        tops = [top for net in self.attempt.nets for layer in net.layers for top in layer.tops]
        beyond = [top for top in tops if (top.count or 0) > MOST_GPU_VALUES]
        return max(beyond, key=lambda top: top.count or 0, default=None)

    # --- the run ----------------------------------------------------------------------------------------------

    @cached_property
    def _shown(self) -> list[tuple[int, int]]:
        """(line, iteration) of the first and the last that the attempt displayed or tested before the line."""
        series = self.log.facts.curves.series
        return sorted(
            (line, iteration)
            for name in ("display", "test_start")
            if name in series
            for iteration, line in _ends(series[name]["iteration"], series[name]["line"], self.attempt, self.event.line)
        )

    @property
    def iterations(self) -> tuple[int, int] | None:
        """The first and the last iteration that the attempt displayed or tested before the line; None without any."""
        return (self._shown[0][1], self._shown[-1][1]) if self._shown else None

    @property
    def trained(self) -> bool:
        """Whether more than the first iteration had been shown before the line."""
        return self.iterations is not None and self.iterations[1] > self.iterations[0]

    def earlier(self, *kinds: str) -> Event | None:
        """The last event of these kinds before the line."""
        before = (one for one in reversed(self.attempt.events) if one.line < self.event.line and one.kind in kinds)
        return next(before, None)

    @property
    def numbers(self) -> tuple[str, str]:
        """The two numbers of the failed check; empty where it has none."""
        found = _TWO.search(self.event.text)
        return (found["a"], found["b"]) if found is not None else ("", "")

    @property
    def whole_numbers(self) -> tuple[int, int] | None:
        """The same as whole numbers."""
        first, second = self.numbers
        both = first.removeprefix("-").isdecimal() and second.removeprefix("-").isdecimal()
        return (int(first), int(second)) if both and max(len(first), len(second)) < 20 else None

    # --- as evidence ------------------------------------------------------------------------------------------

    def evidence(self) -> Iterator[str]:
        """What the diagnosis rests on, in words."""
        yield f"line {self.event.line}: {clipped(self.event.text)}"
        said = self.earlier(*_SAYS_MORE)
        if said is not None:
            yield f"line {said.line}: {clipped(said.text)}"
        yield from self._set_up()
        yield from self._trace()
        if self.iterations is not None:
            yield f"last iteration shown before it: {formats.count(self.iterations[1])}"
            yield self._snapshot()

    def _set_up(self) -> Iterator[str]:
        net = self.net_in_set_up
        if net is None or self.layer_name is None:
            return
        phase = f" of the {net.phase} net" if net.phase else ""
        yield f"being set up: {self.layer_text}{phase}"
        for bottom in self.bottoms:
            shape = self.shapes.get(bottom)
            yield f"its bottom {bottom}: " + (formats.shape(shape) if shape is not None else "no shape printed")

    def _trace(self) -> Iterator[str]:
        words = [] if self.stage is None else [STAGE_WORDS[self.stage]]
        words += [f"layer type {kind}" for kind in layer_types(self.frames)[:1]]
        words += [] if self.phase is None or self.net_in_set_up is not None else [f"{self.phase} net"]
        if words and self.frames:
            yield f"by the stack trace: {', '.join(words)}"
        if self.thread is not None:
            yield f"thread: {self.thread}"

    def _snapshot(self) -> str:
        """The last snapshot; not the one at which the run ended, which may not be whole."""
        at_it = self.event.kind == "snapshot" or "SerializeToOstream" in self.event.text
        until = self._shown[-1][0] if at_it and self._shown else self.event.line
        before = [one for one in self.attempt.events if one.kind == "snapshot" and one.line < until]
        if before:
            return f"last snapshot: {_named(before[-1])}"
        resumed = self.earlier("resume")
        since = "" if resumed is None else f" since it was resumed from {_named(resumed)}"
        return f"no {'whole ' if at_it else ''}snapshot before it{since}"


def _named(event: Event) -> str:
    """A snapshot's file, with the iteration in its name."""
    iteration = iteration_of(event.path)
    return f"{event.path}" + ("" if iteration is None else f" (iteration {formats.count(iteration)})")


def clipped(text: str) -> str:
    """A line's text, shortened."""
    stripped = text.strip()
    return stripped if len(stripped) <= _LONGEST else f"{stripped[:_LONGEST]}…"


def _ends(iterations: object, lines: object, attempt: Attempt, before: int) -> Iterator[tuple[int, int]]:
    """The first and the last (iteration, line) of a series within an attempt and before a line."""
    import numpy as np

    place, number = np.asarray(lines), np.asarray(iterations)
    first, past = np.searchsorted(place, [attempt.line, min(before, attempt.end_line + 1)]).tolist()
    for row in (first, past - 1) if past > first else ():
        yield int(number[row]), int(place[row])


def goes_on(log: AuditedLog, attempt: Attempt, event: Event) -> bool:
    """Whether the attempt says anything of its run after an event."""
    if any(one.line > event.line and one.kind in _OF_THE_RUN for one in attempt.events):
        return True
    series = log.facts.curves.series.values()
    return any(_has_between(columns["line"], event.line, attempt.end_line) for columns in series)


def _has_between(lines: object, after: int, end: int) -> bool:
    import numpy as np

    first, past = np.searchsorted(np.asarray(lines), [after, end], side="right").tolist()
    return bool(past > first)
