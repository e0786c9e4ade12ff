"""From a table of data to a formula with constants: losses, fits of constants, rounding."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
