"""Plans of a net in charts: what its blobs take by each scheme, and where each block of one lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.report.charts import bars
from logparse.report.charts import plan as plan_chart
from logparse.report.elements import ChartView, LinesView
from logparse.report.tabulate import Field, tabulate
from logparse.rows import float_of, int_of, net_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logparse.report.reported_log import ReportedLog, ReportedNet
    from logparse.rows import TableRow


_SCHEMES: Final[Mapping[str, str]] = {
    "caffe": "as Caffe keeps them",
    "in_place": "in place where it may be",
    "training_caffe": "memory used again",
    "training_cudnn": "the same with cuDNN",
    "checkpoint_sqrt": "recomputed, √n segments",
    "checkpoint_best": "recomputed, least memory",
    "yjxiong_v2": "plan of yjxiong's fork",
    "inference": "a forward pass alone",
}
_DRAWN: Final = ("training_caffe", "inference")  # the first of them that is planned is drawn


def plan_charts(log: ReportedLog, lead: ReportedNet) -> Iterator[ChartView]:
    """Every scheme of the leading net, and the plan of its training step (else of its forward pass) block by block."""
    rows = {str(row["scheme"]): row for row in log.rows("plan") if net_key(row) == net_key(lead.layers[0])}
    drawn = next((name for name in _DRAWN if int_of(rows.get(name, {}).get("bytes"))), None)
    if drawn is None:
        return
    yield _schemes_chart(lead, rows, drawn)
    blocks = [
        row
        for row in log.rows("placement")
        if net_key(row) == net_key(lead.layers[0]) and row["scheme"] == drawn and row["bytes"]
    ]
    if len(blocks) > 1:
        yield _placement_chart(rows[drawn], blocks)


def _schemes_chart(lead: ReportedNet, rows: Mapping[str, TableRow], drawn: str) -> ChartView:
    shown = [rows[name] for name in _SCHEMES if name in rows and not _says_nothing_new(name, rows)]
    names = [_SCHEMES[str(row["scheme"])] for row in shown]
    layer_rows = [
        bars.LayerRow(name, "logged" if row["scheme"] == "caffe" else "distinct", str(row["counted"]))
        for name, row in zip(names, shown, strict=True)
    ]
    panels = [
        bars.Panel(
            "Bytes of blobs, whole batch",
            tuple(float_of(row["bytes"]) for row in shown),
            tuple(formats.size(row["bytes"]) for row in shown),
            room=2.0,
        )
    ]
    if any(int_of(row["extra_macs"]) for row in shown):
        extra = tuple(float_of(row["extra_macs"]) for row in shown)
        texts = tuple(formats.mac_count(row["extra_macs"]) if row["extra_macs"] else "" for row in shown)
        panels.append(bars.Panel("Forward MACs a second time", extra, texts))
    title = _plan_title(lead, rows[drawn])
    return ChartView(
        title,
        _PLAN_NOTE,
        bars.by_layer(layer_rows, panels, f"Bars. {title}. The table below has the figures."),
        tabulate(
            "Plans of this net", _PLAN_FIELDS, [{**row, "_name": name} for row, name in zip(shown, names, strict=True)]
        ),
        name="schemes",
    )


def _says_nothing_new(name: str, rows: Mapping[str, TableRow]) -> bool:
    """Whether the scheme takes as much as the one that it varies."""
    varied = rows.get(_VARIES.get(name, ""))
    return varied is not None and int_of(varied["bytes"]) == int_of(rows[name]["bytes"])


_VARIES: Final[Mapping[str, str]] = {"in_place": "caffe", "training_cudnn": "training_caffe"}


def _plan_title(lead: ReportedNet, row: TableRow) -> str:
    """What the plan takes and what Caffe keeps of the same; "no plan needs less" only where it is at its bound."""
    what = "a forward pass" if row["scheme"] == "inference" else "a training step"
    takes, saves = int_of(row["bytes"]), int_of(row["saves_bytes"])
    than = "" if takes is None or saves is None else f", Caffe keeps {formats.size(takes + saves)}"
    optimal = "; no plan needs less" if str(row["basis"]).startswith("model, optimal") else ""
    return f"By a plan the blobs of {what} of the {lead.kind} need {formats.size(takes)}{than}{optimal}"


_PLAN_NOTE: Final = (
    "Modelled from what each layer reads; no plan was run. Counted are the blobs: parameters, the solver's history, "
    "private buffers and workspaces stay as they are beside every bar."
)
_PLAN_FIELDS: Final = (
    Field("_name", "Blobs"),
    Field("scheme", "Scheme"),
    Field("bytes", "Takes", "count", "B"),
    Field("bound_bytes", "Bound", "count", "B"),
    Field("saves_bytes", "Saves", "count", "B"),
    Field("peak_layer", "Fullest at"),
    Field("extra_macs", "Extra MACs", "count"),
    Field("counted", "Counted", css="wide"),
    Field("basis", "Basis"),
)

_HALVES: Final[Mapping[str, str]] = {"data": "m-data", "diff": "m-params", "index": "m-buffers"}
_PASSES: Final[Mapping[str, str]] = {"forward": "forward", "again": "forward again", "backward": "backward"}


def _placement_chart(scheme: TableRow, rows: Sequence[TableRow]) -> ChartView:
    blocks = [
        plan_chart.Block(
            str(row["block"]),
            _HALVES[str(row["half"])],
            int(row["bytes"]),
            int(row["offset_bytes"]),
            int(row["first_step"]),
            int(row["last_step"]),
        )
        for row in rows
    ]
    step, pass_name = _fullest(blocks), _PASSES[str(scheme["peak_pass"])]
    title = f"Most is alive at {scheme['peak_layer']}, {pass_name}: where each block would lie"
    halves = dict.fromkeys(str(row["half"]) for row in rows)
    return ChartView(
        title,
        "A box is a block of memory: as wide as the steps from its first write to its last read, as high as its bytes.",
        plan_chart.plan(blocks, _stretches(rows), (step, f"fullest: {formats.size(scheme['bytes'])}"), f"{title}."),
        _block_lines(rows),
        tuple((_HALVES[half], _HALF_WORDS[half]) for half in halves),
        "plan",
    )


_HALF_WORDS: Final[Mapping[str, str]] = {"data": "data", "diff": "gradient", "index": "index of a pooling"}


def _block_lines(rows: Sequence[TableRow]) -> LinesView:
    """The blocks as lines; of many the largest."""
    heads = ("block", "half", "bytes", "offset", "from step", "to step")
    keys = ("block", "half", "bytes", "offset_bytes", "first_step", "last_step")
    largest = sorted(range(len(rows)), key=lambda place: (-rows[place]["bytes"], place))[:_LISTED]
    lines = ("\t".join(" ".join(str(rows[place][key]).split()) for key in keys) for place in sorted(largest))
    passes = ", ".join(f"{one.first} to {one.end - 1} {one.name}" for one in _stretches(rows))
    note = f"Steps: {passes}. Bytes are of the whole batch."
    if len(rows) > _LISTED:
        note += f" Of {len(rows)} blocks the {_LISTED} largest; the table placement has all."
    return LinesView("Blocks of the plan", note, ("\t".join(heads), *lines))


_LISTED: Final = 60


def _fullest(blocks: Sequence[plan_chart.Block]) -> int:
    """The first step at which most is alive."""
    steps = range(max(block.last for block in blocks) + 1)
    return max(steps, key=lambda step: sum(block.bytes for block in blocks if block.first <= step <= block.last))


def _stretches(rows: Sequence[TableRow]) -> list[plan_chart.Stretch]:
    """The passes that follow one another, as far as blocks begin or end in their steps."""
    names: dict[int, str] = {}
    for row in rows:
        names[int(row["first_step"])] = _PASSES[str(row["first_pass"])]
        names[int(row["last_step"])] = _PASSES[str(row["last_pass"])]
    found: list[plan_chart.Stretch] = []
    for step in sorted(names):
        if found and found[-1].name == names[step]:
            found[-1] = plan_chart.Stretch(names[step], found[-1].first, step + 1)
        else:
            found.append(plan_chart.Stretch(names[step], step, step + 1))
    return found
