"""The GPU's need against what strangers measured or saw fit, on nets whose definitions are written here.

Each row names its source, the card, and what of the build is known. The sources rarely tell engine and libraries, so a
measured figure must meet the range within three parts in ten; where the net is known to its last layer the estimate
must too. A bound is a bound: what ran is not said to be impossible, what ran out is not said to fit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Final

import pytest

from logparse.cost.memory.footprint import FAILS, FITS, footprint, verdict
from logparse.cost.memory.gpu import Build, Told, gpu
from logparse.cost.memory.terms import MIB
from tests.cost_nets import net, run
from tests.truth import published_nets as nets

if TYPE_CHECKING:
    from logparse.cost.memory.footprint import Footprint

MARGIN: Final = 0.3


@dataclass(frozen=True)
class Use:
    """A published use: the nets (the first trained, timed or tested), the command, what is known of card and build."""

    source: str
    texts: tuple[str, ...]
    told: Told
    command: str = "train"
    measured_mib: int = 0


@cache
def need(use: Use) -> tuple[Footprint, str | None]:
    """The footprint, and whether it fits the empty card."""
    phases = ["TEST" if use.command == "test" else "TRAIN", *["TEST"] * (len(use.texts) - 1)]
    drawn = [
        net(text, phase=phase, beside=place > 0)
        for place, (text, phase) in enumerate(zip(use.texts, phases, strict=True))
    ]
    one = replace(run(*drawn, command=use.command), gpu=gpu(use.told))
    found = footprint(one, "gpu")
    return found, verdict(found, one.gpu.card_span)


MX250: Final = Told(
    ("GeForce MX250",),
    cuda=10.1,
    cudnn=7.6,
    build=Build.NVCAFFE,
    engine="cudnn",
    gone_bytes=318 * MIB,
    workspace_bytes=9_785_000,
)
V100S: Final = Told(
    ("Tesla V100S-PCIE-32GB",),
    cuda=11.1,
    cudnn=8.1,
    build=Build.NVCAFFE,
    engine="cudnn",
    gone_bytes=448 * MIB,
    workspace_bytes=9_500_000,
)
TITAN_X: Final = Told(("GeForce GTX TITAN X",), year=2016)

MEASURED: Final = {
    "Faster R-CNN, VGG-16, one image": Use(
        "py-faster-rcnn#357, #172",
        (nets.faster_rcnn_vgg16(),),
        Told(("GRID K520",), year=2016, cudnn=5.0, engine="cudnn"),
        "test",
        1526,
    ),
    "VGG-19's features, one image": Use(
        "hmmlillian/Gray-Image-Retrieval#7", (nets.vgg19_features(),), Told(("GeForce GTX 1070",)), "test", 1352
    ),
    "SSD 300 with its test net": Use("weiliu89/caffe#310", (nets.ssd300(32), nets.ssd300(8)), TITAN_X, "train", 12_000),
    "LeNet with its test net, NVCaffe": Use(
        "a log's own lines", (nets.lenet(64), nets.lenet(100)), MX250, "train", 496
    ),
    "cifar10_quick, NVCaffe": Use("a log's own lines", (nets.cifar10(34), nets.cifar10(34)), V100S, "train", 877),
}
RANGED: Final = {
    "ResNet-50, one image": Use(
        "jolibrain/deepdetect#84", (nets.resnet50(1),), Told(("Tesla K40m",), year=2016), "test", 302
    ),
    "SSD 300": Use("weiliu89/caffe#310, its batch as in the script", (nets.ssd300(32),), TITAN_X, "train", 6835),
}


@pytest.mark.parametrize("name", [*MEASURED, *RANGED])
def test_the_range_meets_what_was_measured(name: str) -> None:
    use = {**MEASURED, **RANGED}[name]
    found, _ = need(use)
    assert found.left_out == ()
    assert found.low_bytes is not None
    assert found.high_bytes is not None
    assert found.low_bytes <= (1 + MARGIN) * use.measured_mib * MIB
    assert found.high_bytes >= (1 - MARGIN) * use.measured_mib * MIB


@pytest.mark.parametrize("name", MEASURED)
def test_the_estimate_is_near_what_was_measured(name: str) -> None:
    use = MEASURED[name]
    assert need(use)[0].bytes == pytest.approx(use.measured_mib * MIB, rel=MARGIN)


RAN: Final = {
    "SegNet, batch 6": Use("alexgkendall/caffe-segnet#15", (nets.segnet(6),), TITAN_X),
    "SegNet, batch 1, with cuDNN": Use(
        "SegNet-Tutorial#26", (nets.segnet(1),), Told(("GeForce GTX 980",), year=2016, engine="cudnn")
    ),
    "AlexNet, batch 1024, timed": Use("forresti/SqueezeNet#19", (nets.alexnet(1024, learns=False),), TITAN_X, "time"),
    # The thread names no version. Both of its bounds hold for 1.1, whole; of 1.0 the forward pass alone fits.
    "SqueezeNet 1.1, batch 256, timed": Use(
        "forresti/SqueezeNet#19", (nets.squeezenet_1_1(256, learns=True),), TITAN_X, "time"
    ),
    "SqueezeNet 1.0, batch 256, its forward pass": Use(
        "forresti/SqueezeNet#19", (nets.squeezenet(256),), TITAN_X, "test"
    ),
    "VGG-16, batch 32": Use("aharley/segaware#9", (nets.vgg16(32),), TITAN_X),
}
RAN_OUT: Final = {
    "AlexNet, batch 100 and 100": Use(
        "NVIDIA/DIGITS#18", (nets.alexnet(100), nets.alexnet(100)), Told(("GeForce GTX 970M",), year=2015)
    ),
    "SegNet, batch 1, without cuDNN": Use(
        "alexgkendall/caffe-segnet#21", (nets.segnet(1),), Told(("GeForce GTX 980",), year=2016, engine="caffe")
    ),
    "SqueezeNet 1.1, batch 512, timed": Use(
        "forresti/SqueezeNet#19", (nets.squeezenet_1_1(512, learns=True),), TITAN_X, "time"
    ),
    "SqueezeNet 1.0, batch 512": Use("forresti/SqueezeNet#19", (nets.squeezenet(512),), TITAN_X, "test"),
}


@pytest.mark.parametrize("name", RAN)
def test_what_ran_on_a_card_is_not_said_to_be_impossible(name: str) -> None:
    assert need(RAN[name])[1] not in {None, FAILS}


@pytest.mark.parametrize("name", RAN_OUT)
def test_what_ran_out_on_a_card_is_not_said_to_fit(name: str) -> None:
    assert need(RAN_OUT[name])[1] not in {None, FITS}


def test_an_old_card_never_spends_what_a_new_one_does() -> None:
    """ResNet-50 on a cuDNN build with its 200 handles: on a card of 2016 these are 2 GB less than on an H100."""
    use = RANGED["ResNet-50, one image"]
    new = replace(use, told=Told(("NVIDIA H100 80GB HBM3",), engine="cudnn"))
    old = replace(use, told=Told(("Tesla K40m",), year=2016, engine="cudnn"))
    assert need(new)[0].bytes - need(old)[0].bytes > 1500 * MIB
