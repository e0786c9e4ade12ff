"""Many trainings in one folder: comparisons of methods, and choices of hyperparameters."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
