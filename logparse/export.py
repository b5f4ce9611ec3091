r"""Frames → CSV, JSON, JSON Lines, Parquet, Markdown: the raw values, named as in the column registry.

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

CSV follows RFC 4180 except for its line ends (a bare newline); all text is UTF-8 without a byte order mark. Tables are
written in pieces of rows, so that a curve of millions of points need not stand in memory twice.
"""

from __future__ import annotations

import io
import json
import math
import operator
import re
from collections.abc import Iterable
from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, SupportsFloat, SupportsIndex, TypeAlias

from logparse import formats
from logparse.errors import UsageError
from logparse.tables.column import Column
from logparse.tables.columns import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pandas as pd

# Takes the module pyarrow and returns one of its types.
ArrowType: TypeAlias = "Callable[[Any], Any]"
Cell: TypeAlias = "bool | int | float | str | list[Cell] | None"

ROWS_AT_ONCE: Final = 20_000
ROW_GROUP: Final = 1 << 17

_PLAIN: Final = frozenset({int, float})
_CSV_SPECIAL: Final = frozenset(',"\r\n')

# Columns of plain floats (numpy's, which know no NA) in which a NaN is what the log printed, beside those of the
# outputs, whose names begin with "#". In any other such column it is a gap.
PRINTED: Final = frozenset({"loss", "value"})

# The registry's dtype → how Markdown shows a cell, how Parquet stores it. Lists are lists of text …
NUMERIC: Final = frozenset({"Int64", "Float64"})
CELL_FORMS: Final = {
    "Int64": "count",
    "Float64": "precise",
    "boolean": "flag",
    "string": "text",
    "object": "text",
    "datetime64[us]": "text",
}
ARROW_TYPES: Final[Mapping[str, ArrowType]] = {
    "Int64": lambda pa: pa.int64(),
    "Float64": lambda pa: pa.float64(),
    "boolean": lambda pa: pa.bool_(),
    "string": lambda pa: pa.string(),
    "object": lambda pa: pa.list_(pa.string()),
    "datetime64[us]": lambda pa: pa.timestamp("us"),
}


class ListKind(NamedTuple):
    """How a list-valued column is shown and stored."""

    form: str
    arrow: ArrowType


# … except in these columns.
LISTS: Final[Mapping[str, ListKind]] = {
    "shape": ListKind("shape", lambda pa: pa.list_(pa.int64())),
    "top_shape": ListKind("shapes", lambda pa: pa.list_(pa.list_(pa.int64()))),
    "top_count": ListKind("counts", lambda pa: pa.list_(pa.int64())),
    "in_place": ListKind("flags", lambda pa: pa.list_(pa.bool_())),
}


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


def format_of(suffix: str) -> str:
    """Name the format that a file ending (with its dot) means; "csv" where it means none."""
    return next((form.name for form in FORMATS.values() if form.suffix == suffix.lower()), "csv")


def check_available(name: str) -> None:
    """Raise UsageError if the format needs a package that is not installed; name the extra that brings it."""
    form = FORMATS[name]
    if form.needs is not None and find_spec(form.needs) is None:
        remedy = f"pip install 'logparse[{form.name}]'"
        raise UsageError(f"{form.name} needs the package {form.needs}, which is not installed", remedy=remedy)


def cell(value: object, *, gap_if_nan: bool = False) -> Cell:
    """The value as plain Python: None for NA, numpy's kin unwrapped, sequences as lists; `gap_if_nan`: NaN is NA."""
    if isinstance(value, bool | int | str):
        return value
    if formats.is_na(value):
        return None
    if isinstance(value, float):
        return None if gap_if_nan and math.isnan(value) else float(value)
    if isinstance(value, Iterable):
        return [cell(item) for item in value]
    return _scalar(value)


def rows(frame: pd.DataFrame) -> Iterator[tuple[Cell, ...]]:
    """The rows of a frame as plain cells, a piece of the frame at a time."""
    for start in range(0, len(frame), ROWS_AT_ONCE):
        piece = frame.iloc[start : start + ROWS_AT_ONCE]
        columns = (_column(piece.iloc[:, index]) for index in range(piece.shape[1]))
        yield from zip(*columns, strict=True)


def to_csv(frame: pd.DataFrame, _table: str) -> Iterator[bytes]:
    """Comma-separated values with a header line."""
    yield _csv_line(map(str, frame.columns))
    for row in rows(frame):
        yield _csv_line(row)


def to_jsonl(frame: pd.DataFrame, _table: str) -> Iterator[bytes]:
    """JSON Lines (https://jsonlines.org): one object a line."""
    for record in _json_records(frame):
        yield f"{record}\n".encode()


def to_json(frame: pd.DataFrame, _table: str) -> Iterator[bytes]:
    """One JSON array of objects, one object a line."""
    separator = "[\n"
    for record in _json_records(frame):
        yield f"{separator}{record}".encode()
        separator = ",\n"
    yield b"[]\n" if frame.empty else b"\n]\n"


def to_markdown(frame: pd.DataFrame, table: str) -> Iterator[bytes]:
    """A pipe table (GitHub's Markdown) for people: titles with their units, cells formatted as in the report."""
    columns = _described(frame, table)
    yield _markdown_line(map(markdown_text, map(_title, columns)))
    yield _markdown_line("---:" if column.dtype in NUMERIC else "---" for column in columns)
    forms = [formats.FORMS[_form(column)] for column in columns]
    for row in rows(frame):
        yield _markdown_line(markdown_text(form(value)) for form, value in zip(forms, row, strict=True))


def to_parquet(frame: pd.DataFrame, table: str) -> Iterator[bytes]:
    """Apache Parquet; title, unit and meaning of each column stand in the metadata of its field."""
    import pyarrow as pa
    from pyarrow import parquet

    fields = []
    for column in _described(frame, table):
        kind = _list_kind(column)
        arrow = ARROW_TYPES[column.dtype] if kind is None else kind.arrow
        about = {"title": column.title, "unit": column.unit, "meaning": column.meaning}
        fields.append(pa.field(column.name, arrow(pa), metadata=about))
    schema = pa.schema(fields)
    repeated = [field.name for field in fields if pa.types.is_string(field.type) or pa.types.is_nested(field.type)]
    pieces = _Pieces()
    # Columns of measured numbers hardly repeat: looking for a dictionary would double the time.
    with parquet.ParquetWriter(pieces, schema, use_dictionary=repeated) as writer:
        for start in range(0, max(len(frame), 1), ROW_GROUP):
            rows_of_group = frame.iloc[start : start + ROW_GROUP]
            arrays = [_arrow_array(rows_of_group[field.name], field.type) for field in fields]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            yield pieces.taken()
    yield pieces.taken()


class _Pieces(io.RawIOBase):
    """A file that hands on what was written to it since it was last asked."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._written

    def write(self, data: Any) -> int:  # noqa: ANN401 - any buffer
        piece = bytes(data)
        self._pieces.append(piece)
        self._written += len(piece)
        return len(piece)

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        form.name: form
        for form in (
            Format("csv", ".csv", to_csv),
            Format("json", ".json", to_json),
            Format("jsonl", ".jsonl", to_jsonl),
            Format("parquet", ".parquet", to_parquet, needs="pyarrow", binary=True),
            Format("markdown", ".md", to_markdown),
        )
    }
)


def _scalar(value: object) -> Cell:
    """What is neither Python's own number nor text: numpy's scalars."""
    if type(value).__name__.startswith("bool"):
        return bool(value)
    if isinstance(value, SupportsIndex):
        return operator.index(value)
    if isinstance(value, SupportsFloat):
        return float(value)
    raise TypeError(f"no format has a cell for {value!r}")


def _column(series: pd.Series) -> list[Cell]:
    """The cells of one column."""
    if series.dtype.kind == "M":
        return _moments(series)
    gap_if_nan = not _nan_is_value(series)
    values: list[Cell] = series.tolist()
    if set(map(type, values)) <= _PLAIN and not (gap_if_nan and series.hasnans):  # the long columns: nothing to do
        return values
    return [cell(value, gap_if_nan=gap_if_nan) for value in values]


def _moments(series: pd.Series) -> list[Cell]:
    """Dates in ISO 8601, to the microsecond as glog prints them."""
    import numpy as np

    if not series.notna().any():
        return [None] * len(series)
    texts = np.datetime_as_string(series.to_numpy().astype("datetime64[us]")).tolist()
    return [None if text == "NaT" else text for text in texts]


def _arrow_array(series: pd.Series, kind: Any) -> Any:  # noqa: ANN401 - pyarrow is untyped
    """One column for Parquet; numbers and text go over as they lie in memory, millions of them at once."""
    import numpy as np
    import pyarrow as pa

    if series.dtype == "string" or str(series.dtype) == "Int64" or series.dtype.kind == "M":
        return pa.array(series.array, type=kind)
    if not isinstance(series.dtype, np.dtype) or series.dtype.kind not in "biuf":
        return pa.array(_column(series), type=kind)
    values = series.to_numpy()
    gaps = np.isnan(values) if values.dtype.kind == "f" and not _nan_is_value(series) else None
    return pa.array(values, mask=gaps).cast(kind)


def _nan_is_value(series: pd.Series) -> bool:
    """Whether a NaN in the column was printed so: in a nullable one always, its gaps are NA; else by its name."""
    if series.dtype.kind != "f":
        return False
    return str(series.dtype).startswith("Float") or series.name in PRINTED or str(series.name).startswith("#")


def _csv_line(row: Iterable[Cell]) -> bytes:
    return f"{','.join(map(_csv_cell, row))}\n".encode("utf-8", "backslashreplace")


def _csv_cell(value: Cell) -> str:
    """Quoted where it must be (the csv module of 3.11 leaves a carriage return bare), and where it is empty text."""
    if value is None:
        return ""
    if isinstance(value, bool | list):
        value = _json(value)
    text = repr(value) if isinstance(value, float) else str(value)
    return text if text and _CSV_SPECIAL.isdisjoint(text) else '"' + text.replace('"', '""') + '"'


def _json_records(frame: pd.DataFrame) -> Iterator[str]:
    names = [str(name) for name in frame.columns]
    return (_json(dict(zip(names, row, strict=True))) for row in rows(frame))


def _json(value: object) -> str:
    """Strictly valid JSON; the walk for NaN is paid only where there is one."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        text = json.dumps(_without_nan(value), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _without_nan(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value


def _described(frame: pd.DataFrame, table: str) -> list[Column]:
    """The registry's entry for each column of the frame; a column named by the log (an output) describes itself."""
    entries = {column.name: column for column in TABLES[table]}
    return [
        entries.get(str(name))
        or Column(str(name), _registry_dtype(dtype), str(name), "An output, named as in the log.")
        for name, dtype in frame.dtypes.items()
    ]


def _registry_dtype(dtype: object) -> str:
    """The registry's word for a pandas dtype."""
    kind = getattr(dtype, "kind", "O")
    return {"i": "Int64", "u": "Int64", "f": "Float64", "b": "boolean"}.get(kind, "string")


def _title(column: Column) -> str:
    return f"{column.title} ({column.unit})" if column.unit else column.title


def _form(column: Column) -> str:
    """The form of a column's cells, a key of formats.FORMS."""
    if column.name.endswith("_share"):
        return "percent"
    kind = _list_kind(column)
    return CELL_FORMS[column.dtype] if kind is None else kind.form


def _list_kind(column: Column) -> ListKind | None:
    return LISTS.get(column.name) if column.dtype == "object" else None


def _markdown_line(cells: Iterable[str]) -> bytes:
    return f"| {' | '.join(cells)} |\n".encode("utf-8", "backslashreplace")


# What would start markup, a new cell or an entity; an underscore inside a word starts nothing.
_MARKUP: Final = re.compile(r"[\\`*\[\]<|~&#]|(?<!\w)_|_(?!\w)")


def markdown_text(text: str) -> str:
    """The text so that Markdown shows it as it is, on one line."""
    return _MARKUP.sub(r"\\\g<0>", " ".join(text.splitlines()))
