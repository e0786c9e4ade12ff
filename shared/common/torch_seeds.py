"""The random state that torch keeps: set for a while, and left as it was."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import torch


def forked(device: torch.device) -> AbstractContextManager[None]:
    """Return a context whose draws, also on `device`, leave torch's own state unchanged."""
    index = torch.cuda.current_device() if device.type == "cuda" else None
    forks: AbstractContextManager[None] = torch.random.fork_rng([] if index is None else [index])
    return forks


def seed_draws(seed: int, device: torch.device) -> None:
    """Seed the draws that torch makes without a generator, on the processor and on `device`.

    What `torch.manual_seed` does, without asking every other kind of device: in a training step
    of ten milliseconds that is one twentieth.
    """
    torch.default_generator.manual_seed(seed)
    if device.type != "cpu":
        torch.get_device_module(device).manual_seed(seed)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed the draws of a block on the processor, such as of weights; no other draw changes."""
    with forked(torch.device("cpu")):
        torch.default_generator.manual_seed(seed)
        yield
