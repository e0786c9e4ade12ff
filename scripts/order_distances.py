"""Measure real images against other real ones, blurred and noisy: what distances make of them.

    .venv/bin/python scripts/order_distances.py results/image_distances.json

So many test images of CIFAR-10, drawn by seed, are the target; as many others are compared with it
as they are, blurred by a Gaussian of so many pixels, and with normal noise of so many grey levels.
Features are those of EfficientNet-Lite0, from the extra `features`.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch
from environment_record import environment
from PIL import Image, ImageFilter
from torch import Tensor

from image_lisa.data import load_images
from image_lisa.evaluation.distances import RealFeatures
from image_lisa.evaluation.extractors import published_extractor
from shared.runs.files import to_json, write_json

BLURS, NOISES = (0.5, 1.0, 2.0, 4.0), (5.0, 10.0, 20.0, 40.0)


def blurred(images: Tensor, radius: float) -> Tensor:
    """Return images blurred by a Gaussian."""
    kernel = ImageFilter.GaussianBlur(radius)
    pixels = images.permute(0, 2, 3, 1).numpy()
    filtered = np.stack([np.asarray(Image.fromarray(each).filter(kernel)) for each in pixels])
    return torch.from_numpy(filtered).permute(0, 3, 1, 2)


def noisy(images: Tensor, deviation: float, random: np.random.Generator) -> Tensor:
    """Return images with normal noise, in bytes."""
    noise = torch.from_numpy(random.normal(scale=deviation, size=images.shape))
    return (images + noise).clamp(0, 255).round().to(torch.uint8)


def main() -> None:
    """Measure and write."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("output", type=Path, help="the JSON file to write")
    arguments.add_argument("--images", type=int, default=300, help="of the target, and of others")
    options = arguments.parse_args()
    random = np.random.default_rng(0)
    test = load_images("cifar10", limit=1000).test
    rows = torch.from_numpy(random.permutation(len(test))[: 2 * options.images])
    target, others = test[rows[: options.images]], test[rows[options.images :]]
    extractor = published_extractor("efficientnet", None, "cpu").load()
    real = RealFeatures(extractor.features(target), name=extractor.distance)
    found = {}
    for title, images in (
        ("real", others),
        *((f"blur {radius:g}", blurred(others, radius)) for radius in BLURS),
        *((f"noise {deviation:g}", noisy(others, deviation, random)) for deviation in NOISES),
    ):
        began = time.process_time()
        found[title] = real.measure(extractor.features(images))
        seconds = time.process_time() - began
        sys.stdout.write(f"{title}: {to_json(found[title])}, {seconds:.0f} s of the processor\n")
        sys.stdout.flush()
    record = {"images": options.images, "distances": found}
    write_json(options.output, {"environment": environment(), **record})


if __name__ == "__main__":
    main()
