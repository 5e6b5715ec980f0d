"""Change alerts: places with more or fewer reports this month than the same season and the trend lead to expect.

No percentages on small counts (R4.16), and few false alarms among many places (R4.17).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geodata.errors import DataError, DesignError
from geodata.tails import binomial_above, binomial_up_to
from hotspots.significance import false_discovery

Floats = NDArray[np.float64]

ALERT_Z = 3.0  # R4.16
FALSE_DISCOVERY_RATE = 0.10  # R4.17
FEWEST_MONTHS = 13


def change_z(now: ArrayLike, expected: ArrayLike) -> Floats:
    r"""Return how far counts lie from what was expected, in standard deviations of a Poisson count.

    .. math:: z = 2 (\sqrt{now} - \sqrt{expected})

    The square root gives a Poisson count a standard deviation of about 1/2 whatever its mean (Bartlett 1936,
    https://doi.org/10.2307/2983678; Wheeler 2016, https://doi.org/10.1177/1461355716642781). Poor below about 4.

    Examples
    --------
    >>> float(change_z(25, 16))
    2.0
    """
    return np.asarray(2 * (np.sqrt(np.asarray(now, dtype=float)) - np.sqrt(np.asarray(expected, dtype=float))))


def expected_counts(matrix: pd.DataFrame, *, totals: pd.Series | None = None) -> pd.DataFrame:
    r"""Return what the last month of each place was to be expected to hold: same-season mean with trend (R4.16).

    .. math:: e_i = T \cdot \frac{1}{|S|} \sum_{s \in S} n_{i,s}, \quad
        T = \frac{1}{|S|} \sum_{s \in S} \frac{N_{recent}}{N_{recent, y(s)\ years\ earlier}}

    S are the same calendar month of every earlier year and the month on either side of it, as far as loaded. The
    trend T is that of the whole area: its reports N in the (up to 12) months before the last, over those in the same
    calendar months y years earlier, averaged over S. Without months to compare it is 1.

    Parameters
    ----------
    matrix : DataFrame of int, places x months
        Months in a row; months the source did not deliver as NaN in every place.
    totals : Series of int, optional
        Reports of the whole area in each of these months; the sum of `matrix` if it holds the whole area.

    Returns
    -------
    DataFrame
        ``expected``, ``season_total`` (reports in S), ``season_months`` (how many months S has) and ``trend``.

    Raises
    ------
    DataError
        If there are fewer than 13 months, the last month or the whole season is missing, or a count is negative.
    DesignError
        If the months do not follow each other.
    """
    counts, last = _checked(matrix), matrix.shape[1] - 1
    total = counts.sum(axis=0)
    area = total if totals is None else totals.reindex(matrix.columns).to_numpy(dtype=float)
    season, trends = [], []
    for year in range(1, last // 12 + 1):
        trend = _area_trend(area, last, 12 * year)
        near = [t for t in (last - 12 * year - 1, last - 12 * year, last - 12 * year + 1) if t >= 0]
        delivered = [t for t in near if np.isfinite(total[t])]
        season += delivered
        trends += [trend] * len(delivered)
    if not season:
        raise DataError("The same season of earlier years was not delivered, so there is nothing to compare with.")
    season_total = counts[:, season].sum(axis=1)
    trend = float(np.mean(trends))
    return pd.DataFrame(
        {
            "expected": trend * season_total / len(season),
            "season_total": season_total.astype(np.int64),
            "season_months": len(season),
            "trend": trend,
        },
        index=matrix.index,
    )


def _checked(matrix: pd.DataFrame) -> Floats:
    months = pd.DatetimeIndex(matrix.columns)
    if len(months) < FEWEST_MONTHS:
        raise DataError(
            f"Change alerts need at least {FEWEST_MONTHS} months, so that the same season can be compared; there are "
            f"{len(months)}."
        )
    if not (np.diff(months.year * 12 + months.month) == 1).all():
        raise DesignError("Change alerts need months that follow each other; give a missing month as NaN.")
    counts = matrix.to_numpy(dtype=float)
    if (counts < 0).any():
        raise DataError(f"{int((counts < 0).sum()):,} counts are negative; counts must be 0 or more.")
    if not np.isfinite(counts[:, -1]).all():
        raise DataError("The last month was not delivered, so no change can be told; leave it out.")
    return counts


def _area_trend(total: Floats, last: int, back: int) -> float:
    """Return recent months over the same calendar months `back` months earlier; 1 if none can be compared."""
    recent = np.arange(max(back, last - 12), last)
    both = recent[np.isfinite(total[recent]) & np.isfinite(total[recent - back])]
    before = float(total[both - back].sum())
    return float(total[both].sum()) / before if before > 0 else 1.0


def change_alerts(matrix: pd.DataFrame, *, registered: bool, totals: pd.Series | None = None) -> pd.DataFrame:
    r"""Return the places whose last month stands out from what the season and the trend lead to expect.

    Two ways against false alarms among many places (R4.17): for the hotspots on the register, \|z\| >= 3; for all
    cells, the exact test below at a false discovery rate of 10 %. The exact test compares the last month with the
    season's months as two Poisson counts, the share of the last month in both being binomial (Przyborowski &
    Wilenski 1940, https://doi.org/10.1093/biomet/31.3-4.313), so it allows for a season that is itself a small
    count; the area's trend is taken as known.

    Parameters
    ----------
    matrix : DataFrame of int, places x months
        As for `expected_counts`. For the register, the months of each hotspot; otherwise of every cell.
    registered : bool
        Whether these are the hotspots of a register, named before this month was seen.
    totals : Series of int, optional
        As for `expected_counts`: give it with a register, whose own trend is not the area's.

    Returns
    -------
    DataFrame
        On the index of `matrix`: ``now``, ``expected``, ``season_months``, ``trend``, ``z``, ``p_value``
        (two-sided), ``is_alert``, ``direction`` ("more", "fewer" or "") and ``why`` (one sentence, "" without alert).
    """
    found = expected_counts(matrix, totals=totals)
    now = matrix.iloc[:, -1].to_numpy(dtype=float)
    found.insert(0, "now", now.astype(np.int64))
    found["z"] = change_z(now, found["expected"])
    share = found["trend"] / (found["trend"] + found["season_months"])
    both = found["now"] + found["season_total"]
    above, below = binomial_above(now - 1, both, share), binomial_up_to(now, both, share)
    found["p_value"] = np.minimum(1.0, 2 * np.minimum(above, below))
    if registered:
        found["is_alert"] = (found["z"].abs() >= ALERT_Z - 1e-12).to_numpy()
    else:
        found["is_alert"] = false_discovery(found["p_value"], FALSE_DISCOVERY_RATE)
    found["direction"] = np.select(
        [found["is_alert"] & (found["z"] > 0), found["is_alert"] & (found["z"] < 0)], ["more", "fewer"], default=""
    )
    month = f"{pd.DatetimeIndex(matrix.columns)[-1]:%B %Y}"
    found["why"] = [
        f"{row.now:,} reports in {month}, {row.expected:,.1f} expected from the same season with the area's trend"
        if row.is_alert
        else ""
        for row in found.itertuples()
    ]
    return found.drop(columns="season_total")
