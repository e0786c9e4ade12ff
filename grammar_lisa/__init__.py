"""Learn a spherical latent space of the sentences of a grammar, and search it."""
