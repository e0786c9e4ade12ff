"""Molecules as SMILES: read by RDKit, measured, compared with others, drawn."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
