"""A small loop for auxiliary networks: classifiers, probes, learned priors.

The autoencoders themselves are trained by `shared.training`, with checkpoints and devices; what is
fitted here takes seconds and lives in memory.
"""

import math
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn

from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.common.torch_seeds import forked, seed_draws

Module = TypeVar("Module", bound=nn.Module)


def fit_module(
    module: Module,
    loss: Callable[..., Tensor],
    tensors: tuple[Tensor, ...],
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
    weight_decay: float = 0.0,
    on_epoch: Callable[[int, float], None] = lambda epoch, mean: None,
) -> Module:
    """Train a module by Adam with a cosine schedule; it is left in evaluation mode.

    Args:
        module: Trained in place, on the device that the tensors are on.
        loss: Takes the module and the parts of one batch, gives a scalar mean.
        tensors: Training data, first axes of one length n ≥ 1.
        epochs: Passes over the data.
        batch_size: Examples a step; the last batch of an epoch may be smaller.
        learning_rate: At the beginning; it falls to zero along a cosine.
        seed: Of the order of the data and of what `loss` draws; the global random state is left
            as it was.
        weight_decay: Of AdamW, decoupled.
        on_epoch: Told the epoch, from 1, and its mean loss.

    Returns:
        The module.

    Raises:
        LisaError: The loss stops being finite.
    """
    count = len(tensors[0])
    steps = epochs * math.ceil(count / batch_size)
    optimizer = torch.optim.AdamW(
        module.parameters(), lr=learning_rate, weight_decay=weight_decay, fused=True
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(1, steps))
    with forked(tensors[0].device):
        seed_draws(derive_seed(seed, "fit"), tensors[0].device)
        for epoch in range(1, epochs + 1):
            module.train()
            total = torch.zeros((), device=tensors[0].device)
            for rows in torch.randperm(count).to(tensors[0].device).split(batch_size):
                value = loss(module, *(tensor[rows] for tensor in tensors))
                optimizer.zero_grad(set_to_none=True)
                value.backward()
                optimizer.step()
                schedule.step()
                total += value.detach() * len(rows)
            mean = total.item() / count
            if not math.isfinite(mean):
                raise LisaError(
                    f"the loss of the {type(module).__name__} is not finite in epoch {epoch}"
                )
            on_epoch(epoch, mean)
    return module.eval()
