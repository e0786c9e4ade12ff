"""What the grammar mask must do, in plain Python."""

import math

import numpy as np
import torch

from grammar_lisa.grammar.text import derivations_to_texts


def texts(grammar, decoded):
    """The sentences of decoded derivations; fails unless each is complete, as rules apply."""
    distinct = np.unique(decoded.numpy(), axis=0)
    return derivations_to_texts(grammar, distinct)


def choices(grammar, stack, left):
    """The rules that may come next with `left` steps to go: by the completion rule itself."""
    allowed = []
    for number in grammar.rules_of[stack[0]]:
        parts = [part for part in grammar.rules[number].rhs if not isinstance(part, str)]
        if sum(grammar.least_rules[part] for part in [*parts, *stack[1:]]) <= left - 1:
            allowed.append(number)
    return allowed


def walk(grammar, derivation, max_rules):
    """Yield (top symbol, allowed rules, rule) of each step up to the end of the sentence."""
    stack = [grammar.start]
    for step, rule in enumerate(derivation):
        if not stack:
            break
        yield stack[0], choices(grammar, stack, max_rules - step), rule
        assert rule in grammar.rules_of[stack[0]]
        parts = [part for part in grammar.rules[rule].rhs if not isinstance(part, str)]
        stack = parts + stack[1:]
    assert not stack


def log_probability(grammar, derivation, logits, max_rules):
    """Log p of a derivation under masked logits `[step][rule]`, by sums of exponentials."""
    total = 0.0
    for step, (_, allowed, rule) in enumerate(walk(grammar, derivation, max_rules)):
        total += logits[step][rule] - math.log(sum(math.exp(logits[step][r]) for r in allowed))
    return total


def padded(derivation, max_rules, pad):
    return [*derivation, *[pad] * (max_rules - len(derivation))]


def favouring(mask, derivations):
    """Logits whose greatest value is that of each derivation's rule; pad is never favoured."""
    rows = [padded(row, mask.max_rules, 0) for row in derivations]
    return torch.nn.functional.one_hot(torch.tensor(rows), mask.pad + 1).float()


def reachable(mask, limit=4000):
    """All derivations that some logits decode to: every rule is favoured at every step."""
    prefixes = {()}
    for step in range(mask.max_rules):
        tried = [(*prefix, rule) for prefix in prefixes for rule in range(mask.pad + 1)]
        decoded = mask.decode(favouring(mask, tried))
        prefixes = {tuple(row[: step + 1]) for row in decoded.tolist()}
        assert len(prefixes) <= limit
    return {tuple(rule for rule in prefix if rule != mask.pad) for prefix in prefixes}
