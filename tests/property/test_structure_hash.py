"""Nets at random: names, order of writing and batch change no hash, and any one setting changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from logparse.cost.structure.distance import distance
from tests.structures import structure

if TYPE_CHECKING:
    from collections.abc import Sequence

CHANNELS: Final = 4  # of every blob, so that any two can be added


class Drawn(NamedTuple):
    """A layer of a net at random: its kind, what it reads (places before it; -1 is the image), its kernel."""

    kind: str
    reads: tuple[int, ...]
    kernel: int


@st.composite
def nets(draw: st.DrawFn) -> list[Drawn]:
    """A net of up to twelve layers, every blob of the same shape."""
    found = []
    for place in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(("Convolution", "Convolution", "Eltwise", "ReLU", "TanH")))
        before = st.integers(-1, place - 1)
        reads = draw(st.lists(before, min_size=2, max_size=3)) if kind == "Eltwise" else [draw(before)]
        found.append(Drawn(kind, tuple(reads), draw(st.sampled_from((1, 3, 5)))))
    return found


def written(net: Sequence[Drawn], order: Sequence[int], names: Sequence[str], batch: int = 2) -> str:
    """The net's layers in this order, under these names."""
    dims = f"dim: {batch} dim: {CHANNELS} dim: 6 dim: 6"
    lines = [f'layer {{ name: "image" type: "Input" top: "image" input_param {{ shape {{ {dims} }} }} }}']
    for place in order:
        layer = net[place]
        reads = "".join(f' bottom: "{"image" if one < 0 else names[one]}"' for one in layer.reads)
        lines.append(
            f'layer {{ name: "{names[place]}" type: "{layer.kind}"{reads} top: "{names[place]}" {_settings(layer)} }}'
        )
    return "\n".join(lines)


def _settings(layer: Drawn) -> str:
    if layer.kind != "Convolution":
        return ""
    return f"convolution_param {{ num_output: {CHANNELS} kernel_size: {layer.kernel} pad: {layer.kernel // 2} }}"


def orders(net: Sequence[Drawn], data: st.DataObject) -> list[int]:
    """Any order in which each layer stands behind what it reads."""
    left, found = set(range(len(net))), list[int]()
    while left:
        ready = sorted(place for place in left if not left.intersection(net[place].reads))
        found.append(data.draw(st.sampled_from(ready)))
        left.remove(found[-1])
    return found


@given(nets(), st.data())
def test_names_order_and_batch_are_no_structure(net: list[Drawn], data: st.DataObject) -> None:
    plain = [f"n{place}" for place in range(len(net))]
    base = structure(written(net, range(len(net)), plain))
    other = structure(written(net, orders(net, data), data.draw(st.permutations(plain)), batch=7))

    assert base.digest == other.digest is not None
    assert distance(base, other) == 0


@given(nets(), st.data())
def test_another_kernel_is_another_structure(net: list[Drawn], data: st.DataObject) -> None:
    places = [place for place, layer in enumerate(net) if layer.kind == "Convolution"]
    if not places:
        return
    place = data.draw(st.sampled_from(places))
    changed = [*net]
    changed[place] = changed[place]._replace(kernel=7)
    plain = [f"n{one}" for one in range(len(net))]
    base, other = (structure(written(one, range(len(net)), plain)) for one in (net, changed))

    assert base.digest != other.digest
    assert 0 < distance(base, other) <= 1


@given(nets(), st.data())
def test_another_edge_is_another_structure_unless_it_is_the_same_net(net: list[Drawn], data: st.DataObject) -> None:
    """Where the hashes of two nets agree, walking both from their ends upwards must meet the same layers."""
    place = data.draw(st.integers(0, len(net) - 1))
    changed = [*net]
    reads = list(changed[place].reads)
    reads[0] = data.draw(st.integers(-1, place - 1))
    changed[place] = changed[place]._replace(reads=tuple(reads))
    plain = [f"n{one}" for one in range(len(net))]
    base, other = (structure(written(one, range(len(net)), plain)) for one in (net, changed))

    if base.digest == other.digest:
        assert sorted(map(repr, walked(net))) == sorted(map(repr, walked(changed)))


def walked(net: Sequence[Drawn]) -> list[object]:
    """Each layer with the whole of what stands above it."""
    found: list[object] = []
    for layer in net:
        kernel = layer.kernel if layer.kind == "Convolution" else 0
        found.append((layer.kind, kernel, *("image" if one < 0 else found[one] for one in layer.reads)))
    return found
