"""Model and derived facts → DataFrames, one function a table; dtypes come from the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from logparse.derive.memory import held_per_layer
from logparse.tables.columns import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pandas as pd

    from logparse.audit.finding import Finding
    from logparse.derive.facts import LayerFact, NetFact
    from logparse.model import LedgerRow

    Row = dict[str, Any]

NO_BATCH: Final = "the log prints shapes without their batch"


def frame(table: str, rows: Sequence[Row]) -> pd.DataFrame:
    """Rows → the table's DataFrame: the registry's columns in its order, None as NA."""
    import pandas as pd

    columns = {}
    for column in TABLES[table]:
        values = [row.get(column.name) for row in rows]
        columns[column.name] = pd.Series(values, dtype=column.dtype)
    return pd.DataFrame(columns)


def _net_key(attempt: int, fact: NetFact) -> Row:
    net = fact.net
    return {
        "attempt": attempt,
        "net": net.name,
        "phase": net.phase,
        "net_index": net.index,
        "nested": net.nested,
    }


def layer_rows(attempt: int, fact: NetFact) -> list[Row]:
    """The `layers` rows of one net."""
    macs = _known_sum(layer.cost.macs.value for layer in fact.layers)
    params = _known_sum(layer.own_params for layer in fact.layers)
    distinct = _known_sum(layer.distinct_bytes for layer in fact.layers)
    rows = []
    for one, held in zip(fact.layers, held_per_layer(fact), strict=True):
        row = {**_net_key(attempt, fact), **_layer_facts(one, fact), **held}
        row["macs_share"] = _share(one.cost.macs.value, macs)
        row["params_share"] = _share(one.own_params, params)
        row["distinct_share"] = _share(one.distinct_bytes, distinct)
        rows.append(row)
    return rows


def _layer_facts(one: LayerFact, fact: NetFact) -> Row:
    layer, cost = one.layer, one.cost
    per_image, macs = _macs(cost.macs.value, fact)
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
        "backward": layer.backward,
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
        "macs_reason": cost.macs.reason or (NO_BATCH if fact.is_per_image else None),
        "backward_macs": None if fact.is_per_image else cost.backward_macs.value,
        "other_ops_per_image": _ratio(cost.other_ops.value, 1 if fact.is_per_image else fact.batch),
        "logged_bytes": layer.logged_bytes,
        "logged_step_bytes": one.logged_step_bytes,
        "expected_step_bytes": one.expected_step_bytes,
        "distinct_bytes": one.distinct_bytes,
        "distinct_total_bytes": one.distinct_total_bytes,
        "param_bytes": _times(one.own_values, fact.element_bytes),
        "macs_per_weight": _ratio(per_image, cost.weights),
        "assumptions": list(one.assumptions),
        "problems": list(cost.problems),
        "line": layer.line,
    }


def _macs(total: int | None, fact: NetFact) -> tuple[int | None, int | None]:
    """MACs of one image and of the batch; where the log prints no batch, its figures are of one image."""
    return (total, None) if fact.is_per_image else (per_batch_item(total, fact.batch), total)


def per_batch_item(total: int | None, batch: int | None) -> int | None:
    """A batch's figure for one image; NA where the batch is not known or does not divide it."""
    if total is None or not batch or total % batch:
        return None
    return total // batch


def _times(count: int | None, size: int) -> int | None:
    return None if count is None else count * size


def _ratio(value: int | None, by: int | None) -> float | None:
    return None if value is None or not by else value / by


def _share(value: int | None, total: int) -> float | None:
    return None if value is None or total == 0 else value / total


def _known_sum(values: Iterable[int | None]) -> int:
    return sum(value for value in values if value is not None)


def blob_rows(attempt: int, fact: NetFact) -> list[Row]:
    """The `blobs` rows of one net: one per top."""
    rows = []
    for one in fact.layers:
        for place, (top, owner) in enumerate(zip(one.layer.tops, one.owners, strict=True)):
            data = _times(top.count, fact.element_bytes)
            rows.append(
                {
                    **_net_key(attempt, fact),
                    "layer_index": one.layer.index,
                    "layer": one.layer.name,
                    "top_index": place,
                    "blob": top.name,
                    "shape": None if top.shape is None else list(top.shape),
                    "count": top.count,
                    "data_bytes": data,
                    "distinct_bytes": data if owner is None else 0,
                    "in_place": top.in_place,
                    "shares_with": owner,
                    "loss_weight": top.loss_weight,
                    "line": top.line or one.layer.line,
                }
            )
    return rows


def param_rows(attempt: int, fact: NetFact) -> list[Row]:
    """The `params` rows of one net: one per parameter blob; a layer whose params are NA has none."""
    return [
        {
            **_net_key(attempt, fact),
            "layer_index": one.layer.index,
            "layer": one.layer.name,
            "param_index": place,
            "kind": param.blob.kind,
            "shape": list(param.blob.shape),
            "count": param.blob.count,
            "bytes": 0 if param.owner is not None else param.blob.count * fact.element_bytes,
            "shares_with": param.owner,
            "basis": str(one.cost.params_basis),
            "line": one.layer.line,
        }
        for one in fact.layers
        for place, param in enumerate(one.params or ())
    ]


def net_row(attempt: int, fact: NetFact) -> Row:
    """The `nets` row of one net."""
    net, layers = fact.net, fact.layers
    per_image, batch_macs = _macs(_known_sum(one.cost.macs.value for one in layers), fact)
    values = _known_sum(one.own_values for one in layers)
    steps = [(one.logged_step_bytes, one.expected_step_bytes) for one in layers]
    checked = [(step, want or 0) for step, want in steps if step is not None]
    return {
        **_net_key(attempt, fact),
        "test_index": net.test_index,
        "layers": len(layers),
        "batch": fact.batch,
        "element_bytes": net.element_bytes,
        "logged_bytes": logged_total(fact),
        "distinct_bytes": layers[-1].distinct_total_bytes if layers else None,
        "weights": _own_of_kind(fact, "weight"),
        "biases": _own_of_kind(fact, "bias"),
        "statistics": _own_of_kind(fact, "statistic"),
        "params": _known_sum(one.own_params for one in layers),
        "param_bytes": values * fact.element_bytes,
        "macs": batch_macs,
        "macs_per_image": per_image,
        "unknown_params": sum(one.cost.params is None for one in layers),
        "unknown_macs": sum(one.cost.macs.value is None for one in layers),
        "reconciled_layers": sum(step == want for step, want in checked),
        "missing_bytes": sum(step - want for step, want in checked) if checked else None,
        "definition_cut": net.dump_cut if net.dump is not None else None,
        "definition_origin": _origin(fact),
        "done": net.done,
        "line": net.line,
        "end_line": net.end_line,
    }


def logged_total(fact: NetFact) -> int | None:
    """Caffe's figure for the whole net: the total printed once, or the last running one."""
    if fact.net.total_bytes is not None:
        return fact.net.total_bytes
    running = [one.layer.logged_bytes for one in fact.layers if one.layer.logged_bytes is not None]
    return running[-1] if running else None


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


def ledger_rows(ledger: Iterable[LedgerRow]) -> list[Row]:
    """The `ledger` rows of a log."""
    return [
        {
            "class": row.kind,
            "reason": row.reason,
            "lines": row.lines,
            "first_line": row.first_line,
            "example": row.example,
        }
        for row in ledger
    ]


def finding_rows(findings: Iterable[Finding]) -> list[Row]:
    """The `findings` rows of a log."""
    return [
        {
            "severity": one.severity,
            "kind": one.kind,
            "title": one.title,
            "text": one.text,
            "evidence": list(one.evidence),
            "attempt": one.attempt,
            "net_index": one.net_index,
            "layer_index": one.layer_index,
            "saves_bytes": one.saves_bytes,
            "line": one.line,
        }
        for one in findings
    ]


def _one_row(attempt: int, fact: NetFact) -> list[Row]:
    return [net_row(attempt, fact)]


NET_TABLES: Final[Mapping[str, Callable[[int, NetFact], list[Row]]]] = {
    "nets": _one_row,
    "layers": layer_rows,
    "blobs": blob_rows,
    "params": param_rows,
}
