"""A likeness in words: the published net's name, and what is other than in it."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from logparse.cost.zoo.bones import CHANNELWISE, CONNECTED, CONV, DECONV, POOLING
from logparse.cost.zoo.tracing import ACTIVATED_FIRST, NORMED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from logparse.cost.zoo.bones import Sizes, Skeleton, Word
    from logparse.cost.zoo.known import Known
    from logparse.cost.zoo.nearest import Likeness

_MOST_TOLD: Final = 3  # kinds of layers that are named on each side
_SAME_SIZE: Final = 0.03  # 224 and 227 are the same image with another border
_OTHER_ACTIVATIONS: Final = frozenset({"PReLU", "ELU", "TanH", "Sigmoid", "Swish", "Mish", "HardSwish", "BNLL"})
_USUAL_ACTIVATIONS: Final = frozenset({"ReLU", "ReLU6"})


def family_text(skeleton: Skeleton, likeness: Likeness) -> str:
    """The name and the differences: "ResNet-18, 10 classes instead of 1000", "like AlexNet: …", "built on VGG-16"."""
    known = likeness.known[0]
    name = " or ".join(dict.fromkeys(one.name for one in likeness.known))
    if likeness.is_trunk:
        return f"built on {name}"
    told = list(_differences(skeleton, likeness))
    if likeness.distance == 0:
        return ", ".join([name, *told])
    return f"like {name}: " + ", ".join([*_layers(skeleton, known.skeleton), *told])


def _differences(skeleton: Skeleton, likeness: Likeness) -> Iterator[str]:
    known = likeness.known[0]
    if len({one.style for one in likeness.known}) == 1 and known.style:
        yield known.style
    if likeness.width != 1:
        yield f"at width {_number(likeness.width)}"
    for tell in (_classes, _channels, _size, _norms, _activations, _groups, _windows):
        told = tell(skeleton, known)
        if told:
            yield told


def _number(width: Fraction) -> str:
    return f"{width.numerator}" if width.denominator == 1 else f"{width.numerator}/{width.denominator}"


def _classes(skeleton: Skeleton, known: Known) -> str:
    found = classes_of(skeleton, known)
    if known.classes is None or found in {None, known.classes}:
        return ""
    return f"{found} classes instead of {known.classes}"


def classes_of(skeleton: Skeleton, known: Known) -> int | None:
    """The number of classes, where all heads tell the same one; None where they do not.

    A head of the published net gives some values for each class (a detector: one for each of its boxes); heads of as
    many values as there tell nothing.
    """
    drawn = known.skeleton
    if known.classes is None or len(skeleton.weighty) != known.weighty or _head_words(skeleton) != _head_words(drawn):
        return None  # what ends a net that lacks a layer with weights may be no classifier
    ours, theirs = _head_outs(skeleton), _head_outs(drawn)
    left = sorted((theirs - ours).elements())
    right = sorted((ours - theirs).elements())
    if not left and not right:
        return known.classes
    if len(left) != len(right) or any(outs % known.classes for outs in left):
        return None
    found = {Fraction(outs * known.classes, published) for outs, published in zip(right, left, strict=True)}
    only = found.pop() if len(found) == 1 else None
    return int(only) if only is not None and only.denominator == 1 else None


def _head_words(skeleton: Skeleton) -> Counter[Word]:
    return Counter(skeleton.words[place] for place in skeleton.heads)


def _head_outs(skeleton: Skeleton) -> Counter[int]:
    return Counter(skeleton.bones[place].outs for place in skeleton.heads)


def _channels(skeleton: Skeleton, known: Known) -> str:
    if skeleton.channels in {None, known.channels} or len(skeleton.size) != len(known.skeleton.size):
        return ""
    return f"{skeleton.channels} channel{'s' * (skeleton.channels != 1)} of the image instead of {known.channels}"


def _size(skeleton: Skeleton, known: Known) -> str:
    if known.free_size or not skeleton.size or all(abs(side / known.size - 1) <= _SAME_SIZE for side in skeleton.size):
        return ""
    return f"images of {_by(skeleton.size)} instead of {_by((known.size,) * 2)}"


def _norms(skeleton: Skeleton, known: Known) -> str:
    normed = NORMED in skeleton.beside
    if normed == known.normed:
        return "activation before the convolutions" if ACTIVATED_FIRST in skeleton.beside else ""
    return "with BatchNorm" if normed else "without BatchNorm"


def _activations(skeleton: Skeleton, known: Known) -> str:
    others = sorted(_OTHER_ACTIVATIONS.intersection(skeleton.beside))
    if not others or _USUAL_ACTIVATIONS.intersection(skeleton.beside) or known.classes is None:
        return ""
    return f"{' and '.join(others)} instead of ReLU"


def _groups(skeleton: Skeleton, known: Known) -> str:
    ours, theirs = _grouped(skeleton), _grouped(known.skeleton)
    if ours == theirs:
        return ""
    return f"{ours} convolutions in 2 groups instead of {theirs}" if ours and theirs else _all_or_none(ours)


def _all_or_none(grouped: int) -> str:
    return f"{grouped} convolutions in 2 groups" if grouped else "without groups"


def _grouped(skeleton: Skeleton) -> int:
    return sum(bone.kind == CONV and bone.group == 2 for bone in skeleton.bones)


def _windows(skeleton: Skeleton, known: Known) -> str:
    ours, theirs = _poolings(skeleton), _poolings(known.skeleton)
    if None in ours or ours == theirs or ours.total() != theirs.total():
        return ""
    return f"poolings {_listed(ours - theirs)} instead of {_listed(theirs - ours)}"


def _poolings(skeleton: Skeleton) -> Counter[str | None]:
    """How the poolings between convolutions pool; None where a window is not known."""
    found: Counter[str | None] = Counter()
    for bone, word in zip(skeleton.bones, skeleton.words, strict=True):
        if bone.kind == POOLING and word[1] != "end":
            found[f"{_by(bone.kernel)} {bone.method}" if bone.kernel else None] += 1
    return found


def _listed(bag: Counter[str | None]) -> str:
    return ", ".join(sorted(str(one) for one in bag))


# -- layers that are other --------------------------------------------------------------------------


def _layers(skeleton: Skeleton, drawn: Skeleton) -> Iterator[str]:
    """What is lacking and what is more, kind by kind."""
    lacking, more = drawn.alone - skeleton.alone, skeleton.alone - drawn.alone
    if not lacking and not more:
        yield "the same layers on other wires"
    if more:
        yield f"with {_counted(more)}"
    if lacking:
        yield f"without {_counted(lacking)}"


def _counted(bag: Counter[Word]) -> str:
    merged: Counter[str] = Counter()
    for word, many in bag.items():
        merged[_called(word)] += many
    shown = [f"{many} × {text}" for text, many in sorted(merged.items(), key=lambda item: (-item[1], item[0]))]
    rest = len(shown) - _MOST_TOLD
    return " and ".join([*shown[:_MOST_TOLD], *(["more"] if rest > 0 else [])])


def _called(word: Word) -> str:
    tell = _CALLED.get(str(word[0]))
    return str(word[0]) if tell is None else tell(word)


def _convolution_called(word: Word) -> str:
    kind, kernel, *_, outs = word
    channels = f" of {outs} channels" if outs is not None else ""
    return f"{kind} {_by(kernel)}{channels}" if isinstance(kernel, tuple) else str(kind)


def _dense_called(word: Word) -> str:
    return CONNECTED if word[1] is None else f"{CONNECTED} of {word[1]}"


_CALLED: Final[Mapping[str, Callable[[Word], str]]] = {
    CONV: _convolution_called,
    DECONV: _convolution_called,
    CHANNELWISE: _convolution_called,
    CONNECTED: _dense_called,
}


def _by(sizes: Iterable[int] | Sizes) -> str:
    return "×".join(map(str, sizes))
