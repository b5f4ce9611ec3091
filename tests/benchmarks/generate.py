"""Large logs that are honest: every kind of line of a real run, numbers that change, seeded.

    python -m tests.benchmarks.generate --bytes 300e6 --dialect bvlc --kind solver -o solver.log

Kinds: `solver` is three lines a display (what the limits of the benchmark are stated for), `run` has tests,
snapshots, clipping, restarts of the data reader and waits besides. Both begin with the set-up of a small
convolutional net whose shapes and memory figures are right. Dialects: BVLC 1.0 (`bvlc`), rc2 of 2015 (`rc2`),
NVCaffe 0.17 (`nvcaffe`). The same arguments give the same bytes.
"""

from __future__ import annotations

import argparse
import math
import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KINDS: Final = ("solver", "run")
DISPLAYS_AT_ONCE: Final = 2_000
TEST_EVERY, SNAPSHOT_EVERY = 50, 500  # displays
DISPLAY: Final = 10  # iterations
DAY_S: Final = 86_400
_BATCH: Final = 100
SOLVER: Final = """\
base_lr: 0.001
display: 10
lr_policy: "inv"
snapshot_prefix: "cifar10"
type: "SGD"
gamma: 0.0001
power: 0.75
momentum: 0.9
weight_decay: 0.004"""

# --- the net ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Layer:
    """A layer of the benchmark's net; `shape` is of its first top, without the batch."""

    name: str
    type: str
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]
    shape: tuple[int, ...]
    body: str = ""
    backward: bool = True


def _conv(name: str, bottom: str, shape: tuple[int, ...], pad: int, kernel: int) -> Layer:
    body = f"convolution_param {{\n    num_output: {shape[0]}\n    pad: {pad}\n    kernel_size: {kernel}\n  }}"
    return Layer(name, "Convolution", (bottom,), (name,), shape, body)


def _pool(name: str, bottom: str, shape: tuple[int, ...]) -> Layer:
    body = "pooling_param {\n    pool: MAX\n    kernel_size: 3\n    stride: 2\n  }"
    return Layer(name, "Pooling", (bottom,), (name,), shape, body)


def _relu(name: str, blob: str, shape: tuple[int, ...]) -> Layer:
    return Layer(name, "ReLU", (blob,), (blob,), shape)


def _dense(name: str, bottom: str, outputs: int) -> Layer:
    body = f"inner_product_param {{\n    num_output: {outputs}\n  }}"
    return Layer(name, "InnerProduct", (bottom,), (name,), (outputs,), body)


_DATA: Final = 'data_param {\n    source: "examples/cifar10/lmdb"\n    batch_size: 100\n    backend: LMDB\n  }'
NET: Final = (
    Layer("cifar", "Data", (), ("data", "label"), (3, 32, 32), _DATA, backward=False),
    _conv("conv1", "data", (32, 32, 32), 2, 5),
    _pool("pool1", "conv1", (32, 16, 16)),
    _relu("relu1", "pool1", (32, 16, 16)),
    _conv("conv2", "pool1", (32, 16, 16), 2, 5),
    _relu("relu2", "conv2", (32, 16, 16)),
    _pool("pool2", "conv2", (32, 8, 8)),
    _conv("conv3", "pool2", (64, 8, 8), 2, 5),
    _relu("relu3", "conv3", (64, 8, 8)),
    _pool("pool3", "conv3", (64, 4, 4)),
    _dense("ip1", "pool3", 64),
    _dense("ip2", "ip1", 10),
    Layer("loss", "SoftmaxWithLoss", ("ip2", "label"), ("loss",), ()),
)


def _definition(phase: str) -> str:
    parts = [f'name: "CIFAR10_quick"\nstate {{\n  phase: {phase}\n}}']
    for layer in NET:
        wires = [*(f'  bottom: "{name}"' for name in layer.bottoms), *(f'  top: "{name}"' for name in layer.tops)]
        body = [f"  {layer.body}"] if layer.body else []
        parts.append("\n".join(["layer {", f'  name: "{layer.name}"', f'  type: "{layer.type}"', *wires, *body, "}"]))
    return "\n".join(parts)


def _shapes(layer: Layer) -> list[tuple[int, ...]]:
    if layer.type == "Data":
        return [(_BATCH, *layer.shape), (_BATCH,)]
    return [(_BATCH, *layer.shape) if layer.shape else ()]


# --- the dialects -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Dialect:
    """How one build prints. The templates of a display take clock, micros, iteration, rate, seconds, loss, lr."""

    display: str
    output: str
    rate: str
    test_output: str
    has_speed: bool
    running_memory: bool
    setup: Callable[[Dialect, str], Iterator[str]]
    header: str = "I{clock}.{micros:06d} 23669 {source}] {message}\n"


def _bvlc_setup(dialect: Dialect, phase: str) -> Iterator[str]:
    """The messages of Net::Init, BVLC's wording."""
    total = 0
    yield "net.cpp:53] Initializing net from parameters: \n" + _definition(phase)
    for layer in NET:
        yield f"layer_factory.hpp:77] Creating layer {layer.name}"
        yield f"net.cpp:86] Creating Layer {layer.name}"
        yield from (f"net.cpp:408] {layer.name} <- {bottom}" for bottom in layer.bottoms)
        place = " (in-place)" if layer.bottoms and layer.tops[0] == layer.bottoms[0] else ""
        yield from (f"net.cpp:382] {layer.name} -> {top}{place}" for top in layer.tops)
        yield f"net.cpp:124] Setting up {layer.name}"
        for shape in _shapes(layer):
            count = math.prod(shape)
            total += count
            yield f"net.cpp:131] Top shape: {''.join(f'{size} ' for size in shape)}({count})"
        if layer.type == "SoftmaxWithLoss":
            yield "net.cpp:134]     with loss weight 1"
        if dialect.running_memory:
            yield f"net.cpp:139] Memory required for data: {4 * total}"
    for layer in reversed(NET):
        needs = "needs" if layer.backward else "does not need"
        yield f"net.cpp:200] {layer.name} {needs} backward computation."
    yield "net.cpp:244] This network produces output loss"
    yield "net.cpp:257] Network initialization done."
    if not dialect.running_memory:
        yield f"net.cpp:261] Memory required for data: {4 * total}"


def _nvcaffe_setup(_dialect: Dialect, phase: str) -> Iterator[str]:
    """The messages of Net::Init, NVCaffe's wording."""
    yield "net.cpp:72] Initializing net from parameters: \n" + _definition(phase)
    for index, layer in enumerate(NET):
        yield f"layer_factory.hpp:136] Creating layer '{layer.name}' of type '{layer.type}'"
        yield f"net.cpp:177] Created Layer {layer.name} ({index})"
        yield from (f"net.cpp:572] {layer.name} <- {bottom}" for bottom in layer.bottoms)
        yield from (f"net.cpp:542] {layer.name} -> {top}" for top in layer.tops)
        yield f"net.cpp:265] Setting up {layer.name}"
        for shape in _shapes(layer):
            sizes = "".join(f"{size} " for size in shape)
            yield f"net.cpp:272] {phase} Top shape for layer {index} '{layer.name}' {sizes}({math.prod(shape)})"
        if layer.type == "SoftmaxWithLoss":
            yield "net.cpp:276]     with loss weight 1"
    for layer in reversed(NET):
        needs = "needs" if layer.backward else "does not need"
        yield f"net.cpp:341] {layer.name} {needs} backward computation."
    yield "net.cpp:385] This network produces output loss"
    yield "net.cpp:408] Network initialization done."


DIALECTS: Final = {
    "bvlc": Dialect(
        display="I%s.%06d 23669 solver.cpp:239] Iteration %d (%s iter/s, %ss/10 iters), loss = %s\n",
        output="I%s.%06d 23669 solver.cpp:258]     Train net output #0: loss = %s (* 1 = %s loss)\n",
        rate="I%s.%06d 23669 sgd_solver.cpp:112] Iteration %d, lr = %s\n",
        test_output="solver.cpp:414]     Test net output",
        has_speed=True,
        running_memory=True,
        setup=_bvlc_setup,
    ),
    "rc2": Dialect(
        display="I%s.%06d 23669 solver.cpp:191] Iteration %d, loss = %s\n",
        output="I%s.%06d 23669 solver.cpp:206]     Train net output #0: loss = %s (* 1 = %s loss)\n",
        rate="I%s.%06d 23669 solver.cpp:403] Iteration %d, lr = %s\n",
        test_output="solver.cpp:315]     Test net output",
        has_speed=False,
        running_memory=False,
        setup=_bvlc_setup,
    ),
    "nvcaffe": Dialect(
        display="I%s.%06d 23669 solver.cpp:337]     [0.0] Iteration %d (%s iter/s, %ss/10 iter), 1.1/10.7ep,"
        " loss = %s\n",
        output="I%s.%06d 23669 solver.cpp:363]     [0.0]     Train net output #0: loss = %s (* 1 = %s loss)\n",
        rate="I%s.%06d 23669 sgd_solver.cpp:180] [0.0] Iteration %d, lr = %s, m = 0.9, lrm = 0.1, wd = 0.0005,"
        " gs = 1\n",
        test_output="solver.cpp:581]     (0.0)    Test net output",
        has_speed=True,
        running_memory=False,
        setup=_nvcaffe_setup,
    ),
}

# --- the log ------------------------------------------------------------------------------------------------


class Writer:
    """A run of one dialect, piece by piece; time goes on from line to line."""

    def __init__(self, dialect: Dialect, kind: str, seed: int) -> None:
        self._dialect = dialect
        self._kind = kind
        self._random = random.Random(seed)  # noqa: S311 - numbers to read, not secrets
        self._time = 11 * 30 * DAY_S + 10 * 3600.0
        self._iteration = 0

    def pieces(self) -> Iterator[str]:
        """The set-up, then displays without end."""
        yield self._setup()
        while True:
            yield "".join(self._display(number) for number in range(DISPLAYS_AT_ONCE))

    def _setup(self) -> str:
        messages = [
            "caffe.cpp:197] Use CPU.",
            "solver.cpp:45] Initializing solver from parameters: \n" + SOLVER,
            "solver.cpp:102] Creating training net from net file: cifar10_quick.prototxt",
            *self._dialect.setup(self._dialect, "TRAIN"),
            "solver.cpp:190] Creating test net (#0) specified by net file: cifar10_quick.prototxt",
            *self._dialect.setup(self._dialect, "TEST"),
            "solver.cpp:57] Solver scaffolding done.",
            "caffe.cpp:239] Starting Optimization",
            "solver.cpp:289] Solving CIFAR10_quick",
            "solver.cpp:290] Learning Rate Policy: inv",
        ]
        return "".join(map(self._line, messages))

    def _line(self, place_and_message: str, thread: int = 23669) -> str:
        clock, micros = self._clock()
        return f"I{clock}.{micros:06d} {thread} {place_and_message}\n"

    def _clock(self) -> tuple[str, int]:
        self._time += self._random.random() * 1e-4
        whole = int(self._time)
        day, second = divmod(whole, DAY_S)
        clock = f"{day // 28 % 12 + 1:02}{day % 28 + 1:02} {second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
        return clock, int((self._time - whole) * 1e6)

    def _display(self, number: int) -> str:
        """Three lines, and what a real run prints around them."""
        draw = self._random.random
        elapsed = 0.5 + 10 * draw()
        self._time += elapsed
        iteration = self._iteration
        self._iteration += DISPLAY
        loss = f"{2.3 * math.exp(-iteration / 3e6) * (0.2 + draw()):.6g}"
        own = f"{2.3 * math.exp(-iteration / 3e6) * (0.2 + draw()):.6g}"
        speed = (f"{DISPLAY / elapsed:.6g}", f"{elapsed:.6g}") if self._dialect.has_speed else ()
        rate = f"{0.001 * (1 + 0.0001 * iteration) ** -0.75:.6g}"
        clock, micros = self._clock()
        lines = (
            self._dialect.display % (clock, micros, iteration, *speed, loss)
            + self._dialect.output % (clock, min(micros + 60, 999_999), own, own)
            + self._dialect.rate % (clock, min(micros + 90, 999_999), iteration, rate)
        )
        return lines if self._kind == "solver" else self._around(number, iteration, lines)

    def _around(self, number: int, iteration: int, lines: str) -> str:
        draw = self._random.random
        before = []
        if number % TEST_EVERY == 0:
            before.append(f"solver.cpp:347] Iteration {iteration}, Testing net (#0)")
            before.append("blocking_queue.cpp:49] Waiting for data")
            before.append(f"{self._dialect.test_output} #0: accuracy = {0.5 + 0.4 * draw():.4g}")
            value = f"{1.5 * draw():.6g}"
            before.append(f"{self._dialect.test_output} #1: loss = {value} (* 1 = {value} loss)")
        if number % SNAPSHOT_EVERY == 0:
            path = f"snap/cifar10_iter_{iteration}"
            before.append(f"solver.cpp:464] Snapshotting to binary proto file {path}.caffemodel")
            before.append(f"sgd_solver.cpp:284] Snapshotting solver state to binary proto file {path}.solverstate")
        norm = 35 + 30 * draw()
        clipping = f"(L2 norm {norm:.6g} > 35) by scale factor {35 / norm:.6g}"
        after = [f"sgd_solver.cpp:99] Gradient clipping: scaling down gradients {clipping}"] if draw() < 0.1 else []
        restart = "data_layer.cpp:73] Restarting data prefetching from start."
        reader = self._line(restart, thread=23699) if number % 7 == 0 else ""
        return "".join(map(self._line, before)) + lines + reader + "".join(map(self._line, after))


def write(path: Path, size: int, dialect: str = "bvlc", kind: str = "solver", seed: int = 1) -> int:
    """Write a log of at least `size` bytes; returns its size. The run ends as it would: with a snapshot, done."""
    written = 0
    writer = Writer(DIALECTS[dialect], kind, seed)
    with path.open("wb") as file:
        for piece in writer.pieces():
            written += file.write(piece.encode())
            if written >= size:
                break
        end = "solver.cpp:464] Snapshotting to binary proto file snap/cifar10_iter_last.caffemodel"
        for message in (end, "solver.cpp:332] Optimization Done.", "caffe.cpp:250] Optimization Done."):
            written += file.write(writer._line(message).encode())
    return written


def main() -> None:
    """Write one log, as asked on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--bytes", type=float, default=3e6, help="size of the log (default: 3e6)")
    parser.add_argument("--dialect", choices=sorted(DIALECTS), default="bvlc")
    parser.add_argument("--kind", choices=KINDS, default="solver")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    print(write(arguments.output, int(arguments.bytes), arguments.dialect, arguments.kind, arguments.seed), "bytes")


if __name__ == "__main__":
    main()
