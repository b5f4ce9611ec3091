"""`logparse report`: one or several logs in, one self-contained HTML file out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.cli import common
from logparse.cli.words import say
from logparse.output import STDOUT, check_target

if TYPE_CHECKING:
    import argparse


EXAMPLES: Final = (
    "logparse report train.log -o report.html",
    "logparse report logs/ -o report.html --title 'All runs'",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `report` takes."""
    parser.add_argument("logs", nargs="+", metavar="LOG", help="a log, a folder of glog files, or - for standard input")
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT.html", help="the file to write, or - for standard output"
    )
    parser.add_argument("--title", help="the report's title (default: the net's name)")
    parser.add_argument("--force", action="store_true", help="overwrite OUT.html if it exists")
    common.add_memory_options(parser)
    common.add_budget_option(parser)
    common.add_reading_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Read the logs, write the report, then see whether the gates hold."""
    from logparse.cli.find_logs import expand

    sources = expand(arguments.logs)
    inputs = [*sources, *([arguments.prototxt] if arguments.prototxt else [])]
    check_target(arguments.output, force=arguments.force, inputs=inputs)
    logs = tuple(common.read_log(source, arguments) for source in sources)
    for log in logs:
        log.terms = common.terms_of(arguments)
    from logparse.report.page import write_report

    write_report(logs, arguments.output, title=arguments.title, force=arguments.force)
    if arguments.output != STDOUT:
        say(f"wrote {arguments.output} ({formats.size(Path(arguments.output).stat().st_size)})")
    common.check_gates(logs, arguments)
    return 0
