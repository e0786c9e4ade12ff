"""A run, or several, as a report: what they are, and where the report goes."""

from collections.abc import Sequence
from pathlib import Path

from image_lisa.models.names import TOOL
from image_lisa.reports.run_comparison import comparison_page
from image_lisa.reports.run_page import run_page
from shared.reports.page import Page
from shared.reports.writing import write_report
from shared.runs.run import open_run


def report(run: Path | str, *others: Path | str, out: Path | str | None = None) -> Path:
    """Write the report of a run as one HTML file, as `image-lisa report` does.

    >>> import image_lisa as il
    >>> il.report("runs/digits")
    PosixPath('runs/digits/report.html')

    Args:
        run: The folder of a training, or of a benchmark.
        others: Further trainings: the report then lays all side by side.
        out: The file; by default `report.html` in the folder of the run, and `comparison.html`
            for several.

    Returns:
        The file.

    Raises:
        LisaError: A folder is no run, a file of one is damaged, or the report cannot be written.
    """
    return write_report([Path(run), *map(Path, others)], out, TOOL, _page)


def _page(paths: Sequence[Path]) -> Page:
    runs = [open_run(path, TOOL) for path in paths]
    return comparison_page(runs) if len(runs) > 1 else run_page(runs[0])
