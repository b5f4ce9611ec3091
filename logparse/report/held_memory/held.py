"""What the nets of a run hold, layer by layer, as their picture shows it.

The figures are those of the tables: data, diffs and private buffers block by block from `timeline`, given to the layer
whose they are; what is held from the beginning by kind from `memory`; the whole run from `footprint`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from logparse import formats
from logparse.report.structure.folding import modules_of
from logparse.rows import grouped, int_of, known_sum, layer_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from logparse.report.reported_log import ReportedLog, ReportedNet
    from logparse.report.structure.modules import Module
    from logparse.rows import TableRow

GROWN: Final = ("distinct_data", "diff", "buffers")  # kinds that grow with the layers
BASE: Final = ("params", "gradients", "history", "prefetch")  # kinds that are held from the beginning, or seem so
# Kinds as they read, and the class of their mark.
KIND_WORDS: Final = {
    "params": ("parameters", "m-params"),
    "gradients": ("gradients", "m-gradients"),
    "history": ("history", "m-history"),
    "prefetch": ("prefetched", "m-prefetch"),
    "distinct_data": ("data", "m-data"),
    "diff": ("diffs", "m-diff"),
    "buffers": ("buffers", "m-buffers"),
    "rest": ("program", "m-rest"),
}


class HeldLayer(NamedTuple):
    """One layer: bytes of each kind of `GROWN`, its own data, what Caffe counts again, Caffe's running figure."""

    name: str
    grown: tuple[int, ...]
    own: int | None
    again: int | None
    logged: int | None


class HeldNet(NamedTuple):
    """One net of the run: its layers in order, its modules, bytes of each kind of `BASE`.

    `inputs` are bytes of the net's own inputs by kind of `GROWN`, which no layer makes. `unknown` counts the blocks
    of each kind whose size is not known.
    """

    net: ReportedNet
    layers: tuple[HeldLayer, ...]
    modules: tuple[Module, ...]
    base: Mapping[str, int]
    inputs: tuple[int, ...]
    unknown: Mapping[str, int]

    @property
    def total(self) -> int:
        """All bytes of the net that are known."""
        return sum(self.base.values()) + sum(self.inputs) + sum(sum(layer.grown) for layer in self.layers)


class HeldRun(NamedTuple):
    """The nets of one attempt on one device ("cpu" or "gpu").

    `rest` is what stands beside Caffe's own allocations by the estimate of `footprint`, `whole` that table's row,
    `touches` are the rows of `timeline` in order.
    """

    device: str
    nets: tuple[HeldNet, ...]
    rest: int
    whole: TableRow
    touches: tuple[TableRow, ...]

    @property
    def total(self) -> int:
        """The estimate of the run at its peak."""
        return self.rest + sum(net.total for net in self.nets)


def held_run(log: ReportedLog) -> HeldRun | None:
    """What the run of the leading net holds on the device that it ran on; None where no net of it is known."""
    lead, attempt = log.lead, log.lead_attempt
    if lead is None or attempt is None:
        return None
    number = attempt["attempt"]
    whole = {row["device"]: row for row in log.rows("footprint") if row["attempt"] == number}
    device = _device(attempt, whole)
    touches = tuple(row for row in log.rows("timeline") if (row["attempt"], row["device"]) == (number, device))
    kinds = [row for row in log.rows("memory") if (row["attempt"], row["device"]) == (number, device)]
    by_net = grouped(kinds, lambda row: row["net_index"])
    own = [net for net in log.nets if net.layers[0]["attempt"] == number and net.layers[0]["net_index"] in by_net]
    nets = tuple(_net(net, touches, by_net[net.layers[0]["net_index"]]) for net in own)
    if not nets:
        return None
    row = whole.get(device, {})
    estimate = int_of(row.get("bytes"))
    rest = 0 if estimate is None else max(estimate - sum(net.total for net in nets), 0)
    return HeldRun(device, nets, rest, row, touches)


def _device(attempt: TableRow, whole: Mapping[str, TableRow]) -> str:
    """Where the log tells neither CPU nor GPU, a card that it names tells."""
    if not formats.is_na(attempt.get("mode")):
        return "gpu" if attempt["mode"] == "GPU" else "cpu"
    return "cpu" if formats.is_na(whole.get("gpu", {}).get("card")) else "gpu"


def _net(net: ReportedNet, touches: Sequence[TableRow], kinds: Sequence[TableRow]) -> HeldNet:
    number = net.layers[0]["net_index"]
    own = [row for row in touches if row["own_net_index"] == number]
    sizes: dict[Any, list[int]] = {}
    unknown: dict[str, int] = {}
    for row in own:
        if formats.is_na(row["bytes"]):
            unknown[row["kind"]] = unknown.get(row["kind"], 0) + 1
        elif row["kind"] in GROWN:
            sizes.setdefault(row["own_layer_index"], [0] * len(GROWN))[GROWN.index(row["kind"])] += int(row["bytes"])
    base = {row["kind"]: int(row["bytes"]) for row in kinds if row["kind"] in BASE and not formats.is_na(row["bytes"])}
    nothing = [0] * len(GROWN)
    layers = tuple(_layer(row, sizes.get(row["layer_index"], nothing)) for row in net.layers)
    inputs = tuple(sizes.get(None, nothing))
    return HeldNet(net, layers, modules_of(net.layers), base, inputs, unknown)


def _layer(row: TableRow, grown: Sequence[int]) -> HeldLayer:
    own, step = int_of(row.get("distinct_bytes")), int_of(row.get("logged_step_bytes"))
    again = None if own is None or step is None else max(step - own, 0)
    return HeldLayer(layer_name(row), tuple(grown), own, again, int_of(row.get("logged_bytes")))


def as_one_layer(layers: Sequence[HeldLayer], name: str) -> HeldLayer:
    """Several layers as one; a sum with a part that is not known is of the others, and not known without any."""
    grown = tuple(map(sum, zip(*(layer.grown for layer in layers), strict=True)))
    logged = [layer.logged for layer in layers if layer.logged is not None]
    own, again = (_known([getattr(layer, key) for layer in layers]) for key in ("own", "again"))
    return HeldLayer(name, grown, own, again, logged[-1] if logged else None)


def _known(values: Sequence[int | None]) -> int | None:
    known, missing = known_sum([{"value": value} for value in values], "value")
    return None if missing == len(values) else int(known)


def passed(run: HeldRun, limit: int) -> TableRow | None:
    """The row of `timeline` behind which the run holds more than so many bytes, what stands beside it included."""
    over = (row for row in run.touches if row["running_bytes"] + run.rest > limit)
    return next(over, None)


def unknown_blocks(nets: Sequence[HeldNet]) -> Iterator[tuple[str, int]]:
    """Kind in words and how many blocks of it have no known size."""
    for kind, (words, _) in KIND_WORDS.items():
        number = sum(net.unknown.get(kind, 0) for net in nets)
        if number:
            yield words, number


def reach(row: TableRow, form: Callable[[Any], str]) -> str:
    """From the least to the most in words; one figure where both read the same."""
    low, high = row["low_bytes"], row["high_bytes"]
    if formats.is_na(low):
        return form(row["bytes"]) if formats.is_na(high) else f"{form(high)} or less"
    if formats.is_na(high):
        return f"{form(low)} or more"
    return form(low) if form(low) == form(high) else f"{form(low)} to {form(high)}"
