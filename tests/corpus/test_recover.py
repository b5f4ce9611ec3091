"""Every log at hand, recovered in every form: the text is whole, each net's edges are the log's, shapes follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from logparse.cost.fields import same_but_padding
from logparse.errors import LogparseError
from logparse.recover.grades import Grade, RecoverError
from logparse.recover.recovering import NET_FORMS, shown_nets
from logparse.textproto import parse
from tests.parsed import parsed
from tests.reading_back import AUTOMATIC, built, doubled, filtered, printed_in, sources_in, state_in

if TYPE_CHECKING:
    from pathlib import Path

    from logparse.api import Log
    from logparse.derive.facts import NetFact
    from logparse.recover.grades import RecoveredNet

pytestmark = pytest.mark.corpus

# Of the layers of a net whose dump is cut, so many are complete.
COMPLETE: Final = 0.9
# Until mid-2014 an Accuracy layer's top held the loss too.
TWO_MEASURES: Final = (1, 2, 1, 1)


def read(path: Path) -> Log:
    try:
        return parsed(path)
    except LogparseError as error:
        pytest.skip(f"no log: {error.message}")


def forms_of(log: Log) -> list[RecoveredNet]:
    found = []
    for attempt in log.facts.attempts:
        for form in NET_FORMS:
            try:
                found.append(log.recover(form, attempt=attempt.index))
            except RecoverError:
                continue
    return found


def check(path: Path) -> None:
    log = read(path)
    for net in forms_of(log):
        check_text(net)
    for attempt in log.facts.attempts:
        shown = shown_nets(log.net_facts[attempt.index])
        if not shown.all:
            continue
        net = log.recover("train_val", attempt=attempt.index)
        stages = dict(net.stages)
        tests = {id(fact): number for number, fact in enumerate(shown.tests)}
        for fact in shown.all:
            check_edges(fact, net, stages.get(tests.get(id(fact), -1)))
        if any(fact.net.dump_cut for fact in shown.all):
            assert sum(layer.grade is not Grade.OPEN for layer in net.layers) >= COMPLETE * len(net.layers)


def check_text(net: RecoveredNet) -> None:
    document = parse(net.text)
    assert document.errors == ()
    assert not document.cut
    assert net.text.isascii()
    layers = document.root.children("layer")
    assert [layer.text("name") for layer in layers] == [layer.name for layer in net.layers]
    assert not any(layer.text("type") == "Split" and layer.text("name").endswith("_split") for layer in layers)
    comments = [line for line in net.text.splitlines() if line.startswith("# not known: ")]
    assert len(comments) == len(net.open_fields)
    for layer in net.layers:
        assert (layer.grade is Grade.OPEN) == bool(layer.open_fields)
        assert layer.grade is Grade.VERBATIM or layer.stated or layer.open_fields or net.form != "deploy"


def check_edges(fact: NetFact, recovered: RecoveredNet, stage: str | None) -> None:
    named = [one.layer for one in fact.layers if one.layer.name is not None]
    state = state_in(fact.net, stage)
    if fact.net.done:
        mine = [layer.text("name") for layer in filtered(recovered.text, state)]
        assert mine == [layer.name for layer in named if layer.type != "Split"] or doubled(mine)
    net = built(recovered.text, state, sources_in(fact.net), printed_in(fact.net))
    for layer, one in zip(net, named, strict=False):
        assert layer.name == one.name
        assert layer.bottoms == one.bottoms
        tops = [top for top in one.tops if not top.automatic]
        assert [top for top in layer.tops if top != AUTOMATIC] == [top.name for top in tops]
        for shape, top in zip(layer.shapes, tops, strict=False):
            if shape is not None and top.shape is not None and top.count is not None and top.shape != TWO_MEASURES:
                assert same_but_padding(shape, top.shape), (layer.name, shape, top.shape)


def test_a_public_log_is_recovered_in_every_form(public_log: Path) -> None:
    check(public_log)


def test_a_log_of_a_gpu_is_recovered_in_every_form(gpu_log: Path) -> None:
    check(gpu_log)


def test_a_genuine_log_is_recovered_in_every_form(genuine_log: Path) -> None:
    check(genuine_log)
