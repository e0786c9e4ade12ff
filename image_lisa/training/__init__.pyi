from .experiment import make_run as make_run
from .experiment import train_run as train_run
