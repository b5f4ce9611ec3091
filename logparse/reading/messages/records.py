"""One frozen value per thing that a set-up line can say; each carries its line number."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Record(Protocol):
    """What every record has: its line, and the time in its header (seconds in a leap year, or None).

    The kinds are named tuples: a log has thousands of records, and they live from one line to the assembling.
    """

    @property
    def line(self) -> int:
        """The line's number, from 1."""

    @property
    def time_s(self) -> float | None:
        """Seconds since the year's start, had it 29 February."""


class SolverParameters(NamedTuple):
    """`Initializing solver from parameters:`; `dump` is the text that follows, `thread` the number in its header."""

    line: int
    time_s: float | None
    dump: str
    thread: int | None = None


class NetParameters(NamedTuple):
    """`Initializing net from parameters:`; `dump` is the text that follows, `end_line` its last line.

    `thread` is the number in its header: nets are set up by a process's first thread, whose number is the process's.
    """

    line: int
    time_s: float | None
    dump: str
    end_line: int
    thread: int | None = None


class SolverLines(NamedTuple):
    """Lines of a running solver begin (displays, tests, times, debug figures): the set-up before them is over."""

    line: int
    time_s: float | None


class CreatingNet(NamedTuple):
    """`Creating training net …` or `Creating test net (#K) …`."""

    line: int
    time_s: float | None
    phase: str
    test_index: int | None
    path: str | None


class FactoryLayer(NamedTuple):
    """`Creating layer NAME`, before the layer's constructor; NVCaffe adds the type."""

    line: int
    time_s: float | None
    layer: str
    type: str | None


class CreatingLayer(NamedTuple):
    """`Creating Layer NAME` (BVLC) or `Created Layer NAME (i)` (NVCaffe): a layer begins."""

    line: int
    time_s: float | None
    layer: str


class Wire(NamedTuple):
    """`LAYER <- BLOB` or `LAYER -> BLOB`, unsplit: names may hold arrows themselves."""

    line: int
    time_s: float | None
    text: str


class NetInput(NamedTuple):
    """`Input i -> BLOB`: an input of the net (not a layer)."""

    line: int
    time_s: float | None
    blob: str


class SettingUp(NamedTuple):
    """`Setting up NAME`."""

    line: int
    time_s: float | None
    layer: str


class TopShape(NamedTuple):
    """`Top shape: d0 d1 … (values)`; `values` None in 2013's form; `phase`, `layer` where a fork prints them.

    `dims` is None where no blob has what is printed. A whole number that no column can hold is None here and below.
    """

    line: int
    time_s: float | None
    dims: tuple[int, ...] | None
    values: int | None
    phase: str | None = None
    layer: str | None = None


class LossWeight(NamedTuple):
    """`    with loss weight W`, of the top shape before it."""

    line: int
    time_s: float | None
    weight: float


class Memory(NamedTuple):
    """`Memory required for data: BYTES`."""

    line: int
    time_s: float | None
    bytes: int | None


class ReportedMemory(NamedTuple):
    """Figures that a fork prints about itself: label and bytes; the net's phase where it is stated.

    `of_plan` says that a memory plan ends with them.
    """

    line: int
    time_s: float | None
    figures: tuple[tuple[str, int], ...]
    phase: str | None = None
    of_plan: bool = False


class PlanStepRecord(NamedTuple):
    """One step of a fork's memory plan; see model.PlanStep. `version` is the plan's, as the wording tells it."""

    line: int
    time_s: float | None
    kind: str
    blob: str | None
    root: str | None
    slot: int | None
    layer: str | None
    version: int


class PlannedBlobRecord(NamedTuple):
    """`blob I name B data idx K`: where half a blob ends up; -1 is its own memory."""

    line: int
    time_s: float | None
    place: int
    blob: str
    half: str
    slot: int


class PlannedSlotRecord(NamedTuple):
    """`storage memory slot K size BYTES`."""

    line: int
    time_s: float | None
    slot: int
    bytes: int


class SharingParameters(NamedTuple):
    """`Sharing parameters 'P' owned by layer 'L', param index I`."""

    line: int
    time_s: float | None
    param: str
    owner: str
    param_index: int | None


class BackwardFlag(NamedTuple):
    """`NAME needs backward computation.` or `NAME does not need …`."""

    line: int
    time_s: float | None
    layer: str
    needed: bool


class NetOutput(NamedTuple):
    """`This network produces output BLOB`."""

    line: int
    time_s: float | None
    blob: str


class NetDone(NamedTuple):
    """`Network initialization done.`: the net stands."""

    line: int
    time_s: float | None


class DroppedLayer(NamedTuple):
    """A layer that a rule filtered out, or that a fork fused away."""

    line: int
    time_s: float | None
    layer: str


class RecurrentStart(NamedTuple):
    """`Initializing recurrent layer: … T timesteps of N independent streams.`, with its text."""

    line: int
    time_s: float | None
    steps: int | None
    streams: int | None
    text: str


class DataSize(NamedTuple):
    """`output data size: N,C,H,W`: the shape of a data layer's first top, and the line's text."""

    line: int
    time_s: float | None
    dims: tuple[int, ...]
    text: str


class Start(NamedTuple):
    """A line that stands at the start of a run: the device, how many GPUs, a banner, a command."""

    line: int
    time_s: float | None
    command: str | None
    mode: str | None
    device: str | None
    version: str | None
    gpus: int | None = None


class Milestone(NamedTuple):
    """A point that a run passes: `scaffolding`, `optimization`, `time_done`, `test_done`."""

    line: int
    time_s: float | None
    what: str
    text: str


class EventRecord(NamedTuple):
    """Something that happened once in a while; see model.Event."""

    line: int
    time_s: float | None
    kind: str
    text: str
    iteration: int | None
    value: float | None
    path: str | None


class Chatter(NamedTuple):
    """A message of a layer's own code (`*_layer.cpp`); evidence while the layer is being set up."""

    line: int
    time_s: float | None
    file: str
    text: str
