"""From a table of data to a formula with constants: tables, losses, fits of constants, formulas."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
