"""Where sentences to score come from: points around and between good ones, trees, the grammar."""

import abc
import random as python_random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grammar_lisa.grammar import Counts
from grammar_lisa.grammar.arrays import to_array
from grammar_lisa.grammar.moves import TreeMoves
from grammar_lisa.optimize.config import TREES, SearchConfig
from grammar_lisa.optimize.sentences import Derivations, Reader, Sentences
from grammar_lisa.optimize.spaces import Space
from shared.common.seeds import derive_seed

_NEAREST = 1 / 3
"""The least step from a parent against the largest: nearer points decode to the parent."""


@dataclass(frozen=True)
class Parents:
    """What proposals start from.

    Attributes:
        good: Good sentences, best first.
        partners: What these may lack, best first: the other ends of half of all arcs.
        radius: The largest step from a good one.
    """

    good: Sentences
    partners: Sentences
    radius: float


class Random:
    """Random numbers of one round for NumPy and torch, from one seed."""

    def __init__(self, seed: int) -> None:
        self.numpy = np.random.default_rng(seed)
        self.torch = torch.Generator().manual_seed(derive_seed(seed, "torch"))

    def favoured(self, n: int, count: int) -> NDArray[np.int64]:
        """Draw ranks below n with odds that fall off as one over the rank."""
        odds = 1 / np.arange(1, n + 1)
        return self.numpy.choice(n, size=count, p=odds / odds.sum())


class Proposal(abc.ABC):
    """One kind of proposal."""

    @abc.abstractmethod
    def derivations(self, parents: Parents, count: int, random: Random) -> Derivations:
        """Propose at most `count` derivations, ``[_, step]``; some may be known already."""


@dataclass(frozen=True)
class PointProposal(Proposal):
    """Points of a space, decoded.

    Attributes:
        reader: Decodes.
    """

    reader: Reader

    @property
    def space(self) -> Space:
        """Whose points are proposed."""
        return self.reader.space

    def drawn(self, sentences: Sentences, count: int, random: Random) -> Tensor:
        """Return points of sentences, better ones more often, ``[count, dim]``.

        Half are those at which sentences are compared, half those of their own derivations, where
        these differ: what lies around one need not lie around the other.
        """
        rows = torch.as_tensor(random.favoured(len(sentences), count))
        own = self.reader.points(sentences.derivations).to(sentences.points)
        as_written = torch.from_numpy(random.numpy.random((count, 1)) < 0.5)
        return torch.where(as_written, own[rows], sentences.points[rows])

    @abc.abstractmethod
    def points(self, parents: Parents, count: int, random: Random) -> Tensor:
        """Propose points ``[count, dim]``."""

    def derivations(self, parents: Parents, count: int, random: Random) -> Derivations:
        """Decode the points proposed."""
        return self.reader.decode(self.points(parents, count, random))


class Perturbation(PointProposal):
    """Points around good ones."""

    def points(self, parents: Parents, count: int, random: Random) -> Tensor:
        """Step away from good points, a random way in a random direction."""
        centres = self.drawn(parents.good, count, random)
        far = torch.rand(count, generator=random.torch, dtype=torch.float64)
        radius = parents.radius * (_NEAREST + (1 - _NEAREST) * far)
        return self.space.perturb(centres, radius, random.torch)


class Interpolation(PointProposal):
    """Points between two good ones, or between a good one and what it may lack."""

    def points(self, parents: Parents, count: int, random: Random) -> Tensor:
        """Go a random part of the way from one to the other."""
        first = self.drawn(parents.good, count, random)
        half = count // 2 if len(parents.partners) else 0
        ends = [self.drawn(parents.good, count - half, random)]
        if half:
            ends.append(self.drawn(parents.partners, half, random))
        share = torch.rand(count, generator=random.torch, dtype=torch.float64)
        return self.space.interpolate(first, torch.cat(ends), share)


class UniformPoints(PointProposal):
    """Points from anywhere."""

    def points(self, parents: Parents, count: int, random: Random) -> Tensor:
        """Draw from the whole space."""
        return self.space.sample(count, random.torch)


@dataclass(frozen=True)
class TreeProposal(Proposal):
    """Derivations changed as trees.

    Attributes:
        moves: How trees are changed.
    """

    moves: TreeMoves


class Crossover(TreeProposal):
    """Good derivations with a subtree of another good one."""

    def derivations(self, parents: Parents, count: int, random: Random) -> Derivations:
        """Exchange subtrees."""
        first, second = (
            parents.good.derivations[random.favoured(len(parents.good), count)] for _ in range(2)
        )
        return self.moves.crossover(first, second, random.numpy)


class Mutation(TreeProposal):
    """Good derivations with a new subtree."""

    def derivations(self, parents: Parents, count: int, random: Random) -> Derivations:
        """Draw new subtrees."""
        chosen = parents.good.derivations[random.favoured(len(parents.good), count)]
        return self.moves.mutate(chosen, random.numpy)


@dataclass(frozen=True)
class Fresh(Proposal):
    """Derivations drawn from the grammar, each possible number of rules equally often.

    Attributes:
        counts: Of the grammar's derivations.
    """

    counts: Counts

    def derivations(self, parents: Parents, count: int, random: Random) -> Derivations:
        """Draw whole derivations."""
        counts = self.counts
        start, most = counts.grammar.start, counts.max_rules
        lengths = [n for n in range(1, most + 1) if counts.exactly(n)]
        whole = python_random.Random(int(random.numpy.integers(2**63)))  # noqa: S311
        drawn = []
        for length in random.numpy.choice(lengths, size=count).tolist():
            rank = whole.randrange(counts.exactly(length))
            drawn.append(counts.unrank_from(start, length, rank))
        return to_array(drawn, most, len(counts.grammar.rules))


@dataclass(frozen=True)
class ProposalGroup:
    """Proposals whose candidates compete with each other for their share of a batch.

    Points, trees and fresh derivations are groups of their own: in one pool the surrogate would
    take nearly all from the trees, which stay nearest to what it knows.

    Attributes:
        kinds: Kinds of proposals with their shares, which sum to 1.
        share: Of the pool and of a batch.
    """

    kinds: list[tuple[Proposal, float]]
    share: float


def kinds_of(reader: Reader) -> dict[str, Proposal]:
    """Return every kind of proposal, by the name of its share in a `SearchConfig`."""
    grammar, most = reader.model.grammar, reader.model.architecture.max_rules
    moves = TreeMoves(grammar, most)
    return {
        "perturbation": Perturbation(reader),
        "interpolation": Interpolation(reader),
        "uniform": UniformPoints(reader),
        "crossover": Crossover(moves),
        "mutation": Mutation(moves),
        "fresh": Fresh(Counts(grammar, most)),
    }


def groups_of(
    kinds: Mapping[str, Proposal], config: SearchConfig, outside: float = 0.0
) -> list[ProposalGroup]:
    """Return the groups of proposals that have a share of the pool.

    Args:
        kinds: Every kind, by name.
        config: Knows their shares.
        outside: The share of trees, where that may grow and is more than their own.
    """
    parts = config.proposal_shares
    if config.trees_grow:
        trees = parts[TREES]
        more = max(trees, min(outside, config.most_trees))
        parts = {names: part * (1 - more) / (1 - trees) for names, part in parts.items()}
        parts[TREES] = more
    found = []
    for names, part in parts.items():
        if part > 0:
            share = sum(config.shares[name] for name in names)
            own = [(kinds[name], config.shares[name] / share) for name in names]
            found.append(ProposalGroup([each for each in own if each[1] > 0], part))
    return found


def propose(
    kinds: Sequence[tuple[Proposal, float]], parents: Parents, count: int, seed: int
) -> Derivations:
    """Return about `count` derivations in all, of each kind by its share, ``[_, step]``."""
    made = [
        kind.derivations(parents, max(1, round(share * count)), Random(derive_seed(seed, place)))
        for place, (kind, share) in enumerate(kinds)
    ]
    return np.concatenate(made)
