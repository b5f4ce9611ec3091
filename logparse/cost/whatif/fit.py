"""The largest batch that fits into a budget, and what binds it; pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse import formats
from logparse.cost.buffer import CPU, GPU
from logparse.cost.memory.footprint import PACKED_BYTES, builds, need_of, rounded
from logparse.cost.memory.holdings import Kind
from logparse.cost.memory.terms import USUAL
from logparse.cost.whatif.change import AS_IT_IS, changed
from logparse.cost.whatif.growth import LEAST, blobs_of, growth, seen
from logparse.cost.whatif.resize import WhatIfError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from logparse.cost.memory.holdings import Run
    from logparse.cost.memory.terms import Terms
    from logparse.cost.whatif.change import Change
    from logparse.cost.whatif.growth import Seen, Slope


@dataclass(frozen=True, slots=True)
class Fit:
    """The largest batch that fits into `budget_bytes` on `device`, what it then holds, and what binds it.

    On the GPU it must fit with the upper end of its range, of either build where nothing tells which; `basis` tells.
    `batch` is 0 where not even one image fits; then `bytes` is what one takes. `fixed_bytes` is what no batch size
    changes, `per_image_bytes` what one more image adds: of the blocks as they are asked for, whatever the budget, with
    engine CAFFE unless something tells another one. `page_bytes` is what the pages add in which a card gives memory
    out, `uneven_bytes` what grows in another way (below 0 where it is less), `build_bytes` what a cuDNN build takes
    more where nothing tells the engine. `bytes` is the sum: fixed, per image for each (for one where none fits), pages,
    uneven, build.
    """

    device: str
    budget_bytes: int
    batch: int
    bytes: int
    next_bytes: int
    fixed_bytes: int
    per_image_bytes: int
    page_bytes: int
    uneven_bytes: int
    binds: str
    build_bytes: int = 0
    basis: str = ""


# An int holds a blob's element count (blob.cpp); the GPU's elementwise loops overflow beyond half of that
MOST_ELEMENTS: Final[Mapping[str, int]] = {CPU: 2**31 - 1, GPU: 2**30}


def largest_blob(run: Run) -> tuple[int, str]:
    """(elements, name) of the largest blob of a run."""
    return max(blobs_of(run), default=(0, ""))


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
    batches = _Batches(run, change)
    tried: list[_Trials] = []
    for cudnn in builds(run, device, terms):
        reach = max((one.far for one in tried), default=0)
        tried.append(_Trials(batches, device, terms, max(budgets), cudnn=cudnn, reach=reach))
    return [_fit(tried, budget_bytes) for budget_bytes in budgets]


def _fit(tried: Sequence[_Trials], budget_bytes: int) -> Fit:
    """The largest batch that fits whichever of these builds runs; its terms are those of the first of them."""
    batch = min(_largest(partial(one.fits, budget_bytes), one.guess(budget_bytes)) for one in tried)
    images, first = max(batch, 1), tried[0]
    held, asked = first.look(images).bytes, first.asked(images)
    most_bytes = max(one.look(images).bytes for one in tried)
    following = max((one.look(batch + 1) for one in tried), key=lambda look: look.bytes)
    fixed_bytes, per_image_bytes = first.even_growth
    return Fit(
        device=first.device,
        budget_bytes=budget_bytes,
        batch=batch,
        bytes=most_bytes,
        next_bytes=following.bytes,
        fixed_bytes=fixed_bytes,
        per_image_bytes=per_image_bytes,
        page_bytes=held - asked,
        uneven_bytes=asked - fixed_bytes - images * per_image_bytes,
        build_bytes=most_bytes - held,
        binds=_binds(following, batch + 1, first.device),
        basis=_BASES[tuple(one.cudnn for one in tried)] if first.device == GPU else "",
    )


_BASES: Final[Mapping[tuple[bool, ...], str]] = {
    (False,): "reckoned with the upper end of the range of engine CAFFE",
    (True,): "reckoned with the upper end of the range of a cuDNN build",
    (False, True): "nothing tells the engine: reckoned with the upper end of both builds' range",
}


_NO_BYTES: Final[Mapping[str, int]] = dict.fromkeys(map(str, Kind), 0)


class _Look(NamedTuple):
    """What a run holds at one batch size: its need, bytes by kind, and its largest blob as (elements, name)."""

    bytes: int
    kinds: Mapping[str, int]
    largest: tuple[int, str]


class _Batches:
    """A run under a change, at its own batch size and at others; each is made once, whatever build is asked about."""

    def __init__(self, run: Run, change: Change) -> None:
        self.first, self._change = run, change
        self._known: dict[int, Run] = {}

    def at(self, batch: int) -> Run:
        """The run at this batch size."""
        if batch not in self._known:
            self._known[batch] = changed(self.first, replace(self._change, batch=batch)).run
        return self._known[batch]

    @cached_property
    def changed(self) -> Run:
        """The run at its own batch size, or that of the change."""
        return changed(self.first, self._change).run


class _Trials:
    """A run at other batch sizes; each size is worked out once.

    Where every block grows evenly with the batch, a size is reckoned from its growth instead of layer by layer: between
    2 and about the batch that fits into the largest budget, at both of which the run was worked out, and nowhere else.
    """

    def __init__(
        self, batches: _Batches, device: str, terms: Terms, budget_bytes: int, *, cudnn: bool, reach: int = 0
    ) -> None:
        """`reach` is how far growth is known to be asked for anyway, by another build."""
        self.device = device
        self.cudnn = cudnn
        self._batches = batches
        self._needs = need_of(batches.changed, device, terms, cudnn=cudnn)
        self._base = max(batches.first.nets[0].batch or 1, 64)
        self._looks: dict[int, _Look] = {}
        self._runs: dict[int, Seen] = {}
        self.far = max(2 * self._base, self._straight(budget_bytes) + 1, reach)
        self._growth = growth({batch: self._seen(batch) for batch in (LEAST, self._base, self.far)})

    def look(self, batch: int) -> _Look:
        """What the run holds at this batch size."""
        if batch not in self._looks:
            self._looks[batch] = self._reckoned(batch) or self._told(self._seen(batch))
        return self._looks[batch]

    def _reckoned(self, batch: int) -> _Look | None:
        """The same by growth; None where that is not known."""
        if self._growth is None or not LEAST <= batch <= self.far:
            return None
        return _Look(self._foreseen(batch), {**_NO_BYTES, **self._growth.kinds(batch)}, self._growth.largest(batch))

    def _straight(self, budget_bytes: int) -> int:
        """About the batch that fits, by what it takes at two small ones: as far as growth has to be known."""
        least, base = (self._told(self._seen(batch)) for batch in (LEAST, self._base))
        step = max((base.bytes - least.bytes) // (self._base - LEAST), 1)
        most = MOST_ELEMENTS[self.device]
        grown = max(base.largest[0] - least.largest[0], 0) // (self._base - LEAST)
        widest = most // grown if grown else most
        return max(min(self._base + (budget_bytes - base.bytes) // step, widest, most - 1), 1)

    def fits(self, budget_bytes: int, batch: int) -> bool:
        """Whether it fits at this batch size."""
        most = MOST_ELEMENTS[self.device]  # a blob's first dimension too is an int: nothing that grows is no way out
        if batch > most:
            return False
        if self._growth is None or not LEAST <= batch <= self.far:
            return self.look(batch).bytes <= budget_bytes and self.look(batch).largest[0] <= most
        return self._foreseen(batch) <= budget_bytes and self._growth.largest(batch)[0] <= most

    def asked(self, batch: int) -> int:
        """What the run needs at this batch size, were its blocks not rounded to pages."""
        if self._growth is None or not LEAST <= batch <= self.far:
            return self._needs(sum(self._seen(batch).taken))
        return self._needs(self._growth.taken_bytes(batch))

    @cached_property
    def even_growth(self) -> tuple[int, int]:
        """(bytes whatever the batch, bytes of one more image), by what is asked for at two sizes, always the same."""
        least, base = self.asked(LEAST), self.asked(self._base)
        per_image = (base - least) // (self._base - LEAST)
        return least - LEAST * per_image, per_image

    def guess(self, budget_bytes: int) -> int:
        """A batch size at or next to the answer: bytes grow almost linearly, in steps of pages."""
        low, high = 1, self._widest + 1
        near, step = self._base, max(self.even_growth[1], 1)
        for _ in range(_LOOKS):
            near = min(max(near, low), high - 1)
            left = budget_bytes - self._foreseen(near)
            if left >= 0:
                low = near
            else:
                high = near
            if high - low <= 1 or 0 <= left < step:
                break
            near += left // step or -1
        return low

    def _foreseen(self, batch: int) -> int:
        if self._growth is None:
            return self.look(batch).bytes
        still, slopes = self._parts
        return self._need([*still, *(slope.at(batch) for slope in slopes)])

    @cached_property
    def _parts(self) -> tuple[list[int], list[Slope]]:
        """Still blocks, those of whole pages as one, and what grows: guessing need not look at each of them."""
        still, slopes = self._growth.parts if self._growth is not None else ([], [])
        if self.device != GPU:
            return [sum(still)], slopes
        small = [size for size in still if size <= PACKED_BYTES]
        return [rounded(size for size in still if size > PACKED_BYTES), *small], slopes

    def _need(self, blocks: Sequence[int]) -> int:
        return self._needs(rounded(blocks) if self.device == GPU else sum(blocks))

    @cached_property
    def _widest(self) -> int:
        """The batch at which the first blob that grows meets the limit of a blob's values."""
        most = MOST_ELEMENTS[self.device]
        if self._growth is None:
            return max(self._base * most // max(self.look(self._base).largest[0], 1), 1)
        steps = [slope.step for slope in self._growth.blobs if slope.step > 0]
        return max(most // max(steps), 1) if steps else most

    def _seen(self, batch: int) -> Seen:
        if batch not in self._runs:
            self._runs[batch] = seen(self._batches.at(batch), self.device, cudnn=self.cudnn)
        return self._runs[batch]

    def _told(self, found: Seen) -> _Look:
        kinds = dict(_NO_BYTES)
        for kind, size in zip(found.kinds, found.blocks, strict=True):
            kinds[kind] += size
        return _Look(self._need(found.taken), kinds, max(zip(found.blobs, found.names, strict=True), default=(0, "")))


_LOOKS: Final = 40  # enough to halve any range; a few will do


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


def _binds(look: _Look, batch: int, device: str) -> str:
    """Why this run does not fit: too large a blob, or the kinds of memory that take most of what it needs."""
    elements, name = look.largest
    if elements > MOST_ELEMENTS[device]:
        limit = "2^30" if device == GPU else "2^31 - 1"
        return f"the blob {name} would have {formats.count(elements)} elements, Caffe's limit is {limit}"
    if batch > MOST_ELEMENTS[device]:
        return "no blob grows with the batch: the count of images itself is at Caffe's limit"
    sizes = {**look.kinds, "beside Caffe's own": look.bytes - sum(look.kinds.values())}
    most = sorted(sizes, key=lambda kind: -sizes[kind])[:2]
    parts = ", ".join(f"{kind} {formats.percent(sizes[kind] / look.bytes)}" for kind in most)
    images = f"{formats.count(batch)} {formats.plural('image', batch)}"
    return f"memory: of what {images} would take, {parts}"
