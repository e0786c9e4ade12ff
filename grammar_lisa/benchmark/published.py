"""Figures that others published on the protocols of Kusner's task, to be read beside ours.

They are fit to be compared with figures on the same protocol at the same number of evaluations,
and with nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from grammar_lisa.benchmark.start_sets import PROTOCOLS
from shared.common.errors import LisaError

STATISTICS: Final = ("valid", "average", "best")
"""What is told, as our own tables name it: the fraction decoded, the average below the worst score,
and the best score."""
RETRAINING: Final = "weighted-retraining"
"""The protocol whose runs were published evaluation by evaluation."""

_ROOT_FIVE = "± is the deviation over 10 trials divided by √5"
_KUSNER = f"published on the protocol of Kusner et al. (2017), integer division; {_ROOT_FIVE}"
_COBO = "the table of CoBO"
_TRACES = "official traces, cambridge-mlg/weighted-retraining; ± is the standard error of the mean"
_RUNS: Final = {
    "k_1e-3_r_50": "weighted, retrained every 50",
    "k_1e-3_r_100": "weighted, retrained every 100",
    "k_1e-3_r_1000000": "weighted, never retrained",
    "k_inf_r_50": "not weighted, retrained every 50",
    "k_inf_r_1000000": "plain latent BO",
    "k_1e-1_r_50": "weighted less (k = 0.1), retrained every 50",
}
"""The settings of the traces, as they name them, and what they mean."""


@dataclass(frozen=True)
class Figure:
    """One published number.

    Attributes:
        system: What reached it.
        protocol: A key of `PROTOCOLS`.
        evaluations: After how many.
        statistic: One of `STATISTICS`, the mean over trials.
        value: The number.
        spread: What stands behind ±, which the source explains; None where nothing does.
        source: Where it is from.
        trials: How many; None where that is not told.
        minutes: How long a trial took on their GPU; None where that is not told.
    """

    system: str
    protocol: str
    evaluations: int
    statistic: str
    value: float
    spread: float | None
    source: str
    trials: int | None = None
    minutes: float | None = None


def _kusner(system: str, average: tuple[float, float], valid: tuple[float, float]) -> list[Figure]:
    return [
        Figure(system, "published", 250, statistic, value, spread, _KUSNER, 10)
        for statistic, (value, spread) in (("valid", valid), ("average", average))
    ]


def _cobo(system: str, best: float, minutes: float) -> Figure:
    return Figure(system, "t-lbo", 500, "best", best, None, _COBO, 3, minutes)


def _traced(
    run: str, half: tuple[float, float], full: tuple[float, float], average: tuple[float, float]
) -> list[Figure]:
    shown = ((250, "best", half), (500, "best", full), (250, "average", average))
    return [
        Figure(_RUNS[run], RETRAINING, evaluations, statistic, value, spread, _TRACES, 3)
        for evaluations, statistic, (value, spread) in shown
    ]


FIGURES: Final = (
    *_kusner("GVAE", (3.47, 0.24), (0.99, 0.01)),
    Figure("GVAE, another run", "published", 250, "average", 3.26, 0.20, _KUSNER, 10),
    *_kusner("CVAE", (4.75, 0.25), (0.86, 0.06)),
    *_kusner("GRAE", (3.22, 0.03), (1.00, 0.00)),
    *_kusner("G-GMM-DAE", (3.32, 0.04), (1.00, 0.00)),
    *_kusner("G-LISA", (3.16, 0.21), (1.00, 0.00)),
    _cobo("CoBO", 0.1468, 5.4),
    _cobo("LOL-BO", 0.4624, 11.3),
    _cobo("LS-BO", 0.5533, 1621.0),
    _cobo("W-LBO", 0.5848, 11.1),
    _cobo("TuRBO-L", 0.7725, 338.0),
    *_traced("k_1e-3_r_50", (0.480, 0.087), (0.480, 0.087), (2.03, 0.28)),
    *_traced("k_1e-3_r_100", (0.681, 0.149), (0.681, 0.149), (2.57, 0.12)),
    *_traced("k_1e-3_r_1000000", (0.672, 0.145), (0.672, 0.145), (2.75, 0.08)),
    *_traced("k_inf_r_50", (0.763, 0.026), (0.763, 0.026), (3.70, 0.39)),
    *_traced("k_inf_r_1000000", (1.520, 0.379), (1.184, 0.200), (3.72, 0.23)),
)
"""All of them. What is said of T-LBO on `t-lbo` elsewhere, 0.088, has no source that was found."""


def published_rows(protocol: str) -> list[dict[str, Any]]:
    """Return the published rows of a protocol, with the names that rows of our own tables have.

    Args:
        protocol: A key of `PROTOCOLS`.

    Returns:
        One for each system and number of `evaluations`, with `trials`, `minutes` and `source`,
        and of each of its statistics the value and, as `_error`, what stands behind ±. None for a
        protocol that nobody published on.

    Raises:
        LisaError: There is no such protocol.
    """
    if protocol not in PROTOCOLS:
        raise LisaError(f"there is no protocol {protocol}; valid are {', '.join(PROTOCOLS)}")
    rows: dict[tuple[str, int], dict[str, Any]] = {}
    for figure in FIGURES:
        if figure.protocol == protocol:
            row = rows.setdefault((figure.system, figure.evaluations), _head(figure))
            row |= {figure.statistic: figure.value, f"{figure.statistic}_error": figure.spread}
    return list(rows.values())


def _head(figure: Figure) -> dict[str, Any]:
    names = ("system", "evaluations", "trials", "minutes", "source")
    return {name: getattr(figure, name) for name in names}
