"""What is known of a layer type beside its costs: one row a type, stated beside its rule in `rules/`.

Everything that asks "is it a convolution, does it prefetch, may it work in place, what does its backward pass read"
asks the row. What is not known is stated too: a rule that raises `Missing` with its reason.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from logparse.cost.rule import Missing, View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.cost.buffer import BufferRule
    from logparse.cost.rule import Rule
    from logparse.cost.spec import LayerSpec
    from logparse.textproto import Message


class LayerKind(StrEnum):
    """What a reviewer calls a layer: convolutions are compared with fully connected layers, and these with the rest."""

    CONVOLUTION = "convolution"
    FULLY_CONNECTED = "fully connected"
    RECURRENT = "recurrent"
    EMBEDDING = "embedding"
    NORMALISATION = "normalisation"
    ACTIVATION = "activation"
    POOLING = "pooling"
    RESAMPLING = "resampling"
    JOINING = "joining"
    DATA = "data"
    LOSS = "loss"
    DETECTION = "detection"
    CUSTOM = "custom code"


class Base(StrEnum):
    """Caffe's class that a layer's class derives from (include/caffe/layers); what follows from it is told once."""

    LAYER = "Layer"
    NEURON = "NeuronLayer"
    LOSS = "LossLayer"
    CONVOLUTION = "BaseConvolutionLayer"
    DATA = "BaseDataLayer"
    PREFETCHING = "BasePrefetchingDataLayer"
    RECURRENT = "RecurrentLayer"


class Family(StrEnum):
    """The operation, whatever a fork calls it: types of one family are each other's kin. OTHER: nobody asks."""

    CONVOLUTION = "convolution"
    DEPTHWISE = "depthwise convolution"
    DECONVOLUTION = "deconvolution"
    FULLY_CONNECTED = "fully connected"
    BATCH_NORM = "batch normalisation"
    OTHER = "other"


class When(StrEnum):
    """When a layer's top is its bottom's memory under another name."""

    NEVER = "never"
    ALWAYS = "always"
    IF_SINGLE = "with one bottom and one top"


class InPlace(StrEnum):
    """Whether a layer may write over its bottom."""

    NEVER = "never"
    FREE = "free"  # its backward pass never needs the bottom as it was
    COPIES = "with a copy"  # it keeps the bottom in a buffer of its own
    UNKNOWN = "unknown"


class Side(StrEnum):
    """Where a layer's code touches a blob's data in a GPU run."""

    DEVICE = "device"
    HOST = "host"
    NOWHERE = "nowhere"


class Reads(NamedTuple):
    """Whose data a backward pass reads: bottoms and tops by place, and whether private buffers too (engine CAFFE)."""

    bottoms: tuple[int, ...] = ()
    tops: tuple[int, ...] = ()
    private: bool = False


ReadRule: TypeAlias = Callable[[View], Reads]
Places: TypeAlias = "Callable[[LayerSpec, str], Sequence[int]]"  # bottoms by place, on a device
Asking: TypeAlias = "Callable[[LayerSpec], bool]"
Touch: TypeAlias = "Callable[[LayerSpec, int], Side]"  # where the code touches a blob, by its place among its kind


def reads(*, bottoms: str = "", tops: str = "", private: bool = False) -> ReadRule:
    """What Backward reads whatever the settings are; `bottoms` and `tops` are "", "first", "rest" or "all"."""

    def rule(layer: View) -> Reads:
        spec = layer.spec
        return Reads(_places(bottoms, len(spec.bottoms)), _places(tops, max(len(spec.tops), 1)), private)

    return rule


def reads_to_learn(bottoms: str) -> ReadRule:
    """Bottoms that are read for the weights' gradient alone: not where the weights are frozen (lr_mult 0)."""
    whatever = reads(bottoms=bottoms)

    def rule(layer: View) -> Reads:
        frozen = layer.definition is not None and not layer.learns(0)
        return Reads() if frozen else whatever(layer)

    return rule


def _places(which: str, count: int) -> tuple[int, ...]:
    return tuple(range(count))[_WHICH[which]]


_WHICH: Final = {"": slice(0), "first": slice(1), "second": slice(1, 2), "rest": slice(1, None), "all": slice(None)}

READS_NOTHING: Final = reads()
NO_BACKWARD: Final = reads()  # there is no backward pass


def unknown_reads(reason: str) -> ReadRule:
    """A type whose backward pass is not known, and why."""

    def rule(_: View) -> Reads:
        raise Missing(reason)

    return rule


def first_bottom(spec: LayerSpec, _: str) -> Sequence[int]:
    """The first bottom."""
    return (0,) if spec.bottoms else ()


def every_bottom(spec: LayerSpec, _: str) -> Sequence[int]:
    """All bottoms."""
    return range(len(spec.bottoms))


def no_bottom(_: LayerSpec, __: str) -> Sequence[int]:
    """No bottom."""
    return ()


def only_on(device: str, places: Places) -> Places:
    """These bottoms on one device alone."""

    def rule(spec: LayerSpec, on: str) -> Sequence[int]:
        return places(spec, on) if on == device else ()

    return rule


def touched_at(side: Side) -> Touch:
    """Every blob on the same side, whatever the settings are."""

    def rule(_: LayerSpec, __: int) -> Side:
        return side

    return rule


def needed(spec: LayerSpec, place: int) -> bool:
    """Whether a bottom gets a gradient."""
    return place < len(spec.bottom_needs_grad) and spec.bottom_needs_grad[place]


def never(_: LayerSpec) -> bool:
    """Backward asks who needs a gradient before it touches its top's."""
    return False


def always(_: LayerSpec) -> bool:
    """Backward takes its top's gradient before it asks who needs one."""
    return True


class Cudnn(NamedTuple):
    """How a cuDNN build treats a type: its engine's message, when it is chosen, and what it does without.

    `runs` gets the layer's settings (None where unknown) and the axes of its maps. `saves` are private buffers of
    engine CAFFE that cuDNN needs none of; None means all of them. `reads` is what cuDNN's backward pass reads;
    `adds` are buffers that only cuDNN's layer has.
    Source: layer_factory.cpp, cudnn_*_layer.cpp.
    """

    message: str
    runs: Callable[[Message | None, int], bool]
    saves: frozenset[str] | None = frozenset()
    reads: ReadRule | None = None
    adds: BufferRule | None = None


class Traits(NamedTuple):
    """One row: what is known of a layer type beside its costs.

    `buffers` and `backward_reads` are rules over the layer's view; what cannot be told raises `Missing`.
    `asks_diff` are bottoms whose gradient memory Backward asks for even where it computes none, `scratch` those
    whose gradient memory Forward uses, `unforced` those that force_backward never reaches. `unasked` tells whether
    Backward takes its top's gradient although it takes none of a bottom's and no parameter learns: `caffe time` calls
    the Backward of every layer. `writes_at` and `reads_at` are where a GPU run touches the data of tops and bottoms;
    the values of `host_params`, by place among the layer's blobs, stay on the host unless weight decay touches them.
    `passes_on` tells whether its settings leave nothing to do, so that its top is its bottom's memory, data and diff.
    `channels` is the message whose `num_output` is the number of top channels, empty where there is none.
    """

    kind: LayerKind
    base: Base
    buffers: BufferRule
    backward_reads: ReadRule
    in_place: InPlace
    family: Family = Family.OTHER
    shares_data: When = When.NEVER
    shares_diff: When = When.NEVER
    passes_on: Asking = never
    writes_at: Touch = touched_at(Side.DEVICE)
    reads_at: Touch = touched_at(Side.DEVICE)
    asks_diff: Places = no_bottom
    scratch: Places = no_bottom
    unasked: Asking = never
    unforced: tuple[int, ...] = ()
    host_params: tuple[int, ...] = ()
    cudnn: Cudnn | None = None
    channels: str = ""
    windowed: bool = False  # its definition states a window, which shapes do not fix
    params_along_batch: bool = False  # its parameters may lie along the batch axis too (`axis: 0`)
    buffer_first: bool = False  # it touches a buffer of its own before it touches its top

    def sharing(self, spec: LayerSpec) -> tuple[When, When]:
        """When its top is its bottom's memory, of data and of diff, with the layer's settings."""
        return (When.ALWAYS, When.ALWAYS) if self.passes_on(spec) else (self.shares_data, self.shares_diff)

    @property
    def prefetches(self) -> bool:
        """Whether a thread of its own fills batches ahead."""
        return self.base is Base.PREFETCHING

    @property
    def depthwise(self) -> bool:
        """Whether it has a group per channel by its type."""
        return self.family is Family.DEPTHWISE

    @property
    def convolves(self) -> bool:
        """Whether it is a convolution in either direction, over Caffe's BaseConvolutionLayer."""
        return self.base is Base.CONVOLUTION

    @property
    def is_loss(self) -> bool:
        """Whether its first top has a loss weight of 1 unless the definition says otherwise (LossLayer)."""
        return self.base is Base.LOSS


class LayerType(NamedTuple):
    """All that is known of one layer type: what it costs and what it is; `names` are a fork's other names for it."""

    rule: Rule
    traits: Traits
    names: tuple[str, ...] = ()
