"""The excerpt that the project began with gives the article's own figures, and says what is missing in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from logparse.api import parse_log

if TYPE_CHECKING:
    from pathlib import Path

    from logparse.api import Log


@pytest.fixture(params=["the excerpt alone", "with its definition"])
def article(request: pytest.FixtureRequest, sample_logs: Path) -> Log:
    """The excerpt, with and without the pieces of the definition that the article shows."""
    prototxt = sample_logs / "lenet_fragment.prototxt" if request.param == "with its definition" else None
    return parse_log(sample_logs / "lenet_excerpt.log", prototxt=prototxt)


def layer(log: Log, name: str) -> dict[str, Any]:
    """The row of one layer."""
    row = log.layers[log.layers["layer"] == name].iloc[0]
    return {str(column): value for column, value in row.items()}


def test_the_articles_figures(article: Log) -> None:
    conv1, ip1 = layer(article, "conv1"), layer(article, "ip1")
    assert (conv1["weights"], conv1["macs_per_image"], conv1["macs_per_weight"]) == (500, 288_000, 576)
    assert (ip1["weights"], ip1["macs_per_image"], ip1["macs_per_weight"]) == (400_000, 400_000, 1)
    assert conv1["macs_per_image"] / ip1["macs_per_image"] == 0.72
    assert conv1["weights"] / ip1["weights"] == 0.00125
    assert (conv1["batch"], conv1["macs"], ip1["macs"]) == (64, 64 * 288_000, 64 * 400_000)


def test_the_missing_layer_is_found_by_its_bytes(article: Log) -> None:
    orphan = article.layers[article.layers["layer"].isna()].to_dict("records")
    assert len(orphan) == 1
    assert orphan[0]["top_shape"] == [[64, 50, 4, 4]]
    assert orphan[0]["logged_step_bytes"] - orphan[0]["expected_step_bytes"] == 819_200
    assert article.nets["missing_bytes"].tolist() == [819_200]
    assert article.findings["title"].str.contains("819,200").any()


def test_numbers_are_read_right_although_prose_is_glued_to_them(article: Log) -> None:
    logged = article.layers["logged_bytes"].tolist()
    assert logged == [200_960, 3_150_080, 3_887_360, 4_911_360, 5_039_360, 5_167_360]


def test_without_the_definition_every_assumption_is_printed(sample_logs: Path) -> None:
    log = parse_log(sample_logs / "lenet_excerpt.log")
    conv1, ip1 = layer(log, "conv1"), layer(log, "ip1")
    assert conv1["macs_basis"] == conv1["params_basis"] == ip1["macs_basis"] == ip1["params_basis"] == "inferred"
    assert (conv1["type"], ip1["type"]) == ("Convolution", "InnerProduct")
    assert "stride 1, no padding, one group" in conv1["assumptions"]
    assert "its bottom pool2 is the unnamed top of the unnamed layer before it" in ip1["assumptions"]


def test_with_the_definition_the_basis_is_the_definition(sample_logs: Path) -> None:
    log = parse_log(sample_logs / "lenet_excerpt.log", prototxt=sample_logs / "lenet_fragment.prototxt")
    assert layer(log, "conv1")["macs_basis"] == layer(log, "ip1")["macs_basis"] == "definition"
