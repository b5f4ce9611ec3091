"""The sentence under the title: what was done with which net, what became of its loss, how the process ended."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.report.verdict.course import begins_within, course_words, last_test, leading_test
from logparse.report.verdict.outcome import LOST, ending, is_set_up, shows_start
from logparse.report.verdict.tools import benchmark, results
from logparse.tables.run.attempts import ERRORS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logparse.report.reported_log import ReportedLog
    from logparse.rows import TableRow


def sentence(log: ReportedLog) -> str:
    """What a careful reader would say of the log first. Every figure is that of a table."""
    return " ".join(_sentences(log))


def _sentences(log: ReportedLog) -> Iterator[str]:
    row = log.lead_attempt
    if row is None:
        yield f"{_net(log)}. No start of Caffe is in it."
        return
    make = _WORK.get(str(row["command"]), _trained)
    yield f"{make(log, row)}."
    yield from _loss(log, row)
    yield from ending(log, row, _subject(row, log.attempt_rows))
    last = log.attempt_rows[-1]
    if last["attempt"] != row["attempt"]:
        yield from tuple(ending(log, last, "The last attempt")) or ("The last attempt reached its end.",)
    yield from _fits(log, row)


def _net(log: ReportedLog) -> str:
    """The net of the log, with its batch: `A TRAIN net of 9 layers at batch 64`."""
    lead = log.lead
    if lead is None:
        return "A log without a net's set-up"
    number, batch = len(lead.layers), lead.row.get("batch")
    at = f"{_known_as(lead.row)}{'' if formats.is_na(batch) else f' at batch {formats.count(batch)}'}"
    layers = f"{formats.count(number)} {formats.plural('layer', number)}"
    if not lead.whole:
        return f"A {lead.kind} of which {layers} {'is' if number == 1 else 'are'} set up{at}"
    return f"A {lead.kind} of {layers}{at}"


def _known_as(row: TableRow) -> str:
    """The published net that it is, where its own name does not say so: ` (AlexNet, 2 classes instead of 1000)`."""
    family, name = row.get("family"), row.get("net")
    if formats.is_na(family):
        return ""
    said = "" if formats.is_na(name) else str(name)
    bare, known = (re.sub(r"[^a-z0-9]", "", text.casefold()) for text in (said, str(family)))
    return "" if (bare and known == bare) or len(str(family)) > _BRIEF else f" ({family})"


_BRIEF: Final = 60  # of what differs; more of it stands among the folded facts


def _trained(log: ReportedLog, row: TableRow) -> str:
    """What was trained, how far, in what time."""
    net = _net(log)
    solver = "" if row["solver_type"] is None else f" with {row['solver_type']}"
    if row["last_iteration"] is not None:
        if _begins_at_its_end(row):
            return f"{net}; nothing was trained, for it begins at its max_iter of {formats.count(row['max_iter'])}"
        return f"{net}, trained{solver} {_reached(log, row)}{_spent(row)}"
    if is_set_up(row):
        alone = log.lead is not None and row["ending"] == "unfinished"
        return f"{net}; nothing more is in the log" if alone else net
    if row["ending"] == "done" and row["command"] == "train" and row["max_iter"] is not None:
        return f"{net}, trained{solver} to iteration {formats.count(row['max_iter'])}{_spent(row)}, with no display"
    if log.lead is None or not log.lead.whole:
        return net
    return f"{net}, set up{solver}; no iteration is displayed"


def _begins_at_its_end(row: TableRow) -> bool:
    """Whether a run had nothing left to train: Caffe then tests once, and displays its one loss."""
    return shows_start(row) and row["max_iter"] is not None and row["first_iteration"] == row["max_iter"]


def _reached(log: ReportedLog, row: TableRow) -> str:
    """`to iteration 800 of 10,000`; where the displays begin within a run `from iteration 5,000 to 6,000`.

    A run that came to its end did all of them, though it need not have displayed the last.
    """
    first, last, planned = row["first_iteration"], int(row["last_iteration"]), row["max_iter"]
    reached = planned if row["ending"] == "done" and planned is not None and planned >= last else last
    of = f" of {formats.count(planned)}" if planned is not None and planned >= reached else ""
    if first is not None and begins_within(log):
        return f"from iteration {formats.count(first)} to {formats.count(reached)}{of}"
    return f"to iteration {formats.count(reached)}{of}"


def _spent(row: TableRow) -> str:
    """The time from start to end; of a log that begins within a run it is not known."""
    return "" if row["duration_s"] is None or not shows_start(row) else f" in {formats.duration(row['duration_s'])}"


def _timed(log: ReportedLog, row: TableRow) -> str:
    """What `caffe time` measured."""
    net = _net(log)
    device = f" on the {row['mode']}" if row["mode"] else ""
    found = benchmark(log)
    if found is None:
        return f"{net}, timed{device}; no total is in the log"
    forward, backward = (formats.milliseconds(ms) for ms in (found.forward_ms, found.backward_ms))
    return f"{net}, timed{device}: {forward} forward and {backward} backward a pass"


def _tested(log: ReportedLog, row: TableRow) -> str:
    """What `caffe test` found."""
    net = _net(log)
    device = f" on the {row['mode']}" if row["mode"] else ""
    said = formats.enumerated([f"{one.name} {formats.precise(one.value)}" for one in results(log)[:3]])
    return f"{net}, tested{device}{f': {said}' if said else '; no result is in the log'}"


_WORK = {"time": _timed, "test": _tested}


def _loss(log: ReportedLog, row: TableRow) -> Iterator[str]:
    """What became of the loss; its verdict first where it has one."""
    if row["loss_state"] is not None:
        yield f"It {LOST.get(row['outcome'], 'came to nothing')}: its loss {row['loss_text']}."
        return
    words = course_words(log)
    if words:
        yield f"Its loss {words}{_test_words(log)}."


def _test_words(log: ReportedLog) -> str:
    """What the tests found, behind the loss."""
    best = leading_test(log)
    if best is not None:
        value = formats.precise(float(best.value[best.best]))
        return f"; best {best.name.strip('()')} on test data: {value}"
    last = last_test(log)
    return "" if last is None else f"; last {last.name.strip('()')} on test data: {formats.precise(last.value)}"


def _subject(row: TableRow, attempts: Sequence[TableRow]) -> str:
    if len(attempts) == 1:
        return "The run"
    number = formats.count(len(attempts))
    return f"The last of {number} attempts" if row is attempts[-1] else f"Attempt {row['attempt']} of {number}"


_FITS = {
    "fits": "It fits its card.",
    "does not fit": "It needs more memory than its card has.",
    "unclear": "It may not fit its card.",
}


def _fits(log: ReportedLog, row: TableRow) -> Iterator[str]:
    """Whether the run fits the card that the log names; nothing of one that failed, or of half a net."""
    if row["ending"] in ERRORS or row["mode"] != "GPU" or log.lead is None or not log.lead.whole:
        return
    for one in log.of_lead("footprint"):
        if one["device"] == "gpu" and one["fits"] in _FITS:
            yield _FITS[one["fits"]]
