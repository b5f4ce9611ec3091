"""Where another process or program begins in one log: what tells that a line is not of the attempt that is open.

Logs are appended to, scripts run one program after another, and what restarts a training need not say so. A process
sets up its solver and nets in one thread, whose number is the process's own, before its solver prints anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from logparse.assembling.builders import AttemptBuilder
    from logparse.reading.messages.records import NetParameters

# What a process says once, before its solver runs: after solver lines it is another process's. Milestones and events.
BEGINNINGS: Final = frozenset({"scaffolding", "optimization", "solving", "resume", "restoring_history", "finetune"})
_ENDS: Final = frozenset({"done", "time_done", "test_done"})
_DEATHS: Final = frozenset({"fatal", "exception", "signal", "killed"})
# Ranks that set up their nets side by side are milliseconds apart; a program that is started anew needs longer.
_PAUSE_S: Final = 1.0


def note_end(attempt: AttemptBuilder, said: str) -> None:
    """Note what a milestone or an event says about the end of an attempt."""
    attempt.over = attempt.over or said in _ENDS
    attempt.dead = attempt.dead or said in _DEATHS


def has_run(attempt: AttemptBuilder) -> bool:
    """Whether its solver has run or it is done; several GPUs' threads may come to a step after the first has run."""
    return attempt.over or (attempt.solved and (attempt.gpus or 1) == 1)


def is_anothers(attempt: AttemptBuilder, record: NetParameters, *, setting_up: bool) -> bool:
    """Whether a net that nobody announced belongs to another process than this attempt.

    A fresh set-up by another thread tells, once the attempt has run or ended, or its own nets stand (it is not
    `setting_up` one) and there was a pause. An attempt of which only solver lines are in the log had its set-up before
    them.
    """
    if attempt.thread is None:
        return attempt.solved and not attempt.nets
    if record.thread is None or attempt.thread == record.thread:
        return False
    return attempt.solved or attempt.dead or (not setting_up and _paused(attempt.set_up_s, record.time_s))


def _paused(before_s: float | None, now_s: float | None) -> bool:
    return before_s is not None and now_s is not None and abs(now_s - before_s) >= _PAUSE_S
