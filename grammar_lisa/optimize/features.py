"""What derivations are made of, as rows of numbers that a kernel can read.

A feature is a 52-bit hash, which a float64 holds exactly. A row lists the hashes of all nodes of a
derivation; two derivations are alike where their lists share hashes.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from grammar_lisa.grammar.cfg import Grammar
from shared.common.arrays import Floats

Hashes = NDArray[np.uint64]

NOTHING = -1.0
"""Fills the rest of a row."""

_PRIME, _SEED = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1B54A32D192ED03)
_SHIFT = np.uint64(29)
_EXACT = np.uint64(1 << 52)


def subtrees_and_steps(
    grammar: Grammar, derivations: NDArray[np.signedinteger]
) -> tuple[Floats, Floats]:
    """Return what each node of some derivations is, in two ways, each ``[n, step]``.

    The first is the node's whole subtree, below which rule and in which place of it: derivations
    are alike where whole parts of them stand in the same place of the same rule. The second is the
    node's rule alone, below which rule and in which place: derivations are alike where they go on
    likewise from one rule to the next. In a grammar of sums a linear function of subtrees is a sum
    over terms.

    Args:
        grammar: Theirs.
        derivations: Rule numbers in leftmost order, ``[n, step]``, padded behind with
            ``len(grammar.rules)``.
    """
    inner = set(grammar.nonterminals)
    arity = np.array([sum(s in inner for s in rule.rhs) for rule in grammar.rules] + [0])
    subtrees, parents, places = _walk(np.asarray(derivations, dtype=np.int64), arity)
    above = _mix(_mix(np.full(parents.shape, _SEED), parents), places)
    inside = derivations < len(grammar.rules)
    return (
        _listed(_mix(above, subtrees), inside),
        _listed(_mix(above, derivations.astype(np.uint64)), inside),
    )


def monomial_columns(monomials: sparse.csr_matrix, width: int) -> Floats:
    """Return the columns of sparse rows and then their values, ``[n, 2 * width]``.

    Args:
        monomials: ``[n, column]``.
        width: Room for the entries of a row; of more, the largest are kept. Columns are padded
            with `NOTHING`, values with 0.
    """
    count = np.diff(monomials.indptr)
    rows = np.repeat(np.arange(len(count)), count)
    order = np.lexsort((-np.abs(monomials.data), rows))
    places = np.arange(monomials.nnz) - np.repeat(monomials.indptr[:-1], count)
    order, rows, places = (each[places < width] for each in (order, rows, places))
    found = np.zeros((len(count), 2 * width))
    found[:, :width] = NOTHING
    found[rows, places] = monomials.indices[order]
    found[rows, width + places] = monomials.data[order]
    return found


def _walk(derivations: NDArray[np.int64], arity: NDArray[np.int64]) -> tuple[Hashes, ...]:
    """Return for each node its subtree's hash, and the rule above it and its place there, from 1.

    A derivation read from its end meets children before their parent, the first child last, so
    that they lie on top of a stack.
    """
    count, steps = derivations.shape
    each = np.arange(count)
    hashes = np.zeros((count, steps), dtype=np.uint64)
    parents, places = np.zeros_like(hashes), np.zeros_like(hashes)
    stack = np.zeros((count, steps + 1), dtype=np.int64)
    height = np.zeros(count, dtype=np.int64)
    for step in range(steps - 1, -1, -1):
        rule = derivations[:, step]
        found = _mix(np.full(count, _SEED), rule.astype(np.uint64))
        for place in range(1, int(arity.max()) + 1):
            rows = each[arity[rule] >= place]
            height[rows] -= 1
            child = stack[rows, height[rows]]
            found[rows] = _mix(found[rows], hashes[rows, child])
            parents[rows, child] = rule[rows].astype(np.uint64) + np.uint64(1)
            places[rows, child] = place
        hashes[:, step] = found
        rows = each[rule < len(arity) - 1]
        stack[rows, height[rows]] = step
        height[rows] += 1
    return hashes, parents, places


def _mix(hashes: Hashes, values: Hashes) -> Hashes:
    mixed: Hashes = (hashes ^ values) * _PRIME
    mixed ^= mixed >> _SHIFT
    return mixed


def _listed(hashes: Hashes, inside: NDArray[np.bool_]) -> Floats:
    return np.where(inside, (hashes % _EXACT).astype(np.float64), NOTHING)
