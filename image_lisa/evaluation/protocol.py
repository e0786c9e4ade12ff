"""How much an evaluation draws and looks at."""

from dataclasses import dataclass
from typing import Final

from shared.common.seeds import derive_seed

SAMPLES: Final = 10_000
"""Images that a sampler draws, to be compared with all test images."""
DRAWS: Final = (10, 1_000_000)
"""The fewest and the most that can be asked for."""


def draws_for(test_images: int) -> int:
    """Return how many images samplers draw by default: as many as there are test images.

    At most 10,000, and no fewer than can be asked for.
    """
    return max(DRAWS[0], min(SAMPLES, test_images))


@dataclass(frozen=True)
class EvaluationProtocol:
    """How much is drawn and looked at in an evaluation, and from which seed.

    Attributes:
        draws: Images that each sampler draws, and training images that stand for real ones.
        seed: Of everything random.
        transport: Most directions that the Wasserstein distance is computed between.
        probed: Most test images whose codes are scaled for the radial sensitivity.
    """

    draws: int = SAMPLES
    seed: int = 0
    transport: int = 1000
    probed: int = 2000

    def seed_of(self, *names: str) -> int:
        """Return the seed of a draw, below 2³²; it depends on nothing but `seed` and the names."""
        return derive_seed(self.seed, "evaluation", *names) % 2**32
