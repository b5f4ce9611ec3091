"""From a log's nets to the text of one file: which nets are asked for, and what is said at its head."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.errors import WrongTypeError, suggestion
from logparse.formats import count, enumerated, plural
from logparse.recover.composing import net_text
from logparse.recover.grades import Grade, GradedLayer, OpenField, RecoveredNet, RecoverError
from logparse.recover.nets.defined import defined_net, printed_definitions
from logparse.recover.nets.deploying import deployed
from logparse.recover.nets.merging import merged
from logparse.recover.nets.phases import state_of
from logparse.recover.solvers import recovered_solver
from logparse.recover.textprint import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from logparse.derive.facts import NetFact
    from logparse.model import LogFacts, Net
    from logparse.recover.grades import DefinedLayer, RecoveredSolver
    from logparse.recover.nets.merging import Merged

TRAIN_VAL: Final = "train_val"
TRAIN: Final = "train"
TEST: Final = "test"
DEPLOY: Final = "deploy"
_NO_PHASE: Final = "net of unknown phase"
NET_FORMS: Final = (TRAIN_VAL, TRAIN, TEST, DEPLOY)


class Shown(NamedTuple):
    """The nets of an attempt that a file can be made of; `others` are of no known phase."""

    train: Sequence[NetFact]
    tests: Sequence[NetFact]
    others: Sequence[NetFact]

    @property
    def all(self) -> Sequence[NetFact]:
        """All of one solver's, or else what there is."""
        return [*self.train, *self.tests] or self.others

    def of(self, form: str) -> Sequence[NetFact]:
        """Those that a form is about."""
        if form == TRAIN:
            return self.train
        if form == TEST:
            return self.tests
        if form == DEPLOY:
            return (self.tests or self.train or self.others)[:1]
        return self.all

    @property
    def usual(self) -> str:
        """The form where none is asked for: train_val, or the one phase that is there."""
        if self.tests and not self.train:
            return TEST
        return TRAIN if self.train and not self.tests else TRAIN_VAL


def shown_nets(nets: Iterable[NetFact]) -> Shown:
    """The nets to choose from: the first training net, each test net once, and the last one of no known phase.

    Test nets without a number are no solver's: a script sets them up one after the other, and the last one counts.
    """
    own = [fact for fact in nets if fact.net.nested is None and (fact.net.layers or fact.net.dump is not None)]
    phases = [state_of(fact.net).phase for fact in own]
    train = [fact for fact, phase in zip(own, phases, strict=True) if phase == "TRAIN"][:1]
    numbered: dict[int | None, NetFact] = {}
    for fact, phase in zip(own, phases, strict=True):
        if phase == "TEST" and (fact.net.test_index is None or fact.net.test_index not in numbered):
            numbered[fact.net.test_index] = fact
    others = [fact for fact, phase in zip(own, phases, strict=True) if phase is None][-1:]
    return Shown(train, list(numbered.values()), others)


def check_form(form: str | None) -> None:
    """Raise RecoverError for a form that there is not, WrongTypeError for what is no name of one."""
    given: object = form
    if given is not None and not isinstance(given, str):
        raise WrongTypeError(f"a form is named by a str, not by {type(given).__name__}")
    if form is not None and form not in NET_FORMS:
        raise RecoverError(f"there is no form {form!r}; {suggestion(form, NET_FORMS)}")


def chosen_attempt(facts: LogFacts, nets: Mapping[int, Sequence[NetFact]], attempt: int | None) -> int:
    """The attempt that is asked for, or the last one that shows a net.

    Raises:
        RecoverError: there is none.

    """
    shown = [number for number, own in nets.items() if shown_nets(own).all]
    number = max(shown, default=0) if attempt is None else attempt
    if number not in shown:
        what = "the log" if attempt is None else f"attempt {attempt} is not there, or"
        there = f"Attempts that show one: {enumerated(list(map(str, shown)))}." if shown else None
        raise RecoverError(f"{facts.source.name}: {what} shows no net", remedy=there)
    return number


def recovered_net(
    facts: LogFacts, nets: Mapping[int, Sequence[NetFact]], form: str | None, attempt: int | None
) -> RecoveredNet:
    """The definition of an attempt's nets in the form that is asked for.

    Raises:
        RecoverError: there is no such form or attempt, or no net of that phase.

    """
    check_form(form)
    number = chosen_attempt(facts, nets, attempt)
    shown = shown_nets(nets[number])
    form = form or shown.usual
    wanted = shown.of(form)
    if not wanted:
        there = enumerated([_called(fact.net) for fact in shown.all])
        raise RecoverError(f"{facts.source.name}: attempt {number} shows no {form} net, but {there}")
    others = printed_definitions(fact.net for fact in nets[number])
    pieces = [defined_net(fact, others) for fact in wanted]
    head = [
        f"{_sentence(wanted)} of {PurePath(facts.source.name).name} (attempt {number}), recovered by logparse.",
        *_other_names([one.net for one in pieces]),
        *(text for one in pieces for text in _of_dump(one.net)),
    ]
    if form == DEPLOY:
        done = deployed(pieces[0])
        return _result(form, number, [*head, *done.said], merged([done.pieces]), wanted)
    return _result(form, number, head, merged(pieces), wanted)


def _result(form: str, attempt: int, head: Sequence[str], whole: Merged, wanted: Sequence[NetFact]) -> RecoveredNet:
    names = [_called(fact.net) for fact in wanted]
    layers = tuple(_graded(one.piece, tuple(names[place] for place in sorted(one.nets))) for one in whole.layers)
    tests = [place for place, fact in enumerate(wanted) if state_of(fact.net).phase == "TEST"]
    stages = tuple((tests.index(place), stage) for place, stage in whole.stages.items())
    made_up = [f"{names[place]} is told apart by the stage {stage}" for place, stage in whole.stages.items()]
    if made_up:
        head = [*head, f"The log tells several test nets by number only. {'; '.join(made_up)}: state it in test_state."]
    text = net_text(head, whole.fields, [one.piece for one in whole.layers], whole.open)
    open_fields = (*whole.open, *(one for layer in layers for one in layer.open_fields))
    return RecoveredNet(text, form, attempt, layers, open_fields, stages)


def _graded(piece: DefinedLayer, nets: tuple[str, ...]) -> GradedLayer:
    open_fields = tuple(OpenField(piece.name, field, why) for field, why in piece.open)
    kind = piece.message.text("type") or None
    return GradedLayer(piece.name, kind, nets, Grade(piece.grade), piece.stated, open_fields)


def _called(net: Net) -> str:
    """What a net is called: its phase, and the number of a test net."""
    phase = state_of(net).phase
    if phase is None:
        return _NO_PHASE
    return phase if net.test_index is None else f"{phase} #{net.test_index}"


def _sentence(wanted: Sequence[NetFact]) -> str:
    names = enumerated([f"{_called(fact.net)} (line {count(fact.net.line)})" for fact in wanted])
    if len(wanted) > 1:
        return f"The nets {names}"
    return f"The {names}" if names.startswith(_NO_PHASE) else f"The net {names}"


def _other_names(nets: Sequence[Net]) -> Iterator[str]:
    """The names of nets that are not called as the first one, whose name the file has."""
    yield from (f"{_called(net)} is called {quoted(net.name or '')}." for net in nets if net.name != nets[0].name)


def _of_dump(net: Net) -> Iterator[str]:
    if net.dump is None:
        yield f"{_called(net)}: the log prints no definition; layers follow from its set-up."
    elif net.dump_cut:
        yield f"{_called(net)}: the log cuts the definition; what follows comes from its set-up."
    unnamed = sum(layer.name is None for layer in net.layers)
    if unnamed and (net.dump is None or net.dump_cut):
        many = f"{count(unnamed)} {plural('layer', unnamed)}"
        yield f"{_called(net)}: {many} of which the log prints no name cannot be written."
    if not net.done:
        yield f"{_called(net)}: its set-up does not end in this log{_missing(net)}."
    if net.dump is not None and net.dump.has("layers"):
        yield f"{_called(net)}: the log prints layers in a form of 2014; they are written in today's."


def _missing(net: Net) -> str:
    return "" if net.dump is not None and not net.dump_cut else ", so that layers may be missing"


def recovered_solver_of(
    facts: LogFacts, nets: Mapping[int, Sequence[NetFact]], net: str, form: str | None, attempt: int | None
) -> RecoveredSolver:
    """The solver of an attempt, for the file `net` that holds its recovered net in the same form.

    Raises:
        RecoverError: there is no such attempt, no solver, or no training net in that form.

    """
    found = recovered_net(facts, nets, form, attempt)
    if not any(name == "TRAIN" for layer in found.layers for name in layer.nets):
        raise RecoverError(f"a solver trains, and the form {found.form} has no training net")
    own = next(one for one in facts.attempts if one.index == found.attempt)
    source = PurePath(facts.source.name).name
    tests = found.form == TRAIN_VAL and bool(shown_nets(nets[found.attempt]).tests)
    return recovered_solver(own, source, net, dict(found.stages), tests=tests)
