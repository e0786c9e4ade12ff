"""What `image-lisa sweep --dataset NAME` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import tyro

from image_lisa.cli.options.experiments import ExperimentOptions
from shared.cli.terminal import Ranges
from shared.methods.registry import DEFAULT_METHOD


@dataclass(frozen=True, kw_only=True)
class Options(ExperimentOptions):
    """Choose the hyperparameters of a method on validation images, and plot their effect.

    Every point of a grid is trained, and its samples and reconstructions are compared with the
    validation images; test images are not looked at. What is done is not done again: the same
    command goes on where it stopped, and further points or seeds are added to what is there.

    Attributes:
        method: Whose hyperparameters are swept.
        grid: The values of a hyperparameter, HYPERPARAMETER=VALUE,VALUE,…, as in
            uniformity-weight=0,0.1,1; once for each. By default, for lisa, the weights λ 0, 0.03,
            0.1, 0.3, 1, 3 with t 2, 4, 8, 16; wae, infovae, rae-gp, rae-l2 and lorae have grids
            of their weights too.
        seeds: Trainings of each point, from seeds that no benchmark uses.
        out: The folder that sweeps are kept in.
    """

    ranges: ClassVar[Ranges] = ExperimentOptions.ranges | {"seeds": (1, 10_000)}

    method: str = DEFAULT_METHOD
    grid: Annotated[tuple[str, ...], tyro.conf.UseAppendAction] = ()
    seeds: int = 1
    out: Path = Path("sweeps")
