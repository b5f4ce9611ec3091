"""`caffe time`: which times make a row, which benchmark and which layer they are of, and what is worked out of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.writing import Layer, cells, line, net, read

if TYPE_CHECKING:
    from logparse.api import Log

BEGINS = line("*** Benchmark begins ***", "caffe.cpp")
ENDS = line("*** Benchmark ends ***", "caffe.cpp")


def said(*messages: str) -> str:
    return "".join(line(message, "caffe.cpp") for message in messages)


def times(**layers: tuple[float, float]) -> str:
    """Forward and backward time of each layer, one behind the other."""
    return said(
        *(
            f"     {name}\t{way}: {ms} ms."
            for name, both in layers.items()
            for way, ms in zip(("forward", "backward"), both, strict=True)
        )
    )


def rows(log: Log, *columns: str) -> list[tuple[Any, ...]]:
    return list(zip(*cells(log.timing, *columns).values(), strict=True))


SOURCE = Layer("x", "Input", (), ("x",), ("2 8 (16)",))


def dense(name: str, outputs: int) -> Layer:
    more = f"inner_product_param {{ num_output: {outputs} bias_term: false }}"
    return Layer(name, "InnerProduct", ("x",), (name,), (f"2 {outputs} ({2 * outputs})",), more, backward=True)


ONCE = said("Testing for 1 iterations.")
NET = net([SOURCE, dense("a", 5), dense("b", 50)])
KEYS = ("run", "scope", "net_index", "layer_index", "layer", "forward_ms", "backward_ms")


# Benchmarks -----------------------------------------------------------------------------------------------------------


def test_a_layer_that_comes_next_is_of_the_next_benchmark_where_the_last_one_said_its_end() -> None:
    log = read(NET, BEGINS, times(a=(1, 2)), ENDS, times(b=(3, 4)))

    assert rows(log, "run", "layer") == [(1, "a"), (2, "b")]


def test_a_benchmark_ends_with_its_total_time() -> None:
    log = read(
        NET, BEGINS, times(a=(1, 2)), said("Total Time: 9 ms."), times(a=(3, 4)), said("Total Time: 9 ms."), ENDS
    )

    assert rows(log, *KEYS) == [(1, "layer", 0, 1, "a", 1, 2), (2, "layer", 0, 1, "a", 3, 4)]


def test_a_benchmark_ends_where_it_says_so() -> None:
    log = read(NET, BEGINS, times(a=(1, 2)), ENDS, times(a=(3, 4)))

    assert [row[0] for row in rows(log, *KEYS)] == [1, 2]


def test_a_benchmark_ends_where_every_layer_of_a_name_has_had_its_turn() -> None:
    log = read(NET, BEGINS, times(a=(1, 2), b=(5, 6)), times(a=(3, 4), b=(7, 8)))

    assert rows(log, *KEYS) == [
        (1, "layer", 0, 1, "a", 1, 2),
        (1, "layer", 0, 2, "b", 5, 6),
        (2, "layer", 0, 1, "a", 3, 4),
        (2, "layer", 0, 2, "b", 7, 8),
    ]


def test_a_net_of_two_layers_of_a_name_has_two_times_of_it() -> None:
    twice = net([SOURCE, dense("a", 5), dense("a", 50)])
    log = read(twice, BEGINS, times(a=(1, 2)), times(a=(3, 4)), times(a=(5, 6)))

    assert rows(log, *KEYS) == [
        (1, "layer", 0, 1, "a", 1, 2),
        (1, "layer", 0, 2, "a", 3, 4),
        (2, "layer", 0, 1, "a", 5, 6),
    ]


def test_without_a_net_every_time_of_a_name_is_another_row_of_one_benchmark() -> None:
    log = read(BEGINS, times(a=(1, 2)), times(a=(3, 4)))

    assert rows(log, *KEYS) == [
        (1, "layer", None, None, "a", 1, 2),
        (1, "layer", None, None, "a", 3, 4),
    ]


def test_totals_without_times_are_a_benchmark_too() -> None:
    log = read(
        NET, BEGINS, said("Average Forward pass: 3 ms.", "Average Backward pass: 7 ms.", "Total Time: 9 ms."), ENDS
    )

    assert rows(log, *KEYS, "line") == [(1, "net", 0, None, None, 3, 7, NET.count("\n") + 2)]


def test_an_empty_benchmark_has_no_row() -> None:
    assert rows(read(NET, BEGINS, said("Total Time: 9 ms."), ENDS), "run") == []


def test_a_total_of_both_passes_is_no_pass() -> None:
    log = read(NET, BEGINS, times(a=(1, 2)), said("Average Forward-Backward: 10 ms."), ENDS)

    assert [row[1] for row in rows(log, *KEYS)] == ["layer"]


def test_the_totals_of_2014_are_spelt_otherwise() -> None:
    totals = said("Forward pass: 3 milliseconds.", "Backward pass: 7 milliseconds.", "Total Time: 10 milliseconds.")
    log = read(BEGINS, ONCE, totals)

    assert rows(log, "scope", "forward_ms", "backward_ms") == [("net", 3, 7)]


@pytest.mark.parametrize("unit", ["milliseconds", "seconds"])
def test_until_2014_a_time_is_the_sum_of_all_iterations(unit: str) -> None:
    factor = 1000 if unit == "seconds" else 1
    printed = (f"a\tforward: 6 {unit}.", f"Forward pass: 8 {unit}.", f"a\tbackward: 12 {unit}.")
    log = read(BEGINS, said("Testing for 4Iterations.", *printed), ENDS)

    found = rows(log, "scope", "forward_ms", "backward_ms")
    assert found == [("layer", 1.5 * factor, 3 * factor), ("net", 2 * factor, None)]


def test_a_sum_of_an_unknown_number_of_iterations_is_no_time_of_one() -> None:
    log = read(BEGINS, said("a\tforward: 6 milliseconds.", "Forward pass: 8 milliseconds."), ENDS)

    assert rows(log, "scope", "forward_ms", "forward_share") == [("layer", None, None), ("net", None, None)]


def test_the_net_that_was_set_up_last_is_timed() -> None:
    second = net([Layer("x", "Input", (), ("x",), ("2 8 (16)",)), dense("a", 500)], phase="TEST")
    test = line("Creating test net (#0) specified by net file: a", "solver.cpp")
    log = read(NET, BEGINS, times(a=(1, 2)), ENDS, test, second, BEGINS, times(a=(3, 4)), ENDS)

    assert rows(log, "attempt", "run", "net_index", "macs") == [(1, 1, 0, 80), (1, 2, 1, 8000)]


def test_each_attempt_has_its_own_benchmarks() -> None:
    once = line("Use CPU.", "caffe.cpp") + NET + BEGINS + times(a=(1, 2)) + ENDS
    log = read(once, once)

    assert rows(log, "attempt", "run", "layer") == [(1, 1, "a"), (2, 1, "a")]


# A training that times itself -----------------------------------------------------------------------------------------


def passed(index: int, kind: str, **times: float) -> str:
    return "".join(line(f"LAYER-{index} {kind}: {way}_time: {ms} ms") for way, ms in times.items())


TRAINED = ("scope", "layer_index", "layer", "type", "forward_ms", "backward_ms", "samples")


def test_a_training_that_times_its_layers_has_a_row_for_each() -> None:
    iterations = [passed(1, "InnerProduct", forward=ms, backward=2 * ms) for ms in (1, 3)]
    log = read(NET, *iterations)

    assert rows(log, *TRAINED) == [("training", 1, "a", "InnerProduct", 2, 4, 2)]


def test_the_sums_at_the_end_of_such_a_training_are_no_passes() -> None:
    total = line("TOTAL FORWARD TIME: 50 ms")
    log = read(NET, passed(1, "InnerProduct", forward=2), total, passed(1, "InnerProduct", forward=50))

    assert rows(log, *TRAINED) == [("training", 1, "a", "InnerProduct", 2, None, 1)]


def test_a_layer_whose_type_is_not_the_nets_has_no_name() -> None:
    log = read(NET, passed(1, "Convolution", forward=2), passed(12, "ReLU", backward=0.5))

    assert rows(log, *TRAINED) == [
        ("training", 1, None, "Convolution", 2, None, 1),
        ("training", 12, None, "ReLU", None, 0.5, 1),
    ]


# The order of 2014 ----------------------------------------------------------------------------------------------------


def in_turn(way: str, *times: tuple[str, float]) -> str:
    return ONCE + said(*(f"{name}\t{way}: {ms} milliseconds." for name, ms in times))


def test_backward_times_behind_all_forward_times_come_in_backward_order() -> None:
    forward, backward = (("f", 1), ("a", 2), ("a", 3)), (("a", 30), ("a", 20), ("f", 10))
    log = read(in_turn("forward", *forward), in_turn("backward", *backward))

    assert rows(log, "layer", "forward_ms", "backward_ms") == [("f", 1, 10), ("a", 2, 20), ("a", 3, 30)]


@pytest.mark.parametrize(
    ("backward", "expected"),
    [
        ((("f", 10), ("a", 20), ("a", 30)), [("f", 1, 10), ("a", 2, 20), ("a", 3, 30)]),
        ((("b", 40),), [("f", 1, None), ("a", 2, None), ("a", 3, None), ("b", None, 40)]),
    ],
)
def test_backward_times_in_the_order_of_the_layers_are_taken_so(
    backward: tuple[tuple[str, float], ...], expected: list[tuple[Any, ...]]
) -> None:
    log = read(in_turn("forward", ("f", 1), ("a", 2), ("a", 3)), in_turn("backward", *backward))

    assert rows(log, "layer", "forward_ms", "backward_ms") == expected


def test_times_that_stand_side_by_side_are_in_the_order_of_the_layers() -> None:
    log = read(*(in_turn(way, ("a", ms)) for ms in (1, 2) for way in ("forward", "backward")))

    assert rows(log, "layer", "forward_ms", "backward_ms") == [("a", 1, 1), ("a", 2, 2)]


# What is worked out ---------------------------------------------------------------------------------------------------


def test_shares_are_of_the_sums_of_the_layers() -> None:
    log = read(NET, BEGINS, times(a=(1, 6), b=(3, 2)), ENDS)

    assert rows(log, "forward_share", "backward_share") == [(0.25, 0.75), (0.75, 0.25)]


def test_a_share_of_no_time_is_not_known() -> None:
    log = read(NET, BEGINS, times(a=(0, 6)), said("     b\tforward: 0 ms."), ENDS)

    assert rows(log, "forward_share", "backward_share") == [(None, 1.0), (None, None)]


def test_rates_are_of_the_layers_own_work() -> None:
    """Layer a: 2 × 8 × 5 = 80 MACs forward, 80 backward; 16 values read, 10 written, 40 weights, 4 bytes each."""
    log = read(NET, BEGINS, times(a=(2, 4)), ENDS)

    row = {name: column[0] for name, column in cells(log.timing).items()}
    assert (row["macs"], row["backward_macs"], row["touched_bytes"], row["type"]) == (80, 80, 264, "InnerProduct")
    assert row["forward_gflops"] == pytest.approx(2 * 80 / 2e-3 * 1e-9)
    assert row["backward_gflops"] == pytest.approx(2 * 80 / 4e-3 * 1e-9)
    assert (row["macs_per_ms"], row["bytes_per_ms"]) == (40.0, 132.0)
    assert row["samples"] is None


def test_a_layer_without_macs_has_no_flops_and_one_without_a_time_no_rates() -> None:
    relu = Layer("r", "ReLU", ("x",), ("r",), ("2 8 (16)",), backward=False)
    log = read(net([SOURCE, relu, dense("a", 5)]), BEGINS, times(r=(2, 4)), said("     a\tbackward: 4 ms."), ENDS)

    names = ("layer", "forward_gflops", "backward_gflops", "macs_per_ms", "bytes_per_ms")
    assert rows(log, *names) == [
        ("r", None, None, None, 64.0),
        ("a", None, pytest.approx(2 * 80 / 4e-3 * 1e-9), None, None),
    ]


def test_the_sums_of_a_net_are_not_known_where_a_layers_figure_is_not() -> None:
    odd = Layer("odd", "Mystery", ("x",), ("odd",), ("2 8 (16)",), backward=True)
    totals = said("Average Forward pass: 3 ms.")

    known = read(NET, BEGINS, totals, ENDS)
    assert rows(known, "macs", "backward_macs", "touched_bytes") == [
        (880, 880, 4 * (16 + 16 + 10 + 40 + 16 + 100 + 400))
    ]
    unknown = read(net([SOURCE, dense("a", 5), odd]), BEGINS, totals, ENDS)
    assert rows(unknown, "macs", "backward_macs", "touched_bytes") == [(None, None, None)]


def test_a_layer_one_of_whose_shapes_is_missing_touches_an_unknown_number_of_bytes() -> None:
    text = NET.replace(line("Top shape: 2 5 (10)"), "")
    log = read(text, BEGINS, times(a=(1, 2), b=(1, 2)), ENDS)

    assert rows(log, "layer", "touched_bytes") == [("a", None), ("b", 4 * (16 + 100 + 400))]


def test_times_of_layers_that_the_net_lacks_are_kept_without_work() -> None:
    log = read(NET, BEGINS, times(ghost=(1, 2)), ENDS)

    assert rows(log, *KEYS, "macs", "type") == [(1, "layer", None, None, "ghost", 1, 2, None, None)]


# The speed of the whole -----------------------------------------------------------------------------------------------


def speed(*parts: str) -> Any:  # noqa: ANN401 - a cell
    (rate,) = cells(read(NET, BEGINS, *parts).table("throughput"))["iterations_per_second"]
    return rate


def test_an_iteration_of_caffe_time_is_a_forward_and_a_backward_pass() -> None:
    forward, backward, end = "Average Forward pass: 8 ms.", "Average Backward pass: 17 ms.", "Total Time: 125 ms."

    assert speed(said(forward, backward, end)) == 40.0
    assert (
        speed(said(forward, backward, end, "Average Forward pass: 30 ms.", "Average Backward pass: 20 ms.", end))
        == 20.0
    )
    assert speed(said(forward, end)) is None
    assert speed(said("Average Forward pass: 0 ms.", "Average Backward pass: 0 ms.", end)) is None
    assert speed(times(a=(8, 17))) is None


def test_a_training_with_times_keeps_the_speed_of_its_displays() -> None:
    shown = "".join(line(f"Iteration {at}, loss = 1", "solver.cpp") for at in (0, 10))
    log = read(
        line("Starting Optimization", "caffe.cpp"), shown, said("Average Forward pass: 8 ms.", "Total Time: 9 ms.")
    )

    assert cells(log.table("throughput"))["iterations"] == [10]
    assert cells(log.table("throughput"))["iterations_per_second"] == [None]


# Products -------------------------------------------------------------------------------------------------------------


def product(name: str, group: int, us: float, size: int, nnz: str = "") -> str:
    shapes = f"A(2x3{nnz})*B(3x5)=C(2x5)"
    return line(f"{name}\t group {group}: {shapes} {size} B/ {us} us = 1 MB/s", "base_conv_layer.cpp")


def test_products_are_averaged_over_images_and_added_over_groups() -> None:
    log = read(
        product("b", 0, 1000, 100),
        product("a", 0, 2000, 10),
        product("a", 1, 4000, 30, " nnz:4"),
        product("a", 0, 4000, 20),
        product("a", 1, 6000, 50, " nnz:2"),
    )

    names = ("attempt", "run", "scope", "layer", "forward_ms", "macs", "touched_bytes", "samples", "line")
    assert rows(log, *names) == [
        (1, 1, "image", "b", 1.0, 30, 100, 1, 1),
        (1, 1, "image", "a", 3.0 + 5.0, 30 + 15, 15 + 40, 4, 2),
    ]


def test_products_are_of_each_attempt() -> None:
    start = line("Starting Optimization", "caffe.cpp")
    log = read(start, product("a", 0, 1000, 10), start, product("a", 0, 3000, 20))

    assert rows(log, "attempt", "forward_ms", "touched_bytes") == [(1, 1.0, 10), (2, 3.0, 20)]
