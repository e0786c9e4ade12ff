"""The command line `image-lisa`."""

from shared.cli import Command, run_tool

COMMANDS: dict[str, Command] = {}

ABOUT = "Train, sample and measure autoencoders of images on the spherical core."


def main() -> int:
    """Run the command line; this version of the package has no commands for images yet."""
    return run_tool("image-lisa", ABOUT, COMMANDS)
