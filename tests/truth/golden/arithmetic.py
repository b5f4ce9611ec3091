"""Working out a formula as it is shown to a reader: its left side must give what stands on its right."""

from __future__ import annotations

import ast
import operator
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_REMARK: Final = re.compile(r"\([^()]*[A-Za-z][^()]*\)")
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z']*")
_SIGNS: Final = str.maketrans({"·": "*", "×": "*", "−": "-", ",": None})
_STEPS: Final[dict[type[ast.operator], Callable[[int, int], int]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.floordiv,
}


def worked_out(text: str) -> int:
    """The value of `64·10 × (4/2) + 10 biases (of the layer)`; words count nothing, without any number it is 0."""
    bare = _WORD.sub("", _REMARK.sub("", text)).translate(_SIGNS).lstrip("+ ")
    return _value(ast.parse(bare, mode="eval").body) if re.search(r"\d", bare) else 0


def _value(node: ast.expr) -> int:
    if isinstance(node, ast.BinOp):
        return _STEPS[type(node.op)](_value(node.left), _value(node.right))
    assert isinstance(node, ast.Constant), ast.dump(node)
    assert isinstance(node.value, int), ast.dump(node)
    return node.value


def is_true(formula: str) -> bool:
    """Whether a whole formula, `2 × 3 = 6`, says the truth."""
    left, _, right = formula.rpartition(" = ")
    return worked_out(left) == int(right.replace(",", ""))
