"""Sphinx settings, and the pages that are generated so that they cannot go stale."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from reference import commands_page, settings_page  # noqa: E402

project = "kandisco"
author = "the kandisco developers"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = "kandisco"
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
autodoc_typehints = "description"
autodoc_member_order = "bysource"
# A type such as NDArray has no page of its own to point at.
nitpicky = False
suppress_warnings = ["ref.python"]

(HERE / "settings.md").write_text(settings_page(), encoding="utf-8")
(HERE / "commands.md").write_text(commands_page(), encoding="utf-8")
