"""`image-lisa info RUN`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from image_lisa.cli.runs import read_summary
from image_lisa.models.model import TOOL, run_architecture
from shared.cli.commands import Output, Terminal
from shared.methods import method_to_record
from shared.runs.run import SUMMARY, newest_run, open_run


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Show what a run is and how far it came.

    Attributes:
        run: The folder of the run; by default the newest finished one in --runs.
        runs: The folder that runs are kept in.
    """

    run: Annotated[Path | None, tyro.conf.Positional] = None
    runs: Path = Path("runs")


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    folder = newest_run(options.runs, TOOL) if options.run is None else open_run(options.run, TOOL)
    architecture = run_architecture(folder)
    rows = folder.read_metrics()
    data = folder.config.get("data")
    data = data if isinstance(data, dict) else {}
    hyper = method_to_record(architecture.method)
    del hyper["name"]
    shown = [
        ("run", folder.path),
        ("finished", "yes" if folder.finished else f"no; {TOOL} train --resume {folder.path}"),
        ("version", folder.config.get("version")),
        ("data", f"{data.get('name')}, {data.get('train')} images to train on"),
        ("image", " × ".join(str(side) for side in architecture.shape)),
        ("method", architecture.method.title),
        *((name.replace("_", " "), value) for name, value in hyper.items()),
        ("network", architecture.network),
        ("code size", architecture.dim),
        ("epochs", len(rows)),
    ]
    summary = read_summary(folder) if (folder.path / SUMMARY).is_file() else None
    if summary is not None:
        shown.append(("best epoch", summary["best"]["epoch"]))
        shown.append(("validation MSE a pixel", summary["valid"]["mse"]))
        shown.append(("samplers", ", ".join(summary["samplers"])))
    terminal.table("", ("what", "value"), shown)
    terminal.result(config=dict(folder.config), summary=summary, metrics=rows)
