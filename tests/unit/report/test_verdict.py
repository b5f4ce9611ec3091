"""The first screen, state by state: pill, sentence and figures must be what a careful reader would say of the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from logparse import formats, parse_log
from logparse.report.reported_log import ReportedLog
from logparse.report.sections import head
from logparse.report.verdict.cards import CARDS_SHOWN
from logparse.report.verdict.course import begins_within, course, leading_test
from logparse.report.verdict.sentence import sentence
from tests.writing import Layer, Writer, data, line, net, read, solver, trained

if TYPE_CHECKING:
    from pathlib import Path

    from logparse.report.sections.head import HeadView

NET = net([data(), Layer("act", "ReLU", ("data",), ("act",), ("2 3 4 4 (96)",))])
WHAT = "A TRAIN net of 2 layers at batch 2"
DONE = line("Optimization Done.", "caffe.cpp")
FALLING = [round(4 * 0.9**place, 4) for place in range(40)]
END = formats.significant(sorted(FALLING[-5:])[2])  # a median, of 40 displays that of the last five
NO_END = "The run has no end in this log: cut, killed or still running"


def first(*parts: str) -> HeadView:
    return head.build(ReportedLog(read(*parts)))


def told(*parts: str) -> tuple[list[str], str]:
    view = first(*parts)
    return [pill.text for pill in view.pills], view.lede


def shown(*losses: float | str, step: int = 20, start: int = 0) -> str:
    return "".join(
        line(f"Iteration {start + step * place}, loss = {loss}", "solver.cpp") for place, loss in enumerate(losses)
    )


# How a run went -------------------------------------------------------------------------------------------------------


def test_a_run_that_finished() -> None:
    run = solver("max_iter: 800\n") + NET + shown(*FALLING) + DONE
    pills, lede = told(run)
    assert pills == ["Finished"]
    assert lede == f"{WHAT}, trained with SGD to iteration 800 of 800 in 0 ms. Its loss fell to {END}."


def test_a_run_that_diverged_says_so_before_its_end() -> None:
    pills, lede = told(solver(), NET, shown(2, 1, "nan", "nan"), DONE)
    assert pills == ["Diverged"]
    assert lede.endswith(
        "It diverged: its loss is not a number (nan) from iteration 40 on. The run went on to its end all the same: "
        "Caffe never looks at its loss."
    )


def test_a_saturated_softmax_is_a_run_that_diverged() -> None:
    pills, lede = told(solver(), NET, shown(2, 1, 87.3365, 87.3365))
    assert pills == ["Diverged"]
    assert "its loss sits at 87.3365, the ceiling of a softmax loss, from iteration 40 on." in lede
    assert lede.endswith(f"{NO_END}.")


def test_a_loss_that_rose_is_told_by_where_it_was_lowest() -> None:
    rising = [*([1.0] * 30), *([8.0] * 30)]
    pills, lede = told(solver(), NET, shown(*rising), DONE)
    assert pills == ["Diverged"]
    assert "its loss rose from 1 at iteration" in lede
    assert "fell" not in lede


def test_a_run_that_learnt_nothing() -> None:
    pills, lede = told(solver(), NET, shown(0, 0, 0, 0), DONE)
    assert pills == ["Learnt nothing"]
    assert "It learnt nothing: its loss is exactly 0 on every display" in lede


# How it ended ---------------------------------------------------------------------------------------------------------

OOM = line("Check failed: error == cudaSuccess (2 vs. 0)  out of memory", "syncedmem.cpp", "F")
STACK = "*** Check failure stack trace: ***\n" + "".join(
    f"    @     0x7fe9bc71da3d  {frame}\n"
    for frame in (
        "google::LogMessage::Fail()",
        "caffe::SyncedMemory::mutable_gpu_data()",
        "caffe::PoolingLayer<>::Forward_gpu()",
        "caffe::Net<>::ForwardFromTo()",
    )
)


def test_out_of_memory_in_training_names_the_pass_and_the_net() -> None:
    pills, lede = told(solver(), NET, OOM, STACK, "    @           0x6b2b51  caffe::Solver<>::Step()\n")
    assert pills == ["Out of memory"]
    assert "The GPU's memory was full in the forward pass (TRAIN net, Pooling)" in lede


def test_out_of_memory_in_a_test_is_told_of_the_test_net() -> None:
    test = net([data("9 3 4 4 (432)")], phase="TEST")
    tested = "".join(f"    @           0x6b3962  caffe::Solver<>::{name}()\n" for name in ("Test", "Step"))
    pills, lede = told(solver("solver_mode: GPU\n"), NET, test, OOM, STACK, tested)
    assert pills == ["Out of memory"]
    assert "(TEST net, Pooling)" in lede
    assert "fits" not in lede.partition(". ")[0]


def test_a_run_that_fails_in_its_set_up_names_the_cause_once() -> None:
    fatal = line("Check failed: fd != -1 (-1 vs. -1) File not found: nope.prototxt", "io.cpp", "F")
    view = first(fatal)
    assert [pill.text for pill in view.pills] == ["Failed in set-up"]
    assert (
        view.lede == "A log without a net's set-up. The run failed in its set-up: Definition not found: nope.prototxt."
    )
    assert view.cards == ()
    assert [one.title for one in view.worst] == ["Definition not found: nope.prototxt"]


def test_a_run_that_fails_later_says_after_which_iteration() -> None:
    fatal = line("Check failed: a == b (1 vs. 2)", "layer.cpp", "F")
    assert told(solver(), NET, shown(2, 1), fatal)[0] == ["Failed"]
    assert "The run failed after iteration 20: " in told(solver(), NET, shown(2, 1), fatal)[1]
    assert told(solver(), NET, fatal)[0] == ["Failed at its start"]
    assert "The run failed before its first display: " in told(solver(), NET, fatal)[1]


def test_a_net_that_is_half_set_up_is_told_as_such() -> None:
    half = net([data()], done=False)
    view = first(solver(), half, line("Check failed: a == b (1 vs. 2)", "layer.cpp", "F"))
    assert view.lede.startswith("A TRAIN net of which 1 layer is set up at batch 2. The run failed in its set-up: ")
    assert next(card.text for card in view.cards if card.name == "Memory at its peak").startswith("≥ ")


def test_a_run_that_was_killed() -> None:
    slurm = "slurmd[node3]: error: *** STEP 12396.0 KILLED AT 2015-11-09T13:59:43 WITH SIGNAL 9 ***\n"
    pills, lede = told(solver(), NET, shown(2, 1), slurm)
    assert pills == ["Killed"]
    assert lede.endswith("Slurm ended the run: it was cancelled or killed.")


def test_a_run_that_was_stopped_early() -> None:
    pills, lede = told(solver(), NET, shown(2, 1), line("Optimization stopped early.", "solver.cpp"))
    assert pills == ["Stopped early"]
    assert "stopped" in lede.rpartition(". ")[2]


def test_without_an_end_it_may_still_run_and_the_time_left_is_told() -> None:
    writer = Writer("max_iter: 1000\n")
    trained([2.0, 1.0, 0.9], writer=writer)
    pills, lede = told(writer.text)
    assert pills == ["Cut or still running"]
    assert lede.endswith(f"{NO_END}; if it still runs, about 48.0 s are left.")


def test_what_is_left_of_a_run_that_is_lost_is_not_told() -> None:
    writer = Writer("max_iter: 1000\n")
    trained([2.0, "nan", "nan"], writer=writer)
    assert told(writer.text)[1].endswith(f"{NO_END}.")


def test_a_run_that_ends_before_its_first_display() -> None:
    pills, lede = told(solver(), NET)
    assert pills == ["Ends before training"]
    assert lede == f"{WHAT}, set up with SGD; no iteration is displayed. {NO_END}."


# Several attempts, and parts of logs ----------------------------------------------------------------------------------


def test_of_several_attempts_the_leading_one_is_told_and_the_end_of_the_last() -> None:
    fatal = line("Check failed: a == b (1 vs. 2)", "layer.cpp", "F")
    pills, lede = told(solver(), NET, shown(2, 1), DONE, solver(), fatal)
    assert pills == ["Finished", "Last attempt: failed in set-up"]
    assert lede.endswith("The last attempt failed in its set-up: Check failed: a == b (1 vs. 2).")


def test_attempts_that_end_alike_have_one_pill() -> None:
    again = solver() + NET + shown(2, 1)
    pills, lede = told(again, again)
    assert pills == ["Cut or still running"]
    assert "The last of 2 attempts has no end in this log" in lede


def test_a_run_that_goes_on_from_a_snapshot_says_from_where() -> None:
    log = solver("max_iter: 5060\n") + NET + shown(1, 1, 1, start=5000) + DONE
    assert "trained with SGD from iteration 5,000 to 5,060 of 5,060" in told(log)[1]
    assert begins_within(ReportedLog(read(log)))
    assert not begins_within(ReportedLog(read(solver(), NET, shown(1, 1, 1, start=20))))


def test_a_run_that_begins_at_its_end_trained_nothing() -> None:
    lede = told(solver("max_iter: 0\n"), NET, shown(2), DONE)[1]
    assert lede.startswith(f"{WHAT}; nothing was trained, for it begins at its max_iter of 0. ")


def test_a_log_that_begins_within_a_run_does_not_tell_its_time() -> None:
    writer = Writer(start=False)
    trained([2.0, 1.0, 0.5], writer=writer)
    view = head.build(ReportedLog(writer.log()))
    assert view.lede.startswith("A log without a net's set-up, trained to iteration 40. ")
    assert "Time" not in [card.name for card in view.cards]


def test_the_set_up_of_a_net_alone_is_no_run() -> None:
    pills, lede = told(NET)
    assert pills == ["Set-up only"]
    assert lede == f"{WHAT}; nothing more is in the log."


# The loss in words ----------------------------------------------------------------------------------------------------


def test_a_loss_is_told_by_medians_and_never_by_one_display() -> None:
    losses = [5.0] * 5 + [1.0] * 28 + [9.0]
    log = ReportedLog(trained(losses).log())
    found = course(log)
    assert found is not None
    assert (found.start, found.low, found.end) == (5.0, 1.0, 1.0)
    assert "Its loss fell to 1." in head.build(log).lede


@pytest.mark.parametrize(
    ("losses", "words"),
    [
        ([2.0], "Its loss was 2 in its only display."),
        ([2.0, 1.0], "Its loss was between 1 and 2 in its 2 displays, too few for a trend."),
        ([2.0] * 19, "Its loss was 2 in its 19 displays, too few for a trend."),
        ([9.0, 8, 7, 6, 5, 4, 3, 2], "Its loss fell from 7.5 in its first 4 displays to 3.5 in its last 4."),
        ([1.0, 1, 1, 2, 5, 3, 3, 3, 4], "Its loss rose from 1 in its first 4 displays to 3 in its last 4."),
        ([9.0, 8, 7, 4.5, 6, 5, 4, 3, 2, 1], "Its loss fell from 7 in its first 5 displays to 3 in its last 5."),
        ([9.0, 8, 7, 3, 5, 4, 3, 2], "Its loss was between 2 and 9 in its 8 displays, too few for a trend."),
        ([9.0, 8, 7, 6, 5, 4], "Its loss was between 4 and 9 in its 6 displays, too few for a trend."),
        ([2.0] * 20, "Its loss stayed at 2."),
        ([1.0] * 10 + [1.5] * 10, "Its loss rose to 1.5."),
    ],
)
def test_few_displays_have_no_trend(losses: list[float], words: str) -> None:
    assert words in head.build(ReportedLog(trained(losses).log())).lede


def test_many_displays_without_a_trend_are_told_by_their_range() -> None:
    """All but the last two displays are at the ceiling of a softmax loss: no median of a whole window is a loss."""
    log = ReportedLog(trained([87.3365] * 58 + [1.0, 1.0]).log())
    assert course(log) is None
    assert "Its loss was between 1 and 87.3 in its 60 displays." in head.build(log).lede


def test_a_score_of_the_main_head_leads_before_auxiliary_heads_and_losses() -> None:
    writer = trained([2.0, 1.0])
    for place, value in enumerate((0.1, 0.4, 0.3), 1):
        outputs = {"aux/top-1": value + 0.5, "main/loss": 1.0 + place, "main/top-1": value, "main/top-5": value + 0.4}
        writer.test(100 * place, outputs)
    best = leading_test(ReportedLog(writer.log()))
    assert best is not None
    assert (best.name, float(best.value[best.best])) == ("main/top-1", 0.4)


# Figures --------------------------------------------------------------------------------------------------------------


def test_there_are_six_cards_at_most_and_none_without_a_figure(sample_logs: Path) -> None:
    for path in sorted(sample_logs.glob("*.log")):
        cards = head.build(ReportedLog(parse_log(path))).cards
        assert 0 < len(cards) <= CARDS_SHOWN
        assert all(card.text and formats.NA not in card.text for card in cards), path


def test_figures_are_those_of_the_tables(sample_logs: Path) -> None:
    log = parse_log(sample_logs / "lenet.log")
    cards = {card.name: card for card in head.build(ReportedLog(log)).cards}
    (work,) = log.table("throughput").to_dict("records")
    train = log.table("nets").to_dict("records")[0]
    cpu = next(row for row in log.table("footprint").to_dict("records") if row["device"] == "cpu")
    assert cards["Memory at its peak"].text == formats.size(cpu["bytes"])
    assert cards["Time"].text == formats.duration(work["seconds_total"])
    assert cards["Time"].note.startswith(f"{formats.significant(work['images_per_s'])} images/s")
    assert cards["Parameters"].text == formats.short(train["params"])
    assert cards["MACs per image"].text == formats.short(train["macs_per_image"])
    assert cards["Best accuracy"].text == formats.precise(
        log.table("test").query("output == 'accuracy'")["value"].max()
    )
    assert cards["Effective batch"].text == formats.count(work["images_per_iteration"])


def test_a_benchmark_has_its_own_cards(sample_logs: Path) -> None:
    view = head.build(ReportedLog(parse_log(sample_logs / "time_alexnet.log")))
    assert [card.name for card in view.cards] == [
        "Forward pass", "Backward pass", "Speed", "Slowest layer", "Memory at its peak", "Parameters",
    ]  # fmt: skip
    assert view.lede.endswith("timed on the CPU: 256 ms forward and 558 ms backward a pass.")
    assert view.cards[3].text == "fc6"


def test_a_test_has_its_results_as_cards() -> None:
    batches = "".join(line(f"Batch {place}, accuracy = 0.{9 - place}", "caffe.cpp") for place in range(2))
    end = line("Loss: 0.5", "caffe.cpp") + line("accuracy = 0.85", "caffe.cpp")
    begin = line("Use CPU.", "caffe.cpp") + net([data()], phase="TEST") + line("Running for 2 iterations.", "caffe.cpp")
    view = first(begin, batches, end)
    assert [pill.text for pill in view.pills] == ["Finished"]
    assert view.lede == "A TEST net of 1 layer at batch 2, tested on the CPU: accuracy 0.85."
    assert (view.cards[0].name, view.cards[0].text) == ("Test accuracy", "0.85")
    assert view.cards[0].note == "the mean that Caffe prints of 2 batches, 0.8 to 0.9"


def test_the_effective_batch_is_a_product() -> None:
    settings = solver("iter_size: 4\nsolver_mode: GPU\n")
    cards = {card.name: card for card in first(settings, NET, shown(2, 1)).cards}
    assert (cards["Effective batch"].text, cards["Effective batch"].note) == ("8", "2 a pass × 4 passes an update")


def test_the_range_stands_against_the_card_that_is_named(shared_logs: Path) -> None:
    log = parse_log(shared_logs / "gpu/gpu_alexnet_b128.log")
    (row,) = [one for one in log.table("footprint").to_dict("records") if one["device"] == "gpu"]
    (card,) = [one for one in head.build(ReportedLog(log)).cards if one.name == "Memory at its peak"]
    assert card.text == f"{formats.size(row['low_bytes'])} – {formats.size(row['high_bytes'])}"
    assert card.note == f"on the GPU, {row['card']}, {formats.size(row['card_bytes'])}: it {row['fits']}"
    assert 'class="g-card"' in str(card.svg)


# The worst findings ---------------------------------------------------------------------------------------------------


def test_the_worst_findings_lead_to_where_they_are_told(sample_logs: Path) -> None:
    view = head.build(ReportedLog(parse_log(sample_logs / "lenet_nan.log"), number=2, alone=False))
    assert [(one.severity, one.href) for one in view.worst] == [("error", "#log2-finding1")]


def test_notes_are_no_worst_findings(sample_logs: Path) -> None:
    view = head.build(ReportedLog(parse_log(sample_logs / "alexnet.log")))
    assert (view.worst, view.calm) == ((), "Nothing asks for a change; 5 notes below.")


# -- the published net -----------------------------------------------------------------------------------


def test_a_net_is_told_by_its_published_name_where_its_own_does_not_say_so(sample_logs: Path) -> None:
    text = (sample_logs / "alexnet.log").read_text()
    assert "(AlexNet" not in sentence(ReportedLog(parse_log(text.encode())))
    renamed = ReportedLog(parse_log(text.replace('name: "AlexNet"', 'name: "run 17"').encode()))
    assert sentence(renamed).startswith("A TRAIN net of 24 layers (AlexNet) at batch 4")
    facts = {fact.name: fact.text for fact in head.build(renamed).facts}
    assert facts["Known as"] == "AlexNet"


def test_nobodys_net_has_no_name(sample_logs: Path) -> None:
    log = ReportedLog(parse_log(sample_logs / "siamese.log"))
    assert "(" not in sentence(log).split(" at batch")[0]
    assert "Known as" not in {fact.name for fact in head.build(log).facts}
