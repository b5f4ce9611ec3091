"""One log as the report sees it: rows as plain mappings, the net that leads, and the anchors of rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from logparse import formats
from logparse.audit.finders import found_in
from logparse.audit.finding import AuditedLog
from logparse.formats import capitalised
from logparse.rows import grouped, net_key, net_kind, net_name, rows_of, told_rank
from logparse.tables.table import kept_by

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from logparse.audit.finding import Finding
    from logparse.model import Attempt, LogFacts
    from logparse.rows import TableRow
    from logparse.tables.table import LogLike

LAYERS_PRINTED: Final = 1200  # rows of layer tables in one report of one log


@dataclass(frozen=True, slots=True)
class ReportedNet:
    """One net: its row of the table `nets`, its layers and blobs in order, and the prefix of its anchors."""

    row: TableRow
    layers: tuple[TableRow, ...]
    anchor: str
    title: str

    @property
    def kind(self) -> str:
        """What it is, in the middle of a sentence: "TRAIN net", "net"."""
        return net_kind(self.layers[0].get("phase"))

    @property
    def whole(self) -> bool:
        """Whether its set-up came to its end in the log; of a net without such a line nothing says that it did not."""
        return self.row.get("done") is not False

    def row_id(self, layer_index: object) -> str:
        """The anchor of a layer's row."""
        return f"{self.anchor}-{layer_index}"


@dataclass(frozen=True)
class ReportedLog:
    """One log with its place among the logs of the report; a table is built only where a section asks for it."""

    parsed: LogLike
    number: int = 1
    alone: bool = True

    @property
    def facts(self) -> LogFacts:
        """What was read."""
        return self.parsed.facts

    @property
    def prefix(self) -> str:
        """What all anchors of this log begin with; nothing where it is the only one."""
        return "" if self.alone else f"log{self.number}-"

    def frame(self, name: str) -> pd.DataFrame:
        """A table of the log."""
        return kept_by(self.parsed).table(name)

    def rows(self, name: str) -> tuple[TableRow, ...]:
        """A table's rows as mappings from column to raw value."""
        return tuple(rows_of(self.frame(name)))

    @cached_property
    def audited(self) -> AuditedLog:
        """The log as finders see it."""
        return AuditedLog(self.parsed)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, worst first."""
        return found_in(self.audited)

    @cached_property
    def nets(self) -> tuple[ReportedNet, ...]:
        """Every net that has layers, in the order of the log."""
        layers = grouped(self.rows("layers"), net_key)
        rows = {net_key(net): net for net in self.rows("nets")}
        numbered = any(not formats.is_na(net.get("test_index")) and net["test_index"] > 0 for net in rows.values())
        several = len({attempt for attempt, _ in layers}) > 1
        return tuple(
            ReportedNet(
                rows.get(key, {}),
                tuple(found),
                self.net_anchor(*key),
                _net_title(rows.get(key, found[0]), several=several, numbered=numbered),
            )
            for key, found in layers.items()
        )

    @cached_property
    def distinct_nets(self) -> tuple[tuple[ReportedNet, tuple[ReportedNet, ...]], ...]:
        """Nets that differ, each with the later ones that equal it layer by layer (a resumed run sets up the same)."""
        return tuple((same[0], tuple(same[1:])) for same in grouped(self.nets, _signature).values())

    @cached_property
    def printed_nets(self) -> tuple[tuple[ReportedNet, tuple[ReportedNet, ...]], ...]:
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
    def lead(self) -> ReportedNet | None:
        """The net that key figures and charts are about: the training net with most layers, else the largest.

        A net that was trained leads before any that was only set up, and of nets alike the last.
        """
        trained = {row["attempt"] for row in self.attempt_rows if row["last_iteration"] is not None}
        return max(self.nets, key=lambda net: told_rank(net.layers[0], len(net.layers), trained), default=None)

    @cached_property
    def attempt_rows(self) -> tuple[TableRow, ...]:
        """The table `attempts`: each with its outcome."""
        return self.rows("attempts")

    @cached_property
    def lead_attempt(self) -> TableRow | None:
        """The attempt that the head is about: that of the leading net, else the last that displays a loss."""
        rows = self.attempt_rows
        if self.lead is not None:
            return next(row for row in rows if row["attempt"] == self.lead.layers[0]["attempt"])
        shown = [row for row in rows if row["last_iteration"] is not None]
        return next(reversed(shown or rows), None)

    @property
    def loss_at_end(self) -> tuple[float | None, bool]:
        """The leading attempt's loss at its end, and whether it is smoothed; few displays and a nan are not."""
        row = self.lead_attempt or {}
        smoothed = row.get("smoothed_loss")
        if smoothed is None or row.get("loss_state") == "not_a_number":
            return row.get("last_loss"), False
        return smoothed, True

    def of_lead(self, name: str) -> tuple[TableRow, ...]:
        """The rows of a table that are of the leading attempt."""
        row = self.lead_attempt
        return () if row is None else tuple(one for one in self.rows(name) if one["attempt"] == row["attempt"])

    @property
    def lead_facts(self) -> Attempt | None:
        """The same attempt as it was read."""
        row = self.lead_attempt
        return None if row is None else next(one for one in self.attempts if one.index == row["attempt"])

    def net_anchor(self, attempt: object, net_index: object) -> str:
        """The anchor of a net's table; made of numbers alone, never of a log's text."""
        return f"{self.prefix}a{attempt}n{net_index}"

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
        return f"#{shown}" if formats.is_na(layer_index) else f"#{shown}-{layer_index}"

    def layer_target(self, row: TableRow) -> str:
        """The id of a layer's row, for a chart; empty where there is none."""
        return self.row_href(row).removeprefix("#")

    def row_href(self, row: TableRow) -> str:
        """A link to a layer's row in the layer table; empty for a row that knows no layer of the log."""
        if formats.is_na(row.get("layer_index")):
            return ""
        return self.layer_href(row["attempt"], row["net_index"], row["layer_index"])

    def linked(self, rows: Sequence[TableRow]) -> list[dict[str, Any]]:
        """Rows of layers, each with the link to its row in the layer table as `_href`."""
        return [{**row, "_href": self.row_href(row)} for row in rows]

    @property
    def file_name(self) -> str:
        """The log's name without its folder; Windows paths too."""
        return self.facts.source.name.replace("\\", "/").rsplit("/", 1)[-1]

    @property
    def attempts(self) -> Sequence[Attempt]:
        """The attempts as read."""
        return self.facts.attempts


def _net_title(net: TableRow, *, several: bool, numbered: bool) -> str:
    phase = net.get("phase")
    name = net_name(phase, net.get("test_index") if numbered else None, net.get("nested"))
    title = capitalised(name) if formats.is_na(phase) else name
    return f"Attempt {net['attempt']}, {title}" if several else title


def _signature(net: ReportedNet) -> tuple[Any, ...]:
    """What makes two nets equal: phase, place, and every layer's name, shape, bytes and costs."""
    first = net.layers[0]
    keys = ("layer", "type", "top_shape", "logged_bytes", "distinct_bytes", "params", "macs", "backward")
    head = (str(first.get("phase")), str(first.get("nested")))
    return (*head, *(str([layer.get(key) for key in keys]) for layer in net.layers))
