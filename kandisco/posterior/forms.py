"""One posterior over the forms that were tried: each fitted, weighed, put in its plainest words, and compared with all others."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kandisco.arrays import Array
from kandisco.expr import Expr, complexity
from kandisco.expr.numeric import Program, evaluate
from kandisco.expr.rewrite import simplify as rewritten
from kandisco.posterior.integral import Weighed, weigh
from kandisco.posterior.prior import Prior
from kandisco.posterior.simpler import simpler_than
from kandisco.symbolic.refit import Fit, minimise, polish, residual_unit, size, told
from kandisco.symbolic.sample import EXACT, Sample
from kandisco.symbolic.snap import simplest
from kandisco.symbolic.tied import Tied

# Steps of the first fit of each form, and forms that are fitted to the end and put in plainer words.
_FIRST_STEPS, _TIDIED = 12, 24
# Forms more than this many nats behind the first are not heard of again.
_FAR = 14.0
# Two forms whose values differ by less than this share of the noise on every row are one form in other words.
_SAME = 1e-3
# A law of the catalogue costs this many nats and this share of what its tree would: textbooks print simple laws more often too.
NAMED, SHARE = 2.5, 0.5
# Scores are divided by this before they become probabilities. Rows weigh less than independent Gaussian errors would: forms that
# were not tried, and noise of another kind, share in what is uncertain. Measured by benchmarks/lab: without it 39 of 43 results
# given 95 % and more were right.
_TEMPER = 1.6
# A constant whose standard error is more than this share of it is open, and costs so many nats.
_WIDE, _OPEN = 0.5, 1.5


@dataclass(frozen=True, kw_only=True)
class Named:
    """The law that a form is.

    Attributes:
        title: its name.
        letters: its constants, as textbooks call them.
        owner: for each constant of the tree, in the order of ``Expr.walk``, its place among the letters.
        reference: paper or book.
    """

    title: str
    letters: tuple[str, ...]
    owner: tuple[int, ...]
    reference: str = ""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A form to be weighed.

    Attributes:
        expr: the tree, with starting values.
        relative: kind of errors it is to be fitted with.
        origin: how it was found.
        named: the law it is; such a form keeps the words that textbooks print it in.
    """

    expr: Expr
    relative: bool
    origin: str
    named: Named | None = None


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form, fitted to all rows.

    Attributes:
        expr: the tree with its fitted constants.
        std_errors: of the constants.
        weighed: evidence integral, noise and kind of errors.
        cost: nats of the prior.
        rmse: in the kind of errors of ``weighed``.
        origin: how it was found.
        probability: share of the posterior among all forms that were tried.
        named: the law it is, where it is one of the catalogue.
    """

    expr: Expr
    std_errors: tuple[float, ...]
    weighed: Weighed
    cost: float
    rmse: float
    origin: str
    probability: float = 0.0
    named: Named | None = None

    @property
    def score(self) -> float:
        """Log of evidence times prior, in nats."""
        return self.weighed.evidence - self.cost


class Judge:
    """Fits and weighs forms on one table, all rows counting."""

    def __init__(self, sample: Sample, prior: Prior, *, floor: float = 0.0) -> None:
        self.samples = {kind: replace(sample, relative=kind) for kind in (False, True)}
        self.sample = sample
        self.prior = prior
        self.floor = floor
        self.columns = dict(zip(sample.names, sample.x, strict=True))

    def form(self, proposal: Proposal, *, iterations: int = 60) -> Form:
        """The form with its constants fitted from where they are."""
        sample = self.samples[proposal.relative]
        if proposal.named is None:
            return self.weighed(sample.refit(proposal.expr, iterations=iterations), proposal)
        return self.weighed(_tied_fit(proposal.expr, proposal.named.owner, sample, iterations), proposal)

    def weighed(self, fit: Fit, proposal: Proposal) -> Form:
        sample = self.samples[proposal.relative]
        floor = self.floor / (float(np.mean(np.abs(sample.y))) or 1.0) if proposal.relative else self.floor
        cost = self.prior.cost(fit.expr, len(sample.names))
        if proposal.named is not None:
            cost = min(cost, NAMED + SHARE * cost)
        return Form(
            expr=fit.expr,
            std_errors=tuple(fit.std_errors.tolist()),
            weighed=weigh(fit.expr, sample, floor=floor, owner=proposal.named.owner if proposal.named else ()),
            cost=cost + _OPEN * _open(fit, proposal.named),
            rmse=fit.rmse,
            origin=proposal.origin,
            named=proposal.named,
        )

    def values(self, form: Form) -> Array:
        return evaluate(form.expr, self.columns)


def _open(fit: Fit, named: Named | None) -> int:
    """How many constants the rows leave open: nobody would publish the law with them."""
    values = np.array(fit.expr.numbers())
    wide = ~(fit.std_errors <= _WIDE * np.abs(values))
    if named is None:
        return int(np.sum(wide))
    return len({place for place, open_ in zip(named.owner, wide, strict=True) if open_})


def _tied_fit(expr: Expr, owner: Sequence[int], sample: Sample, iterations: int) -> Fit:
    """Least squares of a tree in which one constant may stand in several places."""
    program = Tied(Program(expr, sample.names), owner)
    unit = residual_unit(sample.y, sample.relative, sample.weights)
    params, _ = minimise(program, program.start[None, :], sample.x, sample.y, unit, iterations=iterations)
    best = polish(program, params[0], sample.x, sample.y, unit)
    back = 1.0 if sample.relative else size(sample.y)
    rmse, errors = told(program, best, sample.x, sample.y, unit, back=back, stated=sample.stated)
    places = list(owner)
    return Fit(expr=expr.with_numbers(iter(best[places].tolist())), rmse=rmse, std_errors=errors[places])


def posterior(
    proposals: Iterable[Proposal], judge: Judge, *, most: int = 20, stop: Callable[[], object] = lambda: ""
) -> list[Form]:
    """The forms worth naming, the most probable first, with their probabilities.

    Args:
        proposals: what was found, in any order.
        judge: the table.
        most: forms returned.
        stop: asked between fits.

    Returns:
        At most ``most`` forms. Probabilities are among all that were proposed; those of forms that say the same are added.
    """
    with np.errstate(all="ignore"):  # a form without a value on some row is weighed as impossible
        return _posterior(proposals, judge, most, stop)


def _posterior(proposals: Iterable[Proposal], judge: Judge, most: int, stop: Callable[[], object]) -> list[Form]:
    first: list[tuple[Form, Proposal]] = []
    for proposal in proposals:
        if stop() and first:
            break
        form = judge.form(proposal, iterations=_FIRST_STEPS)
        if math.isfinite(form.weighed.evidence):
            first.append((form, proposal))
    first.sort(key=lambda item: -item[0].score)
    distinct = _distinct(first, judge)
    tidied: list[Form] = []
    for form, proposal in distinct[:_TIDIED]:
        if tidied and (stop() or form.score < max(f.score for f in tidied) - _FAR):
            break
        tidied.append(_tidied(form, proposal, judge))
        if proposal.named is not None:  # it keeps its words; in others a constant may prove one too many
            tidied.append(_tidied(form, replace(proposal, named=None), judge))
    rest = [form for form, _ in distinct[_TIDIED : 2 * _TIDIED]]
    return _shared(_merged([*tidied, *rest], judge))[:most]


def again(
    forms: Sequence[Form], proposals: Iterable[Proposal], judge: Judge, *, most: int = 20, stop: Callable[[], object] = lambda: ""
) -> list[Form]:
    """The posterior over forms that were weighed before and new proposals."""
    new = posterior(proposals, judge, most=most, stop=stop)
    return _shared(_merged([*forms, *new], judge))[:most]


def _distinct(forms: Sequence[tuple[Form, Proposal]], judge: Judge) -> list[tuple[Form, Proposal]]:
    """The same without forms that are an earlier one in other words: equal values on all rows, no fewer constants."""
    kept: list[tuple[Form, Proposal]] = []
    values: list[Array] = []
    best = forms[0][0].score if forms else 0.0
    for form, proposal in forms:
        if form.score < best - 2 * _FAR or len(kept) >= 4 * _TIDIED:
            break
        own = judge.values(form)
        twins = (
            other
            for (other, _), theirs in zip(kept, values, strict=True)
            if other.weighed.relative == form.weighed.relative and _same(own, theirs, form.weighed.sigma, judge.sample.y, form)
        )
        if next(twins, None) is None:
            kept.append((form, proposal))
            values.append(own)
    return kept


def _same(own: Array, theirs: Array, sigma: float, y: Array, form: Form) -> bool:
    unit = sigma * np.abs(y) if form.weighed.relative else sigma
    return bool(np.all(np.abs(own - theirs) <= _SAME * unit + 1e-12 * np.abs(y)))


def _tidied(form: Form, proposal: Proposal, judge: Judge) -> Form:
    """The form fitted to the end, then rewritten and with exact numbers where the posterior prefers them."""
    best = judge.form(replace(proposal, expr=form.expr))
    if best.rmse <= EXACT * judge.samples[proposal.relative].scale:
        return _exact(best, replace(proposal, named=None), judge)
    if proposal.named is not None:
        return best
    best = _rewritten(best, proposal, judge)
    tried: set[Expr] = set()
    while True:
        better = None
        for simpler in simpler_than(best.expr, best.std_errors):
            if simpler in tried:
                continue
            tried.add(simpler)
            trial = judge.form(replace(proposal, expr=simpler), iterations=_FIRST_STEPS)
            if trial.score > best.score and (better is None or trial.score > better.score):
                better = trial
        if better is None:
            return _rewritten(best, proposal, judge)
        best = judge.form(replace(proposal, expr=better.expr))


def _rewritten(form: Form, proposal: Proposal, judge: Judge) -> Form:
    """In the words a physicist would choose, where these say the same."""
    short = rewritten(form.expr, columns=judge.columns)
    if short == form.expr:
        return form
    sample = judge.samples[proposal.relative]
    fit = sample.refit(short, iterations=_FIRST_STEPS)
    same = fit.rmse <= max(form.rmse * (1 + 1e-6), EXACT * sample.scale)
    if not same or (complexity(fit.expr), len(fit.expr.numbers())) > (complexity(form.expr), len(form.expr.numbers())):
        return form
    return judge.weighed(fit, proposal)


def _exact(form: Form, proposal: Proposal, judge: Judge) -> Form:
    """A form that leaves nothing but rounding: its constants are known to all digits, and snapped as such."""
    sample = judge.samples[proposal.relative]
    fit = simplest(sample.refit(form.expr), sample)
    return _rewritten(judge.weighed(fit, proposal), proposal, judge)


def _merged(forms: Sequence[Form], judge: Judge) -> list[Form]:
    """Forms of equal words together: the best of each, its evidence that of all kinds of errors."""
    groups: dict[str, list[Form]] = {}
    for form in sorted(forms, key=lambda f: -f.score):
        groups.setdefault(words(form.expr), []).append(form)
    kept = [group[0] for group in groups.values()]
    kept = [
        form for form, _ in _distinct([(f, Proposal(expr=f.expr, relative=f.weighed.relative, origin="")) for f in kept], judge)
    ]
    total = {words(group[0].expr): _log_sum([f.score for f in group[:2]]) for group in groups.values()}
    return [replace(f, probability=total[words(f.expr)]) for f in kept]


def _shared(forms: Sequence[Form]) -> list[Form]:
    """The same with probabilities in place of logarithms."""
    if not forms:
        return []
    tempered = [form.probability / _TEMPER for form in forms]
    whole = _log_sum(tempered)
    out = [replace(form, probability=math.exp(value - whole)) for form, value in zip(forms, tempered, strict=True)]
    return sorted(out, key=lambda f: (-f.probability, f.cost))


def _log_sum(values: Sequence[float]) -> float:
    top = max(values)
    return top + math.log(sum(math.exp(v - top) for v in values))


def words(expr: Expr) -> str:
    """The form with its constants left open: terms and factors in a fixed order, numbers in front of a term not told.

    Example:
        >>> from kandisco.expr import parse
        >>> words(parse("2.1*x**2 + 0.3", ("x",))) == words(parse("0.7 + x**2", ("x",)))
        True
    """
    if expr.head == "num":
        return "c"
    if not expr.args:
        return str(expr.value)
    if expr.head == "mul":
        parts = sorted(words(arg) for arg in expr.args if arg.head not in ("num", "rat", "const"))
        return "c" if not parts else parts[0] if len(parts) == 1 else f"mul({','.join(parts)})"
    parts = [words(arg) for arg in expr.args]
    return f"{expr.head}({','.join(sorted(parts) if expr.head == 'add' else parts)})"


def left_out(form: Form, sample: Sample) -> Array:
    """The error at each row, predicted from the others: residual over one minus its leverage (PRESS).

    Returns:
        float64 [rows] in the target's unit; exact where constants enter linearly, to first order elsewhere.
    """
    kind = replace(sample, relative=form.weighed.relative)
    program = Program(form.expr, kind.names) if form.named is None else Tied(Program(form.expr, kind.names), form.named.owner)
    value, jacobian = program.jacobian(program.start[None, :], kind.x)
    residual = value[0] - kind.y
    if not len(program.start):
        return np.asarray(residual)
    unit = residual_unit(kind.y, kind.relative, kind.weights)
    slopes = (jacobian[0] / unit).T
    scale = np.linalg.norm(slopes, axis=0)
    q = np.linalg.svd(slopes / np.where(scale > 0, scale, 1.0), full_matrices=False)
    leverage = np.sum(q[0][:, q[1] > 1e-10 * q[1][0]] ** 2, axis=1)
    return np.asarray(residual / np.maximum(1.0 - leverage, 1e-3))
