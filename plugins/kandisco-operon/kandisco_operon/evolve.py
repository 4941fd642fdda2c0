"""Operon's NSGA-II in slices: it sees no signal and no clock while it runs, so it runs a few generations at a time."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyoperon as op

from kandisco.expr import Expr
from kandisco_operon.trees import FUNCTIONS, Unknown, node, to_operon

_DEPTH = 12
_LOCAL = 10  # Levenberg-Marquardt steps on every offspring
_ARITHMETIC = ("Add", "Sub", "Mul", "Div", "Square", "Sqrt", "Constant", "Variable")
# Laws are mostly products and sums; drawn evenly, a dozen functions would crowd them out.
_OFTEN = {"Variable": 6, "Mul": 4, "Add": 3, "Constant": 3, "Div": 2, "Square": 2, "Exp": 2, "Sin": 2}


class Evolution:
    """A population that lives on between slices. One thread, one generator: the same seed gives the same population.

    Args:
        x: float [rows, inputs].
        y: float [rows].
        names: of the columns of ``x``.
        functions: heads that may be used; those Operon has not are passed over.
        population: individuals.
        longest: nodes of the longest tree.
        seed: of the generator.
    """

    def __init__(
        self, x: Any, y: Any, names: Sequence[str], functions: Sequence[str], *, population: int, longest: int, seed: int
    ) -> None:
        self._table = np.asfortranarray(np.column_stack([x, y]), dtype=np.float64)  # held: a Dataset may only look at it
        self._data = op.Dataset(self._table)
        variables = sorted(self._data.Variables, key=lambda variable: variable.Index)
        self.hashes = dict(zip(names, (variable.Hash for variable in variables), strict=False))
        self._target = variables[-1]
        self._kinds = [*_ARITHMETIC, *(FUNCTIONS[name] for name in functions if name in FUNCTIONS)]
        self._population, self._longest = population, longest
        self._seed = seed % 2**64
        self._random = op.RandomGenerator(np.uint64(self._seed))
        self._individuals: list[Any] = []

    def start(self, seeds: Sequence[Expr]) -> int:
        """A random population with the seeds among them (at most a quarter); returns the evaluations spent."""
        self._run(0, warm=False)
        trees = []
        for seed in seeds:
            try:
                trees.append(to_operon(seed, self.hashes))
            except Unknown:
                continue
        trees = [tree for tree in trees if tree.Length <= self._longest]
        # Several copies of each: only offspring get their constants fitted, and a good shape with poor constants dies out alone.
        for individual, tree in zip(self._individuals[: self._population // 4], itertools.cycle(trees), strict=False):
            individual.Genotype = tree
        return self._population

    def advance(self, generations: int) -> int:
        """A few generations more; returns the evaluations spent (the population is evaluated anew)."""
        self._run(generations, warm=True)
        return (generations + 1) * self._population

    def front(self) -> list[tuple[float, Any]]:
        """(squared correlation, tree) of the Pareto front, best fit first."""
        found = sorted(self._best, key=lambda pair: (-pair[0], pair[1].Length))
        return [(fit, tree) for fit, tree in found if np.isfinite(fit)]

    def _run(self, generations: int, *, warm: bool) -> None:
        # Operon holds what it is built from by bare pointers; the local names keep all of it alive until Run returns.
        inputs = list(self.hashes.values())
        problem = op.Problem(self._data)
        problem.TrainingRange, problem.TestRange = op.Range(0, self._data.Rows), op.Range(self._data.Rows - 1, self._data.Rows)
        problem.Target, problem.InputHashes = self._target, inputs
        problem.ConfigurePrimitiveSet(sum({int(node(kind).Type) for kind in self._kinds}))
        table = op.DispatchTable()
        objectives = [op.Evaluator(problem, table, op.R2(), True), op.LengthEvaluator(problem)]
        evaluator = op.MultiEvaluator(problem)
        for objective in (*objectives, evaluator):
            objective.Budget = sys.maxsize
        for objective in objectives:
            evaluator.Add(objective)
        symbols = problem.PrimitiveSet
        for kind in self._kinds:
            symbols.SetFrequency(node(kind).HashValue, _OFTEN.get(kind, 1))
        creator = op.BalancedTreeCreator(symbols, inputs, 0.0)
        constants = op.NormalCoefficientInitializer()
        constants.ParameterizeDistribution(0, 1)
        mutation, mutations = self._mutation(symbols, creator, constants)
        comparison = op.CrowdedComparison()
        selectors = [op.TournamentSelector(comparison), op.TournamentSelector(comparison)]
        for selector in selectors:
            selector.TournamentSize = 5
        crossover, reinserter = op.SubtreeCrossover(0.9, _DEPTH, self._longest), op.KeepBestReinserter(comparison)
        optimizer = op.LMOptimizer(table, problem, _LOCAL, 0)
        local = op.CoefficientOptimizer(optimizer)
        generator = op.BasicOffspringGenerator(evaluator, crossover, mutation, *selectors, local)
        trees = op.UniformLengthTreeInitializer(creator)
        trees.ParameterizeDistribution(2, min(10, self._longest))
        trees.MinDepth, trees.MaxDepth = 1, 1000
        sorter, settings = op.RankSorter(), self._settings(generations)
        algorithm = op.NSGA2Algorithm(settings, problem, trees, constants, generator, reinserter, sorter)
        if warm:
            algorithm.RestoreIndividuals(self._individuals)
            algorithm.IsFitted = True
        algorithm.Run(self._random, None, 1, warm)
        self._individuals = list(algorithm.Individuals)
        self._best = [(-individual.GetFitness(0), individual.Genotype) for individual in algorithm.BestFront]
        del mutations

    def _mutation(self, symbols: Any, creator: Any, constants: Any) -> tuple[Any, list[Any]]:
        inputs, depth, longest = list(self.hashes.values()), _DEPTH, self._longest
        points = [op.NormalOnePointMutation(), op.NormalMultiPointMutation()]
        for point in points:
            point.ParameterizeDistribution(0, 1)
        kinds = [
            *points,
            op.ChangeVariableMutation(inputs),
            op.ChangeFunctionMutation(symbols),
            op.ReplaceSubtreeMutation(creator, constants, depth, longest),
            op.InsertSubtreeMutation(creator, constants, depth, longest),
            op.RemoveSubtreeMutation(symbols),
        ]
        mutation = op.MultiMutation()
        for kind in kinds:
            mutation.Add(kind, 1.0)
        return mutation, kinds

    def _settings(self, generations: int) -> Any:
        return op.GeneticAlgorithmConfig(
            generations=generations,
            max_evaluations=sys.maxsize,
            local_iterations=_LOCAL,
            population_size=self._population,
            pool_size=self._population,
            p_crossover=1.0,
            p_mutation=0.25,
            p_local=1.0,
            p_lamarck=1.0,
            epsilon=1e-5,
            seed=self._seed,
            max_time=sys.maxsize,
        )
