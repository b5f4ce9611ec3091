"""A net under the knife: channels taken away, layers replaced by others, layers taken out.

Source of the first: pruning of whole output channels (Li et al. 2017, "Pruning Filters for Efficient ConvNets").
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from logparse.cost.stored.sparse import fraction_of, gone
from logparse.cost.traits import Family, LayerKind
from logparse.cost.whatif.parts import channels_field, redefined, settings_of
from logparse.cost.whatif.resize import WhatIfError, resized
from logparse.cost.whatif.select import find_layer
from logparse.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from fractions import Fraction

    from logparse.cost.memory.layer import LayerMemory
    from logparse.cost.whatif.parts import Chain, Changes
    from logparse.cost.whatif.resize import Resized


class Operation:
    """A net whose layers are changed one after the other; its shapes follow once, when all are changed.

    So a net of any depth takes its changes in the time of one, and two layers that feed a sum may change alike.
    """

    def __init__(self, layers: Sequence[LayerMemory]) -> None:
        self._before = layers
        self._layers = [*layers]
        self._ahead: defaultdict[int, list[LayerMemory]] = defaultdict(list)  # in its place, in front of the last part
        self._gone: set[int] = set()
        self._changed: set[str] = set()
        self._places: dict[str, int] = {}  # by name, the first of each
        self._readers: dict[str, list[int]] = {}  # of each blob, ascending
        self._owners: dict[str, list[int]] = {}  # of each named parameter
        for place, layer in enumerate(layers):
            self._places.setdefault(layer.spec.name, place)
            for blob in set(layer.bottoms):
                self._readers.setdefault(blob, []).append(place)
            for param in param_names(layer):
                self._owners.setdefault(param, []).append(place)

    @property
    def is_changed(self) -> bool:
        """Whether any layer is."""
        return bool(self._changed)

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def prune(self, name: str, share: float | Fraction = 0, *, left: int | None = None) -> str:
        """Take a share of one layer's output channels away, here and where they are read; what was done, in words.

        `left` is how many channels stay, in place of a share. Where it is refused, nothing is changed.

        Raises:
            WhatIfError: the layer has no such channels, or they are what a loss measures.

        """
        place = self._place(name)
        layer = self._layers[place]
        field, settings = settings_of(layer)
        before, group = settings.integer("num_output", 0), max(settings.integer("group", 1), 1)
        after = before - gone(before, fraction_of(share)) // group * group if left is None else left
        if left is not None and left > before:
            raise WhatIfError(f"{name}: of {before} channels {left} cannot be left")
        if not 0 < after <= before:
            raise WhatIfError(f"{float(share):.0%} of the {before} channels of {name} would leave none")
        if after % group:
            raise WhatIfError(f"{name}: {after} channels cannot be split into its {group} groups")
        changes = {place: redefined(layer, field, settings, {"num_output": after})}
        changes |= self._followers(place, before, after)
        for index, changed in changes.items():
            self._layers[index] = changed
            self._changed.add(changed.spec.name)
        return f"{name}: {before} → {after} output channels, in this layer and in all that read them"

    def _followers(self, place: int, before: int, after: int) -> dict[int, LayerMemory]:
        """A convolution of one group per channel loses the channels that it no longer gets."""
        name, seen, waiting = self._layers[place].spec.name, {place}, list[int]()
        found: dict[int, LayerMemory] = {}
        self._add_readers(place, seen, waiting)
        while waiting:
            index = heappop(waiting)
            layer = self._layers[index]
            if layer.traits.kind is LayerKind.LOSS or (layer.losses and layer.losses[0]):
                raise WhatIfError(f"the channels of {name} are what {layer.spec.name} measures")
            changes = _per_channel(layer, before, after)
            if changes:
                settings = (layer.spec.definition or Message()).child("convolution_param")
                found[index] = redefined(layer, "convolution_param", settings, changes)
            if changes or not channels_field(layer):
                self._add_readers(index, seen, waiting)
        return found

    def _add_readers(self, place: int, seen: set[int], waiting: list[int]) -> None:
        """Let those wait that read a top of this layer behind it."""
        for blob in self._layers[place].tops:
            readers = self._readers.get(blob, [])
            for reader in readers[bisect_right(readers, place) :]:
                if reader not in seen:
                    seen.add(reader)
                    heappush(waiting, reader)

    def layer(self, name: str) -> LayerMemory:
        """The layer as it now is, if its parameters are its own.

        Raises:
            WhatIfError: it is not there, or shares its parameters.

        """
        return self._layers[self._place(name)]

    def replace(self, name: str, chain: Chain) -> None:
        """Put the layers of a chain into the place of one."""
        place = self._place(name)
        *self._ahead[place], self._layers[place] = chain.parts
        self._changed |= {part.spec.name for part in chain.parts}

    def between(self, first: str, last: str) -> tuple[LayerMemory, ...]:
        """What stands between two layers, where there is one way only; the first is in it, the last is not.

        Raises:
            WhatIfError: something else reads what stands there.

        """
        start, stop = self._place(first), self._place(last)
        if start == stop:
            return ()
        flow, inside = set(self._layers[start].tops), [start]
        for place in range(start + 1, len(self._layers)):
            layer = self._layers[place]
            if not flow.intersection(layer.bottoms) or place == stop:
                continue
            if place > stop or not flow.issuperset(layer.bottoms):
                raise WhatIfError(f"{layer.spec.name} reads what stands between {first} and {last}")
            inside.append(place)
            flow |= set(layer.tops)
        if not flow.issuperset(self._layers[stop].bottoms):
            raise WhatIfError(f"{last} does not read what {first} makes")
        wanted = set(self._layers[stop].bottoms)
        for place in reversed(inside):
            layer = self._layers[place]
            if not wanted.issuperset(layer.tops):
                raise WhatIfError(
                    f"{layer.spec.name} reads what stands between {first} and {last}, and leads elsewhere"
                )
            wanted |= set(layer.bottoms)
        return tuple(self._layers[place] for place in inside)

    def remove(self, layers: Iterable[LayerMemory]) -> None:
        """Take layers out of the net; who reads them must have been given other bottoms."""
        names = {layer.spec.name for layer in layers}
        self._gone |= {place for place, layer in enumerate(self._before) if layer.spec.name in names}
        self._changed |= names

    @property
    def parts(self) -> dict[str, tuple[str, ...]]:
        """Layer of the net before → the names of those in its place, where these are others."""
        found = {
            self._before[place].spec.name: tuple(part.spec.name for part in (*ahead, self._layers[place]))
            for place, ahead in self._ahead.items()
        }
        return found | {self._before[place].spec.name: () for place in self._gone}

    def _place(self, name: str) -> int:
        """Where a layer is, whose parameters are its own: what is changed here would change elsewhere too."""
        place = self._places[name] if name in self else find_layer(self._before, name)
        names = param_names(self._before[place])
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
            if place not in self._gone:
                layers += [*self._ahead.get(place, ()), layer]
        return resized(layers, {}, frozenset(self._changed))


def param_names(layer: LayerMemory) -> set[str]:
    """The names of the layer's parameters; who has one of them too shares that parameter (Net::AppendParam)."""
    if layer.spec.definition is None:
        return set()
    return {param.text("name") for param in layer.spec.definition.children("param")} - {""}


# -- whole output channels -----------------------------------------------------------------------


def _per_channel(layer: LayerMemory, before: int, after: int) -> Changes:
    """The new settings of a convolution that has one group per channel; empty for any other layer."""
    if layer.spec.definition is None or layer.traits.family not in {Family.CONVOLUTION, Family.DEPTHWISE}:
        return {}
    settings = layer.spec.definition.child("convolution_param")
    if settings.integer("num_output", 0) != before:
        return {}
    if settings.integer("group", 1) == before > 1:
        return {"group": after, "num_output": after}
    return {"num_output": after} if layer.traits.depthwise else {}
