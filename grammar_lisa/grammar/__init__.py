"""Context-free grammars and their derivations: read, lint, count, sample, parse, write."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
