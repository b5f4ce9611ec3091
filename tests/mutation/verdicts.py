"""What was found, kept from run to run, and the figures made of it."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from math import sqrt
from typing import TYPE_CHECKING, Final

from tests.mutation.mutants import difference
from tests.mutation.trial import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.mutation.mutants import Mutant

OUTCOMES: Final = ("killed", "timeout", "survived", "unreached")
DEAD: Final = ("killed", "timeout")
SURE: Final = 1.96  # standard errors: 19 of 20 samples lie within


class Kept:
    """The verdicts of one state of the checkout, a line each, appended as they come."""

    def __init__(self, path: Path) -> None:
        self._path = path
        rows = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
        whole = [json.loads(row) for row in rows if row.endswith("\n")]  # the last may be cut by an interruption
        self.found = {row["name"]: Verdict(**row) for row in whole}
        path.write_text("".join(row for row in rows if row.endswith("\n")), encoding="utf-8")

    def add(self, verdict: Verdict) -> None:
        """Keep one more."""
        self.found[verdict.name] = verdict
        with self._path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(verdict._asdict()) + "\n")


def share(outcomes: Iterable[str]) -> float:
    """How many of a hundred mutants died; a timeout is a death, an unreached mutant is none."""
    counts = Counter(outcomes)
    return 100 * sum(counts[word] for word in DEAD) / max(1, counts.total())


def room(mutant: Mutant) -> str:
    """The first folder below the package."""
    return "/".join(mutant.path.split("/")[:2])


def _rows(title: str, groups: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """A table: a row for each group of outcomes, and one for all."""
    yield f"{title:<22}{'mutants':>9}" + "".join(f"{word:>11}" for word in OUTCOMES) + f"{'died':>9}"
    everything = [outcome for outcomes in groups.values() for outcome in outcomes]
    for name, outcomes in [*sorted(groups.items()), ("all", everything)]:
        counts = "".join(f"{outcomes.count(word):>11}" for word in OUTCOMES)
        yield f"{name:<22}{len(outcomes):>9}{counts}{share(outcomes):>7.1f} %"
    yield ""


def report(root: Path, mutants: Sequence[Mutant], found: Mapping[str, Verdict]) -> Iterator[str]:
    """The lines of the report: those that live, then the figures by room and by kind of change."""
    rooms, kinds = defaultdict(list), defaultdict(list)
    for mutant in sorted(mutants):
        verdict = found[mutant.name]
        rooms[room(mutant)].append(verdict.outcome)
        kinds[mutant.kind].append(verdict.outcome)
        if verdict.outcome not in DEAD:
            tests = f"{verdict.ran} tests passed" if verdict.ran else "no test reaches it"
            yield f"{mutant.path}:{mutant.line}: {verdict.outcome} ({mutant.kind}; {tests}) {mutant.name}"
            yield from (f"    {line}" for line in difference(root, mutant).splitlines()[1:])
            yield ""
    yield from _rows("room", rooms)
    yield from _rows("change", kinds)
    died = share(found[mutant.name].outcome for mutant in mutants)
    error = SURE * sqrt(died * (100 - died) / max(1, len(mutants)))
    loading = sum(found[mutant.name].by.endswith("(as it is loaded)") for mutant in mutants)
    yield f"{died:.1f} % of {len(mutants)} mutants died (± {error:.1f} for a sample); {loading} of them as tests load."
