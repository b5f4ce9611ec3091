"""What several verbs share: the options about reading, the reading itself, the gates."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from logparse import formats
from logparse.cli.argument_types import MOST_PROCESSES, one_of, process_count, share, size_bytes, year
from logparse.cli.words import say
from logparse.cost.memory.terms import ENGINES, USUAL
from logparse.errors import GateError, UsageError
from logparse.output import STDOUT
from logparse.tables.run.ledger import line_counts, own_lines

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from logparse.api import Log
    from logparse.cost.memory.terms import Terms


def add_reading_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how a log is read and how well it must be understood."""
    parser.add_argument("--prototxt", type=Path, metavar="FILE", help="the network definition, where the log lacks it")
    parser.add_argument(
        "--processes",
        type=process_count,
        metavar="N",
        help=f"how many processes may read a large log (default: one per core, up to {MOST_PROCESSES})",
    )
    parser.add_argument("--year", type=year, metavar="Y", help="the year the log was begun in, where it does not say")
    parser.add_argument(
        "--min-parsed",
        type=share,
        metavar="SHARE",
        help="fail (exit code 1) if less of Caffe's own lines was understood, e.g. 99%%",
    )
    parser.add_argument(
        "--strict", action="store_true", help="fail (exit code 1) on any problem or line not understood"
    )


def add_output_options(
    parser: argparse.ArgumentParser, forms: Sequence[str], usual: str, *, tables: bool = True
) -> None:
    """Add the format of what is written, and the file that it goes to; without `tables` no csv is among the formats."""
    forms = tuple(dict.fromkeys(forms))
    parser.add_argument(
        "--format",
        type=format_name(forms),
        metavar="FORMAT",
        help=f"one of {', '.join(forms)} (default: as FILE's ending says, else {usual})",
    )
    parser.add_argument("-o", "--output", default=STDOUT, metavar="FILE", help="the file to write (default: -)")
    parser.add_argument("--force", action="store_true", help="overwrite FILE if it exists")
    if tables:
        add_csv_option(parser)
    else:
        parser.set_defaults(csv_formulas=None)


def format_name(forms: Sequence[str]) -> Callable[[str], str]:
    """Make an argument type: one of these formats; `md` is short for markdown."""
    named = one_of(forms, "format")
    return lambda text: named("markdown" if text == "md" else text)


def form_of_output(arguments: argparse.Namespace, usual: str) -> str:
    """The format that is asked for, or that the file's ending means; of standard output the usual one.

    Raises:
        UsageError: the ending means none, or the format needs what is not installed.

    """
    from logparse import export

    suffix = PurePath(arguments.output).suffix
    form = arguments.format or (export.format_of(suffix) if suffix and arguments.output != STDOUT else usual)
    export.check_available(form)
    check_formulas(form, arguments.csv_formulas)
    if export.FORMATS[form].binary and arguments.output == STDOUT and sys.stdout and sys.stdout.isatty():
        raise UsageError(f"{form} is not for a terminal", remedy="Give a file with -o, or send the output into a pipe.")
    return str(form)


def files_read(sources: Sequence[str], arguments: argparse.Namespace) -> list[str]:
    """Every file that is read: none of them may be written."""
    return [*sources, *([arguments.prototxt] if arguments.prototxt else [])]


def add_csv_option(parser: argparse.ArgumentParser) -> None:
    """Add what becomes of names that a spreadsheet would run."""
    from logparse.export.csv import FORMULAS

    parser.add_argument(
        "--csv-formulas",
        type=one_of(tuple(FORMULAS), "choice"),
        metavar="CHOICE",
        help="names in csv that a spreadsheet would run as a formula: escape (default; an apostrophe before) or keep",
    )


def check_formulas(form: str, choice: str | None) -> None:
    """Raise UsageError if a choice about formulas is made for a format that has none."""
    if choice is not None and form != "csv":
        raise UsageError(f"--csv-formulas is about csv, and the format is {form}", remedy="Leave it out.")


def add_memory_options(parser: argparse.ArgumentParser) -> None:
    """Add what no log tells and a memory footprint needs."""
    parser.add_argument(
        "--gpu-context",
        type=size_bytes,
        metavar="SIZE",
        help="CUDA context and first cuBLAS handle (default: by the card and the year that the log tells)",
    )
    parser.add_argument(
        "--engine",
        type=one_of(ENGINES, "engine"),
        metavar="ENGINE",
        help=f"narrow the GPU's footprint to one engine: {' or '.join(ENGINES)}",
    )
    parser.add_argument(
        "--cudnn-handle", type=size_bytes, metavar="SIZE", help="one cuDNN handle (default: by the same)"
    )


def add_budget_option(parser: argparse.ArgumentParser) -> None:
    """Add what the blobs of a net may take where some are worked out twice."""
    parser.add_argument(
        "--budget",
        type=size_bytes,
        metavar="SIZE",
        help="what blobs may take in the plan checkpoint_best, which then recomputes as little as that needs",
    )


def terms_of(arguments: argparse.Namespace) -> Terms:
    """The footprint's settable terms as asked for."""
    asked = {
        "context_bytes": arguments.gpu_context,
        "cudnn_handle_bytes": arguments.cudnn_handle,
        "engine": arguments.engine,
        "budget_bytes": getattr(arguments, "budget", None),
    }
    return replace(USUAL, **{name: value for name, value in asked.items() if value is not None})


def read_log(source: str, arguments: argparse.Namespace, *, curves: bool = True, hashing: bool = True) -> Log:
    """Read one log as the options say; its problems that did not stop the reading go to standard error.

    Without `curves`, and where no gate counts lines, the solver's lines are passed over.
    """
    from logparse.api import parse_log

    if source == "-" and sys.stdin is not None and sys.stdin.isatty():
        say("reading the log from this terminal, up to an end of file (Ctrl-D)")
    gated = arguments.strict or arguments.min_parsed is not None
    log = parse_log(
        source,
        prototxt=arguments.prototxt,
        year=arguments.year,
        curves=curves or gated,
        hashing=hashing,
        processes=arguments.processes or _cores(),
    )
    for note in log.notes:
        where = f"{source}:{note.line}" if note.line else source
        say(f"{where}: {note.what}; {note.meaning}")
    if told := not_understood(log):
        say(f"{source}: {told}")
    return log


def _cores() -> int:
    """How many processes are worth having: the cores that this one may use."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, MOST_PROCESSES)


def not_understood(log: Log) -> str:
    """How many lines were not understood, and how many are not Caffe's at all; empty where there are none of either."""
    counts = line_counts(log.facts.ledger)
    unknown, foreign, total = counts.get("unknown", 0), counts.get("foreign", 0), sum(counts.values())
    parts = []
    if unknown:
        share = formats.percent(unknown / own_lines(log.facts.ledger))
        parts.append(f"{formats.count(unknown)} of Caffe's own lines not understood ({share})")
    if foreign:
        parts.append(f"{formats.count(foreign)} lines not Caffe's ({formats.percent(foreign / total)} of all)")
    return ", ".join(parts)


def check_gates(logs: Sequence[Log], arguments: argparse.Namespace) -> None:
    """Raise GateError that names each log which was understood less well than asked for."""
    failures = [failure for log in logs for failure in _gate_failures(log, arguments)]
    if failures:
        raise GateError("\n".join(failures))


def _gate_failures(log: Log, arguments: argparse.Namespace) -> list[str]:
    """Each limit that the log does not meet, as a sentence."""
    name, parsed = log.facts.source.name, log.parsed_share
    failures = []
    if arguments.min_parsed is not None and not parsed >= arguments.min_parsed:
        asked = formats.percent(arguments.min_parsed)
        failures.append(f"{name}: {formats.percent(parsed)} of Caffe's lines understood, {asked} asked for")
    if arguments.strict and parsed < 1:
        failures.append(f"{name}: {formats.percent(parsed)} of Caffe's lines understood, --strict asks for all")
    if arguments.strict and log.notes:
        failures.append(f"{name}: {formats.count(len(log.notes))} problems noted, --strict allows none")
    return failures
