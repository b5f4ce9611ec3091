"""What is gone on a card before the first blob, by what a log tells of card, year, libraries and build.

No log tells it outright, and an old card never spent what a new one does: a context of 2014 took a tenth of one of
2024. So each figure is a range with a likely value, from measured cards; where no measurement stands behind a row, it
says so. Loads no net and no log.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost.memory.cards import MAKER, Generation, smallest
from logparse.cost.memory.terms import MIB

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.cost.memory.cards import Card


class Build(StrEnum):
    """Families of releases that differ in what they give a convolution on cuDNN."""

    RC2 = "rc, rc2"
    BVLC = "since rc3"
    NVCAFFE = "NVCaffe"


class Spread(NamedTuple):
    """Bytes that are not known exactly: the least, the likely, the most."""

    low: int
    likely: int
    high: int

    def times(self, count: int) -> Spread:
        """So many of them."""
        return Spread(self.low * count, self.likely * count, self.high * count)


def exactly(size: int) -> Spread:
    """A figure that is known."""
    return Spread(size, size, size)


def _mib(low: float, high: float, likely: float | None = None) -> Spread:
    middle = (low + high) / 2 if likely is None else likely
    return Spread(round(low * MIB), round(middle * MIB), round(high * MIB))


@dataclass(frozen=True, slots=True)
class Told:
    """What a log tells of its GPU: names of cards, year, versions of libraries (8.0, 7.6), build, engine.

    `total_bytes` is a card's memory as printed, `gone_bytes` what of it was gone when the process had begun;
    `workspace_bytes` the largest workspace that the fork printed; `gpus` how many train together. None and empty: not
    told.
    """

    cards: tuple[str, ...] = ()
    year: int | None = None
    cuda: float | None = None
    cudnn: float | None = None
    build: Build = Build.BVLC
    engine: str | None = None
    engine_basis: str = ""
    total_bytes: int | None = None
    gone_bytes: int | None = None
    workspace_bytes: int | None = None
    gpus: int = 1


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU and the build that ran on it, as the memory rules need them.

    `context` is the CUDA context with the first cuBLAS handle, `thread` a further one in a prefetching layer's thread,
    `handle` one of cuDNN's, `kernels` what cuDNN loads beside. `paged` is whether blocks over 1 MiB surely take whole
    pages of 2 MiB. `basis` says where each comes from.
    """

    told: Told
    card: Card | None
    context: Spread
    thread: Spread
    handle: Spread
    kernels: Spread
    paged: bool
    basis: tuple[str, ...] = field(default=())

    @property
    def card_bytes(self) -> int | None:
        """The card's memory: as printed, else by its name; None where neither tells one size."""
        if self.told.total_bytes is not None:
            return self.told.total_bytes
        return None if self.card is None else self.card.bytes

    @property
    def card_span(self) -> tuple[int, int] | None:
        """(least, most) that the card may have; None where nothing tells."""
        if self.told.total_bytes is not None:
            return self.told.total_bytes, self.told.total_bytes
        if self.card is None or self.card.least_bytes is None or self.card.most_bytes is None:
            return None
        return self.card.least_bytes, self.card.most_bytes


G = Generation


class _Context(NamedTuple):
    """Contexts of some generations under releases of CUDA from `first` to before `end`."""

    generations: frozenset[Generation]
    first: float
    end: float
    span: Spread
    source: str


_LAZY: Final = 12.0  # kernels are loaded when they are first called
_OLD: Final = frozenset({G.FERMI, G.KEPLER})
_ALL_BUT_HOPPER: Final = frozenset(set(G) - {G.HOPPER})

# The first row of a generation is that of the CUDA that was usual with it, and gives the likely value
_CONTEXTS: Final = (
    _Context(_OLD, 0, 8, _mib(60, 120), "small nets on Kepler under CUDA 5.5 to 7.5, consistent with deepdetect#84"),
    _Context(frozenset({G.MAXWELL}), 6.5, 9, _mib(90, 200), "between Kepler and Pascal, not measured"),
    _Context(frozenset({G.PASCAL}), 8, 10, _mib(160, 230), "measured on a TITAN X (Pascal), CUDA 8: 165 to 199 MiB"),
    _Context(frozenset({G.P100}), 8, 9, _mib(290, 350), "measured on P100s, CUDA 8: 293 to 348 MiB"),
    _Context(
        frozenset({G.PASCAL, G.P100, G.VOLTA, G.TURING}),
        9,
        11,
        _mib(250, 450),
        "between CUDA 8 and CUDA 11; 318 MiB on an MX250, CUDA 10.1",
    ),
    _Context(frozenset({G.MAXWELL}), 9, 11, _mib(90, 450), "not measured: up to a Pascal's under CUDA 10"),
    _Context(_OLD, 8, 11, _mib(60, 450), "not measured: up to a Pascal's under CUDA 10"),
    _Context(_ALL_BUT_HOPPER, 11, _LAZY, _mib(400, 600), "measured on a V100S, CUDA 11.1: 448 MiB"),
    _Context(_ALL_BUT_HOPPER, _LAZY, 99, _mib(150, 600), "not measured: at most as under CUDA 11"),
    _Context(
        frozenset({G.HOPPER}),
        11.8,
        99,
        _mib(590, 594 + 420, likely=594),
        "measured on an H100, CUDA 13: 594 MiB, and 420 more where all kernels are loaded at the start",
    ),
)
# The year in which a release of CUDA came out, and with which one a generation began and ended
_CUDA_YEARS: Final = ((5.5, 2013), (6.5, 2014), (7.5, 2015), (8, 2016), (9, 2017), (10, 2018), (11, 2020), (12, 2022))
_CUDA_OF: Final = {
    G.FERMI: (3.0, 9.0),
    G.KEPLER: (4.2, 12.0),
    G.MAXWELL: (6.5, 13.0),
    G.PASCAL: (8.0, 13.0),
    G.P100: (8.0, 13.0),
    G.VOLTA: (9.0, 13.0),
    G.TURING: (10.0, 99.0),
    G.AMPERE: (11.0, 99.0),
    G.HOPPER: (11.8, 99.0),
}


class _Cudnn(NamedTuple):
    """What releases of cuDNN below `end` take: one handle, and what a first convolution loads beside."""

    first: float
    end: float
    year: int
    handle: Spread
    kernels: Spread
    source: str


_CUDNNS: Final = (
    _Cudnn(0, 5, 2014, _mib(0.5, 1, likely=1), _mib(0, 0), "a handle of cuDNN 4: slightly below 1 MiB (Theano#3877)"),
    _Cudnn(
        5, 8, 2016, _mib(1, 2), _mib(0, 150), "a handle 1 to 2 MiB, not measured; up to 150 MiB loaded, as on an MX250"
    ),
    _Cudnn(8, 9, 2020, _mib(1, 9.14), _mib(300, 450), "300 to 450 MiB once a convolution has run, measured on a V100S"),
    _Cudnn(9, 99, 2024, _mib(9.14, 9.14), _mib(0, 0), "a handle of cuDNN 9: 9.14 MiB, measured on an H100"),
)
# A cuBLAS handle's workspace: measured on Hopper; 4 MiB before it by cuBLAS's manual, with which the log is not at odds
_THREAD_OF_HOPPER: Final = _mib(64, 64)
_THREAD: Final = _mib(0, 8, likely=4)


def gpu(told: Told = Told()) -> Gpu:
    """The ranges for what a log tells; with nothing told they span all cards."""
    card = smallest(told.cards)
    generation = None if card is None else card.generation
    contexts = _contexts(told, generation)
    context = _gone(
        told, _spanned([one.span for one in contexts], ranked=generation is not None or told.build is Build.RC2)
    )
    libraries = _cudnns(told, generation)
    handle = _spanned([one.handle for one in libraries], ranked=False)
    kernels = _spanned([one.kernels for one in libraries], ranked=False)
    return Gpu(
        told,
        card,
        context,
        _thread(told, generation),
        handle,
        kernels,
        paged=generation is G.HOPPER,
        basis=_basis(told, generation, contexts, context, libraries),
    )


def _spanned(spans: Sequence[Spread], *, ranked: bool) -> Spread:
    """From the least to the most; the likely value is the first one's where the rows are ranked, else the middle."""
    low, high = min(one.low for one in spans), max(one.high for one in spans)
    return Spread(low, spans[0].likely if ranked or len(spans) == 1 else (low + high) // 2, high)


def _contexts(told: Told, generation: Generation | None) -> list[_Context]:
    """The rows that card, year and CUDA leave, the generation's own CUDA first."""
    rows = [one for one in _CONTEXTS if generation is None or generation in one.generations]
    return [one for one in rows if _was_there(told, one, generation)] or rows


def _was_there(told: Told, row: _Context, generation: Generation | None) -> bool:
    """Whether the row's CUDA is the one told, or one that the generation had and that was out in the year told."""
    if told.cuda is not None:
        return row.first <= told.cuda < row.end
    begun, ended = _CUDA_OF[generation] if generation is not None else (0.0, 99.0)
    if generation is None:
        begun = min(_CUDA_OF[one][0] for one in row.generations)
    first = max(row.first, begun)
    if told.cards and not any(name.startswith(MAKER) for name in told.cards):
        ended = min(ended, _MAKER_SINCE)
    year = _LAST_OF_RC2 if told.year is None and generation is None and told.build is Build.RC2 else told.year
    return first < ended and (year is None or _year_of(first) <= year)


_LAST_OF_RC2: Final = 2016  # rc3 came out in January: forks of rc2 are seldom younger
_MAKER_SINCE: Final = 11.3  # drivers put the maker's name before a card's since those of this CUDA


def _year_of(cuda: float) -> int:
    """The year in which this release of CUDA was out."""
    return next((year for release, year in reversed(_CUDA_YEARS) if cuda >= release), 0)


def _gone(told: Told, usual: Spread) -> Spread:
    """What was gone when the process had begun is the most that its context can have taken."""
    if told.gone_bytes is None or told.gone_bytes > usual.high:
        return usual
    return Spread(min(usual.low, told.gone_bytes), told.gone_bytes, told.gone_bytes)


def _cudnns(told: Told, generation: Generation | None) -> list[_Cudnn]:
    if told.cudnn is not None:
        return [one for one in _CUDNNS if one.first <= told.cudnn < one.end] or list(_CUDNNS)
    if generation is G.HOPPER:
        return list(_CUDNNS[-1:])
    if told.build is Build.RC2:
        return list(_CUDNNS[:1])
    begun = _FIRST_CUDNN.get(generation, 0) if generation is not None else 0
    ended = _SPOKEN if generation is not None and begun < _SPOKEN else 99
    rows = [one for one in _CUDNNS if one.end > begun and one.first < ended]
    return [one for one in rows if told.year is None or one.year <= told.year] or rows[:1]


# Caffe's source speaks cuDNN up to 7: 8 took away calls that it makes. Cards that need 8 show that it was changed
_SPOKEN: Final = 8
# The first cuDNN for the first CUDA of a generation; one that is not named goes with any
_FIRST_CUDNN: Final = {G.PASCAL: 5, G.P100: 5, G.VOLTA: 7, G.TURING: 7, G.AMPERE: 8, G.HOPPER: 8}


def _thread(told: Told, generation: Generation | None) -> Spread:
    """One handle for each thread came with singletons of threads, after rc2."""
    if told.build is Build.RC2:
        return exactly(0)
    if generation is G.HOPPER:
        return _THREAD_OF_HOPPER
    if generation is not None or (told.year is not None and told.year < _HOPPER_YEAR):
        return _THREAD
    return _spanned([_THREAD, _THREAD_OF_HOPPER], ranked=False)


_HOPPER_YEAR: Final = 2022


def _basis(
    told: Told, generation: Generation | None, rows: Sequence[_Context], context: Spread, libraries: Sequence[_Cudnn]
) -> tuple[str, ...]:
    """Where the ranges come from, in words."""
    sources = _some([one.source for one in rows])
    words = [f"context of {context.low:,} to {context.high:,} bytes by {_known(told, generation)}: {sources}"]
    if told.gone_bytes is not None:
        words.append(f"{told.gone_bytes:,} bytes of the card were gone when the process had begun, as the log prints")
    if told.engine != "caffe":
        words.append(f"cuDNN: {_some([one.source for one in libraries])}")
    return tuple(words)


def _known(told: Told, generation: Generation | None) -> str:
    """What of card, library and year is told."""
    known = [str(generation) if generation is not None else ""]
    known.append(f"CUDA {told.cuda:g}" if told.cuda is not None else "" if told.year is None else str(told.year))
    known.append(f"a build of {told.build}" if told.build is Build.RC2 else "")
    return ", ".join(filter(None, known)) or "all cards, as neither card nor year is told"


def _some(sources: Sequence[str]) -> str:
    more = len(sources) - _FEW
    return "; ".join(sources[:_FEW]) + (f"; and {more} more" if more > 0 else "")


_FEW: Final = 2
UNTOLD: Final = gpu()
