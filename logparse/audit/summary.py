"""`summary`: one row a log: what it is told by where only a line is to be had for it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from logparse.audit.finding import SEVERITIES, AuditedLog
from logparse.cost.memory.terms import DEVICES
from logparse.rows import net_key, told_rank
from logparse.tables.column import ATTEMPT, decimal, printed, text, whole
from logparse.tables.run.attempts import COLUMNS as OF_ATTEMPTS
from logparse.tables.run.fork import build_of
from logparse.tables.run.ledger import line_counts, understood_share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.rows import NetWithLayers, TableRow
    from logparse.tables.table import Built, BuiltRow, LogLike

_OF_THE_NET: Final = (
    "net",
    "phase",
    "family",
    "batch",
    "params",
    "param_bytes",
    "macs_per_image",
    "macs",
    "distinct_bytes",
    "logged_bytes",
    "unknown_params",
    "unknown_macs",
    "structure",
)
_OF_THE_RUN: Final = (
    "command",
    "mode",
    "solver_type",
    "max_iter",
    "last_iteration",
    "outcome",
    "outcome_text",
    "duration_s",
    "last_loss",
    "smoothed_loss",
)
_RUN_COLUMNS: Final = tuple(one for one in OF_ATTEMPTS if one.name in _OF_THE_RUN)
COLUMNS: Final = (
    ATTEMPT,
    whole("attempts", "Attempts", "How many starts the log has; the row is told by the one whose net leads."),
    text("fork", "Fork", "The build whose own lines are in the log; NA where it has none, as BVLC's Caffe."),
    text("fork_version", "Fork's version", "As it prints it."),
    text("net", "Net", "The leading net's name: the training net with most layers of an attempt that was trained."),
    text("phase", "Phase", "TRAIN or TEST; NA where nothing tells it."),
    text("family", "Family", "The published net that it is or is near; NA where none is near."),
    text("structure", "Structure", "The hash of the table `nets`."),
    whole("layers", "Layers", "Number of layers set up."),
    whole("batch", "Batch", "First dimension of the net's first input or data top."),
    *_RUN_COLUMNS,
    text("test_output", "Test output", "The output that the tests are told by: a score before losses."),
    printed("best_test", "Best test", "Its best value over the tests; NA with fewer than three."),
    whole("best_test_iteration", "Best at", "The iteration of the best test."),
    printed("last_test", "Last test", "Its value at the last test that has a number."),
    whole("params", "Params", "Weights and biases, shared ones once.", "values"),
    whole("unknown_params", "Layers without params", "Layers whose params are NA; the sum leaves them out."),
    whole("param_bytes", "Param bytes", "Params and statistics, shared ones once.", "bytes"),
    whole("macs_per_image", "MACs / image", "Of one image's forward pass.", "MAC"),
    whole("macs", "MACs", "Multiply-accumulates of one forward pass of the whole batch.", "MAC"),
    whole("unknown_macs", "Layers without MACs", "Layers whose MACs are NA; the sums leave them out."),
    whole("logged_bytes", "Logged", "The last 'Memory required for data' of the net.", "bytes"),
    whole("distinct_bytes", "Distinct data", "Data without in-place and shared tops.", "bytes"),
    text("device", "Device", "cpu or gpu: of the footprint; the GPU's where the log does not tell where it ran."),
    whole("footprint_bytes", "Footprint", "An estimate of the whole run at its peak.", "bytes"),
    whole("footprint_low_bytes", "Footprint, at least", "The least of all builds that may have run.", "bytes"),
    whole("footprint_high_bytes", "Footprint, at most", "The most of them; NA where no bound is known.", "bytes"),
    text("card", "Card", "The card that is named, of several the smallest."),
    whole("card_bytes", "Card's memory", "As the log prints it, else by its name.", "bytes"),
    text("fits", "Fits the empty card", "NA where the card's memory is not known."),
    *(whole(f"{one}s", f"{one.capitalize()}s", f"Findings of severity {one}.") for one in SEVERITIES),
    whole("lines", "Lines", "Lines of the log."),
    whole("unknown_lines", "Lines not understood", "Caffe's own lines that are not understood."),
    whole("foreign_lines", "Foreign lines", "Lines that are not Caffe's."),
    decimal("understood_share", "Understood", "Share of Caffe's own lines that are understood, 0 to 1."),
)


def build(log: LogLike) -> Built:
    """One row."""
    audited = AuditedLog(log)
    lead, run = leading_net(audited)
    row: BuiltRow = {"attempts": len(log.facts.attempts), **_fork(log), **_findings(audited), **_lines(log)}
    if lead is not None:
        row |= {name: lead[0][name] for name in _OF_THE_NET} | {"layers": len(lead[1])}
    if run is not None:
        row |= {name: run[name] for name in ("attempt", *_OF_THE_RUN)}
        row |= _tests(audited, run["attempt"]) | _footprint(audited, run)
    return [row]


def leading_net(log: AuditedLog) -> tuple[NetWithLayers | None, TableRow | None]:
    """The net that a log is told by, and its attempt's row; without a net the last attempt that displays a loss."""
    runs = log.rows("attempts")
    trained = {row["attempt"] for row in runs if row["last_iteration"] is not None}
    nets = [(net, layers) for net, layers in log.nets() if layers]
    lead = max(nets, key=lambda one: told_rank(one[1][0], len(one[1]), trained), default=None)
    if lead is not None:
        attempt = net_key(lead[0])[0]
        return lead, next(row for row in runs if row["attempt"] == attempt)
    shown = [row for row in runs if row["last_iteration"] is not None]
    return None, next(reversed(shown or runs), None)


def _fork(log: LogLike) -> BuiltRow:
    found = build_of(log.facts)
    return {} if found is None else {"fork": found.name, "fork_version": found.version}


def _tests(log: AuditedLog, attempt: int) -> BuiltRow:
    from logparse.audit.evaluation import last_test_of, telling_curve

    best = telling_curve(log, attempt)
    if best is not None:
        return {
            "test_output": best.name,
            "best_test": float(best.value[best.best]),
            "best_test_iteration": int(best.iteration[best.best]),
            "last_test": float(best.value[-1]),
        }
    last = last_test_of(log, attempt)
    return {} if last is None else {"test_output": last.name, "last_test": last.value}


def _footprint(log: AuditedLog, run: TableRow) -> BuiltRow:
    device = str(run["mode"] or DEVICES[-1]).lower()
    rows: Sequence[Any] = log.rows("footprint")
    row = next((one for one in rows if (one["attempt"], one["device"]) == (run["attempt"], device)), None)
    if row is None:
        return {}
    sizes = {f"footprint_{name}": row[name] for name in ("bytes", "low_bytes", "high_bytes")}
    return {"device": device, **sizes, **{name: row[name] for name in ("card", "card_bytes", "fits")}}


def _findings(log: AuditedLog) -> BuiltRow:
    from logparse.audit.finders import found_in

    counts = Counter(one.severity for one in found_in(log))
    return {f"{severity}s": counts[severity] for severity in SEVERITIES}


def _lines(log: LogLike) -> BuiltRow:
    counts = line_counts(log.facts.ledger)
    return {
        "lines": log.facts.source.lines,
        "unknown_lines": counts.get("unknown", 0),
        "foreign_lines": counts.get("foreign", 0),
        "understood_share": understood_share(log.facts.ledger),
    }
