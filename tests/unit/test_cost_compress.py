"""Methods at work on a run: which layers they reach, in which order, and what then stands there.

Each net after surgery is held against the same net written down anew: shapes, parameters, products, memory.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import pytest

from logparse.cost.costing import cost
from logparse.cost.memory.holdings import Kind, holdings
from logparse.cost.stored.values import Codebook
from logparse.cost.whatif.change import Change, changed
from logparse.cost.whatif.measures import file_of, measures
from logparse.cost.whatif.resize import WhatIfError
from logparse.cost.whatif.select import matching
from logparse.textproto import Message
from tests.cost_nets import named, net, run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from logparse.cost.memory.holdings import NetMemory, Run
    from logparse.cost.memory.layer import LayerMemory
    from logparse.textproto import Value

DATA: Final = (
    'layer { name: "in" type: "Input" top: "data" top: "label" input_param {'
    " shape { dim: 4 dim: 6 dim: 12 dim: 14 } shape { dim: 4 } } }"
)
LOSS: Final = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc3" bottom: "label" top: "loss" }'


def conv(name: str, bottom: str, settings: str) -> str:
    settings = f"convolution_param {{ {settings} }}"
    return f'layer {{ name: "{name}" type: "Convolution" bottom: "{bottom}" top: "{name}" {settings} }}'


def dense(name: str, bottom: str, outputs: int) -> str:
    settings = f"inner_product_param {{ num_output: {outputs} }}"
    return f'layer {{ name: "{name}" type: "InnerProduct" bottom: "{bottom}" top: "{name}" {settings} }}'


def in_place(name: str, kind: str, blob: str) -> str:
    return f'layer {{ name: "{name}" type: "{kind}" bottom: "{blob}" top: "{blob}" }}'


NET: Final = (
    conv("conv1", "data", "num_output: 8 kernel_size: 3 pad: 1"),
    in_place("relu1", "ReLU", "conv1"),
    conv("conv2", "conv1", "num_output: 12 kernel_size: 3 pad: 1 group: 2 stride: 2"),
    conv("conv3", "conv2", "num_output: 10 kernel_h: 3 kernel_w: 5 pad_h: 1 pad_w: 2 bias_term: false"),
    dense("fc1", "conv3", 16),
    in_place("relu4", "ReLU", "fc1"),
    in_place("drop4", "Dropout", "fc1"),
    dense("fc2", "fc1", 9),
    dense("fc3", "fc2", 5),
)


def whole(*, phase: str = "TRAIN", beside: bool = False) -> NetMemory:
    return net(DATA + "".join(NET) + LOSS, batch=4, phase=phase, beside=beside)


def one() -> Run:
    return run(whole())


def both() -> Run:
    return run(whole(), whole(phase="TEST", beside=True))


def under(compress: Mapping[str, str | Sequence[str]], start: Run | None = None) -> tuple[Run, tuple[str, ...]]:
    found = changed(start or one(), Change(compress=compress))
    return found.run, found.assumptions


def names(found: Run) -> list[str]:
    return [layer.spec.name for layer in found.nets[0].layers]


def shapes(found: Run, name: str) -> list[tuple[int, ...]]:
    return [blob.shape for blob in named(found.nets[0].layers, name).params or ()]


# -- a net after surgery is that net -----------------------------------------------------------------------


def value(one: Value) -> str:
    if isinstance(one, Message):
        return f"{{ {fields(one)} }}"
    return f'"{one}"' if isinstance(one, str) else str(one).lower()


def fields(message: Message) -> str:
    pairs = ((name, found) for name, values in message.fields.items() for found in values)
    return " ".join(f"{name}{'' if isinstance(found, Message) else ':'} {value(found)}" for name, found in pairs)


def written(layer: LayerMemory) -> str:
    definition = layer.spec.definition or Message()
    wires = {"bottom", "top", "name", "type"}
    rest = fields(Message({name: values for name, values in definition.fields.items() if name not in wires}))
    bottoms = " ".join(f'bottom: "{name}"' for name in layer.bottoms)
    tops = " ".join(f'top: "{name}"' for name in layer.tops)
    return f'layer {{ name: "{layer.spec.name}" type: "{layer.spec.type}" {bottoms} {tops} {rest} }}'


def anew(found: Run) -> Run:
    """The same net out of its own definitions, with nothing of the run that it came from."""
    return run(net("".join(map(written, found.nets[0].layers)), batch=4))


SURGERIES: Final[dict[str, dict[str, str | list[str]]]] = {
    "svd of a matrix": {"fc1": "svd:rank=5"},
    "svd of a kernel": {"conv2": "svd:rank=6"},
    "channel": {"conv3": "channel:rank=3"},
    "spatial": {"conv3": "spatial:rank=4"},
    "spatial, in groups": {"conv2": "spatial:rank=4"},
    "cp": {"conv3": "cp:rank=7"},
    "cp, in groups": {"conv2": "cp:rank=6"},
    "tucker2": {"conv3": "tucker2:in=5,out=4"},
    "tucker2, in groups": {"conv2": "tucker2:in=4,out=6"},
    "tucker2 of a matrix over a plane": {"fc1": "tucker2:in=3,out=7"},
    "tensor train": {"fc1": "tt:in=10x6x7,out=4x2x2,rank=2"},
    "tensor train behind a matrix": {"fc2": "tt:in=4x4,out=3x3,ranks=5"},
    "separable": {"conv1": "separable"},
    "separable, in groups": {"conv2": "separable"},
    "pointwise": {"conv1": "pointwise"},
    "fire": {"conv1": "fire:squeeze=3,large=50%"},
    "fire of another kernel": {"conv3": "fire"},
    "fire with a stride": {"conv2": "fire:squeeze=25%"},
    "gap": {"fc*": "gap"},
    "gap by maps": {"fc*": "gap:first=maps"},
    "gap of one layer": {"fc1": "gap"},
    "channels": {"conv1": "prune-channels:share=50%", "fc1": "prune-channels:left=7"},
    "channels, then factors": {"conv1": ["prune-channels:share=50%", "spatial:rank=2"], "conv3": "cp:rank=4"},
    "all kinds": {"conv1": "fire", "conv2": "separable", "conv3": "tucker2:in=50%,out=50%", "fc*": "svd:rank=2"},
}


@pytest.mark.parametrize("asked", SURGERIES.values(), ids=SURGERIES)
def test_a_net_after_surgery_is_as_if_it_had_been_written_so(asked: dict[str, str | list[str]]) -> None:
    found, _ = under(asked)
    other = anew(found)
    for mine, theirs in zip(found.nets[0].layers, other.nets[0].layers, strict=True):
        assert mine.spec.tops == theirs.spec.tops, mine.spec.name
        assert mine.params == theirs.params, mine.spec.name
        assert mine.counts == theirs.counts, mine.spec.name
        assert mine.owned == theirs.owned
        assert (mine.spec.backward, mine.spec.bottom_needs_grad) == (
            theirs.spec.backward,
            theirs.spec.bottom_needs_grad,
        )
        assert cost(mine.spec).macs == cost(theirs.spec).macs
        assert cost(mine.spec).backward_macs == cost(theirs.spec).backward_macs
        assert not cost(mine.spec).problems
    for device in ("cpu", "gpu"):
        held = [holdings(each, device)[0] for each in (found, other)]
        assert {kind: held[0].bytes_of(kind) for kind in Kind} == {kind: held[1].bytes_of(kind) for kind in Kind}


@pytest.mark.parametrize("asked", SURGERIES.values(), ids=SURGERIES)
def test_what_reads_a_layer_never_notices(asked: dict[str, str | list[str]]) -> None:
    start, (found, _) = one(), under(asked)
    assert named(found.nets[0].layers, "fc3").spec.tops == ((4, 5),) or "maps" in str(asked)
    if "prune-channels" not in str(asked) and "gap" not in str(asked):
        for name in ("conv1", "conv2", "conv3", "fc1", "fc2", "fc3"):
            assert named(found.nets[0].layers, name).spec.tops == named(start.nets[0].layers, name).spec.tops
            assert named(found.nets[0].layers, name).tops == named(start.nets[0].layers, name).tops


def test_a_net_that_does_not_learn_stays_so() -> None:
    still = run(net(DATA + "".join(NET), batch=4, phase="TEST"), command="test")
    found, _ = under({"conv1": "fire", "fc1": "tt:in=10x6x7,out=4x2x2,rank=2"}, still)
    assert not any(layer.backward for layer in found.nets[0].layers)


# -- shapes of each -----------------------------------------------------------------------------------------


def test_cp_in_four() -> None:
    found, words = under({"conv3": "cp:rank=7"})
    assert [shapes(found, f"conv3{part}") for part in ("/cp1", "/cp2", "/cp3", "")] == [
        [(7, 12, 1, 1)],
        [(7, 1, 3, 1)],
        [(7, 1, 1, 5)],
        [(10, 7, 1, 1)],
    ]
    assert words[0] == "conv3: 3×5 → 1×1, 3×1 and 1×5 for each channel, 1×1, at rank 7 (CP)"


def test_tucker_in_three_with_the_bias_at_the_end() -> None:
    found, words = under({"conv2": "tucker2:in=4,out=6"})
    assert [shapes(found, f"conv2{part}") for part in ("/tucker1", "/tucker2", "")] == [
        [(4, 4, 1, 1)],
        [(6, 2, 3, 3)],
        [(12, 3, 1, 1), (12,)],
    ]
    assert words[0] == "conv2: to 4 channels, the kernel to 6, back to 12 (Tucker-2); the top keeps its shape"


def test_tucker_of_a_matrix_over_a_plane() -> None:
    found, _ = under({"fc1": "tucker2:in=3,out=7"})
    assert [shapes(found, f"fc1{part}") for part in ("/tucker1", "/tucker2", "")] == [
        [(3, 10, 1, 1)],
        [(7, 3 * 6 * 7)],
        [(16, 7), (16,)],
    ]


def test_a_tensor_train_has_its_cores_and_its_bias() -> None:
    found, words = under({"fc1": "tt:in=10x6x7,out=4x2x2,rank=2"})
    cores = [shapes(found, f"fc1/core{place}") for place in (1, 2, 3)]
    assert cores == [[(4 * 1, 10 * 2)], [(2 * 2, 6 * 2)], [(2 * 2, 7 * 1)]]
    assert shapes(found, "fc1") == [(16,)]
    assert named(found.nets[0].layers, "fc1").kind == "Bias"
    assert words[0] == "fc1: 420 × 16 → 3 cores of rank 2×2 (tensor train)"


def test_a_fire_module_joins_two_kernels_behind_a_split() -> None:
    found, words = under({"conv1": "fire:squeeze=3,large=25%"})
    assert shapes(found, "conv1/squeeze1x1") == [(3, 6, 1, 1), (3,)]
    assert shapes(found, "conv1/expand1x1") == [(6, 3, 1, 1), (6,)]
    assert shapes(found, "conv1/expand3x3") == [(2, 3, 3, 3), (2,)]
    kinds = [layer.kind for layer in found.nets[0].layers[1:7]]
    assert kinds == ["Convolution", "ReLU", "Split", "Convolution", "Convolution", "Concat"]
    assert words[0] == "conv1: 1×1 to 3 channels, then 6 of 1×1 and 2 of 3×3 side by side (fire module)"
    grouped, _ = under({"conv2": "fire"})
    assert shapes(grouped, "conv2/expand3x3") == [(6, 1, 3, 3), (6,)]  # an eighth of 12, no groups


def test_global_pooling_takes_all_layers_but_the_last() -> None:
    found, words = under({"fc*": "gap"})
    assert names(found)[-3:] == ["fc3/global_pool", "fc3", "loss"]
    assert shapes(found, "fc3") == [(5, 10), (5,)]
    assert words[0] == "fc3: global pooling in front; fc1, relu4, drop4, fc2 are gone"
    maps, said = under({"fc*": "gap:first=maps"})
    assert names(maps)[-4:] == ["fc3/maps", "fc3/global_pool", "fc3", "loss"]
    assert shapes(maps, "fc3/maps") == [(5, 10, 1, 1), (5,)]
    assert said[0] == "fc3: a map per output, pooled; fc1, relu4, drop4, fc2 are gone"
    single, alone = under({"fc1": "gap"})
    assert shapes(single, "fc1") == [(16, 10), (16,)]
    assert alone[0] == "fc1: global pooling in front"


# -- ranks --------------------------------------------------------------------------------------------------


def macs(found: Run, name: str) -> int:
    layers = [layer for layer in found.nets[0].layers if layer.spec.name.split("/")[0] == name]
    return sum(cost(layer.spec).macs.value or 0 for layer in layers)


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("fc1", "svd"),
        ("conv1", "svd"),
        ("conv2", "spatial"),
        ("conv3", "spatial"),
        ("conv2", "cp"),
        ("conv3", "cp"),
        ("conv2", "tucker2"),
        ("conv3", "tucker2"),
        ("fc1", "tucker2"),
    ],
)
@pytest.mark.parametrize("keep", [20, 33, 50, 80, 100])
def test_the_largest_rank_with_so_many_macs_is_kept(name: str, method: str, keep: int) -> None:
    before = macs(one(), name)
    try:
        found, _ = under({name: f"{method}:keep={keep}%"})
    except WhatIfError as error:
        assert "take" in error.message and "more than" in error.message  # noqa: PT017, PT018 - one refusal
        smallest = "in=2,out=2" if method == "tucker2" else "rank=2"
        assert macs(under({name: f"{method}:{smallest}"})[0], name) > before * keep / 100
        return
    assert macs(found, name) <= before * keep / 100
    first = next(layer for layer in found.nets[0].layers if layer.spec.name.startswith(f"{name}/"))
    rank = (first.params or ())[0].shape[0]
    if method != "tucker2":
        group = 2 if name == "conv2" else 1
        try:
            more, _ = under({name: f"{method}:rank={rank + group}"})
        except WhatIfError:
            return  # it is the largest there is
        assert macs(more, name) > before * keep / 100


def test_a_share_is_of_the_largest_rank_in_whole_groups() -> None:
    assert "fc1/rank4" in names(under({"fc1": "svd:rank=25%"})[0])  # of 16
    assert "conv2/rank4" in names(under({"conv2": "svd:rank=49%"})[0])  # 5 of 12, in two groups
    assert "conv2/rank2" in names(under({"conv2": "svd:rank=1%"})[0])  # never less than one for each


def test_a_train_keeps_so_many_macs_too() -> None:
    before = macs(one(), "fc1")
    found, words = under({"fc1": "tt:in=10x6x7,out=4x2x2,keep=30%"})
    assert macs(found, "fc1") <= before * 0.3
    rank = int(words[0].split("rank ")[1].split("×")[0])
    more, _ = under({"fc1": f"tt:in=10x6x7,out=4x2x2,ranks={rank + 1}x{min(rank + 1, 14)}"})
    assert macs(more, "fc1") > before * 0.3


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"fc1": "svd:rank=17"}, "fc1: there is no rank 17: its matrix of 16 × 420 has at most 16"),
        ({"conv2": "svd:rank=3"}, "conv2: only a rank that its groups divide, 2, not 3"),
        ({"conv2": "tucker2:in=10,out=4"}, "conv2: there is no rank 10"),
        ({"fc1": "svd:keep=0.1%"}, "fc1: even rank 1 takes more than 0.100% of its MACs"),
        ({"conv3": "tucker2:keep=0.1%"}, "conv3: even ranks of 1 take more than 0.100% of its MACs"),
        ({"fc2": "tucker2:in=2,out=2"}, "fc2: its bottom is no plane, so it is a plain matrix: svd is for that"),
        ({"relu1": "svd:rank=2"}, "relu1 is no convolution and no InnerProduct (ReLU)"),
        ({"fc1": "cp:rank=2"}, "fc1: only a convolution over a plane is changed so"),
        ({"fc1": "spatial:rank=2"}, "fc1: only a convolution over a plane is changed so"),
        ({"fc1": "tt:in=10x6,out=4x4,rank=2"}, "fc1: 10×6 is 60, and it has 420 inputs"),
        ({"fc1": "tt:in=42x10,out=4x5,rank=2"}, "fc1: 4×5 is 20, and it has 16 outputs"),
        ({"fc1": "tt:in=42x10,out=16,rank=2"}, "as many factors of inputs as of outputs, at least two"),
        ({"fc1": "tt:in=42x10,out=4x4,rank=41"}, "fc1: behind core 1 there is no rank 41: at most 40"),
        ({"fc1": "tt:in=42x10,out=4x4,ranks=2x2"}, "fc1: 2 cores have 1 ranks between them, not 2"),
        ({"conv1": "tt:in=2x3,out=4x2,rank=2"}, "conv1: only an InnerProduct over all axes behind the first"),
        ({"conv1": "fire:squeeze=9"}, "conv1: to squeeze 8 channels into 9 is none"),
        ({"conv1": "fire:large=1%"}, "conv1: 0 of its 8 channels would have the large kernel"),
        ({"fc2": "gap"}, "fc2: global pooling stands in place of fully connected layers over a plane"),
        ({"conv1": "gap"}, "conv1: global pooling stands in place of"),
        ({"fc3": "prune-channels:left=2"}, "the channels of fc3 are what loss measures"),
        ({"conv2": "prune-channels:left=5"}, "conv2: 5 channels cannot be split into its 2 groups"),
        ({"conv1": "prune-channels:left=9"}, "conv1: of 8 channels 9 cannot be left"),
    ],
    ids=str,
)
def test_what_a_named_layer_cannot_take_is_refused(asked: dict[str, str], words: str) -> None:
    with pytest.raises(WhatIfError) as refused:
        under(asked)
    assert words in refused.value.message


def test_a_kernel_of_one_place_has_nothing_to_split_or_replace() -> None:
    start = run(net(DATA + conv("conv", "data", "num_output: 4 kernel_size: 1"), batch=4))
    for method in ("cp:rank=2", "tucker2:in=2,out=2"):
        with pytest.raises(WhatIfError, match="conv: a kernel of 1×1 has no places to split off"):
            under({"conv": method}, start)
    for method in ("separable", "pointwise", "fire"):
        with pytest.raises(WhatIfError, match="conv has a kernel of 1×1 already"):
            under({"conv": method}, start)


def test_a_top_that_would_change_its_size_is_refused() -> None:
    start = run(net(DATA + conv("conv", "data", "num_output: 4 kernel_size: 3"), batch=4))
    for method in ("pointwise", "fire"):
        with pytest.raises(WhatIfError, match=r"conv: its top would not keep its size \(10×12 and 12×14\)"):
            under({"conv": method}, start)


def test_what_is_separate_already_or_goes_upward_is_refused() -> None:
    start = run(net(DATA + conv("conv", "data", "num_output: 6 group: 6 kernel_size: 3"), batch=4))
    with pytest.raises(WhatIfError, match="conv has a group for each channel already"):
        under({"conv": "separable"}, start)
    up = DATA + conv("up", "data", "num_output: 6 kernel_size: 3").replace('"Convolution"', '"Deconvolution"')
    for method in ("separable", "pointwise", "fire", "svd:rank=2", "channel:rank=2", "spatial:rank=2", "cp:rank=2"):
        with pytest.raises(WhatIfError, match="up is a Deconvolution"):
            under({"up": method}, run(net(up, batch=4)))


def test_global_pooling_needs_one_way_from_the_first_to_the_last() -> None:
    side = DATA + "".join(NET[:5]) + dense("fc2", "fc1", 9) + dense("side", "fc1", 3) + dense("fc3", "fc2", 5)
    with pytest.raises(WhatIfError, match="side reads what stands between fc1 and fc3"):
        under({"fc*": "gap"}, run(net(side, batch=4)))
    apart = DATA + dense("fc1", "data", 9) + dense("fc2", "data", 3)
    with pytest.raises(WhatIfError, match="fc2 does not read what fc1 makes"):
        under({"fc*": "gap"}, run(net(apart, batch=4)))
    read_later = DATA + "".join(NET) + in_place("late", "ReLU", "fc1")
    with pytest.raises(WhatIfError, match="late reads what stands between fc1 and fc3"):
        under({"fc*": "gap"}, run(net(read_later, batch=4)))


def test_a_layer_of_several_blobs_is_not_replaced() -> None:
    text = DATA.replace("dim: 4 } }", "dim: 4 dim: 6 dim: 12 dim: 14 } }")
    twice = (
        'layer { name: "c" type: "Convolution" bottom: "data" bottom: "label" top: "a" top: "b" '
        "convolution_param { num_output: 4 kernel_size: 3 } }"
    )
    with pytest.raises(WhatIfError, match="c has several bottoms or tops"):
        under({"c": "svd:rank=2"}, run(net(text + twice, batch=4)))


# -- which layers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "expected", "exact"),
    [
        ("conv1", ("conv1",), True),
        ("conv*", ("conv1", "conv2", "conv3"), False),
        ("fc?", ("fc1", "fc2", "fc3"), False),
        ("*2", ("conv2", "fc2"), False),
        ("type=InnerProduct", ("fc1", "fc2", "fc3"), False),
        ("type=inner*", ("fc1", "fc2", "fc3"), False),
        ("kind=convolution", ("conv1", "conv2", "conv3"), False),
        ("kind=fully connected", ("fc1", "fc2", "fc3"), False),
    ],
)
def test_a_word_means_layers(where: str, expected: tuple[str, ...], exact: bool) -> None:  # noqa: FBT001
    assert matching(whole().layers, where) == (expected, exact)


@pytest.mark.parametrize(
    ("where", "words", "remedy"),
    [
        ("konv*", "no layer matches 'konv*'", "Layers with parameters are conv3, conv2, conv1 …"),
        ("Conv*", "no layer matches 'Conv*'", "Layers with parameters are conv3, conv2, conv1 …"),
        ("type=Convolutio", "no layer matches 'type=Convolutio'", "Types with parameters are Convolution …"),
        ("kind=dense", "no layer matches 'kind=dense'", "Kinds with parameters are convolution, fully connected …"),
        ("conv9", "there is no layer 'conv9'", "Layers with parameters are conv3, conv2, conv1 …"),
        ("size=3", "there is no layer 'size=3'", "Layers with parameters are conv1, conv2, conv3, fc1, fc2 …"),
    ],
)
def test_a_word_that_means_none_is_answered_with_what_there_is(where: str, words: str, remedy: str) -> None:
    with pytest.raises(WhatIfError) as refused:
        matching(whole().layers, where)
    assert (refused.value.message, refused.value.remedy) == (words, remedy)


def test_a_net_without_parameters_says_so() -> None:
    with pytest.raises(WhatIfError) as refused:
        matching(net(DATA, batch=4).layers, "c*")
    assert refused.value.remedy == "The net shows no layer with parameters."


def test_a_whole_name_wins_over_what_looks_like_a_pattern() -> None:
    odd = [conv(name, "data", "num_output: 2 kernel_size: 1") for name in ("c*", "cx", "type=Convolution")]
    found = net(DATA + "".join(odd), batch=4).layers
    assert matching(found, "c*") == (("c*",), True)
    assert matching(found, "type=Convolution") == (("type=Convolution",), True)
    assert matching(found, "type=conv*").names == ("c*", "cx", "type=Convolution")


def test_what_caffe_adds_by_itself_is_no_layer_of_a_pattern() -> None:
    split = 'layer { name: "data_split" type: "Split" bottom: "data" top: "d0" top: "d1" }'
    assert matching(net(DATA + split, batch=4).layers, "*").names == ("in",)


# -- order and precedence -----------------------------------------------------------------------------------


def test_steps_are_taken_in_their_order_whatever_the_order_of_the_words() -> None:
    texts = ["prune-channels:share=50%", "svd:rank=3", "prune:share=50%,index=bitmap", "codebook:bits=2", "huffman"]
    found = [under({"fc1": order}) for order in (texts, texts[::-1])]
    assert found[0][0].encodings == found[1][0].encodings
    assert next(names(each) for each, _ in found) == [names(each) for each, _ in found][1]
    assert measures(found[0][0]) == measures(found[1][0])
    assert shapes(found[0][0], "fc1") == [(8, 3), (8,)]


def test_the_parts_of_a_layer_are_stored_as_it_was_to_be() -> None:
    found, _ = under({"fc1": ["svd:rank=3", "codebook:bits=2"]})
    assert {*found.encodings} == {"fc1/rank3", "fc1"}
    pooled, _ = under({"fc*": ["gap", "codebook:bits=2"]})
    assert {*pooled.encodings} == {"fc3"}
    with pytest.raises(WhatIfError, match="fc1 is gone"):
        under({"fc*": "gap", "fc1": "codebook:bits=2"})


def test_a_named_layer_wins_over_a_pattern_and_a_later_pattern_over_an_earlier_one() -> None:
    asked = {"fc1": "codebook:bits=1", "fc*": "codebook:bits=2", "*3": "codebook:bits=3"}
    found, _ = under(asked)
    assert {name: one.values for name, one in found.encodings.items()} == {
        "fc1": Codebook(1),
        "fc2": Codebook(2),
        "fc3": Codebook(3),
        "conv3": Codebook(3),
    }


def test_a_layer_of_no_method_is_passed_by_patterns_alone() -> None:
    found, _ = under({"fc*": "codebook:bits=2", "fc1": "none"})
    assert {*found.encodings} == {"fc2", "fc3"}
    found, _ = under({"fc*": "none", "fc1": "codebook:bits=2"})
    assert {*found.encodings} == {"fc1"}


def test_one_layer_takes_one_method_of_a_kind() -> None:
    with pytest.raises(WhatIfError, match="fc1 cannot have svd and tt at once"):
        under({"fc1": ["svd:rank=3", "tt:in=42x10,out=4x4,rank=2"]})
    with pytest.raises(WhatIfError, match="fc1 cannot have codebook and binary at once"):
        under({"fc1": ["codebook:bits=3", "binary"]})
    with pytest.raises(WhatIfError, match="fc1 cannot have prune and prune at once"):
        changed(one(), Change(prune_weights={"fc1": 0.5}, compress={"fc1": "prune:share=20%"}))


def test_of_a_pattern_those_that_cannot_are_told_with_the_reason() -> None:
    found, words = under({"*": "prune-channels:share=50%"})
    assert shapes(found, "fc2") == [(5, 8), (5,)]
    told = [text for text in words if "left out" in text]
    assert told == [
        "*=prune-channels: left out in, relu1, relu4, drop4, loss: it is no convolution and no InnerProduct",
        "*=prune-channels: left out fc3: the channels of it are what loss measures",
    ]


def test_of_another_layers_name_nothing_is_replaced_in_a_reason() -> None:
    shared = 'param { name: "w" } inner_product_param { num_output: 3 }'
    text = "".join(
        f'layer {{ name: "{name}" type: "InnerProduct" bottom: "data" top: "{name}" {shared} }}'
        for name in ("ip", "ip_p")
    )
    start = run(net(DATA + text + dense("fc", "data", 4), batch=4))
    _, words = under({"*": "svd:rank=1"}, start)
    assert "*=svd: left out ip: it shares its parameters with ip_p" in words
    assert "*=svd: left out ip_p: it shares its parameters with ip" in words


def test_a_pattern_of_which_no_layer_can_is_refused() -> None:
    with pytest.raises(WhatIfError) as refused:
        under({"relu*": "svd:rank=2", "fc1": "svd:rank=2"})
    assert refused.value.message == (
        "relu*=svd: nothing to change: relu1, relu4: it is no convolution and no InnerProduct"
    )


def test_every_net_is_changed_and_the_train_nets_weights_are_stored() -> None:
    found, _ = under({"fc1": ["svd:rank=3", "codebook:bits=2"]}, both())
    assert all(named(each.layers, "fc1/rank3").params for each in found.nets)
    more = net(DATA + dense("own", "data", 3), batch=4, beside=True, phase="TEST")
    start = run(whole(), more)
    assert named(under({"own": "svd:rank=2"}, start)[0].nets[1].layers, "own/rank2").params
    with pytest.raises(WhatIfError, match="own is in a test net alone; what is stored is the train net's"):
        under({"own": "binary"}, start)


def test_layers_without_weights_and_forms_that_are_not_for_them_are_refused() -> None:
    for method, words in (("prune:share=50%", "to prune"), ("codebook:bits=2", "to store so")):
        with pytest.raises(WhatIfError, match=rf"relu1 has no weights {words} \(ReLU\)"):
            under({"relu1": method})
    scaled = DATA + 'layer { name: "scale" type: "Scale" bottom: "data" top: "s" }'
    start = run(net(scaled, batch=4))
    assert under({"scale": "prune:share=50%"}, start)[0].encodings
    with pytest.raises(WhatIfError, match=r"scale: codebook is not for its weights \(Scale\)"):
        under({"scale": "codebook:bits=2"}, start)
    embedded = (
        DATA + 'layer { name: "e" type: "Embed" bottom: "label" top: "e" embed_param { input_dim: 9 num_output: 3 } }'
    )
    with pytest.raises(WhatIfError, match=r"e: xnor is not for its weights \(Embed\)"):
        under({"e": "xnor"}, run(net(embedded, batch=4)))
    assert under({"e": "codebook:bits=2"}, run(net(embedded, batch=4)))[0].encodings


def test_a_layer_of_unknown_parameters_is_refused() -> None:
    layers = list(whole().layers)
    layers[5] = replace(layers[5], params=None, spec=replace(layers[5].spec, definition=None, type="WarpDrive"))
    start = run(replace(whole(), layers=tuple(layers)))
    with pytest.raises(WhatIfError, match="the parameters of fc1 are not known"):
        under({"fc1": "prune:share=50%"}, start)


# -- figures ------------------------------------------------------------------------------------------------


def figures(found: Run) -> dict[str, int | None]:
    return {each.name: each.value for each in measures(found)}


def test_stored_bytes_are_those_of_all_blobs() -> None:
    start = one()
    plain = figures(start)
    assert plain["stored_bytes"] == plain["param_bytes"]
    found, _ = under({"fc1": ["prune:share=90%,index=rel4", "codebook:bits=5"]})
    weights = 420 * 16
    file = file_of(found)
    assert file.weights.low == (weights // 10) * 9 + 32 * 32 + 32 * (
        6 * 8 * 9 + 12 * 4 * 9 + 10 * 12 * 15 + 16 * 9 + 45
    )
    assert file.others.low == 32 * (8 + 12 + 16 + 9 + 5)
    now = figures(found)
    assert now["stored_bytes, at least"] == -(-file.total.low // 8)
    assert (now["stored_bytes, at least"] or 0) < (now["stored_bytes"] or 0) < (now["stored_bytes, at most"] or 0)
    assert now["param_bytes"] == plain["param_bytes"]
    assert now["footprint, cpu"] == plain["footprint, cpu"]
    assert now["params"] == (plain["params"] or 0) - weights * 9 // 10


def test_precision_of_weights_holds_for_what_is_not_encoded() -> None:
    both_ways = Change(weights="fp16", compress={"fc1": "prune:share=50%,index=bitmap"})
    found = changed(one(), both_ways).run
    weights, others = 420 * 16, figures(one())["params"] or 0
    assert figures(found)["stored_bytes"] == (weights // 2 * 16 + weights + (others - weights) * 16) // 8


def test_other_operations_are_figures_of_their_own() -> None:
    plain = figures(one())
    assert not any("xnors" in name or "lookups" in name or "additions" in name for name in plain)
    fc1 = 420 * 16
    assert macs(one(), "fc1") == 4 * fc1
    signs = figures(under({"fc1": "xnor"})[0])
    assert signs["xnors_per_image"] == fc1
    assert signs["macs_per_image"] == (plain["macs_per_image"] or 0) - fc1 + 16  # a factor for each output
    added = figures(under({"fc1": "binary:scale=no"})[0])
    assert added["additions_per_image"] == fc1
    assert added["macs_per_image"] == (plain["macs_per_image"] or 0) - fc1
    looked_up = figures(under({"fc1": "pq:dims=4,words=8"})[0])
    assert looked_up["lookups_per_image"] == 16 * 105
    assert looked_up["macs_per_image"] == (plain["macs_per_image"] or 0) - fc1 + 420 * 8


def test_what_is_between_bounds_only_is_not_guessed() -> None:
    found = figures(under({"fc1": ["codebook:bits=5", "huffman"]})[0])
    assert found["stored_bytes"] is None
    assert (found["stored_bytes, at least"] or 0) < (found["stored_bytes, at most"] or 0)
    known = figures(under({"fc1": ["codebook:bits=5", "huffman:width=4"]})[0])
    assert known["stored_bytes"] is not None
    assert "stored_bytes, at least" not in known


def test_a_deconvolutions_filters_are_those_of_all_groups() -> None:
    up = conv("up", "data", "num_output: 4 kernel_size: 3 group: 2").replace('"Convolution"', '"Deconvolution"')
    found, _ = under({"up": "binary"}, run(net(DATA + up, batch=4)))
    assert file_of(found).weights.low == 6 * 2 * 9 + 32 * 4


def test_what_is_taken_for_granted_and_what_is_not_known_is_said_once() -> None:
    _, words = under({"fc*": ["prune:share=90%", "codebook:bits=5", "huffman"], "conv1": "binary"})
    assert len(words) == len(set(words))
    assert (
        "Caffe itself stores and computes floats: its memory and its speed stay unless a program keeps this form"
        in words
    )
    assert [text for text in words if text.startswith("not known: ")] == [
        "not known: where the zeros are only the weights tell: fillers of an index are likely as if by chance",
        "not known: what it costs in accuracy only a test tells",
        "not known: without width, entropy or counts the length is between one bit and that of the number",
    ]
    assert "fc1, fc2, fc3: codebook (bits 5), each weight one of 2ⁿ floats, which stand beside" in words


def test_older_words_are_the_same_methods() -> None:
    older = Change(prune_channels={"conv*": 0.5}, low_rank={}, prune_weights={"fc*": 0.9})
    newer = Change(compress={"conv*": "prune-channels:share=50%", "fc*": "prune:share=90%"})
    found = [changed(one(), change) for change in (older, newer)]
    assert measures(found[0].run) == measures(found[1].run)
    assert found[0].run.encodings == found[1].run.encodings
    assert next(iter(found[0].run.encodings.values())).zeros is not None
    assert {one.zeros.share for one in found[0].run.encodings.values() if one.zeros} == {Fraction(9, 10)}


SHARED: Final = "".join(
    f'layer {{ name: "{name}" type: "InnerProduct" bottom: "data" top: "{name}" param {{ name: "w" }} '
    f'param {{ name: "b" }} inner_product_param {{ num_output: 3 }} }}'
    for name in ("ip", "ip_p")
)


@pytest.mark.parametrize("asked", ["ip", "ip_p", "ip*"])
def test_weights_that_two_layers_share_are_zero_in_both(asked: str) -> None:
    """As a log shows it: the second layer has no parameters of its own."""
    found = net(DATA + SHARED, batch=4)
    first, second = found.layers[1:]
    start = run(replace(found, layers=(found.layers[0], first, replace(second, params=(), owned=()))))
    inputs = 6 * 12 * 14
    before, after = figures(start), figures(under({asked: "prune:share=50%,index=bitmap"}, start)[0])
    assert before["macs_per_image"] == 2 * 3 * inputs
    assert after["macs_per_image"] == 3 * inputs
    assert after["params"] == 3 * inputs // 2 + 3
    assert after["stored_bytes"] == (3 * inputs // 2 * 32 + 3 * inputs + 3 * 32) // 8


def test_the_parts_learn_as_the_layer_was_told_to() -> None:
    """A bias that learns twice as fast and does not decay keeps that, wherever it stands then."""
    told = "param { lr_mult: 1 decay_mult: 1 } param { lr_mult: 2 decay_mult: 0 }"
    text = DATA + dense("fc", "data", 8).replace('top: "fc"', f'top: "fc" {told}')
    whole_net = net(text, batch=4)
    layer = replace(whole_net.layers[1], decays=(True, False))
    start = run(replace(whole_net, layers=(whole_net.layers[0], layer)))
    for method in ("svd:rank=2", "tt:in=6x168,out=2x4,rank=2", "tucker2:in=2,out=2"):
        found = [one for one in under({"fc": method}, start)[0].nets[0].layers if one.params]
        for part in found:
            kinds = [blob.kind for blob in part.params or ()]
            assert part.decays == tuple(kind == "weight" for kind in kinds)
            stated = (part.spec.definition or Message()).children("param")
            assert [one.integer("lr_mult", 0) for one in stated] == [1 if kind == "weight" else 2 for kind in kinds]


def test_that_weights_are_shared_is_said() -> None:
    words = under({"ip": "prune:share=50%"}, run(net(DATA + SHARED, batch=4)))[1]
    assert words.count("ip, ip_p share their weights: what becomes of one's becomes of all") == 1


def test_what_the_next_layers_lose_is_told() -> None:
    words = under({"conv1": "prune-channels:share=50%"})[1]
    assert words[1] == f"what reads fewer channels loses parameters: conv2 {12 * 2 * 9} of {12 * 4 * 9 + 12}"
    pooled = under({"fc1": "gap"})[1]  # it was asked for itself
    assert not any("loses parameters" in text for text in pooled)


def test_of_the_next_layers_the_one_that_loses_most_is_told_first() -> None:
    normed = NET[0] + 'layer { name: "bn" type: "BatchNorm" bottom: "conv1" top: "conv1" }' + "".join(NET[1:])
    words = under({"conv1": "prune-channels:share=50%"}, run(net(DATA + normed + LOSS, batch=4)))[1]
    assert words[1] == "what reads fewer channels loses parameters: conv2 216 of 444, bn 8 of 17"
