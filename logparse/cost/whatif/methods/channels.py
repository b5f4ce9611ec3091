"""Channels: fewer of them, or global pooling where fully connected layers read whole maps.

Sources: Li et al. 2017 and Luo et al. 2017 (ThiNet) for channels; Lin et al. 2014, "Network in Network", for pooling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.cost.whatif.methods.factors import is_dense
from logparse.cost.whatif.methods.method import Method, Setting, Turn
from logparse.cost.whatif.methods.settings import from_to, share_of, word_of
from logparse.cost.whatif.parts import PLANE, Chain, settings_of
from logparse.cost.whatif.resize import WhatIfError
from logparse.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.cost.memory.layer import LayerMemory
    from logparse.cost.whatif.methods.method import Given
    from logparse.cost.whatif.surgery import Operation

_DENSE: Final = "inner_product_param"
_POOL: Final = "pool"
_MAPS: Final = "maps"


def _fewer(operation: Operation, names: Sequence[str], given: Given) -> tuple[str, ...]:
    return tuple(operation.prune(name, given.get("share", 0), left=given.get("left")) for name in names)


def _global_pooling(operation: Operation, names: Sequence[str], given: Given) -> tuple[str, ...]:
    """The last of the layers reads the mean of each map in the place of all of them; the others go."""
    names = [name for name in names if is_dense(operation.layer(name))] or names
    first, last = operation.layer(names[0]), operation.layer(names[-1])
    _check_plane(first, names)
    gone = operation.between(names[0], names[-1])
    left_over = sorted(set(names) - {layer.spec.name for layer in (*gone, last)})
    if left_over:
        raise WhatIfError(f"{', '.join(left_over)} does not stand between {names[0]} and {names[-1]}")
    field, settings = settings_of(last)
    chain = Chain(last, first)
    pooling = Message({"pool": ["AVE"], "global_pooling": [True]})
    if given["first"] == _POOL:
        chain.add("global_pool", "Pooling", "pooling_param", pooling).end("InnerProduct", field, settings)
    else:
        outputs, bias = settings.integer("num_output", 0), settings.flag("bias_term", default=True)
        maps = Message({"num_output": [outputs], "kernel_size": [1], "bias_term": [bias]})
        chain.add("maps", "Convolution", "convolution_param", maps)
        chain.add("global_pool", "Pooling", "pooling_param", pooling).end("Flatten", "flatten_param", Message())
    operation.replace(names[-1], chain)
    operation.remove(gone)
    removed = ", ".join(layer.spec.name for layer in gone)
    words = (
        f"{names[-1]}: global pooling in front" if given["first"] == _POOL else f"{names[-1]}: a map per output, pooled"
    )
    return (f"{words}; {removed} {'are' if len(gone) > 1 else 'is'} gone" if gone else words,)


def _check_plane(first: LayerMemory, names: Sequence[str]) -> None:
    shape = first.spec.bottoms[0] if first.spec.bottoms else None
    if not is_dense(first) or shape is None or len(shape) != PLANE:
        raise WhatIfError(f"{first.spec.name}: global pooling stands in place of fully connected layers over a plane")
    if shape[2] * shape[3] == 1 and len(names) == 1:
        raise WhatIfError(f"{first.spec.name} reads one value of each channel already")


CHANNELS: Final = Method(
    key="prune-channels",
    step=Turn.CHANNELS,
    on="Convolution, Deconvolution, InnerProduct",
    does="fewer output channels, in whole groups, and as many fewer inputs in all that read them",
    settings=(
        Setting("share", share_of, "P%", "share of the channels that goes"),
        Setting("left", from_to(1), "N", "or how many stay"),
    ),
    needs=(("share",), ("left",)),
    assumes=("layers that feed one sum lose the same channels",),
    unknown="which channels can go without harm only weights and accuracy tell",
    source="Li et al. 2017; Luo et al. 2017, ThiNet",
    operates=_fewer,
)
GLOBAL_POOLING: Final = Method(
    key="gap",
    step=Turn.LAYERS,
    on="InnerProduct over a plane, with the fully connected layers behind it",
    does="the mean of each map in place of the layers; the last of them stays and reads the means",
    settings=(
        Setting(
            "first",
            word_of((_POOL, _MAPS)),
            f"{_POOL}|{_MAPS}",
            "pool first, then one matrix; or a map for each output first, as in NIN",
            _POOL,
        ),
    ),
    assumes=("other layers with random weights: the net is trained anew", "what pools in front of them stays"),
    unknown="what accuracy it reaches only a training tells",
    source="Lin et al. 2014, Network in Network; ThiNet-GAP (Luo et al. 2017)",
    operates=_global_pooling,
    together=True,
)
