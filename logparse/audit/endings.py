"""How the attempts ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.audit.finding import Finding
from logparse.audit.nets import texts
from logparse.rows import net_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from logparse.audit.finding import AuditedLog
    from logparse.model import Attempt

_ENDINGS: Final[Mapping[str, tuple[str, str, str]]] = {
    "fatal": ("error", "ended with a fatal error", "The run stops there; nothing of it follows."),
    "out_of_memory": (
        "error",
        "ran out of memory",
        "Nothing of the run follows. What helps: a smaller batch, which lowers all of the data, or another card.",
    ),
    "signal": ("warning", "was ended by a signal", "The run did not reach its last iteration."),
    "killed": ("warning", "was killed", "The run did not reach its last iteration."),
    "stopped": ("note", "was stopped before its last iteration", "Caffe writes a snapshot before it stops."),
    "cut": ("warning", "has no end: the log is cut", "Figures are those up to the cut; the run may have gone on."),
    "unfinished": ("warning", "has no end in this log", "It was killed, the log is cut, or it was still running."),
}


def endings(log: AuditedLog) -> Iterator[Finding]:
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
            texts([attempt.outcome_text, *_memory_words(log, attempt)]),
            attempt.index,
            line=attempt.outcome_line or attempt.end_line,
        )


# What the loss alone tells, and no finding about its numbers does: severity, what it means.
_LOSSES: Final[Mapping[str, tuple[str, str]]] = {
    "partly_saturated": (
        "error",
        (
            "The softmax gives the right class of these samples a probability of 0, and that of all others 1: with "
            "scores so large nothing is learnt. What helps: a lower learning rate, and a look at the input's scale."
        ),
    ),
    "exploded": (
        "error",
        "It grew by an order of magnitude within a few displays. What helps: a lower learning rate, or clip_gradients.",
    ),
    "zero": (
        "warning",
        (
            "All labels may be one value or be ignored, or the loss may not reach the data at all; the log does not "
            "tell which. What helps: look at the labels."
        ),
    ),
    "at_chance": (
        "warning",
        (
            "It has learnt nothing that its loss shows; the log does not tell why. What helps: look whether the "
            "learning rate is 0 or too small, whether layers are frozen, whether the labels are those of the images, "
            "and with `debug_info: true` whether a layer puts out 0 alone."
        ),
    ),
}


def unlearnt(log: AuditedLog) -> Iterator[Finding]:
    """Attempts whose loss is a number and yet tells that nothing was learnt; of a trend that rose, `diverged` tells."""
    for row in log.rows("attempts"):
        known = _LOSSES.get(row["loss_state"])
        if known is None:
            continue
        severity, meaning = known
        yield Finding(
            severity,
            row["loss_state"],
            f"The loss of attempt {row['attempt']} {row['loss_text']}",
            meaning,
            attempt=row["attempt"],
            line=row["loss_line"],
        )


def _memory_words(log: AuditedLog, attempt: Attempt) -> list[str]:
    """What follows from where memory ran out, as the table of it says."""
    if attempt.out_of_memory is None:
        return []
    return [str(row["text"]) for row in log.rows("out_of_memory") if row["attempt"] == attempt.index]


def unfinished_nets(log: AuditedLog) -> Iterator[Finding]:
    """Nets whose set-up stops before its last line."""
    for attempt in log.facts.attempts:
        for net in attempt.nets:
            if net.done or not net.layers or attempt.outcome == "done":
                continue
            last = net.layers[-1]
            yield Finding(
                "warning",
                "net_unfinished",
                f"The set-up of the {net_name(net.phase, net.test_index)} stops at {last.name or 'an unnamed layer'}",
                "Layers after it are not in the log, so totals of this net are those of its first "
                + ("layer." if len(net.layers) == 1 else f"{len(net.layers)} layers."),
                attempt=attempt.index,
                net_index=net.index,
                layer_index=last.index,
                line=last.line,
            )
