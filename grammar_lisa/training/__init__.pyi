from .config import TrainConfig as TrainConfig
from .evaluation import reconstruction as reconstruction
from .experiment import Plan as Plan
from .experiment import make_run as make_run
from .experiment import train_run as train_run
