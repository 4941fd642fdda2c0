"""Engines in a process of their own: what can crash, hang or fight with torch does so where it costs one message.

A plugin's refiner calls ``propose(problem, "its_package.worker")``; that module ends in ``serve(search)``.
"""

from kandisco.workers.child import Report, serve
from kandisco.workers.parent import propose

__all__ = ["Report", "propose", "serve"]
