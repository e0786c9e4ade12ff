"""Named seeds: every random draw of a run has a seed of its own, derived from one number."""

import hashlib
from contextlib import AbstractContextManager

import torch


def derive_seed(seed: int, *names: str | int) -> int:
    """The seed that belongs to `names` under the run's `seed`.

    Args:
        seed: the run's seed.
        names: what the draw is for, e.g. `("order", epoch)`.

    Returns:
        A number in [0, 2**63), the first bytes of a SHA-256 digest, so that seeds of different
        names are unrelated and the same on every machine.
    """
    text = "/".join(str(part) for part in (seed, *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def forked(device: torch.device) -> AbstractContextManager[None]:
    """A block whose draws, on the processor and on `device`, leave torch's own state unchanged."""
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
