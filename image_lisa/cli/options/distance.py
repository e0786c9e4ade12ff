"""What `image-lisa distance FOLDER FOLDER` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import tyro

from image_lisa.data.choices import SIZES
from shared.cli.terminal import Output, Ranges
from shared.training.settings import Device


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Measure how far the pictures of a folder are from those of another.

    The Fréchet distance is taken on features of EfficientNet-Lite0, trained on ImageNet, which the
    extra `features` brings, and is called FD (EfficientNet); on Inception's it is FID.

    Attributes:
        first: The folder of the pictures that others are compared with, such as real ones.
        second: The folder of the pictures that are compared.
        features: The network whose features distances are measured on: auto, efficientnet or
            inception; auto is inception where its weights are named.
        inception_weights: The file of Inception's weights, for FID; by default the one that
            LISA_INCEPTION names.
        size: Height and width that pictures are brought to first; by default their own.
        device: Where to compute.
    """

    inputs: ClassVar[tuple[str, ...]] = ("first", "second", "inception_weights")
    ranges: ClassVar[Ranges] = {"size": SIZES}

    first: tyro.conf.Positional[Path]
    second: tyro.conf.Positional[Path]
    features: Literal["auto", "efficientnet", "inception"] = "auto"
    inception_weights: Path | None = None
    size: int | None = None
    device: Device = "auto"
