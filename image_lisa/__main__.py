"""`python -m image_lisa`."""

import sys

from image_lisa.cli import main

if __name__ == "__main__":
    sys.exit(main())
