"""What to say about layers whose definition is missing: what the shapes fix, a guess that is named as one, or NA with
its candidates.

A guess is a definition that fits all shapes, with the assumptions that it rests on; the ordinary rules
cost it, and its numbers have the basis `inferred`. Nothing here overrides what a definition or the
shapes alone already fix.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost.costing import cost
from logparse.cost.inference.architectures import known_layers
from logparse.cost.inference.by_peers import Blocks, blocks_of, by_twin, from_name, from_peers, from_twin
from logparse.cost.inference.by_shape import guess
from logparse.cost.inference.guess import Guess
from logparse.cost.inference.lacking import Resolved, as_it_stands, can_infer, defined
from logparse.cost.inference.names import stated_kernel
from logparse.cost.layer_types import traits_of
from logparse.cost.spec import Basis
from logparse.cost.traits import Family
from logparse.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from logparse.cost.spec import Cost, Derived, LayerSpec

__all__ = ["Guess", "cost_or_infer", "guess", "settle_lacking"]


# -- applying a guess ----------------------------------------------------------------------------


def _lowered(known: Derived, guessed: Derived, reason: str) -> Derived:
    if known.value is not None:
        return known
    if guessed.value is None:
        return known._replace(reason=reason or known.reason)
    return guessed._replace(basis=Basis.INFERRED)


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
    if known.params is not None:
        return merged
    if guessed.params is None:
        return replace(merged, params_reason=guessed.params_reason)
    return replace(
        merged,
        params=guessed.params,
        params_basis=Basis.INFERRED,
        params_formula=guessed.params_formula,
        params_reason="",
    )


# -- evidence of the whole net -------------------------------------------------------------------

# BVLC's pair: the Scale holds the shift, so a bias before it would be redundant
_NORMALISED: Final = ("BatchNorm", "Scale")
_KERNEL_FIELDS: Final = ("kernel_size", "kernel_h", "kernel_w", "group")


class Evidence(NamedTuple):
    """What the rest of the net tells about its layers."""

    known: Mapping[str, Guess]
    blocks: Blocks
    twins: Mapping[object, LayerSpec]
    named: Mapping[str, LayerSpec]
    has_bias: bool | None  # of the convolutions that are defined, where they agree
    normalised: frozenset[str]  # layers directly before a BatchNorm and its Scale
    scaled: frozenset[str]  # layers directly before a Scale
    norms: Mapping[str, LayerSpec]  # one defined layer of each type of batch normalisation


NO_EVIDENCE: Final = Evidence({}, Blocks({}, {}, None), {}, {}, None, frozenset(), frozenset(), {})


def evidence_of(specs: Sequence[LayerSpec]) -> Evidence:
    """Collect what a net's layers tell about each other; pure."""
    flags = {
        spec.definition.child("convolution_param").flag("bias_term", default=True)
        for spec in specs
        if defined(spec) and spec.type == "Convolution" and spec.definition is not None
    }
    kinds = [_kind(spec) for spec in specs]
    return Evidence(
        known=known_layers(specs),
        blocks=blocks_of(specs),
        twins=by_twin(specs),
        named={spec.name: spec for spec in specs},
        has_bias=flags.pop() if len(flags) == 1 else None,
        normalised=frozenset(
            spec.name for place, spec in enumerate(specs) if tuple(kinds[place + 1 : place + 3]) == _NORMALISED
        ),
        scaled=frozenset(spec.name for spec, after in zip(specs, kinds[1:], strict=False) if after == "Scale"),
        norms={spec.type: spec for spec in specs if spec.type is not None and _normalises(spec) and defined(spec)},
    )


def _normalises(spec: LayerSpec) -> bool:
    traits = traits_of(spec.type)
    return traits is not None and traits.family is Family.BATCH_NORM


def _kind(spec: LayerSpec) -> str | None:
    return spec.type if spec.type is not None else guess(spec).type


def _kernel(found: Guess) -> tuple[object, ...]:
    definition = found.definition if found.definition is not None else Message()
    child = definition.child("convolution_param")
    group = child.integer("group", 1)
    sizes = {str(value) for name in _KERNEL_FIELDS[:3] for value in child.all(name)}
    return (found.type, tuple(sorted(sizes)), group)


def _with_bias(found: Guess, spec: LayerSpec, evidence: Evidence) -> Guess:
    """A bias is taken to be there, unless the net's other convolutions or a BatchNorm behind say otherwise."""
    if found.type not in {"Convolution", "InnerProduct"} or found.definition is None:
        return found
    name = "convolution_param" if found.type == "Convolution" else "inner_product_param"
    child = found.definition.child(name)
    bias, why = True, "a bias is taken to be there (Caffe's default)"
    if found.type == "Convolution" and evidence.has_bias is not None:
        bias = evidence.has_bias
        why = f"{'a' if bias else 'no'} bias, like the net's other convolutions"
    elif spec.name in evidence.normalised:
        bias, why = False, "no bias, since a BatchNorm and a Scale follow"
    changed = Message({**child.fields, "bias_term": [bias]})
    definition = Message({**found.definition.fields, name: [changed]})
    return found._replace(definition=definition, assumptions=(*found.assumptions, why))


def _guess_in_net(spec: LayerSpec, evidence: Evidence) -> Guess:
    """The guess that the net's evidence gives; NA where two pieces of it contradict each other."""
    found = [
        one
        for one in (
            from_peers(spec, evidence.blocks) or from_twin(spec, evidence.twins),
            evidence.known.get(spec.name),
            from_name(spec, evidence.named),
        )
        if one is not None
    ]
    if not found:
        own = _unrefuted(guess(spec), spec)
        return _with_bias(_of_the_nets_kind(own, spec, evidence), spec, evidence)
    if len({_kernel(one) for one in found}) > 1:
        told = "; ".join(one.assumptions[0] for one in found)
        return Guess(reason=f"the evidence disagrees: {told}")
    from_name_alone = len(found) == 1 and stands_on_name(found[0])
    return _with_bias(found[0], spec, evidence) if from_name_alone else found[0]


_NORM_CANDIDATES: Final = "BatchNorm (statistics alone) or a fork's BN (scale and shift too): no Scale follows it"


def _of_the_nets_kind(found: Guess, spec: LayerSpec, evidence: Evidence) -> Guess:
    """A batch normalisation by name is of the kind that the net defines elsewhere, or BVLC's where a Scale follows."""
    if found.type != "BatchNorm" or spec.type is not None:
        return found
    if len(evidence.norms) == 1:
        kind, defined_one = next(iter(evidence.norms.items()))
        return Guess(kind, defined_one.definition, (f"{kind} by its name, like {defined_one.name}",))
    return found if spec.name in evidence.scaled else Guess(reason=_NORM_CANDIDATES)


def _unrefuted(found: Guess, spec: LayerSpec) -> Guess:
    """A window that the shapes suggest does not stand against another kernel that the layer's name states."""
    stated = stated_kernel(spec.name)
    if stated is None or found.type != "Convolution" or found.definition is None:
        return found
    kernels = found.definition.child("convolution_param").integers("kernel_size")
    if set(kernels) == set(stated.kernel):
        return found
    told = "×".join(map(str, stated.kernel))
    return Guess(reason=f"its name states the kernel {told}, its shapes fit {kernels[0]}×{kernels[0]}")


def stands_on_name(found: Guess) -> bool:
    """Whether a guess rests on a kernel that the layer's name states (then nothing tells of its bias)."""
    return found.assumptions[0].startswith("its name states")


# -- layers ---------------------------------------------------------------------------------------


def settle_lacking(specs: Sequence[LayerSpec]) -> tuple[Resolved, ...]:
    """The costs of a net some of whose layers lack a definition, with all that its other layers tell; pure."""
    evidence = evidence_of(specs)
    return tuple(_resolved(spec, evidence) if can_infer(spec, cost(spec)) else as_it_stands(spec) for spec in specs)


def _resolved(spec: LayerSpec, evidence: Evidence) -> Resolved:
    guessed = _guess_in_net(spec, evidence)
    result = apply(spec, cost(spec), guessed)
    if guessed.type is None or not set(guessed.assumptions) <= set(result.assumptions):
        return Resolved(spec, result, "unknown" if spec.type is None else "definition")
    return Resolved(replace(spec, type=guessed.type, definition=guessed.definition), result, "inferred")


def cost_or_infer(spec: LayerSpec) -> Cost:
    """The cost of one layer by itself: by rule, its NA filled in by what its own shapes and name allow; pure."""
    known = cost(spec)
    if not can_infer(spec, known):
        return known
    return apply(spec, known, _with_bias(guess(spec), spec, NO_EVIDENCE))
