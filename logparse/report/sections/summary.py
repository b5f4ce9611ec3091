"""What Caffe's own memory figure counts, and all nets of the log beside each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from logparse import formats
from logparse.audit.memory import repeated_bytes
from logparse.report.cells import share_cell
from logparse.report.coverage import known_total, unknown_layers
from logparse.report.elements import Cell, Fact
from logparse.report.tabulate import Field, tabulate
from logparse.rows import known_rows, known_sum, net_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from logparse.report.elements import TableView
    from logparse.report.reported_log import ReportedLog, ReportedNet
    from logparse.rows import TableRow


@dataclass(frozen=True, slots=True)
class SummaryView:
    """Caffe's figure and the distinct data in large type, what the figure counts, and one row per net."""

    about: str
    figures: tuple[Fact, ...]
    memory_words: tuple[str, ...]
    memory_table: TableView | None
    nets: TableView | None


def build(log: ReportedLog) -> SummaryView | None:
    """The figures of the leading net; without any layer Caffe's own figure, and None where there is none."""
    lead = log.lead
    if lead is None:
        return _figure_alone(log)
    return SummaryView(
        f"Of the {lead.kind}, unless they say otherwise.",
        tuple(_figures(lead)),
        _memory_words(lead),
        _memory_table(lead),
        _nets(log),
    )


def _figure_alone(log: ReportedLog) -> SummaryView | None:
    """The largest figure that the log prints for a net whose layers are not in it."""
    net = max(known_rows(log.rows("nets"), "logged_bytes"), key=lambda row: int(row["logged_bytes"]), default=None)
    if net is None:
        return None
    about = f"Of the {net_name(net.get('phase'), net.get('test_index'))}, of which no layer is in the log."
    return SummaryView(about, (_logged(net),), (_WHAT_IT_COUNTS,), None, None)


def _logged(net: TableRow) -> Fact:
    return Fact("Memory as Caffe logs it", formats.size(net["logged_bytes"]), formats.exact_bytes(net["logged_bytes"]))


def _figures(lead: ReportedNet) -> Iterator[Fact]:
    """Caffe's figure, and what of it is memory that no other blob has."""
    net = lead.row
    logged, distinct = net.get("logged_bytes"), net.get("distinct_bytes")
    if not formats.is_na(logged):
        yield _logged(net)
    if formats.is_na(distinct):
        note = f"not known for {unknown_layers(lead, 'distinct_bytes')} of {len(lead.layers)} layers"
        yield Fact("Distinct data", known_total(lead, "distinct_bytes", formats.size), note)
    else:
        share = (
            ""
            if formats.is_na(logged) or not logged
            else f", {formats.percent(distinct / logged)} of the logged figure"
        )
        yield Fact("Distinct data", formats.size(distinct), f"{formats.exact_bytes(distinct)}{share}{_inputs(lead)}")


def _inputs(lead: ReportedNet) -> str:
    """What of the distinct data is the net's own inputs, which no layer makes and Caffe's figure leaves out."""
    of_tops, _ = known_sum(lead.layers, "distinct_bytes")
    inputs = int(lead.row["distinct_bytes"]) - int(of_tops)
    return f"; {formats.size(inputs)} of it are inputs of the net, which that figure leaves out" if inputs else ""


_WHAT_IT_COUNTS: Final = (
    "“Memory required for data” is a running sum over the layers: the number of values in every top of every "
    "layer, times the size of a value. It counts the data of tops alone. Diffs (gradients), parameters, the "
    "solver's history, im2col and other private buffers and prefetched batches are not in it."
)


def _memory_words(lead: ReportedNet) -> tuple[str, ...]:
    logged, distinct = lead.row.get("logged_bytes"), lead.row.get("distinct_bytes")
    words = _WHAT_IT_COUNTS
    if formats.is_na(logged):
        return (words, "This log does not print the figure.")
    repeated = sum(size for size, _ in repeated_bytes(lead.layers).values())
    if not repeated or formats.is_na(distinct):
        return (words,)
    return (
        words,
        (
            "It also counts again what it has counted before: layers that write in place, and the tops of Split, "
            f"Flatten and Reshape layers. Here that is {formats.size(repeated)} of {formats.size(logged)}."
        ),
    )


def _memory_table(lead: ReportedNet) -> TableView | None:
    logged = lead.row.get("logged_bytes")
    distinct, unknown = known_sum(lead.layers, "distinct_bytes")  # of tops: a net's inputs are not in Caffe's figure
    if unknown or formats.is_na(logged) or not logged:
        return None
    parts = [
        ("distinct data", int(distinct)),
        *((kind, size) for kind, (size, _) in repeated_bytes(lead.layers).items()),
    ]
    missing = int(logged) - sum(size for _, size in parts)
    if missing:
        parts.append(("in the running figure, but no shape line shows it", missing))
    rows = [{"part": name, "bytes": size, "share": size / int(logged)} for name, size in parts]
    fields = (
        Field("part", "Part of the logged figure"),
        Field("bytes", "Size", "count", "B", total=True),
        Field("share", "Share", "percent", cell=share_cell("share")),
    )
    return tabulate("What the logged figure is made of", fields, rows)


def _nets(log: ReportedLog) -> TableView | None:
    if len(log.nets) < 2:  # one net is the key figures themselves
        return None
    rows = [{**net.row, "_title": net.title, "_n": len(net.layers), "_net": net} for net, _ in log.distinct_nets]

    def named(row: Mapping[str, Any]) -> Cell:
        return Cell(row["_title"], "t", href=log.layer_href(row["attempt"], row["net_index"], None))

    fields = (Field("_title", "Net", cell=named), *_NET_FIELDS)
    return tabulate("All nets of this log", fields, rows)


def _bound_cell(key: str) -> Callable[[Mapping[str, Any]], Cell]:
    """A net's total, marked as in the key figures where it is a lower bound."""
    return lambda row: Cell(known_total(row["_net"], key, formats.count))


_NET_FIELDS: Final = (
    Field("_n", "Layers", "count"),
    Field("batch", "Batch", "count"),
    Field("logged_bytes", "Memory as logged", "count", "B"),
    Field("distinct_bytes", "Distinct data", "count", "B", cell=_bound_cell("distinct_bytes")),
    Field("params", "Parameters", "count", cell=_bound_cell("params")),
    Field("macs_per_image", "MACs", "count", "per image", cell=_bound_cell("macs_per_image")),
    Field("line", "Line", "count"),
)
