"""Which published net a net of the log is, is like, or is built on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from logparse.cost.zoo.nearest import nearest
from logparse.cost.zoo.telling import family_text
from logparse.cost.zoo.tracing import skeleton_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.cost.structure.identity import Structure
    from logparse.derive.facts import NetFact


class Kinship(NamedTuple):
    """The published net in words, and how far its skeleton is; both None where none is near."""

    text: str | None
    distance: float | None


NOBODY = Kinship(None, None)


def kinships(facts: Sequence[NetFact], structures: Sequence[Structure]) -> list[Kinship]:
    """Those of an attempt's nets; nets of the same hash are asked about once. A net inside a layer is nobody's kin."""
    found: dict[str, Kinship] = {}
    told = []
    for fact, structure in zip(facts, structures, strict=True):
        if fact.net.nested is not None:
            told.append(NOBODY)
        elif structure.digest is None:
            told.append(_kinship(fact, structure))
        else:
            if structure.digest not in found:
                found[structure.digest] = _kinship(fact, structure)
            told.append(found[structure.digest])
    return told


def _kinship(fact: NetFact, structure: Structure) -> Kinship:
    skeleton = skeleton_of(structure.graph)
    likeness = nearest(skeleton, only_exact=not fact.net.done)
    return NOBODY if likeness is None else Kinship(family_text(skeleton, likeness), likeness.distance)
