"""Sample size: rotation finds what it should and nothing else, and a list too short says so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geodata.sample import make_city
from geodata.sources import intake_of
from hotspots.evaluate import listed_history, rotation_power, sample_size


def test_a_rotation_is_never_fooled_by_hotspots_that_differ_and_seasons_they_share():
    rng = np.random.default_rng(1)
    means = rng.gamma(2, 3, (20, 1)) * (1 + 0.4 * np.sin(np.arange(12)))
    fooled = [rotation_power(rng.poisson(means), [0.0], random_state=seed)[0] for seed in range(20)]
    assert 0.01 < np.mean(fooled) < 0.04  # one side of a 5 % test


def test_the_power_of_a_rotation_rises_with_the_fall():
    history = np.random.default_rng(2).poisson(4, (20, 12))
    power = rotation_power(history, [0.0, 0.1, 0.2, 0.4], random_state=0)
    assert (np.diff(power) > 0).all()
    assert power[-1] == 1.0


def test_more_hotspots_and_designs_by_lot_are_set_side_by_side():
    rng = np.random.default_rng(3)
    found = sample_size(rng.poisson(3 * rng.gamma(8, 1 / 8, (60, 1)), (60, 24)), sizes=(5, 20), lengths=(6, 12))
    table = found.table.set_index(["design", "hotspots", "months"])
    assert len(table) == 12
    assert table.loc[("top", 20, 12), "mde_pct"] < table.loc[("top", 5, 6), "mde_pct"]
    assert (table["power_20"] <= table["power_30"] + 1e-9).all()
    assert "would be found in 80%" in found.sentence


def test_a_list_too_short_for_a_design_says_so():
    found = sample_size(np.full((22, 24), 3.0), sizes=(5,), lengths=(12,))
    assert found.table.set_index("design")["mde_pct"].isna().to_dict() == {
        "rotation": False,
        "random": True,
        "top": True,
    }
    none = sample_size(np.full((6, 24), 3.0), sizes=(5,), lengths=(12,))
    assert none.sentence.startswith("No design is possible")


@pytest.mark.slow
def test_the_sample_city_is_planned_from_its_own_records():
    city = make_city(seed=0)
    start = pd.Timestamp("2023-08-01")
    history = listed_history(intake_of(city.incidents), city.area, categories=("anti-social-behaviour",), start=start)
    assert history.shape[1] == 24
    assert 40 <= len(history) <= 60
    assert sample_size(history, sizes=(5,), lengths=(12,)).table["mde_pct"].max() < 50
