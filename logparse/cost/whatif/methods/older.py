"""The older words for three methods, as the same requests: channels and weights by share, factors by rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logparse.cost.stored.sparse import fraction_of
from logparse.cost.whatif.methods.channels import CHANNELS
from logparse.cost.whatif.methods.factors import LOW_RANK
from logparse.cost.whatif.methods.request import Request
from logparse.cost.whatif.methods.settings import Rank
from logparse.cost.whatif.methods.table import METHODS

if TYPE_CHECKING:
    from collections.abc import Mapping


def older_requests(
    channels: Mapping[str, float], ranks: Mapping[str, tuple[int, str | None]], weights: Mapping[str, float]
) -> tuple[Request, ...]:
    """Shares of channels that go, ranks with a scheme, shares of single weights that go, each by layer or pattern."""
    prune = METHODS["prune"]
    defaults = {one.name: one.default for one in prune.settings}
    return (
        *(Request(where, CHANNELS, {"share": fraction_of(share)}) for where, share in channels.items()),
        *(
            Request(where, LOW_RANK, {"rank": Rank(count=rank), "scheme": scheme})
            for where, (rank, scheme) in ranks.items()
        ),
        *(Request(where, prune, defaults | {"share": fraction_of(share)}) for where, share in weights.items()),
    )
