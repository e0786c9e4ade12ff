"""What `image-lisa benchmark --dataset NAME` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import tyro

from image_lisa.cli.options.experiments import ExperimentOptions
from shared.cli.terminal import Ranges


@dataclass(frozen=True, kw_only=True)
class Options(ExperimentOptions):
    """Train and evaluate methods side by side, and write the tables of the comparison.

    What is done is not done again: the same command goes on where it stopped, and other methods
    or more seeds are added to what is there. Nothing is chosen on test images.

    Attributes:
        methods: Either all, or names of methods with commas between.
        seeds: Trainings of each method, with the seeds 0, 1, 2 and so on.
        set: A hyperparameter other than its default, METHOD.HYPERPARAMETER=VALUE, as in
            lisa.uniformity_weight=3; once for each.
        draws: Images that each sampler draws, to be compared with all test images; by default as
            many as there are test images, 10,000 at most.
        features: The network whose features distances are measured on: auto, classifier,
            efficientnet (from the extra `features`) or inception. auto is inception where its
            weights are named, else classifier.
        inception_weights: The file of Inception's weights, for FID; by default the one that
            LISA_INCEPTION names.
        evaluate_again: Measure all runs anew where draws or weights are other than before.
        beside: The folder of a benchmark of another data set, for further columns of the tables;
            once for each.
    """

    ranges: ClassVar[Ranges] = ExperimentOptions.ranges | {
        "seeds": (1, 10_000),
        "draws": (10, 10_000_000),
    }

    methods: str = "all"
    seeds: int = 3
    set: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    draws: int | None = None
    features: Literal["auto", "classifier", "efficientnet", "inception"] = "auto"
    inception_weights: Path | None = None
    evaluate_again: bool = False
    beside: tyro.conf.UseAppendAction[tuple[Path, ...]] = ()
