"""Every table there is, one row each: what the command offers, the library builds and the exports describe.

A new table is a module with its `COLUMNS` and its `build`, and a row here. Such a module loads neither numpy nor
pandas: naming tables and columns must cost nothing, so `build` loads what it works with.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from logparse.audit import findings
from logparse.tables.curves import clipping, debug, lr, test, test_batches, train, train_outputs
from logparse.tables.memory import footprint, memory, out_of_memory, whatif
from logparse.tables.nets import blobs, layers, nets, params, shares
from logparse.tables.run import attempts, events, ledger
from logparse.tables.speed import milestones, throughput, timing
from logparse.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

_TABLES: Final = (
    Table("layers", "One row per layer, with what is derived from it.", layers.COLUMNS, layers.build),
    Table("blobs", "One row per top.", blobs.COLUMNS, blobs.build),
    Table("params", "One row per parameter blob.", params.COLUMNS, params.build),
    Table("nets", "One row per net.", nets.COLUMNS, nets.build),
    Table("attempts", "One row per start of the solver.", attempts.COLUMNS, attempts.build, needs_curves=True),
    Table(
        "train",
        "One row per displayed iteration, outputs in columns.",
        train.COLUMNS,
        train.build,
        needs_curves=True,
        has_outputs=True,
    ),
    Table(
        "train_outputs",
        "One row per displayed output.",
        train_outputs.COLUMNS,
        train_outputs.build,
        needs_curves=True,
    ),
    Table("test", "One row per test output.", test.COLUMNS, test.build, needs_curves=True),
    Table("lr", "One row per displayed learning rate.", lr.COLUMNS, lr.build, needs_curves=True),
    Table("clipping", "One row per clipped update.", clipping.COLUMNS, clipping.build, needs_curves=True),
    Table("debug", "One row per figure of debug_info.", debug.COLUMNS, debug.build, needs_curves=True),
    Table(
        "test_batches",
        "One row per output of a batch of `caffe test`.",
        test_batches.COLUMNS,
        test_batches.build,
        needs_curves=True,
    ),
    Table("timing", "One row per layer of `caffe time`.", timing.COLUMNS, timing.build, needs_curves=True),
    Table("events", "One row per event.", events.COLUMNS, events.build, needs_curves=True),
    Table(
        "throughput",
        "How fast each attempt trained, and what its time went into.",
        throughput.COLUMNS,
        throughput.build,
        needs_curves=True,
    ),
    Table(
        "milestones",
        "When the loss was first as low as 1, 2 or 5 times a power of ten.",
        milestones.COLUMNS,
        milestones.build,
        needs_curves=True,
    ),
    Table("ledger", "One row per kind of line.", ledger.COLUMNS, ledger.build, needs_curves=True),
    Table(
        "findings",
        "What a reviewer should look at, worst first.",
        findings.COLUMNS,
        findings.build,
        needs_curves=True,
    ),
    Table("memory", "Bytes per net, device and kind.", memory.COLUMNS, memory.build),
    Table(
        "footprint",
        "What each attempt holds in all, on the CPU and on one GPU.",
        footprint.COLUMNS,
        footprint.build,
        needs_terms=True,
    ),
    Table(
        "whatif",
        "Figures before and after the changes that anybody would ask about first.",
        whatif.COLUMNS,
        whatif.build,
        needs_terms=True,
    ),
    Table(
        "out_of_memory",
        "Where memory ran out, and what would have fitted.",
        out_of_memory.COLUMNS,
        out_of_memory.build,
        needs_terms=True,
    ),
    Table("shares", "Where a net's weights and computation sit, by kind of layer.", shares.COLUMNS, shares.build),
)
TABLES: Final[Mapping[str, Table]] = MappingProxyType({table.name: table for table in _TABLES})
