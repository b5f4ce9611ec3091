"""What an attempt's lines tell of its GPU: the card, its memory, the libraries, the build, and which engine ran.

Nothing in a plain log says whether Caffe was built with cuDNN. What shows it: a version that is printed, a class or a
status of cuDNN in an error, a workspace that is printed, an engine that a definition states (layer_factory.cpp refuses
CUDNN in another build), a convolution that cuDNN has none for. A layer whose plain class stands in a stack trace,
though every cuDNN build would run all of its type on cuDNN, shows the other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost import fields
from logparse.cost.memory.cudnn import refused, runs_on_cudnn
from logparse.cost.memory.gpu import Build, Told, gpu
from logparse.cost.memory.holdings import Era

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from logparse.cost.memory.gpu import Gpu
    from logparse.cost.memory.layer import LayerMemory
    from logparse.derive.facts import NetFact
    from logparse.model import Attempt

# Digits are counted, so that no figure outgrows a table's 64 bits
_MEMORY: Final = re.compile(
    r"total=(?P<total>\d{1,18}) free=(?P<free>\d{1,18})(?!\d)|Total global memory:\s+(?P<global>\d{1,18})(?!\d)"
)
_REFUSED: Final = re.compile(r"Total memory: (?P<total>\d{1,18}), Free: \d+")
_SPACE: Final = re.compile(r"with space (?P<number>\d{1,9}(?P<decimals>\.\d{1,9})?)(?P<unit>[KMG]?)")
_VERSION: Final = re.compile(r"(?P<library>CUDA|cuDNN) version: (?P<version>\d{1,9}(?:\.\d{1,9}){0,4})", re.IGNORECASE)
_NO_CUDNN: Final = re.compile(r"DNN version: USE_CUDNN is not defined", re.IGNORECASE)
_UNITS: Final = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}
_CUDNN: Final = re.compile(r"CuDNN|CUDNN_STATUS|cudnn[A-Z]\w+\(")
_WORKER: Final = re.compile(r"\bcaffe::(?:\w+::)*(?P<type>[A-Z]\w+?)Layer(?:<.*>)?::\w*(?:For|Back)ward_gpu\(")
_ERRORS: Final = frozenset({"fatal", "stack", "exception"})


def gpu_of(attempt: Attempt, nets: Sequence[NetFact], era: Era) -> Gpu:
    """What is known of the GPU of an attempt, and the ranges that follow."""
    total, gone = _memory(attempt)
    engine, basis = _engine(attempt, [layer for fact in nets for layer in fact.memory.layers])
    return gpu(
        Told(
            cards=attempt.devices,
            year=attempt.year,
            cuda=_version(attempt, "cuda"),
            cudnn=_version(attempt, "cudnn"),
            build=_build(attempt, era),
            engine=engine,
            engine_basis=basis,
            total_bytes=total,
            gone_bytes=gone,
            workspace_bytes=_workspace(attempt),
            gpus=attempt.gpus or max(len(attempt.devices), 1),
        )
    )


def _texts(attempt: Attempt, *kinds: str) -> Iterator[str]:
    return (event.text for event in attempt.events if event.kind in kinds)


def _memory(attempt: Attempt) -> tuple[int | None, int | None]:
    """(all, gone at the start) of the card with the least free that the log prints; a refusal tells only all."""
    told = []
    for text in _texts(attempt, "device_memory", "device_property"):
        found = _MEMORY.search(text)
        if found is not None and found["total"] is not None:
            told.append((int(found["free"]), int(found["total"])))
        elif found is not None:
            told.append((int(found["global"]), int(found["global"])))
    if told:
        free, total = min(told)
        return total, total - free if free < total else None
    refusal = _REFUSED.search(attempt.out_of_memory.text) if attempt.out_of_memory is not None else None
    return (None, None) if refusal is None else (int(refusal["total"]), None)


def _workspace(attempt: Attempt) -> int | None:
    """The largest workspace that the fork prints, with half a unit of its last digit on top."""
    sizes = []
    for text in _texts(attempt, "workspace"):
        found = _SPACE.search(text)
        if found is not None:
            half = 0.5 * 10.0 ** -max(len(found["decimals"] or "") - 1, 0)
            sizes.append(round((float(found["number"]) + half) * _UNITS[found["unit"]]))
    return max(sizes, default=None)


def _version(attempt: Attempt, library: str) -> float | None:
    """A library's release, as 7.6: printed as `7600`, `90100`, `6.0.21`, and CUDA's as `10010`."""
    for text in _texts(attempt, "library_version"):
        found = _VERSION.match(text)
        if found is not None and found["library"].casefold() == library:
            return _release(found["version"], library)
    return None


_TEN_THOUSANDS: Final = 90_000  # cuDNN counts its releases in ten thousands from 9 on


def _release(version: str, library: str) -> float:
    if "." in version:
        major, minor, *_ = version.split(".")
        return float(f"{int(major)}.{int(minor)}")
    number = int(version)
    if library == "cudnn" and number >= _TEN_THOUSANDS:
        return float(f"{number // 10_000}.{number // 100 % 100}")
    step = 10 if library == "cuda" else 100
    return float(f"{number // 1000}.{number % 1000 // step}")


def _build(attempt: Attempt, era: Era) -> Build:
    if attempt.versions or any(event.kind in {"device_memory", "workspace"} for event in attempt.events):
        return Build.NVCAFFE
    return Build.RC2 if era is Era.RC2 else Build.BVLC


# -- the engine ------------------------------------------------------------------------------------


class _Sign(NamedTuple):
    """A sign of an engine: which, what is seen, and whether it is."""

    engine: str
    words: str
    seen: Callable[[Attempt, Sequence[LayerMemory]], bool]


def _engine(attempt: Attempt, layers: Sequence[LayerMemory]) -> tuple[str | None, str]:
    """The engine and what shows it; (None, "") where nothing does."""
    found = next((sign for sign in _SIGNS if sign.seen(attempt, layers)), None)
    return (None, "") if found is None else (found.engine, found.words)


def _built_without(attempt: Attempt, _layers: Sequence[LayerMemory]) -> bool:
    return any(_NO_CUDNN.search(text) for text in _texts(attempt, "library_version"))


def _prints_version(attempt: Attempt, _layers: Sequence[LayerMemory]) -> bool:
    return _version(attempt, "cudnn") is not None


def _prints_workspace(attempt: Attempt, _layers: Sequence[LayerMemory]) -> bool:
    return any(event.kind == "workspace" for event in attempt.events)


def _declines(attempt: Attempt, _layers: Sequence[LayerMemory]) -> bool:
    return any(event.kind == "engine" for event in attempt.events)


def _fails_in_cudnn(attempt: Attempt, _layers: Sequence[LayerMemory]) -> bool:
    return any(_CUDNN.search(text) for text in _texts(attempt, *_ERRORS))


def _states_cudnn(_attempt: Attempt, layers: Sequence[LayerMemory]) -> bool:
    return any(_stated(layer) == "CUDNN" for layer in layers)


def _stated(layer: LayerMemory) -> str | None:
    definition, cudnn = layer.spec.definition, layer.cudnn
    settings = None if definition is None or cudnn is None else definition.child(cudnn.message)
    return None if settings is None else fields.ENGINE.stated(settings)


def _works_without(attempt: Attempt, layers: Sequence[LayerMemory]) -> bool:
    """Whether a plain layer is at work of a type that a cuDNN build would run on cuDNN throughout."""
    kinds = {found["type"] for text in _texts(attempt, "stack") if (found := _WORKER.search(text)) is not None}
    for kind in kinds:
        mine = [layer for layer in layers if layer.kind == kind]
        if mine and all(runs_on_cudnn(layer) for layer in mine):
            return True
    return False


def _would_stop(attempt: Attempt, layers: Sequence[LayerMemory]) -> bool:
    return any(net.done for net in attempt.nets) and any(refused(layer) for layer in layers)


_SIGNS: Final = (
    _Sign("caffe", "the log prints that USE_CUDNN is not defined", _built_without),
    _Sign("cudnn", "the log prints its version", _prints_version),
    _Sign("cudnn", "the log prints the workspace of its convolutions", _prints_workspace),
    _Sign("cudnn", "the log says of a layer that cuDNN does not support it", _declines),
    _Sign("cudnn", "cuDNN stands in an error of the log", _fails_in_cudnn),
    _Sign("cudnn", "a definition states engine: CUDNN", _states_cudnn),
    _Sign("caffe", "a stack trace shows Caffe's own layer where cuDNN would run it", _works_without),
    _Sign("caffe", "a convolution that cuDNN refuses was set up", _would_stop),
)
