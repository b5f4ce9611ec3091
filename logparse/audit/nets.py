"""Nets in the groups that finders walk, and the words that findings have for rows of nets and layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from logparse import formats, rows
from logparse.rows import grouped, int_of, is_blank

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from logparse.audit.finding import AuditedLog
    from logparse.rows import NetWithLayers, TableRow


def leading(log: AuditedLog) -> Iterator[NetWithLayers]:
    """The net of each attempt that findings about sizes are about."""
    for nets in by_attempt(log.nets()):
        yield max(nets, key=lambda net: rows.lead_rank(net[0], len(net[1])))


def by_attempt(nets: Iterable[NetWithLayers]) -> Iterator[list[NetWithLayers]]:
    """Nets by attempt, those without layers left out."""
    yield from grouped((net for net in nets if net[1]), lambda net: net[0]["attempt"]).values()


def location_of(row: TableRow) -> tuple[int | None, int | None, int | None, int | None]:
    """attempt, net, layer and line of a row, in the order of Finding's fields."""
    attempt, net, layer, line = (int_of(row.get(key)) for key in ("attempt", "net_index", "layer_index", "line"))
    return attempt, net, layer, line


def name_of(row: TableRow) -> str:
    """A layer's name in the middle of a sentence."""
    return rows.layer_name(row, "an unnamed layer")


def net_of(row: TableRow) -> str:
    """The net of a row in the middle of a sentence: "the TEST net #1"."""
    return f"the {rows.net_name(row.get('phase'), row.get('test_index'), row.get('nested'))}"


def texts(values: Iterable[Any]) -> tuple[str, ...]:
    """Cells as text, without those that hold none."""
    return tuple(str(value) for value in values if not is_blank(value))


def some(layers: Sequence[TableRow]) -> str:
    """The names of the first layers, and how many more there are."""
    return ", ".join(formats.first_of(map(name_of, layers)))
