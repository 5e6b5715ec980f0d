"""Dates whose day and month were exchanged only where both readings exist: what a spreadsheet does to an extract."""

from __future__ import annotations

from typing import Final

import polars as pl

HALF_OF_BOTH: Final = 20  # J: by chance 20 days are all up to the 12th once in ten million columns
FITS_MORE: Final = 0.5  # J: in a file in order of time nearly all fit one way, in any other hardly any either way
FEWEST_JUMPS: Final = 30  # J
FEWEST_OF_MONTH: Final = 20  # J: as for the halves

_LAST_AMBIGUOUS_DAY: Final = 12
_SLACK: Final = pl.duration(days=1)
_ISO_WRITTEN: Final = r"^\d{4}-\d{2}-\d{2}"
_NUMBERED: Final = r"^\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}"


def mixed_halves(text: pl.Series, order: str = "") -> pl.Series:
    """Return which dates are cells that a spreadsheet took for dates, where those are provably the exchanged half.

    It turns ``03/05/2024`` into a date, wrongly if its country writes the month first, and leaves ``23/05/2024`` as
    text. So all its dates have a day up to 12 and all texts a number above 12 in the place the day has. False for each
    text where either half has fewer than 20, any date speaks against it, or the texts have another `order` than asked.
    """
    stripped = text.str.strip_chars()
    is_date, is_text = stripped.str.contains(_ISO_WRITTEN), stripped.str.contains(_NUMBERED)
    day = stripped.str.slice(8, 2).cast(pl.Int32, strict=False)
    numbers = stripped.str.extract_groups(r"^(\d{1,2})[-/.](\d{1,2})")
    first, second = (numbers.struct.field(name).cast(pl.Int32, strict=False) for name in ("1", "2"))
    days, texts = day.filter(is_date), {"day-first": first.filter(is_text), "month-first": second.filter(is_text)}
    is_proven = (
        min(is_date.sum(), is_text.sum()) >= HALF_OF_BOTH
        and bool((days <= _LAST_AMBIGUOUS_DAY).all())
        and any((held > _LAST_AMBIGUOUS_DAY).all() for name, held in texts.items() if order in ("", name))
    )
    return is_date & is_proven


def with_halves_mended(text: pl.Series, order: str) -> pl.Series:
    """Return dates with day and month of the exchanged half (`mixed_halves`) put back."""
    mended = text.str.strip_chars().str.replace(r"^(\d{4})-(\d{2})-(\d{2})", "${1}-${3}-${2}")
    return text.zip_with(~mixed_halves(text, order), mended)


def n_exchanged(start: pl.Series) -> int:
    """Return how many dates seem exchanged by what surrounds them; 0 where nothing says so.

    Days above the 12th have one reading, so they are right. Either the file is in order of time and the other dates
    fit between them only when exchanged, or whole months hold no day above the 12th.

    Parameters
    ----------
    start : Series of zone-aware times
        In the order of the file, null where not known; whole months are not dates.
    """
    days = pl.DataFrame({"as_read": start.drop_nulls().dt.replace_time_zone(None).dt.truncate("1d")})
    day, month = pl.col("as_read").dt.day(), pl.col("as_read").dt.month()
    sure = pl.when(day > _LAST_AMBIGUOUS_DAY).then("as_read")
    table = days.with_columns(
        exchanged=pl.datetime(pl.col("as_read").dt.year(), day.clip(1, 12), month),
        is_doubtful=(day <= _LAST_AMBIGUOUS_DAY) & (day != month),
        before=sure.forward_fill(),
        after=sure.backward_fill(),
    )
    doubtful = table.filter("is_doubtful")
    n = doubtful.height
    return n if _fits_exchanged(doubtful) or _has_months_without_late_days(days) else 0


def _fits_exchanged(doubtful: pl.DataFrame) -> bool:
    """Return whether the dates lie between the sure ones around them in the file only when exchanged."""
    between = doubtful.drop_nulls(["before", "after"])
    if between.height < FEWEST_JUMPS:
        return False
    low, high = pl.min_horizontal("before", "after") - _SLACK, pl.max_horizontal("before", "after") + _SLACK
    fits = between.select(pl.col(name).is_between(low, high).mean() for name in ("as_read", "exchanged"))
    return bool(fits["exchanged"][0] - fits["as_read"][0] >= FITS_MORE)


def _has_months_without_late_days(days: pl.DataFrame) -> bool:
    """Return whether two months or more, the last of the data apart, hold many dates and none after the 12th.

    The month of the exchanged dates is their day, so they spread over months in which nothing else lies.
    """
    by_month = (
        days.group_by(month=pl.col("as_read").dt.truncate("1mo"))
        .agg(n=pl.len(), latest=pl.col("as_read").dt.day().max(), n_days=pl.col("as_read").dt.day().n_unique())
        .sort("month")
    )
    late = by_month.filter(pl.col("latest") > _LAST_AMBIGUOUS_DAY).height
    bare = by_month.head(-1).filter(
        (pl.col("latest") <= _LAST_AMBIGUOUS_DAY) & (pl.col("n") >= FEWEST_OF_MONTH) & (pl.col("n_days") > 1)
    )
    return late > 0 and bare.height > 1
