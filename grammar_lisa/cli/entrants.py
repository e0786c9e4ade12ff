"""A system of a comparison with what is changed of it, as in lisa+kernel=terms."""

import math
from collections.abc import Sequence

from grammar_lisa.benchmark.latent_bo import Entrant
from grammar_lisa.optimize.config import FIELDS, SearchConfig, system_named
from shared.cli.method_options import set_methods
from shared.common.errors import LisaError
from shared.methods import Method
from shared.methods.registry import METHODS


def entrant_of(text: str, budget: int, batch: int | None) -> Entrant:
    """Read ``lisa``, ``lisa+kernel=both``, ``lisa+method=vae+vae.kl-weight=0.1``.

    Args:
        text: What was asked for.
        budget: The most evaluations of a trial.
        batch: Sentences a batch, unless `text` says otherwise; None for the system's own.

    Raises:
        LisaError: There is no such system or option, or a value does not fit.
    """
    system, *changes = text.split("+")
    config = system_named(system).changed(batch=batch)
    method, untrained, learning = "lisa", False, list[str]()
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            raise LisaError(f"{text}: '{change}' is no option=value")
        if "." in name:
            learning.append(change)
        elif name == "method":
            method = _one_of(text, name, value, tuple(METHODS))
        elif name == "untrained":
            untrained = _one_of(text, name, value, ("yes", "no")) == "yes"
        else:
            config = config.changed(**{name: _read(text, config, name, value)})
    config = config.changed(rounds=math.ceil(budget / config.batch))
    learnt = "-".join([method, *(change.partition(".")[2] for change in learning)])
    return Entrant(text, config, _method(text, method, learning), learnt, untrained)


def _one_of(text: str, name: str, value: str, valid: Sequence[str]) -> str:
    if value not in valid:
        raise LisaError(f"{text}: {name} cannot be '{value}'; valid: {', '.join(valid)}")
    return value


def _method(text: str, name: str, learning: Sequence[str]) -> Method:
    """Return a method with other hyperparameters than its defaults."""
    for change in learning:
        if not change.startswith(f"{name}."):
            raise LisaError(f"{text}: '{change}' is not of {name}, by which the codes are learnt")
    return set_methods(learning, f"{text}:").get(name, METHODS[name]())


def _read(text: str, config: SearchConfig, name: str, value: str) -> object:
    """Return the value of an option of the search, of the type that it has."""
    if name not in FIELDS:
        valid = ", ".join(("method", "METHOD.HYPERPARAMETER", "untrained", *FIELDS))
        raise LisaError(f"{text}: there is no option '{name}'; valid: {valid}")
    kind = type(getattr(config, name))
    try:
        if kind is bool:
            return {"yes": True, "no": False}[value]
        return kind(value)
    except (KeyError, ValueError):
        raise LisaError(
            f"{text}: {name} cannot be '{value}', which is no {kind.__name__}"
        ) from None
