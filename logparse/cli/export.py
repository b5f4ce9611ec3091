"""`logparse export`: one table of a log as CSV, JSON, JSON Lines, Parquet or Markdown."""

from __future__ import annotations

import sys
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from logparse import export
from logparse.catalogue import TABLES
from logparse.cli import common
from logparse.cli.argument_types import one_of
from logparse.errors import UsageError
from logparse.output import STDOUT, check_target, write

if TYPE_CHECKING:
    import argparse


EXAMPLES: Final = (
    "logparse export train.log --table layers -o layers.csv",
    "logparse export train.log --table train --format jsonl",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `export` takes."""
    forms = tuple(export.FORMATS)
    parser.add_argument("log", metavar="LOG", help="a log, or - for standard input")
    parser.add_argument(
        "--table",
        required=True,
        type=one_of(tuple(TABLES), "table"),
        metavar="TABLE",
        help=f"one of {', '.join(TABLES)}",
    )
    parser.add_argument(
        "--format",
        type=one_of(forms, "format"),
        metavar="FORMAT",
        help=f"one of {', '.join(forms)} (default: as FILE's ending says, else csv)",
    )
    parser.add_argument(
        "-o", "--output", default=STDOUT, metavar="FILE", help="the file to write (default: -, standard output)"
    )
    parser.add_argument("--force", action="store_true", help="overwrite FILE if it exists")
    common.add_csv_option(parser)
    common.add_memory_options(parser)
    common.add_budget_option(parser)
    common.add_reading_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Read the log, write the table, then see whether the gates hold."""
    form = arguments.format or export.format_of(PurePath(arguments.output).suffix)
    export.check_available(form)
    common.check_formulas(form, arguments.csv_formulas)
    if export.FORMATS[form].binary and arguments.output == STDOUT and sys.stdout and sys.stdout.isatty():
        raise UsageError(f"{form} is not for a terminal", remedy="Give a file with -o, or send the output into a pipe.")
    inputs = [arguments.log, *([arguments.prototxt] if arguments.prototxt else [])]
    check_target(arguments.output, force=arguments.force, inputs=inputs)
    log = common.read_log(arguments.log, arguments, curves=TABLES[arguments.table].needs_curves, hashing=False)
    log.terms = common.terms_of(arguments)
    table = log.table(arguments.table)
    chunks = export.written(form, table, arguments.table, csv_formulas=arguments.csv_formulas)
    write(arguments.output, chunks, force=arguments.force)
    common.check_gates([log], arguments)
    return 0
