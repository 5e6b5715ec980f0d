"""Every ranker sees the past alone; the default pulls what a cell had towards what similar cells have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.neighbors import KernelDensity

from geodata.errors import DesignError
from hotspots.ranking import decayed_rate
from hotspots.shrinkage import GammaPrior, fit_shape, shrink
from hotspots.targeting import DEFAULT, RANKERS, rankers_named
from hotspots.targeting.rankers import bayes, smoothed

ORIGIN = 20
METHODS = pytest.mark.parametrize("name", list(RANKERS))


def dense(panel):
    """Return the wanted reports of every cell and step."""
    return np.column_stack([panel.followed(step, 1) for step in range(panel.n_steps)])


@METHODS
def test_what_comes_later_changes_nothing(name, town, town_of, panel, panel_of_town):
    begins = panel.steps[ORIGIN]
    noise = town_of(seed=99, n_points=300, reports=700, spread=2.0)
    other_future = pd.concat([noise.loc[noise["month"] >= begins], town.loc[town["month"] < begins]])
    score = RANKERS[name].score(panel.past(ORIGIN), 1)
    assert_array_equal(RANKERS[name].score(panel_of_town(other_future).past(ORIGIN), 1), score)
    assert score.max() > score.min()


@METHODS
def test_no_later_month_is_in_reach(name, town, panel, panel_of_town):
    only_past = town.loc[town["month"] < panel.steps[ORIGIN]]
    assert_array_equal(
        RANKERS[name].score(panel_of_town(only_past).past(ORIGIN), 1), RANKERS[name].score(panel.past(ORIGIN), 1)
    )


@METHODS
def test_the_order_of_records_changes_nothing(name, town, panel, panel_of_town):
    shuffled = town.sample(frac=1, random_state=1)
    again = panel_of_town(shuffled)
    assert_array_equal(RANKERS[name].score(again.past(ORIGIN), 1), RANKERS[name].score(panel.past(ORIGIN), 1))


@METHODS
def test_cells_without_history_come_last(name, panel):
    past = panel.past(ORIGIN)
    score = RANKERS[name].score(past, 1)
    assert np.isfinite(score).all()
    if name not in ("kde", "kde_tuned", "gi_star"):  # smoothing spills over
        assert (score[~past.known] == 0).all()


@METHODS
def test_only_one_kind_of_report_is_enough(name, town, panel_of_town):
    asb = panel_of_town(town.loc[town["category"] == "anti-social-behaviour"])
    assert not asb.has_others
    assert RANKERS[name].score(asb.past(ORIGIN), 1).max() > 0


@METHODS
def test_a_wanted_kind_that_was_never_reported_scores_nothing_anywhere(name, town, panel_of_town):
    none = panel_of_town(town.loc[town["category"] != "anti-social-behaviour"])
    assert_allclose(RANKERS[name].score(none.past(ORIGIN), 1), 0, atol=1e-9)


@METHODS
@pytest.mark.parametrize("horizon", [1, 3])
def test_missing_months_are_bridged(name, horizon, town, panel_of_town):
    gone = pd.DatetimeIndex(["2021-09-01", "2022-08-01"])
    panel = panel_of_town(town.loc[~town["month"].isin(gone)], missing=gone)
    assert RANKERS[name].score(panel.past(ORIGIN), horizon).max() > 0


def test_counts_are_plain(panel):
    past = panel.past(ORIGIN)
    assert_array_equal(RANKERS["last1"].score(past, 1), dense(panel)[:, ORIGIN - 1])
    assert_array_equal(RANKERS["count12"].score(past, 1), dense(panel)[:, ORIGIN - 12 : ORIGIN].sum(axis=1))
    assert_array_equal(RANKERS["countall"].score(past, 1), dense(panel)[:, :ORIGIN].sum(axis=1))


def test_a_decayed_count_is_that_of_the_plain_ranking(panel):
    past = panel.past(ORIGIN)
    expected = decayed_rate(pd.DataFrame(dense(past), columns=past.steps), half_life_months=6.0, season_weight=1.0)
    y, months = bayes.decayed(past, 6.0, 1)
    assert_allclose(y, expected["y"])
    assert_allclose(months, expected["months"].iloc[0])


def test_a_shape_fitted_to_one_mean_is_that_of_the_gamma_prior():
    counts = np.random.default_rng(0).negative_binomial(2.0, 0.2, 4000)
    shape = fit_shape(counts, np.full(len(counts), counts.mean()))
    assert shape == pytest.approx(2.0, rel=0.15)
    prior = GammaPrior(float(counts.mean()), shape)
    assert_allclose(shrink(counts, prior), prior.mean * (counts + shape) / (prior.mean + shape))


def test_a_shape_is_found_where_every_cell_has_its_own_mean():
    rng = np.random.default_rng(0)
    means = rng.lognormal(0.5, 1.0, 8000)
    counts = rng.poisson(means * rng.gamma(3.0, 1 / 3.0, 8000))
    assert fit_shape(counts, means) == pytest.approx(3.0, rel=0.15)


def test_the_default_lies_between_what_a_cell_had_and_what_similar_cells_have(panel):
    past = panel.past(ORIGIN)
    slow = past.weights(bayes.OTHER_HALF_LIFE)
    found = bayes.regression_bayes(past, past.weights(6.0, season_weight=1.0), slow)
    low, high = np.minimum(found.own, found.prior), np.maximum(found.own, found.prior)
    assert (found.posterior >= low - 1e-12).all()
    assert (found.posterior <= high + 1e-12).all()
    m, y, k = found.prior * found.months, found.own * found.months, found.shape
    known = past.known
    assert_allclose(found.posterior[known] * found.months, (m * (y + k) / (m + k))[known])


def test_the_prior_is_the_poisson_regression_of_statsmodels(panel):
    import statsmodels.api as sm

    past = panel.past(ORIGIN)
    weights, slow = past.weights(6.0, season_weight=1.0), past.weights(bayes.OTHER_HALF_LIFE)
    y, months = bayes.collected(past, weights)
    design = sm.add_constant(bayes.cell_features(past, weights, slow)[past.known])
    expected = sm.GLM(y[past.known], design, family=sm.families.Poisson()).fit().fittedvalues
    found = bayes.regression_bayes(past, weights, slow).prior[past.known] * months
    assert_allclose(found, expected, rtol=0.03)  # the ridge that keeps coefficients finite


def test_the_default_averages_three_memories(panel):
    past = panel.past(ORIGIN)
    slow = past.weights(bayes.OTHER_HALF_LIFE)
    each = [bayes.regression_bayes(past, past.weights(h, season_weight=1.0), slow).posterior for h in (3, 6, 12)]
    assert_allclose(RANKERS[DEFAULT].score(past, 1), np.mean(each, axis=0))


def test_without_other_crime_the_default_is_the_decayed_count(town, panel_of_town):
    past = panel_of_town(town.loc[town["category"] == "anti-social-behaviour"]).past(ORIGIN)
    assert_array_equal(RANKERS[DEFAULT].score(past, 1), RANKERS["decayed"].score(past, 1))
    order = np.argsort(-bayes.decayed(past, bayes.FALLBACK_HALF_LIFE, 1)[0], kind="stable")
    assert_array_equal(np.argsort(-RANKERS["decayed"].score(past, 1), kind="stable")[:20], order[:20])


def test_other_crime_moves_a_cell_up(town, panel_of_town):
    past = panel_of_town(town).past(ORIGIN)
    quiet = int(np.flatnonzero(past.known & (past.count(past.recent()) <= 2))[0])
    before = RANKERS[DEFAULT].score(past, 1)
    others = past.others.copy()
    others[:, np.searchsorted(past.rows, quiet), -12:] += 5
    after = RANKERS[DEFAULT].score(replace(past, others=others), 1)
    assert after[quiet] > before[quiet]


def test_the_density_ranks_as_scikit_learns_epanechnikov_sibling_nearly_does(panel):
    past = panel.past(ORIGIN)
    ground = past.surroundings
    recent = ground.counts[:, ORIGIN - 12 : ORIGIN].sum(axis=1)
    sibling = KernelDensity(bandwidth=190.0, kernel="epanechnikov").fit(
        ground.points_m[recent > 0], sample_weight=recent[recent > 0]
    )
    expected = np.exp(sibling.score_samples(ground.centres_m))
    assert np.corrcoef(RANKERS["kde"].score(past, 1), expected)[0, 1] > 0.97


def test_the_bandwidth_is_chosen_on_earlier_months_only(panel):
    past = panel.past(ORIGIN)
    found = smoothed._tuned_bandwidth(past, 1)
    assert found in smoothed.GRID_M
    score = RANKERS["kde_tuned"].score(past, 1)
    assert_array_equal(score, past.density(past.recent(12), found))
    assert smoothed._tuned_bandwidth(panel.past(4), 1) == 200.0


def test_an_unknown_method_is_refused_with_those_there_are():
    with pytest.raises(DesignError, match=r"no ranking method 'best'.*ebreg_mean.*count12"):
        rankers_named(["best"])
    assert [r.name for r in rankers_named(["kde", "kde", "count12"])] == ["kde", "count12"]
    assert len(rankers_named(["all"])) == len(RANKERS)


def test_what_cannot_be_checked_by_hand_says_so():
    assert {r.name for r in RANKERS.values() if r.is_opaque} == {"boosted_trees", "ensemble"}
    assert all("opaque" in r.label for r in RANKERS.values() if r.is_opaque)
