"""The lot is balanced, the same for the same seed, and honoured by the rota."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from geodata.errors import DesignError
from hotspots.evaluate import randomise
from hotspots.patrols import visit_times


def hotspots(n=30):
    ids = pd.Index([f"H{i:02d}" for i in range(1, n + 1)], name="hotspot_id")
    return pd.DataFrame({"rank": range(1, n + 1), "name": [f"Street {i}" for i in range(1, n + 1)]}, index=ids)


def draw(kind, *, seed=1, n=30, months=12, **more):
    return randomise(hotspots(n), kind, start="2025-04", months=months, random_state=seed, **more)


def test_a_rotation_treats_half_a_month_and_each_hotspot_half_of_the_months():
    rows = draw("rotation", treated=10)
    is_treated = rows["arm"] == "treated"
    assert (is_treated.groupby(rows["first_day"]).sum() == 10).all()
    assert (is_treated.groupby(rows["hotspot_id"]).sum() == 6).all()
    assert rows["hotspot_id"].nunique() == 20
    assert rows["first_day"].min() == pd.Timestamp("2025-04-01")
    assert rows["last_day"].max() == pd.Timestamp("2026-03-31")


def test_one_of_each_pair_of_neighbours_in_the_ranking_is_treated():
    rows = draw("pairs")
    assert (rows.groupby("pair")["arm"].nunique() == 2).all()
    assert len(rows) == 30
    by_pair = rows.groupby("pair")["hotspot_id"].agg(list)
    assert by_pair.iloc[0] == ["H01", "H02"]


def test_among_the_top_the_busiest_three_times_as_many_take_part():
    rows = draw("top", treated=8)
    assert len(rows) == 24
    assert (rows["arm"] == "treated").sum() == 8


def test_every_hotspot_is_as_likely_to_be_treated_as_any_other():
    for kind in ("rotation", "pairs", "top"):
        share = np.mean(
            [draw(kind, seed=seed, months=1)["arm"].eq("treated").to_numpy() for seed in range(600)], axis=0
        )
        expected = 1 / 3 if kind == "top" else 1 / 2
        assert np.abs(share - expected).max() < 5 * np.sqrt(expected * (1 - expected) / 600)


def test_the_same_seed_gives_the_same_list_and_another_seed_another():
    assert_frame_equal(draw("top"), draw("top"))
    assert not draw("top")["arm"].equals(draw("top", seed=2)["arm"])
    assert (draw("top", seed=7)["seed"] == 7).all()


@pytest.mark.parametrize(
    ("kind", "n", "more", "said"),
    [
        ("top", 12, {}, "list 15 or more"),
        ("rotation", 8, {}, "list 10 or more"),
        ("pairs", 20, {"treated": 11}, "22 hotspots"),
        ("draw straws", 20, {}, "rotation, pairs, top"),
        ("top", 20, {"months": 0}, "at least one month"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_what_would_be_needed(kind, n, more, said):
    with pytest.raises(DesignError, match=said):
        draw(kind, n=n, **more)


def test_the_rota_visits_only_hotspots_in_their_turn():
    listed = draw("rotation", n=10, months=2, seed=3)
    plan = pd.DataFrame(
        {"name": hotspots(10)["name"], "visits_per_week_low": 4, "visits_per_week_high": 8, "minutes_per_visit": 15.0,
         "hours": "20:00-03:00", "day_numbers": "2,3,4,5", "start_hour": 20.0, "window_hours": 7.0},
        index=hotspots(10).index,
    )  # fmt: skip
    rota = visit_times(plan, weeks=8, first_monday="2025-04-07", random_state=0, crews=3, assignment=listed)
    assert len(rota)
    for row in rota.itertuples():
        opened = (row.start - pd.Timedelta(hours=6)).normalize()
        turn = listed[(listed["hotspot_id"] == row.hotspot_id) & (listed["arm"] == "treated")]
        assert ((turn["first_day"] <= opened) & (opened <= turn["last_day"])).any()
    everything = visit_times(plan, weeks=8, first_monday="2025-04-07", random_state=0, crews=3)
    assert 0.35 < len(rota) / len(everything) < 0.65
    nobody = visit_times(plan, weeks=8, first_monday="2025-04-07", random_state=0, crews=3, assignment=listed.head(0))
    assert nobody.empty
