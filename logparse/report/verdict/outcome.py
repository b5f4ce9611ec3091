"""What became of an attempt, as one word and in a sentence; by the tables `attempts` and `out_of_memory`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from logparse import formats
from logparse.formats import capitalised

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.report.reported_log import ReportedLog
    from logparse.rows import TableRow

ENDINGS: Final = {
    "done": "reached its end",
    "stopped": "was stopped early",
    "signal": "was ended by a signal",
    "fatal": "ended with a fatal error",
    "out_of_memory": "ran out of memory",
    "killed": "was killed",
    "cut": "has no end in this log",
    "unfinished": "has no end in this log",
}
# What a loss makes of a run, before how its process ended.
LOST: Final = {"diverged": "diverged", "not_learning": "learnt nothing"}


class Pill(NamedTuple):
    """An outcome in a word or two, and its mood: good, bad, warn or calm."""

    text: str
    mood: str


# Outcome → its pill; with `_at_start` where no iteration and no result is in the log.
PILLS: Final = {
    "done": Pill("Finished", "good"),
    "done_at_start": Pill("Finished", "good"),
    "diverged": Pill("Diverged", "bad"),
    "not_learning": Pill("Learnt nothing", "bad"),
    "out_of_memory": Pill("Out of memory", "bad"),
    "fatal": Pill("Failed", "bad"),
    "fatal_at_start": Pill("Failed at its start", "bad"),
    "fatal_in_set_up": Pill("Failed in set-up", "bad"),
    "killed": Pill("Killed", "warn"),
    "signal": Pill("Ended by a signal", "warn"),
    "stopped": Pill("Stopped early", "warn"),
    "unfinished": Pill("Cut or still running", "warn"),
    "unfinished_at_start": Pill("Ends before training", "warn"),
    "set_up": Pill("Set-up only", "calm"),
    "excerpt": Pill("Excerpt", "calm"),
    "nothing": Pill("No run in this log", "calm"),
}


def pills(log: ReportedLog) -> tuple[Pill, ...]:
    """The outcome of the leading attempt; behind it that of the last, where it is another and differs."""
    lead = log.lead_attempt
    if lead is None:
        return (PILLS["nothing"],)
    first, last = (_pill(log, row) for row in (lead, log.attempt_rows[-1]))
    if last == first or log.attempt_rows[-1]["attempt"] == lead["attempt"]:
        return (first,)
    return first, Pill(f"Last attempt: {last.text[:1].lower()}{last.text[1:]}", last.mood)


def _pill(log: ReportedLog, row: TableRow) -> Pill:
    words = capitalised(str(row["outcome"]).replace("_", " "))
    return PILLS.get(run_state(log, row)) or PILLS.get(row["outcome"]) or Pill(words, "warn")


def run_state(log: ReportedLog, row: TableRow) -> str:
    """A key of PILLS, or the outcome itself."""
    outcome = str(row["outcome"])
    if row["last_iteration"] is not None or row["loss_state"] is not None:
        return outcome
    if outcome == "unfinished" and is_set_up(row):
        return "set_up" if any(net.layers[0]["attempt"] == row["attempt"] for net in log.nets) else "excerpt"
    if outcome == "fatal" and not set_up_ended(log, row):
        return "fatal_in_set_up"
    return f"{outcome}_at_start"


def set_up_ended(log: ReportedLog, row: TableRow) -> bool:
    """Whether every net of an attempt that begins in the log is set up to its end there, and there is one."""
    nets = [net for net in log.nets if net.layers[0]["attempt"] == row["attempt"]]
    return bool(nets) and all(net.whole for net in nets)


def is_set_up(row: TableRow) -> bool:
    """Whether an attempt is the set-up of nets alone: no tool of Caffe's and no solver is in the log."""
    return formats.is_na(row["command"]) and formats.is_na(row["solver_type"])


def shows_start(row: TableRow) -> bool:
    """Whether the start of an attempt is in the log: its settings, or the command that began it."""
    return not is_set_up(row)


def cause_of(log: ReportedLog, row: TableRow) -> str:
    """Why an attempt ended: the title of the finding that names the cause; empty where none does."""
    named = (one for one in log.findings if one.kind.startswith("diagnosis_") and one.attempt == row["attempt"])
    return next((one.title for one in named if one.line is None or not _of_the_loss(row, one.line)), "")


def _words(row: TableRow) -> str:
    """What the log itself says about the end."""
    return str(row["ending_text"] or "").rstrip(".")


def _of_the_loss(row: TableRow, line: int) -> bool:
    """Whether a line is where the loss was lost: what is found there is no cause of the process's end."""
    return row["loss_line"] is not None and row["loss_line"] == line


def ending(log: ReportedLog, row: TableRow, subject: str) -> Iterator[str]:
    """How the process ended, in sentences; nothing of one that came to its end with its loss sound."""
    make = _SENTENCES.get(row["ending"], _otherwise)
    yield from make(log, row, subject)


def _done(_: ReportedLog, row: TableRow, subject: str) -> Iterator[str]:
    if row["loss_state"] is not None and row["command"] in {"train", None}:
        yield f"{subject} went on to its end all the same: Caffe never looks at its loss."


def _failed(log: ReportedLog, row: TableRow, subject: str) -> Iterator[str]:
    cause = cause_of(log, row) or _words(row)
    yield f"{subject} failed {_when(log, row)}{f': {cause}' if cause else ''}."


def _when(log: ReportedLog, row: TableRow) -> str:
    """`in its set-up`, or where it was last seen."""
    if row["last_iteration"] is not None:
        return f"after iteration {formats.count(row['last_iteration'])}"
    return "before its first display" if set_up_ended(log, row) else "in its set-up"


def _out_of_memory(log: ReportedLog, row: TableRow, subject: str) -> Iterator[str]:
    """The cause's title says where memory ran out; the table of it what would have fitted."""
    yield _told(log, row, subject)
    for one in log.rows("out_of_memory"):
        if one["attempt"] == row["attempt"] and one["text"]:
            yield f"{capitalised(one['text'])}."


def _ended(log: ReportedLog, row: TableRow, subject: str) -> Iterator[str]:
    yield _told(log, row, subject)


def _told(log: ReportedLog, row: TableRow, subject: str) -> str:
    """The cause, which says by itself that the run ended; of several attempts it takes the subject to say whose."""
    cause = cause_of(log, row)
    if cause and len(log.attempts) == 1:
        return f"{cause}."
    words = cause or _words(row)
    return f"{subject} {ENDINGS[row['ending']]}{f': {words}' if words else ''}."


def _unfinished(log: ReportedLog, row: TableRow, subject: str) -> Iterator[str]:
    """No word about the end can mean three things; what would be left is told where the speed is known."""
    if is_set_up(row):
        return
    left = [one for one in log.rows("throughput") if one["attempt"] == row["attempt"]]
    seconds = next((one["seconds_left"] for one in left if not formats.is_na(one["seconds_left"])), None)
    more = f"; if it still runs, about {formats.duration(seconds)} are left" if seconds is not None else ""
    sound = row["loss_state"] is None
    yield f"{subject} has no end in this log: cut, killed or still running{more if sound else ''}."


def _otherwise(_: ReportedLog, row: TableRow, subject: str) -> Iterator[str]:
    yield f"{subject} {ENDINGS.get(row['ending'], 'ended in a way that the log does not tell')}."


_SENTENCES: Final = {
    "done": _done,
    "fatal": _failed,
    "out_of_memory": _out_of_memory,
    "signal": _ended,
    "killed": _ended,
    "stopped": _ended,
    "unfinished": _unfinished,
}
