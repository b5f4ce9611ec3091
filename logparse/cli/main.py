"""The command `logparse`: arguments in, exit code out.

Exit codes: 0 fine; 1 a gate failed or a difference was found; 2 the call is wrong or the output cannot be written;
3 an input is unreadable; 4 nothing in it was recognised; 70 a fault of logparse's own; 130 interrupted.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import traceback
from importlib import import_module
from typing import TYPE_CHECKING, Final, NoReturn

from logparse import __version__
from logparse.cli.words import printable, say, say_error
from logparse.errors import LogparseError, suggestion

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

# Verb → what it does. A new verb is one line here and one module of its name in this package, which has
# `EXAMPLES`, `add_arguments(parser)` and `run(arguments) -> exit code` and is imported only where its verb is used.
VERBS: Final = {
    "summary": "show each log on one screen: net, outcome, sizes, costs, findings; what `logparse LOG` does",
    "layers": "show the layers of a net: shapes, memory, parameters, MACs; sorted, filtered, gathered",
    "report": "make one self-contained HTML report of one or several logs",
    "export": "write one table of a log as CSV, JSON, JSON Lines, Parquet or Markdown",
    "compare": "show what differs between logs, or attempts of one: settings, layers, memory, curves",
    "curve": "plot the loss and the scores in the terminal",
    "recover": "write the net's definition (prototxt) back from a log, and the solver's",
    "whatif": "the same run with another batch, solver, precision, pruned or factored layers",
}

USUAL_VERB: Final = "summary"  # of a log that is named without a verb
FAULT: Final = 70  # EX_SOFTWARE of sysexits.h
INTERRUPTED: Final = 130  # 128 + SIGINT, as a shell says it


def entry_point() -> None:
    """Run the command and end the process with its exit code."""
    # Importing pandas and matplotlib makes objects by the hundred thousand and hardly any rubbish: looking for it
    # takes an eighth of a small job, and a large one holds no more memory without.
    gc.disable()
    code = main()
    gc.freeze()  # nor is there any rubbish to look for at the end, which the interpreter does thrice
    sys.exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (default: the process's own) and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _run(words)
        if sys.stdout is not None:  # a process may be started without
            sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has had enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        say("interrupted")
        return INTERRUPTED
    except LogparseError as error:
        say_error(error)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - whatever it is, a user must not meet a bare traceback
        _confess(error, debug="--debug" in words)
        return FAULT
    return code


def _run(words: list[str]) -> int:
    verb = next((word for word in words if not _is_option(word)), None)
    if verb is not None and verb not in VERBS and _names_log_first(words):
        verb, words = USUAL_VERB, [USUAL_VERB, *words]
    module = import_module(f"logparse.cli.{verb}") if verb in VERBS else None
    try:
        parser = _parser(verb, module)
        if verb is not None and module is None:
            parser.error(f"there is no verb {verb!r}; {suggestion(verb, list(VERBS))}")
        arguments = parser.parse_args(words)
    except SystemExit as stop:  # argparse ends the process by itself; here only `entry_point` does
        return int(stop.code or 0)
    return int(import_module(f"logparse.cli.{arguments.verb}").run(arguments))


def _is_option(word: str) -> bool:
    return word.startswith("-") and word != "-"


def _names_log_first(words: list[str]) -> bool:
    """Whether a log stands where a verb would; behind options, whose values look like verbs, any log will do."""
    if _is_option(words[0]):
        return any(_names_log(word) for word in words if not _is_option(word))
    return _names_log(words[0])


def _names_log(word: str) -> bool:
    """Whether a word in the place of a verb is a log: a file, a folder, a pattern, standard input, or named like one.

    What is named like a file and is none is told by who opens it.
    """
    looks_so = word == "-" or "\0" in word or any(mark in word for mark in (os.sep, ".", "*", "?", "["))
    return looks_so or os.path.exists(word)  # noqa: PTH110 - help need not wait for pathlib


class _Parser(argparse.ArgumentParser):
    """A parser that answers a wrong call in two lines, and not with every option there is."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {printable(message)}\n  {self.prog} --help tells what there is\n")


def _parser(used: str | None, module: ModuleType | None) -> argparse.ArgumentParser:
    """The parser of all verbs, with the arguments of the one that is used."""
    debug = _Parser(add_help=False)
    debug.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help="show the traceback of a fault")
    parser = _Parser(
        prog="logparse",
        description="Reads a Caffe training log and tells what it says: layers, costs, memory, curves.",
        epilog="Exit codes: 0 fine, 1 a gate failed, 2 wrong call, 3 unreadable input, 4 nothing recognised in it, "
        "70 a fault of logparse's own, 130 interrupted.",
        parents=[debug],
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"logparse {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, summary in VERBS.items():
        verb = verbs.add_parser(name, help=summary, description=summary, parents=[debug], allow_abbrev=False)
        if module is not None and name == used:
            module.add_arguments(verb)
            verb.epilog = "\n".join(["examples:", *(f"  {example}" for example in module.EXAMPLES)])
            verb.formatter_class = argparse.RawDescriptionHelpFormatter
    return parser


def _confess(error: Exception, *, debug: bool) -> None:
    say(f"unexpected {type(error).__name__}: {error}")
    if debug:
        traceback.print_exception(error)
    else:
        say("this is a fault of logparse, not yours: please report it with the traceback that --debug shows")
