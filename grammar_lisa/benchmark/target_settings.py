"""What all calls that work on one folder of `grammar-lisa benchmark targets` share."""

from dataclasses import asdict, dataclass, field
from typing import Any

from grammar_lisa.optimize.config import SearchConfig


@dataclass(frozen=True, kw_only=True)
class TargetSettings:
    """How every target is searched.

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
        return asdict(self.search) | own
