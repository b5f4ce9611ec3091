"""Data being read: databases, image lists, HDF5, windows, mean files, prefetching."""

from __future__ import annotations

from functools import partial
from typing import Final

from logparse.reading.messages.patterns.pattern import make_pattern

_source = partial(make_pattern, "ignored", mirrors="data_layer.cpp", reason="data source being opened")
_prefetch = partial(make_pattern, "ignored", mirrors="data_layer.cpp", reason="batches being fetched ahead")
_broken = partial(make_pattern, "ignored", mirrors="io.cpp", reason="an image that cannot be read")
_hdf5 = partial(make_pattern, "ignored", mirrors="hdf5_data_layer.cpp", reason="HDF5 data")
_window = partial(make_pattern, "ignored", mirrors="window_data_layer.cpp", reason="windows of the R-CNN data layer")

DATA: Final = (
    _source(
        "opened_db",
        r"Open(?:ed|ing) (?:lmdb|leveldb|LMDB|LevelDB|dataset|file:?|datum file) .*",
        "Opened lmdb examples/mnist/mnist_train_lmdb",
        "Opening leveldb examples/mnist/mnist-train-leveldb",
        "Opening dataset data/train_lmdb",
        "Opening file data/train.txt",
    ),
    _source(
        "lmdb_map",
        r"Doubling LMDB map size to \d++ ?MB \.\.\.",
        "Doubling LMDB map size to 2MB ...",
        mirrors="db_lmdb.cpp",
    ),
    _source(
        "mean_file",
        r"Loading mean file from:? ?.*",
        "Loading mean file from: data/ilsvrc12/imagenet_mean.binaryproto",
        "Loading mean file from../../data/ilsvrc12/imagenet_mean.binaryproto",
        mirrors="data_transformer.cpp",
    ),
    _source("shuffling", r"Shuffling (?:data|images)\.?", "Shuffling data", mirrors="image_data_layer.cpp"),
    _source(
        "total_of",
        r"RANKA total of \d++ \w++\.?",
        "A total of 12500 images.",
        "[n0.d0.r0] A total of 12500 images.",
        "A total of 60000 items.",
        mirrors="image_data_layer.cpp",
    ),
    _source(
        "skipping_points",
        r"Skipping (?:first \d++ data points\.?|data points is not supported in multiGPU mode)",
        "Skipping first 17 data points.",
        "Skipping first 17 data points",
        "Skipping data points is not supported in multiGPU mode",
    ),
    _source(
        "no_crop",
        r"Crop is not set\. Using '.*' as a model, w=\d++, h=\d++",
        "Crop is not set. Using 'images/a.jpg' as a model, w=375, h=500",
        mirrors="image_data_layer.cpp",
    ),
    _source(
        "label_size",
        r"output (?:label|data_dim) size: \d++(?:, ?\d++)*+",
        "output label size: 1,1,426,426",
        "output data_dim size: 1,1,1,2",
        mirrors="image_seg_data_layer.cpp",
    ),
    _prefetch(
        "restarting_prefetch",
        r"RANKRestarting (?:data (?:prefetching from start\.|pre-fetching|prefetching \(\d++\))|stream\.)",
        "Restarting data prefetching from start.",
        "Restarting data pre-fetching",
        "[0] Restarting data prefetching (50000)",
        mirrors="data_reader.cpp",
    ),
    _prefetch(
        "prefetch_steps",
        r"(?:Initializing prefetch|RANKPrefetch (?:initialized|allocated|copied)\.?|Thread joined|CreatePrefetchThread)",
        "Initializing prefetch",
        "Prefetch initialized.",
        "[1] Prefetch allocated.",
        "Prefetch copied",
        "Thread joined",
        "CreatePrefetchThread",
        mirrors="base_data_layer.cpp",
    ),
    _prefetch(
        "prefetch_times",
        r"(?:Prefetch batch| {0,8}Read time|Transform time): VALUE ms\.",
        "Prefetch batch: 478 ms.",
        "     Read time: 65.301 ms.",
        "Transform time: 409.394 ms.",
    ),
    _broken(
        "no_such_image",
        r"(?:Could not open or find file|Could not load image|Couldn't load image|Could not decode datum) ?.*",
        "Could not open or find file images/a.jpg",
        "Could not decode datum ",
    ),
    _hdf5("hdf5_list", r"Loading list of HDF5 filenames from: .*", "Loading list of HDF5 filenames from: train.txt"),
    _hdf5("hdf5_count", r"Number of HDF5 files: \d++", "Number of HDF5 files: 2"),
    _hdf5("hdf5_loading", r"(?:Loading|Saving) HDF5 file:? .*", "Loading HDF5 file: a.h5", "Saving HDF5 file out.h5"),
    _hdf5(
        "hdf5_rows",
        r"Successfully (?:loaded|saved) \d++ rows",
        "Successfully loaded 1000 rows",
        "Successfully saved 10 rows",
    ),
    _hdf5("hdf5_again", r"Looping around to first file\.", "Looping around to first file."),
    _hdf5("hdf5_class", r"Datatype class: H5T_\w++", "Datatype class: H5T_FLOAT", mirrors="hdf5.cpp"),
    _source(
        "no_transform_of_arrays",
        r"MemoryDataLayer does not transform array data on Reset\(\)",
        "MemoryDataLayer does not transform array data on Reset()",
        mirrors="memory_data_layer.cpp",
    ),
    make_pattern(
        "ignored",
        "windows_head",
        r"Window data layer:.*",
        "Window data layer:",
        mirrors="window_data_layer.cpp",
        reason="windows of the R-CNN data layer",
        continues=True,
    ),
    _window(
        "windows_image",
        r"num: \d++ \S.* \d++ \d++ \d++ windows to process: \d++",
        "num: 0 VOC2007/JPEGImages/000005.jpg 3 375 500 windows to process: 2011",
    ),
    _window("windows_count", r"Number of (?:images|windows): \d++", "Number of images: 5011"),
    _window("windows_class", r"class -?\d++ has \d++ samples", "class 0 has 12345 samples"),
    _window(
        "windows_crop",
        r"(?:Amount of context padding|Crop mode): \w++",
        "Amount of context padding: 16",
        "Crop mode: warp",
    ),
)
