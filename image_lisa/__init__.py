"""Autoencoders of images on the spherical core.

>>> import image_lisa as il
>>> images = il.load("runs/digits").sample(64, sampler="gmm")  # [64, 1, 8, 8], in [0, 1]
"""

from importlib import import_module
from pathlib import Path

import lazy_loader

import shared

if Path(__file__).resolve().parent.with_name("shared") not in [
    Path(place).resolve() for place in shared.__path__
]:
    raise ImportError(
        f"the package 'shared' at {list(shared.__path__)} hides the one that lisa-toolkit "
        "installs; rename that folder, or start Python elsewhere"
    )

__getattr__, _names, _offered = lazy_loader.attach_stub(__name__, __file__)
LisaError = import_module("shared.common.errors").LisaError
__all__ = sorted([*_offered, "LisaError"])


def __dir__() -> list[str]:
    return sorted([*_names(), "LisaError"])
