"""What is measured of images and of their codes: distances between image sets, and probes."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
