"""What may be configured, and what is refused."""

import dataclasses
import math

import pytest

from grammar_lisa.optimize import SYSTEMS, SearchConfig
from grammar_lisa.optimize.acquisition import ACQUISITIONS
from grammar_lisa.optimize.config import FIELDS, PROPOSALS
from shared.common.errors import LisaError

COUNTS = (
    *("rounds", "batch", "pool", "steps", "candidates", "parents", "patience", "retrain_every"),
)
SHARES = (*PROPOSALS, "fit_best", "exploit", "by_terms")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in COUNTS for value in (0, -3)),
        *(("fit_points", value) for value in (1, 0, -1)),
        *((name, value) for name in SHARES for value in (-0.1, 1.1, math.nan, math.inf)),
        *(("radius", value) for value in (0, -1, 3.2, math.nan, math.inf)),
        *(
            (name, value)
            for name in ("max_same_form", "simplicity")
            for value in (-1, math.nan, math.inf)
        ),
    ],
)
def test_values_out_of_range_are_refused(name, value):
    with pytest.raises(LisaError, match=rf"{name} must be .*, not {value}"):
        SearchConfig(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, 1) for name in COUNTS),
        ("fit_points", 2),
        *((name, value) for name in SHARES for value in (0, 1)),
        *(("radius", value) for value in (1e-6, math.pi)),
    ],
)
def test_values_at_the_ends_of_the_range_are_taken(name, value):
    assert getattr(SearchConfig(**{name: value}), name) == value


def test_something_must_be_proposed():
    with pytest.raises(
        LisaError, match="nothing is proposed: one of perturbation, interpolation, uniform"
    ):
        SearchConfig(**dict.fromkeys(PROPOSALS, 0.0))


@pytest.mark.parametrize("name", ["space", "kernel", "acquisition", "retraining"])
def test_names_that_there_are_not_are_refused(name):
    with pytest.raises(LisaError, match=rf"{name} must be one of .*, not 'unheard-of'"):
        SearchConfig(**{name: "unheard-of"})


@pytest.mark.parametrize("kernel", ["structure", "both", "terms"])
def test_a_gradient_needs_a_kernel_of_points_alone(kernel):
    with pytest.raises(LisaError, match=r"gradient .* kernel direction"):
        SearchConfig(acquisition="gradient", kernel=kernel)
    assert SearchConfig(acquisition="gradient", kernel="direction").kernel == "direction"


def test_values_cannot_be_changed_afterwards():
    with pytest.raises(dataclasses.FrozenInstanceError):
        SearchConfig().rounds = 3
    with pytest.raises(TypeError):
        SYSTEMS["mine"] = SearchConfig()


def test_changed_leaves_what_is_not_given():
    config = SearchConfig().changed(rounds=3, batch=None, radius=0.5)
    assert (config.rounds, config.batch, config.radius) == (3, 25, 0.5)
    assert config.changed() == config
    with pytest.raises(LisaError, match="rounds must be at least 1"):
        config.changed(rounds=0)


@pytest.mark.parametrize("name", SYSTEMS)
def test_systems_are_configurations_that_say_what_they_are(name):
    config = SYSTEMS[name]
    assert dataclasses.replace(config) == config
    assert set(config.shares) == set(PROPOSALS)
    said = config.describe()
    for kind, share in config.shares.items():
        assert (f"{kind} {share:g}" in said) == (share > 0)
    assert config.acquisition in said
    assert ("no surrogate" in said) == (config.acquisition == "random")
    assert f"batches of {config.batch}" in said
    assert config.acquisition in {*ACQUISITIONS, "gradient", "random"}
    assert config.decodes == (name not in {"evolution", "structure", "random-grammar"})


def test_systems_differ():
    assert len(set(SYSTEMS.values())) == len(SYSTEMS)
    assert SYSTEMS["lisa"] == SearchConfig()


@pytest.mark.parametrize(
    ("name", "kernels"),
    {
        "direction": ("direction",),
        "structure": ("structure",),
        "terms": ("terms",),
        "both": ("direction", "structure"),
        "sentence": ("structure", "terms"),
        "all": ("direction", "structure", "terms"),
    }.items(),
)
def test_a_kernel_says_what_the_surrogate_adds_up(name, kernels):
    config = SearchConfig(kernel=name)
    assert config.kernels == kernels
    assert f"kernel on {', '.join(kernels)};" in config.describe()


def test_fields_are_those_of_the_configuration():
    assert tuple(field.name for field in dataclasses.fields(SearchConfig)) == FIELDS
