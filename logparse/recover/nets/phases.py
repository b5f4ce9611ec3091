"""Which layers of a definition a net has: its state, the rules that ask for it, and rules for a layer that has none.

Source: net.cpp, Net::FilterNet and Net::StateMeetsRule. The dump of a filtered net keeps the rules of the layers that
are left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.assembling.definitions import phase_of
from logparse.cost.fields import Choice
from logparse.textproto import Identifier, Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logparse.model import Net
    from logparse.textproto import Value

_PHASE: Final = Choice("phase", ("TRAIN", "TEST"), "TRAIN")
RULES_OF_STATE: Final = ("include", "exclude")


class NetState(NamedTuple):
    """What rules are asked against; `phase` is None where the log does not tell it."""

    phase: str | None
    level: int = 0
    stages: frozenset[str] = frozenset()


def state_of(net: Net) -> NetState:
    """A net's state: as its dump prints it, else its phase alone."""
    state = Message() if net.dump is None else net.dump.child("state")
    phase = net.phase if net.dump is None else phase_of(net.dump) or net.phase
    return NetState(phase, state.integer("level", 0), frozenset(state.texts("stage")) - {""})


def meets(state: NetState, rule: Message) -> bool:
    """Whether a state is what a rule asks for; a phase that is not known meets any."""
    wanted = _PHASE.stated(rule) if rule.has("phase") else state.phase
    return (
        state.phase in (None, wanted)
        and rule.integer("min_level", state.level) <= state.level <= rule.integer("max_level", state.level)
        and state.stages >= set(rule.texts("stage")) - {""}
        and not state.stages & set(rule.texts("not_stage"))
    )


def has_layer(state: NetState, layer: Message) -> bool:
    """Whether a net of that state has the layer, by the layer's own rules."""
    included = layer.children("include")
    if included:
        return any(meets(state, rule) for rule in included)
    return not any(meets(state, rule) for rule in layer.children("exclude"))


def stages_for(states: Sequence[NetState]) -> dict[int, str]:
    """Stages that have to be made up, by the net's place: where several test nets are of one state."""
    made = {}
    taken = {stage for state in states for stage in state.stages}
    for place, state in enumerate(states):
        if state.phase == "TEST" and states.count(state) > 1:
            number = sum(one.phase == "TEST" for one in states[:place])
            stage = f"test-{number}"
            while stage in taken:
                stage += "-recovered"
            taken.add(stage)
            made[place] = stage
    return made


def with_rules(layer: Message, states: Sequence[NetState], present: frozenset[int]) -> Message:
    """The layer with rules by which the nets at the places `present`, and no other, have it; its own where they do."""
    if all(has_layer(state, layer) == (place in present) for place, state in enumerate(states)):
        return layer
    fields = {name: values for name, values in layer.fields.items() if name not in RULES_OF_STATE}
    rules: list[Value] = list(_rules(states, present))
    if rules:
        fields["include"] = rules
    return Message(fields, line=layer.line)


def _rules(states: Sequence[NetState], present: frozenset[int]) -> Iterator[Message]:
    """One rule a phase where all of its nets have the layer, else one for each net that has."""
    phases = {state.phase for state in states}
    whole = {phase for phase in phases if all(at in present for at, one in enumerate(states) if one.phase == phase)}
    if whole == phases:
        return
    for phase in dict.fromkeys(state.phase for place, state in enumerate(states) if place in present):
        if phase in whole:
            yield Message(_phase(phase))
        else:
            yield from (_alone(states, place) for place in sorted(present) if states[place].phase == phase)


def _phase(phase: str | None) -> dict[str, list[Value]]:
    return {} if phase is None else {"phase": [Identifier(phase)]}


def _alone(states: Sequence[NetState], place: int) -> Message:
    """A rule that the state at this place alone meets: by stages that it has and others lack, and by its level."""
    mine = states[place]
    others = [state for at, state in enumerate(states) if at != place and state.phase == mine.phase]
    fields = _phase(mine.phase)
    if any(other.level != mine.level for other in others):
        fields |= {"min_level": [mine.level], "max_level": [mine.level]}
    if mine.stages:
        fields["stage"] = [*sorted(mine.stages)]
    beside = {stage for other in others if other.stages >= mine.stages for stage in other.stages - mine.stages}
    if beside:
        fields["not_stage"] = [*sorted(beside)]
    return Message(fields)
