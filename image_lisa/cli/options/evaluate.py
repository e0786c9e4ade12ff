"""What `image-lisa evaluate RUN` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import tyro

from image_lisa.evaluation.protocol import DRAWS, SAMPLES
from shared.cli.terminal import Output, Ranges
from shared.training.settings import Device


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Measure a trained run on the test images: reconstruction, samples, codes.

    Nothing is fitted to test images or chosen on them. The numbers are kept as evaluation.json in
    the run. Without Inception's weights, distances of samples are FD (classifier), on the features
    of a classifier that is trained once a data set; they are not comparable with FID.

    Attributes:
        run: The folder of the run; by default the newest finished one in --runs.
        runs: The folder that runs are kept in.
        samplers: Names with commas between; by default all that were fitted.
        draws: Images that each sampler draws, to be compared with all test images.
        inception_weights: The file of Inception's weights, for FID; by default the one that
            LISA_INCEPTION names.
        classifiers: The folder that classifiers are kept in; by default classifiers,
            beside the run.
        data_dir: Where the data set lies, if not where it lay in training.
        device: Where to compute.
        seed: Of the draws.
    """

    ranges: ClassVar[Ranges] = {"draws": DRAWS}

    run: Annotated[Path | None, tyro.conf.Positional] = None
    runs: Path = Path("runs")
    samplers: str | None = None
    draws: int = SAMPLES
    inception_weights: Path | None = None
    classifiers: Path | None = None
    data_dir: Path | None = None
    device: Device = "auto"
    seed: int = 0
