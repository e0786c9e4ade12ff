"""What derivations are made of: the parts of their trees, counted."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.preprocessing import normalize

from grammar_lisa.grammar.cfg import Grammar
from grammar_lisa.objectives.objective import COLUMNS

Hashes = NDArray[np.uint64]

_FEW = 1000
"""Columns below which a dense product is quicker than a sparse one."""

_PRIME, _SEED = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1B54A32D192ED03)
_SHIFT = np.uint64(29)


@dataclass(frozen=True)
class Parts:
    """The parts of some derivations; each matrix has rows of unit length, so A Aᵀ is a kernel.

    Attributes:
        subtrees: each node's whole subtree, below which rule and in which place of it, `[n, _]`.
        rules: each node's rule, below which rule and in which place of it, `[n, _]`.
    """

    subtrees: sparse.csr_matrix
    rules: sparse.csr_matrix

    def __len__(self) -> int:
        return int(self.subtrees.shape[0])

    def rows(self, index: NDArray[np.int64]) -> "Parts":
        """Some of the derivations."""
        return Parts(self.subtrees[index], self.rules[index])

    def __add__(self, other: "Parts") -> "Parts":
        """These derivations and others behind them."""
        return Parts(
            sparse.vstack([self.subtrees, other.subtrees], format="csr"),
            sparse.vstack([self.rules, other.rules], format="csr"),
        )


def similarity(first: sparse.csr_matrix, second: sparse.csr_matrix) -> NDArray[np.float64]:
    """The products of the rows of two matrices of `Parts`, `[n, m]`."""
    shared = np.intersect1d(first.indices, second.indices)
    a, b = among(first, shared), among(second, shared)
    few = len(shared) < _FEW
    product: NDArray[np.float64] = a.toarray() @ b.toarray().T if few else (a @ b.T).toarray()
    return product


def among(matrix: sparse.csr_matrix, columns: NDArray[np.int32]) -> sparse.csr_matrix:
    """Some columns of a matrix; the transpose of one with `COLUMNS` columns would be huge."""
    place = np.searchsorted(columns, matrix.indices)
    found = np.isin(matrix.indices, columns)
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    entries = (matrix.data[found], (rows[found], place[found]))
    return sparse.csr_matrix(entries, (matrix.shape[0], len(columns)))


def parts_of(grammar: Grammar, derivations: NDArray[np.signedinteger]) -> Parts:
    """The parts of padded derivations.

    Two derivations are alike under `subtrees` where whole parts of them stand in the same place
    of the same rule, and under `rules` where they go on likewise from one rule to the next. In a
    grammar of sums, a linear function of `subtrees` is a sum over terms.

    Args:
        grammar: theirs.
        derivations: rule numbers in leftmost order, `[n, step]`, padded with `len(grammar.rules)`.
    """
    inner = set(grammar.nonterminals)
    arity = np.array([sum(s in inner for s in rule.rhs) for rule in grammar.rules] + [0])
    subtrees, parents, places = _walk(np.asarray(derivations, dtype=np.int64), arity)
    inside = derivations < len(grammar.rules)
    above = _mix(_mix(np.full(parents.shape, _SEED), parents), places)
    return Parts(
        _counted(_mix(above, subtrees), inside),
        _counted(_mix(above, derivations.astype(np.uint64)), inside),
    )


def _walk(derivations: NDArray[np.int64], arity: NDArray[np.int64]) -> tuple[Hashes, ...]:
    """For each node its subtree's hash, and the rule above it and its place there, from 1.

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


def _counted(hashes: Hashes, inside: NDArray[np.bool_]) -> sparse.csr_matrix:
    """The counts of each row's hashes where `inside`, brought to unit length."""
    rows, _ = np.nonzero(inside)
    columns = (hashes[inside] % np.uint64(COLUMNS)).astype(np.int64)
    counts = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), (len(inside), COLUMNS))
    found: sparse.csr_matrix = normalize(counts)
    return found
