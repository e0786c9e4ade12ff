"""Make a folder of pictures to train on, with a sub-folder for each class.

    .venv/bin/python scripts/make_pictures.py pictures --number 300 --size 224
    .venv/bin/python scripts/make_pictures.py photos --photos cifar10-jpeg.tar.gz

Without photographs these are drawn shapes, textured, before a textured ground; with an archive of
CIFAR-10 as JPEGs they are its photographs of 32 × 32, enlarged by bicubic interpolation. Which
pictures these are depends on number, size and seed alone.
"""

import argparse
import io
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float64]


def _disc(x: Floats, y: Floats) -> Floats:
    return np.hypot(x, y)


def _square(x: Floats, y: Floats) -> Floats:
    return np.maximum(abs(x), abs(y)) * 1.15


def _triangle(x: Floats, y: Floats) -> Floats:
    return np.maximum(abs(x) * 1.73 + y, -2 * y) * 0.75


def _cross(x: Floats, y: Floats) -> Floats:
    near, far = np.minimum(abs(x), abs(y)), np.maximum(abs(x), abs(y))
    return np.maximum(near * 3, far)


def _ring(x: Floats, y: Floats) -> Floats:
    return abs(np.hypot(x, y) - 0.7) / 0.3


SHAPES = {"cross": _cross, "disc": _disc, "ring": _ring, "square": _square, "triangle": _triangle}
"""How far a point lies out, by class; the shape is where that is below 1."""


def texture(size: int, rng: np.random.Generator) -> Floats:
    """Return waves and blotches of a colour and its neighbours, `[size, size, 3]` in [0, 1]."""
    coarse = rng.uniform(-1, 1, (8, 8)).astype(np.float32)
    blotches = np.asarray(Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC))
    across, down = np.meshgrid(np.linspace(0, 1, size), np.linspace(0, 1, size))
    angle, waves = rng.uniform(0, np.pi), rng.uniform(4, 12)
    wave = np.sin(2 * np.pi * waves * (across * np.cos(angle) + down * np.sin(angle)))
    colour = rng.uniform(0.1, 0.9, 3)
    shades = 0.1 * blotches[..., None] + 0.06 * wave[..., None] + colour
    return np.clip(shades, 0, 1)


def drawn(label: str, size: int, rng: np.random.Generator) -> Image.Image:
    """Return one shape of a class: somewhere, of some size, turned."""
    across, down = np.meshgrid(np.linspace(-1, 1, size), np.linspace(-1, 1, size))
    x, y = (axis - rng.uniform(-0.3, 0.3) for axis in (across, down))
    angle, scale = rng.uniform(0, 2 * np.pi), rng.uniform(0.35, 0.65)
    turned = (x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle))
    inside = SHAPES[label](turned[0] / scale, turned[1] / scale) < 1
    pixels = np.where(inside[..., None], texture(size, rng), texture(size, rng))
    return Image.fromarray((pixels * 255).round().astype(np.uint8))


def shapes(number: int, size: int, seed: int) -> Iterator[tuple[str, Image.Image]]:
    """Return classes and pictures, the classes in turn."""
    labels = list(SHAPES)
    for each in range(number):
        label = labels[each % len(labels)]
        yield label, drawn(label, size, np.random.default_rng((seed, each)))


def photos(archive: Path, number: int, size: int, seed: int) -> Iterator[tuple[str, Image.Image]]:
    """Return classes and enlarged photographs of an archive `train/CLASS/NUMBER.jpg`."""
    with tarfile.open(archive) as file:
        members = sorted(
            (
                each
                for each in file.getmembers()
                if each.name.startswith("train/") and each.isfile()
            ),
            key=lambda each: each.name,
        )
        chosen = np.random.default_rng(seed).permutation(len(members))[:number]
        for row in sorted(chosen):
            content = file.extractfile(members[row])
            assert content is not None
            picture = Image.open(io.BytesIO(content.read())).convert("RGB")
            label = members[row].name.split("/")[1]
            yield label, picture.resize((size, size), Image.Resampling.BICUBIC)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--number", type=int, default=300)
    parser.add_argument("--size", type=int, default=224, help="height and width")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--photos", type=Path, help="an archive of CIFAR-10 as JPEGs")
    options = parser.parse_args()
    if options.photos is None:
        made = shapes(options.number, options.size, options.seed)
    else:
        made = photos(options.photos, options.number, options.size, options.seed)
    for each, (label, picture) in enumerate(made):
        place = options.folder / label / f"{each:05d}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        picture.save(place)
    return 0


if __name__ == "__main__":
    sys.exit(main())
