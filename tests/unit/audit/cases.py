"""A log for each kind of finding in which it speaks, what it says there, and a log as near to it in which it is silent.

Where a threshold decides, the one log stands on it and the other is the next on its other side. Whoever adds a
finding adds its case: `test_complete.py` tells who forgot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from logparse.audit.finders import Finding
from tests.unit.audit.cases_of_causes import CAUSES, RESUMES
from tests.writing import INITIALISED, Layer, Writer, data, line, net, solver, trained

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Case:
    """A log, the findings of one kind that it has, and a log without any."""

    speaks: str
    silent: str
    findings: tuple[Finding, ...]

    @property
    def kind(self) -> str:
        """What is found."""
        (kind,) = {one.kind for one in self.findings}
        return kind


def case(speaks: str, silent: str, *findings: Finding) -> Case:
    """A case, as a row of the tables below."""
    return Case(speaks, silent, findings)


def of_rank(rank: int, lines: str) -> str:
    """Lines as mpirun numbers them."""
    return "".join(f"[{rank}] {one}" for one in lines.splitlines(keepends=True))


# How attempts end -----------------------------------------------------------------------------------------------------

START: Final = solver("max_iter: 10\n")
SOLVING: Final = line("Solving N", "solver.cpp")
DONE: Final = line("Optimization Done.", "solver.cpp")
FATAL: Final = line("Check failed: a == b (1 vs. 2) the message", "layer.cpp", "F")
OUT: Final = line("Check failed: error == cudaSuccess (2 vs. 0)  out of memory", "syncedmem.cpp", "F")
SIGTERM: Final = "*** SIGTERM (@0x2360) received by PID 9057 (TID 0x7f592ea6a0c0) from PID 9056; stack trace: ***\n"
STOPPED: Final = line("Optimization stopped early.", "solver.cpp")
SHAPE: Final = "2 3 4 4 (96)"
CONV: Final = Layer(
    "conv", "Convolution", ("data",), ("conv",), (SHAPE,), "convolution_param { num_output: 3 kernel_size: 1 }"
)
RELU: Final = Layer("relu", "ReLU", ("conv",), ("relu",), (SHAPE,))
IN_PLACE: Final = Layer("relu", "ReLU", ("conv",), ("conv",), (SHAPE,))
HINGE: Final = Layer("hinge", "HingeLoss", ("data",), ("hinge",), ("(1)",), backward=True)
NET: Final = net([data(), CONV])
ENDLESS: Final = net([data(), CONV], done=False)
MANY_NAMES: Final = [  # each display with an output of its own
    line(f"Iteration {place}, loss = 1", "solver.cpp") + line(f"    Train net output #0: name{place} = 1", "solver.cpp")
    for place in range(3000)
]
CUT_SHORT: Final = "The run did not reach its last iteration."

ENDINGS: Final = (
    case(
        START + SIGTERM,
        START + SIGTERM + SOLVING,
        Finding(
            "warning",
            "diagnosis_sigterm",
            "The run was asked to end from outside (SIGTERM)",
            "A scheduler, `docker stop`, a shutdown or `kill` sends it. Caffe saves nothing then. What helps: go on "
            "from the last snapshot (--snapshot).",
            (f"line 3: {SIGTERM.strip()}", "confidence: high"),
            1,
            line=3,
        ),
    ),
    case(
        START + FATAL,
        START + DONE,
        Finding(
            "error",
            "fatal",
            "Attempt 1 ended with a fatal error",
            "The run stops there; nothing of it follows.",
            ("Check failed: a == b (1 vs. 2) the message",),
            1,
            line=3,
        ),
    ),
    case(
        START + OUT,
        START + OUT.replace("out of memory", "invalid device ordinal"),
        Finding(
            "error",
            "out_of_memory",
            "Attempt 1 ran out of memory",
            "Nothing of the run follows. What helps: a smaller batch, which lowers all of the data, or another card.",
            (
                "Check failed: error == cudaSuccess (2 vs. 0)  out of memory",
                "the set-up of the net is not in this log: what the run needs is not known",
            ),
            1,
            line=3,
        ),
    ),
    case(
        START + SIGTERM,
        START + DONE + SIGTERM,
        Finding("warning", "signal", "Attempt 1 was ended by a signal", CUT_SHORT, (SIGTERM.rstrip(),), 1, line=3),
    ),
    case(
        START + "Killed\n",
        START + SIGTERM + "Killed\n",
        Finding("warning", "killed", "Attempt 1 was killed", CUT_SHORT, ("Killed",), 1, line=3),
    ),
    case(
        START + STOPPED + DONE,
        START + DONE,
        Finding(
            "note",
            "stopped",
            "Attempt 1 was stopped before its last iteration",
            "Caffe writes a snapshot before it stops.",
            ("Optimization stopped early.",),
            1,
            line=3,
        ),
    ),
    case(
        START + SOLVING,
        START + SOLVING + DONE,
        Finding(
            "warning",
            "unfinished",
            "Attempt 1 has no end in this log",
            "It was killed, the log is cut, or it was still running.",
            (f"No word about the end (cut, still running, or killed); the last line is 3: {SOLVING.rstrip()}",),
            1,
            line=3,
        ),
    ),
    case(
        START + ENDLESS,
        START + ENDLESS + INITIALISED,
        Finding(
            "warning",
            "net_unfinished",
            "The set-up of the TRAIN net stops at conv",
            "Layers after it are not in the log, so totals of this net are those of its first 2 layers.",
            (),
            1,
            0,
            1,
            13,
        ),
    ),
)

# What the log does not tell -------------------------------------------------------------------------------------------

ODD: Final = Layer("odd", "Mystery", ("data",), ("odd",), (SHAPE,))

GAPS: Final = (
    case(
        NET.replace("data: 768", "data: 776"),
        NET,
        Finding(
            "warning",
            "missing_bytes",
            "8 B are missing between data and conv",
            "The running figure grows by 8 bytes more than the printed shapes account for: 2 values of 4 bytes. Lines "
            "of one or more layers are not in the log, so the table has a gap here, and totals of parameters and MACs "
            "leave out what stood there.",
            ("line 11: running figure 776 B",),
            1,
            0,
            1,
            11,
        ),
    ),
    case(
        NET.replace("data: 768", "data: 760"),
        NET,
        Finding(
            "warning",
            "surplus_bytes",
            "8 B too many between data and conv",
            "The running figure grows by less than the printed shapes need: lines belong to another net, or the "
            "element size is not what the rest of the net shows.",
            ("line 11: running figure 760 B",),
            1,
            0,
            1,
            11,
        ),
    ),
    case(
        "".join(NET.rsplit(line(f"Top shape: {SHAPE}"), 1)),
        NET,
        Finding(
            "warning",
            "missing_shape",
            "The shape of conv is not in the log",
            "The running figure grows by 384 B at this layer. What rests on its shape is shown as not known.",
            (),
            1,
            0,
            1,
            11,
        ),
    ),
    case(
        NET.replace("num_output: 3", "num_output: 4"),
        NET,
        Finding(
            "warning",
            "contradiction",
            "conv: top 0: the definition gives 2·4·4·4, the log prints 2·3·4·4",
            "The rule of this layer type and the printed line do not agree; the printed shape is used.",
            (),
            1,
            0,
            1,
            11,
        ),
    ),
    case(
        NET.replace("num_output: 3 kernel_size: 1 } }", "num_out"),
        NET,
        Finding(
            "warning",
            "dump_cut",
            "The log shows only the beginning of the definition of the TRAIN net",
            "glog cuts every message at 29,999 bytes. Shapes and bytes of all layers are exact; parameters and "
            "MACs of the layers after the cut need the definition. What helps: give the net's .prototxt with the "
            "log.",
            ("the TRAIN net: 1 of 2 layers without their definition",),
            1,
            0,
            None,
            1,
        ),
    ),
    case(
        net([data(), ODD]),
        net([data(), CONV]),
        Finding(
            "warning",
            "not_derived",
            "Parameters or MACs of 1 layer of the TRAIN net are not known",
            "No rule for the layer type Mystery. They are shown as not known, never as 0; totals are lower bounds.",
            ("the TRAIN net: odd (50.0 % of its distinct data)",),
            1,
            0,
            1,
            11,
        ),
    ),
    case(
        net([data(), CONV, IN_PLACE], dump=False),
        net([data(), CONV, IN_PLACE]),
        Finding(
            "note",
            "assumed",
            "Figures of 2 layers rest on a stated assumption",
            "Their basis is “inferred”. What helps: give the net's .prototxt with the log; then they are exact.",
            (
                "data: taken as a data layer by its name and because it has no bottoms",
                "relu: taken as ReLU by its name and because its top is in place; default settings taken",
            ),
            1,
            0,
            0,
            1,
        ),
    ),
    case(
        of_rank(2, SOLVING) + of_rank(1, SOLVING) + of_rank(10, SOLVING * 2),
        of_rank(0, SOLVING * 4),
        Finding(
            "note",
            "several_ranks",
            "3 ranks print into this log; nets and curves are those of rank 1",
            "A launcher numbered the processes of one training. 1 line of rank 1 is read; 3 of the others are counted "
            "and not read: a loss of theirs is that of their own part of the data. Rank 0 is not among them; rank 1 "
            "is the lowest.",
            ("rank 2: 1 line", "rank 10: 2 lines"),
        ),
    ),
    case(
        NET + line("Frobnicating at length"),
        NET,
        Finding(
            "note",
            "unknown_lines",
            "1 of 14 lines of Caffe's own was not understood",
            "They are grouped by shape in the ledger under Provenance.",
            ("line 18: Frobnicating at length",),
            line=18,
        ),
    ),
    case(
        "".join(MANY_NAMES),
        "".join(MANY_NAMES[:300]),
        Finding(
            "note",
            "outputs_without_column",
            "204 of 3,000 outputs have no column in the table train",
            "Nearly all its cells would be empty. Those with the most lines have one; the table train_outputs has all.",
            line=2,
        ),
    ),
    case(
        ENDLESS + line("ghost needs backward computation."),
        ENDLESS + line("conv needs backward computation."),
        Finding(
            "note",
            "reader",
            "backward flag of an unknown layer 'ghost'",
            "The flag is of no layer that was set up; it is left out.",
            line=17,
        ),
    ),
)

# Where memory and parameters are --------------------------------------------------------------------------------------


def dense(name: str, outputs: int) -> Layer:
    """A fully connected layer of one input: as many parameters and MACs an image as outputs."""
    more = f"inner_product_param {{ num_output: {outputs} bias_term: false }}"
    return Layer(name, "InnerProduct", ("data",), (name,), (f"2 {outputs} ({2 * outputs})",), more)


def fan(**outputs: int) -> str:
    """A net of fully connected layers that all read one value an image."""
    return net([data("2 1 (2)"), *(dense(name, number) for name, number in outputs.items())])


MEMORY: Final = (
    case(
        net([data(), CONV, RELU]),
        net([data(), CONV, IN_PLACE]),
        Finding(
            "hint",
            "in_place",
            "relu (ReLU) could work in place and save 384 B, 33.3 % of the net's distinct data",
            "Nothing else reads its bottom, and neither its own backward pass nor that of the layer before needs what "
            "it would overwrite. What helps: give it the same top as its bottom (conv). That saves 384 B of data, and "
            "as much again of diff in training.",
            ("bottom conv, top relu",),
            1,
            0,
            2,
            18,
            384,
        ),
    ),
    case(
        NET + line("raw memory 1000 opt memory 250"),
        NET,
        Finding(
            "note",
            "memory_plan",
            "The build's memory plan saves at least 518 B of data and diffs of the TRAIN net (67.4 %)",
            "The build's own figure without the plan counts data and diff of every blob apart, also where they share "
            "memory at run time or are never touched; the one with it counts diffs that nothing touches. Parameters, "
            "the solver's history and private buffers are in neither.",
            ("1,000 B → 250 B", "0 slots"),
            1,
            0,
            None,
            1,
        ),
    ),
    case(
        net([data(), HINGE]) + line("blob 0 name data data idx 0"),
        net([data(), HINGE]),
        Finding(
            "warning",
            "lost_by_plan",
            "hinge (HingeLoss) loses its gradient to the build's memory plan",
            "HingeLoss keeps what its forward pass finds in its bottom's diff. The plan gives that memory to other "
            "blobs before the backward pass, and the gradient of this loss is 0. Leave its bottom out of the plan "
            "(mem_param { exclude_blob }) or turn the plan off.",
            ("bottom data",),
            1,
            0,
            1,
            11,
        ),
    ),
    case(
        NET + line("deref slot -1 held by blob conv_diff"),
        NET + line("deref slot 1 held by blob conv_diff"),
        Finding(
            "warning",
            "released_unheld",
            "The memory plan of the TRAIN net gives back a slot that conv_diff does not hold",
            "The build then writes before the beginning of its list of slots. Training and totals stay right, but the "
            "process may die at its end (“corrupted size vs. prev_size”). Layers that share memory one after another, "
            "as Flatten and Reshape do, lead to it; leave one of their blobs out of the plan.",
            ("line 18: slot -1, conv_diff",),
            1,
            0,
            None,
            18,
        ),
    ),
    case(
        line("Memory required for data: 1192246208"),
        NET,
        Finding(
            "note",
            "figure_alone",
            "Caffe counts 1.19 GB of data for the net; none of its layers is in the log",
            "1,192,246,208 B are the data of the layers' tops and nothing else. Diffs (in training), parameters, the "
            "solver's history, private buffers and prefetched batches come on top; without the layers it is not known "
            "how much.",
            (),
            1,
            0,
            None,
            1,
        ),
    ),
    case(
        net([data(), CONV, IN_PLACE]),
        net([data(), CONV, RELU]),
        Finding(
            "note",
            "counted_twice",
            "Caffe's figure for the TRAIN net counts 384 B more than once (33.3 %)",
            "It adds the data of every top of every layer. A top that is written in place, and the tops of Split, "
            "Flatten and Reshape layers, are memory that is counted already.",
            ("written in place: 384 B, relu",),
            1,
            0,
            None,
            1,
        ),
    ),
    case(
        fan(a=5, b=3, c=1),
        fan(a=5, b=3),
        Finding(
            "note",
            "largest_steps",
            "a, b and data take 90.0 % of the distinct data in the TRAIN net",
            "These are the layers where a smaller map, a smaller batch or a change in place pays most.",
            ("a: 40 B (50.0 %)", "b: 24 B (30.0 %)", "data: 8 B (10.0 %)"),
            1,
            0,
            1,
            13,
        ),
    ),
    case(
        fan(a=10, b=10, c=9, d=1),
        fan(a=100, b=100, c=100, d=1),
        Finding(
            "note",
            "most_params",
            "a alone holds 33.3 % of the parameters of the TRAIN net",
            "10 of 30 parameters.",
            (),
            1,
            0,
            1,
            14,
        ),
    ),
    case(
        fan(a=9, b=10, c=10, d=1),
        fan(a=100, b=100, c=100, d=1),
        Finding(
            "note",
            "most_macs",
            "b alone holds 33.3 % of the MACs of the TRAIN net",
            "20 of 60 MACs.",
            (),
            1,
            0,
            2,
            20,
        ),
    ),
)

# Where numbers end ----------------------------------------------------------------------------------------------------


def shown(*losses: float | str) -> str:
    """A run that displays these losses, every 20 iterations, a second apart."""
    return trained(losses).text


def tested(*losses: float | str) -> str:
    """A run with a test of each loss, every 100 iterations, and a display behind them."""
    writer = Writer()
    for place, loss in enumerate(losses):
        writer.test(100 * place, loss=loss)
    writer.show(100 * len(losses), 1.0)
    return writer.text


UNSAFE: Final = "no snapshot before it that is known to be good"

NUMBERS: Final = (
    case(
        shown(2, "nan"),
        shown(2, 1e30),
        Finding(
            "error",
            "not_a_number",
            "Not a number from iteration 20 on: loss",
            "Caffe never stops by itself when this happens: what is trained after it is lost. An accuracy of such "
            "scores means nothing, since every comparison with nan is false.",
            (
                "line 4: the displayed loss is nan",
                "line 5: loss is nan",
                "such values in all: 2",
                "last good display: iteration 0, loss 2 (line 2)",
                UNSAFE,
                "displays from there on: 1 of 1 like it",
            ),
            1,
            line=4,
        ),
    ),
    case(
        tested(2.5, "inf"),
        tested(2.5, 2.5),
        Finding(
            "warning",
            "test_not_a_number",
            "Not a number at iteration 100: loss of the test",
            "Only tests are concerned, training prints numbers. Before the first iteration a BatchNorm has no "
            "statistics to test with; later, look at what the test net does otherwise than the training net.",
            (
                "line 5: loss of the test is inf",
                "such values in all: 1",
                UNSAFE,
                "displays from there on: 0 of 1 like it",
            ),
            1,
            line=5,
        ),
    ),
    case(
        shown(2, 87.3366),
        shown(2, 87.3368),
        Finding(
            "error",
            "saturated",
            "The displayed loss sits at 87.3366 from iteration 20 on",
            "This is −log of the smallest float, 87.3365, times loss weights: the softmax gives the right class a "
            "probability of 0. On a GPU it is all that is seen of scores that are nan. What helps: go on from the "
            "last good snapshot with a lower learning rate, and look at the scale of the input.",
            (
                "line 4: the displayed loss is 87.3366",
                "line 5: loss is 87.3366",
                "such values in all: 2",
                "last good display: iteration 0, loss 2 (line 2)",
                UNSAFE,
                "displays from there on: 1 of 1 like it",
            ),
            1,
            line=4,
        ),
    ),
)

# How the loss went ----------------------------------------------------------------------------------------------------


def falling_for(displays: int) -> str:
    """34 displays, of which 30 have a whole window: the loss falls by 0.05 for some, then stays."""
    return shown(*(2 - 0.05 * min(place, displays) for place in range(34)))


NO_RATE: Final = "no learning rate is printed"
HALVES: Final = [1.0] * 12

BROKEN_BLOB: Final = line("    [Forward] Layer conv2, top blob conv2 data: inf")
CLASSES: Final = net(
    [
        data("2 3 (6)"),
        Layer("loss", "SoftmaxWithLoss", ("data",), ("loss",), ("(1)",)),
    ]
)


def scored(value: str) -> str:
    """A display whose loss is a number, with a score."""
    return shown(1.0) + line(f"    Train net output #0: per_class = {value}", "solver.cpp")


def resumed(value: float) -> str:
    """A test, and another process's that resumes there."""
    before = line("Iteration 50, Testing net (#0)", "solver.cpp") + line("    Test net output #0: accuracy = 0.5")
    after = before.replace("= 0.5", f"= {value}")
    return before + line("Solver scaffolding done.", "solver.cpp") + line("Resuming from a_iter_50.solverstate") + after


LOST: Final = (
    case(
        line("    [Forward] Layer conv1, top blob conv1 data: 0.5") + BROKEN_BLOB,
        BROKEN_BLOB.replace("inf", "5"),
        Finding(
            "error",
            "debug_not_a_number",
            "First in debug_info that is not a number: top blob conv2 of conv2, forward, is inf",
            "What is computed from it is no number either. In the forward pass it is this layer whose result broke, or "
            "its parameters; where the backward pass comes first, the gradient that reaches it.",
            (),
            1,
            line=2,
        ),
    ),
    case(
        scored("-nan"),
        scored("0.5"),
        Finding(
            "note",
            "absent_score",
            "per_class is not a number in 1 line",
            "It is no loss, and the loss is a number throughout: a score of a class that a batch does not hold is a "
            "division by zero.",
            (),
            1,
            line=4,
        ),
    ),
    case(
        shown(*[2.0] * 5, 10.9171, 21.8341, 32.7512, 10.9171, 21.8341),
        shown(*[2.0] * 5, 10.9171, 21.8341, 32.7512, 10.9171, 21.8441),
        Finding(
            "error",
            "partly_saturated",
            "The loss of attempt 1 ends at 21.8341, 2 of 8 samples at the ceiling of a softmax loss, 87.3365",
            "The softmax gives the right class of these samples a probability of 0, and that of all others 1: "
            "with scores so large nothing is learnt. What helps: a lower learning rate, and a look at the input's "
            "scale.",
            (),
            1,
            line=12,
        ),
    ),
    case(
        shown(1.0, 2.0, 20.0, 30.0),
        shown(1.0, 2.0, 20.0, 19.0),
        Finding(
            "error",
            "exploded",
            "The loss of attempt 1 rose from 1 at iteration 0 to 30 at iteration 60",
            "It grew by an order of magnitude within a few displays. What helps: a lower learning rate, or "
            "clip_gradients.",
            (),
            1,
            line=2,
        ),
    ),
    case(
        shown(0.0, 0.0, 0.0),
        shown(0.0, 0.0, 1e-9),
        Finding(
            "warning",
            "zero",
            "The loss of attempt 1 is exactly 0 on every display: there is nothing to learn from",
            "All labels may be one value or be ignored, or the loss may not reach the data at all; the log does "
            "not tell which. What helps: look at the labels.",
            (),
            1,
            line=2,
        ),
    ),
    case(
        CLASSES + shown(*[1.1, 1.12, 1.09] * 4),
        CLASSES + shown(*[1.1, 1.12, 1.09] * 3, 1.05, 1.04, 1.03),
        Finding(
            "warning",
            "at_chance",
            "The loss of attempt 1 has stayed at chance to its last display, 1.1: ln of 3 classes is 1.1",
            "It has learnt nothing that its loss shows; the log does not tell why. What helps: look whether the "
            "learning rate is 0 or too small, whether layers are frozen, whether the labels are those of the "
            "images, and with `debug_info: true` whether a layer puts out 0 alone.",
            (),
            1,
            line=19,
        ),
    ),
    case(
        resumed(0.2),
        resumed(0.25),
        Finding(
            "warning",
            "resumed_elsewhere",
            "Attempt 2 resumes at iteration 50 with another state: accuracy of test net #0 was 0.5 there, and is 0.2",
            "A test at the iteration of a snapshot sees the weights that were saved. Look at which file was resumed "
            "from, and whether net, data and mean are the same.",
            ("accuracy: 0.5 (line 2), then 0.2 (line 6)",),
            2,
            line=6,
        ),
    ),
)

TRAINING: Final = (
    case(
        shown(*[1.0] * 8, *[0.5] * 8, *[1.0] * 8),
        shown(*[1.0] * 8, *[0.5] * 8, *[0.99] * 8),
        Finding(
            "warning",
            "diverged",
            "The loss rose from 0.5 at iteration 160 to 1 at iteration 420",
            "The running median ends at 2 times its lowest or more, and by more than 6 standard deviations of its "
            "noise and 10.0 % of the first loss. What helps: go on from the last snapshot before it rose, with a "
            "lower learning rate or with clip_gradients.",
            (f"line 18: lowest, {NO_RATE}", f"line 44: last, {NO_RATE}", "no snapshot before it rose"),
            1,
            line=18,
        ),
    ),
    case(
        falling_for(22),
        falling_for(23),
        Finding(
            "note",
            "plateau",
            "The loss has stopped falling from iteration 440 to 620: 0.9 to 0.9",
            "Its running median gains less than 1.0 % there, over 29.4 % of the displays.",
            (f"line 46: {NO_RATE}", f"line 64: {NO_RATE}"),
            1,
            line=46,
        ),
    ),
    case(
        shown(*HALVES, *[0.99] * 12),
        shown(*HALVES, *[0.989] * 12),
        Finding(
            "hint",
            "no_progress",
            "The loss has never fallen from iteration 40 to 420: 1 to 0.99",
            "Its running median gains less than 1.0 % there, over 83.3 % of the displays.",
            (f"line 6: {NO_RATE}", f"line 44: {NO_RATE}"),
            1,
            line=6,
        ),
    ),
    case(
        shown(*HALVES, *[0.99] * 12),
        shown(*HALVES, *[0.991] * 12),
        Finding(
            "note",
            "progress",
            "The loss fell from 1 to 0.99, reached at iteration 240 after 13.0 s",
            "Running medians of the displayed loss. The table milestones has the time to each round loss between them.",
            (),
            1,
            line=26,
        ),
    ),
)

# Tests ----------------------------------------------------------------------------------------------------------------


def parted(losses: Mapping[int, float], trained_to: float) -> str:
    """25 displays with tests between: the loss in training is 1 up to iteration 240, and then another."""
    writer = Writer()
    for iteration in range(0, 500, 20):
        if iteration in losses:
            writer.test(iteration, loss=losses[iteration])
        writer.show(iteration, 1.0 if iteration <= 240 else trained_to)
    return writer.text


MEASURED: Final = (
    "Compared with the running median of the same output in training, which prints the last batch of each display: "
    "with dropout or augmentation it is measured on harder data than the test."
)

TESTS: Final = (
    case(
        parted({40: 1.2, 200: 1.0, 460: 1.05}, 0.95),
        parted({40: 1.2, 200: 1.0, 460: 1.05}, 0.9501),
        Finding(
            "warning",
            "overfitting",
            "loss of test net #0 rose from 1 at iteration 200 to 1.05 while in training it fell from 1 to 0.95",
            f"Each of the two moved by 5.0 % or more. {MEASURED} What helps: take the model that was saved nearest to "
            "the lowest test loss; train on more or augmented data, or with more weight decay.",
            ("line 25: loss 1, in training 1", "line 53: loss 1.05, in training 0.95"),
            1,
            line=25,
        ),
    ),
    case(
        parted({40: 3, 200: 2.5, 460: 2}, 1.0),
        parted({40: 3, 200: 2.5, 460: 1.99}, 1.0),
        Finding(
            "note",
            "test_gap",
            "loss of test net #0 ends at 2, 2 times that in training",
            f"It is told where the test loss is 2 times the training loss or more. {MEASURED}",
            ("line 53: loss 2, in training 1",),
            1,
            line=53,
        ),
    ),
    case(
        tested(3, 1, 2),
        tested(3, 1),
        Finding(
            "note",
            "best_test",
            "Best loss of test net #0: 1 at iteration 100, of 3 tests",
            "The best of many tests flatters the model a little, because the same tests chose it.",
            ("no snapshot at or before it", "last: 2 at iteration 200"),
            1,
            line=5,
        ),
    ),
)

# Time -----------------------------------------------------------------------------------------------------------------


def minute(*, in_test: float, in_snapshot: float) -> str:
    """A run of a minute with one test and one snapshot of so many seconds."""
    writer = Writer("test_interval: 20\ntest_iter: 7\nsnapshot: 40\n")
    begun = writer.now
    writer.show(0, 1.0)
    writer.test(20, seconds=in_test, accuracy=0.5)
    writer.save(20, seconds=in_snapshot)
    writer.show(20, 1.0)
    writer.say("Optimization Done.", begun + 60.0 - writer.now)
    return writer.text


def waited(iterations: int) -> str:
    """A run that waited for its data 1,001 times at least: Caffe prints the first and the 1,001st."""
    writer = Writer()
    writer.show(0, 1.0)
    for _ in range(2):
        writer.say("Waiting for data", file="blocking_queue.cpp")
    writer.show(iterations, 1.0)
    return writer.text


def slowing_to(iterations: int) -> str:
    """30 intervals of 20 iterations a second, then 20 of fewer."""
    writer, iteration = Writer(), 0
    for place in range(51):
        writer.show(iteration, 1.0)
        iteration += 20 if place < 30 else iterations
    return writer.text


def going(max_iter: int, *, with_net: bool = True) -> str:
    """A run without an end that shows iterations 0, 20, 40 and 60, one every tenth of a second, and its net."""
    more = "inner_product_param { num_output: 50 }"
    wide = Layer("ip", "InnerProduct", ("data",), ("ip",), ("2 50 (100)",), more, backward=True)
    writer = Writer(f"max_iter: {max_iter}\n", start=False)
    writer.lines += [net([data(backward=False), wide])] * with_net
    for iteration in (0, 20, 40, 60):
        writer.show(iteration, 1.0, after_s=2.0)
    return writer.text


TIME: Final = (
    case(
        minute(in_test=6.0, in_snapshot=1.0),
        minute(in_test=5.9, in_snapshot=1.0),
        Finding(
            "hint",
            "time_in_tests",
            "10.0 % of the time goes into tests: 6.00 s of 1 min 00 s",
            "Nothing is trained while a test runs. What helps: a longer test_interval, fewer test_iter or a "
            "larger test batch.",
            ("1 test", "on average 6.00 s", "test_interval: 20", "test_iter: 7"),
            1,
            line=1,
        ),
    ),
    case(
        minute(in_test=1.0, in_snapshot=6.0),
        minute(in_test=1.0, in_snapshot=5.9),
        Finding(
            "hint",
            "time_in_snapshots",
            "10.0 % of the time goes into snapshots: 6.00 s of 1 min 00 s",
            "Nothing is trained while a snapshot is written. What helps: a longer snapshot interval, or a faster disk.",
            ("1 snapshot", "on average 6.00 s", "snapshot: 40"),
            1,
            line=1,
        ),
    ),
    case(
        waited(10_010),
        waited(10_011),
        Finding(
            "hint",
            "data_waits",
            "The solver waited for data at least 1,001 times in 10,010 batches",
            "Caffe prints the first wait and then every 1,000th. Reading, decoding or transforming the data is "
            "slower than the net. What helps: a faster disk, smaller images, more prefetch, or a database.",
            ("2 lines, the first 4, the last 5",),
            1,
            line=4,
        ),
    ),
    case(
        slowing_to(13),
        slowing_to(14),
        Finding(
            "hint",
            "slowed",
            "The last displays came at 65.0 % of the run's median speed",
            "Something slowed the machine, the card or the data; the log does not tell which. What helps: look "
            "for another process, a card that throttles, or a slower disk.",
            ("13 iterations/s after 20",),
            1,
            line=1,
        ),
    ),
    case(
        going(80),
        going(80, with_net=False),
        Finding(
            "note",
            "throughput",
            "20 images/s, 192 kFLOP/s",
            "The printed batch is that of one GPU. The speed is the median over the displays, tests and snapshots "
            "taken out; FLOPs are 2 × MACs, forward and backward.",
            (
                "batch 2 × iter_size 1 = 2 images an iteration",
                "10 iterations/s",
                "9.60 kMAC an iteration",
            ),
            1,
            line=1,
        ),
    ),
    case(
        going(80),
        going(60),
        Finding(
            "note",
            "time_left",
            "20 iterations are left; if the run is still going, about 2.00 s",
            "Counted from the last line of the log, at the speed of the last 20 displays, with the run's share of "
            "tests and snapshots.",
            ("10 iterations/s of late",),
            1,
            line=29,
        ),
    ),
)

CASES: Final = (
    *ENDINGS,
    *GAPS,
    *MEMORY,
    *NUMBERS,
    *LOST,
    *TRAINING,
    *TESTS,
    *TIME,
    *(case(*one) for one in (*CAUSES, *RESUMES)),
)
