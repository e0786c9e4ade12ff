"""What `image-lisa evaluate RUN` takes."""

from dataclasses import dataclass
from pathlib import Path

from image_lisa.cli.options.runs import MeasureOptions


@dataclass(frozen=True, kw_only=True)
class Options(MeasureOptions):
    """Measure a trained run on the test images: reconstruction, samples, codes.

    Nothing is fitted to test images or chosen on them. The numbers are kept as evaluation.json in
    the run. Without Inception's weights, distances of samples are FD (classifier), on the features
    of a classifier that is trained once a data set; they are not comparable with FID.

    Attributes:
        draws: Images that each sampler draws, to be compared with all test images.
        inception_weights: The file of Inception's weights, for FID; by default the one that
            LISA_INCEPTION names.
        classifiers: The folder that classifiers are kept in; by default classifiers,
            beside the run.
    """

    inception_weights: Path | None = None
    classifiers: Path | None = None
