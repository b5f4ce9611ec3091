"""The rows of `whatif`: figures before and after a change, and the changes that anybody would ask about first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.cost.costing import cost
from logparse.cost.whatif.change import AS_IT_IS, Change, LowRank, changed
from logparse.cost.whatif.fit import fits
from logparse.cost.whatif.levers import quarter_rank
from logparse.cost.whatif.limits import check_change, too_large
from logparse.cost.whatif.measures import measures, uncompressed
from logparse.cost.whatif.resize import WhatIfError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logparse.cost.memory.holdings import Run
    from logparse.cost.memory.layer import LayerMemory
    from logparse.cost.memory.terms import Terms
    from logparse.cost.whatif.fit import Fit
    from logparse.tables.table import BuiltRow

_GIB: Final = 1024**3
ASKED: Final = "as asked"  # the scenario of a caller's own change
_CARDS: Final = (4, 8, 11, 24, 80)  # GiB that cards have


def whatif_rows(
    attempt: int, scenario: str, run: Run, change: Change, terms: Terms, before: Mapping[str, int | None]
) -> list[BuiltRow]:
    """One row a figure: before (`figures` of the run as it is), after, and what was assumed.

    Raises:
        WhatIfError: the change cannot be followed, or Caffe could not run what comes of it.

    """
    after = changed(run, change)
    assumptions = [*after.assumptions, *too_large(run, after.run)]
    return [
        {
            "attempt": attempt,
            "scenario": scenario,
            "quantity": one.name,
            "unit": one.unit,
            "before": before.get(one.name),
            "after": one.value,
            "assumptions": list(assumptions),
        }
        for one in measures(after.run, terms)
    ]


def asked_rows(attempt: int, run: Run, change: Change, terms: Terms, found: Fit | None) -> list[BuiltRow]:
    """The rows of one change; with `found` those at the batch that fits too, under the budget's name.

    Raises:
        WhatIfError: the change cannot be followed, or Caffe could not run what comes of it.

    """
    before = figures(run, terms)
    rows = [] if found is not None and change == AS_IT_IS else whatif_rows(attempt, ASKED, run, change, terms, before)
    return rows if found is None else rows + _fitted_rows(attempt, run, change, terms, found)


def _fitted_rows(attempt: int, run: Run, change: Change, terms: Terms, found: Fit) -> list[BuiltRow]:
    """The figures at the batch that fits, then that batch; where none fits there is no such run: each is NA."""
    tried = replace(change, batch=max(found.batch, 1))
    last = fit_row(attempt, run, found)
    rows = whatif_rows(attempt, str(last["scenario"]), run, tried, terms, figures(run, terms))
    if not found.batch:
        rows = [{**row, "after": None, "assumptions": [_NONE_FITS]} for row in rows]
    return [*rows, last]


_NONE_FITS: Final = "not one image fits: there is no such run"


def sweep_rows(
    attempt: int, run: Run, batches: Sequence[int], change: Change | None, terms: Terms, *, test: bool
) -> list[BuiltRow]:
    """The rows of several batches, of the train net or of the test nets; what Caffe could not run is NA, and why.

    Raises:
        WhatIfError: a batch or the change is none, or no batch can be followed.

    """
    base, name = change or AS_IT_IS, "test batch" if test else "batch"
    changes = {
        f"{name} {batch}": replace(base, test_batch=batch) if test else replace(base, batch=batch) for batch in batches
    }
    for one in (base, *changes.values()):
        check_change(one)
    before, refused = figures(run, terms), list[WhatIfError]()
    rows: list[BuiltRow] = []
    for scenario, one in changes.items():
        try:
            rows += whatif_rows(attempt, scenario, run, one, terms, before)
        except WhatIfError as error:
            refused.append(error)
            rows += _unknown_rows(attempt, scenario, run, terms, error)
    if len(refused) == len(changes) and refused:
        raise refused[0]
    return rows


def _unknown_rows(attempt: int, scenario: str, run: Run, terms: Terms, error: WhatIfError) -> list[BuiltRow]:
    rows = whatif_rows(attempt, scenario, run, AS_IT_IS, terms, figures(run, terms))
    return [{**row, "after": None, "assumptions": [error.message]} for row in rows]


def figures(run: Run, terms: Terms) -> dict[str, int | None]:
    """The figures of a run as it is, by name."""
    return uncompressed(measures(run, terms))


def fit_row(attempt: int, run: Run, found: Fit) -> BuiltRow:
    """The largest batch that fits, as a row: the log's batch before, that one after."""
    return {
        "attempt": attempt,
        "scenario": f"fits {_budget(found.budget_bytes)} on the {found.device}",
        "quantity": "batch",
        "unit": "images",
        "before": run.nets[0].batch,
        "after": found.batch,
        "assumptions": [found.binds, _sum(found), *([found.basis] if found.basis else [])],
    }


def _budget(size_bytes: int) -> str:
    """A budget as cards are sold, else exact: two budgets never have one name."""
    whole, rest = divmod(size_bytes, _GIB)
    return formats.exact_bytes(size_bytes) if rest else f"{whole} GiB"


def _sum(found: Fit) -> str:
    """What the run takes at the batch that fits, or at one image where none does: terms that add up to it."""
    images = max(found.batch, 1)
    terms = [
        f"{formats.count(found.fixed_bytes)} bytes whatever the batch",
        f"{formats.count(found.per_image_bytes)} per image",
        *([f"{formats.count(found.page_bytes)} for pages that are not full"] if found.page_bytes else []),
        *([f"{formats.count(found.uneven_bytes)} for what grows unevenly"] if found.uneven_bytes else []),
        *([f"{formats.count(found.build_bytes)} more for a cuDNN build"] if found.build_bytes else []),
    ]
    batch = f"{formats.count(images)} {formats.plural('image', images)}"
    return f"{', '.join(terms)}: {formats.count(found.bytes)} for {batch}"


def standard_rows(attempt: int, run: Run, terms: Terms) -> list[BuiltRow]:
    """The usual questions of one attempt; those that cannot be followed through its net are left out."""
    if not run.nets or not run.nets[0].layers:
        return []
    rows: list[BuiltRow] = []
    before = figures(run, terms)
    for scenario, change in _scenarios(run):
        try:
            rows += whatif_rows(attempt, scenario, run, change, terms, before)
        except WhatIfError:
            continue
    return rows + _fits(attempt, run, terms)


def _fits(attempt: int, run: Run, terms: Terms) -> list[BuiltRow]:
    try:
        return [fit_row(attempt, run, found) for found in fits(run, [size * _GIB for size in _CARDS], terms=terms)]
    except WhatIfError:
        return []


def _scenarios(run: Run) -> Iterator[tuple[str, Change]]:
    batch = run.nets[0].batch
    yield "as it is", AS_IT_IS
    if batch is not None:
        yield f"batch {2 * batch}", Change(batch=2 * batch)
        if batch > 1:
            yield f"batch {batch // 2}", Change(batch=batch // 2)
    if len(run.nets) > 1:
        yield "no test net", Change(no_test_net=True)
    if run.command == "train":
        yield from ((f"solver {name}", Change(solver=name)) for name in ("SGD", "Adam") if name != run.solver.type)
    yield from ((f"weights {name}", Change(weights=name)) for name in ("fp16", "int8", "binary"))
    yield "activations fp16", Change(activations="fp16")
    yield from _compressed(run.nets[0].layers)


def _compressed(layers: tuple[LayerMemory, ...]) -> Iterator[tuple[str, Change]]:
    """The article's advice on the layers where it counts most: prune what holds weights, speed up what computes."""
    dense = [layer for layer in layers if layer.kind == "InnerProduct"]
    convolutions = [layer for layer in layers if layer.kind == "Convolution"]
    if dense:
        names = {layer.spec.name: 0.9 for layer in dense}
        yield "9 in 10 fully connected weights are zero", Change(prune_weights=names)
        packed = {name: ["prune:share=90%", "codebook:bits=5"] for name in names}
        yield "the same, 5 bits a weight", Change(compress=packed)
        yield from _quarter(max(dense, key=_weights))
    if convolutions:
        name = max(convolutions, key=_macs).spec.name
        yield f"half of the channels of {name}", replace(AS_IT_IS, prune_channels={name: 0.5})


def _quarter(layer: LayerMemory) -> Iterator[tuple[str, Change]]:
    """An SVD that leaves about a quarter of the weights."""
    rank = quarter_rank(layer)
    if rank:
        name = layer.spec.name
        yield f"{name} at rank {rank}", Change(low_rank={name: LowRank(rank)})


def _weights(layer: LayerMemory) -> int:
    return sum(blob.count for blob in layer.params or ())


def _macs(layer: LayerMemory) -> int:
    return cost(layer.spec).macs.value or 0
