"""What this package is called where packages are installed from."""

from typing import Final

DISTRIBUTION: Final = "lisa-toolkit"
