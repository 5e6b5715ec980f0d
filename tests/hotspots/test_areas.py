"""Reports by ward and LSOA: worked by hand, against geopandas on real data, and against change by chance."""

from __future__ import annotations

import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy import stats

import geodata
from geodata.area import StudyArea
from geodata.context import read_boundaries
from geodata.errors import DataError
from hotspots.areas import count_by_area

TOWN = StudyArea("town", shapely.box(-2.14, 52.57, -2.10, 52.60))
BOXES = {"W1": (-2.14, -2.13), "W2": (-2.13, -2.12), "W3": (-2.12, -2.08), "W4": (-2.00, -1.99)}
WARDS = gpd.GeoDataFrame(
    {"code": list(BOXES), "name": ["West", "Middle", "East", "Elsewhere"]},
    geometry=[shapely.box(west, 52.57, east, 52.59) for west, east in BOXES.values()], crs=4326,
)  # fmt: skip
MONTHS = pd.date_range("2022-01-01", periods=24, freq="MS", unit="us")


def reports(counts: dict[float, np.ndarray], *, latitude: float = 52.58) -> pd.DataFrame:
    """Reports at some longitudes, so many in each month."""
    rows = [(x, month) for x, n in counts.items() for month, k in zip(MONTHS, n, strict=True) for _ in range(int(k))]
    return pd.DataFrame(rows, columns=["longitude", "month"]).assign(latitude=latitude)


def constant(before: int, now: int) -> np.ndarray:
    return np.repeat([before, now], 12)


def test_reports_count_where_they_lie_and_the_rest_is_outside() -> None:
    lying = pd.concat([reports({-2.135: constant(1, 2), -2.125: constant(0, 0), -2.11: constant(1, 0)}),
                       reports({-2.11: constant(0, 1)}, latitude=52.595)])  # fmt: skip
    found = count_by_area(lying, WARDS, TOWN, months=MONTHS, missing=MONTHS[:2])
    table = found.table.set_index("code")
    assert table.index.tolist() == ["W1", "W3", "W2"]  # W4 lies elsewhere; W2 has none, which is said
    assert table["n"].tolist() == [36, 12, 0]
    assert (found.of_report < 0).sum() == 12
    assert table["per_month"].tolist() == pytest.approx([34 / 22, 10 / 22, 0])
    assert table["share_of_reports"].tolist() == [0.75, 0.25, 0]
    assert table["share_inside"].tolist() == pytest.approx([1, 0.5, 1], abs=1e-3)
    assert found.compared.tolist() == MONTHS[14:].tolist()
    assert table["n_now"].tolist() == [20, 0, 0]
    assert found.count(lying["longitude"] < -2.13).tolist() == [36, 0, 0]


def test_parts_of_one_area_are_one_area() -> None:
    split = pd.concat([WARDS, WARDS.head(1).assign(geometry=[shapely.box(-2.14, 52.59, -2.13, 52.60)])])
    found = count_by_area(reports({-2.135: constant(1, 1)}, latitude=52.595), split, TOWN, months=MONTHS)
    assert found.table.set_index("code").loc["W1", "n"] == 24
    assert len(found.table) == 3


def test_the_ratio_and_its_interval_are_those_worked_by_hand() -> None:
    found = count_by_area(reports({-2.135: constant(4, 6), -2.125: constant(4, 4)}), WARDS, TOWN, months=MONTHS)
    row = found.table.set_index("code").loc["W1"]
    reach = np.exp(stats.t.ppf(0.975, 16) * np.sqrt(1 / 72 + 1 / 48))  # months of a quarter alike: as chance alone
    assert (row["n_now"], row["n_before"]) == (72, 48)
    assert row["times_before"] == pytest.approx(1.5)
    assert (row["low"], row["high"]) == (pytest.approx(1.5 / reach), pytest.approx(1.5 * reach))
    assert found.whole is not None
    assert found.whole.times_before == pytest.approx(120 / 96)


def test_few_reports_have_no_ratio_and_few_months_no_change() -> None:
    few = reports({-2.135: constant(1, 1), -2.125: constant(2, 1)})
    table = count_by_area(few, WARDS, TOWN, months=MONTHS).table.set_index("code")
    assert table["times_before"].notna().to_dict() == {"W2": True, "W1": False, "W3": False}
    short = few.loc[few["month"] < MONTHS[14]]
    found = count_by_area(short, WARDS, TOWN, months=MONTHS[:14])
    assert found.whole is None
    assert "n_now" not in found.table


def test_an_area_that_changed_otherwise_is_found_and_a_common_change_is_none() -> None:
    rng = np.random.default_rng(0)
    ratios = {-2.135: 0.4, -2.125: 1.0, -2.11: 1.0}
    apart = reports({x: rng.poisson(np.repeat([30, 30 * ratio], 12)) for x, ratio in ratios.items()})
    alike = reports({x: rng.poisson(np.repeat([30, 45], 12)) for x in ratios})
    assert count_by_area(apart, WARDS, TOWN, months=MONTHS).table.set_index("code")["differs"]["W1"]
    assert not count_by_area(alike, WARDS, TOWN, months=MONTHS).table["differs"].any()


@pytest.mark.parametrize("spread", [0.0, 0.2])
def test_intervals_hold_and_chance_alone_is_seldom_called_a_change(spread: float) -> None:
    """Also where months differ by more than chance (a gamma of that variance in every month and place)."""
    rng = np.random.default_rng(1)
    x = np.linspace(-2.139, -2.101, 20)
    wards = gpd.GeoDataFrame(
        {"code": [f"W{i:02d}" for i in range(20)], "name": ""}, crs=4326,
        geometry=[shapely.box(at - 0.0009, 52.57, at + 0.0009, 52.59) for at in x],
    )  # fmt: skip
    held, called = [], []
    for _ in range(25):
        mean = rng.gamma(2, 6, (20, 1)) * np.repeat([1.0, 1.2], 12) * (1 + 0.3 * np.sin(np.arange(24) / 12 * 2 * np.pi))
        shaken = mean * rng.gamma(1 / spread, spread, mean.shape) if spread else mean
        drawn = reports(dict(zip(x, rng.poisson(shaken), strict=True)))
        table = count_by_area(drawn, wards, TOWN, months=MONTHS).table.dropna()
        held.append(((table["low"] <= 1.2) & (table["high"] >= 1.2)).mean())
        called.append(table["differs"].any())
    assert 0.93 <= np.mean(held) <= 0.99
    assert np.mean(called) <= 0.16  # 10 % of 25, and two standard errors


def test_areas_of_another_town_are_refused() -> None:
    with pytest.raises(DataError, match="None of the 1 areas given lies in 'town'"):
        count_by_area(reports({-2.135: constant(1, 1)}), WARDS.tail(1), TOWN, months=MONTHS)


@pytest.mark.parametrize(
    ("file", "code", "n_areas"), [("luton_wards21", "ward21_code", 19), ("luton_lsoa21", "lsoa21_code", 125)]
)
def test_luton_counts_are_those_of_geopandas(shared: Path, file: str, code: str, n_areas: int) -> None:
    folder = shared / "data" / "boundaries"
    archive = shared / "data/police_uk/bedfordshire-2021-05_2024-04.zip"
    area = geodata.read_area(folder / "luton_lad19_E06000032.geojson")
    gate = geodata.screen(geodata.read([archive]), area)
    inside = gate.incidents.loc[gate.incidents["inside"]]
    boundaries = read_boundaries(folder / f"{file}_E06000032.geojson")
    found = count_by_area(inside, boundaries, area, months=gate.period.months)

    with zipfile.ZipFile(archive) as names:
        rows = pd.concat(pd.read_csv(names.open(name)) for name in names.namelist() if name.endswith("street.csv"))
    asb = rows.loc[(rows["Crime type"] == "Anti-social behaviour") & rows["Longitude"].notna()]
    points = gpd.GeoDataFrame(asb, geometry=gpd.points_from_xy(asb["Longitude"], asb["Latitude"]), crs=4326)
    town = gpd.read_file(folder / "luton_lad19_E06000032.geojson")[["geometry"]]
    points = gpd.sjoin(points, town, predicate="within").drop(columns="index_right")
    polygons = gpd.read_file(folder / f"{file}_E06000032.geojson")
    joined = gpd.sjoin(points, polygons[[code, "geometry"]], predicate="within")
    assert len(points) == len(inside)
    assert found.table["n"].sum() == len(joined)
    assert (found.of_report < 0).sum() == len(points) - len(joined)
    theirs = joined[code].value_counts()
    ours = found.table.set_index("code")["n"]
    assert len(ours) == n_areas
    assert theirs.reindex(ours.index, fill_value=0).tolist() == ours.tolist()
    last = joined.loc[joined["Month"] > "2023-04", code].value_counts()
    now = found.table.set_index("code")["n_now"]
    assert last.reindex(now.index, fill_value=0).tolist() == now.tolist()
