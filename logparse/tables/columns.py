"""The registry of every table's columns: name, dtype, unit, title, meaning and source.

CSV and HTML headers, tooltips, the Parquet schema and the documentation all read it. Frames hold raw values in
these units; missing values are NA.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.tables.column import ATTEMPT, LINE, decimal, listed, text, truth, whole
from logparse.tables.solver_columns import SOLVER_TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logparse.tables.column import Column

_NET_KEY: Final = (
    ATTEMPT,
    text("net", "Net", "The net's name in its definition."),
    text("phase", "Phase", "TRAIN or TEST; NA where nothing tells it."),
    whole("net_index", "Net #", "Counts every net of an attempt from 0 in order of initialisation, nested ones too."),
    text("nested", "Inside layer", "The recurrent layer whose inner net this is; NA for a net of its own."),
)
_LAYER_KEY: Final = (
    *_NET_KEY,
    whole("layer_index", "Layer #", "The layer's place in its net, from 0."),
    text("layer", "Layer", "The layer's name; NA where a shape stands in the log without its layer."),
)

LAYERS: Final = (
    *_LAYER_KEY,
    text("type", "Type", "The layer's type, from the definition, the log, or inferred."),
    text(
        "type_basis", "Type basis", "definition, log (some forks print it; splits by their names), inferred or unknown."
    ),
    listed("bottoms", "Bottoms", "The blobs that the layer reads, in order."),
    listed("tops", "Tops", "The blobs that the layer writes, in order."),
    listed("top_shape", "Top shape", "The printed shape of each top; [] is a scalar."),
    listed("top_count", "Top values", "The number of values of each top."),
    whole("batch", "Batch", "First dimension of the net's first data top; a recurrent layer's N streams where stated."),
    listed("in_place", "In place", "Per top: whether it overwrites its bottom."),
    listed("shares_with", "Shares with", "Per top: the blob whose memory it is, or null where it owns its own."),
    truth("backward", "Backward", "Whether Caffe computes a backward pass for the layer, as the log says."),
    whole("weights", "Weights", "The layer's own weights, shared or not.", "values"),
    whole("biases", "Biases", "The layer's own biases, shared or not.", "values"),
    whole("statistics", "Statistics", "Values that are kept but not learned (BatchNorm).", "values"),
    whole("params", "Params", "Weights and biases, 0 where shared with an earlier layer.", "values"),
    text("params_basis", "Params basis", "definition, shapes, inferred or unknown."),
    text("params_formula", "Params formula", "The formula with the layer's own values."),
    text("params_reason", "Params reason", "Why the number is NA."),
    whole("macs_per_image", "MACs / image", "Multiply-accumulates of one forward pass for one image.", "MAC"),
    whole("macs", "MACs", "Multiply-accumulates of one forward pass of the whole batch.", "MAC"),
    text("macs_basis", "MACs basis", "definition, shapes, inferred or unknown."),
    text("macs_formula", "MACs formula", "The formula with the layer's own values."),
    text("macs_reason", "MACs reason", "Why the number is NA."),
    whole("backward_macs", "Backward MACs", "Multiply-accumulates of one backward pass of the whole batch.", "MAC"),
    decimal(
        "other_ops_per_image",
        "Other ops / image",
        "All other arithmetic of one forward pass, one operation each.",
        "op",
    ),
    whole("logged_bytes", "Logged, running", "Caffe's running 'Memory required for data' after this layer.", "bytes"),
    whole("logged_step_bytes", "Logged step", "What this layer adds to Caffe's figure.", "bytes"),
    whole("expected_step_bytes", "Expected step", "Sum of the printed top counts times the element size.", "bytes"),
    whole("distinct_bytes", "Distinct data", "Bytes of the tops that own memory.", "bytes"),
    whole("distinct_total_bytes", "Distinct, running", "Running total of distinct data in this net.", "bytes"),
    whole("diff_bytes", "Gradients", "Gradients of the layer's tops, as Caffe allocates them on the CPU.", "bytes"),
    whole("buffer_bytes", "Buffers", "The layer's private buffers on the CPU, which Caffe's line leaves out.", "bytes"),
    whole("gpu_buffer_bytes", "Buffers, GPU", "The same on the GPU, engine CAFFE.", "bytes"),
    text("buffer_formula", "Buffers formula", "Each buffer on the CPU with the layer's own values."),
    text("buffer_reason", "Buffers reason", "Why the number is NA."),
    whole("param_bytes", "Param bytes", "Params and statistics, shared ones once.", "bytes"),
    decimal("macs_per_weight", "MACs / weight", "Computation per parameter: MACs per image over weights."),
    decimal("macs_share", "MACs share", "Share of the net's known MACs, 0 to 1."),
    decimal("params_share", "Params share", "Share of the net's known params, 0 to 1."),
    decimal("distinct_share", "Memory share", "Share of the net's distinct data, 0 to 1."),
    listed("assumptions", "Assumptions", "What was assumed for an inferred number."),
    listed("problems", "Problems", "Where the definition and the printed shapes contradict each other."),
    LINE,
)

BLOBS: Final = (
    *_LAYER_KEY,
    whole("top_index", "Top #", "The top's place in its layer, from 0."),
    text("blob", "Blob", "The blob's name; empty where the log does not name it."),
    listed("shape", "Shape", "The printed shape; [] is a scalar."),
    whole("count", "Values", "The number of values.", "values"),
    whole("data_bytes", "Data", "Values times the element size, as Caffe's figure counts them.", "bytes"),
    whole("distinct_bytes", "Distinct", "The same, 0 where the memory is another blob's.", "bytes"),
    truth("in_place", "In place", "Whether the top overwrites its bottom."),
    text("shares_with", "Shares with", "The blob whose memory it is; NA where it owns its own."),
    decimal("loss_weight", "Loss weight", "The weight with which the top enters the loss."),
    LINE,
)

PARAMS: Final = (
    *_LAYER_KEY,
    whole("param_index", "Param #", "The blob's place among the layer's parameters, from 0."),
    text("kind", "Kind", "weight, bias or statistic."),
    listed("shape", "Shape", "The parameter blob's shape."),
    whole("count", "Values", "The number of values.", "values"),
    whole("bytes", "Bytes", "Values times the element size, 0 where shared.", "bytes"),
    text("shares_with", "Owned by", "The earlier layer that owns it; NA where it is the layer's own."),
    text("basis", "Basis", "definition, shapes, inferred or unknown."),
    LINE,
)

NETS: Final = (
    *_NET_KEY,
    whole("test_index", "Test net #", "K of 'test net (#K)'."),
    whole("layers", "Layers", "Number of layers set up."),
    whole("batch", "Batch", "First dimension of the first data top."),
    whole("element_bytes", "Bytes / value", "4 is float, 8 double, 2 half; derived from the running memory line."),
    whole("logged_bytes", "Logged", "The last 'Memory required for data' of the net.", "bytes"),
    whole("distinct_bytes", "Distinct data", "Data without in-place and shared tops.", "bytes"),
    whole("weights", "Weights", "Weights, shared ones once.", "values"),
    whole("biases", "Biases", "Biases, shared ones once.", "values"),
    whole("statistics", "Statistics", "BatchNorm's values, shared ones once.", "values"),
    whole("params", "Params", "Weights and biases, shared ones once.", "values"),
    whole("param_bytes", "Param bytes", "Params and statistics, shared ones once.", "bytes"),
    whole("macs", "MACs", "Multiply-accumulates of one forward pass of the whole batch.", "MAC"),
    whole("macs_per_image", "MACs / image", "Of one image.", "MAC"),
    whole("unknown_params", "Layers without params", "Layers whose params are NA; the sums leave them out."),
    whole("unknown_macs", "Layers without MACs", "Layers whose MACs are NA; the sums leave them out."),
    whole("reconciled_layers", "Reconciled", "Layers whose logged step equals their top counts to the byte."),
    whole("missing_bytes", "Unexplained bytes", "Sum of logged steps that no printed top explains.", "bytes"),
    truth("definition_cut", "Dump cut", "Whether the definition in the log was cut."),
    text("definition_origin", "Definition", "dump, prototxt, both, or NA."),
    truth("done", "Initialised", "Whether 'Network initialization done.' came."),
    LINE,
    whole("end_line", "To line", "The last line of the net's set-up."),
)

ATTEMPTS: Final = (
    ATTEMPT,
    text("command", "Command", "train, test, time, device_query; NA where nothing tells it."),
    text("mode", "Mode", "CPU or GPU."),
    listed("devices", "Devices", "Names of the GPUs, as printed."),
    text("solver_type", "Solver", "SGD, Adam …"),
    decimal("base_lr", "Base lr", "The solver's base_lr."),
    text("lr_policy", "lr policy", "The solver's lr_policy."),
    decimal("momentum", "Momentum", "The solver's momentum."),
    decimal("weight_decay", "Weight decay", "The solver's weight_decay."),
    whole("iter_size", "iter_size", "Batches whose gradients are summed in one iteration."),
    whole("max_iter", "max_iter", "The solver's max_iter."),
    whole("first_iteration", "First iteration", "The first one displayed."),
    whole("last_iteration", "Last iteration", "The last one displayed."),
    text("outcome", "Outcome", "done, stopped, signal, killed, fatal, out_of_memory or unfinished."),
    text("outcome_text", "How it ended", "What the log says about the end."),
    decimal("start_s", "Start", "Seconds since the start of the year.", "s"),
    decimal("end_s", "End", "Seconds since the start of the year.", "s"),
    text("start", "Begun", "The first time stamp, ISO 8601, in the log's own zone; NA where the year is unknown."),
    text("end", "Ended", "The last time stamp, as above."),
    decimal("duration_s", "Duration", "Last time stamp minus first, unharmed by a clock that was set back.", "s"),
    LINE,
    whole("end_line", "To line", "The last line of the attempt."),
)

LEDGER: Final = (
    text("class", "Class", "recognised, ignored, dump, foreign or unknown."),
    text("reason", "Reason", "The pattern that recognised the line, or why it is not used."),
    whole("lines", "Lines", "How many."),
    whole("first_line", "First line", "The first of them."),
    text("example", "Example", "Its message."),
)
FINDINGS: Final = (
    text("severity", "Severity", "error, warning, hint or note; worst first."),
    text("kind", "Kind", "A fixed word per kind of finding."),
    text("title", "Finding", "In one sentence."),
    text("text", "Meaning", "What it means and what to do."),
    listed("evidence", "Evidence", "What it rests on."),
    ATTEMPT,
    whole("net_index", "Net #", "The net it concerns."),
    whole("layer_index", "Layer #", "The layer it concerns."),
    whole("saves_bytes", "Saves", "What acting on it would save.", "bytes"),
    LINE,
)

DEVICE: Final = text("device", "Device", "cpu, or gpu: one GPU.")
MEMORY: Final = (
    ATTEMPT,
    *_NET_KEY[1:4],
    DEVICE,
    text(
        "kind",
        "Kind",
        "logged (Caffe's own line), or distinct_data, diff, params, gradients, history, buffers, prefetch: these do "
        "not overlap and add up to Caffe's own allocations.",
    ),
    whole("bytes", "Bytes", "What is held; where parts are not known, the sum of the others.", "bytes"),
    text("basis", "Basis", "definition, shapes or inferred: the weakest of the parts; and what is left out."),
)
FOOTPRINT: Final = (
    ATTEMPT,
    DEVICE,
    whole("bytes", "Bytes", "The whole run at its peak; on the GPU for engine CAFFE.", "bytes"),
    whole("low_bytes", "At least", "On the GPU: a cuDNN build without workspace.", "bytes"),
    whole("high_bytes", "At most", "On the GPU: a cuDNN build with all the workspace that Caffe would allow.", "bytes"),
    text("basis", "Basis", "The terms of the sum, what is left out, what was assumed."),
)

WHATIF: Final = (
    ATTEMPT,
    text("scenario", "What if", "The change."),
    text("quantity", "Figure", "Of the first net, of the test nets where named, or of the whole run (footprint)."),
    text("unit", "Unit", "values, MAC, bytes or images."),
    whole("before", "As logged", "The figure of the run as the log shows it."),
    whole("after", "Then", "The figure under the change."),
    listed("assumptions", "Assumptions", "Everything that the change takes for granted."),
)
OUT_OF_MEMORY: Final = (
    ATTEMPT,
    text("side", "Side", "device or host."),
    text("stage", "Stage", "init, forward, backward, parameter gradients, update, prefetch, snapshot or context."),
    text("phase", "Phase", "TRAIN or TEST; NA before any net."),
    whole("net_index", "Net #", "The net at work."),
    text("kind", "Kind", "What the failing request was for, a kind of the table `memory`; NA where not told."),
    text("layer_type", "Layer type", "The innermost layer of the stack trace."),
    text("layer", "Layer", "Its name, where certain."),
    whole("held_bytes", "Held before", "Held before the failing request, by Caffe's order of allocation.", "bytes"),
    whole("first_net_bytes", "First net alone", "The run without its test nets, engine CAFFE.", "bytes"),
    whole("run_bytes", "Whole run", "Test nets too, engine CAFFE.", "bytes"),
    whole("card_bytes", "Card", "The card's memory, where its name states it.", "bytes"),
    truth("first_net_fits", "First net fits", "Whether it alone would have fitted; NA where not known."),
    truth("run_fits_card", "Run fits the card", "Whether all of it would have fitted on the empty card."),
    text("text", "Meaning", "What follows from it."),
    LINE,
)
SHARES: Final = (
    *_NET_KEY[:4],
    text("group", "Group", "fully connected, convolution by kernel (1×1, 3×3, larger, depthwise), other."),
    whole("layers", "Layers", "How many layers are of the group."),
    whole("weights", "Weights", "Weights and biases, shared ones once.", "values"),
    whole("macs", "MACs", "Multiply-accumulates of one forward pass of the whole batch.", "MAC"),
    whole("distinct_bytes", "Distinct data", "Bytes of the tops that own memory.", "bytes"),
    decimal("weights_share", "Weights share", "Share of the net's known weights, 0 to 1."),
    decimal("macs_share", "MACs share", "Share of the net's known MACs, 0 to 1."),
    decimal("distinct_share", "Memory share", "Share of the net's distinct data, 0 to 1."),
    whole("unknown", "Unknown", "Layers of the group whose weights or MACs are NA."),
)

TABLES: Final[Mapping[str, tuple[Column, ...]]] = {
    "layers": LAYERS,
    "blobs": BLOBS,
    "params": PARAMS,
    "nets": NETS,
    "attempts": ATTEMPTS,
    **SOLVER_TABLES,
    "ledger": LEDGER,
    "findings": FINDINGS,
    "memory": MEMORY,
    "footprint": FOOTPRINT,
    "whatif": WHATIF,
    "out_of_memory": OUT_OF_MEMORY,
    "shares": SHARES,
}
