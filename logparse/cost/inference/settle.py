"""The costs of a net's layers: by their definitions and shapes; what is lacking is inferred from the rest.

Most logs lack nothing. So what guesses is loaded only where something has to be guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from logparse.cost.costing import cost
from logparse.cost.inference.lacking import as_it_stands, can_infer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.cost.inference.lacking import Resolved
    from logparse.cost.spec import LayerSpec


def settle(specs: Sequence[LayerSpec]) -> tuple[Resolved, ...]:
    """The costs of the layers of one net, in order, with all that its other layers tell; pure."""
    if any(can_infer(spec, cost(spec)) for spec in specs):
        from logparse.cost.inference.infer import settle_lacking

        return settle_lacking(specs)
    return tuple(map(as_it_stands, specs))
