"""The sphere at hand: trained latent spaces of skeletons, and the candidates that they give."""
