"""`logparse whatif`: the same run with another batch, solver, precision, pruned or factored layers; what fits."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import PurePath
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse import export, formats
from logparse.catalogue import TABLES
from logparse.cli import common
from logparse.cli.argument_types import one_of, positive, share, size_bytes, sweep
from logparse.cli.screens import whatif_text as layout
from logparse.cli.screens.columns import encoded
from logparse.cli.screens.methods import ShowMethods, layer_method
from logparse.cost.buffer import GPU
from logparse.cost.memory.terms import DEVICES
from logparse.cost.whatif.change import AS_IT_IS, PRECISIONS, SCHEMES, SOLVERS, Change, LowRank
from logparse.cost.whatif.limits import BUDGET_BYTES
from logparse.errors import UsageError
from logparse.export import TERMINAL
from logparse.output import STDOUT, check_target, write
from logparse.rows import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from logparse.api import Log

_FACTORS: Final = re.compile(r"(?P<layer>.+)=(?P<rank>[1-9][0-9]*)(?::(?P<scheme>[a-z]+))?")
_SHARED: Final = re.compile(r"(?P<layer>.+)=(?P<share>[^=]+)")


EXAMPLES: Final = (
    "logparse whatif train.log --batch 128",
    "logparse whatif train.log --sweep batch=1..64x2 --card 11GiB",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `whatif` takes."""
    forms = tuple(dict.fromkeys((TERMINAL, *export.FORMATS)))
    parser.add_argument("log", metavar="LOG", help="a log, or - for standard input")
    parser.add_argument("--attempt", type=positive, metavar="N", help="which start of the solver (default: the last)")
    _add_changes(parser)
    _add_questions(parser)
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


def _add_questions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fit", type=budget_bytes, metavar="SIZE", help="the largest batch that fits, e.g. 8GiB")
    parser.add_argument(
        "--card",
        type=card_bytes,
        metavar="CARD",
        help="the same on a card by its name or memory, e.g. 'GTX 1080 Ti' or 11GiB",
    )
    parser.add_argument(
        "--device",
        type=one_of(DEVICES, "device"),
        metavar="DEVICE",
        help=f"what --fit is about: {' or '.join(DEVICES)} (default: gpu)",
    )
    parser.add_argument(
        "--sweep",
        type=sweep,
        metavar="NAME=VALUES",
        help="several batches: batch=1..512x2, batch=8..64+8, batch=1,8,64",
    )
    parser.add_argument(
        "--sensitivity",
        nargs="?",
        const="gpu",
        type=one_of(tuple(LEVERS), "figure"),
        metavar="FIGURE",
        help=f"which one layer's change buys most of {', '.join(LEVERS)} (default: gpu)",
    )
    parser.add_argument("--explain", action="store_true", help="tell everything that an answer takes for granted")


# Figure of --sensitivity → column of the table `levers`
LEVERS: Final = {
    "gpu": "saves_gpu_bytes",
    "params": "saves_params",
    "macs": "saves_macs_per_image",
    "data": "saves_data_bytes",
}


def card_bytes(text: str) -> tuple[str | None, int]:
    """Argument type: a card's name and its memory in bytes; no name where the memory itself is given."""
    try:
        return None, budget_bytes(text)
    except argparse.ArgumentTypeError:
        if (text.isdigit() and len(text) < len("1080")) or (text[-1:] in {"b", "B"} and text[:1].isdigit()):
            raise  # a size that is none, and no name
    from logparse.cost.memory.cards import card_known_as

    try:
        found = card_known_as(text)
    except UsageError as error:
        raise argparse.ArgumentTypeError(f"{error.message}; {error.remedy}") from error
    return found.name, found.bytes or 0


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
    _check_questions(arguments)
    suffix = PurePath(arguments.output).suffix
    form = arguments.format or (export.format_of(suffix) if suffix else TERMINAL)
    common.check_formulas(form, arguments.csv_formulas)
    if form != TERMINAL:
        export.check_available(form)
    inputs = [arguments.log, *([arguments.prototxt] if arguments.prototxt else [])]
    check_target(arguments.output, force=arguments.force, inputs=inputs)
    log = common.read_log(arguments.log, arguments, curves=TABLES["whatif"].needs_curves)
    log.terms = common.terms_of(arguments)
    answer = _answer(log, arguments)
    if form == TERMINAL:
        write(arguments.output, map(encoded, answer.lines), force=arguments.force)
    else:
        chunks = export.written(form, answer.frame, answer.table, csv_formulas=arguments.csv_formulas)
        write(arguments.output, chunks, force=arguments.force)
    common.check_gates([log], arguments)
    return 0


def _check_questions(arguments: argparse.Namespace) -> None:
    """Refuse questions that do not go together."""
    if arguments.fit is not None and arguments.card is not None:
        raise UsageError("--fit and --card both say what must hold the run", remedy="Give one of them.")
    if arguments.device is not None and arguments.fit is None and arguments.card is None:
        raise UsageError("--device says what --fit is about, which is not asked for", remedy="Give --fit SIZE as well.")
    if arguments.card is not None and arguments.device not in {None, GPU}:
        raise UsageError("--card is about the GPU", remedy="Give --fit SIZE for the CPU.")
    if arguments.sensitivity is not None and (arguments.sweep or arguments.fit or arguments.card):
        raise UsageError("--sensitivity is a question of its own", remedy="Ask it without --sweep, --fit and --card.")
    if arguments.sensitivity is not None and change_of(arguments) != AS_IT_IS:
        raise UsageError("--sensitivity changes one layer at a time of the run as it is", remedy="Ask it alone.")
    if arguments.sweep is not None and (arguments.batch if arguments.sweep[0] == "batch" else arguments.test_batch):
        raise UsageError(f"--{arguments.sweep[0]} is what --sweep changes", remedy="Give one of them.")


class _Answer(NamedTuple):
    """The lines for a terminal, and for every other format the frame and the table that it is."""

    lines: Iterable[str]
    frame: pd.DataFrame
    table: str = "whatif"


def _answer(log: Log, arguments: argparse.Namespace) -> _Answer:
    if arguments.sensitivity is not None:
        frame = log.levers if arguments.attempt is None else log.levers[log.levers["attempt"] == arguments.attempt]
        return _Answer(layout.levers_text(rows_of(frame), LEVERS[arguments.sensitivity]), frame, "levers")
    change, (card_name, budget) = change_of(arguments), arguments.card or (None, arguments.fit)
    fit = None
    if budget is not None:
        fit = log.fit(budget, arguments.device or GPU, change, attempt=arguments.attempt)
    if arguments.sweep is not None:
        what, values = arguments.sweep
        frame = log.sweep(values, change, test=what == "test-batch", attempt=arguments.attempt)
        return _Answer(layout.sweep_text(rows_of(frame), fit, card_name, explain=arguments.explain), frame)
    if change == AS_IT_IS and fit is None:
        number, _ = log.run(arguments.attempt)
        frame = log.table("whatif")
        frame = frame[frame["attempt"] == number]
        return _Answer(layout.usual_text(rows_of(frame), explain=arguments.explain), frame)
    frame = log.whatif(change, attempt=arguments.attempt, fit=fit)
    asked = question(change)
    return _Answer(layout.asked_text(rows_of(frame), asked, fit, card_name, explain=arguments.explain), frame)


def question(change: Change) -> str:
    """A change in words, as it was asked for."""
    parts = []
    for one in fields(change):
        value = getattr(change, one.name)
        if value == one.default or not value:
            continue
        name = one.name.replace("_", " ")
        if isinstance(value, Mapping):
            parts.append(f"{name} {', '.join(f'{layer} {_shown(how)}' for layer, how in value.items())}")
        else:
            parts.append(name if value is True else f"{name} {value}")
    return ", ".join(parts) or "nothing changes"


def _shown(how: object) -> str:
    if isinstance(how, LowRank):
        return f"to {how.rank}{f' ({how.scheme})' if how.scheme else ''}"
    if isinstance(how, str | list | tuple):
        return " then ".join([how] if isinstance(how, str) else map(str, how))
    return formats.percent(how)
