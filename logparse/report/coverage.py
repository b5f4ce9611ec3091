"""How much of a net is known, and what the figures rest on: by layers, and by bytes, weights and MACs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from logparse import formats
from logparse.rows import known_sum

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from logparse.report.reported_log import ReportedNet
    from logparse.rows import TableRow

_BASES: Final = {
    "definition": "their definition",
    "shapes": "their printed shapes alone",
    "inferred": "a stated assumption",
}
# Where a layer's type comes from decides whether its data is its own: a split is known by its printed names.
_OF_TYPE: Final = {"definition": "definition", "log": "shapes", "inferred": "inferred"}
_UNKNOWN: Final = "unknown"


def coverage(lead: ReportedNet) -> tuple[str, ...]:
    """Two sentences: layers by basis, with what is unknown; and shares of bytes, weights and MACs by basis.

    The second is left out where all of it rests on the definition, which the first says.
    """
    shares = list(_shares(lead))
    plain = all(text.endswith("100 % definition") for text in shares)
    return (_layers(lead), *(() if plain else (f"By basis: {'; '.join(shares)}.",)))


def _layers(lead: ReportedNet) -> str:
    bases: dict[str, int] = {}
    for row in lead.layers:
        name = _basis(row, "macs", "macs_basis")
        bases[name] = bases.get(name, 0) + 1
    unknown = [row for row in lead.layers if formats.is_na(row.get("macs")) or formats.is_na(row.get("params"))]
    named = ", ".join(f"{number} by {_BASES.get(name, name)}" for name, number in bases.items() if name != _UNKNOWN)
    if not unknown:
        return f"All {len(lead.layers)} layers are known: {named}."
    bytes_, _ = known_sum(unknown, "distinct_bytes")
    total, _ = known_sum(lead.layers, "distinct_bytes")
    share = f", which hold {formats.percent(bytes_ / total)} of the distinct data" if total else ""
    what = f"{len(unknown)} of {len(lead.layers)} layers are not known{share}"
    return f"{what}; they count as nothing here. The others: {named}."


def _basis(row: TableRow, figure: str, column: str) -> str:
    return _UNKNOWN if formats.is_na(row.get(figure)) or formats.is_na(row.get(column)) else str(row[column])


def _data_basis(row: TableRow) -> str:
    return _OF_TYPE.get(str(row.get("type_basis")), _UNKNOWN)


def _shares(lead: ReportedNet) -> Iterator[str]:
    """One text a figure: which share of its known sum stands on which basis."""
    bases = {
        "distinct data": ("distinct_bytes", [_data_basis(row) for row in lead.layers]),
        "weights": ("weights", [_basis(row, "weights", "params_basis") for row in lead.layers]),
        "MACs": ("macs", [_basis(row, "macs", "macs_basis") for row in lead.layers]),
    }
    for name, (figure, named) in bases.items():
        sums: dict[str, int] = {}
        for row, basis in zip(lead.layers, named, strict=True):
            value = row.get(figure)
            sums[basis] = sums.get(basis, 0) + (0 if formats.is_na(value) else int(value or 0))
        total = sum(sums.values())
        parts = [f"{formats.percent(sums[basis] / total)} {basis}" for basis in (*_BASES, _UNKNOWN) if sums.get(basis)]
        if parts:
            yield f"{name} {', '.join(parts)}"


def known_total(lead: ReportedNet, key: str, form: Callable[[Any], str]) -> str:
    """A net's total of a column as text; a lower bound where some layers are not known."""
    known = [row[key] for row in lead.layers if not formats.is_na(row.get(key))]
    if not known:
        return formats.NA
    return f"{'' if len(known) == len(lead.layers) else '≥ '}{form(sum(known))}"


def unknown_layers(lead: ReportedNet, key: str) -> int:
    """Of how many layers a column is not known."""
    return sum(formats.is_na(row.get(key)) for row in lead.layers)
