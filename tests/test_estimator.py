"""The scikit-learn estimator: scikit-learn's own checks, frames with names, several targets, weights, and its tools."""

from __future__ import annotations

import dataclasses
import inspect
import pickle  # noqa: TID251  what joblib hands to its workers
from typing import Any

import numpy as np
import pandas
import polars
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from kandisco import Config, ConfigError, InputError, KandiscoRegressor

# No time limit: what the clock stopped would not repeat exactly.
QUICK = {"time": 1e6, "max_attempts": 4, "refiner": "none"}
SHORT = {**QUICK, "max_attempts": 2}  # the mean and a straight line: these pass what any formula must
RNG = np.random.default_rng(7)
X = RNG.uniform(0.5, 3.0, (80, 2))
Y = 0.5 * X[:, 0] * X[:, 1] ** 2


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks([KandiscoRegressor(**SHORT)])
def test_scikit_learns_own_checks(estimator: Any, check: Any) -> None:
    check(estimator)


# What a table is read by; an estimator is handed its columns.
READING = {"target", "features", "roles", "sigma"}


def test_every_setting_is_a_parameter_with_the_same_default() -> None:
    own = {name: p.default for name, p in inspect.signature(KandiscoRegressor).parameters.items()}
    settings = {f.name: f.default for f in dataclasses.fields(Config) if f.name not in READING}
    settings["random_state"] = settings.pop("seed")
    assert settings.pop("jobs") == 1
    settings["n_jobs"] = None  # scikit-learn's word for it
    assert own == settings
    assert all(f"    {name}: " in KandiscoRegressor.__doc__ for name in own)


@pytest.mark.parametrize("frame", [pandas.DataFrame, polars.DataFrame])
def test_headers_of_a_frame_name_the_formula(frame: Any) -> None:
    table = frame({"m [kg]": X[:, 0], "v [m/s]": X[:, 1], "E [J]": Y})
    inputs, target = table[["m [kg]", "v [m/s]"]], table["E [J]"]
    model = KandiscoRegressor(**QUICK).fit(inputs, target)
    assert str(model.sympy()) == "m*v**2/2"
    assert model.latex() == r"\frac{m v^{2}}{2}"
    assert list(model.feature_names_in_) == ["m [kg]", "v [m/s]"]
    np.testing.assert_allclose(model.predict(inputs), Y, rtol=1e-12)
    assert model.score(inputs, target) == 1.0
    assert set(model.equations_["target"]) == {"E [J]"}


def test_the_front_is_a_frame_whose_rows_predict() -> None:
    model = KandiscoRegressor(**QUICK).fit(X, Y)
    front = model.equations_
    assert isinstance(front, pandas.DataFrame)
    assert front["complexity"].is_monotonic_increasing and front["best"].sum() == 1
    best = int(np.flatnonzero(front["best"])[0])
    np.testing.assert_array_equal(model.predict(X, index=best), model.predict(X))
    assert model.sympy(index=best) == model.sympy()
    rough = np.sqrt(np.mean((model.predict(X, index=0) - Y) ** 2))
    assert rough > front["rmse_test"][best]


def test_each_target_gets_its_formula() -> None:
    frame = pandas.DataFrame({"double": 2 * X[:, 0], "product": X[:, 0] * X[:, 1]})
    model = KandiscoRegressor(**QUICK).fit(X, frame)
    assert [str(found) for found in model.sympy()] == ["2*x0", "x0*x1"]
    assert model.predict(X[:5]).shape == (5, 2)
    assert list(dict.fromkeys(model.equations_["target"])) == ["double", "product"]
    assert model.fit(X, frame[["double"]]).predict(X[:5]).shape == (5, 1)


def test_weights_decide_between_two_laws() -> None:
    trusted = np.arange(80) % 2 == 0
    y = np.where(trusted, Y, 5.0 - X[:, 0])
    left_out = KandiscoRegressor(**QUICK).fit(X, y, sample_weight=trusted.astype(float))
    assert str(left_out.sympy()) == "x0*x1**2/2"
    doubted = KandiscoRegressor(**QUICK).fit(X, y + RNG.normal(0, 1e-3, 80), sample_weight=np.where(trusted, 1.0, 1e-9))
    np.testing.assert_allclose(doubted.predict(X)[trusted], Y[trusted], rtol=0.02)


def test_a_repeated_row_is_a_row_of_that_weight() -> None:
    counts = np.random.default_rng(1).integers(0, 4, 80)
    y = Y + RNG.normal(0, 0.05, 80)
    weighted = KandiscoRegressor(**SHORT).fit(X, y, sample_weight=counts)
    repeated = KandiscoRegressor(**SHORT).fit(X.repeat(counts, axis=0), y.repeat(counts))
    np.testing.assert_array_equal(weighted.predict(X), repeated.predict(X))


def test_it_is_at_home_in_scikit_learns_tools() -> None:
    model = KandiscoRegressor(**QUICK)
    scores = cross_val_score(make_pipeline(StandardScaler(), model), X, 2 * X[:, 0] + X[:, 1], cv=3)
    assert scores.min() > 0.999999
    search = GridSearchCV(model, {"max_complexity": [1, 12]}, cv=3).fit(X, Y)
    assert search.best_params_ == {"max_complexity": 12}
    assert search.best_estimator_.formulas_[0].evidence == "exact"


def test_a_fitted_model_survives_pickling_and_a_clone_starts_afresh() -> None:
    model = KandiscoRegressor(**QUICK).fit(X, Y)
    again = pickle.loads(pickle.dumps(model))  # noqa: S301  our own bytes
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert again.equations_.equals(model.equations_)
    assert not hasattr(clone(model), "results_")


def test_where_a_formula_is_not_defined_it_says_so() -> None:
    x = np.linspace(0.1, 4.0, 60)[:, None]
    model = KandiscoRegressor(**QUICK).fit(x, np.sqrt(x[:, 0]))
    with pytest.warns(UserWarning, match="not defined at 1 of 2 rows"):
        predicted = model.predict([[-1.0], [4.0]])
    assert np.isnan(predicted[0]) and predicted[1] == pytest.approx(2.0)


def test_what_cannot_be_fitted_is_refused_with_a_remedy() -> None:
    with pytest.raises(ConfigError, match="grid=0"):
        KandiscoRegressor(grid=0).fit(X, Y)
    with pytest.raises(ValueError, match="at least one non-zero"):
        KandiscoRegressor(**QUICK).fit(X, Y, sample_weight=np.zeros(80))
    with pytest.raises(ValueError, match="Negative"):
        KandiscoRegressor(**QUICK).fit(X, Y, sample_weight=-np.ones(80))
    with pytest.raises(InputError, match="constant"):
        KandiscoRegressor(**QUICK).fit(np.ones((10, 1)), Y[:10])


def test_what_is_refused_is_a_value_error_for_scikit_learn() -> None:
    with pytest.raises(ValueError, match="grid=0"):
        KandiscoRegressor(grid=0).fit(X, Y)
    with pytest.raises(ValueError, match="constant"):
        KandiscoRegressor(**QUICK).fit(np.ones((10, 1)), Y[:10])
    with pytest.raises(ValueError, match="soon"):
        KandiscoRegressor(**{**QUICK, "time": "soon"}).fit(X, Y)


def test_two_processes_find_what_one_does_and_hand_errors_back() -> None:
    model = KandiscoRegressor(**SHORT)
    y = 2 * X[:, 0] + X[:, 1]
    alone, together = (cross_val_score(model, X, y, cv=2, n_jobs=jobs) for jobs in (1, 2))
    np.testing.assert_array_equal(alone, together)
    with pytest.raises(ConfigError, match="grid=0"):
        cross_val_score(clone(model).set_params(grid=0), X, y, cv=2, n_jobs=2, error_score="raise")


def test_a_random_state_of_any_kind_becomes_a_seed() -> None:
    for state in (None, np.random.RandomState(3), np.int64(4)):
        model = KandiscoRegressor(**SHORT, random_state=state).fit(X, 2 * X[:, 0])
        assert isinstance(model.results_[0].seed, int)
    assert model.results_[0].seed == 4


def test_units_can_be_given_beside_the_headers() -> None:
    model = KandiscoRegressor(**QUICK, units=("x0=kg", "x1=m/s", "y=J")).fit(X, Y)
    assert [v.unit for v in model.results_[0].dataset.inputs] == ["kg", "m/s"]
