"""A matched set-up or event line → its record. One small function a pattern, and the table of them."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from logparse.model import MOST_VALUES
from logparse.reading.line.values import integer, number
from logparse.reading.messages import records as rec
from logparse.textproto import LARGEST_WHOLE

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping

    Match = re.Match[str]
    Convert = Callable[[Match, int, float | None], rec.Record]

_DIGITS: Final = 11  # of the largest dimension, and one more
_IN_EVENT: Final = ("path", "iteration", "value", "what")
# Pattern name → its groups that are read as whole numbers; an event's is its iteration, a solver line's columns say.
WHOLE_GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "top_shape": ("dims", "count"),
    "top_shape_2013": ("dims",),
    "top_shape_phase": ("dims", "count"),
    "memory": ("bytes",),
    "memory_reported": ("data", "diff"),
    "memory_optimised": ("raw", "optimised"),
    "memory_biggest": ("bytes",),
    "sharing_parameters": ("index",),
    "recurrent_start": ("steps", "streams"),
    "creating_test_net": ("index",),
}


def _layer(kind: Callable[[int, float | None, str], rec.Record]) -> Convert:
    return lambda match, line, time_s: kind(line, time_s, match["layer"])


def _blob(kind: Callable[[int, float | None, str], rec.Record]) -> Convert:
    return lambda match, line, time_s: kind(line, time_s, match["blob"])


def _milestone(what: str) -> Convert:
    return lambda match, line, time_s: rec.Milestone(line, time_s, what, match.group())


def _start(command: str | None = None, mode: str | None = None, *, device: str = "", version: str = "") -> Convert:
    """A start line; `device` and `version` name the groups that hold them."""

    def convert(match: Match, line: int, time_s: float | None) -> rec.Record:
        found = next((match[name] for name in device.split() if match[name]), None)
        return rec.Start(line, time_s, command, mode, found, match[version] if version else None)

    return convert


def _gpus(match: Match, line: int, time_s: float | None) -> rec.Record:
    """`Using GPUs 0, 1` or `Use GPU with device ID 0`: each entry trains a copy of the net, also a repeated one."""
    groups = match.groupdict()
    listed = groups.get("gpus") or groups["gpu"]
    return rec.Start(line, time_s, None, "GPU", None, None, len(listed.replace(",", " ").split()))


def _factory(match: Match, line: int, time_s: float | None) -> rec.Record:
    return rec.FactoryLayer(line, time_s, match["layer"], None)


def _factory_typed(match: Match, line: int, time_s: float | None) -> rec.Record:
    name = match["quoted"] if match["quoted"] is not None else match["slashed"]
    return rec.FactoryLayer(line, time_s, name, match["quoted_type"] or match["slashed_type"] or None)


def printed_shape(text: str) -> tuple[int, ...] | None:
    """`64 20 24 24 ` as a shape; None for what no blob has: a negative dimension, more values than 64 bits count."""
    dims = tuple(map(integer, text.split()))
    known = tuple(dim for dim in dims if dim is not None and dim >= 0)
    return known if len(known) == len(dims) and prod(dim or 1 for dim in known) <= LARGEST_WHOLE else None


def _shape_and_count(match: Match) -> tuple[tuple[int, ...] | None, int | None]:
    """Both as printed, or neither: a shape without its count is one without its batch, as Caffe printed it in 2013."""
    shape, count = printed_shape(match["dims"]), integer(match["count"])
    return (None, None) if shape is None or count is None or count < 0 else (shape, count)


def _top_shape(match: Match, line: int, time_s: float | None) -> rec.Record:
    return rec.TopShape(line, time_s, *_shape_and_count(match))


def _top_shape_2013(match: Match, line: int, time_s: float | None) -> rec.Record:
    return rec.TopShape(line, time_s, printed_shape(match["dims"]), None)


def _top_shape_phase(match: Match, line: int, time_s: float | None) -> rec.Record:
    return rec.TopShape(line, time_s, *_shape_and_count(match), match["phase"], match["layer"])


def _figures(match: Match, label: str, groups: Mapping[str, str]) -> tuple[tuple[str, int], ...]:
    """Label and bytes of each group; one that no column can hold is left out."""
    found = ((f"{label}{words}", integer(match[group])) for group, words in groups.items())
    return tuple((words, size) for words, size in found if size is not None)


def _reported(match: Match, line: int, time_s: float | None) -> rec.Record:
    figures = _figures(match, f"{match['label']} ({match['phase']}) ", {"data": "data", "diff": "diff"})
    return rec.ReportedMemory(line, time_s, figures, match["phase"])


def _optimised(match: Match, line: int, time_s: float | None) -> rec.Record:
    figures = _figures(match, "", {"raw": "raw memory", "optimised": "optimised memory"})
    return rec.ReportedMemory(line, time_s, figures, of_plan=True)


def _biggest(match: Match, line: int, time_s: float | None) -> rec.Record:
    return rec.ReportedMemory(line, time_s, _figures(match, "", {"bytes": "biggest blob"}))


def _step(kind: str, half: str = "", version: int = 2) -> Convert:
    """A step of a memory plan; `half` is what version 1 leaves out of a blob's name."""

    def convert(match: Match, line: int, time_s: float | None) -> rec.Record:
        groups = match.groupdict()
        blob, root = (None if groups.get(name) is None else groups[name] + half for name in ("blob", "root"))
        layer = groups.get("layer") if groups.get("backward") is None else groups["backward"]
        return rec.PlanStepRecord(line, time_s, kind, blob, root, integer(groups.get("slot")), layer, version)

    return convert


def _planned_blob(match: Match, line: int, time_s: float | None) -> rec.Record:
    return rec.PlannedBlobRecord(line, time_s, int(match["place"]), match["blob"], match["half"], int(match["slot"]))


def _planned_slot(match: Match, line: int, time_s: float | None) -> rec.Record:
    return rec.PlannedSlotRecord(line, time_s, int(match["slot"]), int(match["bytes"]))


def _sharing(match: Match, line: int, time_s: float | None) -> rec.Record:
    return rec.SharingParameters(line, time_s, match["param"], match["owner"], integer(match["index"]))


def _flag(match: Match, line: int, time_s: float | None) -> rec.Record:
    return rec.BackwardFlag(line, time_s, match["layer"], match["flag"].startswith("needs"))


def _recurrent(match: Match, line: int, time_s: float | None) -> rec.Record:
    return rec.RecurrentStart(line, time_s, integer(match["steps"]), integer(match["streams"]), match.group())


def _chatter(match: Match, line: int, time_s: float | None) -> rec.Record:
    return rec.Chatter(line, time_s, "", match.group())


def _data_size(match: Match, line: int, time_s: float | None) -> rec.Record:
    stated = match["dims"].split(",")
    dims = tuple(map(int, stated)) if all(len(dim.strip()) < _DIGITS for dim in stated) else ()
    if not 0 < prod(dims) <= MOST_VALUES or not dims:
        return rec.Chatter(line, time_s, "", match.group())
    return rec.DataSize(line, time_s, dims, match.group())


def _train_net(match: Match, line: int, time_s: float | None) -> rec.Record:
    return rec.CreatingNet(line, time_s, "TRAIN", None, match["path"])


def _test_net(match: Match, line: int, time_s: float | None) -> rec.Record:
    return rec.CreatingNet(line, time_s, "TEST", integer(match["index"]), match["path"])


def event(kind: str) -> Convert:
    """The converter of an event pattern: it reads whichever of the common groups the pattern has."""

    def convert(match: Match, line: int, time_s: float | None) -> rec.Record:
        groups = match.groupdict()
        value = number(groups["value"]) if groups.get("value") else None
        return rec.EventRecord(
            line, time_s, kind, match.group(), integer(groups.get("iteration")), value, groups.get("path")
        )

    return convert


# Pattern name → its converter. Dumps are absent: they collect the lines that follow (extract.py).
CONVERTERS: Final[dict[str, Convert]] = {
    "creating_layer": _layer(rec.CreatingLayer),
    "created_layer": _layer(rec.CreatingLayer),
    "factory_layer": _factory,
    "factory_layer_typed": _factory_typed,
    "net_input": _blob(rec.NetInput),
    "wire": lambda match, line, time_s: rec.Wire(line, time_s, match["wire"]),
    "setting_up": _layer(rec.SettingUp),
    "top_shape": _top_shape,
    "top_shape_2013": _top_shape_2013,
    "top_shape_phase": _top_shape_phase,
    "loss_weight": lambda match, line, time_s: rec.LossWeight(line, time_s, number(match["weight"])),
    "memory": lambda match, line, time_s: rec.Memory(line, time_s, integer(match["bytes"])),
    "memory_reported": _reported,
    "memory_optimised": _optimised,
    "memory_biggest": _biggest,
    "plan_start": _step("start"),
    "plan_checked": _step("checked"),
    "plan_excluded": _step("excluded"),
    "plan_layer": _step("layer"),
    "plan_taken": _step("taken"),
    "plan_shared": _step("shared"),
    "plan_kept": _step("kept"),
    "plan_released": _step("released"),
    "plan_layer_v1": _step("layer", version=1),
    "plan_taken_v1": _step("taken", "_data", 1),
    "plan_shared_v1": _step("shared", "_data", 1),
    "plan_in_place_v1": _step("in place", "_data", 1),
    "plan_released_v1": _step("released", "_data", 1),
    "plan_new_v1": _step("new", version=1),
    "plan_diff_shared_v1": _step("diff shared", version=1),
    "plan_diff_taken_v1": _step("taken", "_diff", 1),
    "plan_diff_released_v1": _step("released", "_diff", 1),
    "plan_blob": _planned_blob,
    "plan_slot": _planned_slot,
    "sharing_parameters": _sharing,
    "backward_flag": _flag,
    "net_output": _blob(rec.NetOutput),
    "net_done": lambda _match, line, time_s: rec.NetDone(line, time_s),
    "filtered_layer": _layer(rec.DroppedLayer),
    "dropped_layer": _layer(rec.DroppedLayer),
    "recurrent_start": _recurrent,
    "recurrent_parameter": _chatter,
    "data_size": _data_size,
    "creating_train_net": _train_net,
    "creating_test_net": _test_net,
    "scaffolding_done": _milestone("scaffolding"),
    "starting_optimization": _milestone("optimization"),
    "solving": _milestone("solving"),
    "lr_policy": _milestone("lr_policy"),
    "time_done": _milestone("time_done"),
    "test_done": _milestone("test_done"),
    "use_cpu": _start(mode="CPU"),
    "using_gpus": _gpus,
    "use_gpu": _gpus,
    "gpu_name": _start(mode="GPU", device="name device nv_name"),
    "nvcaffe_banner": _start(version="version"),
    "device_query": _start("device_query"),
    "device_name": _start(mode="GPU", device="name"),
    "test_command": _start("test"),
    "time_command": _start("time"),
}
