"""Lines that others touched: decorated, glued, robbed of their headers, numbered by a launcher; none is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from logparse import parse_log
from logparse.errors import NothingRecognisedError
from logparse.reading.messages.decoration import DECORATIONS, undecorated
from tests.writing import Layer, data, line, net, read

if TYPE_CHECKING:
    from logparse.api import Log
    from logparse.reading.messages.decoration import Decoration

HEADER: Final = "I1124 10:00:00.000000 23669 solver.cpp:1] "
FILLER: Final = "I1124 10:00:00.000000 23669 net.cpp:1] Setting up x\n" * 9


def iterations(log: Log) -> list[int]:
    return [int(one) for one in log.train["iteration"]]


def unknown(log: Log) -> list[str]:
    return [row.example for row in log.facts.ledger if row.kind == "unknown"]


def lines_of(log: Log, reason: str) -> int:
    return sum(row.lines for row in log.facts.ledger if row.reason == reason)


def display(iteration: int, after: str = "") -> str:
    return f"{HEADER}Iteration {iteration}, loss = 0.5{after}\n"


# Marks of pages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decoration", DECORATIONS, ids=lambda one: one.name)
def test_a_decoration_is_taken_away(decoration: Decoration) -> None:
    assert undecorated(decoration.found) == decoration.printed
    assert undecorated(decoration.printed) == decoration.printed


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}**Iteration 20, loss = 0.5**\n",
        f"**{HEADER}Iteration 20, loss = 0.5**\n",
        f"__{HEADER}Iteration 20, loss = 0.5__\n",
        f"<b>{HEADER}Iteration 20, loss = 0.5</b><br>\n",
        f"> **{HEADER}Iteration 20, loss = 0.5**\n",
        f"{HEADER}Iteration **20**, loss = 0.5\n",
        f"{HEADER}Iteration <strong>20</strong>, loss = 0.5\n",
        f"{HEADER.replace('solver', '**solver').replace('] ', ']** ')}Iteration 20, loss = 0.5\n",
        f"{HEADER}~~Iteration 20, loss = 0.5~~\n",
        f"{HEADER}Iteration 20, loss= 0.5`\n",
        f"{HEADER}Iteration 20, loss = 0.5\\n\n",
    ],
)
def test_a_marked_line_is_the_line(text: str) -> None:
    log = read(text)

    assert iterations(log) == [20]
    assert not unknown(log)


def test_a_mark_that_opens_on_one_line_and_closes_on_another_is_no_part_of_a_name() -> None:
    log = read("**" + line("Creating Layer conv"), line("conv -> conv"), line("Creating Layer **pool**"))

    assert log.layers["layer"].tolist() == ["conv", "pool"]


def test_an_arrow_that_a_page_spelt_out_is_a_wire() -> None:
    log = read(line("Creating Layer conv"), line("conv &lt;- data"), line("conv -&gt; top"), line("Setting up conv"))

    assert log.layers[["bottoms", "tops"]].to_numpy().tolist() == [[["data"], ["top"]]]
    assert not unknown(log)


def test_stars_of_caffes_own_stay() -> None:
    log = read(line("*** Benchmark begins ***", "caffe.cpp"), line("conv\tforward: 2 ms.", "caffe.cpp"))

    assert log.attempts["command"].tolist() == ["time"]


# Words after and before a figure --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "after",
    [
        ", remaining 121 hours and 33 minutes",
        " (ETA 3h)",
        "; best = 0.4",
        "  [ 11760 / 350000 ] -> [ 6:25 (H:M) ]",
        " | 12 %",
    ],
)
def test_words_after_the_loss_do_not_hide_it(after: str) -> None:
    log = read(display(20, after))

    assert log.train[["iteration", "loss"]].to_numpy().tolist() == [[20, 0.5]]


@pytest.mark.parametrize(
    "message", ["Iteration 20, loss = 0.5x", "Iteration 20, loss = 0.5/3", "Iteration 20, gloss = 1"]
)
def test_what_is_no_figure_of_a_loss_is_not_taken_for_one(message: str) -> None:
    assert unknown(read(display(0), HEADER + message + "\n")) == [message]


def test_a_rate_in_an_lr_line() -> None:
    log = read(display(20), f"{HEADER}Iteration 20 (14.2/s), lr = 0.01\n")

    assert log.lr["lr"].tolist() == [0.01]
    assert not unknown(log)


def test_the_mean_precision_of_a_detection_is_what_a_test_found() -> None:
    start, class_ap = line("Iteration 20, Testing net (#0)", "solver.cpp"), line("class AP 1: 0.56", "solver.cpp")
    log = read(start, class_ap, line("Test net output mAP #0: eval = 0.6", "solver.cpp"))

    assert log.test[["iteration", "output", "value"]].to_numpy().tolist() == [[20, "eval", 0.6]]
    assert not unknown(log)


@pytest.mark.parametrize("number", [0, 1, 12, 130])
def test_no_pattern_hangs_on_a_figure_in_its_first_word(number: int) -> None:
    log = read(
        display(0), line(f"LAYER-{number} Data: forward_time: 1.5 ms"), line(f"class{number}: 0.9", "solver.cpp")
    )

    assert not unknown(log)


# Glued lines ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "complaint",
    ["COULD NOT CREATE A LOGGINGFILE 20190410-023034.341!", "COULD NOT CREATE LOGFILE '20170707-050753.4076'!"],
)
def test_a_complaint_of_glogs_before_a_line_hides_nothing(complaint: str) -> None:
    said = "Could not create logging file: No such file or directory\n"
    log = read(said, complaint + said, complaint + display(0), display(20), said, complaint + display(40))

    assert iterations(log) == [0, 20, 40]
    assert not unknown(log)
    assert lines_of(log, "notice of glog's") == 3


def test_a_text_without_a_line_end_before_a_line_hides_nothing() -> None:
    assert iterations(read(display(0), "speed: 1.7s / iter" + display(20))) == [0, 20]


def test_lines_that_lost_the_ends_between_them_are_read_each_and_counted_once() -> None:
    outputs = f"{HEADER}    Train net output #0: loss = 0.25"
    log = read(display(0), display(20).rstrip("\n") + f" {outputs}{HEADER}Iteration 20, lr = 0.01\n", display(40))

    assert iterations(log) == [0, 20, 40]
    assert log.lr["iteration"].tolist() == [20]
    assert log.train_outputs["value"].tolist() == [0.25]
    assert sum(row.lines for row in log.facts.ledger) == 3


def test_unknown_messages_on_a_line_are_one_unknown_line() -> None:
    frobs = f"{HEADER}Frobnicating"
    log = read(display(0), f"{frobs} {frobs} {frobs}\n", display(20))

    assert sum(row.lines for row in log.facts.ledger) == 3
    assert unknown(log) == ["Frobnicating"]


def test_a_glued_name_is_the_names_own() -> None:
    log = read(line("Creating Layer conv").rstrip("\n") + line("conv -> conv"), line("Setting up conv"))

    assert log.layers["layer"].tolist() == ["conv"]


def test_a_header_that_cannot_be_is_part_of_the_message() -> None:
    log = read(line("Creating Layer I1130 24:00:00.000000 1 a.cpp:1] x"))

    assert log.layers["layer"].tolist() == ["I1130 24:00:00.000000 1 a.cpp:1] x"]


# Broken lines ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "rest"),
    [
        ("Iteration 20 (0.9 iter/s, 105.4s/100 iters), l", "oss = 0.5"),
        ("Iteration 20 (0.9 iter/s, 105.4s/100", "iters), loss = 0.5"),
        ("Iteration 20,", "  loss = 0.5"),
    ],
)
def test_a_line_that_a_terminal_broke_is_one(first: str, rest: str) -> None:
    log = read(display(0), f"{HEADER}{first}\n{rest}\n", display(40))

    assert iterations(log) == [0, 20, 40]
    assert not unknown(log)
    assert lines_of(log, "rest of a broken line") == 1
    assert sum(row.lines for row in log.facts.ledger) == 4


@pytest.mark.parametrize("rest", ["", "  Frobnicating\n", "\n", "a: 1\n", display(40)])
def test_what_the_next_line_does_not_complete_is_unknown(rest: str) -> None:
    log = read(display(0), f"{HEADER}Iteration 20,\n", rest, display(60))

    assert unknown(log) == ["Iteration 20,"]
    assert sum(row.lines for row in log.facts.ledger) == 3 + bool(rest)


# Lost headers ---------------------------------------------------------------------------------------------------------


def bare(text: str) -> str:
    return "".join(one.partition("] ")[2] or one for one in text.splitlines(keepends=True))


NET: Final = net([data(), Layer("conv", "ReLU", ("data",), ("top",), ("2 3 4 4 (96)",), backward=True)])


def test_a_log_without_headers_says_what_it_says_with_them() -> None:
    text = NET + display(0) + f"{HEADER}    Train net output #0: loss = 0.5 (* 1 = 0.5 loss)\n" + display(20)
    whole, robbed = read(text), read(bare(text))

    for name in ("layers", "nets", "train", "train_outputs"):
        timeless = [one for one in whole.table(name) if one not in {"elapsed_s", "time", "seconds_between"}]
        assert robbed.table(name)[timeless].to_json() == whole.table(name)[timeless].to_json(), name


def test_the_first_lines_may_have_lost_theirs_alone() -> None:
    first, second = bare(display(0)), display(20)

    assert iterations(read(first, second)) == [0, 20]


def test_behind_a_header_a_line_without_one_is_anothers() -> None:
    assert iterations(read(display(0), bare(display(20)), display(40))) == [0, 40]


def test_a_log_large_enough_for_the_fast_scan_begins_as_a_small_one() -> None:
    text = bare(display(0)) + "".join(map(display, range(20, 40_000, 20)))

    assert iterations(read(text))[:3] == [0, 20, 40]


def test_a_definition_without_a_header_ends_with_the_next_message() -> None:
    log = read(
        "Initializing net from parameters: \n", 'name: "n"\n', 'layer {\n  name: "conv"\n  type: "ReLU"\n}\n',
        "Creating Layer conv\n", "conv -> conv\n", "Network initialization done.\n",
    )  # fmt: skip

    assert log.nets["net"].tolist() == ["n"]
    assert log.layers["type"].tolist() == ["ReLU"]


PROPERTIES: Final = (
    "Major revision number:         9\nMinor revision number:         0\n"
    "Name:                          Tesla K80\nTotal global memory:           4096\n"
)


@pytest.mark.parametrize(
    "before",
    [
        "",  # as 2013's tool prints them
        line("Querying device_id=0", "device_query.cpp"),
        line("Querying GPUs 0", "caffe.cpp") + line("Device id:                     0", "caffe.cpp"),  # NVCaffe
    ],
)
def test_a_cards_properties_need_no_headers(before: str) -> None:
    log = read(before + PROPERTIES)

    assert log.attempts["devices"].tolist() == [["Tesla K80"]]
    assert not [row for row in log.facts.ledger if row.kind in {"foreign", "unknown"}]


def test_behind_other_lines_they_are_anothers() -> None:
    log = read(line("Querying GPUs 0", "caffe.cpp"), display(0), PROPERTIES)

    assert lines_of(log, "device_property") == 0


@pytest.mark.parametrize("text", ["GPU 0: Tesla K80 (UUID: GPU-1)\n", "Solving the problem\n", "Loading from disk\n"])
def test_a_log_of_another_program_is_none(text: str) -> None:
    with pytest.raises(NothingRecognisedError):
        parse_log(text.encode())


# Ranks ----------------------------------------------------------------------------------------------------------------


def numbered(rank: int, text: str, form: str = "[{}] ") -> str:
    return "".join(form.format(rank) + one for one in text.splitlines(keepends=True))


@pytest.mark.parametrize("form", ["[{}] ", "{}: ", "[1,{}]<stderr>:"])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (2, 0, 1)])
def test_rank_0_is_read_wherever_it_begins(order: tuple[int, ...], form: str) -> None:
    nets = "".join(numbered(rank, NET.replace("conv", f"conv{rank}"), form) for rank in order)
    log = read(nets, *(numbered(rank, display(rank), form) for rank in order))

    assert log.layers["layer"].tolist() == ["data", "conv0"]
    assert iterations(log) == [0]
    assert not unknown(log)


def test_lines_of_other_ranks_are_recognised_and_counted_once() -> None:
    log = read(display(7), *(numbered(rank, display(rank) * 3) for rank in (9, 5, 0, 5)))

    assert iterations(log) == [7, 0, 0, 0]
    assert lines_of(log, "line of another rank") == 9
    assert sum(row.lines for row in log.facts.ledger) == 13
    assert log.facts.ranks == ((0, 3), (5, 6), (9, 3))


def test_the_lowest_rank_is_read_where_0_is_not_there() -> None:
    assert iterations(read(*(numbered(rank, display(rank)) for rank in (12, 3, 30)))) == [3]


def test_a_log_of_one_process_has_no_ranks() -> None:
    assert read(display(0)).facts.ranks == ()
