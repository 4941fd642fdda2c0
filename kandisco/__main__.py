"""``python -m kandisco``: the command line."""

import sys

from kandisco.cli import main

if __name__ == "__main__":
    sys.exit(main())
