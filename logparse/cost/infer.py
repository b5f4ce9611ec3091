"""What to say about a layer whose definition is missing: a guess that is named as one, or NA with candidates.

A guess is a definition that fits all shapes, with the assumptions that it rests on; the ordinary rules
cost it, and its numbers have the basis `inferred`. Nothing here overrides what a definition or the
shapes alone already fix. A name may support a type; by itself it never fixes a kernel.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost.rules import RULES, cost
from logparse.cost.spec import Basis
from logparse.cost.types import canonical_type
from logparse.reading.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from logparse.cost.spec import Cost, Derived, LayerSpec, Shape
    from logparse.reading.textproto import Value


@dataclass(frozen=True, slots=True)
class Guess:
    """A type and a definition with the assumptions behind them, or only the reason why there is none."""

    type: str | None = None
    definition: Message | None = None
    assumptions: tuple[str, ...] = ()
    reason: str = ""


# What a layer's name supports; the first match counts. A name that says nothing supports everything.
_NAMES: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (r".*_\d+_split\Z", "Split"),
        (r"(.*[/_.-])?prelu", "PReLU"),
        (r"(.*[/_.-])?relu", "ReLU"),
        (r"(.*[/_.-])?drop", "Dropout"),
        (r"(.*[/_.-])?(bn|batch_?norm)", "BatchNorm"),
        (r"(.*[/_.-])?scale", "Scale"),
        (r"(.*[/_.-])?(pool|.*_pool)", "Pooling"),
        (r"(.*[/_.-])?(norm|lrn)\d*\Z", "LRN"),
        (r"(.*[/_.-])?(ip|fc|inner_?product)[\d_/-]*", "InnerProduct"),
        (r"(.*[/_.-])?(deconv|up_?score|up_?sample)", "Deconvolution"),
        (r"(.*[/_.-])?(concat|.*_concat)", "Concat"),
        (r"(.*[/_.-])?(flat)", "Flatten"),
        (r"(.*[/_.-])?(acc|accuracy)", "Accuracy"),
        (r"(.*[/_.-])?(loss|.*loss)", "SoftmaxWithLoss"),
        (r"(.*[/_.-])?(prob|softmax)", "Softmax"),
        (r"(.*[/_.-])?conv|conv|res\d\w*_branch|fire", "Convolution"),
    )
)


def named_type(name: str) -> str | None:
    """The type that a layer's name supports, or None."""
    return next((kind for pattern, kind in _NAMES if pattern.match(name)), None)


def _message(**fields: Value | list[Value]) -> Message:
    return Message({name: value if isinstance(value, list) else [value] for name, value in fields.items()})


def _supported(spec: LayerSpec) -> str | None:
    """The known type, else the one that the name supports."""
    return canonical_type(spec.type) if spec.type else named_type(spec.name)


def _one_to_one(spec: LayerSpec) -> tuple[Shape, Shape] | None:
    """(bottom, top) of a layer that has exactly one of each, both known."""
    if len(spec.bottoms) != 1 or len(spec.tops) != 1 or spec.bottoms[0] is None or spec.tops[0] is None:
        return None
    return spec.bottoms[0], spec.tops[0]


# -- guesses, in the order in which they are tried ------------------------------------------------


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


_IN_PLACE_TYPES: Final = frozenset({"ReLU", "Dropout", "PReLU", "BatchNorm", "Scale", "Sigmoid", "TanH", "ELU"})
_UNCHANGED_TYPES: Final = _IN_PLACE_TYPES | {"LRN", "Softmax"}
_DEFAULTS: Final[Mapping[str, tuple[Message, str]]] = {
    "Scale": (_message(scale_param=_message(bias_term=True)), "one scale and one shift per channel"),
    "PReLU": (Message(), "one slope per channel"),
}


def _unchanged(spec: LayerSpec) -> Guess | None:
    """One bottom, one top of the same shape: an activation or a normalisation, which its name must tell."""
    pair = _one_to_one(spec)
    if pair is None or pair[0] != pair[1]:
        return None
    kind = _supported(spec)
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
    bottoms, tops = spec.bottoms, spec.tops
    if len(bottoms) < 2 or len(tops) != 1 or tops[0] is None or None in bottoms:  # noqa: PLR2004 - several
        return None
    shapes, top = [shape for shape in bottoms if shape is not None], tops[0]
    if all(shape == top for shape in shapes):
        return Guess("Eltwise", Message(), ("taken as Eltwise: all shapes are equal",))
    if len({len(shape) for shape in (*shapes, top)}) == 1 and len(top) > 1:
        others_equal = all((shape[0], *shape[2:]) == (top[0], *top[2:]) for shape in shapes)
        if others_equal and sum(shape[1] for shape in shapes) == top[1]:
            return Guess("Concat", Message(), ("taken as Concat: the channels add up",))
    return None


_LOSS_TYPES: Final = frozenset({"SoftmaxWithLoss", "Accuracy"})


def _measure(spec: LayerSpec) -> Guess | None:
    """Several bottoms, one number: a loss or a measure; its name must say which."""
    if len(spec.bottoms) < 2 or not spec.tops or spec.tops[0] is None or prod(spec.tops[0]) != 1:  # noqa: PLR2004
        return None
    kind = _supported(spec)
    if kind not in _LOSS_TYPES:
        return Guess(reason="one number out of several bottoms: a loss (some have parameters) or a measure")
    return Guess(kind, Message(), (f"taken as {kind} by its name and because its top is one number",))


def _pooled(spec: LayerSpec) -> Guess | None:
    """Channels kept, a smaller map: pooling, or a convolution; the name decides or it stays NA."""
    pair = _one_to_one(spec)
    if pair is None:
        return None
    bottom, top = pair
    smaller = len(bottom) == len(top) > 2 and bottom[:2] == top[:2] and prod(top) < prod(bottom)  # noqa: PLR2004
    if not smaller or _supported(spec) == "Convolution":
        return None
    if _supported(spec) == "Pooling":
        return Guess("Pooling", Message(), ("taken as Pooling by its name, its kept channels and its smaller map",))
    return Guess(reason="channels kept and a smaller map: Pooling (no parameters) or Convolution (some)")


_KERNELS: Final = (1, 2, 3, 4, 5, 7, 9, 11)
_STRIDES: Final = (1, 2, 3, 4)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """One customary window along an axis: no padding, or the padding that keeps the size at stride 1."""

    kernel: int
    stride: int
    pad: int

    def __str__(self) -> str:
        """As it is named in a reason: "3 (stride 2, pad 1)"."""
        return f"{self.kernel} (stride {self.stride}, pad {self.pad})"


def windows(size: int, out: int) -> tuple[Window, ...]:
    """Every customary window that takes `size` to `out` along one axis."""
    found = {
        Window(k, s, p)
        for k, s in product(_KERNELS, _STRIDES)
        for p in {0, (k - 1) // 2 if k % 2 else 0}
        if size + 2 * p >= k and (size + 2 * p - k) // s + 1 == out
    }
    return tuple(sorted(found))


_MAP_AXES: Final = 2  # batch and channel stand before the map


def _convolved(spec: LayerSpec) -> Guess | None:
    """A map with other channels: a convolution, if its window is the only customary one that fits."""
    pair = _one_to_one(spec)
    if pair is None or len(pair[0]) != len(pair[1]) or len(pair[0]) <= _MAP_AXES:
        return None
    bottom, top = pair
    kind = _supported(spec)
    if bottom[0] != top[0] or (bottom[1] == top[1] and kind != "Convolution") or prod(bottom) == prod(top):
        return _same_size(spec, bottom, top)
    if kind not in {None, "Convolution"} and (spec.type or kind in {"Deconvolution", "Concat", "InnerProduct"}):
        return None
    per_axis = [windows(i, o) for i, o in zip(bottom[_MAP_AXES:], top[_MAP_AXES:], strict=True)]
    choices = sorted(set(per_axis[0]).intersection(*per_axis[1:]))
    return _choose(spec, bottom, top, choices)


def _same_size(spec: LayerSpec, bottom: Shape, top: Shape) -> Guess | None:
    """Nothing in the shapes tells a convolution's kernel here."""
    if _supported(spec) != "Convolution" or bottom[0] != top[0]:
        return None
    return Guess(reason="a convolution that keeps its map's size: 1×1, 3×3, 5×5 … fit alike")


def _choose(spec: LayerSpec, bottom: Shape, top: Shape, choices: list[Window]) -> Guess | None:
    if not choices:
        return None
    if len(choices) > 1:
        listed = ", ".join(str(choice) for choice in choices[:6])
        return Guess(reason=f"a convolution whose kernel the shapes do not fix: {listed} … fit alike")
    only = choices[0]
    axes = len(bottom) - _MAP_AXES
    definition = _message(
        convolution_param=_message(
            num_output=top[1], kernel_size=[only.kernel] * axes, stride=[only.stride] * axes, pad=[only.pad] * axes
        )
    )
    why = "by its type" if spec.type else "taken as Convolution: its top has other channels and a smaller map"
    padding = "no padding" if not only.pad else f"padding {only.pad}"
    return Guess("Convolution", definition, (why, f"stride {only.stride}, {padding}, one group", "a bias is there"))


def _dense(spec: LayerSpec) -> Guess | None:
    """A map or a row to a row of another length: InnerProduct."""
    pair = _one_to_one(spec)
    if pair is None or len(pair[0]) < _MAP_AXES or len(pair[1]) < _MAP_AXES or pair[0][0] != pair[1][0]:
        return None
    bottom, top = pair
    kind = _supported(spec)
    is_row = len(top) == _MAP_AXES or (len(bottom) == len(top) and prod(top[_MAP_AXES:]) == 1)
    padded = len(top) > _MAP_AXES
    if not is_row or kind not in {None, "InnerProduct"} or (padded and kind != "InnerProduct"):
        return None
    if prod(bottom) == prod(top) and kind != "InnerProduct":
        return Guess(reason="a row of as many values: Flatten, Reshape (no parameters) or InnerProduct (some)")
    definition = _message(inner_product_param=_message(num_output=top[1]))
    why = "by its type" if spec.type else "taken as InnerProduct: its top is one row per image"
    return Guess("InnerProduct", definition, (why, "a bias is there"))


_GUESSERS: Final[tuple[Callable[[LayerSpec], Guess | None], ...]] = (
    _split,
    _source,
    _unchanged,
    _joined,
    _measure,
    _pooled,
    _dense,
    _convolved,
)


def guess(spec: LayerSpec) -> Guess:
    """The first guess that answers, or one that says that nothing does."""
    for guesser in _GUESSERS:
        found = guesser(spec)
        if found is not None:
            return found
    if spec.type:
        return Guess(reason="the layer's definition is missing")
    return Guess(reason="neither the definition nor the shapes tell what the layer is")


# -- applying a guess ----------------------------------------------------------------------------


def _lowered(known: Derived, guessed: Derived, reason: str) -> Derived:
    if known.value is not None:
        return known
    if guessed.value is None:
        return replace(known, reason=reason or known.reason)
    return replace(guessed, basis=Basis.INFERRED)


def _with_reason(known: Cost, reason: str) -> Cost:
    return replace(
        known,
        params_reason=reason if known.params is None else known.params_reason,
        macs=_lowered(known.macs, known.macs, reason),
        other_ops=_lowered(known.other_ops, known.other_ops, reason),
        backward_macs=_lowered(known.backward_macs, known.backward_macs, reason),
    )


def apply(spec: LayerSpec, known: Cost, found: Guess) -> Cost:
    """`known` with its NA filled in by the guess; a guess that contradicts a printed shape is dropped."""
    if found.type is None:
        return _with_reason(known, found.reason)
    guessed = cost(replace(spec, type=found.type, definition=found.definition))
    if guessed.problems:
        return _with_reason(known, f"{found.type} would fit the name, but {guessed.problems[0]}")
    merged = replace(
        known,
        macs=_lowered(known.macs, guessed.macs, guessed.macs.reason),
        other_ops=_lowered(known.other_ops, guessed.other_ops, guessed.other_ops.reason),
        backward_macs=_lowered(known.backward_macs, guessed.backward_macs, guessed.backward_macs.reason),
        expected_tops=known.expected_tops or guessed.expected_tops,
        assumptions=(*known.assumptions, *found.assumptions),
    )
    if known.params is not None or guessed.params is None:
        return merged
    return replace(
        merged,
        params=guessed.params,
        params_basis=Basis.INFERRED,
        params_formula=guessed.params_formula,
        params_reason="",
    )


def is_complete(known: Cost) -> bool:
    """Whether nothing is left to infer."""
    return known.params is not None and known.macs.value is not None and known.other_ops.value is not None


def cost_or_infer(spec: LayerSpec) -> Cost:
    """The layer's cost by rule, its NA filled in by inference where that is possible; pure."""
    known = cost(spec)
    has_definition = spec.definition is not None and spec.definition.complete
    is_foreign = spec.type is not None and canonical_type(spec.type) not in RULES
    if is_complete(known) or has_definition or is_foreign:
        return known
    return apply(spec, known, guess(spec))
