"""Differential equations from trajectories."""

from kandisco.tasks.ode.shooting import integrated
from kandisco.tasks.ode.system import Equation, System, discover_ode

__all__ = ["Equation", "System", "discover_ode", "integrated"]
