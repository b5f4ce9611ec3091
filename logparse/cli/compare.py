"""`logparse compare`: what differs between a base and other logs, or between attempts of one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.cli import common
from logparse.cli.screens.columns import encoded
from logparse.errors import GateError, UsageError
from logparse.export import TERMINAL
from logparse.output import check_target, write

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from logparse.api import Log
    from logparse.comparing.gates import Limit, Verdict
    from logparse.comparing.values import Comparison

EXAMPLES: Final = ("logparse compare base.log train.log", "logparse compare base.log train.log --fail-on 'params>+1%'")
_FORMS: Final = (TERMINAL, "json", "markdown")
_ATTEMPT: Final = re.compile(r"(?P<path>.+)@(?P<attempt>[1-9][0-9]{0,8})", re.DOTALL)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `compare` takes."""
    parser.add_argument("base", metavar="BASE", help="the log that all changes start from; LOG@2 is its second attempt")
    parser.add_argument("logs", nargs="+", metavar="LOG", help="logs, folders or patterns, or LOG@2, to be compared")
    parser.add_argument(
        "--fail-on",
        action="append",
        default=[],
        metavar="LIMIT",
        help="exit code 1 where a figure goes beyond, as 'memory>+5%%', 'params>+0', 'loss.last>0.5', 'test.best<-1%%'",
    )
    parser.add_argument("--exit-code", action="store_true", help="exit code 1 where anything differs")
    common.add_output_options(parser, _FORMS, TERMINAL, tables=False)
    common.add_memory_options(parser)
    common.add_reading_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Read the logs, compare each with the base, write what differs, then see whether the limits hold."""
    from logparse.comparing.gates import limit_of

    limits = [limit_of(text) for text in arguments.fail_on]
    sources = [*_meant_by(arguments.base), *(one for each in arguments.logs for one in _meant_by(each))]
    form = common.form_of_output(arguments, TERMINAL)
    if form not in _FORMS:
        remedy = f"Give --format, one of {formats.enumerated(_FORMS)}, or such an ending."
        raise UsageError(f"a comparison is not written as {form}", remedy=remedy)
    paths = list(dict.fromkeys(path for path, _ in sources))
    check_target(arguments.output, force=arguments.force, inputs=common.files_read(paths, arguments))
    logs = {path: common.read_log(path, arguments, hashing=False) for path in paths}
    for log in logs.values():
        log.terms = common.terms_of(arguments)
    comparisons = _compared(logs, sources)
    write(arguments.output, _chunks(form, comparisons), force=arguments.force)
    common.check_gates(list(logs.values()), arguments)
    _check_limits(limits, comparisons)
    return int(arguments.exit_code and any(one.differs for one in comparisons))


def _meant_by(word: str) -> list[tuple[str, int | None]]:
    """The logs that a word means, each with the attempt asked for: `train.log@2`, unless a file is called so."""
    from logparse.cli.find_logs import expand

    found = _ATTEMPT.fullmatch(word)
    if found is not None and "\0" not in word and not Path(word).exists():
        return [(path, int(found["attempt"])) for path in expand([found["path"]])]
    return [(path, None) for path in expand([word])]


def _compared(logs: dict[str, Log], sources: Sequence[tuple[str, int | None]]) -> list[Comparison]:
    (first, attempt), *others = sources
    if not others:
        raise UsageError("there is nothing to compare the base with", remedy="Name a second log, or LOG@1 LOG@2.")
    return [logs[first].compare(logs[path], attempt=attempt, other_attempt=other) for path, other in others]


def _chunks(form: str, comparisons: Sequence[Comparison]) -> Sequence[bytes]:
    from logparse.cli.screens import compare_text as layout

    lines = {TERMINAL: layout.text_lines, "json": layout.json_lines, "markdown": layout.markdown_lines}[form]
    return [encoded(line) for line in lines(comparisons)]


def _check_limits(limits: Sequence[Limit], comparisons: Sequence[Comparison]) -> None:
    """Raise GateError that names each limit that does not hold, or has no figure to hold it against."""
    from logparse.comparing.gates import verdict_on

    failures = [
        f"{one.names[1]}: {_failure(verdict)}"
        for one in comparisons
        for verdict in (verdict_on(limit, one) for limit in limits)
        if not verdict.holds
    ]
    if failures:
        raise GateError("\n".join(failures))


def _failure(verdict: Verdict) -> str:
    from logparse.cli.screens.compare_text import change_cells

    if verdict.change is None or verdict.holds is None:
        return f"{verdict.limit.text} has no figure to be held against: it is not known"
    before, after, change, share = change_cells(verdict.change)
    return f"{verdict.limit.text} does not hold: {before} → {after}, {change}{f' ({share})' if share else ''}"
