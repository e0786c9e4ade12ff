"""The one error that a command line answers with a message instead of a traceback."""


class LisaError(ValueError):
    """Bad input: the message names the value, the place and what would be valid.

    Command lines print the message and exit with status 2.
    """
