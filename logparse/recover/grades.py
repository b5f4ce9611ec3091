"""What recovering gives: layers with their grades, the fields that stay open, the text; and what can go wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from logparse.errors import UsageError

if TYPE_CHECKING:
    from logparse.textproto import Message


class RecoverError(UsageError):
    """What is asked for is not in the log: no such attempt, no net, no solver."""


class Grade(StrEnum):
    """How a layer's definition came about; the order is the order of trust."""

    VERBATIM = "verbatim"  # the log prints the whole definition
    REBUILT = "rebuilt"  # its fields follow from shapes, edges and what the rest of the net tells, each stated
    OPEN = "open"  # at least one field has several solutions, or none that the log tells


@dataclass(frozen=True, slots=True)
class OpenField:
    """A field that is left out, since the log does not fix it.

    `layer` is the layer's name, None for a field of the net or of the solver. `why` names the solutions that fit, or
    why there are none.
    """

    layer: str | None
    field: str
    why: str


@dataclass(frozen=True, slots=True)
class GradedLayer:
    """One layer of a recovered net.

    `type` is None where the log does not tell it. `nets` are those in which it stands: "TRAIN", "TEST #0" …. `stated`
    is what the fields of a rebuilt layer rest on.
    """

    name: str
    type: str | None
    nets: tuple[str, ...]
    grade: Grade
    stated: tuple[str, ...]
    open_fields: tuple[OpenField, ...]


@dataclass(frozen=True, slots=True)
class RecoveredNet:
    """A net's definition in text format, with what is known of each layer.

    `form` is "train_val", "train", "test" or "deploy"; `attempt` the start of the solver that it is of. `stages` are
    those that had to be made up to tell test nets apart, by their number (#K): a solver that trains from this text
    names them in its `test_state`. `open_fields` are those of all layers, and of the net itself.
    """

    text: str
    form: str
    attempt: int
    layers: tuple[GradedLayer, ...]
    open_fields: tuple[OpenField, ...]
    stages: tuple[tuple[int, str], ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether no field is open."""
        return not self.open_fields


@dataclass(frozen=True, slots=True)
class RecoveredSolver:
    """A solver's parameters in text format, as the log prints them, for a net in the file `net`."""

    text: str
    net: str
    attempt: int
    open_fields: tuple[OpenField, ...]

    @property
    def is_complete(self) -> bool:
        """Whether the log prints all of it."""
        return not self.open_fields


class DefinedLayer(NamedTuple):
    """One layer on its way into the text: its definition in today's form, and all that is said about it.

    `open` is (field, why).
    """

    message: Message
    grade: Grade
    stated: tuple[str, ...] = ()
    open: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """The layer's name."""
        return self.message.text("name")

    @property
    def bottoms(self) -> tuple[str, ...]:
        """What it reads."""
        return self.message.texts("bottom")

    @property
    def tops(self) -> tuple[str, ...]:
        """What it writes."""
        return self.message.texts("top")

    def saying(self, *words: str) -> DefinedLayer:
        """The same with more said about it."""
        return self._replace(stated=(*self.stated, *words))
