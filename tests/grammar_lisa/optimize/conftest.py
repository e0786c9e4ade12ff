import numpy as np
import pytest
import torch
from small_models import EXPR, TINY, learn, untrained

from grammar_lisa.cli import main
from grammar_lisa.grammar import parse_grammar
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.models.architecture import Architecture
from grammar_lisa.models.character_model import CharacterModel
from grammar_lisa.models.grammar_model import GrammarModel
from grammar_lisa.models.names import CHARACTERS, TOOL
from grammar_lisa.models.tokenizer import CharacterTokenizer
from grammar_lisa.objectives.targets import regression_for
from shared.methods.registry import METHODS
from shared.runs.run import create_run

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def sentences():
    """Forty sentences of up to six rules, which models of other methods are trained on."""
    grammar = parse_grammar(EXPR)
    return derivations_to_texts(grammar, sample_uniform(grammar, 40, 6, 0))


@pytest.fixture(scope="session")
def trained(sentences):
    """Models of a method and a network that have learnt the sentences for a while."""
    grammar, made = parse_grammar(EXPR), {}

    def make(name, network="dense"):
        if (name, network) not in made:
            tokenizer = CharacterTokenizer.of(sentences) if network == CHARACTERS else None
            architecture = Architecture(
                network=network,
                dim=6,
                max_rules=6,
                method=METHODS[name](),
                seed=0,
                tokenizer=tokenizer,
            )
            kind = GrammarModel if tokenizer is None else CharacterModel
            model = kind(grammar, architecture, architecture.build(grammar))
            learn(model, model.rows(sentences), 80)
            made[name, network] = model
        return made[name, network]

    return make


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """Finished runs of a spherical and of another method; not to be changed."""
    root = tmp_path_factory.mktemp("runs")
    (root / "expr.cfg").write_text(EXPR)
    made = {}

    def make(method):
        if method not in made:
            words = ["--grammar", root / "expr.cfg", "--runs", root, "--name", method, "--quiet"]
            words += ["--method", method, "--count", 120, "--held-out", 10, "--epochs", 3]
            words += ["--max-rules", 8, "--dim", 5, "--batch-size", 40, "--draws", 20]
            assert main(["train", *map(str, words)]) == 0
            made[method] = root / method
        return made[method]

    return make


@pytest.fixture(scope="session")
def folder(folders):
    """A finished run of the spherical method; not to be changed."""
    return folders("lisa")


@pytest.fixture
def run(tmp_path):
    """A run of nothing but its configuration."""
    return create_run(tmp_path / "run", {"tool": TOOL})


@pytest.fixture(scope="session")
def model():
    return untrained(EXPR, 12)


@pytest.fixture(scope="session")
def tiny_model():
    """A language of nine sentences: x, 1 and 2 behind none to two times x+."""
    return untrained(TINY, 3)


@pytest.fixture(scope="session")
def objective():
    return regression_for("kusner")


@pytest.fixture(scope="session")
def begun(model, objective):
    """Thirty sentences and their scores."""
    draws = sample_uniform(model.grammar, 30, 12, 0)
    sentences = derivations_to_texts(model.grammar, draws)
    return sentences, np.asarray(objective(sentences))
