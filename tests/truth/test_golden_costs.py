"""Every layer type by hand: the rules against the golden table."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from logparse.cost.costing import cost
from logparse.cost.layer_types import RULES
from logparse.cost.spec import Basis
from logparse.cost.types import canonical_type
from tests.truth.golden.arithmetic import is_true
from tests.truth.golden.row import NA
from tests.truth.golden_costs import ROWS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.cost.spec import Cost, Derived, Shape
    from tests.truth.golden.row import Row

FIGURES: Final = ("macs", "backward_macs", "other_ops")


def told(value: object, reason: str, expected: object) -> object:
    """A figure as the table has it."""
    return value if value is not None or not isinstance(expected, NA) else NA(reason)


def found_figures(found: Cost, row: Row) -> dict[str, object]:
    figures: dict[str, object] = {
        "tops": found.expected_tops,
        "blobs": told(found.params, found.params_reason, row.blobs),
        "problems": found.problems,
        "assumptions": found.assumptions,
    }
    for name in FIGURES:
        figure: Derived = getattr(found, name)
        figures[name] = told(figure.value, figure.reason, getattr(row, name))
    return figures


def expected_figures(row: Row) -> dict[str, object]:
    figures: dict[str, object] = {name: getattr(row, name) for name in FIGURES}
    return {**figures, "tops": row.tops, "blobs": row.blobs, "problems": (), "assumptions": row.assumed}


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_layer_costs_what_was_worked_out_by_hand(row: Row) -> None:
    assert found_figures(cost(row.spec()), row) == expected_figures(row)


def test_every_rule_has_a_row_and_every_row_a_rule() -> None:
    assert {canonical_type(row.type) for row in ROWS} == set(RULES)


def test_no_two_rows_say_they_are_about_the_same() -> None:
    assert len({str(row) for row in ROWS}) == len(ROWS)


# -- what holds for every row: each test names the rows for which it does not ---------------------------


def formulas(found: Cost) -> Iterator[str]:
    """The formulas of a layer that end in a number."""
    texts = (found.params_formula, *(getattr(found, name).formula for name in FIGURES))
    yield from (text for text in texts if " = " in text)


def test_a_shown_formula_works_out_to_its_figure() -> None:
    assert [(str(row), text) for row in ROWS for text in formulas(cost(row.spec())) if not is_true(text)] == []


def test_no_formula_has_a_term_that_is_nothing() -> None:
    """A part that the layer does not have is left out, not added as so many times 0."""
    found = [(str(row), text) for row in ROWS for text in formulas(cost(row.spec())) if re.search(r"\+ .* × 0\b", text)]
    assert found == []


def test_sizes_are_whole_numbers() -> None:
    for row in ROWS:
        known = cost(row.spec())
        shapes = [*known.expected_tops, *(blob.shape for blob in known.params or ())]
        sides = [side for shape in shapes for side in shape or ()]
        assert {type(side) for side in sides} <= {int}, str(row)


def explains(figure: Derived) -> bool:
    """Whether a figure stands with its formula, and a missing one with its reason."""
    if figure.value is None:
        return bool(figure.reason) and not figure.formula and figure.basis is Basis.UNKNOWN
    return figure.formula.endswith(f" = {figure.value:,}") and not figure.reason


def explains_parameters(found: Cost) -> bool:
    if found.params is None:
        return bool(found.params_reason) and not found.params_formula and found.params_basis is Basis.UNKNOWN
    total = f" = {sum(blob.count for blob in found.params):,}"
    return found.params_formula.endswith(total) is bool(found.params) and not found.params_reason


def test_a_figure_has_a_formula_and_a_missing_one_a_reason() -> None:
    found = {str(row): cost(row.spec()) for row in ROWS}
    figures = {(row, name): getattr(one, name) for row, one in found.items() for name in FIGURES}
    assert [place for place, figure in figures.items() if not explains(figure)] == []
    assert [row for row, one in found.items() if not explains_parameters(one)] == []


def expected_basis(row: Row, value: object) -> Basis:
    """What a forward figure rests on."""
    if value is None:
        return Basis.UNKNOWN
    return Basis.SHAPES if row.text is None else Basis.DEFINITION


def expected_bases(row: Row, found: Cost) -> tuple[Basis, ...]:
    params = Basis.INFERRED if row.assumed else expected_basis(row, found.params)
    return (expected_basis(row, found.macs.value), expected_basis(row, found.other_ops.value), params)


def test_a_figure_rests_on_the_definition_or_without_one_on_shapes_alone() -> None:
    for row in ROWS:
        found = cost(row.spec())
        assert (found.macs.basis, found.other_ops.basis, found.params_basis) == expected_bases(row, found), row


def test_backward_costs_nothing_in_a_test_net_or_where_there_is_none() -> None:
    for row in ROWS:
        for spec in (replace(row.spec(), phase="TEST"), replace(row.spec(), backward=False)):
            none = cost(spec).backward_macs
            assert (none.value, none.basis) == (0, Basis.SHAPES), row


def test_backward_is_not_known_where_the_log_does_not_say_and_there_is_something_to_do() -> None:
    for row in ROWS:
        unsaid = cost(replace(row.spec(), backward=None, phase="TRAIN")).backward_macs
        is_idle = cost(replace(row.spec(), backward=True, phase="TRAIN")).backward_macs.value == 0
        assert unsaid.value == (0 if is_idle else None), row


# -- what the log prints -------------------------------------------------------------------------------


def printing(row: Row, *tops: Shape | None) -> Cost:
    return cost(replace(row.spec(), tops=tops))


def told_tops(row: Row) -> tuple[Shape, ...]:
    return tuple(top for top in row.tops if top is not None)


SHAPED: Final = tuple(row for row in ROWS if row.tops and row.printed is None and None not in row.tops)


def test_the_expected_shapes_are_no_contradiction_with_or_without_padding() -> None:
    for row in SHAPED:
        assert printing(row, *told_tops(row)).problems == (), row
        assert printing(row, *((*top, 1) for top in told_tops(row))).problems == (), row


def one_larger(tops: tuple[Shape, ...]) -> Iterator[tuple[int, tuple[Shape, ...]]]:
    """Every way to print one dim of one top one larger, with the place of the top."""
    for place, top in enumerate(tops):
        for axis in range(len(top)):
            changed = (*top[:axis], top[axis] + 1, *top[axis + 1 :])
            yield place, (*tops[:place], changed, *tops[place + 1 :])


def is_doubted(found: Cost, place: int) -> bool:
    """Whether exactly this top is told to differ, and no figure but a 0 is still certain."""
    figures = [getattr(found, name) for name in FIGURES]
    certain = [figure for figure in figures if figure.value and figure.basis is not Basis.INFERRED]
    return (
        [problem.partition(":")[0] for problem in found.problems] == [f"top {place}"]
        and found.assumptions[-1] == "the definition holds although it contradicts a printed shape"
        and not certain
        and (found.params_basis is Basis.INFERRED or not found.params)
    )


def test_any_other_printed_shape_is_told_and_the_figures_are_no_longer_certain() -> None:
    changes = [(row, place, printed) for row in SHAPED for place, printed in one_larger(told_tops(row))]
    assert len(changes) > 500
    assert [(str(row), tops) for row, place, tops in changes if not is_doubted(printing(row, *tops), place)] == []
