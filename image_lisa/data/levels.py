"""Which values of deep images, of more than eight bits a pixel, become black and white."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from shared.common.errors import LisaError

DeepKind = Literal["whole", "real", "colour"]
"""Whole numbers and real ones of grey images, and the upper bytes of sixteen-bit colours."""

Range = tuple[float, float]

_SCALES: dict[DeepKind, tuple[Range, ...]] = {
    "whole": tuple((0.0, 2.0**bits - 1) for bits in (8, 10, 12, 14, 16)),
    "real": ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0), (0.0, 65_535.0)),
    "colour": tuple((0.0, 2.0**bits - 1) for bits in (2, 4, 6, 8)),
}
"""Usual scales, of which the first that fits is taken."""

_USED = 0.25
"""The least share of a usual scale that real numbers must span, lest images are all one shade."""

_TITLES: dict[DeepKind, str] = {
    "whole": "images of 16 or 32 bits",
    "real": "images of real numbers",
    "colour": "images of 16 bits a colour, whose upper 8 are read,",
}


@dataclass(frozen=True)
class Levels:
    """The values that become black and white, for all images of a data set.

    Attributes:
        whole: Of grey images whose pixels are whole numbers of 16 or 32 bits.
        real: Of grey images whose pixels are real numbers.
        colour: Of the upper bytes of colours of sixteen bits.
    """

    whole: Range = (0.0, 65_535.0)
    real: Range = (0.0, 1.0)
    colour: Range = (0.0, 255.0)

    @classmethod
    def fitting(cls, found: Iterable[tuple[DeepKind, Range]]) -> Self:
        """Choose levels by the least and the greatest value of each deep image of a data set.

        A usual scale is taken where it fits, such as that of 12 bits, else the range of all
        images of the kind together, so that they stay comparable.
        """
        ranges: dict[DeepKind, Range] = {}
        for kind, (least, most) in found:
            before = ranges.get(kind, (least, most))
            ranges[kind] = min(before[0], least), max(before[1], most)
        return cls(**{kind: _scale_of(kind, each) for kind, each in ranges.items()})

    def describe(self, kind: DeepKind, count: int) -> str:
        """Return a sentence on how images of a kind were scaled."""
        black, white = getattr(self, kind)
        return f"{count:,} {_TITLES[kind]} were scaled: {black:g} is black, {white:g} is white"

    def to_record(self) -> dict[str, list[float]]:
        """Return the levels as JSON values."""
        return {name: list(each) for name, each in asdict(self).items()}

    @classmethod
    def from_record(cls, record: Any, source: str) -> Self:
        """Return the levels that a run recorded.

        Raises:
            LisaError: Naming `source`, if it is no such record.
        """
        try:
            pairs = {name: (float(low), float(high)) for name, (low, high) in record.items()}
            if not all(low < high for low, high in pairs.values()):
                raise ValueError("black is not below white")
            return cls(**pairs)
        except (AttributeError, TypeError, ValueError) as error:
            raise LisaError(f"{source} holds no levels of images: {error}") from error


def _scale_of(kind: DeepKind, found: Range) -> Range:
    least, most = found
    for black, white in _SCALES[kind]:
        if black <= least and most <= white:
            if kind == "real" and most - least < _USED * (white - black):
                break
            return black, white
    return (least, most) if least < most else (least, least + 1)
