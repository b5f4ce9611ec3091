"""What is recovered from a log is the net that ran: read back it has the log's layers, shapes, costs and memory line,
and its definitions are those of the files that the genuine logs were made from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from logparse.assembling.definitions import layer_messages
from logparse.cost.fields import same_but_padding
from logparse.recover.grades import Grade, RecoverError
from logparse.textproto import Message, parse
from tests.parsed import parsed
from tests.reading_back import built, filtered, logged_bytes, printed_in, sources_in, state_in

if TYPE_CHECKING:
    from pathlib import Path

    from logparse.api import Log
    from logparse.derive.facts import NetFact
    from logparse.recover.grades import RecoveredNet
    from tests.reading_back import Built

SAMPLES: Final = ("alexnet", "lenet", "lenet_nan", "lstm", "resnet18", "siamese", "time_alexnet")
CUT: Final = frozenset({"googlenet.log", "old_rc_googlenet.log"})


def outer_nets(log: Log, attempt: int) -> list[NetFact]:
    return [fact for fact in log.net_facts[attempt] if fact.net.nested is None and fact.net.layers]


def check_reads_back(log: Log) -> int:
    """Every net of every attempt of the log against its recovered definition; the number of nets."""
    compared = 0
    for attempt in log.facts.attempts:
        nets = outer_nets(log, attempt.index)
        if not nets:
            continue
        recovered = log.recover("train_val", attempt=attempt.index)
        stages = dict(recovered.stages)
        for number, fact in enumerate(one for one in nets if one.net.phase in {"TEST", "TRAIN", None}):
            test = sum(one.net.phase == "TEST" for one in nets[:number])
            stage = stages.get(test) if fact.net.phase == "TEST" else None
            net = built(recovered.text, state_in(fact.net, stage), sources_in(fact.net), printed_in(fact.net))
            check_net(fact, net, recovered)
            compared += 1
    return compared


def check_net(fact: NetFact, net: list[Built], recovered: RecoveredNet) -> None:
    layers = fact.layers
    if fact.net.done:
        assert [layer.name for layer in net] == [one.layer.name for one in layers]
    still_open = {one.layer for one in recovered.open_fields}
    for mine, one in zip(net, layers, strict=False):
        assert mine.name == one.layer.name
        assert mine.bottoms == one.layer.bottoms, mine.name
        assert mine.tops == tuple(top.name for top in one.layer.tops), mine.name
        for shape, top in zip(mine.shapes, one.layer.tops, strict=True):
            if top.shape is not None:
                assert shape is not None
                assert same_but_padding(shape, top.shape), (mine.name, shape, top.shape)
        if mine.name not in still_open:
            check_costs(mine, one)
    if fact.net.done:
        printed = fact.net.total_bytes or next(
            (one.layer.logged_bytes for one in reversed(layers) if one.layer.logged_bytes is not None), None
        )
        assert logged_bytes(net, fact.element_bytes) == printed


def check_costs(mine: Built, one: Any) -> None:  # noqa: ANN401 - a LayerFact
    params = None if one.cost.params is None else [(blob.shape, blob.kind) for blob in one.cost.params]
    assert mine.params == params, mine.name
    assert mine.cost.macs.value == one.cost.macs.value, mine.name
    assert mine.cost.other_ops.value == one.cost.other_ops.value, mine.name


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_log_reads_back_as_the_net_that_ran(sample_logs: Path, name: str) -> None:
    log = parsed(sample_logs / f"{name}.log")
    assert check_reads_back(log) >= 1
    net = log.recover()
    assert {layer.grade for layer in net.layers} == {Grade.VERBATIM}
    assert net.is_complete


def test_a_genuine_log_reads_back_as_the_net_that_ran(genuine_log: Path) -> None:
    log = parsed(genuine_log)
    try:
        net = log.recover()
    except RecoverError:
        assert not any(outer_nets(log, attempt.index) for attempt in log.facts.attempts)
        return
    check_reads_back(log)
    grades = {layer.grade for layer in net.layers}
    if genuine_log.name in CUT:
        share = sum(layer.grade is not Grade.OPEN for layer in net.layers) / len(net.layers)
        assert share >= 0.9
        assert net.open_fields
    else:
        assert grades == {Grade.VERBATIM}
        assert net.is_complete


# --- against the files that the logs were made from ---------------------------------------------------------

# What Caffe's upgrade changes in a definition before it is dumped (upgrade_proto.cpp)
UPGRADED: Final[dict[str, tuple[str, ...]]] = {"BatchNorm": ("param",)}
# Caffe's defaults, which a rebuilt layer may state and a file may leave out
DEFAULTS: Final[dict[str, Any]] = {
    "stride": 1,
    "pad": 0,
    "group": 1,
    "dilation": 1,
    "bias_term": True,
    "pool": "MAX",
    "negative_slope": 0,
    "top_k": 1,
}


def of_file(path: Path, net: NetFact) -> dict[str, list[Message]]:
    """The layers of a file that the net has, by name; a net of unknown phase may have any of a name."""
    text = path.read_text(encoding="utf-8")
    found: dict[str, list[Message]] = {}
    for message in layer_messages(parse(text).root) if "layers {" in text else filtered(text, state_in(net.net)):
        found.setdefault(message.text("name"), []).append(message)
    return found


def plain(message: Message, *without: str) -> Any:  # noqa: ANN401 - nested values
    return {
        name: [plain(value) if isinstance(value, Message) else value for value in values]
        for name, values in message.fields.items()
        if name not in without
    }


def test_definitions_are_those_of_the_file(genuine_log: Path, genuine_truth: dict[str, Any]) -> None:
    told = genuine_truth["_logs"].get(genuine_log.stem)
    path = genuine_log.parent / "nets" / f"{told['net']}.prototxt" if told and told["net"] else None
    log = parsed(genuine_log)
    nets = outer_nets(log, 1) if log.facts.attempts else []
    if path is None or not path.is_file() or not nets:
        return  # a run of no net, or one whose file is not kept: there is nothing to compare with
    recovered = log.recover("train_val", attempt=1)
    rebuilt = {layer.name for layer in recovered.layers if layer.grade is not Grade.VERBATIM}
    for fact in nets:
        originals = of_file(path, fact)
        mine = filtered(recovered.text, state_in(fact.net))
        assert len(mine) >= len({one.layer.name for one in fact.layers} & originals.keys())
        for message in mine:
            name = message.text("name")
            if name not in originals:  # a net's own inputs, which Caffe made a layer of
                assert (message.text("type"), parse(path.read_text()).root.has("input")) == ("Input", True)
            elif name in rebuilt:
                check_rebuilt(message, originals[name][-1])
            else:
                assert without_upgrades(message) in [without_upgrades(one) for one in originals[name]]


def without_upgrades(message: Message) -> Any:  # noqa: ANN401 - nested values
    old_shapes = ("dummy_data_param",) if message.text("type") == "DummyData" else ()  # four numbers before rc2
    return plain(message, *UPGRADED.get(message.text("type"), ()), *old_shapes)


def check_rebuilt(mine: Message, original: Message) -> None:
    """Whatever a rebuilt layer states is in the file, or is Caffe's default."""
    for name, values in mine.fields.items():
        if not name.endswith("_param"):
            assert plain(Message({name: values})) == plain(Message({name: original.all(name)})), mine.text("name")
            continue
        truth = original.child(name)
        for field, stated in mine.child(name).fields.items():
            actual: list[Any] = [*truth.all(field)] or [DEFAULTS.get(field)]
            assert set(stated) == set(actual), (mine.text("name"), name, field)


def test_what_a_cut_log_lacks_is_open_or_right(shared_logs: Path) -> None:
    net = parsed(shared_logs / "genuine/googlenet.log").recover()
    assert {(one.layer, one.field) for one in net.open_fields} == {
        ("pool5/7x7_s1", "pooling_param.pool"),
        ("pool5/drop_7x7_s1", "dropout_param.dropout_ratio"),
    }
    assert all(layer.stated for layer in net.layers if layer.grade is Grade.REBUILT)
