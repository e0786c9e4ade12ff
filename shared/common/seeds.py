"""Named seeds: every random draw of a run has a seed of its own, derived from one number."""

import hashlib


def derive_seed(seed: int, *names: str | int) -> int:
    """Return the seed that belongs to `names` under the run's `seed`.

    Args:
        seed: The run's seed.
        names: What the draw is for, e.g. `("order", epoch)`.

    Returns:
        A number in [0, 2**63), the first bytes of a SHA-256 digest, so that seeds of different
        names are unrelated and the same on every machine.
    """
    text = "/".join(str(part) for part in (seed, *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
