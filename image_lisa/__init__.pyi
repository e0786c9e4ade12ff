from .data.registry import load_images as load_images
from .models.model import ImageModel as ImageModel
from .models.model import load as load
from .reports.writing import report as report
