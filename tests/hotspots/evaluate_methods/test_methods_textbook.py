"""One panel in, one result out, for every method; textbook methods by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from geodata.errors import DesignError
from hotspots.evaluate import e_test, estimate, rerandomisation_p_value, weighted_displacement_difference
from hotspots.evaluate.methods import METHODS, Panel, comparison_table, did, like_months, make_panel, run_all, textbook


def months(n, first="2021-01"):
    return pd.date_range(first, periods=n, freq="MS")


def flat(treated=(40.0, 20.0), controls=(10.0, 10.0), k=5, j=20, n_before=1):
    """K places that go from one count a month to another, J that do the same with theirs."""
    rows = [np.tile([[b] * n_before + [a]], (n, 1)) for (b, a), n in ((treated, k), (controls, j))]
    return make_panel(*rows, months(n_before + 1), months(n_before + 1)[-1])


def test_every_method_answers_or_says_why_not_in_one_sentence(hotspot_panel):
    panel = hotspot_panel(seed=1)
    results = run_all(panel, random_state=0)
    assert [one.name for one in results] == list(METHODS)
    for one in results:
        assert one.sentence
        if one.refusal is None:
            assert math.isfinite(one.estimate_pct)
            assert one.assumptions
            assert one.about.reference
            if one.low_pct is not None:
                assert one.low_pct <= one.estimate_pct <= one.high_pct
                assert one.prevented_low <= one.prevented <= one.prevented_high
                assert one.interval_method
        else:
            assert one.estimate_pct is None


def test_the_table_holds_one_row_a_method_with_its_measured_false_positives(hotspot_panel):
    table = comparison_table(run_all(hotspot_panel(seed=1), random_state=0))
    assert list(table.index) == list(METHODS)
    assert table.loc["long_max", "false_positives_pct"] == 5.5
    assert table.loc["before_after", "false_positives_pct"] == 53
    assert (table["refusal"].eq("") == table["estimate_pct"].notna()).all()


def test_the_same_seed_gives_the_same_answers_and_the_panel_is_left_alone(hotspot_panel):
    panel = hotspot_panel(seed=3)
    treated = panel.treated.copy()
    one, two = (comparison_table(run_all(panel, random_state=5)) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)
    np.testing.assert_array_equal(panel.treated, treated)


def test_an_unknown_method_is_named(hotspot_panel):
    with pytest.raises(ValueError, match="horoscope"):
        run_all(hotspot_panel(seed=0), random_state=0, names=["horoscope"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rest": [1.0]}, "rest must have the shape"),
        ({"after": (0,)}, "between the start and the last month"),
        ({"treated_ring": np.full((2, 3), -1.0)}, "at least 0"),
        ({"starts": (1,)}, "as many starts"),
    ],
)
def test_a_panel_that_cannot_be_is_refused(change, words):
    with pytest.raises(DesignError, match=words):
        make_panel(np.ones((2, 3)), np.ones((2, 3)), months(3), "2021-02", **change)
    with pytest.raises(DesignError, match="not among"):
        make_panel(np.ones((2, 3)), np.ones((2, 3)), months(3), "2030-01")
    with pytest.raises(DesignError, match="both sides"):
        Panel(np.ones((2, 3)), np.ones((2, 3)), months(3), 0, (1,))


def test_like_months_are_those_of_the_year_before_and_never_after_the_start():
    panel = make_panel(np.ones((1, 40)), np.ones((1, 40)), months(40), "2023-01")
    assert like_months(panel) == tuple(range(12, 24))
    assert panel.textbook_baseline == tuple(range(12, 24))
    short = make_panel(np.ones((1, 8)), np.ones((1, 8)), months(8), "2021-06")
    assert like_months(short) == ()
    assert short.textbook_baseline == (2, 3, 4)


def test_a_missing_month_is_a_gap():
    panel = make_panel(np.ones((1, 3)), np.ones((1, 3)), ["2021-01", "2021-03", "2021-04"], "2021-04")
    assert panel.month_numbers.tolist() == [0, 2, 3]


def test_before_and_after_by_hand():
    found = textbook.before_after(flat())
    reach = stats.norm.ppf(0.975) * math.sqrt(1 / 200 + 1 / 100)
    assert found.estimate_pct == pytest.approx(-50)
    assert found.high_pct == pytest.approx(100 * (0.5 * math.exp(reach) - 1))
    assert found.prevented == pytest.approx(100)
    assert textbook.rates_e_test(flat()).p_value == pytest.approx(e_test(200, 100))
    assert textbook.rates_e_test(flat()).low_pct is None


def test_the_methods_with_wdd_agree_with_the_function_the_references_check():
    panel = flat(treated=(40.0, 30.0), controls=(10.0, 11.0))
    matched = textbook.wdd_matched(panel)
    found = weighted_displacement_difference((200, 150), (50, 55))
    assert (-matched.prevented, -matched.prevented_high, -matched.prevented_low) == pytest.approx(
        (found.estimate, found.low, found.high)
    )
    assert matched.estimate_pct == pytest.approx(100 * -55 / 205)
    scaled = textbook.wdd_scaled(panel)
    assert -scaled.prevented == pytest.approx(-50 - 20)
    # All places of a group change alike, so nothing varies between places and the two scaled forms agree.
    assert textbook.wdd_overdispersed(panel).low_pct == pytest.approx(scaled.low_pct)


def test_periods_of_unequal_length_are_brought_to_the_after_period():
    panel = make_panel([[10, 10, 8]] * 2, [[10, 10, 10]] * 2, months(3), "2021-03", baseline=(0, 1))
    assert textbook.wdd_matched(panel).prevented == pytest.approx(4)
    assert textbook.before_after(panel).estimate_pct == pytest.approx(-20)


def test_wdd_against_the_rest_and_wdq_need_their_series():
    assert "rest of the area" in textbook.wdd_rest(flat()).refusal
    assert "next door" in textbook.wdq(flat()).refusal
    panel = make_panel([[20, 10]] * 5, [[5, 5]] * 20, months(2), "2021-02", rest=[100, 100],
                       treated_ring=[[20, 15]] * 5)  # fmt: skip
    assert textbook.wdd_rest(panel).prevented == pytest.approx(50)
    quotient = textbook.wdq(panel)
    assert dict(quotient.table.to_numpy())["quotient"] == pytest.approx(0.5)
    assert dict(quotient.table.to_numpy())["total net effect"] == pytest.approx(75)


def test_the_default_is_wrapped_and_not_written_again(hotspot_panel):
    panel = hotspot_panel(seed=2)
    effect = estimate(*(panel.totals(m, group=g) for g in ("treated", "controls") for m in (panel.before, panel.after)))
    found = did.long_max(panel)
    assert (found.estimate_pct, found.low_pct, found.high_pct) == pytest.approx(
        (effect.effect_pct, effect.low_pct, effect.high_pct)
    )
    assert (found.prevented_low, found.prevented_high) == pytest.approx((effect.prevented_low, effect.prevented_high))
    model = did.did_model(panel)
    assert model.high_pct - model.low_pct < found.high_pct - found.low_pct


def test_re_randomisation_agrees_with_the_p_value_of_the_default(hotspot_panel):
    panel = hotspot_panel(seed=2)
    groups = (panel.totals(m, group=g) for g in ("treated", "controls") for m in (panel.before, panel.after))
    found = did.permutation(panel, random_state=4)
    assert found.p_value == pytest.approx(rerandomisation_p_value(*groups, permutations=999, random_state=4))
    assert (found.p_value <= 0.05) == found.claims_effect


def test_within_pairs_the_draws_swap_partners_only(hotspot_panel):
    panel = hotspot_panel(seed=2, k=6, j=6, pairs=tuple((i, i) for i in range(6)))
    drawn = did._drawn(panel, 200, np.random.default_rng(0))
    np.testing.assert_array_equal(drawn[:, :6] + drawn[:, 6:], 1)
    assert 0.4 < drawn[:, :6].mean() < 0.6


def test_inverting_the_t_test_gives_back_its_interval():
    low, high = did.invert(lambda supposed: 2 * stats.norm.sf(abs(supposed - 0.3) / 0.1), 0.3, 0.1)
    assert (low, high) == pytest.approx((0.3 - 0.196, 0.3 + 0.196), abs=2e-4)
    assert did.invert(lambda _: 1.0, 0.0, 0.1) == (-math.inf, math.inf)


def test_a_group_without_reports_is_refused():
    panel = make_panel([[0, 0]] * 5, [[5, 5]] * 20, months(2), "2021-02")
    for one in run_all(panel, random_state=0):
        assert one.refusal
