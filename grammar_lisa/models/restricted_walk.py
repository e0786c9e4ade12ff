"""What restrictions add to the grammar mask: which rules leave a stack that can be finished."""

import numpy as np
import torch
from torch import Tensor, nn

from grammar_lisa.grammar.completion import FAR, Completion
from grammar_lisa.grammar.limits import Limits
from shared.common.arrays import Bools, Integers


class RestrictedRules(nn.Module):
    """The tables of a `Completion`, with a last row for padding, for walks of whole batches.

    Attributes:
        completion: The tables, and what they are of.
        cost_steps: The allotments at which some row of `cost` is less than at all parts of them:
            a minimum over all ways to share needs no others.
        least_steps: The same of `least`.
        far: More rules than a sentence may take.
    """

    cost: Tensor
    least: Tensor
    minus: Tensor
    offset: Tensor
    uses: Tensor
    most: Tensor

    def __init__(self, limits: Limits, max_rules: int) -> None:
        """Build the tables.

        Raises:
            LisaError: No sentence of at most `max_rules` rules obeys, or the bounds are too many.
        """
        super().__init__()
        self.completion = found = Completion.of(limits, max_rules)
        self.far = max_rules + 1
        parts = found.allotments.minus < found.allotments.count
        self.cost_steps, self.least_steps = (_steps(t, parts) for t in (found.cost, found.least))
        for name, table in {"cost": found.cost, "least": found.least}.items():
            near = torch.from_numpy(table).clamp(max=self.far).to(torch.int32)
            self.register_buffer(name, nn.functional.pad(near, (0, 0, 0, 1)), persistent=False)
        offset = torch.from_numpy(found.allotments.offset)
        uses = torch.from_numpy(found.limits.uses[:, found.free])
        most = torch.from_numpy(found.limits.most[found.free])
        minus = torch.from_numpy(found.allotments.minus)
        self.register_buffer("minus", minus, persistent=False)
        self.register_buffer("offset", nn.functional.pad(offset, (0, 1)), persistent=False)
        self.register_buffer("uses", nn.functional.pad(uses, (0, 0, 0, 1)), persistent=False)
        self.register_buffer("most", most, persistent=False)


class Allowances:
    """What is left of the bounds in each walk of a batch, and what is needed below each symbol.

    Attributes:
        below: By place on the stack, the least rules that finish all symbols below it with at
            most an allotment, ``[batch, place, allotment]``.
        spare: The number of the allotment that is left of the coupled bounds, ``[batch]``.
        free: What is left of the bounds that are only counted, ``[batch, bound]``.
    """

    def __init__(self, rules: RestrictedRules, batch: int, places: int) -> None:
        """Begin with the start symbol on each stack, which has so many places."""
        self.rules = rules
        count, device = len(rules.minus), rules.cost.device
        self.below = torch.zeros(batch, places, count, dtype=torch.int32, device=device)
        self.spare = torch.full((batch,), count - 1, device=device)
        self.free = rules.most.repeat(batch, 1)

    def allowed(self, height: Tensor, left: int) -> Tensor:
        """Tell which rules leave a stack that `left` − 1 rules finish, bool `[batch, pad + 1]`.

        Args:
            height: The places of the top symbols, `[batch]`; whose rules are asked for is not
                looked at.
            left: Steps to go.
        """
        rules = self.rules
        after = self._at(self._top(height), rules.minus[self.spare])
        allowed = torch.zeros(len(after), len(rules.cost), dtype=torch.bool, device=after.device)
        for used in rules.cost_steps:
            allowed |= after[:, used, None] + rules.cost[:, used] < left
        for bound, uses in enumerate(rules.uses.T):
            allowed &= uses <= self.free[:, bound, None]
        return allowed

    def apply(self, chosen: Tensor, pushed: Tensor, height: Tensor) -> None:
        """Take what rules use from the allowances, and note what is needed below new symbols.

        Args:
            chosen: The rules, `[batch]`.
            pushed: What they put on the stacks, the lowest symbol first, `[batch, widest]`.
            height: The places of the symbols that they replace, `[batch]`.
        """
        rules, rows = self.rules, torch.arange(len(chosen), device=chosen.device)
        self.spare -= rules.offset[chosen]
        self.free -= rules.uses[chosen]
        below = self._top(height)
        for place, symbols in enumerate(pushed.T):
            self.below[rows, height + place] = below
            below = self._shared(below, rules.least[symbols])

    def select(self, rows: Tensor) -> None:
        """Go on with some of the walks, or with copies of them; see `Walk.select`."""
        self.below, self.spare, self.free = self.below[rows], self.spare[rows], self.free[rows]

    def _top(self, height: Tensor) -> Tensor:
        """Return what is needed below the top symbols, ``[batch, allotment]``."""
        return self.below[torch.arange(len(height), device=height.device), height]

    def _at(self, needed: Tensor, allotments: Tensor) -> Tensor:
        """Return what is needed with allotments by number, ``[batch, _]``; far with none."""
        return nn.functional.pad(needed, (0, 1), value=self.rules.far).gather(1, allotments)

    def _shared(self, below: Tensor, least: Tensor) -> Tensor:
        """Return the least sum over all ways to share each allotment, ``[batch, allotment]``."""
        if below.shape[1] == 1:
            return (below + least).clamp(max=self.rules.far)
        whole = torch.full_like(below, self.rules.far)
        for used in self.rules.least_steps:
            rest = self._at(below, self.rules.minus[:, used].expand(len(below), -1))
            whole = torch.minimum(whole, rest + least[:, used, None])
        return whole


def _steps(table: Integers, parts: Bools) -> list[int]:
    """Return the columns that in some row are less than all columns that are parts of them.

    Args:
        table: ``[rows, allotments]``.
        parts: Whether allotment u is part of allotment v, ``[v, u]``.
    """
    proper = parts & ~np.eye(len(parts), dtype=np.bool_)
    before = [table[:, row].min(axis=1, initial=FAR) for row in proper]
    falls: Bools = np.logical_or.reduce(np.less(table, np.stack(before, axis=1)), axis=0)
    return [0, *(np.flatnonzero(falls[1:]) + 1).tolist()]
