"""A layer's definition comes from its own net's dump, else from another net's, else from the prototxt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from logparse.api import parse_log
from logparse.assembling.definitions import read_prototxt
from logparse.errors import DefinitionError

if TYPE_CHECKING:
    from pathlib import Path


def glog(*messages: str) -> bytes:
    """A log: a message that begins with two blanks is a line of a dump, the others get a header."""
    lines = [m[2:] if m.startswith("  ") else f"I1124 10:43:20.990321 23669 net.cpp:1] {m}" for m in messages]
    return "\n".join([*lines, ""]).encode()


def layer_lines(name: str, bottom: str, top: str, shape: str) -> tuple[str, ...]:
    """The lines of one layer's set-up."""
    return (
        f"Creating Layer {name}",
        f"{name} <- {bottom}",
        f"{name} -> {top}",
        f"Setting up {name}",
        f"Top shape: {shape}",
    )


DATA = ("Creating Layer data", "data -> data", "Setting up data", "Top shape: 2 3 8 8 (384)")
CONV = layer_lines("conv", "data", "conv", "2 4 8 8 (512)")
CONV_DUMP = (
    '  layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"'
    " convolution_param { num_output: 4 kernel_size: 3 pad: 1 } }"
)
DATA_DUMP = '  layer { name: "data" type: "Input" top: "data" }'


def net(*dump: str) -> tuple[str, ...]:
    """A net of one convolution, with its dump."""
    return ("Initializing net from parameters: ", *dump, *DATA, *CONV, "Network initialization done.")


def test_a_cut_dump_is_filled_from_the_other_nets() -> None:
    cut = '  layer { name: "conv" type: "Convolution" bottom: "data" convolution_param { num_out'
    log = parse_log(
        glog("Creating training net.", *net(DATA_DUMP, CONV_DUMP), "Creating testing net.", *net(DATA_DUMP, cut))
    )
    conv = log.layers[log.layers["layer"] == "conv"]
    assert conv["weights"].tolist() == [108, 108]
    assert conv["params_basis"].tolist() == ["definition", "definition"]
    assert log.nets["definition_origin"].tolist() == ["dump", "dump, other net's dump"]


def test_without_any_definition_a_same_size_convolution_is_na_with_its_candidates() -> None:
    conv = parse_log(glog(*net())).layers.to_dict("records")[1]
    assert pd.isna(conv["weights"])
    assert "3×3" in conv["params_reason"]


def test_a_prototxt_that_differs_from_the_dump_is_reported_and_not_used(tmp_path: Path) -> None:
    path = tmp_path / "other.prototxt"
    path.write_text(CONV_DUMP.replace("kernel_size: 3 pad: 1", "kernel_size: 5 pad: 2"), encoding="utf-8")
    log = parse_log(glog(*net(DATA_DUMP, CONV_DUMP)), prototxt=path)
    assert log.layers["weights"].tolist() == [0, 108]
    assert any("convolution_param of layer 'conv'" in note.what for note in log.notes)


def test_a_prototxt_of_another_net_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "other.prototxt"
    path.write_text('layer { name: "elsewhere" type: "ReLU" }', encoding="utf-8")
    notes = parse_log(glog(*net(DATA_DUMP, CONV_DUMP)), prototxt=path).notes
    assert [note.what for note in notes] == ["the prototxt was not used"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("layer { name: }", "n.prototxt:1: not a network definition"),
        ('layer {\n name: "a"\n', "it ends inside a message"),
        ("base_lr: 0.1", "no layer in this definition"),
    ],
)
def test_what_is_no_definition_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(DefinitionError, match=said):
        read_prototxt(text, "n.prototxt")
