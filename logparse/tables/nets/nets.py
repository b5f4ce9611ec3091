"""`nets`: one row per net."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.tables.column import LINE, decimal, text, truth, whole
from logparse.tables.nets.key import NET_KEY, logged_total, macs_of, net_columns, total_of

if TYPE_CHECKING:
    from logparse.cost.structure.identity import Structure
    from logparse.derive.facts import NetFact
    from logparse.derive.family import Kinship
    from logparse.tables.table import Built, BuiltRow, LogLike

COLUMNS: Final = (
    *NET_KEY,
    whole("test_index", "Test net #", "K of 'test net (#K)'."),
    whole("layers", "Layers", "Number of layers set up."),
    whole("batch", "Batch", "First dimension of the net's first input or data top."),
    whole("element_bytes", "Bytes / value", "4 is float, 8 double, 2 half; derived from the running memory line."),
    whole("logged_bytes", "Logged", "The last 'Memory required for data' of the net.", "bytes"),
    whole(
        "distinct_bytes", "Distinct data", "Data without in-place and shared tops, the net's inputs included.", "bytes"
    ),
    whole("weights", "Weights", "Weights, shared ones once.", "values"),
    whole("biases", "Biases", "Biases, shared ones once.", "values"),
    whole("statistics", "Statistics", "BatchNorm's values, shared ones once.", "values"),
    whole("params", "Params", "Weights and biases, shared ones once.", "values"),
    whole("param_bytes", "Param bytes", "Params and statistics, shared ones once.", "bytes"),
    whole("macs", "MACs", "Multiply-accumulates of one forward pass of the whole batch.", "MAC"),
    whole("macs_per_image", "MACs / image", "Of one image.", "MAC"),
    whole("unknown_params", "Layers without params", "Layers whose params are NA; the sums leave them out."),
    whole("unknown_macs", "Layers without MACs", "Layers whose MACs are NA; the sums leave them out."),
    whole("reconciled_layers", "Reconciled", "Layers whose logged step equals their top counts to the byte."),
    whole("missing_bytes", "Unexplained bytes", "Sum of logged steps that no printed top explains.", "bytes"),
    truth("definition_cut", "Dump cut", "Whether the definition in the log was cut."),
    text("definition_origin", "Definition", "dump, prototxt, both, or NA."),
    truth("done", "Initialised", "Whether 'Network initialization done.' came."),
    text(
        "family",
        "Family",
        "The published net that it is, under whatever name, with what is other: 'ResNet-18, 10 classes instead of "
        "1000'; 'like …' and 'built on …' where it is not the same; NA where none is near.",
    ),
    decimal(
        "family_distance",
        "Family distance",
        "How far its skeleton is from the published one, 0 to 1; outputs of last layers, image size and style "
        "(biases, padding, BatchNorm) count nothing.",
    ),
    text(
        "structure",
        "Structure",
        "A hash of types, settings, shapes, parameters and wires: the same for the same net under other names, with "
        "another batch, in another order, trained or tested. Layers that only measure, Split and Dropout are left out.",
    ),
    text("structure_basis", "Structure basis", "definition, inferred (something was guessed) or unknown."),
    text("structure_reason", "Structure reason", "Why there is no hash."),
    LINE,
    whole("end_line", "To line", "The last line of the net's set-up."),
)


def build(log: LogLike) -> Built:
    """One row per net."""
    derived = log.derived
    return [
        {**_row(attempt, net), **_what_it_is(structure, kinship)}
        for attempt, nets in derived.nets.items()
        for net, structure, kinship in zip(nets, derived.structures[attempt], derived.kinships[attempt], strict=True)
    ]


def _what_it_is(structure: Structure, kinship: Kinship) -> BuiltRow:
    return {
        "family": kinship.text,
        "family_distance": kinship.distance,
        "structure": structure.digest,
        "structure_basis": str(structure.basis),
        "structure_reason": structure.reason or None,
    }


def _row(attempt: int, fact: NetFact) -> BuiltRow:
    net, layers = fact.net, fact.layers
    steps = [(one.logged_step_bytes, one.expected_step_bytes) for one in layers]
    checked = [(step, want or 0) for step, want in steps if step is not None]
    return {
        **net_columns(attempt, fact),
        "test_index": net.test_index,
        "layers": len(layers),
        "batch": fact.batch,
        "element_bytes": net.element_bytes,
        "logged_bytes": logged_total(fact),
        "distinct_bytes": layers[-1].distinct_total_bytes if layers else None,
        **(_sums(fact) if layers else {}),
        "unknown_params": sum(one.cost.params is None for one in layers),
        "unknown_macs": sum(one.cost.macs.value is None for one in layers),
        "reconciled_layers": sum(step == want for step, want in checked) if layers else None,
        "missing_bytes": sum(step - want for step, want in checked) if checked else None,
        "definition_cut": net.dump_cut if net.dump is not None else None,
        "definition_origin": _origin(fact),
        "done": net.done,
        "line": net.line,
        "end_line": net.end_line,
    }


def _sums(fact: NetFact) -> BuiltRow:
    """What the layers add up to; of a net without layers in the log nothing is known, not 0."""
    per_image, batch_macs = macs_of(total_of(one.cost.macs.value for one in fact.layers), fact)
    return {
        "weights": _own_of_kind(fact, "weight"),
        "biases": _own_of_kind(fact, "bias"),
        "statistics": _own_of_kind(fact, "statistic"),
        "params": total_of(one.own_params for one in fact.layers),
        "param_bytes": total_of(one.own_values for one in fact.layers) * fact.element_bytes,
        "macs": batch_macs,
        "macs_per_image": per_image,
    }


def _own_of_kind(fact: NetFact, kind: str) -> int:
    return sum(
        param.blob.count
        for one in fact.layers
        for param in one.params or ()
        if param.owner is None and param.blob.kind == kind
    )


def _origin(fact: NetFact) -> str | None:
    origins = {one.layer.definition.origin for one in fact.layers if one.layer.definition is not None}
    return ", ".join(sorted(origins)) or None
