"""A net and the costing rules → derived figures per layer, with their bases; pure, no pandas."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from logparse.cost.inference.settle import settle
from logparse.cost.layer_types import traits_of
from logparse.cost.memory.sharing import LayerUse, TopUse, shared_tops
from logparse.cost.spec import LayerSpec
from logparse.cost.traits import When
from logparse.derive.facts import LayerFact, NetFact, ParamFact, with_images
from logparse.derive.gradients import with_gradients
from logparse.derive.memory import net_memory
from logparse.reading.line.values import integer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from logparse.cost.inference.lacking import Resolved
    from logparse.cost.spec import Cost, Shape
    from logparse.model import Blob, Layer, Net

_DATA: Final = "_data"  # what a plan calls the first half of a blob
FLOAT_BYTES: Final = 4  # Caffe's default Dtype; used only where the running memory line does not tell
_STREAMS: Final = re.compile(r"of (\d++) independent streams")


def derive(net: Net) -> NetFact:
    """Everything that is derived from one net."""
    size = net.element_bytes or FLOAT_BYTES
    seen = _for_rules(net)
    bottoms = _resolve_bottoms(seen)
    specs = [_spec(net, layer, shapes) for layer, (shapes, _) in zip(seen.layers, bottoms, strict=True)]
    settled = with_gradients(net, settle(specs))
    types = [_type(layer, one) for layer, one in zip(net.layers, settled, strict=True)]
    uses = (_use(*one) for one in zip(net.layers, (kind for kind, _ in types), settled, strict=True))
    owners = _planned(net, shared_tops(uses))
    facts = []
    before: int | None = 0
    total = _bytes_of([blob.count for blob in net.inputs], size)
    for place, layer in enumerate(net.layers):
        own = [top.count for top, owner in zip(layer.tops, owners[place], strict=True) if owner is None]
        distinct = None if _is_lost(layer) else _bytes_of(own, size)
        total = total + distinct if total is not None and distinct is not None else None
        cost = settled[place].cost
        facts.append(
            LayerFact(
                layer=layer,
                type=types[place][0],
                type_basis=types[place][1],
                spec=settled[place].spec,
                cost=cost,
                params=_params(layer, cost),
                owners=owners[place],
                assumptions=(*bottoms[place][1], *cost.assumptions),
                logged_step_bytes=_step(layer, before),
                expected_step_bytes=_bytes_of([top.count for top in layer.tops], size) if layer.tops else None,
                distinct_bytes=distinct,
                distinct_total_bytes=total,
            )
        )
        before = layer.logged_bytes
    per_image, batch = _is_per_image(net), batch_of(net)
    memory = net_memory(facts, size, None if per_image else batch, inputs=net.inputs, is_per_image=per_image)
    return NetFact(net, size, batch, tuple(facts), memory, per_image)


def _is_lost(layer: Layer) -> bool:
    """Whether of the layer nothing but a running figure is in the log."""
    return layer.name is None and not layer.tops


def _is_per_image(net: Net) -> bool:
    return any(top.is_per_image for layer in net.layers for top in layer.tops)


def _for_rules(net: Net) -> Net:
    """The net with a batch in all its shapes, as the rules want it: of 1 where the log prints tops without theirs.

    Inputs and sources are then of one image too, although what is said of them tells how many there are.
    """
    if not _is_per_image(net):
        return net
    layers = (
        replace(layer, tops=tuple(_of_one_image(top, is_source=not layer.bottoms) for top in layer.tops))
        for layer in net.layers
    )
    return replace(net, layers=tuple(layers), inputs=tuple(_of_one_image(blob, is_source=True) for blob in net.inputs))


def _of_one_image(blob: Blob, *, is_source: bool) -> Blob:
    if blob.shape is None or not (blob.is_per_image or is_source):
        return blob
    return replace(blob, shape=(1, *(blob.shape if blob.is_per_image else blob.shape[1:])))


def batch_of(net: Net) -> int | None:
    """Images of one forward pass: the first dimension of the net's first input or data top, or a recurrent layer's
    streams.

    None where that is 0 too: a pass over no image tells nothing of one.
    """
    for layer in net.layers:
        for text in layer.chatter:
            found = _STREAMS.search(text)
            if found is not None:
                return integer(found[1]) or None
    source = next((layer for layer in net.layers if not layer.bottoms and layer.type != "Parameter"), None)
    tops = net.inputs or (source.tops if source is not None else ())
    return (tops[0].shape[0] or None) if tops and tops[0].shape and not tops[0].is_per_image else None


def _resolve_bottoms(net: Net) -> list[tuple[tuple[Shape | None, ...], tuple[str, ...]]]:
    """Per layer: its bottoms' shapes, and what had to be assumed to know them.

    In an excerpt a blob's maker may stand without names; a bottom that nobody names is then taken to be the
    nearest unnamed top before it.
    """
    known: dict[str, Shape | None] = {blob.name: blob.shape for blob in net.inputs}
    unnamed: list[tuple[str, Shape]] = []
    found = []
    for layer in net.layers:
        shapes, assumed = [], []
        for name in layer.bottoms:
            if name not in known and unnamed:
                maker, known[name] = unnamed[0]
                unnamed.clear()
                assumed.append(f"its bottom {name} is the unnamed top of {maker} before it")
            shapes.append(known.get(name))
        found.append((tuple(shapes), tuple(assumed)))
        _note_tops(layer, known, unnamed)
    return found


def _note_tops(layer: Layer, known: dict[str, Shape | None], unnamed: list[tuple[str, Shape]]) -> None:
    blank = [shape for top in layer.tops if not top.name and (shape := top.shape) is not None]
    if blank:
        label = "the unnamed layer" if layer.name is None else f"the layer {layer.name}"
        unnamed[:] = [(label, shape) for shape in blank]
    known.update({top.name: top.shape for top in layer.tops if top.name})


def _spec(net: Net, layer: Layer, bottoms: tuple[Shape | None, ...]) -> LayerSpec:
    return LayerSpec(
        name=layer.name or "",
        type=layer.type,
        definition=layer.definition.message if layer.definition is not None else None,
        bottoms=bottoms,
        tops=tuple(top.shape for top in layer.tops),
        in_place=tuple(top.in_place for top in layer.tops),
        phase=net.phase,
        backward=layer.backward,
        nested_notes=layer.chatter,
    )


def _type(layer: Layer, settled: Resolved) -> tuple[str | None, str]:
    if layer.type is not None:
        return layer.type, "definition" if layer.definition is not None else "log"
    return (settled.spec.type, "inferred") if settled.origin == "inferred" else (None, "unknown")


def _use(layer: Layer, type_: str | None, settled: Resolved) -> LayerUse:
    traits = traits_of(type_)
    shares = When.NEVER if traits is None else traits.sharing(settled.spec)[0]
    return LayerUse(shares, layer.bottoms, tuple(TopUse(top.name, top.in_place) for top in layer.tops))


def _planned(net: Net, owners: list[tuple[str | None, ...]]) -> list[tuple[str | None, ...]]:
    """Who owns the tops: where the type does not tell, a fork's memory plan may say whose memory a top is."""
    if net.plan is None:
        return owners
    roots = {
        step.blob.removesuffix(_DATA): step.root.removesuffix(_DATA)
        for step in net.plan.steps
        if step.kind == "shared" and step.blob is not None and step.root is not None and step.blob.endswith(_DATA)
    }
    return [
        tuple(owner or roots.get(top.name) for top, owner in zip(layer.tops, found, strict=True))
        for layer, found in zip(net.layers, owners, strict=True)
    ]


def _bytes_of(counts: list[int | None], size: int) -> int | None:
    """Bytes of these values; NA where a count is not printed."""
    known = [count for count in counts if count is not None]
    return size * sum(known) if len(known) == len(counts) else None


def _step(layer: Layer, before: int | None) -> int | None:
    return None if layer.logged_bytes is None or before is None else layer.logged_bytes - before


def _params(layer: Layer, cost: Cost) -> tuple[ParamFact, ...] | None:
    if cost.params is None:
        return None
    owners = _owners_by_index(layer, cost)
    return tuple(ParamFact(blob, owners.get(place)) for place, blob in enumerate(cost.params))


def _owners_by_index(layer: Layer, cost: Cost) -> dict[int, str]:
    """Parameter index → owning layer. The log's `param index` is the owner's; the definition's names tell ours."""
    names = []
    if layer.definition is not None:
        names = [param.text("name") for param in layer.definition.message.children("param")]
    owners: dict[int, str] = {}
    for shared in layer.shared_params:
        place = names.index(shared.param) if shared.param in names else shared.index
        if place < len(cost.params or ()):
            owners[place] = shared.owner
    return owners


def facts_of(nets: Iterable[Net]) -> list[NetFact]:
    """All nets of an attempt; an inner net counts images as its enclosing net does."""
    facts: list[NetFact] = []
    for net in nets:
        fact = derive(net)
        if net.parent is not None and facts[net.parent].batch is not None:
            fact = with_images(fact, facts[net.parent].batch)
        facts.append(fact)
    return facts
