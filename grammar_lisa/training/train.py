"""A training in one call."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from grammar_lisa.models.load import load_model
from grammar_lisa.models.sentence_model import SentenceModel
from grammar_lisa.training.config import TrainConfig
from grammar_lisa.training.experiment import SENTENCES, Plan, finish_run, make_run, train_run
from shared.common.callbacks import Callbacks, Notify, silent
from shared.common.errors import LisaError
from shared.common.words import unknown
from shared.methods import Method
from shared.methods.registry import METHODS
from shared.runs.run import SUMMARY, next_run_path


def train(
    grammar: Path | str,
    method: str | Method = "lisa",
    *,
    runs: Path | str = "runs",
    name: str | None = None,
    overwrite: bool = False,
    notify: Notify = silent,
    **settings: Any,
) -> SentenceModel:
    """Train an autoencoder of the sentences of a grammar, as `grammar-lisa train` does.

    >>> import grammar_lisa as gl
    >>> model = gl.train("grammars/expr.cfg", method="lisa", epochs=10)
    >>> model.decode(model.encode(["x+1", "sin(x*x)"]))
    ['x+1', 'sin(x*x)']

    Args:
        grammar: The file of the grammar.
        method: How codes are learnt: a name of `shared.METHODS`, or a method with hyperparameters
            of its own.
        runs: The folder that runs are kept in.
        name: The run's folder in there; by default a new one, GRAMMAR-METHOD-001 and so on.
        overwrite: Whether a run of that name is replaced.
        notify: Hears what was found, left out and fitted, and what to change where sentences do
            not come back.
        settings: Fields of `TrainConfig`, such as ``epochs``, ``dim``, ``data`` or ``seed``; data
            may also be the sentences themselves.

    Returns:
        The model, with its best weights; its run's folder is ``model.run.path``.

    Raises:
        LisaError: A setting is unknown, the input cannot be served, or the folder is taken.
    """
    if isinstance(method, str):
        if method not in METHODS:
            raise LisaError(unknown("method", method, METHODS))
        method = METHODS[method]()
    stem = f"{Path(grammar).stem}-{method.name}"
    path = next_run_path(Path(runs), stem) if name is None else Path(runs) / name
    sentences = _sentences(settings.get("data"))
    if sentences is not None:
        if settings.get("column") is not None:
            raise LisaError("column is that of a table; data are the sentences themselves here")
        settings = settings | {"data": path / SENTENCES}
    plan = Plan(_config(Path(grammar), settings), method)
    run, data = make_run(path, plan, overwrite=overwrite, notify=notify, sentences=sentences)
    train_run(run, data, plan, Callbacks(notify))
    finish_run(run, data, plan, notify)
    for line in run.read_json(SUMMARY)["advice"]:
        notify(line)
    return load_model(run)


def _sentences(data: object) -> tuple[str, ...] | None:
    """Return sentences that are given themselves; None of a file, and where there are no data.

    Raises:
        LisaError: Something that is given is no sentence.
    """
    if data is None or isinstance(data, str | Path):
        return None
    if not isinstance(data, Iterable):
        raise LisaError(f"data must be a file or sentences, not {data!r}")
    found = tuple(data)
    for place, text in enumerate(found):
        if not isinstance(text, str):
            raise LisaError(f"data must be a file or sentences; data[{place}] is {text!r}")
    return found


def _config(grammar: Path, settings: dict[str, Any]) -> TrainConfig:
    known = [field.name for field in dataclasses.fields(TrainConfig) if field.name != "grammar"]
    for name in settings:
        if name not in known:
            raise LisaError(unknown("setting of a training", name, known))
    if isinstance(settings.get("data"), str):
        settings = settings | {"data": Path(settings["data"])}
    return TrainConfig(grammar=grammar, **settings)
