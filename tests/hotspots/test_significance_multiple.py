"""Many tests at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import false_discovery_control

from geodata.errors import DesignError
from hotspots.significance import adjust, critical_value, false_discovery

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=40)


@given(P_VALUES)
def test_false_discovery_equals_scipy(p):
    assert_allclose(adjust(p, "false discovery"), false_discovery_control(p), atol=1e-12)


@given(P_VALUES, st.sampled_from([0.01, 0.05, 0.3]))
def test_adjusted_p_values_pass_exactly_where_the_procedure_does(p, level):
    adjusted = adjust(p, "false discovery")
    unclear = np.isclose(adjusted, level, rtol=1e-9)
    assert (false_discovery(p, level) == (adjusted <= level))[~unclear].all()


@given(P_VALUES, st.sampled_from([0.01, 0.05, 0.3]))
def test_holm_equals_stepping_down_by_hand(p, level):
    passes = np.zeros(len(p), dtype=bool)
    for step, i in enumerate(np.argsort(p, kind="stable")):
        if p[i] * (len(p) - step) > level:
            break
        passes[i] = True
    adjusted = adjust(p, "holm")
    unclear = np.isclose(adjusted, level, rtol=1e-9)
    assert (passes == (adjusted <= level))[~unclear].all()
    assert (adjusted <= adjust(p, "bonferroni") + 1e-15).all()


def test_holm_of_pure_noise_finds_anything_as_rarely_as_it_says():
    rng = np.random.default_rng(1)
    found = np.mean([adjust(rng.uniform(size=400)).min() <= 0.05 for _ in range(2000)])
    assert found == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 2000))


def test_a_missing_p_value_stays_missing_and_does_not_count():
    assert_allclose(adjust([0.02, np.nan, 0.03]), [0.04, np.nan, 0.04])
    assert adjust([]).shape == (0,)


@pytest.mark.parametrize(("n", "printed"), [(1, 1.645), (50, 3.083), (100, 3.289), (1000, 3.886)])
def test_critical_values_are_those_of_ord_and_getis(n, printed):
    assert critical_value(n) == pytest.approx(printed, abs=6e-3 if n >= 100 else 5e-4)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(DesignError, match="'fisher' is not known"):
        adjust([0.1], "fisher")
    with pytest.raises(DesignError, match="at least 1 test"):
        critical_value(0)
