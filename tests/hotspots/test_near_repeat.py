"""Knox's test: published cities, chance alone, planted contagion, chains and originators."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import hypergeom

from geodata.errors import DataError, DesignError
from hotspots.near_repeat import chains, knox_table, near_repeat, summarise_chains
from hotspots.pair_counts import Bands

INF = float("inf")
LON, LAT = -2.13, 52.58


def chicago(shared, name):
    table = pd.read_csv(shared / "reference" / "near_repeat" / name, header=None)
    day = pd.to_datetime(table[2]).to_numpy().astype("datetime64[D]").astype(np.int64)
    return table[0].to_numpy(), table[1].to_numpy(), day


def cell(table, distance, days):
    return table.loc[(table["distance"] == distance) & (table["days"] == days)].iloc[0]


def burglaries(reports, n, rng, **columns):
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D")
    near = rng.normal(0, 0.004, (n, 2))
    given = {"category": "burglary", **columns}
    return reports(LON + near[:, 0], LAT + near[:, 1], when=list(days.astype(str)), **given)


def test_the_published_ratios_of_chicago_burglaries_come_out(shared):
    bands = Bands(distance_m=(1, 100, 200, 300, INF), days=(7, 14, 21, INF), upper_included=False, metric="manhattan")
    table = knox_table(*chicago(shared, "chicago_be_month1.csv"), bands, permutations=999, random_state=0)
    ratio = table.loc[~table["is_part"], "ratio"].to_numpy().reshape(5, 4)
    published = [
        [1.65, 0.43, 0.63, 0.58],
        [1.69, 0.60, 0.57, 0.56],
        [1.32, 0.94, 0.51, 0.88],
        [0.94, 1.03, 1.07, 1.01],
        [1.00, 1.00, 1.00, 1.00],
    ]
    # the published run shuffled 19 times only, which leaves its small cells noisy
    error = np.asarray(published) / np.sqrt(19 * table.loc[~table["is_part"], "expected"].to_numpy().reshape(5, 4))
    assert (np.abs(ratio - published) < 4 * error + 0.02).all()


def test_arsons_of_chicago_repeat_on_the_same_day_some_fifty_times_as_often_as_chance(shared):
    bands = Bands(distance_m=(0, 199.999, INF), days=(0, 1, 2, INF))
    table = knox_table(*chicago(shared, "chicago_arson.csv"), bands, permutations=999, random_state=0)
    same_day = cell(table, "over 0 to 199.999 m", "0 days")
    assert 40 < same_day["ratio"] < 80
    assert same_day["p_value"] == pytest.approx(0.001)
    assert same_day["is_unusual"]
    day_after = cell(table, "at the same place", "1 day")
    assert 15 < day_after["ratio"] < 45  # published: 28.29, from 99 shuffles


def test_same_place_and_same_day_are_rows_of_their_own():
    # two at one place on one day, one 80 m away 3 days later, the others far away
    x, y, day = [0, 0, 80, 9000, 18000], [0, 0, 0, 0, 0], [1, 1, 4, 50, 90]
    table = knox_table(x, y, day, Bands(), permutations=99, random_state=0)
    assert cell(table, "at the same place", "0-7 days")["observed"] == 1
    assert cell(table, "at the same place", "on the same day")["observed"] == 1
    assert cell(table, "over 0 to 100 m", "0-7 days")["observed"] == 2
    assert cell(table, "over 0 to 100 m", "on the same day")["observed"] == 0
    assert table.loc[table["is_headline"], ["distance", "days"]].to_numpy().tolist() == [
        ["over 0 to 100 m", "0-7 days"]
    ]
    assert set(table["days"]) == {"on the same day", "0-7 days", "8-14 days", "15-28 days"}


def test_the_expected_number_is_the_mean_over_shuffles_and_p_its_tail():
    # two places 50 m apart, each with two events; days 0, 0, 20, 20: three ways to pair days, each as likely
    table = knox_table([0, 0, 50, 50], [0] * 4, [0, 20, 0, 20], Bands(), permutations=6000, random_state=2)
    near = cell(table, "over 0 to 100 m", "0-7 days")
    assert near["observed"] == 2  # days of one place 0 and 20, of the other 0 and 20
    assert near["expected"] == pytest.approx(4 / 3, abs=0.05)  # 2 pairs with chance 2/3, 0 with chance 1/3
    assert near["p_value"] == pytest.approx(2 / 3, abs=0.03)


def test_chance_alone_is_called_contagion_in_at_most_six_of_a_hundred_cities():
    rng = np.random.default_rng(11)
    found = []
    for seed in range(300):
        centres = rng.uniform(0, 3000, (12, 2))  # places cluster, and so do days, but independently
        at = centres[rng.integers(0, 12, 120)] + rng.normal(0, 120, (120, 2))
        day = np.minimum(rng.gamma(2, 60, 120), 364).astype(int)
        table = knox_table(at[:, 0], at[:, 1], day, Bands(), permutations=999, random_state=seed)
        found.append(float(table.loc[table["is_headline"], "p_value"].iloc[0]) <= 0.05)
    assert np.mean(found) <= 0.06


def test_planted_contagion_is_found_in_the_band_it_was_planted_in_only(reports, square_area):
    rng = np.random.default_rng(5)
    first = burglaries(reports, 300, rng)
    follows = first.sample(60, random_state=1)
    later = follows["occurred_from"] + pd.to_timedelta(rng.integers(1, 7, 60), unit="D")
    copies = follows.assign(
        longitude=follows["longitude"] + rng.uniform(-0.0006, 0.0006, 60), occurred_from=later, occurred_to=later
    )
    events = pd.concat([first, copies], ignore_index=True).rename_axis("incident_id")
    found = near_repeat(events, square_area, random_state=0)
    assert found.p_value == pytest.approx(0.001)
    assert found.ratio > 1.5
    assert found.n_events == 360
    assert "more than chance" in found.describe()
    assert cell(found.table, "over 200 to 400 m", "15-28 days")["p_value"] > 0.01
    assert found.events["chain"].max() >= 20
    assert list(found.events.index) == list(events.index)


def test_without_contagion_the_sentence_says_so(reports, square_area):
    found = near_repeat(burglaries(reports, 150, np.random.default_rng(8)), square_area, random_state=0)
    assert found.p_value > 0.05
    assert "no more than chance explains" in found.describe()


def test_an_event_recorded_twice_is_counted_apart(reports, square_area):
    once = burglaries(reports, 120, np.random.default_rng(1))
    twice = pd.concat([once, once.iloc[:4]], ignore_index=True).rename_axis("incident_id")
    assert near_repeat(once, square_area, random_state=0).same_place_same_day == 0
    assert near_repeat(twice, square_area, random_state=0).same_place_same_day == 4


def test_events_all_at_one_point_have_no_near_ones(reports, square_area):
    table = burglaries(reports, 120, np.random.default_rng(0)).assign(longitude=LON, latitude=LAT)
    found = near_repeat(table, square_area, random_state=0)
    assert found.observed == 0
    assert np.isnan(found.ratio)
    assert found.p_value == 1.0
    assert found.describe() == "No two events lie over 0 to 100 m apart, so near repeat cannot be told."
    assert cell(found.table, "at the same place", "0-7 days")["ratio"] == 1.0  # every pair is there, shuffled or not


def test_police_uk_months_are_refused_in_words(reports, square_area):
    table = burglaries(reports, 400, np.random.default_rng(0), time_precision="month")
    with pytest.raises(DataError, match=r"exact date and place.*are 0 \(known to the month only: 400\).*give no day"):
        near_repeat(table, square_area, random_state=0)


def test_fewer_than_a_hundred_events_a_year_are_refused(reports, square_area):
    rng = np.random.default_rng(0)
    with pytest.raises(DataError, match="are 99"):
        near_repeat(burglaries(reports, 99, rng), square_area, random_state=0)
    long = burglaries(reports, 150, rng)
    shift = pd.to_timedelta(np.arange(150) % 2 * 730, unit="D")
    long = long.assign(occurred_from=long["occurred_from"] + shift, occurred_to=long["occurred_to"] + shift)
    with pytest.raises(DataError, match=r"150 over 2\.\d years"):
        near_repeat(long, square_area, random_state=0)


def test_every_event_left_out_is_counted_by_reason(reports, square_area):
    table = burglaries(reports, 130, np.random.default_rng(0))
    table.loc[0:4, "category"] = "anti-social-behaviour"
    table.loc[5:7, "inside"] = False
    table.loc[8:9, "location_precision"] = "area"
    table.loc[10, "occurred_to"] += pd.Timedelta(hours=25)
    found = near_repeat(table, square_area, random_state=0)
    assert found.left_out == {
        "outside the area": 3,
        "another category": 5,
        "date not known to within 24 hours": 1,
        "located to an area only": 2,
    }
    assert found.n_events + sum(found.left_out.values()) == 130
    assert near_repeat(table, square_area, categories=(), random_state=0).n_events == 124


def test_street_centres_are_said_to_be_street_centres(reports, square_area):
    table = burglaries(reports, 130, np.random.default_rng(0), location_precision="snap_point")
    assert "same street centre" in near_repeat(table, square_area, random_state=0).notes[-1]


def test_too_few_permutations_and_bands_without_a_near_one_are_refused(reports, square_area):
    table = burglaries(reports, 130, np.random.default_rng(0))
    with pytest.raises(DesignError, match="999"):
        near_repeat(table, square_area, permutations=99, random_state=0)
    with pytest.raises(DesignError, match="beyond the same place"):
        near_repeat(table, square_area, bands=Bands(distance_m=(0,)), random_state=0)


def test_a_chain_is_what_hangs_together_link_by_link():
    #        a   b    c    d (far away)  e (too late)
    x = [0, 90, 180, 5000, 180]
    day = [10, 15, 20, 10, 40]
    found = chains(x, [0] * 5, day, within_m=100, within_days=7)
    assert found["chain"].to_list() == [1, 1, 1, 0, 0]
    assert found["role"].to_list() == ["originator", "follower", "follower", "", ""]
    assert found["n_after"].to_list() == [1, 1, 0, 0, 0]
    assert found["n_before"].to_list() == [0, 1, 1, 0, 0]
    listed = summarise_chains(found, pd.Series(pd.Timestamp("2024-01-01") + pd.to_timedelta(day, unit="D")))
    assert listed.loc[1, ["n_events", "days"]].to_list() == [3, 10]


def test_events_of_one_day_have_no_first_among_them():
    found = chains([0, 50, 20], [0, 0, 0], [3, 3, 3], within_m=100, within_days=7)
    assert found["role"].to_list() == ["originator"] * 3
    assert found["n_same_day"].to_list() == [2, 2, 2]
    assert found["n_after"].to_list() == [0, 0, 0]


def test_the_local_p_value_is_that_of_shuffling_the_other_days():
    rng = np.random.default_rng(4)
    x, day = rng.uniform(0, 600, 40), rng.integers(0, 60, 40)
    found = chains(x, np.zeros(40), day, within_m=100, within_days=7)
    i = int(found["n_after"].argmax())
    others = np.delete(np.arange(40), i)
    near = others[np.abs(x[others] - x[i]) <= 100]
    later = (day[others] > day[i]) & (day[others] <= day[i] + 7)
    assert found.loc[i, "expected_after"] == pytest.approx(len(near) * later.sum() / 39)
    assert found.loc[i, "p_value"] == pytest.approx(
        hypergeom.sf(found.loc[i, "n_after"] - 1, 39, later.sum(), len(near))
    )
    drawn = [np.isin(near, others[rng.permutation(later)]).sum() >= found.loc[i, "n_after"] for _ in range(4000)]
    assert found.loc[i, "p_value"] == pytest.approx(np.mean(drawn), abs=0.03)


def test_an_event_with_many_followers_stands_out():
    rng = np.random.default_rng(0)
    x = np.concatenate([[0], rng.uniform(-60, 60, 8), rng.uniform(2000, 60000, 400)])
    day = np.concatenate([[100], rng.integers(101, 107, 8), rng.integers(0, 700, 400)])
    found = chains(x, np.zeros(409), day, within_m=100, within_days=7)
    assert found["is_unusual"].iloc[0]
    assert found["role"].iloc[0] == "originator"
    assert found["n_after"].iloc[0] == 8


def test_the_table_given_is_not_changed(reports, square_area):
    table = burglaries(reports, 120, np.random.default_rng(0))
    before = table.copy()
    first = near_repeat(table, square_area, random_state=3)
    pd.testing.assert_frame_equal(table, before)
    pd.testing.assert_frame_equal(first.table, near_repeat(table, square_area, random_state=3).table)
