"""Apache Parquet, with what each column means."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from logparse.export.cells import cells, described, nan_is_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pandas as pd

    from logparse.tables.column import Column

# Takes the module pyarrow and returns one of its types.
ArrowType: TypeAlias = "Callable[[Any], Any]"

ROW_GROUP: Final = 1 << 17

# The catalogue's dtype, or what its lists hold → how a column is stored.
ARROW_TYPES: Final[Mapping[str, ArrowType]] = {
    "Int64": lambda pa: pa.int64(),
    "Float64": lambda pa: pa.float64(),
    "boolean": lambda pa: pa.bool_(),
    "string": lambda pa: pa.string(),
    "datetime64[us]": lambda pa: pa.timestamp("us"),
    "text": lambda pa: pa.list_(pa.string()),
    "shape": lambda pa: pa.list_(pa.int64()),
    "shapes": lambda pa: pa.list_(pa.list_(pa.int64())),
    "counts": lambda pa: pa.list_(pa.int64()),
    "flags": lambda pa: pa.list_(pa.bool_()),
}


def to_parquet(frame: pd.DataFrame, table: str) -> Iterator[bytes]:
    """Apache Parquet; title, unit and meaning of each column stand in the metadata of its field."""
    import pyarrow as pa
    from pyarrow import parquet

    columns = described(frame, table)
    fields = [_field(column) for column in columns]
    schema = pa.schema(fields)
    repeated = [field.name for field in fields if pa.types.is_string(field.type) or pa.types.is_nested(field.type)]
    pieces = _Pieces()
    # Columns of measured numbers hardly repeat: looking for a dictionary would double the time.
    with parquet.ParquetWriter(pieces, schema, use_dictionary=repeated) as writer:
        for start in range(0, max(len(frame), 1), ROW_GROUP):
            rows_of_group = frame.iloc[start : start + ROW_GROUP]
            arrays = [
                _arrow_array(rows_of_group[field.name], column, field.type)
                for field, column in zip(fields, columns, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            yield pieces.taken()
    yield pieces.taken()


def _field(column: Column) -> Any:  # noqa: ANN401 - pyarrow is untyped
    import pyarrow as pa

    about = {"title": column.title, "unit": column.unit, "meaning": column.meaning}
    return pa.field(column.name, ARROW_TYPES[column.items or column.dtype](pa), metadata=about)


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


def _arrow_array(series: pd.Series, column: Column, kind: Any) -> Any:  # noqa: ANN401 - pyarrow is untyped
    """One column for Parquet; numbers and text go over as they lie in memory, millions of them at once."""
    import numpy as np
    import pyarrow as pa

    if series.dtype == "string" or str(series.dtype) == "Int64" or series.dtype.kind == "M":
        return pa.array(series.array, type=kind)
    if not isinstance(series.dtype, np.dtype) or series.dtype.kind not in "biuf":
        return pa.array(cells(series, column), type=kind)
    values = series.to_numpy()
    gaps = np.isnan(values) if values.dtype.kind == "f" and not nan_is_value(series, column) else None
    return pa.array(values, mask=gaps).cast(kind)
