"""The rules of memory, each on the smallest net that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from logparse.api import parse_log
from logparse.cost.memory.footprint import footprint, rounded
from logparse.cost.memory.holdings import Era, Kind, Run, holdings
from logparse.cost.memory.terms import MIB, Terms
from logparse.cost.whatif.change import Change, changed
from logparse.derive.memory import net_memory

if TYPE_CHECKING:
    from logparse.api import Log

SOLVER: Final = """I1124 10:00:00.000001  1 solver.cpp:45] Initializing solver from parameters:
{settings}
I1124 10:00:00.000002  1 solver.cpp:102] Creating training net from net file: n.prototxt
"""
NET: Final = """I1124 10:00:00.000003  1 net.cpp:53] Initializing net from parameters:
name: "N"
state {{
  phase: {phase}
}}
{definitions}
"""
DATA: Final = (
    'layer {\n  name: "in"\n  type: "Data"\n  top: "data"\n  top: "label"\n  data_param {\n    batch_size: 2\n  }\n}'
)
DENSE: Final = (
    'layer {\n  name: "ip"\n  type: "InnerProduct"\n  bottom: "data"\n  top: "ip"\n  inner_product_param {\n'
    "    num_output: 5\n  }\n}"
)
LOSS: Final = 'layer {\n  name: "loss"\n  type: "SoftmaxWithLoss"\n  bottom: "ip"\n  bottom: "label"\n  top: "loss"\n}'
SETUP: Final = """I1124 10:00:00.000010  1 net.cpp:86] Creating Layer in
I1124 10:00:00.000010  1 net.cpp:382] in -> data
I1124 10:00:00.000010  1 net.cpp:382] in -> label
I1124 10:00:00.000011  1 net.cpp:124] Setting up in
I1124 10:00:00.000011  1 net.cpp:131] Top shape: 2 3 4 4 (96)
I1124 10:00:00.000011  1 net.cpp:131] Top shape: 2 (2)
I1124 10:00:00.000011  1 net.cpp:139] Memory required for data: 392
I1124 10:00:00.000012  1 net.cpp:86] Creating Layer ip
I1124 10:00:00.000012  1 net.cpp:408] ip <- data
I1124 10:00:00.000012  1 net.cpp:382] ip -> ip
I1124 10:00:00.000013  1 net.cpp:124] Setting up ip
I1124 10:00:00.000013  1 net.cpp:131] Top shape: 2 5 (10)
I1124 10:00:00.000013  1 net.cpp:139] Memory required for data: 432
I1124 10:00:00.000014  1 net.cpp:86] Creating Layer loss
I1124 10:00:00.000014  1 net.cpp:408] loss <- ip
I1124 10:00:00.000014  1 net.cpp:408] loss <- label
I1124 10:00:00.000014  1 net.cpp:382] loss -> loss
I1124 10:00:00.000015  1 net.cpp:124] Setting up loss
I1124 10:00:00.000015  1 net.cpp:131] Top shape: (1)
I1124 10:00:00.000015  1 net.cpp:134]     with loss weight 1
I1124 10:00:00.000015  1 net.cpp:139] Memory required for data: 436
"""
FLAGS: Final = """I1124 10:00:00.000016  1 net.cpp:200] loss needs backward computation.
I1124 10:00:00.000016  1 net.cpp:200] ip needs backward computation.
I1124 10:00:00.000016  1 net.cpp:202] in does not need backward computation.
"""
DONE: Final = "I1124 10:00:00.000017  1 net.cpp:257] Network initialization done.\n"
VALUES: Final = 4 * (48 * 5 + 5)  # bytes of the InnerProduct's weights and biases


def net(phase: str, *definitions: str, flags: str = FLAGS) -> str:
    return NET.format(phase=phase, definitions="\n".join(definitions)) + SETUP + flags + DONE


def parsed(settings: str = 'type: "SGD"', *, flags: str = FLAGS, tested: bool = False) -> Log:
    text = SOLVER.format(settings=settings) + net("TRAIN", DATA, DENSE, LOSS, flags=flags)
    if tested:
        text += "I1124 10:00:00.000018  1 solver.cpp:190] Creating test net (#0) specified by net file: n.prototxt\n"
        text += net("TEST", DATA, DENSE, LOSS)
    return parse_log(text.encode())


def run_of(settings: str = 'type: "SGD"', *, tested: bool = False) -> Run:
    return parsed(settings, tested=tested).run()[1]


def kinds(run: Run, device: str, place: int = 0) -> dict[Kind, int]:
    held = holdings(run, device)[place]
    return {kind: held.bytes_of(kind) for kind in Kind}


def test_a_train_net_on_the_cpu() -> None:
    found = kinds(run_of(), "cpu")
    assert found[Kind.DATA] == 436
    assert found[Kind.DIFF] == 40 + 4  # the scores and the loss; the data and the label get no gradient
    assert found[Kind.PARAMS] == found[Kind.GRADIENTS] == found[Kind.HISTORY] == VALUES
    assert found[Kind.PREFETCH] == 3 * 392  # four batches, one of which is the top


def test_on_the_gpu_a_data_layers_tops_stand_in_prefetch_only() -> None:
    found = kinds(run_of(), "gpu")
    assert found[Kind.DATA] == 40 + 4
    assert found[Kind.PREFETCH] == 4 * 392


def test_a_test_net_holds_no_gradients_but_its_losss_and_on_the_gpu_the_losss_scratch() -> None:
    run = run_of(tested=True)
    for device, diff in (("cpu", 4), ("gpu", 4 + 40)):
        found = kinds(run, device, 1)
        assert found[Kind.DIFF] == diff
        assert found[Kind.PARAMS] == found[Kind.GRADIENTS] == found[Kind.HISTORY] == 0


def test_a_test_net_that_is_not_tested_first_keeps_its_own_parameters_on_the_cpu() -> None:
    run = run_of('type: "SGD"\ntest_initialization: false', tested=True)
    assert kinds(run, "cpu", 1)[Kind.PARAMS] == VALUES
    assert kinds(run, "gpu", 1)[Kind.PARAMS] == 0


def test_l1_costs_one_more_copy_of_what_decays() -> None:
    plain = run_of('type: "SGD"\nweight_decay: 0.1\nregularization_type: "L2"')
    l1 = run_of('type: "SGD"\nweight_decay: 0.1\nregularization_type: "L1"')
    off = run_of('type: "SGD"\nweight_decay: 0\nregularization_type: "L1"')
    assert kinds(plain, "gpu")[Kind.HISTORY] == kinds(off, "gpu")[Kind.HISTORY] == VALUES
    assert kinds(l1, "gpu")[Kind.HISTORY] == 2 * VALUES
    adam = run_of('type: "Adam"\nweight_decay: 0.1\nregularization_type: "L1"')
    assert kinds(adam, "cpu")[Kind.HISTORY] == 3 * VALUES  # its temp serves both
    assert kinds(adam, "gpu")[Kind.HISTORY] == 3 * VALUES


@pytest.mark.parametrize(("era", "on_the_cpu", "on_a_gpu"), [(Era.NOW, 3, 4), (Era.RC2, 1, 1)])
def test_older_releases_keep_other_batches(era: Era, on_the_cpu: int, on_a_gpu: int) -> None:
    run = run_of()
    old = Run(run.command, run.nets, run.solver, era)
    assert kinds(old, "cpu")[Kind.PREFETCH] == on_the_cpu * 392
    assert kinds(old, "gpu")[Kind.PREFETCH] == on_a_gpu * 392


def test_a_run_without_backward_flags_says_that_gradients_are_left_out() -> None:
    log = parsed(flags="")
    rows = log.memory[(log.memory["kind"] == "diff") & (log.memory["device"] == "cpu")]
    if rows["bytes"].isna().all():
        assert "left out" in rows["basis"].iloc[0]
        assert "left out" in log.footprint["basis"].iloc[0]
    else:  # the definitions alone tell the flow of gradients
        assert int(rows["bytes"].iloc[0]) == 44


def test_caffe_time_has_no_solver_and_caffe_test_no_gradients() -> None:
    run = run_of()
    timed, tested = (kinds(Run(command, run.nets), "gpu") for command in ("time", "test"))
    assert timed[Kind.GRADIENTS] == VALUES
    assert timed[Kind.HISTORY] == tested[Kind.HISTORY] == tested[Kind.GRADIENTS] == 0


def test_the_driver_rounds_large_blocks_to_pages_and_packs_small_ones() -> None:
    assert rounded([1]) == 2 * MIB
    assert rounded([1] * 4096) == 2 * MIB
    assert rounded([1] * 4097) == 4 * MIB
    assert rounded([MIB]) == rounded([MIB] * 2) == 2 * MIB
    assert rounded([MIB + 1] * 2) == 4 * MIB
    assert rounded([2 * MIB + 1]) == 4 * MIB
    assert rounded([]) == 0


def test_a_data_layers_thread_makes_a_handle_of_its_own() -> None:
    terms = Terms(engine="caffe", thread_bytes=64 * MIB)
    one, two = (footprint(run_of(tested=tested), "gpu", terms) for tested in (False, True))
    handles = [part.bytes for found in (one, two) for part in found.parts if "prefetch" in part.name]
    assert handles == [64 * MIB, 128 * MIB]


def test_the_parts_of_a_footprint_add_up_to_it() -> None:
    for device in ("cpu", "gpu"):
        found = footprint(run_of(), device)
        assert sum(part.bytes for part in found.parts) == found.bytes


def test_shapes_without_their_batch_have_no_bytes() -> None:
    text = SOLVER.format(settings='type: "SGD"') + net("TRAIN", DATA, DENSE, LOSS)
    log = parse_log(text.encode())
    fact = log.net_facts[1][0]
    per_image = net_memory(fact.layers, fact.element_bytes, None, is_per_image=True)
    held = holdings(Run("train", (per_image,)), "cpu")[0]
    assert held.bytes_of(Kind.DATA) == held.bytes_of(Kind.BUFFERS) == 0
    assert held.bytes_of(Kind.PARAMS) == VALUES
    assert {gap.kind for gap in held.gaps} >= {Kind.DATA, Kind.PREFETCH}


def test_the_layers_table_has_what_each_layer_holds() -> None:
    rows = parsed().layers.set_index("layer")
    assert list(rows["diff_bytes"]) == [0, 40, 4]
    assert rows.loc["ip", "buffer_bytes"] == 2 * 4  # one multiplier of the bias for each image
    assert rows.loc["ip", "buffer_formula"] == "bias multiplier: 2 × 4 bytes = 8"


def test_several_gpus_are_told_of() -> None:
    text = "I1124 10:00:00.0  1 caffe.cpp:204] Using GPUs 0, 1\n"
    text += "".join(f"I1124 10:00:00.0  1 caffe.cpp:209] GPU {i}: Tesla K40m\n" for i in (0, 1))
    text += SOLVER.format(settings='type: "SGD"') + net("TRAIN", DATA, DENSE, LOSS)
    rows = parse_log(text.encode()).footprint
    assert "of one of 2 GPUs; the range holds up to" in rows[rows["device"] == "gpu"]["basis"].iloc[0]


def test_an_attempt_without_a_net_has_no_footprint() -> None:
    rows = parse_log(b"I1124 10:00:00.000001  1 caffe.cpp:197] Use CPU.\n").footprint
    assert list(rows["device"]) == ["cpu", "gpu"]
    assert rows["bytes"].isna().all()


def test_frozen_layers_cost_gradients_and_history_too() -> None:
    frozen = DENSE.replace("  inner_product_param", "  param {\n    lr_mult: 0\n  }\n  inner_product_param")
    text = SOLVER.format(settings='type: "SGD"') + net("TRAIN", DATA, frozen, LOSS)
    found = kinds(parse_log(text.encode()).run()[1], "cpu")
    assert found[Kind.GRADIENTS] == found[Kind.HISTORY] == VALUES


def test_nothing_changes_at_the_logs_own_settings() -> None:
    run = run_of(tested=True)
    same = changed(run, Change(batch=2, test_batch=2, solver="SGD", weights="fp32", activations="fp32"))
    assert same.run == run
    assert same.assumptions == ()
