"""`logparse report`: one or several logs in, one self-contained HTML file out, and its charts as files of their own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.cli import common
from logparse.cli.argument_types import one_of
from logparse.cli.words import say
from logparse.errors import UsageError
from logparse.output import STDOUT, check_target, write

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from logparse.api import Log

# What `report/figures.py` knows, which is not loaded for a help text.
_FORMATS: Final = ("svg", "png", "pdf")
_THEMES: Final = ("light", "dark")


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
    parser.add_argument("--force", action="store_true", help="overwrite OUT.html, and figures, if they exist")
    parser.add_argument("--figures", metavar="DIR", help="write each chart as a file of its own into this folder too")
    parser.add_argument(
        "--figure-format", type=one_of(_FORMATS, "format"), metavar="FORMAT", help="svg (default), png or pdf"
    )
    parser.add_argument(
        "--figure-theme", type=one_of(_THEMES, "theme"), metavar="THEME", help="light (default) or dark"
    )
    parser.add_argument(
        "--templates", metavar="DIR", help="a folder of your own templates, which are taken in the place of ours"
    )
    common.add_memory_options(parser)
    common.add_budget_option(parser)
    common.add_reading_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Read the logs, write the report, then see whether the gates hold."""
    from logparse.cli.find_logs import expand

    if arguments.figures is None and (arguments.figure_format or arguments.figure_theme):
        raise UsageError("--figure-format and --figure-theme are about --figures", remedy="Give --figures DIR, too.")
    sources = expand(arguments.logs)
    inputs = [*sources, *([arguments.prototxt] if arguments.prototxt else [])]
    check_target(arguments.output, force=arguments.force, inputs=inputs)
    logs = tuple(common.read_log(source, arguments) for source in sources)
    for log in logs:
        log.terms = common.terms_of(arguments)
    _write(logs, arguments, inputs)
    common.check_gates(logs, arguments)
    return 0


def _write(logs: Sequence[Log], arguments: argparse.Namespace, inputs: Sequence[str | Path]) -> None:
    """The report and the figures of one view: all that may be refused is, before the first is written."""
    from logparse.report.page import page_bytes, report_view
    from logparse.report.templating import team_templates

    templates = team_templates(arguments.templates)
    page = report_view(logs, arguments.title)
    files = None
    if arguments.figures is not None:
        from logparse.report.figures import FigureFiles

        form, theme = arguments.figure_format or _FORMATS[0], arguments.figure_theme or _THEMES[0]
        files = FigureFiles(page, arguments.figures, form, theme)
        files.check(force=arguments.force, inputs=inputs)
    write(arguments.output, [page_bytes(page, templates)], force=arguments.force)
    if arguments.output != STDOUT:
        say(f"wrote {arguments.output} ({formats.size(Path(arguments.output).stat().st_size)})")
    if files is not None:
        number = len(files.write(force=arguments.force))
        say(f"wrote {number} {formats.plural('figure', number)} into {arguments.figures}")
