"""Guesses about the layers that multiply matrices: Convolution by its window, InnerProduct by its rows."""

from __future__ import annotations

import re
from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost.inference.guess import MAP_AXES, Guess, message, one_to_one, supported_type
from logparse.cost.inference.windows import candidates, common

if TYPE_CHECKING:
    from logparse.cost.inference.windows import Window
    from logparse.cost.spec import LayerSpec, Shape
    from logparse.textproto import Value

_ELSEWHERE: Final = frozenset({"Deconvolution", "Concat", "InnerProduct"})
_DEPTHWISE_NAME: Final = re.compile(r"(.*[/_.-])?(dw|depthwise|sep)", re.IGNORECASE)


def convolved(spec: LayerSpec) -> Guess | None:
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


def dense(spec: LayerSpec) -> Guess | None:
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
