"""What a method of compression is: a row that command, library, documentation and tests read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from logparse.cost.memory.layer import LayerMemory
    from logparse.cost.stored.encoding import Encoding
    from logparse.cost.whatif.parts import Chain
    from logparse.cost.whatif.surgery import Operation


class Turn(IntEnum):
    """When a method is applied: all methods of one step before those of the next, whatever order they are given in."""

    CHANNELS = 1
    LAYERS = 2
    ZEROS = 3
    VALUES = 4
    CODES = 5

    @property
    def words(self) -> str:
        """What the methods of this turn are about."""
        return ("Channels", "Other layers", "Zeros", "Values", "Codes")[self - 1]


class Setting(NamedTuple):
    """A setting of a method: its name, what reads it (ValueError: what it should be), its form in words, its meaning.

    `default` is its value where it is not given; None means that there is none.
    """

    name: str
    read: Callable[[str], Any]
    form: str
    meaning: str
    default: Any = None


Given: TypeAlias = Mapping[str, Any]  # settings by name, each as its `read` made it
Replacing: TypeAlias = "Callable[[LayerMemory, Given], tuple[Chain, str]]"
Operating: TypeAlias = "Callable[[Operation, Sequence[str], Given], tuple[str, ...]]"
Encoded: TypeAlias = "Callable[[Encoding, Given], Encoding]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One row.

    `on` says which layers it is for, `does` what it does. `settings` are its own, of which exactly one set of `needs`
    must be given (none where it is empty). `assumes` is what is taken for granted wherever it is used, `unknown` what
    no log tells. Exactly one of three makes it: `replaces` gives a chain of layers in the place of one, `operates`
    works on a net and on all layers that are asked for (`together`) or one after the other, `encodes` changes how
    weights are stored: of `matrices` alone, or of any weights.
    """

    key: str
    step: Turn
    on: str
    does: str
    assumes: tuple[str, ...]
    unknown: str
    source: str
    settings: tuple[Setting, ...] = ()
    needs: tuple[tuple[str, ...], ...] = ()
    replaces: Replacing | None = None
    operates: Operating | None = None
    encodes: Encoded | None = None
    together: bool = False
    kinds: tuple[str, ...] = ()  # of layers whose weights it can store; empty: all

    @property
    def example(self) -> str:
        """How it is asked for, with its settings in words."""
        needed = self.needs[0] if self.needs else ()
        forms = {one.name: one.form for one in self.settings}
        shown = ",".join(f"{name}={forms[name].split('|')[0]}" for name in needed)
        return f"{self.key}:{shown}" if shown else self.key
