"""Codes moved until their sentences come back from the decoder."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from grammar_lisa.models.names import REFINE_WORK
from grammar_lisa.models.networks import SequenceAutoencoder

STEPS = 500
"""The most steps of a descent."""

LEARNING_RATE = 0.02

PATIENCE = 30
"""Steps in which the likelihood of a row has to rise, or its descent ends.

Of rows of the held-out sentences of three small models, those that came back did within 20 steps.
"""

RISE = 0.05
"""By which share of what is missing it has to rise: of its negative logarithm, in nats."""

_CHUNK = 1024

_BACKWARD = 3
"""A step takes as much work as three evaluations: one there and two back."""


@dataclass(frozen=True)
class Refined:
    """What a refinement has found.

    Attributes:
        codes: `[n, dim]`; those that decode rightly already are as they were.
        exact: Which of them decode to their rows, `[n]`.
        exhausted: Whether the bound on work ended it for some rows.
        work: Billions of floating-point operations that it took, as far as the decoder's go.
    """

    codes: NDArray[np.float32]
    exact: NDArray[np.bool_]
    exhausted: bool
    work: float

    def describe(self, work: float) -> str:
        """Return how many sentences do not come back, and why; nothing if all do."""
        missing = int((~self.exact).sum())
        if not missing:
            return ""
        many = f"{missing:,} of {len(self.exact):,} sentences do not come back from their codes"
        if self.exhausted:
            return (
                f"{many}: refining was stopped at its bound of {work:g} billion operations "
                "(--refine-work; more may bring some back)"
            )
        return f"{many}: no step near them makes them likelier"


@torch.no_grad()
def refine(
    net: SequenceAutoencoder,
    to_decoder: Callable[[Tensor], Tensor],
    rows: ArrayLike,
    codes: ArrayLike,
    *,
    steps: int = STEPS,
    work: float = REFINE_WORK,
) -> Refined:
    """Return codes that decode to given rows, where such codes are found near their own.

    The encoder's code is a first guess, good for sentences like those of the training. Where it
    decodes to something else, gradient descent moves what the decoder sees of it to raise the
    likelihood of the row, until the row comes back, or its likelihood does not rise any more.

    Args:
        net: The network.
        to_decoder: Gives what the decoder sees of codes.
        rows: What the network reads of texts, `[n, step]`.
        codes: First guesses, `[n, dim]`.
        steps: The most steps of the descent.
        work: The most work, in billions of floating-point operations. It is counted and not timed,
            so that a call gives the same on a slow machine as on a fast one; rows share it, so
            that what is found of one can depend on the others where it is used up.
    """
    x = torch.as_tensor(np.asarray(rows)).long()
    found = torch.as_tensor(np.array(codes, dtype=np.float32))
    pairs = zip(x.split(_CHUNK), found.split(_CHUNK), strict=True)
    exact = torch.cat([net.reconstructs(part, net.decode(to_decoder(z))) for part, z in pairs])
    pending = (~exact).nonzero().squeeze(1)
    if not len(pending):
        return Refined(found.numpy(), exact.numpy(), exhausted=False, work=0.0)
    row_work = _work_of_row(net, x[pending[:1]], to_decoder(found[pending[:1]]))
    left, todo, exhausted = work, len(pending), False
    for part in pending.split(_CHUNK):
        descent = _Descent(net, to_decoder, x[part], found[part])
        used, ended = descent.run(steps, int(left * len(part) / todo / row_work))
        found[part], exact[part] = descent.codes, descent.exact
        left, todo, exhausted = left - used * row_work, todo - len(part), exhausted or ended
    return Refined(found.numpy(), exact.numpy(), exhausted, work - left)


class _Descent:
    """The descent of a batch of rows, each on its own: Adam works number by number.

    Attributes:
        codes: The codes of the rows, `[n, dim]`: new ones of those that come back.
        exact: Which come back, `[n]`.
    """

    def __init__(
        self,
        net: SequenceAutoencoder,
        to_decoder: Callable[[Tensor], Tensor],
        x: Tensor,
        codes: Tensor,
    ) -> None:
        self.codes, self.exact = codes.clone(), torch.zeros(len(x), dtype=torch.bool)
        self._net, self._to_decoder, self._x = net, to_decoder, x
        self._moving = nn.Parameter(to_decoder(codes).detach().clone())
        self._optimizer = torch.optim.Adam([self._moving], lr=LEARNING_RATE)
        self._live = torch.arange(len(x))
        self._mark = torch.full((len(x),), torch.inf)
        self._since = torch.zeros(len(x), dtype=torch.long)

    def run(self, steps: int, evaluations: int) -> tuple[int, bool]:
        """Descend until no row is left, or steps or evaluations of rows are used up.

        Returns:
            The evaluations that were used, and whether more were needed.
        """
        used = 0
        for _ in range(steps):
            if not len(self._live):
                break
            if used + len(self._live) > evaluations:
                return used, True
            used += len(self._live)
            self._step()
        return used, False

    def _step(self) -> None:
        live, x = self._live, self._x[self._live]
        with torch.enable_grad():
            decoded = self._net.decode(self._to_decoder(self._moving[live]))
            losses = self._net.reconstruction_loss(x, decoded)
            (self._moving.grad,) = torch.autograd.grad(losses.sum(), self._moving)
        hit = self._net.reconstructs(x, decoded)
        self.codes[live[hit]] = self._moving[live[hit]]
        self.exact[live[hit]] = True
        self._optimizer.step()
        self._live = live[~hit & self._rising(live, losses)]

    def _rising(self, live: Tensor, losses: Tensor) -> Tensor:
        """Tell which rows have become likelier within the last steps, `[live]`."""
        better = losses < (1 - RISE) * self._mark[live]
        self._mark[live] = torch.where(better, losses, self._mark[live])
        self._since[live] = torch.where(better, 0, self._since[live] + 1)
        return self._since[live] < PATIENCE


def _work_of_row(net: SequenceAutoencoder, x: Tensor, seen: Tensor) -> float:
    """Return the work of a step for one row, in billions of floating-point operations.

    It is at least a multiplication and an addition for each weight of the decoder's matrices.
    """
    with FlopCounterMode(display=False) as counter:
        net.reconstruction_loss(x, net.decode(seen))
    weights = sum(each.numel() for each in net.decoder_parameters() if each.dim() > 1)
    operations: int = max(counter.get_total_flops(), 2 * weights, 1)
    return _BACKWARD * operations / 1e9
