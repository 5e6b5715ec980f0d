"""Dates half exchanged by a spreadsheet: planted in every kind of file, and no alarm on clean ones of any length."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from geodata import timequality
from geodata.sample import make_city, write_city
from geodata.sources import load_profile, read, save_profile
from geodata.sources.halfdates import mixed_halves, n_exchanged


def starts(first: str, days: int, n: int, seed: int = 0) -> pd.Series:
    """Local times in order, drawn evenly over some days."""
    minutes = np.sort(np.random.default_rng(seed).integers(0, days * 1440, n))
    return pd.Series(pd.Timestamp(first) + pd.to_timedelta(minutes, unit="min"))


def exchanged(when: pd.Series) -> pd.Series:
    """Day and month exchanged where both readings exist."""
    return when.map(lambda t: t.replace(day=t.month, month=t.day) if t.day <= 12 else t)


def log(when: list[object], path: Path) -> Path:
    table = pd.DataFrame({"Date": when, "Category": "ASB", "Longitude": -2.1, "Latitude": 52.6})
    table.to_excel(path, index=False) if path.suffix == ".xlsx" else table.to_csv(path, index=False)
    return path


def as_excel_leaves_it(when: pd.Series) -> list[object]:
    """Dates where the day is at most 12, exchanged, and text elsewhere."""
    return [exchanged(pd.Series([t]))[0] if t.day <= 12 else f"{t:%d/%m/%Y %H:%M}" for t in when]


def zoned(when: pd.Series) -> pl.Series:
    return pl.Series(when.to_numpy().astype("datetime64[us]")).dt.replace_time_zone(
        "Europe/London", ambiguous="earliest", non_existent="null"
    )


def test_a_workbook_with_exchanged_cells_is_red_and_mended_only_for_a_user_who_tells_the_order(tmp_path: Path) -> None:
    when = starts("2023-01-01", 730, 900).sample(frac=1, random_state=1)  # no order in the file, whole years
    path = log(as_excel_leaves_it(when), tmp_path / "log.xlsx")
    intake = read([path])
    n = int((when.dt.day <= 12).sum())
    assert intake.exchanged_dates == n
    finding = timequality.exchanged_dates(intake.exchanged_dates)
    assert finding is not None
    assert finding.severity == "red"
    assert f"about {n:,} dates look exchanged" in finding.message
    assert load_profile(save_profile(intake, tmp_path / "found.toml")).dates == ""  # an order nobody told
    (tmp_path / "told.toml").write_text('dates = "day-first"\n', encoding="utf-8")
    mended = read([path], profile=tmp_path / "told.toml")
    assert mended.exchanged_dates == 0
    assert any(f"day and month of {n:,} dates" in note for note in mended.notes)
    read_as = mended.records["occurred_from"].dt.tz_localize(None)
    assert (
        read_as.to_numpy() == when.dt.floor("min").to_numpy().astype("datetime64[us]")
    ).mean() > 0.998  # clock change
    (tmp_path / "wrong.toml").write_text('dates = "month-first"\n', encoding="utf-8")
    assert read([path], profile=tmp_path / "wrong.toml").exchanged_dates > 0


@pytest.mark.parametrize("is_newest_first", [False, True])
def test_text_exchanged_in_a_file_in_order_of_time_is_found(tmp_path: Path, is_newest_first: bool) -> None:
    when = starts("2023-01-01", 730, 900)
    when = when[::-1] if is_newest_first else when
    bad = log([f"{t:%d/%m/%Y %H:%M}" for t in exchanged(when)], tmp_path / "bad.csv")
    good = log([f"{t:%d/%m/%Y %H:%M}" for t in when], tmp_path / "good.csv")
    assert read([bad]).exchanged_dates == int(((when.dt.day <= 12) & (when.dt.day != when.dt.month)).sum())
    assert read([good]).exchanged_dates == 0


def test_half_a_year_without_order_is_found_by_months_without_late_days() -> None:
    when = exchanged(starts("2024-01-01", 181, 900)).sample(frac=1, random_state=2)
    assert n_exchanged(zoned(when)) > 0
    assert n_exchanged(zoned(starts("2024-01-01", 181, 900).sample(frac=1, random_state=2))) == 0


def test_clean_dates_of_any_length_order_and_precision_raise_no_alarm() -> None:
    for seed, days in enumerate((5, 12, 20, 31, 45, 75, 100, 181, 365, 730, 1500)):
        for n in (40, 400, 4000):
            for first in ("2023-01-01", "2023-02-20", "2023-12-05"):
                when = starts(first, days, n, seed)
                for order in (when, when[::-1], when.sample(frac=1, random_state=seed)):
                    assert n_exchanged(zoned(order)) == 0
                    assert n_exchanged(zoned(order.dt.normalize())) == 0


def test_dates_beside_texts_are_proof_only_when_every_one_agrees() -> None:
    dates = [f"2024-{m:02d}-{d:02d}T10:00:00" for m in range(1, 6) for d in range(1, 11)]
    texts = [f"{d}/0{m}/2024 10:00" for m in range(1, 6) for d in range(13, 24)]
    assert mixed_halves(pl.Series(dates + texts)).sum() == len(dates)
    assert mixed_halves(pl.Series([*dates, "", *texts])).sum() == len(dates)
    for against in ("2024-01-13T10:00:00", "03/04/2024 10:00"):
        assert not mixed_halves(pl.Series([*dates, *texts, against])).any()
    assert not mixed_halves(pl.Series(dates + texts[:19])).any()
    assert not mixed_halves(pl.Series(dates)).any()
    assert mixed_halves(pl.Series([], dtype=pl.String)).sum() == 0


def test_the_sample_city_raises_no_alarm(tmp_path: Path) -> None:
    write_city(make_city(1), tmp_path)
    assert read([tmp_path / "incidents.csv"]).exchanged_dates == 0


@pytest.mark.parametrize(
    ("file", "column"),
    [
        ("atlanta-2019-incidents.csv.gz", "Occur Date"),
        ("atlanta-2019-incidents.csv.gz", "Report Date"),
        ("chicago_aggravated_assaults.csv.gz", "date"),
        ("west-midlands-stop-and-search-2016-06_2017-05.csv", "Date"),
    ],
)
def test_real_records_raise_no_alarm_in_whole_or_in_part_and_do_once_exchanged(
    shared: Path, file: str, column: str
) -> None:
    raw = pd.read_csv(shared / "data/timestamped" / file, usecols=[column], dtype="str")[column]
    when = pd.to_datetime(raw, format="mixed", utc=True, errors="coerce").dropna().dt.tz_localize(None)
    assert n_exchanged(zoned(when)) == 0
    for n in (200, 1000, 5000):
        for first in range(0, len(when) - n, len(when) // 8):
            assert n_exchanged(zoned(when[first : first + n])) == 0
    assert n_exchanged(zoned(exchanged(when.sort_values()))) > 0.25 * len(when)
