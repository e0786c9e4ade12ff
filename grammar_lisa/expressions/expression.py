"""Read arithmetic as text: Python's precedence, a fixed table of functions, no evaluation.

Expressions live in a `Pool`, which stores every distinct sub-expression once. A node is known by
its number, and a node's operands always have smaller numbers than the node itself, so that a loop
over ascending numbers meets operands before what is made of them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final, Generic, NamedTuple, TypeVar

from grammar_lisa.expressions import hints
from shared.common.errors import LisaError

T = TypeVar("T")

NUMBER: Final = "number"
CONSTANT: Final = "constant"
VARIABLE: Final = "variable"
OPEN: Final = "open constant"
NEGATION: Final = "negation"
POWER: Final = "**"
CONSTANT_TERMINAL: Final = "c"
"""What stands for an open constant in texts, unless another name is chosen."""

CONSTANTS: Final[Mapping[str, float]] = MappingProxyType({"pi": math.pi, "e": math.e})
UNARY_FUNCTIONS: Final = (
    *("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh"),
    *("exp", "log", "log2", "log10", "sqrt", "abs"),
)
BINARY_FUNCTIONS: Final[Mapping[str, str]] = MappingProxyType({"pow": POWER})

_LEXEME: Final = re.compile(
    r"[^\W\d]\w*(?:\s*\()?"  # a name, with the parenthesis that makes it a function
    r"|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
    r"|\*\*|\S"
)
_BINDING: Final = {"+": 1, "-": 1, "*": 2, "/": 2, NEGATION: 3, POWER: 4}
# An incoming operator first completes those that bind at least this tightly; `**`, which groups
# to the right, completes none.
_COMPLETES: Final = {"+": 1, "-": 1, "*": 2, "/": 2, POWER: 5}
_WINDOW: Final = 60


class Node(NamedTuple):
    """One distinct sub-expression.

    Attributes:
        operator: `NUMBER`, `CONSTANT`, `VARIABLE`, `OPEN`, `NEGATION`, one of ``+ - * / **`` or
            the name of a function of one argument.
        operands: The numbers of the operand nodes, left to right.
        name: The name of a variable or constant, open or not; otherwise empty.
        value: The value of a number or constant, otherwise NaN.
    """

    operator: str
    operands: tuple[int, ...] = ()
    name: str = ""
    value: float = math.nan


class _RefusalError(Exception):
    """A text that is no expression: which lexeme is at fault, and what is wrong with it.

    Attributes:
        position: Of the lexeme.
        reason: What is wrong with it.
        name: The name that is unknown, where that is it.
    """

    def __init__(self, position: int, reason: str, name: str | None = None) -> None:
        super().__init__(reason)
        self.position = position
        self.reason = reason
        self.name = name


class UnknownNameError(LisaError):
    """A text with a name that is no variable, constant or function.

    Attributes:
        name: The name.
    """

    def __init__(self, message: str, name: str) -> None:
        super().__init__(message)
        self.name = name


_OPERAND_DUE: Final = "expected a number, a variable, a function or '('"
_OPERATOR_DUE: Final = "expected an operator (+ - * / **)"


class Pool:
    """The distinct sub-expressions of any number of texts.

    Args:
        variables: The names a text may use as variables. They win over the constants `pi` and
            `e`. None admits every name that is not a constant.
        constant: The name of an open constant. Each of its occurrences is a node of its own, in
            the order of the text, as each may take another value.

    Attributes:
        nodes: The nodes by number; operands come before what is made of them.
    """

    def __init__(self, variables: Iterable[str] | None = None, constant: str | None = None) -> None:
        self.variables = None if variables is None else tuple(variables)
        self.constant = constant
        self.nodes: list[Node] = []
        self._numbers: dict[tuple[object, ...], int] = {}
        self._leaves: dict[str, int] = {}
        self._openers: dict[str, str] = {"(": "("}

    def add(self, text: str) -> int:
        """Return the number of the node that `text` means.

        Precedence and associativity are Python's: ``**`` groups to the right and binds tighter
        than a sign on its left, ``-x**2`` is ``-(x**2)``. Integers are real numbers, ``1/3`` is
        a third. Any depth of parentheses is read.

        Raises:
            LisaError: The text is no expression; the message points at the column.
            UnknownNameError: It has a name that is none of those that are known.
        """
        lexemes = _LEXEME.findall(text)
        try:
            return self._build(lexemes)
        except _RefusalError as refusal:
            message = _explain(text, refusal)
            if refusal.name is None:
                raise LisaError(message) from None
            raise UnknownNameError(message, refusal.name) from None

    def find(self, text: str | None) -> int | None:
        """Do as `add`, but return None where the text is None or no expression."""
        if text is None:
            return None
        try:
            return self._build(_LEXEME.findall(text))
        except _RefusalError:
            return None

    def reachable(self, root: int) -> list[int]:
        """Return the numbers of `root` and all nodes it is made of, ascending."""
        seen = {root}
        pending = [root]
        while pending:
            fresh = [o for o in self.nodes[pending.pop()].operands if o not in seen]
            seen.update(fresh)
            pending.extend(fresh)
        return sorted(seen)

    def _build(self, lexemes: list[str]) -> int:
        """Apply Dijkstra's shunting yard, which keeps its own stack and so knows no depth limit."""
        operands: list[int] = []
        pending: list[str] = []
        operand_due = True
        leaves = self._leaves
        for position, lexeme in enumerate(lexemes):
            if operand_due:
                leaf = leaves.get(lexeme)
                if leaf is None:
                    operand_due = self._start(lexeme, position, operands, pending)
                else:
                    operands.append(leaf)
                    operand_due = False
            elif lexeme in _COMPLETES:
                self._complete(operands, pending, _COMPLETES[lexeme])
                pending.append(lexeme)
                operand_due = True
            else:
                operand_due = self._end(lexeme, position, operands, pending)
        if operand_due:
            raise _RefusalError(len(lexemes), _OPERAND_DUE)
        self._complete(operands, pending, 1)
        if pending:
            raise _RefusalError(_unclosed(lexemes), "this parenthesis is never closed")
        return operands[0]

    def _start(self, lexeme: str, position: int, operands: list[int], pending: list[str]) -> bool:
        """Take a lexeme where an operand is due; whether an operand is still due after it."""
        if lexeme == "-":
            pending.append(NEGATION)
        elif lexeme == "+":
            pass
        elif lexeme[-1] == "(":
            pending.append(self._opener(lexeme, position))
        else:
            operands.append(self._leaf(lexeme, position))
            return False
        return True

    def _end(self, lexeme: str, position: int, operands: list[int], pending: list[str]) -> bool:
        """Take a closing parenthesis or a comma; whether an operand is due after it."""
        if lexeme not in {")", ","}:
            raise _RefusalError(position, _after_operand(lexeme))
        self._complete(operands, pending, 1)
        opener = pending.pop() if pending else ""
        if lexeme == ",":
            if opener not in BINARY_FUNCTIONS:
                raise _RefusalError(position, _misplaced_comma(opener))
            pending.append(opener + ",")
            return True
        if not opener:
            raise _RefusalError(position, "this parenthesis was never opened")
        if opener in BINARY_FUNCTIONS:
            raise _RefusalError(position, f"{opener} takes two arguments, as in {opener}(x, 2)")
        if opener[-1] == ",":
            right = operands.pop()
            operands[-1] = self._intern(BINARY_FUNCTIONS[opener[:-1]], operands[-1], right)
        elif opener != "(":
            operands[-1] = self._intern(opener, operands[-1])
        return False

    def _complete(self, operands: list[int], pending: list[str], binding: int) -> None:
        """Apply the pending operators that bind at least as tightly as `binding`."""
        while pending and _BINDING.get(pending[-1], 0) >= binding:
            operator = pending.pop()
            if operator == NEGATION:
                operands[-1] = self._intern(operator, operands[-1])
            else:
                right = operands.pop()
                operands[-1] = self._intern(operator, operands[-1], right)

    def _intern(self, operator: str, *operands: int) -> int:
        key = (operator, operands)
        number = self._numbers.get(key)
        return self._insert(key, Node(operator, operands)) if number is None else number

    def _insert(self, key: tuple[object, ...], node: Node) -> int:
        self._numbers[key] = len(self.nodes)
        self.nodes.append(node)
        return len(self.nodes) - 1

    def _opener(self, lexeme: str, position: int) -> str:
        opener = self._openers.get(lexeme)
        if opener is None:
            opener = lexeme[:-1].rstrip()
            if opener not in UNARY_FUNCTIONS and opener not in BINARY_FUNCTIONS:
                raise self._unknown_function(position, opener)
            self._openers[lexeme] = opener
        return opener

    def _leaf(self, lexeme: str, position: int) -> int:
        if lexeme[0] in ".0123456789" and lexeme != ".":
            node = Node(NUMBER, (), "", float(lexeme))
        elif lexeme == self.constant:
            return self._insert((OPEN, len(self.nodes)), Node(OPEN, (), lexeme))
        elif lexeme.isidentifier():
            node = self._named(lexeme, position)
        else:
            raise _RefusalError(position, _OPERAND_DUE + _hint(lexeme))
        key = (node.operator, node.name or node.value)
        number = self._numbers.get(key)
        self._leaves[lexeme] = self._insert(key, node) if number is None else number
        return self._leaves[lexeme]

    def _named(self, name: str, position: int) -> Node:
        if self.variables is not None and name in self.variables:
            return Node(VARIABLE, (), name)
        if name in CONSTANTS:
            return Node(CONSTANT, (), name, CONSTANTS[name])
        if name in UNARY_FUNCTIONS or name in BINARY_FUNCTIONS:
            raise _RefusalError(position, f"the function {name} needs '(' after its name")
        if self.variables is not None:
            raise self._unknown(position, "variable", name, self._names())
        return Node(VARIABLE, (), name)

    def _names(self) -> tuple[str, ...]:
        open_constant = () if self.constant is None else (self.constant,)
        return (*(self.variables or ()), *open_constant, *CONSTANTS)

    def _unknown_function(self, position: int, name: str) -> _RefusalError:
        if name in self._names():
            return _RefusalError(
                position, f"{name} is no function; write {name}*(...) for a product"
            )
        return self._unknown(position, "function", name, (*UNARY_FUNCTIONS, *BINARY_FUNCTIONS))

    def _unknown(
        self, position: int, kind: str, name: str, valid: tuple[str, ...]
    ) -> _RefusalError:
        constant = self.constant if kind == "variable" else None
        hint = hints.of_name(name, valid, constant)
        return _RefusalError(position, f"unknown {kind} {name}; {hint}", name)


class PerNode(Generic[T]):
    """What is made of each expression of a pool from what is made of its operands, once each.

    Args:
        pool: Holds the expressions.
        make: From a node, and what was made of its operands, to what is made of it.
    """

    def __init__(self, pool: Pool, make: Callable[[Node, list[T]], T]) -> None:
        self._pool, self._make = pool, make
        self._made: list[T] = []

    def __getitem__(self, root: int) -> T:
        for node in self._pool.nodes[len(self._made) :]:
            self._made.append(self._make(node, [self._made[number] for number in node.operands]))
        return self._made[root]


def variables_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the variables that texts mention, sorted.

    Texts that are no expressions are passed over.
    """
    pool = Pool()
    roots = {root for text in texts if (root := pool.find(text)) is not None}
    used = {number for root in roots for number in pool.reachable(root)}
    return tuple(sorted({pool.nodes[n].name for n in used if pool.nodes[n].operator == VARIABLE}))


def _hint(lexeme: str) -> str:
    hint = hints.of_lexeme(lexeme)
    return f"; {hint}" if hint else ""


def _after_operand(lexeme: str) -> str:
    product = lexeme[0].isalnum() or lexeme[0] == "_" or lexeme[-1] == "("
    hint = _hint(lexeme) or ("; a product is written with *" if product else "")
    return _OPERATOR_DUE + hint


def _misplaced_comma(opener: str) -> str:
    if opener in UNARY_FUNCTIONS:
        return f"{opener} takes one argument"
    if opener.endswith(","):
        return f"{opener[:-1]} takes two arguments"
    return "a comma stands only between the two arguments of pow"


def _unclosed(lexemes: list[str]) -> int:
    opened: list[int] = []
    for position, lexeme in enumerate(lexemes):
        if lexeme[-1] == "(":
            opened.append(position)
        elif lexeme == ")":
            opened.pop()
    return opened[-1]


def _explain(text: str, refusal: _RefusalError) -> str:
    """Return the message for a refused text.

    It says what was found, and shows a stretch of the text with a caret under it.
    """
    spans = [match.span() for match in _LEXEME.finditer(text)]
    if not spans:
        return f"cannot read an empty expression: {_OPERAND_DUE}"
    start, stop = (*spans, (spans[-1][1],) * 2)[refusal.position]
    found = repr(text[start:stop]) if stop > start else "the end"
    reason = hints.of_context(text, start) or refusal.reason
    left = max(0, start - _WINDOW)
    shown = re.sub(r"\s", " ", text[left : start + _WINDOW])
    return (
        f"cannot read this expression: found {found} at column {start + 1}; {reason}\n"
        f"  {shown}\n"
        f"  {' ' * (start - left)}^"
    )
