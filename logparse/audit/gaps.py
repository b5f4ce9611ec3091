"""What the log does not tell, or tells in two ways: missing lines, contradictions, figures that are not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logparse import formats
from logparse.audit.finding import Finding
from logparse.audit.nets import by_attempt, location_of, name_of, net_of, some
from logparse.formats import capitalised, enumerated, first_of, plural
from logparse.rows import grouped, int_of, is_blank, items_of, known_sum
from logparse.tables.run.ledger import own_lines
from logparse.tables.series.outputs import most_columns, output_count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logparse.audit.finding import AuditedLog
    from logparse.rows import NetWithLayers, TableRow


def missing_bytes(log: AuditedLog) -> Iterator[Finding]:
    """Layers whose running figure grew by other than their own tops."""
    for net, layers in log.nets():
        for previous, layer in zip([None, *layers], layers, strict=False):
            logged, expected = int_of(layer.get("logged_step_bytes")), _expected(layer)
            if logged is not None and expected is not None and logged != expected:
                yield _gap(net, previous, layer, logged - expected)


def _expected(layer: TableRow) -> int | None:
    """What the running figure should grow by: nothing at a layer without tops; None where a shape is not printed."""
    return int_of(layer.get("expected_step_bytes")) if items_of(layer.get("tops")) else 0


def _gap(net: TableRow, previous: TableRow | None, layer: TableRow, gap: int) -> Finding:
    element = int_of(net.get("element_bytes")) or 4
    between = name_of(layer) if previous is None else f"{name_of(previous)} and {name_of(layer)}"
    where = "before" if previous is None else "between"
    words = f"{formats.exact_bytes(abs(gap))} {'are missing' if gap > 0 else 'too many'} {where} {between}"
    evidence = (f"line {layer.get('line')}: running figure {formats.exact_bytes(layer.get('logged_bytes'))}",)
    if gap > 0:
        meaning = (
            f"The running figure grows by {formats.count(gap)} bytes more than the printed shapes account for: "
            f"{formats.count(gap // element)} {plural('value', gap // element)} of {element} bytes. Lines of one or "
            "more layers are not in the log, so the table has a gap here, and totals of parameters and MACs leave out "
            "what stood there."
        )
        return Finding("warning", "missing_bytes", words, meaning, evidence, *location_of(layer))
    meaning = (
        "The running figure grows by less than the printed shapes need: lines belong to another net, or the element "
        "size is not what the rest of the net shows."
    )
    return Finding("warning", "surplus_bytes", words, meaning, evidence, *location_of(layer))


def figure_alone(log: AuditedLog) -> Iterator[Finding]:
    """Nets of which nothing but Caffe's own figure is in the log: that figure is all that can be told."""
    for net, layers in log.nets():
        size = int_of(net.get("logged_bytes"))
        if not layers and size is not None:
            yield Finding(
                "note",
                "figure_alone",
                f"Caffe counts {formats.size(size)} of data for {net_of(net)}; none of its layers is in the log",
                f"{formats.exact_bytes(size)} are the data of the layers' tops and nothing else. Diffs (in training), "
                "parameters, the solver's history, private buffers and prefetched batches come on top; without the "
                "layers it is not known how much.",
                (),
                *location_of(net),
            )


def missing_shapes(log: AuditedLog) -> Iterator[Finding]:
    """Layers whose tops have no shape line, although the running figure counts them."""
    for row in log.rows("layers"):
        step = int_of(row.get("logged_step_bytes"))
        if step and int_of(row.get("expected_step_bytes")) is None and items_of(row.get("tops")):
            yield Finding(
                "warning",
                "missing_shape",
                f"The shape of {name_of(row)} is not in the log",
                f"The running figure grows by {formats.exact_bytes(step)} at this layer. What rests on its shape is "
                "shown as not known.",
                (),
                *location_of(row),
            )


def contradicted(log: AuditedLog) -> Iterator[Finding]:
    """Layers whose definition and printed shapes do not agree."""
    for row in log.rows("layers"):
        for problem in items_of(row.get("problems")):
            yield Finding(
                "warning",
                "contradiction",
                f"{name_of(row)}: {problem}",
                "The rule of this layer type and the printed line do not agree; the printed shape is used.",
                (),
                *location_of(row),
            )


def cut_dumps(log: AuditedLog) -> Iterator[Finding]:
    """The nets of an attempt whose dump is cut, as one finding."""
    cut = [
        (net, layers)
        for net, layers in log.nets()
        if not formats.is_na(net.get("definition_cut")) and net["definition_cut"]
    ]
    for pairs in by_attempt(cut):
        nets = enumerated([net_of(net) for net, _ in pairs])
        counts = [_without_definition(net, layers) for net, layers in pairs]
        yield Finding(
            "warning",
            "dump_cut",
            f"The log shows only the beginning of the definition of {nets}",
            "glog cuts every message at 29,999 bytes. Shapes and bytes of all layers are exact; parameters and MACs of "
            "the layers after the cut need the definition. What helps: give the net's .prototxt with the log.",
            tuple(counts),
            *location_of(pairs[0][0]),
        )


def _without_definition(net: TableRow, layers: Sequence[TableRow]) -> str:
    missing = sum(formats.is_na(row.get("type")) or bool(items_of(row.get("assumptions"))) for row in layers)
    return f"{net_of(net)}: {missing} of {len(layers)} layers without their definition"


def not_derived(log: AuditedLog) -> Iterator[Finding]:
    """Costs that are NA: one finding per attempt and reason, with the layers of each net as evidence."""
    for pairs in by_attempt(list(log.nets())):
        reasons: dict[str, list[NetWithLayers]] = {}
        for net, layers in pairs:
            for reason, rows in grouped(filter(_is_unknown, layers), _reason).items():
                reasons.setdefault(reason, []).append((net, rows))
        for reason, found in reasons.items():
            yield _unknown_costs(reason, found)


def _is_unknown(row: TableRow) -> bool:
    return formats.is_na(row.get("params")) or formats.is_na(row.get("macs"))


def _reason(row: TableRow) -> str:
    return next((str(row[key]) for key in ("params_reason", "macs_reason") if not is_blank(row.get(key))), "")


def _unknown_costs(reason: str, found: Sequence[NetWithLayers]) -> Finding:
    where = enumerated([f"{len(rows)} {plural('layer', len(rows))} of {net_of(net)}" for net, rows in found])
    why = capitalised(reason).rstrip(".") or "No reason is recorded"
    return Finding(
        "warning",
        "not_derived",
        f"Parameters or MACs of {where} are not known",
        f"{why}. They are shown as not known, never as 0; totals are lower bounds.",
        tuple(f"{net_of(net)}: {some(rows)}{_share_of(net, rows)}" for net, rows in found),
        *location_of(found[0][1][0]),
    )


def _share_of(net: TableRow, rows: Sequence[TableRow]) -> str:
    """How much of the net's distinct data the layers hold."""
    part, _ = known_sum(rows, "distinct_bytes")
    total = net.get("distinct_bytes")
    return (
        ""
        if total is None or formats.is_na(total) or not total
        else f" ({formats.percent(part / int(total))} of its distinct data)"
    )


def assumed(log: AuditedLog) -> Iterator[Finding]:
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
            "Their basis is “inferred”. What helps: give the net's .prototxt with the log; then they are exact.",
            tuple(first_of(evidence)),
            *location_of(rows[0]),
        )


def unknown_lines(log: AuditedLog) -> Iterator[Finding]:
    """Lines that no pattern claims."""
    rows = [row for row in log.facts.ledger if row.kind == "unknown"]
    lines = sum(row.lines for row in rows)
    if not lines:
        return
    first = min(rows, key=lambda row: row.first_line)
    of_all = f"{formats.count(lines)} of {formats.count(own_lines(log.facts.ledger))} lines of Caffe's own"
    yield Finding(
        "note",
        "unknown_lines",
        f"{of_all} {'was' if lines == 1 else 'were'} not understood",
        "They are grouped by shape in the ledger under Provenance.",
        (f"line {first.first_line}: {first.example}",),
        line=first.first_line,
    )


def several_ranks(log: AuditedLog) -> Iterator[Finding]:
    """Several processes of one training print into one log: whose lines are read."""
    ranks = log.facts.ranks
    if len(ranks) <= 1:
        return
    (read, own), others = ranks[0], ranks[1:]
    lines = sum(count for _, count in others)
    lowest = "" if read == 0 else f" Rank 0 is not among them; rank {read} is the lowest."
    named = [f"rank {rank}: {formats.count(count)} {plural('line', count)}" for rank, count in others]
    yield Finding(
        "note",
        "several_ranks",
        f"{formats.count(len(ranks))} ranks print into this log; nets and curves are those of rank {read}",
        f"A launcher numbered the processes of one training. {formats.count(own)} {plural('line', own)} of rank {read} "
        f"{'is' if own == 1 else 'are'} read; {formats.count(lines)} of the others are counted and not read: a loss of "
        f"theirs is that of their own part of the data.{lowest}",
        tuple(first_of(named)),
    )


def outputs_without_column(log: AuditedLog) -> Iterator[Finding]:
    """Outputs of training that are so many that the table `train` does not spread them all."""
    shown, printed = log.facts.curves.series.get("display"), log.facts.curves.series.get("train_output")
    if shown is None or printed is None:
        return
    most = most_columns(len(shown["line"]), len(printed["line"]))
    number = output_count(log.facts, most)
    if number > most:
        yield Finding(
            "note",
            "outputs_without_column",
            f"{formats.count(number - most)} of {formats.count(number)} outputs have no column in the table train",
            "Nearly all its cells would be empty. Those with the most lines have one; the table train_outputs has all.",
            line=int(printed["line"][0]),
        )


def notes(log: AuditedLog) -> Iterator[Finding]:
    """What the reader noted on its way."""
    for note in log.facts.notes:
        yield Finding("note", "reader", note.what, note.meaning, line=note.line)
