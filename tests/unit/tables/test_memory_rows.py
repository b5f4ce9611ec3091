"""What the memory tables say about their own figures: on what they rest, and what they leave out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from logparse.cost.memory.terms import Terms
from tests.writing import Layer, cells, data, line, memory, net, read, solver

if TYPE_CHECKING:
    from logparse.api import Log

SHAPE = "2 3 4 4 (96)"
RELU = Layer("relu", "ReLU", ("data",), ("data",), (SHAPE,))
CONV = Layer("conv", "Convolution", ("data",), ("conv",), ("2 5 2 2 (40)",))
DENSE = Layer("ip", "InnerProduct", ("conv",), ("ip",), ("2 5 (10)",))
LOST = Layer("lost", "Mystery", ("ip",), ("lost",), (SHAPE,))


def kinds(log: Log, device: str = "cpu", net_index: int = 0) -> dict[str, tuple[Any, str]]:
    """Kind → bytes and basis of one net on one device."""
    rows = cells(log.memory, "device", "net_index", "kind", "bytes", "basis")
    return {
        kind: (size, basis)
        for place, number, kind, size, basis in zip(*rows.values(), strict=True)
        if (place, number) == (device, net_index)
    }


def excerpt() -> Log:
    """Without definitions: a source and a layer in place by their names, a convolution that could be any, a fully
    connected layer by its shape, and one whose shape is not printed."""
    text = net([data(), RELU, CONV, DENSE, LOST], dump=False)
    return read("".join(text.rsplit(line(f"Top shape: {SHAPE}"), 1)))


def test_every_kind_stands_once_a_net_and_device_in_a_fixed_order() -> None:
    rows = cells(excerpt().memory, "device", "kind")

    assert rows["device"] == ["cpu"] * 8 + ["gpu"] * 8
    assert (
        rows["kind"]
        == [
            "logged",
            "distinct_data",
            "diff",
            "params",
            "gradients",
            "history",
            "buffers",
            "prefetch",
        ]
        * 2
    )


def test_the_weakest_basis_of_the_parts_is_told_with_how_many_have_it() -> None:
    """The source and the fully connected layer are inferred, the convolution's shape is printed."""
    found = kinds(excerpt())

    assert found["logged"] == (1352, "the log")
    assert found["distinct_data"] == (
        384 + 160 + 40,
        "inferred (2 of 3 parts); left out: distinct_data (lost: the count of lost is not printed)",
    )
    assert found["params"][0] == 4 * (20 * 5 + 5)
    assert found["params"][1] == (
        "inferred; left out: params (conv: its parameters are not known; lost: its parameters are not known)"
    )
    assert found["prefetch"] == (3 * 384, "inferred")


def test_where_nothing_of_a_kind_is_known_its_bytes_are_not() -> None:
    size, basis = kinds(excerpt())["diff"]

    assert size is None
    assert basis == "unknown; left out: diff (data: the log does not say which layers do backward)"


def test_where_there_is_nothing_of_a_kind_its_bytes_are_none_by_definition() -> None:
    assert kinds(read(net([data()])))["history"] == (0, "definition")
    assert kinds(read(net([data()])))["distinct_data"] == (384, "shapes")


def test_a_net_without_a_memory_line_has_no_logged_figure() -> None:
    text = "".join(one for one in net([data()]).splitlines(keepends=True) if "Memory" not in one)

    assert kinds(read(text))["logged"] == (None, "unknown: the log has no such line")


def test_a_total_that_was_printed_once_is_the_logged_figure() -> None:
    text = "".join(one for one in net([data()]).splitlines(keepends=True) if "Memory" not in one)

    assert kinds(read(text + line("Memory required for Data 999")))["logged"] == (999, "the log")
    assert cells(read(text + line("Memory required for Data 999")).nets)["logged_bytes"] == [999]


def test_caffe_time_runs_every_backward_pass_in_every_net() -> None:
    """Which is told at the gradients of blobs alone."""
    remark = "; caffe time calls every layer's Backward, needed or not"
    once = net([data(), Layer("relu", "ReLU", ("data",), ("relu",), (SHAPE,))])
    log = read(once, once, line("*** Benchmark begins ***", "caffe.cpp"))

    for device in ("cpu", "gpu"):
        for number in (0, 1):
            found = kinds(log, device, number)
            assert [kind for kind, (_, basis) in found.items() if basis.endswith(remark)] == ["diff"]
    assert not any(basis.endswith(remark) for _, basis in kinds(read(once)).values())


def test_inner_nets_hold_nothing_of_their_own() -> None:
    text = net([data()], done=False) + line("Creating Layer l") + line("l <- data") + line("l -> h")
    log = read(text, net([data()]), line("Setting up l"), line(f"Top shape: {SHAPE}"))

    assert set(cells(log.memory)["net_index"]) == {0}


# Footprints -----------------------------------------------------------------------------------------------------------


def footprint(log: Log, place: int) -> dict[str, Any]:
    return {name: column[place] for name, column in cells(log.footprint).items()}


def test_a_footprint_is_the_sum_of_its_terms() -> None:
    cpu = footprint(read(solver(), net([data()])), 0)

    assert cpu["device"] == "cpu"
    assert cpu["bytes"] == cpu["low_bytes"] == cpu["high_bytes"] == 384 + 20_197_376
    assert cpu["basis"] == "Caffe's own allocations 384 + the program itself 20,197,376"


def test_what_is_left_out_and_assumed_stands_behind_the_terms() -> None:
    words = footprint(excerpt(), 0)["basis"].split("; left out: ")

    assert words[0].startswith("Caffe's own allocations ")
    assert words[1] == "distinct_data (lost: the count of lost is not printed)"
    assert footprint(excerpt(), 0)["basis"].endswith("; the log shows no solver: SGD assumed")


@pytest.mark.parametrize(
    ("gpus", "told"), [((), False), (("Tesla",), False), (("Tesla",) * 2, True), (("Tesla",) * 3, True)]
)
def test_what_several_gpus_add_is_told(gpus: tuple[str, ...], told: bool) -> None:  # noqa: FBT001
    names = "".join(line(f"GPU {number}: {name}", "caffe.cpp") for number, name in enumerate(gpus))
    log = read(names, solver(), net([data()]))
    remark = f"of one of {len(gpus)} GPUs; the range holds up to 0 bytes for their exchange, by release"

    assert [remark in footprint(log, place)["basis"] for place in (0, 1)] == [False, told]


def test_without_a_net_there_is_no_footprint() -> None:
    logs = {
        "unknown: the log shows no net": read(solver()),
        "unknown: no layer of the net is in the log": read(line("Initializing net from parameters: "), 'name: "N"\n'),
    }
    for basis, log in logs.items():
        for place, device in enumerate(("cpu", "gpu")):
            row = footprint(log, place)
            assert (row["device"], row["bytes"], row["low_bytes"], row["high_bytes"]) == (device, None, None, None)
            assert row["basis"] == basis


def test_of_a_net_without_layers_only_the_logged_figure_is_known() -> None:
    log = read(memory(1192246208))

    rows = cells(log.table("memory"), "kind", "bytes", "basis")
    known = [pair for pair in zip(rows["kind"], rows["bytes"], strict=True) if pair[1] is not None]
    assert known == [("logged", 1192246208)] * 2
    assert set(rows["basis"]) == {"the log", "unknown: no layer of the net is in the log"}
    sums = ("distinct_bytes", "weights", "params", "param_bytes", "macs", "reconciled_layers")
    assert all(cells(log.nets, column)[column] == [None] for column in sums)


# -- a budget for the blobs ----------------------------------------------------------------------------


def deep() -> Log:
    """Sigmoids, whose backward pass reads what they made: data that is kept, or worked out twice."""
    layers, bottom = [data(backward=False)], "data"
    for place in range(8):
        conv, squashed = f"c{place}", f"s{place}"
        layers.append(
            Layer(
                conv, "Convolution", (bottom,), (conv,), (SHAPE,), "convolution_param { num_output: 3 kernel_size: 1 }"
            )
        )
        layers.append(Layer(squashed, "Sigmoid", (conv,), (squashed,), (SHAPE,)))
        bottom = squashed
    layers.append(Layer("loss", "EuclideanLoss", (bottom, "data"), ("loss",), ("(1)",)))
    return read(solver(), net([one if one.backward is False else replace(one, backward=True) for one in layers]))


def best_checkpoints(log: Log) -> tuple[int, int, str]:
    rows = cells(log.plan, "scheme", "bytes", "extra_macs", "basis")
    return next(row[1:] for row in zip(*rows.values(), strict=True) if row[0] == "checkpoint_best")


def test_a_plan_within_a_budget_recomputes_as_little_as_that_needs() -> None:
    log = deep()
    least, most_macs, basis = best_checkpoints(log)
    assert "budget" not in basis

    log.terms = Terms(budget_bytes=2 * least)
    at_ease, macs, basis = best_checkpoints(log)
    assert least <= at_ease <= 2 * least
    assert macs < most_macs
    assert basis.endswith("within the budget")
    alive = cells(log.alive, "scheme", "bytes")
    of_best = [size for name, size in zip(*alive.values(), strict=True) if name == "checkpoint_best"]
    assert sum(of_best) <= at_ease

    log.terms = Terms(budget_bytes=1)
    assert best_checkpoints(log)[:2] == (least, most_macs)
    assert best_checkpoints(log)[2].endswith("above the budget")


def test_the_blocks_of_a_plan_lie_inside_it_from_the_step_that_writes_to_the_last_that_reads() -> None:
    log = deep()
    taken = {row[0]: row[1] for row in zip(*cells(log.plan, "scheme", "bytes").values(), strict=True)}
    columns = ("scheme", "block", "half", "bytes", "offset_bytes", "first_step", "last_step", "first_pass", "last_pass")
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*cells(log.placement, *columns).values(), strict=True)]
    ends: dict[str, int] = {}
    for row in rows:
        ends[row["scheme"]] = max(ends.get(row["scheme"], 0), row["offset_bytes"] + row["bytes"])
        assert row["first_step"] <= row["last_step"]
    assert ends == {scheme: taken[scheme] for scheme in ends}
    assert {"inference", "training_caffe", "checkpoint_best"} <= ends.keys()
    squashed = next(
        row for row in rows if (row["scheme"], row["block"], row["half"]) == ("training_caffe", "s3", "data")
    )
    assert (squashed["first_pass"], squashed["last_pass"]) == ("forward", "backward")
    assert {row["first_pass"] for row in rows if row["scheme"] == "checkpoint_best"} == {"forward", "again", "backward"}


# -- an upper end only where all of it is seen ----------------------------------------------------------


@pytest.mark.parametrize("device", ["cpu", "gpu"])
def test_what_is_not_shown_to_its_end_has_no_upper_end(device: str) -> None:
    whole = solver() + net([data(), RELU])
    cut = whole + "".join(net([data(), RELU], phase="TEST").splitlines(keepends=True)[:3])
    ends = []
    for text in (whole, cut):
        rows = cells(read(text).footprint, "device", "bytes", "low_bytes", "high_bytes", "basis")
        ends.append(next(row for row in zip(*rows.values(), strict=True) if row[0] == device))
    (_, _, _, high, _), (_, total, low, none, basis) = ends
    assert high is not None
    assert none is None
    assert low <= total
    assert "what is not shown is not counted" in basis
