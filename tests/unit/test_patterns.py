"""The tables of messages: each pattern has samples, each sample one pattern, and no pattern swallows what it does not
know or takes more than linear time."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from logparse.reading.messages.convert import CONVERTERS
from logparse.reading.messages.decoration import DECORATIONS
from logparse.reading.messages.dispatch import LONGEST_MESSAGE, Dispatcher
from logparse.reading.messages.dump import DUMPS
from logparse.reading.messages.headerless import BARE_KINDS, bare_kind
from logparse.reading.messages.ignored import IGNORED_PATTERNS
from logparse.reading.messages.patterns import PATTERNS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from logparse.reading.messages.decoration import Decoration
    from logparse.reading.messages.patterns import Pattern

ALL = (*PATTERNS, *IGNORED_PATTERNS)
SAMPLES = [(pattern, sample) for pattern in ALL for sample in pattern.samples]
DISPATCHER = Dispatcher(ALL)


def claims(pattern: Pattern, message: str, file: str) -> bool:
    return pattern.only_from in file and pattern.regex.fullmatch(message) is not None


def test_names_are_unique() -> None:
    names = [pattern.name for pattern in ALL]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize("pattern", ALL, ids=lambda pattern: pattern.name)
def test_a_pattern_has_samples_and_says_where_it_comes_from(pattern: Pattern) -> None:
    assert pattern.samples
    assert pattern.mirrors
    assert (pattern.role == "ignored") == bool(pattern.reason)
    assert pattern.role in {"record", "series", "event", "ignored"}


@pytest.mark.parametrize(("pattern", "sample"), SAMPLES, ids=[f"{p.name}:{s[:40]}" for p, s in SAMPLES])
def test_a_sample_is_claimed_by_exactly_one_pattern(pattern: Pattern, sample: str) -> None:
    claiming = [other.name for other in ALL if claims(other, sample, pattern.mirrors)]

    assert claiming == [pattern.name]


@pytest.mark.parametrize(("pattern", "sample"), SAMPLES, ids=[f"{p.name}:{s[:40]}" for p, s in SAMPLES])
def test_the_dispatcher_finds_it(pattern: Pattern, sample: str) -> None:
    found = DISPATCHER.find(sample, pattern.mirrors)

    assert found is not None
    assert found[0] is pattern


@pytest.mark.parametrize("pattern", [p for p in PATTERNS if p.role == "record"], ids=lambda pattern: pattern.name)
def test_every_record_has_a_converter(pattern: Pattern) -> None:
    assert pattern.name in CONVERTERS or pattern.name in DUMPS


@pytest.mark.parametrize(
    ("message", "file"),
    [
        ("Frobnicating the blobs", "net.cpp"),
        ("Frobnicating layer conv1", "layer_factory.hpp"),
        ("Iteration 5 frobnicated", "solver.cpp"),
        ("Top shape frobnicated", "net.cpp"),
        ("Memory frobnicated: 5", "net.cpp"),
        ("Setting frobs up", "net.cpp"),
        ("conv1 frobnicates conv2", "frob_layer.cpp"),
        ("loss equals 5", "caffe.cpp"),
    ],
)
def test_an_invented_message_stays_unknown(message: str, file: str) -> None:
    assert DISPATCHER.find(message, file) is None


def test_a_file_that_must_agree_is_not_asked_for_where_the_header_has_none() -> None:
    found = DISPATCHER.find("conv1 <- data", None)

    assert found is not None
    assert found[0].name == "wire"
    assert DISPATCHER.find("conv1 <- data", "frob.cpp") is None


@pytest.mark.parametrize("message", ["It", "Iteration 2572", "Copying sou", "    Train net output #0: lo"])
def test_the_beginning_of_a_known_message_is_known(message: str) -> None:
    assert DISPATCHER.begins(message)


@pytest.mark.parametrize("message", ["", "  ", "Frob", "Frobnicating"])
def test_the_beginning_of_no_known_message_is_not(message: str) -> None:
    assert not DISPATCHER.begins(message)


BARE_SAMPLES = [(kind, sample) for kind in BARE_KINDS for sample in kind.samples]


@pytest.mark.parametrize(("kind", "sample"), BARE_SAMPLES, ids=[f"{k.name}:{s[:40]}" for k, s in BARE_SAMPLES])
def test_a_line_without_a_header_is_known_by_its_first_kind(kind: object, sample: str) -> None:
    found = bare_kind(sample)

    assert found is not None
    assert found[0] is kind


@pytest.mark.parametrize("line", ["layer {", '  name: "Killed"', "make: *** No rule", "<<<<<<< HEAD"])
def test_what_others_print_is_no_kind(line: str) -> None:
    assert bare_kind(line) is None


# --- hostile lines: a message that nearly matches, padded to half the longest that is looked at ------------

PADS = ("1", " ", "a", "#", ".", "-", "(", "[", " ->", "= ", "1 ", "a:", "1,", "\t", "'", "nan", " blob ", ", ", "0.1:")
PADDING = LONGEST_MESSAGE // 2
# One pass over the same text, the peer that a pattern is measured against. The slowest pattern takes 85 times as long;
# one that goes over a text of this length again from each of its characters takes thousands of times as long.
ONE_PASS = re.compile(r"[^\x00]*+\x00?")
TIMES_ONE_PASS = 400


def hostile(sample: str, pad: str, ends: Sequence[str]) -> list[str]:
    """The sample with the pad in five places, with each of the ends."""
    places = sorted({0, len(sample) // 3, len(sample) // 2, 2 * len(sample) // 3, len(sample)})
    padding = pad * (PADDING // len(pad))
    return [f"{sample[:place]}{padding}{sample[place:]}{end}" for place in places for end in ends]


def processor_s(match: Callable[[str], object], messages: Sequence[str]) -> float:
    began = time.process_time()
    for message in messages:
        match(message)
    return time.process_time() - began


def times_one_pass(match: Callable[[str], object], messages: Sequence[str]) -> float:
    """How many times as long as one pass over the messages it takes; the less of two measurements."""
    return min(processor_s(match, messages) / processor_s(ONE_PASS.fullmatch, messages) for _ in range(2))


@pytest.mark.parametrize("pattern", ALL, ids=lambda pattern: pattern.name)
def test_no_pattern_takes_more_than_linear_time(pattern: Pattern) -> None:
    sample = max(pattern.samples, key=len)
    for pad in PADS:
        messages = hostile(sample, pad, ["", "\x00"])
        assert times_one_pass(pattern.regex.fullmatch, messages) < TIMES_ONE_PASS, pad


def test_no_line_without_a_header_takes_more_than_linear_time() -> None:
    for kind in BARE_KINDS:
        sample = max(kind.samples, key=len)
        for pad in PADS:
            assert times_one_pass(bare_kind, hostile(sample, pad, ["\x00"])) < TIMES_ONE_PASS, (kind.name, pad)


@pytest.mark.parametrize("decoration", DECORATIONS, ids=lambda one: one.name)
def test_no_decoration_takes_more_than_linear_time(decoration: Decoration) -> None:
    for pad in (*PADS, "*", "`", "_", "&", "\\", "<b ", "&amp;"):
        assert times_one_pass(decoration.undo, hostile(decoration.found, pad, ["", "\x00"])) < TIMES_ONE_PASS, pad


def test_the_measure_sees_a_pattern_of_quadratic_time() -> None:
    quadratic = re.compile(r".*,.*;")
    assert times_one_pass(quadratic.fullmatch, hostile("", ", ", ["\x00"])) > TIMES_ONE_PASS


def test_a_message_longer_than_any_of_caffes_is_not_looked_at() -> None:
    assert DISPATCHER.find("Creating Layer " + "x" * LONGEST_MESSAGE, "net.cpp") is None
