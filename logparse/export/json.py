"""JSON and JSON Lines: one object a row, valid for every reader."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from logparse import formats
from logparse.export.cells import described, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd


def to_jsonl(frame: pd.DataFrame, table: str) -> Iterator[bytes]:
    """JSON Lines (https://jsonlines.org): one object a line."""
    for record in _records(frame, table):
        yield f"{record}\n".encode()


def to_json(frame: pd.DataFrame, table: str) -> Iterator[bytes]:
    """One JSON array of objects, one object a line."""
    separator = "[\n"
    for record in _records(frame, table):
        yield f"{separator}{record}".encode()
        separator = ",\n"
    yield b"[]\n" if frame.empty else b"\n]\n"


def _records(frame: pd.DataFrame, table: str) -> Iterator[str]:
    names = [str(name) for name in frame.columns]
    return (json_text(dict(zip(names, row, strict=True))) for row in rows(frame, described(frame, table)))


def json_text(value: object) -> str:
    """Strictly valid JSON; the walk for NaN is paid only where there is one.

    What would steer a terminal or turn the direction of a line stands as JSON's own escape, and is read back as it was.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        text = json.dumps(_without_nan(value), ensure_ascii=False, allow_nan=False)
    return formats.visible(text).encode("utf-8", "backslashreplace").decode("utf-8")


def _without_nan(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value
