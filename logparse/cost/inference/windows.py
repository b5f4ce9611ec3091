"""Which customary windows take one map to another: the candidates where no definition tells a kernel."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost.fields import window_count

if TYPE_CHECKING:
    from logparse.cost.spec import Shape

KERNELS: Final = (1, 2, 3, 4, 5, 6, 7, 9, 11)
_STRIDES: Final = (1, 2, 3, 4)
_SHOWN: Final = 6


class Window(NamedTuple):
    """One window along an axis: no padding, or the padding that keeps the size at stride 1."""

    kernel: int
    stride: int
    pad: int

    def __str__(self) -> str:
        """As it is named in a reason."""
        return f"{self.kernel}×{self.kernel} (stride {self.stride}, pad {self.pad})"


def customary(size: int, out: int, kernels: tuple[int, ...] = KERNELS) -> tuple[Window, ...]:
    """Every window with one of `kernels` that takes `size` to `out` along one axis."""
    found = {
        Window(k, s, p)
        for k, s in product(kernels, _STRIDES)
        for p in {0, (k - 1) // 2 if k % 2 else 0}
        if size + 2 * p >= k and window_count(size, k, s, p) == out
    }
    return tuple(sorted(found))


def common(bottom: Shape, top: Shape, kernels: tuple[int, ...] = KERNELS) -> tuple[Window, ...]:
    """Windows that fit along every axis of the map alike (axes 2 on)."""
    per_axis = [set(customary(i, o, kernels)) for i, o in zip(bottom[2:], top[2:], strict=True)]
    return tuple(sorted(set.intersection(*per_axis))) if per_axis else ()


def candidates(windows: tuple[Window, ...]) -> str:
    """The windows as they stand in a reason."""
    more = " …" if len(windows) > _SHOWN else ""
    return ", ".join(str(window) for window in windows[:_SHOWN]) + more
