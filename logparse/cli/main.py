"""The command `logparse`: arguments in, exit code out.

Exit codes: 0 fine; 1 a gate failed or a difference was found; 2 the call is wrong or the output cannot be written;
3 an input is unreadable; 4 nothing in it was recognised; 70 a fault of logparse's own; 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from typing import TYPE_CHECKING, Final

from logparse import __version__
from logparse.cli import common, export, report, whatif
from logparse.errors import LogparseError

if TYPE_CHECKING:
    from collections.abc import Sequence

# A new verb is one module and one entry here.
VERBS: Final = {verb.name: verb for verb in (report.VERB, export.VERB, whatif.VERB)}

FAULT: Final = 70  # EX_SOFTWARE of sysexits.h
INTERRUPTED: Final = 130  # 128 + SIGINT, as a shell says it


def entry_point() -> None:
    """Run the command and end the process with its exit code."""
    sys.exit(main())


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (default: the process's own) and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _run(words)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has had enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        common.say("interrupted")
        return INTERRUPTED
    except LogparseError as error:
        common.say(str(error))
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - whatever it is, a user must not meet a bare traceback
        _confess(error, debug="--debug" in words)
        return FAULT
    return code


def _run(words: list[str]) -> int:
    parser = _parser()
    verb = next((word for word in words if not word.startswith("-")), None)
    try:
        if verb is not None and verb not in VERBS:
            parser.error(f"there is no verb {verb!r}; {common.suggestion(verb, list(VERBS))}")
        arguments = parser.parse_args(words)
    except SystemExit as stop:  # argparse ends the process by itself; here only `entry_point` does
        return int(stop.code or 0)
    return VERBS[arguments.verb].run(arguments)


def _parser() -> argparse.ArgumentParser:
    debug = argparse.ArgumentParser(add_help=False)
    debug.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help="show the traceback of a fault")
    parser = argparse.ArgumentParser(
        prog="logparse",
        description="Reads a Caffe training log and tells what it says: layers, costs, memory, curves.",
        epilog="Exit codes: 0 fine, 1 a gate failed, 2 wrong call, 3 unreadable input, 4 nothing recognised in it.",
        parents=[debug],
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"logparse {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb in VERBS.values():
        sub = verbs.add_parser(
            verb.name, help=verb.summary, description=verb.summary, parents=[debug], allow_abbrev=False
        )
        verb.add_arguments(sub)
    return parser


def _confess(error: Exception, *, debug: bool) -> None:
    common.say(f"unexpected {type(error).__name__}: {error}")
    if debug:
        traceback.print_exception(error)
    else:
        common.say("this is a fault of logparse, not yours: please report it with the traceback that --debug shows")
