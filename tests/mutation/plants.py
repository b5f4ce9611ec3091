"""The tool is tried before it is believed: one mutant that changes nothing must live, one that stops all must die."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from tests.mutation.bench import SOURCE, WORK, CannotJudgeError
from tests.mutation.trial import Job, Trials

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.mutation.baseline import Baseline
    from tests.mutation.bench import Bench
    from tests.mutation.names import Piece

HARMLESS: Final = "planted: a comment"
FATAL: Final = "planted: a function that only fails"
EXPECTED: Final = {HARMLESS: "survived", FATAL: "killed"}
BELIEVED: Final = WORK / "record.believed"  # goes with the record


def _failing(piece: Piece) -> str:
    """The module's text with a function that raises as soon as it is called."""
    text = (SOURCE / piece.path).read_text(encoding="utf-8")
    body = next(
        node.body
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and (node.name, node.end_lineno) == (piece.function, piece.last)
    )
    lines, first = text.splitlines(keepends=True), body[0]
    lines.insert(first.lineno - 1, f"{' ' * first.col_offset}raise AssertionError\n")
    return "".join(lines)


def planted(known: Baseline, shares: int) -> Iterator[Job]:
    """Both: the harmless one meets every test there is, a share at a time; the fatal one those that reach it."""
    functions = [piece for piece in known.reach.pieces if piece.function and piece.path.startswith("logparse/tables/")]
    tests = {piece: known.tests(piece.path, piece.first + 1, piece.last) for piece in functions}
    piece = max(functions, key=lambda one: len(tests[one]))
    text = (SOURCE / piece.path).read_text(encoding="utf-8")
    yield Job(FATAL, piece.path, _failing(piece), tests[piece])
    for share in range(shares):
        some = dict(list(known.cpu_s.items())[share::shares])
        yield Job(HARMLESS, piece.path, f"{text}\n# Nothing else.\n", some)


def believe(known: Baseline, benches: Sequence[Bench]) -> None:
    """Try both, once for a record; refuse to go on where a verdict is not the one that must be."""
    if BELIEVED.exists():
        return
    for verdict in Trials(benches, known.everything).verdicts(planted(known, len(benches))):
        if verdict.outcome != EXPECTED[verdict.name]:
            raise CannotJudgeError(f"{verdict.name}: {verdict.outcome} ({verdict.by}); no verdict can be believed")
    BELIEVED.touch()
