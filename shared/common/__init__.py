"""What every room uses: the one error, named seeds, threads, rows of all processes, small fits."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
