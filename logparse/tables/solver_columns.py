"""The registry's part for what the solver says: curves, events, timing, and what is worked out of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.tables.column import ATTEMPT, LINE, decimal, moment, text, truth, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logparse.tables.column import Column

ITERATION: Final = whole("iteration", "Iteration", "As printed.")
FILED: Final = whole(
    "iteration",
    "Iteration",
    "Of the line that begins the group it stands in; NA where that line is not in the log.",
)
ELAPSED: Final = decimal("elapsed_s", "Elapsed", "Since the attempt's first line, by the lines' own time stamps.", "s")
TIME: Final = moment("time", "Time", "By the machine's clock, its zone unknown; NA where nothing tells the year.")
SUPERSEDED: Final = truth("superseded", "Superseded", "Whether a later attempt went over this iteration again.")
VALUE_PARTS: Final = (
    decimal("loss_weight", "Loss weight", "The weight with which it enters the loss; NA where it does not."),
    decimal("weighted_loss", "Weighted", "Value times weight, as printed."),
)
ELEMENT: Final = whole(
    "element", "Element", "The place of the value in its blob, from 0: an output that is a vector has a line for each."
)

TRAIN: Final = (
    ATTEMPT,
    ITERATION,
    decimal("loss", "Loss", "The displayed loss: mean over the last average_loss iterations."),
    decimal(
        "iterations_per_second",
        "iter/s",
        "As printed; the first figure of a process is left out, it is uninitialised memory.",
    ),
    decimal("seconds", "Seconds", "Since the display before, tests and snapshots included.", "s"),
    decimal("epoch", "Epoch", "As some forks print it."),
    ELAPSED,
    TIME,
    SUPERSEDED,
    LINE,
)
TRAIN_OUTPUTS: Final = (
    ATTEMPT,
    FILED,
    whole("index", "Output #", "The number behind '#'."),
    text("output", "Output", "The blob's name."),
    ELEMENT,
    decimal("value", "Value", "Of the last batch alone."),
    *VALUE_PARTS,
    LINE,
)
TEST: Final = (
    ATTEMPT,
    FILED,
    whole("test_net", "Test net #", "K of 'Testing net (#K)'; 0 where the form has no number, NA where no start is."),
    whole("index", "Output #", "The number behind '#'; NA for the test's total loss."),
    text("output", "Output", "The blob's name; 'score' where the form prints none; '(test loss)' for the total loss."),
    ELEMENT,
    decimal("value", "Value", "Mean over the test's batches."),
    *VALUE_PARTS,
    decimal("seconds", "Seconds", "Of the whole test, from its first line to its last.", "s"),
    ELAPSED,
    TIME,
    SUPERSEDED,
    LINE,
)
LR: Final = (
    ATTEMPT,
    ITERATION,
    decimal("lr", "Learning rate", "As printed."),
    decimal("momentum", "Momentum", "As some forks print it."),
    decimal("weight_decay", "Weight decay", "As some forks print it."),
    decimal("gradient_scale", "Gradient scale", "As some forks print it."),
    SUPERSEDED,
    LINE,
)
CLIPPING: Final = (
    ATTEMPT,
    whole("after_iteration", "After iteration", "The last one displayed before; clipping may happen at any."),
    decimal("norm", "L2 norm", "Of all gradients together, before the clipping."),
    decimal("threshold", "Threshold", "The solver's clip_gradients."),
    decimal("factor", "Factor", "What the gradients were multiplied with."),
    LINE,
)
DEBUG: Final = (
    ATTEMPT,
    whole(
        "iteration",
        "Iteration",
        "Of the display that follows in training, of the test's first line in a test; NA where that is missing.",
    ),
    text("phase", "Phase", "TEST between a test's first line and its results, else TRAIN."),
    whole("test_net", "Test net #", "K of 'Testing net (#K)'; NA in training."),
    text("stage", "Stage", "forward or backward."),
    text("layer", "Layer", "The layer's name."),
    text("part", "Part", "top, bottom or param."),
    text("blob", "Blob", "The blob's name, or the parameter's number."),
    decimal("value", "Mean |x|", "Mean absolute value of the blob's data (forward) or diff (backward)."),
    LINE,
)
TEST_BATCHES: Final = (
    ATTEMPT,
    whole("batch", "Batch", "Counted from 0 by caffe test."),
    text("output", "Output", "The blob's name."),
    ELEMENT,
    decimal("value", "Value", "Of this batch."),
    LINE,
)
TIMING: Final = (
    ATTEMPT,
    whole("run", "Run", "One benchmark of the attempt, counted from 1."),
    text(
        "scope",
        "Scope",
        "layer; net for the printed totals of all layers; image for one image's multiplications in a layer, as a "
        "profiling fork prints them.",
    ),
    whole("net_index", "Net #", "The net that was timed."),
    whole("layer_index", "Layer #", "The layer's place in the net; NA where the net has no layer of that name."),
    text("layer", "Layer", "The layer's name; NA for the whole net."),
    text("type", "Type", "The layer's type."),
    decimal("forward_ms", "Forward", "Mean time of one forward pass; of one image where the scope is image.", "ms"),
    decimal("backward_ms", "Backward", "Mean time of one backward pass.", "ms"),
    decimal("forward_share", "Forward share", "Share of all layers' forward time, 0 to 1."),
    decimal("backward_share", "Backward share", "Share of all layers' backward time, 0 to 1."),
    whole(
        "macs",
        "MACs",
        "Multiply-accumulates of that forward pass; of the weights that are not zero where printed.",
        "MAC",
    ),
    whole("backward_macs", "Backward MACs", "Multiply-accumulates of one backward pass of the whole batch.", "MAC"),
    whole(
        "touched_bytes",
        "Touched",
        "Bottoms, tops and parameters once each: the least that a forward pass reads and writes; as printed by a "
        "profiling fork.",
        "bytes",
    ),
    decimal("forward_gflops", "Forward GFLOP/s", "2 × MACs over the forward time.", "GFLOP/s"),
    decimal("backward_gflops", "Backward GFLOP/s", "2 × backward MACs over the backward time.", "GFLOP/s"),
    decimal("macs_per_ms", "MACs / ms", "MACs over the forward time.", "MAC/ms"),
    decimal("bytes_per_ms", "Bytes / ms", "Touched bytes over the forward time.", "bytes/ms"),
    whole("samples", "Samples", "How many printed times the row is the mean of; NA where Caffe prints the mean."),
    LINE,
)
EVENTS: Final = (
    ATTEMPT,
    text("kind", "Kind", "snapshot, resume, fatal, signal …"),
    whole("iteration", "Iteration", "As the line prints it, or the name of the file that it names."),
    whole("after_iteration", "After iteration", "The last one that the attempt displayed or tested before."),
    decimal("value", "Value", "The number that the line states."),
    text("path", "Path", "The file that the line names."),
    text("text", "Text", "The line's message."),
    ELAPSED,
    TIME,
    LINE,
)
THROUGHPUT: Final = (
    ATTEMPT,
    whole(
        "batch", "Batch", "Images of one forward pass on one GPU, as the training net's first data top shows.", "images"
    ),
    whole("iter_size", "iter_size", "Batches whose gradients are summed in one iteration."),
    whole("gpus", "GPUs", "How many train together, each on a batch of its own; 1 where the log names none."),
    whole("images_per_iteration", "Images / iteration", "batch × iter_size × gpus.", "images"),
    whole("iterations", "Iterations", "From the first displayed to the last."),
    decimal(
        "iterations_per_second",
        "iter/s",
        "Median over the displays, without the time of tests and snapshots; of caffe time, 1 over a forward and a "
        "backward pass.",
    ),
    decimal("recent_iterations_per_second", "iter/s, last", "The same over the last 20 displays."),
    decimal("images_per_s", "Images / s", "images_per_iteration × iterations_per_second."),
    whole(
        "macs_per_iteration",
        "MACs / iteration",
        "Forward and backward, of all batches of an iteration; a lower bound where layers are unknown.",
        "MAC",
    ),
    whole("unknown_layers", "Layers without MACs", "Layers whose MACs are not known; the sum leaves them out."),
    decimal("gflops", "GFLOP/s", "2 × macs_per_iteration × iterations_per_second.", "GFLOP/s"),
    decimal("seconds_total", "Seconds", "Last time stamp minus first.", "s"),
    decimal("seconds_before_training", "Set-up", "From the first line to the first display, tests left out.", "s"),
    whole("tests", "Tests", "Tests whose time is known, of every test net."),
    decimal("seconds_in_tests", "In tests", "From each test's first line to its last.", "s"),
    whole("snapshots", "Snapshots", "Snapshots whose time is known."),
    decimal(
        "seconds_in_snapshots",
        "In snapshots",
        "At least: of the model, and of the solver's state where a test follows at once.",
        "s",
    ),
    whole("data_waits", "Waits for data", "At least: Caffe prints the first and then every 1,000th."),
    whole("iterations_left", "Iterations left", "Up to max_iter, of a run whose end is not in the log."),
    decimal("seconds_left", "Time left", "At the recent speed, with its share of tests and snapshots.", "s"),
    LINE,
)
MILESTONES: Final = (
    ATTEMPT,
    decimal("loss", "Loss", "The loss reached; 1, 2 or 5 times a power of ten."),
    whole("iteration", "Iteration", "The first display at which the running median of the loss is as low."),
    decimal("elapsed_s", "Elapsed", "Since the attempt's first line.", "s"),
    LINE,
)

SOLVER_TABLES: Final[Mapping[str, tuple[Column, ...]]] = {
    "train": TRAIN,
    "train_outputs": TRAIN_OUTPUTS,
    "test": TEST,
    "lr": LR,
    "clipping": CLIPPING,
    "debug": DEBUG,
    "test_batches": TEST_BATCHES,
    "timing": TIMING,
    "events": EVENTS,
    "throughput": THROUGHPUT,
    "milestones": MILESTONES,
}
