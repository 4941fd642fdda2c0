"""BibTeX of the methods a result rests on."""

from __future__ import annotations

from collections.abc import Mapping

from kandisco.types import Method, Result

_ENTRIES: Mapping[str, str] = {
    "kan": """@article{liu2024kan,
  title = {{KAN}: {Kolmogorov-Arnold} Networks},
  author = {Liu, Ziming and Wang, Yixuan and Vaidya, Sachin and Ruehle, Fabian and Halverson, James and
            Solja{\\v{c}}i{\\'c}, Marin and Hou, Thomas Y. and Tegmark, Max},
  journal = {arXiv preprint arXiv:2404.19756},
  year = {2024}
}""",
    "divide": """@article{udrescu2020feynman,
  title = {{AI Feynman}: A physics-inspired method for symbolic regression},
  author = {Udrescu, Silviu-Marian and Tegmark, Max},
  journal = {Science Advances},
  volume = {6},
  number = {16},
  pages = {eaay2631},
  year = {2020}
}""",
    "mdl": """@article{rissanen1978modeling,
  title = {Modeling by shortest data description},
  author = {Rissanen, Jorma},
  journal = {Automatica},
  volume = {14},
  number = {5},
  pages = {465--471},
  year = {1978}
}""",
    "levenberg": """@incollection{more1978levenberg,
  title = {The {Levenberg-Marquardt} algorithm: Implementation and theory},
  author = {Mor{\\'e}, Jorge J.},
  booktitle = {Numerical Analysis},
  series = {Lecture Notes in Mathematics},
  volume = {630},
  pages = {105--116},
  publisher = {Springer},
  year = {1978}
}""",
    "errors": """@book{seber1989nonlinear,
  title = {Nonlinear Regression},
  author = {Seber, George A. F. and Wild, Chris J.},
  publisher = {Wiley},
  year = {1989}
}""",
    "bootstrap": """@article{efron1979bootstrap,
  title = {Bootstrap methods: Another look at the jackknife},
  author = {Efron, Bradley},
  journal = {The Annals of Statistics},
  volume = {7},
  number = {1},
  pages = {1--26},
  year = {1979}
}""",
    "sympy": """@article{meurer2017sympy,
  title = {{SymPy}: symbolic computing in {Python}},
  author = {Meurer, Aaron and Smith, Christopher P. and Paprocki, Mateusz and others},
  journal = {PeerJ Computer Science},
  volume = {3},
  pages = {e103},
  year = {2017}
}""",
}
_OF_METHOD: Mapping[Method, str] = {"network": "kan", "division": "divide"}
_ALWAYS = ("mdl", "levenberg", "sympy")


def bibtex(result: Result) -> str:
    """The entries of the methods that found the best formula."""
    best = result.best
    chosen = [*(_OF_METHOD[method] for method in best.methods if method in _OF_METHOD), *_ALWAYS] if best else list(_ALWAYS)
    if best is not None and best.expr.numbers():
        chosen.append("errors")
    return "\n\n".join(_ENTRIES[key] for key in dict.fromkeys([*chosen, "bootstrap"]))
