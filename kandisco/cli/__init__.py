"""The command line. ``main`` is what ``kandisco`` on the shell calls; importing this pulls in typer and little else."""

from kandisco.cli.app import main

__all__ = ["main"]
