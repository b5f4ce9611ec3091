"""The rules of every known layer type, and the one entry that applies them: `cost`.

A rule is looked up by type; its parts read the layer's definition and shapes. The printed shape wins
over the rule's own: a contradiction is reported, never corrected.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from logparse.cost.fields import same_but_padding
from logparse.cost.layer_types import RULES
from logparse.cost.rule import Missing, View, bare_view, dims, equation
from logparse.cost.spec import NO_FIGURE, Basis, Cost, Derived
from logparse.cost.types import canonical_type

if TYPE_CHECKING:
    from logparse.cost.rule import CountRule, Rule
    from logparse.cost.spec import LayerSpec, Shape

NO_TYPE: Final = "nothing tells the layer's type"


def view_of(spec: LayerSpec, rule: Rule) -> View:
    """The layer as the rule's parts read it; where a top is not printed, with the shape that the rule expects.

    What is kept with the layer is what the view is made of, not the view, which holds the layer: together they would
    be a circle, and stay in memory until Python looks for such.
    """
    if rule.shapes not in spec.kept:
        view = _view_of(spec, rule)
        spec.kept[rule.shapes] = view.definition, view.tops, view.found
        return view
    return View(spec, *spec.kept[rule.shapes])


def _view_of(spec: LayerSpec, rule: Rule) -> View:
    bare = bare_view(spec)
    if spec.tops and None not in spec.tops:
        return bare
    expected = expected_tops(bare, rule)
    length = max(len(spec.tops), len(expected))
    printed = (*spec.tops, *(None,) * (length - len(spec.tops)))
    filled = (*expected, *(None,) * (length - len(expected)))
    tops = tuple(p if p is not None else e for p, e in zip(printed, filled, strict=True))
    return View(spec, bare.definition, tops[: max(len(spec.tops), 1)])


def expected_tops(view: View, rule: Rule) -> tuple[Shape | None, ...]:
    """The shapes that the rule expects of the layer's tops; empty where it tells none."""
    try:
        return rule.shapes(view)
    except (Missing, IndexError, ValueError, ZeroDivisionError):
        # A definition may be nonsense (a stride of 0, too few axes); then there is nothing to expect
        return ()


def contradictions(expected: tuple[Shape | None, ...], printed: tuple[Shape | None, ...]) -> tuple[str, ...]:
    """Where a printed shape differs from the expected one, padding by ones aside."""
    pairs = enumerate(zip(expected, printed, strict=False))
    return tuple(
        f"top {i}: the definition gives {dims(want)}, the log prints {dims(got)}"
        for i, (want, got) in pairs
        if want is not None and got is not None and not same_but_padding(want, got)
    )


def told(part: CountRule, view: View) -> Derived:
    """One count with its basis: without a definition it stands on type and shapes alone."""
    try:
        count = part(view)
    except Missing as missing:
        return Derived(None, Basis.UNKNOWN, reason=str(missing))
    except (IndexError, ValueError, ZeroDivisionError):
        return Derived(None, Basis.UNKNOWN, reason="the definition and the printed shapes do not fit each other")
    basis = Basis.SHAPES if view.definition is None else Basis.DEFINITION
    return Derived(count.value, basis, equation(count))


_TEST_NET: Final = Derived(0, Basis.SHAPES, "nothing is propagated back in a TEST net = 0")
_NO_BACKWARD: Final = Derived(0, Basis.SHAPES, "the layer does no backward computation = 0")
_NOT_SAID: Final = "the log does not say whether the layer does backward"


def backward(rule: Rule, view: View) -> Derived:
    """Backward MACs: none where the log says that the layer does no backward, else the rule's."""
    if not view.is_training:
        return _TEST_NET
    if view.spec.backward is False:
        return _NO_BACKWARD
    count = told(rule.backward_macs, view)
    if view.spec.backward is None and count.value:
        return Derived(None, Basis.UNKNOWN, reason=_NOT_SAID)
    return count


def _unknown(spec: LayerSpec) -> Cost:
    reason = NO_TYPE if spec.type is None else f"no rule for the layer type {spec.type}"
    nothing = Derived(None, Basis.UNKNOWN, reason=reason)
    return Cost(None, Basis.UNKNOWN, nothing, nothing, params_reason=reason, batch=_batch(spec), backward_macs=nothing)


def _batch(spec: LayerSpec) -> int | None:
    first = next((shape for shape in (*spec.tops, *spec.bottoms) if shape), None)
    return first[0] if first else None


def _with_params(cost: Cost, rule: Rule, view: View) -> Cost:
    try:
        params = rule.params(view)
    except Missing as missing:
        return replace(cost, params_reason=str(missing))
    except (IndexError, ValueError, ZeroDivisionError):
        return replace(cost, params_reason="the definition and the printed shapes do not fit each other")
    basis = Basis.SHAPES if view.definition is None else Basis.DEFINITION
    total = sum(blob.count for blob in params.blobs)
    formula = f"{params.text} = {total:,}" if params.blobs else params.text
    if params.assumptions:
        basis = Basis.INFERRED
    return replace(
        cost, params=params.blobs, params_basis=basis, params_formula=formula, assumptions=params.assumptions
    )


def _doubted(derived: Derived) -> Derived:
    return derived._replace(basis=Basis.INFERRED) if derived.value else derived


def _demoted(cost: Cost) -> Cost:
    """A definition that contradicts the log is not the one that ran: its numbers are no longer certain."""
    if not cost.problems:
        return cost
    assumption = "the definition holds although it contradicts a printed shape"
    basis = Basis.INFERRED if cost.params else cost.params_basis
    return replace(
        cost,
        params_basis=basis,
        macs=_doubted(cost.macs),
        other_ops=_doubted(cost.other_ops),
        backward_macs=_doubted(cost.backward_macs),
        assumptions=(*cost.assumptions, assumption),
    )


def with_backward(known: Cost, spec: LayerSpec) -> Cost:
    """The cost with the backward pass of a layer of which it has become known who needs a gradient; kept with it."""
    rule = RULES.get(canonical_type(spec.type)) if spec.type else None
    if rule is None:
        return known
    found = backward(rule, view_of(spec, rule))
    spec.kept[_COST] = told = replace(known, backward_macs=_doubted(found) if known.problems else found)
    return told


def cost(spec: LayerSpec) -> Cost:
    """What one layer costs by the rule of its type; pure.

    NA (with a reason) where the type is not known or the rule lacks something. `problems` holds every
    contradiction between the rule's shapes and the printed ones; the printed shape wins.
    """
    if _COST not in spec.kept:
        spec.kept[_COST] = _cost(spec)
    found: Cost = spec.kept[_COST]
    return found


_COST: Final = "cost"


def macs(spec: LayerSpec) -> Derived:
    """The matrix products of one forward pass alone."""
    if _COST in spec.kept:
        return cost(spec).macs
    rule = RULES.get(canonical_type(spec.type)) if spec.type else None
    return NO_FIGURE if rule is None else told(rule.macs, view_of(spec, rule))


def _cost(spec: LayerSpec) -> Cost:
    rule = RULES.get(canonical_type(spec.type)) if spec.type else None
    if rule is None:
        return _unknown(spec)
    view = view_of(spec, rule)
    expected = expected_tops(view if view.tops is spec.tops else View(spec, view.definition, spec.tops), rule)
    base = Cost(
        params=None,
        params_basis=Basis.UNKNOWN,
        macs=told(rule.macs, view),
        other_ops=told(rule.other_ops, view),
        backward_macs=backward(rule, view),
        expected_tops=expected,
        problems=contradictions(expected, spec.tops),
        batch=_batch(spec),
    )
    return _demoted(_with_params(base, rule, view))
