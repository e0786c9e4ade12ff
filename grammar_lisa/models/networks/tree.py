"""The network for long sentences: it reads a derivation as a tree and writes it rule by rule."""

import math
from collections.abc import Iterable
from itertools import chain

import torch
from torch import Tensor, nn
from torch.nn import functional

from grammar_lisa.models.choosing import Steps, beam_search, one_by_one
from grammar_lisa.models.derivation_tree import DEEPEST, TreeWalk, slots_of, tree_places
from grammar_lisa.models.mask import GrammarMask
from grammar_lisa.models.networks.base import SentenceAutoencoder

READ, WRITTEN = 64, 32
"""Numbers of a step, as the encoder reads it and as the code gives it to the decoder."""
HIDDEN = 192
"""Units of the recurrent layer."""
WIDE = 512
"""Units of the layer between the code and the steps."""
BACK = 4
"""How many of the rules chosen before a step it sees as they are."""


class TreeNetwork(SentenceAutoencoder):
    """All steps at once from the code, then one recurrent pass over what was chosen.

    The encoder sums one linear map for each step of the derivation, of the rule, its parent rule,
    the place under it and its depth. So a copy is learnt as fast as in a dense network. The
    decoder turns the code into a few numbers for each step. A recurrent layer then goes over the
    steps; at each it sees these numbers, the rules chosen before, and where in the tree the
    symbol stands that is expanded next, which the walk of the mask knows. It learns what a code
    leaves open, and mends what noise does to it.

    What `decode` gives is therefore no logits: it is the code's share of all steps, which
    `reconstruction_loss` needs along with the derivation, and `read` goes over step by step.
    """

    def __init__(self, mask: GrammarMask, dim: int, width: int) -> None:
        """Build the layers; `width` numbers a code come from the encoder."""
        super().__init__(mask, dim)
        slots, symbols = slots_of(mask), mask.end + 1
        self.rules_read = _table(self.symbols, READ, 1 / math.sqrt(READ))
        self.slots_read = _table(slots, READ, 0.5 / math.sqrt(READ))
        self.depths_read = _table(DEEPEST + 1, READ, 0.25 / math.sqrt(READ))
        self.to_code = nn.Linear(self.length * READ, width)
        self.widen = nn.Linear(dim, WIDE)
        self.to_steps = nn.Linear(dim + WIDE, self.length * WRITTEN)
        self.from_step = nn.Linear(WRITTEN, HIDDEN)
        # One number more than there are symbols: nothing is chosen before the first step.
        share = 0.3 / math.sqrt(BACK)
        self.chosen = nn.ModuleList(_table(self.symbols + 1, HIDDEN, share) for _ in range(BACK))
        self.tops = _table(symbols, HIDDEN, 0.3)
        self.slots_written = _table(slots, HIDDEN, 0.15)
        self.depths_written = _table(DEEPEST + 1, HIDDEN, 0.1)
        self.recurrent = nn.GRU(HIDDEN, HIDDEN, batch_first=True)
        self.between = nn.Linear(HIDDEN, HIDDEN)
        self.to_logits = nn.Linear(HIDDEN, self.symbols)

    def encode(self, x: Tensor) -> Tensor:
        """Return codes of derivations `x` `[batch, step]`."""
        rules = x.long()
        slots, depths = tree_places(self.mask, rules)
        read = self.rules_read(rules) + self.slots_read(slots) + self.depths_read(depths)
        read = read * (rules != self.pad).unsqueeze(2)
        z: Tensor = self.to_code(read.flatten(1))
        return z

    def decoder_parameters(self) -> Iterable[nn.Parameter]:
        """Return the weights of the decoder."""
        layers = (
            *(self.widen, self.to_steps, self.from_step, self.chosen, self.tops),
            *(self.slots_written, self.depths_written, self.recurrent, self.between),
            self.to_logits,
        )
        return chain.from_iterable(layer.parameters() for layer in layers)

    def decode(self, u: Tensor) -> Tensor:
        """Return what codes `u` `[batch, dim]` give to all steps, `[batch, dim + WIDE]`."""
        return torch.cat([u, functional.relu(self.widen(u))], dim=1)

    def reconstruction_loss(self, x: Tensor, decoded: Tensor) -> Tensor:
        """Return −log p(derivation) under the masked logits, in nats a sentence, `[batch]`."""
        rules, inside, logits = self._forced(x, decoded)
        return _by_sentence(
            functional.cross_entropy(logits, rules[inside], reduction="none"), inside
        )

    @torch.no_grad()
    def reconstructs(self, x: Tensor, decoded: Tensor) -> Tensor:
        """Tell which derivations `read` would give, `[batch]`, by one pass over them.

        A rule is chosen as in `read` as long as those before it are, so all are if each is the
        likeliest after the ones before it.
        """
        rules, inside, logits = self._forced(x, decoded)
        return _by_sentence((logits.argmax(1) != rules[inside]).float(), inside) == 0

    def read(
        self,
        decoded: Tensor,
        *,
        temperature: float = 0.0,
        generator: torch.Generator | None = None,
        beams: int = 1,
    ) -> Tensor:
        """Return complete derivations `[batch, step]`, each rule chosen after those before it."""
        steps = TreeSteps(self, decoded)
        if beams > 1:
            return beam_search(steps, beams)
        return one_by_one(steps, temperature=temperature, generator=generator)

    def steps_of(self, decoded: Tensor, count: int) -> Tensor:
        """Return the code's share of the first `count` steps, `[batch, count, HIDDEN]`."""
        rows = count * WRITTEN
        given = functional.linear(decoded, self.to_steps.weight[:rows], self.to_steps.bias[:rows])
        shares: Tensor = self.from_step(given.view(len(decoded), count, WRITTEN))
        return shares

    def seen(self, chosen: list[Tensor], top: Tensor, slot: Tensor, depth: Tensor) -> Tensor:
        """Return what steps see beside the code: the `BACK` rules before them and their place."""
        known: Tensor = self.tops(top) + self.slots_written(slot) + self.depths_written(depth)
        for table, rules in zip(self.chosen, chosen, strict=True):
            known = known + table(rules)
        return known

    def from_hidden(self, hidden: Tensor) -> Tensor:
        """Return the logits `[n, rule]` of what the recurrent layer gives `[n, HIDDEN]`."""
        known = functional.relu(hidden)
        logits: Tensor = self.to_logits(known + functional.relu(self.between(known)))
        return logits if logits.dtype == torch.float64 else logits.float()

    def _forced(self, x: Tensor, decoded: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the masked logits of all steps, as each would be after the true ones before it.

        Returns:
            The rules `[batch, step]` up to the longest sentence's end, which of them are not
            padding, and the logits of these `[n, rule]`.
        """
        rules = x.long()
        count = max(1, int((rules != self.pad).sum(1).max()))
        states = self.mask.states(rules)[:, :count]
        slots, depths = tree_places(self.mask, rules)
        rules = rules[:, :count]
        inside = rules != self.pad
        before = functional.pad(rules, (BACK, 0), value=self.symbols)
        chosen = [before[:, BACK - 1 - back : BACK - 1 - back + count] for back in range(BACK)]
        seen = self.seen(chosen, self.mask.lhs[rules], slots[:, :count], depths[:, :count])
        given = self.steps_of(decoded, count) + seen
        hidden = (given + self.recurrent(given)[0])[inside]
        forbidden = ~self.mask.allowed[states[inside]]
        return rules, inside, self.from_hidden(hidden).masked_fill(forbidden, -torch.inf)


class TreeSteps(Steps):
    """The steps of a `TreeNetwork` that chooses rule after rule."""

    walk: TreeWalk

    def __init__(self, net: TreeNetwork, decoded: Tensor) -> None:
        """Begin with what codes give to all steps, as `TreeNetwork.decode` returns it."""
        self.net = net
        self.walk = TreeWalk(net.mask, len(decoded))
        self._shares = net.steps_of(decoded, net.length)
        self._chosen = [decoded.new_full((len(decoded),), net.symbols, dtype=torch.long)] * BACK
        self._state: Tensor | None = None

    def logits(self, step: int) -> Tensor:
        """Return the logits of the rule at a step, `[batch, pad + 1]`."""
        walk = self.walk
        seen = self.net.seen(self._chosen, walk.top, walk.slot, walk.depth)
        given = self._shares[:, step] + seen
        recurred, self._state = self.net.recurrent(given.unsqueeze(1), self._state)
        return self.net.from_hidden(given + recurred.squeeze(1))

    def choose(self, rules: Tensor) -> None:
        """Have the rules of this step, `[batch]`, chosen, and seen at the next."""
        super().choose(rules)
        self._chosen = [rules, *self._chosen[:-1]]

    def select(self, rows: Tensor) -> None:
        """Go on with some of the sentences, or with copies of them."""
        super().select(rows)
        self._shares = self._shares[rows]
        self._chosen = [rules[rows] for rules in self._chosen]
        if self._state is not None:
            self._state = self._state[:, rows].contiguous()


def _by_sentence(values: Tensor, inside: Tensor) -> Tensor:
    """Return the sums over sentences, `[batch]`, of values at the steps that are `inside`."""
    rows = inside.nonzero(as_tuple=True)[0]
    return values.new_zeros(len(inside)).index_add(0, rows, values)


def _table(count: int, width: int, deviation: float) -> nn.Embedding:
    """Return a table of `count` vectors whose entries are drawn with a standard deviation."""
    table = nn.Embedding(count, width)
    nn.init.normal_(table.weight, std=deviation)
    return table
