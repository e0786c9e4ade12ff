"""What is learnt from the outputs of some sentences."""

from grammar_lisa.objectives.evaluation import evaluate_readable
from grammar_lisa.objectives.meanings import Meanings


def learnt(sentences, points):
    """The meanings that scored sentences tell at some points."""
    meanings = Meanings(points)
    meanings.learn(sentences, evaluate_readable(sentences, points))
    return meanings
