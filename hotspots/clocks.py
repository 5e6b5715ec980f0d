"""When repeat places call for action: the three clocks, how soon repeats follow, and whether they become fewer.

Counts of reports and, where the force gives a key, of those who reported; never who they are (R4.8, R4.10, R4.11).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from geodata.area import StudyArea
from geodata.confidence import at_any
from geodata.errors import DataError
from geodata.period import Period
from geodata.quality import DefaultLocation
from hotspots.config import RepeatConfig
from hotspots.repeats import APPROACHING, SNAP_POINT, THRESHOLD_MET, dated_reports

Floats = NDArray[np.float64]

NEIGHBOURHOOD_REPORTS = 5  # R4.8(ii), Cleveland
NEIGHBOURHOOD_MET = "neighbourhood threshold met"
NEIGHBOURHOOD_UNCHECKED = "five reports; by how many people is not in the data"
NEIGHBOURHOOD_APPROACHING = "approaching neighbourhood threshold"

ACT_WITHIN_DAYS = (7, 28)  # R4.11
_COURSE_DAYS = (7, 28, 60, 182, 365)


def repeat_clocks(
    incidents: pd.DataFrame,
    area: StudyArea,
    config: RepeatConfig,
    *,
    as_of: pd.Timestamp,
    default_locations: Sequence[DefaultLocation] = (),
    reporters: pd.Series | None = None,
    reported: pd.Series | None = None,
) -> pd.DataFrame:
    """Return where each place stands on the three clocks of R4.8.

    (i) Case review: at least three reports in six months, each made within a month of its incident. (ii)
    Neighbourhood: at least five reports by more than one person or business in six months. (iii) Any repeat within
    twelve months. Street centres share many addresses and have no clock; nor have default locations.

    Parameters
    ----------
    incidents : DataFrame
        INCIDENTS.
    area : StudyArea
    config : RepeatConfig
    as_of : Timestamp
        End of the data: the first instant after the last report that counts.
    default_locations : sequence of DefaultLocation
    reporters : Series, optional
        On the index of `incidents`: an opaque key of who reported, made by the force; "" if not known. Only how many
        different keys a place has leaves this function.
    reported : Series of datetime, optional
        When each report was made. Without it, whether that was within a month cannot be checked, and all count.

    Returns
    -------
    DataFrame
        Index ``place``: ``kind``, ``n_12m``, ``n_6m``, ``n_6m_in_time`` (those made within a month),
        ``n_reporters_6m`` (NaN if not known), ``case_review``, ``neighbourhood`` ("" or a status), ``is_repeat_12m``.
        Places without a report in the last twelve months are left out.
    """
    reports = dated_reports(incidents, area, config, as_of)
    end = as_of.tz_localize(None) if as_of.tz is not None else as_of
    reports = reports.loc[reports["when"] >= end - pd.DateOffset(months=12)].copy()
    reports["in_6m"] = reports["when"] >= end - pd.DateOffset(months=config.case_review_months)
    reports["in_time"] = reports["in_6m"] & _made_within_a_month(reports, reported)
    grouped = reports.groupby("place", sort=True)
    clocks = pd.DataFrame(
        {
            "kind": grouped["kind"].last(),
            "n_12m": grouped.size().astype("int64"),
            "n_6m": grouped["in_6m"].sum().astype("int64"),
            "n_6m_in_time": grouped["in_time"].sum().astype("int64"),
        }
    )
    clocks["n_reporters_6m"] = _count_reporters(reports, reporters, clocks.index)
    is_default = at_any(
        grouped["longitude"].first(), grouped["latitude"].first(), default_locations, area,
        within_m=config.same_place_m,
    )  # fmt: skip
    eligible = ((clocks["kind"] != SNAP_POINT) & ~is_default).to_numpy(dtype=bool)
    clocks["case_review"] = _case_review(clocks, eligible, config)
    clocks["neighbourhood"] = _neighbourhood(clocks, eligible)
    clocks["is_repeat_12m"] = eligible & (clocks["n_12m"] >= 2).to_numpy()
    return clocks


def _made_within_a_month(reports: pd.DataFrame, reported: pd.Series | None) -> pd.Series:
    if reported is None:
        return pd.Series(data=True, index=reports.index)
    made = reported.reindex(reports.index)
    made = made.dt.tz_localize(None) if made.dt.tz is not None else made
    in_time: pd.Series = made.isna() | (made <= reports["when"] + pd.DateOffset(months=1))
    return in_time | reports["month_only"]


def _count_reporters(reports: pd.DataFrame, reporters: pd.Series | None, places: pd.Index) -> Floats:
    if reporters is None:
        return np.full(len(places), np.nan)
    key = reporters.reindex(reports.index).fillna("").astype(str)
    known = reports["in_6m"] & (key != "")
    different = pd.DataFrame({"place": reports["place"], "key": key}).loc[known].drop_duplicates()
    return np.asarray(different["place"].value_counts().reindex(places, fill_value=0), dtype=float)


def _case_review(clocks: pd.DataFrame, eligible: NDArray[np.bool_], config: RepeatConfig) -> NDArray[Any]:
    n = clocks["n_6m_in_time"].to_numpy()
    met = eligible & (n >= config.case_review_reports)
    near = eligible & (n == config.case_review_reports - 1)
    return np.select([met, near], [THRESHOLD_MET, APPROACHING], default="").astype(object)


def _neighbourhood(clocks: pd.DataFrame, eligible: NDArray[np.bool_]) -> NDArray[Any]:
    n, people = clocks["n_6m"].to_numpy(), clocks["n_reporters_6m"].to_numpy()
    enough = eligible & (n >= NEIGHBOURHOOD_REPORTS)
    near = eligible & (n == NEIGHBOURHOOD_REPORTS - 1)
    cases = [enough & (people > 1), enough & np.isnan(people), near]
    words = [NEIGHBOURHOOD_MET, NEIGHBOURHOOD_UNCHECKED, NEIGHBOURHOOD_APPROACHING]
    return np.select(cases, words, default="").astype(object)


def act_by(
    incidents: pd.DataFrame,
    area: StudyArea,
    config: RepeatConfig,
    *,
    as_of: pd.Timestamp,
    default_locations: Sequence[DefaultLocation] = (),
) -> pd.DataFrame:
    """Return the places where a repeat has just happened, and by when to act (R4.11).

    Repeats come soon or not: after the trigger, the latest report that had another at the place within the twelve
    months before it, act within 7 and within 28 days.

    Parameters
    ----------
    incidents : DataFrame
        INCIDENTS; reports known to the month only and street centres trigger nothing.
    area : StudyArea
    config : RepeatConfig
    as_of : Timestamp
        End of the data.
    default_locations : sequence of DefaultLocation
        Places where reports are booked by default; they trigger nothing.

    Returns
    -------
    DataFrame
        Index ``place``, the latest trigger first: ``trigger`` (day), ``n_12m`` (in the 365 days up to the trigger and
        since), ``act_within_7``, ``act_within_28`` (last days) and ``prompt`` (words). Places whose 28 days
        have passed are left out.
    """
    reports = dated_reports(incidents, area, config, as_of)
    is_default = at_any(
        reports["longitude"], reports["latitude"], default_locations, area, within_m=config.same_place_m
    )
    reports = _with_previous(reports.loc[~reports["month_only"] & (reports["kind"] != SNAP_POINT) & ~is_default])
    repeats = reports.loc[reports["is_repeat"]]
    trigger = repeats.groupby("place")["when"].max().dt.normalize()
    end = (as_of.tz_localize(None) if as_of.tz is not None else as_of) - pd.Timedelta(microseconds=1)
    trigger = trigger.loc[trigger + pd.Timedelta(days=ACT_WITHIN_DAYS[1]) >= end.normalize()]
    year = reports.loc[reports["place"].isin(trigger.index)]
    start = trigger.reindex(year["place"]).to_numpy() - np.timedelta64(365, "D")
    counted = year.loc[year["when"].to_numpy() >= start].groupby("place").size()
    due = [trigger + pd.Timedelta(days=days) for days in ACT_WITHIN_DAYS]
    prompts = pd.DataFrame(
        {
            "trigger": trigger,
            "n_12m": counted.reindex(trigger.index).fillna(0).astype("int64"),
            "act_within_7": due[0],
            "act_within_28": due[1],
            "prompt": [_prompt(first, last, end.normalize()) for first, last in zip(*due, strict=True)],
        }
    )
    return prompts.sort_values(["trigger", "n_12m"], ascending=[False, False], kind="stable")


def _prompt(first: pd.Timestamp, last: pd.Timestamp, today: pd.Timestamp) -> str:
    if today <= first:
        return f"act by {first:%d %B %Y}, again by {last:%d %B %Y}"
    return f"7 days passed on {first:%d %B %Y}; act by {last:%d %B %Y}"


def _with_previous(reports: pd.DataFrame) -> pd.DataFrame:
    """Return the reports in order of time at each place, with whether each is a repeat."""
    ordered = reports.sort_values(["place", "when"], kind="stable")
    before = ordered["when"].shift(1).where(ordered["place"] == ordered["place"].shift(1))
    return ordered.assign(is_repeat=before >= ordered["when"] - pd.DateOffset(months=12))


def repeat_course(
    incidents: pd.DataFrame, area: StudyArea, config: RepeatConfig, *, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Return how soon the next report at the same place follows, in this area (R4.11).

    Only reports with a full 365 days of data after them are followed, so that a late report is not counted as
    without repeat. Reports known to the month only and street centres are left out.

    Returns
    -------
    DataFrame
        Index ``within_days`` (7, 28, 60, 182, 365): ``n`` (reports whose next came within so many days but not within
        fewer), ``share_of_repeats`` and ``cumulative`` (of those repeated within 365 days), ``share_of_followed``
        (cumulative, of all followed) and ``n_followed``.

    Raises
    ------
    DataError
        If no report can be followed for a year.
    """
    reports = dated_reports(incidents, area, config, as_of)
    reports = reports.loc[~reports["month_only"] & (reports["kind"] != SNAP_POINT)]
    end = as_of.tz_localize(None) if as_of.tz is not None else as_of
    ordered = reports.sort_values(["place", "when"], kind="stable")
    following = ordered["when"].shift(-1).where(ordered["place"] == ordered["place"].shift(-1))
    until = (following - ordered["when"]).dt.total_seconds().to_numpy() / 86_400
    until = until[(ordered["when"] + pd.Timedelta(days=365) <= end).to_numpy()]
    if len(until) == 0:
        raise DataError(
            "How soon repeats follow needs reports at addresses or points, known to the day, with a year of data after "
            "them; there are none."
        )
    reached = np.array([int((until <= days).sum()) for days in _COURSE_DAYS])
    repeats = max(int(reached[-1]), 1)
    return pd.DataFrame(
        {
            "n": np.diff(reached, prepend=0),
            "share_of_repeats": np.diff(reached, prepend=0) / repeats,
            "cumulative": reached / repeats,
            "share_of_followed": reached / len(until),
            "n_followed": len(until),
        },
        index=pd.Index(_COURSE_DAYS, name="within_days"),
    )


def repeat_share(incidents: pd.DataFrame, area: StudyArea, config: RepeatConfig, *, period: Period) -> pd.DataFrame:
    r"""Return, month by month, how many reports repeat an earlier one at the same place within twelve months.

    An outcome series: fewer repeats at the same places is what working on repeat places should bring. The 95 %
    interval of the share is Wilson's (1927, https://doi.org/10.1080/01621459.1927.10502953); reports of one place are
    not independent, so it is a little too narrow.

    .. math:: \frac{\hat p + z^2 / 2n \pm z \sqrt{\hat p (1 - \hat p) / n + z^2 / 4n^2}}{1 + z^2 / n}

    Parameters
    ----------
    incidents : DataFrame
        INCIDENTS; street centres are left out, as they are not one place.
    area : StudyArea
    config : RepeatConfig
    period : Period

    Returns
    -------
    DataFrame
        Index ``month`` (each of the period): ``n`` (reports at a place), ``n_repeat``, ``share`` (NaN without
        reports), ``low``, ``high``, ``n_places`` (places with a repeat that month) and ``looks_back_12m``: False in
        the first twelve months of the data, whose repeats of earlier reports are not seen.

    Raises
    ------
    DataError
        If no report lies at an address or point.
    """
    as_of = period.last + pd.DateOffset(months=1)
    reports = dated_reports(incidents, area, config, as_of)
    reports = reports.loc[reports["kind"] != SNAP_POINT]
    if len(reports) == 0:
        raise DataError(
            f"None of {len(incidents):,} reports lies at an address or exact point, so repeats at the same place "
            "cannot be told; street centres are shared by many addresses."
        )
    ordered = _with_previous(reports)
    month = ordered["when"].dt.to_period("M").dt.to_timestamp().astype("datetime64[us]")
    months = period.months
    n = month.value_counts().reindex(months, fill_value=0).to_numpy()
    repeat = month[ordered["is_repeat"]].value_counts().reindex(months, fill_value=0).to_numpy()
    seen = ordered.loc[ordered["is_repeat"]].assign(month=month)
    places = seen.groupby("month")["place"].nunique().reindex(months, fill_value=0)
    share = np.divide(repeat, n, out=np.full(len(n), np.nan), where=n > 0)
    low, high = _wilson(repeat.astype(float), n.astype(float))
    first = month.min()
    return pd.DataFrame(
        {
            "n": n, "n_repeat": repeat, "share": share, "low": low, "high": high,
            "n_places": places.to_numpy(dtype="int64"),
            "looks_back_12m": np.asarray(months >= first + pd.DateOffset(months=12)),
        },
        index=months,
    )  # fmt: skip


def _wilson(successes: Floats, n: Floats) -> tuple[Floats, Floats]:
    z = float(ndtri(0.975))
    some = n > 0
    size = np.where(some, n, 1.0)
    p = successes / size
    centre = p + z**2 / (2 * size)
    reach = z * np.sqrt(p * (1 - p) / size + z**2 / (4 * size**2))
    bottom = 1 + z**2 / size
    low, high = np.maximum((centre - reach) / bottom, 0.0), np.minimum((centre + reach) / bottom, 1.0)
    return np.where(some, low, np.nan), np.where(some, high, np.nan)
