"""Where memory and parameters are, what is counted twice, and which layers could work in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from logparse import formats
from logparse.audit.finding import WHAT_HELPS, Finding
from logparse.audit.nets import leading, location_of, name_of, net_of, some, texts
from logparse.cost.plan.in_place import in_place_places
from logparse.formats import enumerated, plural
from logparse.rows import int_of, items_of, known_rows, known_sum, net_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from logparse.audit.finding import AuditedLog
    from logparse.rows import TableRow


def in_place_candidates(log: AuditedLog) -> Iterator[Finding]:
    """Layers that could overwrite their bottom and do not, with what that would save; one finding per layer name.

    Nothing is said of a top of which it is not known whether it has memory of its own.
    """
    seen: set[tuple[str, Any]] = set()
    for net, layers in log.nets():
        for row in _candidates(log, net, layers):
            if (name_of(row), row["attempt"]) in seen:
                continue
            seen.add((name_of(row), row["attempt"]))
            yield _in_place(net, row)


def _in_place(net: TableRow, row: TableRow) -> Finding:
    saved, total = int(row["distinct_bytes"]), int_of(net.get("distinct_bytes"))
    share = f", {formats.percent(saved / total)} of the net's distinct data" if total else ""
    bottom, top = items_of(row["bottoms"])[0], items_of(row["tops"])[0]
    return Finding(
        "hint",
        "in_place",
        f"{name_of(row)} ({row['type']}) could work in place and save {formats.size(saved)}{share}",
        "Nothing else reads its bottom, and neither its own backward pass nor that of the layer before needs what it "
        f"would overwrite. {WHAT_HELPS}give it the same top as its bottom ({bottom}). That saves "
        f"{formats.exact_bytes(saved)} of data, and as much again of diff in training.",
        (f"bottom {bottom}, top {top}",),
        *location_of(row),
        saves_bytes=saved,
    )


def _candidates(log: AuditedLog, net: TableRow, layers: Sequence[TableRow]) -> Iterator[TableRow]:
    memory = log.parsed.derived.nets[net["attempt"]][net["net_index"]].memory
    first = len(memory.layers) - len(layers)  # behind the net's inputs
    yield from known_rows((layers[place - first] for place in in_place_places(memory.layers)), "distinct_bytes")


def counted_twice(log: AuditedLog) -> Iterator[Finding]:
    """How much of Caffe's figure is memory that it has counted before."""
    for net, layers in leading(log):
        logged, distinct = net.get("logged_bytes"), net.get("distinct_bytes")
        parts = repeated_bytes(layers)
        if formats.is_na(logged) or formats.is_na(distinct) or not logged or not parts:
            continue
        twice = sum(size for size, _ in parts.values())
        yield Finding(
            "note",
            "counted_twice",
            f"Caffe's figure for {net_of(net)} counts {formats.size(twice)} more than once"
            f" ({formats.percent(twice / int(logged))})",
            "It adds the data of every top of every layer. A top that is written in place, and the tops of Split, "
            "Flatten and Reshape layers, are memory that is counted already.",
            tuple(f"{kind}: {formats.exact_bytes(size)}, {some(rows)}" for kind, (size, rows) in parts.items()),
            *location_of(net),
        )


def repeated_bytes(layers: Iterable[TableRow]) -> dict[str, tuple[int, list[TableRow]]]:
    """Bytes that the running figure counts although they are another blob's: way → (bytes, the layers)."""
    parts: dict[str, tuple[int, list[TableRow]]] = {}
    for row in layers:
        distinct, expected = int_of(row.get("distinct_bytes")), int_of(row.get("expected_step_bytes"))
        counted = int_of(row.get("logged_step_bytes")) if expected is None else expected
        if counted is None or distinct is None or counted <= distinct:
            continue
        kind = "written in place" if any(items_of(row.get("in_place"))) else "tops that share their bottom's memory"
        size, rows = parts.get(kind, (0, []))
        parts[kind] = (size + counted - distinct, [*rows, row])
    return parts


def largest_steps(log: AuditedLog) -> Iterator[Finding]:
    """The layers that add most to the memory of the largest net of each attempt."""
    for net, layers in leading(log):
        known = known_rows(layers, "distinct_bytes")
        total, _ = known_sum(known, "distinct_bytes")
        top = sorted(known, key=lambda row: -row["distinct_bytes"])[:3]
        if total and len(known) > len(top):
            names = enumerated([name_of(row) for row in top])
            share = formats.percent(sum(row["distinct_bytes"] for row in top) / total)
            yield Finding(
                "note",
                "largest_steps",
                f"{names} take {share} of the distinct data in {net_of(net)}",
                "These are the layers where a smaller map, a smaller batch or a change in place pays most.",
                texts(
                    f"{name_of(row)}: {formats.exact_bytes(row['distinct_bytes'])} "
                    f"({formats.percent(row['distinct_bytes'] / total)})"
                    for row in top
                ),
                *location_of(top[0]),
            )


def hot_spots(log: AuditedLog) -> Iterator[Finding]:
    """The layers that hold most of the parameters and most of the MACs, where one alone holds a third or more.

    The only layer that has any holds all of them, which says nothing.
    """
    third = 1 / 3
    for net, layers in leading(log):
        for key, what in (("params", "parameters"), ("macs", "MACs")):
            known = known_rows(layers, key)
            total, _ = known_sum(known, key)
            top = max(known, key=lambda row: row[key], default=None)
            if top is None or not total or len(known) < len(layers) / 2 or not third <= top[key] / total < 1:
                continue
            yield Finding(
                "note",
                f"most_{key}",
                f"{name_of(top)} alone holds {formats.percent(top[key] / total)} of the {what} of {net_of(net)}",
                f"{formats.count(top[key])} of {formats.count(total)} {what}.",
                (),
                *location_of(top),
            )


def memory_plans(log: AuditedLog) -> Iterator[Finding]:
    """What a fork's memory plan does to each net that has one."""
    for net, _ in log.nets():
        read = log.net(net)
        raw, optimised = read.reported.get("raw memory"), read.reported.get("optimised memory")
        if raw is None or optimised is None:
            continue
        slots = 0 if read.plan is None else len(read.plan.slots)
        yield Finding(
            "note",
            "memory_plan",
            _saved(net_of(net), _touched_bytes(log, net), raw, optimised),
            "The build's own figure without the plan counts data and diff of every blob apart, also where they share "
            "memory at run time or are never touched; the one with it counts diffs that nothing touches. Parameters, "
            "the solver's history and private buffers are in neither.",
            (f"{formats.exact_bytes(raw)} → {formats.exact_bytes(optimised)}", f"{slots} {plural('slot', slots)}"),
            *location_of(net),
        )


def _saved(net: str, touched: int, raw: int, optimised: int) -> str:
    """What is saved for certain: with the plan no more than its own figure is touched."""
    saved = touched - optimised
    if saved > 0:
        share = formats.percent(saved / touched)
        return f"The build's memory plan saves at least {formats.size(saved)} of data and diffs of {net} ({share})"
    return (
        f"By its own count the build's memory plan puts data and diffs of {net} into {formats.size(optimised)} instead "
        f"of {formats.size(raw)}"
    )


def _touched_bytes(log: AuditedLog, net: TableRow) -> int:
    """Data and diffs that the net would touch on the CPU without a plan; at least, where some are not known."""
    rows = (row for row in log.rows("memory") if net_key(row) == net_key(net) and row["device"] == "cpu")
    return sum(int_of(row["bytes"]) or 0 for row in rows if row["kind"] in {"distinct_data", "diff"})


def lost_by_plan(log: AuditedLog) -> Iterator[Finding]:
    """Layers of a net whose plan gives away what they still need.

    Source: hinge_loss_layer.cpp keeps what its forward pass finds in its bottom's diff, which a plan in
    yjxiong/caffe lets others overwrite; measured: its gradient is exactly 0.
    """
    for net, layers in log.nets():
        plan = log.net(net).plan
        for row in layers if plan is not None and net.get("phase") == "TRAIN" else ():
            if row.get("type") == "HingeLoss" and row.get("backward"):
                yield Finding(
                    "warning",
                    "lost_by_plan",
                    f"{name_of(row)} (HingeLoss) loses its gradient to the build's memory plan",
                    "HingeLoss keeps what its forward pass finds in its bottom's diff. The plan gives that memory to "
                    "other blobs before the backward pass, and the gradient of this loss is 0. Leave its bottom out of "
                    "the plan (mem_param { exclude_blob }) or turn the plan off.",
                    (f"bottom {items_of(row['bottoms'])[0]}",) if items_of(row["bottoms"]) else (),
                    *location_of(row),
                )


_UNGUARDED: Final = 2  # the version whose Net::MemoryOptimize does not ask whether a blob holds a slot


def released_unheld(log: AuditedLog) -> Iterator[Finding]:
    """Slots that a plan gives back although the blob holds none; version 1 prints -1 too, and gives nothing back."""
    for net, _ in log.nets():
        plan = log.net(net).plan
        steps = plan.steps if plan is not None and plan.version == _UNGUARDED else ()
        lost = [step for step in steps if step.kind == "released" and step.slot == -1]
        if lost:
            attempt, index, layer, _ = location_of(net)
            yield Finding(
                "warning",
                "released_unheld",
                f"The memory plan of {net_of(net)} gives back a slot that {lost[0].blob} does not hold",
                "The build then writes before the beginning of its list of slots. Training and totals stay right, but "
                "the process may die at its end (“corrupted size vs. prev_size”). Layers that share memory one after "
                "another, as Flatten and Reshape do, lead to it; leave one of their blobs out of the plan.",
                texts(f"line {step.line}: slot -1, {step.blob}" for step in lost[:3]),
                attempt,
                index,
                layer,
                lost[0].line,
            )
