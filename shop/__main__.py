"""`python -m shop …`, installed as `pishkhan`: what an operator does from a terminal."""

from __future__ import annotations

import sys

from shop.cli import main

if __name__ == "__main__":
    sys.exit(main())
