"""How the networks are trained on the data sets unless the user says otherwise."""

from dataclasses import dataclass

DIMS = {"mnist": 16, "cifar10": 128, "celeba": 64, "digits": 8}
"""Code sizes of the paper, and one for the small digits; other data take `OTHER_DIM`."""

OTHER_DIM = 64


@dataclass(frozen=True)
class Preset:
    """How a network is trained unless the user says otherwise."""

    epochs: int
    batch_size: int
    learning_rate: float
    schedule: str


PRESETS = {
    "light": Preset(15, 100, 2e-3, "cosine"),
    "paper": Preset(100, 100, 1e-3, "plateau"),
}
"""By network. The paper's: 100 epochs, batch 100, Adam with decay on a plateau."""
