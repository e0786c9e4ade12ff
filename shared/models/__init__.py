"""What models of sentences and of images have in common: codes, directions, paths, samplers."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
