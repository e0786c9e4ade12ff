"""How rules are chosen one after the other: the likeliest, drawn, or the best of several paths."""

import abc

import torch
from torch import Tensor

from grammar_lisa.models.mask import GrammarMask, Walk, scored, walked


class Steps(abc.ABC):
    """What a decoder holds between two steps of a batch of sentences.

    Attributes:
        walk: The stacks of the sentences so far.
    """

    walk: Walk

    @abc.abstractmethod
    def logits(self, step: int) -> Tensor:
        """Return the logits of the rule at a step, `[batch, pad + 1]`."""

    def choose(self, rules: Tensor) -> None:
        """Have the rules of this step, `[batch]`, chosen."""
        self.walk.apply(rules)

    def select(self, rows: Tensor) -> None:
        """Go on with some of the sentences, or with copies of them, given their numbers `[n]`."""
        self.walk.select(rows)


class GivenSteps(Steps):
    """The steps of a decoder that gives the logits of all of them at once."""

    def __init__(self, mask: GrammarMask, logits: Tensor) -> None:
        """Begin.

        Args:
            mask: The mask of the grammar.
            logits: `[batch, step, pad + 1]`.
        """
        self.walk = Walk(mask, len(logits))
        self._logits = logits

    def logits(self, step: int) -> Tensor:
        """Return the logits of the rule at a step, `[batch, pad + 1]`."""
        return self._logits[:, step]

    def select(self, rows: Tensor) -> None:
        """Go on with some of the sentences, or with copies of them."""
        super().select(rows)
        self._logits = self._logits[rows]


def one_by_one(
    steps: Steps, *, temperature: float = 0.0, generator: torch.Generator | None = None
) -> Tensor:
    """Return complete derivations `[batch, max_rules]` of rules chosen one after the other.

    Args:
        steps: At the beginning.
        temperature: 0 takes the most likely rule that is allowed, the first of equals; above 0,
            rules are drawn in proportion to exp(logit / temperature).
        generator: Of the draws.
    """
    return walked(
        steps.walk,
        lambda step: scored(steps.logits(step), temperature, generator),
        steps.choose,
    )


@torch.no_grad()
def beam_search(steps: Steps, beams: int) -> Tensor:
    """Return the likeliest complete derivations that a beam search finds, `[batch, max_rules]`.

    At each step the `beams` likeliest beginnings of every sentence are kept. The likelihood is
    that under the masked logits, so that all that is compared can be completed.

    Args:
        steps: At the beginning.
        beams: How many beginnings are kept, at least 1.
    """
    pad, max_rules = steps.walk.mask.pad, steps.walk.mask.max_rules
    batch, width = len(steps.walk.height), 1
    total = torch.zeros(batch, 1)
    rows = torch.empty(batch, 1, 0, dtype=torch.long)
    for step in range(max_rules):
        allowed = steps.walk.allowed(max_rules - step)
        finite = scored(steps.logits(step), 0.0).masked_fill(~allowed, -torch.inf)
        log_p = finite.double().log_softmax(1).view(batch, width, -1)
        each = total.to(log_p).unsqueeze(2) + log_p
        kept = min(beams, each.shape[1] * each.shape[2])
        total, place = each.flatten(1).topk(kept, dim=1)
        source, rules = place // each.shape[2], place % each.shape[2]
        # A beginning that is not possible stands for nothing: it repeats the best one, at −∞.
        possible = total > -torch.inf
        source = torch.where(possible, source, source[:, :1])
        rules = torch.where(possible, rules, rules[:, :1])
        numbers = (torch.arange(batch, device=source.device)[:, None] * width + source).flatten()
        rows = rows.to(rules.device).flatten(0, 1)[numbers].view(batch, kept, -1)
        rows = torch.cat([rows, rules.unsqueeze(2)], dim=2)
        steps.select(numbers)
        width = kept
        if bool((rules == pad).all()):
            break
        steps.choose(rules.flatten())
    best = rows[:, 0]
    rest = best.new_full((batch, max_rules - best.shape[1]), pad)
    return torch.cat([best, rest], dim=1)
