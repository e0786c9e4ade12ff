"""Objectives that are quickly made."""

from grammar_lisa.objectives.objective import Evaluated, Objective


class Scored(Objective):
    """Scores sentences by a function of their texts, and knows nothing else of them."""

    def __init__(self, score, worst):
        self.score, self._worst = score, worst

    @property
    def worst(self):
        return self._worst

    def evaluate(self, sentences):
        return [Evaluated(sentence, self.score(sentence)) for sentence in sentences]
