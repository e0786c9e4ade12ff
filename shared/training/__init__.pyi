from .trainer import Schedule as Schedule
from .trainer import Trainer as Trainer
from .trainer import Training as Training
from .trainer import launch as launch
from .trainer import load_weights as load_weights

__all__ = [
    "Schedule",
    "Trainer",
    "Training",
    "launch",
    "load_weights",
]
