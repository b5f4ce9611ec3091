"""The card of memory: what the whole run holds at its peak, as a range against the card where one is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.report.elements import KeyFigure
from logparse.report.verdict import drawings
from logparse.rows import known_rows

if TYPE_CHECKING:
    from logparse.report.reported_log import ReportedLog
    from logparse.rows import TableRow

# Kinds of the table `memory` that do not overlap: how they read, and the class of the mark.
_KINDS: Final = (
    ("distinct_data", "data", "m-data"),
    ("diff", "diffs", "m-diff"),
    ("params", "parameters", "m-params"),
    ("gradients", "gradients", "m-gradients"),
    ("history", "solver history", "m-history"),
    ("buffers", "private buffers", "m-buffers"),
    ("prefetch", "prefetched batches", "m-prefetch"),
)
_VERDICTS: Final = {"fits": "it fits", "does not fit": "it does not fit", "unclear": "it may not fit"}


def memory_card(log: ReportedLog) -> KeyFigure | None:
    """The run at its peak on its device; where only Caffe's own figure is known, that figure; else None."""
    row = _peak(log)
    if row is None:
        return _logged(log)
    return _on_gpu(log, row) if row["device"] == "gpu" else _on_cpu(log, row)


def peak_text(log: ReportedLog) -> str | None:
    """The same figure alone, with its device; None where it is not known."""
    row = _peak(log)
    return None if row is None else f"{short_reach(row)}, {str(row['device']).upper()}"


def _peak(log: ReportedLog) -> TableRow | None:
    """The row of the table `footprint` for the device of the run, the GPU where nothing tells it.

    Of a net whose set-up does not end it is a lower bound, and no verdict.
    """
    mode = (log.lead_attempt or {}).get("mode")
    device = str(mode).lower() if mode else "gpu"
    row = next((one for one in log.of_lead("footprint") if one["device"] == device and _known(one)), None)
    if row is None or log.lead is None or log.lead.whole:
        return row
    low = row["bytes"] if formats.is_na(row["low_bytes"]) else row["low_bytes"]
    return {**row, "low_bytes": low, "high_bytes": None, "fits": None}


def _known(row: TableRow) -> bool:
    return not all(formats.is_na(row[key]) for key in ("bytes", "low_bytes", "high_bytes"))


def short_reach(row: TableRow) -> str:
    """From the least to the most: `510 MB – 10.1 GB`, `≥ 69.0 MB`, one figure where both read the same."""
    low, high = row["low_bytes"], row["high_bytes"]
    if formats.is_na(low):
        return formats.size(row["bytes"]) if formats.is_na(high) else f"≤ {formats.size(high)}"
    if formats.is_na(high):
        return f"≥ {formats.size(low)}"
    ends = formats.size(low), formats.size(high)
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} – {ends[1]}"


def _on_gpu(log: ReportedLog, row: TableRow) -> KeyFigure:
    """The range of all builds that may have run; a card that is named is its frame."""
    card = None if formats.is_na(row["card_bytes"]) else int(row["card_bytes"])
    told = (log.lead_attempt or {}).get("mode") == "GPU"
    note = "on the GPU" if told else "if on a GPU"
    if card is not None:
        name = "" if formats.is_na(row["card"]) else f"{row['card']}, "
        fits = "" if formats.is_na(row["fits"]) else f": {_VERDICTS.get(row['fits'], row['fits'])}"
        note = f"{note}, {name}{formats.size(card)}{fits}"
    return KeyFigure("Memory at its peak", short_reach(row), note, _gauge(row, card))


def _gauge(row: TableRow, card: int | None) -> drawings.LateDrawing | str:
    low = row["low_bytes"] if not formats.is_na(row["low_bytes"]) else None
    if low is None:
        return ""
    high = None if formats.is_na(row["high_bytes"]) else float(row["high_bytes"])
    against = "" if card is None else f" against a card of {formats.size(card)}"
    return drawings.late_gauge(
        float(low), high, None if card is None else float(card), f"Memory {short_reach(row)}{against}."
    )


def _on_cpu(log: ReportedLog, row: TableRow) -> KeyFigure:
    sums = {kind: 0 for kind, _, _ in _KINDS}
    for one in known_rows(log.of_lead("memory"), "bytes"):
        if one["device"] == "cpu" and one["kind"] in sums:
            sums[one["kind"]] += int(one["bytes"])
    total = sum(sums.values())
    words = {kind: name for kind, name, _ in _KINDS}
    if not total:
        return KeyFigure("Memory at its peak", short_reach(row), "on the CPU")
    most = max(sums, key=lambda kind: sums[kind])
    parts = [
        drawings.Slice(css, sums[kind] / total, f"{name}: {formats.size(sums[kind])}")
        for kind, name, css in _KINDS
        if sums[kind]
    ]
    said = "; ".join(part.title for part in parts)
    note = f"on the CPU; {formats.percent(sums[most] / total)} of it {words[most]}"
    return KeyFigure(
        "Memory at its peak", short_reach(row), note, drawings.late_split(parts, f"Memory by kind. {said}.")
    )


def _logged(log: ReportedLog) -> KeyFigure | None:
    """Caffe's own figure, the largest of the nets that print one."""
    known = known_rows(log.rows("nets"), "logged_bytes")
    if not known:
        return None
    size = max(int(row["logged_bytes"]) for row in known)
    note = f"{formats.exact_bytes(size)}: tops alone, some counted again"
    return KeyFigure("Memory as Caffe logs it", formats.size(size), note)
