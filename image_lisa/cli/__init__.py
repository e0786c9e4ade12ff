"""The command line `image-lisa`."""

from collections.abc import Sequence

from shared.cli.commands import Command, run_tool

COMMANDS = {
    "train": Command(__name__, "train", "train an autoencoder of images"),
    "sample": Command(__name__, "sample", "draw images from a trained run"),
    "encode": Command(__name__, "encode", "pictures to codes: a table with their files"),
    "reconstruct": Command(__name__, "reconstruct", "what pictures come back as"),
    "interpolate": Command(__name__, "interpolate", "decode the path between two pictures"),
    "score": Command(__name__, "score", "how well a run knows pictures, the outliers first"),
    "distance": Command(__name__, "distance", "how far two folders of pictures are apart"),
    "info": Command(__name__, "info", "what a run is and how far it came"),
    "report": Command(__name__, "report", "a run, or several, as a page to look at"),
    "evaluate": Command(__name__, "evaluate", "measure a trained run on the test images"),
    "diagnose": Command(__name__, "diagnose", "how a run's codes lie, and what bounds it"),
    "benchmark": Command(__name__, "benchmark", "compare methods: the paper's tables"),
    "sweep": Command(__name__, "sweep", "choose hyperparameters on validation images"),
}

ABOUT = "Train, sample and measure autoencoders of images, on the sphere and off it."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status is 2 for input that cannot be served.

    Args:
        arguments: The words after the program's name; by default those it was started with.
    """
    return run_tool("image-lisa", ABOUT, COMMANDS, arguments)
