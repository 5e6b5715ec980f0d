"""Regression to the mean: the table of R6.4, by simulation and by the function."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hotspots.stability import expected_change, held_back_change

CELLS, A_YEAR, TOP = 5110, 8000, 20
PUBLISHED = {3: {0.1: -0.19, 0.4: -0.47}, 12: {0.1: -0.06, 0.4: -0.18}}
"""R6.4: expected change of the top 20 for gamma rates of this shape, by months of the window."""


def city(rng: np.random.Generator, shape: float, months: int) -> tuple[pd.Series, np.ndarray]:
    rate = rng.gamma(shape, size=CELLS)
    rate *= A_YEAR * months / 12 / rate.sum()
    return pd.Series(rng.poisson(rate), index=[f"c{i:04d}" for i in range(CELLS)]), rng.poisson(rate)


def picked(now: pd.Series) -> list[list[str]]:
    return [[cell] for cell in now.sort_values(ascending=False, kind="stable").index[:TOP]]


@pytest.mark.parametrize("months", [3, 12])
@pytest.mark.parametrize("shape", [0.1, 0.4])
def test_the_published_table_comes_out_of_simulation_and_of_the_function(months: int, shape: float) -> None:
    rng = np.random.default_rng(1)
    happened, said, covered = [], [], []
    for _ in range(12):
        now, later = city(rng, shape, months)
        groups = picked(now)
        _, found = expected_change(now, groups, months=months, random_state=0)
        top = now.index.get_indexer([cell for group in groups for cell in group])
        happened.append(later[top].sum() / now.to_numpy()[top].sum() - 1)
        said.append(found.change)
        covered.append(found.low <= later[top].sum() <= found.high)
    assert np.mean(happened) == pytest.approx(PUBLISHED[months][shape], abs=0.04)
    assert np.mean(said) == pytest.approx(np.mean(happened), abs=0.035)
    assert np.mean(covered) >= 0.6  # 90 % band; 12 cities


def test_places_that_do_not_differ_all_fall_back_to_the_average() -> None:
    now = pd.Series(np.random.default_rng(3).poisson(5.0, CELLS), index=[f"c{i}" for i in range(CELLS)])
    each, found = expected_change(now, picked(now), months=12, random_state=0)
    assert each["expected_next"].to_numpy() == pytest.approx(np.full(TOP, 5.0), rel=0.3)
    assert found.change < -0.5


def test_the_level_of_the_area_carries_over_from_what_was_counted_to_what_is_compared() -> None:
    now = pd.Series(np.random.default_rng(4).poisson(np.r_[np.full(500, 1.0), np.full(5, 80.0)]))
    now.index = [f"c{i}" for i in range(len(now))]
    groups = [[f"c{500 + i}"] for i in range(5)]
    plain, _ = expected_change(now, groups, months=12, random_state=0)
    half, _ = expected_change(now * 2, groups, months=12, evidence=now.astype(float), random_state=0)
    assert half["expected_next"].to_numpy() == pytest.approx(2 * plain["expected_next"].to_numpy())


def test_holding_half_back_shows_the_fall_without_a_model_and_the_model_agrees() -> None:
    for shape in (0.1, 0.4):
        now, _ = city(np.random.default_rng(5), shape, 12)
        measured, modelled = held_back_change(now, TOP, random_state=0)
        assert measured < -0.05
        assert modelled == pytest.approx(measured, abs=0.04)


def test_with_a_few_busy_places_in_a_quiet_city_both_witnesses_say_a_small_fall() -> None:
    rng = np.random.default_rng(6)
    now = pd.Series(rng.poisson(np.r_[rng.gamma(0.5, 1.2, 4000), np.full(20, 50.0)]))
    measured, modelled = held_back_change(now, TOP, random_state=0)
    assert measured > -0.06
    assert modelled > -0.06


def test_the_same_seed_gives_the_same_band_and_another_does_not() -> None:
    now, _ = city(np.random.default_rng(7), 0.2, 12)
    bands = [expected_change(now, picked(now), months=12, random_state=seed)[0] for seed in (0, 0, 1)]
    pd.testing.assert_frame_equal(bands[0], bands[1])
    assert not bands[0].equals(bands[2])
    assert (bands[0]["next_low"] <= bands[0]["expected_next"]).all()
    assert (bands[0]["expected_next"] <= bands[0]["next_high"]).all()


def test_the_sentence_names_numbers_before_the_percentage() -> None:
    now, _ = city(np.random.default_rng(8), 0.2, 12)
    _, found = expected_change(now, picked(now), months=12, random_state=0)
    said = found.describe()
    assert f"{found.reports:,} reports" in said
    assert f"{abs(found.change):.0%} fewer" in said
