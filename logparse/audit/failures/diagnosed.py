"""A log held against the table: for each attempt that did not reach its end, the one cause that its last words show.

The kinds of events are asked in the order of TIERS: behind a fatal line everything else is a consequence. Of several
fatal lines the first that any row knows decides. Where none does, nothing is said: no cause is invented.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.audit.diagnoses.entry import TIERS, expression
from logparse.audit.diagnoses.scene import Scene, goes_on
from logparse.audit.diagnoses.table import DIAGNOSES
from logparse.audit.finding import Finding

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Mapping

    from logparse.audit.diagnoses.entry import Diagnosis
    from logparse.audit.finding import AuditedLog
    from logparse.model import Attempt, Event

MOST_ASKED: Final = 100  # events of a tier; what comes after so many is a consequence
_DONE: Final = frozenset({"done", "time_done", "test_done"})
# Nothing of a run can follow these; what others say may be of another process, or of something that was caught.
_LAST_WORDS: Final = frozenset({"fatal", "stopped_early"})


class Claim(NamedTuple):
    """A row of the table, and the place where it speaks."""

    diagnosis: Diagnosis
    scene: Scene


def diagnosed(log: AuditedLog) -> Iterator[Finding]:
    """The cause of each attempt's failure, where the table knows it."""
    for attempt in log.facts.attempts:
        yield from map(_told, claims(log, attempt)[:1])


def claims(log: AuditedLog, attempt: Attempt) -> list[Claim]:
    """The rows that claim the attempt's deciding event, in the table's order; one, unless the table is ambiguous."""
    for kinds in TIERS:
        asked = islice((event for event in attempt.events if event.kind in kinds), MOST_ASKED)
        ending = (event for event in asked if _can_end(log, attempt, event))
        found = (of_one for event in ending if (of_one := _of(log, attempt, event)))
        if "fatal" in kinds:  # the first fatal line is the cause; of other words the most telling counts
            speaking = next(found, [])
        else:
            speaking = min(found, key=lambda of_one: DIAGNOSES.index(of_one[0].diagnosis), default=[])
        if speaking:
            return speaking
    return []


def _can_end(log: AuditedLog, attempt: Attempt, event: Event) -> bool:
    """Whether the attempt can have failed by this event: a crash after its end takes nothing back, and what it goes on
    after did not end it."""
    if any(one.kind in _DONE and one.line < event.line for one in attempt.events):
        return False
    return event.kind in _LAST_WORDS or not goes_on(log, attempt, event)


def _of(log: AuditedLog, attempt: Attempt, event: Event) -> list[Claim]:
    """The rows that claim one event; one that is `otherwise` only where no other does."""
    found = [claim for one in DIAGNOSES if event.kind in one.kinds and (claim := _claim(log, attempt, event, one))]
    return [claim for claim in found if not claim.diagnosis.otherwise] or found


def _claim(log: AuditedLog, attempt: Attempt, event: Event, one: Diagnosis) -> Claim | None:
    match = expression(one.pattern).search(event.text)
    if match is None or (one.file and event.path and not expression(one.file).search(event.path)):
        return None
    more: dict[str, str] = {}
    for source, kinds, said in ((one.before, ("protobuf", "hdf5"), -1), (one.status, ("status",), 1)):
        if source:
            found = _said(attempt, event, source, kinds, said)
            if found is None:
                return None
            more |= _groups(found)
    scene = Scene(log, attempt, event, match, more)
    return Claim(one, scene) if one.when is None or one.when(scene) else None


def _said(attempt: Attempt, event: Event, source: str, kinds: tuple[str, ...], side: int) -> re.Match[str] | None:
    """What was said of these kinds before (-1) the event, or after it (1): the nearest one that matches."""
    others = [one for one in attempt.events if one.kind in kinds and (one.line - event.line) * side > 0]
    nearest = sorted(others, key=lambda one: abs(one.line - event.line))
    found = (expression(source).search(one.text) for one in nearest)
    return next((match for match in found if match is not None), None)


def _groups(match: re.Match[str]) -> dict[str, str]:
    return {name: (text or "").strip() for name, text in match.groupdict().items()}


def words_of(claim: Claim) -> Mapping[str, str]:
    """What fills the templates of a claim's row."""
    one, scene = claim
    a, b = scene.numbers
    own = one.words(scene) if one.words is not None else {}
    phase = f" of the {scene.phase} net" if scene.phase else ""
    return {"a": a, "b": b, "layer": scene.layer_text, "of_net": phase, **_groups(scene.match), **scene.more, **own}


def _told(claim: Claim) -> Finding:
    one, scene = claim
    words = words_of(claim)
    layer, net = scene.layer, scene.net_in_set_up
    return Finding(
        one.severity,
        f"diagnosis_{one.name}",
        one.title.format_map(words),
        f"{one.meaning.format_map(words)} What helps: {one.remedy.format_map(words)}",
        (*scene.evidence(), f"confidence: {one.confidence}"),
        scene.attempt.index,
        net_index=net.index if net is not None and layer is not None else None,
        layer_index=layer.index if layer is not None else None,
        line=scene.event.line,
    )
