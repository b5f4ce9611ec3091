"""What a reviewer should look at, worst first: each with its evidence and its line, none a verdict.

A finder is a function from the log to findings; `FINDERS` lists them. A new finding is one more function and one
more entry. Finders read the tables, never the text of the log, and say nothing where a table is empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from logparse.audit import endings, evaluation, gaps, memory, not_a_number, throughput, training
from logparse.audit.failures import causes, diagnosed, resumes
from logparse.audit.finding import SEVERITIES, AuditedLog, Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from logparse.tables.table import LogLike

__all__ = ["FINDERS", "SEVERITIES", "Finding", "find"]

FINDERS: Final[tuple[Callable[[AuditedLog], Iterator[Finding]], ...]] = (
    diagnosed.diagnosed,
    endings.endings,
    not_a_number.not_a_number,
    not_a_number.saturated,
    not_a_number.in_debug_info,
    endings.unlearnt,
    causes.how_lost,
    causes.negative_loss,
    training.diverged,
    resumes.resumed,
    resumes.did_not_take,
    resumes.from_weights_alone,
    evaluation.overfitting,
    endings.unfinished_nets,
    gaps.figure_alone,
    gaps.missing_bytes,
    gaps.missing_shapes,
    gaps.contradicted,
    gaps.cut_dumps,
    gaps.not_derived,
    memory.lost_by_plan,
    memory.released_unheld,
    memory.in_place_candidates,
    gaps.assumed,
    memory.memory_plans,
    memory.counted_twice,
    memory.largest_steps,
    memory.hot_spots,
    not_a_number.absent_scores,
    training.plateau,
    evaluation.best_test,
    training.progress,
    causes.high_start,
    causes.no_peer_access,
    throughput.lost_time,
    throughput.waited_for_data,
    throughput.slowed,
    throughput.speed,
    throughput.time_left,
    gaps.several_ranks,
    gaps.unknown_lines,
    gaps.outputs_without_column,
    gaps.notes,
)


def find(log: LogLike) -> tuple[Finding, ...]:
    """All findings about one log, worst first; within a severity those that name more bytes first.

    Of its tables the finders read attempts, out_of_memory, layers, nets, train, train_outputs, test, lr, debug and
    throughput.
    """
    return found_in(AuditedLog(log))


def found_in(audited: AuditedLog) -> tuple[Finding, ...]:
    """The same, of a log whose tables finders have begun to read."""
    found = [finding for finder in FINDERS for finding in finder(audited)]
    first: dict[tuple[Any, ...], Finding] = {}
    for one in found:
        first.setdefault(_identity(one), one)
    return tuple(sorted(first.values(), key=lambda one: (SEVERITIES.index(one.severity), -(one.saves_bytes or 0))))


def _identity(one: Finding) -> tuple[Any, ...]:
    """What makes two findings one: a net that is set up again in a later attempt has nothing new to say."""
    return one.kind, one.title, one.evidence, one.attempt if one.net_index is None else None
