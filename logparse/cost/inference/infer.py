"""What to say about layers whose definition is missing: in order, another net's definition, what the
shapes fix, a guess that is named as one, or NA with its candidates.

A guess is a definition that fits all shapes, with the assumptions that it rests on; the ordinary rules
cost it, and its numbers have the basis `inferred`. Nothing here overrides what a definition or the
shapes alone already fix.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost.costing import cost
from logparse.cost.inference.architectures import known_layers
from logparse.cost.inference.by_peers import Blocks, blocks_of, by_twin, defined, from_name, from_peers, from_twin
from logparse.cost.inference.by_shape import guess
from logparse.cost.inference.guess import Guess
from logparse.cost.inference.names import stated_kernel
from logparse.cost.layer_types import RULES, traits_of
from logparse.cost.spec import Basis
from logparse.cost.traits import Family
from logparse.cost.types import canonical_type
from logparse.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from logparse.cost.spec import Cost, Derived, LayerSpec

__all__ = ["Guess", "Resolved", "cost_or_infer", "guess", "settle"]


class Resolved(NamedTuple):
    """One layer after everything that can be said about it.

    `spec` holds the type and definition that the numbers rest on; `origin` says where they come from:
    "definition" (its own), "other net" (the same layer in another net), "inferred" or "unknown".
    """

    spec: LayerSpec
    cost: Cost
    origin: str


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


def is_complete(known: Cost) -> bool:
    """Whether nothing is left to infer."""
    return known.params is not None and known.macs.value is not None and known.other_ops.value is not None


def _can_infer(spec: LayerSpec, known: Cost) -> bool:
    is_foreign = spec.type is not None and canonical_type(spec.type) not in RULES
    return not (is_complete(known) or defined(spec) or is_foreign)


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


# -- other nets ----------------------------------------------------------------------------------


def _keyed(specs: Sequence[LayerSpec]) -> dict[tuple[str, int], LayerSpec]:
    """Layers by name and occurrence: the inner nets of recurrent layers repeat names."""
    seen: dict[str, int] = {}
    found = {}
    for spec in specs:
        place = seen.get(spec.name, 0)
        seen[spec.name] = place + 1
        found[spec.name, place] = spec
    return found


def _borrowed(spec: LayerSpec, others: Sequence[LayerSpec]) -> LayerSpec | None:
    """The layer with another net's definition of it, if that one fits every printed shape here.

    Nets of one run share their layers' parameters by name, so kernel, group and bias must be equal.
    """
    for other in others:
        if not defined(other) or len(other.bottoms) != len(spec.bottoms):
            continue
        if spec.type is not None and canonical_type(spec.type) != canonical_type(other.type or ""):
            continue
        candidate = replace(spec, type=other.type, definition=other.definition)
        if spec.bottoms and not cost(candidate).problems:
            return candidate
    return None


def _resolve_one(spec: LayerSpec, others: Sequence[LayerSpec], evidence: Evidence) -> Resolved:
    known = cost(spec)
    if not _can_infer(spec, known):
        origin = "definition" if defined(spec) or spec.type is not None else "unknown"
        return Resolved(spec, known, origin)
    borrowed = _borrowed(spec, others)
    if borrowed is not None:
        found = cost(borrowed)
        note = "the definition is that of the same layer in another net of the log"
        return Resolved(borrowed, replace(found, assumptions=(*found.assumptions, note)), "other net")
    guessed = _guess_in_net(spec, evidence)
    result = apply(spec, known, guessed)
    if guessed.type is None or not set(guessed.assumptions) <= set(result.assumptions):
        return Resolved(spec, result, "unknown" if spec.type is None else "definition")
    return Resolved(replace(spec, type=guessed.type, definition=guessed.definition), result, "inferred")


def settle(specs: Sequence[LayerSpec], others: Sequence[Sequence[LayerSpec]] = ()) -> tuple[Resolved, ...]:
    """The costs of a net's layers, with all that its other layers and the log's other nets tell; pure.

    `specs` are the layers of one net in order; `others` the layers of the other nets of the same
    attempt, whose definitions count where they fit.
    """
    keys = _keyed(specs)
    elsewhere = [_keyed(net) for net in others]
    lacking = any(_can_infer(spec, cost(spec)) for spec in specs)
    evidence = evidence_of(specs) if lacking else NO_EVIDENCE
    return tuple(
        _resolve_one(spec, [net[key] for net in elsewhere if key in net], evidence) for key, spec in keys.items()
    )


def cost_or_infer(spec: LayerSpec) -> Cost:
    """The cost of one layer by itself: by rule, its NA filled in by what its own shapes and name allow; pure."""
    known = cost(spec)
    if not _can_infer(spec, known):
        return known
    return apply(spec, known, _with_bias(guess(spec), spec, NO_EVIDENCE))
