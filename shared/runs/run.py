"""The run folder: everything one training left behind, and nothing that could run code."""

import csv
import io
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.common.errors import LisaError
from shared.runs.files import make_folder, read_json, write_atomically, write_json
from shared.runs.locks import working_in

if TYPE_CHECKING:
    from torch import Tensor

_HINTS = {
    tool: f"; open it with {tool}, in Python with {tool.replace('-', '_')}.load"
    for tool in ("grammar-lisa", "image-lisa")
}

FORMAT = 1
"""The number of the folder's layout; a run of another layout is refused."""

CONFIG, METRICS, SUMMARY = "config.json", "metrics.csv", "summary.json"
MODEL, CHECKPOINT = "model.safetensors", "checkpoint.safetensors"
BEST = "best.safetensors"


@dataclass(frozen=True)
class Run:
    """A folder `runs/<name>/` with its configuration, weights, metrics and results.

    Attributes:
        path: The folder.
        config: What `config.json` holds: tool, format, version and the resolved options.
    """

    path: Path
    config: Mapping[str, Any]

    @property
    def finished(self) -> bool:
        """Whether the training ran to its end."""
        return (self.path / MODEL).is_file()

    def write_json(self, name: str, value: Any) -> None:
        """Write a JSON file of the run, atomically."""
        write_json(self.path / name, value)

    def read_json(self, name: str) -> Any:
        """Read a JSON file of the run; raises `LisaError` if it is missing or damaged."""
        return read_json(self.path / name)

    def write_text(self, name: str, text: str) -> None:
        """Write a text file of the run, atomically."""
        write_atomically(self.path / name, text.encode())

    def write_tensors(
        self, name: str, tensors: "Mapping[str, Tensor]", meta: Mapping[str, Any]
    ) -> None:
        """Write a safetensors file of the run with a JSON record, atomically."""
        from shared.runs.tensors import write_tensors

        write_tensors(self.path / name, tensors, meta)

    def read_tensors(self, name: str) -> "tuple[dict[str, Tensor], dict[str, Any]]":
        """Read a safetensors file of the run; raises `LisaError` if it was damaged or changed."""
        from shared.runs.tensors import read_tensors

        return read_tensors(self.path / name)

    def write_metrics(self, rows: Sequence[Mapping[str, float]]) -> None:
        """Write all rows of `metrics.csv`; a column that a row lacks is left empty."""
        columns = list(dict.fromkeys(name for row in rows for name in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        self.write_text(METRICS, text.getvalue())

    def read_metrics(self) -> list[dict[str, float]]:
        """Return the rows of `metrics.csv`, or none if nothing was logged yet.

        Raises:
            LisaError: The file is damaged.
        """
        path = self.path / METRICS
        if not path.is_file():
            return []
        try:
            with path.open(encoding="utf-8", newline="") as file:
                return [
                    {name: float(value) for name, value in row.items() if value}
                    for row in csv.DictReader(file)
                ]
        except (OSError, ValueError, TypeError, csv.Error) as error:
            raise LisaError(f"{path} is no table of metrics: {error}") from error


def create_run(path: Path, config: Mapping[str, Any], *, overwrite: bool = False) -> Run:
    """Make a new run folder and write its configuration.

    Args:
        path: The folder, which must not hold a run yet.
        config: JSON values; `format` is added.
        overwrite: Whether a run that is there may be replaced.

    Raises:
        LisaError: The folder is taken, another process trains in it, or it cannot be written.
    """
    with beginning_run(path, config, overwrite=overwrite) as run:
        return run


def _never() -> bool:
    return False


@contextmanager
def beginning_run(
    path: Path,
    config: Mapping[str, Any],
    *,
    overwrite: bool = False,
    keeps: Callable[[], bool] = _never,
) -> Iterator[Run]:
    """Make a new run folder, and keep other processes out of it meanwhile.

    Where the block fails the folder is taken away, and a run that it replaced comes back.

    Args:
        path: The folder, which must not hold a run yet.
        config: JSON values; `format` is added.
        overwrite: Whether a run that is there may be replaced.
        keeps: Tells of a block that failed whether its folder stays all the same.

    Raises:
        LisaError: The folder is taken, another process works in it, or it cannot be written.
    """
    if path.exists() and not path.is_dir():
        raise LisaError(f"{path} is a file; name a folder for the run")
    if path.is_dir() and not all(_left_unfinished(other) for other in path.iterdir()):
        if not _holds_run(path, config.get("tool")):
            raise LisaError(
                f"{path} holds other files and no run of {config.get('tool')}; name another folder"
            )
        if not overwrite:
            raise LisaError(
                f"{path} holds a run already; go on with it with --resume, replace it with "
                "--overwrite, or choose another --name"
            )
    run = Run(path, {"format": FORMAT, **config})
    make_folder(path.parent)
    with working_in(path), _replacing(path, keeps):
        run.write_json(CONFIG, run.config)
        yield run


@contextmanager
def _replacing(path: Path, keeps: Callable[[], bool]) -> Iterator[None]:
    """Make an empty folder to fill; one that was there comes back if that fails."""
    before = path.with_name(f".{path.name}.replaced")
    try:
        if path.is_dir():
            shutil.rmtree(before, ignore_errors=True)
            path.rename(before)
    except OSError as error:
        raise LisaError(f"cannot replace {path}: {error.strerror or error}") from error
    make_folder(path)
    try:
        yield
    except BaseException:
        if not keeps():
            shutil.rmtree(path, ignore_errors=True)
            if before.is_dir():
                before.rename(path)
        raise
    finally:
        shutil.rmtree(before, ignore_errors=True)


def open_run(path: Path, tool: str) -> Run:
    """Open a run folder that `tool` made.

    Raises:
        LisaError: It is no run, of another tool, or of another format.
    """
    if not path.is_dir():
        raise LisaError(f"there is no run at {path}: {_runs_beside(path, tool)}")
    if not (path / CONFIG).is_file():
        raise LisaError(f"{path} is no run: it has no {CONFIG}")
    config = read_json(path / CONFIG)
    if not isinstance(config, dict) or "format" not in config:
        raise LisaError(f"{path / CONFIG} does not describe a run: it names no format")
    if config.get("tool") != tool:
        made_by = config.get("tool")
        hint = "" if tool.startswith(str(made_by)) else _HINTS.get(str(made_by), "")
        raise LisaError(f"{path} is a run of {made_by}, not of {tool}{hint}")
    if config["format"] != FORMAT:
        raise LisaError(
            f"{path} is a run of format {config['format']}, written by version "
            f"{config.get('version')}; this version reads format {FORMAT}. Train again, or "
            "install that version"
        )
    return Run(path, config)


def read_model(run: Run, name: str, model: Mapping[str, Any]) -> "dict[str, Tensor]":
    """Return the weights in a file of a finished run.

    Args:
        run: The run.
        name: Of the file.
        model: What the run's configuration says the weights belong to.

    Raises:
        LisaError: The training did not finish, the file is damaged, or it was written for
            another model than the configuration describes.
    """
    if not run.finished:
        raise LisaError(
            f"the training in {run.path} is not finished; go on with it: "
            f"{run.config.get('tool')} train --resume {run.path}"
        )
    weights, record = run.read_tensors(name)
    if record.get("model") != model:
        raise LisaError(
            f"{run.path / CONFIG} was changed since the training: it describes {model}, "
            f"but {name} holds {record.get('model')}; restore it"
        )
    return weights


def list_runs(root: Path, tool: str) -> list[Path]:
    """Return the folders below `root` that hold runs of `tool`, oldest first."""
    found = []
    for config in root.glob(f"*/{CONFIG}"):
        try:
            record = read_json(config)
        except LisaError:
            continue
        if isinstance(record, dict) and record.get("tool") == tool:
            found.append((str(record.get("created", "")), config.parent))
    return [path for _, path in sorted(found)]


def newest_run(root: Path, tool: str) -> Run:
    """Return the run of `tool` below `root` that finished training and was made last.

    Raises:
        LisaError: There is none.
    """
    finished = [path for path in list_runs(root, tool) if (path / MODEL).is_file()]
    if not finished:
        raise LisaError(
            f"there is no finished run in {root}/; train one with '{tool} train', or name another"
        )
    return open_run(finished[-1], tool)


def next_run_path(root: Path, stem: str) -> Path:
    """Return the first folder `root/stem-NNN` that does not exist."""
    number = 1
    while (root / f"{stem}-{number:03d}").exists():
        number += 1
    return root / f"{stem}-{number:03d}"


def _left_unfinished(path: Path) -> bool:
    """Tell whether a file is what a process left that was killed as it began a run."""
    return path.name.startswith(f".{CONFIG}.")


def _holds_run(path: Path, tool: object) -> bool:
    """Tell whether a folder is a run of `tool`, and so may be replaced by another."""
    try:
        record = read_json(path / CONFIG)
    except LisaError:
        return False
    return isinstance(record, dict) and "format" in record and record.get("tool") == tool


def _runs_beside(path: Path, tool: str) -> str:
    names = [str(other) for other in list_runs(path.parent, tool)]
    if not names:
        return f"{path.parent}/ holds no runs of {tool}"
    return f"{path.parent}/ holds {', '.join(names)}"
