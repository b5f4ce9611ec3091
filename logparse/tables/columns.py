"""The registry of every table's columns: name, dtype, unit, title, meaning and source.

CSV and HTML headers, tooltips, the Parquet schema and the documentation all read it. Frames hold raw values in
these units; missing values are NA.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `dtype` is a pandas dtype ("object" for lists), `unit` a suffix-free word or ""."""

    name: str
    dtype: str
    title: str
    meaning: str
    unit: str = ""


def _int(name: str, title: str, meaning: str, unit: str = "") -> Column:
    return Column(name, "Int64", title, meaning, unit)


def _float(name: str, title: str, meaning: str, unit: str = "") -> Column:
    return Column(name, "Float64", title, meaning, unit)


def _text(name: str, title: str, meaning: str) -> Column:
    return Column(name, "string", title, meaning)


def _bool(name: str, title: str, meaning: str) -> Column:
    return Column(name, "boolean", title, meaning)


def _list(name: str, title: str, meaning: str) -> Column:
    return Column(name, "object", title, meaning)


ATTEMPT: Final = _int("attempt", "Attempt", "One start of the solver, counted from 1.")
LINE: Final = _int("line", "Line", "The line of the log that it comes from, counted from 1.")
_NET_KEY: Final = (
    ATTEMPT,
    _text("net", "Net", "The net's name in its definition."),
    _text("phase", "Phase", "TRAIN or TEST; NA where nothing tells it."),
    _int("net_index", "Net #", "Counts every net of an attempt from 0 in order of initialisation, nested ones too."),
    _text("nested", "Inside layer", "The recurrent layer whose inner net this is; NA for a net of its own."),
)
_LAYER_KEY: Final = (
    *_NET_KEY,
    _int("layer_index", "Layer #", "The layer's place in its net, from 0."),
    _text("layer", "Layer", "The layer's name; NA where a shape stands in the log without its layer."),
)

LAYERS: Final = (
    *_LAYER_KEY,
    _text("type", "Type", "The layer's type, from the definition, the log, or inferred."),
    _text(
        "type_basis", "Type basis", "definition, log (some forks print it; splits by their names), inferred or unknown."
    ),
    _list("bottoms", "Bottoms", "The blobs that the layer reads, in order."),
    _list("tops", "Tops", "The blobs that the layer writes, in order."),
    _list("top_shape", "Top shape", "The printed shape of each top; [] is a scalar."),
    _list("top_count", "Top values", "The number of values of each top."),
    _int("batch", "Batch", "First dimension of the net's first data top; a recurrent layer's N streams where stated."),
    _list("in_place", "In place", "Per top: whether it overwrites its bottom."),
    _list("shares_with", "Shares with", "Per top: the blob whose memory it is, or null where it owns its own."),
    _bool("backward", "Backward", "Whether Caffe computes a backward pass for the layer, as the log says."),
    _int("weights", "Weights", "The layer's own weights, shared or not.", "values"),
    _int("biases", "Biases", "The layer's own biases, shared or not.", "values"),
    _int("statistics", "Statistics", "Values that are kept but not learned (BatchNorm).", "values"),
    _int("params", "Params", "Weights and biases, 0 where shared with an earlier layer.", "values"),
    _text("params_basis", "Params basis", "definition, shapes, inferred or unknown."),
    _text("params_formula", "Params formula", "The formula with the layer's own values."),
    _text("params_reason", "Params reason", "Why the number is NA."),
    _int("macs_per_image", "MACs / image", "Multiply-accumulates of one forward pass for one image.", "MAC"),
    _int("macs", "MACs", "Multiply-accumulates of one forward pass of the whole batch.", "MAC"),
    _text("macs_basis", "MACs basis", "definition, shapes, inferred or unknown."),
    _text("macs_formula", "MACs formula", "The formula with the layer's own values."),
    _text("macs_reason", "MACs reason", "Why the number is NA."),
    _int("backward_macs", "Backward MACs", "Multiply-accumulates of one backward pass of the whole batch.", "MAC"),
    _float(
        "other_ops_per_image",
        "Other ops / image",
        "All other arithmetic of one forward pass, one operation each.",
        "op",
    ),
    _int("logged_bytes", "Logged, running", "Caffe's running 'Memory required for data' after this layer.", "bytes"),
    _int("logged_step_bytes", "Logged step", "What this layer adds to Caffe's figure.", "bytes"),
    _int("expected_step_bytes", "Expected step", "Sum of the printed top counts times the element size.", "bytes"),
    _int("distinct_bytes", "Distinct data", "Bytes of the tops that own memory.", "bytes"),
    _int("distinct_total_bytes", "Distinct, running", "Running total of distinct data in this net.", "bytes"),
    _int("param_bytes", "Param bytes", "Params and statistics, shared ones once.", "bytes"),
    _float("macs_per_weight", "MACs / weight", "Computation per parameter: MACs per image over weights."),
    _float("macs_share", "MACs share", "Share of the net's known MACs, 0 to 1."),
    _float("params_share", "Params share", "Share of the net's known params, 0 to 1."),
    _float("distinct_share", "Memory share", "Share of the net's distinct data, 0 to 1."),
    _list("assumptions", "Assumptions", "What was assumed for an inferred number."),
    _list("problems", "Problems", "Where the definition and the printed shapes contradict each other."),
    LINE,
)

BLOBS: Final = (
    *_LAYER_KEY,
    _int("top_index", "Top #", "The top's place in its layer, from 0."),
    _text("blob", "Blob", "The blob's name; empty where the log does not name it."),
    _list("shape", "Shape", "The printed shape; [] is a scalar."),
    _int("count", "Values", "The number of values.", "values"),
    _int("data_bytes", "Data", "Values times the element size, as Caffe's figure counts them.", "bytes"),
    _int("distinct_bytes", "Distinct", "The same, 0 where the memory is another blob's.", "bytes"),
    _bool("in_place", "In place", "Whether the top overwrites its bottom."),
    _text("shares_with", "Shares with", "The blob whose memory it is; NA where it owns its own."),
    _float("loss_weight", "Loss weight", "The weight with which the top enters the loss."),
    LINE,
)

PARAMS: Final = (
    *_LAYER_KEY,
    _int("param_index", "Param #", "The blob's place among the layer's parameters, from 0."),
    _text("kind", "Kind", "weight, bias or statistic."),
    _list("shape", "Shape", "The parameter blob's shape."),
    _int("count", "Values", "The number of values.", "values"),
    _int("bytes", "Bytes", "Values times the element size, 0 where shared.", "bytes"),
    _text("shares_with", "Owned by", "The earlier layer that owns it; NA where it is the layer's own."),
    _text("basis", "Basis", "definition, shapes, inferred or unknown."),
    LINE,
)

NETS: Final = (
    *_NET_KEY,
    _int("test_index", "Test net #", "K of 'test net (#K)'."),
    _int("layers", "Layers", "Number of layers set up."),
    _int("batch", "Batch", "First dimension of the first data top."),
    _int("element_bytes", "Bytes / value", "4 is float, 8 double, 2 half; derived from the running memory line."),
    _int("logged_bytes", "Logged", "The last 'Memory required for data' of the net.", "bytes"),
    _int("distinct_bytes", "Distinct data", "Data without in-place and shared tops.", "bytes"),
    _int("weights", "Weights", "Weights, shared ones once.", "values"),
    _int("biases", "Biases", "Biases, shared ones once.", "values"),
    _int("statistics", "Statistics", "BatchNorm's values, shared ones once.", "values"),
    _int("params", "Params", "Weights and biases, shared ones once.", "values"),
    _int("param_bytes", "Param bytes", "Params and statistics, shared ones once.", "bytes"),
    _int("macs", "MACs", "Multiply-accumulates of one forward pass of the whole batch.", "MAC"),
    _int("macs_per_image", "MACs / image", "Of one image.", "MAC"),
    _int("unknown_params", "Layers without params", "Layers whose params are NA; the sums leave them out."),
    _int("unknown_macs", "Layers without MACs", "Layers whose MACs are NA; the sums leave them out."),
    _int("reconciled_layers", "Reconciled", "Layers whose logged step equals their top counts to the byte."),
    _int("missing_bytes", "Unexplained bytes", "Sum of logged steps that no printed top explains.", "bytes"),
    _bool("definition_cut", "Dump cut", "Whether the definition in the log was cut."),
    _text("definition_origin", "Definition", "dump, prototxt, both, or NA."),
    _bool("done", "Initialised", "Whether 'Network initialization done.' came."),
    LINE,
    _int("end_line", "To line", "The last line of the net's set-up."),
)

ATTEMPTS: Final = (
    ATTEMPT,
    _text("command", "Command", "train, test, time, device_query; NA where nothing tells it."),
    _text("mode", "Mode", "CPU or GPU."),
    _list("devices", "Devices", "Names of the GPUs, as printed."),
    _text("solver_type", "Solver", "SGD, Adam …"),
    _float("base_lr", "Base lr", "The solver's base_lr."),
    _text("lr_policy", "lr policy", "The solver's lr_policy."),
    _float("momentum", "Momentum", "The solver's momentum."),
    _float("weight_decay", "Weight decay", "The solver's weight_decay."),
    _int("iter_size", "iter_size", "Batches whose gradients are summed in one iteration."),
    _int("max_iter", "max_iter", "The solver's max_iter."),
    _int("first_iteration", "First iteration", "The first one displayed."),
    _int("last_iteration", "Last iteration", "The last one displayed."),
    _text("outcome", "Outcome", "done, stopped, signal, killed, fatal, out_of_memory or unfinished."),
    _text("outcome_text", "How it ended", "What the log says about the end."),
    _float("start_s", "Start", "Seconds since the start of the year.", "s"),
    _float("end_s", "End", "Seconds since the start of the year.", "s"),
    _float("duration_s", "Duration", "Last time stamp minus first.", "s"),
    LINE,
    _int("end_line", "To line", "The last line of the attempt."),
)

ITERATION: Final = _int("iteration", "Iteration", "As printed.")
TRAIN: Final = (
    ATTEMPT,
    ITERATION,
    _float("loss", "Loss", "The displayed loss: mean over the last average_loss iterations."),
    _float(
        "iterations_per_second",
        "iter/s",
        "As printed; the first figure of a process is left out, it is uninitialised memory.",
    ),
    _float("seconds", "Seconds", "Since the display before, tests and snapshots included.", "s"),
    _float("epoch", "Epoch", "As some forks print it."),
    _bool("superseded", "Superseded", "Whether a later attempt trained this iteration again."),
    LINE,
)
TRAIN_OUTPUTS: Final = (
    ATTEMPT,
    ITERATION,
    _int("index", "Output #", "The number behind '#'."),
    _text("output", "Output", "The blob's name."),
    _float("value", "Value", "Of the last batch alone."),
    _float("loss_weight", "Loss weight", "The weight with which it enters the loss."),
    _float("weighted_loss", "Weighted", "Value times weight, as printed."),
    LINE,
)
TEST: Final = (
    ATTEMPT,
    ITERATION,
    _int("test_net", "Test net #", "K of 'Testing net (#K)'; 0 where the form has no number."),
    _int("index", "Output #", "The number behind '#'."),
    _text("output", "Output", "The blob's name; 'score' where the form prints none."),
    _float("value", "Value", "Mean over the test's batches."),
    _float("loss_weight", "Loss weight", "The weight with which it enters the loss."),
    _float("weighted_loss", "Weighted", "Value times weight, as printed."),
    _bool("superseded", "Superseded", "Whether a later attempt tested this iteration again."),
    LINE,
)
LR: Final = (
    ATTEMPT,
    ITERATION,
    _float("lr", "Learning rate", "As printed."),
    _float("momentum", "Momentum", "As some forks print it."),
    _float("weight_decay", "Weight decay", "As some forks print it."),
    _float("gradient_scale", "Gradient scale", "As some forks print it."),
    LINE,
)
TIMING: Final = (
    ATTEMPT,
    _text("layer", "Layer", "The layer's name."),
    _float("forward_ms", "Forward", "Mean time of one forward pass.", "ms"),
    _float("backward_ms", "Backward", "Mean time of one backward pass.", "ms"),
    LINE,
)
EVENTS: Final = (
    ATTEMPT,
    _text("kind", "Kind", "snapshot, resume, fatal, signal …"),
    ITERATION,
    _float("value", "Value", "The number that the line states."),
    _text("path", "Path", "The file that the line names."),
    _text("text", "Text", "The line's message."),
    LINE,
)
LEDGER: Final = (
    _text("class", "Class", "recognised, ignored, dump, foreign or unknown."),
    _text("reason", "Reason", "The pattern that recognised the line, or why it is not used."),
    _int("lines", "Lines", "How many."),
    _int("first_line", "First line", "The first of them."),
    _text("example", "Example", "Its message."),
)
FINDINGS: Final = (
    _text("severity", "Severity", "error, warning, hint or note; worst first."),
    _text("kind", "Kind", "A fixed word per kind of finding."),
    _text("title", "Finding", "In one sentence."),
    _text("text", "Meaning", "What it means and what to do."),
    _list("evidence", "Evidence", "What it rests on."),
    ATTEMPT,
    _int("net_index", "Net #", "The net it concerns."),
    _int("layer_index", "Layer #", "The layer it concerns."),
    _int("saves_bytes", "Saves", "What acting on it would save.", "bytes"),
    LINE,
)

DEVICE: Final = _text("device", "Device", "cpu, or gpu: one GPU.")
MEMORY: Final = (
    ATTEMPT,
    *_NET_KEY[1:4],
    DEVICE,
    _text(
        "kind",
        "Kind",
        "logged (Caffe's own line), or distinct_data, diff, params, gradients, history, buffers, prefetch: these do "
        "not overlap and add up to Caffe's own allocations.",
    ),
    _int("bytes", "Bytes", "What is held; where parts are not known, the sum of the others.", "bytes"),
    _text("basis", "Basis", "definition, shapes or inferred: the weakest of the parts; and what is left out."),
)
FOOTPRINT: Final = (
    ATTEMPT,
    DEVICE,
    _int("bytes", "Bytes", "The whole run at its peak; on the GPU for engine CAFFE.", "bytes"),
    _int("low_bytes", "At least", "On the GPU: a cuDNN build without workspace.", "bytes"),
    _int("high_bytes", "At most", "On the GPU: a cuDNN build with all the workspace that Caffe would allow.", "bytes"),
    _text("basis", "Basis", "The terms of the sum, what is left out, what was assumed."),
)

WHATIF: Final = (
    ATTEMPT,
    _text("scenario", "What if", "The change."),
    _text("quantity", "Figure", "Of the first net, of the test nets where named, or of the whole run (footprint)."),
    _text("unit", "Unit", "values, MAC, bytes or images."),
    _int("before", "As logged", "The figure of the run as the log shows it."),
    _int("after", "Then", "The figure under the change."),
    _list("assumptions", "Assumptions", "Everything that the change takes for granted."),
)

TABLES: Final[Mapping[str, tuple[Column, ...]]] = {
    "layers": LAYERS,
    "blobs": BLOBS,
    "params": PARAMS,
    "nets": NETS,
    "attempts": ATTEMPTS,
    "train": TRAIN,
    "train_outputs": TRAIN_OUTPUTS,
    "test": TEST,
    "lr": LR,
    "timing": TIMING,
    "events": EVENTS,
    "ledger": LEDGER,
    "findings": FINDINGS,
    "memory": MEMORY,
    "footprint": FOOTPRINT,
    "whatif": WHATIF,
}
