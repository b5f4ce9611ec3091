"""Convolutions replaced by cheaper ones: depthwise separable, 1×1, fire modules.

Sources: Howard et al. 2017 (MobileNet, section 3.1); Iandola et al. 2016 (SqueezeNet, strategies 1 and 2, figure 1).
"""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING, Final

from logparse.cost.whatif.methods.method import Method, Setting, Turn
from logparse.cost.whatif.methods.settings import Rank, rank_of, share_of
from logparse.cost.whatif.parts import Chain, pointwise, settings_of, window_of, with_fields
from logparse.cost.whatif.resize import WhatIfError
from logparse.textproto import Message

if TYPE_CHECKING:
    from logparse.cost.memory.layer import LayerMemory
    from logparse.cost.whatif.methods.method import Given
    from logparse.cost.whatif.parts import Changes, Convolving

_CONV: Final = "convolution_param"


def _window(layer: LayerMemory) -> Convolving:
    """A convolution, not upward, with a kernel larger than 1×1."""
    settings_of(layer)
    if layer.kind == "Deconvolution":
        raise WhatIfError(f"{layer.spec.name} is a Deconvolution; only convolutions are replaced so")
    window = window_of(layer)
    if window.high * window.wide == 1:
        raise WhatIfError(f"{layer.spec.name} has a kernel of 1×1 already")
    return window


def _same_top(layer: LayerMemory, chain: Chain) -> Chain:
    """Refuse a chain whose top is of another size: what is behind it would change too."""
    new, old = chain.parts[-1].spec.tops[0], layer.spec.tops[0]
    if new != old:
        sizes = " and ".join("×".join(map(str, shape[2:])) if shape else "unknown" for shape in (old, new))
        raise WhatIfError(
            f"{layer.spec.name}: its top would not keep its size ({sizes}): a kernel of 1×1 has no padding to make up"
        )
    return chain


def _separable(layer: LayerMemory, _: Given) -> tuple[Chain, str]:
    window = _window(layer)
    if window.group == window.inputs:
        raise WhatIfError(f"{layer.spec.name} has a group for each channel already")
    own = {"num_output": window.inputs, "group": window.inputs, "bias_term": False}
    chain = Chain(layer).add("depthwise", "Convolution", _CONV, with_fields(window.settings, {**own}))
    chain.end("Convolution", _CONV, with_fields(window.settings, pointwise()))
    text = f"{window.high}×{window.wide} for each of {window.inputs} channels, then 1×1 to {window.outputs}"
    return chain, f"{layer.spec.name}: {text}"


def _pointwise(layer: LayerMemory, _: Given) -> tuple[Chain, str]:
    window = _window(layer)
    chain = Chain(layer).end("Convolution", _CONV, with_fields(window.settings, pointwise(keep_stride=True)))
    return _same_top(layer, chain), f"{layer.spec.name}: {window.high}×{window.wide} → 1×1"


def _fire(layer: LayerMemory, given: Given) -> tuple[Chain, str]:
    window = _window(layer)
    squeezed = _squeezed(layer, given["squeeze"], window.outputs)
    large = floor(window.outputs * given["large"])
    small = window.outputs - large
    if not (large and small):
        raise WhatIfError(f"{layer.spec.name}: {large} of its {window.outputs} channels would have the large kernel")
    plain: Changes = {"group": []}
    bias = window.settings.flag("bias_term", default=True)
    chain = Chain(layer)
    first = Message({"num_output": [squeezed], "kernel_size": [1], "bias_term": [bias]})
    chain.add("squeeze1x1", "Convolution", _CONV, first).in_place("squeeze_relu", "ReLU")
    branches = (
        ("expand1x1", {**pointwise(keep_stride=True), **plain, "num_output": small}),
        (f"expand{window.high}x{window.wide}", {**plain, "num_output": large}),
    )
    chain.fork(
        "squeeze_split",
        [(name, "Convolution", _CONV, with_fields(window.settings, {**changes})) for name, changes in branches],
        Message(),
    )
    text = f"1×1 to {squeezed} channels, then {small} of 1×1 and {large} of {window.high}×{window.wide} side by side"
    return _same_top(layer, chain), f"{layer.spec.name}: {text} (fire module)"


def _squeezed(layer: LayerMemory, asked: Rank, outputs: int) -> int:
    found = asked.count if asked.count is not None else max(floor(outputs * (asked.share or 0)), 1)
    if found > outputs:
        raise WhatIfError(f"{layer.spec.name}: to squeeze {outputs} channels into {found} is none")
    return found


_TRAINED: Final = "other layers with random weights: the net is trained anew"
_ACCURACY: Final = "what accuracy it reaches only a training tells"

REPLACEMENTS: Final = (
    Method(
        key="separable",
        step=Turn.LAYERS,
        on="Convolution with a kernel larger than 1×1",
        does="k×k for each channel by itself, then 1×1 to all: k²·C + C·N weights",
        assumes=(_TRAINED, "no normalisation stands between the depthwise and the 1×1 convolution"),
        unknown=_ACCURACY,
        source="Howard et al. 2017, MobileNet",
        replaces=_separable,
    ),
    Method(
        key="pointwise",
        step=Turn.LAYERS,
        on="Convolution with a kernel larger than 1×1",
        does="a kernel of 1×1 in its place, with the same stride",
        assumes=(_TRAINED,),
        unknown=_ACCURACY,
        source="Iandola et al. 2016, SqueezeNet, strategy 1; Lin et al. 2014",
        replaces=_pointwise,
    ),
    Method(
        key="fire",
        step=Turn.LAYERS,
        on="Convolution with a kernel larger than 1×1",
        does="1×1 to few channels, then 1×1 and k×k side by side; groups are given up",
        settings=(
            Setting(
                "squeeze",
                rank_of,
                "S|S%",
                "channels in between, or their share of the top's",
                Rank(share=share_of("12.5%")),
            ),
            Setting("large", share_of, "P%", "share of the top's channels that keep the large kernel", share_of("50%")),
        ),
        assumes=(_TRAINED, "a ReLU stands behind the squeezing convolution, a Split as Caffe adds it"),
        unknown=_ACCURACY,
        source="Iandola et al. 2016, SqueezeNet, figure 1",
        replaces=_fire,
    ),
)
