"""`image-lisa report RUN`."""

from image_lisa.cli.options.report import Options
from image_lisa.models.names import TOOL
from image_lisa.reports.writing import report
from shared.cli.terminal import Terminal


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    path = report(*options.chosen_paths(TOOL), out=options.out)
    terminal.print(f"{path}: open it in a browser")
    terminal.result(report=str(path), bytes=path.stat().st_size)
