"""`logparse recover`: the net's definition back from a log, each layer graded; the solver's beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.cli import common
from logparse.cli.argument_types import one_of, positive
from logparse.cli.words import say
from logparse.errors import GateError, UsageError
from logparse.output import STDOUT, check_target, write
from logparse.recover.recovering import NET_FORMS

if TYPE_CHECKING:
    import argparse

    from logparse.recover.grades import OpenField, RecoveredNet


EXAMPLES: Final = ("logparse recover train.log -o train_val.prototxt", "logparse recover train.log --as deploy")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `recover` takes."""
    parser.add_argument("log", metavar="LOG", help="a log, or - for standard input")
    parser.add_argument("--attempt", type=positive, metavar="N", help="which start of the solver (default: the last)")
    parser.add_argument(
        "--as",
        dest="form",
        type=one_of(NET_FORMS, "form"),
        metavar="FORM",
        help=f"one of {', '.join(NET_FORMS)} (default: train_val, or the one phase that the log shows)",
    )
    parser.add_argument("-o", "--output", default=STDOUT, metavar="FILE", help="the prototxt to write (default: -)")
    parser.add_argument(
        "--solver", metavar="FILE", help="write the solver's parameters too; its net is the file of --output"
    )
    parser.add_argument("--force", action="store_true", help="overwrite files that exist")
    parser.add_argument("--complete", action="store_true", help="fail (exit code 1) if any field stays open")
    common.add_reading_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Read the log, recover, write, then see whether the gates hold."""
    _check_targets(arguments)
    log = common.read_log(arguments.log, arguments, curves=False)
    net = log.recover(arguments.form, attempt=arguments.attempt)
    open_fields = net.open_fields
    solver = None
    if arguments.solver is not None:
        solver = log.recover_solver(arguments.output, net.form, attempt=net.attempt)
        open_fields = (*open_fields, *solver.open_fields)
    write(arguments.output, [net.text.encode()], force=arguments.force)
    if solver is not None:
        write(arguments.solver, [solver.text.encode()], force=arguments.force)
    _tell(net)
    common.check_gates([log], arguments)
    if arguments.complete and open_fields:
        raise GateError(f"{log.facts.source.name}: --complete asks for all, and open are {_listed(open_fields)}")
    return 0


def _check_targets(arguments: argparse.Namespace) -> None:
    inputs = [arguments.log, *([arguments.prototxt] if arguments.prototxt else [])]
    check_target(arguments.output, force=arguments.force, inputs=inputs)
    if arguments.solver is None:
        return
    if arguments.output == STDOUT:
        raise UsageError("--solver names the file of the net, and there is none", remedy="Give -o FILE as well.")
    if arguments.solver == arguments.output:
        raise UsageError(f"{arguments.solver} cannot be both the net and the solver")
    check_target(arguments.solver, force=arguments.force, inputs=inputs)


def _tell(net: RecoveredNet) -> None:
    """What was recovered in one line, on standard error."""
    layers = f"{formats.count(len(net.layers))} {formats.plural('layer', len(net.layers))}"
    still = f"{formats.count(len(net.open_fields))} {formats.plural('field', len(net.open_fields))} open"
    say(f"{net.form} of attempt {net.attempt}: {layers}, {still if net.open_fields else 'nothing open'}")


def _listed(open_fields: tuple[OpenField, ...]) -> str:
    names = [f"{one.field} of {one.layer}" if one.layer is not None else one.field for one in open_fields]
    return formats.enumerated(formats.first_of(names))
