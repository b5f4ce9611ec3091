"""Cut the truth of the sample logs out of the truth of all genuine logs.

    python tests/truth/cut_sample_truth.py ../shared/logs/genuine/truth.json

writes sample_truth.json beside this script: the same structure and field names, only the nets that sample_logs/
shows and only the fields that tests ask for. README.md here tells what the fields mean.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).resolve().parent
SAMPLES: Final = HERE.parent.parent / "sample_logs"

ABOUT: Final = ("caffe", "macs_forward", "macs_backward", "weight_count/bias_count")
LOG_FIELDS: Final = ("net", "net_inits", "lines", "exit")
TOTALS: Final = (
    "distinct_data_bytes",
    "distinct_diff_bytes",
    "macs_backward",
    "macs_forward",
    "memory_required_logged",
    "param_bytes_distinct",
    "param_count_distinct",
)
LAYER_FIELDS: Final = (
    "name",
    "type",
    "weight_count",
    "bias_count",
    "statistics_count",
    "macs_forward",
    "macs_backward",
    "need_backward",
    "memory_required_logged_cumulative",
)
TOP_FIELDS: Final = ("name", "shape", "count", "in_place", "data_mem_id", "data_mem_bytes", "loss_weight")


def pick(record: dict[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    """The named fields, those that the record has."""
    return {field: record[field] for field in fields if field in record}


def cut_layer(layer: dict[str, Any]) -> dict[str, Any]:
    """One layer: its numbers, its bottoms' names, its tops, the shape and owner of its parameters."""
    return {
        **pick(layer, LAYER_FIELDS),
        "bottoms": [pick(bottom, ("name",)) for bottom in layer["bottoms"]],
        "tops": [pick(top, TOP_FIELDS) for top in layer["tops"]],
        "params": [pick(param, ("shape", "shared_with_layer")) for param in layer["params"]],
    }


def cut_net(net: dict[str, Any]) -> dict[str, Any]:
    """One net of one phase."""
    return {
        **pick(net, ("dtype_bytes", "net_name")),
        "layers": [cut_layer(layer) for layer in net["layers"]],
        "totals": pick(net["totals"], TOTALS),
    }


def cut(truth: dict[str, Any]) -> dict[str, Any]:
    """The truth of the logs in sample_logs/ that the truth knows."""
    logs = {
        path.stem: pick(truth["_logs"][path.stem], LOG_FIELDS)
        for path in sorted(SAMPLES.glob("*.log"))
        if path.stem in truth["_logs"]
    }
    wanted: dict[str, set[str]] = {}
    for log in logs.values():
        wanted.setdefault(log["net"], set()).update(log["net_inits"])
    nets = {
        name: {phase: cut_net(truth["nets"][name][phase]) for phase in sorted(phases)}
        for name, phases in sorted(wanted.items())
    }
    return {"_about": pick(truth["_about"], ABOUT), "_logs": logs, "nets": nets}


def one_layer_a_line(truth: dict[str, Any]) -> str:
    """JSON that a diff can show: a line for each layer."""
    text = json.dumps(truth, separators=(",", ":"), sort_keys=True)
    return text.replace('{"bias_count"', '\n{"bias_count"').replace('],"net_name"', '\n],"net_name"') + "\n"


def main() -> None:
    """Read the truth that the argument names and write its cut."""
    truth = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    (HERE / "sample_truth.json").write_text(one_layer_a_line(cut(truth)), encoding="utf-8")


if __name__ == "__main__":
    main()
