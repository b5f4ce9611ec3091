"""`reconciliation`: every figure that a log prints of a net's memory beside what the printed shapes come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.derive.plans import optimised_bytes, raw_bytes, sum_if_known
from logparse.tables.column import LINE, text, whole
from logparse.tables.nets.key import OWN_NET_KEY, logged_total, nets_of, own_net_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from logparse.derive.facts import LayerFact, NetFact
    from logparse.tables.table import Built, BuiltRow, LogLike
    from logparse.textproto import Message

COLUMNS: Final = (
    *OWN_NET_KEY,
    text("figure", "Figure", "What the log calls it."),
    whole("bytes", "Printed", "The printed figure.", "bytes"),
    whole("expected_bytes", "By the shapes", "The same worked out of the printed shapes; NA where not known.", "bytes"),
    whole("difference_bytes", "Difference", "Printed less worked out; 0 where they agree to the byte.", "bytes"),
    text("basis", "Counts", "What the figure counts."),
    LINE,
)

_WIDTHS: Final = {"FLOAT16": 2, "FLOAT": 4, "DOUBLE": 8}
_ALIGNED: Final = 64  # values: NVCaffe's lp_aligned_count
_LOGGED: Final = "Memory required for data"


class _Figure(NamedTuple):
    """One figure: how its label begins and ends, what it is by the shapes, and what it counts."""

    begins: str
    ends: str
    expected: Callable[[NetFact], int | None]
    counts: str


def build(log: LogLike) -> Built:
    """One row per net and figure."""
    return [row for attempt, fact in nets_of(log) for row in _rows(attempt, fact)]


def _rows(attempt: int, fact: NetFact) -> Iterator[BuiltRow]:
    for label, size, line in _printed(fact):
        found = next((one for one in _FIGURES if label.startswith(one.begins) and label.endswith(one.ends)), None)
        if found is None:
            continue
        expected = found.expected(fact) if fact.layers else None
        yield {
            **own_net_columns(attempt, fact),
            "figure": label,
            "bytes": size,
            "expected_bytes": expected,
            "difference_bytes": None if expected is None else size - expected,
            "basis": found.counts,
            "line": line,
        }


def _printed(fact: NetFact) -> Iterator[tuple[str, int, int | None]]:
    """Label, bytes and line of every figure: Caffe's own, then a fork's."""
    logged = logged_total(fact)
    if logged is not None:
        yield _LOGGED, logged, fact.net.total_line
    for label, size in fact.net.reported.items():
        yield label, size, fact.net.reported_lines.get(label)


# --- what each figure comes to ------------------------------------------------------------------------------


def _bytes_of_tops(fact: NetFact) -> int | None:
    values = sum_if_known(top.count for layer in fact.net.layers for top in layer.tops)
    return None if values is None else values * fact.element_bytes


def _biggest(fact: NetFact) -> int | None:
    counts = [top.count for layer in fact.net.layers for top in layer.tops]
    known = [count for count in counts if count is not None]
    return max(known) * fact.element_bytes if known and len(known) == len(counts) else None


def _optimised(fact: NetFact) -> int | None:
    return None if fact.net.plan is None else optimised_bytes(fact, fact.net.plan)


def _tops(half: str, *, in_place: bool = False) -> Callable[[NetFact], int | None]:
    """Of all tops, or of those that are written in place."""

    def expected(fact: NetFact) -> int | None:
        return sum_if_known(
            _on_gpu(top.count, _width(fact, one, half))
            for one in fact.layers
            for top in one.layer.tops
            if top.in_place or not in_place
        )

    return expected


def _bottoms(half: str) -> Callable[[NetFact], int | None]:
    """Of all bottoms: a blob is counted once for each layer that reads it, at its maker's width."""

    def expected(fact: NetFact) -> int | None:
        made: dict[str, int | None] = {}
        sizes: list[int | None] = []
        for one in fact.layers:
            sizes += [made.get(name) for name in one.layer.bottoms]
            width = _width(fact, one, half)
            made.update({top.name: _on_gpu(top.count, width) for top in one.layer.tops if not top.in_place})
        return sum_if_known(sizes)

    return expected


def _on_gpu(count: int | None, width: int) -> int | None:
    """NVCaffe's blobs hold an even number of values: 8 bytes for a scalar of FLOAT, 4 for one of FLOAT16.

    Derived: with it printed sums of nets in either type are met to the byte.
    """
    return None if count is None else (count + count % 2) * width


def _width(fact: NetFact, one: LayerFact, half: str) -> int:
    """Bytes of a value in NVCaffe: the layer's `forward_type` or `backward_type`, else the net's default.

    Diffs of a layer that transforms data are FLOAT where it states no type. Source: net.cpp, Net::Init.
    """
    definition = None if one.layer.definition is None else one.layer.definition.message
    stated = _stated(definition, f"{half}_type")
    if stated is None and half == "backward" and definition is not None and definition.has("transform_param"):
        return _WIDTHS["FLOAT"]
    return stated or _stated(fact.net.dump, f"default_{half}_type") or fact.element_bytes


def _stated(message: Message | None, field: str) -> int | None:
    return None if message is None else _WIDTHS.get(message.text(field))


def _params(*, shared: bool = False) -> Callable[[NetFact], int | None]:
    """Of the parameters that a layer owns, or of those that an earlier layer does."""

    def expected(fact: NetFact) -> int | None:
        if any(one.params is None for one in fact.layers):
            return None
        return sum_if_known(
            _on_gpu(param.blob.count, fact.element_bytes)
            for one in fact.layers
            for param in one.params or ()
            if (param.owner is not None) == shared
        )

    return expected


def _learnable(fact: NetFact) -> int | None:
    """Each owned parameter that is learned, rounded up to 64 values (net.cpp, InitializeLearnableDiffSpace)."""
    if any(one.params is None for one in fact.layers):
        return None
    counts = (
        param.blob.count
        for one in fact.layers
        for param in one.params or ()
        if param.owner is None and param.blob.kind != "statistic"
    )
    return fact.element_bytes * sum(-(-count // _ALIGNED) * _ALIGNED for count in counts)


_ON_GPU: Final = ", as far as it is on the GPU at that moment"
_FIGURES: Final = (
    _Figure(_LOGGED, "", _bytes_of_tops, "data of every top of every layer, also of those that share memory"),
    _Figure("raw memory", "", raw_bytes, "data and diff of every blob apart, also where they share at run time"),
    _Figure("optimised memory", "", _optimised, "the plan's slots, and data and diffs with memory of their own"),
    _Figure("biggest blob", "", _biggest, "data of the largest top"),
    _Figure("shared learnable space", "", _learnable, "diffs of the learned parameters, each rounded up to 64 values"),
    _Figure("Top memory", " data", _tops("forward"), "data of every top, also of those written in place" + _ON_GPU),
    _Figure("Top memory", " diff", _tops("backward"), "diffs of every top, also of those written in place" + _ON_GPU),
    _Figure("Bottom memory", " data", _bottoms("forward"), "data of every bottom of every layer" + _ON_GPU),
    _Figure("Bottom memory", " diff", _bottoms("backward"), "diffs of every bottom of every layer" + _ON_GPU),
    _Figure(
        "Shared (in-place) memory",
        " data",
        _tops("forward", in_place=True),
        "data of the tops that are written in place, which the tops' figure has in it" + _ON_GPU,
    ),
    _Figure(
        "Shared (in-place) memory",
        " diff",
        _tops("backward", in_place=True),
        "diffs of the tops that are written in place, which the tops' figure has in it" + _ON_GPU,
    ),
    _Figure("Parameters shared memory", "", _params(shared=True), "parameters that an earlier layer owns" + _ON_GPU),
    _Figure("Shared (param) memory", "", _params(shared=True), "parameters that an earlier layer owns" + _ON_GPU),
    _Figure("Parameters memory", " data", _params(), "parameters, shared ones once" + _ON_GPU),
    _Figure("Parameters memory", " diff", _params(), "gradients of the parameters, shared ones once" + _ON_GPU),
)
