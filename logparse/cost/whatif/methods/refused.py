"""Words of the field that no figure can follow from a log alone, each with the reason and what can be asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Refusal(NamedTuple):
    """Why a word is refused, and what would do instead."""

    reason: str
    remedy: str


_SHARE: Final = "Give the share that goes: prune:share=90%."
_CHANNELS: Final = "Give the channels that go: prune-channels:share=50%."
_RANK: Final = "Give the rank as a number, as a share of the largest, or by MACs: svd:keep=25%."
_WEIGHTS: Final = "only the weights tell, and a log holds none"
_ACCURACY: Final = "only accuracy tells, and that takes a training"

REFUSALS: Final[Mapping[str, Refusal]] = {
    "regularization": Refusal(f"how many weights a penalty across layers or groups drives to zero {_ACCURACY}", _SHARE),
    "sparsity": Refusal(f"how sparse a training makes a layer {_ACCURACY}", _SHARE),
    "lasso": Refusal(f"which groups a penalty empties {_ACCURACY}", _CHANNELS),
    "slimming": Refusal(f"which scales of a BatchNorm become small {_WEIGHTS}", _CHANNELS),
    "distillation": Refusal(
        f"what a smaller net learns of a larger one {_ACCURACY}",
        "Give the smaller net: prune-channels, svd, separable, fire.",
    ),
    "micro-structure": Refusal(
        f"which patterns of filters stand for a kernel {_WEIGHTS}", "Give a form of known size: tucker2, cp, separable."
    ),
    "microstructure": Refusal(
        f"which patterns of filters stand for a kernel {_WEIGHTS}", "Give a form of known size: tucker2, cp, separable."
    ),
    "biclustering": Refusal(
        f"into which clusters filters fall {_WEIGHTS}", "Give a form of known size: svd, cp, tucker2."
    ),
    "monochromatic": Refusal(f"which filters are near to one colour {_WEIGHTS}", "Give a rank: svd:rank=12."),
    "sensitivity": Refusal(f"how much each layer bears {_ACCURACY}", "Try shares of your own, layer by layer."),
    "threshold": Refusal(f"how many weights are below a threshold {_WEIGHTS}", _SHARE),
    "magnitude": Refusal(f"how many weights are small {_WEIGHTS}", _SHARE),
    "energy": Refusal(f"how much of a matrix a rank holds {_WEIGHTS}", _RANK),
    "svd-energy": Refusal(f"how much of a matrix a rank holds {_WEIGHTS}", _RANK),
    "vbmf": Refusal(f"the rank that variational Bayes finds {_WEIGHTS}", _RANK),
    "winograd": Refusal(
        "it changes how a convolution is computed, not the net or its weights", "Figures of MACs are those of the sums."
    ),
    "nas": Refusal(f"which net a search finds {_ACCURACY}", "Give the log of the net that was found."),
    "accuracy": Refusal(_ACCURACY, "Give the change itself."),
}

# The same for a setting of a method that is there
REFUSED_SETTINGS: Final[Mapping[str, str]] = {
    "energy": "energy",
    "error": "energy",
    "threshold": "threshold",
    "accuracy": "accuracy",
    "loss": "accuracy",
    "sensitivity": "sensitivity",
}
