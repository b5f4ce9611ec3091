"""Nothing that is put in breaks the reading: any bytes, messages in any order, real logs cut, spliced and damaged.

The reading alone is quick, so it is tried many times more often than hypothesis' profile says.
"""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logparse.api import parse_log
from logparse.errors import LogparseError
from logparse.reading.line.headers import HEADERS, PREFIXES
from logparse.reading.messages.headerless import BARE_KINDS
from logparse.reading.messages.ignored import IGNORED_PATTERNS
from logparse.reading.messages.patterns import PATTERNS
from tests.hostile.mutations import bytes_flipped, digits_changed, repeated, shuffled, thinned, window

if TYPE_CHECKING:
    from logparse.api import Log

PROFILE: Final = settings.default.max_examples if settings.default is not None else 60
# The long profile tries 240,000 inputs in this module alone.
LONG: Final = PROFILE > 1000
OFTEN: Final = settings(max_examples=PROFILE * (90 if LONG else 15))
NOW_AND_THEN: Final = settings(max_examples=PROFILE * (8 if LONG else 2))
ROOT: Final = Path(__file__).resolve().parents[2]
SAMPLES: Final = ("lenet_excerpt.log", "lenet_nan.log", "lstm.log", "siamese.log", "time_alexnet.log", "alexnet.log")

MESSAGES: Final = [sample.encode() for pattern in (*PATTERNS, *IGNORED_PATTERNS) for sample in pattern.samples]
BARE: Final = [sample.encode() for kind in BARE_KINDS for sample in kind.samples]
DUMPED: Final = [
    b'name: "n"',
    b"layer {",
    b'layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"',
    b"  convolution_param { num_output: 2 kernel_size: 3 stride: 0 }",
    b'  kernel_size: 99999999999999999999 pad: -1 group: 0 axis: 77 num_output: "x"',
    b"}",
    b"state { phase: TEST }",
    b'type: "LSTM" recurrent_param { num_output: 1 }',
    b"input_dim: 1 input_shape { dim: 0 dim: -1 }",
]
HEADS: Final = [
    b"I1124 10:43:20.990321 23669 net.cpp:102] ",
    b"I1124 10:43:20.990321 23669 solver.cpp:102] ",
    b"E0101 00:00:00.000000     1 frob_layer.cpp:1] ",
    b"F1231 23:59:59.999999     1 syncedmem.cpp:1] ",
    b"W0229 12:00:00.000000     1 x.cpp:1] ",
    *(sample for header in HEADERS for sample in header.samples),
    *(sample for prefix in PREFIXES for sample in prefix.samples),
]
lines = st.one_of(
    st.builds(bytes.__add__, st.sampled_from(HEADS), st.sampled_from(MESSAGES)),
    st.builds(bytes.__add__, st.sampled_from(HEADS), st.binary(max_size=40)),
    st.sampled_from(BARE),
    st.sampled_from(DUMPED),
    st.binary(max_size=60),
)
soups = st.lists(lines, max_size=40).map(b"\n".join)


def tried(data: bytes) -> Log | None:
    """The log, or None where the input was refused with a reason."""
    try:
        log = parse_log(data)
    except LogparseError:
        return None
    assert sum(row.lines for row in log.facts.ledger) == log.facts.source.lines
    assert 0 <= log.parsed_share <= 1
    assert [attempt.index for attempt in log.facts.attempts] == list(range(1, len(log.facts.attempts) + 1))
    return log


def built(data: bytes) -> None:
    """Every table of the log, and none raises."""
    log = tried(data)
    if log is not None:
        for name in log.table_names:
            log.table(name)


@OFTEN
@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    tried(data)


@OFTEN
@given(soups)
def test_messages_in_any_order(data: bytes) -> None:
    tried(data)


@NOW_AND_THEN
@given(soups)
def test_tables_of_messages_in_any_order(data: bytes) -> None:
    built(data)


@given(
    st.sampled_from([b"\xff\xfe", b"\xfe\xff", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\x00", b"(\xb5/\xfd"]), st.binary()
)
def test_what_only_begins_like_an_archive(magic: bytes, rest: bytes) -> None:
    tried(magic + rest)


# --- real logs, damaged ----------------------------------------------------------------------------------------


@cache
def logs() -> list[bytes]:
    """Small real logs (not a fixture: hypothesis would print them)."""
    return [(ROOT / "sample_logs" / name).read_bytes() for name in SAMPLES]


MUTATIONS: Final = (bytes_flipped, shuffled, thinned, repeated, digits_changed)


def mutated(seed: int) -> bytes:
    chance = random.Random(seed)  # noqa: S311 - a damage that repeats
    data = b"".join(window(chance.choice(logs()), chance) for _ in range(chance.randrange(1, 3)))
    for mutation in chance.sample(MUTATIONS, chance.randrange(1, 4)):
        data = mutation(data, chance) or b"\n"
    return data


@NOW_AND_THEN
@given(seed=st.integers(0, 2**32))
def test_real_logs_cut_spliced_and_damaged(seed: int) -> None:
    tried(mutated(seed))


@given(seed=st.integers(0, 2**32))
def test_tables_of_damaged_logs(seed: int) -> None:
    built(mutated(seed))


# --- a part of a log says a part of what the whole says --------------------------------------------------------


def layers_of(log: Log) -> list[list[tuple[str | None, int | None]]]:
    return [
        [(layer.name, layer.logged_bytes) for layer in net.layers]
        for attempt in log.facts.attempts
        for net in attempt.nets
    ]


@given(which=st.integers(0, len(SAMPLES) - 1), share=st.floats(0, 1))
def test_a_prefix_of_a_log_gives_a_prefix_of_the_result(which: int, share: float) -> None:
    whole = logs()[which]
    cut = whole[: whole.find(b"\n", int(len(whole) * share)) + 1]
    part = tried(cut)
    if part is None:
        return
    full = parse_log(whole)

    assert full.train["iteration"].tolist()[: len(part.train)] == part.train["iteration"].tolist()
    assert repr(full.test["value"].tolist()[: len(part.test)]) == repr(part.test["value"].tolist())
    nets, all_nets = layers_of(part), layers_of(full)
    assert len(nets) <= len(all_nets)
    for mine, theirs in zip(nets, all_nets, strict=False):
        assert [name for name, _ in mine] == [name for name, _ in theirs[: len(mine)]]
        assert mine[:-1] == theirs[: len(mine)][:-1]  # the last layer's lines may be cut off
    for one, other in zip(part.facts.attempts[:-1], full.facts.attempts, strict=False):
        assert (one.line, one.end_line, one.outcome) == (other.line, other.end_line, other.outcome)


OTHERS: Final = (
    b"I1124 10:43:21.337584 99999 data_layer.cpp:73] Restarting data prefetching from start.",
    b"I1124 10:43:21.337584 99999 blocking_queue.cpp:49] Waiting for data",
    b"I1124 10:43:21.337584 99999 data_reader.cpp:1] Restarting data pre-fetching",
)


@given(which=st.integers(0, len(SAMPLES) - 1), seed=st.integers(0, 2**32))
def test_lines_of_other_threads_may_stand_anywhere_outside_a_dump(which: int, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - an order that repeats
    each = logs()[which].split(b"\n")
    headed = [place for place, line in enumerate(each) if line[:1] in b"IWE" and b"] " in line[:80]]
    for place in sorted(chance.sample(headed, min(30, len(headed))), reverse=True):
        each.insert(place, chance.choice(OTHERS))
    before, after = parse_log(logs()[which]), parse_log(b"\n".join(each))

    assert layers_of(before) == layers_of(after)
    assert before.train["loss"].tolist() == pytest.approx(after.train["loss"].tolist(), nan_ok=True)
    assert len(before.train_outputs) == len(after.train_outputs)
    assert [one.outcome for one in before.facts.attempts] == [one.outcome for one in after.facts.attempts]
