"""Expressions in sympy, and simplification that always ends.

Computer algebra on `exp(exp(exp(3)))` or `3**3**3**3` may run for ever inside one C call, where
neither a signal nor a thread can stop it. So it runs in a process of its own, which is ended when
the time is up. This module imports sympy; import it only where algebra is wanted.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self

import numpy as np
import sympy
from sympy.printing.str import StrPrinter

from grammar_lisa.expressions.evaluation import evaluate
from grammar_lisa.expressions.expression import (
    CONSTANT,
    NEGATION,
    NUMBER,
    POWER,
    VARIABLE,
    Node,
    Pool,
)
from shared.common.errors import LisaError
from shared.jobs.line_process import DiedError, LineProcess

_FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        name: getattr(sympy, name)
        for name in (
            *("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh"),
            *("exp", "log", "sqrt"),
        )
    }
    | {"abs": sympy.Abs}
)
_CONSTANTS: Final = MappingProxyType({"pi": sympy.pi, "e": sympy.E})
_START_SECONDS: Final = 120.0
_CHILD_MEMORY: Final = 4 * 2**30
_CHECK_POINTS: Final = 200


def to_sympy(
    text: str, variables: Sequence[str] | None = None, *, evaluate: bool = False
) -> sympy.Expr:
    """Return the expression as a sympy expression of real symbols, numbers exact.

    It is built node by node from the parsed tree; no text reaches sympy. Decimal numbers become
    the rationals they write, ``1/3`` becomes a `sympy.Rational`.

    Args:
        text: The expression.
        variables: The names that are variables; they win over the constants `pi` and `e`. By
            default every name but these two.
        evaluate: Whether sympy may evaluate while building. That shortens the result, and has no
            bound on time or memory: powers of numbers are computed exactly.

    Raises:
        LisaError: The text is no expression.
    """
    pool = Pool(variables)
    root = pool.add(text)
    built: dict[int, sympy.Expr] = {}
    for number in pool.reachable(root):
        node = pool.nodes[number]
        built[number] = _build(node, [built[operand] for operand in node.operands], evaluate)
    return built[root]


def simplify(text: str, seconds: float = 2.0, variables: Sequence[str] | None = None) -> str:
    """Return a shorter expression of equal value, or the text itself; see `simplify_all`."""
    return simplify_all([text], seconds, variables)[0]


def simplify_all(
    texts: Sequence[str], seconds: float = 2.0, variables: Sequence[str] | None = None
) -> list[str]:
    """Return for each expression a shorter one of equal value where one is found in time.

    A result is in the notation that was read, has fewer operations than its original, and agrees
    with it on random points wherever the original is finite. Where there is no such result the
    text is returned unchanged. Works in any thread.

    Args:
        texts: The expressions.
        seconds: The time for each of them; starting the process comes once on top,
            and once more after each expression that used its time up.
        variables: The names that are variables; they win over the constants `pi` and `e`. By
            default every name but these two.

    Raises:
        LisaError: A text is no expression, or `seconds` is not positive.
    """
    if not seconds > 0:
        raise LisaError(f"{seconds} seconds to simplify; a positive number is needed")
    for text in texts:
        Pool(variables).add(text)
    found: list[str | None] = []
    while len(found) < len(texts):
        with _Worker() as worker:
            for text in texts[len(found) :]:
                try:
                    found.append(worker.ask(text, seconds, variables))
                except TimeoutError:
                    found.append(None)
                    break
    return [_accept(text, answer, variables) for text, answer in zip(texts, found, strict=True)]


class _Worker:
    """A process that simplifies one expression a line and can be ended at any moment."""

    def __enter__(self) -> Self:
        self._process = LineProcess(
            [sys.executable, "-P", "-m", __name__],
            stderr=subprocess.DEVNULL,
            env=_child_environment(),
        )
        try:
            self._process.answer(_START_SECONDS)
        except (TimeoutError, DiedError):
            self._end()
            raise RuntimeError("the process that simplifies expressions did not start") from None
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        self._process.end()

    def ask(self, text: str, seconds: float, variables: Sequence[str] | None) -> str | None:
        """Return the simplified text, None where sympy failed; TimeoutError when the time is up."""
        try:
            answer: str | None = self._process.ask([text, variables], seconds)
        except DiedError:
            raise TimeoutError from None
        return answer


def _child_environment() -> dict[str, str]:
    """Return the environment in which the child finds this package, however the parent found it."""
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(str(Path(path).absolute()) for path in sys.path),
        "PYTHONWARNINGS": "ignore",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _serve() -> None:
    """Answer lines on standard input until it ends: the worker process."""
    _limit_memory()
    _reply(None)
    for line in sys.stdin:
        try:
            expression = to_sympy(*json.loads(line), evaluate=True)
            answer = _Notation().doprint(sympy.simplify(expression))
        except Exception:
            answer = None
        _reply(answer)


def _reply(answer: str | None) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _limit_memory() -> None:
    if sys.platform != "win32":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        soft = _CHILD_MEMORY if hard == resource.RLIM_INFINITY else min(_CHILD_MEMORY, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


class _Notation(StrPrinter):
    """Prints sympy expressions in the notation that `Pool.add` reads."""

    def _print_Abs(self, expression: sympy.Expr) -> str:  # noqa: N802 (sympy finds it by name)
        return f"abs({self._print(expression.args[0])})"

    def _print_Exp1(self, _: sympy.Expr) -> str:  # noqa: N802
        return "e"


def _accept(text: str, answer: str | None, variables: Sequence[str] | None) -> str:
    """Return the answer where it is an expression, smaller, and equal on random points.

    Else return the text.
    """
    if answer is None:
        return text
    before, after = Pool(variables), Pool(variables)
    try:
        sizes = _size(before, text), _size(after, answer)
        names = sorted({node.name for node in before.nodes if node.operator == VARIABLE}) or ["x"]
        smaller = sizes[1] < sizes[0]
        return answer if smaller and _agree(text, answer, names) else text
    except LisaError:
        return text


def _size(pool: Pool, text: str) -> int:
    """Return the number of operations and leaves that the text writes, repeats counted."""
    root = pool.add(text)
    sizes: dict[int, int] = {}
    for number in pool.reachable(root):
        sizes[number] = 1 + sum(sizes[operand] for operand in pool.nodes[number].operands)
    return sizes[root]


def _agree(text: str, answer: str, names: Sequence[str]) -> bool:
    generator = np.random.default_rng(0)
    scales = np.repeat([1.0, 10.0], _CHECK_POINTS // 2)
    points = {name: scales * generator.uniform(-1.0, 1.0, _CHECK_POINTS) for name in names}
    expected, found = evaluate([text, answer], points)
    finite = np.isfinite(expected)
    close = np.isclose(expected[finite], found[finite], rtol=1e-6, atol=1e-9)
    return bool(finite.any() and close.all())


def _build(node: Node, operands: list[sympy.Expr], evaluate: bool) -> sympy.Expr:
    if node.operator == NUMBER:
        return _exact(node.value)
    if node.operator == CONSTANT:
        return _CONSTANTS[node.name]
    if node.operator == VARIABLE:
        return sympy.Symbol(node.name, real=True)
    if len(operands) == 1:
        return _build_unary(node.operator, operands[0], evaluate)
    return _build_binary(node.operator, operands[0], operands[1], evaluate)


def _exact(value: float) -> sympy.Expr:
    return sympy.oo if value == float("inf") else sympy.Rational(repr(value))


def _build_unary(operator: str, operand: sympy.Expr, evaluate: bool) -> sympy.Expr:
    if operator == NEGATION:
        if operand.is_Rational:
            return -operand
        return sympy.Mul(-1, operand, evaluate=evaluate)
    if operator in {"log2", "log10"}:
        logarithm = sympy.log(operand, evaluate=evaluate)
        base = sympy.log(sympy.Integer(operator.removeprefix("log")), evaluate=evaluate)
        return _build_binary("/", logarithm, base, evaluate)
    return _FUNCTIONS[operator](operand, evaluate=evaluate)


def _build_binary(operator: str, left: sympy.Expr, right: sympy.Expr, evaluate: bool) -> sympy.Expr:
    if operator == POWER:
        return sympy.Pow(left, right, evaluate=evaluate)
    if operator == "/":
        exact = right.is_Rational and right != 0
        if exact and left.is_Rational:
            return left / right
        right = 1 / right if exact else sympy.Pow(right, -1, evaluate=evaluate)
    if operator == "-":
        right = _build_unary(NEGATION, right, evaluate)
    return (sympy.Add if operator in "+-" else sympy.Mul)(left, right, evaluate=evaluate)


if __name__ == "__main__":
    _serve()
