"""`footprint`: what each run holds in all, on a CPU and on one GPU, and whether the named card has room for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.cost.buffer import GPU
from logparse.cost.memory.footprint import FAILS, FITS, UNCLEAR, footprint, untouched_bytes, verdict
from logparse.cost.memory.terms import DEVICES
from logparse.tables.column import ATTEMPT, text, whole
from logparse.tables.memory.memory import DEVICE, NO_LAYER, PLAN_LEFT_OUT

if TYPE_CHECKING:
    from logparse.cost.memory.footprint import Footprint, Reach
    from logparse.cost.memory.gpu import Gpu
    from logparse.cost.memory.holdings import Run
    from logparse.cost.memory.terms import Terms
    from logparse.model import Attempt
    from logparse.tables.table import Built, BuiltRow, LogLike

COLUMNS: Final = (
    ATTEMPT,
    DEVICE,
    text("engine", "Engine", "On the GPU: the engine asked for or shown by the log; NA where nothing tells."),
    whole("bytes", "Bytes", "An estimate of the run at its peak; for engine CAFFE unless it is cudnn.", "bytes"),
    whole("low_bytes", "At least", "The least of all builds that may have run.", "bytes"),
    whole("high_bytes", "At most", "The most of them; NA where something of unknown size is left out.", "bytes"),
    whole("caffe_low_bytes", "CAFFE, at least", "The range of engine CAFFE alone.", "bytes"),
    whole("caffe_high_bytes", "CAFFE, at most", "The range of engine CAFFE alone.", "bytes"),
    whole("cudnn_low_bytes", "cuDNN, at least", "A cuDNN build without workspace.", "bytes"),
    whole("cudnn_high_bytes", "cuDNN, at most", "A cuDNN build with all the workspace that Caffe allows.", "bytes"),
    text("card", "Card", "The card that is named, of several the smallest."),
    whole("card_bytes", "Card's memory", "As the log prints it, else by its name; NA where neither tells.", "bytes"),
    text("fits", "Fits the empty card", f"{FITS}, {FAILS} or {UNCLEAR}; NA where the card's memory is not known."),
    text("basis", "Basis", "The terms of the sum, what is left out, what was assumed."),
)


def build(log: LogLike) -> Built:
    """One row per attempt and device; NA where the log shows no net."""
    return [
        _row(attempt, log.derived.runs[attempt.index], device, log.terms)
        for attempt in log.facts.attempts
        for device in DEVICES
    ]


def _row(attempt: Attempt, run: Run, device: str, terms: Terms) -> BuiltRow:
    key: BuiltRow = {"attempt": attempt.index, "device": device}
    if device == GPU:
        key |= _card(run.gpu)
    if not any(net.layers for net in run.nets):
        return {**key, "basis": NO_LAYER if run.nets else "unknown: the log shows no net"}
    found = footprint(run, device, terms)
    fits = fits_card(attempt, found, run) if device == GPU else None
    if device == GPU and outlived(attempt) and run.gpu.card_span is not None:
        found = _within(found, run.gpu.card_span[1])
    remarks = [
        *(f"left out: {text}" for text in found.left_out),
        *found.remarks,
        *((PLAN_LEFT_OUT,) if any(net.plan is not None for net in attempt.nets) else ()),
    ]
    parts = " + ".join(f"{part.name} {part.bytes:,}" for part in found.parts if part.bytes)
    return {
        **key,
        "engine": found.engine,
        "bytes": found.bytes,
        "low_bytes": found.low_bytes,
        "high_bytes": found.high_bytes,
        **_ends("caffe", found.caffe),
        **_ends("cudnn", found.cudnn),
        "fits": fits,
        "basis": "; ".join([parts, *remarks]),
    }


def _ends(name: str, reach: Reach | None) -> BuiltRow:
    if reach is None:
        return {f"{name}_low_bytes": None, f"{name}_high_bytes": None}
    return {f"{name}_low_bytes": reach.low_bytes, f"{name}_high_bytes": reach.high_bytes}


def _within(found: Footprint, most: int) -> Footprint:
    """What a run held that is seen to have run: at most what its card may have, and by no build that needs more."""
    caffe, cudnn = (None if one is None or one.low_bytes > most else one for one in (found.caffe, found.cudnn))
    kept = [one for one in (caffe, cudnn) if one is not None]
    remarks = (*found.remarks, f"it ran, so it held no more than the {most:,} bytes that its card may have")
    if not kept:
        return found._replace(
            bytes=min(found.bytes, most), low_bytes=None, high_bytes=most, caffe=None, cudnn=None, remarks=remarks
        )
    capped = found._replace(
        bytes=min(found.bytes, most),
        low_bytes=min(one.low_bytes for one in kept),
        high_bytes=max(_least(one.high_bytes, most) for one in kept),
        caffe=None if caffe is None else caffe._replace(high_bytes=_least(caffe.high_bytes, most)),
        cudnn=None if cudnn is None else cudnn._replace(high_bytes=_least(cudnn.high_bytes, most)),
    )
    changed = capped.high_bytes != found.high_bytes or capped.low_bytes != found.low_bytes
    return capped._replace(remarks=remarks) if changed else capped


def _least(high: int | None, most: int) -> int:
    return most if high is None else min(high, most)


def _card(gpu: Gpu) -> BuiltRow:
    return {"card": None if gpu.card is None else gpu.card.name, "card_bytes": gpu.card_bytes}


def outlived(attempt: Attempt) -> bool:
    """Whether the attempt is seen to have run on a GPU, to its end or to a snapshot: then it had room.

    Caffe never frees: what iterations take is held after the first one.
    """
    if attempt.mode != "GPU" or _ran_out(attempt):
        return False
    return attempt.outcome == "done" or any(event.kind in _RAN for event in attempt.events)


def _ran_out(attempt: Attempt) -> bool:
    return attempt.out_of_memory is not None and attempt.out_of_memory.side == "device"


def fits_card(attempt: Attempt, found: Footprint, run: Run) -> str | None:
    """Whether the run fits its empty card; what the log shows to have run is never said not to."""
    said = verdict(found, run.gpu.card_span, untouched_bytes(run))
    if said is not None and outlived(attempt):
        return FITS
    began = any(event.kind in _BEGUN for event in attempt.events)
    return UNCLEAR if said == FAILS and began and not _ran_out(attempt) else said


_RAN: Final = frozenset({"snapshot", "solverstate"})
_BEGUN: Final = frozenset({"optimization", "solving"})
