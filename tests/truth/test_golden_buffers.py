"""Every layer type's private buffers by hand: name, moment and bytes on either device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from logparse.cost.layer_types import RULES
from logparse.cost.memory.buffers import buffers
from logparse.cost.spec import Basis
from tests.truth.golden.arithmetic import is_true
from tests.truth.golden_buffers import ROWS, UNKNOWN

if TYPE_CHECKING:
    from logparse.cost.memory.buffers import Buffer
    from logparse.cost.spec import LayerSpec
    from tests.truth.golden.buffers import BufferRow, UnknownRow

INTEGER_BYTES: Final = 4
DEVICES: Final = ("cpu", "gpu")


def items(spec: LayerSpec, device: str, element_bytes: int) -> tuple[Buffer, ...]:
    found = buffers(spec, device, element_bytes)
    assert found.items is not None, found.reason
    return found.items


def found_table(row: BufferRow, device: str, element_bytes: int) -> dict[str, set[tuple[str, str, int]]]:
    """Name, moment and bytes of each buffer, under every circumstance that decides about them."""
    circumstances = {
        "TRAIN": row.spec(),
        "TRAIN without backward": row.spec(backward=False),
        "TEST": row.spec("TEST"),
    }
    return {
        circumstance: {(item.name, item.moment, item.bytes) for item in items(spec, device, element_bytes)}
        for circumstance, spec in circumstances.items()
    }


def expected_table(row: BufferRow, device: str, element_bytes: int) -> dict[str, set[tuple[str, str, int]]]:
    circumstances = {
        "TRAIN": row.on(device),
        "TRAIN without backward": row.on(device, backward=False),
        "TEST": row.on(device, "TEST"),
    }
    return {
        circumstance: {
            (one.name, one.moment, one.values * (INTEGER_BYTES if one.integers else element_bytes)) for one in held
        }
        for circumstance, held in circumstances.items()
    }


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_layer_holds_what_was_worked_out_by_hand(row: BufferRow) -> None:
    for device in DEVICES:
        for element_bytes in (4, 8):
            assert found_table(row, device, element_bytes) == expected_table(row, device, element_bytes)


@pytest.mark.parametrize("row", UNKNOWN, ids=str)
def test_what_cannot_be_told_is_na_with_its_reason(row: UnknownRow) -> None:
    for device in DEVICES:
        for training, spec in ((True, row.spec()), (False, row.spec(backward=False)), (False, row.spec("TEST"))):
            found = buffers(spec, device)
            if device in row.devices and (training or not row.training):
                assert found.items is None
                assert row.reason in found.reason
            else:
                held = {(one.name, one.moment, one.values * INTEGER_BYTES) for one in row.held}
                assert {(item.name, item.moment, item.bytes) for item in items(spec, device, 4)} == held


def test_every_type_has_a_row_and_every_row_a_rule() -> None:
    assert {row.type for row in ROWS} | {row.type for row in UNKNOWN} == set(RULES)


def test_no_two_rows_say_they_are_about_the_same() -> None:
    names = [*map(str, ROWS), *map(str, UNKNOWN)]
    assert len(set(names)) == len(names)


def test_every_buffer_shows_how_its_bytes_came_about() -> None:
    for row in ROWS:
        found = buffers(row.spec())
        assert all(is_true(item.formula.replace(" bytes", "")) for item in found.items or ()), row
        assert all(item.formula.endswith(f" bytes = {item.bytes:,}") for item in found.items or ()), row
        assert all(item.basis is Basis.DEFINITION for item in found.items or ()), row
        assert found.total_bytes == sum(item.bytes for item in found.items or ()), row
