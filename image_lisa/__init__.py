"""Autoencoders of images on the spherical core."""
