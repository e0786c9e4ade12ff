"""The trackers by name; light to import."""

from typing import Literal

TrackerName = Literal["tensorboard", "mlflow", "wandb"]
"""A tracker: of its package, and of the extra that brings it."""
