"""Fixpoints and cycles of a grammar: what can be finished, reached, or repeated for nothing."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from grammar_lisa.grammar.symbols import Nonterminal

Graph = Mapping[Nonterminal, Sequence[Nonterminal]]


class RuleLike(Protocol):
    """Anything with a left-hand side and a right-hand side."""

    @property
    def lhs(self) -> Nonterminal:
        """The symbol that is rewritten."""

    @property
    def rhs(self) -> tuple[Nonterminal | str, ...]:
        """The symbols it becomes; terminals are strings."""


def nonterminals_of(rhs: Sequence[Nonterminal | str]) -> tuple[Nonterminal, ...]:
    """Return the nonterminals of a right-hand side, in order."""
    return tuple(symbol for symbol in rhs if not isinstance(symbol, str))


def least_rules(rules: Sequence[RuleLike]) -> dict[Nonterminal, int]:
    """Return d: the least number of rules that turns each symbol into terminals.

    The fixpoint of d(A) = min over rules A -> w of 1 + the sum of d over the nonterminals of w
    (Knuth, A generalization of Dijkstra's algorithm, 1977). Symbols that can never be finished
    are left out.
    """
    least: dict[Nonterminal, int] = {}
    changed = True
    while changed:
        changed = False
        for rule in rules:
            parts = nonterminals_of(rule.rhs)
            if all(part in least for part in parts):
                cost = 1 + sum(least[part] for part in parts)
                if cost < least.get(rule.lhs, cost + 1):
                    least[rule.lhs] = cost
                    changed = True
    return least


def reachable(rules: Sequence[RuleLike], start: Nonterminal) -> set[Nonterminal]:
    """Return the symbols that some sentential form from ``start`` holds, ``start`` included."""
    graph: dict[Nonterminal, list[Nonterminal]] = {}
    for rule in rules:
        graph.setdefault(rule.lhs, []).extend(nonterminals_of(rule.rhs))
    seen = {start}
    queue = deque([start])
    while queue:
        for symbol in graph.get(queue.popleft(), []):
            if symbol not in seen:
                seen.add(symbol)
                queue.append(symbol)
    return seen


def nullable(rules: Sequence[RuleLike]) -> set[Nonterminal]:
    """Return the symbols that derive the empty sentence."""
    return set(least_rules([rule for rule in rules if not _has_terminal(rule)]))


def unit_graph(rules: Sequence[RuleLike]) -> dict[Nonterminal, list[Nonterminal]]:
    """Return the graph of A -> B where a rule of A is B alone or B among symbols that vanish."""
    empty = nullable(rules)
    graph: dict[Nonterminal, list[Nonterminal]] = {}
    for rule in rules:
        parts = nonterminals_of(rule.rhs)
        if not _has_terminal(rule):
            for index, part in enumerate(parts):
                if all(other in empty for other in parts[:index] + parts[index + 1 :]):
                    graph.setdefault(rule.lhs, []).append(part)
    return graph


def left_graph(rules: Sequence[RuleLike]) -> dict[Nonterminal, list[Nonterminal]]:
    """Return the graph of A -> B where B can stand leftmost in what a rule of A derives."""
    empty = nullable(rules)
    graph: dict[Nonterminal, list[Nonterminal]] = {}
    for rule in rules:
        for symbol in rule.rhs:
            if isinstance(symbol, str):
                break
            graph.setdefault(rule.lhs, []).append(symbol)
            if symbol not in empty:
                break
    return graph


def cycles(graph: Graph) -> list[tuple[Nonterminal, ...]]:
    """Return one shortest cycle for each group of symbols that reach one another.

    A cycle is a path whose last symbol is its first: ``(A, B, A)``.
    """
    found: list[tuple[Nonterminal, ...]] = []
    covered: set[Nonterminal] = set()
    for symbol in graph:
        if symbol not in covered:
            path = _path_back(graph, symbol)
            if path:
                found.append(path)
                covered.update(path)
    return found


def _path_back(graph: Graph, symbol: Nonterminal) -> tuple[Nonterminal, ...]:
    """Return a shortest path from a symbol to itself, or nothing."""
    previous: dict[Nonterminal, Nonterminal] = {}
    queue = deque([symbol])
    while queue:
        current = queue.popleft()
        for following in graph.get(current, []):
            if following not in previous:
                previous[following] = current
                queue.append(following)
    if symbol not in previous:
        return ()
    path = [symbol, previous[symbol]]
    while path[-1] != symbol:
        path.append(previous[path[-1]])
    return tuple(reversed(path))


def _has_terminal(rule: RuleLike) -> bool:
    return any(isinstance(symbol, str) for symbol in rule.rhs)


def unique(symbols: Iterable[Nonterminal]) -> tuple[Nonterminal, ...]:
    """Return the symbols without repeats, in order of first appearance."""
    return tuple(dict.fromkeys(symbols))
