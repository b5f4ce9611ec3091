"""How the blocks of a run grow with its batch: seen at three sizes, reckoned at all others.

Shapes are products with the batch once among their factors, so a block is a straight line over it; a multiplier that
is as long as the longer of two axes (scale_layer.cpp) is level first. What is neither is not reckoned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from logparse.cost.memory.holdings import holdings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from logparse.cost.memory.holdings import Run

LEAST: Final = 2  # a batch of 1 has blocks of its own: sums over one image need no buffer


class Seen(NamedTuple):
    """A run at one batch size: kind and bytes of every block, the bytes that its need is made of, values of blobs.

    The need of a cuDNN build is made of other blocks than those that are shown by kind.
    """

    kinds: tuple[str, ...]
    blocks: tuple[int, ...]
    taken: tuple[int, ...]
    names: tuple[str, ...]
    blobs: tuple[int, ...]


def seen(run: Run, device: str, *, cudnn: bool) -> Seen:
    """The run as it is, layer by layer."""
    blocks = [block for holding in holdings(run, device) for block in holding.blocks]
    other = [block for holding in holdings(run, device, cudnn=True) for block in holding.blocks] if cudnn else blocks
    blobs = blobs_of(run)
    return Seen(
        tuple(str(block.kind) for block in blocks),
        tuple(block.bytes for block in blocks),
        tuple(block.bytes for block in other),
        tuple(name for _, name in blobs),
        tuple(count for count, _ in blobs),
    )


def blobs_of(run: Run) -> list[tuple[int, str]]:
    """(values, name) of every blob of a run."""
    return [
        (count, name)
        for net in run.nets
        for layer in net.layers
        for name, count in zip(layer.tops, layer.counts, strict=True)
        if count is not None
    ]


class Slope(NamedTuple):
    """A size over the batch: `start + step · batch`, but never below `floor`."""

    floor: int
    start: int
    step: int

    def at(self, batch: int) -> int:
        """The size at a batch."""
        return max(self.floor, self.start + self.step * batch)


Slopes: TypeAlias = tuple[Slope, ...]


class Growth:
    """A run over its batch: a slope for every block and blob."""

    def __init__(
        self, like: Seen, blocks: tuple[Slope, ...], taken: tuple[Slope, ...], blobs: tuple[Slope, ...]
    ) -> None:
        """`like` is the run at some batch size: what its blocks and blobs are."""
        self._like, self.blocks, self.taken, self.blobs = like, blocks, taken, blobs
        self._leading = _leading(zip(blobs, like.names, strict=True))
        by_kind: dict[str, list[Slope]] = {}
        for kind, slope in zip(like.kinds, blocks, strict=True):
            by_kind.setdefault(kind, []).append(slope)
        self._by_kind = {kind: _summed(slopes) for kind, slopes in by_kind.items()}
        self._taken = _summed(taken)

    @property
    def parts(self) -> tuple[list[int], list[Slope]]:
        """What the need is made of: blocks that never grow, and the slopes of those that do."""
        still = [slope.at(LEAST) for slope in self.taken if not slope.step]
        return still, [slope for slope in self.taken if slope.step]

    def seen(self, batch: int) -> Seen:
        """The run at a batch size of at least 2."""
        return self._like._replace(
            blocks=tuple(slope.at(batch) for slope in self.blocks),
            taken=tuple(slope.at(batch) for slope in self.taken),
            blobs=tuple(slope.at(batch) for slope in self.blobs),
        )

    def kinds(self, batch: int) -> dict[str, int]:
        """Bytes by kind at a batch size of at least 2."""
        return {kind: sum(slope.at(batch) for slope in slopes) for kind, slopes in self._by_kind.items()}

    def taken_bytes(self, batch: int) -> int:
        """What the need is made of, all together, at a batch size of at least 2."""
        return sum(slope.at(batch) for slope in self._taken)

    def largest(self, batch: int) -> tuple[int, str]:
        """The largest blob at a batch size of at least 2, as (values, name); of several the last by name."""
        return max(((slope.at(batch), name) for slope, name in self._leading), default=(0, ""))


def _summed(slopes: Iterable[Slope]) -> list[Slope]:
    """The same sum of fewer slopes: those that are never at a floor, as no size is below 0, are one line."""
    start = step = 0
    level_first = []
    for slope in slopes:
        if slope.floor:
            level_first.append(slope)
        else:
            start, step = start + slope.start, step + slope.step
    return [Slope(0, start, step), *level_first]


def _leading(blobs: Iterable[tuple[Slope, str]]) -> list[tuple[Slope, str]]:
    """The blobs without those that another one is never below."""
    names: dict[Slope, str] = {}
    for slope, name in blobs:
        names[slope] = max(name, names.get(slope, ""))
    lines = [slope for slope in names if not slope.floor]
    return [(slope, name) for slope, name in names.items() if not any(_is_above(line, slope) for line in lines)]


def _is_above(line: Slope, slope: Slope) -> bool:
    if slope.floor or line == slope:
        return False
    return line.start >= slope.start and line.step >= slope.step


def growth(looks: Mapping[int, Seen]) -> Growth | None:
    """The slopes through what was seen at three batch sizes (batch → look), 2 the least; None where there are none."""
    found = [
        _slopes(tuple(looks), sizes)
        for sizes in (
            [look.blocks for look in looks.values()],
            [look.taken for look in looks.values()],
            [look.blobs for look in looks.values()],
        )
    ]
    blocks, taken, blobs = found
    if blocks is None or taken is None or blobs is None:
        return None
    return Growth(next(iter(looks.values())), blocks, taken, blobs)


def _slopes(batches: Sequence[int], looks: Sequence[Sequence[int]]) -> Slopes | None:
    if len({len(look) for look in looks}) != 1:
        return None
    by_sizes: dict[tuple[int, ...], Slope] = {}  # most sizes are the sizes of several blocks
    for sizes in zip(*looks, strict=True):
        if sizes not in by_sizes:
            slope = slope_through(batches, sizes)
            if slope is None:
                return None
            by_sizes[sizes] = slope
    return tuple(by_sizes[sizes] for sizes in zip(*looks, strict=True))


def slope_through(batches: Sequence[int], sizes: Sequence[int]) -> Slope | None:
    """The slope through sizes at three batches: straight, or level first; None where it is neither."""
    (near, far), (before, after) = batches[1:], sizes[1:]
    straight = (after - before) // (far - near)
    for slope in (Slope(0, before - straight * near, straight), Slope(sizes[0], 0, after // far)):
        if all(slope.at(batch) == size for batch, size in zip(batches, sizes, strict=True)):
            return slope
    return None
