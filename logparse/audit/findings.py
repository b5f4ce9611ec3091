"""`findings`: what a reviewer should look at, worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.tables.column import ATTEMPT, LINE, listed, text, whole

if TYPE_CHECKING:
    from logparse.tables.table import Built, LogLike

COLUMNS: Final = (
    text("severity", "Severity", "error, warning, hint or note; worst first."),
    text("kind", "Kind", "A fixed word per kind of finding."),
    text("title", "Finding", "In one sentence."),
    text("text", "Meaning", "What it means and what to do."),
    listed("evidence", "Evidence", "What it rests on."),
    ATTEMPT,
    whole("net_index", "Net #", "The net it concerns."),
    whole("layer_index", "Layer #", "The layer it concerns."),
    whole("saves_bytes", "Saves", "What acting on it would save.", "bytes"),
    LINE,
)


def build(log: LogLike) -> Built:
    """One row per finding."""
    from logparse.audit.finders import find

    return [
        {
            "severity": one.severity,
            "kind": one.kind,
            "title": one.title,
            "text": one.text,
            "evidence": list(one.evidence),
            "attempt": one.attempt,
            "net_index": one.net_index,
            "layer_index": one.layer_index,
            "saves_bytes": one.saves_bytes,
            "line": one.line,
        }
        for one in find(log)
    ]
