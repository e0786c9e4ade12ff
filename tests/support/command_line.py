"""Running commands in this process, and training something tiny with them."""

from pathlib import Path

from tools import Tool

from grammar_lisa.cli import main

TOOL = Tool(main)
run_command, succeed, killed = TOOL.run, TOOL.succeed, TOOL.killed

GRAMMARS = Path(__file__).parents[2] / "grammars"
EXPR = GRAMMARS / "expr.cfg"
TINY_SEARCH = [
    *("--rounds", "2", "--batch", "5", "--n-initial", "60", "--pool", "300"),
    *("--candidates", "40", "--fit-points", "40", "--parents", "20", "--top", "3"),
]


def train(runs, *words):
    """Train a model of a few short sentences and give its folder."""
    result = succeed(
        *("train", "--grammar", EXPR, "--runs", runs, "--count", 300, "--held-out", 20),
        *("--draws", 50, "--epochs", 1, "--max-rules", 8, "--batch-size", 50),
        *("--draw", "uniform", "--distinct", "text"),
        *("--json", "--quiet", *words),
    )
    return Path(result.json["run"])
