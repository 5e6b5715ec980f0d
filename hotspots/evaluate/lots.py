"""The list of who is treated when, as it was drawn by lot: read, held against the design, and laid over months."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.errors import DesignError
from hotspots.evaluate.assignment import COLUMNS, DesignKind

_NEEDED = ("hotspot_id", "name", "first_day", "last_day", "arm")
_NO_END = 120
_ARMS = ("treated", "control")


@dataclass(frozen=True, eq=False)
class Lot:
    """The assignment of a randomised design.

    Attributes
    ----------
    kind : {"rotation", "pairs", "top"}
        What was drawn: turns by the month, one of each pair, or some of the busiest.
    rows : DataFrame
        As `hotspots.evaluate.randomise` returns it: ``hotspot_id``, ``name``, ``pair``, ``first_day``, ``last_day``,
        ``arm``, ``seed``.
    """

    kind: DesignKind
    rows: pd.DataFrame

    @property
    def treated(self) -> tuple[str, ...]:
        """Names of the places that are treated in some month, in the order of the list."""
        return tuple(dict.fromkeys(self.rows.loc[self.rows["arm"] == "treated", "name"]))

    @property
    def controls(self) -> tuple[str, ...]:
        """Names of the places that are never treated."""
        return tuple(name for name in dict.fromkeys(self.rows["name"]) if name not in set(self.treated))

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Names (treated, control) of each pair; () where none were made."""
        if self.kind != "pairs":
            return ()
        ordered = self.rows.sort_values(["pair", "arm"], ascending=[True, False])["name"]  # "treated" before "control"
        return tuple(zip(ordered[::2], ordered[1::2], strict=True))

    @property
    def first_month(self) -> pd.Timestamp:
        """First month of the pilot."""
        return pd.Timestamp(self.rows["first_day"].min())

    @property
    def n_months(self) -> int:
        """Months the pilot runs."""
        first, last = (pd.Timestamp(day).to_period("M") for day in (self.first_month, self.rows["last_day"].max()))
        return int(last.ordinal - first.ordinal + 1)

    def turns(self, names: Sequence[str], months: pd.DatetimeIndex) -> NDArray[np.bool_]:
        """Return which place is treated in which month, shape (places, months)."""
        on = self.rows[self.rows["arm"] == "treated"]
        turns = np.zeros((len(names), len(months)), dtype=bool)
        row_of = {name: number for number, name in enumerate(names)}
        month = months.to_numpy()[None, :]
        inside = (month >= on["first_day"].to_numpy()[:, None]) & (month <= on["last_day"].to_numpy()[:, None])
        for name, covered in zip(on["name"], inside, strict=True):
            if name in row_of:
                turns[row_of[name]] |= covered
        return turns


def read_lot(path: str | Path) -> Lot:
    """Read an assignment list as `hotspots design randomise` writes it (CSV).

    Raises
    ------
    DesignError
        In one sentence, why the file is no assignment list.
    """
    path = Path(path)
    try:
        rows = pd.read_csv(path, dtype={"hotspot_id": str, "name": str, "arm": str}, keep_default_na=False)
    except FileNotFoundError as error:
        raise DesignError(f"There is no assignment list at {path}.") from error
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise DesignError(f"{path.name} could not be read as a CSV assignment list.") from error
    return lot_of(rows, file=path.name)


def rows_without_lot(
    treated: Mapping[str, pd.Timestamp], controls: Sequence[str], *, start: pd.Timestamp, months: int | None
) -> pd.DataFrame:
    """Return who is treated from when as an assignment list, for places that were named and not drawn.

    Parameters
    ----------
    treated : mapping of str to Timestamp
        First treated month by name.
    months : int or None
        Months from `start` on; None: ten years, which stands for no end.
    """
    last = (start.to_period("M") + (months or _NO_END) - 1).end_time.normalize()
    rows = [("", name, 0, first, last, "treated", 0) for name, first in treated.items()]
    rows += [("", name, 0, start, last, "control", 0) for name in controls]
    return pd.DataFrame(rows, columns=COLUMNS)


def lot_of(rows: pd.DataFrame, *, file: str = "The assignment list") -> Lot:
    """Return a table as an assignment list, its kind told by what was drawn.

    Raises
    ------
    DesignError
        If columns are missing, an arm or a day cannot be, a place is listed twice for the same days, turns are not
        whole months or leave a place out of a month, or a pair is not one treated and one control.
    """
    if missing := [column for column in _NEEDED if column not in rows]:
        raise DesignError(
            f"{file} is no assignment list: it has no {', '.join(missing)}; use the list `hotspots design randomise` "
            "wrote."
        )
    given = rows.assign(pair=_whole(rows.get("pair")), seed=_whole(rows.get("seed"))).reindex(columns=COLUMNS)
    for day in ("first_day", "last_day"):
        given[day] = pd.to_datetime(given[day], format="ISO8601", errors="coerce")
    if wrong := _wrong(given):
        raise DesignError(f"{file} is no assignment list: {wrong}.")
    arms = given.groupby("hotspot_id")["arm"].nunique()
    if (arms > 1).any():
        kind: DesignKind = "rotation"
    else:
        kind = "pairs" if (given["pair"] > 0).all() else "top"
    if wrong := _wrong_turns(given) if kind == "rotation" else _wrong_arms(given, kind):
        raise DesignError(f"{file} is no assignment list: {wrong}.")
    return Lot(kind, given.reset_index(drop=True))


def _whole(values: pd.Series | None) -> pd.Series | int:
    return 0 if values is None else pd.to_numeric(values, errors="coerce").fillna(0).astype("int64")


def _wrong(rows: pd.DataFrame) -> str:
    return "it has no row" if rows.empty else _wrong_values(rows) or _wrong_names(rows)


def _wrong_values(rows: pd.DataFrame) -> str:
    if odd := sorted(set(rows["arm"]) - set(_ARMS)):
        return f"the arm must be treated or control, not {odd[0]!r} ({len(odd)} such)"
    unread = rows["first_day"].isna() | rows["last_day"].isna()
    if unread.any():
        return f"{int(unread.sum())} of {len(rows)} rows have a day that is no date (YYYY-MM-DD)"
    if (rows["first_day"] > rows["last_day"]).any():
        return f"{int((rows['first_day'] > rows['last_day']).sum())} turns end before they begin"
    if not (rows["first_day"].dt.is_month_start & rows["last_day"].dt.is_month_end).all():
        return "turns must be whole months, for reports are compared month by month"
    return "" if set(rows["arm"]) == set(_ARMS) else f"nobody is in the arm {(set(_ARMS) - set(rows['arm'])).pop()}"


def _wrong_names(rows: pd.DataFrame) -> str:
    if (rows[["hotspot_id", "name"]].map(str.strip) == "").any(axis=None):
        return "every row needs a hotspot_id and a name"
    named = rows[["hotspot_id", "name"]].drop_duplicates()
    if len(named) != named["hotspot_id"].nunique() or len(named) != named["name"].nunique():
        return "a hotspot_id goes with two names, or a name with two"
    again = rows[rows.duplicated(["hotspot_id", "first_day"])]
    if len(again):
        return f"{again['name'].iloc[0]} is listed twice from {again['first_day'].iloc[0]:%Y-%m}"
    return ""


def _wrong_turns(rows: pd.DataFrame) -> str:
    """Say which place has no say in a month: re-drawing turns needs everybody in every month."""
    n, months = rows["hotspot_id"].nunique(), rows["first_day"].nunique()
    if not (rows["first_day"].dt.to_period("M") == rows["last_day"].dt.to_period("M")).all():
        return "a turn of a rotation lasts one month; give one row for each hotspot and month"
    if len(rows) != n * months:
        return f"{n} hotspots and {months} months need {n * months} rows, there are {len(rows)}"
    return ""


def _wrong_arms(rows: pd.DataFrame, kind: DesignKind) -> str:
    if rows["hotspot_id"].duplicated().any():
        return "a hotspot that keeps its arm needs one row"
    if rows[["first_day", "last_day"]].nunique().max() > 1:
        return "all hotspots of a lot without turns must start and end together"
    if kind == "pairs":
        arms = rows.groupby("pair")["arm"].agg(sorted).map(tuple)
        if odd := [number for number, pair in arms.items() if pair != ("control", "treated")]:
            return f"pair {odd[0]} is not one treated and one control hotspot"
    elif (rows["pair"] > 0).any():
        return f"{int((rows['pair'] == 0).sum())} of {len(rows)} hotspots are in no pair while others are"
    return ""
