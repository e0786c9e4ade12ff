"""The command line `grammar-lisa`."""

from collections.abc import Sequence

from shared.cli.commands import Command, CommandGroup, Commands, run_tool

BENCHMARKS = {
    "table5": Command(__name__, "benchmark_table5", "six systems on one search, by two protocols"),
    "latent-bo": Command(
        __name__,
        "benchmark_latent_bo",
        "systems of latent-space optimisation by the published protocols",
    ),
    "targets": Command(__name__, "benchmark_targets", "one run searched for many targets, alike"),
    "regression": Command(
        __name__,
        "benchmark_regression",
        "known formulas found from tables of their rows, with peers",
    ),
}

COMMANDS: Commands = {
    "check": Command(__name__, "check", "lint a grammar, count its sentences, show some"),
    "sample": Command(__name__, "sample", "draw sentences from a grammar itself"),
    "learn-weights": Command(__name__, "learn_weights", "weights of rules from sentences"),
    "train": Command(__name__, "train", "train an autoencoder on a grammar's sentences"),
    "bo": Command(__name__, "bo", "search the codes for the sentence with the least score"),
    "ask": Command(__name__, "ask", "ask a search which sentences to score next"),
    "tell": Command(__name__, "tell", "tell a search the scores of sentences"),
    "fit": Command(__name__, "fit", "from a table of data to a formula with constants"),
    "score": Command(__name__, "score", "how well a formula fits a table of data"),
    "predict": Command(__name__, "predict", "the values of a found formula on a new table"),
    "generate": Command(__name__, "generate", "draw sentences from a trained run"),
    "molecules": Command(__name__, "molecules", "draw molecules, and compare them with the data"),
    "encode": Command(__name__, "encode", "sentences to codes"),
    "decode": Command(__name__, "decode", "codes to sentences"),
    "interpolate": Command(__name__, "interpolate", "the path between two sentences"),
    "info": Command(__name__, "info", "what a run is and how good"),
    "report": Command(__name__, "report", "a run, or several, as a page to look at"),
    "benchmark": CommandGroup(
        BENCHMARKS,
        "comparisons of systems and of targets, with their tables",
        "Searches carried out side by side, and the tables of what they reach.",
    ),
}

ABOUT = "Learn a latent space of the sentences of a grammar, spherical by default, and search it."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status is 2 for input that cannot be served.

    Args:
        arguments: The words after the program's name; by default those it was started with.
    """
    return run_tool("grammar-lisa", ABOUT, COMMANDS, arguments)
