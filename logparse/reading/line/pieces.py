"""What a log is taken apart into: single lines, and runs of lines that need no look at each of them."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias


class Line(NamedTuple):
    """What one line says, and who said it when.

    `message` is the text after the header, leading and trailing blanks kept; without a header the
    whole line less the prefix of a pipe. `severity` is one of I W E F. `month_day` is mmdd, `seconds`
    since midnight. `file` is the base name of the source file. `rank` is the process that printed the
    line, where a launcher numbered them. `glued` is a message behind another one on the same line.
    What the header does not say, or says wrongly (a 13th month), is None.
    """

    message: str
    severity: str | None = None
    month_day: int | None = None
    year: int | None = None
    seconds: float | None = None
    thread: int | None = None
    file: str | None = None
    headed: bool = False
    rank: str | None = None
    glued: bool = False


class PlainText(NamedTuple):
    """Lines in a row that look like a dump's: none has a header, none is a kind of headerless line
    (messages/headerless.py). `text` is all of them, without the last line's end."""

    text: str
    lines: int


class BlankLines(NamedTuple):
    """Lines in a row without a single character."""

    lines: int


Piece: TypeAlias = "Line | PlainText | BlankLines"
EMPTY_LINE = Line("")
