"""Several trainings of images in one report."""

from collections.abc import Iterator, Mapping, Sequence

from image_lisa.models.architecture import run_architecture
from image_lisa.models.names import DISTANCE_TITLES, EVALUATION, TOOL
from shared.common.durations import duration
from shared.reports.charts import number
from shared.reports.comparison import differences, labelled, overlaid, side_by_side
from shared.reports.page import Block, Cell, Gallery, Grid, Page, Section
from shared.reports.pictures import picture
from shared.reports.runs import mapping, read_record
from shared.runs.run import SUMMARY, Run

_SHOWN = ("reconstructions.png", "samples-gmm.png")
"""The pictures of each run that stand below each other."""


def comparison_page(runs: Sequence[Run]) -> Page:
    """Return the report of several trainings.

    Raises:
        LisaError: A file of one is damaged.
    """
    by_label = labelled(runs)
    sections = [
        Section("What the trainings came to", [_results(by_label), *_measured(by_label)]),
        Section("How the trainings went", [_curves(by_label)]),
        Section("Their pictures", list(_pictures(by_label))),
        Section("How they were made", list(differences(by_label))),
    ]
    return side_by_side(by_label, TOOL, sections)


def _results(runs: Mapping[str, Run]) -> Block:
    rows: list[list[Cell]] = []
    for label, run in runs.items():
        summary, architecture = read_record(run, SUMMARY), run_architecture(run)
        training = mapping(summary.get("training"))
        rows.append(
            [
                label,
                architecture.method.title,
                architecture.network,
                number(architecture.dim),
                number(mapping(summary.get("valid")).get("mse")),
                number(mapping(summary.get("best")).get("epoch")),
                duration(training.get("seconds")),
            ]
        )
    head = ["run", "method", "network", "code size", "validation MSE a pixel ↓", "best epoch"]
    return Grid("Trainings", [*head, "time"], rows)


def _measured(runs: Mapping[str, Run]) -> Iterator[Block]:
    """Return the distances of samples, for the runs that were evaluated."""
    rows: list[list[Cell]] = []
    for label, run in runs.items():
        record = read_record(run, EVALUATION)
        distance = str(mapping(record.get("extractor")).get("distance"))
        title = DISTANCE_TITLES.get(distance, distance)
        for sampler, found in mapping(record.get("samplers")).items():
            shown = [number(mapping(found).get(key)) for key in (distance, "kid")]
            rows.append([label, sampler, title, *shown])
    if rows:
        yield Grid(
            "Samples against test images", ["run", "sampler", "distance", "value ↓", "KID ↓"], rows
        )


def _curves(runs: Mapping[str, Run]) -> Block:
    title = "The reconstruction loss on what is kept for validation"
    return overlaid(runs, "valid_reconstruction", title, "nats an image")


def _pictures(runs: Mapping[str, Run]) -> Iterator[Block]:
    for name in _SHOWN:
        word = name.removesuffix(".png").replace("-", " by ")
        titles = {label: f"{label}: {word}" for label in runs}
        yield Gallery(
            [
                picture(run.path / name, titles[label], f"A grid of images: {titles[label]}.")
                for label, run in runs.items()
            ]
        )
