r"""What pages, threads and pastes put on a message that we know: marks of Markdown and HTML, escapes, other blanks.

Asked only of a message that no pattern claims as it stands. The rows are applied in their order; each carries a message
as it is found and as Caffe printed it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Decoration(NamedTuple):
    """One kind of decoration, what takes it away, and a sample: as found, as printed."""

    name: str
    undo: Callable[[str], str]
    found: str
    printed: str


_MARK: Final = r"(?:\*{1,3}|_{2,3}|~~|`{1,3}|</?[a-z][a-z0-9]{0,9}(?: [^<>]{0,200})?/?>)"
_BEFORE: Final = re.compile(rf"(\s*+)(?:{_MARK})++")
# A closing quotation mark or comma of a string in a program, a line's end spelt out, dots where the paste was cut.
_AFTER: Final = re.compile(rf"(?:{_MARK}|\\[nr]?|[\"',;]|\.\.\.|…)++\s*+\Z")
_INSIDE: Final = re.compile(r"\*\*|</?(?:b|i|u|em|strong|code|mark|span|font)(?: [^<>]{0,200})?>")
_ESCAPE: Final = re.compile(r"\\([_*#()\[\]~`<>])")
_SPACED: Final = re.compile(r"(?<! ) *+= *+")
_LOOKALIKES: Final = str.maketrans(
    {"∗": "*", "−": "-", "–": "-", "→": "->", "←": "<-", "‘": "'", "’": "'", "“": '"', "”": '"', "\xa0": " "}
)
_TAIL: Final = 400  # no decoration behind a message is longer


def _without_ends(text: str) -> str:
    match = _BEFORE.match(text)
    text = text if match is None else match[1] + text[match.end() :]
    cut = max(len(text) - _TAIL, 0)
    return text[:cut] + _AFTER.sub("", text[cut:])


def _spelt(text: str) -> str:
    if "&" not in text:
        return text
    from html import unescape

    return unescape(text)


DECORATIONS: Final = (
    Decoration("entity", _spelt, "conv1 -&gt; conv1", "conv1 -> conv1"),
    Decoration("look-alike", lambda text: text.translate(_LOOKALIKES), "conv1 → conv1", "conv1 -> conv1"),
    Decoration("escape", lambda text: _ESCAPE.sub(r"\1", text), r"Creating Layer conv\_1", "Creating Layer conv_1"),
    Decoration("mark", _without_ends, "**Iteration 20, loss = 5.07**", "Iteration 20, loss = 5.07"),
    Decoration(
        "mark inside", lambda text: _INSIDE.sub("", text), "Iteration <b>20</b>, lr = 1", "Iteration 20, lr = 1"
    ),
    Decoration("blanks at an equals sign", lambda text: _SPACED.sub(" = ", text), "accuracy= 0.5", "accuracy = 0.5"),
)


def undecorated(message: str) -> str:
    """The message without what is known to be put on one; itself where there is nothing of the kind."""
    for decoration in DECORATIONS:
        message = decoration.undo(message)
    return message


def without_bold(message: str) -> str:
    """The message without marks of bold type, which a name would take for its own; Caffe's rows of three stars stay."""
    return message if "***" in message else message.replace("**", "")
