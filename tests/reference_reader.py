"""A slow, obvious reader of the solver's lines: one regex a line, one object a line.

Written apart from logparse/reading, from Caffe's sources and the public dialects. What the product reads of any
log must equal what this reads.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Values = dict[str, float | int | str]

NAN: Final = float("nan")
NUMBER: Final = r"[-+]?(?:[0-9.]+(?:[eE][-+]?[0-9]+)?(?:#[A-Z]+)?|nan|inf)"
AFTER: Final = r"(?:[\s,;|(\[].*)?"
RANK: Final = r"\s*(?:[\[(][0-9.]+[\])]\s*)?"
HEADERS: Final = (
    r"[IWEF](?:\d{4})?(?P<month>\d\d)(?P<day>\d\d)\s+(?P<clock>[\d:.]+)\s+\d+\s+[^\]]*?:\d+\] ",
    r"INFO - (?P<clock>[\d:]+) - ",
    r"\d{9,10}\s+INFO: \S+ : line \d+ : ",
    r"[IWEF](?P<month>\d\d)(?P<day>\d\d) (?:\d+ )?\S+:\d+\] ",
)
MESSAGES: Final = {
    "display": (
        rf"{RANK}Iteration:? (?P<iteration>\d+)(?:/\d+)?"
        rf"(?: \((?:(?P<rate>{NUMBER}) iter/s(?:, (?P<seconds>{NUMBER})s/(?P<interval>{NUMBER}) iters?)?"
        rf"|(?P<only_seconds>{NUMBER}) s|[^()=]*)\))?(?:, (?P<epoch>{NUMBER})/{NUMBER} ?ep)?"
        rf"(?:, (?:(?!loss)[^=])*)?,? (?:[a-zA-Z]+ )?loss ?[=:] ?(?P<loss>{NUMBER}){AFTER}"
    ),
    "train_output": (
        rf"{RANK}Train net output #(?P<index>\d+): (?P<name>.*?) = ?(?P<value>{NUMBER})"
        rf"(?: ?\(\\?\* (?P<weight>{NUMBER}) = (?P<weighted>{NUMBER}) loss\))?"
    ),
    "test_output": (
        rf"{RANK}Test net output (?:mAP )?#(?P<index>\d+): (?P<name>.*?) = ?(?P<value>{NUMBER})"
        rf"(?: ?\(\\?\* (?P<weight>{NUMBER}) = (?P<weighted>{NUMBER}) loss\))?"
    ),
    "test_score": rf"Test score # ?(?P<index>\d+): (?P<value>{NUMBER})",
    "test_start": rf"{RANK}(?:Iteration (?P<iteration>\d+), )?Testing net(?: \(#(?P<net>\d+)\))?",
    "test_loss": rf"{RANK}Test loss: (?P<loss>{NUMBER})",
    "lr": (
        rf"{RANK}Iteration (?P<iteration>\d+)(?: \([^()=]*\))?(?:, [^=]*)?, lr = (?P<lr>{NUMBER})"
        rf"(?:, m = (?P<momentum>{NUMBER}))?(?:, lrm = {NUMBER})?(?:, wd = (?P<decay>{NUMBER}))?"
        rf"(?:, gs = (?P<scale>{NUMBER}))?{AFTER}"
    ),
    "clipping": (
        rf"Gradient clipping: scaling down gradients \(L2 norm (?P<norm>{NUMBER}) > (?P<threshold>{NUMBER})\)"
        rf" by scale factor (?P<factor>{NUMBER})"
    ),
    "debug": (
        rf"\s*(?:\[debug_info\] )?\[(?P<stage>Forward|Backward)\] Layer (?P<layer>.*),"
        r" (?P<part>top|bottom|param) blob (?P<blob>.*)"
        rf" (?:data|diff): (?:(?P<value>{NUMBER})|{NUMBER} \((?P<mean>{NUMBER})\))"
    ),
    "timing": rf"\s*(?P<layer>\S.*?)\s+(?P<direction>forward|backward): (?P<ms>{NUMBER})"
    r" (?P<unit>ms|milliseconds|seconds)\.",
    "layer_time": (
        rf"LAYER-(?P<index>\d+) (?P<type>\S.*): (?P<direction>forward|backward|update)_time: (?P<ms>{NUMBER}) ms"
    ),
    "test_batch": rf"Batch (?P<batch>\d+), (?P<name>.*?)(?: = |: ?)(?P<value>{NUMBER})",
    "product": (
        rf"(?P<layer>\S.*?)\s+group (?P<group>\d+): A\((?P<rows>\d+)x(?P<inner>\d+)(?: nnz:(?P<weights>\d+))?\)"
        rf"\*B\(\d+x(?P<columns>\d+)\)=C\(.*\) (?P<bytes>\d+) B/ (?P<us>{NUMBER}) us = .* MB/s"
    ),
}
_HEADERS: Final = [re.compile(form) for form in HEADERS]
_MESSAGES: Final = {kind: re.compile(form) for kind, form in MESSAGES.items()}


@dataclass(frozen=True)
class Row:
    """One line: `cells` by column of SERIES_COLUMNS, names as text."""

    series: str
    line: int
    month_day: int | None
    seconds: float | None
    cells: Values


def read_rows(text: bytes) -> Iterator[Row]:
    """The solver's rows of a log, in its order."""
    for number, line in enumerate(text.decode("utf-8", "replace").replace("\r", "").split("\n"), 1):
        row = _row(number, line)
        if row is not None:
            yield row


def _row(number: int, line: str) -> Row | None:
    header = next((match for form in _HEADERS if (match := form.search(line))), None)
    if header is None:
        return None
    message = line[header.end() :].rstrip()
    for kind, form in _MESSAGES.items():
        match = form.fullmatch(message)
        if match:
            clock = header.groupdict()
            series = "test_output" if kind == "test_score" else kind
            return Row(series, number, _month_day(clock), _seconds(clock), _VALUES[kind](match))
    return None


def _month_day(clock: dict[str, str | None]) -> int | None:
    month, day = clock.get("month"), clock.get("day")
    return None if month is None or day is None else int(month + day)


def _seconds(clock: dict[str, str | None]) -> float | None:
    text = clock.get("clock")
    if text is None:
        return None
    hours, minutes, seconds = text.split(":")
    whole, _, fraction = seconds.partition(".")
    return int(hours) * 3600 + int(minutes) * 60 + int(whole) + (float(f"0.{fraction}") if fraction else 0.0)


def _number(text: str | None) -> float:
    if text is None or "#" in text:
        sign = -1.0 if text is not None and text.startswith("-") else 1.0
        return sign * float("inf") if text is not None and text.endswith("INF") else NAN
    return float(text)


def _whole(text: str | None) -> int:
    return -1 if text is None else int(text)


def _display(match: re.Match[str]) -> Values:
    return {
        "iteration": int(match["iteration"]),
        "loss": _number(match["loss"]),
        "iterations_per_second": _number(match["rate"]),
        "seconds": _number(match["seconds"] or match["only_seconds"]),
        "interval": _number(match["interval"]),
        "epoch": _number(match["epoch"]),
    }


def _output(match: re.Match[str]) -> Values:
    return {
        "index": int(match["index"]),
        "name": match["name"].strip(),
        "value": _number(match["value"]),
        "loss_weight": _number(match["weight"]),
        "weighted_loss": _number(match["weighted"]),
    }


def _score(match: re.Match[str]) -> Values:
    value = _number(match["value"])
    return {"index": int(match["index"]), "name": "score", "value": value, "loss_weight": NAN, "weighted_loss": NAN}


def _test_start(match: re.Match[str]) -> Values:
    return {"iteration": _whole(match["iteration"]), "net": _whole(match["net"])}


def _lr(match: re.Match[str]) -> Values:
    return {
        "iteration": int(match["iteration"]),
        "lr": _number(match["lr"]),
        "momentum": _number(match["momentum"]),
        "weight_decay": _number(match["decay"]),
        "gradient_scale": _number(match["scale"]),
    }


def _debug(match: re.Match[str]) -> Values:
    names = {name: match[name] for name in ("layer", "part", "blob")}
    return {"stage": int(match["stage"] == "Backward"), **names, "value": _number(match["value"] or match["mean"])}


def _timing(match: re.Match[str]) -> Values:
    ms = _number(match["ms"]) * (1000 if match["unit"] == "seconds" else 1)
    way = int(match["direction"] == "backward")
    return {"layer": match["layer"], "direction": way, "ms": ms, "is_sum": int(match["unit"] != "ms")}


def _layer_time(match: re.Match[str]) -> Values:
    way = ("forward", "backward", "update").index(match["direction"])
    return {"layer_index": int(match["index"]), "type": match["type"], "direction": way, "ms": _number(match["ms"])}


def _test_batch(match: re.Match[str]) -> Values:
    return {"batch": int(match["batch"]), "name": match["name"], "value": _number(match["value"])}


def _product(match: re.Match[str]) -> Values:
    weights = int(match["weights"] or int(match["rows"]) * int(match["inner"]))
    numbers = {"group": int(match["group"]), "macs": weights * int(match["columns"]), "bytes": int(match["bytes"])}
    return {"layer": match["layer"], **numbers, "ms": _number(match["us"]) / 1000}


_VALUES: Final[dict[str, Callable[[re.Match[str]], Values]]] = {
    "display": _display,
    "train_output": _output,
    "test_output": _output,
    "test_score": _score,
    "test_start": _test_start,
    "test_loss": lambda match: {"loss": _number(match["loss"])},
    "lr": _lr,
    "clipping": lambda match: {name: _number(match[name]) for name in ("norm", "threshold", "factor")},
    "debug": _debug,
    "timing": _timing,
    "layer_time": _layer_time,
    "test_batch": _test_batch,
    "product": _product,
}
