"""Published nets as tables: every layer of each by hand from its paper, and when a log is taken for one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from logparse.cost.inference.architectures import Published, architectures, known_layers
from logparse.cost.spec import LayerSpec
from logparse.textproto import parse

if TYPE_CHECKING:
    from logparse.cost.inference.architectures import Convolutions
    from logparse.cost.spec import Shape


def table(name: str) -> Convolutions:
    return architectures()[name].table


def kernels(facts: Convolutions) -> int:
    """Outputs times places of the kernel, over all layers whose outputs are fixed."""
    return sum((fact.outputs or 0) * fact.kernel**2 for fact in facts)


def sums(facts: Convolutions) -> tuple[int, ...]:
    """Strides, pads, groups and dilations over all layers, and how many have a bias."""
    strides, pads, groups, dilations = zip(
        *((fact.stride, fact.pad, fact.group, fact.dilation) for fact in facts), strict=True
    )
    return (sum(strides), sum(pads), sum(groups), sum(dilations), sum(fact.bias for fact in facts))


def test_the_nets_that_are_known() -> None:
    deep = [f"ResNet-{depth}{how}" for depth in (50, 101, 152) for how in ("", " with the stride on the 3×3")]
    assert set(architectures()) == {
        "AlexNet or CaffeNet",
        "AlexNet or CaffeNet of 2013",
        "VGG-16",
        "VGG-19",
        "GoogLeNet",
        "ResNet-18",
        "ResNet-34",
        *deep,
        "SqueezeNet 1.0",
        "SqueezeNet 1.1",
        "MobileNet v1",
        "NiN",
        "SSD300 on VGG-16",
        "LeNet",
        "cifar10_quick",
        "cifar10_full",
    }


# -- nets of a few layers, whole -------------------------------------------------------------------------

ALEXNET: Final = (
    Published("conv1", 96, 11, 4),
    Published("conv2", 256, 5, pad=2, group=2),
    Published("conv3", 384, 3, pad=1),
    Published("conv4", 384, 3, pad=1, group=2),
    Published("conv5", 256, 3, pad=1, group=2),
)
NIN: Final = (
    Published("conv1", 96, 11, 4),
    Published("cccp1", 96, 1),
    Published("cccp2", 96, 1),
    Published("conv2", 256, 5, pad=2),
    Published("cccp3", 256, 1),
    Published("cccp4", 256, 1),
    Published("conv3", 384, 3, pad=1),
    Published("cccp5", 384, 1),
    Published("cccp6", 384, 1),
    Published("conv4-1024", 1024, 3, pad=1),
    Published("cccp7-1024", 1024, 1),
    Published("cccp8-1024", None, 1),  # as many as there are classes
)
CIFAR: Final = (Published("conv1", 32, 5, pad=2), Published("conv2", 32, 5, pad=2), Published("conv3", 64, 5, pad=2))


def test_alexnet() -> None:
    assert table("AlexNet or CaffeNet") == ALEXNET
    assert architectures()["AlexNet or CaffeNet"].company == (("fc6", 4096), ("fc7", 4096))


def test_in_2013_layers_of_their_own_padded() -> None:
    assert table("AlexNet or CaffeNet of 2013") == tuple(fact._replace(pad=0) for fact in ALEXNET)
    padded = architectures()["AlexNet or CaffeNet of 2013"].company
    assert padded == (("fc6", 4096), ("fc7", 4096), ("pad2", 96), ("pad5", 384))


def test_the_small_nets() -> None:
    assert table("NiN") == NIN
    assert table("cifar10_quick") == table("cifar10_full") == CIFAR
    assert table("LeNet") == (Published("conv1", 20, 5), Published("conv2", 50, 5))
    company = {name: architectures()[name].company for name in ("LeNet", "cifar10_quick", "cifar10_full", "NiN")}
    assert company == {
        "LeNet": (("ip1", 500), ("ip2", 10)),
        "cifar10_quick": (("ip1", 64), ("ip2", 10)),
        "cifar10_full": (("norm1", 32), ("norm2", 32), ("ip1", 10)),
        "NiN": (),
    }


# -- VGG: blocks of 3×3, widths 64, 128, 256, 512, 512 ---------------------------------------------------


@pytest.mark.parametrize(("name", "blocks"), [("VGG-16", (2, 2, 3, 3, 3)), ("VGG-19", (2, 2, 4, 4, 4))])
def test_vgg(name: str, blocks: tuple[int, ...]) -> None:
    assert [fact.name for fact in table(name)] == [
        f"conv{block}_{place}" for block, count in enumerate(blocks, 1) for place in range(1, count + 1)
    ]
    widths = [width for width, count in zip((64, 128, 256, 512, 512), blocks, strict=True) for _ in range(count)]
    assert [fact.outputs for fact in table(name)] == widths
    assert kernels(table(name)) == sum(widths) * 9
    layers = sum(blocks)
    assert sums(table(name)) == (layers, layers, layers, layers, layers)
    assert architectures()[name].company == (("fc6", 4096), ("fc7", 4096))


# -- GoogLeNet: Szegedy et al. 2014, table 1 -------------------------------------------------------------


def test_googlenet() -> None:
    facts = {fact.name: fact for fact in table("GoogLeNet")}
    assert facts["conv1/7x7_s2"] == Published("conv1/7x7_s2", 64, 7, 2, 3)
    assert facts["conv2/3x3_reduce"] == Published("conv2/3x3_reduce", 64, 1)
    assert facts["conv2/3x3"] == Published("conv2/3x3", 192, 3, pad=1)
    assert facts["loss1/conv"] == Published("loss1/conv", 128, 1)
    assert facts["loss2/conv"] == Published("loss2/conv", 128, 1)
    assert len(facts) == 3 + 9 * 6 + 2


# Depth of each module's output (its four towers together), and its two reductions, as the paper's table has them
@pytest.mark.parametrize(
    ("block", "depth", "towers", "reductions"),
    [
        ("3a", 256, (64, 128, 32, 32), (96, 16)),
        ("3b", 480, (128, 192, 96, 64), (128, 32)),
        ("4a", 512, (192, 208, 48, 64), (96, 16)),
        ("4b", 512, (160, 224, 64, 64), (112, 24)),
        ("4c", 512, (128, 256, 64, 64), (128, 24)),
        ("4d", 528, (112, 288, 64, 64), (144, 32)),
        ("4e", 832, (256, 320, 128, 128), (160, 32)),
        ("5a", 832, (256, 320, 128, 128), (160, 32)),
        ("5b", 1024, (384, 384, 128, 128), (192, 48)),
    ],
)
def test_a_module_of_googlenet(block: str, depth: int, towers: tuple[int, ...], reductions: tuple[int, ...]) -> None:
    assert sum(towers) == depth
    one, three, five, projected = towers
    lead = f"inception_{block}/"
    assert [fact for fact in table("GoogLeNet") if fact.name.startswith(lead)] == [
        Published(f"{lead}1x1", one, 1),
        Published(f"{lead}3x3_reduce", reductions[0], 1),
        Published(f"{lead}3x3", three, 3, pad=1),
        Published(f"{lead}5x5_reduce", reductions[1], 1),
        Published(f"{lead}5x5", five, 5, pad=2),
        Published(f"{lead}pool_proj", projected, 1),
    ]


# -- ResNet: He et al. 2015, table 1 ---------------------------------------------------------------------

BLOCKS: Final = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
LETTERS: Final = "abcdef"


def block_names(depth: int) -> list[str]:
    """res2a, res2b …; from 101 layers on the long stages count: res4a, res4b1, res4b2 …"""
    names = []
    for stage, count in enumerate(BLOCKS[depth], start=2):
        counted = depth > 50 and count > 3
        names += [
            f"res{stage}{'a' if place == 0 else f'b{place}' if counted else LETTERS[place]}" for place in range(count)
        ]
    return names


@pytest.mark.parametrize("depth", BLOCKS)
def test_the_blocks_of_a_resnet_are_named_as_he_names_them(depth: int) -> None:
    facts = table(f"ResNet-{depth}")
    assert [fact.name[:-9] for fact in facts if fact.name.endswith("_branch2a")] == block_names(depth)
    assert [fact.name for fact in facts if fact.name.endswith("_branch1")] == [f"res{i}a_branch1" for i in (2, 3, 4, 5)]
    bottleneck = depth >= 50
    assert len(facts) == 1 + sum(BLOCKS[depth]) * (3 if bottleneck else 2) + 4


def test_the_names_of_some_blocks() -> None:
    assert block_names(50)[7:13] == ["res4a", "res4b", "res4c", "res4d", "res4e", "res4f"]
    assert block_names(101)[3:9] == ["res3a", "res3b1", "res3b2", "res3b3", "res4a", "res4b1"]
    assert block_names(101)[-4:] == ["res4b22", "res5a", "res5b", "res5c"]
    assert block_names(152)[-4] == "res4b35"


@pytest.mark.parametrize("depth", [18, 34])
def test_a_basic_block(depth: int) -> None:
    facts = {fact.name: fact for fact in table(f"ResNet-{depth}")}
    assert facts["conv1"] == Published("conv1", 64, 7, 2, 3, bias=False)
    assert facts["res2a_branch1"] == Published("res2a_branch1", 64, 1, 1, bias=False)
    assert facts["res2a_branch2a"] == Published("res2a_branch2a", 64, 3, 1, 1, bias=False)
    assert facts["res3a_branch1"] == Published("res3a_branch1", 128, 1, 2, bias=False)
    assert facts["res3a_branch2a"] == Published("res3a_branch2a", 128, 3, 2, 1, bias=False)
    assert facts["res3a_branch2b"] == Published("res3a_branch2b", 128, 3, 1, 1, bias=False)
    assert facts["res3b_branch2a"] == Published("res3b_branch2a", 128, 3, 1, 1, bias=False)
    assert facts["res5b_branch2b"] == Published("res5b_branch2b", 512, 3, 1, 1, bias=False)
    per_stage = zip(BLOCKS[depth], (64, 128, 256, 512), strict=True)
    # 7×7 to 64; per block two 3×3; per stage a projection of 1×1
    assert kernels(table(f"ResNet-{depth}")) == 64 * 49 + sum(
        count * 2 * 9 * width + width for count, width in per_stage
    )


@pytest.mark.parametrize(("depth", "late"), [(depth, late) for depth in (50, 101, 152) for late in (False, True)])
def test_a_bottleneck(depth: int, *, late: bool) -> None:
    name = f"ResNet-{depth} with the stride on the 3×3" if late else f"ResNet-{depth}"
    facts = {fact.name: fact for fact in table(name)}
    first, second = (1, 2) if late else (2, 1)
    assert facts["conv1"] == Published("conv1", 64, 7, 2, 3, bias=depth == 50 and not late)
    assert facts["res2a_branch1"] == Published("res2a_branch1", 256, 1, 1, bias=False)
    assert facts["res2a_branch2a"] == Published("res2a_branch2a", 64, 1, 1, bias=False)
    assert facts["res2a_branch2b"] == Published("res2a_branch2b", 64, 3, 1, 1, bias=False)
    assert facts["res2a_branch2c"] == Published("res2a_branch2c", 256, 1, bias=False)
    assert facts["res4a_branch1"] == Published("res4a_branch1", 1024, 1, 2, bias=False)
    assert facts["res4a_branch2a"] == Published("res4a_branch2a", 256, 1, first, bias=False)
    assert facts["res4a_branch2b"] == Published("res4a_branch2b", 256, 3, second, 1, bias=False)
    assert facts["res5c_branch2a"] == Published("res5c_branch2a", 512, 1, 1, bias=False)
    assert facts["res5c_branch2b"] == Published("res5c_branch2b", 512, 3, 1, 1, bias=False)
    assert facts["res5c_branch2c"] == Published("res5c_branch2c", 2048, 1, bias=False)
    per_stage = zip(BLOCKS[depth], (64, 128, 256, 512), strict=True)
    # per block w·1 + w·9 + 4w·1; per stage a projection to 4w
    assert kernels(table(name)) == 64 * 49 + sum(count * (1 + 9 + 4) * width + 4 * width for count, width in per_stage)
    blocks = sum(BLOCKS[depth])
    # strides: 2 in conv1; of each later stage the projection and one layer of its first block have 2 for 1
    assert sums(table(name)) == (
        2 + blocks * 3 + 4 + 3 * 2,
        3 + blocks,
        1 + blocks * 3 + 4,
        1 + blocks * 3 + 4,
        1 if depth == 50 and not late else 0,
    )


# -- SqueezeNet, MobileNet, SSD --------------------------------------------------------------------------

FIRES: Final = ((2, 16), (3, 16), (4, 32), (5, 32), (6, 48), (7, 48), (8, 64), (9, 64))


@pytest.mark.parametrize(
    ("name", "first"),
    [("SqueezeNet 1.0", Published("conv1", 96, 7, 2)), ("SqueezeNet 1.1", Published("conv1", 64, 3, 2))],
)
def test_squeezenet(name: str, first: Published) -> None:
    expected = [first]
    for place, squeezed in FIRES:
        expected += [
            Published(f"fire{place}/squeeze1x1", squeezed, 1),
            Published(f"fire{place}/expand1x1", 4 * squeezed, 1),
            Published(f"fire{place}/expand3x3", 4 * squeezed, 3, pad=1),
        ]
    assert list(table(name)) == [*expected, Published("conv10", None, 1)]


# Channels before and after each pair, and its stride: Howard et al. 2017, table 1
PAIRS: Final = (
    ("conv2_1", 32, 64, 1),
    ("conv2_2", 64, 128, 2),
    ("conv3_1", 128, 128, 1),
    ("conv3_2", 128, 256, 2),
    ("conv4_1", 256, 256, 1),
    ("conv4_2", 256, 512, 2),
    ("conv5_1", 512, 512, 1),
    ("conv5_2", 512, 512, 1),
    ("conv5_3", 512, 512, 1),
    ("conv5_4", 512, 512, 1),
    ("conv5_5", 512, 512, 1),
    ("conv5_6", 512, 1024, 2),
    ("conv6", 1024, 1024, 1),
)


def test_mobilenet() -> None:
    expected = [Published("conv1", 32, 3, 2, 1, bias=False)]
    for name, inputs, outputs, stride in PAIRS:
        expected += [
            Published(f"{name}/dw", inputs, 3, stride, 1, inputs, bias=False),
            Published(f"{name}/sep", outputs, 1, bias=False),
        ]
    assert list(table("MobileNet v1")) == expected


def test_ssd() -> None:
    facts = table("SSD300 on VGG-16")
    assert facts[:13] == table("VGG-16")
    assert facts[13:23] == (
        Published("fc6", 1024, 3, pad=6, dilation=6),
        Published("fc7", 1024, 1),
        Published("conv6_1", 256, 1),
        Published("conv6_2", 512, 3, 2, 1),
        Published("conv7_1", 128, 1),
        Published("conv7_2", 256, 3, 2, 1),
        Published("conv8_1", 128, 1),
        Published("conv8_2", 256, 3),
        Published("conv9_1", 128, 1),
        Published("conv9_2", 256, 3),
    )
    sources = ("conv4_3_norm", "fc7", "conv6_2", "conv7_2", "conv8_2", "conv9_2")
    heads = [f"{source}_mbox_{part}" for source in sources for part in ("loc", "conf")]
    assert list(facts[23:]) == [Published(name, None, 3, pad=1) for name in heads]
    assert architectures()["SSD300 on VGG-16"].company == ()


def test_a_fact_as_a_definition() -> None:
    read = Published("x", None, 3, 2, 1, 4, 6, bias=False).definition(8).child("convolution_param")
    names = ("num_output", "kernel_size", "stride", "pad", "group", "dilation")
    assert [read.integer(name, -1) for name in names] == [8, 3, 2, 1, 4, 6]
    assert not read.flag("bias_term", default=True)


# -- when a log is taken for a published net -------------------------------------------------------------

MAPS: Final = {1: (3, 224), 2: (64, 112), 3: (128, 56), 4: (256, 28), 5: (512, 14)}


def layer(name: str, bottom: Shape | None, top: Shape | None, text: str = "") -> LayerSpec:
    definition = parse(text).root if text else None
    kind = definition.text("type") if definition is not None else None
    return LayerSpec(name, kind, definition, (bottom,), (top,))


def vgg16() -> dict[str, LayerSpec]:
    """The whole net as a log shows it; every window keeps its map, so that no shape tells a kernel."""
    specs = {}
    for block, (count, width) in enumerate(zip((2, 2, 3, 3, 3), (64, 128, 256, 512, 512), strict=True), 1):
        before, size = MAPS[block]
        for place in range(1, count + 1):
            name = f"conv{block}_{place}"
            specs[name] = layer(name, (1, before, size, size), (1, width, size, size))
            before = width
    specs["fc6"] = layer("fc6", (1, 512, 7, 7), (1, 4096))
    specs["fc7"] = layer("fc7", (1, 4096), (1, 4096))
    return specs


def known(specs: dict[str, LayerSpec]) -> set[str]:
    return set(known_layers(tuple(specs.values())))


CONVOLUTIONS: Final = {fact.name for fact in table("VGG-16")}


def test_a_whole_net_is_known() -> None:
    found = known_layers(tuple(vgg16().values()))
    assert set(found) == CONVOLUTIONS
    assert {one.type for one in found.values()} == {"Convolution"}
    assert found["conv5_3"].assumptions == ("as in the published VGG-16: its layers' names and shapes all agree",)
    read = found["conv5_3"].definition
    assert read is not None
    assert read.child("convolution_param").integer("num_output", 0) == 512


def test_nine_layers_of_ten_must_be_there() -> None:
    """Of thirteen, twelve are more than nine tenths, eleven are less."""
    twelve = vgg16()
    del twelve["conv3_2"]
    assert known(twelve) == CONVOLUTIONS - {"conv3_2"}
    del twelve["conv4_2"]
    assert known(twelve) == set()


@pytest.mark.parametrize("name", ["fc6", "fc7"])
def test_the_company_must_be_there_with_its_channels(name: str) -> None:
    without = vgg16()
    del without[name]
    assert known(without) == set()
    other = vgg16()
    other[name] = layer(name, (1, 4096), (1, 4097))
    assert known(other) == set()
    for top in (None, (4096,)):
        unknown = vgg16()
        unknown[name] = layer(name, (1, 4096), top)
        assert known(unknown) == set()


def test_one_layer_that_differs_makes_it_another_net() -> None:
    def with_layer(spec: LayerSpec) -> dict[str, LayerSpec]:
        return {**vgg16(), spec.name: spec}

    bottom, top = (1, 512, 14, 14), (1, 512, 14, 14)
    assert known(with_layer(layer("conv5_3", bottom, (1, 511, 14, 14)))) == set()
    assert known(with_layer(layer("conv5_3", bottom, (1, 512, 13, 13)))) == set()
    assert known(with_layer(layer("conv5_3", bottom, None))) == set()
    assert known(with_layer(layer("conv5_3", bottom, (512,)))) == set()
    assert known(with_layer(layer("conv5_3", bottom, top, 'type: "Pooling"'))) == set()
    assert known(with_layer(LayerSpec("conv5_3", None, None, (bottom,), (top, top)))) == set()
    kernel = 'type: "Convolution" convolution_param { num_output: 512 kernel_size: %d pad: %d }'
    assert known(with_layer(layer("conv5_3", bottom, top, kernel % (3, 1)))) == CONVOLUTIONS
    assert known(with_layer(layer("conv5_3", bottom, top, kernel % (5, 2)))) == set()


def test_where_an_excerpt_begins_there_is_no_bottom_to_compare() -> None:
    for bottoms in ((), (None,)):
        cut = vgg16()
        cut["conv1_1"] = LayerSpec("conv1_1", None, None, bottoms, ((1, 64, 224, 224),))
        assert known(cut) == CONVOLUTIONS


def test_as_many_outputs_as_a_task_has_classes() -> None:
    """NiN ends in a convolution of one output per class."""
    shapes = {
        "conv1": ((1, 3, 227, 227), (1, 96, 55, 55)),
        "cccp1": ((1, 96, 55, 55), (1, 96, 55, 55)),
        "cccp2": ((1, 96, 55, 55), (1, 96, 55, 55)),
        "conv2": ((1, 96, 27, 27), (1, 256, 27, 27)),
        "cccp3": ((1, 256, 27, 27), (1, 256, 27, 27)),
        "cccp4": ((1, 256, 27, 27), (1, 256, 27, 27)),
        "conv3": ((1, 256, 13, 13), (1, 384, 13, 13)),
        "cccp5": ((1, 384, 13, 13), (1, 384, 13, 13)),
        "cccp6": ((1, 384, 13, 13), (1, 384, 13, 13)),
        "conv4-1024": ((1, 384, 6, 6), (1, 1024, 6, 6)),
        "cccp7-1024": ((1, 1024, 6, 6), (1, 1024, 6, 6)),
        "cccp8-1024": ((1, 1024, 6, 6), (1, 17, 6, 6)),
    }
    found = known_layers([layer(name, bottom, top) for name, (bottom, top) in shapes.items()])
    last = found["cccp8-1024"].definition
    assert last is not None
    assert last.child("convolution_param").integer("num_output", 0) == 17


def test_the_largest_table_that_agrees_counts() -> None:
    """A VGG-19 without the last layer of three blocks has all names of a VGG-16."""
    sixteen = vgg16()
    assert {one.assumptions[0] for one in known_layers(tuple(sixteen.values())).values()} == {
        "as in the published VGG-16: its layers' names and shapes all agree"
    }
    for block, (channels, size) in {3: (256, 56), 4: (512, 28), 5: (512, 14)}.items():
        shape = (1, channels, size, size)
        sixteen[f"conv{block}_4"] = layer(f"conv{block}_4", shape, shape)
    assert {one.assumptions[0] for one in known_layers(tuple(sixteen.values())).values()} == {
        "as in the published VGG-19: its layers' names and shapes all agree"
    }


def test_other_names_are_no_published_net() -> None:
    assert known_layers([layer("a", (1, 3, 8, 8), (1, 4, 8, 8))]) == {}
    assert known_layers([]) == {}
