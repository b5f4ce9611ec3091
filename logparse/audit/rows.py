"""Words for the rows that a finding is about, and nets in the groups that finders walk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from logparse import formats
from logparse.audit.finding import first_of, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from logparse.audit.finding import Case

    Record = Mapping[str, Any]
    NetLayers = tuple[Record, list[Record]]

_T = TypeVar("_T")


def leading(log: Case) -> Iterator[tuple[Record, list[Record]]]:
    """The largest training net (else the largest net) of each attempt."""
    best: dict[Any, tuple[Record, list[Record]]] = {}
    for net, layers in log.nets():
        key = (net.get("phase") == "TRAIN" and formats.is_na(net.get("nested")), len(layers))
        held = best.get(net["attempt"])
        held_key = (
            (False, 0)
            if held is None
            else (held[0].get("phase") == "TRAIN" and formats.is_na(held[0].get("nested")), len(held[1]))
        )
        if layers and (held is None or key > held_key):
            best[net["attempt"]] = (net, layers)
    yield from best.values()


def by_attempt(pairs: Sequence[tuple[Record, list[Record]]]) -> Iterator[list[tuple[Record, list[Record]]]]:
    """Nets by attempt, those without layers left out."""
    yield from grouped((pair for pair in pairs if pair[1]), lambda pair: pair[0]["attempt"]).values()


def grouped(items: Iterable[_T], key: Callable[[_T], Any]) -> dict[Any, list[_T]]:
    """Items by key, keys in order of first appearance."""
    groups: dict[Any, list[_T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def place_of(row: Record) -> tuple[int | None, int | None, int | None, int | None]:
    """attempt, net, layer and line of a row, in the order of Finding's fields."""
    attempt, net, layer, line = (whole(row.get(key)) for key in ("attempt", "net_index", "layer_index", "line"))
    return attempt, net, layer, line


def name_of(row: Record) -> str:
    """A layer's name; a shape line without its layer has none."""
    return "an unnamed layer" if formats.is_na(row.get("layer")) else str(row["layer"])


def net_of(row: Record) -> str:
    """The net of a row, in words."""
    return net_name(row.get("phase"), row.get("test_index"), row.get("nested"))


def net_name(phase: object, test_index: object = None, nested: object = None) -> str:
    """A net in words: "the TRAIN net", "the TEST net #1"."""
    number = "" if formats.is_na(test_index) else f" #{test_index}"
    inside = "" if formats.is_na(nested) else f" inside {nested}"
    return f"the {'' if formats.is_na(phase) else f'{phase} '}net{number}{inside}"


def items_of(value: Iterable[Any] | None) -> list[Any]:
    """A cell that holds a list; none where it is NA."""
    return [] if value is None or formats.is_na(value) else list(value)


def is_blank(value: object) -> bool:
    """Whether a cell holds no text."""
    return formats.is_na(value) or value == ""


def texts(values: Iterable[Any]) -> tuple[str, ...]:
    """Cells as text, without those that hold none."""
    return tuple(str(value) for value in values if not is_blank(value))


def some(rows: Sequence[Record]) -> list[str]:
    """The names of the first rows, and how many more there are, as one text."""
    return [", ".join(first_of(map(name_of, rows)))]


def known_sum(rows: Iterable[Record], key: str) -> tuple[int, int]:
    """The sum of the known values of a column, and how many are not known."""
    values = [row.get(key) for row in rows]
    known = [int(value) for value in values if value is not None and not formats.is_na(value)]
    return sum(known), len(values) - len(known)
