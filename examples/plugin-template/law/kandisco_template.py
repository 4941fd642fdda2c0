"""Laws with constants to be fitted. Try them: kandisco list laws"""

from kandisco import hookimpl
from kandisco.specs import LawParameter, LawSpec


@hookimpl
def kandisco_laws():
    # Every letter right of the equals sign is an input (a column) or a parameter (a constant that is fitted).
    yield LawSpec(
        name="template",
        title="Template's law",
        formula="y = a*x/(b + x)**2",
        inputs=("x",),
        # The start is an order of size in the letters of inputs and target: b is of the size of the column x.
        parameters=(LawParameter(name="a", start="y*x"), LawParameter(name="b", positive=True, start="x")),
        tags=("template",),
        references=("https://en.wikipedia.org/wiki/Maximum_power_transfer_theorem",),
    )
