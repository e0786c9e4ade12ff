"""Typeset an expression as it is written: same order, same grouping, no algebra."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from grammar_lisa.expressions.expression import (
    CONSTANT,
    NEGATION,
    NUMBER,
    POWER,
    VARIABLE,
    Node,
    Pool,
)
from grammar_lisa.expressions.precedence import Precedence

_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = Precedence
_SYMBOLS: Final = {"pi": r"\pi"}
_UPRIGHT: Final = {"pi": r"\mathrm{pi}", "π": r"\mathrm{pi}", "e": r"\mathrm{e}"}
"""Names of variables that would be read as the numbers."""
_NAMES: Final = {
    "asin": r"\arcsin",
    "acos": r"\arccos",
    "atan": r"\arctan",
    "log2": r"\log_{2}",
    "log10": r"\log_{10}",
}
_SMALL: Final = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"),
    *("lambda", "mu", "nu", "xi", "", "pi", "rho", "", "sigma", "tau", "upsilon", "phi"),
    *("chi", "psi", "omega"),
)
_CAPITAL: Final = (
    *("", "", "Gamma", "Delta", "", "", "", "Theta", "", "", "Lambda", "", "", "Xi"),
    *("", "Pi", "", "", "Sigma", "", "Upsilon", "Phi", "", "Psi", "Omega"),
)
_ESCAPED: Final[Mapping[str, str]] = MappingProxyType(
    {mark: rf"\{mark}" for mark in "#$%&_{} "}
    | {"\\": r"\backslash{}", "^": r"\hat{\ }", "~": r"\sim{}", "°": r"^{\circ}"}
    | {"²": "^{2}", "³": "^{3}", "·": r"\cdot{}"}
)
_GREEK: Final[Mapping[str, str]] = MappingProxyType(
    dict.fromkeys("\u00b5\u03bc", r"\mu{}")
    | {chr(0x3B1 + place): rf"\{name}{{}}" for place, name in enumerate(_SMALL) if name}
    | {chr(0x391 + place): rf"\{name}{{}}" for place, name in enumerate(_CAPITAL) if name}
)


def latex(text: str, names: Mapping[str, str] | None = None) -> str:
    r"""Return the expression in LaTeX's mathematics, without surrounding dollar signs.

    Fractions, powers, roots and absolute values are drawn, other parentheses are kept only where
    the meaning needs them: ``1/3+(x)`` gives ``\frac{1}{3} + x``.

    Args:
        text: The expression.
        names: What variables are to be called, any text: ``Time (s)`` is typeset as words.

    Raises:
        LisaError: The text is no expression.
    """
    pool = Pool(names)
    root = pool.add(text)
    shown: dict[int, tuple[str, Precedence]] = {}
    for number in pool.reachable(root):
        node = pool.nodes[number]
        if node.operator == VARIABLE and names is not None:
            shown[number] = _words(names[node.name]), _ATOM
        else:
            shown[number] = _typeset(node, [shown[operand] for operand in node.operands])
    return shown[root][0]


def _typeset(node: Node, operands: list[tuple[str, Precedence]]) -> tuple[str, Precedence]:
    """Return the LaTeX of a node and how tightly it binds."""
    if node.operator == NUMBER:
        return _number(node.value)
    if node.operator in {CONSTANT, VARIABLE}:
        return _name(node.name), _ATOM
    if node.operator == NEGATION:
        return f"-{_behind(operands[0], _PRODUCT)}", _SIGN
    if len(operands) == 1:
        return _function(node.operator, operands[0][0])
    return _binary(node.operator, *operands)


def _binary(
    operator: str, left: tuple[str, Precedence], right: tuple[str, Precedence]
) -> tuple[str, Precedence]:
    if operator == "/":
        return rf"\frac{{{left[0]}}}{{{right[0]}}}", _PRODUCT
    if operator == POWER:
        return f"{_at_least(left, _ATOM)}^{{{right[0]}}}", _POWER
    if operator == "*":
        return rf"{_at_least(left, _PRODUCT)} \cdot {_behind(right, _PRODUCT)}", _PRODUCT
    return f"{left[0]} {operator} {_behind(right, _SUM if operator == '+' else _PRODUCT)}", _SUM


def _function(name: str, argument: str) -> tuple[str, Precedence]:
    if name == "sqrt":
        return rf"\sqrt{{{argument}}}", _ATOM
    if name == "abs":
        return rf"\left|{argument}\right|", _ATOM
    if name == "exp":
        return f"e^{{{argument}}}", _POWER
    return rf"{_NAMES.get(name, chr(92) + name)}{_grouped(argument)}", _POWER


def _number(value: float) -> tuple[str, Precedence]:
    if value == float("inf"):
        return r"\infty", _ATOM
    digits, _, exponent = repr(value).removesuffix(".0").partition("e")
    if not exponent:
        return digits, _ATOM
    return rf"{digits} \cdot 10^{{{int(exponent)}}}", _PRODUCT


def _name(name: str) -> str:
    if name in _SYMBOLS:
        return _SYMBOLS[name]
    letters = name.rstrip("0123456789").rstrip("_") or name
    index = name[len(letters) :].lstrip("_")
    escaped = letters.replace("_", r"\_")
    base = escaped if len(letters) == 1 else rf"\mathrm{{{escaped}}}"
    return f"{base}_{{{index}}}" if index else base


def _words(name: str) -> str:
    """Return a name of any kind; one that could be a variable's is typeset as such."""
    if name in _UPRIGHT:
        return _UPRIGHT[name]
    if name.isascii() and name.isidentifier():
        return _name(name)
    shown = "".join(_character(each) for each in " ".join(name.split()))
    return shown if shown in _GREEK.values() else rf"\mathrm{{{shown}}}"


def _character(character: str) -> str:
    if character in _ESCAPED:
        return _ESCAPED[character]
    return _GREEK.get(character, character)


def _at_least(shown: tuple[str, Precedence], binding: Precedence) -> str:
    return shown[0] if shown[1] >= binding else _grouped(shown[0])


def _behind(shown: tuple[str, Precedence], binding: Precedence) -> str:
    """Do as `_at_least`, behind an operator, where a leading sign needs parentheses too."""
    return _grouped(shown[0]) if shown[0].startswith("-") else _at_least(shown, binding)


def _grouped(inner: str) -> str:
    return rf"\left({inner}\right)"
