"""Structure: laws whose shape closed-form algebra finds at once, before any network is trained.

Each function takes rows and returns candidate expressions with free constants; the later stages refit, reduce and judge them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from kandisco.expr import Expr, add, call, mul, num, power, rat, var
from kandisco.expr.numeric import evaluate
from kandisco.specs import FunctionSpec
from kandisco.stages.candidate import Candidate
from kandisco.symbolic import dictionary
from kandisco.symbolic.patterns import fit_patterns
from kandisco.symbolic.sample import Sample
from kandisco.symbolic.transforms import Undone, plain, transforms
from kandisco.symbolic.waves import fit_waves
from kandisco.types import Array

_RATIONAL_ROWS = 320
_RATIONAL_EXACT = 1e-12
_TRANSFORMED_INPUTS = 3
_SIGNS_AGREE = 0.95
_LEAST_SHARE = 1 / 30
_CLOSEST = 3
_NEARLY, _ANGLE_TERMS = 1e-6, 60


def constant(sample: Sample) -> list[Candidate]:
    """The mean."""
    return [Candidate(expr=num(sample.mean(sample.y)), origin="constant")]


def linear(sample: Sample) -> list[Candidate]:
    """A linear combination of the columns."""
    terms = dictionary.monomials(sample.names, sample.x, 1)
    return [Candidate(expr=expr, origin="linear") for expr in _sparse(terms, sample, plain(sample.y), most=40)]


def monomial(sample: Sample) -> list[Candidate]:
    """c x1^p1 x2^p2 ...: linear in the logarithms of sizes; columns of both signs take whole exponents that explain y's sign."""
    usable = [i for i, column in enumerate(sample.x) if np.all(column != 0)]
    if not usable or np.any(sample.y == 0):
        return []
    terms = dictionary.Terms(
        exprs=(rat(1), *(var(sample.names[i]) for i in usable)),
        values=np.vstack([np.ones_like(sample.y), np.log(np.abs(sample.x[usable]))]),
    )
    unit = float(np.median(np.abs(sample.y)))
    log = Undone(name="log y", values=np.log(np.abs(sample.y)), outer=var("x"), weights=_sizes(sample.y) ** 2, unit=unit)
    found = dictionary.sparse_fit(terms, log.values, weights=_weights(sample, log), most=40, enough=_stated(sample, log))
    if found is None:
        return []
    active, coef, _ = found
    sign, factors, scale = np.sign(sample.y), [], 0.0
    for k, c in zip(active, coef.tolist(), strict=True):
        if k == 0:
            scale = c
            continue
        column = sample.x[usable[k - 1]]
        if _one_sign(column):
            factors.append(power(_positive(terms.exprs[k], column), num(c)))
        elif round(c):
            sign = sign * np.sign(column) ** round(c)
            factors.append(power(terms.exprs[k], rat(round(c))))
    if abs(float(np.mean(sign))) < _SIGNS_AGREE:
        return []
    lead = math.copysign(math.exp(min(max(scale, -690), 690)), float(np.mean(sign)))
    return [Candidate(expr=mul(num(lead), *factors), origin="monomial")]


def _one_sign(column: Array) -> bool:
    return bool(np.all(column > 0) or np.all(column < 0))


def offset_monomial(sample: Sample) -> list[Candidate]:
    """T(y) = d + c x1^p1 x2^p2 ... for every transformed y: the offset by a line search, the rest linear in the logarithms."""
    signed = [i for i, column in enumerate(sample.x) if _one_sign(column)]
    if not signed:
        return []
    design = np.vstack([np.ones_like(sample.y), np.log(np.abs(sample.x[signed]))]).T
    out: list[tuple[float, Expr]] = []
    for undone in transforms(sample.y):
        for sign in (1.0, -1.0):
            target, weights = sign * undone.values, _weights(sample, undone)
            offset, error = _best_offset(target, design, weights)
            coef, _ = _log_linear(target - offset, design, weights)
            scale, *powers = coef.tolist()
            factors = [power(_positive(var(sample.names[i]), sample.x[i]), num(p)) for i, p in zip(signed, powers, strict=True)]
            inner = add(num(sign * offset), mul(num(sign * math.exp(min(max(scale, -600), 600))), *factors))
            out.append((error, undone.outer.substitute({"x": inner})))
    out.sort(key=lambda item: item[0])
    return [Candidate(expr=expr, origin="monomial + constant") for error, expr in out[:6] if error < 0.3]


def _best_offset(target: Array, design: Array, weights: Array) -> tuple[float, float]:
    """The offset below all targets that makes log(target - offset) most nearly linear, and the share of variance left."""
    low, span = float(target.min()), float(np.ptp(target)) or 1.0
    gaps = np.geomspace(1e-4, 30.0, 40)
    best = (low - span, 1.0)
    for _ in range(3):
        for gap in gaps:
            _, error = _log_linear(target - (low - gap * span), design, weights)
            if error < best[1]:
                best = (low - gap * span, error)
        gap = (low - best[0]) / span
        ratio = (gaps[1] / gaps[0]) ** 1.0
        gaps = np.geomspace(gap / ratio, gap * ratio, 9)
    return best


def _log_linear(size: Array, design: Array, weights: Array) -> tuple[Array, float]:
    """log(size) by the design's columns: coefficients and the share of variance left; errors of size are alike."""
    root = np.sqrt(weights) * _sizes(size)
    logs = np.log(size)
    coef: Array = np.asarray(np.linalg.lstsq(design * root[:, None], logs * root, rcond=None)[0], dtype=np.float64)
    left = np.average((logs - design @ coef) ** 2, weights=root**2)
    centred = logs - np.average(logs, weights=root**2)
    return coef, float(left / (np.average(centred**2, weights=root**2) or 1.0))


def _sizes(values: Array) -> Array:
    """Sizes in units of the middle one, neither much below 1 nor much above: what an error of the value is to its logarithm."""
    size = np.abs(values)
    return np.clip(size / float(np.median(size)), _LEAST_SHARE, 1 / _LEAST_SHARE)


def _positive(expr: Expr, column: Array) -> Expr:
    return expr if column[0] > 0 else mul(rat(-1), expr)


def curve(sample: Sample, functions: Sequence[FunctionSpec]) -> list[Candidate]:
    """One input: patterns of one and two library functions, and waves that turn too often for these."""
    u, v = sample.x[0], sample.y
    whole = plain(v)
    weights = _weights(sample, whole) if sample.stated and sample.relative else sample.weights
    fits = fit_patterns(u, v, functions, weights=weights, floor=sample.error, stated=_stated(sample, whole))
    if all(fit.error * sample.spread > sample.floor for fit in fits):
        fits = [*fit_waves(u, v), *fits]
    name = var(sample.names[0])
    return [Candidate(expr=fit.expr.substitute({"x": name}), origin=f"curve {fit.name}") for fit in fits]


def polynomial(sample: Sample, *, limit: int = 84) -> list[Candidate]:
    """A sparse polynomial for y or for one of the transformed y that all terms together come closest to."""
    terms = _monomials(sample, limit)
    found = [expr for _, undone in _closest(terms, sample)[:_CLOSEST] for expr in _sparse(terms, sample, undone)]
    return [Candidate(expr=expr, origin="polynomial") for expr in found]


def _monomials(sample: Sample, limit: int) -> dictionary.Terms:
    degree = dictionary.largest_degree(len(sample.names), min(limit, len(sample.y) // 3))
    return dictionary.monomials(sample.names, sample.x, degree)


def _closest(terms: dictionary.Terms, sample: Sample) -> list[tuple[float, Undone]]:
    """The transformed targets, first the one that all terms together come closest to, with the error of y.

    Those within a stated uncertainty are alike, and stay in order.
    """
    found = ((max(_missed(terms, sample, undone), sample.stated), undone) for undone in transforms(sample.y))
    return sorted(found, key=lambda item: item[0])


def _missed(terms: dictionary.Terms, sample: Sample, undone: Undone) -> float:
    """Root mean square error of y itself where all terms together make up the transformed target."""
    root = np.sqrt(_weights(sample, undone))
    scale = np.sqrt(np.mean(terms.values**2, axis=1))
    design = terms.values / np.where(scale > 0, scale, 1.0)[:, None]
    coef = np.linalg.lstsq((design * root).T, undone.values * root, rcond=1e-13)[0]
    value = evaluate(undone.outer, {"x": coef @ design})
    error = np.where(np.isfinite(value), value - sample.y, sample.y)
    return math.sqrt(sample.mean((error / sample.y) ** 2 if sample.relative else error**2))


def _sparse(terms: dictionary.Terms, sample: Sample, undone: Undone, *, most: int = 12) -> list[Expr]:
    weights, enough = _weights(sample, undone), _stated(sample, undone)
    found = dictionary.sparse_fit(terms, undone.values, weights=weights, most=most, enough=enough)
    if found is None:
        return []
    active, coef, _ = found
    return [undone.outer.substitute({"x": dictionary.combination([terms.exprs[i] for i in active], coef)})]


def _weights(sample: Sample, undone: Undone) -> Array:
    """What the error of each transformed target counts on these rows."""
    weights = undone.weights if sample.weights is None else undone.weights * sample.weights
    return weights / np.maximum(sample.y**2, 1e-6 * sample.spread**2) if sample.relative else weights


def _stated(sample: Sample, undone: Undone) -> float:
    """The stated uncertainty as one of the transformed target, of a row whose weight is the mean of ``_weights``."""
    if not sample.stated:
        return 0.0
    return sample.stated * math.sqrt(sample.total / len(sample.y) / float(np.mean(_weights(sample, undone)))) / undone.unit


def rational(sample: Sample, *, limit: int = 60, close: float = math.inf) -> list[Candidate]:
    """P/Q for polynomials of low degree; in few columns also for a transformed y and for reciprocals of the columns.

    With ``close``, only those whose relative error is not above it.

    Targets and columns are tried in turn; the first unique and exact quotient ends the search.
    """
    few = sample.thinned(_RATIONAL_ROWS)
    best: list[tuple[float, Expr]] = []
    for turned, back in _turned(few):
        for undone in transforms(few.y):
            if len(few.names) > _TRANSFORMED_INPUTS and undone.name not in ("y", "y^2"):
                continue
            found = _quotients(turned, undone.values, _weights(few, undone), limit)
            best += [(error, undone.outer.substitute({"x": expr}).substitute(back)) for error, expr in found]
            if any(error < _RATIONAL_EXACT for error, _ in best):
                return _best_quotients(best, close)
    return _best_quotients(best, close)


def _best_quotients(best: list[tuple[float, Expr]], close: float) -> list[Candidate]:
    good = sorted((item for item in best if item[0] <= close), key=lambda item: item[0])
    return [Candidate(expr=expr, origin="rational") for _, expr in good[:2]]


def _turned(sample: Sample) -> Iterator[tuple[Sample, dict[str, Expr]]]:
    """The sample, and for two columns without zeros the three with reciprocals of columns in their place."""
    yield sample, {}
    if len(sample.names) != 2 or np.any(sample.x == 0):
        return
    for turn in ((0,), (1,), (0, 1)):
        x = sample.x.copy()
        x[list(turn)] = 1 / x[list(turn)]
        yield replace(sample, x=x), {sample.names[i]: power(var(sample.names[i]), rat(-1)) for i in turn}


def _quotients(sample: Sample, target: Array, weights: Array, limit: int) -> list[tuple[float, Expr]]:
    """The best quotient for one target, and its error."""
    best: list[tuple[float, Expr]] = []
    for above, below in _degrees(len(sample.names), min(limit, len(sample.y) // 3)):
        p = dictionary.monomials(sample.names, sample.x, above)
        q = dictionary.monomials(sample.names, sample.x, below)
        found = dictionary.rational_fit(p, q, target, weights)
        if found is None:
            continue
        top, bottom, error = found
        lead = bottom[np.argmax(np.abs(bottom))] or 1.0
        numerator, denominator = dictionary.combination(p.exprs, top / lead), dictionary.combination(q.exprs, bottom / lead)
        best.append((error, mul(numerator, power(denominator, rat(-1)))))
        if error < _RATIONAL_EXACT:
            break
    return sorted(best, key=lambda item: item[0])[:1]


def _degrees(inputs: int, limit: int) -> Iterator[tuple[int, int]]:
    most = 4 if inputs <= _TRANSFORMED_INPUTS else 3
    for total in range(2, 2 * most + 1):
        for below in range(1, total):
            above = total - below
            if above <= 4 and below <= most and math.comb(inputs + above, above) + math.comb(inputs + below, below) <= limit:
                yield above, below


def angles(sample: Sample) -> list[Candidate]:
    """Quotients and polynomials in the cosine and sine of one column, or of the difference of two.

    A quotient must be exact to be one: the singular vector it is read off is bent by noise.
    """
    out: list[Candidate] = []
    targets: list[tuple[float, Undone, dictionary.Terms, dict[str, Expr]]] = []
    for gone, angle, expr in _angles(sample):
        back = {head + "ine": call(head, expr) for head in ("cos", "sin")}
        for head in ("cos", "sin"):
            smaller = _with_angle(sample, gone, angle, (head,))
            found = _refitted(rational(smaller, close=_NEARLY), smaller)
            out += [replace(c, expr=c.expr.substitute(back), origin=f"angles > {c.origin}") for c in found]
        smaller = _with_angle(sample, gone, angle, ("cos", "sin"))
        terms = _monomials(smaller, _ANGLE_TERMS)
        targets += [(error, undone, terms, back) for error, undone in _closest(terms, smaller)]
        if any(c.rmse <= sample.floor for c in out) or any(item[0] <= sample.floor for item in targets):
            break
    for _, undone, terms, back in sorted(targets, key=lambda item: item[0])[:_CLOSEST]:
        found = [Candidate(expr=expr.substitute(back), origin="angles > polynomial") for expr in _sparse(terms, sample, undone)]
        out += _refitted(found, sample)
    return out


def _refitted(candidates: Sequence[Candidate], sample: Sample) -> list[Candidate]:
    fits = [(sample.refit(c.expr, iterations=15), c) for c in candidates]
    return [replace(c, expr=fit.expr, rmse=fit.rmse) for fit, c in fits]


def _angles(sample: Sample) -> Iterator[tuple[tuple[int, ...], Array, Expr]]:
    """Columns, and differences of columns, that may be angles: the columns they replace, their values, their expression."""
    names = sample.names
    wide = [i for i in range(len(names)) if np.ptp(sample.x[i]) >= 1.0 and np.max(np.abs(sample.x[i])) <= 40]
    yield from (((i,), sample.x[i], var(names[i])) for i in wide)
    for i in wide:
        for j in (j for j in wide if j > i):
            yield (i, j), sample.x[i] - sample.x[j], add(var(names[i]), mul(rat(-1), var(names[j])))


def _with_angle(sample: Sample, gone: tuple[int, ...], angle: Array, heads: tuple[str, ...]) -> Sample:
    keep = [k for k in range(len(sample.names)) if k not in gone]
    x = np.vstack([sample.x[keep], *(np.cos(angle) if head == "cos" else np.sin(angle) for head in heads)])
    return replace(sample, names=(*(sample.names[k] for k in keep), *(head + "ine" for head in heads)), x=x)
