"""What `grammar-lisa molecules` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from grammar_lisa.cli.options.decode import TEMPERATURES
from grammar_lisa.molecules.drawing import check_suffix
from shared.cli.option_groups import RunArgument
from shared.cli.terminal import Ranges
from shared.common.extras import check_extra
from shared.runs.files import check_free


@dataclass(frozen=True, kw_only=True)
class Options(RunArgument):
    """Draw molecules from a sampler of a trained run, and compare them with its training data.

    Needs RDKit: pip install 'lisa-toolkit[molecules]'. What is found is also kept in the run, as
    molecules.json, beside a picture of the best of the new molecules.

    Attributes:
        sampler: What codes are drawn from: gaussian, gmm, dirichlet, uniform where the method of
            the run is spherical, or one of its own, such as prior.
        draws: How many sentences are drawn.
        temperature: 0 decodes the most likely rules, or characters; above 0, they are drawn.
        compared_with: Of how many training sentences the properties are computed; the fraction of
            new molecules is always that against all of them.
        top: How many of the best new molecules are printed and drawn.
        by: What they are the best by.
        picture: The file that they are drawn in, .svg or .png; by default molecules.svg in the run.
        overwrite: Replace that file if it is there.
        seed: Of the draws.
    """

    ranges: ClassVar[Ranges] = {
        "draws": (1, 1_000_000),
        "temperature": TEMPERATURES,
        "compared_with": (1, 1_000_000),
        "top": (1, 1000),
    }

    sampler: str = "gmm"
    draws: int = 1000
    temperature: float = 0.0
    compared_with: int = 1000
    top: int = 12
    by: Literal["qed", "penalised-logp", "logp", "sa"] = "qed"
    picture: Path | None = None
    overwrite: bool = False
    seed: int = 0

    def check(self) -> None:
        """Refuse options that make no sense.

        Raises:
            LisaError: Naming the first.
        """
        check_extra("molecules", "rdkit")
        if self.picture is not None:
            check_suffix(self.picture.suffix)
            check_free(self.picture, overwrite=self.overwrite)
        super().check()
