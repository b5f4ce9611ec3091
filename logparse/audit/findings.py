"""What a reviewer should look at, worst first: each with its evidence and its line, none a verdict.

A finder is a function from the log to findings; `FINDERS` lists them. A new finding is one more function and one
more entry. Finders read the tables, never the text of the log, and say nothing where a table is empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from logparse import formats
from logparse.audit.finding import SEVERITIES, Case, Finding, first_of, joined, plural, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import pandas as pd

    from logparse.model import LogFacts

    Record = Mapping[str, Any]

_T = TypeVar("_T")

# Layer types that may overwrite their bottom: their backward pass reads the top, a mask or a copy of its own, never
# the bottom's data (caffe/src/caffe/layers/*_layer.cpp). PReLU and Scale can, too, but then keep a copy of the bottom.
OVERWRITES: Final = frozenset({"ReLU", "ReLU6", "ELU", "Sigmoid", "TanH", "Dropout", "BatchNorm"})
# Layer types whose own backward pass reads their top's data, so that nothing may overwrite it.
READS_TOP: Final = frozenset({"Sigmoid", "TanH", "ELU", "Exp", "LRN", "Softmax", "MVN", "Power", "Swish"})
SATURATED: Final = 87.3365  # -log(FLT_MIN): a softmax loss that has hit the floor of a probability


def find(facts: LogFacts, tables: Mapping[str, pd.DataFrame]) -> tuple[Finding, ...]:
    """All findings about one log, worst first; within a severity those that name more bytes first.

    `tables` maps names to frames as the registry describes them; used: layers, nets, train, train_outputs, test, lr.
    """
    log = Case(facts, tables)
    found = [finding for finder in FINDERS for finding in finder(log)]
    first: dict[tuple[Any, ...], Finding] = {}
    for one in found:
        first.setdefault(_identity(one), one)
    return tuple(sorted(first.values(), key=lambda one: (SEVERITIES.index(one.severity), -(one.saves_bytes or 0))))


def _identity(one: Finding) -> tuple[Any, ...]:
    """What makes two findings one: a net that is set up again in a later attempt has nothing new to say."""
    return one.kind, one.title, one.evidence, one.attempt if one.net_index is None else None


# How the attempts ended ------------------------------------------------------------------------------------------

_ENDINGS: Final[Mapping[str, tuple[str, str, str]]] = {
    "fatal": ("error", "ended with a fatal error", "Caffe stops at the first failed check; nothing after it ran."),
    "out_of_memory": (
        "error",
        "ran out of memory",
        "Compare the memory that the net needs with what the device holds; a smaller batch lowers all of the data.",
    ),
    "signal": ("warning", "was ended by a signal", "The run did not reach its last iteration."),
    "killed": ("warning", "was killed", "The run did not reach its last iteration."),
    "stopped": ("note", "was stopped before its last iteration", "Caffe writes a snapshot before it stops."),
    "cut": ("warning", "has no end: the log is cut", "Figures are those up to the cut; the run may have gone on."),
    "unfinished": ("warning", "has no end in this log", "It was killed, the log is cut, or it was still running."),
}


def _endings(log: Case) -> Iterator[Finding]:
    for attempt in log.facts.attempts:
        known = _ENDINGS.get(attempt.outcome)
        if known is None:
            continue
        severity, what, meaning = known
        excerpt = attempt.outcome == "unfinished" and attempt.solver is None
        yield Finding(
            "note" if excerpt else severity,
            attempt.outcome,
            f"Attempt {attempt.index} {what}",
            meaning,
            _texts([attempt.outcome_text]),
            attempt.index,
            line=attempt.outcome_line or attempt.end_line,
        )


def _unfinished_nets(log: Case) -> Iterator[Finding]:
    for attempt in log.facts.attempts:
        for net in attempt.nets:
            if net.done or not net.layers or attempt.outcome == "done":
                continue
            last = net.layers[-1]
            yield Finding(
                "warning",
                "net_unfinished",
                f"The set-up of {_net_name(net.phase, net.test_index)} stops at {last.name or 'an unnamed layer'}",
                "Layers after it are not in the log, so totals of this net are those of its first "
                f"{len(net.layers)} layers.",
                attempt=attempt.index,
                net_index=net.index,
                layer_index=last.index,
                line=last.line,
            )


# Values that are no numbers --------------------------------------------------------------------------------------

_MEASURED: Final = (("train", "loss", ""), ("train_outputs", "value", "output"), ("test", "value", "output"))


def _not_a_number(log: Case) -> Iterator[Finding]:
    """The first nan or infinity of each attempt, and what else was none by then."""
    broken = [row for name, value, label in _MEASURED for row in _broken(log, name, value, label)]
    by_attempt: dict[int, list[Record]] = {}
    for row in sorted(broken, key=lambda row: row["line"]):
        by_attempt.setdefault(row["attempt"], []).append(row)
    for attempt, rows in by_attempt.items():
        yield _first_nan(log, attempt, [row for row in rows if row["iteration"] == rows[0]["iteration"]])


def _broken(log: Case, name: str, value: str, label: str) -> Iterator[Record]:
    """Per attempt the first rows of a table whose value is no finite number (NA is not one of them)."""
    import numpy as np  # noqa: PLC0415 - only where there are series

    frame = log.frame(name)
    if frame is None:
        return
    finite = np.isfinite(frame[value].to_numpy(dtype="float64", na_value=np.nan))
    found = frame[~finite].dropna(subset=["iteration", "line"])
    printed = set(frame["attempt"][finite])  # a form that never prints the displayed loss has no number either
    for attempt, rows in found.groupby("attempt", sort=False):
        if not label and attempt not in printed:
            continue
        first = rows[rows["iteration"] == rows["iteration"].iloc[0]]
        for row in first.to_dict("records"):
            what = str(row[label]) if label else "loss"
            yield {**row, "attempt": int(attempt), "what": what, "shown": formats.precise(float(row[value]))}


def _first_nan(log: Case, attempt: int, rows: Sequence[Record]) -> Finding:
    iteration, line = int(rows[0]["iteration"]), int(rows[0]["line"])
    evidence = list(dict.fromkeys(f"{row['what']} is {row['shown']}" for row in rows))
    rates = [one for one in log.rows("lr") if one["attempt"] == attempt and one["line"] < line]
    if rates:
        evidence.append(f"learning rate before it: {formats.precise(rates[-1]['lr'])}")
    events = next(one.events for one in log.facts.attempts if one.index == attempt)
    kept = [event for event in events if event.kind == "snapshot" and event.line < line]
    evidence.append(f"last snapshot before it: {kept[-1].path or kept[-1].text}" if kept else "no snapshot before it")
    names = list(dict.fromkeys(row["what"] for row in rows))
    return Finding(
        "error",
        "not_a_number",
        f"Not a number from iteration {formats.count(iteration)} on: {', '.join(first_of(names, 4))}",
        "Caffe never stops by itself when this happens: what is trained after it is lost. An accuracy of such scores "
        "means nothing, since every comparison with nan is false.",
        tuple(evidence),
        attempt,
        line=line,
    )


def _saturated(log: Case) -> Iterator[Finding]:
    frame = log.frame("train")
    if frame is None or "loss" not in frame:
        return
    stuck = frame[(frame["loss"] - SATURATED).abs().fillna(1.0) < 1e-3]  # noqa: PLR2004 - it is printed with 6 digits
    for attempt, rows in stuck.groupby("attempt"):
        iteration = int(rows["iteration"].iloc[0])
        yield Finding(
            "error",
            "saturated",
            f"The loss sits at 87.3365 from iteration {formats.count(iteration)}",
            "This is −log of the smallest float: the softmax gives the right class a probability of 0. The net has "
            "diverged; a lower learning rate or a warm-up is the usual cure.",
            (f"{len(rows)} displayed values",),
            int(attempt),
            line=whole(rows["line"].iloc[0]),
        )


# Does the log agree with itself ----------------------------------------------------------------------------------


def _missing_bytes(log: Case) -> Iterator[Finding]:
    """Layers whose running figure grew by other than their own tops."""
    for net, layers in log.nets():
        for previous, layer in zip([None, *layers], layers, strict=False):
            logged, expected = layer.get("logged_step_bytes"), layer.get("expected_step_bytes")
            if formats.is_na(logged) or formats.is_na(expected) or logged == expected:
                continue
            yield _gap(net, previous, layer, int(logged) - int(expected))


def _gap(net: Record, previous: Record | None, layer: Record, gap: int) -> Finding:
    element = 4 if formats.is_na(net.get("element_bytes")) else int(net["element_bytes"])
    between = _name(layer) if previous is None else f"{_name(previous)} and {_name(layer)}"
    where = "before" if previous is None else "between"
    lost = gap > 0
    return Finding(
        "warning",
        "missing_bytes" if lost else "surplus_bytes",
        f"{formats.exact_bytes(abs(gap))} {'are missing' if lost else 'too many'} {where} {between}",
        f"The running figure grows by {formats.count(gap)} bytes more than the printed shapes account for: "
        f"{formats.count(gap // element)} values of {element} bytes. Lines of one or more layers are not in the log, so "
        "the table has a gap here, and totals of parameters and MACs leave out what stood there."
        if lost
        else "The running figure grows by less than the printed shapes need: lines belong to another net, or the "
        "element size is not what the rest of the net shows.",
        (f"line {layer.get('line')}: running figure {formats.exact_bytes(layer.get('logged_bytes'))}",),
        *_place(layer),
    )


def _contradictions(log: Case) -> Iterator[Finding]:
    for row in log.rows("layers"):
        for problem in _list(row.get("problems")):
            yield Finding(
                "warning",
                "contradiction",
                f"{_name(row)}: {problem}",
                "The rule of this layer type and the printed line do not agree; the printed shape is used.",
                (),
                *_place(row),
            )


# What could not be derived ---------------------------------------------------------------------------------------


def _cut_dumps(log: Case) -> Iterator[Finding]:
    """The nets of an attempt whose dump is cut, as one finding."""
    cut = [
        (net, layers)
        for net, layers in log.nets()
        if not formats.is_na(net.get("definition_cut")) and net["definition_cut"]
    ]
    for pairs in _by_attempt(cut):
        nets = joined([_net_of(net) for net, _ in pairs])
        counts = [
            f"{_net_of(net)}: {sum(formats.is_na(row.get('type')) or _list(row.get('assumptions')) != [] for row in layers)} of "
            f"{len(layers)} layers without their definition"
            for net, layers in pairs
        ]
        yield Finding(
            "warning",
            "dump_cut",
            f"The log shows only the beginning of the definition of {nets}",
            "glog cuts every message at 29,999 bytes. Shapes and bytes of all layers are exact; parameters and MACs of "
            "the layers after the cut need the definition: give it with --prototxt FILE.",
            tuple(counts),
            *_place(pairs[0][0]),
        )


def _not_derived(log: Case) -> Iterator[Finding]:
    """Costs that are NA: one finding per attempt and reason, with the layers of each net as evidence."""
    for pairs in _by_attempt(list(log.nets())):
        reasons: dict[str, list[tuple[Record, list[Record]]]] = {}
        for net, layers in pairs:
            for reason, rows in _grouped(filter(_is_unknown, layers), _reason).items():
                reasons.setdefault(reason, []).append((net, rows))
        for reason, found in reasons.items():
            yield _unknown_costs(reason, found)


def _is_unknown(row: Record) -> bool:
    return formats.is_na(row.get("params")) or formats.is_na(row.get("macs"))


def _reason(row: Record) -> str:
    return next((str(row[key]) for key in ("params_reason", "macs_reason") if not _blank(row.get(key))), "")


def _unknown_costs(reason: str, found: Sequence[tuple[Record, list[Record]]]) -> Finding:
    where = joined([f"{len(rows)} {plural('layer', len(rows))} of {_net_of(net)}" for net, rows in found])
    why = f"{reason[:1].upper()}{reason[1:]}".rstrip(".") or "No reason is recorded"
    return Finding(
        "warning",
        "not_derived",
        f"Parameters or MACs of {where} are not known",
        f"{why}. They are shown as not known, never as 0; totals are lower bounds.",
        tuple(f"{_net_of(net)}: {_some(rows)[0]}{_share_of(net, rows)}" for net, rows in found),
        *_place(found[0][1][0]),
    )


def _share_of(net: Record, rows: Sequence[Record]) -> str:
    """How much of the net's distinct data the layers hold."""
    part, _ = _known_sum(rows, "distinct_bytes")
    total = net.get("distinct_bytes")
    return (
        ""
        if total is None or formats.is_na(total) or not total
        else f" ({formats.percent(part / int(total))} of its distinct data)"
    )


def _assumed(log: Case) -> Iterator[Finding]:
    """Inferred figures: one finding per attempt, its evidence what was assumed, for which layers."""
    for pairs in _by_attempt(list(log.nets())):
        rows = [row for _, layers in pairs for row in layers if _list(row.get("assumptions"))]
        if not rows:
            continue
        names = dict.fromkeys(_name(row) for row in rows)
        same = _grouped(rows, lambda row: "; ".join(map(str, _list(row["assumptions"]))))
        evidence = [f"{', '.join(first_of(dict.fromkeys(map(_name, group))))}: {text}" for text, group in same.items()]
        yield Finding(
            "note",
            "assumed",
            f"Figures of {len(names)} {plural('layer', len(names))} rest on a stated assumption",
            "Their basis is “inferred”. With the definition (--prototxt FILE) they are exact.",
            tuple(first_of(evidence)),
            *_place(rows[0]),
        )


def _by_attempt(pairs: Sequence[tuple[Record, list[Record]]]) -> Iterator[list[tuple[Record, list[Record]]]]:
    """Nets by attempt, those without layers left out."""
    yield from _grouped((pair for pair in pairs if pair[1]), lambda pair: pair[0]["attempt"]).values()


def _grouped(items: Iterable[_T], key: Callable[[_T], Any]) -> dict[Any, list[_T]]:
    """Items by key, keys in order of first appearance."""
    groups: dict[Any, list[_T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


# Where memory goes -----------------------------------------------------------------------------------------------


def _in_place_candidates(log: Case) -> Iterator[Finding]:
    """Layers that could overwrite their bottom and do not, with what that would save; one finding per layer name."""
    seen: set[tuple[str, Any]] = set()
    for net, layers in log.nets():
        for row in _candidates(layers):
            if (_name(row), row["attempt"]) in seen:
                continue
            seen.add((_name(row), row["attempt"]))
            saved = int(row["distinct_bytes"])
            total = net.get("distinct_bytes")
            share = (
                ""
                if formats.is_na(total) or not total
                else f", {formats.percent(saved / int(total))} of the net's distinct data"
            )
            yield Finding(
                "hint",
                "in_place",
                f"{_name(row)} ({row['type']}) could work in place and save {formats.size(saved)}{share}",
                f"Give it the same top as its bottom ({_list(row['bottoms'])[0]}). It saves {formats.exact_bytes(saved)} of "
                "data, and as much again of diff in training. Nothing else reads the bottom, and neither this layer's "
                "backward pass nor that of the layer before needs what is overwritten.",
                (f"bottom {_list(row['bottoms'])[0]}, top {_list(row['tops'])[0]}",),
                *_place(row),
                saves_bytes=saved,
            )


@dataclass(frozen=True, slots=True)
class _Version:
    """What a blob holds between two writes: the layer that wrote it, as which top, and the layers that read it."""

    maker: Record
    top_index: int
    readers: list[Record]


def _candidates(layers: Sequence[Record]) -> Iterator[Record]:
    current: dict[str, _Version] = {}
    for row in layers:
        for bottom in _list(row.get("bottoms")):
            if bottom in current:
                current[bottom].readers.append(row)
        for index, top in enumerate(_list(row.get("tops"))):
            if version := current.get(top):
                yield from _overwriting(version)
            current[top] = _Version(row, index, [])
    for version in current.values():
        yield from _overwriting(version)


def _overwriting(version: _Version) -> Iterator[Record]:
    """The one reader of what a layer wrote, if it could write its own result over it."""
    if len(version.readers) == 1 and _may_overwrite(version.readers[0]) and _may_be_overwritten(version):
        yield version.readers[0]


def _may_overwrite(row: Record) -> bool:
    type_, bottoms, tops = row.get("type"), _list(row.get("bottoms")), _list(row.get("tops"))
    return (
        not formats.is_na(type_)
        and type_ in OVERWRITES
        and len(bottoms) == len(tops) == 1
        and bottoms[0] != tops[0]
        and not formats.is_na(row.get("distinct_bytes"))
        and row["distinct_bytes"] > 0
    )


def _may_be_overwritten(version: _Version) -> bool:
    """Whether a blob is its maker's own memory, and the maker is known, no data layer, and does not need its top.

    A top that shares another blob's memory (Split, Flatten, Reshape) is read by somebody else as well.
    """
    maker, index = version.maker, version.top_index
    if formats.is_na(maker.get("type")) or not _list(maker.get("bottoms")) or maker["type"] in READS_TOP:
        return False
    shared, in_place = _list(maker.get("shares_with")), _list(maker.get("in_place"))
    borrowed = index < len(shared) and not _blank(shared[index])
    return not borrowed or (index < len(in_place) and bool(in_place[index]))


def _counted_twice(log: Case) -> Iterator[Finding]:
    """How much of Caffe's figure is memory that it has counted before."""
    for net, layers in _leading(log):
        logged, distinct = net.get("logged_bytes"), net.get("distinct_bytes")
        parts = repeated_bytes(layers)
        if formats.is_na(logged) or formats.is_na(distinct) or not logged or not parts:
            continue
        twice = sum(size for size, _ in parts.values())
        yield Finding(
            "note",
            "counted_twice",
            f"Caffe's figure for {_net_of(net)} counts {formats.size(twice)} more than once"
            f" ({formats.percent(twice / int(logged))})",
            "It adds the data of every top of every layer. A top that is written in place, and the tops of Split, "
            "Flatten and Reshape layers, are memory that is counted already.",
            tuple(f"{kind}: {formats.exact_bytes(size)}, {_some(rows)[0]}" for kind, (size, rows) in parts.items()),
            *_place(net),
        )


def repeated_bytes(layers: Iterable[Record]) -> dict[str, tuple[int, list[Record]]]:
    """Bytes that the running figure counts although they are another blob's: way → (bytes, the layers)."""
    parts: dict[str, tuple[int, list[Record]]] = {}
    for row in layers:
        distinct, expected = row.get("distinct_bytes"), row.get("expected_step_bytes")
        counted = row.get("logged_step_bytes") if formats.is_na(expected) else expected
        if counted is None or formats.is_na(counted) or formats.is_na(distinct) or counted <= distinct:
            continue
        kind = "written in place" if any(_list(row.get("in_place"))) else "tops that share their bottom's memory"
        size, rows = parts.get(kind, (0, []))
        parts[kind] = (size + int(counted) - int(distinct), [*rows, row])
    return parts


def _largest_steps(log: Case) -> Iterator[Finding]:
    """The layers that add most to the memory of the largest net of each attempt."""
    for net, layers in _leading(log):
        known = [row for row in layers if not formats.is_na(row.get("distinct_bytes"))]
        total, _ = _known_sum(known, "distinct_bytes")
        top = sorted(known, key=lambda row: -row["distinct_bytes"])[:3]
        if total and len(known) > len(top):
            share = sum(row["distinct_bytes"] for row in top) / total
            yield Finding(
                "note",
                "largest_steps",
                f"{joined([_name(row) for row in top])} take {formats.percent(share)} of the distinct data in {_net_of(net)}",
                "These are the layers where a smaller map, a smaller batch or a change in place pays most.",
                _texts(
                    f"{_name(row)}: {formats.exact_bytes(row['distinct_bytes'])} "
                    f"({formats.percent(row['distinct_bytes'] / total)})"
                    for row in top
                ),
                *_place(top[0]),
            )


def _hot_spots(log: Case) -> Iterator[Finding]:
    """The layers that hold most of the parameters and most of the MACs, where one alone holds a third or more."""
    third = 1 / 3
    for net, layers in _leading(log):
        for key, what in (("params", "parameters"), ("macs", "MACs")):
            known = [row for row in layers if not formats.is_na(row.get(key))]
            total, _ = _known_sum(known, key)
            top = max(known, key=lambda row: row[key], default=None)
            if top is None or not total or len(known) < len(layers) / 2 or top[key] / total < third:
                continue
            yield Finding(
                "note",
                f"most_{key}",
                f"{_name(top)} alone holds {formats.percent(top[key] / total)} of the {what} of {_net_of(net)}",
                f"{formats.count(top[key])} of {formats.count(total)} {what}.",
                (),
                *_place(top),
            )


def _leading(log: Case) -> Iterator[tuple[Record, list[Record]]]:
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


# What was not understood -----------------------------------------------------------------------------------------


def _unknown_lines(log: Case) -> Iterator[Finding]:
    rows = [row for row in log.facts.ledger if row.kind == "unknown"]
    lines = sum(row.lines for row in rows)
    if lines:
        first = min(rows, key=lambda row: row.first_line)
        yield Finding(
            "note",
            "unknown_lines",
            f"{formats.count(lines)} of {formats.count(log.facts.source.lines)} lines {'was' if lines == 1 else 'were'} not understood",
            "They are grouped by shape in the ledger under Provenance.",
            (f"line {first.first_line}: {first.example}",),
            line=first.first_line,
        )


def _notes(log: Case) -> Iterator[Finding]:
    for note in log.facts.notes:
        yield Finding("note", "reader", note.what, note.meaning, line=note.line)


FINDERS: Final[tuple[Callable[[Case], Iterator[Finding]], ...]] = (
    _endings,
    _not_a_number,
    _saturated,
    _unfinished_nets,
    _missing_bytes,
    _contradictions,
    _cut_dumps,
    _not_derived,
    _in_place_candidates,
    _assumed,
    _counted_twice,
    _largest_steps,
    _hot_spots,
    _unknown_lines,
    _notes,
)


def _place(row: Record) -> tuple[int | None, int | None, int | None, int | None]:
    """attempt, net, layer and line of a row, in the order of Finding's fields."""
    attempt, net, layer, line = (whole(row.get(key)) for key in ("attempt", "net_index", "layer_index", "line"))
    return attempt, net, layer, line


def _name(row: Record) -> str:
    return "an unnamed layer" if formats.is_na(row.get("layer")) else str(row["layer"])


def _net_of(row: Record) -> str:
    return _net_name(row.get("phase"), row.get("test_index"), row.get("nested"))


def _net_name(phase: Any, test_index: Any = None, nested: Any = None) -> str:
    number = "" if formats.is_na(test_index) else f" #{test_index}"
    inside = "" if formats.is_na(nested) else f" inside {nested}"
    return f"the {'' if formats.is_na(phase) else f'{phase} '}net{number}{inside}"


def _list(value: Any) -> list[Any]:
    return [] if formats.is_na(value) else list(value)


def _blank(value: Any) -> bool:
    return formats.is_na(value) or value == ""


def _texts(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(str(value) for value in values if not _blank(value))


def _some(rows: Sequence[Record]) -> list[str]:
    """The names of the first rows, and how many more there are, as one text."""
    return [", ".join(first_of(map(_name, rows)))]


def _known_sum(rows: Iterable[Record], key: str) -> tuple[int, int]:
    values = [row.get(key) for row in rows]
    known = [int(value) for value in values if value is not None and not formats.is_na(value)]
    return sum(known), len(values) - len(known)
