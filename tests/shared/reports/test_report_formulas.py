import re
from xml.etree import ElementTree

import pytest

from grammar_lisa.expressions.latex import latex
from shared.reports.formulas import formula


def drawing(text):
    """The drawing of an expression, as XML."""
    return ElementTree.fromstring(formula(text, latex(text)).svg)


@pytest.mark.parametrize(
    "text",
    ["x", "1/3+x+sin(x*x)", "sqrt(abs(x))/exp(-x)", "x**2.5-atan(x)", "log10(x)*pi", "1e-30*x"],
)
def test_expressions_are_drawn_with_a_label(text):
    found = drawing(text)
    assert found.get("aria-label") == text
    assert found.get("role") == "img"
    path = found.find("path")
    assert re.fullmatch(r"[MLQCZ\d. -]+", path.get("d"))
    assert path.get("fill") == "currentColor"
    assert float(found.get("width")) > 5


def test_longer_formulas_are_wider():
    assert float(drawing("x+x+x").get("width")) > 2 * float(drawing("x").get("width"))


def test_names_of_columns_are_typeset_and_never_markup():
    evil = "<script>"
    typeset = latex("a+1", {"a": evil})
    found = ElementTree.fromstring(formula(f"{evil}+1", typeset).svg)
    assert found.get("aria-label") == f"{evil}+1"


@pytest.mark.parametrize("words", [None, "", r"\nothing{x}", "x" * 1000])
def test_what_cannot_be_typeset_is_shown_as_it_is_written(words):
    found = formula("x+1", words)
    assert found.svg == ""
    assert found.text == "x+1"
