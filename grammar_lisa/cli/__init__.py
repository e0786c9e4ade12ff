"""The command line `grammar-lisa`."""

from collections.abc import Sequence

from shared.cli.commands import Command, Commands, Group, run_tool

BENCHMARKS = {
    "table5": Command(
        "grammar_lisa.cli.benchmark_table5", "six systems on one search, by two protocols"
    ),
    "latent-bo": Command(
        "grammar_lisa.cli.benchmark_latent_bo",
        "systems of latent-space optimisation by the published protocols",
    ),
    "targets": Command(
        "grammar_lisa.cli.benchmark_targets", "one run searched for many targets, alike"
    ),
}

COMMANDS: Commands = {
    "check": Command("grammar_lisa.cli.check", "lint a grammar, count its sentences, show some"),
    "sample": Command("grammar_lisa.cli.sample", "draw sentences from a grammar itself"),
    "train": Command("grammar_lisa.cli.train", "train an autoencoder on a grammar's sentences"),
    "bo": Command("grammar_lisa.cli.bo", "search the codes for the sentence with the least score"),
    "ask": Command("grammar_lisa.cli.ask", "ask a search which sentences to score next"),
    "tell": Command("grammar_lisa.cli.tell", "tell a search the scores of sentences"),
    "generate": Command("grammar_lisa.cli.generate", "draw sentences from a trained run"),
    "encode": Command("grammar_lisa.cli.encode", "sentences to codes"),
    "decode": Command("grammar_lisa.cli.decode", "codes to sentences"),
    "interpolate": Command("grammar_lisa.cli.interpolate", "the path between two sentences"),
    "info": Command("grammar_lisa.cli.info", "what a run is and how good"),
    "benchmark": Group(
        BENCHMARKS,
        "comparisons of systems and of targets, with their tables",
        "Searches carried out side by side, and the tables of what they reach.",
    ),
}

ABOUT = "Learn a latent space of the sentences of a grammar, spherical by default, and search it."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status is 2 for input that cannot be served.

    Args:
        arguments: the words after the program's name; by default those it was started with.
    """
    return run_tool("grammar-lisa", ABOUT, COMMANDS, arguments)
