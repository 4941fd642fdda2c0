"""How often the true law comes out: problem tables, rows drawn from them, the strict judge, and the work over many cases."""

from kandisco.bench.cases import Case, Settings, cases
from kandisco.bench.judge import Judgement, judge
from kandisco.bench.laws import Law, read_laws
from kandisco.bench.results import Results, code_version
from kandisco.bench.rows import Drawn, draw
from kandisco.bench.summary import summary
from kandisco.bench.work import Answer, Solver, run_cases, solve

__all__ = [
    "Answer",
    "Case",
    "Drawn",
    "Judgement",
    "Law",
    "Results",
    "Settings",
    "Solver",
    "cases",
    "code_version",
    "draw",
    "judge",
    "read_laws",
    "run_cases",
    "solve",
    "summary",
]
