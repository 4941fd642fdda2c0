"""A refiner: it proposes formulas, kandisco refits and judges them. Try it: kandisco discover data.csv --refiner template"""

import time

from kandisco import hookimpl
from kandisco.specs import RefinerSpec


def rounded(problem):
    """Each seed with its constants rounded: laws like small numbers."""
    ends = time.monotonic() + problem.seconds
    left = problem.evaluations
    for seed in problem.seeds:
        for digits in (0, 1, 2):
            if not left or time.monotonic() > ends:
                return
            left -= 1
            yield seed.with_numbers(iter([round(number, digits) for number in seed.numbers()]))


@hookimpl
def kandisco_refiners():
    # An engine that has to be installed says so: unavailable=lambda: "" or "it needs acme; pip install acme".
    return [RefinerSpec(name="template", refine=rounded, summary="seeds with rounded constants")]
