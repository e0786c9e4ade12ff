"""A small autoencoder of plain vectors, with all that makes an exact resume hard."""

import torch
from torch import nn

from shared.methods.autoencoder import Autoencoder

INPUTS = 6


class Vectors(Autoencoder):
    """Batch norm keeps buffers and drop-out draws; `plain` does without both."""

    input_shape = (INPUTS,)
    outputs = INPUTS

    def __init__(self, dim=3, width=3, seed=0, plain=False):
        super().__init__()
        self.dim = dim
        noise = [] if plain else [nn.BatchNorm1d(8), nn.Dropout(0.2)]
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            self.encoder = nn.Sequential(nn.Linear(INPUTS, 8), *noise, nn.ReLU())
            self.to_code = nn.Linear(8, width)
            self.decoder = nn.Sequential(nn.Linear(dim, 8), nn.ReLU(), nn.Linear(8, INPUTS))

    def encode(self, x):
        return self.to_code(self.encoder(x))

    def decode(self, u):
        return self.decoder(u)

    def decoder_parameters(self):
        return self.decoder.parameters()

    def reconstruction_loss(self, x, decoded):
        return 0.5 * (x - decoded).square().sum(1)


def vectors(n, seed=0):
    return torch.rand(n, INPUTS, generator=torch.Generator().manual_seed(seed))
