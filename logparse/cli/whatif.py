"""`logparse whatif`: the same run with another batch, solver, precision, pruned or factored layers; what fits."""

from __future__ import annotations

import argparse
import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from logparse import export, formats
from logparse.catalogue import TABLES
from logparse.cli import common
from logparse.cli.argument_types import one_of, positive, share, size_bytes
from logparse.cli.methods import ShowMethods, layer_method
from logparse.cost.buffer import GPU
from logparse.cost.memory.terms import DEVICES
from logparse.cost.whatif.change import PRECISIONS, SCHEMES, SOLVERS, Change, LowRank
from logparse.cost.whatif.limits import BUDGET_BYTES
from logparse.errors import UsageError
from logparse.output import STDOUT, check_target, write
from logparse.rows import rows_of
from logparse.tables.memory.scenarios import ASKED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logparse.cost.whatif.fit import Fit

TEXT: Final = "text"
_FACTORS: Final = re.compile(r"(?P<layer>.+)=(?P<rank>[1-9][0-9]*)(?::(?P<scheme>[a-z]+))?")
_SHARED: Final = re.compile(r"(?P<layer>.+)=(?P<share>[^=]+)")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `whatif` takes."""
    forms = (TEXT, *export.FORMATS)
    parser.add_argument("log", metavar="LOG", help="a log, or - for standard input")
    parser.add_argument("--attempt", type=positive, metavar="N", help="which start of the solver (default: the last)")
    _add_changes(parser)
    parser.add_argument("--fit", type=budget_bytes, metavar="SIZE", help="the largest batch that fits, e.g. 8GiB")
    parser.add_argument(
        "--device",
        type=one_of(DEVICES, "device"),
        metavar="DEVICE",
        help=f"what --fit is about: {' or '.join(DEVICES)} (default: gpu)",
    )
    parser.add_argument(
        "--format",
        type=one_of(forms, "format"),
        metavar="FORMAT",
        help=f"one of {', '.join(forms)} (default: as FILE's ending says, else text)",
    )
    parser.add_argument("-o", "--output", default=STDOUT, metavar="FILE", help="the file to write (default: -)")
    parser.add_argument("--force", action="store_true", help="overwrite FILE if it exists")
    common.add_csv_option(parser)
    common.add_memory_options(parser)
    common.add_reading_options(parser)


def _add_changes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--batch", type=positive, metavar="N", help="images of one forward pass of the train net")
    parser.add_argument("--test-batch", type=positive, metavar="N", help="the same of the test nets")
    parser.add_argument("--solver", type=one_of(SOLVERS, "solver"), metavar="TYPE", help=f"one of {', '.join(SOLVERS)}")
    parser.add_argument("--no-test-net", action="store_true", help="without the test nets")
    for name, what in (("--weights", "stored weights"), ("--activations", "blobs' data")):
        parser.add_argument(
            name,
            type=one_of(tuple(PRECISIONS), "precision"),
            metavar="PRECISION",
            help=f"precision of the {what}: one of {', '.join(PRECISIONS)}",
        )
    parser.add_argument(
        "--prune-weights", type=layer_share, nargs="+", default=[], metavar="LAYER=SHARE", help="weights set to zero"
    )
    parser.add_argument(
        "--prune-channels", type=layer_share, nargs="+", default=[], metavar="LAYER=SHARE", help="output channels gone"
    )
    parser.add_argument(
        "--low-rank",
        type=layer_factors,
        nargs="+",
        default=[],
        metavar="LAYER=R[:SCHEME]",
        help=f"SVD of a fully connected layer; a convolution by scheme {' or '.join(SCHEMES)}",
    )
    parser.add_argument(
        "--compress",
        type=layer_method,
        nargs="+",
        default=[],
        metavar="LAYER=METHOD",
        help="any method with its settings, e.g. 'fc*=prune:share=90%%' 'fc*=codebook:bits=5' "
        "type=Convolution=tucker2:keep=25%%; LAYER is a name, a pattern, type=T or kind=K, here and above",
    )
    parser.add_argument("--methods", action=ShowMethods, help="list the methods of --compress with their settings")


def budget_bytes(text: str) -> int:
    """Argument type: the memory of a device, as a size."""
    value = size_bytes(text)
    if value < BUDGET_BYTES.start:
        unit = f": did you mean {text}GiB?" if text.isdigit() and value else ", as 8GiB would be"
        raise argparse.ArgumentTypeError(f"{text!r} is {formats.count(value)} bytes, no device's memory{unit}")
    return value


def layer_share(text: str) -> tuple[str, float]:
    """Argument type: `LAYER=SHARE`; the layer's name may hold a `=` itself."""
    found = _SHARED.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no LAYER=SHARE, e.g. fc6=90%")
    return found["layer"], share(found["share"])


def layer_factors(text: str) -> tuple[str, LowRank]:
    """Argument type: `LAYER=R` or `LAYER=R:spatial`."""
    found = _FACTORS.fullmatch(text)
    if found is None or found["scheme"] not in {None, *SCHEMES}:
        raise argparse.ArgumentTypeError(f"{text!r} is no LAYER=R or LAYER=R:{SCHEMES[0]}, e.g. fc6=256")
    return found["layer"], LowRank(int(found["rank"]), found["scheme"])


def change_of(arguments: argparse.Namespace) -> Change:
    """The change that the arguments ask for."""
    return Change(
        batch=arguments.batch,
        test_batch=arguments.test_batch,
        solver=arguments.solver,
        no_test_net=arguments.no_test_net,
        weights=arguments.weights,
        activations=arguments.activations,
        prune_weights=dict(arguments.prune_weights),
        prune_channels=dict(arguments.prune_channels),
        low_rank=dict(arguments.low_rank),
        compress=_by_layer(arguments.compress),
    )


def _by_layer(asked: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for where, method in asked:
        found.setdefault(where, []).append(method)
    return found


def run(arguments: argparse.Namespace) -> int:
    """Read the log, apply the change, write the figures, then see whether the gates hold."""
    if arguments.device is not None and arguments.fit is None:
        raise UsageError("--device says what --fit is about, which is not asked for", remedy="Give --fit SIZE as well.")
    suffix = PurePath(arguments.output).suffix
    form = arguments.format or (export.format_of(suffix) if suffix else TEXT)
    common.check_formulas(form, arguments.csv_formulas)
    if form != TEXT:
        export.check_available(form)
    inputs = [arguments.log, *([arguments.prototxt] if arguments.prototxt else [])]
    check_target(arguments.output, force=arguments.force, inputs=inputs)
    log = common.read_log(arguments.log, arguments, curves=TABLES["whatif"].needs_curves)
    log.terms = common.terms_of(arguments)
    change = change_of(arguments)
    fit = None
    if arguments.fit is not None:
        fit = log.fit(arguments.fit, arguments.device or GPU, change, attempt=arguments.attempt)
    frame = log.whatif(change, attempt=arguments.attempt, fit=fit)
    rows = rows_of(frame)
    if form == TEXT:
        chunks = _text(rows, fit)
    else:
        chunks = export.written(form, frame, "whatif", csv_formulas=arguments.csv_formulas)
    write(arguments.output, chunks, force=arguments.force)
    common.check_gates([log], arguments)
    return 0


_FORMS: Final = {
    "bytes": formats.size,
    "MAC": formats.short,
    "values": formats.short,
    "images": formats.count,
    "operations": formats.short,
}


def _text(rows: Sequence[Mapping[Any, Any]], fit: Fit | None) -> Iterator[bytes]:
    """Columns for a terminal: figure, before, then each scenario's and what it is of before; what was assumed."""
    scenarios = list(dict.fromkeys(str(row["scenario"]) for row in rows))
    lines = [["", "as logged", *(cell for name in scenarios for cell in (_head(name, fit), ""))]]
    for quantity in dict.fromkeys(str(row["quantity"]) for row in rows):
        of = {str(row["scenario"]): row for row in rows if row["quantity"] == quantity}
        cells = [cell for name in scenarios for cell in _cells(of.get(name))]
        first = next(iter(of.values()))
        lines.append([quantity, _FORMS[str(first["unit"])](first["before"]), *cells])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for name, *cells in lines:
        padded = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        yield _line(f"{name.ljust(widths[0])}  {'  '.join(padded)}".rstrip())
    assumed = list(dict.fromkeys(text for row in rows for text in _texts(row["assumptions"])))
    for text in assumed or ["nothing is changed"]:
        yield _line(f"- {text}")
    if fit is not None:
        yield _line(_fit_text(fit))


def _line(text: str) -> bytes:
    return f"{formats.shown(text)}\n".encode("utf-8", "backslashreplace")


def _head(scenario: str, fit: Fit | None) -> str:
    if fit is None or scenario == ASKED:
        return "then"
    return f"batch {formats.count(fit.batch)}" if fit.batch else "none fits"


def _cells(row: Mapping[Any, Any] | None) -> tuple[str, str]:
    return ("", "") if row is None else (_FORMS[str(row["unit"])](row["after"]), _factor(row))


def _texts(values: object) -> list[str]:
    return [str(value) for value in values] if isinstance(values, list) else []


def _factor(row: Mapping[Any, Any]) -> str:
    before, after = row["before"], row["after"]
    if formats.is_na(before) or formats.is_na(after) or not before or not after or before == after:
        return ""
    return f"×{formats.significant(after / before)}"


def _fit_text(fit: Fit) -> str:
    """The answer in one sentence, in which what fits and what does not are never the same text.

    On a GPU the upper end of the range must fit.
    """
    budget, held, following = formats.sizes_apart([fit.budget_bytes, fit.bytes, fit.next_bytes])
    device, takes = fit.device.upper(), "takes up to" if fit.device == GPU else "takes"
    basis = f"; {fit.basis}" if fit.basis else ""
    if not fit.batch:
        return f"Not one image fits into {budget} on the {device}: it {takes} {held}{basis}"
    more = f"one more {takes} {following}" if fit.next_bytes > fit.budget_bytes else f"with one more {fit.binds}"
    return f"Batch {formats.count(fit.batch)} fits into {budget} on the {device} (it {takes} {held}; {more}){basis}"
