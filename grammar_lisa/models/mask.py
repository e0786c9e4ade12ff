"""The grammar mask, for a whole batch at a time: every decode is a complete sentence.

With k steps left and d(·) the least number of rules that finishes a stack of symbols, rule r may
be applied iff d(stack after r) ≤ k − 1. So every derivation that fits the length stays reachable,
and none is cut off. Under restrictions d is the least number of rules that finishes the stack and
obeys with what is left of the bounds: so every derivation that obeys stays reachable, and no other.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from grammar_lisa.grammar.cfg import Grammar
from grammar_lisa.grammar.limits import Limits
from grammar_lisa.models.restricted_walk import Allowances, RestrictedRules
from shared.common.errors import LisaError

_EXTREME = 1e30


class GrammarMask(nn.Module):
    """Turns logits into derivations of a grammar, a whole batch at a time.

    The rule number `pad`, one past the last rule, fills a derivation's steps after its end. Which
    rules may come next depends on two numbers only, the symbol on top of the stack and the rules
    that are to spare for it, called the *budget*; both are packed in one number, the *state*,
    which indexes a table of masks.

    Attributes:
        pad: The number of rules, which is also the padding rule's number.
        max_rules: L, the length of a derivation with its padding.
        restricted: What walks, and with them decoding, obey beside the grammar; None for nothing.
            States and likelihoods know of the grammar alone.
    """

    restricted: RestrictedRules | None
    allowed: Tensor
    forbidden: Tensor
    cost: Tensor
    lhs: Tensor
    arity: Tensor
    pushed: Tensor
    least: Tensor

    def __init__(self, grammar: Grammar, max_rules: int) -> None:
        """Build the tables.

        Raises:
            LisaError: No sentence fits in `max_rules` rules.
        """
        super().__init__()
        if max_rules < grammar.shortest:
            raise LisaError(
                f"no sentence of {grammar.source} fits in {max_rules} rules: "
                f"the shortest needs {grammar.shortest}"
            )
        self.max_rules, self.pad = max_rules, len(grammar.rules)
        number = {symbol: i for i, symbol in enumerate(grammar.nonterminals)}
        self.end = len(number)
        children = [[number[s] for s in rule.rhs if s in number] for rule in grammar.rules] + [[]]
        far = max_rules + 1  # more than can ever be spared, and a number that tensors can hold
        least = [min(grammar.least_rules[symbol], far) for symbol in grammar.nonterminals] + [0]
        costs = [min(sum(least[child] for child in symbols), far) for symbols in children]
        cost = torch.tensor(costs)
        lhs = torch.tensor([number[rule.lhs] for rule in grammar.rules] + [self.end])
        widest = max(1, *(len(symbols) for symbols in children))
        pushed = torch.full((self.pad + 1, widest), self.end)
        for rule, symbols in enumerate(children):
            pushed[rule, : len(symbols)] = torch.tensor(symbols[::-1], dtype=torch.long)
        budgets = torch.arange(max_rules + 1)
        fits = (cost[None, :] <= budgets[:, None])[None]
        matches = (lhs[None, :] == torch.arange(self.end + 1)[:, None])[:, None]
        allowed = (fits & matches).flatten(0, 1)
        self.register_buffer("allowed", allowed, persistent=False)
        forbidden = torch.zeros(allowed.shape).masked_fill(~allowed, -torch.inf)
        self.register_buffer("forbidden", forbidden, persistent=False)
        self.register_buffer("lhs", lhs, persistent=False)
        self.register_buffer("cost", cost, persistent=False)
        self.register_buffer("pushed", pushed, persistent=False)
        self.register_buffer("least", torch.tensor(least), persistent=False)
        arity = torch.tensor([len(symbols) for symbols in children])
        self.register_buffer("arity", arity, persistent=False)
        self.start = number[grammar.start]
        self.restricted = None

    def restrict(self, limits: Limits | None) -> None:
        """Have all walks from now on obey limits, or none.

        Raises:
            LisaError: No sentence of at most `max_rules` rules obeys, or the bounds are too many.
        """
        self.restricted = None
        if limits is not None:
            self.restricted = RestrictedRules(limits, self.max_rules).to(self.cost.device)

    @contextmanager
    def unrestricted(self) -> Iterator[None]:
        """Lift all restrictions within the block."""
        restricted, self.restricted = self.restricted, None
        try:
            yield
        finally:
            self.restricted = restricted

    @torch.no_grad()
    def decode(
        self, logits: Tensor, *, temperature: float = 0.0, generator: torch.Generator | None = None
    ) -> Tensor:
        """Return derivations of the most likely allowed rules, or of rules drawn at a temperature.

        Args:
            logits: `[batch, max_rules, pad + 1]`; any values, infinities and NaN included (a NaN
                counts as the least likely). The column of `pad` is never looked at before the
                end of a sentence.
            temperature: 0 takes the most likely rule, the first of equals; above 0, rules are
                drawn in proportion to exp(logit / temperature).
            generator: Of the draws.

        Returns:
            Rule numbers `[batch, max_rules]`, each row a complete derivation and its padding.
        """
        scores = scored(logits, temperature, generator)
        walk = Walk(self, len(logits))
        return walked(walk, lambda step: scores[:, step], walk.apply)

    @torch.no_grad()
    def chosen(self, logits: Tensor, derivations: Tensor) -> Tensor:
        """Tell which rules of complete derivations `decode` would choose after those before them.

        A derivation is the one that `decode` gives if all of its rules are.

        Args:
            logits: As for `decode`, at temperature 0.
            derivations: Rule numbers `[batch, max_rules]`.

        Returns:
            A truth value for each rule, `[batch, max_rules]`.
        """
        allowed = self.allowed[self.states(derivations)]
        return scored(logits, 0.0).masked_fill(~allowed, -torch.inf).argmax(2) == derivations

    def states(self, derivations: Tensor) -> Tensor:
        """Return the state before each step of complete derivations, both `[batch, max_rules]`.

        The symbol on top is the left-hand side of the rule that was applied, and what the stack
        needs is a running sum over the rules before, so no stack is walked.
        """
        rules = derivations.long()
        top = self.lhs[rules]
        change = self.cost[rules] - self.least[top]
        rest = self.least[self.start] + change.cumsum(1) - self.cost[rules]
        left = torch.arange(self.max_rules, 0, -1, device=rules.device)
        return self._pack(top, left - 1 - rest)

    def log_likelihood(self, logits: Tensor, derivations: Tensor, states: Tensor) -> Tensor:
        """Return log p of derivations under masked logits, `[batch]`.

        Args:
            logits: `[batch, max_rules, pad + 1]`.
            derivations: Rule numbers `[batch, max_rules]`.
            states: Of these derivations, as `states` gives them.
        """
        masked = (logits + self.forbidden[states].to(logits.dtype)).flatten(0, 1)
        # Rules come first, as a softmax over a short last axis is several times as slow.
        log_p = masked.t().contiguous().log_softmax(0)
        return log_p.gather(0, derivations.long().view(1, -1)).view(derivations.shape).sum(1)

    def _pack(self, top: Tensor, budget: Tensor) -> Tensor:
        return top * (self.max_rules + 1) + budget.clamp(0, self.max_rules)


@torch.no_grad()
def walked(
    walk: "Walk", scores_at: Callable[[int], Tensor], choose: Callable[[Tensor], None]
) -> Tensor:
    """Return complete derivations of the allowed rules with the greatest scores, one by one.

    Args:
        walk: The stacks at the beginning.
        scores_at: Gives the finite scores of the rules at a step, `[batch, pad + 1]`.
        choose: Has the rules of a step, `[batch]`, applied to the walk.

    Returns:
        Rule numbers `[batch, max_rules]`, each row a complete derivation and its padding.
    """
    mask = walk.mask
    derivations = walk.height.new_full((len(walk.height), mask.max_rules), mask.pad)
    for step in range(mask.max_rules):
        allowed = walk.allowed(mask.max_rules - step)
        rules = scores_at(step).masked_fill(~allowed, -torch.inf).argmax(dim=1)
        if bool((rules == mask.pad).all()):
            break
        choose(rules)
        derivations[:, step] = rules
    return derivations


def scored(logits: Tensor, temperature: float, generator: torch.Generator | None = None) -> Tensor:
    """Return finite scores whose greatest, along any axis, is the most likely or a draw.

    Args:
        logits: Any values, infinities and NaN included (a NaN counts as the least likely).
        temperature: 0 leaves the logits; above 0, the greatest score is a draw in proportion to
            exp(logit / temperature).
        generator: Of the draws.
    """
    scores = _finite(logits if logits.dtype == torch.float64 else logits.float())
    if temperature > 0:
        scores = _finite(scores / temperature) + _gumbel(scores, generator)
    return scores


def _finite(scores: Tensor) -> Tensor:
    """Return scores that compare with −∞, the mask's own value, whatever they were."""
    return scores.nan_to_num(nan=-_EXTREME).clamp(-_EXTREME, _EXTREME)


def _gumbel(like: Tensor, generator: torch.Generator | None) -> Tensor:
    """Return standard Gumbel noise.

    Added to logits, it makes their argmax a draw from the softmax.
    """
    noise = torch.empty_like(like).exponential_(generator=generator)
    return -noise.clamp_min(torch.finfo(like.dtype).tiny).log()


class Walk:
    """The stacks of a batch, and the least number of rules that would finish each.

    A decoder that chooses rules one after the other asks at each step what is allowed, and has
    the rules that it chose applied. What it decodes so is complete.
    """

    def __init__(self, mask: GrammarMask, batch: int) -> None:
        """Begin with the start symbol on each of `batch` stacks."""
        self.mask = mask
        device = mask.cost.device
        widest = mask.pushed.shape[1]
        self.stack = torch.full((batch, mask.max_rules + widest + 1), mask.end, device=device)
        self.stack[:, 1] = mask.start
        self.height = torch.ones(batch, dtype=torch.long, device=device)
        self.top = torch.full((batch,), mask.start, device=device)
        self.need = mask.least[mask.start].repeat(batch)
        self.allowances: Allowances | None = None
        if mask.restricted is not None:
            self.allowances = Allowances(mask.restricted, batch, self.stack.shape[1])

    def state(self, left: int) -> Tensor:
        """Return top symbol and budget of each stack with `left` steps to go, packed, `[batch]`."""
        self.top = self.stack.gather(1, self.height[:, None]).squeeze(1)
        budget = left - 1 - (self.need - self.mask.least[self.top])
        return self.mask._pack(self.top, budget)

    def allowed(self, left: int) -> Tensor:
        """Return which rules may come next with `left` steps to go, bool `[batch, pad + 1]`."""
        allowed = self.mask.allowed[self.state(left)]
        if self.allowances is not None:
            allowed &= self.allowances.allowed(self.height, left)
        return allowed

    def apply(self, rules: Tensor) -> None:
        """Replace each top symbol, as `state` or `allowed` met it, by what its rule puts there."""
        mask = self.mask
        self.need += mask.cost[rules] - mask.least[self.top]
        pushed = mask.pushed[rules]
        if self.allowances is not None:
            self.allowances.apply(rules, pushed, self.height)
        places = self.height[:, None] + torch.arange(pushed.shape[1], device=rules.device)
        self.stack.scatter_(1, places, pushed)
        self.height += mask.arity[rules] - 1
        self.height.clamp_(min=0)

    def select(self, rows: Tensor) -> None:
        """Go on with some of the stacks, or with copies of them, as a beam search does.

        Args:
            rows: Which, `[n]`; each may come several times.
        """
        self.stack, self.height = self.stack[rows], self.height[rows]
        self.top, self.need = self.top[rows], self.need[rows]
        if self.allowances is not None:
            self.allowances.select(rows)
