"""How probable a form is: a prior over formulas, the evidence integral of the rows, and both together over all forms tried."""

from kandisco.posterior.forms import Form, Judge, Named, Proposal, left_out, posterior
from kandisco.posterior.integral import Weighed, weigh
from kandisco.posterior.prior import Prior

__all__ = ["Form", "Judge", "Named", "Prior", "Proposal", "Weighed", "left_out", "posterior", "weigh"]
