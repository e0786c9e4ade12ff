"""Spheres of users' grammars: trained once, in a process beside a search, and kept in a cache."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from grammar_lisa.grammar.cfg import Grammar
from grammar_lisa.grammar.datasets import default_max_rules
from grammar_lisa.models.names import TOOL
from shared.common.errors import LisaError
from shared.runs.cache import user_cache
from shared.runs.files import to_json, write_atomically
from shared.runs.run import CHECKPOINT, CONFIG, MODEL, open_run

if TYPE_CHECKING:
    from grammar_lisa.models.sentence_model import SentenceModel

_LEAST_RULES: Final = 20
_SETTINGS: Final[dict[str, Any]] = {
    "count": 30_000,
    "held_out": 500,
    "decontaminate": "no",
    "dim": 32,
    "epochs": 25,
    "device": "cpu",
    "threads": 1,
    "checkpoint_seconds": 5.0,
}
_VERSION: Final = 1
"""Of how spheres are trained; what another version trained is trained anew."""
_PATIENCE: Final = 5.0
"""Seconds that a process which was told to end is waited for."""


class CachedSphere:
    """The sphere of one grammar in the cache, there already or being trained.

    A training that was stopped goes on where it was when the next one begins.

    Args:
        grammar: Whose sentences it holds.

    Attributes:
        path: The folder of the run.
    """

    def __init__(self, grammar: Grammar) -> None:
        self._text = grammar.text
        self._max_rules = max(default_max_rules(grammar.shortest), _LEAST_RULES)
        identity = to_json([grammar.digest, self._max_rules, _SETTINGS, _VERSION])
        key = hashlib.sha256(identity.encode()).hexdigest()[:16]
        self.path = user_cache() / "spheres" / key
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def ready(self) -> bool:
        """Whether its training has ended."""
        return (self.path / MODEL).is_file()

    def begin(self) -> None:
        """Train in another process, which ends with this one.

        Raises:
            LisaError: The cache cannot be written to.
        """
        try:
            self._grammar_file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._grammar_file, self._text.encode())
            command = [sys.executable, "-m", __name__, str(self.path), str(self._max_rules)]
            self._process = subprocess.Popen(
                [*command, str(os.getpid())],
                env={**os.environ, "OMP_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            raise LisaError(f"cannot train in {self.path}: {error.strerror or error}") from error

    def end(self) -> None:
        """End the training; what it has done is kept."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def load(self, *, untrained: bool = False) -> SentenceModel:
        """Return the model.

        Args:
            untrained: Whether its weights are those that its training began from.

        Raises:
            LisaError: A file of it is missing, damaged or changed.
        """
        from grammar_lisa.models.grammar_model import GrammarModel

        model = GrammarModel.load(open_run(self.path, TOOL))
        return model.untrained() if untrained else model

    @property
    def _grammar_file(self) -> Path:
        return self.path.with_suffix(".cfg")


def train_cached(path: Path, max_rules: int) -> None:
    """Train the sphere of a grammar that lies beside its folder, from its checkpoint if any.

    Raises:
        LisaError: Another process trains it, or the cache cannot be written to.
    """
    from grammar_lisa.training.config import TrainConfig
    from grammar_lisa.training.experiment import Plan, data_of, make_run, train_run
    from shared.methods import LISA

    config = TrainConfig(grammar=path.with_suffix(".cfg"), max_rules=max_rules, **_SETTINGS)
    plan = Plan(config, LISA())
    if (path / CONFIG).is_file():
        run = open_run(path, TOOL)
        data = data_of(run, config)
    else:
        run, data = make_run(path, plan)
    train_run(run, data, plan)
    (path / CHECKPOINT).unlink(missing_ok=True)


def main(words: list[str]) -> int:
    """Train as `CachedSphere.begin` asks for."""
    from shared.jobs.workers import ends_with

    path, max_rules, owner = Path(words[0]), int(words[1]), int(words[2])
    if hasattr(os, "nice"):
        os.nice(10)
    with ends_with(owner):
        train_cached(path, max_rules)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
