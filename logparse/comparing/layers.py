"""Two nets layer by layer: paired as cost/structure/alignment.py does, then each pair's fields and figures."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.comparing.settings import layer_settings
from logparse.comparing.values import BYTES, MACS, VALUES, ComparedLayer, DifferingField, FigurePair, LayerComparison
from logparse.cost.structure.alignment import SAME_NAME, aligned
from logparse.cost.structure.net_layer import without_ones
from logparse.tables.nets.key import macs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from logparse.comparing.side import ComparedRun
    from logparse.comparing.values import Number
    from logparse.cost.spec import Shape
    from logparse.cost.structure.alignment import Pairing
    from logparse.derive.facts import LayerFact, NetFact
    from logparse.model import Layer

PARAMS: Final = "params"
MACS_PER_IMAGE: Final = "macs per image"
LAYER_DATA: Final = "data"


class _Quantity(NamedTuple):
    name: str
    unit: str
    of: Callable[[LayerFact, NetFact], Number | None]


_QUANTITIES: Final = (
    _Quantity(PARAMS, VALUES, lambda layer, _: layer.own_params),
    _Quantity(MACS_PER_IMAGE, MACS, lambda layer, net: macs_of(layer.cost.macs.value, net)[0]),
    _Quantity(LAYER_DATA, BYTES, lambda layer, _: layer.distinct_bytes),
)


class _Net(NamedTuple):
    """A net, its layers by their places in its structure (None: the net's own inputs), its totals."""

    fact: NetFact
    layers: tuple[LayerFact | None, ...]
    totals: dict[str, tuple[Number, bool]]  # quantity → the known sum, and whether that is a lower bound


def compared_layers(base: ComparedRun, other: ComparedRun) -> LayerComparison | None:
    """The leading nets of both sides; None where one has none."""
    if base.lead is None or other.lead is None:
        return None
    one, two = _net(base, base.lead), _net(other, other.lead)
    structures = base.structure(base.lead), other.structure(other.lead)
    rows: list[ComparedLayer] = []
    unknown: Counter[str] = Counter()
    unchanged = by_batch = 0
    for pair in aligned(*structures):
        row, gaps, follows = _row(pair, one, two)
        unknown.update(gaps)
        if row is not None:
            rows.append(row)
        elif pair.one is not None:
            unchanged += 1
            by_batch += follows
    digests = [structure.digest for structure in structures]
    return LayerComparison(
        nets=(base.net_title(base.lead), other.net_title(other.lead)),
        rows=tuple(rows),
        unchanged=unchanged,
        by_batch=by_batch,
        unknown=dict(unknown),
        totals=tuple(_total(quantity, one, two) for quantity in _QUANTITIES),
        same_structure=None if None in digests else digests[0] == digests[1],
    )


def _net(side: ComparedRun, place: int) -> _Net:
    fact = side.net(place)
    inputs = len(side.structure(place).graph.layers) - len(fact.layers)
    totals = {}
    for quantity in _QUANTITIES:
        values = [quantity.of(layer, fact) for layer in fact.layers]
        if quantity.name == LAYER_DATA:
            values += [None if blob.count is None else blob.count * fact.element_bytes for blob in fact.net.inputs]
        known = [value for value in values if value is not None]
        totals[quantity.name] = sum(known), len(known) < len(values)
    return _Net(fact, (*[None] * inputs, *fact.layers), totals)


def _total(quantity: _Quantity, one: _Net, two: _Net) -> FigurePair:
    (before, low), (after, low_after) = one.totals[quantity.name], two.totals[quantity.name]
    return FigurePair(quantity.name, quantity.unit, before, after, before, (low, low_after))


def _row(pair: Pairing, one: _Net, two: _Net) -> tuple[ComparedLayer | None, Sequence[str], bool]:
    """What differs of a pair (None: nothing), the quantities that only one side knows, whether data follows batch."""
    old = None if pair.one is None else one.layers[pair.one]
    new = None if pair.other is None else two.layers[pair.other]
    if old is None and new is None:
        return None, (), False  # inputs of both nets: their shapes are their batch
    if old is None or new is None:
        return _alone(pair.how, old, new, one, two), (), False
    changes, gaps, follows = _changes(old, new, one, two)
    settings = _settings(old, new, one.fact, two.fact)
    if pair.how == SAME_NAME and not changes and not settings:
        return None, gaps, follows
    lines = (old.layer.line, new.layer.line)
    row = ComparedLayer(pair.how, _name(old.layer), _name(new.layer), new.type or old.type, settings, changes, lines)
    return row, gaps, follows


def _alone(how: str, old: LayerFact | None, new: LayerFact | None, one: _Net, two: _Net) -> ComparedLayer:
    """A layer that only one net has: its figures against nothing."""
    changes = []
    for quantity in _QUANTITIES:
        had = 0 if old is None else quantity.of(old, one.fact)
        has = 0 if new is None else quantity.of(new, two.fact)
        if had != has:
            changes.append(FigurePair(quantity.name, quantity.unit, had, has, one.totals[quantity.name][0]))
    before, after = (None if layer is None else layer.layer for layer in (old, new))
    kind = next((layer.type for layer in (old, new) if layer is not None), None)
    lines = (None if before is None else before.line, None if after is None else after.line)
    return ComparedLayer(how, _name(before), _name(after), kind, (), tuple(changes), lines)


def _name(layer: Layer | None) -> str | None:
    """A layer's name; the net's own inputs have none, and stand among the layers that are new or gone."""
    return None if layer is None else layer.name or "(unnamed)"


def _changes(old: LayerFact, new: LayerFact, one: _Net, two: _Net) -> tuple[tuple[FigurePair, ...], list[str], bool]:
    changes, gaps, follows = [], [], False
    for quantity in _QUANTITIES:
        before, after = quantity.of(old, one.fact), quantity.of(new, two.fact)
        change = FigurePair(quantity.name, quantity.unit, before, after, one.totals[quantity.name][0])
        if (before is None) != (after is None):
            gaps.append(quantity.name)
        elif quantity.name == LAYER_DATA and change.differs and _by_batch(change, one.fact, two.fact):
            follows = True
        elif change.differs:
            changes.append(change)
    return tuple(changes), gaps, follows


def _by_batch(change: FigurePair, one: NetFact, two: NetFact) -> bool:
    """Whether data is as much larger as the batch is, and the values as they were."""
    if change.before is None or change.after is None or not one.batch or not two.batch:
        return False
    return change.before * two.batch * two.element_bytes == change.after * one.batch * one.element_bytes


def _settings(old: LayerFact, new: LayerFact, one: NetFact, two: NetFact) -> tuple[DifferingField, ...]:
    found = []
    name = new.layer.name or ""
    told = None not in {old.type, new.type} and "inferred" not in {old.type_basis, new.type_basis}
    if told and old.type != new.type:
        found.append(DifferingField(name, "type", old.type, new.type))
    shapes = [tuple(top.shape for top in layer.layer.tops) for layer in (old, new)]
    if not _same_shapes(shapes[0], shapes[1], one.batch, two.batch):
        found.append(DifferingField(name, "top shape", shapes[0], shapes[1], "shapes"))
    definitions = old.layer.definition, new.layer.definition
    if definitions[0] is not None and definitions[1] is not None:
        found += layer_settings(name, definitions[0].message, definitions[1].message)
    return tuple(found)


def _same_shapes(old: Sequence[Shape | None], new: Sequence[Shape | None], batch: int | None, then: int | None) -> bool:
    """Whether shapes are the same but for the batch in their first place and for trailing ones.

    One that is not printed is like any.
    """
    if len(old) != len(new):
        return False
    for one, two in zip(old, new, strict=True):
        if one is None or two is None:
            continue
        first, second = without_ones(one), without_ones(two)
        if first == second:
            continue
        if first[1:] != second[1:] or (first[:1], second[:1]) != ((batch,), (then,)):
            return False
    return True
