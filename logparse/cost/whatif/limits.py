"""What no run of Caffe's can be: more images or larger blobs than an int counts; what is no change and no budget.

An int holds a blob's count of values and each dimension (blob.cpp, `Reshape`: "blob size exceeds INT_MAX").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.cost.buffer import CPU, GPU
from logparse.cost.memory.terms import DEVICES
from logparse.cost.whatif.change import PRECISIONS, SCHEMES, SOLVERS, Change, LowRank, requests_of
from logparse.cost.whatif.fit import MOST_ELEMENTS, Fit, largest_blob
from logparse.cost.whatif.resize import WhatIfError
from logparse.errors import WrongTypeError

if TYPE_CHECKING:
    from logparse.cost.memory.holdings import Run

BUDGET_BYTES: Final = range(2**20, 2**63)  # no device has less; no address reaches further


def check_budget(budget_bytes: object, device: object) -> None:
    """Refuse a budget that no device has, and a device that is none.

    Raises:
        WhatIfError: which of the two, and what would be one.

    """
    if device not in DEVICES:
        raise WhatIfError(f"there is no device {device!r}", remedy=f"There are {formats.enumerated(DEVICES)}.")
    if not _is_whole(budget_bytes) or budget_bytes not in BUDGET_BYTES:
        told = formats.exact_bytes(budget_bytes) if _is_whole(budget_bytes) else repr(budget_bytes)
        least, most = map(formats.size, (BUDGET_BYTES.start, BUDGET_BYTES.stop))
        raise WhatIfError(
            f"a budget of {told} is no device's memory: whole bytes from {least} to {most} are",
            remedy=f"8 GiB are {8 * 1024**3} bytes.",
        )


def check_change(change: object) -> None:
    """Refuse a change that is none: no batch, no share, no rank, no precision.

    Raises:
        WhatIfError: what it says, and what it could say.
        WrongTypeError: it is no Change at all.

    """
    if not isinstance(change, Change):
        raise WrongTypeError(f"a change is a logparse.cost.whatif.change.Change, not {change!r}")
    for batch in (change.batch, change.test_batch):
        if batch is not None and not (_is_whole(batch) and 0 < batch <= MOST_ELEMENTS[CPU]):
            told = formats.count(batch) if _is_whole(batch) else repr(batch)
            most = formats.count(MOST_ELEMENTS[CPU])
            raise WhatIfError(f"a batch of {told} images is none: Caffe counts from 1 to {most}")
    for name, known, what in (
        (change.solver, SOLVERS, "solver"),
        (change.weights, tuple(PRECISIONS), "precision"),
        (change.activations, tuple(PRECISIONS), "precision"),
    ):
        if name is not None and name not in known:
            raise WhatIfError(f"there is no {what} {name!r}", remedy=f"One of {', '.join(known)}.")
    _check_layers(change)


def _check_layers(change: Change) -> None:
    shares: tuple[tuple[str, object], ...] = (*change.prune_weights.items(), *change.prune_channels.items())
    for name, share in shares:
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise WhatIfError(f"{name}: a share is a number from 0 to 1, not {share!r}")
    factored: tuple[tuple[str, object], ...] = tuple(change.low_rank.items())
    for name, factors in factored:
        if not (isinstance(factors, LowRank) and _is_whole(factors.rank) and factors.rank > 0):
            raise WhatIfError(f"{name}: factors are LowRank(rank) with a rank from 1, not {factors!r}")
        if factors.scheme not in (None, *SCHEMES):
            raise WhatIfError(f"there is no scheme {factors.scheme!r}", remedy=f"One of {', '.join(SCHEMES)}.")
    asked: tuple[tuple[str, object], ...] = tuple(change.compress.items())
    for name, texts in asked:
        several = [texts] if isinstance(texts, str) else texts
        if not isinstance(several, list | tuple) or not all(isinstance(one, str) for one in several):
            raise WhatIfError(f"{name}: methods are texts such as 'svd:rank=256', not {texts!r}")
    if asked:
        requests_of(change)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def check_fit(found: object) -> None:
    """Refuse what `fit` did not give.

    Raises:
        WrongTypeError: what it is.

    """
    if not (found is None or isinstance(found, Fit)):
        raise WrongTypeError(f"fit is what Log.fit gave, not {found!r}")


def too_large(before: Run, after: Run) -> tuple[str, ...]:
    """What has to be said of the blobs of a changed run: too large for the loops of a GPU.

    Raises:
        WhatIfError: a blob is too large for Caffe on any device, and was not before.

    """
    elements, name = largest_blob(after)
    if elements <= max(MOST_ELEMENTS[GPU], largest_blob(before)[0]):
        return ()
    what = f"the blob {name} would have {formats.count(elements)} elements"
    if elements > MOST_ELEMENTS[CPU]:
        raise WhatIfError(f"{what}, Caffe's limit is {formats.count(MOST_ELEMENTS[CPU])}")
    return (f"{what}: a GPU's loops overflow beyond 2^30, Caffe on a CPU counts up to 2^31 - 1",)
