"""A training in one call."""

import dataclasses
from pathlib import Path
from typing import Any

from grammar_lisa.models.load import load_model
from grammar_lisa.models.sentence_model import SentenceModel
from grammar_lisa.training.config import TrainConfig
from grammar_lisa.training.experiment import Plan, finish_run, make_run, train_run
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
        settings: Fields of `TrainConfig`, such as ``epochs``, ``dim``, ``data`` or ``seed``.

    Returns:
        The model, with its best weights; its run's folder is ``model.run.path``.

    Raises:
        LisaError: A setting is unknown, the input cannot be served, or the folder is taken.
    """
    config = _config(Path(grammar), settings)
    if isinstance(method, str):
        if method not in METHODS:
            raise LisaError(unknown("method", method, METHODS))
        method = METHODS[method]()
    plan = Plan(config, method)
    stem = f"{config.grammar.stem}-{method.name}"
    path = next_run_path(Path(runs), stem) if name is None else Path(runs) / name
    run, data = make_run(path, plan, overwrite=overwrite, notify=notify)
    train_run(run, data, plan, Callbacks(notify))
    finish_run(run, data, plan, notify)
    for line in run.read_json(SUMMARY)["advice"]:
        notify(line)
    return load_model(run)


def _config(grammar: Path, settings: dict[str, Any]) -> TrainConfig:
    known = [field.name for field in dataclasses.fields(TrainConfig) if field.name != "grammar"]
    for name in settings:
        if name not in known:
            raise LisaError(unknown("setting of a training", name, known))
    if isinstance(settings.get("data"), str):
        settings = settings | {"data": Path(settings["data"])}
    return TrainConfig(grammar=grammar, **settings)
