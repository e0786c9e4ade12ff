"""Reports of runs that people look at: trainings, searches, fits, and several side by side."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
