"""What `grammar-lisa report RUN` takes."""

from dataclasses import dataclass

from shared.cli.option_groups import ReportOptions


@dataclass(frozen=True, kw_only=True)
class Options(ReportOptions):
    """Write what a run is and found as one HTML file, to be opened in any browser.

    A run is the folder of a training, a search (runs/NAME/search-001), a fit or a benchmark. The
    file needs no network and no other file. Several runs are laid side by side.
    """
