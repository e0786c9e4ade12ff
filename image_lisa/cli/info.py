"""`image-lisa info RUN`."""

from image_lisa.cli.options.info import Options
from image_lisa.cli.runs import read_summary
from image_lisa.models.architecture import run_architecture
from image_lisa.models.names import TOOL
from shared.cli.terminal import Terminal
from shared.methods import method_to_record
from shared.runs.run import SUMMARY


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    folder = options.chosen(TOOL)
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
