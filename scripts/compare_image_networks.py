"""Train the light network and two simpler ones for equal seconds and compare, as JSON.

    .venv/bin/python scripts/compare_image_networks.py results/image_networks.json --photos PHOTOS

All see batches of the same order, by LISA and Adam, with a rate that falls along a cosine of the
seconds; figures are the mean squared error a pixel of images held out and of training images.
`hidden` is the light network without the map from each place to numbers of its own; `patches` is
what it passes small images through, at every size, with the widths that it had there. PHOTOS is a
folder of large pictures, as scripts/make_pictures.py makes. Seconds are processor time on one
thread.
"""

import argparse
import math
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from environment_record import environment
from torch import Tensor, nn

from image_lisa.data import load_images
from image_lisa.models.networks import ImageAutoencoder, Light, Shape
from image_lisa.models.networks.grid_codes import CodeToGrid, GridToCode
from image_lisa.models.networks.light import doublings
from image_lisa.models.networks.patches import patch_layers
from image_lisa.training.presets import chosen_batch, code_size
from shared.common.torch_seeds import seeded
from shared.methods import LISA
from shared.runs.files import write_json

RATE, WARM, SHOWN = 2e-3, 50, 2000


class Patches(ImageAutoencoder):
    """Patches and one hidden layer each way, at any size."""

    def __init__(self, shape: Shape, dim: int, width: int) -> None:
        super().__init__(shape, dim)
        times = doublings(min(shape[1:]))
        sizes = (32, 64, 256) if shape[0] * 4**times <= 32 else (64, 128, 512)
        self.encoder, self.decoder = patch_layers(shape, dim, width, 2**times, sizes)


class Hidden(Light):
    """The light network of large images, its code made by the hidden layers alone."""

    def __init__(self, shape: Shape, dim: int, width: int) -> None:
        super().__init__(shape, dim, width)
        for layer in self.modules():
            if isinstance(layer, GridToCode | CodeToGrid):
                for weight in layer.each.parameters():
                    nn.init.zeros_(weight)
                    weight.requires_grad_(False)


@dataclass(frozen=True)
class Case:
    """A data set and how long each network is trained on it."""

    dataset: str
    seconds: float


def batches(x: Tensor, size: int) -> Iterator[Tensor]:
    """Return batches without end, each pass in another order."""
    generator = torch.Generator().manual_seed(0)
    while True:
        order = torch.randperm(len(x), generator=generator)
        for first in range(0, len(x) - size + 1, size):
            yield x[order[first : first + size]]


@torch.no_grad()
def error(net: ImageAutoencoder, x: Tensor) -> float:
    """Return the mean squared error a pixel of what images come back as."""
    total = 0.0
    for part in x.split(50):
        image = net.prepare(part)
        back = net.decode(LISA().to_decoder(net, net.encode(image)))
        total += float((image - back).square().mean()) * len(part)
    return total / len(x)


def trained(kind: type[ImageAutoencoder], case: Case) -> dict[str, Any]:
    """Train a network for the seconds of a case and return its figures."""
    images = load_images(case.dataset)
    dim = code_size(case.dataset, images.shape)
    size = chosen_batch(len(images.train), math.prod(images.shape[1:]))
    with seeded(0):
        net = kind(images.shape, dim, dim)
    optimizer = torch.optim.Adam(net.parameters(), lr=RATE, fused=True)
    steps, given, began = 0, batches(images.train, size), time.process_time()
    while (spent := time.process_time() - began) < case.seconds:
        rate = min((steps + 1) / WARM, (1 + math.cos(math.pi * spent / case.seconds)) / 2)
        for group in optimizer.param_groups:
            group["lr"] = RATE * rate
        torch.stack(list(LISA().loss(net, net.prepare(next(given))).values())).sum().backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        steps += 1
    return {
        "dataset": Path(case.dataset).name,
        "shape": images.shape,
        "training_images": len(images.train),
        "network": kind.__name__.lower(),
        "weights": sum(w.numel() for w in net.parameters() if w.requires_grad),
        "code_size": dim,
        "batch": size,
        "seconds": spent,
        "steps": steps,
        "images_per_second": steps * size / spent,
        "mse_held_out": error(net, images.valid[:SHOWN]),
        "mse_training": error(net, images.train[:SHOWN]),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--small", default="cifar10", help="a data set of small coloured images")
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for dataset in (str(options.photos), options.small):
        for kind in (Light, Hidden, Patches):
            rows.append(trained(kind, Case(dataset, options.seconds)))
            sys.stderr.write(f"{rows[-1]}\n")
    write_json(options.output, {"environment": environment(), "results": rows})
    return 0


if __name__ == "__main__":
    sys.exit(main())
