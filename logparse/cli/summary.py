"""`logparse summary`: each log on one screen, or a row of figures; what `logparse LOG` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse import export
from logparse.cli import common
from logparse.cli.screens.columns import encoded, width_of_lines
from logparse.export import TERMINAL
from logparse.output import check_target, write

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from logparse.api import Log

EXAMPLES: Final = ("logparse train.log", "logparse summary logs/ --format csv -o runs.csv")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `summary` takes."""
    parser.add_argument("logs", nargs="+", metavar="LOG", help="logs, folders, patterns, or - for standard input")
    common.add_output_options(parser, tuple(export.FORMATS), TERMINAL)
    common.add_memory_options(parser)
    common.add_reading_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Read the logs, write a screen or a row for each, then see whether the gates hold."""
    from logparse.cli.find_logs import expand

    sources = expand(arguments.logs)
    form = common.form_of_output(arguments, TERMINAL)
    check_target(arguments.output, force=arguments.force, inputs=common.files_read(sources, arguments))
    logs = [common.read_log(source, arguments, hashing=False) for source in sources]
    for log in logs:
        log.terms = common.terms_of(arguments)
    if form == TERMINAL:
        write(arguments.output, map(encoded, _screens(logs)), force=arguments.force)
    else:
        from logparse.tables.choosing import of_logs

        frame = of_logs({log.facts.source.name: log.table("summary") for log in logs})
        chunks = export.written(form, frame, "summary", csv_formulas=arguments.csv_formulas)
        write(arguments.output, chunks, force=arguments.force)
    common.check_gates(logs, arguments)
    return 0


def _screens(logs: Sequence[Log]) -> Iterator[str]:
    from logparse.cli.screens.summary_text import summary_lines

    width = width_of_lines()
    for number, log in enumerate(logs):
        if number:
            yield ""
        yield from summary_lines(log, width)
