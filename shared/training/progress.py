"""Where a training is."""

from dataclasses import dataclass

from shared.common.callbacks import MetricsRow


@dataclass
class TrainingState:
    """Where a training is: what a checkpoint records beside weights and optimiser.

    Attributes:
        step: Steps done.
        sums: Of each loss term since the epoch began.
        counted: The steps in `sums`.
        rows: One row of metrics for each validation.
        seconds: Time spent in earlier processes and this one.
        best: The least validation loss so far; None before the first validation.
        best_epoch: The epoch that had it.
    """

    step: int
    sums: dict[str, float]
    counted: int
    rows: list[MetricsRow]
    seconds: float
    best: float | None = None
    best_epoch: int = 0

    def is_stale(self, epochs: int) -> bool:
        """Tell whether the validation loss has not fallen for so many epochs; never for 0."""
        last = self.rows[-1]["epoch"] if self.rows else 0
        return 0 < epochs <= last - self.best_epoch
