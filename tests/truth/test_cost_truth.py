"""Costs of every layer of the genuine nets, against what the live Caffe nets really had.

Each layer is costed from its definition in the net's prototxt and the shapes of the live net.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from logparse.cost.rules import cost
from logparse.cost.spec import Basis, LayerSpec
from logparse.cost.types import to_v2
from logparse.reading.textproto import parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from logparse.reading.textproto import Message

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
                for layer in phases[phase]["layers"]:
                    definition = None if layer["type"] in NO_DEFINITION else named[layer["name"]]
                    yield f"{net} {phase} {layer['name']}", layer, spec_of(layer, phase, definition)

    return list(rows())


@pytest.fixture
def layers(shared_logs: Path) -> list[tuple[str, dict[str, Any], LayerSpec]]:
    found = truth_layers(shared_logs / "genuine")
    assert len(found) > 900, "the truth file lost its nets"
    return found


def statistics_of(layer: dict[str, Any]) -> int:
    return sum(p["count"] for p in layer["params"]) if layer["type"] == "BatchNorm" else 0


def test_weights_biases_and_statistics_equal_the_live_net(layers: list[tuple[str, dict[str, Any], LayerSpec]]) -> None:
    wrong = [
        (where, (c.weights, c.biases, c.statistics), truth["weight_count"], truth["bias_count"])
        for where, truth, spec in layers
        if (c := cost(spec))
        and (c.weights, c.biases, c.statistics) != (truth["weight_count"], truth["bias_count"], statistics_of(truth))
    ]
    assert wrong == []


def test_every_parameter_blob_has_the_live_shape(layers: list[tuple[str, dict[str, Any], LayerSpec]]) -> None:
    wrong = [
        (where, c.params, truth["params"])
        for where, truth, spec in layers
        if (c := cost(spec)).params is None
        or [list(p.shape) for p in c.params] != [p["shape"] for p in truth["params"]]
    ]
    assert wrong == []


def test_forward_macs_equal_the_intercepted_blas_calls(layers: list[tuple[str, dict[str, Any], LayerSpec]]) -> None:
    wrong = [
        (where, cost(spec).macs, truth["macs_forward"])
        for where, truth, spec in layers
        if cost(spec).macs.value != truth["macs_forward"]
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
