"""Plans by liveness against published figures (opencv/opencv#9389, arithmetic on the same nets), and their bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from logparse.api import parse_log
from logparse.cost.plan.lifetimes import of_inference
from logparse.cost.plan.placement import planned
from logparse.cost.plan.schemes import schemes
from logparse.rows import rows_of

if TYPE_CHECKING:
    from pathlib import Path

# Bytes of one image: where two of the largest blobs live at once (conv1 and norm1, conv2/3x3 and norm2, …)
PER_IMAGE: Final = {"alexnet": 2_323_200, "googlenet": 4_816_896, "resnet18": 4_014_080, "vgg16": 25_690_112}


@pytest.mark.parametrize("name", PER_IMAGE)
def test_a_forward_pass_of_one_image_needs_what_is_published(name: str, shared_logs: Path) -> None:
    for net in parse_log(shared_logs / f"genuine/{name}.log").run()[1].nets:
        found = planned(of_inference(net))
        assert net.batch is not None
        assert found.bytes == found.bound_bytes == PER_IMAGE[name] * net.batch


def test_an_index_beside_each_max_pooling_adds_nothing_to_alexnets_fullest_step(shared_logs: Path) -> None:
    """opencv/opencv#9389: 2.32 MB for the best plan, which is conv1 and norm1."""
    (net, *_) = parse_log(shared_logs / "genuine/alexnet.log").run()[1].nets
    assert planned(of_inference(net, with_index=True)).bytes == 2_323_200 * (net.batch or 1)


def test_the_plan_of_a_fork_is_replayed_to_the_byte(shared_logs: Path) -> None:
    """Its own lines serve for comparison alone: what is replayed is wiring, shapes, flags and exclude_blob."""
    checked = 0
    for path in sorted((shared_logs / "memory_plans").glob("*.log")):
        log = parse_log(path)
        for row in rows_of(log.plan):
            printed = log.net_facts[row["attempt"]][row["net_index"]].net.reported.get("optimised memory")
            if printed is not None and row["scheme"] == "yjxiong_v2":
                checked += 1
                assert row["bytes"] == printed, (path.stem, row["phase"])
    assert checked > 20


def test_plans_of_all_nets_are_within_a_hundredth_of_their_bounds(shared_logs: Path) -> None:
    checked, wrong = 0, []
    for path in sorted((shared_logs / "genuine").glob("*.log")):
        for run in parse_log(path).runs.values():
            for scheme in (scheme for net in run.nets if net.layers for scheme in schemes(net)):
                if scheme.bytes is not None and scheme.bound is not None:
                    checked += 1
                    if not scheme.bound <= scheme.bytes <= 1.01 * scheme.bound:
                        wrong.append((path.stem, scheme.name, scheme.bytes, scheme.bound))
    assert checked > 200
    assert wrong == []
