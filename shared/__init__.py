"""What knows neither pixels nor grammars: the sphere, samplers, methods, training, runs.

>>> from shared import METHODS, Gaussian, Projected, project, uniformity_loss
>>> u = project(z)  # unit vectors [n, d]
>>> uniformity_loss(u, t=2.0)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
