"""Reports that people look at: one HTML file each, which needs no network and no other file."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
