"""Guesses about one layer from its own shapes, name and lines: a type and a definition, or NA with candidates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost.names import named_type
from logparse.cost.types import canonical_type
from logparse.cost.windows import candidates, common
from logparse.reading.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from logparse.cost.spec import LayerSpec, Shape
    from logparse.cost.windows import Window
    from logparse.reading.textproto import Value


@dataclass(frozen=True, slots=True)
class Guess:
    """A type and a definition with the assumptions behind them, or only the reason why there is none."""

    type: str | None = None
    definition: Message | None = None
    assumptions: tuple[str, ...] = ()
    reason: str = ""


MAP_AXES: Final = 2  # batch and channel stand before the map


def message(**fields: Value | list[Value]) -> Message:
    """A definition's message from its fields."""
    return Message({name: value if isinstance(value, list) else [value] for name, value in fields.items()})


def supported_type(spec: LayerSpec) -> str | None:
    """The known type, else the one that the name supports."""
    return canonical_type(spec.type) if spec.type else named_type(spec.name)


def one_to_one(spec: LayerSpec) -> tuple[Shape, Shape] | None:
    """(bottom, top) of a layer that has exactly one of each, both known."""
    if len(spec.bottoms) != 1 or len(spec.tops) != 1 or spec.bottoms[0] is None or spec.tops[0] is None:
        return None
    return spec.bottoms[0], spec.tops[0]


def _split(spec: LayerSpec) -> Guess | None:
    """A layer that Caffe inserts itself: it has no definition, its name and its tops say what it is."""
    if named_type(spec.name) != "Split" or len(spec.bottoms) != 1 or not spec.tops:
        return None
    if spec.bottoms[0] is not None and any(top != spec.bottoms[0] for top in spec.tops):
        return None
    return Guess("Split", Message(), ("a Split, by its name and its equal tops",))


_DATA_NAME: Final = re.compile(r"(.*[/_.-])?(data|input|mnist|cifar|imagenet|label)", re.IGNORECASE)
_DATA_NOTE: Final = re.compile(r"output data size|Opened \w*db|HDF5 files|A total of \d+ images|Loading mean file")


def _source(spec: LayerSpec) -> Guess | None:
    """No bottoms: a data layer, if its name or its own lines say so; else lines may have been lost."""
    if spec.bottoms or not spec.tops:
        return None
    if not spec.name:
        return Guess(reason="a shape stands here without its layer")
    if any(_DATA_NOTE.search(note) for note in spec.nested_notes):
        return Guess("Data", Message(), ("taken as a data layer: it has no bottoms and its own lines tell of data",))
    if _DATA_NAME.match(spec.name):
        return Guess("Data", Message(), ("taken as a data layer by its name and because it has no bottoms",))
    return Guess(reason="no bottom is printed: a data layer, or lines of the log are missing")


_STEPS: Final = re.compile(r"Initializing recurrent layer")
_WEIGHT: Final = re.compile(r"Adding parameter \d+: (\w+)")
_RECURRENT: Final = {"W_xc": "LSTM", "W_xh": "RNN"}


def _recurrent(spec: LayerSpec) -> Guess | None:
    """The layer's own lines tell of its unrolled net and name its parameters; the top gives the hidden units."""
    if not any(_STEPS.search(note) for note in spec.nested_notes) or not spec.tops or not spec.tops[0]:
        return None
    weights = [match[1] for note in spec.nested_notes for match in [_WEIGHT.search(note)] if match]
    kind = next((_RECURRENT[name] for name in weights if name in _RECURRENT), None)
    if kind is None:
        return Guess(reason="a recurrent layer whose parameters its lines do not name: LSTM or RNN")
    definition = message(recurrent_param=message(num_output=spec.tops[0][-1]))
    return Guess(kind, definition, (f"taken as {kind}: its lines add the parameters {', '.join(weights)}",))


_IN_PLACE_TYPES: Final = frozenset({"ReLU", "Dropout", "PReLU", "BatchNorm", "Scale", "Sigmoid", "TanH", "ELU"})
_UNCHANGED_TYPES: Final = _IN_PLACE_TYPES | {"LRN", "Softmax"}
_DEFAULTS: Final[Mapping[str, tuple[Message, str]]] = {
    "Scale": (message(scale_param=message(bias_term=True)), "one scale and one shift per channel"),
    "PReLU": (Message(), "one slope per channel"),
}


def _unchanged(spec: LayerSpec) -> Guess | None:
    """One bottom, one top of the same shape: an activation or a normalisation, which its name must tell."""
    pair = one_to_one(spec)
    if pair is None or pair[0] != pair[1]:
        return None
    kind = supported_type(spec)
    in_place = bool(spec.in_place and spec.in_place[0])
    where = "in place" if in_place else "of its bottom's shape"
    if kind in (_IN_PLACE_TYPES if in_place else _UNCHANGED_TYPES):
        definition, settings = _DEFAULTS.get(kind or "", (Message(), "default settings"))
        origin = "by its type" if spec.type else f"taken as {kind} by its name and because its top is {where}"
        return Guess(kind, definition, (origin, f"{settings} taken"))
    if in_place:
        return Guess(reason=f"its top is {where}: ReLU, Dropout (no parameters), BatchNorm, Scale or PReLU (some)")
    return None


def _joined(spec: LayerSpec) -> Guess | None:
    """Several bottoms, one top: Concat where the channels add up, Eltwise where all shapes are equal."""
    shapes = [shape for shape in spec.bottoms if shape is not None]
    top = spec.tops[0] if len(spec.tops) == 1 else None
    if len(shapes) < 2 or len(shapes) < len(spec.bottoms) or top is None or prod(top) == 1:  # noqa: PLR2004 - several
        return None
    if all(shape == top for shape in shapes):
        return Guess("Eltwise", Message(), ("taken as Eltwise: all shapes are equal",))
    if len({len(shape) for shape in (*shapes, top)}) == 1 and len(top) > 1:
        others_equal = all((shape[0], *shape[2:]) == (top[0], *top[2:]) for shape in shapes)
        if others_equal and sum(shape[1] for shape in shapes) == top[1]:
            return Guess("Concat", Message(), ("taken as Concat: the channels add up",))
    return None


def _sliced(spec: LayerSpec) -> Guess | None:
    """One bottom, several smaller tops whose sizes add up along one axis: Slice."""
    bottom = spec.bottoms[0] if len(spec.bottoms) == 1 else None
    tops = [top for top in spec.tops if top is not None]
    if bottom is None or len(tops) < 2 or len(tops) < len(spec.tops):  # noqa: PLR2004 - several
        return None
    axis = next((i for i, dims in enumerate(zip(bottom, *tops, strict=False)) if len(set(dims)) > 1), None)
    same_rank = all(len(top) == len(bottom) for top in tops)
    if axis is None or not same_rank or sum(top[axis] for top in tops) != bottom[axis]:
        return None
    cuts = [sum(top[axis] for top in tops[:count]) for count in range(1, len(tops))]
    definition = message(slice_param=message(axis=axis, slice_point=[*cuts]))
    return Guess("Slice", definition, ("taken as Slice: the tops' sizes add up to the bottom's",))


_LOSS_TYPES: Final = frozenset({"SoftmaxWithLoss", "Accuracy"})


_FEW: Final = 2  # a measure of 2014 has two values: accuracy and loss


def _measure(spec: LayerSpec) -> Guess | None:
    """Several bottoms, one number (or, in 2014, a loss without a top): its name must say what it is."""
    top = spec.tops[0] if spec.tops else ()
    if len(spec.bottoms) < 2 or top is None or prod(top) > _FEW:  # noqa: PLR2004 - several
        return None
    kind = supported_type(spec)
    if kind not in _LOSS_TYPES:
        return Guess(reason="one number out of several bottoms: a loss (some have parameters) or a measure")
    return Guess(kind, Message(), (f"taken as {kind} by its name and because its top is one number",))


def _pooled(spec: LayerSpec) -> Guess | None:
    """Channels kept, a smaller map: pooling, or a convolution; the name decides or it stays NA."""
    pair = one_to_one(spec)
    if pair is None:
        return None
    bottom, top = pair
    smaller = len(bottom) == len(top) > MAP_AXES and bottom[:2] == top[:2] and prod(top) <= prod(bottom)
    kind = supported_type(spec)
    if not smaller or kind in {"Convolution", "Deconvolution", "InnerProduct"}:
        return None
    if kind == "Pooling":
        return Guess("Pooling", Message(), ("taken as Pooling by its name and its kept channels",))
    if bottom == top:
        return None
    return Guess(reason="channels kept and a smaller map: Pooling (no parameters) or Convolution (some)")


def _padded(spec: LayerSpec) -> Guess | None:
    """Channels kept, a map that grows by the same even number along each axis: 2013's padding layer."""
    pair = one_to_one(spec)
    if pair is None or supported_type(spec) != "Padding" or pair[0][:MAP_AXES] != pair[1][:MAP_AXES]:
        return None
    growth = {after - before for before, after in zip(pair[0][MAP_AXES:], pair[1][MAP_AXES:], strict=False)}
    if len(growth) != 1 or min(growth) < 0 or min(growth) % 2:
        return None
    return Guess("Padding", Message(), ("taken as a padding layer of 2013 by its name and its larger map",))


_ELSEWHERE: Final = frozenset({"Deconvolution", "Concat", "InnerProduct"})
_DEPTHWISE_NAME: Final = re.compile(r"(.*[/_.-])?(dw|depthwise|sep)", re.IGNORECASE)


def _convolved(spec: LayerSpec) -> Guess | None:
    """A map with other channels: a convolution, if its window is the only customary one that fits."""
    pair = one_to_one(spec)
    kind = supported_type(spec)
    if pair is None or len(pair[0]) != len(pair[1]) or len(pair[0]) <= MAP_AXES or kind in _ELSEWHERE:
        return None
    bottom, top = pair
    may_be = kind == "Convolution" or (not spec.type and bottom[1] != top[1] and prod(bottom) != prod(top))
    if bottom[0] != top[0] or not may_be:
        return None
    if bottom[1] == top[1] and _DEPTHWISE_NAME.match(spec.name.rsplit("/", 1)[-1]):
        return Guess(reason="a convolution that may be depthwise; its group is not printed")
    return _choose(spec, bottom, top, common(bottom, top))


def _choose(spec: LayerSpec, bottom: Shape, top: Shape, fitting: tuple[Window, ...]) -> Guess | None:
    if not fitting:
        return Guess(reason="a convolution with a window that is not customary") if spec.type else None
    if len({window.kernel for window in fitting}) > 1:
        return Guess(reason=f"a convolution whose kernel the shapes do not fix: {candidates(fitting)} fit alike")
    why = "by its type" if spec.type else "taken as Convolution: its top has other channels and a smaller map"
    return convolution(bottom, top, fitting[0], why)


def convolution(bottom: Shape, top: Shape, window: Window, *evidence: str, bias: bool = True) -> Guess:
    """A convolution with this window along every axis, one group."""
    axes = len(bottom) - MAP_AXES
    fields: dict[str, Value | list[Value]] = {
        "num_output": top[1],
        "kernel_size": [window.kernel] * axes,
        "stride": [window.stride] * axes,
        "pad": [window.pad] * axes,
    }
    if not bias:
        fields["bias_term"] = False
    padding = f"padding {window.pad}" if window.pad else "no padding"
    settings = f"stride {window.stride}, {padding}, one group"
    return Guess("Convolution", message(convolution_param=message(**fields)), (*evidence, settings, "no dilation"))


def _dense(spec: LayerSpec) -> Guess | None:
    """A map or a row to a row of another length: InnerProduct."""
    pair = one_to_one(spec)
    if pair is None or min(map(len, pair)) < MAP_AXES or pair[0][0] != pair[1][0]:
        return None
    bottom, top = pair
    kind = supported_type(spec)
    if kind not in {None, "InnerProduct"} or not _is_row(bottom, top, by_name=kind == "InnerProduct"):
        return None
    if prod(bottom) == prod(top) and kind != "InnerProduct":
        return Guess(reason="a row of as many values: Flatten, Reshape (no parameters) or InnerProduct (some)")
    axis, outputs = (len(top) - 1, top[-1]) if _per_step(bottom, top) else (1, top[1])
    why = "by its type" if spec.type else "taken as InnerProduct: its top is one row per image"
    definition = message(inner_product_param=message(num_output=outputs, axis=axis))
    return Guess("InnerProduct", definition, (why,))


def _per_step(bottom: Shape, top: Shape) -> bool:
    """One row per step and stream, as behind an LSTM: only the last axis differs, and it is no padding."""
    return len(bottom) == len(top) > MAP_AXES and bottom[:-1] == top[:-1] and prod(top[MAP_AXES:]) > 1


def _is_row(bottom: Shape, top: Shape, *, by_name: bool) -> bool:
    """Whether the top is a row, possibly padded with ones.

    From a padded row to a padded row a 1×1 convolution would have the same numbers; from a map to a
    padded row the name must speak, since a pooling or a convolution may end there too.
    """
    if len(top) == MAP_AXES:
        return True
    padded = len(bottom) == len(top) and prod(top[MAP_AXES:]) == 1
    was_row = prod(bottom[MAP_AXES:]) == 1
    return (padded and (by_name or was_row)) or (by_name and _per_step(bottom, top))


def _equal_counts(spec: LayerSpec) -> bool:
    pair = one_to_one(spec)
    return pair is not None and prod(pair[0]) == prod(pair[1])


def _has_priors(spec: LayerSpec) -> bool:
    top = spec.tops[0] if spec.tops else None
    return top is not None and top[:2] == (1, 2)


# Types that have neither parameters nor matrix products, and what their shapes must show
_FREE: Final[Mapping[str, tuple[Callable[[LayerSpec], bool], str]]] = {
    "Flatten": (_equal_counts, "its equal count"),
    "Reshape": (_equal_counts, "its equal count"),
    "Permute": (_equal_counts, "its equal count"),
    "PriorBox": (_has_priors, "the first dims of its top"),
    "Crop": (lambda spec: len(spec.bottoms) == 2, "its two bottoms"),  # noqa: PLR2004
    "MultiBoxLoss": (lambda spec: len(spec.bottoms) == 4, "its four bottoms"),  # noqa: PLR2004
    "DetectionOutput": (lambda spec: len(spec.bottoms) in {3, 5}, "its bottoms"),
    "DetectionEvaluate": (lambda spec: len(spec.bottoms) == 2, "its two bottoms"),  # noqa: PLR2004
    "Silence": (lambda spec: not spec.tops, "having no top"),
}


def _costless(spec: LayerSpec) -> Guess | None:
    """A type that costs no parameters whatever its settings are: its name and one trait are enough."""
    kind = supported_type(spec)
    trait = _FREE.get(kind or "")
    if trait is None or not trait[0](spec):
        return None
    return Guess(kind, None, (f"taken as {kind} by its name and {trait[1]}",))


_GUESSERS: Final[tuple[Callable[[LayerSpec], Guess | None], ...]] = (
    _split,
    _source,
    _recurrent,
    _costless,
    _unchanged,
    _joined,
    _sliced,
    _measure,
    _pooled,
    _padded,
    _dense,
    _convolved,
)


def guess(spec: LayerSpec) -> Guess:
    """The first guess that answers, or one that says that nothing does; pure, looks at this layer alone."""
    for guesser in _GUESSERS:
        found = guesser(spec)
        if found is not None:
            return found
    if spec.type:
        return Guess(reason="the layer's definition is missing")
    return Guess(reason="neither the definition nor the shapes tell what the layer is")
