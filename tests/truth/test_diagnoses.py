"""What genuine logs of Caffe's failures are told to be, and that no run that went well is diagnosed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from logparse import parse_log
from logparse.audit.failures.diagnosed import diagnosed
from logparse.audit.finding import AuditedLog

if TYPE_CHECKING:
    from pathlib import Path

# Of each log that failed: the row of the table, and a part of its title that only this log gives.
TOLD: Final = {
    "err_gpu_in_cpu_build.log": ("gpu_in_cpu_build", "no GPU code"),
    "err_hdf5_output.log": ("hdf5_output_twice", "'data'"),
    "err_missing_lmdb.log": ("lmdb", "no_such_lmdb of layer 'mnist' (Data) cannot be opened: there is no such folder"),
    "err_missing_solver.log": ("file_not_found", "Definition not found: /srv/caffe-nets/solvers/nosuchsolver.prototxt"),
    "err_missing_weights.log": ("file_not_found", "Weights not found: /srv/caffe-nets/snap/nope.caffemodel"),
    "err_shape_eltwise.log": ("branches_do_not_meet", "'res3a' (Eltwise): 2 × 128 × 56 × 56 and 2 × 128 × 28 × 28"),
    "err_shape_label.log": ("batches_differ", "at layer 'loss' (SoftmaxWithLoss): 64 and 63"),
    "err_sigmoid_gamma.log": ("solver_value_refused", "`gamma`: it is -0.05"),
    "err_solver_field.log": ("unknown_field", "'max_iterr' (line 7, column 10); spelt most alike is 'max_iter'"),
    "err_syntax.log": ("text_ends_early", "line 192, column 1"),
    "err_unknown_field.log": ("unknown_field", "'kernel_sise' (line 73, column 16); spelt most alike is 'kernel_size'"),
    "err_unknown_layer.log": ("unknown_layer_type", "'ReLUU' of layer 'relu1' (ReLUU); spelt most alike is 'ReLU'"),
    "lenet_sigint.log": ("stopped_by_hand", "Ctrl-C"),
    "gpu_cudnn_err_conv3d.log": ("cudnn_two_axes", "Layer 'conv1_3d' (Convolution) has 3 spatial axes"),
    "gpu_err_gpu_ordinal.log": ("no_such_gpu", "no GPU with the number"),
    "gpu_err_intmax_vgg16_b1024.log": ("blob_too_large", "Layer 'conv1_1' (Convolution)"),
    "gpu_err_no_driver.log": ("no_driver", "none at all"),
    "gpu_err_no_driver_cpu_mode_data_layer.log": ("no_driver_in_cpu_mode", "even in CPU mode"),
    "gpu_err_vgg16_b340.log": ("kernel_counts_overflow", "Blob conv1_1 has 1,091,829,760 values"),
    "gpu_oom_vgg16_b660.log": ("kernel_counts_overflow", "Blob conv1_1 has 2,119,434,240 values"),
    "gpu_oom_shared_gpu_200.log": ("no_room_for_context", "no room even for CUDA"),
    "gpu_oom_shared_gpu_700.log": ("card_held_by_others", "gradients were allocated (TRAIN net), though"),
    "gpu_oom_shared_gpu_1200.log": ("card_held_by_others", "the forward pass (TRAIN net, InnerProduct), though"),
    "gpu_oom_test_net.log": ("card_held_by_others", "the forward pass (TEST net, LRN), though"),
}


def told(path: Path) -> list[tuple[str, str]]:
    log = AuditedLog(parse_log(path))
    return [(one.kind.removeprefix("diagnosis_"), one.title) for one in diagnosed(log)]


@pytest.mark.parametrize("folder", ["genuine", "gpu"])
def test_each_failure_is_told_and_nothing_else(shared_logs: Path, folder: str) -> None:
    paths = sorted(path for path in (shared_logs / folder).glob("*.log"))
    found = {path.name: said for path in paths if (said := told(path))}

    assert {name: [kind for kind, _ in said] for name, said in found.items()} == {
        path.name: [TOLD[path.name][0]] for path in paths if path.name in TOLD
    }
    assert [said[0][1] for name, said in found.items() if TOLD[name][1] not in said[0][1]] == []


def test_a_batch_that_fits_the_kernels_counters_is_named(shared_logs: Path) -> None:
    """VGG-16's first convolution makes 64 × 224 × 224 values an image: 334 of them stay within 2^30."""
    (finding,) = diagnosed(AuditedLog(parse_log(shared_logs / "gpu/gpu_err_vgg16_b340.log")))

    assert "at most 334" in finding.text


def test_what_failed_in_set_up_is_told_with_the_layer_and_its_bottoms(shared_logs: Path) -> None:
    (finding,) = diagnosed(AuditedLog(parse_log(shared_logs / "genuine/err_shape_eltwise.log")))

    assert "its bottom res3a_branch1: 2 × 128 × 56 × 56" in finding.evidence
    assert "its bottom res3a_branch2b: 2 × 128 × 28 × 28" in finding.evidence
    assert "a stride of 2" in finding.text


def test_of_strangers_logs_only_those_are_diagnosed_that_say_why(public_log: Path) -> None:
    log = parse_log(public_log)
    ended = {
        attempt.index
        for attempt in log.facts.attempts
        if any(event.kind in ("fatal", "stopped_early") for event in attempt.events)
    }

    assert {one.attempt for one in diagnosed(AuditedLog(log))} == ended
