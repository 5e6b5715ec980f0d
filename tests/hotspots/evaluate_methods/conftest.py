"""Made pilots: hotspots of very different size that vary more than Poisson counts, with or without a planted effect."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hotspots.evaluate.methods import Panel, make_panel


def hotspot_counts(rng, n_places, n_months, *, mean=5.0, shape=2.0, monthly=6.0, drift=0.25):
    """Return counts: gamma levels, a shared season, a slow wander of each place, gamma-Poisson months."""
    level = rng.gamma(shape, mean / shape, n_places)[:, None]
    season = 1 + 0.3 * np.sin(np.arange(n_months) / 12 * 2 * np.pi)[None, :]
    wander = np.exp(np.cumsum(rng.normal(0, drift / np.sqrt(n_months), (n_places, n_months)), axis=1))
    rate = (level + 0.2) * season * wander
    return rng.poisson(rate * rng.gamma(monthly, 1 / monthly, rate.shape)).astype(float)


def make_pilot(seed, *, k=8, j=40, n_before=24, n_after=12, effect=0.0, **more) -> Panel:
    """Return a panel whose treated places were drawn at random; ``effect`` = -0.3 thins their reports by 30 %."""
    rng = np.random.default_rng(seed)
    n = n_before + n_after
    places = hotspot_counts(rng, k + j, n)
    near = hotspot_counts(rng, k + j, n, mean=3.0)
    treated, controls = places[:k], places[k:]
    if effect:
        thinned = rng.binomial(treated[:, n_before:].astype(int), 1 + effect) if effect < 0 else treated[:, n_before:]
        treated = np.column_stack([treated[:, :n_before], thinned])
    dates = pd.date_range("2021-01", periods=n, freq="MS")
    series = {"rest": 20 * controls.sum(axis=0), "treated_ring": near[:k], "controls_ring": near[k:]}
    return make_panel(treated, controls, dates, dates[n_before], **{**series, **more})


@pytest.fixture(scope="session")
def hotspot_panel():
    """Make a pilot from a seed."""
    return make_pilot
