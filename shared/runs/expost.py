"""What a run keeps for sampling ex post: the training codes and the samplers fitted to them."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch

from shared.common.callbacks import Notify, silent
from shared.common.errors import LisaError
from shared.common.words import unknown
from shared.methods import Codes, Method, fit_sampler, sampler_names
from shared.methods.autoencoder import Autoencoder
from shared.runs.run import Run
from shared.samplers import Sampler, sampler_from_state

CODES, SAMPLERS = "codes.safetensors", "samplers.safetensors"


def fit_samplers(
    method: Method,
    net: Autoencoder,
    codes: Codes,
    seed: int,
    *,
    names: Iterable[str] | None = None,
    notify: Notify = silent,
) -> dict[str, Sampler]:
    """Fit samplers to training codes.

    Args:
        method: Whose codes they are.
        net: The trained net.
        codes: Of training data alone.
        seed: Of the fits.
        names: Which to fit; by default all that the method can have.
        notify: Hears what is being fitted, and what the fit had to do beyond fitting.

    Returns:
        The samplers by name.

    Raises:
        LisaError: The method has no sampler of such a name.
    """
    fitted: dict[str, Sampler] = {}
    for name in names or sampler_names(method):
        notify(f"fitting the sampler {name}")
        fitted[name] = fit_sampler(method, name, net, codes, seed)
        for note in fitted[name].notes:
            notify(f"{name}: {note}")
    return fitted


def save_samplers(run: Run, samplers: Mapping[str, Sampler]) -> None:
    """Keep fitted samplers in a run."""
    tensors = {
        f"{name}.{key}": torch.from_numpy(value.copy())
        for name, sampler in samplers.items()
        for key, value in sampler.state().items()
    }
    run.write_tensors(SAMPLERS, tensors, {"names": list(samplers)})


def load_samplers(run: Run) -> dict[str, Sampler]:
    """Return the fitted samplers of a finished run, by name.

    Raises:
        LisaError: The file is missing, damaged, or holds something else.
    """
    tensors, record = run.read_tensors(SAMPLERS)
    names = record.get("names")
    if not isinstance(names, list):
        raise LisaError(f"{run.path / SAMPLERS} names no samplers; restore it or train again")
    states: dict[str, dict[str, Any]] = {name: {} for name in names}
    for key, value in tensors.items():
        name, _, rest = key.partition(".")
        if name not in states:
            raise LisaError(f"{run.path / SAMPLERS} holds an array of no sampler: {key}")
        states[name][rest] = value.numpy()
    return {name: sampler_from_state(state) for name, state in states.items()}


def load_sampler(run: Run, name: str) -> Sampler:
    """Return the fitted sampler of that name of a finished run.

    Raises:
        LisaError: There is none, naming those that there are, or the file is unfit.
    """
    samplers = load_samplers(run)
    if name not in samplers:
        raise LisaError(f"{run.path}: {unknown('sampler', name, samplers)}")
    return samplers[name]


def save_codes(run: Run, codes: Codes) -> None:
    """Keep the codes of the training data in a run."""
    tensors = {"mean": torch.from_numpy(codes.mean)}
    if codes.posterior_std is not None:
        tensors["spread"] = torch.from_numpy(codes.posterior_std)
    run.write_tensors(CODES, tensors, {})


def load_codes(run: Run) -> Codes:
    """Return the codes of the training data that a finished run keeps.

    Raises:
        LisaError: The file is missing or damaged.
    """
    tensors, _ = run.read_tensors(CODES)
    if "mean" not in tensors:
        raise LisaError(f"{run.path / CODES} holds no codes; train again")
    spread = tensors.get("spread")
    return Codes(tensors["mean"].numpy(), None if spread is None else spread.numpy())
