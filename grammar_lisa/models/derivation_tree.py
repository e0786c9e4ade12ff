"""Where each step of a derivation stands in its tree: under which rule, at which place, how deep.

A derivation lists its rules from left to right, depth first, so the tree is in it. A *slot* is a
rule and the place, among the nonterminals of its right-hand side, that a step expands; the steps
behind the end stand in a slot of their own, and so does the root.
"""

import math

import torch
from torch import Tensor

from grammar_lisa.models.mask import GrammarMask, Walk

DEEPEST = 63
"""Steps deeper than this count as this deep."""

BLOCK_ENTRIES = 2**24
"""The most pairs of steps that are compared at once."""


def slots_of(mask: GrammarMask) -> int:
    """Return how many slots a grammar has, those of the root and of the padding included."""
    return (mask.pad + 2) * mask.pushed.shape[1]


def tree_places(mask: GrammarMask, derivations: Tensor) -> tuple[Tensor, Tensor]:
    """Return the slot and the depth of every step of complete derivations.

    The parent of a step is the last rule before it that left the stack no higher than the step's
    own place on it: all that came between stood higher and is finished.

    Args:
        mask: The mask of the grammar.
        derivations: Rule numbers `[batch, step]`, padded.

    Returns:
        Slots `[batch, step]`, below `slots_of(mask)`, and depths `[batch, step]` from 0, that of
        the root and of the padding, to `DEEPEST`.
    """
    rules = derivations.long()
    inside = rules != mask.pad
    grown = torch.where(inside, mask.arity[rules] - 1, 0)
    height = grown.cumsum(1) - grown + 1
    rows = max(1, BLOCK_ENTRIES // rules.shape[1] ** 2)
    parent = torch.cat([_last_no_higher(part) for part in height.split(rows)])
    found = (parent >= 0) & inside
    owner = parent.clamp_min(0)
    rule = rules.gather(1, owner)
    place = height.gather(1, owner) + mask.arity[rule] - 1 - height
    widest = mask.pushed.shape[1]
    root = (mask.pad + 1) * widest
    slots = torch.where(found, rule * widest + place, root)
    slots = torch.where(inside, slots, mask.pad * widest)
    return slots, _depths(torch.where(found, owner, -1))


def _last_no_higher(height: Tensor) -> Tensor:
    """Return the last step before each whose stack is no higher, −1 for none, `[n, step]`."""
    steps = height.shape[1]
    before = torch.ones(steps, steps, dtype=torch.bool, device=height.device).tril(-1)
    no_higher = (height[:, None, :] <= height[:, :, None]).logical_and_(before)
    # Of the steps that qualify the last: the greatest number, counted from one.
    number = torch.arange(1, steps + 1, dtype=torch.int16, device=height.device)
    return (no_higher * number).amax(2).long() - 1


def _depths(parent: Tensor) -> Tensor:
    """Return how many ancestors each step has, at most `DEEPEST`; the root's parent is −1."""
    batch, steps = parent.shape
    ahead = torch.cat([parent.new_zeros(batch, 1), parent + 1], 1)  # 0 stands above the root
    depth = (ahead > 0).long()
    for _ in range(max(1, math.ceil(math.log2(steps + 1)))):
        depth = depth + depth.gather(1, ahead)
        ahead = ahead.gather(1, ahead)
    return depth[:, 1:].clamp_max(DEEPEST)


class TreeWalk(Walk):
    """A walk that also knows in which slot and how deep each stack's top symbol stands."""

    def __init__(self, mask: GrammarMask, batch: int) -> None:
        """Begin with the start symbol on each of `batch` stacks."""
        super().__init__(mask, batch)
        widest = mask.pushed.shape[1]
        self._slots = torch.full_like(self.stack, mask.pad * widest)
        self._slots[:, 1] = (mask.pad + 1) * widest
        self._depths = torch.zeros_like(self.stack)

    @property
    def slot(self) -> Tensor:
        """The slots of the top symbols, `[batch]`."""
        return self._slots.gather(1, self.height[:, None]).squeeze(1)

    @property
    def depth(self) -> Tensor:
        """The depths of the top symbols, `[batch]`, at most `DEEPEST`."""
        return self._depths.gather(1, self.height[:, None]).squeeze(1)

    def apply(self, rules: Tensor) -> None:
        """Replace each top symbol, and the slots and depths, by what its rule puts there."""
        mask = self.mask
        widest = mask.pushed.shape[1]
        offsets = torch.arange(widest, device=rules.device)
        places = self.height[:, None] + offsets
        ended = (rules == mask.pad)[:, None]
        # What is written above the new top is written again before it is read.
        slots = (rules * widest + mask.arity[rules] - 1)[:, None] - offsets
        depths = (self.depth[:, None] + 1).clamp_max(DEEPEST).expand_as(slots)
        self._slots.scatter_(1, places, slots.masked_fill(ended, mask.pad * widest))
        self._depths.scatter_(1, places, depths.masked_fill(ended, 0))
        super().apply(rules)

    def select(self, rows: Tensor) -> None:
        """Go on with some of the stacks, or with copies of them; see `Walk.select`."""
        super().select(rows)
        self._slots, self._depths = self._slots[rows], self._depths[rows]
