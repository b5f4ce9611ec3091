"""A change out of plain words: what a caller gives by keyword, with no class to import."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypedDict

from logparse.cost.whatif.change import AS_IT_IS, Change, LowRank
from logparse.cost.whatif.limits import check_change
from logparse.cost.whatif.resize import WhatIfError
from logparse.errors import WrongTypeError, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Asked(TypedDict, total=False):
    """What a caller may give by keyword: the fields of a Change, and `prune` for `prune_weights`; ranks as numbers."""

    batch: int
    test_batch: int
    solver: str
    no_test_net: bool
    weights: str
    activations: str
    prune: Mapping[str, float]
    prune_weights: Mapping[str, float]
    prune_channels: Mapping[str, float]
    low_rank: Mapping[str, int | LowRank]
    compress: Mapping[str, str | Sequence[str]]


_SHORT: Final = {"prune": "prune_weights"}  # a keyword that is another field's short name
KEYWORDS: Final = tuple(Asked.__annotations__)


def changed_as_asked(change: object, asked: Asked) -> Change:
    """The change with what is asked for by keyword; a keyword that is None asks for nothing.

    Raises:
        WhatIfError: there is no such keyword, or it says what cannot be.
        WrongTypeError: `change` is no Change.

    """
    if change is not None and not isinstance(change, Change):
        check_change(change)
    given: dict[str, Any] = {}
    for name, value in asked.items():
        if value is None:
            continue
        if name not in KEYWORDS:
            raise WhatIfError(f"there is no change {name!r}; {suggestion(name, KEYWORDS)}")
        field = _SHORT.get(name, name)
        if field in given:
            raise WhatIfError(f"{' and '.join(_same(field))} are one and the same: give one of them")
        given[field] = _READ[field](name, value) if field in _READ else value
    found = replace(change if isinstance(change, Change) else AS_IT_IS, **given)
    check_change(found)
    return found


def _same(field: str) -> tuple[str, ...]:
    """All keywords for one field."""
    return tuple(name for name in KEYWORDS if _SHORT.get(name, name) == field)


def _by_layer(name: str, value: Any) -> Mapping[str, Any]:  # noqa: ANN401 - whatever a caller gives
    if not hasattr(value, "items") or not all(isinstance(where, str) for where in value):
        raise WrongTypeError(
            f"{name} says for each layer or pattern what becomes of it, as {{'fc*': …}}, not {value!r}"
        )
    return dict(value)


def _ranks(name: str, value: Any) -> Mapping[str, LowRank]:  # noqa: ANN401 - whatever a caller gives
    """Factors as LowRank, or as a rank alone."""
    is_rank = {
        where: isinstance(one, int) and not isinstance(one, bool) for where, one in _by_layer(name, value).items()
    }
    return {where: LowRank(one) if is_rank[where] else one for where, one in value.items()}


_READ: Final[Mapping[str, Callable[[str, Any], Any]]] = {
    "prune_weights": _by_layer,
    "prune_channels": _by_layer,
    "low_rank": _ranks,
    "compress": _by_layer,
}
