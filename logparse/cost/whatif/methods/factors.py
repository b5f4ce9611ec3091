"""Factors of low rank: a matrix as two, a kernel as two, three or four smaller ones.

Sources: SVD of a fully connected layer (Denton et al. 2014, Girshick 2015) and of a convolution's unrolled kernel, k×k
to r channels then 1×1 (Zhang et al. 2016); k×1 then 1×k (Jaderberg et al. 2014, their second scheme; Tai et al. 2016);
CP (Lebedev et al. 2015); Tucker-2 (Kim et al. 2016). A rank counts the channels of all groups of a convolution.
"""

from __future__ import annotations

from bisect import bisect_left
from math import floor, prod
from typing import TYPE_CHECKING, Final

from logparse.cost.costing import cost
from logparse.cost.whatif.methods.method import Method, Setting, Turn
from logparse.cost.whatif.methods.settings import Rank, rank_of, some_share
from logparse.cost.whatif.parts import PLANE, Chain, along, pointwise, settings_of, window_of, with_fields
from logparse.cost.whatif.resize import WhatIfError

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction

    from logparse.cost.memory.layer import LayerMemory
    from logparse.cost.whatif.methods.method import Given
    from logparse.cost.whatif.parts import Convolving
    from logparse.textproto import Message

_CONV: Final = "convolution_param"
_DENSE: Final = "inner_product_param"
_TEXT: Final = "the two layers compute {} values in between, and keep the top's shape"
_STEPS: Final = 1000  # in which the share of ranks is sought that keeps so many MACs


# -- ranks -----------------------------------------------------------------------------------------


def layer_macs(layer: LayerMemory) -> int:
    """Multiply-adds of the layer as it stands.

    Raises:
        WhatIfError: they are not known.

    """
    found = cost(layer.spec).macs
    if not found.value:
        raise WhatIfError(
            f"{layer.spec.name}: its MACs are not known ({found.reason}), so no share of them can be kept"
        )
    return found.value


def _rank(layer: LayerMemory, given: Given, sides: tuple[int, ...], group: int, build: Callable[[int], Chain]) -> int:
    """The rank that is asked for, of a matrix or kernel whose largest is the shorter of its sides."""
    name, keep = layer.spec.name, given.get("keep")
    rank: Rank = given.get("rank", Rank())
    if rank.count is not None:
        check_rank(name, rank.count, sides, group)
        return rank.count
    if not sides:
        raise WhatIfError(f"{name}: the sides of its matrix are not known, so a share of its rank is not")
    if keep is None:
        return max(floor(min(sides) * (rank.share or 0)) // group, 1) * group
    most: int = floor(keep * layer_macs(layer) / build(group).macs) * group
    if not most:
        raise WhatIfError(f"{name}: even rank {group} takes more than {float(keep):.3%} of its MACs")
    return min(most, *sides)


def check_rank(name: str, rank: int, sides: tuple[int, ...], group: int = 1) -> None:
    """Refuse a rank above the shorter side of the matrix: there is none, and its factors would hold more than it."""
    if rank % group:
        raise WhatIfError(f"{name}: only a rank that its groups divide, {group}, not {rank}")
    if sides and rank > min(sides):
        text = " × ".join(map(str, sides))
        raise WhatIfError(f"{name}: there is no rank {rank}: its matrix of {text} has at most {min(sides)}")


def _two(layer: LayerMemory, rank: int, text: str) -> str:
    return f"{layer.spec.name}: {text}; {_TEXT.format(rank)}"


# -- a matrix in two -------------------------------------------------------------------------------


def matrix_of(layer: LayerMemory) -> tuple[int, ...]:
    """The sides of an InnerProduct's weights; empty where they are not known."""
    shape = layer.params[0].shape if layer.params else ()
    return tuple(shape[-2:]) if len(shape) > 1 else ()  # old releases pad with ones in front


def _refuse_upward(layer: LayerMemory) -> None:
    if layer.kind == "Deconvolution":
        raise WhatIfError(f"{layer.spec.name} is a Deconvolution; only convolutions and InnerProducts are factored")


def is_dense(layer: LayerMemory) -> bool:
    """Whether it is an InnerProduct."""
    return layer.traits.channels == _DENSE


def svd(layer: LayerMemory, given: Given) -> tuple[Chain, str]:
    """A matrix as two, or a convolution's kernel, unrolled, as two."""
    field, settings = settings_of(layer)
    _refuse_upward(layer)
    if not is_dense(layer):
        return _by_channel(layer, given)

    def build(rank: int) -> Chain:
        chain = Chain(layer)
        chain.add(f"rank{rank}", "InnerProduct", field, with_fields(settings, {"num_output": rank, "bias_term": False}))
        return chain.end("InnerProduct", field, settings)

    rank = _rank(layer, given, matrix_of(layer), 1, build)
    return build(rank), _two(layer, rank, f"K·M → {rank}·(K + M) (SVD)")


def _by_channel(layer: LayerMemory, given: Given) -> tuple[Chain, str]:
    window = window_of(layer)
    sides = (window.inputs * window.high * window.wide, window.outputs)

    def build(rank: int) -> Chain:
        first = with_fields(window.settings, {"num_output": rank, "bias_term": False})
        chain = Chain(layer).add(f"rank{rank}", "Convolution", _CONV, first)
        return chain.end("Convolution", _CONV, with_fields(window.settings, pointwise()))

    rank = _rank(layer, given, sides, window.group, build)
    shape = f"{window.high}×{window.wide}"
    return build(rank), _two(layer, rank, f"{shape} → {shape} to {rank} channels, then 1×1 (channel)")


def _channel_pair(layer: LayerMemory, given: Given) -> tuple[Chain, str]:
    """A convolution's unrolled kernel as two, and nothing else."""
    settings_of(layer)
    _refuse_upward(layer)
    return _by_channel(layer, given)


def spatial_pair(layer: LayerMemory, given: Given) -> tuple[Chain, str]:
    """A convolution as one along each axis of the plane."""
    settings_of(layer)
    _refuse_upward(layer)
    window = window_of(layer)
    sides = (window.inputs * window.high, window.outputs * window.wide)

    def build(rank: int) -> Chain:
        changes = along(window.settings, 0, window.high) | {"num_output": rank, "bias_term": False}
        chain = Chain(layer).add(f"rank{rank}", "Convolution", _CONV, with_fields(window.settings, changes))
        last = with_fields(window.settings, along(window.settings, 1, window.wide))
        return chain.end("Convolution", _CONV, last)

    rank = _rank(layer, given, sides, window.group, build)
    text = f"{window.high}×{window.wide} → {window.high}×1 to {rank} channels, then 1×{window.wide} (spatial)"
    return build(rank), _two(layer, rank, text)


def _either(layer: LayerMemory, given: Given) -> tuple[Chain, str]:
    """What `low_rank` asks for: SVD of a matrix; of a convolution the scheme that is named, else by its kernel."""
    settings_of(layer)
    _refuse_upward(layer)
    scheme = given.get("scheme")
    if is_dense(layer) or scheme == "channel":
        return svd(layer, given)
    if scheme is None:
        window = window_of(layer)
        return spatial_pair(layer, given) if window.high * window.wide > 1 else svd(layer, given)
    return spatial_pair(layer, given)


# -- a kernel in three or four ---------------------------------------------------------------------


def _kernel_of(layer: LayerMemory) -> Convolving:
    """A convolution with a kernel that has something to split."""
    settings_of(layer)
    _refuse_upward(layer)
    window = window_of(layer)
    if window.high * window.wide == 1:
        raise WhatIfError(f"{layer.spec.name}: a kernel of 1×1 has no places to split off")
    return window


def _cp(layer: LayerMemory, given: Given) -> tuple[Chain, str]:
    window = _kernel_of(layer)
    settings, name = window.settings, layer.spec.name
    sizes = (window.group_inputs, window.high, window.wide, window.group_outputs)
    most = prod(sizes) // max(sizes) * window.group  # no tensor has a larger rank

    def build(rank: int) -> Chain:
        bare: dict[str, bool] = {"bias_term": False}
        first = with_fields(settings, {**pointwise(), **bare, "num_output": rank})
        chain = Chain(layer).add("cp1", "Convolution", _CONV, first)
        for axis, size in enumerate((window.high, window.wide)):
            each = {**along(settings, axis, size), **bare, "num_output": rank, "group": rank}
            chain.add(f"cp{axis + 2}", "Convolution", _CONV, with_fields(settings, each))
        return chain.end("Convolution", _CONV, with_fields(settings, pointwise()))

    rank = _rank(layer, given, (most,), window.group, build)
    shape = f"1×1, {window.high}×1 and 1×{window.wide} for each channel, 1×1"
    return build(rank), f"{name}: {window.high}×{window.wide} → {shape}, at rank {rank} (CP)"


def _tucker2(layer: LayerMemory, given: Given) -> tuple[Chain, str]:
    settings_of(layer)
    inputs, outputs, group = _channels(layer)

    def build(ranks: tuple[int, int]) -> Chain:
        return _tucker_chain(layer, ranks, group)

    keep = given.get("keep")
    if keep is None:
        ranks = tuple(
            _rank(layer, {"rank": given[name]}, (most,), group, lambda _: build((group, group)))
            for name, most in (("in", inputs), ("out", outputs))
        )
        chosen = ranks[0], ranks[1]
    else:
        chosen = _kept(layer, keep, (inputs, outputs), group, build((group, group)))
    words = f"to {chosen[0]} channels, the kernel to {chosen[1]}, back to {outputs} (Tucker-2)"
    return build(chosen), f"{layer.spec.name}: {words}; the top keeps its shape"


def _channels(layer: LayerMemory) -> tuple[int, int, int]:
    """Channels of bottom and top, and groups; a fully connected layer over a plane is a kernel of the whole plane."""
    if not is_dense(layer):
        window = _kernel_of(layer)
        return window.inputs, window.outputs, window.group
    shape, (_, settings) = layer.spec.bottoms[0] if layer.spec.bottoms else None, settings_of(layer)
    if shape is None or len(shape) != PLANE or shape[2] * shape[3] == 1 or settings.integer("axis", 1) != 1:
        raise WhatIfError(f"{layer.spec.name}: its bottom is no plane, so it is a plain matrix: svd is for that")
    return shape[1], settings.integer("num_output", 0), 1


def _tucker_chain(layer: LayerMemory, ranks: tuple[int, int], group: int) -> Chain:
    chain = Chain(layer)
    if is_dense(layer):
        _, settings = settings_of(layer)
        chain.add("tucker1", "Convolution", _CONV, _plain_pointwise(ranks[0]))
        middle = with_fields(settings, {"num_output": ranks[1], "bias_term": False})
        return chain.add("tucker2", "InnerProduct", _DENSE, middle).end("InnerProduct", _DENSE, settings)
    settings = window_of(layer).settings
    first = with_fields(settings, {**pointwise(), "num_output": ranks[0], "bias_term": False, "group": group})
    chain.add("tucker1", "Convolution", _CONV, first)
    chain.add("tucker2", "Convolution", _CONV, with_fields(settings, {"num_output": ranks[1], "bias_term": False}))
    return chain.end("Convolution", _CONV, with_fields(settings, pointwise()))


def _plain_pointwise(outputs: int) -> Message:
    from logparse.textproto import Message

    return Message({"num_output": [outputs], "kernel_size": [1], "bias_term": [False]})


def _kept(layer: LayerMemory, keep: Fraction, most: tuple[int, int], group: int, smallest: Chain) -> tuple[int, int]:
    """The largest ranks, both the same share of their channels, with so many of the MACs.

    `smallest` has ranks of one channel a group: its parts grow with the first, with both, and with the second.
    """
    budget = keep * layer_macs(layer)
    one, both, other = (cost(part.spec).macs.value or 0 for part in smallest.parts)

    def ranks(part: int) -> tuple[int, int]:
        first, second = (max(side * part // _STEPS // group, 1) * group for side in most)
        return first, second

    def fits(part: int) -> bool:
        first, second = (rank // group for rank in ranks(part))
        return one * first + both * first * second + other * second <= budget

    if not fits(0):
        raise WhatIfError(f"{layer.spec.name}: even ranks of {group} take more than {float(keep):.3%} of its MACs")
    return ranks(bisect_left(range(1, _STEPS + 1), x=True, key=lambda part: not fits(part)))


# -- rows ------------------------------------------------------------------------------------------

_RANK: Final = Setting("rank", rank_of, "R|R%", "values in between: a number, or a share of the largest rank")
KEEPING: Final = Setting("keep", some_share, "P%", "the largest rank with so many of the layer's MACs")
_ONE: Final = (("rank",), ("keep",))
_WHOLE: Final = "the factors stand for the weights as well as a product of this rank can; they are trained on"
_LOSS: Final = "how well they do, and which rank is enough, only weights and accuracy tell"

SVD: Final = Method(
    key="svd",
    step=Turn.LAYERS,
    on="InnerProduct, Convolution",
    does="a matrix as two of rank r: K·M → r·(K + M); a convolution k×k to r channels, then 1×1",
    settings=(_RANK, KEEPING),
    needs=_ONE,
    assumes=(_WHOLE,),
    unknown=_LOSS,
    source="Denton et al. 2014; Girshick 2015; Zhang et al. 2016",
    replaces=svd,
)
LOW_RANK: Final = Method(  # what the older words ask for; not in the table
    key="low rank",
    step=Turn.LAYERS,
    on=SVD.on,
    does=SVD.does,
    settings=(_RANK, Setting("scheme", str, "spatial|channel", "of a convolution")),
    needs=(("rank",),),
    assumes=(_WHOLE,),
    unknown=_LOSS,
    source=SVD.source,
    replaces=_either,
)
FACTORS: Final = (
    SVD,
    Method(
        key="channel",
        step=Turn.LAYERS,
        on="Convolution",
        does="k×k to r channels, then 1×1: the unrolled kernel by SVD",
        settings=(_RANK, KEEPING),
        needs=_ONE,
        assumes=(_WHOLE,),
        unknown=_LOSS,
        source="Zhang et al. 2016",
        replaces=_channel_pair,
    ),
    Method(
        key="spatial",
        step=Turn.LAYERS,
        on="Convolution",
        does="k×1 to r channels, then 1×k",
        settings=(_RANK, KEEPING),
        needs=_ONE,
        assumes=(_WHOLE,),
        unknown=_LOSS,
        source="Jaderberg et al. 2014, scheme 2; Tai et al. 2016",
        replaces=spatial_pair,
    ),
    Method(
        key="cp",
        step=Turn.LAYERS,
        on="Convolution with a kernel larger than 1×1",
        does="1×1 to r channels, k×1 and 1×k for each of them, 1×1 back",
        settings=(_RANK, KEEPING),
        needs=_ONE,
        assumes=(_WHOLE,),
        unknown=_LOSS,
        source="Lebedev et al. 2015",
        replaces=_cp,
    ),
    Method(
        key="tucker2",
        step=Turn.LAYERS,
        on="Convolution with a kernel larger than 1×1; InnerProduct over a plane",
        does="1×1 to r channels, k×k to s, 1×1 back",
        settings=(
            Setting("in", rank_of, "R|R%", "channels that the kernel reads: a number, or a share of those there are"),
            Setting("out", rank_of, "S|S%", "channels that it makes: a number, or a share of those there are"),
            KEEPING,
        ),
        needs=(("in", "out"), ("keep",)),
        assumes=(_WHOLE,),
        unknown=_LOSS,
        source="Kim et al. 2016",
        replaces=_tucker2,
    ),
)
