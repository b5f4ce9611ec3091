"""The table of methods: every word that can be asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.cost.whatif.methods import factors, modules, storage
from logparse.cost.whatif.methods.channels import CHANNELS, GLOBAL_POOLING
from logparse.cost.whatif.methods.trains import TENSOR_TRAIN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logparse.cost.whatif.methods.method import Method

METHODS: Final[Mapping[str, Method]] = {
    method.key: method
    for method in (CHANNELS, *factors.FACTORS, TENSOR_TRAIN, *modules.REPLACEMENTS, GLOBAL_POOLING, *storage.STORAGE)
}
NONE: Final = "none"  # in the place of a method: no pattern changes the layer
