from .model import ImageModel as ImageModel
from .networks import NETWORKS as NETWORKS
