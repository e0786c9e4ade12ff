from .constants import Fit as Fit
from .constants import fit_constants as fit_constants
from .constants import polish as polish
from .losses import LOSSES as LOSSES
from .losses import Loss as Loss
from .rounding import Rounded as Rounded
from .rounding import simplify_constants as simplify_constants
from .user_loss import user_loss as user_loss

__all__ = [
    "LOSSES",
    "Fit",
    "Loss",
    "Rounded",
    "fit_constants",
    "polish",
    "simplify_constants",
    "user_loss",
]
