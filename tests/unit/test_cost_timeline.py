"""When a run allocates what it holds: the order of a solver's first step, of `caffe time` and of `caffe test`."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from logparse.api import parse_log
from logparse.cost.memory.footprint import rounded
from logparse.cost.memory.holdings import Allocation, Era, Gap, Kind, Run, Solver, holdings
from logparse.cost.memory.terms import MIB
from logparse.cost.memory.timeline import Pass, timeline
from tests.cost_nets import net

if TYPE_CHECKING:
    from logparse.cost.memory.holdings import NetMemory

SAMPLES: Final = sorted((Path(__file__).resolve().parents[2] / "sample_logs").glob("*.log"))
PRINTED: Final = {"data": (7, 3, 5, 5), "label": (7,)}
DATA: Final = 'layer { name: "in" type: "Data" top: "data" top: "label" data_param { batch_size: 7 } }'
CONV: Final = (
    'layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" '
    "convolution_param { num_output: 2 kernel_size: 3 } }"
)
DENSE: Final = (
    'layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip" inner_product_param { num_output: 11 } }'
)
LOSS: Final = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }'


def usual(*, beside: bool = False, phase: str = "TRAIN") -> NetMemory:
    return net(DATA + CONV + DENSE + LOSS, phase=phase, batch=7, beside=beside, printed=PRINTED)


def run_of(*nets: NetMemory, command: str = "train", solver: Solver = Solver(), era: Era = Era.NOW) -> Run:  # noqa: B008
    return Run(command, nets, solver, era)


def order(run: Run, device: str, *kinds: Kind) -> list[tuple[str, int, str, str]]:
    """(pass, net, layer at work, block) of every block, or of some kinds."""
    return [
        (str(touch.during), touch.net, run.nets[touch.net].layers[touch.layer or 0].spec.name, touch.part.what)
        for touch, _ in timeline(run, device)
        if isinstance(touch.part, Allocation) and (not kinds or touch.part.kind in kinds)
    ]


def passes(run: Run, device: str = "cpu") -> list[tuple[str, int]]:
    """The passes and nets in turn."""
    return [turn for turn, _ in groupby((str(touch.during), touch.net) for touch, _ in timeline(run, device))]


# -- the turns of a run --------------------------------------------------------------------------------


def test_a_solver_clears_gradients_tests_goes_forward_backward_and_updates() -> None:
    run = run_of(usual(), usual(beside=True, phase="TEST"))
    assert passes(run) == [
        ("set-up", 0),
        ("set-up", 1),
        ("set-up", 0),  # the gradients of the parameters
        ("test", 1),
        ("forward", 0),
        ("backward", 0),
        ("update", 0),
    ]
    cleared = order(run, "cpu", Kind.GRADIENTS)
    assert [name for *_, name in cleared] == ["conv, param 0", "conv, param 1", "ip, param 0", "ip, param 1"]
    assert {during for during, *_ in cleared} == {"set-up"}


def test_without_test_initialization_the_first_test_comes_after_the_first_update() -> None:
    run = run_of(usual(), usual(beside=True, phase="TEST"), solver=Solver(tests_first=False))
    assert passes(run, "gpu")[-2:] == [("update", 0), ("test", 1)]


def test_caffe_time_takes_no_step() -> None:
    run = run_of(usual(), command="time")
    assert passes(run) == [("set-up", 0), ("forward", 0), ("backward", 0)]
    assert order(run, "cpu", Kind.GRADIENTS) == [
        ("backward", 0, "ip", "ip, param 0"),
        ("backward", 0, "ip", "ip, param 1"),
        ("backward", 0, "conv", "conv, param 0"),
        ("backward", 0, "conv", "conv, param 1"),
    ]


def test_caffe_test_only_tests() -> None:
    assert passes(run_of(usual(phase="TEST"), command="test"), "gpu") == [("set-up", 0), ("test", 0)]


# -- first touches -------------------------------------------------------------------------------------


def test_layers_allocate_their_tops_forward_and_the_gradients_of_their_bottoms_in_reverse() -> None:
    run = run_of(usual())
    assert order(run, "cpu", Kind.DATA)[2:] == [
        ("forward", 0, "conv", "conv"),
        ("forward", 0, "ip", "ip"),
        ("forward", 0, "loss", "loss"),
    ]
    assert order(run, "cpu", Kind.DIFF) == [
        ("set-up", 0, "loss", "loss"),  # its loss weight
        ("backward", 0, "loss", "ip"),
        ("backward", 0, "ip", "conv"),
        ("backward", 0, "conv", "data"),  # base_conv_layer.cpp takes every bottom's pointer
    ]


def test_on_a_gpu_the_loss_layer_works_in_its_bottoms_gradient_as_it_goes_forward() -> None:
    assert order(run_of(usual()), "gpu", Kind.DIFF)[:2] == [
        ("forward", 0, "loss", "ip"),
        ("forward", 0, "loss", "loss"),
    ]


def test_a_buffer_of_the_backward_pass_comes_with_it() -> None:
    pointwise = CONV.replace("kernel_size: 3", "kernel_size: 1")
    first = 'layer { name: "first" type: "Convolution" bottom: "data" top: "first" convolution_param { num_output: 2 kernel_size: 1 } }'  # noqa: E501
    text = DATA + first + pointwise.replace('bottom: "data"', 'bottom: "first"') + DENSE + LOSS
    run = run_of(net(text, batch=7, printed=PRINTED))
    columns = [(during, layer) for during, _, layer, what in order(run, "cpu", Kind.BUFFERS) if "col" in what]
    assert ("backward", "conv") in columns


def test_a_card_gets_the_parameters_where_they_are_first_read() -> None:
    first, second = usual(), usual(beside=True, phase="TEST")
    assert {turn[0] for turn in order(run_of(first, second), "cpu", Kind.PARAMS)} == {"set-up"}
    assert [turn[:3] for turn in order(run_of(first), "gpu", Kind.PARAMS)][::2] == [
        ("forward", 0, "conv"),
        ("forward", 0, "ip"),
    ]
    assert [turn[:3] for turn in order(run_of(first, second), "gpu", Kind.PARAMS)][::2] == [
        ("test", 1, "conv"),
        ("test", 1, "ip"),
    ]
    late = run_of(first, second, solver=Solver(tests_first=False))
    assert {turn[:2] for turn in order(late, "gpu", Kind.PARAMS)} == {("forward", 0)}


@pytest.mark.parametrize(("era", "during"), [(Era.NOW, "set-up"), (Era.RC2, "forward")])
def test_a_prefetched_top_is_one_of_the_batches_since_rc3(era: Era, during: str) -> None:
    assert order(run_of(usual(), era=era), "cpu", Kind.DATA)[0] == (during, 0, "in", "data")


def test_within_a_layer_what_its_code_asks_for_first_comes_first() -> None:
    run = run_of(usual())
    kinds = {
        name: [
            touch.part.kind for touch, _ in timeline(run, "gpu") if _is_forward(run, touch.layer, touch.during, name)
        ]
        for name in ("conv", "ip", "loss")
    }
    assert kinds["conv"][:3] == [Kind.PARAMS, Kind.PARAMS, Kind.DATA]  # conv_layer.cu reads its weight first
    assert kinds["ip"][:2] == [Kind.DATA, Kind.PARAMS]  # inner_product_layer.cu its top
    assert kinds["loss"][0] is Kind.BUFFERS  # softmax_loss_layer.cu: the inner layer's top


def _is_forward(run: Run, layer: int | None, during: Pass, name: str) -> bool:
    return during is Pass.FORWARD and layer is not None and run.nets[0].layers[layer].spec.name == name


# -- sums ----------------------------------------------------------------------------------------------


def test_on_the_cpu_the_running_figure_adds_up_and_on_a_gpu_by_pages() -> None:
    moments = timeline(run_of(usual()), "cpu")
    sizes = [touch.part.bytes for touch, _ in moments if isinstance(touch.part, Allocation)]
    assert [running for _, running in moments] == [sum(sizes[: place + 1]) for place in range(len(sizes))]
    card = [running for _, running in timeline(run_of(usual()), "gpu")]
    assert {running % (2 * MIB) for running in card} == {0}
    assert card == sorted(card)


def test_what_is_not_known_stands_in_its_pass_and_adds_nothing() -> None:
    layers = list(usual().layers)
    layers[2] = replace(layers[2], params=None)
    moments = timeline(run_of(replace(usual(), layers=tuple(layers))), "cpu")
    gaps = [(str(touch.during), touch.part.kind) for touch, _ in moments if isinstance(touch.part, Gap)]
    assert gaps == [("set-up", Kind.PARAMS), ("set-up", Kind.GRADIENTS), ("update", Kind.HISTORY)]
    assert moments[-1].running_bytes == sum(
        one.total_bytes for one in holdings(run_of(replace(usual(), layers=tuple(layers))), "cpu")
    )


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_timeline_is_all_that_is_held_and_ends_at_its_sum(path: Path) -> None:
    for run in parse_log(path).runs.values():
        for device in ("cpu", "gpu"):
            moments, held = timeline(run, device), holdings(run, device)
            assert Counter(touch.part for touch, _ in moments) == Counter(part for one in held for part in one.parts)
            sizes = [block.bytes for one in held for block in one.blocks]
            assert not moments or moments[-1].running_bytes == (sum(sizes) if device == "cpu" else rounded(sizes))
