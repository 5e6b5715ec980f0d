"""How a report becomes a row of a force's extract (R3.1): intervals, log times, references, channels, NSIR."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.sample.clock import MONTHS, Times, later
from geodata.sample.labels import ASB_TEXT, nsir
from geodata.sample.places import LABEL

COLUMNS = (
    "incident_ref", "created_dt", "occurred_from", "occurred_to", "category", "nsir_category", "nsir_qualifier",
    "channel", "officer_initiated", "address", "uprn", "easting", "northing", "source",
)  # fmt: skip
TIME_FORMAT = "%Y-%m-%d %H:%M"

_SPAN_SHARE = {ASB_TEXT: 0.12, "Burglary": 0.7, "Vehicle crime": 0.65, "Criminal damage and arson": 0.55,
               "Other theft": 0.4}  # fmt: skip
"""Share of records that say only between when and when (aoristic)."""
_SPAN_MEDIAN_H = 7.0
_UNKNOWN_TIME_SHARE = 0.02  # written as midnight exactly (R3.13)
_NO_END_SHARE = 0.15
_CHANNELS = {"101": 0.55, "online": 0.33, "999": 0.12}


def make_records(reports: pd.DataFrame, addresses: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return reports as extract rows in the order they were logged, still free of recording errors.

    Returns
    -------
    DataFrame
        The extract's columns (`COLUMNS`); times are ``datetime64[s]`` local; ``stream``, ``group`` and ``month`` are
        kept beside them for the errors and the truth to come, and are not written to the file.
    """
    place = addresses.iloc[reports["address"]].reset_index(drop=True)
    start, end, logged = _when(reports, rng)
    heading, qualifier = nsir(start, place["is_dwelling"].to_numpy(), rng)
    is_asb = (reports["category"] == ASB_TEXT).to_numpy()
    is_officer = (reports["stream"] == "officer").to_numpy()
    channel = rng.choice(list(_CHANNELS), size=len(reports), p=list(_CHANNELS.values()))
    records = pd.DataFrame(
        {
            "created_dt": logged,
            "occurred_from": start,
            "occurred_to": end,
            "category": reports["category"].to_numpy(),
            "nsir_category": np.where(is_asb, heading, ""),
            "nsir_qualifier": np.where(is_asb, qualifier, ""),
            "channel": np.where(is_officer, "officer", channel),
            "officer_initiated": np.where(is_officer, "Y", "N"),
            "address": place["address"],
            "uprn": place["uprn"],
            "easting": place["easting"].astype("Int64"),
            "northing": place["northing"].astype("Int64"),
            "source": f"{LABEL} sample",
            "stream": reports["stream"].to_numpy(),
            "group": reports["group"].to_numpy(),
            "month": reports["month"].to_numpy(),
        }
    ).sort_values("created_dt", kind="stable", ignore_index=True)
    records.insert(0, "incident_ref", _references(records["created_dt"]))
    return records


def _when(reports: pd.DataFrame, rng: np.random.Generator) -> tuple[Times, Times, Times]:
    """Return occurred from, occurred to (NaT where the log has none) and logged."""
    time = reports["time"].to_numpy().astype("datetime64[s]")
    n = len(time)
    may_blur = (reports["stream"] == "public").to_numpy() | (reports["stream"] == "other").to_numpy()
    span_share = reports["category"].map(_SPAN_SHARE).fillna(0.0).to_numpy()
    is_span = may_blur & (rng.random(n) < span_share)
    length = np.where(is_span, rng.lognormal(np.log(_SPAN_MEDIAN_H * 3600), 0.7, n), 0).astype(np.int64)
    before = (length * rng.random(n)).astype(np.int64)
    first, last = MONTHS[0].to_datetime64(), (MONTHS[-1] + pd.offsets.MonthBegin()).to_datetime64()
    end_of_data = last - np.timedelta64(60, "s")
    start = _to_minute(np.maximum(later(time, -before), first))
    end = _to_minute(np.minimum(later(time, length - before), end_of_data))
    is_unknown = may_blur & ~is_span & (rng.random(n) < _UNKNOWN_TIME_SHARE)
    start[is_unknown] = end[is_unknown] = start[is_unknown].astype("datetime64[D]").astype("datetime64[s]")
    end = np.maximum(end, start)  # the wall clock runs backwards once a year
    is_late = rng.random(n) < 0.1
    wait = rng.exponential(25 * 60, n) + np.where(is_late, rng.exponential(24 * 3600, n), 0)
    known = np.maximum(end, time)
    logged = _to_minute(np.maximum(later(known, wait.astype(np.int64) + 60), known))
    has_end = is_span | is_unknown | (rng.random(n) >= _NO_END_SHARE)
    return start, np.where(has_end, end, np.datetime64("NaT", "s")), logged


def _to_minute(times: Times) -> NDArray[np.datetime64]:
    return times.astype("datetime64[m]").astype("datetime64[s]")


def _references(logged: pd.Series) -> pd.Series:
    """Return log numbers: the day logged and the record's number on that day."""
    day = logged.dt.strftime("%y%m%d")
    number = day.groupby(day).cumcount() + 1
    return pd.Series([f"SYN{d}-{k:03d}" for d, k in zip(day, number, strict=True)], index=logged.index, dtype="str")
