from .base import Images as Images
from .registry import DATASETS as DATASETS
from .registry import load_images as load_images
