"""A run, or several, as a report: what they are, and where the report goes."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from grammar_lisa.models.names import FIT_TOOL, SEARCH_TOOL, TOOL
from grammar_lisa.reports.comparison import comparison_page
from grammar_lisa.reports.fit_page import fit_page
from grammar_lisa.reports.search_page import search_page
from grammar_lisa.reports.training_page import training_page
from shared.reports.page import Page
from shared.reports.writing import write_report
from shared.runs.files import read_json
from shared.runs.run import CONFIG, Run, open_run

PAGES: Mapping[str, Callable[[Run], Page]] = {
    TOOL: training_page,
    SEARCH_TOOL: search_page,
    FIT_TOOL: fit_page,
}
"""The reports of runs, by what made them."""


def report(run: Path | str, *others: Path | str, out: Path | str | None = None) -> Path:
    """Write the report of a run as one HTML file, as `grammar-lisa report` does.

    >>> import grammar_lisa as gl
    >>> gl.report("runs/demo")
    PosixPath('runs/demo/report.html')

    Args:
        run: The folder of a training, a search, a fit or a benchmark.
        others: Further runs: the report then lays all side by side.
        out: The file; by default `report.html` in the folder of the run, and `comparison.html`
            for several.

    Returns:
        The file.

    Raises:
        LisaError: A folder is no run, a file of one is damaged, or the report cannot be written.
    """
    return write_report([Path(run), *map(Path, others)], out, TOOL, _page)


def _page(paths: Sequence[Path]) -> Page:
    runs = [open_run_of_any_kind(path) for path in paths]
    return comparison_page(runs) if len(runs) > 1 else PAGES[str(runs[0].config["tool"])](runs[0])


def open_run_of_any_kind(path: Path) -> Run:
    """Open a folder that a training, a search or a fit left.

    Raises:
        LisaError: It is none.
    """
    config = read_json(path / CONFIG) if (path / CONFIG).is_file() else None
    tool = str(config.get("tool")) if isinstance(config, dict) else ""
    return open_run(path, tool if tool in PAGES else TOOL)
