"""What is recovered is text that protobuf itself reads, with Caffe's own messages and enums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from logparse.errors import LogparseError
from logparse.recover.grades import RecoverError
from logparse.recover.recovering import NET_FORMS
from logparse.textproto import Message, parse
from tests.caffe_schema import message_class
from tests.parsed import parsed

if TYPE_CHECKING:
    from pathlib import Path

    from logparse.api import Log

text_format = pytest.importorskip("google.protobuf.text_format", reason="protobuf is in the extra [test]")

SAMPLES: Final = ("alexnet", "lenet", "lstm", "resnet18", "siamese")


def read_by_protobuf(text: str, name: str, *, forks: bool = False) -> Any:  # noqa: ANN401 - made at run time
    return text_format.Parse(text, message_class(name)(), allow_unknown_field=forks)


def texts(log: Log) -> list[tuple[str, str]]:
    """(text, message) of all that can be recovered of a log."""
    found = []
    for attempt in log.facts.attempts:
        for form in NET_FORMS:
            try:
                found.append((log.recover(form, attempt=attempt.index).text, "NetParameter"))
                found.append((log.recover_solver("net.prototxt", form, attempt=attempt.index).text, "SolverParameter"))
            except RecoverError:
                continue
    return found


def check(text: str, name: str, *, forks: bool = False) -> None:
    """Protobuf reads the text, and reads of it what our own reader does."""
    message = read_by_protobuf(text, name, forks=forks)
    if not forks:
        assert plain(parse(text_format.MessageToString(message)).root) == plain(parse(text).root)


def plain(message: Message) -> Any:  # noqa: ANN401 - nested values
    """The fields in no order, numbers as protobuf's single precision has them."""
    import struct

    def single(value: Any) -> Any:  # noqa: ANN401 - any value
        return struct.unpack("f", struct.pack("f", value))[0] if isinstance(value, float | int) else str(value)

    return {
        name: [plain(value) if isinstance(value, Message) else single(value) for value in values]
        for name, values in message.fields.items()
    }


@pytest.mark.parametrize("name", SAMPLES)
def test_protobuf_reads_what_is_recovered_of_a_sample(sample_logs: Path, name: str) -> None:
    found = texts(parsed(sample_logs / f"{name}.log"))
    assert {kind for _, kind in found} == {"NetParameter", "SolverParameter"}
    for text, kind in found:
        check(text, kind)


def test_protobuf_reads_what_is_recovered_of_a_genuine_log(genuine_log: Path) -> None:
    log = parsed(genuine_log)
    found = texts(log)
    assert found or not any(net.layers for attempt in log.facts.attempts for net in attempt.nets)
    for text, kind in found:
        check(text, kind)


def test_protobuf_reads_what_is_recovered_of_a_public_log(public_log: Path) -> None:
    try:
        log = parsed(public_log)
    except LogparseError as error:
        pytest.skip(f"no log: {error.message}")
    for text, kind in texts(log):
        check(text, kind, forks=True)


def test_the_schema_refuses_what_is_none_of_caffes() -> None:
    for text in ("layer { kernel_size: 3 }", "layer { pooling_param { pool: MEDIAN } }", 'layer { name: "a" '):
        with pytest.raises(text_format.ParseError):
            read_by_protobuf(text, "NetParameter")
