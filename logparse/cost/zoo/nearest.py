"""Which published net a skeleton is, or is near, or is built on; nothing where none is near.

A net's distance from a published one is the mean of two of Dice's measures (structure/distance.py): over its bones
alone, and over its bones with what they read. What the task decides (outputs of the last layers, the image) and what
is style (bones.py) counts nothing; it is told in words. 0 is the family itself.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost.structure.distance import apart
from logparse.cost.zoo.bones import CONNECTED, Skeleton
from logparse.cost.zoo.register import KNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.cost.zoo.bones import Bone
    from logparse.cost.zoo.known import Known

NEAR: Final = 0.2  # farther away a net is nobody's kin
_FEWEST: Final = 4  # bones with weights that a net must have to be taken for a published one
_ALIKE: Final = 0.75  # share of both nets' bones with weights that must be the same
_MOST_APART: Final = 0.6  # of the numbers of bones with weights: nets of other sizes are not compared
_WIDE_FEWEST: Final = 8  # bones with weights in a net that another one can be at another width
_MOST_HEADS: Final = 6  # layers with weights that a net built on a published one may lack: its classifiers
_WIDTHS: Final = (Fraction(1, 8), Fraction(4))


class Likeness(NamedTuple):
    """What was found: the published nets that are equally near, how far, at which width, and whether only as a trunk.

    `distance` of a trunk is that of the whole nets.
    """

    known: tuple[Known, ...]
    distance: float
    width: Fraction = Fraction(1)
    is_trunk: bool = False


def nearest(skeleton: Skeleton, *, only_exact: bool = False) -> Likeness | None:
    """The published net that this is, or is like, or has as its trunk; None where none is near.

    `only_exact`: the log shows a part of the net, so that being near means nothing.
    """
    found = _by_distance(skeleton)
    if found is not None and (found.distance == 0 or not only_exact):
        return found
    return _at_width(skeleton) or (None if only_exact else _trunk(skeleton))


def _by_distance(skeleton: Skeleton) -> Likeness | None:
    measured = [(far, known) for known in _candidates(skeleton) if (far := _distance(skeleton, known)) is not None]
    if not measured:
        return None
    least = min(far for far, _ in measured)
    return Likeness(tuple(known for far, known in measured if far == least), least)


def _candidates(skeleton: Skeleton) -> Iterator[Known]:
    many = len(skeleton.weighty)
    if many < _FEWEST:
        return
    for known in KNOWN:
        if min(many, known.weighty) >= _MOST_APART * max(many, known.weighty):
            yield known


def _distance(skeleton: Skeleton, known: Known) -> float | None:
    """How far; None where it is too far to say anything."""
    drawn = known.skeleton
    if 1 - apart(skeleton.weights, drawn.weights) < _ALIKE:
        return None
    far = _mean_apart(skeleton, drawn)
    return far if far <= NEAR else None


def _mean_apart(one: Skeleton, other: Skeleton) -> float:
    return (apart(one.alone, other.alone) + apart(one.wired, other.wired)) / 2


# -- another width ---------------------------------------------------------------------------------


def _at_width(skeleton: Skeleton) -> Likeness | None:
    """The published net with all channels by the same factor; only where everything else is the same."""
    if len(skeleton.weighty) < _WIDE_FEWEST:
        return None
    for known in _candidates(skeleton):
        if known.weighty != len(skeleton.weighty):
            continue
        width = _width(skeleton, known.skeleton)
        if width is not None and _mean_apart(skeleton, scaled(known.skeleton, width)) == 0:
            return Likeness((known,), 0.0, width)
    return None


def _width(skeleton: Skeleton, drawn: Skeleton) -> Fraction | None:
    first, published = (one.bones[one.weighty[0]] for one in (skeleton, drawn))
    width = Fraction(first.outs, published.outs)
    return width if _WIDTHS[0] <= width <= _WIDTHS[1] and width != 1 else None


def scaled(drawn: Skeleton, width: Fraction) -> Skeleton:
    """A skeleton with all inner channels by a factor; a fraction of a channel is cut off."""
    bones = (_scaled(bone, width, is_head=place in drawn.heads) for place, bone in enumerate(drawn.bones))
    return Skeleton(tuple(bones), drawn.channels, drawn.size, drawn.beside)


def _scaled(bone: Bone, width: Fraction, *, is_head: bool) -> Bone:
    return replace(
        bone,
        ins=int(bone.ins * width) if bone.above else bone.ins,
        outs=bone.outs if is_head else int(bone.outs * width),
        group=int(bone.group * width) if bone.group == bone.ins else bone.group,
    )


# -- a trunk ---------------------------------------------------------------------------------------


def _trunk(skeleton: Skeleton) -> Likeness | None:
    """The largest published net all of whose convolutions stand in this one, behind the same bones."""
    many = len(skeleton.weighty)
    if many < _FEWEST:
        return None
    ours = Counter(skeleton.rooted)
    found = [(trunk.total(), known) for known in _trunks(many) if (trunk := _convolutions(known.skeleton)) <= ours]
    if not found:
        return None
    most = max(size for size, _ in found)
    largest = tuple(known for size, known in found if size == most)
    return Likeness(largest, _mean_apart(skeleton, largest[0].skeleton), is_trunk=True)


def _trunks(many: int) -> Iterator[Known]:
    """Nets that others are built on, all of whose convolutions so many bones with weights can hold."""
    return (known for known in KNOWN if known.is_trunk and known.weighty - _MOST_HEADS <= many)


def _convolutions(drawn: Skeleton) -> Counter[int]:
    """What makes a trunk: the convolutions that are no heads."""
    return Counter(
        drawn.rooted[place]
        for place in drawn.weighty
        if place not in drawn.heads and drawn.bones[place].kind != CONNECTED
    )
