"""Images to train on, to validate and to measure: from files, or shipped."""

from image_lisa.data.base import Images
from image_lisa.data.registry import DATASETS, load_images

__all__ = ["DATASETS", "Images", "load_images"]
