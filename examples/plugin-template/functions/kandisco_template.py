"""Functions that formulas may be built from. Try them: kandisco discover data.csv --functions elementary,template"""

from kandisco import hookimpl
from kandisco.specs import FunctionSpec


@hookimpl
def kandisco_functions():
    # The text in x is the definition: values, derivatives, LaTeX and code follow from it. Decimals in it are fitted.
    yield FunctionSpec(name="template", sympy="log(1 + exp(x))", complexity=3, tags=("template",))
    # The domain is the open interval on which it is finite.
    yield FunctionSpec(
        name="template-arc",
        sympy="sqrt(1 - x**2)",
        domain=(-1.0, 1.0),
        complexity=3,
        tags=("template",),
        references=("https://en.wikipedia.org/wiki/Semicircle",),
    )
