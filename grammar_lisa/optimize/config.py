"""What a search consists of, and the published systems as values of it."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

from shared.common.errors import LisaError
from shared.common.words import unknown

SpaceName = Literal["auto", "sphere", "box"]
KernelName = Literal[
    "direction",
    "structure",
    "terms",
    "both",
    "sentence",
    "all",
]
AcquisitionName = Literal["believer", "thompson", "qlogei", "gradient", "mean", "random"]
Retraining = Literal["none", "weighted", "joint"]

_NAMES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "space": get_args(SpaceName),
        "kernel": get_args(KernelName),
        "acquisition": get_args(AcquisitionName),
        "retraining": get_args(Retraining),
    }
)

_PARTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "both": ("direction", "structure"),
        "sentence": ("structure", "terms"),
        "all": ("direction", "structure", "terms"),
    }
)
"""What the names of several kernels stand for."""

TREES: Final = ("crossover", "mutation")
POINTS: Final = (
    "perturbation",
    "interpolation",
    "uniform",
)
GROUPS: Final = (POINTS, TREES, ("fresh",))
"""Where sentences to score come from: decoded points of the space, trees, the grammar."""
PROPOSALS: Final = tuple(name for group in GROUPS for name in group)

_COUNTS: Final = (
    "rounds",
    "batch",
    "pool",
    "steps",
    "candidates",
    "parents",
    "patience",
    "retrain_every",
)
"""Fields that must be at least 1."""


@dataclass(frozen=True)
class SearchConfig:
    """What a search consists of.

    Attributes:
        rounds: Batches that are scored.
        batch: Sentences a batch.
        space: Where points are proposed: on the sphere, in the box of the training codes, or what
            suits the method that the model was trained by (auto).
        pool: Sentences proposed a round.
        steps: In how many steps these are proposed, each from the best of those before.
        perturbation: The share of the pool that lies around good points.
        interpolation: The share that lies between two good points.
        uniform: The share that is drawn from the whole space.
        crossover: The share that exchanges subtrees of two good derivations.
        mutation: The share that puts a new subtree into a good derivation.
        fresh: The share that is drawn from the grammar.
        most_trees: The largest share of crossover and mutation together. Beside proposals from
            the space it grows up to that with the share of the best sentences that are not what
            their points decode to: what the network did not learn, the space does not hold.
        parents: How many good sentences proposals start from.
        radius: The largest step from a parent: on the sphere an angle in radians, in a box a
            distance, where that of codes from their mean is 1.
        trust_region: Keep proposals within a cap around the best sentence that grows with success
            and shrinks without.
        canonical: Whether sentences are compared by their canonical texts, where the language has
            some and the network can read them, so that what differs in the order of terms alone
            has one point; --no-canonical compares them as they are written.
        kernel: Which likeness the surrogate knows: of directions, of the structure of derivations,
            of the terms of canonical forms (where the language has any), or the sum of the first
            two (both), the last two (sentence) or all.
        fit_points: Scored sentences that the surrogate is fitted to.
        fit_best: The share of these that are the best; the others are drawn from the rest.
        candidates: The most candidates that are weighed against each other.
        acquisition: How a batch is chosen: log expected improvement, one after the other, each as
            if those before it scored what the model expects (the Kriging believer); Thompson
            sampling; joint log expected improvement; its maximum by gradient in the space; the
            best posterior means; or at random, without a surrogate.
        exploit: The share of a batch that is chosen by posterior means alone.
        max_same_form: In the rest of a batch, the most candidates that are weighed of those that
            differ in their constants alone; 0 for any number.
        simplicity: What each rule of a candidate costs in the rest of a batch: so much is taken
            from its log improvement.
        patience: After so many batches without a better sentence the search is stuck.
        by_terms: The share of a batch of a stuck search that is chosen by the posterior means of a
            second surrogate, which knows the likeness of the terms of canonical forms alone, so
            that a constant is changed or a term added.
        retraining: Whether the network is trained further on the way: not at all, on sentences
            weighted by their rank, or jointly with the surrogate.
        retrain_every: How many rounds lie between two trainings.
    """

    rounds: int = 20
    batch: int = 25
    space: SpaceName = "auto"
    pool: int = 15_000
    steps: int = 4
    perturbation: float = 0.44
    interpolation: float = 0.31
    uniform: float = 0.13
    crossover: float = 0.06
    mutation: float = 0.06
    fresh: float = 0.0
    most_trees: float = 0.9
    parents: int = 100
    radius: float = 1.2
    trust_region: bool = False
    canonical: bool = True
    kernel: KernelName = "both"
    fit_points: int = 1000
    fit_best: float = 0.5
    candidates: int = 1000
    acquisition: AcquisitionName = "believer"
    exploit: float = 0.5
    max_same_form: int = 2
    simplicity: float = 0.5
    patience: int = 4
    by_terms: float = 0.25
    retraining: Retraining = "none"
    retrain_every: int = 1

    def __post_init__(self) -> None:
        for name in _COUNTS:
            if getattr(self, name) < 1:
                raise LisaError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.fit_points < 2:
            raise LisaError(f"fit_points must be at least 2, not {self.fit_points}")
        for name in (*PROPOSALS, "most_trees", "fit_best", "exploit", "by_terms"):
            if not 0 <= getattr(self, name) <= 1:
                raise LisaError(f"{name} must be a share from 0 to 1, not {getattr(self, name)}")
        for name in ("max_same_form", "simplicity"):
            if not 0 <= getattr(self, name) < math.inf:
                raise LisaError(f"{name} must be 0 or more, not {getattr(self, name)}")
        if not any(self.shares.values()):
            raise LisaError(f"nothing is proposed: one of {', '.join(PROPOSALS)} must be above 0")
        if not 0 < self.radius <= math.pi:
            raise LisaError(f"radius must be in (0, π], not {self.radius}")
        for name, names in _NAMES.items():
            if getattr(self, name) not in names:
                valid = ", ".join(names)
                raise LisaError(f"{name} must be one of {valid}, not {getattr(self, name)!r}")
        if self.acquisition == "gradient" and self.kernel != "direction":
            raise LisaError("gradient needs points alone: choose the kernel direction with it")

    @property
    def shares(self) -> dict[str, float]:
        """The shares of the kinds of proposals, by name."""
        return {name: getattr(self, name) for name in PROPOSALS}

    @property
    def budget(self) -> int:
        """The most evaluations."""
        return self.rounds * self.batch

    @property
    def decodes(self) -> bool:
        """Whether any proposal is decoded from a point of the space."""
        return any(self.shares[name] > 0 for name in POINTS)

    @property
    def proposal_shares(self) -> dict[tuple[str, ...], float]:
        """The share of each of `GROUPS`, of what is proposed in all."""
        whole = sum(self.shares.values())
        return {names: sum(self.shares[name] for name in names) / whole for names in GROUPS}

    @property
    def trees_grow(self) -> bool:
        """Whether the share of trees depends on what the network can decode to."""
        return self.decodes and 0 < self.proposal_shares[TREES] < self.most_trees

    @property
    def sees_outputs(self) -> bool:
        """Whether outputs are looked at, where they are known."""
        return self.acquisition != "gradient"

    @property
    def kernels(self) -> tuple[str, ...]:
        """The kernels that the surrogate of the scores adds up."""
        return _PARTS.get(self.kernel, (self.kernel,))

    def describe(self) -> str:
        """Say in one line what the search consists of."""
        kinds = ", ".join(f"{name} {share:g}" for name, share in self.shares.items() if share)
        if self.trees_grow:
            kinds += f" (trees up to {self.most_trees:g})"
        kernel = f"kernel on {', '.join(self.kernels)}"
        model = "no surrogate" if self.acquisition == "random" else kernel
        return f"proposals {kinds}; {model}; {self.acquisition}; batches of {self.batch}"

    def changed(self, **fields: object) -> "SearchConfig":
        """Return the configuration with other values; None leaves a value as it is.

        Raises:
            LisaError: A field is unknown, or a value makes no sense.
        """
        known = [each.name for each in dataclasses.fields(self)]
        for name in fields:
            if name not in known:
                raise LisaError(unknown("setting of a search", name, known))
        given = {name: value for name, value in fields.items() if value is not None}
        return replace(self, **given)  # type: ignore[arg-type]


_TREES: Final = SearchConfig(
    perturbation=0.0,
    interpolation=0.0,
    uniform=0.0,
    crossover=0.5,
    mutation=0.5,
    kernel="structure",
)
_LOCAL: Final = SearchConfig(
    rounds=10,
    batch=50,
    space="box",
    pool=20_000,
    perturbation=1.0,
    interpolation=0.0,
    uniform=0.0,
    crossover=0.0,
    mutation=0.0,
    steps=1,
    canonical=False,
    kernel="direction",
    acquisition="thompson",
    exploit=0.0,
    max_same_form=0,
    simplicity=0.0,
    by_terms=0.0,
    trust_region=True,
)

SYSTEMS: Final[Mapping[str, SearchConfig]] = MappingProxyType(
    {
        "lisa": SearchConfig(),
        "latent": SearchConfig(crossover=0.0, mutation=0.0),
        "lsbo": replace(
            _LOCAL, perturbation=0.0, uniform=1.0, trust_region=False, acquisition="gradient"
        ),
        "turbo": _LOCAL,
        "weighted-retraining": replace(
            _LOCAL, perturbation=0.5, uniform=0.5, trust_region=False, retraining="weighted"
        ),
        "lol-bo": replace(_LOCAL, retraining="joint"),
        "evolution": replace(_TREES, steps=1, acquisition="random"),
        "structure": _TREES,
        "random-space": replace(
            _LOCAL,
            perturbation=0.0,
            uniform=1.0,
            trust_region=False,
            space="auto",
            acquisition="random",
        ),
        "random-grammar": replace(
            _TREES, crossover=0.0, mutation=0.0, fresh=1.0, steps=1, acquisition="random"
        ),
    }
)
"""By name: ours, ours by decoded points alone, the published ones, what they are compared with."""

FIELDS: Final = tuple(each.name for each in dataclasses.fields(SearchConfig))


def system_named(name: str) -> SearchConfig:
    """Return what a system consists of.

    Raises:
        LisaError: There is no such system.
    """
    if name not in SYSTEMS:
        raise LisaError(unknown("system", name, SYSTEMS))
    return SYSTEMS[name]


def title_of(system: str, config: SearchConfig) -> str:
    """Return the name of a system, with what was changed of it; the budget aside."""
    named = system_named(system)
    changed = [
        f"{name} {getattr(config, name)}"
        for name in FIELDS
        if name not in ("rounds", "batch") and getattr(config, name) != getattr(named, name)
    ]
    return f"{system} with {', '.join(changed)}" if changed else system


@dataclass(frozen=True, kw_only=True)
class TrialSettings:
    """What the trials of a search share.

    Attributes:
        search: What each search consists of.
        n_initial: Training sentences whose scores a trial begins from.
        black_box: Let searches see scores alone, not the outputs of expressions.
        seed: Of everything random.
    """

    search: SearchConfig = field(default_factory=SearchConfig)
    n_initial: int = 1000
    black_box: bool = False
    seed: int = 0

    def record(self) -> dict[str, Any]:
        """Return what all calls on a folder must agree in."""
        own = {name: getattr(self, name) for name in ("n_initial", "black_box", "seed")}
        return dataclasses.asdict(self.search) | own
