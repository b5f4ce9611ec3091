"""How the attempts ended, and where the training stopped making sense."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from logparse import formats
from logparse.audit.finding import Finding, first_of, whole
from logparse.audit.rows import net_name, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logparse.audit.finding import Case

    Record = Mapping[str, Any]

SATURATED: Final = 87.3365  # -log(FLT_MIN): a softmax loss that has hit the floor of a probability
_ENDINGS: Final[Mapping[str, tuple[str, str, str]]] = {
    "fatal": ("error", "ended with a fatal error", "Caffe stops at the first failed check; nothing after it ran."),
    "out_of_memory": (
        "error",
        "ran out of memory",
        "Compare the memory that the net needs with what the device holds; a smaller batch lowers all of the data.",
    ),
    "signal": ("warning", "was ended by a signal", "The run did not reach its last iteration."),
    "killed": ("warning", "was killed", "The run did not reach its last iteration."),
    "stopped": ("note", "was stopped before its last iteration", "Caffe writes a snapshot before it stops."),
    "cut": ("warning", "has no end: the log is cut", "Figures are those up to the cut; the run may have gone on."),
    "unfinished": ("warning", "has no end in this log", "It was killed, the log is cut, or it was still running."),
}
_MEASURED: Final = (("train", "loss", ""), ("train_outputs", "value", "output"), ("test", "value", "output"))


def endings(log: Case) -> Iterator[Finding]:
    """Attempts that did not reach their end."""
    for attempt in log.facts.attempts:
        known = _ENDINGS.get(attempt.outcome)
        if known is None:
            continue
        severity, what, meaning = known
        excerpt = attempt.outcome == "unfinished" and attempt.solver is None
        yield Finding(
            "note" if excerpt else severity,
            attempt.outcome,
            f"Attempt {attempt.index} {what}",
            meaning,
            texts([attempt.outcome_text]),
            attempt.index,
            line=attempt.outcome_line or attempt.end_line,
        )


def unfinished_nets(log: Case) -> Iterator[Finding]:
    """Nets whose set-up stops before its last line."""
    for attempt in log.facts.attempts:
        for net in attempt.nets:
            if net.done or not net.layers or attempt.outcome == "done":
                continue
            last = net.layers[-1]
            yield Finding(
                "warning",
                "net_unfinished",
                f"The set-up of {net_name(net.phase, net.test_index)} stops at {last.name or 'an unnamed layer'}",
                "Layers after it are not in the log, so totals of this net are those of its first "
                f"{len(net.layers)} layers.",
                attempt=attempt.index,
                net_index=net.index,
                layer_index=last.index,
                line=last.line,
            )


def not_a_number(log: Case) -> Iterator[Finding]:
    """The first nan or infinity of each attempt, and what else was none by then."""
    broken = [row for name, value, label in _MEASURED for row in _broken(log, name, value, label)]
    by_attempt: dict[int, list[Record]] = {}
    for row in sorted(broken, key=lambda row: row["line"]):
        by_attempt.setdefault(row["attempt"], []).append(row)
    for attempt, rows in by_attempt.items():
        yield _first_nan(log, attempt, [row for row in rows if row["iteration"] == rows[0]["iteration"]])


def _broken(log: Case, name: str, value: str, label: str) -> Iterator[Record]:
    """Per attempt the first rows of a table whose value is no finite number (NA is not one of them)."""
    frame = log.frame(name)
    if frame is None:
        return
    finite = np.isfinite(frame[value].to_numpy(dtype="float64", na_value=np.nan))
    found = frame[~finite].dropna(subset=["iteration", "line"])
    printed = set(frame["attempt"][finite])  # a form that never prints the displayed loss has no number either
    for attempt in dict.fromkeys(found["attempt"].tolist()):
        rows = found[found["attempt"] == attempt]
        if not label and attempt not in printed:
            continue
        first = rows[rows["iteration"] == rows["iteration"].iloc[0]]
        for row in first.to_dict("records"):
            what = str(row[label]) if label else "loss"
            yield {**row, "attempt": int(attempt), "what": what, "shown": formats.precise(float(row[value]))}


def _first_nan(log: Case, attempt: int, rows: Sequence[Record]) -> Finding:
    iteration, line = int(rows[0]["iteration"]), int(rows[0]["line"])
    evidence = list(dict.fromkeys(f"{row['what']} is {row['shown']}" for row in rows))
    rates = [one for one in log.rows("lr") if one["attempt"] == attempt and one["line"] < line]
    if rates:
        evidence.append(f"learning rate before it: {formats.precise(rates[-1]['lr'])}")
    events = next(one.events for one in log.facts.attempts if one.index == attempt)
    kept = [event for event in events if event.kind == "snapshot" and event.line < line]
    evidence.append(f"last snapshot before it: {kept[-1].path or kept[-1].text}" if kept else "no snapshot before it")
    names = list(dict.fromkeys(row["what"] for row in rows))
    return Finding(
        "error",
        "not_a_number",
        f"Not a number from iteration {formats.count(iteration)} on: {', '.join(first_of(names, 4))}",
        "Caffe never stops by itself when this happens: what is trained after it is lost. An accuracy of such scores "
        "means nothing, since every comparison with nan is false.",
        tuple(evidence),
        attempt,
        line=line,
    )


def saturated(log: Case) -> Iterator[Finding]:
    """Attempts whose softmax loss sits at its ceiling."""
    frame = log.frame("train")
    if frame is None or "loss" not in frame:
        return
    stuck = frame[(frame["loss"] - SATURATED).abs().fillna(1.0) < 1e-3]  # noqa: PLR2004 - it is printed with 6 digits
    for attempt in dict.fromkeys(stuck["attempt"].tolist()):
        rows = stuck[stuck["attempt"] == attempt]
        iteration = int(rows["iteration"].iloc[0])
        yield Finding(
            "error",
            "saturated",
            f"The loss sits at 87.3365 from iteration {formats.count(iteration)}",
            "This is −log of the smallest float: the softmax gives the right class a probability of 0. The net has "
            "diverged; a lower learning rate or a warm-up is the usual cure.",
            (f"{len(rows)} displayed values",),
            int(attempt),
            line=whole(rows["line"].iloc[0]),
        )
