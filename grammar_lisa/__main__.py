"""`python -m grammar_lisa` is `grammar-lisa`."""

import sys

from grammar_lisa.cli import main

sys.exit(main())
