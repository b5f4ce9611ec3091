"""`layers`: one row per layer, with what is derived from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.tables.column import LINE, decimal, listed, text, truth, whole
from logparse.tables.nets.key import LAYER_KEY, bytes_of, macs_of, net_columns, nets_of, total_of

if TYPE_CHECKING:
    from logparse.derive.facts import LayerFact, NetFact
    from logparse.tables.table import Built, BuiltRow, LogLike

NO_BATCH: Final = "the log prints shapes without their batch"

COLUMNS: Final = (
    *LAYER_KEY,
    text("type", "Type", "The layer's type, from the definition, the log, or inferred."),
    text(
        "type_basis", "Type basis", "definition, log (some forks print it; splits by their names), inferred or unknown."
    ),
    listed("bottoms", "Bottoms", "The blobs that the layer reads, in order."),
    listed("tops", "Tops", "The blobs that the layer writes, in order."),
    listed("top_shape", "Top shape", "The printed shape of each top; [] is a scalar.", "shapes"),
    listed("top_count", "Top values", "The number of values of each top.", "counts"),
    whole(
        "batch",
        "Batch",
        "First dimension of the net's first input or data top; a recurrent layer's N streams where stated.",
    ),
    listed("in_place", "In place", "Per top: whether it overwrites its bottom.", "flags"),
    listed("shares_with", "Shares with", "Per top: the blob whose memory it is, or null where it owns its own."),
    truth(
        "backward",
        "Backward",
        "Whether Caffe computes a backward pass for the layer: as the log says, or by the net's force_backward.",
    ),
    whole("weights", "Weights", "The layer's own weights, shared or not.", "values"),
    whole("biases", "Biases", "The layer's own biases, shared or not.", "values"),
    whole("statistics", "Statistics", "Values that are kept but not learned (BatchNorm).", "values"),
    whole("params", "Params", "Weights and biases, 0 where shared with an earlier layer.", "values"),
    text("params_basis", "Params basis", "definition, shapes, inferred or unknown."),
    text("params_formula", "Params formula", "The formula with the layer's own values."),
    text("params_reason", "Params reason", "Why the number is NA."),
    whole("macs_per_image", "MACs / image", "Multiply-accumulates of one forward pass for one image.", "MAC"),
    whole("macs", "MACs", "Multiply-accumulates of one forward pass of the whole batch.", "MAC"),
    text("macs_basis", "MACs basis", "definition, shapes, inferred or unknown."),
    text("macs_formula", "MACs formula", "The formula with the layer's own values."),
    text("macs_reason", "MACs reason", "Why the number is NA."),
    whole("backward_macs", "Backward MACs", "Multiply-accumulates of one backward pass of the whole batch.", "MAC"),
    decimal(
        "other_ops_per_image",
        "Other ops / image",
        "All other arithmetic of one forward pass, one operation each.",
        "op",
    ),
    whole("logged_bytes", "Logged, running", "Caffe's running 'Memory required for data' after this layer.", "bytes"),
    whole("logged_step_bytes", "Logged step", "What this layer adds to Caffe's figure.", "bytes"),
    whole("expected_step_bytes", "Expected step", "Sum of the printed top counts times the element size.", "bytes"),
    whole("distinct_bytes", "Distinct data", "Bytes of the tops that own memory.", "bytes"),
    whole(
        "distinct_total_bytes",
        "Distinct, running",
        "Running total of distinct data in this net, from its inputs on.",
        "bytes",
    ),
    whole("diff_bytes", "Gradients", "Gradients of the layer's tops, as Caffe allocates them on the CPU.", "bytes"),
    whole("buffer_bytes", "Buffers", "The layer's private buffers on the CPU, which Caffe's line leaves out.", "bytes"),
    whole("gpu_buffer_bytes", "Buffers, GPU", "The same on the GPU, engine CAFFE.", "bytes"),
    text("buffer_formula", "Buffers formula", "Each buffer on the CPU with the layer's own values."),
    text("buffer_reason", "Buffers reason", "Why the number is NA."),
    whole("param_bytes", "Param bytes", "Params and statistics, shared ones once.", "bytes"),
    decimal("macs_per_weight", "MACs / weight", "Computation per parameter: MACs per image over weights."),
    decimal("macs_share", "MACs share", "Share of the net's known MACs, 0 to 1."),
    decimal("params_share", "Params share", "Share of the net's known params, 0 to 1."),
    decimal("distinct_share", "Memory share", "Share of the net's distinct data, 0 to 1."),
    listed("assumptions", "Assumptions", "What was assumed for an inferred number."),
    listed("problems", "Problems", "Where the definition and the printed shapes contradict each other."),
    LINE,
)


def build(log: LogLike) -> Built:
    """One row per layer."""
    return [row for attempt, net in nets_of(log) for row in _rows(attempt, net)]


def _rows(attempt: int, fact: NetFact) -> list[BuiltRow]:
    """The rows of one net."""
    from logparse.derive.memory import held_per_layer

    macs = total_of(layer.cost.macs.value for layer in fact.layers)
    params = total_of(layer.own_params for layer in fact.layers)
    distinct = total_of(layer.distinct_bytes for layer in fact.layers)
    rows = []
    for one, held in zip(fact.layers, held_per_layer(fact), strict=True):
        row = {**net_columns(attempt, fact), **_layer_facts(one, fact), **held}
        row["macs_share"] = _share(one.cost.macs.value, macs)
        row["params_share"] = _share(one.own_params, params)
        row["distinct_share"] = _share(one.distinct_bytes, distinct)
        rows.append(row)
    return rows


def _layer_facts(one: LayerFact, fact: NetFact) -> BuiltRow:
    layer, cost = one.layer, one.cost
    per_image, macs = macs_of(cost.macs.value, fact)
    return {
        "layer_index": layer.index,
        "layer": layer.name,
        "type": one.type,
        "type_basis": one.type_basis,
        "bottoms": list(layer.bottoms),
        "tops": [top.name for top in layer.tops],
        "top_shape": [None if top.shape is None else list(top.shape) for top in layer.tops],
        "top_count": [top.count for top in layer.tops],
        "batch": fact.batch,
        "in_place": [top.in_place for top in layer.tops],
        "shares_with": list(one.owners),
        "backward": True if one.spec.force_backward else layer.backward,
        "weights": cost.weights,
        "biases": cost.biases,
        "statistics": cost.statistics,
        "params": one.own_params,
        "params_basis": str(cost.params_basis),
        "params_formula": cost.params_formula or None,
        "params_reason": cost.params_reason or None,
        "macs_per_image": per_image,
        "macs": macs,
        "macs_basis": str(cost.macs.basis),
        "macs_formula": cost.macs.formula or None,
        "macs_reason": cost.macs.reason or (NO_BATCH if fact.is_per_image and fact.batch is None else None),
        "backward_macs": fact.of_batch(cost.backward_macs.value),
        "other_ops_per_image": _ratio(cost.other_ops.value, 1 if fact.is_per_image else fact.batch),
        "logged_bytes": layer.logged_bytes,
        "logged_step_bytes": one.logged_step_bytes,
        "expected_step_bytes": one.expected_step_bytes,
        "distinct_bytes": one.distinct_bytes,
        "distinct_total_bytes": one.distinct_total_bytes,
        "param_bytes": bytes_of(one.own_values, fact.element_bytes),
        "macs_per_weight": _ratio(per_image, cost.weights),
        "assumptions": list(one.assumptions),
        "problems": list(cost.problems),
        "line": layer.line,
    }


def _ratio(value: int | None, by: int | None) -> float | None:
    return None if value is None or not by else value / by


def _share(value: int | None, total: int) -> float | None:
    return None if value is None or total == 0 else value / total
