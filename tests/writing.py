"""Logs written for tests, as BVLC Caffe prints them: nets from a few layers, runs from displays, tests and snapshots.

`net` gives the lines of a net's set-up, `Writer` the lines of a run with a clock that goes on; `cells` shows a table
as plain values. Shapes are written as Caffe prints them: `2 3 4 4 (96)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from logparse import parse_log

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from logparse.api import Log

STAMP: Final = "I1124 10:00:00.000000 23669"
INITIALISED: Final = f"{STAMP} net.cpp:1] Network initialization done.\n"


@dataclass(frozen=True)
class Layer:
    """A layer of a net that is written here: `shapes` are its tops' in order, `more` the rest of its definition."""

    name: str
    type: str
    bottoms: tuple[str, ...] = ()
    tops: tuple[str, ...] = ()
    shapes: tuple[str, ...] = ()
    more: str = ""
    backward: bool | None = None

    @property
    def definition(self) -> str:
        """Its message in the net's dump, on one line."""
        wires = [f'bottom: "{one}"' for one in self.bottoms] + [f'top: "{one}"' for one in self.tops]
        return " ".join(filter(None, [f'layer {{ name: "{self.name}" type: "{self.type}"', *wires, self.more, "}"]))

    @property
    def count(self) -> int:
        """How many values its tops hold."""
        return sum(int(shape.rpartition("(")[2].rstrip(")")) for shape in self.shapes)


def data(shape: str = "2 3 4 4 (96)", **more: Any) -> Layer:  # noqa: ANN401 - fields of Layer
    """The net's input."""
    dims = " ".join(f"dim: {dim}" for dim in shape.split()[:-1])
    return Layer("data", "Input", (), ("data",), (shape,), f"input_param {{ shape {{ {dims} }} }}", **more)


def line(message: str, file: str = "net.cpp", severity: str = "I") -> str:
    """One line at ten o'clock."""
    return f"{severity}{STAMP[1:]} {file}:1] {message}\n"


def memory(size: int) -> str:
    """The running memory line."""
    return line(f"Memory required for data: {size}")


def set_up(layer: Layer, running: int) -> str:
    """The lines of a layer's set-up, with the running memory line's figure after it."""
    messages = [
        f"Creating Layer {layer.name}",
        *(f"{layer.name} <- {bottom}" for bottom in layer.bottoms),
        *(f"{layer.name} -> {top}{' (in-place)' * (top in layer.bottoms)}" for top in layer.tops),
        f"Setting up {layer.name}",
        *(f"Top shape: {shape}" for shape in layer.shapes),
    ]
    return "".join(map(line, messages)) + memory(running)


def net(
    layers: Sequence[Layer],
    *,
    phase: str = "TRAIN",
    name: str = "N",
    done: bool = True,
    dump: bool = True,
    value_bytes: int = 4,
) -> str:
    """The lines of a net's set-up, with its definition unless `dump` is false."""
    text = ""
    if dump:
        definitions = "".join(f"{layer.definition}\n" for layer in layers)
        text = line("Initializing net from parameters: ") + f'name: "{name}"\nstate {{ phase: {phase} }}\n{definitions}'
    running = 0
    for layer in layers:
        running += value_bytes * layer.count
        text += set_up(layer, running)
    for layer in reversed(layers):
        if layer.backward is not None:
            text += line(f"{layer.name} {'needs' if layer.backward else 'does not need'} backward computation.")
    return text + (INITIALISED if done else "")


def solver(settings: str = "base_lr: 0.1\n") -> str:
    """The lines with which a solver starts."""
    return line("Initializing solver from parameters: ", "solver.cpp") + settings


def read(*parts: str) -> Log:
    """These parts of a log, read."""
    return parse_log("".join(parts).encode())


class Writer:
    """Writes a log as Caffe would: each message a given time after the one before."""

    def __init__(self, solver: str = "", *, start: bool = True) -> None:
        self.now = 36_000.0
        self.lines: list[str] = []
        if solver:
            self.say("Initializing solver from parameters: ")
            self.lines.append(solver)
        if start:
            self.say("Starting Optimization", file="caffe.cpp")

    def say(self, message: str, after_s: float = 0.0, file: str = "solver.cpp", severity: str = "I") -> int:
        """Write one message; its line number."""
        self.now += after_s
        clock = f"{int(self.now // 3600):02d}:{int(self.now // 60) % 60:02d}:{self.now % 60:09.6f}"
        self.lines.append(f"{severity}1124 {clock} 23669 {file}:1] {message}\n")
        return self.number

    def bare(self, text: str) -> int:
        """Write a line without a header; its line number."""
        self.lines.append(f"{text}\n")
        return self.number

    @property
    def number(self) -> int:
        """How many lines there are."""
        return "".join(self.lines).count("\n")

    def show(self, iteration: int, loss: float | str, after_s: float = 1.0, lr: float | None = None) -> int:
        """Write a display with its one output; the line number of the display."""
        text = loss if isinstance(loss, str) else f"{loss:.6g}"
        line = self.say(f"Iteration {iteration} (1 iter/s, 1s/20 iters), loss = {text}", after_s)
        self.say(f"    Train net output #0: loss = {text} (* 1 = {text} loss)")
        if lr is not None:
            self.say(f"Iteration {iteration}, lr = {lr:g}", file="sgd_solver.cpp")
        return line

    def test(
        self,
        iteration: int,
        outputs: Mapping[str, float | str] | None = None,
        *,
        seconds: float = 1.0,
        net: int = 0,
        **values: float | str,
    ) -> int:
        """Write a test and its outputs, by name; the line number of the last of them."""
        self.say(f"Iteration {iteration}, Testing net (#{net})")
        for place, (name, value) in enumerate({**(outputs or {}), **values}.items()):
            weight = f" (* 1 = {value} loss)" if "loss" in name else ""
            self.say(f"    Test net output #{place}: {name} = {value}{weight}", 0.0 if place else seconds)
        return self.number

    def save(self, iteration: int, seconds: float = 0.0) -> int:
        """Write both lines of a snapshot; the number of the first."""
        line = self.say(f"Snapshotting to binary proto file snap/net_iter_{iteration}.caffemodel")
        state = f"Snapshotting solver state to binary proto file snap/net_iter_{iteration}.solverstate"
        self.say(state, seconds, "sgd_solver.cpp")
        return line

    @property
    def text(self) -> str:
        """The log so far."""
        return "".join(self.lines)

    def log(self) -> Log:
        """The log so far, read."""
        return read(self.text)


def trained(losses: Iterable[float | str], *, lr: float | None = None, writer: Writer | None = None) -> Writer:
    """A run that displays these losses, every 20 iterations."""
    writer = writer or Writer()
    for place, loss in enumerate(losses):
        writer.show(20 * place, loss, lr=lr)
    return writer


def cells(frame: pd.DataFrame, *columns: str) -> dict[str, list[Any]]:
    """Each column (all unless some are named) as a list of plain values: NA is None, a printed nan stays nan."""
    import pandas as pd

    def plain(value: Any) -> Any:  # noqa: ANN401 - a cell
        if value is pd.NA or value is pd.NaT or value is None:
            return None
        if isinstance(value, pd.Timestamp):
            return value.isoformat()
        return value.item() if hasattr(value, "item") else value

    names = columns or tuple(map(str, frame.columns))
    return {name: [plain(value) for value in frame[name]] for name in names}
