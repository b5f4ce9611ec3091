"""Each cell in each format: what is not known, what is not a number, lists, a stranger's text."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet as arrow

from logparse import export, formats
from logparse.catalogue import TABLES
from logparse.errors import UsageError
from logparse.export import cells, markdown, parquet

if TYPE_CHECKING:
    from collections.abc import Sequence

NAN = float("nan")
INF = float("inf")
DTYPES = {"string": "string", "Int64": "Int64", "boolean": "boolean"}
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def floats(values: Sequence[float | None]) -> pd.Series:
    """A column that tells the NaN which the log printed from the NA which it did not print."""
    mask = np.array([value is None for value in values], dtype=bool)
    data = np.array([0.0 if value is None else value for value in values], dtype="float64")
    return pd.Series(pd.arrays.FloatingArray(data, mask))


def frame_of(table: str, **columns: Sequence[Any]) -> pd.DataFrame:
    """A frame with some of the table's columns, of the registry's dtypes."""
    kinds = {column.name: column.dtype for column in TABLES[table].columns}
    series = {
        name: floats(values) if kinds[name] == "Float64" else pd.Series(list(values), dtype=kinds[name])
        for name, values in columns.items()
    }
    return pd.DataFrame(series)


def written(frame: pd.DataFrame, table: str, form: str) -> bytes:
    return b"".join(export.FORMATS[form].chunks(frame, table))


@pytest.fixture
def layers() -> pd.DataFrame:
    return frame_of(
        "layers",
        layer=["conv1", "data", None],
        tops=[["conv1"], ["data", "label"], []],
        top_shape=[[[64, 20, 24, 24]], [[64, 1, 28, 28], [64]], [[]]],
        top_count=[[737_280], [50_176, 64], [1]],
        in_place=[[False], [False, False], [True]],
        shares_with=[[None], [None, None], ["conv1"]],
        backward=[True, False, None],
        params=[520, 0, None],
        macs_share=[0.9999, 0.0, None],
        logged_bytes=[3_150_080, 200_960, 2**60],
    )


def test_csv_has_raw_values_and_empty_cells(layers: pd.DataFrame) -> None:
    rows = list(csv.DictReader(io.StringIO(written(layers, "layers", "csv").decode())))
    assert rows[0] == {
        "layer": "conv1",
        "tops": '["conv1"]',
        "top_shape": "[[64, 20, 24, 24]]",
        "top_count": "[737280]",
        "in_place": "[false]",
        "shares_with": "[null]",
        "backward": "true",
        "params": "520",
        "macs_share": "0.9999",
        "logged_bytes": "3150080",
    }
    assert rows[2]["layer"] == rows[2]["params"] == rows[2]["macs_share"] == rows[2]["backward"] == ""
    assert rows[2]["logged_bytes"] == "1152921504606846976"


def test_json_is_an_array_of_records(layers: pd.DataFrame) -> None:
    records = json.loads(written(layers, "layers", "json"))
    assert list(records[0]) == list(layers.columns)
    assert records[1] == {
        "layer": "data",
        "tops": ["data", "label"],
        "top_shape": [[64, 1, 28, 28], [64]],
        "top_count": [50176, 64],
        "in_place": [False, False],
        "shares_with": [None, None],
        "backward": False,
        "params": 0,
        "macs_share": 0.0,
        "logged_bytes": 200960,
    }
    assert records[2]["layer"] is None
    assert records[2]["top_shape"] == [[]]
    assert records[2]["params"] is None


def test_json_lines_are_the_same_records(layers: pd.DataFrame) -> None:
    lines = written(layers, "layers", "jsonl").decode().splitlines()
    assert [json.loads(line) for line in lines] == json.loads(written(layers, "layers", "json"))


def test_markdown_is_formatted_and_titled(layers: pd.DataFrame) -> None:
    head, rule, first, second, third = written(layers, "layers", "markdown").decode().splitlines()
    assert head.split(" | ")[-3:] == ["Params (values)", "MACs share", "Logged, running (bytes) |"]
    assert rule == "| --- | --- | --- | --- | --- | --- | --- | ---: | ---: | ---: |"
    assert first.startswith("| conv1 | conv1 | 64 × 20 × 24 × 24 | 737,280 | no | – | yes | 520 | >99.9 % |")
    assert "64 × 1 × 28 × 28, 64" in second
    assert third.startswith("| – |  | scalar | 1 | yes | conv1 | – | – | – |")


def test_parquet_keeps_types_lists_and_meanings(layers: pd.DataFrame) -> None:
    table = arrow.read_table(io.BytesIO(written(layers, "layers", "parquet")))
    assert table.to_pylist() == json.loads(written(layers, "layers", "json"))
    schema = table.schema
    assert schema.field("top_shape").type == pa.list_(pa.list_(pa.int64()))
    assert schema.field("params").type == pa.int64()
    assert schema.field("logged_bytes").metadata[b"unit"] == b"bytes"
    assert schema.field("params").metadata[b"meaning"].startswith(b"Weights and biases")


LOSSES = [2.302585, 1e-05, NAN, INF, -INF, None, 0.1]


def test_a_diverged_loss_is_a_value_and_a_gap_is_none() -> None:
    frame = frame_of("train", iteration=range(7), loss=LOSSES)
    records = json.loads(written(frame, "train", "json"), parse_constant=pytest.fail)
    assert [record["loss"] for record in records] == [2.302585, 1e-05, "NaN", "Infinity", "-Infinity", None, 0.1]
    cells = [row["loss"] for row in csv.DictReader(io.StringIO(written(frame, "train", "csv").decode()))]
    assert cells == ["2.302585", "1e-05", "nan", "inf", "-inf", "", "0.1"]
    stored = arrow.read_table(io.BytesIO(written(frame, "train", "parquet")))["loss"]
    assert stored.null_count == 1
    assert repr(stored.to_pylist()) == "[2.302585, 1e-05, nan, inf, -inf, None, 0.1]"
    shown = [line.split(" | ")[1].rstrip(" |") for line in written(frame, "train", "markdown").decode().splitlines()]
    assert shown[2:] == ["2.30259", "1e−05", "nan", "inf", "−inf", "–", "0.1"]


def test_a_nan_of_a_plain_column_is_a_value_only_where_the_log_prints_such() -> None:
    row = {"loss": [NAN, 1.0], "#0 loss": [NAN, 1.0], "seconds": [NAN, INF], "epoch": [0.5, NAN]}
    records = json.loads(written(pd.DataFrame(row), "train", "json"))
    assert records == [
        {"loss": "NaN", "#0 loss": "NaN", "seconds": None, "epoch": 0.5},
        {"loss": 1.0, "#0 loss": 1.0, "seconds": "Infinity", "epoch": None},
    ]


def test_a_moment_is_iso_8601_and_a_gap_is_none() -> None:
    moments = pd.Series([pd.Timestamp("2015-03-11 16:29:35.000041"), pd.NaT], dtype="datetime64[us]")
    frame = pd.DataFrame({"stamp": moments})
    assert json.loads(written(frame, "train", "json")) == [{"stamp": "2015-03-11T16:29:35.000041"}, {"stamp": None}]
    assert written(frame, "train", "csv") == b"stamp\n2015-03-11T16:29:35.000041\n\n"


def test_names_from_a_category_are_text_and_its_gaps_none() -> None:
    names = pd.Categorical.from_codes(np.array([0, -1]), categories=pd.Index(["loss"]))
    assert json.loads(written(pd.DataFrame({"output": names}), "test", "json")) == [
        {"output": "loss"},
        {"output": None},
    ]


def test_a_column_that_the_log_named_describes_itself() -> None:
    frame = frame_of("train", iteration=[0]).assign(**{"#0 loss": floats([0.25]), "#1 a|b": floats([None])})
    assert written(frame, "train", "markdown").decode().splitlines() == [
        r"| Iteration | \#0 loss | \#1 a\|b |",
        "| ---: | ---: | ---: |",
        "| 0 | 0.25 | – |",
    ]
    stored = arrow.read_table(io.BytesIO(written(frame, "train", "parquet")))
    assert stored.to_pylist() == [{"iteration": 0, "#0 loss": 0.25, "#1 a|b": None}]


@pytest.mark.parametrize("form", ["csv", "json", "jsonl", "markdown", "parquet"])
@pytest.mark.parametrize("table", TABLES)
def test_every_table_without_rows_is_still_a_table(table: str, form: str) -> None:
    columns = TABLES[table].columns
    frame = pd.DataFrame({column.name: pd.Series([], dtype=column.dtype) for column in columns})
    data = written(frame, table, form)
    if form == "csv":
        assert data.decode() == ",".join(column.name for column in columns) + "\n"
    elif form == "json":
        assert json.loads(data) == []
    elif form == "jsonl":
        assert data == b""
    elif form == "markdown":
        assert len(data.decode().splitlines()) == 2
    else:
        assert arrow.read_table(io.BytesIO(data)).column_names == [column.name for column in columns]


def test_a_frame_longer_than_a_piece_keeps_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "ROWS_AT_ONCE", 7)
    frame = frame_of("train", iteration=range(30), loss=[float(number) for number in range(30)])
    assert written(frame, "train", "csv").decode().splitlines()[1:] == [f"{n},{float(n)}" for n in range(30)]


@given(st.lists(st.tuples(TEXT, st.lists(TEXT, max_size=3)), max_size=5))
def test_any_text_comes_back_from_csv_and_json(names: list[tuple[str, list[str]]]) -> None:
    frame = frame_of("layers", layer=[name for name, _ in names], tops=[tops for _, tops in names])
    from_csv = list(csv.reader(io.StringIO(written(frame, "layers", "csv").decode(), newline="")))[1:]
    assert [(name, json.loads(tops)) for name, tops in from_csv] == names
    from_json = json.loads(written(frame, "layers", "json"))
    assert [(record["layer"], record["tops"]) for record in from_json] == names


def test_bytes_that_were_no_text_do_not_stop_an_export() -> None:
    frame = pd.DataFrame({"layer": pd.Series(["a\udcff"], dtype="object")})
    for form in ("csv", "json", "jsonl", "markdown"):
        assert b"a\\udcff" in written(frame, "layers", form).replace(b"\\\\", b"\\")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("conv1_1", "conv1_1"),
        ("_a_ *b* `c`", r"\_a\_ \*b\* \`c\`"),
        ("a|b\\c", r"a\|b\\c"),
        ("<img src=x onerror=alert(1)>", r"\<img src=x onerror=alert(1)>"),
        ("[x](http://y) &amp;", r"\[x\](http://y) \&amp;"),
        ("two\r\nlines\u2028three", "two lines three"),
    ],
)
def test_markup_in_a_name_stays_text(text: str, shown: str) -> None:
    assert markdown.markdown_text(text) == shown


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (None, None),
        (pd.NA, None),
        (np.int64(2**62), 2**62),
        (np.uint8(7), 7),
        (np.float32(0.5), 0.5),
        (np.bool_(1), True),
        ((1, None, "a"), [1, None, "a"]),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
    ],
)
def test_a_cell_is_plain_python(value: object, plain: object) -> None:
    assert cells.cell(value) == plain
    assert type(cells.cell(value)) is type(plain)


def test_a_value_without_a_form_is_an_error() -> None:
    with pytest.raises(TypeError, match="no format has a cell"):
        cells.cell(object())


@pytest.mark.parametrize(
    ("suffix", "form"), [(".csv", "csv"), (".JSON", "json"), (".md", "markdown"), (".txt", "text"), ("", "csv")]
)
def test_an_ending_means_a_format(suffix: str, form: str) -> None:
    assert export.format_of(suffix) == form


def test_a_format_whose_package_is_missing_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "find_spec", lambda _name: None)
    export.check_available("csv")
    with pytest.raises(UsageError, match=r"needs the package pyarrow(.|\n)*pip install 'logparse\[parquet\]'"):
        export.check_available("parquet")


def test_every_column_has_a_form_and_a_way_to_be_stored() -> None:
    columns = [column for table in TABLES.values() for column in table.columns]
    assert all((column.dtype == "object") == bool(column.items) for column in columns)
    assert {column.dtype for column in columns if not column.items} <= set(markdown.CELL_FORMS)
    assert {column.items for column in columns if column.items} <= set(formats.FORMS)
    assert {column.items or column.dtype for column in columns} == set(parquet.ARROW_TYPES)


# --- a stranger's text ------------------------------------------------------------------------------------


def in_csv(names: list[str], formulas: str | None) -> list[str]:
    frame = frame_of("layers", layer=names, params=[-1] * len(names))
    data = b"".join(export.written("csv", frame, "layers", csv_formulas=formulas))
    return [row[0] for row in csv.reader(io.StringIO(data.decode(), newline=""))][1:]


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("=1+1", "'=1+1"),
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+conv", "'+conv"),
        ("-conv", "'-conv"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        (" \r\n=1", "' \r\n=1"),
        ("＝1", "'＝1"),
        ("-1.5e-3", "-1.5e-3"),  # nothing but a number
        ("+7", "+7"),
        ("-1-1", "'-1-1"),
        ("conv=1", "conv=1"),
        ("res2a+res2b", "res2a+res2b"),
        ("", ""),
    ],
)
def test_a_name_is_no_formula_unless_it_is_to_be_kept(name: str, escaped: str) -> None:
    assert in_csv([name], None) == in_csv([name], "escape") == [escaped]
    assert in_csv([name], "keep") == [name]


def test_a_number_below_zero_and_a_list_are_no_formulas() -> None:
    frame = frame_of("layers", tops=[["=1"]], params=[-1])
    assert b"".join(export.written("csv", frame, "layers")).splitlines()[1] == b'"[""=1""]",-1'


def test_an_output_that_the_log_named_is_no_formula_at_the_head_of_its_column() -> None:
    frame = pd.DataFrame({"iteration": [1], "=1+1": [0.5]})
    assert b"".join(export.written("csv", frame, "train_outputs")).splitlines()[0] == b"iteration,'=1+1"


@pytest.mark.parametrize("formulas", ["escape", "keep"])
def test_what_steers_a_terminal_or_turns_a_line_is_an_escape_in_csv(formulas: str) -> None:
    assert in_csv(["a\x9b31m\u202eb\x7f\x08", "a\tb\nc", "שלום"], formulas) == [
        "a\\u009b31m\\u202eb\\u007f\\u0008",
        "a\tb\nc",
        "שלום",
    ]


def test_json_has_escapes_that_are_read_back_as_they_were() -> None:
    name = "a\x9b31m\u202eb\x7f"
    frame = frame_of("layers", layer=[name], tops=[[name]])
    for form in ("json", "jsonl"):
        data = written(frame, "layers", form).decode()
        assert not {"\x9b", "\u202e", "\x7f"} & set(data)
        record = json.loads(data.strip("[]\n"))
        assert (record["layer"], record["tops"]) == (name, [name])


def test_markdown_isolates_what_is_written_right_to_left() -> None:
    data = written(frame_of("layers", layer=["conv_שלום עולם_1\u202e"]), "layers", "markdown").decode()
    assert "conv_\u2068שלום עולם\u2069_1\\u202e" in data
