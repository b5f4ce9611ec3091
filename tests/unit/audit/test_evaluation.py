"""What the tests found: which output leads, which value is best, which snapshots are near, where the curves part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from logparse.audit.curves import lowest_is_best
from logparse.audit.finders import find
from tests.unit.audit.cases import parted
from tests.writing import Writer, read

if TYPE_CHECKING:
    from logparse.audit.finders import Finding


def found(text: str, kind: str) -> list[Finding]:
    log = read(text)
    return [one for one in find(log) if one.kind == kind]


def run_of(**outputs: tuple[float | str, ...]) -> Writer:
    """A run of tests, every 100 iterations, with these values of each output."""
    writer = Writer()
    for place in range(len(next(iter(outputs.values())))):
        writer.test(100 * place, {name: values[place] for name, values in outputs.items()})
    return writer


def best(**outputs: tuple[float | str, ...]) -> list[str]:
    return [one.title for one in found(run_of(**outputs).text, "best_test")]


# The best test --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["accuracy", "precision", "Recall", "top5", "mAP", "ap", "AP", "detection_eval"])
@pytest.mark.parametrize("more", ["{}", "x_{}"])
def test_of_what_counts_hits_the_largest_is_best(name: str, more: str) -> None:
    if (name.lower(), more) == ("ap", "x_{}"):
        return  # a part of a word: mapping, cap
    (title,) = best(**{more.format(name): (0.1, 0.9, 0.5)})

    assert title.endswith("of test net #0: 0.9 at iteration 100, of 3 tests")


@pytest.mark.parametrize("name", ["score", "IoU", "f1", "AUC", "correct"])
def test_other_words_for_hits(name: str) -> None:
    assert best(**{name: (0.1, 0.9, 0.5)}) == [f"Best {name} of test net #0: 0.9 at iteration 100, of 3 tests"]


@pytest.mark.parametrize("name", ["loss", "Error", "err_top1", "perplexity", "distance", "L2Loss"])
def test_of_losses_and_errors_the_smallest_is_best(name: str) -> None:
    assert best(**{name: (0.5, 0.1, 0.9)}) == [f"Best {name} of test net #0: 0.1 at iteration 100, of 3 tests"]


def test_an_output_with_a_weight_is_a_loss_whatever_its_name() -> None:
    writer = Writer()
    for place, value in enumerate((0.5, 0.1, 0.9)):
        writer.say(f"Iteration {place}, Testing net (#0)")
        writer.say(f"    Test net output #0: accuracy = {value} (* 1 = {value} loss)")

    (one,) = found(writer.text, "best_test")

    assert one.title == "Best accuracy of test net #0: 0.1 at iteration 1, of 3 tests"


def test_a_name_that_tells_nothing_is_left_out() -> None:
    assert best(probability=(0.1, 0.9, 0.5)) == []


def test_a_value_that_never_changes_is_left_out() -> None:
    assert best(accuracy=(0.5, 0.5, 0.5)) == []


def test_of_equal_values_the_first_is_best() -> None:
    assert best(accuracy=(0.5, 0.9, 0.9, 0.9))[0].endswith("0.9 at iteration 100, of 4 tests")


def test_the_first_output_that_counts_hits_leads_and_four_others_are_told() -> None:
    outputs = {f"loss{place}": (3.0 + place, 2.0 + place, 2.5 + place) for place in range(3)}
    more = {"accuracy": (0.1, 0.2, 0.3), "top5": (0.4, 0.6, 0.5), "loss3": (6.0, 5.0, 5.5), "loss4": (7.0, 6.0, 6.5)}
    (one,) = found(run_of(**outputs, **more).text, "best_test")

    assert one.title == "Best accuracy of test net #0: 0.3 at iteration 200, of 3 tests"
    assert one.evidence == (
        "no snapshot at or before it",
        "last: 0.3 at iteration 200",
        "best loss0: 2 at iteration 100 (line 11)",
        "best loss1: 3 at iteration 100 (line 12)",
        "best loss2: 4 at iteration 100 (line 13)",
        "best top5: 0.6 at iteration 100 (line 15)",
    )
    assert one.line == 22


def test_without_any_that_counts_hits_the_last_loss_of_those_that_weigh_most_leads() -> None:
    (one,) = found(run_of(a_loss=(3.0, 1.0, 2.0), b_loss=(5.0, 6.0, 4.0)).text, "best_test")

    assert one.title == "Best b_loss of test net #0: 4 at iteration 200, of 3 tests"
    assert one.evidence[-1] == "best a_loss: 1 at iteration 100 (line 6)"


def test_each_test_net_and_each_attempt_has_its_best() -> None:
    writer = Writer()
    for start in (0, 1000):
        for place, value in enumerate((0.1, 0.3, 0.2)):
            writer.test(start + 100 * place, net=0, accuracy=value)
            writer.test(start + 100 * place, net=1, accuracy=value + 0.5)
        if not start:
            writer.say("Starting Optimization", file="caffe.cpp")

    assert [(one.attempt, one.title) for one in found(writer.text, "best_test")] == [
        (1, "Best accuracy of test net #0: 0.3 at iteration 100, of 3 tests"),
        (1, "Best accuracy of test net #1: 0.8 at iteration 100, of 3 tests"),
        (2, "Best accuracy of test net #0: 0.3 at iteration 1,100, of 3 tests"),
        (2, "Best accuracy of test net #1: 0.8 at iteration 1,100, of 3 tests"),
    ]


def test_tests_that_were_gone_over_again_do_not_count() -> None:
    writer = run_of(accuracy=(0.1, 0.2, 0.9))
    writer.say("Starting Optimization", file="caffe.cpp")
    for iteration, value in ((200, 0.4), (300, 0.6), (400, 0.5)):
        writer.test(iteration, accuracy=value)

    (one,) = found(writer.text, "best_test")

    assert one.title == "Best accuracy of test net #0: 0.6 at iteration 300, of 3 tests"


def test_a_vector_is_no_output_of_which_one_is_best() -> None:
    writer = Writer()
    for place in range(3):
        writer.say(f"Iteration {place}, Testing net (#0)")
        for element in range(2):
            writer.say(f"    Test net output #{element}: accuracy = {place + element}")

    assert not found(writer.text, "best_test")


def test_a_test_loss_makes_no_vector_of_the_first_output() -> None:
    writer = Writer()
    for place, value in enumerate((0.1, 0.9, 0.5)):
        writer.say(f"Iteration {place}, Testing net (#0)")
        writer.say("Test loss: 3")
        writer.say(f"    Test net output #0: accuracy = {value}")

    (one,) = found(writer.text, "best_test")

    assert one.title == "Best accuracy of test net #0: 0.9 at iteration 1, of 3 tests"


def test_a_test_that_broke_is_left_out_with_all_its_outputs() -> None:
    told = best(accuracy=(0.1, 1.0, 0.8, 0.3, 0.2), loss=(2.0, "nan", 87.3365, 1.5, 1.75))

    assert told == ["Best accuracy of test net #0: 0.3 at iteration 300, of 3 tests"]


def test_a_broken_test_of_one_net_does_not_spoil_the_other() -> None:
    writer = Writer()
    for place, value in enumerate((0.1, 0.9, 0.5)):
        writer.test(100 * place, net=0, accuracy=value)
        writer.test(100 * place, net=1, accuracy="nan")

    (one,) = found(writer.text, "best_test")

    assert one.title == "Best accuracy of test net #0: 0.9 at iteration 100, of 3 tests"


def test_a_test_without_its_first_line_is_left_out() -> None:
    writer = run_of(accuracy=(0.1, 0.3, 0.2))
    writer.say("    Test net output #0: accuracy = 0.99")

    (one,) = found(writer.text, "best_test")

    assert one.title == "Best accuracy of test net #0: 0.3 at iteration 100, of 3 tests"


def test_tests_that_print_no_iteration_have_no_best_one() -> None:
    writer = Writer()
    for value in (0.1, 0.9, 0.5):
        writer.say("Testing net")
        writer.say(f"    Test net output #0: accuracy = {value}")

    assert not found(writer.text, "best_test")


@pytest.mark.parametrize(
    ("saved", "evidence"),
    [
        ((), ("no snapshot at or before it",)),
        ((100,), ("saved as snap/net_iter_100.caffemodel (iteration 100, line 4)",)),
        ((0,), ("nearest snapshot before it: snap/net_iter_0.caffemodel (iteration 0, line 2)",)),
        (
            (0, 200),
            (
                "nearest snapshot before it: snap/net_iter_0.caffemodel (iteration 0, line 2)",
                "nearest snapshot after it: snap/net_iter_200.caffemodel (iteration 200, line 8)",
            ),
        ),
        (
            (200,),
            (
                "no snapshot at or before it",
                "nearest snapshot after it: snap/net_iter_200.caffemodel (iteration 200, line 6)",
            ),
        ),
    ],
)
def test_the_snapshots_around_the_best_test(saved: tuple[int, ...], evidence: tuple[str, ...]) -> None:
    writer = Writer()
    for iteration, value in ((0, 0.1), (100, 0.9), (200, 0.5)):
        if iteration in saved:
            writer.save(iteration)
        writer.test(iteration, accuracy=value)

    (one,) = found(writer.text, "best_test")

    assert one.evidence == (*evidence, "last: 0.5 at iteration 200")


def test_a_snapshot_whose_name_tells_no_iteration_is_left_out() -> None:
    writer = run_of(accuracy=(0.1, 0.9, 0.5))
    writer.say("Snapshotting to binary proto file final.caffemodel")

    (one,) = found(writer.text, "best_test")

    assert one.evidence[0] == "no snapshot at or before it"


# Where the curves part ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tests", "trained_to", "told"),
    [
        ({40: 1.2, 200: 1.0, 460: 1.05}, 0.95, True),
        ({40: 1.2, 200: 1.0, 460: 1.049}, 0.95, False),
        ({40: 1.2, 200: 1.0, 460: 1.05}, 0.9501, False),
        ({200: 1.0, 460: 1.05}, 0.5, False),
        ({40: 1.2, 200: -1.0, 460: 1.05}, 0.5, False),
        ({40: 1.2, 200: 0.0, 460: 1.05}, 0.5, False),
        ({40: 1.2, 200: 1.0, 460: 1.05}, -1.0, False),
        ({40: 1.2, 200: 1.0, 460: 1.05}, 0.0, False),
    ],
)
def test_overfitting_is_a_rise_of_a_twentieth_while_training_falls_by_as_much(
    tests: dict[int, float],
    trained_to: float,
    told: bool,  # noqa: FBT001
) -> None:
    assert bool(found(parted(tests, trained_to), "overfitting")) is told


@pytest.mark.parametrize(
    ("tests", "trained_to", "told"),
    [
        ({40: 3.0, 200: 2.5, 460: 2.0}, 1.0, True),
        ({40: 3.0, 200: 2.5, 460: 1.99}, 1.0, False),
        ({40: 1.0, 200: 0.9, 460: 0.8}, 0.4, True),
        ({40: 1.0, 200: 0.9, 460: 0.8}, 0.41, False),
        ({200: 2.5, 460: 2.0}, 1.0, False),
    ],
)
def test_a_gap_is_a_last_test_of_twice_the_training(
    tests: dict[int, float],
    trained_to: float,
    told: bool,  # noqa: FBT001
) -> None:
    assert bool(found(parted(tests, trained_to), "test_gap")) is told


def test_a_run_that_turned_is_not_told_of_a_gap_as_well() -> None:
    text = parted({40: 4.0, 200: 3.0, 460: 3.5}, 0.5)

    assert found(text, "overfitting")
    assert not found(text, "test_gap")


def two_losses(**tests: tuple[float, float, float]) -> str:
    """Tests of several losses at iterations 40, 200 and 460; in training each is 1, and 0.5 from 260 on."""
    writer = Writer()
    places = {40: 0, 200: 1, 460: 2}
    for iteration in range(0, 500, 20):
        if iteration in places:
            writer.test(iteration, {name: values[places[iteration]] for name, values in tests.items()})
        value = 1.0 if iteration <= 240 else 0.5
        writer.say(f"Iteration {iteration}, loss = {value}", 1.0)
        for place, name in enumerate(tests):
            writer.say(f"    Train net output #{place}: {name} = {value} (* 1 = {value} loss)")
    return writer.text


def test_of_several_losses_that_turned_the_last_is_the_nets_main_one() -> None:
    (one,) = found(
        two_losses(aux_loss=(2.0, 1.0, 3.0), flat_loss=(2.0, 1.0, 0.9), main_loss=(3.0, 1.5, 2.0)), "overfitting"
    )

    assert one.title == (
        "main_loss of test net #0 rose from 1.5 at iteration 200 to 2 while in training it fell from 1 to 0.5"
    )
    assert [text.partition(", ")[0] for text in one.evidence] == [
        "line 49: main_loss 1.5",
        "line 105: main_loss 2",
        "line 47: aux_loss 1",
        "line 103: aux_loss 3",
    ]
    assert one.line == 49


def test_of_several_gaps_the_widest_is_told_first() -> None:
    (one,) = found(two_losses(a_loss=(4.0, 3.0, 1.0), b_loss=(4.0, 3.0, 2.0), c_loss=(1.0, 0.9, 0.8)), "test_gap")

    assert one.title == "b_loss of test net #0 ends at 2, 4 times that in training"
    assert one.evidence == ("line 104: b_loss 2, in training 0.5", "line 103: a_loss 1, in training 0.5")
    assert one.line == 104


def test_each_test_net_is_compared_by_itself() -> None:
    """The first turns, the second ends far above the training; neither speaks for the other."""
    writer = Writer()
    tests = {40: (1.2, 3.0), 200: (1.0, 2.5), 460: (1.1, 2.0)}
    for iteration in range(0, 500, 20):
        for number, loss in enumerate(tests.get(iteration, ())):
            writer.test(iteration, net=number, loss=loss)
        writer.show(iteration, 1.0 if iteration <= 240 else 0.9)

    (turned,), (apart,) = found(writer.text, "overfitting"), found(writer.text, "test_gap")

    assert turned.title.startswith("loss of test net #0 rose from 1 at iteration 200 to 1.1 ")
    assert apart.title == "loss of test net #1 ends at 2, 2.22 times that in training"


def test_an_accuracy_is_no_loss_that_could_turn() -> None:
    text = two_losses(accuracy=(2.0, 1.0, 3.0))

    assert not found(text, "overfitting")
    assert not found(text, "test_gap")


def test_a_test_without_the_same_output_in_training_is_not_compared() -> None:
    text = parted({40: 1.2, 200: 1.0, 460: 1.05}, 0.5).replace("Train net output #0: loss", "Train net output #0: cost")

    assert not found(text, "overfitting")
    assert not found(text, "test_gap")


def test_a_name_that_two_training_outputs_have_is_not_compared() -> None:
    text = parted({40: 1.2, 200: 1.0, 460: 1.05}, 0.5)
    lines = []
    for line in text.splitlines(keepends=True):
        lines += [line] + [line.replace("#0", "#1")] * ("Train net output" in line)

    assert not found("".join(lines), "overfitting")


def test_too_few_training_values_are_not_compared() -> None:
    """Seven displays have three whole windows of five, six have two."""

    def shown(displays: int) -> str:
        writer = Writer()
        for place in range(displays):
            if place < 3:
                writer.test(20 * place, loss=4.0 - place)
            writer.show(20 * place, 1.0)
        return writer.text

    assert found(shown(7), "test_gap")
    assert not found(shown(6), "test_gap")


def test_the_last_part_of_a_name_tells_a_score_from_a_loss() -> None:
    assert lowest_is_best("loss3/top-1", weighted=False) is False
    assert lowest_is_best("loss3/loss3", weighted=False) is True
    assert lowest_is_best("accuracy/x", weighted=False) is False
    assert lowest_is_best("loss3/top-1", weighted=True) is True
    assert lowest_is_best("a/b", weighted=False) is None
