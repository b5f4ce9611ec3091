"""What `whatif` shows on a terminal: one block a question, as logged beside then; a curve of a sweep; the levers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from logparse import formats
from logparse.cli.screens.columns import in_columns
from logparse.cost.buffer import GPU
from logparse.tables.memory.levers import SAVINGS
from logparse.tables.memory.scenarios import ASKED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from logparse.cost.whatif.fit import Fit
    from logparse.rows import TableRow

_FORMS: Final = {
    "bytes": formats.size,
    "MAC": formats.short,
    "values": formats.short,
    "images": formats.count,
    "operations": formats.short,
}
_TITLES: Final[Mapping[str, str]] = {
    "params": "parameters",
    "macs_per_image": "MACs per image",
    "macs": "MACs of the batch",
    "param_bytes": "parameter memory",
    "stored_bytes": "weights as stored",
    "distinct_data": "blobs' data",
    "footprint, cpu": "whole run, CPU",
    "footprint, gpu": "whole run, GPU",
}
_BAR: Final = 24  # characters of the longest bar of a sweep
_TOP: Final = 10  # levers shown


def quantity_title(quantity: str) -> str:
    """A figure's name in words; of which net, or which end of a range, as the table says."""
    if quantity in _TITLES:
        return _TITLES[quantity]
    name, comma, rest = quantity.partition(",")
    return f"{_TITLES.get(name, name.replace('_', ' '))}{comma}{rest}"


# -- one question --------------------------------------------------------------------------------------


def asked_text(
    rows: Sequence[TableRow], question: str, fit: Fit | None, card: str | None, *, explain: bool
) -> Iterator[str]:
    """A block for the change that was asked for, one for the batch that fits, the answer about that, assumptions."""
    for scenario in _in_order(row["scenario"] for row in rows):
        block = [row for row in rows if row["scenario"] == scenario]
        heading = f"What if: {question}"
        if scenario != ASKED and fit is not None:
            then = f"batch {formats.count(fit.batch)}" if fit.batch else "not one image"
            heading = f"What {scenario if card is None else f'fits a {card}'}: {then}"
        yield from _block(heading, block)
        yield from _assumed(block, explain=explain)
        yield ""
    if fit is not None:
        yield fit_text(fit, card)


def _block(heading: str, rows: Iterable[TableRow]) -> Iterator[str]:
    lines = [("", "as logged", "then", "change", "")]
    for row in rows:
        form = _FORMS.get(str(row["unit"]), formats.count)
        before, after = row["before"], row["after"]
        lines.append(
            (quantity_title(str(row["quantity"])), form(before), form(after), *change_texts(before, after, form))
        )
    yield heading
    yield from in_columns(lines)


def change_texts(before: object, after: object, form: Callable[[object], str]) -> tuple[str, str]:
    """The difference in the figure's own unit, and beside it in per cent or as a factor; `=` where nothing changes."""
    if formats.is_na(before) or formats.is_na(after):
        return "", ""
    old, new = _number(before), _number(after)
    if old == new:
        return "=", ""
    difference = f"{'+' if new > old else formats.MINUS}{form(abs(new - old))}"
    if not old or not new:
        return difference, ""
    return difference, formats.change(old, new)


def _number(value: Any) -> int | float:  # noqa: ANN401 - a cell of a table
    return value if isinstance(value, int | float) else int(value)


def _assumed(rows: Iterable[TableRow], *, explain: bool) -> Iterator[str]:
    """Each assumption once, where they are asked for; else what is not known or left out, and how many more."""
    texts = _in_order(text for row in rows for text in _texts(row["assumptions"]))
    told = [text for text in texts if explain or text.startswith(_NOT_KNOWN) or _LEFT_OUT in text]
    yield from (f"  - {text}" for text in told)
    more = len(texts) - len(told)
    if more:
        yield f"  ({more} {formats.plural('thing', more)} taken for granted: --explain tells which)"


_NOT_KNOWN: Final = "not known: "  # what begins so is no assumption
_LEFT_OUT: Final = ": left out "


def _texts(values: object) -> list[str]:
    return [str(value) for value in values] if isinstance(values, list) else []


def _in_order(values: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(map(str, values)))


def fit_text(fit: Fit, card: str | None) -> str:
    """The answer in one sentence, in which what fits and what does not are never the same text.

    On a GPU the upper end of the range must fit.
    """
    budget, held, following = formats.sizes_apart([fit.budget_bytes, fit.bytes, fit.next_bytes])
    device, takes = fit.device.upper(), "takes up to" if fit.device == GPU else "takes"
    basis = f"; {fit.basis}" if fit.basis else ""
    where = f"{budget} on the {device}" if card is None else f"the {budget} of a {card}"
    if not fit.batch:
        return f"Not one image fits into {where}: it {takes} {held}{basis}"
    more = f"one more {takes} {following}" if fit.next_bytes > fit.budget_bytes else f"with one more {fit.binds}"
    return f"Batch {formats.count(fit.batch)} fits into {where} (it {takes} {held}; {more}){basis}"


# -- the usual questions, none asked -------------------------------------------------------------------

_COMPARED: Final = ("params", "stored_bytes", "macs_per_image", "distinct_data", "footprint, gpu")


def usual_text(rows: Sequence[TableRow], *, explain: bool) -> Iterator[str]:
    """One line a question: what each figure is then, and by how much it differs; what fits the usual cards."""
    lines = [("What if", *(cell for name in _COMPARED for cell in (quantity_title(name), "")))]
    batches: list[str] = []
    for scenario in _in_order(row["scenario"] for row in rows):
        found = {str(row["quantity"]): row for row in rows if row["scenario"] == scenario}
        if len(lines) == 1:
            lines.append(("as logged", *(cell for name in _COMPARED for cell in (_logged(found.get(name)), ""))))
        if all(formats.is_na(row["after"]) or row["before"] == row["after"] for row in found.values()):
            continue  # as it is
        if "batch" in found:
            batches.append(f"  {scenario}: batch {formats.count(found['batch']['after'])}")
            continue
        lines.append((scenario, *(cell for name in _COMPARED for cell in _then(found.get(name)))))
    yield from in_columns(lines)
    if batches:
        yield ""
        yield "The largest batch that"
        yield from batches
    yield ""
    yield from _assumed(rows, explain=explain)


def _logged(row: TableRow | None) -> str:
    return "" if row is None else _FORMS.get(str(row["unit"]), formats.count)(row["before"])


def _then(row: TableRow | None) -> tuple[str, str]:
    if row is None:
        return "", ""
    form = _FORMS.get(str(row["unit"]), formats.count)
    difference, ratio = change_texts(row["before"], row["after"], form)
    return ("", "=") if difference == "=" else (form(row["after"]), ratio or difference)


# -- a sweep -------------------------------------------------------------------------------------------


_SWEPT: Final = ("macs", "distinct_data", "footprint, cpu", "footprint, gpu")


def sweep_text(rows: Sequence[TableRow], fit: Fit | None, card: str | None, *, explain: bool) -> Iterator[str]:
    """One line a point with its figures and a bar of the GPU's memory; with a budget, which points are above it.

    The bar is as long as the estimate; `fits` and `too large` are by the largest batch that fits.
    """
    scenarios = _in_order(row["scenario"] for row in rows)
    of = {(str(row["scenario"]), str(row["quantity"])): row for row in rows}
    lines = [("", *(quantity_title(name) for name in _SWEPT), "")]
    most = max((_known(of.get((name, "footprint, gpu"))) for name in scenarios), default=0)
    for scenario in scenarios:
        figures = [of.get((scenario, name)) for name in _SWEPT]
        cells = [_FORMS[str(row["unit"])](row["after"]) if row else "" for row in figures]
        bar = "█" * max(round(_BAR * _known(figures[-1]) / most), 1) if most else ""
        lines.append((scenario, *cells, f"{bar}{_beyond(scenario, fit)}"))
    yield from in_columns(lines, left=(0, len(lines[0]) - 1))
    yield from _assumed(rows, explain=explain)
    if fit is not None:
        yield ""
        yield fit_text(fit, card)


def _beyond(scenario: str, fit: Fit | None) -> str:
    if fit is None or not scenario.startswith("batch "):
        return ""
    return "" if int(scenario.removeprefix("batch ")) <= fit.batch else "  too large"


def _known(row: TableRow | None) -> int:
    return 0 if row is None or formats.is_na(row["after"]) else int(row["after"])


# -- levers --------------------------------------------------------------------------------------------


def levers_text(rows: Sequence[TableRow], by: str) -> Iterator[str]:
    """The changes of one layer each that save most of one figure, and what they save of the others."""
    known = [row for row in rows if not formats.is_na(row[by])]
    best = sorted(known, key=lambda row: -row[by])[:_TOP]
    title = next(title for name, _, title, *_ in SAVINGS if name == by)
    yield f"Which one layer's change buys most: {title}"
    lines = [("layer", "type", "change", *(title for _, _, title, *_ in SAVINGS))]
    for row in best:
        cells = (_saving(row[name], unit) for name, _, _, _, unit in SAVINGS)
        lines.append((str(row["layer"]), str(row["type"]), str(row["change"]), *cells))
    yield from in_columns(lines, left=(0, 1, 2))
    left = len(rows) - len(known)
    if left:
        yield f"  ({left} more cannot be followed through the net: export --table levers tells why)"


def _saving(value: object, unit: str) -> str:
    if formats.is_na(value):
        return formats.NA
    form = formats.size if unit == "bytes" else formats.short
    number = _number(value)
    return form(number) if number >= 0 else f"{formats.MINUS}{form(-number)} (more)"
