"""What is derived of one net: values, worked out once and kept; no pandas."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from logparse.cost.memory.holdings import NetMemory
    from logparse.cost.spec import Cost, LayerSpec, ParamBlob
    from logparse.model import Layer, Net


class ParamFact(NamedTuple):
    """One parameter blob of a layer: what it is, and the earlier layer that owns it (None: its own)."""

    blob: ParamBlob
    owner: str | None


class LayerFact(NamedTuple):
    """One layer with everything that is derived from it; sums are of whole batches."""

    layer: Layer
    type: str | None
    type_basis: str
    spec: LayerSpec
    cost: Cost
    params: tuple[ParamFact, ...] | None
    owners: tuple[str | None, ...]
    assumptions: tuple[str, ...]
    logged_step_bytes: int | None
    expected_step_bytes: int | None
    distinct_bytes: int | None
    distinct_total_bytes: int | None

    @property
    def own_params(self) -> int | None:
        """Learnable values that no earlier layer owns."""
        return _own(self.params, ("weight", "bias"))

    @property
    def own_values(self) -> int | None:
        """The same with statistics."""
        return _own(self.params, ("weight", "bias", "statistic"))


def _own(params: tuple[ParamFact, ...] | None, kinds: tuple[str, ...]) -> int | None:
    if params is None:
        return None
    return sum(fact.blob.count for fact in params if fact.owner is None and fact.blob.kind in kinds)


@dataclass(frozen=True, slots=True, eq=False)
class NetFact:
    """One net with its derived layers, and the same net as the memory rules see it.

    `is_per_image` says that the log prints shapes without their batch (2013): every cost is of one image.
    `batch` is then what the data layer printed of its own, or not known.
    """

    net: Net
    element_bytes: int
    batch: int | None
    layers: tuple[LayerFact, ...]
    memory: NetMemory
    is_per_image: bool

    def of_batch(self, figure: int | None) -> int | None:
        """A figure of the layers' costs for the whole batch; NA where it is of one image of unknown many."""
        if figure is None or not self.is_per_image:
            return figure
        return None if self.batch is None else figure * self.batch


def layer_at(fact: NetFact, place: int | None) -> LayerFact | None:
    """The layer at a place among those that the memory rules see; None for the net's own inputs, which stand first."""
    first = len(fact.memory.layers) - len(fact.layers)
    return None if place is None or place < first else fact.layers[place - first]


def with_images(fact: NetFact, batch: int | None) -> NetFact:
    """The same net with another batch for the per-image columns (an inner net takes its outer net's)."""
    return replace(fact, batch=batch, memory=replace(fact.memory, batch=batch))
