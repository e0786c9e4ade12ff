"""The classifier whose features distances are measured on: its recipe and its network."""

import math
from dataclasses import dataclass

from torch import Tensor, nn

LEAST_SIDE = 8
"""The smallest height and width of images that the classifier takes."""


@dataclass(frozen=True)
class ClassifierRecipe:
    """How the classifier is made and trained: the same for every run of a benchmark.

    Attributes:
        version: Counts changes of what is not a field here.
        width: Channels of the first convolution; they double up to four times that.
        features: Numbers of the penultimate layer.
        examples: Images of 32 × 32 or less that are seen in training, over all epochs, rounded up
            to whole epochs; of larger images fewer, by their pixels.
        batch_size: Images a step.
        learning_rate: Of Adam at the beginning; it falls to zero along a cosine.
        clusters: Classes where images have no labels.
        components: Principal components that clusters are looked for in.
        epochs: The most epochs, which few images reach.
    """

    version: int = 2
    width: int = 24
    features: int = 64
    examples: int = 180_000
    batch_size: int = 128
    learning_rate: float = 2e-3
    clusters: int = 32
    components: int = 50
    epochs: int = 160


class Classifier(nn.Module):
    """A small convolutional network; its output is the features, `head` gives the logits.

    Convolutions of 3 × 3 halve the image until its shorter side is 8 or less, another one follows,
    what is left is averaged to at most 4 × 4, and a linear layer with a ReLU gives the features.
    """

    def __init__(self, shape: tuple[int, int, int], classes: int, recipe: ClassifierRecipe) -> None:
        super().__init__()
        channels, height, width = shape
        halvings = max(1, math.ceil(math.log2(min(height, width) / LEAST_SIDE)))
        widths = [recipe.width * min(4, 2**k) for k in range(halvings)]
        layers: list[nn.Module] = []
        for before, after in zip([channels, *widths[:-1]], widths, strict=True):
            layers += [*_convolution(before, after, stride=2)]
        last = 2 * widths[-1]
        side = min(4, math.ceil(min(height, width) / 2**halvings))
        self.trunk = nn.Sequential(
            *layers,
            *_convolution(widths[-1], last, stride=1),
            nn.AdaptiveAvgPool2d(side),
            nn.Flatten(),
            nn.Linear(last * side**2, recipe.features, bias=False),
            nn.BatchNorm1d(recipe.features),
            nn.ReLU(),
        )
        self.head = nn.Linear(recipe.features, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Return features ``[batch, features]`` of images of bytes."""
        features: Tensor = self.trunk(images.float() / 127.5 - 1)
        return features


def _convolution(before: int, after: int, stride: int) -> tuple[nn.Module, ...]:
    return (
        nn.Conv2d(before, after, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(),
    )
