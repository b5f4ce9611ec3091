"""The figures of a run, as it is or after a change: parameters, computation, what a file of weights takes, memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost.buffer import CPU, GPU
from logparse.cost.costing import cost, macs
from logparse.cost.memory.footprint import bytes_without_cudnn, engine_of, footprint
from logparse.cost.memory.holdings import Kind, holdings
from logparse.cost.memory.terms import USUAL
from logparse.cost.stored.bits import NO_BITS, certain
from logparse.cost.stored.encoding import PLAIN
from logparse.cost.stored.values import Products, Work
from logparse.cost.stored.weights import weights_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from logparse.cost.memory.holdings import NetMemory, Run
    from logparse.cost.memory.layer import LayerMemory
    from logparse.cost.memory.terms import Terms
    from logparse.cost.spec import ParamBlob
    from logparse.cost.stored.bits import Bits
    from logparse.cost.stored.encoding import Encoding
    from logparse.cost.stored.weights import Weights


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure: what it is of, its unit, and its value (None where nothing is known)."""

    name: str
    unit: str
    value: int | None


def measures(run: Run, terms: Terms = USUAL) -> tuple[Measure, ...]:
    """The figures of a run: parameters, computation, stored weights, distinct data, parameter bytes, footprints.

    `params` and `macs` count what is left: no weight that is zero, no product with one, no product that has become an
    addition, an XNOR or a value that is looked up; those are figures of their own. `param_bytes` and all memory are
    Caffe's own, which knows no encoding; `stored_bytes` are the values of a file of weights in the form that is asked
    for, with biases and statistics as they are. What is estimated between bounds has these too.
    """
    if not run.nets:
        return ()
    net = run.nets[0]
    held = holdings(run, CPU)
    values, work = _counted(net, tuple(run.encodings.items()))
    found = [
        Measure("params", "values", values),
        Measure("macs_per_image", "MAC", _per_image(work.macs, net.batch)),
        Measure("macs", "MAC", work.macs),
        Measure("param_bytes", "bytes", held[0].bytes_of(Kind.PARAMS)),
        *_of_file(run),
        *(_other_work(work, net.batch) if run.encodings else ()),
        Measure("distinct_data", "bytes", held[0].bytes_of(Kind.DATA)),
    ]
    for place, holding in enumerate(held[1:]):
        found.append(Measure(f"distinct_data, test net {place}", "bytes", holding.bytes_of(Kind.DATA)))
    found += [Measure(f"footprint, {device}", "bytes", _footprint_bytes(run, device, terms)) for device in (CPU, GPU)]
    return tuple(found)


def uncompressed(found: tuple[Measure, ...]) -> dict[str, int | None]:
    """The same figures of a run without encodings, by name, with those that only encodings ask for."""
    known = {one.name: one.value for one in found}
    stored = known.get("stored_bytes")
    same = dict.fromkeys(("stored_bytes, at least", "stored_bytes, at most"), stored)
    return {**dict.fromkeys(_WORK, 0), **same, **known}


# -- a file of weights -----------------------------------------------------------------------------


class File(NamedTuple):
    """What a net's values take in a file: those of weights, and all others."""

    weights: Bits
    others: Bits

    @property
    def total(self) -> Bits:
        """Both."""
        return self.weights.plus(self.others)


def file_of(run: Run) -> File:
    """Bits of the first net's own parameters, in their encodings; those that are not known are left out."""
    net = run.nets[0]
    plain = run.bits.get(Kind.PARAMS, 8 * net.element_bytes)
    weights = others = NO_BITS
    for layer in net.layers:
        one = layer_file(layer, run.encodings.get(layer.spec.name, PLAIN), plain)
        weights, others = weights.plus(one.weights), others.plus(one.others)
    return File(weights, others)


def layer_file(layer: LayerMemory, encoding: Encoding, plain_bits: int) -> File:
    """Bits of one layer's own parameters."""
    weights = others = NO_BITS
    for blob in layer.params or ():
        if blob.kind == "weight":
            weights = weights.plus(encoding.bits(_weights(layer, blob), plain_bits))
        else:
            others = others.plus(certain(blob.count * plain_bits))
    return File(weights, others)


def _weights(layer: LayerMemory, blob: ParamBlob) -> Weights:
    definition = layer.spec.definition
    message = definition.child(layer.traits.channels) if definition is not None and layer.traits.channels else None
    transposed = message is not None and message.flag("transpose", default=False)
    if layer.kind == "Deconvolution":  # inputs first, then the outputs of one group (base_conv_layer.cpp)
        found = weights_of(blob.shape, transposed=True)
        groups = max(message.integer("group", 1), 1) if message is not None else 1
        return replace(found, filters=found.filters * groups, inputs=found.inputs // groups)
    return weights_of(blob.shape, transposed=transposed)


def _of_file(run: Run) -> Iterator[Measure]:
    low, likely, high = file_of(run).total.in_bytes
    yield Measure("stored_bytes", "bytes", likely)
    if low != high:
        yield Measure("stored_bytes, at least", "bytes", low)
        yield Measure("stored_bytes, at most", "bytes", high)


# -- what is computed ------------------------------------------------------------------------------

_WORK: Final = ("additions_per_image", "xnors_per_image", "lookups_per_image")


def _other_work(work: Work, batch: int | None) -> Iterator[Measure]:
    """Operations that have come in the place of products, where there are any."""
    for name, value in zip(_WORK, work[1:], strict=True):
        if value:
            yield Measure(name, "operations", _per_image(value, batch))


def _per_image(value: int, batch: int | None) -> int | None:
    return round(value / batch) if batch else None


def _footprint_bytes(run: Run, device: str, terms: Terms) -> int:
    """The estimate: for engine CAFFE unless the terms or the log name the other one."""
    if engine_of(run, terms) == "cudnn":
        return footprint(run, device, terms).bytes
    return bytes_without_cudnn(run, device, terms)


@lru_cache(maxsize=16)
def _counted(net: NetMemory, encodings: tuple[tuple[str, Encoding], ...]) -> tuple[int, Work]:
    """(weights and biases that are left, what a batch takes to compute) of what is known."""
    by_name: Mapping[str, Encoding] = dict(encodings)
    values, work = 0, Work(0)
    for layer in net.layers:
        encoding = by_name.get(layer.spec.name, PLAIN)
        values += _values(layer, encoding)
        work = work.plus(layer_work(layer, encoding))
    return values, work


def _values(layer: LayerMemory, encoding: Encoding) -> int:
    learnable = [blob for blob in layer.params or () if blob.kind != "statistic"]
    return sum(encoding.left(blob.count) if blob.kind == "weight" else blob.count for blob in learnable)


def layer_work(layer: LayerMemory, encoding: Encoding) -> Work:
    """What one layer takes to compute for a batch; nothing where its MACs are not known."""
    value = macs(layer.spec).value
    if value is None:
        return Work(0)
    if encoding is PLAIN:
        return Work(value)
    params = layer.params or cost(layer.spec).params  # what it shares is multiplied by too
    weights = [_weights(layer, blob) for blob in params or () if blob.kind == "weight"]
    if not weights:
        return Work(value)
    bottoms = sum(prod(shape) for shape in layer.spec.bottoms if shape is not None)
    return encoding.work(Products(value, sum(count or 0 for count in layer.counts), bottoms, _joined(weights)))


def _joined(weights: list[Weights]) -> Weights:
    """A layer with several blobs of weights as one: what is zero in each is zero in the same share of all."""
    return replace(weights[0], count=sum(one.count for one in weights))
