"""Costs of every layer of the genuine nets, against what the live Caffe nets really had.

Each layer is costed from its definition in the net's prototxt and the shapes of the live net.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from logparse.api import parse_log
from logparse.cost.costing import cost
from logparse.cost.memory.buffers import buffers
from logparse.cost.memory.gradients import FlowLayer, flow_of, learns, propagate_down
from logparse.cost.spec import Basis, LayerSpec
from logparse.cost.types import to_v2
from logparse.textproto import parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from logparse.cost.spec import Cost
    from logparse.textproto import Message

NO_DEFINITION = {"Split", "Input"}  # inserted by Caffe while it builds the net


def included(layer: Message, phase: str) -> bool:
    """Net::FilterNet by phase and stage; the test nets of `two_tests` differ by stage."""
    kind = phase.rstrip("01")
    stage = {"TEST0": "test-on-train", "TEST1": "test-on-test"}.get(phase)

    def meets(rule: Message) -> bool:
        stages = rule.texts("stage")
        return rule.text("phase", kind) == kind and all(s == stage for s in stages)

    include, exclude = layer.children("include"), layer.children("exclude")
    return any(map(meets, include)) if include else not any(map(meets, exclude))


def definitions(path: Path, phase: str) -> dict[str, Message]:
    """The net's layers in one phase, by name, in V2 form."""
    root = parse(path.read_text()).root
    layers = [to_v2(m) for m in (*root.children("layer"), *root.children("layers"))]
    return {m.text("name"): m for m in layers if included(m, phase)}


def shapes(blobs: list[dict[str, Any]]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(blob["shape"]) for blob in blobs)


def spec_of(layer: dict[str, Any], phase: str, definition: Message | None) -> LayerSpec:
    return LayerSpec(
        name=layer["name"],
        type=layer["type"],
        definition=definition,
        bottoms=shapes(layer["bottoms"]),
        tops=shapes(layer["tops"]),
        in_place=tuple(blob["in_place"] for blob in layer["tops"]),
        phase=phase.rstrip("01"),
        backward=layer["need_backward"],
    )


LOSSES = {"SoftmaxWithLoss", "HingeLoss", "ContrastiveLoss", "EuclideanLoss", "SigmoidCrossEntropyLoss"} | {
    "MultinomialLogisticLoss"
}


def flow_layer(layer: dict[str, Any], definition: Message | None) -> FlowLayer:
    weights = definition.numbers("loss_weight") if definition is not None else ()
    return FlowLayer(
        bottoms=tuple(b["name"] for b in layer["bottoms"]),
        tops=tuple(t["name"] for t in layer["tops"]),
        learns=learns(definition, len(layer["params"])),
        loss=any(weights) if weights else layer["type"] in LOSSES,
        propagate_down=propagate_down(definition),
    )


@cache
def truth_layers(genuine: Path) -> list[tuple[str, dict[str, Any], LayerSpec]]:
    """Every layer of every net and phase as (where, truth, spec)."""
    nets: dict[str, Any] = json.loads((genuine / "truth.json").read_text())["nets"]

    def rows() -> Iterator[tuple[str, dict[str, Any], LayerSpec]]:
        for net, phases in sorted(nets.items()):
            path = genuine / "nets" / f"{net}.prototxt"
            if not path.exists():
                continue
            for phase in sorted(set(phases) - {"opencv"}):
                named = definitions(path, phase)
                truth = phases[phase]["layers"]
                own = [None if one["type"] in NO_DEFINITION else named[one["name"]] for one in truth]
                flows = flow_of([flow_layer(one, message) for one, message in zip(truth, own, strict=True)])
                for layer, definition, flow in zip(truth, own, flows, strict=True):
                    spec = replace(spec_of(layer, phase, definition), bottom_needs_grad=flow.bottoms)
                    yield f"{net} {phase} {layer['name']}", layer, replace(spec, backward=flow.backward)

    return list(rows())


@pytest.fixture
def layers(shared_logs: Path) -> list[tuple[str, dict[str, Any], LayerSpec]]:
    found = truth_layers(shared_logs / "genuine")
    assert len(found) > 900, "the truth file lost its nets"
    return found


def statistics_of(layer: dict[str, Any]) -> int:
    return sum(p["count"] for p in layer["params"]) if layer["type"] == "BatchNorm" else 0


def counts(found: Cost) -> tuple[int | None, ...]:
    return found.weights, found.biases, found.statistics


def live_counts(layer: dict[str, Any]) -> tuple[int, ...]:
    return layer["weight_count"], layer["bias_count"], statistics_of(layer)


def test_weights_biases_and_statistics_equal_the_live_net(layers: list[tuple[str, dict[str, Any], LayerSpec]]) -> None:
    wrong = [
        (where, counts(cost(spec)), live_counts(truth))
        for where, truth, spec in layers
        if counts(cost(spec)) != live_counts(truth)
    ]
    assert wrong == []


def test_every_parameter_blob_has_the_live_shape(layers: list[tuple[str, dict[str, Any], LayerSpec]]) -> None:
    def shapes_of(found: Cost) -> list[list[int]] | None:
        return None if found.params is None else [list(blob.shape) for blob in found.params]

    wrong = [
        (where, cost(spec).params, truth["params"])
        for where, truth, spec in layers
        if shapes_of(cost(spec)) != [p["shape"] for p in truth["params"]]
    ]
    assert wrong == []


def test_forward_macs_equal_the_intercepted_blas_calls(layers: list[tuple[str, dict[str, Any], LayerSpec]]) -> None:
    wrong = [
        (where, cost(spec).macs, truth["macs_forward"])
        for where, truth, spec in layers
        if cost(spec).macs.value != truth["macs_forward"]
    ]
    assert wrong == []


def test_backward_flags_follow_from_definitions_and_data_flow(
    layers: list[tuple[str, dict[str, Any], LayerSpec]],
) -> None:
    assert [where for where, truth, spec in layers if spec.backward != truth["need_backward"]] == []


def test_backward_macs_equal_the_intercepted_blas_calls(layers: list[tuple[str, dict[str, Any], LayerSpec]]) -> None:
    wrong = [
        (where, cost(spec).backward_macs, truth["macs_backward"])
        for where, truth, spec in layers
        if cost(spec).backward_macs.value != truth["macs_backward"]
    ]
    assert wrong == []


def test_rules_expect_exactly_the_live_shapes(layers: list[tuple[str, dict[str, Any], LayerSpec]]) -> None:
    for where, truth, spec in layers:
        found = cost(spec)
        assert found.problems == (), where
        told = [(want, got) for want, got in zip(found.expected_tops, spec.tops, strict=False) if want is not None]
        assert all(want == got for want, got in told), where
        if truth["type"] not in {"Data", "Silence", "Split", "Input"}:
            assert found.expected_tops, where


def test_every_number_has_a_basis_and_a_formula(layers: list[tuple[str, dict[str, Any], LayerSpec]]) -> None:
    for where, truth, spec in layers:
        found = cost(spec)
        expected = Basis.SHAPES if truth["type"] in NO_DEFINITION else Basis.DEFINITION
        assert found.macs.basis is expected, where
        assert found.macs.formula.endswith(f"= {truth['macs_forward']:,}"), where
        assert found.other_ops.value is not None, where


def fresh_bytes(blobs: list[dict[str, Any]], seen: set[int], kind: str) -> int:
    """Bytes of the blobs' memories that no earlier layer touched; `kind` is data or diff."""
    found = 0
    for blob in blobs:
        memory = blob[f"{kind}_mem_id"]
        if blob[f"{kind}_allocated"] and memory not in seen:
            seen.add(memory)
            found += blob["data_mem_bytes"]
    return found


def internal_growth(net: dict[str, Any], *, training: bool) -> list[tuple[int, int]]:
    """Per layer, what the heap grew by in its first forward and backward, its blobs taken off."""
    layers, data, diff = net["layers"], set[int](), set[int]()
    tops = {top["name"]: top for layer in layers for top in layer["tops"]}
    forward = [layer["heap_growth_first_forward"] - fresh_bytes(layer["tops"], data, "data") for layer in layers]
    backward = [0] * len(layers)
    for place, layer in reversed(list(enumerate(layers))):
        if training and layer["need_backward"]:
            bottoms = [tops[bottom["name"]] for bottom in layer["bottoms"]]
            backward[place] = layer["heap_growth_first_backward"] - fresh_bytes(bottoms, diff, "diff")
    return list(zip(forward, backward, strict=True))


# malloc's own overhead and what it gives back; where Crop's bottoms share gradients the figures are mixed up more
TOLERANCE_BYTES = 16 * 1024
CROPPED_NET_TOLERANCE_BYTES = 256 * 1024
TOUCHED_AT_INIT = {"Data", "Input"}  # their tops are filled before the first forward
SHARED_GRADIENT = {"Crop"}  # the order in which Crop's bottoms get their gradients is not in the figures


def test_private_buffers_agree_with_the_heap_of_the_live_nets(genuine_truth: dict[str, Any], shared_logs: Path) -> None:
    rows = {where: spec for where, _, spec in truth_layers(shared_logs / "genuine")}
    checked, wrong = 0, []
    for net, phases in genuine_truth["nets"].items():
        for phase, live in phases.items():
            if phase == "opencv" or f"{net} {phase} {live['layers'][0]['name']}" not in rows:
                continue
            tolerance = CROPPED_NET_TOLERANCE_BYTES if net == "fcn_small" else TOLERANCE_BYTES
            growth = internal_growth(live, training=not phase.startswith("TEST"))
            for layer, grown in zip(live["layers"], growth, strict=True):
                if layer["type"] in TOUCHED_AT_INIT | SHARED_GRADIENT:
                    continue
                found = buffers(rows[f"{net} {phase} {layer['name']}"], "cpu", live["dtype_bytes"])
                assert found.items is not None, layer["name"]
                for moment, measured in zip(("forward", "backward"), grown, strict=True):
                    said = sum(item.bytes for item in found.items if item.moment == moment)
                    checked += 1
                    if abs(said - measured) > max(tolerance, 0.02 * measured):
                        wrong.append((net, phase, layer["name"], layer["type"], moment, said, measured))
    assert checked > 1500
    assert wrong == []


def test_a_cut_dump_gives_the_same_numbers_as_inferences_with_evidence(
    shared_logs: Path, genuine_truth: dict[str, Any]
) -> None:
    """glog cut GoogLeNet's dump: 35 of 169 TRAIN and 40 of 178 TEST layers have no definition."""
    nets = parse_log(shared_logs / "genuine/googlenet.log").net_facts[1]
    for fact in nets:
        live = genuine_truth["nets"]["googlenet"][fact.net.phase]["layers"]
        guessed = 0
        for one, truth in zip(fact.layers, live, strict=True):
            found = one.cost
            assert counts(found) == live_counts(truth), truth["name"]
            assert found.macs.value == truth["macs_forward"], truth["name"]
            assert found.backward_macs.value == truth["macs_backward"], truth["name"]
            assert one.spec.type == truth["type"]
            if one.layer.definition is None and truth["type"] != "Split":
                guessed += 1
                assert found.params_basis is Basis.INFERRED
                assert found.assumptions, truth["name"]
        assert guessed > 25
