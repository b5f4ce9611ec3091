"""`timing`: what `caffe time` measured, milliseconds per layer and net, joined to what the layers compute and move."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from math import isfinite, prod
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from logparse.sums import float_sum
from logparse.tables.column import ATTEMPT, LINE, decimal, text, whole
from logparse.tables.nets.key import own_nets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logparse.derive.facts import LayerFact, NetFact
    from logparse.model import Attempt, Event, LogFacts
    from logparse.tables.table import BuiltRow, LogLike

COLUMNS: Final = (
    ATTEMPT,
    whole("run", "Run", "One benchmark of the attempt, counted from 1."),
    text(
        "scope",
        "Scope",
        "layer; net for the printed totals of all layers; image for one image's multiplications in a layer, as a "
        "profiling fork prints them; training for a layer's passes within a training, as a fork prints them.",
    ),
    whole("net_index", "Net #", "The net that was timed."),
    whole(
        "layer_index",
        "Layer #",
        "The layer's place in the net, as printed where it is; NA where the net has no layer of that name.",
    ),
    text("layer", "Layer", "The layer's name; NA for the whole net."),
    text("type", "Type", "The layer's type."),
    decimal(
        "forward_ms",
        "Forward",
        "Mean time of one forward pass; of one image where the scope is image. Until 2014 Caffe prints the sum of all "
        "passes: NA where their number is not printed.",
        "ms",
    ),
    decimal("backward_ms", "Backward", "Mean time of one backward pass.", "ms"),
    decimal("forward_share", "Forward share", "Share of all layers' forward time, 0 to 1."),
    decimal("backward_share", "Backward share", "Share of all layers' backward time, 0 to 1."),
    whole(
        "macs",
        "MACs",
        "Multiply-accumulates of that forward pass; of the weights that are not zero where printed.",
        "MAC",
    ),
    whole("backward_macs", "Backward MACs", "Multiply-accumulates of one backward pass of the whole batch.", "MAC"),
    whole(
        "touched_bytes",
        "Touched",
        "Bottoms, tops and parameters once each: the least that a forward pass reads and writes; as printed by a "
        "profiling fork.",
        "bytes",
    ),
    decimal("forward_gflops", "Forward GFLOP/s", "2 × MACs over the forward time.", "GFLOP/s"),
    decimal("backward_gflops", "Backward GFLOP/s", "2 × backward MACs over the backward time.", "GFLOP/s"),
    decimal("macs_per_ms", "MACs / ms", "MACs over the forward time.", "MAC/ms"),
    decimal("bytes_per_ms", "Bytes / ms", "Touched bytes over the forward time.", "bytes/ms"),
    whole("samples", "Samples", "How many printed times the row is the mean of; NA where Caffe prints the mean."),
    LINE,
)

_MARKS: Final = frozenset({"time_total", "time_done", "time_iterations"})
_MS: Final = ("forward_ms", "backward_ms")
# `Average Forward pass: T ms.` and, until 2014, `Forward pass: T milliseconds.`, the sum of all iterations.
_TOTALS: Final = {
    "Average Forward pass": "forward_ms",
    "Forward pass": "forward_ms",
    "Average Backward pass": "backward_ms",
    "Backward pass": "backward_ms",
}


@dataclass(frozen=True, slots=True)
class _Time:
    """One printed time: direction 0 forward, 1 backward."""

    layer: str
    direction: int
    ms: float | None
    line: int
    is_sum: bool = False


@dataclass(slots=True)
class _Run:
    """One benchmark: its lines, and the net's totals."""

    times: list[_Time] = field(default_factory=list)
    totals: dict[str, float | None] = field(default_factory=dict)
    total_line: int | None = None

    def total(self, event: Event, passes: int | None) -> bool:
        """Take a total of the net; True where the event ends the benchmark."""
        label = event.text.strip().partition(":")[0]
        if label in _TOTALS and event.value is not None:
            self.totals[_TOTALS[label]] = _mean_total(event.value, event.text.rstrip(), passes)
            self.total_line = self.total_line or event.line
        return label == "Total Time" or event.kind == "time_done"


def _mean_total(value: float, text: str, passes: int | None) -> float | None:
    """Milliseconds of one pass: `ms` is the mean of all, `milliseconds` and `seconds` are their sum."""
    if text.endswith(" ms."):
        return value
    return _mean(value * 1000 if text.endswith(" seconds.") else value, passes)


def _mean(summed_ms: float | None, passes: int | None) -> float | None:
    return summed_ms / passes if summed_ms is not None and passes else None


def build(log: LogLike) -> list[BuiltRow]:
    """One row per layer and benchmark, and one for the whole net: printed times, and rates worked out of them."""
    facts = log.facts
    rows: list[BuiltRow] = []
    for attempt in facts.attempts:
        nets = log.derived.nets[attempt.index]
        for number, run in enumerate(_runs(attempt, _times_of(facts, attempt), nets), 1):
            rows.extend({"attempt": attempt.index, "run": number, **row} for row in _rows(run, nets))
    return [*rows, *map(_with_rates, _rows_of_forks(log))]


def _rows_of_forks(log: LogLike) -> Iterator[BuiltRow]:
    if "product" in log.facts.curves.series:
        from logparse.tables.speed.image_timing import image_rows

        yield from image_rows(log.facts)
    if "layer_time" in log.facts.curves.series:
        from logparse.tables.speed.training_timing import training_rows

        yield from training_rows(log)


def _times_of(facts: LogFacts, attempt: Attempt) -> list[_Time]:
    from logparse.tables.series.filing import attempt_of

    series = facts.curves.series.get("timing")
    if series is None:
        return []
    mine = attempt_of(series["line"], facts.attempts) == attempt.index
    columns = (series[name][mine].tolist() for name in ("layer", "direction", "ms", "line", "is_sum"))
    names = facts.curves.names
    return [
        _Time(names[name], way, ms, line, bool(summed)) for name, way, ms, line, summed in zip(*columns, strict=True)
    ]


def _runs(attempt: Attempt, times: Sequence[_Time], nets: Sequence[NetFact]) -> Iterator[_Run]:
    """The benchmarks of an attempt: each ends with its total time, or where every layer of the net has had its turn."""
    marks: list[tuple[int, _Time | Event]] = [(event.line, event) for event in attempt.events if event.kind in _MARKS]
    run, turns = _Run(), Counter[tuple[str, int]]()
    passes: int | None = None
    marks += [(time.line, time) for time in times]
    for line, one in sorted(marks, key=itemgetter(0)):
        if isinstance(one, _Time):
            net = timed_net(nets, line)
            if net is not None and turns[one.layer, one.direction] >= max(_places(net)[one.layer], 1):
                yield run
                run, turns = _Run(), Counter()
            run.times.append(replace(one, ms=_mean(one.ms, passes)) if one.is_sum else one)
            turns[one.layer, one.direction] += 1
        elif one.kind == "time_iterations":
            passes = int(one.value) if one.value is not None and isfinite(one.value) else None
        elif run.total(one, passes) and (run.times or run.totals):
            yield run
            run, turns = _Run(), Counter()
    if run.times or run.totals:
        yield run


def timed_net(nets: Sequence[NetFact], line: int) -> NetFact | None:
    """The net that a benchmark's line is about: the last one of its own set up before it."""
    own = [fact for fact in own_nets(nets) if fact.net.line < line]
    return own[-1] if own else None


def _places(fact: NetFact) -> Counter[str | None]:
    return Counter(one.layer.name for one in fact.layers)


def _rows(run: _Run, nets: Sequence[NetFact]) -> Iterator[BuiltRow]:
    first = run.times[0].line if run.times else run.total_line or 0
    net = timed_net(nets, first)
    rows = list(_layer_rows(run, net))
    for name in _MS:
        known = [row for row in rows if row.get(name) is not None]
        total = float_sum(row[name] for row in known)
        for row in known:
            row[f"{name[:-3]}_share"] = row[name] / total if total else None
    yield from map(_with_rates, rows)
    if run.totals:
        yield _with_rates({"scope": "net", **_whole(net), **run.totals, "line": run.total_line})


def _layer_rows(run: _Run, net: NetFact | None) -> Iterator[BuiltRow]:
    """Times paired by name; the n-th time of a name is its n-th layer's, backward from behind where it runs so."""
    layers: dict[str | None, list[LayerFact]] = {}
    for fact in net.layers if net is not None else ():
        layers.setdefault(fact.layer.name, []).append(fact)
    rows: dict[tuple[str, int], BuiltRow] = {}
    turns: Counter[tuple[str, int]] = Counter()
    number = Counter((one.layer, one.direction) for one in run.times)
    for one in run.times:
        place = turns[one.layer, one.direction]
        turns[one.layer, one.direction] += 1
        if one.direction and _is_reversed(run.times):
            place = number[one.layer, 1] - 1 - place
        row = rows.setdefault((one.layer, place), {"scope": "layer", "layer": one.layer, "line": one.line})
        row[_MS[one.direction]] = one.ms
        if net is not None and place < len(layers.get(one.layer, ())):
            row.update(_work(layers[one.layer][place], net))
    yield from rows.values()


def _is_reversed(times: Sequence[_Time]) -> bool:
    """Until 2014 all forward times come first, and the backward times in the order of the backward pass."""
    forward = [one.layer for one in times if not one.direction]
    backward = [one for one in times if one.direction]
    if not forward or not backward or backward[0].line < max(one.line for one in times if not one.direction):
        return False
    return backward[0].layer == forward[-1] and backward[0].layer != forward[0]


def _work(fact: LayerFact, net: NetFact) -> BuiltRow:
    return {
        "net_index": net.net.index,
        "layer_index": fact.layer.index,
        "type": fact.type,
        "macs": net.of_batch(fact.cost.macs.value),
        "backward_macs": net.of_batch(fact.cost.backward_macs.value),
        "touched_bytes": None if net.is_per_image else touched_bytes(fact, net.element_bytes),
    }


def touched_bytes(fact: LayerFact, element_bytes: int) -> int | None:
    """Bytes of a layer's bottoms, tops and parameters, each once; None where one of them is not known."""
    counts = [None if shape is None else prod(shape) for shape in (*fact.spec.bottoms, *fact.spec.tops)]
    if None in counts or fact.params is None:
        return None
    params = sum(param.blob.count for param in fact.params)
    return element_bytes * (params + sum(count for count in counts if count is not None))


def _whole(net: NetFact | None) -> BuiltRow:
    """The sums of the net: NA where a layer's figure is."""
    if net is None:
        return {}
    parts = [_work(fact, net) for fact in net.layers]
    sums = {}
    for name in ("macs", "backward_macs", "touched_bytes"):
        values = [part[name] for part in parts]
        sums[name] = None if None in values else sum(values)
    return {"net_index": net.net.index, **sums}


def _with_rates(row: BuiltRow) -> BuiltRow:
    forward, backward = row.get("forward_ms"), row.get("backward_ms")
    macs = row.get("macs")
    return {
        **row,
        "forward_gflops": _gflops(macs, forward),
        "backward_gflops": _gflops(row.get("backward_macs"), backward),
        "macs_per_ms": macs / forward if macs and forward else None,
        "bytes_per_ms": row["touched_bytes"] / forward if row.get("touched_bytes") and forward else None,
    }


def _gflops(macs: int | None, ms: float | None) -> float | None:
    """2 FLOPs a MAC; NA for a layer without MACs, or a time that is printed as 0."""
    return 2 * macs / ms * 1e-6 if macs and ms else None
