"""Every published net there is."""

from __future__ import annotations

from typing import Final

from logparse.cost.zoo.nets import early, inception, residual, small, vgg

KNOWN: Final = (*early.NETS, *vgg.NETS, *inception.NETS, *residual.NETS, *small.NETS)
