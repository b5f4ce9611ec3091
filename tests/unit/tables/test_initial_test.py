"""NVCaffe's initial test: one iteration, whatever `test_iter` says, and so no point of a test's curve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from logparse.audit.finders import find
from tests.writing import line, read

if TYPE_CHECKING:
    from logparse.api import Log


def scored(iteration: int, accuracy: float, net: int = 0) -> str:
    start = line(f"Iteration {iteration}, Testing net (#{net})", "solver.cpp")
    return start + line(f"    Test net output #0: accuracy = {accuracy}", "solver.cpp")


BEGUN: Final = line("Initial Test started...", "solver.cpp")
ENDED: Final = line("Initial Test completed in 0.06s", "solver.cpp")
SHOWN: Final = line("Iteration 0 (1 s), loss = 2", "solver.cpp")
REAL: Final = "".join(scored(one, 0.5 + one / 100) for one in (1, 2, 3))


def initial(log: Log) -> list[bool]:
    return [bool(one) for one in log.test["initial"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (BEGUN + scored(0, 1) + ENDED + REAL, [True, False, False, False]),
        (BEGUN.replace("Initial", "[MultiGPU] Initial") + scored(0, 1) + ENDED + REAL, [True, False, False, False]),
        (BEGUN + scored(0, 1) + scored(0, 1, net=1) + ENDED + scored(9, 0.5), [True, True, False]),
        (BEGUN + scored(0, 1) + SHOWN + scored(9, 0.5), [True, False]),  # its end is lost
        (scored(0, 0.1) + SHOWN + scored(9, 0.5), [False, False]),  # BVLC's: a test like all others
        (scored(9, 0.5) + BEGUN + scored(9, 1) + ENDED + scored(10, 0.5), [False, True, False]),  # resumed
    ],
)
def test_a_test_is_initial_between_the_words_of_its_start_and_its_end(text: str, expected: list[bool]) -> None:
    assert initial(read(text)) == expected


def test_it_is_never_the_best_test() -> None:
    (best,) = (one for one in find(read(BEGUN, scored(0, 1), ENDED, REAL)) if one.kind == "best_test")

    assert best.title == "Best accuracy of test net #0: 0.53 at iteration 3, of 3 tests"


def test_without_its_words_the_same_test_is_one() -> None:
    (best,) = (one for one in find(read(scored(0, 1), REAL)) if one.kind == "best_test")

    assert best.title == "Best accuracy of test net #0: 1 at iteration 0, of 4 tests"
