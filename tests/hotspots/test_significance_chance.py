"""How many of a list could be chance: calibrated where there is nothing, and clear where there is something."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import nbinom, poisson

from geodata.errors import DataError, DesignError
from hotspots.significance import scan_list

RUNS = 200
ROOM = 3 * np.sqrt(0.05 * 0.95 / RUNS)


def city(counts):
    return pd.Series(counts, index=[f"c{i:04d}" for i in range(len(counts))])


def scan(counts, k=10, **settings):
    named = city(counts)
    return scan_list(named, named.nlargest(k).index, **settings)


@pytest.mark.parametrize(("mean", "m"), [(0.5, 2000), (20, 500)])
def test_reports_dealt_at_random_are_rarely_more_than_chance(mean, m):
    rng = np.random.default_rng(1)
    scans = [scan(rng.multinomial(int(mean * m), np.full(m, 1 / m))) for _ in range(RUNS)]
    assert np.mean([s.could_be_even < 10 for s in scans]) <= 0.05 + ROOM
    assert np.mean([s.could_be_ordinary < 10 for s in scans]) <= 0.05 + ROOM


@pytest.mark.parametrize(("mean", "shape", "m"), [(5, 0.5, 800), (20, 3, 500), (2, 0.3, 2000)])
def test_places_that_differ_as_ordinary_places_do_are_rarely_more_than_ordinary(mean, shape, m):
    rng = np.random.default_rng(2)
    scans = [scan(rng.poisson(rng.gamma(shape, mean / shape, m))) for _ in range(RUNS)]
    assert np.mean([s.could_be_ordinary < 10 for s in scans]) <= 0.05 + ROOM
    fitted = np.array([[s.ordinary.mean, s.ordinary.shape] for s in scans]).mean(axis=0)
    np.testing.assert_allclose(fitted, [mean, shape], rtol=0.05)


def test_special_places_are_beyond_both_and_cannot_pass_themselves_off_as_ordinary():
    rng = np.random.default_rng(3)
    counts = rng.poisson(rng.gamma(2.0, 2.5, 800))
    counts[:10] = 150 + 10 * np.arange(10)
    found = scan(counts)
    assert found.could_be_even == found.could_be_ordinary == 0
    assert "all hold more reports than the busiest of so many ordinary places" in found.describe()
    assert found.ordinary.mean == pytest.approx(5, rel=0.1)
    assert found.table["p_ordinary"].max() < 1e-6


def test_the_chances_by_hand():
    counts = np.array([30, 4, 3, 3, 2, 2, 1, 1, 0, 0])
    found = scan(counts, 2, p_top=city(np.linspace(1, 0.1, 10)))
    assert found.table["p_even"].tolist() == pytest.approx([1 - poisson.cdf(n - 1, 4.6) ** 10 for n in (30, 4)])
    k, m = found.ordinary.shape, found.ordinary.mean
    chances = [1 - nbinom.cdf(n - 1, k, k / (k + m)) ** 10 for n in (30, 4)]
    assert found.table["p_ordinary"].tolist() == pytest.approx(chances, abs=1e-9)
    assert found.not_truly_top == pytest.approx(2 - 1.0 - 0.9)
    text = found.describe()
    assert text.startswith("Of the 2 places listed, 1 could be a place like any other")
    assert "about 0.1 are probably not truly among the 2 busiest." in text
    assert "truly" not in scan(counts, 2).describe()
    of_ten = scan(counts, 2, p_top=city(np.linspace(1, 0.1, 10)), top=10)  # ten were asked for, two reached the volume
    assert "about 0.1 are probably not truly among the 10 busiest." in of_ten.describe()


def test_a_place_beyond_even_but_not_beyond_ordinary_is_told_apart():
    rng = np.random.default_rng(4)
    found = scan(rng.poisson(rng.gamma(0.5, 20.0, 600)))
    assert found.could_be_even == 0
    assert found.could_be_ordinary >= 9


def test_few_or_no_reports_are_all_chance():
    assert scan(np.zeros(20, dtype=int), 3).could_be_even == 3
    assert scan([1, 0, 0, 0, 0], 1).could_be_even == 1


def test_what_makes_no_sense_is_refused():
    with pytest.raises(DesignError, match="list is empty"):
        scan_list(city([1, 2]), [])
    with pytest.raises(DesignError, match="level"):
        scan([1, 2], 1, level=0)
    with pytest.raises(DataError, match="1 of 1 listed places"):
        scan_list(city([1, 2]), ["elsewhere"])
    with pytest.raises(DataError, match="1 of 2 counts"):
        scan([1, -2], 1)
