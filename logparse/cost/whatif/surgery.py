"""Changes to single layers: fewer channels, factors of low rank.

Sources: pruning of whole output channels (Li et al. 2017, "Pruning Filters for Efficient ConvNets"); SVD of a
fully connected layer (Denton et al. 2014, Girshick 2015); a convolution as k×1 then 1×k ("spatial", Jaderberg
et al. 2014) or as k×k to r channels then 1×1 ("channel", Zhang et al. 2016).
"""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from logparse.cost.costing import cost
from logparse.cost.fields import kernel, spatial
from logparse.cost.rule import Missing
from logparse.cost.traits import Family
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


def _check_own(layers: Sequence[LayerMemory], place: int) -> None:
    """Refuse where the layer's parameters are another layer's too: what is changed here would change there."""
    mine = _param_names(layers[place])
    shared = [layer.spec.name for i, layer in enumerate(layers) if i != place and mine & _param_names(layer)]
    if shared:
        raise WhatIfError(f"{layers[place].spec.name} shares its parameters with {', '.join(shared)}")


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


def without_channels(layers: Sequence[LayerMemory], name: str, share: float) -> tuple[Resized, str]:
    """The net with a share of one layer's output channels gone, here and where they were read.

    Raises:
        WhatIfError: the effect on a later layer is not known.

    """
    place = find_layer(layers, name)
    _check_own(layers, place)
    field, settings = _settings(layers[place])
    before, group = settings.integer("num_output", 0), max(settings.integer("group", 1), 1)
    after = before - int(share * before) // group * group
    if not 0 < after <= before:
        raise WhatIfError(f"{share:.0%} of the {before} channels of {name} would leave none")
    changed = [*layers]
    changed[place] = _redefined(layers[place], field, settings, num_output=after)
    followers, names = _depthwise_followers(changed, place, before, after)
    result = resized(followers, {}, frozenset({name, *names}))
    return result, f"{name}: {before} → {after} output channels, in this layer and in all that read them"


def _depthwise_followers(
    layers: list[LayerMemory], place: int, before: int, after: int
) -> tuple[list[LayerMemory], list[str]]:
    """A convolution of one group per channel loses the channels that it no longer gets."""
    carriers, names = set(layers[place].tops), list[str]()
    for index in range(place + 1, len(layers)):
        layer = layers[index]
        if not carriers.intersection(layer.bottoms):
            continue
        if layer.losses and layer.losses[0]:
            raise WhatIfError(f"the channels of {layers[place].spec.name} are what {layer.spec.name} measures")
        changes = _per_channel(layer, before, after)
        if changes:
            settings = (layer.spec.definition or Message()).child("convolution_param")
            layers[index] = _redefined(layer, "convolution_param", settings, **changes)
            names.append(layer.spec.name)
        if changes or not _channels_field(layer):
            carriers.update(layer.tops)
    return layers, names


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


def of_low_rank(layers: Sequence[LayerMemory], name: str, rank: int, scheme: str | None) -> tuple[Resized, str]:
    """The net with one layer replaced by two of rank `rank`.

    `scheme` is "spatial" or "channel" for a convolution (default: spatial where the kernel is larger than 1×1);
    an InnerProduct is K·M → r·(K + M).

    Raises:
        WhatIfError: the layer cannot be factored so.

    """
    place = find_layer(layers, name)
    layer = layers[place]
    field, settings = _settings(layer)
    _check_own(layers, place)
    if layer.kind == "Deconvolution":
        raise WhatIfError(f"{name} is a Deconvolution; only convolutions and InnerProducts are factored")
    first, second, text = _pair(layer, field, settings, rank, scheme)
    changed = [*layers[:place], first, second, *layers[place + 1 :]]
    result = resized(changed, {}, frozenset({first.spec.name, second.spec.name}))
    return result, f"{name}: {text}; the two layers compute {rank} values in between, and keep the top's shape"


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
