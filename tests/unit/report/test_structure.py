"""How a net hangs together: modules by names, the folded graph, the layered drawing, the lanes of the spine."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logparse.report.structure.folding import closed, folded, modules_of
from logparse.report.structure.lanes import lanes
from logparse.report.structure.layered import layered
from logparse.report.structure.modules import MOST_NAMED, brief, modules, without_shared_words

if TYPE_CHECKING:
    from collections.abc import Sequence


def runs(*names: str, follows: Sequence[int | None] | None = None) -> list[tuple[str, int]]:
    """Each module's name and how many layers it has."""
    found = modules(names, follows or [None] * len(names))
    return [(one.name, one.stop - one.start) for one in found]


# --- modules ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["inception_3a/1x1", "inception_3a/pool", "inception_3b/1x1"], [("inception_3a", 2), ("inception_3b", 1)]),
        (["conv1", "relu1", "norm1", "pool1", "conv2"], [("conv1", 4), ("conv2", 1)]),
        (["res2a_branch1", "bn2a_branch1", "res2a_relu", "res2b_branch2a"], [("res2a", 3), ("res2b", 1)]),
        (["res4b35_branch2a", "bn4b35_branch2a", "res4b36_branch2a"], [("res4b35", 2), ("res4b36", 1)]),
        (["conv1_1", "relu1_1", "conv1_2", "conv2_1"], [("conv1", 3), ("conv2", 1)]),
        (["conv2_1/dw", "conv2_1/sep", "conv2_2/dw"], [("conv2_1", 2), ("conv2_2", 1)]),
        (["data", "embedding", "loss"], [("data", 1), ("embedding", 1), ("loss", 1)]),
        (["conv1x1", "conv1x3"], [("conv1", 2)]),
        ([""], [("", 1)]),
    ],
)
def test_a_module_is_what_stands_before_a_slash_or_a_number(names: list[str], expected: list[tuple[str, int]]) -> None:
    assert runs(*names) == expected


def test_a_layer_that_follows_another_is_of_its_module_whatever_its_name() -> None:
    assert runs("conv1", "act", "conv2", follows=[None, 0, None]) == [("conv1", 2), ("conv2", 1)]


def test_too_many_modules_are_told_by_their_numbers_alone_and_at_last_by_their_place() -> None:
    stages = [f"res{stage}b{block}_x" for stage in (2, 3, 4) for block in range(40)]
    assert runs(*stages) == [("res2", 40), ("res3", 40), ("res4", 40)]
    names = [chr(97 + at % 26) * (at // 26 + 1) for at in range(200)]
    found = runs(*names)
    assert len(found) <= MOST_NAMED
    assert {size for _, size in found[:-1]} == {5}
    blocks = runs(*[f"block{at // 2}/x{at % 2}" for at in range(200)])
    assert blocks[:2] == [("block0…2", 6), ("block3…5", 6)]
    assert len(blocks) == 34


@given(st.lists(st.text(max_size=8), max_size=120))
def test_every_layer_is_in_one_module(names: list[str]) -> None:
    found = modules(names, [None] * len(names))
    assert [place for one in found for place in range(one.start, one.stop)] == list(range(len(names)))
    assert len(found) <= MOST_NAMED


def test_what_several_names_begin_with_is_left_out() -> None:
    assert brief(["conv1", "inception_3a", "inception_3b", "inception_4a"]) == ("conv1", "3a", "3b", "4a")
    assert brief(["conv1", "conv2", "conv3"]) == ("conv1", "conv2", "conv3")
    assert without_shared_words(["net/a_1", "net/a_2"]) == ("1", "2")
    assert without_shared_words(["net/a", "net/b"]) == ("a", "b")
    assert without_shared_words(["abc", "abd"]) == ("abc", "abd")
    assert without_shared_words(["net/a"]) == ("net/a",)


# --- the folded graph -------------------------------------------------------------------------------------------------


def layer(name: str, bottoms: str = "", tops: str = "", type_: str = "Convolution", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    made = tops.split()
    in_place = [top in bottoms.split() for top in made]
    given = {"layer": name, "type": type_, "bottoms": bottoms.split(), "tops": made, "in_place": in_place}
    return {**given, "top_count": [10] * len(made), **more}


FORK = [
    layer("data", "", "data label", "Data"),
    layer("conv1", "data", "conv1"),
    layer("relu1", "conv1", "conv1", "ReLU"),
    layer("conv1_split", "conv1", "conv1_0 conv1_1", "Split"),
    layer("left", "conv1_0", "left"),
    layer("right", "conv1_1", "right"),
    layer("sum", "left right", "sum", "Eltwise"),
    layer("loss", "sum label", "loss", "SoftmaxWithLoss"),
]


def test_layers_in_place_and_splits_are_folded_into_what_they_work_on() -> None:
    graph = folded(FORK)
    assert [node.name for node in graph.nodes] == ["data", "conv1", "left", "right", "sum", "loss"]
    assert graph.nodes[1].folded == (2, 3)
    assert graph.node_of == (0, 1, 1, 1, 2, 3, 4, 5)
    names = [(graph.nodes[edge.source].name, graph.nodes[edge.target].name) for edge in graph.edges]
    assert names == [
        ("data", "conv1"),
        ("conv1", "left"),
        ("conv1", "right"),
        ("left", "sum"),
        ("right", "sum"),
        ("sum", "loss"),
        ("data", "loss"),
    ]


def test_a_blob_that_nobody_makes_has_no_edge_and_a_shape_that_is_not_known_no_width() -> None:
    graph = folded([layer("a", "elsewhere", "a", top_count=[None]), layer("b", "a", "b")])
    assert [(edge.source, edge.target, edge.values) for edge in graph.edges] == [(0, 1, None)]


def test_closed_modules_keep_what_goes_between_them() -> None:
    graph = folded(FORK)
    parts = modules_of(FORK)
    shut = closed(graph, parts)
    assert [node.name for node in shut.nodes] == [part.name for part in parts]
    assert all(edge.source < edge.target for edge in shut.edges)
    assert len(shut.node_of) == len(FORK)


# --- places -----------------------------------------------------------------------------------------------------------


def graphs() -> st.SearchStrategy[tuple[int, list[tuple[int, int]]]]:
    return st.integers(1, 14).flatmap(
        lambda nodes: st.tuples(
            st.just(nodes),
            st.lists(st.sampled_from(list(combinations(range(nodes), 2))), max_size=24, unique=True)
            if nodes > 1
            else st.just([]),
        )
    )


@given(graphs())
def test_edges_go_down_and_nodes_of_a_rank_do_not_overlap(graph: tuple[int, list[tuple[int, int]]]) -> None:
    nodes, edges = graph
    places = layered(nodes, edges)
    assert all(places.rank[source] < places.rank[target] for source, target in edges)
    by_rank: dict[int, list[float]] = {}
    for x, rank in zip(places.x, places.rank, strict=True):
        by_rank.setdefault(rank, []).append(x)
    for found in by_rank.values():
        found.sort()
        assert all(right - left >= 1 - 1e-2 for left, right in pairwise(found))
    assert all(
        route[0] == (places.x[source], places.rank[source]) and route[-1] == (places.x[target], places.rank[target])
        for (source, target), route in zip(edges, places.routes, strict=True)
    )
    assert layered(nodes, edges) == places


@given(graphs())
def test_the_crossings_that_it_tells_are_those_of_its_routes(graph: tuple[int, list[tuple[int, int]]]) -> None:
    nodes, edges = graph
    places = layered(nodes, edges)
    links = {
        (one, other) for route in places.routes for one, other in pairwise(route)
    }  # edges of one source share their bends
    crossings = sum(
        a[0][1] == b[0][1] and (a[0][0] - b[0][0]) * (a[1][0] - b[1][0]) < 0 for a, b in combinations(sorted(links), 2)
    )
    assert crossings == places.crossings


def test_a_chain_is_straight_and_a_diamond_has_no_crossing() -> None:
    chain = layered(2000, [(at, at + 1) for at in range(1999)])
    assert (chain.width, chain.crossings, set(chain.x)) == (1.0, 0, {0.0})
    diamond = layered(4, [(0, 1), (0, 2), (1, 3), (2, 3)])
    assert (diamond.width, diamond.crossings, diamond.x[0] == diamond.x[3]) == (2.0, 0, True)


def test_two_edges_that_must_cross_do_and_those_that_need_not_do_not() -> None:
    assert layered(4, [(0, 2), (0, 3), (1, 2), (1, 3)]).crossings == 1
    assert layered(6, [(0, 5), (1, 4), (2, 3)]).crossings == 0


def test_a_source_stands_right_before_its_first_reader() -> None:
    assert layered(4, [(0, 2), (1, 3), (2, 3)]).rank == (0, 1, 1, 2)


@pytest.mark.parametrize("edge", [(1, 0), (0, 0), (0, 2), (-1, 0)])
def test_an_edge_that_goes_nowhere_or_back_is_refused(edge: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="from a node to a later one"):
        layered(2, [edge])


def test_no_node_has_a_place_too() -> None:
    assert layered(0, []).x == ()


# --- lanes ------------------------------------------------------------------------------------------------------------


def test_a_fork_takes_a_second_lane_and_gives_it_back() -> None:
    rows = dict(zip((row["layer"] for row in FORK), lanes(folded(FORK)), strict=True))
    assert [rows[name].lane for name in ("data", "conv1", "relu1", "left", "sum", "loss")] == [0, 0, 0, 1, 0, 0]
    assert rows["right"].lane == 0
    assert rows["left"].through == (0,)
    assert rows["left"].read == (0,)
    assert rows["sum"].read == (0,) or rows["sum"].read == (1,)
    assert (rows["data"].above, rows["data"].below) == (False, True)
    assert (rows["loss"].above, rows["loss"].below) == (True, False)
    assert [rows[name].made for name in ("conv1", "relu1", "conv1_split")] == [True, False, False]


def test_labels_have_no_lane_beside_the_whole_net() -> None:
    assert all(row.through in {(), (0,), (1,)} for row in lanes(folded(FORK)))


@given(st.integers(1, 30))
def test_very_many_branches_share_the_last_lane(number: int) -> None:
    rows = [layer("data", "", "data", "Data"), *(layer(f"b{at}", "data", f"b{at}") for at in range(number))]
    rows.append(layer("join", " ".join(f"b{at}" for at in range(number)), "join", "Concat"))
    used = [lane for row in lanes(folded(rows)) for lane in (*row.through, *row.read, row.lane) if lane is not None]
    assert max(used) <= 5
    assert min(used) == 0
