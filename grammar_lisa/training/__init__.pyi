from .config import TrainConfig as TrainConfig
from .evaluation import reconstruction as reconstruction
from .experiment import Plan as Plan
from .experiment import make_run as make_run
from .experiment import train_run as train_run

__all__ = [
    "Plan",
    "TrainConfig",
    "make_run",
    "reconstruction",
    "train_run",
]
