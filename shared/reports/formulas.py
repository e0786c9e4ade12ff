"""Formulas as drawings that any browser shows alike, on paper too."""

from functools import cache

from matplotlib.font_manager import FontProperties
from matplotlib.path import Path as Outline
from matplotlib.textpath import TextPath

from shared.reports.page import Formula

_SIZE = 19.0
_PAD = 1.0
_LONGEST = 600
"""Longer formulas are no drawing that helps."""
_COMMANDS = {
    Outline.MOVETO: "M",
    Outline.LINETO: "L",
    Outline.CURVE3: "Q",
    Outline.CURVE4: "C",
    Outline.CLOSEPOLY: "Z",
}


def formula(text: str, latex: str | None) -> Formula:
    """Return a formula to be shown.

    Args:
        text: As a person would type it.
        latex: In LaTeX's mathematics, without dollar signs; None where there is none.
    """
    return Formula(text, _drawn(text, latex) if latex and len(latex) <= _LONGEST else "")


@cache
def _drawn(text: str, latex: str) -> str:
    """Return a formula as SVG in the colour of the text around it; empty where it is not read."""
    try:
        properties = FontProperties(math_fontfamily="stix")
        outline = TextPath((0, 0), f"${latex}$", size=_SIZE, prop=properties)
    except ValueError:  # what LaTeX has and matplotlib's part of it has not
        return ""
    box = outline.get_extents()
    width, height = box.width + 2 * _PAD, box.height + 2 * _PAD
    label = text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return (
        f'<svg class="formula" role="img" aria-label="{label}" '
        f'width="{width:.1f}" height="{height:.1f}" '
        f'style="vertical-align:{box.y0 - _PAD:.1f}px" '
        f'viewBox="{box.x0 - _PAD:.1f} {-box.y1 - _PAD:.1f} {width:.1f} {height:.1f}">'
        f'<path fill="currentColor" d="{_commands(outline)}"/></svg>'
    )


def _commands(outline: Outline) -> str:
    """Return a path in the words of SVG, whose second axis points down."""
    found = []
    for vertices, code in outline.iter_segments(curves=True, simplify=False):
        if code == Outline.CLOSEPOLY:
            found.append("Z")
            continue
        numbers = " ".join(
            f"{-value if place % 2 else value:.2f}" for place, value in enumerate(vertices)
        )
        found.append(f"{_COMMANDS[code]}{numbers}")
    return "".join(found)
