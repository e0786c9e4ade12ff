import shared.common.errors as _errors

from .data.registry import load_images as load_images
from .evaluation.comparison import compare_images as compare_images
from .models.model import ImageModel as ImageModel
from .models.model import load as load
from .reports.writing import report as report
from .training.train import train as train

LisaError = _errors.LisaError
