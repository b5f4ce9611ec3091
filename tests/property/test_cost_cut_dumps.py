"""A dump may be missing or cut anywhere: what is said then is either right or named as a guess.

For every net of the genuine logs the definitions are taken away from a layer on, at every boundary.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Final

import pytest

from logparse.api import parse_log
from logparse.cost.costing import cost
from logparse.cost.inference.settle import settle
from logparse.cost.spec import Basis, LayerSpec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from logparse.cost.spec import Cost

CERTAIN: Final = frozenset({Basis.DEFINITION, Basis.SHAPES})
CONVOLUTIONS: Final = frozenset({"Convolution", "Deconvolution"})
NETS: Final = (
    "alexnet",
    "cifar10_quick",
    "conv3d",
    "fcn_small",
    "googlenet",
    "legacy_v1",
    "lenet",
    "lenet_bn",
    "lstm",
    "old_rc2_siamese",
    "old_rc_autoencoder",
    "rect",
    "resnet18",
    "shapes_misc",
    "two_tests",
    "vgg16",
)
MANY: Final = 60  # layers; larger nets are cut at every fifth boundary

Specs = tuple[LayerSpec, ...]


@cache
def defined_nets(path: Path) -> list[Specs]:
    """The layers of each net as the log defines them: a layer that is defined nowhere has no type."""
    nets = [fact for facts in parse_log(path).net_facts.values() for fact in facts]
    return [
        tuple(undefined(one.spec) if one.layer.definition is None else one.spec for one in net.layers) for net in nets
    ]


def undefined(spec: LayerSpec) -> LayerSpec:
    """What is left of a layer when its definition is gone; a split never had one."""
    return replace(spec, type=spec.type if spec.type == "Split" else None, definition=None)


def cuts(specs: Specs) -> Iterator[int]:
    step = 1 if len(specs) <= MANY else 5
    yield from sorted({*range(0, len(specs) + 1, step), len(specs)})


def without_definitions(specs: Specs, first: int) -> Specs:
    return tuple(spec if place < first else undefined(spec) for place, spec in enumerate(specs))


def learned(found: Cost) -> tuple[int | None, ...]:
    return found.weights, found.biases, found.statistics


def numbers(found: Cost) -> Iterator[tuple[str, object, Basis]]:
    """Everything that is said with a number, and its basis."""
    yield "params", None if found.params is None else learned(found), found.params_basis
    for name in ("macs", "other_ops", "backward_macs"):
        derived = getattr(found, name)
        yield name, derived.value, derived.basis


def false_certainties(said: Cost, true: Cost) -> list[str]:
    """Numbers of basis definition or shapes that are not the true ones."""
    truth = {name: value for name, value, _ in numbers(true)}
    return [
        name
        for name, value, basis in numbers(said)
        if basis in CERTAIN and value is not None and truth[name] is not None and value != truth[name]
    ]


def outcome(said: Cost, true: Cost) -> str:
    if said.macs.value is None or said.params is None:
        return "na"
    return "right" if (said.macs.value, learned(said)) == (true.macs.value, learned(true)) else "wrong"


@dataclass(frozen=True)
class Study:
    """What is said of a log's nets over all cuts: numbers that are wrong and said to be certain, each with its cut and
    layer, and how the convolutions fare whose definition was cut away."""

    wrong: list[tuple[int, str, str]]
    outcomes: Counter[str]


@cache
def studied(path: Path) -> Study:
    wrong = []
    outcomes: Counter[str] = Counter()
    for specs in defined_nets(path):
        truth = [cost(spec) for spec in specs]
        for first in cuts(specs):
            resolved = settle(without_definitions(specs, first))
            for place, (one, true) in enumerate(zip(resolved, truth, strict=True)):
                wrong += [(first, one.spec.name, name) for name in false_certainties(one.cost, true)]
                if place >= first and specs[place].type in CONVOLUTIONS:
                    outcomes[outcome(one.cost, true)] += 1
    return Study(wrong, outcomes)


@pytest.mark.parametrize("net", NETS)
def test_no_certain_number_is_ever_wrong(shared_logs: Path, net: str) -> None:
    assert studied(shared_logs / "genuine" / f"{net}.log").wrong == []


@pytest.fixture(scope="module")
def outcomes(shared_logs: Path) -> dict[str, Counter[str]]:
    """Per net, how the convolutions fare whose definition was cut away, over all cuts."""
    return {net: studied(shared_logs / "genuine" / f"{net}.log").outcomes for net in NETS}


def test_inferred_convolutions_are_right(outcomes: dict[str, Counter[str]]) -> None:
    total: Counter[str] = sum(outcomes.values(), Counter())
    for net, counter in outcomes.items():
        inferred = counter["right"] + counter["wrong"]
        print(f"{net}: {inferred} of {counter.total()} convolutions inferred, {counter['wrong']} wrong")
    assert total["right"] > 1000
    assert total["right"] >= 0.98 * (total["right"] + total["wrong"])


def test_nets_with_known_names_and_roles_are_inferred_whole(outcomes: dict[str, Counter[str]]) -> None:
    for net in ("alexnet", "vgg16", "googlenet", "lenet", "cifar10_quick"):
        assert outcomes[net]["na"] == 0, net


def test_what_is_not_inferred_tells_its_candidates_or_why(shared_logs: Path) -> None:
    for net in NETS:
        for specs in defined_nets(shared_logs / "genuine" / f"{net}.log"):
            for resolved in settle(without_definitions(specs, 0)):
                found = resolved.cost
                assert found.macs.value is not None or found.macs.reason, (net, resolved.spec.name)
                assert found.params is not None or found.params_reason, (net, resolved.spec.name)
                guessed = Basis.INFERRED in {found.macs.basis, found.params_basis}
                assert not guessed or found.assumptions, (net, resolved.spec.name)
