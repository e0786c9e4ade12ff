"""What a run of `grammar-lisa train` keeps of its model: grammar, architecture and data."""

import hashlib

from grammar_lisa.grammar.cfg import Grammar, parse_grammar
from grammar_lisa.grammar.datasets import DerivationSplit
from grammar_lisa.models.architecture import Architecture
from grammar_lisa.models.names import DATA, GRAMMAR
from shared.common.errors import LisaError
from shared.runs.run import Run


def load_run_grammar(run: Run) -> Grammar:
    """Return the grammar that lies in a run.

    Raises:
        LisaError: It is missing or is not the one the model was trained on.
    """
    path = run.path / GRAMMAR
    record = run.config.get("grammar")
    if not isinstance(record, dict):
        raise LisaError(f"{run.path / 'config.json'} names no grammar")
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LisaError(f"cannot read {path}: {error}") from error
    digest = hashlib.sha256(text.encode()).hexdigest()
    if digest != record.get("sha256"):
        raise LisaError(
            f"{path} was changed since the training: its SHA-256 is {digest[:12]}…, "
            f"not {str(record.get('sha256'))[:12]}…; restore it or train again"
        )
    return parse_grammar(text, str(record.get("source", path)))


def run_architecture(run: Run) -> Architecture:
    """Return the architecture that a run's `config.json` records."""
    return Architecture.from_json(run.config.get("model", {}), str(run.path / "config.json"))


def read_data(run: Run) -> DerivationSplit:
    """Return the data that a run was trained and tested on.

    Raises:
        LisaError: The file is missing, damaged, or holds something else.
    """
    tensors, record = run.read_tensors(DATA)
    try:
        train, valid, test = (tensors[name].numpy() for name in ("train", "valid", "test"))
        return DerivationSplit(train, valid, test, record["left_out"])
    except KeyError as error:
        raise LisaError(
            f"{run.path / DATA} holds no training data: there is no {error} in it; restore it "
            "from a copy or train again"
        ) from error
