"""Sentences of a grammar as leftmost rule sequences: writing, reading and drawing them."""
