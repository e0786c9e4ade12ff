"""What a report holds: sections of prose, facts, tables, charts, pictures and formulas."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

Spec = Mapping[str, Any]
"""JSON values of a chart: `data` and `layout` as plotly.js has them."""


@dataclass(frozen=True)
class Prose:
    """A paragraph.

    Attributes:
        text: Plain text.
        missing: Whether it says what the run lacks.
    """

    kind: ClassVar[str] = "prose"

    text: str
    missing: bool = False


@dataclass(frozen=True)
class Facts:
    """Names with values, one a line.

    Attributes:
        pairs: What is known.
        summary: Behind which the facts are folded away; empty where they are shown.
    """

    kind: ClassVar[str] = "facts"

    pairs: Sequence[tuple[str, str]]
    summary: str = ""


@dataclass(frozen=True)
class Tiles:
    """The few numbers that matter most, in large type.

    Attributes:
        pairs: What each is, and its value.
    """

    kind: ClassVar[str] = "tiles"

    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Formula:
    """A formula, typeset.

    Attributes:
        text: As a person would type it; it stands where it cannot be typeset.
        svg: The formula as SVG, which is markup; empty where it cannot be typeset.
    """

    kind: ClassVar[str] = "formula"

    text: str
    svg: str = ""


@dataclass(frozen=True)
class Link:
    """A link to another report or file beside this one.

    Attributes:
        text: What it is.
        target: Where it is, relative to the report.
    """

    kind: ClassVar[str] = "link"

    text: str
    target: str


@dataclass(frozen=True)
class Follow:
    """A button that shows a point of a chart, and the path to it.

    Attributes:
        chart: The chart's name.
        point: The number of the point.
        text: On the button.
    """

    kind: ClassVar[str] = "follow"

    chart: str
    point: int
    text: str


Cell = str | Formula | Link | Follow


@dataclass(frozen=True)
class Grid:
    """A table.

    Attributes:
        caption: What it shows.
        head: The names of the columns.
        rows: The cells; texts that are numbers stand at the right.
        marked: The rows that stand out, by their place.
        numbers: Whether numbers stand at the right; not where a column mixes them with words.
    """

    kind: ClassVar[str] = "grid"

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    marked: frozenset[int] = frozenset()
    numbers: bool = True


@dataclass(frozen=True)
class Chart:
    """An interactive chart.

    Attributes:
        name: Of the chart on its page, of letters and hyphens.
        title: What is seen, above it.
        alt: What it shows, in a sentence, for those who do not see it.
        spec: What plotly.js draws.
        caption: Below it.
        height: In pixels.
        follow: Points and the paths to them, see `sphere_map`; empty of most charts.
    """

    kind: ClassVar[str] = "chart"

    name: str
    title: str
    alt: str
    spec: Spec
    caption: str = ""
    height: int = 380
    follow: Mapping[str, Any] = field(default_factory=dict)

    def with_traces(self, traces: Sequence[Mapping[str, Any]]) -> "Chart":
        """Return the chart with further traces of plotly.js on top."""
        spec = {**self.spec, "data": [*self.spec["data"], *traces]}
        return replace(self, spec=spec)


@dataclass(frozen=True)
class Picture:
    """A PNG picture.

    Attributes:
        title: What is seen, above it.
        alt: The same for those who do not see it.
        uri: The picture as a data URI.
        width: The width in pixels that it is shown at.
        caption: Below it.
    """

    kind: ClassVar[str] = "picture"

    title: str
    alt: str
    uri: str
    width: int
    caption: str = ""


@dataclass(frozen=True)
class Gallery:
    """Pictures side by side, as many as fit.

    Attributes:
        pictures: The pictures, or what says that one is not there.
    """

    kind: ClassVar[str] = "gallery"

    pictures: Sequence[Picture | Prose]


Block = Prose | Facts | Tiles | Formula | Grid | Chart | Picture | Gallery


@dataclass(frozen=True)
class Section:
    """A part of a page.

    Attributes:
        title: Its heading, which tells what is seen.
        blocks: What stands in it.
    """

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Page:
    """A report.

    Attributes:
        title: Its heading.
        kind: What it reports of, above the heading.
        lead: One or two sentences below it.
        sections: Its parts.
        blocks: What stands before the parts.
        foot: The last line.
    """

    title: str
    kind: str
    lead: str
    sections: Sequence[Section]
    blocks: Sequence[Block] = ()
    foot: str = ""


def missing(text: str) -> Prose:
    """Return the sentence that stands where a run lacks something."""
    return Prose(text, missing=True)
