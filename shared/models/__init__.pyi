from .architecture import LatentArchitecture as LatentArchitecture
from .latent_model import LatentModel as LatentModel
