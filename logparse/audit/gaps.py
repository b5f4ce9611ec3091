"""What the log does not tell, or tells in two ways: missing lines, contradictions, figures that are not known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from logparse import formats
from logparse.audit.finding import Finding, first_of, joined, plural, whole
from logparse.audit.rows import by_attempt, grouped, is_blank, items_of, known_sum, name_of, net_of, place_of, some

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logparse.audit.finding import Case

    Record = Mapping[str, Any]


def missing_bytes(log: Case) -> Iterator[Finding]:
    """Layers whose running figure grew by other than their own tops."""
    for net, layers in log.nets():
        for previous, layer in zip([None, *layers], layers, strict=False):
            logged, expected = whole(layer.get("logged_step_bytes")), whole(layer.get("expected_step_bytes"))
            if logged is not None and expected is not None and logged != expected:
                yield _gap(net, previous, layer, logged - expected)


def _gap(net: Record, previous: Record | None, layer: Record, gap: int) -> Finding:
    element = whole(net.get("element_bytes")) or 4
    between = name_of(layer) if previous is None else f"{name_of(previous)} and {name_of(layer)}"
    where = "before" if previous is None else "between"
    words = f"{formats.exact_bytes(abs(gap))} {'are missing' if gap > 0 else 'too many'} {where} {between}"
    evidence = (f"line {layer.get('line')}: running figure {formats.exact_bytes(layer.get('logged_bytes'))}",)
    if gap > 0:
        meaning = (
            f"The running figure grows by {formats.count(gap)} bytes more than the printed shapes account for: "
            f"{formats.count(gap // element)} values of {element} bytes. Lines of one or more layers are not in the "
            "log, so the table has a gap here, and totals of parameters and MACs leave out what stood there."
        )
        return Finding("warning", "missing_bytes", words, meaning, evidence, *place_of(layer))
    meaning = (
        "The running figure grows by less than the printed shapes need: lines belong to another net, or the element "
        "size is not what the rest of the net shows."
    )
    return Finding("warning", "surplus_bytes", words, meaning, evidence, *place_of(layer))


def missing_shapes(log: Case) -> Iterator[Finding]:
    """Layers whose tops have no shape line, although the running figure counts them."""
    for row in log.rows("layers"):
        step = whole(row.get("logged_step_bytes"))
        if step and whole(row.get("expected_step_bytes")) is None and items_of(row.get("tops")):
            yield Finding(
                "warning",
                "missing_shape",
                f"The shape of {name_of(row)} is not in the log",
                f"The running figure grows by {formats.exact_bytes(step)} at this layer. What rests on its shape is "
                "shown as not known.",
                (),
                *place_of(row),
            )


def contradictions(log: Case) -> Iterator[Finding]:
    """Layers whose definition and printed shapes do not agree."""
    for row in log.rows("layers"):
        for problem in items_of(row.get("problems")):
            yield Finding(
                "warning",
                "contradiction",
                f"{name_of(row)}: {problem}",
                "The rule of this layer type and the printed line do not agree; the printed shape is used.",
                (),
                *place_of(row),
            )


def cut_dumps(log: Case) -> Iterator[Finding]:
    """The nets of an attempt whose dump is cut, as one finding."""
    cut = [
        (net, layers)
        for net, layers in log.nets()
        if not formats.is_na(net.get("definition_cut")) and net["definition_cut"]
    ]
    for pairs in by_attempt(cut):
        nets = joined([net_of(net) for net, _ in pairs])
        counts = [_without_definition(net, layers) for net, layers in pairs]
        yield Finding(
            "warning",
            "dump_cut",
            f"The log shows only the beginning of the definition of {nets}",
            "glog cuts every message at 29,999 bytes. Shapes and bytes of all layers are exact; parameters and MACs of "
            "the layers after the cut need the definition: give it with --prototxt FILE.",
            tuple(counts),
            *place_of(pairs[0][0]),
        )


def _without_definition(net: Record, layers: Sequence[Record]) -> str:
    missing = sum(formats.is_na(row.get("type")) or bool(items_of(row.get("assumptions"))) for row in layers)
    return f"{net_of(net)}: {missing} of {len(layers)} layers without their definition"


def not_derived(log: Case) -> Iterator[Finding]:
    """Costs that are NA: one finding per attempt and reason, with the layers of each net as evidence."""
    for pairs in by_attempt(list(log.nets())):
        reasons: dict[str, list[tuple[Record, list[Record]]]] = {}
        for net, layers in pairs:
            for reason, rows in grouped(filter(_is_unknown, layers), _reason).items():
                reasons.setdefault(reason, []).append((net, rows))
        for reason, found in reasons.items():
            yield _unknown_costs(reason, found)


def _is_unknown(row: Record) -> bool:
    return formats.is_na(row.get("params")) or formats.is_na(row.get("macs"))


def _reason(row: Record) -> str:
    return next((str(row[key]) for key in ("params_reason", "macs_reason") if not is_blank(row.get(key))), "")


def _unknown_costs(reason: str, found: Sequence[tuple[Record, list[Record]]]) -> Finding:
    where = joined([f"{len(rows)} {plural('layer', len(rows))} of {net_of(net)}" for net, rows in found])
    why = f"{reason[:1].upper()}{reason[1:]}".rstrip(".") or "No reason is recorded"
    return Finding(
        "warning",
        "not_derived",
        f"Parameters or MACs of {where} are not known",
        f"{why}. They are shown as not known, never as 0; totals are lower bounds.",
        tuple(f"{net_of(net)}: {some(rows)[0]}{_share_of(net, rows)}" for net, rows in found),
        *place_of(found[0][1][0]),
    )


def _share_of(net: Record, rows: Sequence[Record]) -> str:
    """How much of the net's distinct data the layers hold."""
    part, _ = known_sum(rows, "distinct_bytes")
    total = net.get("distinct_bytes")
    return (
        ""
        if total is None or formats.is_na(total) or not total
        else f" ({formats.percent(part / int(total))} of its distinct data)"
    )


def assumed(log: Case) -> Iterator[Finding]:
    """Inferred figures: one finding per attempt, its evidence what was assumed, for which layers."""
    for pairs in by_attempt(list(log.nets())):
        rows = [row for _, layers in pairs for row in layers if items_of(row.get("assumptions"))]
        if not rows:
            continue
        names = dict.fromkeys(name_of(row) for row in rows)
        same = grouped(rows, lambda row: "; ".join(map(str, items_of(row["assumptions"]))))
        evidence = [
            f"{', '.join(first_of(dict.fromkeys(map(name_of, group))))}: {text}" for text, group in same.items()
        ]
        yield Finding(
            "note",
            "assumed",
            f"Figures of {len(names)} {plural('layer', len(names))} rest on a stated assumption",
            "Their basis is “inferred”. With the definition (--prototxt FILE) they are exact.",
            tuple(first_of(evidence)),
            *place_of(rows[0]),
        )


def unknown_lines(log: Case) -> Iterator[Finding]:
    """Lines that no pattern claims."""
    rows = [row for row in log.facts.ledger if row.kind == "unknown"]
    lines = sum(row.lines for row in rows)
    if not lines:
        return
    first = min(rows, key=lambda row: row.first_line)
    of_all = f"{formats.count(lines)} of {formats.count(log.facts.source.lines)} lines"
    yield Finding(
        "note",
        "unknown_lines",
        f"{of_all} {'was' if lines == 1 else 'were'} not understood",
        "They are grouped by shape in the ledger under Provenance.",
        (f"line {first.first_line}: {first.example}",),
        line=first.first_line,
    )


def notes(log: Case) -> Iterator[Finding]:
    """What the reader noted on its way."""
    for note in log.facts.notes:
        yield Finding("note", "reader", note.what, note.meaning, line=note.line)
