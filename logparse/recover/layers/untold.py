"""Settings that no shape tells: taken where the printed layers of the same role agree, else left open.

A row names the settings of a type that change what the layer computes. Where nobody tells one, the field is open; only
where nearly every net leaves the setting at Caffe's default is that taken, and said (`usual`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost.layer_types import traits_of
from logparse.formats import count, enumerated, plural
from logparse.recover.textprint import value_text
from logparse.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from logparse.textproto import Value


class Settings(NamedTuple):
    """Settings of one layer: the fields of its definition, what they rest on, and what stays open with the reason."""

    fields: Mapping[str, Message] = {}
    stated: tuple[str, ...] = ()
    open: tuple[tuple[str, str], ...] = ()

    def joined(self, other: Settings) -> Settings:
        """Both together; of a message that both have, the fields of both."""
        fields = {name: Message({**message.fields}) for name, message in self.fields.items()}
        for name, message in other.fields.items():
            fields[name] = Message({**fields.get(name, Message()).fields, **message.fields})
        return Settings(fields, (*self.stated, *other.stated), (*self.open, *other.open))


class Untold(NamedTuple):
    """A type's message and those of its settings that no shape tells.

    `usual` is whether Caffe's defaults may stand. `speak` is how many printed layers of the type must agree to tell
    what one of another role has; None where no number of them does.
    """

    message: str
    settings: tuple[str, ...]
    usual: bool = False
    speak: int | None = None


_SEVERAL: Final = 3  # a net adds in one way throughout

_UNTOLD: Final[Mapping[str, Untold]] = {
    "Dropout": Untold("dropout_param", ("dropout_ratio",)),
    "LRN": Untold("lrn_param", ("local_size", "alpha", "beta", "norm_region", "k")),
    "Pooling": Untold("pooling_param", ("pool",)),
    "Eltwise": Untold("eltwise_param", ("operation", "coeff"), speak=_SEVERAL),
    "ELU": Untold("elu_param", ("alpha",)),
    "Power": Untold("power_param", ("power", "scale", "shift")),
    "Exp": Untold("exp_param", ("base", "scale", "shift")),
    "Log": Untold("log_param", ("base", "scale", "shift")),
    "Threshold": Untold("threshold_param", ("threshold",)),
    "Clip": Untold("clip_param", ("min", "max")),
    "InnerProduct": Untold("inner_product_param", ("transpose",), usual=True, speak=1),
    "ReLU": Untold("relu_param", ("negative_slope",), usual=True, speak=1),
    "BatchNorm": Untold(
        "batch_norm_param", ("use_global_stats", "moving_average_fraction", "eps"), usual=True, speak=1
    ),
    "Accuracy": Untold("accuracy_param", ("top_k", "ignore_label"), usual=True, speak=1),
    "SoftmaxWithLoss": Untold("loss_param", ("ignore_label", "normalization", "normalize"), usual=True, speak=1),
    "SigmoidCrossEntropyLoss": Untold(
        "loss_param", ("ignore_label", "normalization", "normalize"), usual=True, speak=1
    ),
}
# All of their settings follow from shapes, or they have none.
TOLD_BY_SHAPES: Final = frozenset(
    {
        "AbsVal",
        "BNLL",
        "Concat",
        "Convolution",
        "EuclideanLoss",
        "Flatten",
        "PReLU",
        "Padding",
        "Scale",
        "Sigmoid",
        "Silence",
        "Slice",
        "Softmax",
        "TanH",
    }
)


class Others:
    """The layers of a log's nets whose definition is printed, asked what those of one type have in common."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self._by_type: dict[str, dict[str, Message]] = {}
        for message in messages:
            self._by_type.setdefault(message.text("type"), {}).setdefault(message.text("name"), message)

    def of(self, kind: str) -> Sequence[Message]:
        """Those of a type, each name once."""
        return tuple(self._by_type.get(kind, {}).values())


def without_untold(kind: str, fields: Mapping[str, Message]) -> dict[str, Message]:
    """Settings that came along with another layer's definition, without those that no shape tells."""
    row = _UNTOLD.get(kind)
    if row is None or row.message not in fields:
        return dict(fields)
    left = {name: values for name, values in fields[row.message].fields.items() if name not in row.settings}
    others = {name: message for name, message in fields.items() if name != row.message}
    return others | ({row.message: Message(left)} if left else {})


def untold(kind: str, known: Settings, peers: Sequence[Message], others: Others) -> Settings:
    """What can be said of the settings that no shape tells, beside those that are `known` already.

    Layers of the same role (`peers`) tell them. Those of the same type do only where a setting is hardly ever set:
    GoogLeNet's last Dropout has another ratio than all before it.
    """
    row = _UNTOLD.get(kind)
    if row is None:
        said = kind in TOLD_BY_SHAPES or known.fields or known.open
        return Settings() if said else Settings(open=(_all_of(kind),))
    of_type = others.of(kind)
    found, defaults = Settings(), []
    told = known.fields.get(row.message, Message())
    for setting in row.settings:
        if told.has(setting):
            continue
        agreed = _agreed(row, setting, peers, f"like {_how_many(peers)} of the same role")
        if agreed is None and row.speak is not None and len(of_type) >= row.speak:
            agreed = _agreed(row, setting, of_type, f"like {_how_many(of_type)} of its type")
        if agreed is None and not of_type and row.usual:
            defaults.append(setting)
        else:
            found = found.joined(agreed or Settings(open=((f"{row.message}.{setting}", _why(row, setting, of_type)),)))
    return found.joined(Settings(stated=tuple(_by_default(defaults))))


def _all_of(kind: str) -> tuple[str, str]:
    traits = traits_of(kind)
    known = "" if traits is not None else f", and {kind} is no type that is known here"
    return "its settings", f"the settings of a {kind} do not follow from its shapes{known}"


def _how_many(defined: Sequence[Message]) -> str:
    return "the one printed layer" if len(defined) == 1 else f"all {count(len(defined))} printed layers"


def _agreed(row: Untold, setting: str, defined: Sequence[Message], like: str) -> Settings | None:
    """The setting that all of these layers have; None where they differ, or there are none."""
    values = [one.child(row.message).all(setting) for one in defined]
    if len({tuple(map(_text, each)) for each in values}) != 1:
        return None
    if values[0]:
        message = Message({setting: [*values[0]]})
        return Settings({row.message: message}, (f"{setting} {', '.join(map(_text, values[0]))}, {like}",))
    return Settings() if row.usual else Settings(stated=(f"{setting} is Caffe's default, {like}",))


def _why(row: Untold, setting: str, defined: Sequence[Message]) -> str:
    if not defined:
        return "no shape tells it, and of no layer of its type the definition is printed"
    texts = {", ".join(map(_text, one.child(row.message).all(setting))) for one in defined}
    seen = enumerated(sorted(text or "the default" for text in texts))
    return f"{_how_many(defined)} of its type {'has' if len(defined) == 1 else 'have'} {seen}"


def _by_default(settings: Sequence[str]) -> Iterator[str]:
    if settings:
        names, many = enumerated(settings), len(settings) > 1
        yield f"{names} {'are' if many else 'is'} taken to be Caffe's {plural('default', len(settings))}"


def _text(value: Value) -> str:
    return "a message" if isinstance(value, Message) else value_text(value)
