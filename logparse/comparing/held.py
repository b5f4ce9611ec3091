"""What either run holds, by kind and in all: figures of the tables `memory`, `footprint`, `timeline` and `nets`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.comparing.values import BYTES, FigurePair
from logparse.cost.memory.holdings import Kind
from logparse.cost.memory.terms import DEVICES
from logparse.rows import known_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.comparing.side import ComparedRun

LOGGED: Final = "Memory required for data"
_FOOTPRINT: Final = "bytes"
_REACHES: Final = (("footprint, at least", "low_bytes"), ("footprint, at most", "high_bytes"))


def devices(base: ComparedRun, other: ComparedRun) -> tuple[str, ...]:
    """The devices that are compared: the one that either run names, both where neither does or they name two."""
    named = {side.facts.mode.lower() for side in (base, other) if side.facts.mode}
    return tuple(device for device in DEVICES if not named or device in named)


def held(base: ComparedRun, other: ComparedRun) -> dict[str, tuple[FigurePair, ...]]:
    """Device → what the run's nets hold on it, by kind and together; per cent are of the base's sum."""
    return {device: tuple(_kinds(base, other, device)) for device in devices(base, other)}


def _kinds(base: ComparedRun, other: ComparedRun, device: str) -> Iterator[FigurePair]:
    before, after = (_sums(side, device) for side in (base, other))
    whole = sum(size or 0 for size, _ in before.values())
    for kind in Kind:
        (old, old_low), (new, new_low) = before[kind], after[kind]
        yield FigurePair(str(kind), BYTES, old, new, whole, (old_low, new_low))
    yield _all(before, after)


def _all(before: dict[Kind, tuple[int | None, bool]], after: dict[Kind, tuple[int | None, bool]]) -> FigurePair:
    sizes, lows = [], []
    for sums in (before, after):
        known = [size for size, _ in sums.values() if size is not None]
        sizes.append(sum(known) if known else None)
        lows.append(bool(known) and any(low or size is None for size, low in sums.values()))
    return FigurePair("all kinds", BYTES, sizes[0], sizes[1], sizes[0], (lows[0], lows[1]))


def _sums(side: ComparedRun, device: str) -> dict[Kind, tuple[int | None, bool]]:
    """Kind → what all nets of the attempt hold of it, and whether something of it is not known."""
    rows = [row for row in side.rows("memory") if row["device"] == device]
    found: dict[Kind, tuple[int | None, bool]] = {}
    for kind in Kind:
        mine = [row for row in rows if row["kind"] == kind]
        known = known_rows(mine, "bytes")
        gaps = len(known) < len(mine) or any("left out" in str(row["basis"]) for row in mine)
        found[kind] = (sum(int(row["bytes"]) for row in known) if known else None, gaps)
    return found


def run_figures(base: ComparedRun, other: ComparedRun) -> Iterator[FigurePair]:
    """Caffe's own figure of each net that both have, what each run takes in all, and its timeline's peak."""
    for key in (key for key in base.nets if key in other.nets):
        sizes = [_logged(side, side.nets[key]) for side in (base, other)]
        if sizes != [None, None]:
            title = f"{LOGGED}, {base.net_title(base.nets[key])}"
            yield FigurePair(title, BYTES, sizes[0], sizes[1], sizes[0])
    for device in devices(base, other):
        rows = [next((row for row in side.rows("footprint") if row["device"] == device), {}) for side in (base, other)]
        estimate = [row.get(_FOOTPRINT) for row in rows]
        yield FigurePair(f"footprint, {device}", BYTES, estimate[0], estimate[1], estimate[0])
        for name, column in _REACHES:
            ends = [row.get(column) for row in rows]
            if ends != estimate:
                yield FigurePair(f"{name}, {device}", BYTES, ends[0], ends[1], ends[0])
        peaks = [_peak(side, device) for side in (base, other)]
        yield FigurePair(f"timeline's peak, {device}", BYTES, peaks[0], peaks[1], peaks[0])


def _logged(side: ComparedRun, place: int) -> int | None:
    index = side.net(place).net.index
    found = (row["logged_bytes"] for row in side.rows("nets") if row["net_index"] == index)
    size = next(found, None)
    return None if size is None else int(size)


def _peak(side: ComparedRun, device: str) -> int | None:
    known = known_rows((row for row in side.rows("timeline") if row["device"] == device), "running_bytes")
    return max((int(row["running_bytes"]) for row in known), default=None)
