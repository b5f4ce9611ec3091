"""What-if: figures that can be worked out by hand, refusals that say why, and the command."""

from __future__ import annotations

import argparse
import json
import re
from typing import TYPE_CHECKING, Any, Final

import pytest

from logparse import formats
from logparse.api import parse_log
from logparse.cli import whatif as verb
from logparse.cli.argument_types import size_bytes, sweep
from logparse.cli.main import main
from logparse.cli.screens.methods import layer_method
from logparse.cli.screens.whatif_text import change_texts
from logparse.cost.memory.cards import card_known_as
from logparse.cost.whatif.change import Change, LowRank, changed
from logparse.cost.whatif.fit import fit
from logparse.cost.whatif.measures import measures
from logparse.cost.whatif.methods.refused import REFUSALS
from logparse.cost.whatif.methods.table import METHODS
from logparse.cost.whatif.resize import WhatIfError
from logparse.errors import UsageError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path
    from typing import Unpack

    from logparse.api import Log
    from logparse.cost.whatif.asked import Asked

GIB: Final = 1024**3
SAMPLES: Final = ("alexnet", "lenet", "lstm", "resnet18", "siamese", "time_alexnet")


@pytest.fixture(scope="module")
def alexnet(sample_logs: Path) -> Log:
    return parse_log(sample_logs / "alexnet.log")


def figures(log: Log, change: Change = Change()) -> dict[str, int | None]:  # noqa: B008 - frozen
    run = changed(log.run()[1], change).run
    return {one.name: one.value for one in measures(run)}


@pytest.mark.parametrize("name", SAMPLES)
def test_at_the_logs_own_settings_nothing_changes(sample_logs: Path, name: str) -> None:
    run = parse_log(sample_logs / f"{name}.log").run()[1]
    tested = run.nets[1].batch if len(run.nets) > 1 else None
    same = changed(run, Change(batch=run.nets[0].batch, test_batch=tested, solver=run.solver.type, weights="fp32"))
    assert same.run.nets == run.nets
    assert measures(same.run) == measures(run)


def test_as_it_is_the_figures_are_those_of_the_tables(alexnet: Log) -> None:
    net = alexnet.nets.iloc[0]
    found = figures(alexnet)
    assert found["params"] == net["params"]
    assert found["macs"] == net["macs"]
    assert found["macs_per_image"] == net["macs_per_image"]
    assert found["param_bytes"] == net["param_bytes"]
    assert found["distinct_data"] == net["distinct_bytes"]
    assert found["footprint, cpu"] == alexnet.footprint["bytes"].iloc[0]
    assert found["footprint, gpu"] == alexnet.footprint["bytes"].iloc[1]


@pytest.mark.parametrize("name", ["alexnet", "resnet18", "lenet", "siamese", "lstm"])
def test_a_batch_scales_data_and_macs_and_leaves_parameters(sample_logs: Path, name: str) -> None:
    log = parse_log(sample_logs / f"{name}.log")
    batch = log.run()[1].nets[0].batch
    assert batch is not None
    before, after = figures(log), figures(log, Change(batch=3 * batch))
    assert after["params"] == before["params"]
    assert after["macs_per_image"] == before["macs_per_image"]
    assert after["macs"] == 3 * (before["macs"] or 0)
    scalars = 2 * 4  # the losses, which no batch makes larger
    assert 3 * (before["distinct_data"] or 0) - (after["distinct_data"] or 0) in range(scalars * 3 + 1)


def test_the_batch_of_another_log_is_met(shared_logs: Path) -> None:
    small, large = (parse_log(shared_logs / f"gpu/gpu_vgg16_b{batch}.log") for batch in (8, 330))
    assert figures(small, Change(batch=330)) == figures(large)


def test_channels_go_on_both_sides(alexnet: Log) -> None:
    before = figures(alexnet)
    found = figures(alexnet, Change(prune_channels={"fc7": 0.5}))
    gone = (4096 * 2048 + 2048) + 2048 * 1000
    assert found["params"] == (before["params"] or 0) - gone
    assert found["macs_per_image"] == (before["macs_per_image"] or 0) - (4096 * 2048 + 2048 * 1000)


def test_a_grouped_convolution_keeps_whole_groups(alexnet: Log) -> None:
    before, found = figures(alexnet), figures(alexnet, Change(prune_channels={"conv1": 0.5}))
    conv1 = 48 * (3 * 11 * 11 + 1)
    conv2 = 256 * 24 * 5 * 5  # 48 of 96 input channels, in two groups
    assert (before["params"] or 0) - (found["params"] or 0) == conv1 + conv2


def test_an_svd_of_a_dense_layer(alexnet: Log) -> None:
    found = figures(alexnet, Change(low_rank={"fc6": LowRank(256)}))
    whole, factored = 9216 * 4096, 256 * (9216 + 4096)
    assert found["params"] == (figures(alexnet)["params"] or 0) - whole + factored
    assert found["macs_per_image"] == (figures(alexnet)["macs_per_image"] or 0) - whole + factored


@pytest.mark.parametrize(
    ("scheme", "weights", "products"),
    [
        (None, 128 * 256 * 3 + 384 * 128 * 3, 13 * 13 * (128 * 256 * 3 + 384 * 128 * 3)),
        ("spatial", 128 * 256 * 3 + 384 * 128 * 3, 13 * 13 * (128 * 256 * 3 + 384 * 128 * 3)),
        ("channel", 128 * 256 * 9 + 384 * 128, 13 * 13 * (128 * 256 * 9 + 384 * 128)),
    ],
)
def test_a_convolution_in_two(alexnet: Log, scheme: str | None, weights: int, products: int) -> None:
    before = figures(alexnet)
    found = figures(alexnet, Change(low_rank={"conv3": LowRank(128, scheme)}))
    whole = 384 * 256 * 9
    assert found["params"] == (before["params"] or 0) - whole + weights
    assert found["macs_per_image"] == (before["macs_per_image"] or 0) - 13 * 13 * whole + products


def test_single_weights_shrink_the_model_and_not_caffes_memory(alexnet: Log) -> None:
    before, found = figures(alexnet), figures(alexnet, Change(prune_weights={"fc6": 0.9}))
    assert (before["params"] or 0) - (found["params"] or 0) == round(0.9 * 9216 * 4096)
    assert found["footprint, gpu"] == before["footprint, gpu"]


@pytest.mark.parametrize(("precision", "divisor"), [("fp16", 2), ("int8", 4), ("binary", 32)])
def test_precision_of_weights_and_activations(alexnet: Log, precision: str, divisor: int) -> None:
    before = figures(alexnet)
    weights = figures(alexnet, Change(weights=precision))
    assert weights["param_bytes"] == (before["param_bytes"] or 0) // divisor
    assert weights["distinct_data"] == before["distinct_data"]
    activations = figures(alexnet, Change(activations=precision))
    assert activations["distinct_data"] == pytest.approx((before["distinct_data"] or 0) / divisor, rel=1e-5)
    assert activations["param_bytes"] == before["param_bytes"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (Change(prune_channels={"nope": 0.5}), "no layer 'nope'"),
        (Change(prune_channels={"relu1": 0.5}), "no convolution"),
        (Change(prune_channels={"conv1": 1.0}), "leave none"),
        (Change(prune_channels={"fc8": 0.5}), "are what loss measures"),
        (Change(low_rank={"pool1": LowRank(3)}), "no convolution"),
        (Change(low_rank={"conv2": LowRank(3)}), "groups divide"),
        (Change(solver="Lion"), "no solver 'Lion'"),
        (Change(batch=0), "batch of 0"),
    ],
    ids=str,
)
def test_what_cannot_be_followed_is_refused(alexnet: Log, change: Change, words: str) -> None:
    with pytest.raises(WhatIfError, match=words):
        figures(alexnet, change)


def test_what_a_run_does_not_have_cannot_change(sample_logs: Path) -> None:
    log = parse_log(sample_logs / "time_alexnet.log")
    with pytest.raises(WhatIfError, match="no test net beside the train net"):
        figures(log, Change(test_batch=5))
    found = changed(log.run()[1], Change(solver="Adam"))
    assert found.assumptions == ("a run of caffe time has no solver: Adam changes nothing",)
    assert found.run == log.run()[1]


def test_a_residual_sum_ties_channels_together(sample_logs: Path) -> None:
    log = parse_log(sample_logs / "resnet18.log")
    with pytest.raises(WhatIfError, match="adds blobs that would differ"):
        figures(log, Change(prune_channels={"res2a_branch2b": 0.5}))
    inside = figures(log, Change(prune_channels={"res2a_branch2a": 0.5}))
    gone = 32 * 64 * 9 + 64 * 32 * 9 + 32 * 2  # both convolutions, and the Scale between them
    assert inside["params"] == (figures(log)["params"] or 0) - gone


def test_what_two_layers_share_is_not_changed_in_one(sample_logs: Path) -> None:
    log = parse_log(sample_logs / "siamese.log")
    for change in (Change(prune_channels={"conv1": 0.5}), Change(low_rank={"conv2": LowRank(5)})):
        with pytest.raises(WhatIfError, match="shares its parameters with conv"):
            figures(log, change)


def test_fit_says_what_binds(alexnet: Log) -> None:
    run = alexnet.run()[1]
    none = fit(run, 1024)
    assert none.batch == 0
    assert none.bytes > none.budget_bytes
    much = fit(run, 10_000 * GIB)
    assert "elements, Caffe's limit is 2^30" in much.binds
    assert fit(run, 8 * GIB).binds.startswith("memory: ")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (Change(batch=10**12), "a batch of 1,000,000,000,000 images is none: Caffe counts from 1 to 2,147,483,647"),
        (Change(batch=10**8), "the blob norm1 would have 29,040,000,000,000 elements, Caffe's limit is 2,147,483,647"),
        (Change(test_batch=10**10), "a batch of 10,000,000,000 images is none"),
        (Change(batch="64"), "a batch of '64' images is none"),  # type: ignore[arg-type] # what a caller may do
        (Change(batch=True), "a batch of True images is none"),
        (Change(weights="fp8"), "there is no precision 'fp8'"),
        (Change(activations=["fp16"]), "there is no precision"),  # type: ignore[arg-type]
        (Change(solver=["SGD"]), "there is no solver"),  # type: ignore[arg-type]
        (Change(prune_weights={"fc6": 7}), "fc6: a share is a number from 0 to 1, not 7"),
        (Change(prune_weights={"fc6": float("nan")}), "fc6: a share is a number from 0 to 1, not nan"),
        (Change(prune_weights={"relu1": 0.5}), "relu1 has no weights to prune"),
        (Change(prune_channels={"fc6": "50%"}), "fc6: a share is a number"),  # type: ignore[dict-item]
        (Change(low_rank={"fc6": LowRank(10**8)}), "its matrix of 4096 × 9216 has at most 4096"),
        (Change(low_rank={"conv2": LowRank(482)}), "its matrix of 480 × 1280 has at most 480"),
        (Change(low_rank={"conv2": LowRank(258, "channel")}), "its matrix of 2400 × 256 has at most 256"),
        (Change(low_rank={"fc6": 5}), r"fc6: factors are LowRank\(rank\)"),  # type: ignore[dict-item]
        (Change(low_rank={"fc6": LowRank(0)}), "a rank from 1"),
        (Change(low_rank={"conv2": LowRank(4, "diagonal")}), "there is no scheme 'diagonal'"),
    ],
    ids=str,
)
def test_nonsense_is_refused_in_words(alexnet: Log, change: Change, words: str) -> None:
    with pytest.raises(WhatIfError, match=words):
        alexnet.whatif(change)


def test_weights_that_two_layers_share_can_be_pruned_in_both(sample_logs: Path) -> None:
    log = parse_log(sample_logs / "siamese.log")
    before, found = figures(log), figures(log, Change(prune_weights={"ip1": 0.9, "ip1_p": 0.9}))
    assert (before["params"] or 0) - (found["params"] or 0) == round(0.9 * 800 * 500)


def test_a_rank_as_large_as_the_matrix_allows_is_one(alexnet: Log) -> None:
    assert not alexnet.whatif(Change(low_rank={"fc6": LowRank(4096), "conv2": LowRank(480)})).empty


def test_a_blob_that_only_a_gpu_cannot_have_is_told(alexnet: Log) -> None:
    told = alexnet.whatif(Change(batch=5000))["assumptions"].iloc[0]
    assert told[-1].startswith("the blob norm1 would have 1,452,000,000 elements: a GPU's loops overflow beyond 2^30")
    assert len(alexnet.whatif(Change(batch=3697))["assumptions"].iloc[0]) == 1


@pytest.mark.parametrize(
    ("budget", "device", "words"),
    [
        (0, "gpu", "a budget of 0 B is no device's memory"),
        (8, "gpu", "a budget of 8 B is no device's memory"),
        (-GIB, "gpu", "a budget of −1,073,741,824 B is no device's memory"),
        (2**63, "cpu", "is no device's memory"),
        ("8GiB", "gpu", "a budget of '8GiB' is no device's memory"),
        (8.5 * GIB, "gpu", "is no device's memory"),
        (8 * GIB, "tpu", "there is no device 'tpu'\n  There are cpu and gpu."),
    ],
)
def test_a_budget_of_nothing_and_a_device_of_none_are_refused(
    alexnet: Log, budget: int, device: str, words: str
) -> None:
    with pytest.raises(WhatIfError, match=words):
        alexnet.fit(budget, device)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["--fit", "0"], "'0' is 0 bytes, no device's memory, as 8GiB would be"),
        (["--fit", "8"], "'8' is 8 bytes, no device's memory: did you mean 8GiB?"),
        (["--fit", "99999999TiB"], "more than 64 bits can address"),
        (["--fit", "8GiB", "--device", "tpu"], "there is no device 'tpu'"),
        (["--device", "cpu"], "Give --fit SIZE as well."),
        (["--batch", "1" + "0" * 12], "1000000000000 is more than Caffe can count"),
        (["--batch", "9" * 5000], "a number of 5000 digits is more than Caffe can count"),
        (["--test-batch", "0"], "'0' is no whole number from 1"),
        (["--batch", "100000000"], "29,040,000,000,000 elements"),
        (["--card", "8"], "did you mean 8GiB?"),
        (["--card", "Voodoo"], "no card is known as 'Voodoo'; give its memory, such as 11GiB"),
        (["--card", "v100"], "Tesla V100-SXM2-16GB, Tesla V100-SXM2-32GB and"),
        (["--card", "GTX 970M"], "was sold with several sizes of memory"),
        (["--card", "K80", "--fit", "8GiB"], "--fit and --card both say what must hold the run"),
        (["--card", "K80", "--device", "cpu"], "--card is about the GPU"),
        (["--sweep", "momentum=1..2"], "is no sweep: give batch=1..512x2"),
        (["--sweep", "batch=0..8"], "'0' is no whole number from 1"),
        (["--sweep", "batch=8..1"], "never ends"),
        (["--sweep", "batch=1..8x1"], "never ends"),
        (["--sweep", "batch=1..1000+1"], "more than 100 points"),
        (["--sweep", "batch=1..8", "--batch", "4"], "--batch is what --sweep changes"),
        (["--sweep", "test-batch=1..8", "--test-batch", "4"], "--test-batch is what --sweep changes"),
        (["--sweep", "batch=100000000"], "29,040,000,000,000 elements"),
        (["--sensitivity", "speed"], "there is no figure 'speed'"),
        (["--sensitivity", "gpu", "--fit", "8GiB"], "--sensitivity is a question of its own"),
        (["--sensitivity", "gpu", "--batch", "8"], "--sensitivity changes one layer at a time"),
    ],
    ids=lambda case: " ".join(case)[:30],
)
def test_the_command_refuses_nonsense_in_words(
    sample_logs: Path, words: list[str], answer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["whatif", str(sample_logs / "alexnet.log"), *words]) == 2
    said = capsys.readouterr()
    assert answer in said.err
    assert said.out == ""
    assert len(said.err.splitlines()) <= 2


def test_the_column_beside_a_fitted_batch_shows_that_batch(alexnet: Log) -> None:
    found = alexnet.fit(8 * GIB)
    rows = alexnet.whatif(Change(), fit=found)
    assert set(rows["scenario"]) == {"fits 8 GiB on the gpu"}
    shown = dict(zip(rows["quantity"], rows["after"], strict=True))
    assert shown["batch"] == found.batch
    assert shown["footprint, gpu"] <= found.bytes  # an estimate, and the upper end of its range
    assert {name: value for name, value in shown.items() if name != "batch"} == figures(
        alexnet, Change(batch=found.batch)
    )


def test_what_is_asked_stands_beside_what_fits(alexnet: Log) -> None:
    change = Change(batch=64, solver="Adam")
    rows = alexnet.whatif(change, fit=alexnet.fit(8 * GIB, "cpu", change))
    asked = rows[rows["scenario"] == "as asked"]
    assert dict(zip(asked["quantity"], asked["after"], strict=True)) == figures(alexnet, change)
    assert rows["scenario"].iloc[-1] == "fits 8 GiB on the cpu"


def test_where_nothing_fits_no_figure_is_that_of_a_run(alexnet: Log) -> None:
    rows = alexnet.whatif(Change(), fit=alexnet.fit(2**20))
    assert rows["after"].iloc[-1] == 0
    assert rows["after"].iloc[:-1].isna().all()
    assert rows["assumptions"].iloc[0] == ["not one image fits: there is no such run"]


@pytest.mark.parametrize("budget", ["8GiB", "8589934593", "11GiB", "11.01GiB"])
@pytest.mark.parametrize("device", ["cpu", "gpu"])
def test_what_fits_and_one_more_are_never_the_same_text(
    sample_logs: Path, budget: str, device: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["whatif", str(sample_logs / "alexnet.log"), "--fit", budget, "--device", device]
    assert main(words) == 0
    said = capsys.readouterr().out.splitlines()
    told = re.fullmatch(
        r"Batch ([\d,]+) fits into (\S+ GB) on the [CG]PU \(it takes (?:up to )?(\S+ GB); "
        r"one more takes (?:up to )?(\S+ GB)\).*",
        said[-1],
    )
    assert told is not None
    assert len({told[2], told[3], told[4]}) == 3
    assert said[0].endswith(f"batch {told[1]}")


def test_where_a_blob_binds_one_more_is_not_told_in_bytes(
    sample_logs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["whatif", str(sample_logs / "alexnet.log"), "--fit", "100TB"]) == 0
    told = capsys.readouterr().out.splitlines()[-1]
    assert "with one more the blob norm1 would have 1,073,899,200 elements, Caffe's limit is 2^30)" in told


def test_the_command_prints_every_assumption(
    run_logparse: Callable[..., subprocess.CompletedProcess[bytes]], sample_logs: Path
) -> None:
    words = ["--batch", "64", "--solver", "Adam", "--fit", "8GiB", "--explain"]
    done = run_logparse("whatif", sample_logs / "alexnet.log", *words)
    text = done.stdout.decode()
    assert done.returncode == 0, done.stderr
    assert "batch 4 → 64" in text
    assert "solver Adam" in text
    assert "fits into" in text
    assert "per image" in text


def test_the_command_writes_rows_too(
    run_logparse: Callable[..., subprocess.CompletedProcess[bytes]], sample_logs: Path
) -> None:
    done = run_logparse("whatif", sample_logs / "lenet.log", "--low-rank", "ip1=50", "--format", "jsonl")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    params = next(row for row in rows if row["quantity"] == "params")
    assert (params["before"], params["after"]) == (431080, 431080 - 800 * 500 + 50 * (800 + 500))


def test_the_command_refuses_with_the_reason(
    run_logparse: Callable[..., subprocess.CompletedProcess[bytes]], sample_logs: Path
) -> None:
    done = run_logparse("whatif", sample_logs / "lenet.log", "--low-rank", "ipp1=50")
    assert done.returncode == 2
    assert b"no layer 'ipp1'" in done.stderr
    assert b"ip1" in done.stderr


@pytest.mark.parametrize(
    ("text", "size"),
    [("8GiB", 8 * GIB), ("594MiB", 594 * 1024**2), ("9.14MiB", 9583985), ("600MB", 6 * 10**8), ("7", 7)],
)
def test_sizes(text: str, size: int) -> None:
    assert size_bytes(text) == size


@pytest.mark.parametrize("text", ["", "GiB", "-1", "8 PiB", "1e9", "8GiBs"])
def test_no_sizes(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="no size"):
        size_bytes(text)


def test_layers_whose_names_hold_an_equals_sign() -> None:
    assert verb.layer_share("a=b=50%") == ("a=b", 0.5)
    assert verb.layer_factors("a=b=5:channel") == ("a=b", LowRank(5, "channel"))
    for text in ("fc6", "fc6=0", "fc6=5:diagonal"):
        with pytest.raises(argparse.ArgumentTypeError):
            verb.layer_factors(text)


# -- keywords, patterns and methods ------------------------------------------------------------------------


def rows(log: Log, **asked: Unpack[Asked]) -> dict[str, int | None]:
    frame = log.whatif(**asked)
    return {
        str(name): None if formats.is_na(value) else int(value)
        for name, value in zip(frame["quantity"], frame["after"], strict=True)
    }


def test_keywords_say_what_a_change_says(alexnet: Log) -> None:
    said = rows(
        alexnet,
        batch=64,
        solver="Adam",
        prune={"fc*": 0.9},
        prune_channels={"conv1": 0.5},
        low_rank={"conv3": 64, "fc6": LowRank(32)},
        compress={"fc7": ["codebook:bits=5", "huffman:width=4.1"]},
        no_test_net=True,
        weights="fp16",
    )
    change = Change(
        batch=64,
        solver="Adam",
        prune_weights={"fc*": 0.9},
        prune_channels={"conv1": 0.5},
        low_rank={"conv3": LowRank(64), "fc6": LowRank(32)},
        compress={"fc7": ("codebook:bits=5", "huffman:width=4.1")},
        no_test_net=True,
        weights="fp16",
    )
    assert said == figures(alexnet, change)


def test_keywords_go_on_from_a_change(alexnet: Log) -> None:
    together = alexnet.whatif(Change(batch=64), prune={"fc6": 0.5})
    assert dict(zip(together["quantity"], together["after"], strict=True)) == figures(
        alexnet, Change(batch=64, prune_weights={"fc6": 0.5})
    )
    assert alexnet.whatif()["assumptions"].iloc[0] == []


def test_fit_takes_the_same_keywords(alexnet: Log) -> None:
    assert alexnet.fit(8 * GIB, solver="Adam") == alexnet.fit(8 * GIB, change=Change(solver="Adam"))
    assert alexnet.fit(8 * GIB, compress={"fc*": "gap"}).batch > alexnet.fit(8 * GIB).batch


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"batchs": 3}, "there is no change 'batchs'; did you mean batch?"),
        ({"prune": 0.9}, "prune says for each layer or pattern what becomes of it, as {'fc*': …}, not 0.9"),
        ({"low_rank": ["fc6"]}, "low_rank says for each layer"),
        ({"compress": {6: "svd:rank=2"}}, "compress says for each layer"),
        ({"compress": {"fc6": 5}}, "fc6: methods are texts such as 'svd:rank=256', not 5"),
        ({"compress": {"fc6": [5]}}, "fc6: methods are texts such as 'svd:rank=256', not [5]"),
        ({"compress": {"fc6": "svd"}}, "fc6: svd needs rank or keep"),
        ({"low_rank": {"fc6": True}}, "fc6: factors are LowRank(rank)"),
        ({"low_rank": {"fc6": "5"}}, "fc6: factors are LowRank(rank)"),
        ({"prune": {"fc6": 0.5}, "prune_weights": {"fc6": 0.5}}, "prune and prune_weights are one and the same"),
        ({"prune": {"fcc*": 0.5}}, "no layer matches 'fcc*'"),
        ({"prune": {"fc*": 2}}, "fc*: a share is a number from 0 to 1, not 2"),
        ({"batch": "64"}, "a batch of '64' images is none"),
    ],
    ids=str,
)
def test_keywords_that_say_nothing_are_refused_in_words(alexnet: Log, asked: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as refused:
        alexnet.whatif(**asked)
    assert words in refused.value.message


def test_a_pattern_of_older_words_reaches_all_that_it_means(alexnet: Log) -> None:
    named = {"fc6": 0.9, "fc7": 0.9, "fc8": 0.9}
    assert (
        rows(alexnet, prune={"fc*": 0.9})
        == rows(alexnet, prune={"type=InnerProduct": 0.9})
        == rows(alexnet, prune=named)
    )
    mixed = rows(alexnet, prune={"fc*": 0.9, "fc8": 0})
    assert mixed == rows(alexnet, prune={"fc6": 0.9, "fc7": 0.9})


def test_what_has_not_been_asked_for_is_compared_with_what_there_is(alexnet: Log) -> None:
    """Before: no XNOR at all, and the bytes of a file at both ends of the range."""
    frame = alexnet.whatif(compress={"conv*": "xnor", "fc*": "prune:share=90%,index=rel4"})
    before = dict(zip(frame["quantity"], frame["before"], strict=True))
    assert before["xnors_per_image"] == 0
    assert before["stored_bytes, at least"] == before["stored_bytes"] == before["stored_bytes, at most"] == 243_860_896


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--compress", "fc*=prune:share=90%", "fc*=codebook:bits=5"], "fc6, fc7, fc8: codebook (bits 5)"),
        (["--compress", "type=Convolution=tucker2:keep=25%"], "(Tucker-2); the top keeps its shape"),
        (["--compress", "fc*=gap"], "fc8: global pooling in front; fc6, relu6, drop6, fc7, relu7, drop7 are gone"),
        (["--prune-weights", "fc*=90%"], "(fc6 90%, fc7 90%, fc8 90%)"),
        (["--prune-channels", "type=Convolution=50%"], "conv5: 256 → 128 output channels"),
        (["--low-rank", "fc*=64"], "fc7: K·M → 64·(K + M) (SVD)"),
        (["--compress", "conv1=xnor", "--compress", "conv2=xnor"], "conv2: xnor (scale filter)"),
    ],
    ids=lambda case: " ".join(case) if isinstance(case, list) else "",
)
def test_the_command_takes_patterns_and_methods(
    sample_logs: Path, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["whatif", str(sample_logs / "alexnet.log"), *words, "--explain"]) == 0
    assert told in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["--compress", "fc6=svd"], "fc6: svd needs rank or keep (For example svd:rank=R.)"),
        (["--compress", "fc6"], "is no LAYER=METHOD"),
        (["--compress", "fc6=svdd:rank=2"], "did you mean svd?"),
        (
            ["--compress", "fc6=svd:energy=95%"],
            "energy is refused: how much of a matrix a rank holds only the weights tell",
        ),
        (["--compress", "fc*=regularization"], "regularization is refused"),
        (["--compress", "fcc*=svd:rank=2"], "no layer matches 'fcc*'"),
        (["--low-rank", "relu*=2"], "nothing to change: relu1, relu2"),
        (["--prune-weights", "fc*=2"], "'2' is no share"),
    ],
    ids=lambda case: " ".join(case) if isinstance(case, list) else "",
)
def test_the_command_refuses_methods_in_words(
    sample_logs: Path, words: list[str], answer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["whatif", str(sample_logs / "alexnet.log"), *words]) == 2
    said = capsys.readouterr()
    assert answer in said.err
    assert said.out == ""
    assert len(said.err.splitlines()) <= 2


def test_the_command_lists_every_method_and_every_refusal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["whatif", "--methods"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for method in METHODS.values():
        assert f"  {method.key}: {method.does}" in lines
        assert all(any(line.startswith(f"      {one.name}={one.form}: ") for line in lines) for one in method.settings)
    assert all(any(line.startswith(f"  {word}: ") for line in lines) for word in REFUSALS)
    assert "(default: 12.5%)" in "".join(lines)
    assert "(default: 50%)" in "".join(lines)


def test_a_method_of_a_layer_whose_name_holds_everything() -> None:
    assert layer_method("a=b:c*=svd:rank=2") == ("a=b:c*", "svd:rank=2")


# -- what the terminal shows ---------------------------------------------------------------------------


def said_by(sample_logs: Path, capsys: pytest.CaptureFixture[str], *words: str, log: str = "alexnet") -> list[str]:
    assert main(["whatif", str(sample_logs / f"{log}.log"), *words]) == 0
    return capsys.readouterr().out.splitlines()


def test_each_figure_stands_as_logged_and_then_with_its_change(
    sample_logs: Path, alexnet: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    """61.0 M parameters in both; data of 4 images, of 128; the difference in bytes, and 32 times."""
    heading, columns, *lines = said_by(sample_logs, capsys, "--batch", "128")
    before, after = figures(alexnet), figures(alexnet, Change(batch=128))
    assert heading == "What if: batch 128"
    assert columns.split() == ["as", "logged", "then", "change"]
    assert re.fullmatch(r"  parameters +61\.0 M +61\.0 M +=", lines[0])
    data = next(line for line in lines if line.startswith("  blobs' data  "))
    sizes = [formats.size(number) for number in (before["distinct_data"], after["distinct_data"])]
    difference = formats.size((after["distinct_data"] or 0) - (before["distinct_data"] or 0))
    assert re.split("  +", data.strip()) == ["blobs' data", *sizes, f"+{difference}", "×32"]
    assert lines[-2] == "  (1 thing taken for granted: --explain tells which)"


def test_what_is_left_out_or_not_known_is_told_without_being_asked(
    sample_logs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = said_by(sample_logs, capsys, "--compress", "*=svd:rank=90")
    assert any(": left out data, relu1" in line for line in lines)
    assert any(line.startswith("  - not known: ") for line in lines)
    assert not any("K·M" in line for line in lines)
    assert re.fullmatch(r"  \(\d+ things taken for granted: --explain tells which\)", lines[-2])


def test_a_question_is_told_as_it_was_asked() -> None:
    change = Change(batch=8, no_test_net=True, prune_weights={"fc6": 0.9}, low_rank={"c": LowRank(3, "spatial")})
    assert verb.question(change) == "batch 8, no test net, prune weights fc6 90.0 %, low rank c to 3 (spatial)"
    packed = Change(compress={"fc*": ["prune:share=90%", "huffman"], "conv1": "xnor"})
    assert verb.question(packed) == "compress fc* prune:share=90% then huffman, conv1 xnor"
    assert verb.question(Change()) == "nothing changes"


@pytest.mark.parametrize(
    ("before", "after", "texts"),
    [
        (100, 100, ("=", "")),
        (100, 150, ("+50", "+50.0 %")),
        (100, 60, ("−40", "−40.0 %")),
        (100, 199, ("+99", "+99.0 %")),
        (1000, 1999, ("+999", "×2")),
        (100, 0, ("−100", "")),
        (0, 7, ("+7", "")),
        (100, None, ("", "")),
    ],
)
def test_a_change_is_a_difference_and_a_share_or_a_factor(
    before: int, after: int | None, texts: tuple[str, str]
) -> None:
    assert change_texts(before, after, formats.short) == texts


def test_without_a_question_the_usual_ones_are_answered_a_line_each(
    sample_logs: Path, alexnet: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = said_by(sample_logs, capsys)
    asked = list(dict.fromkeys(alexnet.table("whatif")["scenario"]))
    told = [next((line for line in lines if line.strip().startswith(name)), None) for name in asked]
    assert told[0] is None  # as it is
    assert None not in told[1:]
    fits = alexnet.table("whatif").query("quantity == 'batch'")
    for name, batch in zip(fits["scenario"], fits["after"], strict=True):
        assert f"  {name}: batch {batch:,}" in lines


def test_a_sweep_is_a_line_a_batch_and_says_which_is_too_large(
    sample_logs: Path, alexnet: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = said_by(sample_logs, capsys, "--sweep", "batch=1..1024x4", "--card", "gtx 1080 ti")
    points = {int(line.split()[1]): line for line in lines if line.startswith("  batch ")}
    assert list(points) == [1, 4, 16, 64, 256, 1024]
    best = alexnet.fit(11_711_807_488).batch
    assert {batch for batch, line in points.items() if line.endswith("too large")} == {
        batch for batch in points if batch > best
    }
    bars = [line.count("█") for line in points.values()]
    assert bars == sorted(bars)
    assert bars[-1] == max(bars) > bars[0] > 0
    assert lines[-1].startswith(f"Batch {best} fits into the 11.71 GB of a GeForce GTX 1080 Ti")


def test_the_rows_of_a_sweep_are_those_of_its_single_questions(alexnet: Log) -> None:
    swept = alexnet.sweep([2, 64], Change(solver="Adam"))
    for batch in (2, 64):
        rows = swept[swept["scenario"] == f"batch {batch}"]
        assert dict(zip(rows["quantity"], rows["after"], strict=True)) == figures(
            alexnet, Change(batch=batch, solver="Adam")
        )
    tested = alexnet.sweep([7], test=True)
    assert dict(zip(tested["quantity"], tested["after"], strict=True)) == figures(alexnet, Change(test_batch=7))


def test_a_point_that_caffe_could_not_run_is_unknown_beside_those_it_could(alexnet: Log) -> None:
    swept = alexnet.sweep([4, 100_000_000])
    beyond = swept[swept["scenario"] == "batch 100000000"]
    assert beyond["after"].isna().all()
    assert "29,040,000,000,000 elements" in beyond["assumptions"].iloc[0][0]
    assert not swept[swept["scenario"] == "batch 4"]["after"].isna().any()


@pytest.mark.parametrize("figure", ["gpu", "params", "macs", "data"])
def test_levers_come_largest_first(
    sample_logs: Path, alexnet: Log, figure: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = said_by(sample_logs, capsys, "--sensitivity", figure)
    column = verb.LEVERS[figure]
    best = alexnet.levers.sort_values(column, ascending=False, kind="stable").iloc[0]
    assert lines[2].split()[0] == best["layer"]
    assert best["change"] in lines[2]
    unknown = int(alexnet.levers[column].isna().sum())
    assert f"  ({unknown} more cannot be followed through the net: export --table levers tells why)" in lines


def test_a_lever_that_costs_is_told_as_more(sample_logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two factors have a blob between them."""
    assert any("(more)" in line for line in said_by(sample_logs, capsys, "--sensitivity", "params"))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("batch=1..512x2", (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)),
        ("batch=3..20", (3, 6, 12)),
        ("batch=8..64+24", (8, 32, 56)),
        ("batch=9,8,9", (9, 8)),
        ("test-batch=5..5", (5,)),
    ],
)
def test_a_sweep_is_a_row_of_batches(text: str, values: tuple[int, ...]) -> None:
    assert sweep(text) == (text.split("=", maxsplit=1)[0], values)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Tesla K80", "Tesla K80"),
        ("gtx 1080 ti", "GeForce GTX 1080 Ti"),
        ("1080", "GeForce GTX 1080"),
        ("NVIDIA GeForce GTX 1080", "GeForce GTX 1080"),
        ("k80", "Tesla K80"),
    ],
)
def test_a_card_is_known_by_its_name_or_the_end_of_it(text: str, name: str) -> None:
    found = card_known_as(text)
    assert found.name == name
    assert verb.card_bytes(text) == (name, found.bytes)
    assert verb.card_bytes("11GiB") == (None, 11 * GIB)
