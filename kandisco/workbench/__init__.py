"""The hands-on side: one network under one's hands, each verb a new state, every state kept."""

from kandisco.workbench.bench import Workbench

__all__ = ["Workbench"]
