"""Published nets written down as definitions, in whatever style: what recognises them must not mind it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from logparse.cost.zoo.bones import CHANNELWISE, CONCAT, CONNECTED, CONV, DECONV, LRN, POOLING, SUM

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from logparse.cost.zoo.bones import Bone
    from logparse.cost.zoo.known import Known


@dataclass(frozen=True)
class Style:
    """How a net is written: its image, its names, what stands behind a convolution, its end.

    `size` and `classes` of None are the published ones. `norms` are the types behind each convolution, `activation`
    the type behind each layer with weights. `loss` is "loss", "deploy" or "". `depthwise` is a fork's type.
    """

    batch: int = 1
    size: int | None = None
    channels: int | None = None
    classes: int | None = None
    prefix: str = ""
    in_place: bool = True
    bias: bool = True
    norms: tuple[str, ...] = ()
    activation: str = "ReLU"
    loss: str = ""
    depthwise: str = "Convolution"


PLAIN: Final = Style()
_MORE: Final = {"Scale": "scale_param { bias_term: true }"}


def definition(known: Known, style: Style = PLAIN) -> str:
    """The net as `layer { … }` blocks; a pooling over the whole map is global."""
    return _Writing(known, style).text()


class _Writing:
    def __init__(self, known: Known, style: Style) -> None:
        self.known, self.style, self.bones = known, style, _of_classes(known, style)
        self.heads = known.skeleton.heads
        self.lines: list[str] = []
        self.tops: list[str] = []

    def text(self) -> str:
        style = self.style
        side, channels = style.size or self.known.size, style.channels or self.known.channels
        data = self.name("data")
        self.lines.append(
            f'layer {{ name: "{data}" type: "Input" top: "{data}" '
            f"input_param {{ shape {{ dim: {style.batch} dim: {channels} dim: {side} dim: {side} }} }} }}"
        )
        for place, bone in enumerate(self.bones):
            self.tops.append(self.bone(place, bone, [self.tops[one] for one in bone.above] or [data]))
        self.end()
        return "\n".join(self.lines)

    def name(self, text: str) -> str:
        return f"{self.style.prefix}{text}"

    def add(self, name: str, kind: str, bottoms: list[str], settings: str = "", top: str = "") -> str:
        reads = "".join(f' bottom: "{one}"' for one in bottoms)
        self.lines.append(f'layer {{ name: "{name}" type: "{kind}"{reads} top: "{top or name}" {settings} }}')
        return top or name

    def bone(self, place: int, bone: Bone, bottoms: list[str]) -> str:
        name = self.name(f"n{place}")
        kind, settings = _WRITTEN[bone.kind](bone, self.style)
        top = self.add(name, kind, bottoms, settings)
        if bone.is_weighty and place not in self.heads:
            behind = self.style.norms if bone.kind != CONNECTED else ()
            for other in (*behind, self.style.activation):
                inside = self.style.in_place or other == "Scale"
                top = self.add(f"{name}/{other}", other, [top], _MORE.get(other, ""), top if inside else "")
        return top

    def end(self) -> None:
        read = {place for bone in self.bones for place in bone.above}
        ends = [top for place, top in enumerate(self.tops) if place not in read]
        for place, top in enumerate(ends):
            if self.style.loss == "deploy":
                self.add(self.name(f"prob{place}"), "Softmax", [top])
            elif self.style.loss == "loss":
                label = self.name(f"label{place}")
                self.lines.append(
                    f'layer {{ name: "{label}" type: "Input" top: "{label}" input_param {{ shape {{ dim: 1 }} }} }}'
                )
                self.add(self.name(f"loss{place}"), "SoftmaxWithLoss", [top, label])
                self.add(self.name(f"accuracy{place}"), "Accuracy", [top, label])


def _of_classes(known: Known, style: Style) -> list[Bone]:
    drawn = known.skeleton
    if style.classes is None or known.classes is None:
        return [*drawn.bones]
    return [
        replace(bone, outs=bone.outs * style.classes // known.classes)
        if place in drawn.heads and bone.outs % known.classes == 0
        else bone
        for place, bone in enumerate(drawn.bones)
    ]


def _convolution(bone: Bone, style: Style) -> tuple[str, str]:
    (high, wide), (up, side) = bone.kernel, bone.pad
    kind = "Deconvolution" if bone.kind == DECONV else "Convolution"
    if bone.kind == CHANNELWISE:
        kind = style.depthwise
    group = f"group: {bone.group}" if kind == "Convolution" and bone.group > 1 else ""
    dilation = f"dilation: {bone.dilation[0]}" if bone.dilation[0] > 1 else ""
    bias = "" if style.bias else "bias_term: false"
    return kind, (
        f"convolution_param {{ num_output: {bone.outs} kernel_h: {high} kernel_w: {wide} pad_h: {up} pad_w: {side} "
        f"stride: {bone.stride[0]} {group} {dilation} {bias} }}"
    )


def _dense(bone: Bone, style: Style) -> tuple[str, str]:
    bias = "" if style.bias else "bias_term: false"
    return "InnerProduct", f"inner_product_param {{ num_output: {bone.outs} {bias} }}"


def _pooling(bone: Bone, _: Style) -> tuple[str, str]:
    if bone.size == (1, 1) and bone.method == "AVE":
        return "Pooling", "pooling_param { pool: AVE global_pooling: true }"
    window = f"kernel_size: {bone.kernel[0]} stride: {bone.stride[0]} pad: {bone.pad[0]}"
    return "Pooling", f"pooling_param {{ pool: {bone.method} {window} }}"


_WRITTEN: Final[Mapping[str, Callable[[Bone, Style], tuple[str, str]]]] = {
    CONV: _convolution,
    CHANNELWISE: _convolution,
    DECONV: _convolution,
    CONNECTED: _dense,
    POOLING: _pooling,
    SUM: lambda _, __: ("Eltwise", ""),
    CONCAT: lambda _, __: ("Concat", ""),
    LRN: lambda _, __: ("LRN", "lrn_param { local_size: 5 }"),
}
