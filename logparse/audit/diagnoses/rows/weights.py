"""Weights, snapshots, resumes: files that are not found, not whole, of another net, or cannot be written."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.audit.diagnoses.entry import MEDIUM, SILENCE, Diagnosis

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logparse.audit.diagnoses.scene import Scene

_MISFIT: Final = (
    r"Cannot copy param (?P<index>\d+) weights from layer '(?P<named>[^']*)'; shape mismatch\.\s+"
    r"Source param shape is (?P<source>[\d ]+)\([\d]+\); target param shape is (?P<target>[\d ]+)\("
)
_COPY: Final = "F net.cpp] Cannot copy param 0 weights from layer 'fc8'; shape mismatch.  Source param shape is {}; target param shape is {}. To learn this layer's parameters from scratch, rename the layer."
_HISTORY: Final = r"state\.history_size\(\) == history_\.size\(\)"
_STATE: Final = (
    "F sgd_solver.cpp] Check failed: state.history_size() == history_.size() ({}) Incorrect length of history blobs."
)
_MISSING: Final = r"fd != -1 \(-1 vs\. -1\) File not found: (?P<path>.*)|file_hid >= 0 \(-\d+ vs\. 0\) Couldn't open (?!solver state)(?P<other>.*)"
_BINARY: Final = r"ReadProtoFromBinaryFile.*Failed to parse NetParameter file: (?P<path>.*)"
_NOT_WHOLE: Final = "F upgrade_proto.cpp] Check failed: ReadProtoFromBinaryFile(param_file, param) Failed to parse NetParameter file: {}"
_TOO_BIG: Final = (
    "[libprotobuf ERROR google/protobuf/io/coded_stream.cc:207] A protocol message was rejected because it was too big "
    "(more than 67108864 bytes).\n"
)
_WRITE: Final = r"proto\.SerializeToOstream\(&output\)"
# What a file is, by its suffix.
_KINDS: Final[Mapping[str, str]] = {
    ".caffemodel": "Weights",
    ".h5": "HDF5 file",
    ".solverstate": "Solver's state",
    ".binaryproto": "Mean file",
    ".prototxt": "Definition",
    ".pt": "Definition",
}


def _dims(scene: Scene) -> tuple[list[int], list[int]]:
    return [int(word) for word in scene.match["source"].split()], [int(word) for word in scene.match["target"].split()]


def _axes(scene: Scene) -> list[int] | None:
    """The axes on which the shapes differ; None where they have different numbers of them."""
    source, target = _dims(scene)
    if len(source) != len(target):
        return None
    return [axis for axis, (one, other) in enumerate(zip(source, target, strict=True)) if one != other]


def _sizes(scene: Scene) -> Mapping[str, str]:
    source, target = _dims(scene)
    return {
        "source": formats.shape(source),
        "target": formats.shape(target),
        "had": formats.count(source[0]) if source else "",
        "wants": formats.count(target[0]) if target else "",
        "which": {"0": "weights", "1": "bias"}.get(scene.match["index"], f"parameter {scene.match['index']}"),
    }


def _path(scene: Scene) -> str:
    return (scene.match["path"] or scene.match["other"]).strip()


def _file(scene: Scene) -> Mapping[str, str]:
    path = _path(scene)
    relative = not PurePosixPath(path).is_absolute() and not PureWindowsPath(path).is_absolute()
    return {
        "path": path,
        "kind": _KINDS.get(PurePosixPath(path).suffix, "File"),
        "from": " The path is relative: it counts from where caffe was started." if relative else "",
    }


def _resumes(scene: Scene) -> bool:
    return scene.earlier("resume") is not None and _path(scene).endswith((".caffemodel", ".h5"))


def _histories(scene: Scene) -> tuple[int, int]:
    return scene.whole_numbers or (0, 0)


def _is_double(scene: Scene) -> bool:
    state, own = _histories(scene)
    return min(state, own) > 0 and max(state, own) == 2 * min(state, own)


def _saved_before(scene: Scene) -> bool:
    """Whether an earlier snapshot of the attempt had been written: the one at fault was announced as well."""
    return sum(one.kind == "snapshot" and one.line < scene.event.line for one in scene.attempt.events) > 1


OF_WEIGHTS: Final = (
    Diagnosis(
        "W0",
        "other_number_of_classes",
        _MISFIT,
        "The file's layer {named!r} has {had} outputs, this net's has {wants}",
        "All other dimensions agree: it is the same layer for another number of classes (its {which}).",
        "rename the layer in the definition: it then begins from its filler and all others are copied. Not for going "
        "on with a training: there the net must be the same.",
        (_COPY.format("1000 4096 (4096000)", "20 4096 (81920)"),),
        when=lambda scene: _axes(scene) == [0],
        words=_sizes,
    ),
    Diagnosis(
        "W0",
        "other_input_size",
        _MISFIT,
        "The file's layer {named!r} reads another number of values than this net's: {source}, not {target}",
        "The second dimension counts what the layer reads: another crop or input size, or other channels below.",
        "the input size that the weights were made for; or rename the layer, which then begins from its filler.",
        (_COPY.format("4096 9216 (37748736)", "4096 6400 (26214400)"),),
        when=lambda scene: _axes(scene) == [1],
        words=_sizes,
    ),
    Diagnosis(
        "W0",
        "other_weights",
        _MISFIT,
        "The file's layer {named!r} is another one than this net's: {source}, not {target}",
        "The shapes differ in more than the number of classes or inputs: most likely they are another net's weights.",
        "the weights of this net; or rename the layer, which then begins from its filler.",
        (_COPY.format("96 3 11 11 (34848)", "64 3 3 3 (1728)"),),
        when=lambda scene: _axes(scene) not in ([0], [1]),
        words=_sizes,
    ),
    Diagnosis(
        "W0",
        "weights_do_not_fit",
        r"target_blobs\[j\]->(?P<what>num|channels|height|width|shape)\(\) == source|"
        r"target_blobs\[j\]->shape\(\) == source_blob->shape\(\)",
        "Weights do not fit this net's layer: {a} is wanted, the file has {b}",
        "The builds of 2014 do not name the layer. It is the first whose size differs.",
        "rename the layer whose size was changed; or take the weights of this net.",
        ("F net.cpp] Check failed: target_blobs[j]->num() == source_layer.blobs(j).num() (20 vs. 1000) ",),
    ),
    Diagnosis(
        "W0",
        "test_net_differs",
        r"Cannot share param (?P<index>\d+) weights from layer '(?P<named>[^']*)'",
        "Layer {named!r} differs between train and test net",
        "The test net shares the train net's parameters, so that they must have one shape.",
        "one definition of the layer for both phases.",
        (
            "F net.cpp] Cannot share param 0 weights from layer 'ip2'; shape mismatch.  Source param shape is 10 500 (5000); target param shape is 20 500 (10000)",
        ),
    ),
    Diagnosis(
        "W1",
        "other_number_of_blobs",
        r"Incompatible number of blobs for layer (?P<named>.*)",
        "The file's layer {named} has another number of parameters: {b}, and this build wants {a}",
        "Variants of a layer differ in it: with or without bias, BatchNorm of this or another fork, fused or not.",
        "the fork that the weights are of, or convert them; `bias_term` as it was.",
        (
            "F net.cpp] Check failed: target_blobs.size() == source_layer.blobs_size() (3 vs. 5) Incompatible number of blobs for layer bn1",
        ),
    ),
    Diagnosis(
        "W2",
        "weights_too_big",
        _BINARY,
        "{path} is larger than this build reads: more than {limit}",
        "protobuf refuses messages above a limit, which old builds set too low.",
        "a later Caffe, or a larger limit in its io.cpp; HDF5 snapshots have none.",
        (_TOO_BIG + _NOT_WHOLE.format("a.caffemodel"),),
        before=r"rejected because it was too big \(more than (?P<limit_bytes>\d+) bytes\)",
        words=lambda scene: {"limit": formats.exact_bytes(int(scene.more["limit_bytes"]))},
    ),
    Diagnosis(
        "W2",
        "state_given_as_weights",
        _BINARY,
        "{path} is a solver's state, and weights were wanted",
        "A .solverstate holds the iteration and the momentum, not the weights.",
        "`--snapshot` for a .solverstate, `--weights` for a .caffemodel.",
        (_NOT_WHOLE.format("a_iter_50.solverstate"),),
        when=lambda scene: _path_of_binary(scene).endswith(".solverstate"),
    ),
    Diagnosis(
        "W2",
        "weights_not_whole",
        _BINARY,
        "{path} is no whole caffemodel",
        "It is cut (a download that broke off), or something else: a web page, a Git-LFS pointer, another format.",
        "look at its size and first bytes; fetch it again.",
        (_NOT_WHOLE.format("a.caffemodel"),),
        near=(
            (
                "[libprotobuf WARNING google/protobuf/io/coded_stream.cc:78] The total number of bytes read was 553432430\n"
                "I solver.cpp] Optimization Done."
            ),
        ),
        otherwise=True,
    ),
    Diagnosis(
        "W4",
        "file_not_found",
        _MISSING,
        "{kind} not found: {path}",
        "Caffe says so of any file that it cannot open, also for lack of permission.{from}",
        "see that the path is right and can be read by who starts caffe; give it whole.",
        (
            "F io.cpp] Check failed: fd != -1 (-1 vs. -1) File not found: nets/a.prototxt",
            "F net.cpp] Check failed: file_hid >= 0 (-1 vs. 0) Couldn't open snap/a.caffemodel",
        ),
        when=lambda scene: not _resumes(scene),
        words=_file,
    ),
    Diagnosis(
        "W5",
        "snapshot_is_a_model",
        _HISTORY,
        "A .caffemodel was given as --snapshot, or the state holds no history{given}",
        "The state has {a} blobs of history and this solver keeps {b}. Weights parse as an empty state.",
        "give the .solverstate: its caffemodel is found by itself.",
        (_STATE.format("0 vs. 16"),),
        when=lambda scene: _histories(scene)[0] == 0,
        words=lambda scene: {"given": f": {given.path}" if (given := scene.earlier("resume")) else ""},
    ),
    Diagnosis(
        "W5",
        "state_of_another_solver",
        _HISTORY,
        "The state is of another solver type: it has {a} blobs of history, and this one keeps {b}",
        "Adam and AdaDelta keep two for each parameter, the others one. One number is twice the other.",
        "the solver type that wrote the state; or begin from its weights with --weights, without its history.",
        (_STATE.format("16 vs. 32"), _STATE.format("32 vs. 16")),
        when=_is_double,
        near=("I sgd_solver.cpp] SGDSolver: restoring history\nI solver.cpp] Optimization Done.",),
    ),
    Diagnosis(
        "W5",
        "state_of_another_net",
        _HISTORY,
        "The state is of another net: it has {a} blobs of history, and this one keeps {b}",
        "The number follows from the parameters, which are others here.",
        "the net that the state was written with; or begin from its weights with --weights.",
        (_STATE.format("16 vs. 20"),),
        when=lambda scene: _histories(scene)[0] != 0 and not _is_double(scene),
    ),
    Diagnosis(
        "W6",
        "weights_of_state_moved",
        _MISSING,
        "The state names weights that are no longer there: {path}",
        "A .solverstate keeps the path of its caffemodel as it was when it was written.{from}",
        "put the file back there, or start from the same folder as then.",
        (
            (
                "I caffe.cpp] Resuming from a_iter_5.solverstate\n"
                "F io.cpp] Check failed: fd != -1 (-1 vs. -1) File not found: old/a_iter_5.caffemodel"
            ),
        ),
        when=_resumes,
        words=_file,
    ),
    Diagnosis(
        "W6",
        "state_unreadable",
        r"Couldn't open solver state file (?P<path>.*)|Error reading history from (?P<other>.*)",
        "The solver's state {path} cannot be read",
        "It is missing, or not a whole HDF5 state.",
        "look at the path and the file's size; an older snapshot.",
        ("F sgd_solver.cpp] Check failed: file_hid >= 0 (-1 vs. 0) Couldn't open solver state file a.solverstate.h5",),
        words=lambda scene: {"path": _path(scene)},
    ),
    Diagnosis(
        "W8",
        "snapshot_not_written_later",
        _WRITE,
        "A snapshot could not be written, though an earlier one of this run was",
        "The folder is there, so that the disk or the quota is full, or the message is above protobuf's 2 GB.",
        "df and quota; `snapshot_format: HDF5` for more than 2 GB; go on from the snapshot before.",
        (
            (
                "I solver.cpp] Snapshotting to binary proto file a_iter_1.caffemodel\n"
                "I solver.cpp] Snapshotting to binary proto file a_iter_2.caffemodel\n"
                "F io.cpp] Check failed: proto.SerializeToOstream(&output) "
            ),
        ),
        when=_saved_before,
    ),
    Diagnosis(
        "W8",
        "snapshot_not_written",
        _WRITE,
        "The first snapshot could not be written: {path}",
        "The folder does not exist or may not be written to, the disk or the quota is full, or the message is above "
        "protobuf's 2 GB.",
        "make the folder; df and quota; `snapshot_format: HDF5` for more than 2 GB.",
        (
            (
                "I solver.cpp] Snapshotting to binary proto file no/a_iter_1.caffemodel\n"
                "F io.cpp] Check failed: proto.SerializeToOstream(&output) "
            ),
        ),
        when=lambda scene: not _saved_before(scene),
        words=lambda scene: {
            "path": (saved.path or "")
            if (saved := scene.earlier("snapshot", "solverstate"))
            else "its path is not in the log"
        },
    ),
    Diagnosis(
        "W9",
        "no_snapshot_folder",
        r"Cannot write to snapshot prefix '(?P<prefix>[^']*)'",
        "The folder of the snapshots is missing or may not be written to: {prefix}",
        "Caffe tries it before it trains.",
        "make the folder of `snapshot_prefix`.",
        (
            "F solver.cpp] Cannot write to snapshot prefix 'no/such/a'.  Make sure that the directory exists and is writeable.",
        ),
    ),
    Diagnosis(
        "W10",
        "stuck_in_snapshot",
        r"Snapshotting",
        "Nothing more was said after a snapshot was begun",
        "The file system may hang (a network disk, a full one); or the run was killed then, the log is cut, or it was "
        "still running.",
        "see whether the snapshot's file is whole and the disk has room.",
        ("I solver.cpp] Iteration 5, loss = 1\nI solver.cpp] Snapshotting to binary proto file a_iter_5.caffemodel",),
        kinds=SILENCE,
        when=lambda scene: scene.event.kind == "snapshot",
        severity="hint",
        confidence=MEDIUM,
        near=(
            "I solver.cpp] Snapshotting to binary proto file a_iter_5.caffemodel\nI solver.cpp] Iteration 6, loss = 1",
        ),
    ),
)


def _path_of_binary(scene: Scene) -> str:
    path: str = scene.match["path"]
    return path.rstrip()
