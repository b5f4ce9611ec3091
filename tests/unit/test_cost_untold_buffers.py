"""Types whose private buffers the log cannot tell, and why: an unknown must not look like "none"."""

from __future__ import annotations

import pytest

from logparse.cost.memory.buffers import buffers
from logparse.cost.spec import LayerSpec
from logparse.textproto import parse

BY_LABELS = "its workspace depends on the labels"
BY_RELEASE = "its fork's base class keeps one batch ready or several, by release"


@pytest.mark.parametrize("device", ["cpu", "gpu"])
@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("CTCLoss", BY_LABELS),
        ("CtcLoss", BY_LABELS),
        ("WarpCTC", BY_LABELS),
        ("ImageSegData", BY_RELEASE),
        ("DenseImageData", BY_RELEASE),
        ("ImageLabelData", "one image's label has the size of the crop, which the log does not tell"),
        ("CustomData", "its mean has the size of the stored data, which the log does not tell"),
        ("MultiBoxLoss", "what it holds depends on how many boxes match"),
        ("Python", "a Python layer's work stands in its module, not in the log"),
        ("ROIAlign", "a ROIAlign keeps nothing, indices or places of samples, by fork"),
        ("Reorg", "a Reorg keeps a gradient of its own or none, by fork"),
        ("L2Norm", "an L2Norm keeps its norms in one of three ways, by fork, and its definition does not tell which"),
        ("BN", "a BN has 2 or 4 parameter blobs, by fork, and its definition does not tell which"),
        ("HSwish", "what the layer type HSwish allocates is not known"),
        ("WarpDrive", "what the layer type WarpDrive allocates is not known"),
        *(
            (kind, f"what a {kind} keeps differs from fork to fork")
            for kind in ("CuDNNBatchNorm", "FocalLoss", "L1Loss", "L2Normalization", "Mish", "Proposal")
        ),
        ("SoftmaxFocalLoss", "what a SoftmaxFocalLoss keeps differs from fork to fork"),
    ],
)
def test_what_a_layer_keeps_is_not_told(kind: str, reason: str, device: str) -> None:
    spec = LayerSpec(
        name="x",
        type=kind,
        definition=parse('name: "x"').root,
        bottoms=((2, 3, 5, 7),) * 2,
        tops=((2, 3, 5, 7),),
        phase="TRAIN",
        backward=True,
        bottom_needs_grad=(True, True),
    )
    found = buffers(spec, device, 4)
    assert found.items is None
    assert found.total_bytes is None
    assert found.reason == reason
