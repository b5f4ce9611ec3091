"""What forks print of their own memory: yjxiong's plan in both versions, NVCaffe's sums and slab, Intel's largest blob.

A plan puts the data and diffs of a net's blobs into slots, one after another. Sources: yjxiong/caffe, net.cpp, from
4506029a (2016-08, version 1) and from 634cd6e2 (2016-12, version 2: half a blob is named `NAME_data` or `NAME_diff`);
NVIDIA/caffe 0.16, net.cpp; Intel Caffe, net.cpp.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from logparse.reading.messages.patterns.pattern import make_pattern

_record = partial(make_pattern, "record")
_plan = partial(make_pattern, "record", only_from="net.cpp")

# Names in these lines are free text: what they read like must not make wires of them.
NO_WIRE: Final = (
    r"(?!(?:layer \d++ layer name: .* direction: (?:forward|backward)|deref slot -?\d++ held by blob .*"
    r"|excluding (?:output|input|data layer output|loss) .*"
    r"|(?:blob|top|bottom) .* (?:slot:?|(?:data|diff) idx|slot id) -?\d++)\Z)"
)

PLANS: Final = (
    _plan("plan_start", r"Starting Memory Optimization:", "Starting Memory Optimization:"),
    _plan("plan_checked", r"Checking data/diff sharing status", "Checking data/diff sharing status"),
    _plan(
        "plan_excluded",
        r"excluding (?P<why>output|input|data layer output|loss) (?P<blob>.*)",
        "excluding output loss",
        "excluding input data",
        "excluding data layer output label",
        "excluding loss (automatic)",
        "excluding output odd -> name",
    ),
    _plan(
        "plan_layer",
        r"layer (?P<index>\d{1,9}) layer name: (?P<layer>.*) direction: (?:forward|backward)",
        "layer 3 layer name: conv2 direction: forward",
        "layer 4 layer name: odd name, with -> and <- arrows direction: backward",
    ),
    _plan(
        "plan_taken",
        r"blob (?P<blob>.*) acquired new slot (?P<slot>\d{1,9})",
        "blob conv2_data acquired new slot 2",
        "blob odd -> name_diff acquired new slot 2",
    ),
    _plan(
        "plan_shared",
        r"blob (?P<blob>.*) shares its root (?P<root>.*)'s slot: (?P<slot>-?\d{1,9})",
        "blob ip2_ip2_0_split_0_data shares its root ip2_data's slot: 1",
    ),
    _plan("plan_kept", r"skipping deref", "skipping deref"),
    _plan(
        "plan_released",
        r"deref slot (?P<slot>-?\d{1,9}) held by blob (?P<blob>.*)",
        "deref slot 0 held by blob conv1_data",
        "deref slot -1 held by blob fl_diff",
    ),
    _plan(
        "plan_layer_v1",
        r"layer (?:id: (?P<id>\d{1,9}) name: (?P<backward>.*)|(?P<index>\d{1,9}) (?!layer name: |(?:.* )?(?:<-|->) )(?P<layer>.*))",
        "layer 3 conv2",
        "layer 1 ",
        "layer id: 3 name: conv2",
    ),
    _plan(
        "plan_taken_v1",
        r"top (?P<blob>.*) acquires data slot (?P<slot>-?\d{1,9})",
        "top conv2 acquires data slot 2",
    ),
    _plan(
        "plan_shared_v1",
        r"top (?P<blob>.*) shares data with bottom (?P<root>.*) slot (?P<slot>-?\d{1,9})",
        "top ip2_split_0 shares data with bottom ip2 slot 1",
    ),
    _plan(
        "plan_in_place_v1",
        r"top (?P<blob>.*) refers to data slot (?P<slot>-?\d{1,9})",
        "top conv2 refers to data slot 2",
    ),
    _plan(
        "plan_released_v1",
        r"bottom (?P<blob>.*) derefs data slot (?P<slot>-?\d{1,9})",
        "bottom conv1 derefs data slot 0",
    ),
    _plan("plan_new_v1", r"acquired slot for new blob", "acquired slot for new blob"),
    _plan("plan_diff_shared_v1", r"sharing diff using slot (?P<slot>-?\d{1,9})", "sharing diff using slot 3"),
    _plan(
        "plan_diff_taken_v1",
        r"bottom blob (?P<place>\d{1,9}) name (?P<blob>.*) slot id (?P<slot>-?\d{1,9})",
        "bottom blob 0 name conv1 slot id 5",
    ),
    _plan(
        "plan_diff_released_v1",
        r"top blob (?P<place>\d{1,9}) name (?P<blob>.*) slot id (?P<slot>-?\d{1,9})",
        "top blob 0 name conv2 slot id 4",
    ),
    _plan(
        "plan_blob",
        r"blob (?P<place>\d{1,9}) name (?P<blob>.*) (?P<half>data|diff) idx (?P<slot>-?\d{1,9})",
        "blob 4 name conv2 data idx 2",
        "blob 4 name conv2 diff idx -1",
        "blob 5 name odd -> name data idx 0",
    ),
    _plan(
        "plan_slot",
        r"storage memory slot (?P<slot>\d{1,9}) size (?P<bytes>\d{1,18})",
        "storage memory slot 0 size 2949120",
    ),
    _record(
        "memory_optimised",
        r"raw memory (?P<raw>\d++) opt memory (?P<optimised>\d++)",
        "raw memory 21769789368 opt memory 11137430840",
    ),
    _record(
        "memory_reported",
        r"(?P<label>(?:Top|Bottom|Shared \(in-place\)|Parameters|Parameters shared|Shared \(param\)) memory) \((?P<phase>TRAIN|TEST)\)"
        r" (?:required for|by) data: (?P<data>\d++) diff: (?P<diff>\d++)",
        "Top memory (TRAIN) required for data: 665681920 diff: 665681928",
        "Bottom memory (TRAIN) required for data: 665681920 diff: 665681928",
        "Shared (in-place) memory (TRAIN) by data: 332840960 diff: 332840960",
        "Parameters memory (TEST) required for data: 9330816 diff: 9330816",
        "Parameters shared memory (TEST) by data: 0 diff: 0",
    ),
    _record(
        "memory_biggest",
        r"Biggest Memory of single blob: ?(?P<bytes>\d{1,18})",
        "Biggest Memory of single blob: 411041792",
    ),
)
