"""Rows of all processes in data-parallel training."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

_alone = False


@contextmanager
def alone() -> Iterator[None]:
    """Let this process compute by itself for a while: `gather_rows` gives its own rows only."""
    global _alone
    before, _alone = _alone, True
    try:
        yield
    finally:
        _alone = before


def gather_rows(rows: Tensor) -> Tensor:
    """Return rows `[n, dim]` of every process, in the order of ranks.

    In one process these are the rows themselves.

    Gradients flow back to the process that a row came from, summed over all processes, as the
    mean over processes that data-parallel training takes expects of a loss on the global batch.
    """
    several = dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1
    if _alone or not several:
        return rows
    gathered: Tensor = _GatherRows.apply(rows)
    return gathered


class _GatherRows(torch.autograd.Function):
    """Concatenate the rows of every process; sum the gradients of every process for own rows."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        sizes = _gather_sizes(rows)
        ctx.begin = sum(sizes[: dist.get_rank()])
        ctx.end = ctx.begin + len(rows)
        padded = rows.new_zeros(max(sizes), rows.shape[1])
        padded[: len(rows)] = rows
        gathered = [torch.empty_like(padded) for _ in sizes]
        dist.all_gather(gathered, padded)
        return torch.cat([part[:size] for part, size in zip(gathered, sizes, strict=True)])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        total = grads[0].contiguous().clone()
        dist.all_reduce(total)
        return total[ctx.begin : ctx.end]


def _gather_sizes(rows: Tensor) -> list[int]:
    own = torch.tensor([len(rows)], device=rows.device)
    sizes = [torch.empty_like(own) for _ in range(dist.get_world_size())]
    dist.all_gather(sizes, own)
    return [int(size) for size in sizes]
