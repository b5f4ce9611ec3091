"""Methods of compression on the command line: how one is asked for, and the list of all with their settings."""

from __future__ import annotations

import argparse
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from logparse.cost.whatif.resize import WhatIfError
from logparse.formats import shown
from logparse.output import STDOUT, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.cost.whatif.methods.method import Method


def layer_method(text: str) -> tuple[str, str]:
    """Argument type: `LAYER=METHOD` or `LAYER=METHOD:setting=value,…`."""
    from logparse.cost.whatif.methods.request import request_of, split_request

    try:
        where, method = split_request(text)
        request_of(where, method)
    except WhatIfError as error:
        remedy = f" ({error.remedy})" if error.remedy else ""
        raise argparse.ArgumentTypeError(f"{error.message}{remedy}") from error
    return where, method


class ShowMethods(argparse.Action):
    """An option that prints every method and ends, as --help does."""

    def __init__(self, option_strings: list[str], dest: str, **more: Any) -> None:  # noqa: ANN401 - argparse's own
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, **more)

    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        """Print and end."""
        write(STDOUT, (f"{shown(line)}\n".encode() for line in method_lines()), force=False)
        parser.exit()


def method_lines() -> Iterator[str]:
    """Every method, in the order in which they are applied, then the words that are refused."""
    from logparse.cost.whatif.methods.refused import REFUSALS
    from logparse.cost.whatif.methods.table import METHODS, NONE

    yield "LAYER=METHOD:setting=value,… with LAYER a name, a pattern (fc*), type=Convolution or kind=convolution."
    yield "A whole name wins over a pattern, a later pattern over an earlier one; LAYER=none keeps patterns away."
    yield "Whatever order they are given in, methods are applied as they stand here, each layer taking one of a kind:"
    turn = None
    for method in sorted(METHODS.values(), key=lambda one: one.step):
        if method.step is not turn:
            turn = method.step
            yield f"\n{turn.words}"
        yield from _told(method)
    yield f"\n{NONE}: no pattern changes the layer."
    yield "\nRefused, because a log does not hold what they need:"
    yield from (f"  {word}: {refusal.reason}. {refusal.remedy}" for word, refusal in REFUSALS.items())


def _told(method: Method) -> Iterator[str]:
    yield f"  {method.key}: {method.does}"
    yield f"      for {method.on}; {method.source}"
    yield from (f"      {one.name}={one.form}: {one.meaning}{_default(one.default)}" for one in method.settings)
    yield f"      not known: {method.unknown}"


def _default(value: object) -> str:
    if value is None:
        return ""
    from logparse.cost.whatif.methods.settings import percentage

    return f" (default: {percentage(value) if isinstance(value, Fraction) else value})"
