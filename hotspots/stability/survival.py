"""Which hotspots are there on other grids too: finer and coarser cells, and cells moved by half their width (R4.18)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata import cells as h3cells
from geodata.area import StudyArea
from geodata.period import Period
from geodata.quality import DefaultLocation
from hotspots.config import RunConfig
from hotspots.counts import month_matrix
from hotspots.delineate.draw import choose_groups, eligible_cells, institution_cells
from hotspots.delineate.measure import basis_of
from hotspots.ranking import decayed_rate
from hotspots.shrinkage import fit_prior, shrink

MONTHS_PER_YEAR = 12
RESOLUTIONS = (9, 10, 11)
SIZES = {9: "9.5 ha", 10: "1.4 ha", 11: "0.2 ha"}
"""What an H3 cell of each resolution covers in England (R1.2)."""

HALF_A_CELL = (0.5, 0.0)
SHARED = 0.5


@dataclass(frozen=True, slots=True)
class Grid:
    """A grid to redraw on: H3 cells of `resolution`, moved by `shift` widths of a cell east and north."""

    resolution: int
    shift: tuple[float, float] = (0.0, 0.0)

    def describe(self) -> str:
        """Return the grid in words."""
        size = SIZES[self.resolution]
        return "the same cells, moved by half their width" if any(self.shift) else f"cells of {size}"


def grids(resolution: int, *, shift: tuple[float, float] = HALF_A_CELL) -> tuple[Grid, ...]:
    """Return the grids to hold a list at `resolution` against: the others of 9, 10 and 11, and its own, moved."""
    return (*(Grid(other) for other in RESOLUTIONS if other != resolution), Grid(resolution, shift))


def redraw(
    reports: pd.DataFrame,
    known_at: pd.DataFrame,
    area: StudyArea,
    grid: Grid,
    config: RunConfig,
    *,
    period: Period,
    counted: NDArray[np.bool_] | None = None,
    missing: pd.DatetimeIndex | None = None,
    default_locations: Sequence[DefaultLocation] = (),
    streets: gpd.GeoDataFrame | None = None,
) -> pd.Series:
    """Rank and draw on another grid by the same rules, and return which new hotspot each report then lies in.

    Cells are ranked by the decayed count shrunk towards the typical cell (R4.6). Moving the grid one way is moving all
    places the other way before they are binned, by the same few metres everywhere.

    Parameters
    ----------
    reports : DataFrame
        INCIDENTS inside the area.
    known_at : DataFrame
        ``longitude``, ``latitude`` of every place in the area where anything of any category was recorded: the similar
        places a cell is pulled towards.
    area : StudyArea
    grid : Grid
    config : RunConfig
    period : Period
    counted : array of bool, optional
        The `reports` that rank (one for each event, R3.6); default all.
    missing : DatetimeIndex, optional
    default_locations : sequence of DefaultLocation
    streets : GeoDataFrame, optional
        As in `hotspots.delineate.delineate`.

    Returns
    -------
    Series of int
        On the index of `reports`: the place of the new hotspot in its list, from 0; -1 outside all of them.
    """
    east, north = _shift_degrees(area, grid)
    reports = reports.assign(longitude=reports["longitude"] + east, latitude=reports["latitude"] + north)
    seen = h3cells.assign(known_at["longitude"] + east, known_at["latitude"] + north, grid.resolution)
    own = h3cells.assign(reports["longitude"], reports["latitude"], grid.resolution)
    known = pd.Index(np.unique(np.concatenate([seen, own]).astype(str)), dtype=object, name="cell")
    monthly = _monthly(own, reports["month"], known, period)
    events = monthly if counted is None else _monthly(own[counted], reports["month"][counted], known, period)
    cells = _cells(monthly, events, area, config, missing)
    basis = basis_of(
        cells, reports, area, config.delineation, period=period, missing=missing,
        streets=None if streets is None else streets.assign(geometry=streets.geometry.translate(east, north)),
    )  # fmt: skip
    drawn = pd.Series(-1, index=reports.index)
    if basis is None:
        return drawn
    moved = [replace(p, longitude=p.longitude + east, latitude=p.latitude + north) for p in default_locations]
    excluded, _ = institution_cells(basis, moved)
    groups, _ = choose_groups(eligible_cells(basis, excluded), basis)
    owner = {cell: number for number, group in enumerate(groups) for cell in group}
    return pd.Series(own, index=reports.index, dtype=object).map(owner).fillna(-1).astype("int64")


def survivors(owner: pd.Series, redrawn: pd.Series, ids: Sequence[str]) -> NDArray[np.bool_]:
    """Return for each hotspot whether the other drawing has it too.

    It does when one of the new hotspots shares with it at least half of the reports of the smaller of the two, so that
    a sharper or a wider outline round the same place counts as the same place, and a place elsewhere does not.

    Parameters
    ----------
    owner : Series of str
        Hotspot of each report, "" outside all of them.
    redrawn : Series of int
        From `redraw`, on the same index.
    ids : sequence of str
        The hotspots asked about.

    Examples
    --------
    >>> owner = pd.Series(["H01"] * 4 + ["H02"] * 4 + [""] * 2)
    >>> redrawn = pd.Series([0, 0, -1, -1, 1, -1, -1, -1, 1, 1])
    >>> survivors(owner, redrawn, ["H01", "H02"]).tolist()
    [True, False]
    """
    if not (redrawn >= 0).any():
        return np.zeros(len(ids), dtype=bool)
    shared = pd.crosstab(owner, redrawn)
    smaller = np.minimum.outer(shared.sum(axis=1).to_numpy(), shared.sum(axis=0).to_numpy())
    share = (shared / smaller).drop(columns=-1, errors="ignore").max(axis=1)
    return np.asarray(share.reindex(list(ids), fill_value=0.0) >= SHARED, dtype=bool)


def _monthly(own: NDArray[np.object_], month: pd.Series, known: pd.Index, period: Period) -> pd.DataFrame:
    counts = pd.DataFrame({"cell": own, "month": month.to_numpy()}).groupby(["cell", "month"]).size().rename("n")
    return month_matrix(counts.to_frame(), known, period.months)


def _cells(
    monthly: pd.DataFrame, events: pd.DataFrame, area: StudyArea, config: RunConfig, missing: pd.DatetimeIndex | None
) -> gpd.GeoDataFrame:
    """Return the cells with a report: what drawing needs to know of them."""
    decayed = decayed_rate(
        events, half_life_months=config.ranking.half_life_months, season_weight=config.ranking.season_weight,
        missing=missing,
    )  # fmt: skip
    y = decayed["y"].to_numpy()
    facts = pd.DataFrame(
        {
            "n": monthly.sum(axis=1),
            "n_12m": monthly.iloc[:, -MONTHS_PER_YEAR:].sum(axis=1),
            "score": shrink(y, fit_prior(y)) / decayed["months"].to_numpy(),
        }
    )
    reported = facts.loc[facts["n"] > 0]
    return h3cells.frame(reported.index, area).join(reported)


def _shift_degrees(area: StudyArea, grid: Grid) -> tuple[float, float]:
    """Return the shift in degrees; over so few metres it is the same everywhere in the area."""
    across = np.sqrt(h3cells.mean_area_km2(area, grid.resolution) * 1e6 * 2 / np.sqrt(3))
    middle = area.boundary.representative_point()
    x, y = area.project([middle.x], [middle.y])
    longitude, latitude = area.unproject(x + grid.shift[0] * across, y + grid.shift[1] * across)
    return float(longitude[0] - middle.x), float(latitude[0] - middle.y)
