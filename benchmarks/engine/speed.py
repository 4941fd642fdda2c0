"""Speed of one step: forward, forward + backward, and the GEMM inside Levenberg-Marquardt against the machine's roof."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import peers
import torch
from measure import Work, interleaved, roof

from kandisco.builtins import splines
from kandisco.builtins.bases import kandisco_bases
from kandisco.kan import init, parse_width
from kandisco.kan.backward import sensitivities
from kandisco.kan.gradient import gradient_problem, loss_and_gradient
from kandisco.kan.grids import rerange
from kandisco.kan.layout import blocks
from kandisco.kan.normal import fill_jacobian, mean_square
from kandisco.kan.passes import trace
from kandisco.kan.problem import cached_features

BSPLINE = next(spec for spec in kandisco_bases() if spec.name == "bspline")
Row = tuple[str, int, int, str, float]
ROWS: tuple[Row, ...] = (
    ("2,5,1", 1000, 5, "float64", 10.0),
    ("2,5,1", 1000, 20, "float64", 10.0),
    ("2,5,1", 10000, 5, "float64", 16.0),
    ("2,5,1", 10000, 20, "float64", 16.0),
    ("4,9,9,1", 1000, 5, "float64", 13.0),
    ("4,9,9,1", 1000, 20, "float64", 13.0),
    ("4,9,9,1", 10000, 5, "float64", 13.0),
    ("4,9,9,1", 10000, 20, "float64", 13.0),
    ("17,1,14", 1000, 5, "float64", 9.0),
    ("17,1,14", 1000, 20, "float64", 9.0),
    ("17,1,14", 10000, 5, "float64", 18.0),
    ("17,1,14", 10000, 20, "float64", 18.0),
    ("784,64,10", 1000, 5, "float32", 50.0),
    ("784,64,10", 1000, 20, "float32", 50.0),
)


def ours(width: str, rows: int, grid: int, dtype: torch.dtype) -> dict[str, Work]:
    """Forward, and forward + backward, of this engine (first layer's features cached, as in training on all rows)."""
    inputs, outputs = int(width.split(",")[0]), int(width.split(",")[-1])
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-1, 1, (rows, inputs)), rng.normal(size=(rows, outputs))
    xt, yt = torch.as_tensor(x.T.copy(), dtype=dtype), torch.as_tensor(y.T.copy(), dtype=dtype)
    kan = rerange(init(parse_width(width, inputs), BSPLINE, x=x, seed=0, grid=grid, dtype=dtype), xt)
    data = gradient_problem(kan, xt, yt)
    first = cached_features(kan, data)

    def plain() -> None:
        """Without the compiled kernel."""
        kernel, splines.suits = splines.suits, lambda *tensors: False
        loss_and_gradient(kan, data, first)
        splines.suits = kernel

    return {
        "both, plain torch": plain,
        "forward": lambda: mean_square(kan, data, first),
        "both": lambda: loss_and_gradient(kan, data, first),
        "both, nothing cached": lambda: loss_and_gradient(kan, data, None),
    }


def theirs(name: str, width: str, rows: int, grid: int, dtype: torch.dtype, checkouts: Path | None) -> dict[str, Work]:
    """The same two of another code."""
    widths = [int(v) for v in width.split(",")]
    if name == "jaxkan":
        return jaxkan(widths, rows, grid, dtype)
    model = peers.build(name, widths, grid, dtype, checkouts)
    rng = np.random.default_rng(0)
    x = torch.as_tensor(rng.uniform(-1, 1, (rows, widths[0])), dtype=dtype)
    y = torch.as_tensor(rng.normal(size=(rows, widths[-1])), dtype=dtype)
    free = [p for p in model.parameters() if p.requires_grad]

    def both() -> None:
        for p in free:
            p.grad = None
        (model(x) - y).square().mean().backward()

    def forward() -> None:
        with torch.no_grad():
            (model(x) - y).square().mean()

    return {"forward": forward, "both": both}


def jaxkan(widths: list[int], rows: int, grid: int, dtype: torch.dtype) -> dict[str, Work]:
    """The same two of jaxkan, compiled by jax; its compilation is not counted."""
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    import jax
    from flax import nnx
    from jaxkan.models.KAN import KAN

    jax.config.update("jax_enable_x64", dtype == torch.float64)
    model = KAN(layer_dims=widths, layer_type="base", required_parameters={"k": 3, "G": grid}, seed=0)
    kind = "float64" if dtype == torch.float64 else "float32"
    rng = np.random.default_rng(0)
    x = jax.numpy.asarray(rng.uniform(-1, 1, (rows, widths[0])), kind)
    y = jax.numpy.asarray(rng.normal(size=(rows, widths[-1])), kind)
    graph, weights, fixed = nnx.split(model, nnx.Param, ...)
    weights = jax.tree.map(lambda v: v.astype(kind), weights)

    def loss(weights: Any) -> Any:
        return jax.numpy.mean((nnx.merge(graph, weights, fixed)(x) - y) ** 2)

    forward, both = jax.jit(loss), jax.jit(jax.value_and_grad(loss))
    return {"forward": lambda: jax.block_until_ready(forward(weights)), "both": lambda: jax.block_until_ready(both(weights))}


def forward_backward(row: Row, checkouts: Path | None, seconds: float) -> dict[str, Any]:
    """Milliseconds of every code on one shape."""
    width, rows, grid, kind, bar = row
    dtype = torch.float64 if kind == "float64" else torch.float32
    mine = ours(width, rows, grid, dtype)
    works: dict[str, Work] = {f"kandisco {name}": work for name, work in mine.items()}
    absent = {}
    for name in peers.NAMES:
        # jaxkan takes 6 s a step there, and whatever takes its turn after it runs at half its speed.
        if width.startswith("784") and name in ("pykan", "jaxkan"):
            absent[name] = "left out on [784,64,10]: too slow"
            continue
        try:
            parts = theirs(name, width, rows, grid, dtype, checkouts)
            wanted = parts if name == "pykan speed()" else ("both",)
            works |= {f"{name} {part}": parts[part] for part in wanted}
        except ImportError as error:
            absent[name] = str(error)
    found = interleaved(works, seconds)
    torch.set_default_dtype(torch.float32)
    return {"width": width, "rows": rows, "grid": grid, "dtype": kind, "bar": bar, "ms": found, "absent": absent}


def gemm_share() -> dict[str, float]:
    """The rate of J J' inside an iteration of [2,5,1] at 1000 rows beside the roof, and of forward + backward beside memory."""
    limit = roof()
    found = dict(limit)
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (1000, 2))
    for grid in (5, 10, 20):
        kan = init(parse_width("2,5,1", 2), BSPLINE, x=x, seed=0, grid=grid)
        data = torch.as_tensor(x.T.copy())
        found_at = trace(kan, data)
        jacobian = fill_jacobian(kan, found_at, blocks(kan), sensitivities(kan, found_at))
        size, half = jacobian.shape[1], jacobian.shape[1] // 2
        hessian = torch.zeros(1, size, size, dtype=torch.float64)

        def work(j: torch.Tensor = jacobian, h: torch.Tensor = hessian, n: int = half) -> None:
            h[:, :, :n].baddbmm_(j, j[:, :n].transpose(1, 2))
            h[:, n:, n:].baddbmm_(j[:, n:], j[:, n:].transpose(1, 2))

        times = []
        for _ in range(50):
            begun = time.perf_counter()
            work()
            times.append(time.perf_counter() - begun)
        flops = 2 * 1000 * (size * half + (size - half) ** 2)
        found[f"J J' grid {grid}: share of roof"] = flops / sorted(times)[len(times) // 2] / 1e9 / limit["gemm GFLOP/s"]
    for grid in (5, 20):
        works = {name: work for name, work in ours("2,5,1", 10000, grid, torch.float64).items() if name.startswith("both")}
        times_of = interleaved(works, 1.0)
        # Features and slopes of the hidden layer written once and read twice, those of the first layer read twice.
        touched = 8 * 10000 * (grid + 3) * (5 * 2 * 3 + 2 * 2)
        bound = touched / limit["add GB/s"] / 1e9
        for label, name in (("kandisco", "both"), ("plain torch", "both, plain torch")):
            found[f"forward + backward, grid {grid}, {label}: times the memory bound of features"] = times_of[name] * 1e-3 / bound
    return found
