"""What-ifs on whole runs: each change alone, what it assumes, what it leaves as it is, and the figures after it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from logparse.cost.memory.footprint import footprint, held_bytes
from logparse.cost.memory.holdings import Kind, Solver, holdings
from logparse.cost.memory.terms import Terms
from logparse.cost.whatif.change import (
    AS_IT_IS,
    PRECISIONS,
    SOLVERS,
    Change,
    LowRank,
    changed,
)
from logparse.cost.whatif.fit import _largest, fit, fits, largest_blob
from logparse.cost.whatif.measures import measures
from logparse.cost.whatif.resize import WhatIfError
from tests.cost_nets import named, net, run

if TYPE_CHECKING:
    from logparse.cost.memory.holdings import NetMemory, Run

INPUT: Final = (
    'layer { name: "in" type: "Input" top: "data" top: "label" input_param {'
    " shape { dim: 7 dim: 4 } shape { dim: 7 } } }"
)
NORM: Final = 'layer { name: "bn" type: "BatchNorm" bottom: "data" top: "data" }'
DENSE: Final = (
    'layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 10 } }'
    'layer { name: "score" type: "InnerProduct" bottom: "ip" top: "score" inner_product_param { num_output: 3 } }'
)
LOSS: Final = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "score" bottom: "label" top: "loss" }'
PARAMS: Final = (4 * 10 + 10) + (10 * 3 + 3)
MACS: Final = 7 * (4 * 10 + 10 * 3)


def trained(*, element_bytes: int = 4, batch: int | None = 7) -> NetMemory:
    return net(INPUT + NORM + DENSE + LOSS, batch=batch, element_bytes=element_bytes)


def one() -> Run:
    return run(trained())


def both() -> Run:
    beside = net(INPUT + NORM + DENSE + LOSS, batch=7, beside=True, phase="TEST")
    return run(trained(), beside)


def under(change: Change, start: Run | None = None) -> tuple[Run, tuple[str, ...]]:
    found = changed(start or one(), change)
    return found.run, found.assumptions


def test_nothing_changes_where_nothing_is_asked_for() -> None:
    start = both()
    assert under(AS_IT_IS, start) == (start, ())


# -- nets and solver -----------------------------------------------------------------------------------


def test_a_test_net_can_be_left_out() -> None:
    found, words = under(Change(no_test_net=True), both())
    assert len(found.nets) == 1
    assert words == ("no test net beside the train net",)


def test_of_one_net_none_is_left_out() -> None:
    start = one()
    assert under(Change(no_test_net=True), start) == (start, ())


def test_another_solver() -> None:
    found, words = under(Change(solver="Adam"))
    assert (found.solver.type, found.solver.stated) == ("Adam", True)
    assert words == ("solver Adam",)
    assert SOLVERS == ("SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam")


def test_the_same_solver_changes_nothing_but_where_it_was_only_assumed() -> None:
    start = run(trained(), solver=Solver("SGD"))
    assert under(Change(solver="SGD"), start) == (start, ())
    assumed = run(trained(), solver=Solver("SGD", stated=False))
    found, words = under(Change(solver="SGD"), assumed)
    assert found.solver.stated
    assert words == ("solver SGD",)


def test_an_unknown_solver_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(WhatIfError, match="there is no solver 'Lion'") as refused:
        under(Change(solver="Lion"))
    assert refused.value.remedy == "One of SGD, Nesterov, AdaGrad, RMSProp, AdaDelta, Adam."


def test_what_else_a_solver_says_stays() -> None:
    start = run(trained(), solver=Solver("SGD", l1=True, tests_first=False))
    assert under(Change(solver="Adam"), start)[0].solver == Solver("Adam", l1=True, tests_first=False)


# -- batch ---------------------------------------------------------------------------------------------


def test_the_batch_of_the_first_net_and_of_test_nets_are_two_things() -> None:
    found, words = under(Change(batch=2, test_batch=5), both())
    assert [each.batch for each in found.nets] == [2, 5]
    assert [each.layers[0].spec.tops[1] for each in found.nets] == [(2,), (5,)]
    assert words == (
        "first net: batch 7 → 2, image size unchanged",
        "test net: batch 7 → 5, image size unchanged",
    )
    only, said = under(Change(batch=2), both())
    assert [each.batch for each in only.nets] == [2, 7]
    assert said == ("first net: batch 7 → 2, image size unchanged",)


def test_what_had_to_be_assumed_to_follow_the_batch_is_said() -> None:
    own = net(INPUT + 'layer { name: "own" type: "Python" bottom: "data" top: "rois" }', batch=7)
    printed = replace(own.layers[1], spec=replace(own.layers[1].spec, tops=((14, 5),)), counts=(70,))
    words = under(Change(batch=2), run(replace(own, layers=(own.layers[0], printed))))[1]
    assert words == (
        "first net: batch 7 → 2, image size unchanged",
        "own: its top grows with the batch of its bottom",
    )


def test_the_same_batch_changes_nothing() -> None:
    start = both()
    assert under(Change(batch=7, test_batch=7), start) == (start, ())


def test_a_batch_of_one_is_one_and_of_none_is_none() -> None:
    assert under(Change(batch=1))[0].nets[0].batch == 1
    for batch in (0, -1):
        with pytest.raises(WhatIfError, match=f"a batch of {batch} images is none"):
            under(Change(batch=batch))


def test_a_batch_that_is_not_shown_cannot_be_changed() -> None:
    with pytest.raises(WhatIfError, match="does not show the batch size, so it cannot be changed"):
        under(Change(batch=2), run(trained(batch=None)))


# -- layers --------------------------------------------------------------------------------------------


def test_a_layer_is_changed_in_every_net_that_has_it_and_said_once() -> None:
    found, words = under(Change(prune_channels={"ip": 0.5}), both())
    assert [named(each.layers, "ip").spec.tops for each in found.nets] == [((7, 5),), ((7, 5),)]
    assert words == (
        "ip: 10 → 5 output channels, in this layer and in all that read them",
        "what reads fewer channels loses parameters: score 15 of 33",
        "layers that feed one sum lose the same channels",
        "not known: which channels can go without harm only weights and accuracy tell",
    )


def test_a_net_without_the_layer_stays() -> None:
    other = net(INPUT + LOSS.replace("score", "data"), batch=7, beside=True, phase="TEST")
    start = run(trained(), other)
    found, _ = under(Change(low_rank={"ip": LowRank(2)}), start)
    assert [layer.spec.name for layer in found.nets[0].layers][2:4] == ["ip/rank2", "ip"]
    assert found.nets[1] is other


def test_a_layer_of_the_test_net_alone_is_found_there() -> None:
    more = INPUT + DENSE.replace('"ip"', '"own"').replace('"score"', '"out"')
    start = run(trained(), net(more, batch=7, beside=True, phase="TEST"))
    found, _ = under(Change(prune_channels={"own": 0.5}), start)
    assert named(found.nets[1].layers, "own").spec.tops == ((7, 5),)
    assert found.nets[0] is start.nets[0]


def test_a_layer_that_is_nowhere_is_refused() -> None:
    for change in (
        Change(prune_channels={"nope": 0.5}),
        Change(low_rank={"nope": LowRank(2)}),
        Change(prune_weights={"nope": 0.5}),
    ):
        with pytest.raises(WhatIfError, match="there is no layer 'nope'"):
            under(change)


def test_pruning_comes_before_factoring() -> None:
    found, words = under(Change(prune_channels={"ip": 0.5}, low_rank={"ip": LowRank(2)}))
    assert named(found.nets[0].layers, "ip").spec.tops == ((7, 5),)
    assert named(found.nets[0].layers, "ip/rank2").spec.tops == ((7, 2),)
    assert [text.partition(":")[0] for text in words if ":" in text] == [
        "ip",
        "what reads fewer channels loses parameters",
        "ip",
        "not known",
        "not known",
    ]


# -- precision -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "bits"), [("fp64", 64), ("fp32", 32), ("fp16", 16), ("int8", 8), ("binary", 1)])
def test_precisions(name: str, bits: int) -> None:
    assert PRECISIONS[name] == bits


def test_weights_and_activations_have_a_precision_each() -> None:
    found, words = under(Change(weights="fp16", activations="int8"))
    assert found.bits == {Kind.PARAMS: 16, Kind.DATA: 8, Kind.PREFETCH: 8}
    precise = "(Caffe itself computes in one precision)"
    assert words == (
        f"the stored weights are fp16; gradients and history stay as they are {precise}",
        f"blobs' data is int8; gradients of blobs and private buffers stay as they are {precise}",
    )


def test_the_nets_own_precision_changes_nothing() -> None:
    start = one()
    assert under(Change(weights="fp32", activations="fp32"), start) == (start, ())
    double = run(trained(element_bytes=8))
    assert under(Change(weights="fp64"), double) == (double, ())
    assert under(Change(weights="fp32"), double)[0].bits == {Kind.PARAMS: 32}


# -- single weights ------------------------------------------------------------------------------------


def test_single_weights_leave_the_run_and_are_said() -> None:
    start = one()
    found, words = under(Change(prune_weights={"ip": 0.9, "score": 0.25}), start)
    assert found.nets == start.nets
    assert words == (
        "single weights set to zero (ip 90%, score 25%) are not counted, their products are skipped",
        "Caffe stores zeros too: its memory stays; what an index costs is in stored_bytes",
        "Caffe itself stores and computes floats: its memory and its speed stay unless a program keeps this form",
        "not known: where the zeros are only the weights tell: fillers of an index are likely as if by chance",
    )
    assert under(Change(prune_weights={"ip": 0.0}), start) == (start, ())


# -- figures -------------------------------------------------------------------------------------------


def figures(start: Run, change: Change = AS_IT_IS, terms: Terms = Terms()) -> dict[str, tuple[int | None, str]]:  # noqa: B008 - frozen
    return {each.name: (each.value, each.unit) for each in measures(changed(start, change).run, terms)}


def test_the_figures_of_a_run() -> None:
    start = one()
    own = holdings(start, "cpu")[0]
    assert figures(start) == {
        "params": (PARAMS, "values"),  # the statistics of bn are no parameters
        "macs_per_image": (MACS // 7, "MAC"),
        "macs": (MACS, "MAC"),
        "param_bytes": ((PARAMS + 4 + 4 + 1) * 4, "bytes"),
        "stored_bytes": ((PARAMS + 4 + 4 + 1) * 4, "bytes"),  # the statistics are in the file
        "distinct_data": ((28 + 7 + 70 + 21 + 1) * 4, "bytes"),
        "footprint, cpu": (own.total_bytes + 20_197_376, "bytes"),
        "footprint, gpu": (footprint(start, "gpu", Terms(engine="caffe")).bytes, "bytes"),
    }


def test_each_test_net_has_its_data() -> None:
    found = figures(both())
    assert found["distinct_data, test net 0"] == found["distinct_data"]
    assert "distinct_data, test net 1" not in found


def test_pruned_weights_show_in_parameters_and_products_alone() -> None:
    change = Change(prune_weights={"ip": 0.9})
    found = figures(one(), change)
    assert found["params"] == ((4 + 10) + (10 * 3 + 3), "values")  # a tenth of 40 weights, all biases
    assert found["macs"] == (7 * (4 + 10 * 3), "MAC")
    assert found["macs_per_image"] == (4 + 10 * 3, "MAC")
    assert found["param_bytes"] == figures(one())["param_bytes"]


def test_an_engine_that_is_given_counts() -> None:
    assert figures(one(), terms=Terms(engine="cudnn"))["footprint, gpu"] != figures(one())["footprint, gpu"]


def test_without_a_batch_there_is_no_figure_per_image_and_without_a_net_none_at_all() -> None:
    assert figures(run(trained(batch=None)))["macs_per_image"] == (None, "MAC")
    assert measures(run()) == ()


def test_what_is_not_known_is_left_out_of_the_sums() -> None:
    layers = list(trained().layers)
    layers[3] = replace(layers[3], params=None, spec=replace(layers[3].spec, definition=None, type="WarpDrive"))
    found = figures(run(replace(trained(), layers=tuple(layers))))
    assert found["params"] == (50, "values")
    assert found["macs"] == (7 * 40, "MAC")


# -- the largest batch that fits -----------------------------------------------------------------------


def at_batch(batch: int, device: str, terms: Terms) -> int:
    return held_bytes(changed(one(), Change(batch=batch)).run, device, terms)


TERMS: Final = Terms(context_bytes=1000, thread_bytes=10, program_bytes=500, engine="caffe")


@pytest.mark.parametrize("batch", [1, 2, 6, 7, 8, 63, 64, 65, 1000])
def test_the_batch_that_is_found_fits_and_one_more_does_not(batch: int) -> None:
    budget = at_batch(batch, "cpu", TERMS)
    for spare, largest in ((0, batch), (at_batch(batch + 1, "cpu", TERMS) - budget - 1, batch), (-1, batch - 1)):
        found = fit(one(), budget + spare, "cpu", TERMS)
        assert found.batch == largest
        assert found.bytes == at_batch(max(largest, 1), "cpu", TERMS)
        assert found.next_bytes == at_batch(largest + 1, "cpu", TERMS)
        assert (found.device, found.budget_bytes) == ("cpu", budget + spare)


@pytest.mark.parametrize("limit", range(12))
def test_from_any_guess_the_search_ends_at_the_largest_that_fits(limit: int) -> None:
    for guess in range(1, 40):
        tried: list[int] = []

        def holds(batch: int, tried: list[int] = tried) -> bool:
            tried.append(batch)
            return batch <= limit

        assert _largest(holds, guess) == limit
        assert min(tried) >= 1  # no batch of nothing is ever tried
        assert len(tried) < 16


@pytest.mark.parametrize(
    ("limit", "guess", "trials"),
    [
        (1000, 1000, [1000, 1001]),  # a good guess is all it needs
        (20, 1, [1, 2, 4, 8, 16, 32, 24, 20, 22, 21]),  # else steps double, then halves are tried
        (3, 40, [40, 39, 37, 33, 25, 9, 1, 5, 3, 4]),
    ],
)
def test_steps_double_from_the_guess_on(limit: int, guess: int, trials: list[int]) -> None:
    tried: list[int] = []

    def holds(batch: int) -> bool:
        tried.append(batch)
        return batch <= limit

    assert _largest(holds, guess) == limit
    assert tried == trials


def test_what_grows_per_image_and_what_does_not() -> None:
    found = fit(one(), at_batch(10, "cpu", TERMS), "cpu", TERMS)
    per_image = at_batch(100, "cpu", TERMS) - at_batch(99, "cpu", TERMS)
    assert found.per_image_bytes == per_image
    assert found.fixed_bytes == found.bytes - 10 * per_image


def test_several_budgets_are_each_answered_as_if_alone() -> None:
    budgets = [at_batch(batch, "cpu", TERMS) for batch in (3, 40)]
    assert fits(one(), budgets, "cpu", TERMS) == [fit(one(), budget, "cpu", TERMS) for budget in budgets]


def test_another_change_goes_with_it() -> None:
    budget = at_batch(40, "cpu", TERMS)
    adam = fit(one(), budget, "cpu", TERMS, Change(solver="Adam"))
    assert adam.batch < 40
    assert adam.bytes == held_bytes(changed(one(), Change(solver="Adam", batch=adam.batch)).run, "cpu", TERMS)


def test_without_a_batch_nothing_can_be_tried() -> None:
    for start in (run(trained(batch=None)), run()):
        with pytest.raises(WhatIfError, match=r"^the log does not show the batch size, so no other one can be tried$"):
            fit(start, 10**9)


def test_where_not_even_one_image_fits() -> None:
    found = fit(one(), 10, "cpu", TERMS)
    assert (found.batch, found.bytes) == (0, at_batch(1, "cpu", TERMS))
    assert found.next_bytes == found.bytes


# The largest blob has ten values an image: ip
@pytest.mark.parametrize(("device", "limit", "words"), [("cpu", 2**31 - 1, "2^31 - 1"), ("gpu", 2**30, "2^30")])
def test_a_blob_may_not_have_more_values_than_caffe_can_count(device: str, limit: int, words: str) -> None:
    found = fit(one(), 10**15, device, TERMS)
    assert found.batch == limit // 10
    assert found.binds == f"the blob ip would have {(limit // 10 + 1) * 10:,} elements, Caffe's limit is {words}"


def test_a_batch_that_no_blob_grows_with_is_bound_by_its_own_count() -> None:
    fixed = net('layer { name: "in" type: "Input" top: "data" input_param { shape { dim: 3 } } }', batch=7)
    found = fit(run(fixed), 10**15, "cpu", TERMS)
    assert found.batch == 2**31 - 1
    assert found.binds == "no blob grows with the batch: the count of images itself is at Caffe's limit"


def test_what_binds_is_the_two_kinds_of_memory_that_take_most() -> None:
    budget = at_batch(1000, "cpu", TERMS)
    found = fit(one(), budget, "cpu", TERMS)
    held = holdings(changed(one(), Change(batch=1001)).run, "cpu")[0]
    largest = sorted({kind: held.bytes_of(kind) for kind in Kind}.items(), key=lambda item: -item[1])[:2]
    expected = ", ".join(f"{kind} {100 * size / found.next_bytes:.1f} %" for kind, size in largest)
    assert found.binds == f"memory: of what 1,001 images would take, {expected}"


def test_beside_caffes_own_there_is_the_program() -> None:
    terms = replace(TERMS, program_bytes=10**9)
    found = fit(one(), 10**9 + at_batch(3, "cpu", TERMS), "cpu", terms)
    images = found.batch + 1
    assert found.binds.startswith(f"memory: of what {images} images would take, beside Caffe's own >99.9 %, ")


def test_the_upper_end_of_each_build_that_may_run_must_fit() -> None:
    start, cudnn = one(), replace(TERMS, engine="cudnn")
    for engine in ("caffe", "cudnn", None):
        terms = replace(TERMS, engine=engine)
        assert held_bytes(start, "gpu", terms) == footprint(start, "gpu", terms).high_bytes
    assert held_bytes(start, "gpu", replace(TERMS, engine=None)) >= held_bytes(start, "gpu", cudnn)


def test_where_a_cudnn_build_would_stop_the_figure_of_the_other_engine_must_fit() -> None:
    solid = (
        'layer { name: "in" type: "Input" top: "data" input_param { shape { dim: 7 dim: 2 dim: 3 dim: 3 dim: 3 } } }'
    )
    conv = 'layer { type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 2 kernel_size: 3 } }'
    start = run(net(solid + conv, batch=7))
    assert held_bytes(start, "gpu", replace(TERMS, engine="cudnn")) == footprint(start, "gpu", TERMS).high_bytes


def test_the_largest_blob_of_all_nets() -> None:
    assert largest_blob(both()) == (70, "ip")
    assert largest_blob(run()) == (0, "")
    layers = list(trained().layers)
    layers[2] = replace(layers[2], counts=(None,))
    assert largest_blob(run(replace(trained(), layers=tuple(layers)))) == (28, "data")
