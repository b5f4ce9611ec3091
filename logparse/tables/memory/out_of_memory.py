"""`out_of_memory`: where memory ran out, joined with what the run needed and what alone would have fitted.

Caffe never frees during a run and allocates in a fixed order (solver.cpp, net.cpp): the first test net, if it is
tested first; the parameters' gradients; the forward pass, layer by layer; the backward pass; the solver's history.
So the place of the failing request bounds from below what was there to be had.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.assembling.outcome import layer_types
from logparse.cost.buffer import GPU
from logparse.cost.layer_types import traits_of
from logparse.cost.memory.beside import beside
from logparse.cost.memory.buffers import prefetch_batches
from logparse.cost.memory.footprint import FAILS, FITS, footprint, rounded, runs_cudnn, untouched_bytes, verdict
from logparse.cost.memory.holdings import Kind, holdings
from logparse.cost.memory.terms import MIB
from logparse.formats import exact_bytes, size
from logparse.tables.column import ATTEMPT, LINE, text, truth, whole
from logparse.tables.nets.key import own_nets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from logparse.cost.memory.holdings import Holding, Run
    from logparse.cost.memory.terms import Terms
    from logparse.derive.facts import NetFact
    from logparse.model import Attempt, OutOfMemory
    from logparse.tables.table import Built, BuiltRow, LogLike

COLUMNS: Final = (
    ATTEMPT,
    text("side", "Side", "device or host."),
    text("stage", "Stage", "init, forward, backward, parameter gradients, update, prefetch, snapshot or context."),
    text("phase", "Phase", "TRAIN or TEST; NA before any net."),
    whole("net_index", "Net #", "The net at work."),
    text("kind", "Kind", "What the failing request was for, a kind of the table `memory`; NA where not told."),
    text("layer_type", "Layer type", "The innermost layer of the stack trace."),
    text("layer", "Layer", "Its name, where certain."),
    whole("held_bytes", "Held before", "Held before the failing request, by Caffe's order of allocation.", "bytes"),
    whole("first_net_bytes", "First net alone", "An estimate of the run without its test nets.", "bytes"),
    whole("run_bytes", "Whole run", "The estimate of the table `footprint`: test nets too.", "bytes"),
    whole("run_low_bytes", "At least", "Its lower end.", "bytes"),
    whole("run_high_bytes", "At most", "Its upper end; NA where something of unknown size is left out.", "bytes"),
    whole("card_bytes", "Card", "The card's memory, as printed or by its name.", "bytes"),
    truth("first_net_fits", "First net fits", "Whether it alone would have fitted; NA where not known."),
    truth("run_fits_card", "Run fits the card", "Whether all of it fits the empty card; NA where that is not clear."),
    text("text", "Meaning", "What follows from it."),
    LINE,
)

_STAGE_KINDS: Final[Mapping[str, Kind]] = {
    "parameter gradients": Kind.GRADIENTS,
    "backward": Kind.DIFF,
    "update": Kind.HISTORY,
    "prefetch": Kind.PREFETCH,
}
_CONVOLVES: Final = re.compile(r"BaseConvolutionLayer(?:<.*?>)?::(?:\w+_gemm|\w+_bias)\(")
_READS: Final = re.compile(r"SyncedMemory::gpu_data\(")  # what is read must come from the host first
_ASKS: Final = re.compile(r"SyncedMemory::|Blob(?:<.*?>)?::|cudaMalloc|to_gpu")


def build(log: LogLike) -> Built:
    """One row per attempt that ran out of memory."""
    return [
        _row(
            attempt, attempt.out_of_memory, log.derived.nets[attempt.index], log.derived.runs[attempt.index], log.terms
        )
        for attempt in log.facts.attempts
        if attempt.out_of_memory is not None
    ]


def _row(attempt: Attempt, place: OutOfMemory, nets: Sequence[NetFact], run: Run, terms: Terms) -> BuiltRow:
    own = own_nets(nets)
    where = _net_of(place, own)
    row: BuiltRow = {
        "attempt": attempt.index,
        "line": place.line,
        "side": place.side,
        "stage": place.stage,
        "phase": place.phase,
        "net_index": None if where is None else own[where].net.index,
        "kind": _kind(place, None if where is None else own[where]),
        "layer_type": place.layer_type,
        "layer": place.layer,
        "card_bytes": run.gpu.card_bytes,
    }
    return {**row, **_needs(place, run, where, terms)}


def _net_of(place: OutOfMemory, own: Sequence[NetFact]) -> int | None:
    """The place of the net that was at work; None before any net."""
    if not own or place.stage == "context":
        return None
    if place.phase == "TEST":
        return next((i for i, fact in enumerate(own) if fact.net.phase == "TEST"), None)
    return 0


def _kind(place: OutOfMemory, fact: NetFact | None) -> str | None:
    """What the failing request was for; None where the trace does not tell."""
    if fact is None or place.stage is None:
        return None
    fixed = _STAGE_KINDS.get(place.stage)
    if fixed is not None or place.stage != "forward":
        return None if fixed is None else str(fixed)
    inner = next((frame for frame in place.frames if not _ASKS.search(frame)), "")
    traits = traits_of(place.layer_type)
    inside = len(layer_types(place.frames)) > 1  # what one layer holds for another one is that one's buffer
    if inside or _CONVOLVES.search(inner) or (traits is not None and traits.buffer_first):
        return str(Kind.BUFFERS)
    layers = [one for one in fact.layers if one.type == place.layer_type]
    if any(_READS.search(frame) for frame in place.frames[:3]):
        return str(Kind.PARAMS if any(one.params for one in layers) else Kind.DATA)
    in_place = bool(layers) and all(top.in_place for one in layers for top in one.layer.tops)
    return str(Kind.BUFFERS if in_place else Kind.DATA)


class _Said(NamedTuple):
    """What is known when the sentence is made: the place, the run, and what would have fitted."""

    place: OutOfMemory
    run: Run
    low: int | None
    high: int | None
    alone_fits: bool | None
    run_fits: bool | None


def _needs(place: OutOfMemory, run: Run, where: int | None, terms: Terms) -> BuiltRow:
    """Bytes of the whole run and of its first net alone, and whether these would have fitted."""
    from logparse.cost.whatif.change import Change, changed

    if not any(net.layers for net in run.nets):
        return {"text": _text(_Said(place, run, None, None, None, None))}
    first = footprint(changed(run, Change(no_test_net=True)).run, GPU, terms)
    whole = footprint(run, GPU, terms)
    held = None if where is None else _held_before(place, run, where, terms)
    untouched = untouched_bytes(run)
    fits_card = _FITTING.get(verdict(whole, run.gpu.card_span, untouched))
    fits_alone = _FITTING.get(verdict(first, run.gpu.card_span, untouched))
    if run.complete and held is not None and first.bytes + untouched <= held:
        fits_alone = True
    return {
        "held_bytes": held,
        "first_net_bytes": first.bytes,
        "run_bytes": whole.bytes,
        "run_low_bytes": whole.low_bytes,
        "run_high_bytes": whole.high_bytes,
        "first_net_fits": fits_alone,
        "run_fits_card": fits_card,
        "text": _text(_Said(place, run, whole.low_bytes, whole.high_bytes, fits_alone, fits_card)),
    }


_FITTING: Final[Mapping[str | None, bool]] = {FITS: True, FAILS: False}


def _text(said: _Said) -> str:
    """What follows, in words: every sentence of the table whose condition holds, else that nothing is known."""
    if said.place.side == "host":
        return "the host's memory ran out, not the GPU's"
    words = [make(said) for holds, make in _SENTENCES if holds(said)]
    return "; ".join(words) or "how much the card has is not known"


def _shown(said: _Said) -> bool:
    return any(net.layers for net in said.run.nets)


def _known(said: _Said) -> bool:
    return _shown(said) and said.run.complete


def _card_words(said: _Said) -> str:
    card = said.run.gpu.card_bytes
    return "" if card is None else f", on a card of {size(card)}: something else held its memory"


def _cut_words(said: _Said) -> str:
    """What is known of a net whose set-up never ended: its whole need at least, and its batches of data."""
    known = f": what is known of it takes {size(said.low)} or more" if said.low is not None else ""
    return "; ".join([f"the set-up of the net did not end{known}", *_batches(said.run)])


def _batches(run: Run) -> Iterator[str]:
    """The data layers' batches: often the largest of what is asked for in a set-up."""
    for net in run.nets:
        for layer in net.layers:
            if layer.prefetches and layer.counts and layer.counts[0] is not None:
                batch, ready = layer.counts[0] * net.element_bytes, prefetch_batches(layer.spec)
                yield f"a batch of {layer.tops[0]} takes {exact_bytes(batch)}, and {ready} of them are kept"


def _unclear_words(said: _Said) -> str:
    high = "an amount that is not known" if said.high is None else size(said.high)
    host = untouched_bytes(said.run)
    more = f", and as much as {size(host)} more if blobs that no layer reads were on it" if host > MIB else ""
    card = size(said.run.gpu.card_bytes)
    return f"whether it fits the card's {card} is not clear: it needs {size(said.low)} to {high}{more}"


# What holds, and what is then said
_SENTENCES: Final[tuple[tuple[Callable[[_Said], bool], Callable[[_Said], str]], ...]] = (
    (
        lambda said: not _shown(said) and said.place.stage == "context",
        lambda said: f"no net had been set up: not even the CUDA context found room{_card_words(said)}",
    ),
    (
        lambda said: not _shown(said) and said.place.stage != "context",
        lambda _: "the set-up of the net is not in this log: what the run needs is not known",
    ),
    (lambda said: _shown(said) and not said.run.complete, _cut_words),
    (
        lambda said: bool(said.run_fits),
        lambda _: "the whole run fits the empty card: something else held its memory",
    ),
    (
        lambda said: said.run_fits is False,
        lambda _: "the run needs more than the card has: a smaller batch is needed",
    ),
    (
        lambda said: _known(said) and said.run_fits is None and said.run.gpu.card_bytes is not None,
        _unclear_words,
    ),
    (
        lambda said: bool(said.alone_fits) and len(said.run.nets) > 1,
        lambda _: "the first net alone would have fitted: a smaller test batch, or no test net, would have done",
    ),
)


def _held_before(place: OutOfMemory, run: Run, where: int, terms: Terms) -> int:
    """About what was held before the request that failed, by Caffe's order of allocation."""
    held = holdings(run, GPU, cudnn=runs_cudnn(run, terms))
    blocks = [*_held_by_stage(place, run, held, where)]
    return rounded(blocks) + sum(part.bytes for part in beside(run, terms))


def _held_by_stage(place: OutOfMemory, run: Run, held: Sequence[Holding], where: int) -> Iterator[int]:
    tested = held[1:] if run.solver.tests_first and run.command == "train" and where == 0 else ()
    yield from (block.bytes for holding in tested for block in holding.blocks)
    if place.stage == "parameter gradients":
        return
    forward = {Kind.DATA, Kind.BUFFERS, Kind.PREFETCH, Kind.PARAMS}
    if where == 0:
        yield from (block.bytes for block in held[0].blocks if block.kind is Kind.GRADIENTS)
    if place.stage in {"backward", "update"}:
        before = forward | ({Kind.DIFF} if place.stage == "update" else set())
        yield from (block.bytes for block in held[where].blocks if block.kind in before)
        return
    reached = _first_place(place, run, where)
    for block in held[where].blocks:
        if block.kind in forward and block.layer is not None and block.layer < reached:
            yield block.bytes


def _first_place(place: OutOfMemory, run: Run, where: int) -> int:
    """The first layer that the trace can mean: by name, else by the innermost type that the net has; else the first."""
    layers = list(enumerate(run.nets[where].layers))
    if place.layer is not None:
        return next((index for index, layer in layers if layer.spec.name == place.layer), 0)
    found = (index for type_ in layer_types(place.frames) for index, layer in layers if layer.kind == type_)
    return next(found, 0)
