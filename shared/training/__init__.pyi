from .settings import Training as Training
from .trainer import Trainer as Trainer
from .trainer import launch as launch
from .weights import load_weights as load_weights
