"""What `image-lisa evaluate RUN` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from image_lisa.cli.options.runs import MeasureOptions
from image_lisa.evaluation.protocol import DRAWS
from shared.cli.terminal import Ranges
from shared.common.errors import LisaError


@dataclass(frozen=True, kw_only=True)
class Options(MeasureOptions):
    """Measure a trained run on the test images: reconstruction, samples, codes.

    Nothing is fitted to test images or chosen on them. The numbers are kept as evaluation.json in
    the run. Distances of samples are measured on features of EfficientNet-Lite0, trained on
    ImageNet, where the extra `features` is installed, and are called FD (EfficientNet); small grey
    images such as MNIST's have FD (classifier), on features of a classifier that is trained once a
    data set. Neither is comparable with FID.

    Attributes:
        draws: Images that each sampler draws, to be compared with all test images; by default as
            many as there are test images, 10,000 at most.
        features: The network whose features distances are measured on: auto, efficientnet,
            classifier or inception.
        inception_weights: The file of Inception's weights, for FID; by default the one that
            LISA_INCEPTION names.
        classifiers: The folder that classifiers are kept in; by default classifiers,
            beside the run.
    """

    ranges: ClassVar[Ranges] = {"draws": DRAWS}

    draws: int | None = None
    features: Literal["auto", "efficientnet", "classifier", "inception"] = "auto"
    inception_weights: Path | None = None
    classifiers: Path | None = None

    def check(self) -> None:
        """Refuse weights of Inception for another network.

        Raises:
            LisaError: Naming both options.
        """
        super().check()
        if self.inception_weights is not None and self.features not in ("auto", "inception"):
            raise LisaError(f"--inception-weights are of no use to --features {self.features}")
