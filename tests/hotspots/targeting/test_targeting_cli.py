"""The command line writes rankings and accuracy, ranks from the past alone, and refuses in one sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

BOUNDARY = {"luton": "luton_lsoa21_E06000032.geojson", "bedford": "bedford_lsoa21_E06000055.geojson"}


@pytest.fixture
def files(tmp_path, town_of):
    """A force-like CSV and its area."""
    town = town_of(reports=40.0)
    table = town.assign(month=town["month"].dt.strftime("%Y-%m"))
    table = table.rename(columns={"longitude": "lon", "latitude": "lat", "category": "type"})
    table[["month", "lon", "lat", "type"]].to_csv(tmp_path / "records.csv", index=False)
    shape = shapely.box(-2.14, 52.57, -2.11, 52.59)
    gpd.GeoDataFrame({"name": ["Town"]}, geometry=[shape], crs=4326).to_file(tmp_path / "town.geojson")
    return tmp_path / "records.csv", tmp_path / "town.geojson"


def test_a_back_test_writes_rankings_and_accuracy(hotspots, files, tmp_path):
    records, area = files
    out = tmp_path / "out"
    code, said, _ = hotspots("backtest", records, "--area", area, "--out", out, "--method", "ebreg_mean",
                             "--method", "kde", "--from", "2023-01", "--horizon", "2")  # fmt: skip
    assert code == 0
    assert "simple count" in said
    rankings = pd.read_csv(out / "rankings.csv", dtype={"origin": str})
    assert list(rankings.columns) == ["origin", "cell", "score", "method"]
    assert set(rankings["method"]) == {"ebreg_mean", "kde"}
    assert sorted(rankings["origin"].unique()) == ["2023-01", "2023-02", "2023-03", "2023-04", "2023-05"]
    accuracy = pd.read_csv(out / "accuracy.csv")
    assert set(accuracy["method"]) == {"ebreg_mean", "kde", "count12", "ceiling"}
    record = json.loads((out / "accuracy.json").read_text(encoding="utf-8"))
    assert record["resolution"] == 10
    assert record["horizon"] == 2
    assert record["fallback"] is False
    assert len(record["accuracy"]) == 16
    assert set(record["verdicts"]) == {"ebreg_mean", "kde"}


def test_by_default_the_rankings_are_those_of_the_default(hotspots, files, tmp_path):
    records, area = files
    hotspots("backtest", records, "--area", area, "--out", tmp_path / "out", "--from", "2023-06")
    assert set(pd.read_csv(tmp_path / "out" / "rankings.csv")["method"]) == {"ebreg_mean"}


def test_a_ranking_uses_the_months_before_alone(hotspots, files, tmp_path):
    records, area = files
    cut = pd.read_csv(records)
    cut.loc[cut["month"] < "2022-10"].to_csv(tmp_path / "cut.csv", index=False)
    out = [tmp_path / "all" / "ranking.csv", tmp_path / "cut" / "ranking.csv"]
    for path, given in zip(out, (records, tmp_path / "cut.csv"), strict=True):
        code, _, _ = hotspots("rank", given, "--area", area, "--origin", "2022-10", "--out", path)
        assert code == 0
    assert out[0].read_bytes() == out[1].read_bytes()
    found = pd.read_csv(out[0], dtype={"origin": str})
    assert found["origin"].unique().tolist() == ["2022-10"]
    assert found["score"].is_monotonic_decreasing


def test_a_month_after_the_data_may_be_ranked_for(hotspots, files, tmp_path):
    records, area = files
    code, _, _ = hotspots("rank", records, "--area", area, "--origin", "2023-09", "--out", tmp_path / "r.csv")
    assert code == 0
    code, _, err = hotspots("rank", records, "--area", area, "--origin", "2025-09", "--out", tmp_path / "r.csv")
    assert code == 1
    assert "more than 12 months before the month ranked for" in err


def test_without_other_crime_it_says_so(hotspots, files, tmp_path):
    records, area = files
    table = pd.read_csv(records)
    table.loc[table["type"] == "anti-social-behaviour"].to_csv(tmp_path / "asb.csv", index=False)
    code, said, _ = hotspots(
        "rank", tmp_path / "asb.csv", "--area", area, "--origin", "2023-01", "--out", tmp_path / "r.csv"
    )
    assert code == 0
    assert "Only reports of the wanted kind were read" in " ".join(said.split())


REFUSED = {
    "unknown method": (["backtest", "--method", "best"], "There is no ranking method 'best'"),
    "weeks without dates": (["backtest", "--step", "week"], "know only the month"),
    "unknown step": (["backtest", "--step", "year"], "use month, week or day"),
    "too little to learn": (["rank", "--origin", "2021-03"], "fewer than 6"),
    "before the data": (["rank", "--origin", "2020-03"], "ends (2020-02) before it starts"),
    "no month": (["rank", "--origin", "March"], "is not a month"),
    "several methods": (["rank", "--origin", "2023-01", "--method", "all"], "One ranking needs one method"),
}


@pytest.mark.parametrize(("arguments", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_refusals_are_one_sentence(hotspots, files, tmp_path, arguments, said):
    records, area = files
    command, *rest = arguments
    code, out, err = hotspots(command, records, "--area", area, "--out", tmp_path / "x" / "r.csv", *rest)
    assert (code, out) == (1, "")
    assert said in err
    assert not (tmp_path / "x").exists()


# Real towns, through the command line and the scorer -----------------------------------------------------------------


def _score(shared: Path, tmp_path: Path, *arguments: object) -> dict[float, dict[str, float]]:
    scorer = shared / "checks" / "targeting" / "score.py"
    out = tmp_path / "score.json"
    command = [sys.executable, str(scorer), "rank", *map(str, arguments), "--json", str(out)]
    subprocess.run(command, check=True, capture_output=True, cwd=scorer.parent)
    return {row["area"]: row for row in json.loads(out.read_text())}


@pytest.fixture(scope="session")
def scorer_cache(tmp_path_factory):
    return tmp_path_factory.mktemp("targeting-cache")


@pytest.fixture
def scored(shared, tmp_path, hotspots, monkeypatch, scorer_cache):
    """Back-test a file of one of the two towns and hand the rankings to the scorer."""
    if not (shared / "checks" / "targeting").is_dir():
        pytest.skip("the scorer is not beside this checkout")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("TARGETING_CACHE", str(scorer_cache))

    def score(city: str, records: Path, *extra: object, method: str = "ebreg_mean") -> dict[float, dict[str, float]]:
        out = tmp_path / f"{city}-{method}"
        boundary = shared / "data" / "boundaries" / BOUNDARY[city]
        code, _, err = hotspots("backtest", records, "--area", boundary, "--out", out, "--method", method)
        assert code == 0, err
        return _score(shared, tmp_path, "--ranking", out / "rankings.csv", "--city", city, *extra)

    return score


@pytest.mark.slow
@pytest.mark.parametrize(("city", "least"), [("luton", 1.04), ("bedford", 1.015)])
def test_the_default_beats_the_count_and_the_tuned_density(scored, shared, city, least):
    records = shared / "data" / "police_uk" / "bedfordshire-2021-05_2024-04.zip"
    found = scored(city, records)[0.01]
    assert found["origins"] == 24
    assert found["ratio"] >= least
    assert found["ratio_lo"] > 1
    assert found["overlap"] >= 0.82
    assert found["hit"] >= 1.04 * scored(city, records, method="kde_tuned")[0.01]["hit"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("city", "share", "least"),
    [("luton", 0.15, 1.05), ("bedford", 0.15, 1.18), ("luton", 0.05, 1.3), ("bedford", 0.05, 1.8)],
)
def test_where_data_are_sparse_the_default_pays(scored, shared, tmp_path, city, share, least):
    scorer = shared / "checks" / "targeting" / "score.py"
    ratios = []
    for seed in range(3):
        thinned = tmp_path / f"{seed}.csv"
        export = [sys.executable, str(scorer), "export", "--city", city, "--origin", "2024-05"]
        part = ["--thin", str(share), "--seed", str(seed)]
        subprocess.run([*export, *part, "--out", str(thinned)], check=True, capture_output=True, cwd=scorer.parent)
        ratios.append(scored(city, thinned, *part)[0.01]["ratio"])
    assert sum(ratios) / 3 >= least
