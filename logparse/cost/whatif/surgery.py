"""Changes to single layers: fewer channels, factors of low rank.

Sources: pruning of whole output channels (Li et al. 2017, "Pruning Filters for Efficient ConvNets"); SVD of a
fully connected layer (Denton et al. 2014, Girshick 2015); a convolution as k×1 then 1×k ("spatial", Jaderberg
et al. 2014) or as k×k to r channels then 1×1 ("channel", Zhang et al. 2016).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from difflib import get_close_matches
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

from logparse.cost.costing import cost
from logparse.cost.fields import kernel, spatial
from logparse.cost.rule import Missing
from logparse.cost.traits import Family, LayerKind
from logparse.cost.whatif.resize import WhatIfError, resized
from logparse.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.cost.memory.layer import LayerMemory
    from logparse.cost.whatif.resize import Resized
    from logparse.textproto import Value

SCHEMES: Final = ("spatial", "channel")
_HINTS: Final = 5
_PLANE: Final = 4  # axes of a blob of images


class Operation:
    """A net whose layers are changed one after the other; its shapes follow once, when all are changed.

    So a net of any depth takes its changes in the time of one, and two layers that feed a sum may change alike.
    """

    def __init__(self, layers: Sequence[LayerMemory]) -> None:
        self._before = layers
        self._layers = [*layers]
        self._first_factors: dict[int, LayerMemory] = {}  # by the place of the second
        self._changed: set[str] = set()
        self._places: dict[str, int] = {}  # by name, the first of each
        self._readers: dict[str, list[int]] = {}  # of each blob, ascending
        self._owners: dict[str, list[int]] = {}  # of each named parameter
        for place, layer in enumerate(layers):
            self._places.setdefault(layer.spec.name, place)
            for blob in set(layer.bottoms):
                self._readers.setdefault(blob, []).append(place)
            for param in _param_names(layer):
                self._owners.setdefault(param, []).append(place)

    @property
    def is_changed(self) -> bool:
        """Whether any layer is."""
        return bool(self._changed)

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def prune(self, name: str, share: float) -> str:
        """Take a share of one layer's output channels away, here and where they are read; what was done, in words.

        Raises:
            WhatIfError: the layer has no such channels, or they are what a loss measures.

        """
        place = self._place(name)
        layer = self._layers[place]
        field, settings = _settings(layer)
        before, group = settings.integer("num_output", 0), max(settings.integer("group", 1), 1)
        after = before - int(share * before) // group * group
        if not 0 < after <= before:
            raise WhatIfError(f"{share:.0%} of the {before} channels of {name} would leave none")
        self._layers[place] = _redefined(layer, field, settings, num_output=after)
        self._changed.add(name)
        self._prune_followers(place, before, after)
        return f"{name}: {before} → {after} output channels, in this layer and in all that read them"

    def _prune_followers(self, place: int, before: int, after: int) -> None:
        """A convolution of one group per channel loses the channels that it no longer gets."""
        name, seen, waiting = self._layers[place].spec.name, {place}, list[int]()
        self._add_readers(place, seen, waiting)
        while waiting:
            index = heappop(waiting)
            layer = self._layers[index]
            if layer.traits.kind is LayerKind.LOSS or (layer.losses and layer.losses[0]):
                raise WhatIfError(f"the channels of {name} are what {layer.spec.name} measures")
            changes = _per_channel(layer, before, after)
            if changes:
                settings = (layer.spec.definition or Message()).child("convolution_param")
                self._layers[index] = _redefined(layer, "convolution_param", settings, **changes)
                self._changed.add(layer.spec.name)
            if changes or not _channels_field(layer):
                self._add_readers(index, seen, waiting)

    def _add_readers(self, place: int, seen: set[int], waiting: list[int]) -> None:
        """Let those wait that read a top of this layer behind it."""
        for blob in self._layers[place].tops:
            readers = self._readers.get(blob, [])
            for reader in readers[bisect_right(readers, place) :]:
                if reader not in seen:
                    seen.add(reader)
                    heappush(waiting, reader)

    def factor(self, name: str, rank: int, scheme: str | None) -> str:
        """Replace one layer by two of rank `rank`; what was done, in words.

        `scheme` is "spatial" or "channel" for a convolution (default: spatial where the kernel is larger than 1×1);
        an InnerProduct is K·M → r·(K + M).

        Raises:
            WhatIfError: the layer cannot be factored so.

        """
        place = self._place(name)
        layer = self._layers[place]
        field, settings = _settings(layer)
        if layer.kind == "Deconvolution":
            raise WhatIfError(f"{name} is a Deconvolution; only convolutions and InnerProducts are factored")
        first, second, text = _pair(layer, field, settings, rank, scheme)
        self._first_factors[place], self._layers[place] = first, second
        self._changed |= {first.spec.name, second.spec.name}
        return f"{name}: {text}; the two layers compute {rank} values in between, and keep the top's shape"

    def _place(self, name: str) -> int:
        """Where a layer is, whose parameters are its own: what is changed here would change elsewhere too."""
        place = self._places[name] if name in self else find_layer(self._before, name)
        names = _param_names(self._before[place])
        shared = sorted({other for param in names for other in self._owners[param]} - {place})
        if shared:
            others = ", ".join(self._before[other].spec.name for other in shared)
            raise WhatIfError(f"{name} shares its parameters with {others}")
        return place

    def done(self) -> Resized:
        """The net with all changes.

        Raises:
            WhatIfError: the effect on a later layer is not known.

        """
        layers: list[LayerMemory] = []
        for place, layer in enumerate(self._layers):
            layers += [self._first_factors[place], layer] if place in self._first_factors else [layer]
        return resized(layers, {}, frozenset(self._changed))


def find_layer(layers: Sequence[LayerMemory], name: str) -> int:
    """The place of a layer by name.

    Raises:
        WhatIfError: no layer has that name.

    """
    for place, layer in enumerate(layers):
        if layer.spec.name == name:
            return place
    known = [layer.spec.name for layer in layers if layer.params]
    close = get_close_matches(name, known, n=_HINTS, cutoff=0.4) or known[:_HINTS]
    raise WhatIfError(f"there is no layer {name!r}", remedy=f"Layers with parameters are {', '.join(close)} …")


def check_weights(layers: Sequence[LayerMemory], name: str) -> None:
    """Refuse a layer that is not there, or is known to have no weights: none of them can be set to zero.

    Raises:
        WhatIfError: which of the two.

    """
    layer = layers[find_layer(layers, name)]
    params = layer.params or cost(layer.spec).params  # by its type too: what it shares is not its own
    if params is not None and not any(blob.kind == "weight" for blob in params):
        raise WhatIfError(f"{name} has no weights to prune ({layer.kind or 'unknown type'})")


def _settings(layer: LayerMemory) -> tuple[str, Message]:
    field = _channels_field(layer)
    definition = layer.spec.definition
    if not field:
        what = layer.kind or "unknown type"
        raise WhatIfError(f"{layer.spec.name} is no convolution and no InnerProduct ({what})")
    if definition is None or not definition.complete:
        raise WhatIfError(f"the definition of {layer.spec.name} is missing", remedy="Give it with prototxt=FILE.")
    return field, definition.child(field)


def _channels_field(layer: LayerMemory) -> str:
    """The message that states how many channels the layer makes; empty where it makes none of its own choice."""
    return "" if layer.traits.depthwise else layer.traits.channels


def _param_names(layer: LayerMemory) -> set[str]:
    if layer.spec.definition is None:
        return set()
    return {param.text("name") for param in layer.spec.definition.children("param")} - {""}


def _redefined(layer: LayerMemory, field: str, settings: Message, **changes: Value | list[Value]) -> LayerMemory:
    """The layer with fields of its settings replaced; an empty list takes a field away."""
    definition = layer.spec.definition or Message()
    fields = dict(settings.fields)
    for name, value in changes.items():
        fields[name] = value if isinstance(value, list) else [value]
    kept = {name: values for name, values in fields.items() if values}
    message = Message({**definition.fields, field: [Message(kept)]})
    return replace(layer, spec=replace(layer.spec, definition=message))


# -- whole output channels -----------------------------------------------------------------------


def _per_channel(layer: LayerMemory, before: int, after: int) -> dict[str, Value | list[Value]]:
    """The new settings of a convolution that has one group per channel; empty for any other layer."""
    if layer.spec.definition is None or layer.traits.family not in {Family.CONVOLUTION, Family.DEPTHWISE}:
        return {}
    settings = layer.spec.definition.child("convolution_param")
    if settings.integer("num_output", 0) != before:
        return {}
    if settings.integer("group", 1) == before > 1:
        return {"group": after, "num_output": after}
    return {"num_output": after} if layer.traits.depthwise else {}


# -- low rank ------------------------------------------------------------------------------------


def _pair(
    layer: LayerMemory, field: str, settings: Message, rank: int, scheme: str | None
) -> tuple[LayerMemory, LayerMemory, str]:
    middle = f"{layer.spec.name}/rank{rank}"
    first = replace(
        layer,
        spec=replace(layer.spec, name=middle, tops=(None,), in_place=(False,)),
        tops=(middle,),
        counts=(None,),
        losses=(False,),
        owned=(0,),
    )
    needs = bool(layer.spec.backward)
    second = replace(layer, spec=replace(layer.spec, bottoms=(None,), bottom_needs_grad=(needs,)), bottoms=(middle,))
    if layer.kind == "InnerProduct":
        _check_rank(layer, rank, _matrix(layer))
        one = _redefined(first, field, settings, num_output=rank, bias_term=False)
        return _filled(one), second, f"K·M → {rank}·(K + M) (SVD)"
    return _convolutions(first, second, settings, rank, scheme)


def _matrix(layer: LayerMemory) -> tuple[int, ...]:
    """The sides of an InnerProduct's weights, K and M; empty where they are not known."""
    shape = layer.params[0].shape if layer.params else ()
    return tuple(shape[-2:]) if len(shape) > 1 else ()  # old releases pad with ones in front


def _check_rank(layer: LayerMemory, rank: int, sides: tuple[int, ...]) -> None:
    """Refuse a rank above the shorter side of the matrix: there is none, and its factors would hold more than it."""
    if sides and rank > min(sides):
        text = " × ".join(map(str, sides))
        raise WhatIfError(f"{layer.spec.name}: there is no rank {rank}: its matrix of {text} has at most {min(sides)}")


def _convolutions(
    first: LayerMemory, second: LayerMemory, settings: Message, rank: int, scheme: str | None
) -> tuple[LayerMemory, LayerMemory, str]:
    bottom, group = first.spec.bottoms[0], max(settings.integer("group", 1), 1)
    if bottom is None or len(bottom) != _PLANE or rank % group:
        raise WhatIfError(f"{second.spec.name}: only a convolution over a plane, at a rank that its groups divide")
    try:
        high, wide = kernel(settings, 2)
    except Missing as missing:
        raise WhatIfError(f"{second.spec.name}: {missing}") from missing
    chosen = scheme or ("spatial" if high * wide > 1 else "channel")
    ins, outs = bottom[1] // group, settings.integer("num_output", 0) // group
    sides = (ins * high, outs * wide) if chosen == "spatial" else (ins * high * wide, outs)
    _check_rank(second, rank, (group * sides[0], group * sides[1]))
    if chosen == "spatial":
        one = _redefined(first, "convolution_param", settings, **_axis(settings, 0, high), num_output=rank)
        two = _redefined(second, "convolution_param", settings, **_axis(settings, 1, wide))
        text = f"{high}×{wide} → {high}×1 to {rank} channels, then 1×{wide} (spatial)"
    else:
        one = _redefined(first, "convolution_param", settings, num_output=rank)
        two = _redefined(second, "convolution_param", settings, **_pointwise())
        text = f"{high}×{wide} → {high}×{wide} to {rank} channels, then 1×1 (channel)"
    inner = one.spec.definition or Message()
    return _filled(_redefined(one, "convolution_param", inner.child("convolution_param"), bias_term=False)), two, text


def _axis(settings: Message, axis: int, size: int) -> dict[str, Value | list[Value]]:
    """A convolution along one axis of the plane only: its stride, padding and dilation on that axis alone."""
    changes: dict[str, Value | list[Value]] = {}
    for field, neutral in (("stride", 1), ("pad", 0)):
        value = spatial(settings, field, 2, neutral)[axis]
        pair = (value, neutral) if axis == 0 else (neutral, value)
        changes |= {field: [], f"{field}_h": pair[0], f"{field}_w": pair[1]}
    dilation = spatial(settings, "dilation", 2, 1)[axis]
    changes["dilation"] = [dilation, 1] if axis == 0 else [1, dilation]
    sides = (size, 1) if axis == 0 else (1, size)
    return changes | {"kernel_size": [], "kernel_h": sides[0], "kernel_w": sides[1]}


def _pointwise() -> dict[str, Value | list[Value]]:
    pairs: dict[str, Value | list[Value]] = {}
    for field in ("stride", "pad", "kernel"):
        pairs |= {field: [], f"{field}_h": [], f"{field}_w": []}
    return pairs | {"kernel_size": 1, "dilation": []}


def _filled(layer: LayerMemory) -> LayerMemory:
    """The new first factor with the top that its rule gives, so that the second has a bottom."""
    expected = cost(layer.spec).expected_tops
    if not expected or expected[0] is None:
        raise WhatIfError(f"the shapes of {layer.spec.name} do not follow from its definition")
    return replace(layer, spec=replace(layer.spec, tops=expected[:1]), params=(), counts=(None,))
