r"""Measure the runs of a benchmark of images on the features of EfficientNet, as JSON.

    .venv/bin/python scripts/measure_runs.py results/image_mnist_defaults/efficientnet.json \
        benchmarks/mnist --samplers gmm --draws 2000

`image-lisa benchmark` measures by one network. This one takes minutes for ten thousand images, so
the runs share the features of some of the test images, and some of the samplers are measured. What
is measured already is kept.
"""

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import Any

from environment_record import environment
from torch import Tensor

from image_lisa.cli.measured import open_measured
from image_lisa.cli.options.runs import MeasureOptions
from image_lisa.data import Images
from image_lisa.evaluation.extractors import published_extractor
from image_lisa.evaluation.protocol import EvaluationProtocol
from image_lisa.evaluation.reference import Reference
from shared.methods import method_to_record
from shared.runs.files import read_json, write_json


def first(images: Images, count: int) -> Images:
    """Return images with the first of the test images alone."""
    labels = None if images.test_labels is None else images.test_labels[:count]
    return dataclasses.replace(images, test=images.test[:count], test_labels=labels)


class Comparison:
    """What all runs are measured by.

    Attributes:
        protocol: As many draws of each sampler as there are test images.
        extractor: EfficientNet.
    """

    def __init__(self, samplers: str, draws: int) -> None:
        self.samplers = samplers
        self.protocol = EvaluationProtocol(draws=draws)
        self.extractor = published_extractor("efficientnet", None, "cpu").load()
        self.reference: Reference | None = None

    def measure(self, run: Path) -> dict[str, Any]:
        """Return distances of a run's draws, and of what test images come back as."""
        found = open_measured(MeasureOptions(run=run, samplers=self.samplers), print)
        images = first(found.images, self.protocol.draws)
        if self.reference is None:
            self.reference = Reference(images, self.extractor, self.protocol)
        rows = {"reconstruction": self._distances(found.model.reconstruct(images.test), "back")}
        for name, sampler in found.samplers.items():
            codes = sampler.sample(self.protocol.draws, self.protocol.seed_of(name, "codes"))
            rows[name] = self._distances(found.model.decode(codes), name)
        return {"method": method_to_record(found.model.method), "distances": rows}

    def _distances(self, images: Tensor, name: str) -> dict[str, float]:
        assert self.reference is not None
        return self.reference.measure(self.extractor.features(images), name)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("benchmark", type=Path)
    parser.add_argument("--samplers", default="gmm")
    parser.add_argument("--draws", type=int, default=2000)
    options = parser.parse_args()
    settings = {"samplers": options.samplers, "draws": options.draws}
    kept = read_json(options.output) if options.output.exists() else {}
    runs = kept.get("runs", {}) if kept.get("settings") == settings else {}
    comparison = Comparison(**settings)
    for run in sorted(options.benchmark.glob("*-seed-*")):
        if run.name not in runs:
            runs[run.name] = comparison.measure(run)
            assert comparison.reference is not None
            real = comparison.reference.real
            record = {"environment": environment(), "settings": settings, "real": real}
            write_json(options.output, {**record, "runs": runs})
            sys.stderr.write(f"{run.name}: {runs[run.name]['distances']}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
