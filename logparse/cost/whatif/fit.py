"""The largest batch that fits into a budget, and what binds it; pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

from logparse.cost.buffer import CPU, GPU
from logparse.cost.memory.footprint import USUAL, footprint, rounded
from logparse.cost.memory.holdings import Kind, holdings
from logparse.cost.whatif.change import AS_IT_IS, changed
from logparse.cost.whatif.resize import WhatIfError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from logparse.cost.memory.footprint import Terms
    from logparse.cost.memory.holdings import NetMemory, Run
    from logparse.cost.whatif.change import Change


@dataclass(frozen=True, slots=True)
class Fit:
    """The largest batch that fits into `budget_bytes` on `device`, what it then holds, and what binds it.

    `batch` is 0 where not even one image fits; then `bytes` is what one takes. `fixed_bytes` is what no batch
    size changes, `per_image_bytes` what one more image adds, taken from two usual batch sizes.
    """

    device: str
    budget_bytes: int
    batch: int
    bytes: int
    next_bytes: int
    fixed_bytes: int
    per_image_bytes: int
    binds: str


# An int holds a blob's element count (blob.cpp); the GPU's elementwise loops overflow beyond half of that
_MOST_ELEMENTS: Final[Mapping[str, int]] = {CPU: 2**31 - 1, GPU: 2**30}


def largest_blob(run: Run) -> tuple[int, str]:
    """(elements, name) of the largest blob of a run."""
    found = [
        (count, name)
        for net in run.nets
        for layer in net.layers
        for name, count in zip(layer.tops, layer.counts, strict=True)
        if count is not None
    ]
    return max(found, default=(0, ""))


def held_bytes(run: Run, device: str, terms: Terms) -> int:
    """What must be there for a run to start: for a cuDNN build the upper end of its range."""
    found = footprint(run, device, replace(terms, engine=terms.engine or "caffe"))
    return found.bytes if found.high_bytes is None else found.high_bytes


def fit(run: Run, budget_bytes: int, device: str = GPU, terms: Terms = USUAL, change: Change = AS_IT_IS) -> Fit:
    """The largest batch of the first net that fits; the batch returned fits, one more does not.

    Raises:
        WhatIfError: the batch size is not known, or cannot be changed.

    """
    return fits(run, (budget_bytes,), device, terms, change)[0]


def fits(
    run: Run, budgets: Sequence[int], device: str = GPU, terms: Terms = USUAL, change: Change = AS_IT_IS
) -> list[Fit]:
    """The same for several budgets, whose trials are shared."""
    if not run.nets or run.nets[0].batch is None:
        raise WhatIfError("the log does not show the batch size, so no other one can be tried")
    tried = _Trials(run, device, terms, change)
    return [_fit(tried, budget_bytes, device, terms) for budget_bytes in budgets]


def _fit(tried: _Trials, budget_bytes: int, device: str, terms: Terms) -> Fit:
    batch = _largest(partial(tried.fits, budget_bytes), tried.guess(budget_bytes))
    held = tried.bytes(max(batch, 1))
    return Fit(
        device=device,
        budget_bytes=budget_bytes,
        batch=batch,
        bytes=held,
        next_bytes=tried.bytes(batch + 1),
        fixed_bytes=held - max(batch, 1) * tried.per_image_bytes,
        per_image_bytes=tried.per_image_bytes,
        binds=_binds(tried.run(batch + 1), device, budget_bytes, terms),
    )


class _Trials:
    """A run at other batch sizes; each size is worked out once."""

    def __init__(self, run: Run, device: str, terms: Terms, change: Change) -> None:
        self._first, self._device, self._terms, self._change = run, device, terms, change
        self._base = max(run.nets[0].batch or 1, 64)
        self._runs: dict[int, Run] = {}
        self._bytes: dict[int, int] = {}
        self._elements: dict[int, int] = {}

    def run(self, batch: int) -> Run:
        """The run at this batch size."""
        if batch not in self._runs:
            self._runs[batch] = changed(self._first, replace(self._change, batch=batch)).run
        return self._runs[batch]

    @property
    def per_image_bytes(self) -> int:
        """What one more image adds: the slope between two usual batch sizes."""
        return (self.bytes(2 * self._base) - self.bytes(self._base)) // self._base

    def bytes(self, batch: int) -> int:
        """What it holds at this batch size."""
        if batch not in self._bytes:
            run = self.run(batch)
            self._bytes[batch] = held_bytes(run, self._device, self._terms)
            self._elements[batch] = largest_blob(run)[0]
        return self._bytes[batch]

    def fits(self, budget_bytes: int, batch: int) -> bool:
        """Whether it fits at this batch size."""
        most = _MOST_ELEMENTS[self._device]  # a blob's first dimension too is an int: nothing that grows is no way out
        return batch <= most and self.bytes(batch) <= budget_bytes and self._elements[batch] <= most

    def guess(self, budget_bytes: int) -> int:
        """A batch size at or next to the answer: each block is taken to grow with the batch as it does at first.

        Where the bytes found there are others than foreseen, the second look takes that into account.
        """
        near = self._foreseen_batch(budget_bytes)
        return self._foreseen_batch(budget_bytes - self.bytes(near) + self._foreseen(near))

    def _foreseen_batch(self, budget_bytes: int) -> int:
        low, high = 1, self._widest + 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._foreseen(middle) <= budget_bytes else (low, middle)
        return low

    def _foreseen(self, batch: int) -> int:
        grown = [size + step * (batch - self._base) // self._base for size, step in self._steps]
        return self.bytes(self._base) + self._taken(grown) - self._taken(size for size, _ in self._steps)

    def _taken(self, sizes: Iterable[int]) -> int:
        return rounded(sizes) if self._device == GPU else sum(sizes)

    @cached_property
    def _widest(self) -> int:
        """The batch at which the first blob that grows meets the limit of a blob's values."""
        once, twice = (_counts(self.run(batch).nets[0]) for batch in (self._base, 2 * self._base))
        grown = max((after - count for count, after in zip(once, twice, strict=False)), default=0)
        most = _MOST_ELEMENTS[self._device]
        return max(self._base * most // grown if grown else most, 1)

    @cached_property
    def _steps(self) -> list[tuple[int, int]]:
        """Each block that grows: its size at the usual batch, and what a doubled batch adds to it."""
        once, twice = (
            [block.bytes for holding in holdings(self.run(batch), self._device) for block in holding.blocks]
            for batch in (self._base, 2 * self._base)
        )
        return [(size, after - size) for size, after in zip(once, twice, strict=False) if after != size]


def _counts(net: NetMemory) -> list[int]:
    return [count for layer in net.layers for count in layer.counts if count is not None]


def _largest(fits: Callable[[int], bool], guess: int) -> int:
    """The largest count that fits, 0 where none does; `fits` is monotone, the guess only saves steps."""
    low, high, step = 0, guess, 1
    if fits(guess):
        low, high = guess, guess + 1
        while fits(high):
            low, high, step = high, high + 2 * step, 2 * step
    else:
        while high > 1 and not fits(max(high - step, 1)):
            high, step = max(high - step, 1), 2 * step
        low = max(high - step, 1) if high > 1 else 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _binds(run: Run, device: str, budget_bytes: int, terms: Terms) -> str:
    """Why this run does not fit: too large a blob, or the kind of memory that takes most."""
    elements, name = largest_blob(run)
    if elements > _MOST_ELEMENTS[device]:
        limit = "2^30" if device == GPU else "2^31 - 1"
        return f"the blob {name} would have {elements:,} elements, Caffe's limit is {limit}"
    if run.nets and (run.nets[0].batch or 0) > _MOST_ELEMENTS[device]:
        return "no blob grows with the batch: the count of images itself is at Caffe's limit"
    held = holdings(run, device)
    sizes = {str(kind): sum(holding.bytes_of(kind) for holding in held) for kind in Kind}
    sizes["beside Caffe's own"] = held_bytes(run, device, terms) - sum(sizes.values())
    most = sorted(sizes, key=lambda kind: -sizes[kind])[:2]
    parts = ", ".join(f"{kind} {sizes[kind] / budget_bytes:.0%}" for kind in most)
    return f"memory: of the budget {parts}"
