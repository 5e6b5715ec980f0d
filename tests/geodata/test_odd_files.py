"""Files as analysts really have them: each gives the same reports as the clean one, or one sentence that helps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pytest
import shapely

from geodata.area import StudyArea
from geodata.errors import DataError, SourceError
from geodata.quality import Gate, screen
from geodata.sources import Intake, read
from geodata.sources.times import clock_times

N = 120
AREA = StudyArea("town", shapely.box(-2.16, 52.57, -2.10, 52.60))


def clean() -> pd.DataFrame:
    chance = np.random.default_rng(1)
    start = pd.Timestamp("2023-01-01") + pd.to_timedelta(np.sort(chance.integers(0, 540 * 1440, N)), unit="m")
    longitude, latitude = chance.uniform(-2.155, -2.105, N).round(6), chance.uniform(52.573, 52.597, N).round(6)
    metres = gpd.GeoSeries.from_xy(longitude, latitude, crs=4326).to_crs(27700)
    return pd.DataFrame({
        "ref": [f"L{i:04d}" for i in range(N)], "when": start, "category": "ASB",
        "longitude": longitude, "latitude": latitude, "easting": metres.x.round().astype(int),
        "northing": metres.y.round().astype(int),
    })  # fmt: skip


ROWS = clean()
GRID = ["easting", "northing"]


def extract(**changes: object) -> pd.DataFrame:
    """Return the clean log on the British grid, with columns of its own in place of others."""
    base = ROWS.assign(occurred=ROWS["when"].dt.strftime("%d/%m/%Y %H:%M"))
    return base[["ref", "occurred", "category", *GRID]].assign(**changes)


def apart(clock: object) -> pd.DataFrame:
    """Return the log with date and time in columns of their own."""
    return extract(date=ROWS["when"].dt.strftime("%d/%m/%Y"), time=clock).drop(columns="occurred")


def csv(rows: pd.DataFrame, above: str = "", **how: object) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        text = above + rows.to_csv(index=False, **how)  # type: ignore[call-overload]
        (folder / "log.csv").write_text(text, encoding="utf-8")
        return folder / "log.csv"

    return write


def workbook(**sheets: list[list[object]]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        book.save(folder / "log.xlsx")
        return folder / "log.xlsx"

    return write


def listed(rows: pd.DataFrame) -> list[list[object]]:
    return [list(rows.columns), *rows.astype(object).to_numpy().tolist()]


def through(path: Path) -> tuple[Intake, Gate]:
    intake = read([path])
    return intake, screen(intake, AREA, categories=("all",), today=pd.Timestamp("2026-01-01"))


FRACTION = (ROWS["when"] - ROWS["when"].dt.normalize()).dt.total_seconds() / 86_400
HALF = N // 2

SAME = {
    "lines above the header": csv(extract(), above="ASB incidents,,,,\nProduced 01/07/2024,,,,\n\n"),
    "Excel's sep= line": csv(extract(), above="sep=;\n", sep=";"),
    "a title and a merged row above the header": workbook(
        a=[["Report"], ["Incident", None, "What", None, "Where"], *listed(extract())]
    ),
    "a summary sheet with more columns": workbook(
        Summary=[["Month", "Count", "x", "y", "a", "b", "c"], ["Jan", 3, 1, 1, 1, 1, 1]], Data=listed(extract())
    ),
    "a sheet a year, headers and order unlike": workbook(
        y2023=listed(extract().iloc[:HALF]),
        y2024=listed(extract().iloc[HALF:, ::-1].rename(columns=str.title)),
    ),
    "a total below the rows": csv(pd.concat([extract(), pd.DataFrame([{"ref": "Total", "category": N}])])),
    "times as fractions of a day": csv(apart(FRACTION.map("{:.9f}".format))),
    "times as Access writes them": csv(apart(ROWS["when"].dt.strftime("30/12/1899 %H:%M:%S"))),
    "times with hrs": csv(apart(ROWS["when"].dt.strftime("%H%Mhrs"))),
    "times with a point and pm": csv(apart(ROWS["when"].dt.strftime("%I.%M %p"))),
    "date and time with hrs": csv(extract(occurred=ROWS["when"].dt.strftime("%d/%m/%Y %H%M hrs"))),
    "date - time": csv(extract(occurred=ROWS["when"].dt.strftime("%d/%m/%Y - %H:%M"))),
    "units in the header": csv(extract().rename(columns={"easting": "Easting (m)", "northing": "Northing (m)"})),
    "Oracle's date": csv(extract(occurred=ROWS["when"].dt.strftime("%d-%b-%y %I.%M.%S.000000 %p"))),
    "codes with their description": csv(
        extract().rename(columns={"category": "Closing Code Description", "occurred": "Date/Time Occurred"})
    ),
}  # fmt: skip


@pytest.mark.parametrize("write", SAME.values(), ids=SAME)
def test_an_odd_file_gives_the_same_reports_as_the_clean_one(write: Callable[[Path], Path], tmp_path: Path) -> None:
    _, gate = through(write(tmp_path))
    found = gate.incidents.sort_values("occurred_from", ignore_index=True)
    assert len(found) == N
    assert found["occurred_from"].dt.tz_localize(None).tolist() == ROWS["when"].tolist()
    assert set(found["category"]) == {"anti-social-behaviour"}
    assert (found["longitude"] - ROWS["longitude"]).abs().max() < 3e-5  # metres written whole, 2 m of conversion
    assert (found["latitude"] - ROWS["latitude"]).abs().max() < 3e-5


def test_a_time_that_is_none_leaves_the_date_and_is_counted(tmp_path: Path) -> None:
    clock = ROWS["when"].dt.strftime("%H:%M").where(ROWS.index % 10 > 0, "unknown")
    intake, gate = through(csv(apart(clock))(tmp_path))
    assert len(gate.incidents) == N
    by_precision = gate.incidents["time_precision"].value_counts()
    assert by_precision.to_dict() == {"minute": N - N // 10, "day": N // 10}
    assert any(f"are no times: {N // 10} (first 'unknown')" in note for note in intake.notes)


def test_whole_hours_are_hours_and_not_minutes_past_midnight(tmp_path: Path) -> None:
    _, gate = through(csv(apart(ROWS["when"].dt.hour.astype(str)))(tmp_path))
    found = gate.incidents["occurred_from"].sort_values(ignore_index=True)
    assert found.dt.hour.value_counts().to_dict() == ROWS["when"].dt.hour.value_counts().to_dict()


def test_rows_shifted_by_a_comma_without_quotes_are_counted(tmp_path: Path) -> None:
    rows = extract().assign(address=[f"{i} High Street" + (", Flat 2" if i % 4 == 0 else "") for i in range(N)])
    header = "address,ref,occurred,category,easting,northing"
    lines = [",".join(map(str, row)) for row in rows[header.split(",")].itertuples(index=False)]
    (tmp_path / "log.csv").write_text("\n".join([header, *lines]))
    intake, gate = through(tmp_path / "log.csv")
    assert any(f"more fields than the header: {N // 4}," in note for note in intake.notes)
    assert len(gate.incidents) == N - N // 4
    assert sum(intake.dropped.values()) == N // 4
    through(csv(extract(), sep=",")(tmp_path))
    assert not any("more fields" in note for note in read([tmp_path / "log.csv"]).notes)


def test_longitudes_that_lost_their_minus_sign_are_said_so(tmp_path: Path) -> None:
    degrees = extract(longitude=ROWS["longitude"], latitude=ROWS["latitude"]).drop(columns=GRID)
    with pytest.raises(DataError, match=rf"lost their minus sign: {N} of {N} .* with the other sign"):
        through(csv(degrees.assign(longitude=-degrees["longitude"]))(tmp_path))
    some = degrees["longitude"].where(degrees.index % 5 > 0, -degrees["longitude"])
    _, gate = through(csv(degrees.assign(longitude=some))(tmp_path))
    (found,) = [finding for finding in gate.report.findings if finding.check == "sign of longitude"]
    assert (found.n, found.severity) == (N // 5, "amber")


def test_records_of_the_other_side_of_greenwich_have_lost_no_sign(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    longitude, latitude = ROWS["longitude"], ROWS["latitude"]
    here = extract(longitude=longitude, latitude=latitude).drop(columns=GRID)
    # as many and as dense, over there and all around; none of them on the mirror image of a point of the area
    span_x, span_y = np.ptp(longitude), np.ptp(latitude)
    east = here.assign(
        ref=[f"east {i}" for i in range(N)],
        longitude=-longitude.mean() + rng.uniform(-1.5, 1.5, N) * span_x,
        latitude=latitude.mean() + rng.uniform(-1.5, 1.5, N) * span_y,
    )
    _, gate = through(csv(pd.concat([here, east], ignore_index=True))(tmp_path))
    assert "sign of longitude" not in {finding.check for finding in gate.report.findings}
    # the same two sides, with some of the area's records mirrored: they fall on points that the area has
    lost = here.assign(ref=[f"lost {i}" for i in range(N)], longitude=-here["longitude"]).head(N // 5)
    twice = pd.concat([here, lost, east], ignore_index=True)
    _, gate = through(csv(twice)(tmp_path))
    (found,) = [finding for finding in gate.report.findings if finding.check == "sign of longitude"]
    assert found.n >= N // 5


REFUSED = {
    "kilometres": (
        csv(extract(easting=ROWS["easting"] / 1000, northing=ROWS["northing"] / 1000)),
        rf"hold kilometres, not metres, in {N} of {N} located rows .*; multiply both by 1,000",
    ),
    "degrees, minutes and seconds": (
        csv(extract(longitude="2°07'36\"W", latitude="52°35'10\"N").drop(columns=GRID)),
        rf"None of the {N} wanted records has coordinates.* values of longitude that are no numbers: {N}",
    ),
    "the easting twice": (
        csv(extract().set_axis(["ref", "occurred", "category", "easting", "easting"], axis=1)),
        "column 'easting' is there 2 times; rename or delete the others",
    ),
}


@pytest.mark.parametrize(("write", "says"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_one_sentence(write: Callable[[Path], Path], says: str, tmp_path: Path) -> None:
    with pytest.raises((DataError, SourceError), match=says) as told:
        through(write(tmp_path))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        (["١٢", ""], ["", ""]),
        (["0930", "9"], ["0930", "0009"]),
        (["23", "0", "7"], ["2300", "0000", "0700"]),
        (["0.5", ".25"], ["12:00", "6:00"]),
        (["30/12/1899 09:30:00", "2023-01-01T10:15", "not known"], ["09:30:00", "10:15", ""]),
    ],
)
def test_times_of_day_are_read_as_they_are_written(written: list[str], read_as: list[str]) -> None:
    assert clock_times(pl.Series("time", written)).to_list() == read_as
