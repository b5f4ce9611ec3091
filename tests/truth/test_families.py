"""What genuine and public logs hold is known by its structure, whatever the net and its layers are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.parsed import parsed
from tests.writing import cells

if TYPE_CHECKING:
    from pathlib import Path

# Log → what its first net is; each of them looked at. None: nobody published it.
GENUINE: Final = {
    "alexnet": "AlexNet",
    "old_rc_alexnet": "AlexNet",
    "old_rc2_time_alexnet": "AlexNet",
    "lenet": "LeNet",
    "lenet_double": "LeNet",
    "lenet_finetune": "LeNet",
    "cifar10_quick": "CIFAR-10 quick",
    "googlenet": "GoogLeNet",
    "old_rc_googlenet": "GoogLeNet",
    "old_rc_autoencoder": "MNIST autoencoder",
    "resnet18": "ResNet-18, with a 1×1 on its first shortcut",
    "vgg16": "VGG-16",
    "lenet_bn": None,
    "conv3d": None,
    "fcn_small": None,
    "legacy_v1": None,
    "lstm": None,
    "rect": None,
    "shapes_misc": None,
    "two_tests": None,
}
PUBLIC: Final = {
    "309ily__Caffe/mnist.log": "LeNet",
    "Amanda-Barbara__nvcaffe/train_with_nccl.log": "CIFAR-10 quick",
    "CheungDuMing__caffe4corner/VGG_VOC0712_SSD_300x300.log": "SSD300 on VGG-16",
    "Luoyadan__ssd-NVcaffe/VGG_VOC0712_SSD_300x300.log": "SSD300 on VGG-16",
    "imistyrain__ssd/VGG_VOC0712_SSD_300x300.log": "SSD300 on VGG-16",
    "IntelLabs__SkimCaffe/train_0.8141_finetune.info": "CIFAR-10 full",
    "IntelLabs__SkimCaffe/caffenet_20170108_train.info.bz2": "CaffeNet",
    "IntelLabs__SkimCaffe/googlenet_20161109_train.info.bz2": "GoogLeNet",
    "JirenJin__training-experiments/caffe.INFO": "GoogLeNet, 196 classes instead of 1000",
    "UPCCV__cat-vs-dog/train_0710.log": "AlexNet, 2 classes instead of 1000",
    "UPCCV__cat-vs-dog/train_0717.log": "ResNet-50, 2 classes instead of 1000",
    "UPCCV__cat-vs-dog/MnasNet_train.log": None,
    "amd__OpenCL-caffe/caffe.AMD-RESEARCH.yugao.log.INFO.20150906-133002.7951": "AlexNet",
    "bearpaw__caffe/aaaa_0408_noise.log": None,
    "bobhuynh__Intel/caffe.log": "GoogLeNet, 3 classes instead of 1000, images of 256×256 instead of 224×224",
    "cvjena__cnn-models/ResNet10_cvgj_test.log": "ResNet-10, activation before the convolutions",
    "cvjena__cnn-models/VGG19_cvgj_test.log": "VGG-19, with BatchNorm",
    "intel__caffe/test_flow_singleFrame.out": None,
    "jcompi__tortugas/model_1_train.log": "AlexNet, 2 classes instead of 1000",
    "lim0606__ndsb/nin.log.INFO.20150226-132614.9429": "NIN for CIFAR, 121 classes instead of 10",
    "lim0606__ndsb/model4_bn.log.INFO.20150302-062754.18773": None,
    "whksmo__joint-hashing/SSDH_12_log.txt": "CaffeNet, 10 classes instead of 1000",
    "yindaz__caffe/caffe.INFO.20141025": "CaffeNet",
}


def families(path: Path) -> list[str | None]:
    return cells(parsed(path).nets)["family"]


@pytest.mark.parametrize("name", GENUINE)
def test_genuine_nets_are_known(shared_logs: Path, name: str) -> None:
    assert families(shared_logs / f"genuine/{name}.log")[0] == GENUINE[name]


@pytest.mark.parametrize("name", PUBLIC)
def test_public_nets_are_known(shared_logs: Path, name: str) -> None:
    assert families(shared_logs / "public" / name)[0] == PUBLIC[name]


def test_training_and_test_net_of_a_genuine_log_are_one(genuine_log: Path) -> None:
    """Where a log sets up both and neither is cut: of one definition, filtered by phase."""
    frame = parsed(genuine_log).nets
    own = frame[frame["nested"].isna() & frame["structure"].notna()]

    assert own.groupby("attempt")["structure"].nunique().le(1).all()


def test_a_net_is_the_same_in_every_release_and_on_every_device(shared_logs: Path) -> None:
    names = ("genuine/alexnet", "genuine/old_rc_alexnet", "genuine/old_rc2_alexnet", "gpu/gpu_cudnn_alexnet_b32")
    found = {parsed(shared_logs / f"{name}.log").nets["structure"].iloc[0] for name in names}

    assert len(found) == 1
