"""Numbers and words as people write them: one of a thing is one thing, and a unit stands apart from its figure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from logparse.audit.curves import at
from logparse.audit.finders import find
from tests.unit.audit.cases import CONV, NET, START
from tests.writing import Layer, Writer, cells, data, line, net, read

if TYPE_CHECKING:
    from logparse.audit.finders import Finding


def only(text: str, kind: str) -> Finding:
    log = read(text)
    (one,) = (one for one in find(log) if one.kind == kind)
    return one


def left(max_iter: int) -> str:
    writer = Writer(f"max_iter: {max_iter}\n")
    writer.show(0, 1.0)
    writer.show(20, 1.0)
    return only(writer.text, "time_left").title


def test_one_value_is_missing() -> None:
    assert "1 value of 4 bytes" in only(NET.replace("data: 768", "data: 772"), "missing_bytes").text


def test_one_layer_was_set_up() -> None:
    assert "1 layers" not in only(START + net([data()], done=False), "net_unfinished").text


def test_one_iteration_is_left() -> None:
    assert left(22).startswith("2 iterations are left")
    assert left(21).startswith("1 iteration is left")


def test_gradients_were_clipped_once() -> None:
    clip = line("Gradient clipping: scaling down gradients (L2 norm 4 > 2) by scale factor 0.5", "sgd_solver.cpp")
    (text,) = read(clip).events["text"]

    assert "1 times" not in text


def test_a_few_macs_stand_apart_from_their_unit() -> None:
    writer = Writer("max_iter: 9\n", start=False)
    writer.lines.append(net([data(backward=False), CONV]))
    writer.show(0, 1.0)
    writer.show(20, 1.0)
    one = only(writer.text, "throughput")

    assert "288 MAC an iteration" in one.evidence


def test_a_layer_without_a_name_is_called_something_in_the_memory_table() -> None:
    basis = read(line("Top shape: 2 3 (6)")).memory["basis"]

    assert not any(re.search(r"\(: |; : ", text) for text in basis)


def test_gradients_of_unknown_parameters_are_not_known() -> None:
    odd = Layer("odd", "Mystery", ("data",), ("odd",), ("2 3 4 4 (96)",), backward=True)
    rows = cells(read(START, net([data(backward=False), odd])).memory, "device", "kind", "basis")
    basis = {(device, kind): text for device, kind, text in zip(*rows.values(), strict=True)}

    assert "odd" in basis["cpu", "params"]
    assert "odd" in basis["cpu", "gradients"]
    assert "odd" in basis["gpu", "history"]


def test_an_iteration_that_is_not_known_is_called_so() -> None:
    assert (at(1200), at(0)) == ("iteration 1,200", "iteration 0")
    assert at(-1) == at(pd.NA) == "an iteration that is not known"  # type: ignore[arg-type]
