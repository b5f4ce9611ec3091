"""Cases, as in cases.py, of the causes that no error line tells: a loss on its threshold, one on its other side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.audit.failures.causes import _HIGH_STARTS, _NEGATIVE
from logparse.audit.finders import Finding
from tests.writing import Layer, Writer, line, net, solver, trained

if TYPE_CHECKING:
    from collections.abc import Iterable

START: Final = solver("max_iter: 10\n")
LATE: Final = "confidence: medium"


def shown(*losses: float | str, rates: Iterable[float] = ()) -> str:
    """A run that displays these losses, and these learning rates behind them."""
    writer, given = Writer(), list(rates)
    for place, loss in enumerate(losses):
        writer.show(20 * place, loss, lr=given[place] if given else None)
    return writer.text


def softmax(first: float, loss_param: str = "", shape: str = "2 10 (20)") -> str:
    """A net of one softmax loss, and its first loss."""
    dump = f"loss_param {{ {loss_param} }}" if loss_param else ""
    layers = [
        Layer("ip", "InnerProduct", (), ("ip",), (shape,)),
        Layer("loss", "SoftmaxWithLoss", ("ip",), ("loss",), ("(1)",), dump),
    ]
    run = Writer(start=False)
    run.show(0, first)
    return START + net(layers) + run.text


def lost(name: str, title: str, text: str, evidence: tuple[str, ...], at_line: int) -> Finding:
    return Finding("error", f"diagnosis_{name}", title, text, evidence, 1, line=at_line)


FROM_START: Final = lost(
    "lost_from_start",
    "The loss was lost at iteration 40, among the first displays: data, weights or learning rate",
    "The data or a weights file hold nan, a batch has no valid label, or the rate or the filler is far too large: the "
    "log does not tell which. What helps: look at the data, `debug_info: true` for the first blob that breaks, a tenth "
    "of the rate.",
    ("line 6: the displayed loss is no number", "line 4: 2 at iteration 20", "lowest before: 2", LATE),
    6,
)
TUNED: Final = lost(
    "fine_tuning_lost",
    "Fine-tuning lost its loss at iteration 0, among its first displays",
    "The learning rate is too large for weights that are trained already, BatchNorm's statistics are not used as they "
    "were, or mean and scale of the input are missing: the log does not tell which. What helps: a tenth of the rate, "
    "with a larger `lr_mult` on the new layer only; the input prepared as it was.",
    ("line 4: the displayed loss is no number", LATE),
    4,
)
GROWING: Final = lost(
    "lost_growing",
    "The loss grew from 2 to 4 and was lost at iteration 60: most likely the learning rate is too large",
    "It was torn apart step by step, which steps of the solver do and a bad record does not. What helps: a tenth of "
    "the learning rate, `clip_gradients`, a filler that suits the depth.",
    ("line 8: the displayed loss is no number", "line 6: 4 at iteration 40", "lowest before: 2", "confidence: high"),
    8,
)
SUDDENLY: Final = lost(
    "lost_suddenly",
    "The loss was still 3.99 one display before it was lost at iteration 60: a bad batch, a division by 0, a log of 0",
    "Nothing had announced it in the displays. A bad record, a layer that divides by 0 or takes the log of 0, and a "
    "rate that is too large between two displays look alike. What helps: go on from the last good snapshot with "
    "`debug_info: true` and `display: 1`.",
    ("line 8: the displayed loss is no number", "line 6: 3.99 at iteration 40", "lowest before: 2", LATE),
    8,
)
ROSE: Final = lost(
    "rate_rose",
    "The loss was lost at iteration 60, after the learning rate had risen from 0.1 to 0.2",
    "A larger rate tears a net apart that the smaller one trained. What helps: a lower peak, a longer warm-up, `gamma` "
    "below 1, or `clip_gradients`; go on from a snapshot before the rise.",
    ("line 11: the displayed loss is no number", "line 8: 2 at iteration 40", "lowest before: 2", LATE),
    11,
)
BELOW: Final = Finding(
    "error",
    "diagnosis_negative_loss",
    "The softmax loss loss is negative (−0.5) at iteration 0: a label out of range",
    _NEGATIVE,
    ("line 21: its first", "lines in all: 1", "confidence: high"),
    1,
    line=21,
)
HIGH: Final = Finding(
    "hint",
    "diagnosis_high_start",
    "The first loss is 23.1, where random scores of 10 classes cost 2.3",
    _HIGH_STARTS[False][2],
    ("line 20: iteration 0", LATE),
    1,
    line=20,
)
SUMMED: Final = Finding(
    "note",
    "summed_loss",
    "The first loss is 46.1, where random scores of 10 classes cost 2.3",
    _HIGH_STARTS[True][2].format(places=20),
    ("line 20: iteration 0", "confidence: high"),
    1,
    line=20,
)
NO_ACCESS: Final = Finding(
    "hint",
    "no_peer_access",
    "GPUs without peer access (P2P) to each other: 1 to 0, 0 to 1",
    "Gradients go between them through the host's memory, which is slower; the results are the same. What helps: cards "
    "in slots of one PCIe root, or pairs that have access.",
    ("line 3: GPU 1 does not have p2p access to GPU 0", "line 4: GPU 0 does not have p2p access to GPU 1"),
    1,
    line=3,
)


NO_P2P: Final = "does not have p2p access to GPU"


def peers(*pairs: str) -> str:
    return START + "".join(line(f"GPU {pair}", "parallel.cpp") for pair in pairs)


CAUSES: Final = (
    (shown(2, 2, "nan"), shown(2, "nan", 2), FROM_START),
    (
        line("Finetuning from a.caffemodel", "caffe.cpp") + START + trained(["nan"]).text.partition("\n")[2],
        trained([2, "nan"]).text,
        TUNED,
    ),
    (shown(2, 3, 4, "nan"), shown(2, 3, 3.99, "nan"), GROWING),
    (shown(2, 3, 3.99, "nan"), shown(2, 3, 4, "nan"), SUDDENLY),
    (
        shown(2, 2, 2, "nan", rates=[0.1, 0.1, 0.2, 0.2]),
        shown(2, 2, 2, "nan", rates=[0.1, 0.1, 0.1, 0.2]),
        ROSE,
    ),
    (softmax(-0.5), softmax(0), BELOW),
    (softmax(23.1), softmax(23), HIGH),
    (
        softmax(46.1, "normalization: NONE", "2 10 10 (200)"),
        softmax(46.1, "normalization: BATCH_SIZE", "2 10 (20)"),
        SUMMED,
    ),
    (
        peers("1 does not have p2p access to GPU 0", "0 does not have p2p access to GPU 1"),
        peers("pairs 0:1"),
        NO_ACCESS,
    ),
)


def resumed(losses: Iterable[float]) -> str:
    """Five displays that end at a loss of 2, and a resume whose displays are these."""
    writer = Writer("max_iter: 400\n")
    for place, loss in enumerate([5.0, 2.0, 1.0, 2.0, 1.0]):
        writer.show(20 * place, loss)
    writer.say("Initializing solver from parameters: ")
    writer.lines.append("max_iter: 400\n")
    writer.say("Starting Optimization", file="caffe.cpp")
    writer.say("Resuming from m_iter_80.solverstate", file="caffe.cpp")
    for place, loss in enumerate(losses):
        writer.show(80 + 20 * place, loss)
    return writer.text


def tuned(path: str) -> str:
    """A run that saves `m_iter_20.caffemodel`, and one from the weights of this path."""
    saves = START + line("Snapshotting to binary proto file m_iter_20.caffemodel", "solver.cpp")
    return saves + START + line(f"Finetuning from {path}", "caffe.cpp")


NOT_TAKEN: Final = Finding(
    "warning",
    "diagnosis_resume_did_not_take",
    "The resume at iteration 80 did not take: the loss begins at 10, and was at most 5 before",
    "It is not the state that was saved, or not the same run: another file, other data or mean, another batch or "
    "learning rate. A new order of the data alone makes a small jump. What helps: the .solverstate of this very run, "
    "with its solver file and data unchanged.",
    ("line 17: Resuming from m_iter_80.solverstate", "line 12: last display before", LATE),
    2,
    line=18,
)
WEIGHTS_ALONE: Final = Finding(
    "hint",
    "diagnosis_restarted_from_weights",
    "Attempt 2 goes on from weights alone: it begins at iteration 0, without momentum",
    "The weights are those that attempt 1 saved. With --weights the learning rate's policy and the count begin anew. "
    "What helps: --snapshot with the .solverstate, if the run was to go on.",
    ("line 6: Finetuning from m_iter_20.caffemodel", "confidence: high"),
    2,
    line=6,
)
RESUMES: Final = (
    (resumed([10, 11, 12]), resumed([9.99, 11, 12]), NOT_TAKEN),
    (tuned("m_iter_20.caffemodel"), tuned("other.caffemodel"), WEIGHTS_ALONE),
)
