"""One frozen value per thing that a set-up line can say; each carries its line number."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Record:
    """What every record has: its line, and the time in its header (seconds in a leap year, or None)."""

    line: int
    time_s: float | None


@dataclass(frozen=True, slots=True)
class SolverParameters(Record):
    """`Initializing solver from parameters:`; `dump` is the text that follows."""

    dump: str


@dataclass(frozen=True, slots=True)
class NetParameters(Record):
    """`Initializing net from parameters:`; `dump` is the text that follows, `end_line` its last line."""

    dump: str
    end_line: int


@dataclass(frozen=True, slots=True)
class CreatingNet(Record):
    """`Creating training net …` or `Creating test net (#K) …`."""

    phase: str
    test_index: int | None
    path: str | None


@dataclass(frozen=True, slots=True)
class FactoryLayer(Record):
    """`Creating layer NAME`, before the layer's constructor; NVCaffe adds the type."""

    layer: str
    type: str | None


@dataclass(frozen=True, slots=True)
class CreatingLayer(Record):
    """`Creating Layer NAME` (BVLC) or `Created Layer NAME (i)` (NVCaffe): a layer begins."""

    layer: str


@dataclass(frozen=True, slots=True)
class Wire(Record):
    """`LAYER <- BLOB` or `LAYER -> BLOB`, unsplit: names may hold arrows themselves."""

    text: str


@dataclass(frozen=True, slots=True)
class NetInput(Record):
    """`Input i -> BLOB`: an input of the net (not a layer)."""

    blob: str


@dataclass(frozen=True, slots=True)
class SettingUp(Record):
    """`Setting up NAME`."""

    layer: str


@dataclass(frozen=True, slots=True)
class TopShape(Record):
    """`Top shape: d0 d1 … (count)`; `count` None in 2013's form; `phase`, `layer` where a fork prints them."""

    dims: tuple[int, ...]
    count: int | None
    phase: str | None = None
    layer: str | None = None


@dataclass(frozen=True, slots=True)
class LossWeight(Record):
    """`    with loss weight W`, of the top shape before it."""

    weight: float


@dataclass(frozen=True, slots=True)
class Memory(Record):
    """`Memory required for data: BYTES`."""

    bytes: int


@dataclass(frozen=True, slots=True)
class ReportedMemory(Record):
    """A figure that a fork prints about itself: label and bytes; the net's phase where it is stated."""

    figures: tuple[tuple[str, int], ...]
    phase: str | None = None


@dataclass(frozen=True, slots=True)
class SharingParameters(Record):
    """`Sharing parameters 'P' owned by layer 'L', param index I`."""

    param: str
    owner: str
    index: int


@dataclass(frozen=True, slots=True)
class BackwardFlag(Record):
    """`NAME needs backward computation.` or `NAME does not need …`."""

    layer: str
    needed: bool


@dataclass(frozen=True, slots=True)
class NetOutput(Record):
    """`This network produces output BLOB`."""

    blob: str


@dataclass(frozen=True, slots=True)
class NetDone(Record):
    """`Network initialization done.`: the net stands."""


@dataclass(frozen=True, slots=True)
class DroppedLayer(Record):
    """A layer that a rule filtered out, or that a fork fused away."""

    layer: str


@dataclass(frozen=True, slots=True)
class RecurrentStart(Record):
    """`Initializing recurrent layer: … T timesteps of N independent streams.`, with its text."""

    steps: int
    streams: int
    text: str


@dataclass(frozen=True, slots=True)
class Start(Record):
    """A line that stands at the start of a run: the device, how many GPUs, a banner, a command."""

    command: str | None
    mode: str | None
    device: str | None
    version: str | None
    gpus: int | None = None


@dataclass(frozen=True, slots=True)
class Milestone(Record):
    """A point that a run passes: `scaffolding`, `optimization`, `time_done`, `test_done`."""

    what: str
    text: str


@dataclass(frozen=True, slots=True)
class EventRecord(Record):
    """Something that happened once in a while; see model.Event."""

    kind: str
    text: str
    iteration: int | None
    value: float | None
    path: str | None


@dataclass(frozen=True, slots=True)
class Chatter(Record):
    """A message of a layer's own code (`*_layer.cpp`); evidence while the layer is being set up."""

    file: str
    text: str


@dataclass(frozen=True, slots=True)
class YearMark(Record):
    """A line that states the year, and how."""

    year: int
    origin: str
