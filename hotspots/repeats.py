"""Places reported again and again: who reaches the case-review clock, and how concentrated reports are (R4.7-R4.10)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from geodata.area import WGS84, StudyArea
from geodata.confidence import at_any
from geodata.period import police_day
from geodata.points import distinct
from geodata.quality import DefaultLocation
from geodata.tails import poisson_above, poisson_exactly, poisson_exceeded
from hotspots.config import RepeatConfig
from hotspots.naming import clean_text, near, street_name
from hotspots.results import Concentration
from hotspots.shrinkage import fit_prior, shrink
from hotspots.significance import false_discovery

Floats = NDArray[np.float64]

ADDRESS = "address"
SNAP_POINT = "snap point (street)"
POINT = "point (reports within 25 m)"

THRESHOLD_MET = "case review threshold met"
APPROACHING = "approaching threshold"

UNUSUAL_FALSE_DISCOVERY_RATE = 0.05

SMALLEST_TAIL = 1e-16
"""Below this a tail cannot be told from none, and its quantile is not a number."""

_COLUMNS: dict[str, str] = {
    "name": "object", "kind": "object", "n": "int64", "n_12m": "int64", "n_6m": "int64", "distinct_days": "int64",
    "last_report": "object", "expected": "float64", "p_value": "float64", "is_unusual": "bool",
    "count_factor": "float64", "recency_factor": "float64", "spread_factor": "float64", "score": "float64",
    "rank": "int64", "status": "object", "is_default_location": "bool", "hotspot_id": "object",
    "longitude": "float64", "latitude": "float64",
}  # fmt: skip


def empty_repeat_locations() -> gpd.GeoDataFrame:
    """Return a table of repeat places without rows."""
    columns = {name: pd.Series([], dtype=dtype) for name, dtype in _COLUMNS.items()}
    index = pd.Index([], name="place", dtype=object)
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs=WGS84), index=index, crs=WGS84)


def place_units(incidents: pd.DataFrame, area: StudyArea, *, same_place_m: float = 25.0) -> pd.DataFrame:
    """Return which place each report is about (R4.9).

    The property reference if there is one (UPRN); else the exact address text; else the coordinate, reports within
    `same_place_m` of a busier point counting there. A snap point is its coordinate alone. A report located only to
    an area has no place ("").

    Parameters
    ----------
    incidents : DataFrame
        INCIDENTS.
    area : StudyArea
        Where metres are measured.
    same_place_m : float

    Returns
    -------
    DataFrame
        On the index of `incidents`: ``place`` (``place_id``, ``address:...`` or ``point:lon,lat``) and ``kind``.
    """
    precision = incidents["location_precision"].to_numpy().astype(str)
    place_id = incidents["place_id"].to_numpy().astype(str)
    text = _address_key(incidents["location"])
    place = np.full(len(incidents), "", dtype=object)
    kind = np.full(len(incidents), "", dtype=object)

    has_id = place_id != ""
    has_address = ~has_id & (precision == "address") & (text != "")
    is_snap = ~has_id & (precision == "snap_point")
    is_point = ~has_id & ~has_address & ~is_snap & (precision != "area")
    place[has_id], kind[has_id | has_address] = place_id[has_id], ADDRESS
    place[has_address] = "address:" + text[has_address]
    at = incidents[["longitude", "latitude"]].to_numpy(dtype=float)
    place[is_snap], kind[is_snap] = _point_keys(at[is_snap]), SNAP_POINT
    place[is_point], kind[is_point] = _point_keys(_busiest_nearby(at[is_point], area, same_place_m)), POINT
    return pd.DataFrame({"place": place, "kind": kind}, index=incidents.index)


def _address_key(location: pd.Series) -> NDArray[Any]:
    """Return address texts as keys; a text without a number names a street, not an address, and gets none."""
    texts = pd.unique(location)
    cleaned = {text: clean_text(text).casefold() for text in texts}
    keys = {text: key if any(c.isdigit() for c in key) else "" for text, key in cleaned.items()}
    return location.map(keys).to_numpy(dtype=object)


def _point_keys(at: Floats) -> NDArray[Any]:
    codes, first = distinct(at[:, 0], at[:, 1])
    return np.array([f"point:{x:.6f},{y:.6f}" for x, y in at[first]], dtype=object)[codes]


def _busiest_nearby(at: Floats, area: StudyArea, radius_m: float) -> Floats:
    """Move each point to the busiest point within `radius_m` of it that was not itself moved.

    Busy points go first, so a row of houses does not chain into one place.
    """
    if len(at) == 0:
        return at
    codes, first = distinct(at[:, 0], at[:, 1])
    points, weight = at[first], np.bincount(codes)
    metres = np.column_stack(area.project(points[:, 0], points[:, 1]))
    near_points = cKDTree(metres).query_ball_point(metres, radius_m, return_sorted=True)
    centre = np.full(len(points), -1)
    for i in np.lexsort((points[:, 1], points[:, 0], -weight)):
        if centre[i] < 0:
            free = [j for j in near_points[i] if centre[j] < 0]
            centre[free] = i
    moved: Floats = points[centre][codes]
    return moved


def repeat_locations(
    incidents: pd.DataFrame,
    area: StudyArea,
    config: RepeatConfig,
    *,
    as_of: pd.Timestamp,
    default_locations: Sequence[DefaultLocation] = (),
) -> gpd.GeoDataFrame:
    """List the places with at least two reports in the 12 months before `as_of`, worst first.

    Score = count factor (12-month count pulled towards the typical place, R4.6) x recency factor (halves every
    `recency_half_life_days` since the last report) x spread factor (distinct operational days per report; for
    reports known to the month, distinct months per report or per 12) (R4.10). Each factor is a column.

    Parameters
    ----------
    incidents : DataFrame
        INCIDENTS; those outside the area (``inside`` False) or from `as_of` on are left out.
    area : StudyArea
    config : RepeatConfig
    as_of : Timestamp
        End of the data: the first instant after the last report that counts, local time.
    default_locations : sequence of DefaultLocation
        Places where reports are booked by default: listed last, marked, without a clock, and not part of what is
        expected.

    Returns
    -------
    GeoDataFrame
        Index ``place``; the columns of the ``repeat_locations`` table (README.md); EPSG:4326 points. ``expected`` is
        the 12-month count of the average place with any report, ``p_value`` the chance of as many under a Poisson
        count with that mean, ``is_unusual`` whether it survives a 5 % false discovery rate over all places (R4.7).
        ``status`` is the case-review clock (R4.8), for addresses only; whether each report was made within a month
        of its incident is not in the data.
    """
    reports = dated_reports(incidents, area, config, as_of)
    if len(reports) == 0:
        return empty_repeat_locations()
    places = _count_places(reports, config, as_of)
    places["is_default_location"] = at_any(
        places["longitude"], places["latitude"], default_locations, area, within_m=config.same_place_m
    )
    places = _score(places, config)
    listed = places.loc[places["n_12m"] >= 2].copy()
    order = np.lexsort((listed.index.to_numpy().astype(str), -listed["score"], listed["is_default_location"]))
    listed = listed.iloc[order]
    listed["rank"] = np.arange(1, len(listed) + 1)
    listed["status"] = _clock(listed, config)
    listed["hotspot_id"] = ""
    listed["name"] = _names(listed, reports)
    listed["last_report"] = _dates_as_text(listed)
    points = shapely.points(listed["longitude"].to_numpy(), listed["latitude"].to_numpy())
    frame = listed[list(_COLUMNS)].astype(_COLUMNS)
    return gpd.GeoDataFrame(frame, geometry=points, crs=WGS84)


def dated_reports(incidents: pd.DataFrame, area: StudyArea, config: RepeatConfig, as_of: pd.Timestamp) -> pd.DataFrame:
    """Return the reports inside the area that have a place and a date before `as_of`, local time.

    Returns
    -------
    DataFrame
        On the index of `incidents`: ``place``, ``kind``, ``when`` (start; first of the month if only that is known),
        ``day`` (operational day), ``month_only``, ``longitude``, ``latitude``, ``location``.
    """
    used = incidents.loc[incidents["inside"].to_numpy(dtype=bool)] if "inside" in incidents else incidents
    start = used["occurred_from"].dt.tz_localize(None)
    month_only = (used["time_precision"] == "month") | start.isna()
    when = start.mask(month_only, used["month"])
    minute = (used["time_precision"] == "minute") & ~month_only
    day = when.dt.normalize().mask(minute, police_day(when))
    units = place_units(used, area, same_place_m=config.same_place_m)
    reports = pd.DataFrame(
        {
            "place": units["place"], "kind": units["kind"], "when": when, "day": day, "month_only": month_only,
            "longitude": used["longitude"], "latitude": used["latitude"], "location": used["location"],
        }
    )  # fmt: skip
    end = as_of.tz_localize(None) if as_of.tz is not None else as_of
    return reports.loc[(reports["place"] != "") & (reports["when"] < end)]


def _count_places(reports: pd.DataFrame, config: RepeatConfig, as_of: pd.Timestamp) -> pd.DataFrame:
    """Return one row a place: counts by clock, distinct days, last report, and where it is."""
    end = as_of.tz_localize(None) if as_of.tz is not None else as_of
    last_year = reports["when"] >= end - pd.DateOffset(months=12)
    clock = reports["when"] >= end - pd.DateOffset(months=config.case_review_months)
    code, place = pd.factorize(reports["place"].to_numpy(dtype=object), sort=True)

    def counted(wanted: pd.Series) -> NDArray[np.int64]:
        return np.bincount(code[wanted.to_numpy()], minlength=len(place)).astype(np.int64)

    newest = np.lexsort((reports["when"].to_numpy(), code))
    last = newest[np.searchsorted(code[newest], np.arange(len(place)), side="right") - 1]
    days = pd.DataFrame({"code": code, "day": reports["day"].to_numpy()}).loc[last_year.to_numpy()].drop_duplicates()
    at = (
        reports.groupby([code, "longitude", "latitude"])
        .size()
        .rename("n")
        .rename_axis(["code", "x", "y"])
        .reset_index()
    )
    at = at.sort_values(["code", "n", "x", "y"], ascending=[True, False, True, True]).drop_duplicates("code")
    by_month = np.bincount(code, weights=reports["month_only"].to_numpy(dtype=float), minlength=len(place))
    n = counted(pd.Series(data=True, index=reports.index))
    return pd.DataFrame(
        {
            "kind": reports["kind"].to_numpy()[last],
            "n": n,
            "n_12m": counted(last_year),
            "n_6m": counted(clock),
            "distinct_days": np.bincount(days["code"], minlength=len(place)).astype(np.int64),
            "month_only": by_month * 2 > n,
            "last": reports["when"].to_numpy()[last],
            "last_is_month": reports["month_only"].to_numpy()[last],
            "age_days": (end - reports["when"].iloc[last]).dt.days.to_numpy(dtype=float),
            "longitude": at["x"].to_numpy(),
            "latitude": at["y"].to_numpy(),
        },
        index=pd.Index(place, name="place", dtype=object),
    )


def _score(places: pd.DataFrame, config: RepeatConfig) -> pd.DataFrame:
    """Add what a typical place has, the chance of as many, and the score with its factors."""
    scored = places.copy()
    recent = places["n_12m"].to_numpy(dtype=float)
    typical = recent[~places["is_default_location"].to_numpy()]
    prior = fit_prior(typical)
    scored["expected"] = prior.mean
    scored["p_value"] = poisson_above(recent - 1, prior.mean) if prior.mean > 0 else 1.0
    scored["is_unusual"] = false_discovery(scored["p_value"].to_numpy(), UNUSUAL_FALSE_DISCOVERY_RATE)
    scored["count_factor"] = shrink(recent, prior)
    # a report known to the month is taken at its middle
    age = np.maximum(places["age_days"] - np.where(places["last_is_month"], 15.0, 0.0), 0.0)
    scored["recency_factor"] = 0.5 ** (age / config.recency_half_life_days)
    most = np.where(places["month_only"], np.minimum(recent, 12.0), recent)
    scored["spread_factor"] = np.minimum(places["distinct_days"] / np.maximum(most, 1.0), 1.0)
    scored["score"] = scored["count_factor"] * scored["recency_factor"] * scored["spread_factor"]
    return scored


def _clock(places: pd.DataFrame, config: RepeatConfig) -> NDArray[Any]:
    eligible = (places["kind"] != SNAP_POINT) & ~places["is_default_location"]
    met = eligible & (places["n_6m"] >= config.case_review_reports)
    approaching = eligible & (places["n_6m"] == config.case_review_reports - 1)
    return np.select([met.to_numpy(), approaching.to_numpy()], [THRESHOLD_MET, APPROACHING], default="").astype(object)


def _names(places: pd.DataFrame, reports: pd.DataFrame) -> list[str]:
    """Return the commonest text of each place: the street for a snap point, else the text as given."""
    own = reports.loc[reports["place"].isin(places.index)]
    texts = own.groupby(["place", "location"]).size().rename("n").reset_index()
    texts = texts.sort_values(["place", "n", "location"], ascending=[True, False, True]).drop_duplicates("place")
    given = texts.set_index("place")["location"].reindex(places.index)
    named = [
        street_name(text) if kind == SNAP_POINT else clean_text(text)
        for text, kind in zip(given, places["kind"], strict=True)
    ]
    spare = [near(x, y) for x, y in zip(places["longitude"], places["latitude"], strict=True)]
    return [name or other for name, other in zip(named, spare, strict=True)]


def _dates_as_text(places: pd.DataFrame) -> NDArray[Any]:
    last = pd.Series(places["last"].to_numpy())
    return np.where(places["last_is_month"], last.dt.strftime("%Y-%m"), last.dt.strftime("%Y-%m-%d")).astype(object)


def concentration(
    counts: ArrayLike,
    areas: ArrayLike | None = None,
    *,
    top_share: float = 0.10,
    simulations: int = 999,
    random_state: int,
    known: ArrayLike | None = None,
) -> Concentration:
    """Say how concentrated reports are (R1.13), and whether chance alone would concentrate them as much (R4.7).

    Parameters
    ----------
    counts : array of int, shape (n,)
        Reports at each place (cell, address or snap point), zeros included.
    areas : array of float, shape (n,), optional
        Area of each place, for the share of area that holds half of the reports; equal if absent.
    top_share : float
        Share of the places with a report that make the top (rounded up).
    simulations : int
        How often the reports are thrown at random on the places.
    random_state : int
    known : array of bool, shape (n,), optional
        Places where a report could have been recorded; chance throws only there. Default: all.

    Returns
    -------
    Concentration
        ``p_value`` is (1 + simulations at least as concentrated) / (1 + simulations). ``gini`` is corrected for
        fewer reports than places (Bernasco & Steenbeek 2017, https://doi.org/10.1007/s10940-016-9324-7): 0 where the
        reports are spread as evenly as whole reports can be.
    """
    n = np.asarray(counts, dtype=np.int64)
    possible = np.ones(len(n), dtype=bool) if known is None else np.asarray(known, dtype=bool) | (n > 0)
    area = np.ones(len(n)) if areas is None else np.asarray(areas, dtype=float)
    n_places, total = int(possible.sum()), int(n.sum())
    held = _held_by_top(np.bincount(n[possible])[None, :], top_share)[0] if n_places else 0.0
    chance = _chance_held(total, n_places, top_share, simulations, random_state)
    return Concentration(
        n_places=n_places,
        n_places_with_report=int((n > 0).sum()),
        top_share=top_share,
        held_share=float(held),
        chance_share=float(np.quantile(chance, 0.95)) if len(chance) else 0.0,
        p_value=float((1 + np.sum(chance >= held - 1e-12)) / (1 + len(chance))),
        area_share_for_half=_area_share_for_half(n, area),
        gini=_gini(n[possible]),
    )


def _chance_held(total: int, n_places: int, top_share: float, simulations: int, random_state: int) -> Floats:
    """Return the share held by the top in each simulation.

    Only how many places have 0, 1, 2 ... reports matters. Reports thrown at random give each place a Poisson count,
    so those numbers of places are drawn at once, whatever the number of reports.
    """
    if total == 0 or n_places == 0:
        return np.empty(0)
    rate = total / n_places
    most = poisson_exceeded(max(1e-12 / n_places, SMALLEST_TAIL), rate) + 1
    chance = poisson_exactly(np.arange(most + 1), rate)
    places = np.random.default_rng(random_state).multinomial(n_places, chance / chance.sum(), size=simulations)
    return _held_by_top(places, top_share)


def _held_by_top(places: NDArray[np.int64], top_share: float) -> Floats:
    """Return the share of reports the top places hold in each case i, where places[i, c] places have c reports."""
    count = np.arange(places.shape[1])
    total = places @ count
    with_report = places[:, 1:].sum(axis=1)
    top = np.ceil(top_share * with_report - 1e-9)
    busiest = places[:, :0:-1]  # from the highest count down to 1
    before = np.cumsum(busiest, axis=1) - busiest
    taken = np.clip(top[:, None] - before, 0, busiest)
    return np.asarray(taken @ count[:0:-1] / np.maximum(total, 1), dtype=float)


def _area_share_for_half(n: NDArray[np.int64], area: Floats) -> float:
    """Return the smallest share of the area, whole places taken densest first, that holds half of the reports."""
    if n.sum() == 0 or area.sum() == 0:
        return float("nan")
    density = n / np.where(area > 0, area, np.inf)
    order = np.argsort(-density, kind="stable")
    reached = int(np.searchsorted(np.cumsum(n[order]), n.sum() / 2))
    return float(area[order][: reached + 1].sum() / area.sum())


def _gini(n: NDArray[np.int64]) -> float:
    """Return the Gini coefficient against the most even spread that whole reports allow."""
    places, total = len(n), int(n.sum())
    if total == 0:
        return float("nan")
    share = np.sort(n) / total
    sides = 2 * float(np.arange(1, places + 1) @ share) - places - 1
    return max(1 / total, 1 / places) * sides - max(places / total, 1.0) + 1.0
