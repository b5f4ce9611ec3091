"""Settings that shapes tell: windows of poolings and convolutions, dims of a Reshape, the order of a Permute."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from itertools import islice, permutations
from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost.costing import cost
from logparse.cost.inference.windows import KERNELS
from logparse.cost.spec import LayerSpec
from logparse.recover.layers.untold import Settings
from logparse.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from logparse.cost.spec import Shape

_MAP_AXES: Final = 2  # batch and channels stand before the map
_STRIDES: Final = (1, 2, 3, 4)
_SHOWN: Final = 8  # solutions that are listed
_MOST_AXES: Final = 6  # of a Permute whose orders are tried
_USUAL_AXIS: Final = 1  # of the classes
_WINDOW: Final = "kernel_size, stride and pad"


def one_to_one_shapes(spec: LayerSpec) -> tuple[Shape, Shape] | None:
    """(bottom, top) of a layer with one of each, both known."""
    if len(spec.bottoms) != 1 or len(spec.tops) != 1 or spec.bottoms[0] is None or spec.tops[0] is None:
        return None
    return spec.bottoms[0], spec.tops[0]


def _fits(spec: LayerSpec, message: str, fields: Message) -> bool:
    """Whether the type's own rule gives the printed shapes with these settings."""
    found = cost(replace(spec, definition=Message({message: [fields]})))
    return bool(found.expected_tops) and not found.problems


@lru_cache(1024)  # a net repeats its shapes, and each asks for some seventy windows
def _windows(kind: str, message: str, bottom: Shape, top: Shape) -> tuple[tuple[int, int, int], ...]:
    """Every customary (kernel, stride, pad) that fits: no padding, or what keeps the size of an odd kernel."""
    spec = LayerSpec("", kind, None, (bottom,), (top,))
    channels = top[1] if kind == "Convolution" else None
    return tuple(
        (kernel, stride, pad)
        for kernel in KERNELS
        for stride in _STRIDES
        for pad in dict.fromkeys((0, (kernel - 1) // 2 if kernel % 2 else 0))
        if stride <= max(kernel, 2) and _fits(spec, message, _window(kernel, stride, pad, channels))
    )


def _window(kernel: int, stride: int, pad: int, channels: int | None = None) -> Message:
    fields = {} if channels is None else {"num_output": channels}
    fields |= {"kernel_size": kernel, "stride": stride}
    if pad:
        fields["pad"] = pad
    return Message({name: [value] for name, value in fields.items()})


def _listed(windows: Sequence[tuple[int, int, int]]) -> str:
    told = [f"{kernel}x{kernel} (stride {stride}, pad {pad})" for kernel, stride, pad in islice(windows, _SHOWN)]
    more = " and others" if len(windows) > _SHOWN else ""
    return f"{', '.join(told)}{more} fit alike"


def _whole_map(sizes: Shape) -> Message:
    if len(set(sizes)) == 1:
        return Message({"kernel_size": [sizes[0]]})
    return Message({name: [size] for name, size in zip(("kernel_h", "kernel_w"), sizes, strict=False)})


_NONE_FITS: Final = "no customary window fits the shapes"


def _pooling(spec: LayerSpec) -> Settings:
    """A pooling's window; what leaves one value of a map has read all of it, since a border is not left out."""
    pair = one_to_one_shapes(spec)
    field = f"pooling_param.{_WINDOW}"
    if pair is None or min(map(len, pair)) <= _MAP_AXES:
        return Settings(open=((field, "its shapes are not known"),))
    bottom, top = pair
    if set(top[_MAP_AXES:]) == {1} and set(bottom[_MAP_AXES:]) != {1}:
        whole = _whole_map(bottom[_MAP_AXES:])
        if _fits(spec, "pooling_param", whole):
            return Settings({"pooling_param": whole}, ("its window is its bottom's whole map, as global_pooling's is",))
    found = _windows("Pooling", "pooling_param", bottom, top)
    if len(found) == 1:
        kernel, stride, pad = found[0]
        why = f"kernel {kernel}, stride {stride}, pad {pad}: the only customary window that fits its shapes"
        return Settings({"pooling_param": _window(kernel, stride, pad)}, (why,))
    return Settings(open=((field, _listed(found) if found else _NONE_FITS),))


_BIAS: Final = "a bias is taken to be there (Caffe's default)"


def _convolution(spec: LayerSpec) -> Settings:
    """What is left of a convolution whose window nothing fixes: its outputs, and the windows that fit."""
    pair = one_to_one_shapes(spec)
    field = f"convolution_param.{_WINDOW}"
    if pair is None or len(pair[1]) < _MAP_AXES:
        return Settings(open=(("convolution_param", "its shapes are not known"),))
    channels = pair[1][1]
    found = _windows("Convolution", "convolution_param", *pair) if len(pair[1]) > _MAP_AXES else ()
    outputs = Message({"num_output": [channels]})
    known = Settings({"convolution_param": outputs}, (f"num_output {channels} by the channels of its top", _BIAS))
    why = [(field, f"with one group and no dilation, {_listed(found) if found else _NONE_FITS}")]
    if pair[0][1:2] == pair[1][1:2]:
        why.append(("convolution_param.group", f"1, or {channels} where it is depthwise"))
    return known.joined(Settings(open=tuple(why)))


def _reshape(spec: LayerSpec) -> Settings:
    pair = one_to_one_shapes(spec)
    if pair is None:
        return Settings(open=(("reshape_param", "its shapes are not known"),))
    bottom, top = pair
    dims = (0, *top[1:]) if top and bottom[:1] == top[:1] else top
    shape = Message({"dim": [*dims]})
    why = "its dims are those of its top, 0 for the batch of its bottom"
    return Settings({"reshape_param": Message({"shape": [shape]})}, (why,))


def _permute(spec: LayerSpec) -> Settings:
    """The order of the axes where only one gives the top."""
    pair = one_to_one_shapes(spec)
    if pair is None or len(pair[0]) != len(pair[1]) or len(pair[0]) > _MOST_AXES:
        return Settings(open=(("permute_param.order", "its shapes do not tell"),))
    bottom, top = pair
    orders = [one for one in permutations(range(len(bottom))) if tuple(bottom[axis] for axis in one) == top]
    if len(orders) == 1:
        order = Message({"order": [*orders[0]]})
        return Settings({"permute_param": order}, ("the only order of axes that gives its top",))
    told = "; ".join(" ".join(map(str, one)) for one in orders[:_SHOWN])
    return Settings(open=(("permute_param.order", f"{told} fit alike" if told else "no order gives its top"),))


def compares_classes(spec: LayerSpec) -> bool:
    """Whether a layer reads scores and one label for each row of them, along some axis (softmax_loss_layer.cpp)."""
    return bool(_class_axes(spec))


def _class_axes(spec: LayerSpec) -> list[int]:
    """The axes that may be that of the classes: the values beside it are as many as the labels."""
    if len(spec.bottoms) != 2 or spec.bottoms[0] is None or spec.bottoms[1] is None:
        return []
    scores, labels = spec.bottoms[0], prod(spec.bottoms[1])
    return [axis for axis, size in enumerate(scores) if size > 1 and prod(scores) == labels * size]


def _classes(message: str) -> Callable[[LayerSpec], Settings]:
    """The axis of the classes, where it is not Caffe's usual one."""

    def teller(spec: LayerSpec) -> Settings:
        axes = _class_axes(spec)
        if not axes or _USUAL_AXIS in axes:
            return Settings()
        if len(axes) > 1:
            return Settings(open=((f"{message}.axis", f"{' and '.join(map(str, axes))} fit its labels alike"),))
        axis = Message({"axis": [axes[0]]})
        return Settings({message: axis}, (f"axis {axes[0]} by the number of its labels",))

    return teller


_TOP_OF: Final = re.compile(r"top[-_ ]?(\d{1,4})(?!\d)", re.IGNORECASE)


def _accuracy(spec: LayerSpec) -> Settings:
    """The axis of the classes, and the k that a name like `top-5` states."""
    found, named = _classes("accuracy_param")(spec), _TOP_OF.search(spec.name)
    if named is None or int(named[1]) == 0:
        return found
    top_k = Message({"top_k": [int(named[1])]})
    return found.joined(Settings({"accuracy_param": top_k}, (f"top_k {int(named[1])} by its name",)))


_TELLERS: Final[Mapping[str, Callable[[LayerSpec], Settings]]] = {
    "Accuracy": _accuracy,
    "Convolution": _convolution,
    "Permute": _permute,
    "Pooling": _pooling,
    "Reshape": _reshape,
    "SoftmaxWithLoss": _classes("softmax_param"),
}


def by_shape(spec: LayerSpec) -> Settings:
    """What the shapes of a layer of known type tell of its settings, where nothing else does."""
    teller = _TELLERS.get(spec.type or "")
    return Settings() if teller is None else teller(spec)
