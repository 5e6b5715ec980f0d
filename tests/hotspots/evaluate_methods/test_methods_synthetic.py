"""Synthetic control, SDID and calibrated weights: published numbers, an independent optimiser, exact constraints."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from hotspots.evaluate.methods import make_panel
from hotspots.evaluate.methods.calibrated import calibrate, calibrated
from hotspots.evaluate.methods.synthetic import sdid, synthetic, synthetic_control, synthetic_did
from hotspots.evaluate.methods.weights import calibration_weights, nested_weights, simplex_weights

ABADIE_2010 = {"Utah": 0.334, "Nevada": 0.234, "Montana": 0.199, "Colorado": 0.164, "Connecticut": 0.069}


@pytest.fixture(scope="module")
def california(shared):
    """Packs per head by state and year, and the years before Proposition 99."""
    table = pd.read_csv(shared / "reference" / "synthetic_control" / "california_prop99.csv", sep=";")
    packs = table.pivot_table(index="State", columns="Year", values="PacksPerCapita")
    return packs.loc["California"], packs.drop("California"), int((packs.columns < 1989).sum())


@pytest.fixture(scope="module")
def basque(shared):
    """GDP per head by region and year, without Spain as a whole."""
    table = pd.read_csv(shared / "reference" / "synthetic_control" / "basque.csv")
    wide = table.pivot_table(index="regionname", columns="year", values="gdpcap").drop("Spain (Espana)")
    name = "Basque Country (Pais Vasco)"
    return wide.loc[name], wide.drop(name)


def test_proposition_99_by_three_estimators(california):
    own, donors, n = california
    y, x = own.to_numpy(), donors.to_numpy()
    assert (y[n:].mean() - y[:n].mean()) - (x[:, n:].mean() - x[:, :n].mean()) == pytest.approx(-27.349, abs=5e-4)
    assert synthetic_did(y, x, n).effect == pytest.approx(-15.604, abs=5e-3)  # -15.60 (Stata), -15.6 (AER 2021)
    found = synthetic_control(y, x, n)
    assert found.effect == pytest.approx(-19.5137, abs=5e-4)  # Stata -19.48, AER -19.6 (stopped early)
    assert found.weights.sum() == pytest.approx(1, abs=1e-12)
    assert found.weights.min() >= 0


def test_proposition_99_with_the_published_weights(california):
    own, donors, n = california
    weights = donors.index.to_series().map(ABADIE_2010).fillna(0)
    found = synthetic_control(own, donors, n, weights=weights)
    mspe = found.pre_rmse**2, (found.gaps[n:] ** 2).mean()
    assert mspe == pytest.approx((3.09, 396.6), rel=2e-3)  # tidysynth 3.17 and 392, weights not rounded
    assert mspe[1] / mspe[0] == pytest.approx(128, abs=0.5)
    assert found.effect == pytest.approx(-18.97, abs=0.01)
    assert found.gaps[-1] == pytest.approx(-25.7, abs=0.05)


def test_the_basque_country_with_the_published_weights(basque):
    own, donors = basque
    weights = donors.index.to_series().map({"Cataluna": 0.850816, "Madrid (Comunidad De)": 0.149184}).fillna(0)
    start = int((own.index < 1975).sum())
    found = synthetic_control(own, donors, start, weights=weights)
    assert found.effect == pytest.approx(-0.6995648, abs=5e-7)
    fitted_on = (own.index >= 1960) & (own.index <= 1969)
    assert (found.gaps[fitted_on] ** 2).mean() == pytest.approx(0.00886454, abs=5e-8)


SCHOOL = ["school.illit", "school.prim", "school.med", "school.high"]


@pytest.fixture(scope="module")
def basque_predictors(shared):
    """Predictors of Abadie & Gardeazabal: schooling as shares, high with post-high, sectors in odd years."""
    table = pd.read_csv(shared / "reference" / "synthetic_control" / "basque.csv")
    table = table[table["regionname"] != "Spain (Espana)"]
    table["school.high"] += table["school.post.high"]
    table[SCHOOL] = 100 * table[SCHOOL].div(table[SCHOOL].sum(axis=1, min_count=1), axis=0)
    sectors = [name for name in table if name.startswith("sec.")]

    def mean(columns, years):
        return table[table["year"].isin(years)].groupby("regionname")[columns].mean()

    return pd.concat(
        [
            mean([*SCHOOL, "invest"], range(1964, 1970)), mean(["gdpcap"], range(1960, 1970)),
            mean(sectors, range(1961, 1970, 2)), mean(["popdens"], [1969]),
        ],
        axis=1,
    )  # fmt: skip


def nested(outcomes, predictors, name):
    donors = [one for one in outcomes.index if one not in {name, "Basque Country (Pais Vasco)"}]
    years = [year for year in outcomes if 1960 <= year <= 1969]
    fit = nested_weights(
        predictors.loc[donors], predictors.loc[name], outcomes.loc[donors, years], outcomes.loc[name, years]
    )
    return fit, outcomes.loc[name] - fit.weights @ outcomes.loc[donors].to_numpy(), donors


def test_the_nested_search_finds_the_published_basque_blend_by_itself(basque, basque_predictors):
    own, donors = basque
    outcomes = pd.concat([own.to_frame().T, donors])
    fit, gaps, names = nested(outcomes, basque_predictors, own.name)
    weights = dict(zip(names, fit.weights, strict=True))
    assert weights["Cataluna"] == pytest.approx(0.850816, abs=5e-5)
    assert weights["Madrid (Comunidad De)"] == pytest.approx(0.149184, abs=5e-5)
    assert fit.mspe == pytest.approx(0.00886454, abs=5e-8)
    assert gaps[own.index >= 1975].mean() == pytest.approx(-0.6995648, abs=5e-5)
    assert fit.importance.sum() == pytest.approx(1)


@pytest.mark.slow
def test_the_basque_country_ranks_third_of_eighteen_among_its_placebos(shared):
    """The published p of .1667: Spain as a whole is one of the eighteen, and schooling goes in as counts."""
    table = pd.read_csv(shared / "reference" / "synthetic_control" / "basque.csv")
    outcomes = table.pivot_table(index="regionname", columns="year", values="gdpcap")

    def mean(columns, years):
        return table[table["year"].isin(years)].groupby("regionname")[columns].mean()

    predictors = pd.concat(
        [
            mean([*SCHOOL, "school.post.high", "invest"], range(1964, 1970)), mean(["gdpcap"], range(1960, 1970)),
            mean([name for name in table if name.startswith("sec.")], range(1961, 1970, 2)), mean(["popdens"], [1969]),
        ],
        axis=1,
    )  # fmt: skip
    after = outcomes.columns >= 1975

    def ratio(name):
        gaps = nested(outcomes, predictors, name)[1]
        return (gaps[after] ** 2).mean() / (gaps[~after] ** 2).mean()

    ratios = pd.Series({name: ratio(name) for name in outcomes.index})
    p_value = (ratios >= ratios["Basque Country (Pais Vasco)"]).mean()
    assert p_value == pytest.approx(0.1667, abs=5e-5)


def test_the_basque_blend_fitted_to_outcomes_is_at_least_as_close_as_the_published_one(basque):
    own, donors = basque
    fitted_on = ((own.index >= 1960) & (own.index <= 1969)).nonzero()[0]
    weights = simplex_weights(donors.iloc[:, fitted_on], own.iloc[fitted_on])
    misses = own.iloc[fitted_on] - weights @ donors.iloc[:, fitted_on].to_numpy()
    assert (misses**2).mean() <= 0.00886454
    heaviest = donors.index[np.argsort(weights)[::-1][:2]]
    assert {"Cataluna", "Madrid (Comunidad De)"} & set(heaviest)


@pytest.mark.parametrize(("ridge", "intercept"), [(0.0, False), (4.0, False), (4.0, True)])
def test_simplex_weights_are_those_of_a_general_optimiser(ridge, intercept):
    rng = np.random.default_rng(2)
    donors, target = rng.normal(10, 3, (8, 20)), rng.normal(12, 3, 20)

    def loss(w):
        gap = donors.T @ w - target
        gap = gap - gap.mean() if intercept else gap
        return (gap**2).sum() + ridge * (w**2).sum()

    found = simplex_weights(donors, target, ridge=ridge, intercept=intercept)
    general = optimize.minimize(
        loss, np.full(8, 1 / 8), method="SLSQP", bounds=[(0, 1)] * 8, options={"ftol": 1e-14, "maxiter": 1000},
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
    )  # fmt: skip
    assert loss(found) <= general.fun * (1 + 1e-9)
    np.testing.assert_allclose(found, general.x, atol=1e-4)


def test_a_target_that_is_one_of_the_donors_gets_all_its_weight():
    donors = np.random.default_rng(0).poisson(9, (6, 12)).astype(float)
    np.testing.assert_allclose(simplex_weights(donors, donors[2]), np.eye(6)[2], atol=1e-7)


def test_calibrated_weights_meet_every_total_and_are_nearest_to_equal():
    rng = np.random.default_rng(5)
    traits = np.column_stack([rng.poisson(4, (400, 8)), np.ones(400)]).astype(float)
    totals = np.append(rng.poisson(5, (30, 8)).sum(axis=0).astype(float), 30.0)
    w = calibration_weights(traits, totals)
    assert w.min() >= 0
    np.testing.assert_allclose(w @ traits, totals, rtol=1e-8, atol=1e-8)
    # Nearest in relative entropy means log w is a linear form of the traits (the Lagrange condition).
    fitted = traits @ np.linalg.lstsq(traits, np.log(w), rcond=None)[0]
    np.testing.assert_allclose(np.log(w), fitted, atol=1e-8)


def test_calibration_by_hand_and_where_it_cannot_be():
    # Two kinds of places: 10 with (1, 1) and 10 with (1, 3). Totals (4, 8) ask for two of each.
    traits = np.array([[1.0, 1.0]] * 10 + [[1.0, 3.0]] * 10)
    np.testing.assert_allclose(calibration_weights(traits, [4.0, 8.0]), 0.2, atol=1e-10)
    assert calibration_weights(traits, [4.0, 40.0]) is None


def test_the_panel_s_weights_meet_their_constraints(hotspot_panel):
    panel = hotspot_panel(seed=11, k=10, j=200)
    found = calibrate(panel.treated[:, :24], panel.controls[:, :24])
    assert found.matches_number
    np.testing.assert_allclose(found.weights @ found.traits, found.totals, rtol=1e-8, atol=1e-8)
    assert found.totals[:-1].sum() == panel.treated[:, :24].sum()
    assert found.months_per_block == 1


def test_places_that_cannot_add_up_to_the_past_are_refused():
    quiet = make_panel(np.full((6, 40), 9.0), np.zeros((30, 40)), pd.date_range("2021", periods=40, freq="MS"), "2023")
    found = calibrated(quiet, random_state=0)
    assert "No weights of the 30" in found.refusal


def test_synthetic_methods_need_24_months_and_20_places(hotspot_panel):
    for method in (synthetic, sdid):
        assert "24 months" in method(hotspot_panel(seed=0, n_before=18), random_state=0).refusal
        assert "20 places" in method(hotspot_panel(seed=0, j=12), random_state=0).refusal
        found = method(hotspot_panel(seed=0), random_state=0)
        assert found.table["weight"].sum() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("method", [synthetic, sdid, calibrated])
def test_a_comparison_that_moves_in_step_shows_exactly_the_planted_fall(method):
    shape = 10 + 3 * np.sin(np.arange(36))
    controls = np.outer(np.linspace(1, 3, 40), shape)
    treated = np.outer([1.5, 2.0, 2.5, 2.0, 1.0], shape)
    treated[:, 24:] *= 0.7
    panel = make_panel(treated, controls, pd.date_range("2021", periods=36, freq="MS"), "2023")
    found = method(panel, random_state=1)
    assert found.estimate_pct == pytest.approx(-30, abs=1e-4)
    assert found.prevented == pytest.approx(treated[:, 24:].sum() * (1 / 0.7 - 1), rel=1e-4)
