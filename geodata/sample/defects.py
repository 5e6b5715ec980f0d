"""What goes wrong with records, planted and counted: wrong class, default place, no place, outside, duplicates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geodata.area import StudyArea
from geodata.sample.labels import ASB_TEXT, MISRECORDED_HEADING, PUBLIC_ORDER

DEFAULT_LOCATION_SHARE = 0.03  # R3.9
MISSING_SHARE = 0.02
OUTSIDE_SHARE = 0.006
N_DUPLICATES = 30
N_CONFLICTS = 12
ASB_MISRECORDED_SHARE = 0.03  # of ASB, recorded as public order
ORDER_MISRECORDED_SHARE = 0.12  # of public order, recorded as ASB

_OUTSIDE_REACH_M = 2500.0
_CONFLICT_SHIFT_M = 200

Rows = NDArray[np.int64]


def with_defects(
    records: pd.DataFrame, area: StudyArea, station: pd.Series, rng: np.random.Generator
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return records as they would be extracted, and how many were recorded as the wrong class.

    Planted repeat addresses stay clean, so that each really holds the reports the truth says.
    """
    records, misrecorded = _misrecorded(records, rng)
    free = np.flatnonzero(records["stream"] != "repeat")
    shares = (DEFAULT_LOCATION_SHARE, MISSING_SHARE, OUTSIDE_SHARE)
    cuts = np.cumsum([round(share * len(records)) for share in shares])
    at_station, nowhere, outside, _ = np.split(rng.permutation(free), cuts)
    for column in ("address", "uprn", "easting", "northing"):
        records.loc[at_station, column] = station[column]
    _unlocate(records, nowhere, rng)
    _move_outside(records, outside, area, rng)
    untouched = np.setdiff1d(free, [*at_station, *nowhere, *outside])
    return _with_duplicates(records, untouched, rng), misrecorded


def _misrecorded(records: pd.DataFrame, rng: np.random.Generator) -> tuple[pd.DataFrame, dict[str, int]]:
    """Record some ASB as public order and the reverse, at the same rate everywhere and always (R3.5)."""
    records = records.copy()
    is_asb = (records["category"] == ASB_TEXT) & records["stream"].isin(("public", "displaced"))
    u = rng.random(len(records))
    asb_lost = is_asb & (u < ASB_MISRECORDED_SHARE)
    asb_gained = (records["category"] == PUBLIC_ORDER) & (u < ORDER_MISRECORDED_SHARE)
    asb = ["category", "nsir_category", "nsir_qualifier"]
    records.loc[asb_lost, asb] = [PUBLIC_ORDER, "", ""]
    records.loc[asb_gained, asb] = [ASB_TEXT, MISRECORDED_HEADING, "Nuisance"]
    counts = {
        "asb_recorded_as_public_order": int(asb_lost.sum()),
        "public_order_recorded_as_asb": int(asb_gained.sum()),
    }
    return records, counts


def _unlocate(records: pd.DataFrame, rows: Rows, rng: np.random.Generator) -> None:
    """Blank the coordinates; half of these rows have no address either. `records` is this module's own copy."""
    records.loc[rows, ["easting", "northing"]] = pd.NA
    records.loc[rows, "uprn"] = ""
    records.loc[rows[rng.random(len(rows)) < 0.5], "address"] = ""


def _move_outside(records: pd.DataFrame, rows: Rows, area: StudyArea, rng: np.random.Generator) -> None:
    """Put rows beyond the boundary, some within the analysis buffer and some farther."""
    boundary = area.boundary_m
    reach = boundary.buffer(_OUTSIDE_REACH_M)
    west, south, east, north = reach.bounds
    points = np.round(rng.uniform((west, south), (east, north), (20 * len(rows) + 200, 2)))
    is_outside = shapely.contains_xy(reach, points) & ~shapely.contains_xy(boundary.buffer(5), points)
    chosen = points[is_outside][: len(rows)].astype(int)
    records.loc[rows, "easting"] = chosen[:, 0]
    records.loc[rows, "northing"] = chosen[:, 1]
    records.loc[rows, "uprn"] = ""
    records.loc[rows, "address"] = [f"{number} Border Lane" for number in np.arange(len(rows)) + 1]


def _with_duplicates(records: pd.DataFrame, usable: Rows, rng: np.random.Generator) -> pd.DataFrame:
    """Repeat some rows under the same reference; the first `N_CONFLICTS` differ in where they lie.

    Only rows away from planted and lesser places are repeated, so that no comparison depends on which copy is kept.
    """
    rest = usable[(records["group"].to_numpy()[usable] == records["group"].max())]
    copies = records.loc[rng.choice(rest, N_DUPLICATES, replace=False)].copy()
    moved, unlocated = copies.index[: N_CONFLICTS // 2], copies.index[N_CONFLICTS // 2 : N_CONFLICTS]
    copies.loc[moved, "easting"] += _CONFLICT_SHIFT_M
    copies.loc[unlocated, ["easting", "northing"]] = pd.NA
    return pd.concat([records, copies]).sort_index(kind="stable").reset_index(drop=True)
