"""`logparse curve`: losses and scores as small plots in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.cli import common
from logparse.cli.argument_types import names, positive
from logparse.cli.screens.columns import encoded, width_of_lines
from logparse.errors import UsageError
from logparse.export import TERMINAL
from logparse.output import check_target, write

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from logparse.api import Log

EXAMPLES: Final = ("logparse curve train.log", "logparse curve train.log --what loss --log --height 20")
_HEIGHT: Final = 12
_MOST: Final = 1000  # rows or columns of a plot


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `curve` takes."""
    parser.add_argument("logs", nargs="+", metavar="LOG", help="logs, folders, patterns, or - for standard input")
    parser.add_argument("--what", type=names, metavar="A,B", help="only these outputs, as 'training loss' or accuracy")
    parser.add_argument("--log", action="store_true", help="losses on a logarithmic axis")
    parser.add_argument("--width", type=positive, metavar="N", help="characters of a line (default: the terminal's)")
    parser.add_argument("--height", type=positive, default=_HEIGHT, metavar="N", help=f"rows (default: {_HEIGHT})")
    parser.add_argument("--ascii", action="store_true", help="plain ASCII (default: where the encoding needs it)")
    common.add_output_options(parser, (TERMINAL,), TERMINAL, tables=False)
    common.add_reading_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Read the logs, plot each, then see whether the gates hold."""
    from logparse.cli.find_logs import expand

    sources = expand(arguments.logs)
    if common.form_of_output(arguments, TERMINAL) != TERMINAL:
        raise UsageError(
            "a plot is text", remedy="Give a file that ends in .txt; export --table train has the numbers."
        )
    for name in ("width", "height"):
        if (getattr(arguments, name) or 0) > _MOST:
            raise UsageError(f"--{name} is at most {_MOST}")
    check_target(arguments.output, force=arguments.force, inputs=common.files_read(sources, arguments))
    logs = [common.read_log(source, arguments, hashing=False) for source in sources]
    lines = list(_lines(logs, arguments))
    write(arguments.output, map(encoded, lines), force=arguments.force)
    common.check_gates(logs, arguments)
    return 0


def _lines(logs: Sequence[Log], arguments: argparse.Namespace) -> Iterator[str]:
    from logparse.cli.screens.curve_text import curve_lines, is_plain, plots_of

    width = arguments.width or width_of_lines()
    plain = arguments.ascii or is_plain(arguments.output)
    for number, log in enumerate(logs):
        if len(logs) > 1:
            yield from ("",) if number else ()
            yield f"{log.facts.source.name}:"
        plots = plots_of(log, arguments.what)
        yield from curve_lines(plots, width, arguments.height, plain=plain, logarithmic=arguments.log)
