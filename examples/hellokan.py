# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Hello, KAN, by hand
#
# The first example of the KAN paper: rows of a law nobody tells the network, exp(sin(pi x) + y^2). We train a network that is too
# large, prune it, look at it, and say of each edge what it is, until the formula is exact.

# %%
import numpy as np

from kandisco import Workbench

rng = np.random.default_rng(0)
columns = rng.uniform(-1, 1, (500, 2))
target = np.exp(np.sin(np.pi * columns[:, 0]) + columns[:, 1] ** 2)

# %% [markdown]
# A network of two inputs, five hidden nodes and one output. Training under a light pressure towards few edges takes out what is
# not needed; `prune` tries to take out more, and refits to see whether it was missed.

# %%
bench = Workbench(columns, target, width=[2, 5, 1], names=["x", "y"])
bench.fit(40, lamb=0.01)

# %%
bench.prune()

# %% [markdown]
# Finer grids, and a look at what is left: three edges.

# %%
bench.fit(grids=(10, 20))

# %%
bench.plot()

# %% [markdown]
# What does each edge draw? The table ranks the library by how well a function fits and how simple it is. A cosine is a sine
# elsewhere, so the two go together.

# %%
bench.suggest_symbolic((0, 0, 0)).head()

# %%
bench.suggest_symbolic((0, 1, 0)).head()

# %%
bench.suggest_symbolic((1, 0, 0)).head()

# %% [markdown]
# So we say it. Each call makes a new state; `bench.undo()` would take it back.

# %%
bench.fix_symbolic((0, 0, 0), "sin")
bench.fix_symbolic((0, 1, 0), "x^2")
bench.fix_symbolic((1, 0, 0), "exp")

# %% [markdown]
# The functions' own numbers are trained like everything else, down to the last digits.

# %%
bench.fit()

# %% [markdown]
# The network is a formula now. Written out it predicts what the network predicts; refitted as a whole, its constants fall into
# place.

# %%
bench.symbolic_formula(refit=False)

# %%
formula = bench.formula()
formula

# %%
bench.history()
