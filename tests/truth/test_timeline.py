"""The timeline of a run against live nets: layer by layer on the CPU, up to the failing request on a GPU."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import pytest

from logparse.api import parse_log
from logparse.cost.memory.holdings import Allocation
from logparse.cost.memory.terms import MIB
from logparse.cost.memory.timeline import Pass, timeline

if TYPE_CHECKING:
    from pathlib import Path

    from logparse.cost.memory.holdings import Run

# malloc's own overhead and what it gives back; where Crop's bottoms share gradients the figures are mixed up more
TOLERANCE_BYTES: Final = 16 * 1024
CROPPED_NET_TOLERANCE_BYTES: Final = 256 * 1024
TOUCHED_AT_INIT: Final = {"Data", "Input"}  # whoever measured had filled their tops before the first forward


def grown(run: Run) -> Counter[tuple[Pass, int]]:
    """Bytes by pass and layer of the first net."""
    found = Counter[tuple[Pass, int]]()
    for touch, _ in timeline(run, "cpu"):
        if touch.net == 0 and touch.layer is not None and isinstance(touch.part, Allocation):
            found[touch.during, touch.layer] += touch.part.bytes
    return found


def test_each_layer_allocates_in_its_first_forward_and_backward_what_the_heap_grew_by(
    genuine_truth: dict[str, Any], shared_logs: Path
) -> None:
    checked, wrong = 0, []
    for name, phases in genuine_truth["nets"].items():
        path = shared_logs / "genuine" / f"{name}.log"
        if "TRAIN" not in phases or not path.exists():
            continue
        live = phases["TRAIN"]["layers"]
        run = parse_log(path).run()[1]
        if [layer.spec.name for layer in run.nets[0].layers] != [layer["name"] for layer in live]:
            continue
        said = grown(run)
        tolerance = CROPPED_NET_TOLERANCE_BYTES if name == "fcn_small" else TOLERANCE_BYTES
        for place, layer in enumerate(live):
            if layer["type"] in TOUCHED_AT_INIT:
                continue
            for during in (Pass.FORWARD, Pass.BACKWARD):
                measured = layer[f"heap_growth_first_{during}"]
                checked += 1
                if abs(said[during, place] - measured) > max(tolerance, 0.02 * measured):
                    wrong.append((name, layer["name"], layer["type"], str(during), said[during, place], measured))
    assert checked > 900
    assert wrong == []


# run → the pass, the layer at work and the kind of the request that failed, as the stack in its log says
FAILED: Final = {
    "gpu_oom_shared_gpu_700": (Pass.SET_UP, "fc6", "gradients"),
    "gpu_oom_shared_gpu_1200": (Pass.FORWARD, "fc6", "params"),
    "gpu_oom_test_net": (Pass.TEST, "norm1", "distinct_data"),
}


@pytest.mark.parametrize("name", FAILED)
def test_memory_runs_out_where_the_timeline_crosses_what_the_card_had_free(name: str, shared_logs: Path) -> None:
    measured = json.loads((shared_logs / "gpu/gpu_truth.json").read_text(encoding="utf-8"))
    truth, context = measured["runs"][name], measured["_constants"]["base_mib"]
    run = parse_log(shared_logs / f"gpu/{name}.log").run()[1]
    free = (truth["other_process_left_free_mib"] - context) * MIB
    first = next(touch for touch, running in timeline(run, "gpu") if running > free)
    assert first.layer is not None
    layer = run.nets[first.net].layers[first.layer].spec.name
    assert (first.during, layer, str(first.part.kind)) == FAILED[name]
    assert isinstance(first.part, Allocation)
    assert first.part.bytes == truth["failed_cudamalloc"][0]["size"]
