"""Data that cannot be opened, read or transformed, or that do not come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from logparse import formats
from logparse.audit.diagnoses.entry import EXCEPTION, MEDIUM, SILENCE, Diagnosis

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logparse.audit.diagnoses.scene import Scene

_LMDB: Final = r"(?:mdb_status|mdb_\w+\(.*\)) == (?:0|MDB_SUCCESS) \((?P<code>-?\d+) vs\. 0\)"
_MDB: Final = "F db_lmdb.hpp] Check failed: mdb_status == 0 ({}) {}"
_LEVELDB: Final = r"Failed to open leveldb (?P<path>[^\n]*)"
_OPEN: Final = "F db_leveldb.cpp] Check failed: status.ok() Failed to open leveldb train_db\n"


class _Code(NamedTuple):
    """What a code of LMDB's says and what helps; positive ones are errno's, negative ones its own."""

    says: str
    helps: str


_PATH: Final = (
    "give the path whole: a relative one counts from where caffe was started; the path is the folder, not data.mdb."
)
_LOCAL: Final = "copy the database to a local disk."
_CODES: Final[Mapping[int, _Code]] = {
    2: _Code("there is no such folder", _PATH),
    5: _Code("the disk could not read it", "look at the disk; make the database again."),
    11: _Code("another process has locked it", "end the other process; a reader needs no lock of its own with NOLOCK."),
    12: _Code(
        "no address space for its map",
        "lift `ulimit -v`; a 64-bit build; the map is as large as was stated, not as the data.",
    ),
    13: _Code(
        "permission is lacking",
        "let who starts caffe read the folder and write its lock.mdb, or build with ALLOW_LMDB_NOLOCK.",
    ),
    19: _Code("the device does not support it", _LOCAL),
    22: _Code("the file system cannot map files (shared folders of virtual machines, some network disks)", _LOCAL),
    28: _Code("the disk is full", "make room."),
    37: _Code("the file system has no locks (Lustre, NFS)", _LOCAL),
    38: _Code("the file system has no locks (Lustre, NFS)", _LOCAL),
    112: _Code("the disk has no room for its map (Windows)", "make room, or a smaller map when it is made."),
    -30783: _Code(
        "its table of readers is used up", "end processes that still have it open; delete lock.mdb when none has."
    ),
    -30790: _Code(
        "its table of readers is full", "end processes that still have it open; delete lock.mdb when none has."
    ),
    -30792: _Code("its map is full", "a larger map size where it is written."),
    -30793: _Code(
        "it is no LMDB, or was only half written",
        "`backend` as it was made (a LevelDB has many .ldb or .sst files); make it again.",
    ),
    -30796: _Code("it is corrupt", "make it again."),
}


def _code(scene: Scene) -> int:
    return int(scene.match["code"]) if len(scene.match["code"]) < 10 else 0


def _database(scene: Scene) -> Mapping[str, str]:
    code = _code(scene)
    known = _CODES.get(code)
    source = _source(scene)
    return {
        "database": f"LMDB {source}" if source else "An LMDB",
        "of_layer": f" of {scene.layer_text}" if scene.layer_name else "",
        "says": known.says if known else "",
        "helps": known.helps if known else "",
        "whose": "LMDB's own" if code < 0 else "the system's (errno)",
    }


def _source(scene: Scene) -> str:
    definition = scene.definition
    params = ("data_param", "hdf5_data_param", "image_data_param", "window_data_param")
    sources = [definition.child(name).text("source") for name in params] if definition is not None else []
    return next(filter(None, sources), "")


def _crop(scene: Scene) -> Mapping[str, str]:
    a, b = scene.numbers
    when = "at a record in mid-run" if scene.trained else "among the first records"
    return {"a": a, "b": b, "moment": when, "sizes": f": {a} and {b}" if a else ""}


OF_DATA: Final = (
    Diagnosis(
        "A1",
        "lmdb",
        _LMDB,
        "{database}{of_layer} cannot be opened: {says}",
        "The code {code} is {whose}.",
        "{helps}",
        (
            _MDB.format("2 vs. 0", "No such file or directory"),
            _MDB.format("13 vs. 0", "Permission denied"),
            _MDB.format("-30793 vs. 0", "MDB_INVALID: File is not an LMDB file"),
            "F data_layer.cpp] Check failed: mdb_env_open(mdb_env_, this->layer_param_.data_param().source().c_str(), MDB_RDONLY, 0664) == 0 (2 vs. 0) mdb_env_open failed",
        ),
        when=lambda scene: _code(scene) in _CODES,
        words=_database,
    ),
    Diagnosis(
        "A1",
        "lmdb_with_other_code",
        _LMDB,
        "{database}{of_layer} cannot be used: LMDB gives the code {code}",
        "The code is {whose}; the error line has its text, if any.",
        "look that code up; try the database with a tool of its own (mdb_stat).",
        (_MDB.format("77 vs. 0", "an unusual text"),),
        when=lambda scene: _code(scene) not in _CODES,
        words=_database,
        confidence=MEDIUM,
    ),
    Diagnosis(
        "A1",
        "unknown_backend",
        r"Unknown database backend",
        "This build cannot read the database of {layer}",
        "`backend` is misspelt, or the build was made without LMDB or LevelDB.",
        "`backend: LMDB` or LEVELDB, as the database was made; a build with USE_LMDB or USE_LEVELDB.",
        ("F db.cpp] Unknown database backend",),
    ),
    Diagnosis(
        "A2",
        "leveldb_locked",
        _LEVELDB,
        "LevelDB {path} is in use",
        "A LevelDB can be opened by one process, and once: another run has it, or both nets of this one.",
        "an LMDB, or a copy for each.",
        (_OPEN + "IO error: lock train_db/LOCK: Resource temporarily unavailable",),
        status=r"LOCK: ",
    ),
    Diagnosis(
        "A2",
        "leveldb_missing",
        _LEVELDB,
        "LevelDB {path} does not exist",
        "No database is in that folder.",
        _PATH.replace(", not data.mdb", "") + " See that `backend` is right.",
        (_OPEN + "Invalid argument: train_db: does not exist (create_if_missing is false)",),
        status=r"does not exist|No such file",
    ),
    Diagnosis(
        "A2",
        "leveldb_corrupt",
        _LEVELDB,
        "LevelDB {path} is corrupt",
        "LevelDB says so itself; it may have been half written.",
        "make it again.",
        (_OPEN + "Corruption: no meta-nextfile entry in descriptor",),
        status=r"^Corruption",
    ),
    Diagnosis(
        "A2",
        "leveldb",
        _LEVELDB,
        "LevelDB {path} cannot be opened: it is in use, missing or corrupt",
        "The status that LevelDB gives on the next line is not in the log, or is none that tells.",
        "end other runs that use it; look at the path; `backend: LMDB` for an LMDB.",
        (_OPEN,),
        otherwise=True,
    ),
    Diagnosis(
        "A3",
        "list_of_files_missing",
        r"Failed to open source file:? (?P<path>.*)",
        "The list of HDF5 files was not found: {path}",
        "`source` of an HDF5Data layer is a text file that lists the .h5 files, one a line.",
        _PATH.split("; the path is")[0] + ".",
        ("F hdf5_data_layer.cpp] Failed to open source file: data/list.txt",),
    ),
    Diagnosis(
        "A3",
        "hdf5_file_missing",
        r"Failed (?:opening|to open) HDF5 file:?\s*(?P<path>.*)",
        "The HDF5 file cannot be opened: {path}",
        "It stands in the list of the layer's source. It is missing, no HDF5, or used by another program.",
        "whole paths in the list; see that each file opens with h5ls. The source itself must be the list, not an .h5.",
        ("F hdf5_data_layer.cpp] Failed opening HDF5 file: data/a.h5",),
    ),
    Diagnosis(
        "A3",
        "list_of_files_empty",
        r"Must have at least (?:1|one) HDF5 filename listed",
        "The list of HDF5 files is empty",
        "`source` of an HDF5Data layer is a text file that lists the .h5 files, one a line.",
        "write the files' paths into it.",
        (
            "F hdf5_data_layer.cpp] Check failed: num_files_ >= 1 (0 vs. 1) Must have at least 1 HDF5 filename listed in a.txt",
        ),
    ),
    Diagnosis(
        "A3",
        "hdf5_dataset_missing",
        r"Failed to find HDF5 dataset (?P<named>.*)",
        "The HDF5 file has no dataset {named!r}",
        "Each top of an HDF5Data layer is read from the dataset of its name.",
        "name the tops as the datasets are, or the datasets as the tops.",
        ("F hdf5.cpp] Check failed: H5LTfind_dataset(file_id, dataset_name_) Failed to find HDF5 dataset label",),
    ),
    Diagnosis(
        "A3",
        "hdf5_wrong_type",
        r"Unsupported datatype class: (?P<type>\w+)|Check failed: ndims (?P<relation>[<>]=) m\w+_dim",
        "The HDF5 dataset is of a type or shape that Caffe does not read",
        "It reads numbers (float, double, integers) of a bounded number of axes.",
        "write the dataset as float32.",
        ("F hdf5.cpp] Unsupported datatype class: H5T_STRING", "F hdf5.cpp] Check failed: ndims <= max_dim (5 vs. 4) "),
    ),
    Diagnosis(
        "A3",
        "hdf5_output_twice",
        r"Failed to make (?:float|double) dataset (?P<named>.*)",
        "The HDF5 file has a dataset {named!r} already",
        "An HDF5Output layer writes its blobs under the same names at every forward pass, so that it can run once.",
        "one forward pass of that net (test_iter: 1); a file that does not exist yet.",
        (
            (
                "  #006: ../../../src/H5L.c line 1578 in H5L__link_cb(): name already exists\n"
                "F hdf5.cpp] Check failed: status >= 0 (-1 vs. 0) Failed to make float dataset data"
            ),
        ),
        before=r"name already exists",
    ),
    Diagnosis(
        "A3",
        "hdf5_output_failed",
        r"Failed to make (?:float|double) dataset (?P<named>.*)",
        "The dataset {named!r} could not be written",
        "HDF5's own reason is not in the log: the disk is full, or the dataset is there already.",
        "df; a file that does not exist yet.",
        ("F hdf5.cpp] Check failed: status >= 0 (-1 vs. 0) Failed to make float dataset data",),
        otherwise=True,
    ),
    Diagnosis(
        "A4",
        "hdf5_does_not_transform",
        r"(?P<type>\w+) does not transform data",
        "{type} takes no transform_param",
        "Mean, scale, crop and mirror are not applied to HDF5.",
        "take transform_param out and write the data transformed.",
        (
            "F hdf5_data_layer.cpp] Check failed: !this->layer_param_.has_transform_param() HDF5Data does not transform data.",
        ),
    ),
    Diagnosis(
        "A4",
        "two_hdf5_versions",
        r"HDF5 library version mismatched",
        "Two versions of HDF5 meet in one process",
        "The header of the build and the library that is loaded differ.",
        "one HDF5: build again, or put the right library first in LD_LIBRARY_PATH.",
        ("Warning! ***HDF5 library version mismatched error***",),
        kinds=EXCEPTION,
        confidence=MEDIUM,
    ),
    Diagnosis(
        "A5",
        "image_missing",
        r"Could not (?:load|open or find file) (?P<path>.*)|Check failed: cv_img\.data\s*$",
        "An image cannot be read{named}",
        "It is missing or broken, or `root_folder` and the list do not give its path together. A blank in a name ends it.",
        "whole paths, or a `root_folder` that ends in a slash; names without blanks.",
        ("F image_data_layer.cpp] Check failed: cv_img.data Could not load images/a.jpg",),
        words=lambda scene: {"named": f": {scene.match['path']}" if scene.match["path"] else ""},
    ),
    Diagnosis(
        "A5",
        "list_of_images_empty",
        r"Check failed: !lines_\.empty\(\)|File is empty",
        "The list of images is empty, or was not found",
        "`source` of an ImageData layer is a text file with a path and a label a line; one that cannot be opened reads as "
        "empty.",
        "give its path whole; see that it has lines.",
        ("F image_data_layer.cpp] Check failed: !lines_.empty() File is empty",),
    ),
    Diagnosis(
        "A9",
        "no_batch_size",
        r"Positive batch size required",
        "{layer} has no `batch_size`",
        "It is 0 or stands in another message than this layer's.",
        "set `batch_size` in the layer's own parameters.",
        ("F image_data_layer.cpp] Check failed: batch_size > 0 (0 vs. 0) Positive batch size required",),
        words=lambda scene: {"layer": formats.capitalised(scene.layer_text)},
    ),
    Diagnosis(
        "A6",
        "image_smaller_than_crop",
        r"datum_height >= crop_size|datum_width >= crop_size|height <= datum_height|width <= datum_width|img_height >= crop_size|img_width >= crop_size|height <= img_height|width <= img_width",
        "An image is smaller than the crop {moment}: {a} and {b}",
        "`crop_size` must not exceed any image of the database.",
        "make the database with --resize_height and --resize_width, or a smaller crop.",
        ("F data_transformer.cpp] Check failed: datum_height >= crop_size (200 vs. 227) ",),
        words=_crop,
    ),
    Diagnosis(
        "A6",
        "images_differ",
        r"channels == datum_channels|datum_channels == |(?:height|width) == datum_(?:height|width)|channels == img_channels|datum_(?:height|width) == (?:height|width)|std::equal\(top_shape\.begin\(\)",
        "Images of one database differ in size or channels {moment}{sizes}",
        "A batch is one blob: grey among coloured images, or several sizes, do not go into it.",
        "convert all to colour or all to grey, and to one size; `force_color`; or batches of 1.",
        (
            "F data_transformer.cpp] Check failed: channels == datum_channels (1 vs. 3) ",
            "F data_transformer.cpp] Check failed: datum_height == height (600 vs. 300) ",
            "F annotated_data_layer.cpp] Check failed: std::equal(top_shape.begin() + 1, top_shape.begin() + 4, shape.begin() + 1) ",
        ),
        words=_crop,
    ),
    Diagnosis(
        "A8",
        "record_without_image",
        r"datum_channels > 0 \(0 vs\. 0\)",
        "The first record of the database of {layer} holds no image that this layer reads",
        "It was made for another layer (SSD's AnnotatedData reads what convert_annoset writes, Data what convert_imageset "
        "writes), or its images are empty.",
        "make the database with the tool of this layer; see that the images were found then.",
        ("F data_transformer.cpp] Check failed: datum_channels > 0 (0 vs. 0) ",),
        confidence=MEDIUM,
    ),
    Diagnosis(
        "A7",
        "mean_does_not_fit",
        r"data_mean_\.(?P<what>channels|height|width)\(\)|Specify either 1 mean_value or as many as channels"
        r"|(?P<other>\w+) == data_mean_",
        "The mean does not fit the data: {a} and {b}",
        "The mean file is of images of another size or number of channels, or `mean_value` stands too often.",
        "make the mean of this database (compute_image_mean), or one `mean_value` a channel.",
        (
            "F data_transformer.cpp] Check failed: datum_height == data_mean_.height() (227 vs. 256) ",
            "F data_transformer.cpp] Check failed: mean_values_.size() == 1 || mean_values_.size() == channels (2 vs. 3) Specify either 1 mean_value or as many as channels: 3",
        ),
        words=lambda scene: {"a": scene.numbers[0] or "one size", "b": scene.numbers[1] or "another"},
    ),
    Diagnosis(
        "A8",
        "needs_opencv",
        r"(?:Encoded datum|Random image resizing|\w+) requires OpenCV",
        "The data need OpenCV, and this build has none",
        "The records hold encoded images, which OpenCV decodes.",
        "a build with USE_OPENCV, or a database of raw images.",
        ("F data_transformer.cpp] Encoded datum requires OpenCV; compile with USE_OPENCV.",),
    ),
    Diagnosis(
        "A8",
        "broken_record",
        r"Could not decode datum",
        "A record of the database cannot be decoded",
        "It is corrupt, or no image.",
        "make the database again, and look at what the tool says of each image.",
        ("F data_transformer.cpp] Could not decode datum ",),
    ),
    Diagnosis(
        "A9",
        "stuck_on_data",
        r"Waiting for dat|prefetch queue empty",
        "The log ends while the net waits for data",
        "The thread that loads data is slow, stuck or dead; or the run was killed then, the log is cut, or it was still "
        "running. Once after a start or a test this line is harmless.",
        "see whether the disk is at work; look for a missing `batch_size` and for a loader's error in another thread.",
        ("I solver.cpp] Iteration 5, loss = 1\nI blocking_queue.cpp] Waiting for data",),
        near=("I blocking_queue.cpp] Waiting for data\nI solver.cpp] Iteration 5, loss = 1",),
        kinds=SILENCE,
        when=lambda scene: scene.event.kind == "stall",
        severity="hint",
        confidence=MEDIUM,
    ),
)
