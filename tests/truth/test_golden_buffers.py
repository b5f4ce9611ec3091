"""Every layer type's private buffers by hand: name, moment and bytes on either device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from logparse.cost.layer_types import RULES
from logparse.cost.memory.buffers import buffers
from logparse.cost.spec import Basis
from tests.truth.golden.arithmetic import is_true
from tests.truth.golden_buffers import ROWS
from tests.truth.golden_costs import ROWS as COST_ROWS

if TYPE_CHECKING:
    from logparse.cost.memory.buffers import Buffer
    from logparse.cost.spec import LayerSpec
    from tests.truth.golden.buffers import BufferRow

INTEGER_BYTES: Final = 4
DEVICES: Final = ("cpu", "gpu")


def cases(rows: tuple[BufferRow, ...]) -> list[Any]:
    """A case per row; where the program is known to be wrong, one that must fail until it is mended."""
    return [
        pytest.param(row, id=str(row), marks=pytest.mark.xfail(strict=True, reason=row.wrong) if row.wrong else ())
        for row in rows
    ]


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


@pytest.mark.parametrize("row", cases(ROWS))
def test_a_layer_holds_what_was_worked_out_by_hand(row: BufferRow) -> None:
    for device in DEVICES:
        for element_bytes in (4, 8):
            assert found_table(row, device, element_bytes) == expected_table(row, device, element_bytes)


def test_every_type_whose_buffers_are_known_has_a_row_and_every_row_a_rule() -> None:
    known = {row.type for row in COST_ROWS if row.type in RULES and buffers(row.spec()).items is not None}
    assert known <= {row.type for row in ROWS} <= set(RULES)


def test_no_two_rows_say_they_are_about_the_same() -> None:
    assert len({str(row) for row in ROWS}) == len(ROWS)


def test_every_buffer_shows_how_its_bytes_came_about() -> None:
    for row in ROWS:
        found = buffers(row.spec())
        assert all(is_true(item.formula.replace(" bytes", "")) for item in found.items or ()), row
        assert all(item.formula.endswith(f" bytes = {item.bytes:,}") for item in found.items or ()), row
        assert all(item.basis is Basis.DEFINITION for item in found.items or ()), row
        assert found.total_bytes == sum(item.bytes for item in found.items or ()), row


@pytest.mark.parametrize("row", [row for row in ROWS if row.wrong], ids=str)
@pytest.mark.parametrize("device", DEVICES)
def test_a_row_that_is_known_to_be_wrong_is_right_in_all_other_buffers(row: BufferRow, device: str) -> None:
    assert row.differs
    found, expected = found_table(row, device, 4), expected_table(row, device, 4)
    for circumstance, held in expected.items():
        right = {one for one in held if one[0] not in row.differs}
        assert {one for one in found[circumstance] if one[0] not in row.differs} == right
