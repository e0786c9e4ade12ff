"""From a leftmost derivation to its sentence, as tokens and as text."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from grammar_lisa.grammar import Grammar
from grammar_lisa.grammar.arrays import from_array
from shared.common.errors import LisaError
from shared.common.words import counted

Derivations = Iterable[Sequence[int]] | NDArray[np.integer]


class Writer:
    """Writes derivations of one grammar; rules are cut into pieces once, when it is made."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        numbers = {symbol: index for index, symbol in enumerate(grammar.nonterminals)}
        self._start = numbers[grammar.start]
        self._lhs = [numbers[rule.lhs] for rule in grammar.rules]
        self._leads: list[tuple[str, ...]] = []
        self._pushes: list[list[int | tuple[str, ...]]] = []
        for rule in grammar.rules:
            lead, pushes = _pieces([p if isinstance(p, str) else numbers[p] for p in rule.rhs])
            self._leads.append(lead)
            self._pushes.append(pushes)
        self._join: Callable[[Sequence[str]], str] = (
            "".join if grammar.spacing.never else grammar.spacing.join
        )

    def tokens(self, derivation: Sequence[int]) -> list[str]:
        """Return the tokens of the sentence.

        Raises:
            LisaError: A rule does not apply, or the derivation is not complete.
        """
        stack: list[int | tuple[str, ...]] = [self._start]
        pop, extend = stack.pop, stack.extend
        tokens: list[str] = []
        lhs, leads, pushes = self._lhs, self._leads, self._pushes
        try:
            for rule in derivation:
                top = pop()
                while top.__class__ is tuple:
                    tokens += top
                    top = pop()
                if top != lhs[rule] or rule < 0:
                    raise _explain(self.grammar, derivation)
                tokens += leads[rule]
                extend(pushes[rule])
            while stack:
                tokens += pop()  # type: ignore[arg-type]
        except (IndexError, TypeError):
            raise _explain(self.grammar, derivation) from None
        return tokens

    def text(self, derivation: Sequence[int]) -> str:
        """Return the text of the sentence; raises as ``tokens`` does."""
        return self._join(self.tokens(derivation))

    def texts(self, derivations: Derivations) -> list[str]:
        """Return the texts of many derivations, given as for ``derivations_to_texts``."""
        tokens, join = self.tokens, self._join
        return [join(tokens(row)) for row in _rows(self.grammar, derivations)]


def derivation_to_text(grammar: Grammar, derivation: Sequence[int]) -> str:
    """Return the text of a leftmost derivation, its tokens joined by ``grammar.spacing``.

    Raises:
        LisaError: As ``Writer.tokens``.
    """
    return Writer(grammar).text(derivation)


def derivations_to_texts(grammar: Grammar, derivations: Derivations) -> list[str]:
    """Return the texts of many leftmost derivations.

    Args:
        grammar: The grammar whose rules the numbers name.
        derivations: Sequences of rule numbers, or an integer array ``[n, step]`` padded behind
            with ``len(grammar.rules)``.

    Raises:
        LisaError: As ``Writer.tokens``, for the first derivation that is wrong.
    """
    return Writer(grammar).texts(derivations)


def is_sentence(grammar: Grammar, derivation: Sequence[int]) -> bool:
    """Tell whether a derivation, padded behind, is complete and leftmost, by applying its rules."""
    try:
        derivations_to_texts(grammar, np.array([derivation]))
    except LisaError:
        return False
    return True


def _pieces(
    symbols: Sequence[int | str],
) -> tuple[tuple[str, ...], list[int | tuple[str, ...]]]:
    """Cut a right-hand side into the tokens in front and the rest in the order of a stack."""
    runs: list[int | tuple[str, ...]] = []
    for symbol in symbols:
        if isinstance(symbol, int):
            runs.append(symbol)
        elif runs and isinstance(runs[-1], tuple):
            runs[-1] += (symbol,)
        else:
            runs.append((symbol,))
    if runs and isinstance(runs[0], tuple):
        return runs[0], runs[:0:-1]
    return (), runs[::-1]


def _rows(grammar: Grammar, derivations: Derivations) -> Iterable[Sequence[int]]:
    if isinstance(derivations, np.ndarray):
        return from_array(derivations, pad=len(grammar.rules))
    return derivations


def _explain(grammar: Grammar, derivation: Sequence[int]) -> LisaError:
    """Return the error for a derivation that goes wrong or stops too early."""
    stack = [grammar.start]
    for step, number in enumerate(derivation, 1):
        if not stack:
            return LisaError(
                f"step {step} of the derivation: rule {number} follows a finished sentence; "
                f"a complete derivation ends after step {step - 1}"
            )
        symbol = stack.pop()
        valid = grammar.rules_of[symbol]
        if number not in valid:
            known = 0 <= number < len(grammar.rules)
            rule = f"rule {number} ({grammar.rules[number]})" if known else f"rule {number}"
            what = "does not apply" if known else "does not exist"
            return LisaError(
                f"step {step} of the derivation: {rule} {what}; expected a rule of {symbol}: "
                + ", ".join(str(choice) for choice in valid)
            )
        rhs = grammar.rules[number].rhs
        stack += [part for part in reversed(rhs) if not isinstance(part, str)]
    waiting = ", ".join(str(symbol) for symbol in reversed(stack))
    return LisaError(
        f"the derivation is not complete: after its {counted(len(derivation), 'rule')} {waiting} "
        f"still {'wait' if len(stack) > 1 else 'waits'} for a rule"
    )
