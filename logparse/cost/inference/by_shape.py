"""Guesses about one layer from its own shapes, name and lines: a type and a definition, or NA with candidates."""

from __future__ import annotations

import re
from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost.inference.by_window import convolved, dense
from logparse.cost.inference.guess import MAP_AXES, Guess, message, one_to_one, supported_type
from logparse.cost.inference.names import named_type
from logparse.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from logparse.cost.spec import LayerSpec


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
    if len(shapes) < 2 or len(shapes) < len(spec.bottoms) or top is None or prod(top) == 1:
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
    if bottom is None or len(tops) < 2 or len(tops) < len(spec.tops):
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
    if len(spec.bottoms) < 2 or top is None or prod(top) > _FEW:
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
    "Crop": (lambda spec: len(spec.bottoms) == 2, "its two bottoms"),
    "MultiBoxLoss": (lambda spec: len(spec.bottoms) == 4, "its four bottoms"),
    "DetectionOutput": (lambda spec: len(spec.bottoms) in {3, 5}, "its bottoms"),
    "DetectionEvaluate": (lambda spec: len(spec.bottoms) == 2, "its two bottoms"),
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
    dense,
    convolved,
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
