"""What `compare` writes: the same parts as text for a terminal or as Markdown; the values themselves as JSON."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from logparse import formats
from logparse.cli.screens.columns import in_columns
from logparse.comparing.courses import CHANCE
from logparse.comparing.gates import LIMITED
from logparse.comparing.values import BYTES, COUNT, MACS, MEASURED, VALUES, Comparison, FigurePair
from logparse.cost.structure.alignment import GONE, NEW
from logparse.export.json import json_text
from logparse.export.markdown import markdown_text
from logparse.rows import grouped
from logparse.tables.series.trend import DISPLAYS_LEAST

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from logparse.comparing.values import ComparedLayer, DifferingField, Range

MOST_CHARACTERS: Final = 65_536  # of a comment on GitHub
_LONGEST: Final = 60  # characters of a value that was set
_FORMS: Final = {
    BYTES: formats.size,
    MACS: formats.short,
    VALUES: formats.short,
    COUNT: formats.count,
    MEASURED: formats.precise,
}
_NOT_STATED: Final = "not stated"
_NONE: Final = "Neither log tells a figure of these."
_TOO_FEW: Final = f"Fewer than {DISPLAYS_LEAST} displays of either run are within it, and no test of the same output."


class Chapter(NamedTuple):
    """One part of a comparison: its title, heads and rows of cells, remarks below; `left` are columns of text."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: tuple[int, ...]
    remarks: tuple[str, ...] = ()


def chapters_of(one: Comparison) -> Iterator[Chapter]:
    """What explains the rest first: settings; then layers, what is held, figures of the run, curves, remarks."""
    if one.settings:
        rows = tuple(
            (setting.where, setting.name, stated_text(setting.before, setting), stated_text(setting.after, setting))
            for setting in one.settings
        )
        yield Chapter("Settings that differ", ("of", "setting", "base", "other"), rows, (0, 1, 2, 3))
    else:
        yield Chapter("Settings", (), (), (), ("No setting that both logs print differs.",))
    yield from _layers(one)
    for device, kinds in one.memory.items():
        yield _figures(f"Memory on the {device.upper()}, all nets; per cent of the base's sum", kinds, total=True)
    yield _figures("The whole run; per cent of the base's figure", one.figures)
    for ranges in grouped(one.curves, lambda part: repr(part.changes)).values():
        first, *same = ranges
        also = f" (the same over {formats.enumerated([_reach(part) for part in same])})" if same else ""
        title = f"Curves over {_reach(first)}, which both have{also}; per cent of the base's figure"
        yield _figures(title, first.changes, nothing=_TOO_FEW)
    remarks = (*([CHANCE] if one.curves else []), *(formats.capitalised(f"{note}.") for note in one.notes))
    if remarks:
        yield Chapter("To be known", (), (), (), tuple(remarks))


def _reach(part: Range) -> str:
    """`0 to 20 iterations`."""
    first, last = (formats.significant(end) for end in (part.first, part.last))
    return f"{first} to {last} {part.axis}"


def overview(comparisons: Sequence[Comparison]) -> Iterator[Chapter]:
    """Where there are several logs: the figures of all beside the base's."""
    if len(comparisons) < 2:
        return
    rows = []
    for name, find in LIMITED.items():
        pairs = [find(one) for one in comparisons]
        told = [pair for pair in pairs if pair is not None]
        if told and any(pair.before is not None or pair.after is not None for pair in told):
            cells = (cell for pair in pairs for cell in _beside(pair))
            rows.append((name, change_cells(told[0])[0], *cells))
    numbers = (head for number in range(1, len(comparisons) + 1) for head in (f"[{number}]", "of base"))
    names = tuple(f"[{number}] {one.names[1]}" for number, one in enumerate(comparisons, 1))
    title = f"Figures of all against {comparisons[0].names[0]}; per cent of its figure"
    yield Chapter(title, ("", "base", *numbers), tuple(rows), (0,), names)


def _beside(pair: FigurePair | None) -> tuple[str, str]:
    if pair is None:
        return formats.NA, ""
    _, after, change, share = change_cells(pair)
    return after, share or ("=" if change == "=" else "")


# -- layers --------------------------------------------------------------------------------------------


def _layers(one: Comparison) -> Iterator[Chapter]:
    found = one.layers
    if found is None:
        return
    rows = [cells for row in found.rows for cells in _layer_cells(row)]
    rows += [
        ("" if place else "total", "", total.quantity, *change_cells(total)) for place, total in enumerate(found.totals)
    ]
    new, gone = (sum(row.how == how for row in found.rows) for how in (NEW, GONE))
    changed = len(found.rows) - new - gone
    counts = f"{new} new, {gone} gone, {changed} changed, {found.unchanged} unchanged"
    heads = ("how", "layer", "what", "base", "other", "change", "of base")
    title = f"Layers of {found.nets[0]} and {found.nets[1]}: {counts}; per cent of the base net's total"
    yield Chapter(title, heads, tuple(rows), (0, 1, 2), tuple(_layer_remarks(one)))


def _layer_remarks(one: Comparison) -> Iterator[str]:
    found = one.layers
    if found is None:
        return
    if found.unchanged:
        words = f"[{formats.count(found.unchanged)} {formats.plural('layer', found.unchanged)} unchanged"
        yield f"{words}, {formats.count(found.by_batch)} with data as the batch is]" if found.by_batch else f"{words}]"
    if found.same_structure is not None:
        yield "The structure is the same." if found.same_structure else "The structure is not the same."


def _layer_cells(row: ComparedLayer) -> Iterator[tuple[str, ...]]:
    """A line for each field and figure that differs; how it was paired and its name stand in the first."""
    name = row.after or row.before or ""
    if row.before and row.after and row.before != row.after:
        name = f"{row.before} → {row.after}"
    lines = [
        (setting.name, stated_text(setting.before, setting), stated_text(setting.after, setting), "", "")
        for setting in row.settings
    ]
    lines += [(change.quantity, *change_cells(change)) for change in row.changes]
    kind = f" ({row.type})" if row.type else ""
    for place, cells in enumerate(lines or [("", "", "", "", "")]):
        yield (row.how, f"{name}{kind}", *cells) if not place else ("", "", *cells)


# -- figures -------------------------------------------------------------------------------------------


def _figures(title: str, changes: Sequence[FigurePair], *, total: bool = False, nothing: str = _NONE) -> Chapter:
    """Those that differ or that one side does not know; the others are counted. The last is a total that always is."""
    known = [one for one in changes if one.before is not None or one.after is not None]
    ends = known[-1:] if total else []
    shown = [one for one in known if one in ends or one.differs or None in {one.before, one.after}]
    same = len(known) - len(shown)
    remarks = (f"[{formats.count(same)} {formats.plural('figure', same)} unchanged]",) if same else ()
    rows = tuple((one.quantity.replace("_", " "), *change_cells(one)) for one in shown)
    if not known:
        remarks = (nothing,)
    return Chapter(title, ("", "base", "other", "change", "of base"), rows, (0,), remarks)


def change_cells(one: FigurePair) -> tuple[str, str, str, str]:
    """Before, after, the change in its own unit, and in per cent of what the part's title says."""
    before, after = (f"≥ {text}" if low else text for text, low in zip(_pair(one), one.at_least, strict=True))
    if one.change is None:
        return before, after, formats.NA, ""
    if not one.differs:
        return before, after, "=", ""
    size = _FORMS[one.unit](abs(one.change))
    sign = "+" if one.change > 0 else formats.MINUS
    share = one.share
    finite = math.isfinite(one.change)
    told = "" if share is None or not finite else f"{'+' if share > 0 else ''}{formats.percent(share)}"
    return before, after, f"{sign}{size}" if finite else formats.NA, told


def _pair(one: FigurePair) -> tuple[str, str]:
    """Both figures, with as many digits as tell them apart."""
    form = _FORMS[one.unit]
    before, after = form(one.before), form(one.after)
    if before == after and one.differs:
        form = formats.exact_bytes if one.unit == BYTES else formats.count if one.unit != MEASURED else _all_digits
        before, after = form(one.before), form(one.after)
    return before, after


def _all_digits(value: object) -> str:
    return formats.precise(value, 15)


def stated_text(value: object, setting: DifferingField) -> str:
    """What was set, as a person reads it."""
    if value is None:
        return _NOT_STATED
    if setting.form:
        return formats.FORMS[setting.form](value)
    if isinstance(value, tuple):
        return formats.shortened(", ".join(map(_scalar_text, value)), _LONGEST)
    return formats.shortened(_scalar_text(value), _LONGEST)


def _scalar_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return formats.precise(value) if isinstance(value, float) else str(value)


# -- text, Markdown, JSON ------------------------------------------------------------------------------


def text_lines(comparisons: Sequence[Comparison]) -> Iterator[str]:
    """All comparisons for a terminal."""
    for part in overview(comparisons):
        yield from _text(part)
        yield ""
    for number, one in enumerate(comparisons):
        if number:
            yield ""
        yield f"base:  {one.names[0]}"
        yield f"other: {one.names[1]}"
        yield from () if one.differs else ("", "Nothing differs that both logs tell.")
        for part in chapters_of(one):
            yield ""
            yield from _text(part)


def _text(part: Chapter) -> Iterator[str]:
    yield part.title
    if part.rows:
        yield from in_columns([part.heads, *part.rows], left=part.left)
    yield from (f"  {remark}" for remark in part.remarks)


def markdown_lines(comparisons: Sequence[Comparison], most: int = MOST_CHARACTERS) -> Iterator[str]:
    """The same as Markdown of at most so many characters; rows that are cut are counted in the last line."""
    last = "_{} more lines are left out: this text may have {} characters._"
    room = most - len(last) - 2 * len(f"{most:,}")
    left_out = 0
    for line in _markdown(comparisons):
        room -= len(formats.shown(line)) + 1
        if room < 0 or left_out:
            left_out += 1
        else:
            yield line
    if left_out:
        yield last.format(formats.count(left_out), formats.count(most))


def _markdown(comparisons: Sequence[Comparison]) -> Iterator[str]:
    for part in overview(comparisons):
        yield from _marked(part)
    for one in comparisons:
        yield f"## {markdown_text(one.names[1])} against {markdown_text(one.names[0])}"
        yield ""
        if not one.differs:
            yield "Nothing differs that both logs tell."
            yield ""
        for part in chapters_of(one):
            yield from _marked(part)


def _marked(part: Chapter) -> Iterator[str]:
    yield f"### {markdown_text(part.title)}"
    yield ""
    if part.rows:
        yield _pipes(part.heads)
        yield _pipes("---" if place in part.left else "---:" for place in range(len(part.heads)))
        yield from (_pipes(map(markdown_text, row)) for row in part.rows)
        yield ""
    yield from (f"- {markdown_text(remark)}" for remark in part.remarks)
    yield from ("",) if part.remarks else ()


def _pipes(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def json_lines(comparisons: Sequence[Comparison]) -> Iterator[str]:
    """The values as one JSON array, an object for each log against the base; NaN and infinity are texts."""
    yield json_text([_plain(one) for one in comparisons])


# What is worked out of a value beside its fields.
_WORKED_OUT: Final = {FigurePair: ("change", "share"), Comparison: ("differs",)}


def _plain(value: Any) -> Any:  # noqa: ANN401 - a value of a comparison
    names = _names(value)
    if names:
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _names(value: object) -> tuple[str, ...]:
    """The fields of a named tuple or a dataclass, and what is worked out of them; none of any other value."""
    if dataclasses.is_dataclass(value):
        fields = tuple(one.name for one in dataclasses.fields(value))
    else:
        fields = tuple(getattr(value, "_fields", ()))
    return (*fields, *_WORKED_OUT.get(type(value), ()))
