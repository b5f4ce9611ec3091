"""What is asked for, read: `LAYER=METHOD` or `LAYER=METHOD:setting=value,…`.

LAYER is a name, `fc*`, `type=Convolution` or `kind=convolution`, and may hold `=`, `:` and `*` itself: the last `=`
counts behind which a method stands with its settings. That is unambiguous because no value of a setting is the name of
a method (a test holds the table to it).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from logparse.cost.whatif.methods.refused import REFUSALS, REFUSED_SETTINGS
from logparse.cost.whatif.methods.table import METHODS, NONE
from logparse.cost.whatif.resize import WhatIfError
from logparse.errors import suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logparse.cost.whatif.methods.method import Given, Method

_STEP: Final = re.compile(r"(?P<word>[A-Za-z][A-Za-z0-9-]*)(?::(?P<settings>.*))?", re.DOTALL)
_SETTINGS: Final = re.compile(r"[a-z]+=[^=,:]+(?:,[a-z]+=[^=,:]+)*")
FORM: Final = "LAYER=METHOD or LAYER=METHOD:setting=value,…, e.g. fc6=svd:rank=256"


class Request(NamedTuple):
    """One method for the layers that a word means; without a method (`none`) patterns pass by these layers."""

    where: str
    method: Method | None
    given: Given = {}  # noqa: RUF012 - never written to

    @property
    def words(self) -> str:
        """The request as it is written."""
        return f"{self.where}={NONE if self.method is None else self.method.key}"


def split_request(text: str) -> tuple[str, str]:
    """The layer and the method of one text.

    Raises:
        WhatIfError: no method stands in it.

    """
    places = [place for place, mark in enumerate(text) if mark == "=" and place]
    for place in reversed(places):
        found = _STEP.fullmatch(text, place + 1)
        if found is not None and _known(found["word"]) and _reads(found["settings"]):
            return text[:place], text[place + 1 :]
    word = text[places[0] + 1 :].partition(":")[0] if places else text
    told = f"; {suggestion(word, tuple(METHODS))}" if places else ""
    raise WhatIfError(f"{text!r} is no {FORM}{told}")


def _known(word: str) -> bool:
    return word.lower() in METHODS or word.lower() in REFUSALS or word.lower() == NONE


def _reads(settings: str | None) -> bool:
    return settings is None or _SETTINGS.fullmatch(settings) is not None


def request_of(where: str, text: str) -> Request:
    """One method for a layer or pattern, read: `svd:rank=256`.

    Raises:
        WhatIfError: there is no such method or setting, a value is none, or it needs what no log tells.

    """
    found = _STEP.fullmatch(text)
    word = (found["word"] if found is not None else text).lower()
    if word in REFUSALS:
        raise WhatIfError(f"{where}: {word} is refused: {REFUSALS[word].reason}", remedy=REFUSALS[word].remedy)
    if found is None or not _known(word):
        raise WhatIfError(f"{where}: there is no method {word!r}; {suggestion(word, tuple(METHODS))}")
    if word == NONE:
        return Request(where, None)
    method = METHODS[word]
    stated = found["settings"]
    if stated is not None and not _reads(stated):
        raise WhatIfError(f"{where}: {stated!r} are no settings", remedy=f"Settings stand as {method.example}.")
    pairs = [one.partition("=") for one in stated.split(",")] if stated else []
    return Request(where, method, _given(f"{where}: {method.key}", method, {name: value for name, _, value in pairs}))


def _given(what: str, method: Method, stated: Mapping[str, str]) -> Given:
    known = {one.name: one for one in method.settings}
    given: dict[str, Any] = {}
    for name, value in stated.items():
        if name not in known:
            raise _no_setting(what, method, name)
        try:
            given[name] = known[name].read(value)
        except ValueError as error:
            raise WhatIfError(f"{what}: {name}: {error}") from None
    defaults = {one.name: one.default for one in method.settings if one.default is not None}
    own = {*given} - {*defaults}
    if method.needs and not any(own == {*needed} for needed in method.needs):
        forms = " or ".join(" and ".join(needed) for needed in method.needs)
        raise WhatIfError(f"{what} needs {forms}", remedy=f"For example {method.example}.")
    return defaults | given


def _no_setting(what: str, method: Method, name: str) -> WhatIfError:
    if name in REFUSED_SETTINGS:
        refusal = REFUSALS[REFUSED_SETTINGS[name]]
        return WhatIfError(f"{what}: {name} is refused: {refusal.reason}", remedy=refusal.remedy)
    names = tuple(one.name for one in method.settings)
    told = suggestion(name, names) if names else "it has none"
    return WhatIfError(f"{what} has no setting {name!r}; {told}")
