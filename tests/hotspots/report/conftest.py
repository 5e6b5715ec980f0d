"""A run made by hand, so that reports are tested without the pipeline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pypdfium2 as pdfium
import pytest
import shapely

from geodata import cells as h3cells
from geodata.area import WGS84, StudyArea
from geodata.period import Period
from geodata.quality import Finding, QualityReport
from geodata.schema import ASB
from hotspots.config import RunConfig
from hotspots.evaluate import Check, Design, Displacement, Evaluation, GateResult, NaiveChange, estimate
from hotspots.nearby import hotspots_with_places
from hotspots.results import (
    Agreement,
    Concentration,
    ListAccuracy,
    PatrolBudget,
    Provenance,
    Quarters,
    Refusal,
    RegressionToMean,
    Robustness,
    Run,
    Stability,
    Survival,
)

SCRIPT = "<script>alert(1)</script>"
FORMULA = "=cmd|' /C calc'!A0"
HOSTILE_PLACE = '{{ 7*7 }} <script>alert(1)</script> #panic("x")'
WEST, SOUTH, EAST, NORTH = -2.18, 52.555, -2.08, 52.615


def page_texts(content: bytes) -> list[str]:
    """Return the words of each page of a PDF, on one line a page."""
    document = pdfium.PdfDocument(content)
    texts = []
    for number in range(len(document)):
        page = document[number]
        layer = page.get_textpage()
        texts.append(" ".join(layer.get_text_bounded().split()))
        layer.close()
        page.close()
    document.close()
    return texts


STREETS = ["High Street", "Lichfield Street", "Queen Square", "Dudley Road", "Chapel Ash", "Bilston Road", "Park Lane",
           "Cannock Road", "Tettenhall Road", "Penn Road"]  # fmt: skip


def _incidents(rng: np.random.Generator, period: Period, names: list[str]) -> pd.DataFrame:
    n = 2400
    centres = np.column_stack([rng.uniform(-2.165, -2.095, 10), rng.uniform(52.565, 52.605, 10)])
    place = rng.choice(11, n, p=[0.12, 0.1, 0.09, 0.08, 0.07, 0.06, 0.05, 0.05, 0.04, 0.04, 0.3])
    spread = rng.normal(0, 0.0006, (n, 2)) * [1.6, 1.0]
    anywhere = np.column_stack([rng.uniform(WEST, EAST, n), rng.uniform(SOUTH, NORTH, n)])
    points = np.where((place == 10)[:, None], anywhere, centres[np.minimum(place, 9)] + spread).round(4)
    month = period.months[rng.integers(0, period.n_months, n)]
    start = (month + pd.to_timedelta(rng.integers(0, 27 * 1440, n), unit="min")).tz_localize(
        "Europe/London", ambiguous=True, nonexistent="shift_forward"
    )
    location = np.where(place == 10, "Elm Close", np.array([*names, "x"])[place])
    return pd.DataFrame(
        {
            "longitude": points[:, 0], "latitude": points[:, 1], "category": ASB, "month": month,
            "occurred_from": start, "occurred_to": start, "time_precision": "minute",
            "location_precision": "address", "location": location, "place_id": "", "crime_id": "",
            "qualifier": "nuisance", "origin": "public", "source": "made.csv", "inside": True,
        },
        index=pd.RangeIndex(n, name="incident_id"),
    )  # fmt: skip


def _cells(incidents: pd.DataFrame, area: StudyArea, recent: pd.Series) -> gpd.GeoDataFrame:
    cell = h3cells.assign(incidents["longitude"], incidents["latitude"], 10)
    frame = h3cells.frame(h3cells.cover(area, 10), area)
    frame["n"] = pd.Series(cell).value_counts().reindex(frame.index, fill_value=0)
    frame["n_12m"] = pd.Series(cell[recent.to_numpy()]).value_counts().reindex(frame.index, fill_value=0)
    frame["expected"] = 1.5
    frame["n_shrunk"] = frame["n"] * 0.9 + 0.15
    frame["score"] = frame["n_shrunk"] / 36
    frame["rank"] = frame["score"].rank(method="first", ascending=False).astype("int64")
    frame["p_top"] = np.where(frame["rank"] <= 10, 0.9, 0.01)
    frame["density"] = frame["n"] * 10.0
    frame["density_rank"] = frame["rank"]
    frame["gi_z"] = 0.5
    frame["gi_p"] = 0.3
    frame["is_cluster"] = frame["rank"] <= 10
    return frame


def _hotspots(cells: gpd.GeoDataFrame, names: list[str]) -> gpd.GeoDataFrame:
    rows: list[dict[str, Any]] = []
    taken: set[str] = set()
    for cell in cells.sort_values("rank").index:
        if len(rows) == len(names) or cell in taken:
            continue
        own = cells.loc[[c for c in h3cells.disk(cell, 1) if c in cells.index]].nlargest(3, "n")
        taken |= set(h3cells.disk(cell, 3))
        shape = own.geometry.union_all()
        name = names[len(rows)]
        rows.append(
            {
                "hotspot_id": f"H{len(rows) + 1:02d}", "rank": len(rows) + 1, "name": name, "n": int(own["n"].sum()),
                "n_12m": int(own["n_12m"].sum()), "expected": 4.5, "n_shrunk": 80.0, "score": 5.2, "p_top": 0.93,
                "cells": ",".join(own.index), "n_cells": len(own), "area_km2": 0.045, "longitude": shape.centroid.x,
                "latitude": shape.centroid.y, "density_rank": 1, "repeat_share": 0.42, "n_before_12m": 60.0,
                "change_z": 3.2 if len(rows) == 0 else 0.4, "top_types": "Rowdy or inconsiderate (41), Noise (12)",
                "peak": "Wed-Sat 15:00-22:00: 41% of reports in 17% of the week", "in_both_halves": True,
                "quarters": 4, "survives": 3, "expected_next": 60.0, "next_low": 48.0, "next_high": 72.0,
                "months_with_reports": 34, "flags": "", "geometry": shape,
                "reason": f"{own['n_12m'].sum()} reports in the last 12 months at {name}, "
                "where a place like the others would have about 5.",
            }
        )  # fmt: skip
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=WGS84).set_index("hotspot_id")


def _points(rows: list[dict[str, Any]], index: str) -> gpd.GeoDataFrame:
    frame = pd.DataFrame(rows).set_index(index)
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(frame["longitude"], frame["latitude"]), crs=WGS84)


def _repeats(hotspots: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return _points(
        [
            {
                "place": f"UPRN:10000{i}", "name": f"{i + 1} {row['name']}" if i else row["name"], "kind": "address",
                "n": 30 - i, "n_12m": 14 - i, "n_6m": 6, "distinct_days": 11, "last_report": "2026-07-28",
                "expected": 1.1, "p_value": 0.0001, "is_unusual": True, "count_factor": 12.1, "recency_factor": 0.8,
                "spread_factor": 0.7, "score": 6.8 - i, "rank": i + 1, "status": "case review threshold met",
                "is_default_location": False, "hotspot_id": hotspot, "longitude": row["longitude"],
                "latitude": row["latitude"],
            }
            for i, (hotspot, row) in enumerate(hotspots.head(5).iterrows())
        ],
        "place",
    )  # fmt: skip


def _patrols(hotspots: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    frame = hotspots[["rank", "name", "geometry"]].copy()
    frame["visits_per_week_low"] = 3.0
    frame["visits_per_week_high"] = 5.0
    frame["minutes_per_visit"] = 15.0
    frame["days"] = "Wed-Sat"
    frame["hours"] = "15:00-22:00"
    frame["share_of_reports"] = 0.41
    frame["share_of_week"] = 0.17
    frame["window"] = "Wed-Sat 15:00-22:00: 41% of reports in 17% of the week"
    frame["note"] = ""
    return frame


def _cameras(hotspots: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return _points(
        [
            {
                "camera_id": f"C{i + 1}", "rank": i + 1, "name": row["name"], "hotspot_id": hotspot,
                "n_covered": 20 - i, "n_marginal": 18 - i, "share_covered": 0.1 * (i + 1), "range_m": 60.0,
                "expires_after_weeks": 12,
                "review_weeks": "4 and 12", "caveat": "Range is a circle without buildings: check the view on site.",
                "longitude": row["longitude"] + 0.0004, "latitude": row["latitude"],
            }
            for i, (hotspot, row) in enumerate(hotspots.head(4).iterrows())
        ],
        "camera_id",
    )  # fmt: skip


def _streets() -> gpd.GeoDataFrame:
    lines = [shapely.LineString([(WEST, y), (EAST, y + 0.002)]) for y in np.linspace(SOUTH, NORTH, 25)]
    lines += [shapely.LineString([(x, SOUTH), (x - 0.002, NORTH)]) for x in np.linspace(WEST, EAST, 25)]
    names = [f"{STREETS[i % 10]} {i // 10 + 1}" for i in range(len(lines))]
    return gpd.GeoDataFrame({"name": names}, geometry=lines, crs=WGS84)


def make_run(names: list[str] | None = None, *, with_streets: bool = True) -> Run:
    """Return a run over a made-up town with ten hotspots."""
    names = names or STREETS
    area = StudyArea("Sampleton", shapely.box(WEST, SOUTH, EAST, NORTH))
    period = Period.of("2023-08", "2026-07")
    incidents = _incidents(np.random.default_rng(7), period, names)
    cells = _cells(incidents, area, incidents["month"] >= "2025-08-01")
    hotspots = _hotspots(cells, names)
    quality = QualityReport(
        n_read=2600, n_used=2400, n_context=40, dropped={"no coordinates": 120, "outside the area": 80},
        findings=(Finding("coordinates", "amber", 120, "120 records have no coordinates.", "R3.7"),), grade="B",
        hit_rate=0.954, distinct_points=2100, location_precision="address", time_precision="minute",
        months=tuple(f"{m:%Y-%m}" for m in period.months), missing_months=(), duplicate_ids=0, conflicting_ids=0,
        default_locations=(),
    )  # fmt: skip
    provenance = Provenance(
        fingerprint="0123456789abcdef" * 4, sources=("made.csv",), seed=0, versions={"asb-hotspots": "0.1.0"},
        created="2026-08-10T09:30:00+00:00", coordinate_operation="Inverse of British National Grid (2 m)",
        licence="",
    )  # fmt: skip
    existing = gpd.GeoDataFrame(
        {"name": ["Queen Square dome"], "range_m": [60.0], "longitude": [-2.13], "latitude": [52.585]},
        geometry=gpd.points_from_xy([-2.13], [52.585]), crs=WGS84,
    )  # fmt: skip
    return Run(
        area=area, config=RunConfig(), period=period, resolution=10, quality=quality, provenance=provenance,
        incidents=incidents, cells=cells, hotspots=hotspots, repeat_locations=_repeats(hotspots),
        patrols=_patrols(hotspots), cameras=_cameras(hotspots), refused=(), notes=("H03 is busy all day.",),
        concentration=Concentration(700, 500, 0.05, 0.41, 0.11, 0.001, 0.03, 0.6),
        stability=Stability(10, 0.7, "2023-08 to 2025-01", "2025-02 to 2026-07", is_stable=True),
        robustness=Robustness(
            Quarters(10, 6, 9, 9), Survival(10, 8, {"cells of 9.5 ha": 9, "cells of 0.2 ha": 8}),
            RegressionToMean(10, 12, 700, 630.0, 580.0, 680.0, -0.14, -0.15),
        ),
        agreement=Agreement(10, 0.8, 0.6, 0.74),
        accuracy=ListAccuracy(
            method="ebreg_mean", label="what a cell had, pulled towards what similar cells have", resolution=10,
            unit="month", horizon=1, origins=12, first="2023-05", last="2024-04", n_reports=4820, area_share=0.01,
            n_cells=52, hit_rate=0.294, hit_rate_low=0.271, hit_rate_high=0.316, count_hit_rate=0.281, ratio=1.047,
            ratio_low=1.012, ratio_high=1.083, ceiling=0.318, pai=29.4, pei=0.62, overlap=0.87,
        ),
        budget=PatrolBudget((455.0, 685.0), (1818.0, 2740.0), (35.0, 52.7)),
        week=pd.DataFrame(np.full((7, 24), 14.0), columns=range(24)), streets=_streets() if with_streets else None,
        existing_cameras=existing, is_synthetic=True,
    )  # fmt: skip


@pytest.fixture(scope="session")
def run() -> Run:
    return make_run()


@pytest.fixture(scope="session")
def placed(run: Run) -> Run:
    """The made-up town with a station in the first hotspot, a hostile name in the second, and a park far from all."""
    first, second = (run.hotspots.geometry.iloc[i].centroid for i in (0, 1))
    places = gpd.GeoDataFrame(
        {"name": ["Central Station", HOSTILE_PLACE, "Far Park"], "kind": ["station", "", "<i>park</i>"]},
        geometry=[first, second, shapely.Point(-2.0815, 52.5565).buffer(0.0005)], crs=WGS84,
    )  # fmt: skip
    told = hotspots_with_places(run.hotspots, places, run.area, within_m=150)
    stamp = replace(run.provenance, setting_files={"places": "places.gpkg: sha256 0a1b"})
    return replace(run, hotspots=told, places=places, provenance=stamp)


@pytest.fixture(scope="session")
def hostile_run() -> Run:
    """The same town whose streets carry markup, a formula and Typst code."""
    names = [SCRIPT, FORMULA, '#panic("x") *a* $y$ @b `c`', "+44 & Sons", "-1", "@SUM(1)", 'O"Neil\'s \\ Bar',
             "http://evil.example/x.png", "{{ 7*7 }}", "Ünïted </svg>"]  # fmt: skip
    made = make_run(names, with_streets=False)
    return replace(made, area=StudyArea(SCRIPT, made.area.boundary))


@pytest.fixture(scope="session")
def refused_run(run: Run) -> Run:
    """A run whose list was refused: cells only, every other table empty."""
    reason = "4 months of data are too few for a ranked list; the map of cells is shown without one."
    return replace(
        run, hotspots=run.hotspots.iloc[:0], repeat_locations=run.repeat_locations.iloc[:0],
        patrols=run.patrols.iloc[:0], cameras=run.cameras.iloc[:0], stability=None, robustness=None,
        agreement=None, accuracy=None, budget=None, week=None,
        streets=None, existing_cameras=None, concentration=None, is_synthetic=False,
        refused=(Refusal("ranked list", reason, "R1.8"), Refusal("hours", "Months only.", "R2.12")),
    )  # fmt: skip


@pytest.fixture(scope="session")
def run_maker() -> Callable[..., Run]:
    return make_run


@pytest.fixture(scope="session")
def chromium() -> str:
    path = Path("/usr/bin/chromium")
    if not path.exists():
        pytest.skip("no Chromium at /usr/bin/chromium")
    return str(path)


def make_evaluation(name: str = "Pilot one", *, with_effect: bool = True) -> Evaluation:
    """Return an evaluation of five treated and twenty comparison places with a known halving."""
    treated = pd.DataFrame(
        {"name": [name, "B", "C", "D", "E"], "rank": 0, "before": 40, "after": 10, "ring_before": 20, "ring_after": 10},
        index=pd.Index([f"T{i:02d}" for i in range(1, 6)], name="unit"),
    )
    controls = pd.DataFrame(
        {"name": "c", "rank": 1, "before": 20, "after": 10, "ring_before": 10, "ring_after": 5},
        index=pd.Index([f"C{i:02d}" for i in range(1, 21)], name="unit"),
    )
    months = pd.date_range("2022-08-01", "2024-07-01", freq="MS", name="month")
    series = pd.DataFrame(
        {"treated": 12.0, "controls": 25.0, "controls_scaled": 12.5, "ring": 4.0, "is_after": months >= "2023-08-01",
         "is_missing": months == "2023-03-01"}, index=months,
    )  # fmt: skip
    effect = estimate(treated["before"], treated["after"], controls["before"], controls["after"])
    ring = estimate(treated["ring_before"], treated["ring_after"], controls["ring_before"], controls["ring_after"])
    gates = (
        GateResult("treated places", True, "5 treated places; at least 5 are needed."),
        GateResult("comparison places", with_effect, "20 comparison places; at least 20 are needed."),
    )
    design = Design(
        name=name, incidents=(Path("secret/folder/incidents.csv"),), area=Path("secret/folder/area.geojson"),
        treated=gpd.GeoDataFrame({"name": [name]}, geometry=[shapely.box(0, 51, 0.1, 51.1)], crs=WGS84),
        categories=(ASB,), start=pd.Timestamp("2023-08-01"), months_after=12,
    )  # fmt: skip
    return Evaluation(
        design=design, design_hash="ab" * 32, area_name="Sampleton", before=Period.of("2022-08", "2023-07"),
        after=Period.of("2023-08", "2024-07"), missing_months=("2023-03",), resolution=10, treated=treated,
        controls=controls, series=series, effect=effect if with_effect else None,
        displacement=Displacement(ring, None, 12.0, "Up to 12 of the 50 prevented could have moved next door."),
        naive=NaiveChange(200, 50, -75.0, "2022-08 to 2023-07", "2023-08 to 2024-07", "Without comparison: level 2."),
        wdd=None, wdq=None, gates=gates, mde_pct=42.0, mde_method="200 placebo runs", permutation_p=0.01,
        checks=(Check("only the same months a year earlier as baseline", effect, "the same"),), dose=None, level=3,
        level_text="Maryland level 3 at best.", verdict="reduction" if with_effect else "not_assessable",
        verdict_text="Reduction beyond comparison", headline="Reduction (level 3, 95% interval -60 % to -30 %).",
        interval_sentence="Between 30 and 80 reports were prevented.",
        doubt_sentence="This is wrong if picked at a peak.",
        outcomes=(), economics=None, amendments=(),
        officer_generated_excluded=0, notes=("One note.",), provenance=make_run().provenance, is_synthetic=True,
    )  # fmt: skip


@pytest.fixture(scope="session")
def evaluation() -> Evaluation:
    return make_evaluation()


@pytest.fixture(scope="session")
def evaluation_maker() -> Callable[..., Evaluation]:
    return make_evaluation
