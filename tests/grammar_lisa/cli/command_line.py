"""Running commands in this process, and training something tiny with them."""

import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from grammar_lisa.cli import main

GRAMMARS = Path(__file__).parents[3] / "grammars"
EXPR = GRAMMARS / "expr.cfg"
TINY_SEARCH = [
    *("--rounds", "2", "--batch", "5", "--begin-from", "60", "--pool", "300"),
    *("--candidates", "40", "--fit-points", "40", "--parents", "20", "--top", "3"),
]


@dataclass(frozen=True)
class Result:
    """What a command left on the terminal."""

    status: int
    out: str
    err: str

    @property
    def lines(self):
        return self.out.splitlines()

    @property
    def json(self):
        """The one JSON object on standard output."""
        assert self.out.count("\n") == 1
        return json.loads(self.out)


def run_command(*words):
    """Run `grammar-lisa` in this process."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            status = main([str(word) for word in words])
        except SystemExit as end:
            status = end.code
    return Result(status, out.getvalue(), err.getvalue())


def succeed(*words):
    """Run `grammar-lisa` in this process and see that all went well."""
    result = run_command(*words)
    assert result.status == 0, result.err
    return result


def train(runs, *words):
    """Train a model of a few short sentences and give its folder."""
    result = succeed(
        *("train", "--grammar", EXPR, "--runs", runs, "--count", 300, "--held-out", 20),
        *("--draws", 50, "--epochs", 1, "--max-rules", 8, "--batch-size", 50),
        *("--json", "--quiet", *words),
    )
    return Path(result.json["run"])
