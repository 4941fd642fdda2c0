"""``python -m kandisco.cli``."""

import sys

from kandisco.cli import main

sys.exit(main())
