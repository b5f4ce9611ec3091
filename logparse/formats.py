"""Number + unit → text: the only place where numbers become text for people.

The rules:

- Counts are exact, with a comma between thousands: `60,965,224`.
- Short forms have three significant digits and a prefix, and are exact below 1,000: `61.0 M`, `244 MB`, `999`.
- Prefixes are decimal throughout: 1 kB = 1,000 bytes, 1 MB = 10^6 bytes, 1 GB = 10^9 bytes. Binary units (KiB,
  MiB) are never used, so that a figure can be compared with Caffe's own byte counts by eye.
- Halves round away from zero, on the exact decimal value of the number; a figure that reaches 1,000 by rounding
  takes the next prefix (999,999 → `1.00 M`).
- A percentage has one decimal and is `0 %` or `100 %` only if it is exactly that; else `<0.1 %`, `>99.9 %`.
- What is not known is an en dash. A float that is not a number is a value (a diverged loss) and reads `nan`.

A value may be None or pandas' NA (unknown), int, float, or numpy's kin of them.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterable
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, ROUND_HALF_UP, Context, Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, SupportsFloat, SupportsIndex, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Form: TypeAlias = "Callable[[object], str]"

NA: Final = "–"
MINUS: Final = "−"
SIGNIFICANT: Final = 3
DIGITS_PRINTED: Final = 6  # digits of a float that C++ prints unless told otherwise
_MOST_DIGITS: Final = 7  # of a size with a prefix; beyond them the bytes themselves read better
_PLAIN: Final = (1e-9, 1e15)  # floats that read well without an exponent
FIRST: Final = 8  # names in a sentence before it says how many more there are

# Rounds to a place and nothing else: no number has more digits, or a larger exponent.
_CONTEXT: Final = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, rounding=ROUND_HALF_UP)
_DECIMAL_PREFIXES: Final = ((18, "E"), (15, "P"), (12, "T"), (9, "G"), (6, "M"), (3, "k"), (0, ""))
_TIME_UNITS: Final = ((0, "s"), (-3, "ms"), (-6, "µs"), (-9, "ns"))


def is_na(value: object) -> bool:
    """Whether the value stands for "not known": None, or pandas' NA and NaT (told by name: no pandas here)."""
    return value is None or type(value).__name__ in {"NAType", "NaTType"}


def count(value: object) -> str:
    """A whole number, exact: `60,965,224`."""
    return _known(value, lambda number: _grouped(number, 0))


def short(value: object) -> str:
    """A count with three significant digits and a decimal prefix: `61.0 M`; exact below 1,000."""
    return _known(value, lambda number: _prefixed(number, ""))


def mac_count(value: object) -> str:
    """Multiply-accumulates with three significant digits and a decimal prefix: `1.19 GMAC`; exact below 1,000."""
    return _known(value, lambda number: _prefixed(number, "MAC"))


def size(value: object) -> str:
    """Bytes with three significant digits, decimal units: `244 MB` (1 MB = 10^6 bytes)."""
    return _known(value, lambda number: _prefixed(number, "B"))


def sizes_apart(sizes: Sequence[int]) -> list[str]:
    """Bytes as `size` has them, with as many more digits as it takes to tell unequal ones apart: `8.589 GB`."""
    for digits in range(SIGNIFICANT, _MOST_DIGITS):
        texts = [_prefixed(Decimal(number), "B", digits) for number in sizes]
        if len(set(texts)) == len(set(sizes)):
            return texts
    return [exact_bytes(number) for number in sizes]


def exact_bytes(value: object) -> str:
    """Bytes, exact: `243,860,896 B`."""
    return _known(value, lambda number: f"{_grouped(number, 0)} B")


def percent(value: object) -> str:
    """A share (1.0 is the whole) in per cent: `12.3 %`; 0 and 100 only if exact."""
    return _known(value, _percent)


def change(before: float, after: float) -> str:
    """What a figure above 0 has become, against what it was: `+17.3 %`, `−4.7 %`; from twice on a factor: `×2.19`."""
    ratio = after / before
    if ratio >= _TWICE:
        return f"×{significant(ratio)}"
    return f"{'+' if ratio > 1 else MINUS}{percent(abs(ratio - 1))}"


_TWICE: Final = 1.995  # what rounds to 2 reads better as a factor


def significant(value: object, digits: int = SIGNIFICANT) -> str:
    """A plain number with three significant digits and no prefix: `0.72`, `0.00125`, `8,190`; whole numbers exact.

    A float beyond 10^15 or next to 0, most of whose digits nobody printed, reads as in a log: `3.4e+38`.
    """
    if isinstance(value, float) and value and not _PLAIN[0] <= abs(value) < _PLAIN[1]:
        return precise(value, digits)
    return _known(value, lambda number: _significant(number, digits))


def precise(value: object, digits: int = DIGITS_PRINTED) -> str:
    """A measured value as a log prints it, six significant digits: `2.30259`, `1e-05`; `nan` and `inf` are values."""
    return _known(value, lambda number: f"{float(number):.{digits}g}".replace("-", MINUS))


def milliseconds(value: object) -> str:
    """A time given in ms, in the unit that suits: `1.23 ms`, `45.6 µs`, `2.50 s`."""
    return _known(value, lambda number: _time(number.scaleb(-3)))


def duration(value: object) -> str:
    """A time given in seconds: `12.3 s`, `1 min 05 s`, `2 h 03 min`, `1 d 04 h`."""
    return _known(value, _duration)


def shape(value: object) -> str:
    """A blob's shape: `64 × 20 × 24 × 24`; `scalar` where it has no dimension."""
    return NA if is_na(value) else " × ".join(str(dim) for dim in _items(value)) or "scalar"


def flag(value: object) -> str:
    """A truth value: `yes` or `no`."""
    return NA if is_na(value) else ("yes" if bool(value) else "no")


def plain(value: object) -> str:
    """Text as it is; the items of a list after one another, each unknown one as an en dash."""
    if is_na(value):
        return NA
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(map(plain, value))
    return str(value)


def each(form: Form) -> Form:
    """The form of a list whose items all have the form `form`: `64 × 1 × 28 × 28, 64`."""
    return lambda value: NA if is_na(value) else ", ".join(map(form, _items(value)))


# Name of a form → what makes text of a value.
FORMS: Final[Mapping[str, Form]] = MappingProxyType(
    {
        "text": plain,
        "count": count,
        "short": short,
        "bytes": exact_bytes,
        "size": size,
        "percent": percent,
        "significant": significant,
        "precise": precise,
        "ms": milliseconds,
        "duration": duration,
        "shape": shape,
        "flag": flag,
        "shapes": each(shape),
        "counts": each(count),
        "flags": each(flag),
    }
)


def as_text(value: object, form: str) -> str:
    """The value in the named form (a key of FORMS); KeyError for a form that does not exist."""
    return FORMS[form](value)


# --- words around figures ---------------------------------------------------------------------------------


def plural(word: str, number: int) -> str:
    """The word as it stands behind the number: `1 layer`, `2 layers`."""
    return word if number == 1 else f"{word}s"


def enumerated(items: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))


def first_of(items: Iterable[str], limit: int = FIRST) -> list[str]:
    """The first items, and how many more there are: `a`, `b`, `and 3 more`."""
    listed = list(items)
    more = len(listed) - limit
    return [*listed[:limit], f"and {more} more"] if more > 0 else listed


def capitalised(text: str) -> str:
    """The text as the beginning of a sentence; all but its first letter as it is."""
    return f"{text[:1].upper()}{text[1:]}"


# --- a stranger's text ------------------------------------------------------------------------------------

# Control characters but tab and line ends, and marks that turn the direction of writing or end a line unseen.
_UNSEEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_RIGHT_TO_LEFT: Final = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
_RIGHT_TO_LEFT_WORDS: Final = re.compile(f"[{_RIGHT_TO_LEFT}]+(?: +[{_RIGHT_TO_LEFT}]+)*")
_ISOLATE: Final = ("\u2068", "\u2069")  # the direction of what stands between does not reach out of it


def visible(text: str) -> str:
    r"""The text with its control characters and its marks of direction as escapes: `\u009b`, `\u202e`."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSEEN.sub(lambda mark: f"\\u{ord(mark[0]):04x}", text)


def shown(text: str) -> str:
    """The text as a person is shown it: `visible`, and words written right to left do not turn what stands beside."""
    seen = visible(text)
    return seen if seen.isascii() else _RIGHT_TO_LEFT_WORDS.sub(lambda words: words[0].join(_ISOLATE), seen)


def shortened(text: str, longest: int) -> str:
    """The text, or its beginning and an ellipsis where it is longer than so many characters."""
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


# --- numbers ----------------------------------------------------------------------------------------------


def _items(value: object) -> Iterable[object]:
    if isinstance(value, Iterable):
        return value
    raise TypeError(f"a list is expected, not {value!r}")


def _number(value: object) -> int | float:
    """A Python number of the same value; numpy's integers keep all their digits."""
    if isinstance(value, int | float):
        return value
    if isinstance(value, SupportsIndex):
        return operator.index(value)
    if isinstance(value, SupportsFloat):
        return float(value)
    raise TypeError(f"a number is expected, not {value!r}")


def _known(value: object, form: Callable[[Decimal], str]) -> str:
    """The form of a number; NA, nan and the infinities are the same in every form."""
    if is_na(value):
        return NA
    number = _number(value)
    if isinstance(number, float) and not math.isfinite(number):
        return str(float(number)).replace("-", MINUS)
    return form(Decimal(number))


def _grouped(number: Decimal, decimals: int) -> str:
    """The number with this many decimals, a comma between thousands, a true minus."""
    rounded = number.quantize(Decimal(1).scaleb(-decimals), context=_CONTEXT)
    sign = MINUS if rounded < 0 else ""
    return f"{sign}{abs(rounded):,f}"


def _decimals(number: Decimal, digits: int) -> int:
    """How many decimals leave `digits` significant digits after rounding (999.96 has none left to give)."""
    if not number:
        return 0
    rounded = Context(prec=digits, rounding=ROUND_HALF_UP).plus(number)
    return max(0, digits - 1 - rounded.adjusted())


def _prefixed(number: Decimal, unit: str, digits: int = SIGNIFICANT) -> str:
    rounded = Context(prec=digits, rounding=ROUND_HALF_UP).plus(number)
    power, prefix = next((pair for pair in _DECIMAL_PREFIXES if abs(rounded).scaleb(-pair[0]) >= 1), (0, ""))
    if power == 0 and number == number.to_integral_value():
        return f"{_grouped(number, 0)} {unit}".rstrip()
    scaled = number.scaleb(-power, context=_CONTEXT)
    return f"{_grouped(scaled, _decimals(scaled, digits))} {prefix}{unit}".rstrip()


def _significant(number: Decimal, digits: int) -> str:
    if number == number.to_integral_value():
        return _grouped(number, 0)
    text = _grouped(number, _decimals(number, digits))
    return text.rstrip("0").rstrip(".") if "." in text else text


def _percent(number: Decimal) -> str:
    """Symmetric in the sign; next to 0 % and 100 % the rounded figure gives way to a bound."""
    if number in {0, 1}:
        return "0 %" if not number else "100 %"
    if number < 0:
        return _mirrored(_percent(-number))
    text = _grouped(number * 100, 1)
    if text == "0.0":
        return "<0.1 %"
    if text == "100.0":
        return ">99.9 %" if number < 1 else ">100 %"
    return f"{text} %"


def _mirrored(text: str) -> str:
    """The text of the same figure below zero: a bound changes its direction."""
    turned = {"<": ">", ">": "<"}.get(text[0])
    return f"{MINUS}{text}" if turned is None else f"{turned}{MINUS}{text[1:]}"


def _time(seconds: Decimal) -> str:
    if not seconds:
        return "0 ms"
    rounded = Context(prec=SIGNIFICANT, rounding=ROUND_HALF_UP).plus(seconds)
    power, unit = next((pair for pair in _TIME_UNITS if abs(rounded).scaleb(-pair[0]) >= 1), _TIME_UNITS[-1])
    scaled = seconds.scaleb(-power, context=_CONTEXT)
    return f"{_grouped(scaled, _decimals(scaled, SIGNIFICANT))} {unit}"


def _duration(seconds: Decimal) -> str:
    """Two units at most: below a minute as a time, then min + s, h + min, d + h; rounded once, to the smaller one."""
    if seconds < 0:
        return f"{MINUS}{_duration(-seconds)}"
    if seconds < Decimal("59.95"):
        return _time(seconds)
    for limit, unit, large, small in ((3600, 60, "min", "s"), (86400, 3600, "h", "min"), (None, 86400, "d", "h")):
        step = {"s": 1, "min": 60, "h": 3600}[small]
        whole = int((seconds / step).quantize(Decimal(1), context=_CONTEXT)) * step
        if limit is None or whole < limit:
            return f"{whole // unit} {large} {whole % unit // step:02d} {small}"
    raise AssertionError
