"""Sentences of a search made by hand, their reader, and a surrogate: no grammar, no network."""

import numpy as np
import torch

from grammar_lisa.optimize.sentences import Sentences


def sentences(texts, inputs=None, *, hashes=None, skeletons=None, readable=None):
    """Sentences at given inputs, by default at their places in the list; no two equal."""
    count = len(texts)
    own = np.arange(count)
    inputs = own[:, None] if inputs is None else inputs
    return Sentences(
        list(texts),
        np.arange(count, dtype=np.int64)[:, None],
        own if hashes is None else np.array(hashes),
        own if skeletons is None else np.array(skeletons),
        np.ones(count, dtype=bool) if readable is None else np.array(readable),
        torch.as_tensor(np.asarray(inputs, dtype=np.float64)),
        1,
    )


class Column:
    """A surrogate that expects of each input what stands in one of its columns."""

    def __init__(self, column=0):
        self.column = column

    def value(self, inputs):
        return inputs[:, self.column].clone()


class Listed:
    """A reader of a language whose sentences are listed, each derived by its place in the list."""

    def __init__(self, language, unreadable=()):
        self.language, self.unreadable = language, unreadable
        self.model = self

    def obeys(self, derivations):
        """As a model without restrictions."""
        return np.ones(len(derivations), dtype=np.bool_)

    def write(self, derivations):
        return [self.language.texts[row] for row in derivations[:, 0]]

    def fits(self, text):
        return text not in self.unreadable

    def describe(self, derivations, texts):
        found = self.language.rows(derivations[:, 0])
        assert found.texts == texts
        return found

    def n_rules(self, found):
        return torch.tensor([len(text) for text in found.texts])
