"""The table of methods, the texts by which they are asked for, and what is refused with which words."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import pytest

from logparse.cost.stored.encoding import PLAIN
from logparse.cost.whatif.methods import settings
from logparse.cost.whatif.methods.method import Turn
from logparse.cost.whatif.methods.refused import REFUSALS, REFUSED_SETTINGS
from logparse.cost.whatif.methods.request import request_of, split_request
from logparse.cost.whatif.methods.settings import Rank
from logparse.cost.whatif.methods.table import METHODS, NONE
from logparse.cost.whatif.resize import WhatIfError

if TYPE_CHECKING:
    from collections.abc import Callable

    from logparse.cost.stored.encoding import Encoding
    from logparse.cost.whatif.methods.method import Method

EVERY: Final = [pytest.param(method, id=key) for key, method in METHODS.items()]


# -- the table -------------------------------------------------------------------------------------------


def test_every_method_that_the_article_lists_is_there() -> None:
    assert {*METHODS} == {
        *(
            "prune-channels",
            "svd",
            "channel",
            "spatial",
            "cp",
            "tucker2",
            "tt",
            "separable",
            "pointwise",
            "fire",
            "gap",
        ),
        *("prune", "quantize", "fixed", "codebook", "hash", "pq", "binary", "ternary", "xnor", "bnn", "huffman"),
    }


@pytest.mark.parametrize("method", EVERY)
def test_a_row_says_everything_and_is_made_in_one_way(method: Method) -> None:
    assert all((method.on, method.does, method.assumes, method.unknown, method.source))
    assert sum(one is not None for one in (method.replaces, method.operates, method.encodes)) == 1
    assert (method.encodes is not None) == (method.step in {Turn.ZEROS, Turn.VALUES, Turn.CODES})
    names = {one.name for one in method.settings}
    assert {name for needed in method.needs for name in needed} <= names
    assert all(one.form and one.meaning for one in method.settings)
    assert len(names) == len(method.settings)


@pytest.mark.parametrize("method", EVERY)
def test_the_example_of_a_row_names_its_first_settings(method: Method) -> None:
    assert method.example.partition(":")[0] == method.key
    assert all(f"{name}=" in method.example for name in (method.needs[0] if method.needs else ()))


def test_no_value_of_a_setting_is_the_name_of_a_method() -> None:
    """So that the last `=` with a method behind it is the right one, whatever a layer is called."""
    words = {*METHODS, *REFUSALS, NONE}
    values = {value for method in METHODS.values() for one in method.settings for value in one.form.split("|")}
    assert not words & values
    assert all(word == word.lower() for word in words)
    assert not {*METHODS} & {*REFUSALS}


def test_turns_have_words() -> None:
    assert [turn.words for turn in Turn] == ["Channels", "Other layers", "Zeros", "Values", "Codes"]


# -- settings --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (settings.share_of, "90%", Fraction(9, 10)),
        (settings.share_of, "0.9", Fraction(9, 10)),
        (settings.share_of, "12.5%", Fraction(1, 8)),
        (settings.share_of, "0", 0),
        (settings.share_of, "1", 1),
        (settings.some_share, "0.1%", Fraction(1, 1000)),
        (settings.from_to(2, 8), "2", 2),
        (settings.from_to(2, 8), "8", 8),
        (settings.rank_of, "256", Rank(count=256)),
        (settings.rank_of, "25%", Rank(share=Fraction(1, 4))),
        (settings.factors_of, "4x8x8", (4, 8, 8)),
        (settings.factors_of, "7", (7,)),
        (settings.number_of, "4.4", Fraction(22, 5)),
        (settings.counts_of, "3/0/5", (3, 0, 5)),
        (settings.word_of(("a", "b")), "b", "b"),
        (settings.index_of, "rel4", "rel4"),
    ],
)
def test_a_setting_is_read(read: Callable[[str], Any], text: str, value: object) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "texts", "words"),
    [
        (
            settings.share_of,
            ("", "%", "-1", "101%", "1.01", "x", "1e-1", "½", "1..2", "0.5%%", "9" * 50),
            "is no share",
        ),
        (settings.some_share, ("0", "0%"), "is no share above 0"),
        (settings.from_to(2, 8), ("1", "9", "", "2.0", "-2", "٣", "9" * 50), "is no whole number from 2 to 8"),
        (settings.from_to(1), ("0", "2147483648"), "is no whole number from 1$"),
        (settings.rank_of, ("0", "x", "1.5"), "is no rank"),
        (settings.rank_of, ("0%", "200%"), "is no share"),
        (settings.factors_of, ("", "4x", "x4", "4x0", "4*4"), "is no list of factors"),
        (settings.number_of, ("", "-1", "4%", "x"), "is no number"),
        (settings.counts_of, ("", "0/0", "3/", "a/b"), "is no histogram"),
        (settings.word_of(("a", "b")), ("c", ""), "is no choice: give a, b"),
        (settings.index_of, ("rel9", "", "csc"), "is no index"),
    ],
)
def test_what_is_no_setting_is_refused(read: Callable[[str], Any], texts: tuple[str, ...], words: str) -> None:
    for text in texts:
        with pytest.raises(ValueError, match=words):
            read(text)


def test_a_rank_is_written_as_it_is_read() -> None:
    assert [str(settings.rank_of(text)) for text in ("256", "12.5%")] == ["256", "12.5%"]


# -- texts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "where", "method"),
    [
        ("fc6=svd:rank=256", "fc6", "svd:rank=256"),
        ("fc*=svd:rank=25%", "fc*", "svd:rank=25%"),
        ("type=Convolution=tucker2:keep=25%", "type=Convolution", "tucker2:keep=25%"),
        ("fc6=huffman", "fc6", "huffman"),
        ("fc6=none", "fc6", "none"),
        ("a=b:c=d*=xnor", "a=b:c=d*", "xnor"),
        ("svd=svd:rank=2", "svd", "svd:rank=2"),
        ("x=svd:rank=3=svd:rank=2", "x=svd:rank=3", "svd:rank=2"),
        ("fc=prune:share=90%,index=rel4", "fc", "prune:share=90%,index=rel4"),
        ("fc=SVD:rank=2", "fc", "SVD:rank=2"),
        ("=svd:rank=2=svd:rank=2", "=svd:rank=2", "svd:rank=2"),
    ],
)
def test_the_last_method_in_a_text_is_the_one(text: str, where: str, method: str) -> None:
    assert split_request(text) == (where, method)
    assert request_of(where, method).where == where


@pytest.mark.parametrize("text", ["", "fc6", "=svd:rank=2", "fc6=", "svd:rank=2", "fc6=svd:rank"])
def test_a_text_without_layer_or_method_is_none(text: str) -> None:
    with pytest.raises(WhatIfError, match="is no LAYER=METHOD"):
        split_request(text)


def test_a_method_that_is_not_there_is_answered_with_one_that_is() -> None:
    with pytest.raises(WhatIfError, match="did you mean codebook"):
        split_request("fc6=codebok:bits=5")
    with pytest.raises(WhatIfError, match="fc6: there is no method 'codebok'; did you mean codebook"):
        request_of("fc6", "codebok:bits=5")


def test_settings_with_their_defaults() -> None:
    found = request_of("fc6", "prune:share=90%")
    assert found.given == {"share": Fraction(9, 10), "index": "best", "active": 1}
    assert found.words == "fc6=prune"
    assert request_of("fc6", "none").method is None
    assert request_of("fc6", "none").words == "fc6=none"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("svd", "fc6: svd needs rank or keep"),
        ("svd:rank=2,keep=3%", "fc6: svd needs rank or keep"),
        ("tucker2:in=2", "fc6: tucker2 needs in and out or keep"),
        ("tt:in=2x3,rank=2", "fc6: tt needs in and out and rank or"),
        ("svd:rank=0", "fc6: svd: rank: '0' is no rank"),
        ("svd:rang=2", "fc6: svd has no setting 'rang'; did you mean rank"),
        ("xnor:bits=2", "fc6: xnor has no setting 'bits'"),
        ("bnn:bits=2", "fc6: bnn has no setting 'bits'; it has none"),
        ("svd:rank", "fc6: 'rank' are no settings"),
        ("svd:", "fc6: '' are no settings"),
        ("codebook:bits=17", "bits: '17' is no whole number from 1 to 16"),
        ("!!", "there is no method '!!'"),
    ],
)
def test_a_text_that_is_no_method_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(WhatIfError) as refused:
        request_of("fc6", text)
    assert words in str(refused.value)


@pytest.mark.parametrize("word", REFUSALS)
def test_what_no_log_tells_is_refused_with_its_reason_and_another_way(word: str) -> None:
    where, method = split_request(f"fc*={word}")
    with pytest.raises(WhatIfError, match=f"fc\\*: {word} is refused: ") as refused:
        request_of(where, method)
    assert refused.value.remedy == REFUSALS[word].remedy
    assert REFUSALS[word].reason in refused.value.message


@pytest.mark.parametrize("name", REFUSED_SETTINGS)
def test_a_setting_that_weights_or_accuracy_would_tell_is_refused_too(name: str) -> None:
    with pytest.raises(WhatIfError, match=f"fc6: svd: {name} is refused: "):
        request_of("fc6", f"svd:{name}=95%")


# -- encodings -------------------------------------------------------------------------------------------


def encoded(*texts: str) -> Encoding:
    found = PLAIN
    for text in texts:
        request = request_of("fc", text)
        assert request.method is not None
        assert request.method.encodes is not None
        found = request.method.encodes(found, request.given)
    return found


@pytest.mark.parametrize("text", ["hash:share=10%", "pq:dims=2,words=4", "binary", "ternary", "xnor", "bnn"])
def test_zeros_that_are_left_out_do_not_go_with_forms_that_have_none(text: str) -> None:
    with pytest.raises(WhatIfError, match="do not go together"):
        encoded("prune:share=50%", text)
    assert encoded("prune:share=50%,index=dense", text).values is not None


def test_huffman_codes_numbers_of_few_bits_only() -> None:
    for texts in ((), ("prune:share=50%",), ("binary",), ("hash:share=10%",)):
        with pytest.raises(WhatIfError, match="huffman codes numbers of few bits"):
            encoded(*texts, "huffman")
    for text in ("codebook:bits=4", "quantize:bits=4", "fixed:bits=4"):
        assert encoded(text, "huffman").huffman is not None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("huffman:entropy=4.1", "an entropy of 4.1 bits is more than numbers of 4 bits can have"),
        ("huffman:counts=" + "/".join(["1"] * 17), "a histogram of 17 values is more than 4 bits can tell apart"),
        ("huffman:width=3,entropy=3", "huffman takes one of width, entropy and counts, not width and entropy"),
    ],
)
def test_what_is_known_of_codes_must_fit_the_numbers(text: str, words: str) -> None:
    with pytest.raises(WhatIfError, match=words):
        encoded("codebook:bits=4", text)


def test_no_zeros_and_no_index_are_no_encoding() -> None:
    assert encoded("prune:share=0%") is PLAIN
    assert encoded("prune:share=0%,index=rel4") is not PLAIN
    assert encoded("prune:share=0%,active=50%") is not PLAIN
