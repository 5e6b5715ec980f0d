"""Parts of the reports, thinned reports, and where the flagged land lies."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from numpy.testing import assert_allclose

from geodata.area import StudyArea
from geodata.errors import DesignError, SourceError
from geodata.sources import intake_of
from hotspots.config import RunConfig
from hotspots.gate import take_through_gate
from hotspots.results import ListAccuracy
from hotspots.targeting import rankers_named, run_backtest
from hotspots.targeting.equality import equality_view, flagged_part, read_deciles
from hotspots.targeting.sets import KINDS, backtest_sets
from hotspots.targeting.sparse import sparse_curve

AREA = StudyArea(name="Town", boundary=shapely.box(-2.14, 52.57, -2.11, 52.59))


@pytest.fixture(scope="module")
def intake(town_of):
    frame = town_of(reports=60.0)
    rng = np.random.default_rng(0)
    when = pd.Series(frame["month"] + pd.to_timedelta(rng.uniform(0, 27, len(frame)), unit="D")).dt.floor("min")
    when = when.dt.tz_localize("Europe/London", nonexistent="shift_forward", ambiguous="NaT").fillna(
        pd.Timestamp("2022-05-02 12:00", tz="Europe/London")
    )
    kinds = np.where(rng.random(len(frame)) < 0.5, "personal", "nuisance")
    return intake_of(
        frame.drop(columns=["inside", "month"]).assign(
            occurred_from=when, occurred_to=when, time_precision="minute", location_precision="address",
            location="Some Road", qualifier=np.where(frame["category"] == "anti-social-behaviour", kinds, ""),
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def gate(intake):
    return take_through_gate(intake, AREA, RunConfig())


def test_python_asks_as_the_command_line_does(intake):
    import hotspots

    tested = hotspots.backtest(intake, AREA, first="2023-05", last="2023-06")
    assert [f"{month:%Y-%m}" for month in tested.origins] == ["2023-05", "2023-06"]
    listed = tested.rankings(["ebreg_mean"]).query("origin == '2023-06'").reset_index(drop=True)
    alone = hotspots.rank(intake, AREA, "2023-06")
    pd.testing.assert_frame_equal(alone[["origin", "cell", "score", "method"]], listed)


@pytest.mark.parametrize("step", ["week", "day"])
def test_dated_records_can_be_ranked_by_week_and_day(intake, step):
    import hotspots

    tested = hotspots.backtest(intake, AREA, step=step, horizon=2, first="2023-06", resolution=9)
    assert tested.unit == step
    assert set(np.diff(tested.origins).astype("timedelta64[D]").astype(int)) == {7 if step == "week" else 1}
    assert tested.rankings(["ebreg_mean"])["origin"].str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    assert tested.monthly["total"].sum() > 0


@pytest.mark.parametrize("kind", list(KINDS))
def test_each_part_has_a_list_of_its_own(kind, gate, intake):
    found = backtest_sets(gate, intake, AREA, RunConfig(), kind=kind, method="ebreg_mean", resolution=10)
    tested = {name: part.n_reports for name, part in found.items() if isinstance(part, ListAccuracy)}
    assert len(tested) >= 1
    if kind == "day-night":
        inside = gate.incidents.loc[gate.incidents["inside"] & (gate.incidents["month"] >= "2022-01-01")]
        assert set(tested) == {"Day (06:00-18:00)", "Evening and night (18:00-06:00)"}
        assert sum(tested.values()) == len(inside)
    if kind == "category":
        assert "Shoplifting" in tested


def test_a_part_with_hardly_a_report_says_so(intake):
    rows = intake.records.copy()
    rows = rows.loc[rows["category"].isin(["anti-social-behaviour", "burglary"])]
    rare = rows.index[rows["category"] == "burglary"][:20]
    kept = rows.loc[(rows["category"] != "burglary") | rows.index.isin(rare)]
    few = intake_of(pd.DataFrame(kept))
    gate = take_through_gate(few, AREA, RunConfig())
    found = backtest_sets(gate, few, AREA, RunConfig(), kind="category", method="ebreg_mean", resolution=10)
    assert "the order of places is luck" in found["Burglary"]


def test_an_unknown_way_to_part_is_refused(gate, intake):
    with pytest.raises(DesignError, match="cannot be parted by 'ward'; they can by category, day-night, agency"):
        backtest_sets(gate, intake, AREA, RunConfig(), kind="ward", method="ebreg_mean", resolution=10)


def test_as_reports_thin_out_the_list_changes_until_there_is_none(panel):
    curve = sparse_curve(panel, "ebreg_mean", shares=(1.0, 0.3, 0.01), newest=6)
    assert curve["reports_a_month"].iloc[0] == pytest.approx(panel.totals.mean())
    assert curve["reports_a_month"].is_monotonic_decreasing
    assert curve["same_cells"].iloc[0] == 1.0
    assert curve["refused"].iloc[0] == ""
    assert "is luck" in curve["refused"].iloc[2]
    assert np.isnan(curve["hit_rate"].iloc[2])
    pd.testing.assert_frame_equal(curve, sparse_curve(panel, "ebreg_mean", shares=(1.0, 0.3, 0.01), newest=6))


@pytest.fixture
def halves() -> gpd.GeoDataFrame:
    """The town in a western and an eastern area."""
    shapes = [shapely.box(-2.15, 52.56, -2.125, 52.60), shapely.box(-2.125, 52.56, -2.10, 52.60)]
    return gpd.GeoDataFrame({"code": ["E01", "E02"], "name": ["West", "East"]}, geometry=shapes, crs=4326)


def test_shares_by_decile_are_worked_by_hand(panel, halves):
    tested = run_backtest(panel, rankers_named(["count12"]), newest=1, ceiling=False)
    deciles = pd.Series([1, 9], index=["E01", "E02"], name="decile")
    view = equality_view(tested, panel, "count12", area=0.05, boundaries=halves, deciles=deciles)
    assert_allclose(view.sum(), 1)
    from geodata import cells as h3cells

    west = h3cells.centres(panel.cells)[:, 0] < -2.125
    after = panel.followed(panel.n_steps - 1, 1)
    part = flagged_part(tested.scores["count12"][0], round(0.05 * panel.land_cells))
    assert view.loc[1, "land"] == pytest.approx(west.mean())
    assert view.loc[1, "reports"] == pytest.approx(after[west].sum() / after.sum())
    assert view.loc[1, "flagged"] == pytest.approx(part[west].sum() / part.sum())
    assert view.loc[1, "found"] == pytest.approx((part * after)[west].sum() / (part * after).sum())
    assert view.loc[[2, 3, 10]].to_numpy().sum() == 0


def test_codes_of_another_year_are_refused(panel, halves):
    tested = run_backtest(panel, rankers_named(["count12"]), newest=1, ceiling=False)
    other = pd.Series([1], index=["X"], name="decile")
    with pytest.raises(SourceError, match="codes of the two files are of different years"):
        equality_view(tested, panel, "count12", area=0.05, boundaries=halves, deciles=other)


def test_deciles_are_read_from_published_files(shared):
    for name in ("imd2025_lsoa21.csv", "imd2019_lsoa11.csv"):
        found = read_deciles(shared / "data" / "context" / name)
        assert found.between(1, 10).all()
        assert found.index.str.startswith("E01").all()


def test_a_file_without_deciles_is_refused(tmp_path):
    (tmp_path / "other.csv").write_text("lsoa21_code,score\nE01,3\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r"other\.csv needs a column of area codes"):
        read_deciles(tmp_path / "other.csv")
