"""A fully connected layer as a tensor train: a row of small cores in the place of one matrix.

Source: Novikov et al. 2015, "Tensorizing Neural Networks": a matrix of ∏mₖ × ∏nₖ as cores of rₖ₋₁ × mₖ × nₖ × rₖ, their
parameters Σ mₖ·nₖ·rₖ₋₁·rₖ. In Caffe a core is an InnerProduct over the last axis of a Reshape, and a Permute (SSD's
fork) brings the next factor of the inputs there; the order of the inputs and outputs within a layer is free.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost.whatif.methods.factors import KEEPING, is_dense, layer_macs, matrix_of
from logparse.cost.whatif.methods.method import Method, Setting, Turn
from logparse.cost.whatif.methods.settings import factors_of, from_to
from logparse.cost.whatif.parts import Chain, settings_of
from logparse.cost.whatif.resize import WhatIfError
from logparse.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from fractions import Fraction

    from logparse.cost.memory.layer import LayerMemory
    from logparse.cost.whatif.methods.method import Given


def tensor_train(layer: LayerMemory, given: Given) -> tuple[Chain, str]:
    """Cores for the factors of inputs and outputs that are given, at one rank or at one for each pair of cores."""
    _, settings = settings_of(layer)
    name, shape = layer.spec.name, layer.spec.bottoms[0] if layer.spec.bottoms else None
    if not is_dense(layer) or shape is None or settings.integer("axis", 1) != 1:
        raise WhatIfError(f"{name}: only an InnerProduct over all axes behind the first is a tensor train")
    ins, outs = given["in"], given["out"]
    _check(name, ins, outs, (prod(shape[1:]), settings.integer("num_output", 0)))
    bounds = _bounds(ins, outs)

    def build(ranks: Sequence[int]) -> Chain:
        return _cores(layer, ins, outs, (1, *ranks, 1), with_bias=settings.flag("bias_term", default=True))

    if "keep" in given:
        ranks = _kept(layer, given["keep"], bounds, build)
    else:
        ranks = given["ranks"] if "ranks" in given else (given["rank"],) * len(bounds)
        _check_ranks(name, ranks, bounds)
    told = "×".join(map(str, ranks))
    text = f"{name}: {prod(ins)} × {prod(outs)} → {len(ins)} cores of rank {told} (tensor train)"
    return build(ranks), text


def _check(name: str, ins: Sequence[int], outs: Sequence[int], sides: tuple[int, int]) -> None:
    if len(ins) != len(outs) or len(ins) < 2:
        raise WhatIfError(f"{name}: a tensor train has as many factors of inputs as of outputs, at least two")
    for factors, side, what in ((ins, sides[0], "inputs"), (outs, sides[1], "outputs")):
        if prod(factors) != side:
            raise WhatIfError(f"{name}: {'×'.join(map(str, factors))} is {prod(factors)}, and it has {side} {what}")


def _bounds(ins: Sequence[int], outs: Sequence[int]) -> tuple[int, ...]:
    """The largest rank between two cores: the shorter side of the matrix that unfolds there."""
    sizes = [one * other for one, other in zip(ins, outs, strict=True)]
    return tuple(min(prod(sizes[:place]), prod(sizes[place:])) for place in range(1, len(sizes)))


def _check_ranks(name: str, ranks: Sequence[int], bounds: Sequence[int]) -> None:
    if len(ranks) != len(bounds):
        raise WhatIfError(f"{name}: {len(bounds) + 1} cores have {len(bounds)} ranks between them, not {len(ranks)}")
    for place, (rank, most) in enumerate(zip(ranks, bounds, strict=True), 1):
        if rank > most:
            raise WhatIfError(f"{name}: behind core {place} there is no rank {rank}: at most {most}")


def _kept(
    layer: LayerMemory, keep: Fraction, bounds: Sequence[int], build: Callable[[Sequence[int]], Chain]
) -> tuple[int, ...]:
    """The largest common rank, cut where fewer are possible, with so many of the MACs."""
    budget = keep * layer_macs(layer)

    def ranks(rank: int) -> tuple[int, ...]:
        return tuple(min(rank, most) for most in bounds)

    if build(ranks(1)).macs > budget:
        raise WhatIfError(f"{layer.spec.name}: even rank 1 takes more than {float(keep):.3%} of its MACs")
    low, high = 1, min(max(bounds), *(matrix_of(layer) or bounds))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if build(ranks(middle)).macs <= budget else (low, middle - 1)
    return ranks(low)


def _cores(
    layer: LayerMemory, ins: Sequence[int], outs: Sequence[int], ranks: Sequence[int], *, with_bias: bool
) -> Chain:
    """From the last factor of the inputs to the first; what is done with stands in front of what is still to do."""
    chain, done = Chain(layer), 1
    for place in reversed(range(len(ins))):
        ahead = prod(ins[:place])
        chain.add(
            f"core{place + 1}_in", "Reshape", "reshape_param", _shape(0, done * ahead, ins[place] * ranks[place + 1])
        )
        outputs = outs[place] * ranks[place]
        chain.add(f"core{place + 1}", "InnerProduct", "inner_product_param", _core(outputs))
        if place:
            chain.add(
                f"core{place + 1}_out", "Reshape", "reshape_param", _shape(0, done, ahead, outs[place], ranks[place])
            )
            chain.add(f"core{place + 1}_order", "Permute", "permute_param", Message({"order": [0, 1, 3, 2, 4]}))
        done *= outs[place]
    if not with_bias:
        return chain.end("Reshape", "reshape_param", _shape(0, done))
    chain.onto_top("cores", "Reshape", "reshape_param", _shape(0, done))
    return chain.end("Bias", on_top=True)


def _shape(*dims: int) -> Message:
    return Message({"shape": [Message({"dim": [*dims]})]})


def _core(outputs: int) -> Message:
    return Message({"num_output": [outputs], "bias_term": [False], "axis": [2]})


TENSOR_TRAIN: Final = Method(
    key="tt",
    step=Turn.LAYERS,
    on="InnerProduct",
    does="one matrix as a train of small cores: Σ mₖ·nₖ·rₖ₋₁·rₖ weights",
    settings=(
        Setting("in", factors_of, "M1xM2x…", "factors of the inputs"),
        Setting("out", factors_of, "N1xN2x…", "factors of the outputs, as many"),
        Setting("rank", from_to(1), "R", "the rank between any two cores"),
        Setting("ranks", factors_of, "R1xR2x…", "or one for each pair"),
        KEEPING,
    ),
    needs=(("in", "out", "rank"), ("in", "out", "ranks"), ("in", "out", "keep")),
    assumes=("each core is an InnerProduct between Reshape and Permute; the bias stays, as a layer of its own",),
    unknown="how well the cores stand for the matrix, and which rank is enough, only weights and accuracy tell",
    source="Novikov et al. 2015",
    replaces=tensor_train,
)
