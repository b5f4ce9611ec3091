r"""Frames → CSV, JSON, JSON Lines, Parquet, Markdown, text: the raw values, named as in the catalogue.

One cell, in every format:

====================  ==================  ==================  =======================  ==============
value                 CSV                 JSON, JSON Lines    Parquet                  Markdown
====================  ==================  ==================  =======================  ==============
not known (NA)        empty               null                null                     –
number                shortest exact      shortest exact      int64, double            formatted
NaN, ±infinity *      nan, inf, -inf      "NaN", "Infinity",  NaN, ±infinity           nan, inf
                                          "-Infinity"
empty text            ""                  ""                  ""                       empty
truth value           true, false         true, false         bool                     yes, no
time                  ISO 8601            ISO 8601            timestamp, no zone       ISO 8601
list, shape           [64, 20] (as JSON)  [64, 20]            list                     64 × 20
====================  ==================  ==================  =======================  ==============

\* A loss or an output that the log prints as nan is a value, not a gap. RFC 8259 has no number for it, so JSON gets a
string and stays valid for every reader.

A spreadsheet would run text that begins with `=`, `+`, `-` or `@`: in CSV the command writes an apostrophe before it,
or leaves it with `--csv-formulas keep`. Control characters and marks that turn the direction of writing stand as
`\u202e`, in the command's CSV as text and in JSON for the character; Markdown isolates words written right to left too.

CSV follows RFC 4180 except for its line ends (a bare newline); all text is UTF-8 without a byte order mark. Tables are
written in pieces of rows, so that a curve of millions of points need not stand in memory twice.
"""

from __future__ import annotations

from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.errors import UsageError
from logparse.export.csv import FORMULAS, to_csv
from logparse.export.json import to_json, to_jsonl
from logparse.export.markdown import to_markdown
from logparse.export.parquet import to_parquet
from logparse.export.text import to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pandas as pd


class Format(NamedTuple):
    """One output format: its name, the file ending that means it, what makes bytes of a table, what it needs.

    `chunks` takes a frame and the table's name. `needs` is a module that an extra of the same name as the format
    installs. `binary` output is not for a terminal.
    """

    name: str
    suffix: str
    chunks: Callable[[pd.DataFrame, str], Iterator[bytes]]
    needs: str | None = None
    binary: bool = False


TERMINAL: Final = "text"  # what a verb shows where no other format is asked for
FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        form.name: form
        for form in (
            Format("csv", ".csv", to_csv),
            Format("json", ".json", to_json),
            Format("jsonl", ".jsonl", to_jsonl),
            Format("parquet", ".parquet", to_parquet, needs="pyarrow", binary=True),
            Format("markdown", ".md", to_markdown),
            Format(TERMINAL, ".txt", to_text),
        )
    }
)


def written(form: str, frame: pd.DataFrame, table: str, *, csv_formulas: str | None = None) -> Iterator[bytes]:
    """The table in a format, as the command writes it: in CSV text that a spreadsheet would run is escaped, or kept.

    `csv_formulas` is a key of FORMULAS.
    """
    if form == "csv":
        return to_csv(frame, table, FORMULAS[csv_formulas or "escape"])
    return FORMATS[form].chunks(frame, table)


def format_of(suffix: str) -> str:
    """Name the format that a file ending (with its dot) means; "csv" where it means none."""
    return next((form.name for form in FORMATS.values() if form.suffix == suffix.lower()), "csv")


def check_available(name: str) -> None:
    """Raise UsageError if the format needs a package that is not installed; name the extra that brings it."""
    form = FORMATS[name]
    if form.needs is not None and find_spec(form.needs) is None:
        remedy = f"pip install 'logparse[{form.name}]'"
        raise UsageError(f"{form.name} needs the package {form.needs}, which is not installed", remedy=remedy)
