"""From the folders of runs to the file of their report, whichever tool made them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from shared.reports.benchmark_page import benchmark_page, opened_benchmark
from shared.reports.page import Page
from shared.reports.rendering import explaining_damage, report_path, write_page
from shared.runs.files import make_folder


def write_report(
    paths: Sequence[Path],
    out: Path | str | None,
    tool: str,
    page_of: Callable[[Sequence[Path]], Page],
) -> Path:
    """Write the report of one run or of several; return the file.

    Args:
        paths: The folders of the runs, or the one of a benchmark.
        out: The file; None for the one that `report_path` names.
        tool: What made them.
        page_of: Makes the page of runs that are no benchmark.

    Raises:
        LisaError: A folder is no run, a file of one is damaged, or the report cannot be written.
    """
    place = report_path(paths, out)
    with explaining_damage(paths):
        benchmark = opened_benchmark(paths[0], tool) if len(paths) == 1 else None
        page = page_of(paths) if benchmark is None else benchmark_page(benchmark)
    make_folder(place.parent)
    return write_page(place, page)
