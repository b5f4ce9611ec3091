"""Layers that stand in another's place: a chain from its bottom to its top, each with the shapes that its rule gives.

A chain learns where the layer did; its last part has the layer's own name and top, so that all that reads it stays.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from logparse.cost.costing import cost
from logparse.cost.fields import kernel, spatial
from logparse.cost.memory.layer import LayerMemory, known_type
from logparse.cost.rule import Missing
from logparse.cost.spec import LayerSpec
from logparse.cost.whatif.resize import WhatIfError
from logparse.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from logparse.cost.spec import Shape
    from logparse.textproto import Value

Changes: TypeAlias = "dict[str, Value | list[Value]]"
PLANE: Final = 4  # axes of a blob of images


def settings_of(layer: LayerMemory) -> tuple[str, Message]:
    """The message that says how many channels the layer makes, by name and content.

    Raises:
        WhatIfError: it makes none of its own choice, or its definition is missing.

    """
    name = channels_field(layer)
    definition = layer.spec.definition
    if not name:
        what = layer.kind or "unknown type"
        raise WhatIfError(f"{layer.spec.name} is no convolution and no InnerProduct ({what})")
    if definition is None or not definition.complete:
        raise WhatIfError(f"the definition of {layer.spec.name} is missing", remedy="Give it with prototxt=FILE.")
    return name, definition.child(name)


def channels_field(layer: LayerMemory) -> str:
    """The message that states how many channels the layer makes; empty where it makes none of its own choice."""
    return "" if layer.traits.depthwise else layer.traits.channels


def with_fields(settings: Message, changes: Changes) -> Message:
    """The settings with some replaced; an empty list takes one away."""
    fields = dict(settings.fields)
    for name, value in changes.items():
        fields[name] = value if isinstance(value, list) else [value]
    return Message({name: values for name, values in fields.items() if values})


def redefined(layer: LayerMemory, field: str, settings: Message, changes: Changes) -> LayerMemory:
    """The layer with fields of its settings replaced; an empty list takes a field away."""
    definition = layer.spec.definition or Message()
    message = Message({**definition.fields, field: [with_fields(settings, changes)]})
    return replace(layer, spec=replace(layer.spec, definition=message))


class Chain:
    """Layers in the place of one, in the making: each `add` reads what the one before it made."""

    def __init__(self, layer: LayerMemory, begin: LayerMemory | None = None) -> None:
        """`begin` is the layer whose bottom is read, where it is not the one whose name and top the chain ends with."""
        if len(layer.bottoms) != 1 or len(layer.tops) != 1:
            raise WhatIfError(
                f"{layer.spec.name} has several bottoms or tops: only a layer with one of each is replaced"
            )
        self.layer = layer
        self.parts: list[LayerMemory] = []
        first = begin or layer
        self.blob, self.shape = first.bottoms[0], first.spec.bottoms[0]
        needs = first.spec.bottom_needs_grad
        self._needs = needs[0] if needs else None  # whether the next part's bottom gets a gradient; None: not known

    @property
    def macs(self) -> int:
        """Multiply-adds of all parts, those of the batch; 0 for a part whose are not known."""
        return sum(cost(part.spec).macs.value or 0 for part in self.parts)

    def add(self, suffix: str, kind: str, field: str = "", settings: Message | None = None) -> Chain:
        """One layer more, whose name and top are the layer's with a suffix."""
        name = f"{self.layer.spec.name}/{suffix}"
        self.blob = self._put(name, kind, {field: settings} if settings is not None else {}, (self.blob,), (name,))[0]
        return self

    def in_place(self, suffix: str, kind: str) -> Chain:
        """A layer without settings that works on the blob as it stands."""
        self._put(f"{self.layer.spec.name}/{suffix}", kind, {}, (self.blob,), (self.blob,))
        return self

    def end(self, kind: str, field: str = "", settings: Message | None = None, *, on_top: bool = False) -> Chain:
        """The last layer, with the layer's own name and top; `on_top`: it works in place, on what has that name."""
        bottoms = self.layer.tops if on_top else (self.blob,)
        self._put(
            self.layer.spec.name, kind, {field: settings} if settings is not None else {}, bottoms, self.layer.tops
        )
        return self

    def onto_top(self, suffix: str, kind: str, field: str, settings: Message) -> Chain:
        """A layer more that makes the blob of the layer's own top, for the last to work on in place."""
        self._put(f"{self.layer.spec.name}/{suffix}", kind, {field: settings}, (self.blob,), self.layer.tops)
        return self

    def fork(self, suffix: str, branches: Sequence[tuple[str, str, str, Message]], joined: Message) -> Chain:
        """Several layers that read one blob, by the Split that Caffe puts behind it, and the Concat that joins them."""
        name, shape = f"{self.layer.spec.name}/{suffix}", self.shape
        blobs = self._put(name, "Split", {}, (self.blob,), tuple(f"{name}_{i}" for i in range(len(branches))))
        made, shapes = list[str](), list["Shape | None"]()
        for blob, (own, kind, field, settings) in zip(blobs, branches, strict=True):
            self.shape = shape
            made += self._put(f"{self.layer.spec.name}/{own}", kind, {field: settings}, (blob,), None)
            shapes.append(self.shape)
        self._put(
            self.layer.spec.name, "Concat", {"concat_param": joined}, tuple(made), self.layer.tops, shapes=tuple(shapes)
        )
        return self

    def _put(
        self,
        name: str,
        kind: str,
        fields: Mapping[str, Message],
        bottoms: tuple[str, ...],
        tops: tuple[str, ...] | None,
        *,
        shapes: tuple[Shape | None, ...] = (),
    ) -> tuple[str, ...]:
        """One part; the shape of its first top is the next one's bottom."""
        tops = (name,) if tops is None else tops
        blobs = _blobs(kind, fields)
        spec = self._spec(_definition(self.layer, name, kind, fields, blobs), bottoms, tops, shapes or (self.shape,))
        known = cost(spec)
        if not known.expected_tops or None in known.expected_tops[: len(tops)] or known.params is None:
            raise WhatIfError(f"the shapes of {name} do not follow from its definition")
        self.parts.append(
            LayerMemory(
                spec=replace(spec, tops=known.expected_tops[: len(tops)]),
                kind=known_type(kind),
                bottoms=bottoms,
                tops=tops,
                counts=(None,) * len(tops),
                losses=self.layer.losses if tops == self.layer.tops else (False,) * len(tops),
                params=known.params,
                owned=tuple(range(len(known.params))),
                decays=self.layer.decays[blobs],
                inferred=self.layer.inferred,
            )
        )
        self._needs, self.shape = bool(spec.backward), known.expected_tops[0]
        return tops

    def _spec(
        self, definition: Message, bottoms: tuple[str, ...], tops: tuple[str, ...], shapes: tuple[Shape | None, ...]
    ) -> LayerSpec:
        """A part as its rule sees it: it goes backward where it learns, or something in front of it does."""
        kind, whole = definition.text("type"), self.layer.spec
        return LayerSpec(
            name=definition.text("name"),
            type=kind,
            definition=definition,
            bottoms=shapes,
            tops=(None,) * len(tops),
            in_place=tuple(top in bottoms for top in tops),
            phase=whole.phase,
            backward=whole.backward and (kind in _LEARN or bool(self._needs)),
            bottom_needs_grad=() if self._needs is None else (self._needs,) * len(bottoms),
            force_backward=whole.force_backward,
        )


_LEARN: Final = frozenset({"Convolution", "InnerProduct", "Bias"})


def _blobs(kind: str, fields: Mapping[str, Message]) -> slice:
    """Which of the layer's blobs the part has: weights, and a bias where it has one; or that bias alone."""
    if kind == "Bias":
        return slice(1, 2)
    has_bias = all(settings.flag("bias_term", default=True) for settings in fields.values())
    return slice(2 if has_bias else 1) if kind in _LEARN else slice(0)


def _definition(layer: LayerMemory, name: str, kind: str, fields: Mapping[str, Message], blobs: slice) -> Message:
    """The part's own message: how the layer learned goes along, names of shared parameters do not."""
    stated = layer.spec.definition.children("param")[blobs] if layer.spec.definition is not None else []
    params: list[Value] = [
        Message({key: values for key, values in one.fields.items() if key != "name"}) for one in stated
    ]
    own: dict[str, list[Value]] = {"name": [name], "type": [kind]}
    own |= {field: [settings] for field, settings in fields.items()}
    return Message(own | {"param": params} if params else own)


# -- convolutions over a plane ---------------------------------------------------------------------


class Convolving(NamedTuple):
    """A convolution over a plane: its settings, channels in all and of one group, groups, sides of its kernel."""

    settings: Message
    inputs: int
    outputs: int
    group: int
    high: int
    wide: int

    @property
    def group_inputs(self) -> int:
        """Channels that one filter reads."""
        return self.inputs // self.group

    @property
    def group_outputs(self) -> int:
        """Filters of one group."""
        return self.outputs // self.group


def window_of(layer: LayerMemory) -> Convolving:
    """The geometry of a convolution.

    Raises:
        WhatIfError: it is none over a plane, or states no kernel.

    """
    _, settings = settings_of(layer)
    bottom, group = layer.spec.bottoms[0] if layer.spec.bottoms else None, max(settings.integer("group", 1), 1)
    if bottom is None or len(bottom) != PLANE or layer.traits.channels != "convolution_param":
        raise WhatIfError(f"{layer.spec.name}: only a convolution over a plane is changed so")
    try:
        high, wide = kernel(settings, 2)
    except Missing as missing:
        raise WhatIfError(f"{layer.spec.name}: {missing}") from missing
    return Convolving(settings, bottom[1], settings.integer("num_output", 0), group, high, wide)


def along(settings: Message, axis: int, size: int) -> Changes:
    """A convolution along one axis of the plane only: its stride, padding and dilation on that axis alone."""
    changes: Changes = {}
    for field, neutral in (("stride", 1), ("pad", 0)):
        value = spatial(settings, field, 2, neutral)[axis]
        pair = (value, neutral) if axis == 0 else (neutral, value)
        changes |= {field: [], f"{field}_h": pair[0], f"{field}_w": pair[1]}
    dilation = spatial(settings, "dilation", 2, 1)[axis]
    changes["dilation"] = [dilation, 1] if axis == 0 else [1, dilation]
    sides = (size, 1) if axis == 0 else (1, size)
    return changes | {"kernel_size": [], "kernel_h": sides[0], "kernel_w": sides[1]}


def pointwise(*, keep_stride: bool = False) -> Changes:
    """A kernel of 1×1 without padding; its stride 1 too unless that is to stay."""
    changes: Changes = {}
    for field in ("pad", "kernel") if keep_stride else ("stride", "pad", "kernel"):
        changes |= {field: [], f"{field}_h": [], f"{field}_w": []}
    return changes | {"kernel_size": 1, "dilation": []}
