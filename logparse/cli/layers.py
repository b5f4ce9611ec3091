"""`logparse layers`: the table of layers on a terminal, filtered, sorted, gathered, with totals and bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse import export, formats
from logparse.catalogue import TABLES
from logparse.cli import common
from logparse.cli.argument_types import names, one_of, positive
from logparse.cli.screens.columns import bar, encoded, in_columns
from logparse.export import TERMINAL
from logparse.export.cells import cells
from logparse.export.markdown import form_of, is_numeric
from logparse.export.text import LONGEST_CELL
from logparse.output import check_target, write
from logparse.rows import float_of, net_name
from logparse.tables.choosing import ALL_NETS, check_column, of_logs, of_net, ordered, rows_where

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from logparse.api import Log

_DEFAULT: Final = ("layer_index", "layer", "type", "top_shape", "distinct_bytes", "params", "macs_per_image")
# Column → the form of its cells on a terminal, and the column of its share, of which a bar is drawn
_FORMS: Final = {"distinct_bytes": "size", "params": "short", "macs_per_image": "short", "macs": "short"}
_BARS: Final = {"distinct_bytes": "distinct_share", "params": "params_share", "macs_per_image": "macs_share"}
_GATHERED: Final = ("distinct_bytes", "params", "macs_per_image", "macs")
_BAR: Final = 10  # characters of the whole net


EXAMPLES: Final = (
    "logparse layers train.log --sort params --top 10",
    "logparse layers logs/ --where 'type == \"Convolution\"' --format csv",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `layers` takes."""
    parser.add_argument("logs", nargs="+", metavar="LOG", help="logs, folders, patterns, or - for standard input")
    parser.add_argument("--attempt", type=positive, metavar="N", help="which start of the solver (default: the last)")
    parser.add_argument("--net", metavar="NET", help="TRAIN, TEST, a net's number, or all (default: the training net)")
    parser.add_argument("--columns", type=names, metavar="A,B", help="columns of the table layers, or all")
    parser.add_argument("--where", metavar="EXPR", help="only layers like these, e.g. 'type == \"Convolution\"'")
    parser.add_argument("--sort", metavar="COLUMN", help="by a column: largest numbers first, text by the alphabet")
    parser.add_argument("--top", type=positive, metavar="N", help="only the first N")
    parser.add_argument("--by", type=one_of(("type",), "way"), metavar="WAY", help="sums by type")
    common.add_output_options(parser, tuple(export.FORMATS), TERMINAL)
    common.add_reading_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Read the logs, choose and order their layers, write them, then see whether the gates hold."""
    from logparse.cli.find_logs import expand

    sources = expand(arguments.logs)
    form = common.form_of_output(arguments, TERMINAL)
    check_target(arguments.output, force=arguments.force, inputs=common.files_read(sources, arguments))
    logs = [common.read_log(source, arguments, curves=False, hashing=False) for source in sources]
    chosen = [_chosen(log, arguments) for log in logs]
    if form == TERMINAL:
        pairs = zip(logs, chosen, strict=True)
        lines = (line for log, frame in pairs for line in _text(log, frame, arguments, several=len(logs) > 1))
        write(arguments.output, map(encoded, lines), force=arguments.force)
    else:
        frame = of_logs({log.facts.source.name: frame for log, frame in zip(logs, chosen, strict=True)})
        chunks = export.written(form, frame, "layers", csv_formulas=arguments.csv_formulas)
        write(arguments.output, chunks, force=arguments.force)
    common.check_gates(logs, arguments)
    return 0


def _chosen(log: Log, arguments: argparse.Namespace) -> pd.DataFrame:
    """The layers that are asked for, whole rows, in the order that is asked for."""
    frame = of_net(log.table("layers"), arguments.net, arguments.attempt)
    if arguments.where is not None:
        frame = rows_where(frame, arguments.where)
    if arguments.sort is not None:
        frame = ordered(frame, arguments.sort)
    if arguments.top is not None and arguments.by is None:
        frame = frame.head(arguments.top)
    return frame


def _text(log: Log, frame: pd.DataFrame, arguments: argparse.Namespace, *, several: bool) -> Iterator[str]:
    """A heading where there are several logs or nets, the rows with bars behind their figures, and the sums."""
    if several:
        yield f"{log.facts.source.name}:"
    for _, rows in frame.groupby(["attempt", "net_index"], sort=False):
        yield _heading(rows)
        if arguments.by is not None:
            yield from in_columns(list(_sums(rows, arguments.by, arguments.top)), left=(0, 4, 7, 10))
        else:
            yield from _table(rows, arguments.columns or _DEFAULT)
        yield ""
    if frame.empty:
        yield "no layer is like that" if arguments.where or len(log.table("layers")) else "the log shows no layer"


def _heading(frame: pd.DataFrame) -> str:
    first = frame.iloc[0]
    name = "" if formats.is_na(first["net"]) else f"{first['net']}, "
    batch = "" if formats.is_na(first["batch"]) else f", batch {formats.count(first['batch'])}"
    number = f"{len(frame)} {formats.plural('layer', len(frame))}"
    return f"{name}{net_name(first['phase'], None, first['nested'])}{batch}, attempt {first['attempt']}: {number}"


def _table(frame: pd.DataFrame, wanted: Sequence[str]) -> Iterator[str]:
    known = {column.name: column for column in TABLES["layers"].columns}
    names = list(known) if list(wanted) == [ALL_NETS] else list(wanted)
    for name in names:
        check_column(frame, name)
    heads, lines = list[str](), list[list[str]]([] for _ in range(len(frame) + 2))
    left = []
    for name in names:
        column = known[name]
        left += [] if is_numeric(column) else [len(heads)]
        texts = list(map(formats.FORMS[_FORMS.get(name) or form_of(column)], cells(frame[name], column)))
        heads.append(column.title)
        for line, text in zip(lines, [column.title, *texts, _total(frame, name)], strict=True):
            line.append(formats.shown(formats.shortened(text, LONGEST_CELL)))
        if name in _BARS:
            left.append(len(heads))
            heads.append("")
            shares = [float_of(value) for value in cells(frame[_BARS[name]], known[_BARS[name]])]
            for line, text in zip(lines, ["", *(bar(share, _BAR) for share in shares), ""], strict=True):
                line.append(text)
    yield from in_columns(lines, left=left)


def _total(frame: pd.DataFrame, name: str) -> str:
    """The sum under a column of figures; at least so much where some are not known."""
    if name not in _GATHERED:
        return "total" if name == "layer" else ""
    values = frame[name]
    sign = "≥ " if values.isna().any() else ""
    return f"{sign}{formats.FORMS[_FORMS[name]](int(values.sum()))}"


def _sums(frame: pd.DataFrame, by: str, top: int | None) -> Iterator[list[str]]:
    """A line a group: how many layers, each figure with its share of the whole; the largest MACs first."""
    known = {column.name: column for column in TABLES["layers"].columns}
    yield [known[by].title, "Layers", *(cell for name in _GATHERED[:3] for cell in (known[name].title, "", ""))]
    groups = sorted(
        frame.groupby(frame[by].fillna("not known"), sort=True),
        key=lambda one: tuple(-int(one[1][name].sum()) for name in ("macs_per_image", "params", "distinct_bytes")),
    )
    for key, rows in groups[:top]:
        line = [formats.shown(str(key)), formats.count(len(rows))]
        for name in _GATHERED[:3]:
            total, whole = int(rows[name].sum()), int(frame[name].sum())
            sign = "≥ " if rows[name].isna().any() else ""
            share = total / whole if whole else None
            line += [f"{sign}{formats.FORMS[_FORMS[name]](total)}", formats.percent(share), bar(share, _BAR)]
        yield line
