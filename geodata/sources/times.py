"""Dates and times as people and systems write them, read as local wall-clock time without losing a row to DST."""

from __future__ import annotations

from typing import Final

import polars as pl

_CLOCK: Final = (
    r"(?:[T ,]+(?:at +|- +)?(?P<hour>\d{1,2})[:.]?(?P<minute>\d{2})(?:[:.]?(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"(?: ?h(?:ou)?rs?)?)?"
)
_ZONE: Final = r" *(?P<zone>Z|[+-]\d{2}:?\d{2})?$"
_ISO: Final = r"^(?P<year>\d{4})[-/.](?P<month>\d{1,2})(?:[-/.](?P<day>\d{1,2}))?" + _CLOCK + _ZONE
_COMPACT: Final = r"^(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})?" + _CLOCK + _ZONE
_WRITTEN: Final = (
    r"^(?:[A-Za-z]{3,9},? +)?(?P<day>\d{1,2})(?:st|nd|rd|th)?[-/. ](?P<month>\d{1,2}|[A-Za-z]{3,9})[-/., ]+"
    r"(?P<year>\d{4}|\d{2})" + _CLOCK + r" *(?P<half>[AaPp])?(?:\.?[Mm]\.?)?$"
)
_NAMED_MONTH: Final = r"^(?P<month>[A-Za-z]{3,9})[- ](?P<year>\d{4}|\d{2})$"
_UNBROKEN: Final = (
    r"^(?P<year>(?:19|20)\d{2})(?P<month>0\d|1[0-2])(?P<day>[0-3]\d)(?P<hour>[0-2]\d)(?P<minute>[0-5]\d)"
    r"(?P<second>\d{2})?$"
)
_TIME: Final = r"(?i)^\d{1,2}[:.]?\d{2}(?:[:.]?\d{2}(?:[.,]\d+)?)? *(?:Z|[+-]\d{2}:?\d{2}|[ap]\.?m?\.?|h(?:ou)?rs?)?$"
_DIGITS: Final = r"^[0-9]{1,4}$"
_DATE_BEFORE: Final = r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}[ T]+"
_EPOCH: Final = {r"^\d{10}(?:\.\d+)?$": 1.0, r"^\d{13}$": 1e-3}  # seconds and milliseconds since 1970, UTC
_SERIAL: Final = r"^\d{5}(?:\.\d+)?$"
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEARS: Final = (1990, 2099)
_MONTHS_NEED_ROWS: Final = 20
_EXCEL_START: Final = pl.datetime(1899, 12, 30)
_PARTS: Final = ("year", "month", "day", "hour", "minute", "second", "zone", "half")


def month_spans(text: pl.Series, timezone: str) -> pl.DataFrame:
    """Return ``month`` and the first instants of it and of the next, ``occurred_from`` and ``occurred_to``.

    Months are written ``2014-01``; those that went through a spreadsheet (``Jan-14``, ``01/01/2014``) are understood.
    """
    distinct = text.unique()
    start = parse(distinct, timezone)["start"]
    spans = pl.DataFrame({"text": distinct, "month": start.dt.replace_time_zone(None).dt.truncate("1mo")})
    spans = spans.with_columns(
        occurred_from=localise(pl.col("month"), timezone),
        occurred_to=localise(pl.col("month").dt.offset_by("1mo"), timezone),
    )
    return pl.DataFrame({"text": text}).join(spans, on="text", how="left", maintain_order="left").drop("text")


def localise(naive: pl.Expr, timezone: str) -> pl.Expr:
    """Return local times with their zone: the hour that comes twice is taken as the first, the missing one moves on.

    An hour skipped in spring (01:30 on the last Sunday of March) was written by a clock nobody had put forward, so it
    is read one hour later; no row is lost.
    """
    first = naive.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
    later = (naive + pl.duration(hours=1)).dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
    return pl.coalesce(first, later)


def parse(text: pl.Series, timezone: str, order: str = "") -> pl.DataFrame:
    """Return when each text says something happened.

    ISO dates, UK day-first dates (``01/02/2023`` is 1 February) with named or numbered months, Excel serial numbers,
    seconds or milliseconds since 1970 (UTC) and whole months are understood. Unless `order` says so, dates are read
    month-first only when the column holds a day above 12 in second place and none in first. When every time of a column
    is midnight the column holds dates; when every one of 20 dates or more is the first of a month it holds months.
    Years outside 1990-2099 are slips of the keyboard: not understood.

    Parameters
    ----------
    text : Series of str, length n
    order : str
        ``day-first`` or ``month-first`` when known; otherwise the column tells.

    Returns
    -------
    DataFrame, n rows
        ``start`` (zone-aware, null when not understood), ``end`` (first instant after the month, the day or the minute
        itself), ``precision`` (``month``, ``day``, ``minute``; null likewise), ``order`` (as given; otherwise
        ``month-first`` or ``day-first`` where the dates prove it, else empty).
    """
    distinct = text.unique()
    parts = _parts(distinct)
    order = order or _proven_order(parts)
    if order == "month-first":
        day, month = pl.col("day"), pl.col("month")
        parts = parts.with_columns(
            day=pl.when("is_numbered").then(month).otherwise(day),
            month=pl.when("is_numbered").then(day).otherwise(month),
        )
    found = _instants(parts, timezone, len(text)).with_columns(order=pl.lit(order))
    return pl.DataFrame({"text": text}).join(found, on="text", how="left", maintain_order="left").drop("text")


def clock_times(clock: pl.Series) -> pl.Series:
    """Return times of day as ``0930`` or ``09:30``, from ``930``, ``0930hrs``, ``9.30 pm`` or Excel's ``0.3958``.

    A date in front, as Access writes it, is left away. Where no number of the column is above 24 and none has more than
    two digits, the column holds whole hours. What is no time becomes an empty text.
    """
    text = clock.str.strip_chars().str.replace(_DATE_BEFORE, "")
    numbers = text.filter(text.str.contains(_DIGITS))
    are_hours = bool((numbers.str.len_chars() <= 2).all()) and bool((numbers.cast(pl.Int32) <= 24).all())
    written = pl.col("text")
    whole = written.str.zfill(2) + "00" if are_hours else written.str.zfill(4)
    minutes = (written.str.extract(r"^(0?\.[0-9]+)$").cast(pl.Float64, strict=False) * 1440).round().cast(pl.Int64)
    of_day = pl.format("{}:{}", minutes // 60, (minutes % 60).cast(pl.String).str.zfill(2))
    read = (
        pl.when(written.str.contains(_DIGITS)).then(whole)
        .when(minutes.is_not_null()).then(of_day)
        .when(written.str.contains(_TIME)).then(written)
        .otherwise(pl.lit(""))
    )  # fmt: skip
    return pl.DataFrame({"text": text}).select(read.alias(clock.name))[clock.name]


def join_clock(date: pl.Series, clock: pl.Series) -> pl.Series:
    """Return dates with the times of a separate column, as `clock_times` gives them; without one the date stays."""
    day = pl.col("date").str.strip_chars().str.replace(r"[T ]0?0:00(:00)?$", "")
    frame = pl.DataFrame({"date": date, "clock": clock_times(clock)})
    is_complete = (pl.col("clock") == "") | (day == "") | day.str.contains(r"\d:\d\d")
    joined = pl.when(is_complete).then(day).otherwise(day + " " + pl.col("clock"))
    return frame.select(joined.alias("text"))["text"]


def _parts(text: pl.Series) -> pl.DataFrame:
    """Return the pieces of each text as columns of text, plus Excel's serial number."""
    stripped = pl.col("written_as").str.strip_chars()
    frame = pl.DataFrame({"text": text, "written_as": _epochs_as_iso(text)}).with_columns(
        iso=stripped.str.extract_groups(_ISO),
        compact=stripped.str.extract_groups(_COMPACT),
        unbroken=stripped.str.extract_groups(_UNBROKEN),
        written=stripped.str.extract_groups(_WRITTEN),
        named=stripped.str.extract_groups(_NAMED_MONTH),
        serial=pl.when(stripped.str.contains(_SERIAL)).then(stripped).cast(pl.Float64, strict=False),
    )
    shapes = {name: set(dtype.to_schema()) for name, dtype in frame.schema.items() if isinstance(dtype, pl.Struct)}
    pieces = [
        pl.coalesce(pl.col(shape).struct.field(part) for shape, fields in shapes.items() if part in fields).alias(part)
        for part in _PARTS
    ]
    is_numbered = pl.col("written").struct.field("month").str.contains(r"^\d+$").fill_null(value=False)
    return frame.select("text", "serial", *pieces, is_numbered=is_numbered)


def _epochs_as_iso(text: pl.Series) -> pl.Series:
    """Return seconds and milliseconds since 1970 as ISO times in UTC; when each is a UTC midnight, as dates."""
    bare = pl.col("text").str.strip_chars()
    number = bare.cast(pl.Float64, strict=False)
    seconds = pl.coalesce(pl.when(bare.str.contains(shape)).then(number * unit) for shape, unit in _EPOCH.items())
    frame = pl.DataFrame({"text": text}).with_columns(seconds=seconds)
    held = frame["seconds"].drop_nulls()
    if held.is_empty():
        return text
    shape = "%Y-%m-%d" if bool((held % 86_400 == 0).all()) else "%Y-%m-%dT%H:%M:%SZ"
    instant = pl.from_epoch(pl.col("seconds").cast(pl.Int64), time_unit="s")
    return frame.select(pl.coalesce(instant.dt.strftime(shape), "text")).to_series()


def _proven_order(parts: pl.DataFrame) -> str:
    """Return the order that the numbered dates prove: a number above 12 can only be a day."""
    numbered = parts.filter(pl.col("is_numbered"))
    first, second = numbered["day"].cast(pl.Int32), numbered["month"].cast(pl.Int32)
    proofs = {"day-first": bool((first > 12).any()), "month-first": bool((second > 12).any())}
    proven = [order for order, is_proven in proofs.items() if is_proven]
    return proven[0] if len(proven) == 1 else ""


def _instants(parts: pl.DataFrame, timezone: str, n_rows: int) -> pl.DataFrame:
    number = {part: pl.col(part).cast(pl.Int32, strict=False) for part in _PARTS[:6]}
    name = pl.col("month").str.to_lowercase().str.head(3)
    month = pl.coalesce(number["month"], name.replace_strict(_MONTHS, list(range(1, 13)), default=None))
    year = pl.when(number["year"] < 100).then(number["year"] + 2000).otherwise(number["year"])
    half = pl.col("half").str.to_lowercase()
    hour = (
        pl.when((half == "p") & (number["hour"] < 12)).then(number["hour"] + 12)
        .when((half == "a") & (number["hour"] == 12)).then(0)
        .otherwise(number["hour"])
    )  # fmt: skip
    date = pl.format("{}-{}-{}", year, month, number["day"].fill_null(1)).str.to_datetime(
        "%Y-%m-%d", strict=False, time_unit="us"
    )
    minutes = pl.when((hour < 24) & (number["minute"] < 60)).then(hour * 60 + number["minute"])
    whole = pl.col("serial").floor()
    frame = parts.with_columns(
        date=pl.coalesce(date, _EXCEL_START + pl.duration(days=whole)).cast(pl.Datetime("us")),
        minutes=pl.coalesce(
            minutes,
            pl.when((pl.col("serial") > whole).any()).then(((pl.col("serial") - whole) * 1440).round()),
        ),
        is_month=pl.col("day").is_null() & pl.col("serial").is_null(),
    )
    frame = frame.with_columns(date=pl.when(pl.col("date").dt.year().is_between(*_YEARS)).then("date"))
    if not (frame["minutes"].fill_null(0) > 0).any():
        are_months = n_rows >= _MONTHS_NEED_ROWS and bool((frame["date"].dt.day() == 1).all())
        is_month = pl.lit(value=True) if are_months else pl.col("is_month")
        frame = frame.with_columns(minutes=pl.lit(None, dtype=pl.Float64), is_month=is_month)
    return _spans(frame, timezone)


def _spans(frame: pl.DataFrame, timezone: str) -> pl.DataFrame:
    """Return start, end and precision from local dates, minutes of the day and written offsets."""
    precision = (
        pl.when(pl.col("date").is_null()).then(None)
        .when("is_month").then(pl.lit("month"))
        .when(pl.col("minutes").is_null()).then(pl.lit("day"))
        .otherwise(pl.lit("minute"))
    )  # fmt: skip
    naive = pl.col("date") + pl.duration(minutes=pl.col("minutes").fill_null(0))
    sign = pl.when(pl.col("zone").str.starts_with("-")).then(-1).otherwise(1)
    digits = pl.col("zone").str.replace_all(r"\D", "")
    offset = sign * (
        digits.str.head(2).cast(pl.Int32, strict=False) * 60 + digits.str.tail(2).cast(pl.Int32, strict=False)
    )
    instant = (
        (naive - pl.duration(minutes=offset.fill_null(0))).dt.replace_time_zone("UTC").dt.convert_time_zone(timezone)
    )
    next_step = (
        pl.when(precision == "month")
        .then(pl.lit("1mo"))
        .when(precision == "day")
        .then(pl.lit("1d"))
        .otherwise(pl.lit("0d"))
    )
    return frame.select(
        "text",
        start=pl.when(pl.col("zone").is_null()).then(localise(naive, timezone)).otherwise(instant),
        end=pl.when(pl.col("zone").is_null())
        .then(localise(naive.dt.offset_by(next_step), timezone))
        .otherwise(instant),
        precision=precision,
    )
