"""What a log says, as frozen values: no pandas, no derived numbers, no text for people.

Line numbers (from 1, as an editor shows them) are the one coordinate that everything carries.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from logparse.errors import Note
    from logparse.textproto import Message

    Column = npt.NDArray[Any]


MOST_VALUES: Final = 2**31 - 1  # of a blob: Blob::Reshape in blob.cpp refuses more


@dataclass(frozen=True, slots=True)
class Source:
    """One input: where it came from and what stood in it.

    `size_bytes` and `sha256` are of the input as given (compressed if it was), `text_bytes` and
    `lines` of the text inside. `name` is a path or "<stdin>".
    """

    name: str
    size_bytes: int
    sha256: str
    text_bytes: int
    lines: int
    encoding: str = "utf-8"
    compression: str | None = None


@dataclass(frozen=True, slots=True)
class Blob:
    """One top of a layer.

    `shape` is as printed; `()` is a scalar; None where no "Top shape" line was found. `count` is the
    printed count; None where none is printed: the shapes of 2013 leave out batch and count (`96 55 55`).
    """

    name: str
    shape: tuple[int, ...] | None
    count: int | None
    in_place: bool = False
    automatic: bool = False
    loss_weight: float | None = None
    line: int | None = None

    @property
    def is_per_image(self) -> bool:
        """Whether the shape is printed without its batch."""
        return self.shape is not None and self.count is None


@dataclass(frozen=True, slots=True)
class SharedParam:
    """`Sharing parameters 'P' owned by layer 'L', param index I`."""

    param: str
    owner: str
    index: int
    line: int


@dataclass(frozen=True, slots=True)
class Definition:
    """A layer's definition and where it comes from: "dump", "other net's dump" or "prototxt"."""

    message: Message
    origin: str


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of one net, as set up.

    `name` is None for a shape line that stands without its layer. `type` comes from the definition
    or, in some forks, from the log; None where neither tells. `logged_bytes` is the running
    "Memory required for data" after this layer, None where not printed. `chatter` are the lines that
    the layer's own set-up printed.
    """

    index: int
    name: str | None
    type: str | None
    bottoms: tuple[str, ...]
    tops: tuple[Blob, ...]
    logged_bytes: int | None
    backward: bool | None
    shared_params: tuple[SharedParam, ...]
    definition: Definition | None
    chatter: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One step of a fork's memory plan, in the order of the log.

    `kind` is `layer` (its forward or backward pass begins), `excluded` (the blob is left alone), `taken` (half a blob
    takes a slot), `shared` (it is its root's memory), `in place`, `kept` (what a layer reads is not given back, since
    its backward pass reads it again), `released` (one reader less), `start`, `checked`, `new` or `diff shared`. `blob`
    and `root` are halves, NAME_data or NAME_diff, or the excluded blob's name. A `slot` of -1 is none.
    """

    kind: str
    blob: str | None
    root: str | None
    slot: int | None
    layer: str | None
    line: int


@dataclass(frozen=True, slots=True)
class PlannedBlob:
    """Where a blob's data and diff end up: the slots' numbers; None where the half has memory of its own."""

    name: str
    data_slot: int | None
    diff_slot: int | None
    line: int


@dataclass(frozen=True, slots=True)
class PlannedSlot:
    """One slot and its size."""

    slot: int
    bytes: int
    line: int


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """What yjxiong's fork prints of how a net's blobs share memory.

    `version` is 1 (August to December 2016) or 2 (since), None where no step tells it.
    """

    version: int | None
    steps: tuple[PlanStep, ...]
    blobs: tuple[PlannedBlob, ...]
    slots: tuple[PlannedSlot, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Net:
    """One `Net::Init`.

    `index` counts all nets of an attempt in order of initialisation, nested ones too. `test_index`
    is K of "test net (#K)". `nested` is the enclosing layer's name, `parent` that net's index.
    `inputs` are blobs that no layer makes, with the
    shapes that the definition states for them. `dump` is the definition as printed, None where none was; `dump_cut`
    whether it was cut.
    `total_bytes` is a total printed once after the last layer (before rc3). `reported` are other
    figures that a fork prints about itself, label → bytes (`reported_lines`: → line), never taken as totals. `plan` is
    how the blobs share memory where a fork prints it. `done` is whether
    "Network initialization done." came. `element_bytes` is derived from the running memory line.
    """

    index: int
    phase: str | None
    name: str | None
    test_index: int | None
    nested: str | None
    parent: int | None
    layers: tuple[Layer, ...]
    inputs: tuple[Blob, ...]
    outputs: tuple[str, ...]
    dump: Message | None
    dump_cut: bool
    total_bytes: int | None
    total_line: int | None
    element_bytes: int | None
    reported: Mapping[str, int]
    reported_lines: Mapping[str, int]
    plan: MemoryPlan | None
    dropped: tuple[str, ...]
    done: bool
    line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened once: a snapshot, a signal, an error, a resume.

    `kind` is one of a fixed set of words (`snapshot`, `solverstate`, `resume`, `finetune`, `signal`,
    `fatal`, `stack`, `stopped_early`, `done`, `clipping`, `multistep`, `stall`, `complaint`, …).
    """

    line: int
    kind: str
    text: str
    time_s: float | None = None
    iteration: int | None = None
    value: float | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class OutOfMemory:
    """Where memory ran out, from the fatal message and the stack trace behind it.

    `side` is "device" or "host". `stage` is "init", "forward", "backward", "parameter gradients", "update",
    "prefetch", "snapshot" or "context"; `phase` the net's; `layer_type` the innermost layer's class without its
    engine, `layer` its name where that is certain. `requested_bytes` and `free_bytes` only where the message says.
    What the trace does not tell is None.
    """

    line: int
    text: str
    side: str
    stage: str | None
    phase: str | None
    layer_type: str | None
    layer: str | None
    requested_bytes: int | None
    free_bytes: int | None
    frames: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One start of the solver (or of `caffe time` / `caffe test`), lines `line` to `end_line`.

    `command` is "train", "test", "time", "device_query" or None. `outcome` is one of `done`,
    `stopped`, `signal`, `killed`, `fatal`, `out_of_memory` or `unfinished`; `outcome_text` says
    with what and where. `start_s`/`end_s` are the first and last time stamp in seconds since the
    start of year `year` (or of an unknown year), `duration_s` the time between them, to which a clock
    that was set back does no harm. `gpus` is how many train together ("Using GPUs 0, 1"), None where
    the log does not say. `constructing` is the layer in whose constructor a fatal error came, before any line of
    the net about it.
    """

    index: int
    command: str | None
    solver: Message | None
    solver_cut: bool
    nets: tuple[Net, ...]
    events: tuple[Event, ...]
    devices: tuple[str, ...]
    versions: tuple[str, ...]
    mode: str | None
    outcome: str
    outcome_text: str
    outcome_line: int | None
    start_s: float | None
    end_s: float | None
    year: int | None
    line: int
    end_line: int
    duration_s: float | None = None
    out_of_memory: OutOfMemory | None = None
    gpus: int | None = None
    constructing: str | None = None

    @property
    def training_net(self) -> Net | None:
        """The net that is trained; None where the log shows none."""
        return next((net for net in self.nets if net.phase == "TRAIN" and net.nested is None), None)


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """How many lines were understood in one way: `kind` is the class, `reason` names the pattern or
    the ground for ignoring, `first_line` and `example` show one of them."""

    kind: str  # "recognised", "ignored", "dump", "foreign" or "unknown"
    reason: str
    lines: int
    first_line: int
    example: str


@dataclass(frozen=True, slots=True)
class Curves:
    """The solver's lines as columns: series → column → array, rows in the order of the log.

    Which series there are, and their columns: reading/messages/patterns/series.py. Behind these every series has the
    time that its lines' headers gave: `month_day` (MMDD, -1 where there was none) and `seconds_of_day` (NaN). Names of
    outputs, layers and blobs are indices into `names`.
    """

    series: Mapping[str, Mapping[str, Column]] = field(default_factory=dict)
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LogFacts:
    """One log, read: the root of the model.

    `ranks` are the processes that a launcher numbered, each with its number of lines; the first one is read.
    """

    source: Source
    attempts: tuple[Attempt, ...]
    curves: Curves
    ledger: tuple[LedgerRow, ...]
    notes: tuple[Note, ...]
    year: int | None
    year_origin: str | None
    ranks: tuple[tuple[int, int], ...] = ()
