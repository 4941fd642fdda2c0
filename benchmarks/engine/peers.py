"""The other KAN codes the engine is measured against, each behind one function: widths, grid, dtype -> torch module.

pykan, inkan and jaxkan come from PyPI; efficient-kan, fast-kan and ChebyKAN from checkouts in one folder (``--checkouts``). What
is not there raises ImportError, and its row says so. Equal numbers of basis functions per edge everywhere.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import torch
from torch import nn

NAMES = ("pykan speed()", "pykan", "efficient-kan", "FastKAN", "ChebyKAN", "inkan", "jaxkan")


def build(name: str, widths: list[int], grid: int, dtype: torch.dtype, checkouts: Path | None) -> nn.Module:
    """A module of that code.

    Raises:
        ImportError: the code is not installed, or its checkout is not there.
    """
    torch.set_default_dtype(dtype)
    torch.manual_seed(0)
    if name.startswith("pykan"):
        import kan

        model = kan.KAN(width=list(widths), grid=grid, k=3, seed=0, auto_save=False)
        return model.speed() if name.endswith("speed()") else model
    if name == "inkan":
        import inkan

        return inkan.KANNetwork(list(widths), grid_size=grid, compile_basis=False).to(dtype)
    if checkouts is None:
        raise ImportError(f"{name} is not on PyPI: give --checkouts")
    if name == "efficient-kan":
        return _load(checkouts / "efficient-kan/src/efficient_kan/kan.py").KAN(list(widths), grid_size=grid).to(dtype)
    if name == "FastKAN":
        # Its network class insists on a LayerNorm, which its layer refuses on one input.
        code, pairs = _load(checkouts / "fast-kan/fastkan/fastkan.py"), zip(widths[:-1], widths[1:], strict=True)
        return nn.Sequential(*(code.FastKANLayer(a, b, num_grids=grid + 3, use_layernorm=a > 1) for a, b in pairs)).to(dtype)
    layer = _load(checkouts / "ChebyKAN/ChebyKANLayer.py").ChebyKANLayer
    return nn.Sequential(*(layer(a, b, grid + 3) for a, b in zip(widths[:-1], widths[1:], strict=True))).to(dtype)


def _load(path: Path) -> Any:
    """A module from a file, under a name of its own."""
    if not path.exists():
        raise ImportError(f"{path} is not there")
    name = "peer_" + path.parent.name.replace("-", "_")
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]
