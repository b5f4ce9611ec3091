"""Cards: the memory that the CUDA runtime says a card of a name has, and the generation that it is of.

`least_bytes` to `most_bytes` is what cudaDeviceProp.totalGlobalMem was seen to be under the name: drivers since 361
keep 35 to 95 MiB back, Windows shows the nominal size, ECC takes a sixteenth of a Tesla's GDDR, and some names were
sold with several sizes. Each row says where its figures come from.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.errors import UsageError
from logparse.formats import enumerated

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

GIB: Final = 1024**3
_GB: Final = 10**9
_NEAR: Final = 1.16  # sizes that differ by less are one size under several drivers, or with an eighth gone to ECC


class Generation(StrEnum):
    """Generations of NVIDIA's cards; the big Pascal has a context of its own size."""

    FERMI = "Fermi"
    KEPLER = "Kepler"
    MAXWELL = "Maxwell"
    PASCAL = "Pascal"
    P100 = "Pascal P100"
    VOLTA = "Volta"
    TURING = "Turing"
    AMPERE = "Ampere"
    HOPPER = "Hopper"


class Card(NamedTuple):
    """A card: its name without the maker's, generation (None: not known), bytes (None: not known), and the source."""

    name: str
    generation: Generation | None
    least_bytes: int | None
    most_bytes: int | None
    source: str

    @property
    def bytes(self) -> int | None:
        """What is surely there: the least that the name was seen with; None where its sizes are far apart."""
        if self.least_bytes is None or self.most_bytes is None or self.most_bytes > _NEAR * self.least_bytes:
            return None
        return self.least_bytes


_QUERY: Final = "public device queries"
_NOMINAL: Final = "nominal, less what a driver keeps back"

F, K, M, P, B = Generation.FERMI, Generation.KEPLER, Generation.MAXWELL, Generation.PASCAL, Generation.P100
V, T, A, H = Generation.VOLTA, Generation.TURING, Generation.AMPERE, Generation.HOPPER


def _nominal(gibibytes: float) -> tuple[int, int]:
    """(least, most) of a card whose figure nobody published: two parts in a hundred below the nominal size."""
    size = round(gibibytes * GIB)
    return size - size // 50, size


CARDS: Final = (
    Card("GeForce GTX 470", F, 1_341_325_312, 1_341_718_528, _QUERY),
    Card("GeForce GTX 580", F, *(_nominal(1.5)[0], 3_220_897_792), f"{_QUERY}; sold with 1.5 and 3 GB"),
    Card("GeForce GTX 660 Ti", K, 2_097_086_464, 2 * GIB, _QUERY),
    Card("GeForce GTX 670", K, *(_nominal(2)[0], 4_294_246_400), f"{_QUERY}; sold with 2 and 4 GB"),
    Card("GeForce GTX 680", K, *(_nominal(2)[0], 4 * GIB), f"{_QUERY}; sold with 2 and 4 GB"),
    Card("GeForce GTX 690", K, *_nominal(2), _NOMINAL),
    Card("GeForce GTX 750 Ti", M, 2_147_155_968, 2 * GIB, _QUERY),
    Card("GeForce GTX 760", K, 2_095_710_208, 2 * GIB, _QUERY),
    Card("GeForce GTX 770", K, *(_nominal(2)[0], 4_231_200_768), f"{_QUERY}; sold with 2 and 4 GB"),
    Card("GeForce GTX 780", K, *(_nominal(3)[0], 6 * GIB), "nominal; sold with 3 and 6 GB"),
    Card("GeForce GTX 780 Ti", K, *(_nominal(3)[0], 3_221_028_864), _QUERY),
    Card("GeForce GTX TITAN", K, 6_405_685_248, 6_441_730_048, _QUERY),
    Card("GeForce GTX TITAN Black", K, 6_405_685_248, 6_441_730_048, f"{_QUERY}; the least as of the TITAN"),
    Card("GeForce GTX TITAN Z", K, 6_405_685_248, 6_441_730_048, "of each of its two GPUs, as of the TITAN Black"),
    Card("GeForce GTX 850M", M, *(_nominal(2)[0], 4_242_604_032), f"{_QUERY}; sold with 2 and 4 GB"),
    Card("GeForce GTX 860M", M, *(2_100_232_192, 4 * GIB), f"{_QUERY}; sold with 2 and 4 GB"),
    Card("GeForce GTX 960M", M, *(2_101_870_592, 4 * GIB), f"{_QUERY}; sold with 2 and 4 GB"),
    Card("GeForce 940MX", M, *(2_100_232_192, 4 * GIB), f"{_QUERY}; sold with 2 and 4 GB"),
    Card("GeForce MX130", M, *(2_100_232_192, 4 * GIB), f"{_QUERY}; sold with 2 and 4 GB"),
    Card("GeForce MX250", P, *(2_099_904_512, 4 * GIB), "a log's own line; sold with 2 and 4 GB"),
    Card("GeForce GTX 960", M, *(2_123_235_328, 4_226_613_248), f"{_QUERY}; sold with 2, 3 and 4 GB"),
    Card("GeForce GTX 970", M, 4_229_627_904, 4 * GIB, f"{_QUERY}; AlexeyAB/darknet#3334"),
    Card("GeForce GTX 970M", M, *(_nominal(3)[0], 6 * GIB), "NVIDIA/DIGITS#18 has 3 GB; sold with 3 and 6 GB"),
    Card("GeForce GTX 980", M, 4_233_887_744, 4 * GIB, "NVIDIA/nvidia-docker#471"),
    Card("GeForce GTX 980 Ti", M, *(_nominal(6)[0], 6_441_730_048), _QUERY),
    Card("GeForce GTX TITAN X", M, 12_794_200_064, 12_884_180_992, _QUERY),
    Card("GeForce GTX 1050", P, 2_097_479_680, 2 * GIB, _QUERY),
    Card("GeForce GTX 1050 Ti", P, 4_236_312_576, 4 * GIB, _QUERY),
    Card("GeForce GTX 1060 3GB", P, 3_160_276_992, 3 * GIB, _QUERY),
    Card("GeForce GTX 1060 6GB", P, 6_373_179_392, 6 * GIB, _QUERY),
    Card("GeForce GTX 1060", P, *(3_160_276_992, 6 * GIB), f"{_QUERY}; sold with 3 and 6 GB"),
    Card("GeForce GTX 1070", P, 8_505_131_008, 8 * GIB, _QUERY),
    Card("GeForce GTX 1080", P, 8_504_279_040, 8 * GIB, _QUERY),
    Card("GeForce GTX 1080 Ti", P, 11_706_630_144, 11 * GIB, f"{_QUERY} and a log's own line"),
    Card("TITAN X (Pascal)", P, 12_780_175_360, 12_782_075_904, f"{_QUERY} and a log's own line"),
    Card("TITAN Xp", P, 12_780_175_360, 12 * GIB, "as of the TITAN X (Pascal); nominal"),
    Card("TITAN V", V, 12_618_104_832, 12 * GIB, _QUERY),
    Card("TITAN RTX", T, *_nominal(24), _NOMINAL),
    Card("GeForce RTX 2060", T, 6_022_365_184, 6 * GIB, _QUERY),
    Card("GeForce RTX 2070", T, *_nominal(8), f"{_NOMINAL}; Windows shows it whole"),
    Card("GeForce RTX 2080", T, *_nominal(8), f"{_NOMINAL}; Windows shows it whole"),
    Card("GeForce RTX 2080 Ti", T, *_nominal(11), _NOMINAL),
    Card("GeForce GTX 1650", T, 4_093_050_880, 4 * GIB, _QUERY),
    Card("GeForce GTX 1660 SUPER", T, 6_232_014_848, 6 * GIB, _QUERY),
    Card("GeForce RTX 3060", A, *(_nominal(8)[0], 12_629_508_096), f"{_QUERY}; sold with 8 and 12 GB"),
    Card("GeForce RTX 3090", A, 25_414_860_800, 24 * GIB, _QUERY),
    Card("Tesla M2050", F, 2_817_982_464, 3 * GIB, f"{_QUERY}; the least with ECC"),
    Card("Tesla M2070", F, 5_636_554_752, 6 * GIB, f"{_QUERY}; the least with ECC"),
    Card("Tesla C2075", F, 5_559_156_736, 6 * GIB, f"{_QUERY}; the least with ECC"),
    Card("Tesla K10", K, 4 * GIB * 15 // 16, 4 * GIB, "of each of its two GPUs, nominal; the least with ECC"),
    Card("Tesla K20c", K, 4_972_412_928, 5 * GIB, f"{_QUERY}; the least with ECC"),
    Card("Tesla K20m", K, 4_972_412_928, 5 * GIB, f"{_QUERY}; the least with ECC"),
    Card("Tesla K20Xm", K, 6 * GIB * 15 // 16, 6 * GIB, "nominal; the least with ECC"),
    Card("Tesla K20X", K, 6 * GIB * 15 // 16, 6 * GIB, "nominal; the least with ECC"),
    Card("Tesla K40c", K, 11_995_578_368, 12_799_574_016, "NVIDIA/caffe#361, chanzuckerberg/shasta#91; least with ECC"),
    Card("Tesla K40m", K, 11_995_578_368, 12_799_574_016, "NVIDIA/caffe#361, chanzuckerberg/shasta#91; least with ECC"),
    Card("Tesla K80", K, 11_995_578_368, 12_799_574_016, f"of each of its two GPUs: {_QUERY}; the least with ECC"),
    Card("GRID K520", K, *(_nominal(4)[0], 4_294_770_688), f"of each of its two GPUs: {_QUERY}"),
    Card("Tesla M40", M, 11_991_515_136, 12 * GIB, _QUERY),
    Card("Tesla M40 24GB", M, 22_939 * 1024**2, 24 * GIB, "nvidia-smi, public"),
    Card("Tesla M60", M, 7_988_903_936, 8 * GIB, f"of each of its two GPUs: {_QUERY}"),
    Card("Tesla P4", P, 7_980_000_000, 8 * GIB, "nominal, less ECC as of the Tesla M60"),
    Card("Tesla P40", P, 24_032_378_880, 24 * GIB, _QUERY),
    Card("Tesla P100-PCIE-12GB", B, 12_786_073_600, 12 * GIB, _QUERY),
    Card("Tesla P100-PCIE-16GB", B, 17_066_885_120, 16 * GIB, _QUERY),
    Card("Tesla P100-SXM2-16GB", B, 17_066_885_120, 16 * GIB, "logs' own lines"),
    Card("Tesla V100-SXM2-16GB", V, 16_911_433_728, 16 * GIB, _QUERY),
    Card("Tesla V100-SXM2-32GB", V, 34_072_559_616, 32 * GIB, _QUERY),
    Card("Tesla V100S-PCIE-32GB", V, 34_072_559_616, 32 * GIB, "a log's own line"),
    Card("Tesla T4", T, 15_686_828_032, 16 * GIB, _QUERY),
    Card("Quadro 4000", F, 2_076_049_408, 2 * GIB, _QUERY),
    Card("Quadro K5000", K, *_nominal(4), _NOMINAL),
    Card("Quadro K5200", K, 8_517_124_096, 8 * GIB, _QUERY),
    Card("Quadro M1000M", M, *(2_101_870_592, 4 * GIB), f"{_QUERY}; sold with 2 and 4 GB"),
    Card("Quadro M4000", M, *_nominal(8), _NOMINAL),
    Card("Quadro P2000", P, *(4_199_677_952, 5 * GIB), f"{_QUERY}; sold with 4 and 5 GB"),
    Card("Quadro P4000", P, *_nominal(8), _NOMINAL),
    Card("Quadro P5000", P, *(_nominal(16)[0], 17_179_672_576), _QUERY),
    Card("Quadro P6000", P, *(25_620_447_232, 24 * GIB), "a log's own line"),
    Card("Quadro RTX 3000", T, 6_222_839_808, 6 * GIB, _QUERY),
    Card("A100-SXM4-40GB", A, 42_405_855_232, 40 * GIB, "a constant in a test, public"),
    Card("A100-SXM4-80GB", A, 84_987_740_160, 80 * GIB, _QUERY),
    Card("H100 80GB HBM3", H, 85_017_493_504, 85_017_755_648, "measured; public device queries"),
)

_BY_NAME: Final[Mapping[str, Card]] = {card.name.casefold(): card for card in CARDS}

# Series of names, for cards that have no row: first match
_SERIES: Final = (
    (re.compile(r"\bTITAN X \(Pascal\)|\bTITAN Xp\b|\bGTX 10\d\d|\bMX[123][135]0\b|\bTesla P4|\bQuadro G?P\d"), P),
    (re.compile(r"\bP100\b"), B),
    (re.compile(r"\bV100|\bTITAN V\b"), V),
    (re.compile(r"\bRTX 20\d\d|\bGTX 16\d\d|\bT4\b|\bTITAN RTX\b|\bQuadro RTX\b"), T),
    (re.compile(r"\bRTX (?:30\d\d|A\d)|\bA(?:10|16|30|40|100)\b"), A),
    (re.compile(r"\bH(?:100|200|800)\b"), H),
    (re.compile(r"\bTITAN X\b|\bGTX (?:9\d\d|750)|\b9\d\dMX?\b|\bTesla M(?:4|6|10|40|60)\b|\bQuadro M\d|\bMX130\b"), M),
    (re.compile(r"\bGTX TITAN\b|\bGTX [67]\d\d|\bTesla K\d|\bGRID K\d|\bQuadro K\d|\bGT 7\d\d"), K),
    (re.compile(r"\bGTX [45]\d\d|\bTesla [MC]20\d\d"), F),
)
MAKER: Final = "NVIDIA "  # drivers since 465 put it before a name
_STATED: Final = re.compile(r"\b(?P<gigabytes>[1-9][0-9]{0,2}) ?GB\b")


def card(name: str) -> Card:
    """The card of a printed name: its row; else its series, and the memory that the name itself states.

    A name's GB is the power of ten: read as 2^30 it would be more than such cards have.
    """
    bare = name.strip().removeprefix(MAKER)
    found = _BY_NAME.get(bare.casefold())
    if found is not None:
        return found
    generation = next((one for series, one in _SERIES if series.search(bare)), None)
    stated = _STATED.search(bare)
    if stated is None:
        return Card(bare, generation, None, None, "its name states no memory")
    size = int(stated["gigabytes"])
    return Card(bare, generation, size * _GB, size * GIB, "as its name states")


def card_known_as(text: str) -> Card:
    """The one card of which somebody gives the name or its end or a part: `Tesla K80`, `gtx 1080 ti`, `v100-sxm2-32gb`.

    Raises:
        UsageError: there is none, there are several, or cards of several sizes have that name.

    """
    wanted = _letters(text)
    whole = [one for one in CARDS if _letters(one.name) == wanted]
    ending = [one for one in CARDS if _letters(one.name).endswith(wanted)]
    holding = [one for one in CARDS if wanted in _letters(one.name)]
    found = next((some for some in (whole, ending, holding) if some), ()) if wanted else ()
    if not found:
        raise UsageError(f"no card is known as {text!r}", remedy="give its memory, such as 11GiB")
    if len(found) > 1:
        names = enumerated([one.name for one in found])
        raise UsageError(f"several cards are known as {text!r}: {names}", remedy="give the whole name, or its memory")
    if found[0].bytes is None:
        sizes = " to ".join(f"{size:,}" for size in (found[0].least_bytes, found[0].most_bytes) if size is not None)
        raise UsageError(
            f"{found[0].name} was sold with several sizes of memory ({sizes} bytes)", remedy="give the size"
        )
    return found[0]


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold()).removeprefix("nvidia")


def smallest(names: Iterable[str]) -> Card | None:
    """Of several cards the one with the least memory known; None without any name."""
    cards = [card(name) for name in names if name.strip()]
    known = [one for one in cards if one.least_bytes is not None]
    return min(known or cards, key=lambda one: one.least_bytes or 0, default=None)
