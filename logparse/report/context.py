"""One log as the report sees it: rows as plain mappings, the net that leads, and the anchors of rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol

from logparse import formats
from logparse.tables.frame import records

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from logparse.model import Attempt, LogFacts

Record = Mapping[str, Any]


LAYERS_PRINTED: Final = 1200  # rows of layer tables in one report of one log


class LogLike(Protocol):
    """What the report needs of a log: what was read, and its tables by name."""

    @property
    def facts(self) -> LogFacts:
        """What was read."""

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Its tables by name; each is built when it is asked for, and kept."""


@dataclass(frozen=True, slots=True)
class NetRows:
    """One net: its row of the table `nets`, its layers and blobs in order, and the prefix of its anchors."""

    net: Record
    layers: tuple[Record, ...]
    anchor: str
    title: str

    @property
    def kind(self) -> str:
        """What it is, in the middle of a sentence: "TRAIN net", "net"."""
        phase = self.layers[0].get("phase")
        return "net" if formats.is_na(phase) else f"{phase} net"

    def row_id(self, layer_index: object) -> str:
        """The anchor of a layer's row."""
        return f"{self.anchor}-layer{layer_index}"


@dataclass(frozen=True)
class Context:
    """One log with its place among the logs of the report."""

    log: LogLike
    number: int = 1
    alone: bool = True

    @property
    def facts(self) -> LogFacts:
        """What was read."""
        return self.log.facts

    @property
    def prefix(self) -> str:
        """What all anchors of this log begin with; nothing where it is the only one."""
        return "" if self.alone else f"log{self.number}-"

    def frame(self, name: str) -> pd.DataFrame:
        """A table of the log."""
        return self.log.tables[name]

    def records(self, name: str) -> tuple[Record, ...]:
        """A table's rows as mappings from column to raw value."""
        return tuple(records(self.frame(name)))

    @cached_property
    def nets(self) -> tuple[NetRows, ...]:
        """Every net that has layers, in the order of the log."""
        layers: dict[tuple[Any, Any], list[Record]] = {}
        for record in self.records("layers"):
            layers.setdefault((record["attempt"], record["net_index"]), []).append(record)
        rows = {(net["attempt"], net["net_index"]): net for net in self.records("nets")}
        numbered = any(not formats.is_na(net.get("test_index")) and net["test_index"] > 0 for net in rows.values())
        several = len({attempt for attempt, _ in layers}) > 1
        return tuple(
            NetRows(
                rows.get(key, {}),
                tuple(found),
                self.net_anchor(*key),
                _net_title(rows.get(key, found[0]), several=several, numbered=numbered),
            )
            for key, found in layers.items()
        )

    @cached_property
    def distinct_nets(self) -> tuple[tuple[NetRows, tuple[NetRows, ...]], ...]:
        """Nets that differ, each with the later ones that equal it layer by layer (a resumed run sets up the same)."""
        groups: dict[tuple[Any, ...], list[NetRows]] = {}
        for net in self.nets:
            groups.setdefault(_signature(net), []).append(net)
        return tuple((found[0], tuple(found[1:])) for found in groups.values())

    @cached_property
    def printed_nets(self) -> tuple[tuple[NetRows, tuple[NetRows, ...]], ...]:
        """The distinct nets whose layers are printed: all, unless they are very many; the leading one always."""
        printed = []
        rows = 0 if self.lead is None else len(self.lead.layers)
        for first, others in self.distinct_nets:
            leads = self.lead is not None and self.lead.anchor in {net.anchor for net in (first, *others)}
            if leads or rows + len(first.layers) <= LAYERS_PRINTED:
                printed.append((first, others))
                rows += 0 if leads else len(first.layers)
        return tuple(printed)

    @cached_property
    def lead(self) -> NetRows | None:
        """The net that key figures and charts are about: the training net with most layers, else the largest."""
        outer = [net for net in self.nets if formats.is_na(net.layers[0].get("nested"))]
        train = [net for net in outer if net.layers[0].get("phase") == "TRAIN"]
        return max(train or outer or self.nets, key=lambda net: len(net.layers), default=None)

    def net_anchor(self, attempt: object, net_index: object) -> str:
        """The anchor of a net's table; made of numbers alone, never of a log's text."""
        return f"{self.prefix}attempt{attempt}-net{net_index}"

    @cached_property
    def _shown(self) -> Mapping[str, str]:
        """Anchor of a net → anchor of the equal net that is printed."""
        return {net.anchor: first.anchor for first, others in self.printed_nets for net in (first, *others)}

    def layer_href(self, attempt: object, net_index: object, layer_index: object) -> str:
        """A link to the row of a layer; empty where there is none."""
        if formats.is_na(attempt) or formats.is_na(net_index):
            return ""
        shown = self._shown.get(self.net_anchor(attempt, net_index))
        if shown is None:
            return ""
        return f"#{shown}" if formats.is_na(layer_index) else f"#{shown}-layer{layer_index}"

    def layer_target(self, row: Record) -> str:
        """The id of a layer's row, for a chart; empty where there is none."""
        return self.layer_href(row["attempt"], row["net_index"], row["layer_index"]).removeprefix("#")

    def linked(self, rows: Sequence[Record]) -> list[dict[str, Any]]:
        """Rows of layers, each with the link to its row in the layer table as `_href`."""
        return [{**row, "_href": self.layer_href(row["attempt"], row["net_index"], row["layer_index"])} for row in rows]

    @property
    def file_name(self) -> str:
        """The log's name without its folder; Windows paths too."""
        return self.facts.source.name.replace("\\", "/").rsplit("/", 1)[-1]

    @property
    def attempts(self) -> Sequence[Attempt]:
        """The attempts as read."""
        return self.facts.attempts


def layer_name(record: Record) -> str:
    """A layer's name; a shape line without its layer has none."""
    return "(unnamed)" if formats.is_na(record.get("layer")) else str(record["layer"])


def _net_title(net: Record, *, several: bool, numbered: bool) -> str:
    phase = "Net" if formats.is_na(net.get("phase")) else f"{net['phase']} net"
    test = net.get("test_index")
    number = "" if formats.is_na(test) or not numbered else f" #{test}"
    nested = net.get("nested")
    inside = "" if formats.is_na(nested) else f" inside {nested}"
    attempt = f"Attempt {net['attempt']}, " if several else ""
    return f"{attempt}{phase}{number}{inside}"


def _signature(net: NetRows) -> tuple[Any, ...]:
    """What makes two nets equal: phase, place, and every layer's name, shape, bytes and costs."""
    first = net.layers[0]
    keys = ("layer", "type", "top_shape", "logged_bytes", "distinct_bytes", "params", "macs", "backward")
    head = (str(first.get("phase")), str(first.get("nested")))
    return (*head, *(str([layer.get(key) for key in keys]) for layer in net.layers))
