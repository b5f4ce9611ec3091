"""Methods of compression at work on a run, step by step: channels, other layers, zeros, values, codes.

Within a step each layer takes one method. A layer that is named by its whole name takes what is said there, whatever
a pattern says; of two patterns the later one counts. What stands in a layer's place takes the later steps for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse import formats
from logparse.cost.costing import cost
from logparse.cost.stored.encoding import PLAIN
from logparse.cost.whatif.methods.method import Turn
from logparse.cost.whatif.methods.table import METHODS
from logparse.cost.whatif.resize import WhatIfError
from logparse.cost.whatif.select import Matched, matching
from logparse.cost.whatif.surgery import Operation, param_names

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from logparse.cost.memory.holdings import Run
    from logparse.cost.memory.layer import LayerMemory
    from logparse.cost.stored.encoding import Encoding
    from logparse.cost.whatif.methods.method import Method
    from logparse.cost.whatif.methods.request import Request

PRUNE: Final = METHODS["prune"]
_MATRIX: Final = 2  # axes


@dataclass(frozen=True, slots=True)
class Compressed:
    """The run with other layers and encodings, and what was done and assumed."""

    run: Run
    assumptions: tuple[str, ...] = ()


class _Job(NamedTuple):
    """One layer's method within a step; `exact`: the layer was named."""

    name: str
    request: Request
    exact: bool


def compressed(run: Run, requests: Sequence[Request]) -> Compressed:
    """The run after all methods that are asked for.

    Raises:
        WhatIfError: a layer is not there, or a method cannot be applied to one that was named.

    """
    if not requests or not run.nets:
        return Compressed(run)
    plans = _planned([layer for net in run.nets for layer in net.layers], requests)
    said: list[str] = []
    parts: dict[str, tuple[str, ...]] = {}
    for step in (Turn.CHANNELS, Turn.LAYERS):
        if plans[step]:
            run = _operated(run, plans[step], parts, said)
    encodings: dict[str, Encoding] = dict(run.encodings)
    for step in (Turn.ZEROS, Turn.VALUES, Turn.CODES):
        if plans[step]:
            _encode(run, plans[step], parts, encodings, said)
    said += _granted(
        job.request.method for jobs in plans.values() for job in jobs if job.request.given.get("share") != 0
    )
    if encodings != dict(run.encodings):
        run = replace(run, encodings=encodings)
    return Compressed(run, tuple(said))


def _granted(methods: Iterable[Method | None]) -> list[str]:
    """What the methods take for granted, then what no log tells of them."""
    used = [method for method in dict.fromkeys(methods) if method is not None]
    assumed = [text for method in used for text in method.assumes]
    return [*dict.fromkeys(assumed), *dict.fromkeys(f"not known: {method.unknown}" for method in used)]


def _planned(layers: Sequence[LayerMemory], requests: Sequence[Request]) -> dict[Turn, list[_Job]]:
    """Which method each layer takes in each step."""
    known = {layer.spec.name for layer in layers}
    found: dict[Turn, dict[str, _Job]] = {step: {} for step in Turn}
    spared = set[str]()
    for request in requests:
        is_name = request.where in known
        matched = Matched((request.where,), exact=True) if is_name else matching(layers, request.where)
        if request.method is None:
            spared |= {*matched.names}
            continue
        jobs = found[request.method.step]
        for name in matched.names:
            before = jobs.get(name)
            if before is not None and before.exact:
                if matched.exact:
                    both = f"{before.request.method and before.request.method.key} and {request.method.key}"
                    raise WhatIfError(f"{name} cannot have {both} at once: one method of a kind for each layer")
                continue
            jobs[name] = _Job(name, request, matched.exact)
    return {step: [job for job in jobs.values() if job.exact or job.name not in spared] for step, jobs in found.items()}


class _Tally:
    """Which layers took what was asked for, and which could not: those of a pattern are told, all of one refused."""

    def __init__(self) -> None:
        self.done: dict[str, list[_Job]] = {}  # by request
        self._refused: dict[str, dict[str, list[str]]] = {}  # by request and reason

    def did(self, jobs: Sequence[_Job]) -> None:
        """These layers took it."""
        self.done.setdefault(jobs[0].request.words, []).extend(jobs)

    def refuse(self, jobs: Sequence[_Job], error: WhatIfError) -> None:
        """These layers could not; the reason is told once for all that have it, so without their names."""
        by_reason = self._refused.setdefault(jobs[0].request.words, {})
        by_reason.setdefault(_reason(jobs, error), []).extend(job.name for job in jobs)

    def left_out(self) -> list[str]:
        """What has to be said.

        Raises:
            WhatIfError: no layer at all took what was asked for.

        """
        for words, reasons in self._refused.items():
            if words not in self.done:
                raise WhatIfError(f"{words}: nothing to change: {'; '.join(map(_with_names, reasons.items()))}")
        return [
            f"{words}: left out {_with_names(one)}"
            for words, reasons in self._refused.items()
            for one in reasons.items()
        ]


def _reason(jobs: Sequence[_Job], error: WhatIfError) -> str:
    """The reason without the layer's name and type where it is one layer's; no part of another's name is touched."""
    name, *others = (job.name for job in jobs)
    if others:
        return error.message
    own = re.compile(rf"(?<![^\s]){re.escape(name)}(?![^\s,;:])")
    return _KIND.sub("", own.sub("it", error.message.removeprefix(f"{name}: ")))


_KIND: Final = re.compile(r" \([^()]*\)$")  # a layer's type at the end of a reason


def _with_names(reason: tuple[str, Sequence[str]]) -> str:
    text, names = reason
    return f"{', '.join(formats.first_of(dict.fromkeys(names)))}: {text}"


# -- other layers ----------------------------------------------------------------------------------


def _operated(run: Run, jobs: Sequence[_Job], parts: dict[str, tuple[str, ...]], said: list[str]) -> Run:
    """Every net after one step of surgery; `parts` gets what then stands in each layer's place."""
    opened = [Operation(net.layers) for net in run.nets]
    tally = _Tally()
    for group in _grouped(jobs):
        begun = False
        try:
            for operation in opened:
                there = [job.name for job in group if job.name in operation]
                said += _apply(operation, there, group[0].request) if there else ()
                begun = begun or bool(there)
            tally.did(group)
        except WhatIfError as error:
            if group[0].exact or begun:  # what one net has taken another cannot refuse
                raise
            tally.refuse(group, error)
    said += tally.left_out()
    nets = [*run.nets]
    for place, operation in enumerate(opened):
        if operation.is_changed:
            changed = operation.done()
            if not place:
                said += _lost(nets[0].layers, changed.layers, {*(job.name for job in jobs), *operation.parts})
            nets[place] = replace(nets[place], layers=changed.layers)
            said += changed.assumptions
            parts |= operation.parts
    return replace(run, nets=tuple(nets))


def _lost(before: Sequence[LayerMemory], after: Sequence[LayerMemory], asked: Container[str]) -> list[str]:
    """What layers lose that were not asked for, because what they read has fewer channels; most first."""
    old = {layer.spec.name: _size(layer) for layer in before}
    smaller = [(one.spec.name, old[one.spec.name], _size(one)) for one in after if one.spec.name in old]
    told = [
        f"{name} {formats.count(was - now)} of {formats.count(was)}"
        for name, was, now in sorted(smaller, key=lambda one: one[2] - one[1])
        if now < was and name not in asked
    ]
    return [f"what reads fewer channels loses parameters: {', '.join(formats.first_of(told))}"] if told else []


def _size(layer: LayerMemory) -> int:
    return sum(blob.count for blob in layer.params or ())


def _grouped(jobs: Sequence[_Job]) -> list[list[_Job]]:
    """Layers that a method takes together, by request; all others each by itself."""
    found: dict[object, list[_Job]] = {}
    for place, job in enumerate(jobs):
        together = job.request.method is not None and job.request.method.together
        found.setdefault(job.request.where if together else place, []).append(job)
    return list(found.values())


def _apply(operation: Operation, names: Sequence[str], request: Request) -> tuple[str, ...]:
    method = request.method
    if method is None or method.operates is not None:
        return method.operates(operation, names, request.given) if method and method.operates else ()
    said = []
    for name in names:
        chain, words = method.replaces(operation.layer(name), request.given) if method.replaces else (None, "")
        if chain is not None:
            operation.replace(name, chain)
            said.append(words)
    return tuple(said)


# -- how weights are stored ------------------------------------------------------------------------


def _encode(
    run: Run,
    jobs: Sequence[_Job],
    parts: Mapping[str, tuple[str, ...]],
    encodings: dict[str, Encoding],
    said: list[str],
) -> None:
    """One step of encodings for the layers of the first net."""
    layers = {layer.spec.name: layer for net in reversed(run.nets) for layer in reversed(net.layers)}
    own = {layer.spec.name for layer in run.nets[0].layers}
    sharers, shared = _sharers(run.nets[0].layers), dict[str, tuple[str, ...]]()
    tally = _Tally()
    for job in jobs:
        try:
            names = _storing(job, layers, parts, own)
            alike = dict.fromkeys(other for name in names for other in (name, *sharers.get(name, ())))
            found = {name: _encoded(encodings.get(name, PLAIN), job) for name in alike}
        except WhatIfError as error:
            if job.exact:
                raise
            tally.refuse([job], error)
        else:
            encodings |= {name: encoding for name, encoding in found.items() if encoding != PLAIN}
            shared.update((name, others) for name in names if (others := sharers.get(name)) and encodings.get(name))
            tally.did([job])
    if jobs[0].request.method is not None and jobs[0].request.method.step is Turn.ZEROS:
        said += _words_of_zeros([job for some in tally.done.values() for job in some])
    else:
        said += [_told(some) for some in tally.done.values()]
    said += [
        f"{', '.join(others)} share their weights: what becomes of one's becomes of all" for others in shared.values()
    ]
    said += tally.left_out()


def _sharers(layers: Sequence[LayerMemory]) -> dict[str, tuple[str, ...]]:
    """Layer → all that have its weights too, itself among them: what becomes of one's becomes of all."""
    by_param: dict[str, list[str]] = {}
    for layer in layers:
        for param in param_names(layer):
            by_param.setdefault(param, []).append(layer.spec.name)
    return {name: tuple(names) for names in by_param.values() if len(names) > 1 for name in names}


def _encoded(encoding: Encoding, job: _Job) -> Encoding:
    """One step more for one layer."""
    method = job.request.method
    if method is None or method.encodes is None:
        return encoding
    try:
        return method.encodes(encoding, job.request.given)
    except WhatIfError as error:
        raise WhatIfError(f"{job.name}: {error.message}", remedy=error.remedy) from None


def _storing(
    job: _Job, layers: Mapping[str, LayerMemory], parts: Mapping[str, tuple[str, ...]], own: Container[str]
) -> list[str]:
    """The layers that store the weights of the one that is meant: itself, or those in its place.

    Raises:
        WhatIfError: none of them has weights of the kind that the method is for.

    """
    names = parts.get(job.name, (job.name,))
    if not names:
        raise WhatIfError(f"{job.name} is gone, so its weights cannot be stored in another form")
    if any(_axes(layers[name]) is None for name in names):
        raise WhatIfError(f"the parameters of {job.name} are not known ({layers[job.name].kind or 'unknown type'})")
    least = 1 if job.request.method is PRUNE else _MATRIX
    found = [name for name in names if any(axes >= least for axes in _axes(layers[name]) or ())]
    kinds = job.request.method.kinds if job.request.method is not None else ()
    found = [name for name in found if not kinds or layers[name].kind in kinds]
    if not found:
        what = layers[job.name].kind or "unknown type"
        if any(_axes(layers[name]) for name in names):
            raise WhatIfError(f"{job.name}: {job.request.words.rpartition('=')[2]} is not for its weights ({what})")
        raise WhatIfError(f"{job.name} has no weights to {_VERBS[least]} ({what})")
    if job.name not in own:
        raise WhatIfError(f"{job.name} is in a test net alone; what is stored is the train net's")
    return found


_VERBS: Final = {1: "prune", _MATRIX: "store so"}


def _axes(layer: LayerMemory) -> list[int] | None:
    """Axes of each blob of weights; None where they are not known."""
    params = layer.params or cost(layer.spec).params  # by its type too: what it shares is not its own
    return None if params is None else [len(blob.shape) for blob in params if blob.kind == "weight"]


# -- words -----------------------------------------------------------------------------------------


def _told(jobs: Sequence[_Job]) -> str:
    """What becomes of the weights of some layers, with the settings that were asked for."""
    request = jobs[0].request
    if request.method is None:
        return ""
    names = ", ".join(formats.first_of(job.name for job in jobs))
    given = ", ".join(f"{name} {_setting(value)}" for name, value in request.given.items())
    return f"{names}: {request.method.key}{f' ({given})' if given else ''}, {request.method.does}"


def _setting(value: object) -> str:
    if isinstance(value, tuple):
        return "/".join(map(str, value))
    return f"{float(value):g}" if isinstance(value, Fraction) else str(value)


def _words_of_zeros(jobs: Sequence[_Job]) -> list[str]:
    """Shares by layer, and that Caffe gains nothing; nothing where no weight goes."""
    told = ", ".join(formats.first_of(f"{job.name} {float(job.request.given['share']):.0%}" for job in jobs))
    if not any(job.request.given["share"] for job in jobs):
        return []
    return [
        f"single weights set to zero ({told}) are not counted, their products are skipped",
        "Caffe stores zeros too: its memory stays; what an index costs is in stored_bytes",
    ]
