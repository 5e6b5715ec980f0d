"""One defect planted in a clean file is found as that defect and as nothing else.

The clean file is an address-level log of 24 months in which nothing is wrong. Each line of `DEFECTS` plants one thing
and says all that may change: findings of the gate (with their severity), rows dropped and why, notes of the reader, or
the one sentence that refuses the file. What is not listed must stay as it was.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geodata.area import StudyArea
from geodata.errors import DataError
from geodata.findings import Finding
from geodata.quality import screen
from geodata.sources import read

TOWN = StudyArea("town", shapely.box(-2.16, 52.57, -2.10, 52.60))
MONTHS = 24
A_MONTH = 60
N = MONTHS * A_MONTH
TODAY = pd.Timestamp("2024-06-01")
FORMAT = "%d/%m/%Y %H:%M"
DATES = ("occurred_from", "occurred_to", "created")

Rows = pd.DataFrame
Bytes = Callable[[Rows, Path], Path]


def clean_rows() -> Rows:
    """Return the clean log as text, in no particular order."""
    chance = np.random.default_rng(7)
    months = np.repeat(pd.date_range("2022-01-01", periods=MONTHS, freq="MS"), A_MONTH)
    minutes = pd.to_timedelta((chance.random(N) * months.days_in_month * 1440).astype(int), unit="m")
    start = months + minutes
    end = start + pd.to_timedelta(chance.integers(3, 50, N), unit="m")
    created = end + pd.to_timedelta(chance.integers(2, 180, N), unit="m")
    rows = pd.DataFrame({
        "incident_ref": [f"L{i:05d}" for i in range(N)],
        "occurred_from": start.strftime(FORMAT), "occurred_to": end.strftime(FORMAT),
        "created": created.strftime(FORMAT), "category": "ASB",
        "nsir_category": chance.choice(["Rowdy/inconsiderate behaviour", "Vehicle nuisance", "Noise"], N),
        "nsir_qualifier": chance.choice(["Nuisance", "Environmental"], N),
        "longitude": [f"{x:.6f}" for x in chance.uniform(-2.155, -2.105, N)],
        "latitude": [f"{y:.6f}" for y in chance.uniform(52.573, 52.597, N)],
        "uprn": [str(100071000000 + i) for i in range(N)], "address": [f"{i} High Street" for i in range(N)],
        "channel": "101 call", "ward": [f"Ward {i % 5}" for i in range(N)],
    })  # fmt: skip
    return rows.sample(frac=1, random_state=1).reset_index(drop=True)


@dataclass(frozen=True)
class Defect:
    """What is planted, and all that may change because of it."""

    name: str
    plant: Callable[[Rows], Rows] | None = None
    write: Bytes | None = None  # how the file is written, where that is the defect
    finds: frozenset[tuple[str, str]] = frozenset()
    drops: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    refused: str = ""


def some(rows: Rows, share: float) -> slice:
    """Return the first rows of a share; the rows come in no particular order."""
    return slice(0, round(share * len(rows)) - 1)


def put(column: str, value: object, share: float = 1.0) -> Callable[[Rows], Rows]:
    def plant(rows: Rows) -> Rows:
        rows = rows.copy()
        rows.loc[some(rows, share), column] = value
        return rows

    return plant


def changed(change: Callable[[Rows], Rows], share: float = 1.0) -> Callable[[Rows], Rows]:
    """Plant by changing the first rows of a share."""

    def plant(rows: Rows) -> Rows:
        rows = rows.copy()
        part = rows.loc[some(rows, share)]
        rows.loc[some(rows, share)] = change(part.copy())
        return rows

    return plant


def times(rows: Rows, column: str) -> pd.Series:
    return pd.to_datetime(rows[column], format=FORMAT)


def clock(hour: int, minute: int) -> Callable[[Rows], Rows]:
    """Set the time of day; what came after moves along."""

    def change(rows: Rows) -> Rows:
        start = times(rows, "occurred_from")
        moved = start.dt.normalize() + pd.Timedelta(hours=hour, minutes=minute) - start
        return rows.assign(**{name: (times(rows, name) + moved).dt.strftime(FORMAT) for name in DATES})

    return change


def shifted(**by: int) -> Callable[[Rows], Rows]:
    def change(rows: Rows) -> Rows:
        return rows.assign(**{name: (times(rows, name) + pd.DateOffset(**by)).dt.strftime(FORMAT) for name in DATES})

    return change


def only_months(first: str, last: str) -> Callable[[Rows], Rows]:
    def plant(rows: Rows) -> Rows:
        month = times(rows, "occurred_from").dt.strftime("%Y-%m")
        return rows.loc[month.between(first, last)]

    return plant


def without_month(month: str, keep: int = 0) -> Callable[[Rows], Rows]:
    def plant(rows: Rows) -> Rows:
        is_it = times(rows, "occurred_from").dt.strftime("%Y-%m") == month
        return pd.concat([rows.loc[~is_it], rows.loc[is_it].head(keep)])

    return plant


def with_copies(n: int, **changes: object) -> Callable[[Rows], Rows]:
    def plant(rows: Rows) -> Rows:
        return pd.concat([rows, rows.head(n).assign(**changes)])

    return plant


def delayed(column: str, after: str, **by: int) -> Callable[[Rows], Rows]:
    def change(rows: Rows) -> Rows:
        return rows.assign(**{column: (times(rows, after) + pd.Timedelta(**by)).dt.strftime(FORMAT)})

    return change


def to_grid(decimals: int) -> Callable[[Rows], Rows]:
    """Give British National Grid metres instead of degrees, rounded (negative: to tens, hundreds)."""

    def plant(rows: Rows) -> Rows:
        points = gpd.GeoSeries.from_xy(rows["longitude"].astype(float), rows["latitude"].astype(float), crs=4326)
        metres = points.to_crs(27700)
        rows = rows.drop(columns=["longitude", "latitude"])
        return rows.assign(easting=metres.x.round(decimals), northing=metres.y.round(decimals))

    return plant


def rounded(decimals: int) -> Callable[[Rows], Rows]:
    def plant(rows: Rows) -> Rows:
        return rows.assign(**{
            name: [f"{float(text):.{decimals}f}" for text in rows[name]] for name in ("longitude", "latitude")
        })  # fmt: skip

    return plant


def unplaced(each: int, month: str = "") -> Callable[[Rows], Rows]:
    """Take the place from as many rows of each month, or of one."""

    def plant(rows: Rows) -> Rows:
        held = times(rows, "occurred_from").dt.strftime("%Y-%m")
        lost = rows.groupby(held).head(each).index
        lost = lost[held.loc[lost] == month] if month else lost
        rows = rows.copy()
        rows.loc[lost, ["longitude", "latitude"]] = ""
        return rows

    return plant


def exchanged(rows: Rows) -> Rows:
    return rows.assign(longitude=rows["latitude"], latitude=rows["longitude"])


def at_place(name: str, share: float) -> Callable[[Rows], Rows]:
    return changed(lambda rows: rows.assign(longitude="-2.131000", latitude="52.585000", address=name, uprn=""), share)


def renamed(**names: str) -> Callable[[Rows], Rows]:
    return lambda rows: rows.rename(columns=names)


def without(*columns: str) -> Callable[[Rows], Rows]:
    return lambda rows: rows.drop(columns=list(columns))


def month_first(rows: Rows) -> Rows:
    return rows.assign(**{name: times(rows, name).dt.strftime("%m/%d/%Y %H:%M") for name in DATES})


# --- ways to write ----------------------------------------------------------------------------------------------------


def as_two_files(rows: Rows, folder: Path) -> Path:
    """Write two files of which the second begins 30 rows before the first ends."""
    (folder / "extracts").mkdir()
    rows.iloc[:800].to_csv(folder / "extracts" / "a.csv", index=False)
    rows.iloc[770:].to_csv(folder / "extracts" / "b.csv", index=False)
    return folder / "extracts"


def as_csv(rows: Rows, folder: Path) -> Path:
    rows.to_csv(folder / "log.csv", index=False)
    return folder / "log.csv"


def encoded(encoding: str) -> Bytes:
    def write(rows: Rows, folder: Path) -> Path:
        text = rows.assign(address=rows["address"].str.replace("Street", "Café")).to_csv(index=False)
        (folder / "log.csv").write_bytes(text.encode(encoding))
        return folder / "log.csv"

    return write


def with_header_lines(rows: Rows, folder: Path) -> Path:
    lines = as_csv(rows, folder).read_text().splitlines()
    for at in (900, 500, 100):
        lines.insert(at, lines[0])
    (folder / "log.csv").write_text("\n".join(lines))
    return folder / "log.csv"


def holding(content: bytes, name: str = "log.csv") -> Bytes:
    def write(_: Rows, folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return write


def header_only(rows: Rows, folder: Path) -> Path:
    return as_csv(rows.head(0), folder)


def twice(rows: Rows, folder: Path) -> Path:
    inside = folder / "in"
    inside.mkdir()
    (inside / "again.csv").write_bytes(as_csv(rows, inside).read_bytes())
    return inside


def shapes(kind: str) -> Bytes:
    def write(rows: Rows, folder: Path) -> Path:
        points = gpd.points_from_xy(rows["longitude"].astype(float), rows["latitude"].astype(float))
        geometry = points.buffer(0.001) if kind == "polygons" else shapely.transform(points, lambda xy: xy * 1e6)
        crs = 4326 if kind == "polygons" else None
        gpd.GeoDataFrame(rows, geometry=geometry, crs=crs).to_parquet(folder / "log.parquet")
        return folder / "log.parquet"

    return write


def cut(name: str) -> Bytes:
    def write(rows: Rows, folder: Path) -> Path:
        path = folder / name
        if name.endswith(".xlsx"):
            rows.to_excel(path, index=False)
        else:
            rows.to_parquet(path)
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2])
        return path

    return write


def packed(content: bytes, member: str) -> Bytes:
    def write(_: Rows, folder: Path) -> Path:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(member, content)
        (folder / "log.zip").write_bytes(buffer.getvalue())
        return folder / "log.zip"

    return write


def found(*names: str) -> frozenset[tuple[str, str]]:
    """Return findings written ``name/severity``."""
    return frozenset(tuple(name.split("/")) for name in names)  # type: ignore[misc]


FEW = round(0.03 * N)  # `some` of 3% of the rows, the last included

DEFECTS = [
    # the file
    Defect("header lines in the middle", write=with_header_lines, notes=(r"repeat the header.*: 3;",)),
    Defect("Windows text", write=encoded("cp1252"), notes=("not written in UTF-8",)),
    Defect("UTF-16", write=encoded("utf-16"), notes=("written in UTF-16",)),
    Defect("an empty file", write=holding(b""), refused="is empty"),
    Defect("a header without rows", write=header_only, refused="a header but no incident"),
    Defect("a web page", write=holding(b"<html><body><table>"), refused="XML or a web page"),
    Defect("a picture", write=holding(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), refused="not a text file"),
    Defect("an XLSX cut short", write=cut("log.xlsx"), refused="could not be opened as a ZIP"),
    Defect("a Parquet file cut short", write=cut("log.parquet"), refused="could not be read as Parquet"),
    Defect("a ZIP bomb", write=packed(b"0" * 50_000_000, "2024-01-x-street.csv"), refused="possible ZIP bomb"),
    Defect("a ZIP of something else", write=packed(b"hello", "readme.md"), refused="no street file of police"),
    Defect("the same file twice", write=twice, notes=("is there twice and was read once",)),
    Defect("polygons instead of points", write=shapes("polygons"), refused="holds shapes of kind .*Polygon"),
    Defect("points in no known system", write=shapes("far"), refused="states no coordinate system"),
    # its columns
    Defect("no position", without("longitude", "latitude"), refused="no column holds a position"),
    Defect("half a position", without("latitude"), refused="no column holds a position"),
    Defect("no date", without(*DATES), refused=r"no column holds a date"),
    Defect("no category", without("category", "nsir_category", "nsir_qualifier"), refused="was taken for the category"),
    Defect("two columns for one thing", lambda rows: rows.assign(lon="1"), refused="could each be the longitude"),
    Defect("a surname", put("surname", "Jones"), notes=("people's details were not read: surname",)),
    Defect("a caller in camel case", put("CallerName", "Mr J. Smith"),
           notes=("people's details were not read: CallerName",)),
    Defect("a few people among the addresses", put("address", "3 Low Road, Mrs Jane Smith", 0.03),
           notes=("values of address blanked because they held names of people: 43",)),
    Defect("a log's free text", put("result_text", "He said"), notes=("people's details were not read: result_text",)),
    Defect("an unknown column", put("priority", "P2"), notes=("columns not needed were not read: priority",)),
    Defect("addresses of e-mail", put("channel", "jo@example.org"), notes=("column channel was not used.*e-mail",)),
    Defect("a few telephone numbers", put("address", "ring 07700 900123", 0.03),
           notes=("values of address blanked because they held telephone numbers: 43",)),
    # its references
    Defect("records twice", with_copies(30), finds=found("duplicate Crime IDs/info"),
           drops={"duplicate Crime ID": 30}),
    Defect("records twice at different places", with_copies(30, longitude="-2.120000"),
           finds=found("duplicate Crime IDs/info"), drops={"duplicate Crime ID": 30}),
    Defect("records twice without a reference", lambda rows: with_copies(30)(rows).assign(incident_ref=""),
           finds=found("identical rows/info")),
    Defect("two files that overlap, without references", lambda rows: rows.assign(incident_ref=""),
           write=as_two_files, finds=found("overlapping files/amber")),
    # its dates and times
    Defect("rows without any date", changed(lambda rows: rows.assign(**dict.fromkeys(DATES, "")), 0.03),
           drops={"no date": FEW}),
    Defect("dates that are no dates", changed(lambda rows: rows.assign(**dict.fromkeys(DATES, "soon")), 0.03),
           drops={"no date": FEW}),
    Defect("no date of the incident in some rows", put("occurred_from", "", 0.03),
           notes=(r"the date of the report stands in: 43",)),
    Defect("years of a slipped finger", changed(lambda rows: rows.assign(
        occurred_from=rows["occurred_from"].str.replace("/202", "/302")), 0.03),
           notes=(r"the date of the report stands in: 43",)),
    Defect("ends before starts", changed(delayed("occurred_to", "occurred_from", minutes=-90), 0.03),
           notes=("end before they start, whose end was ignored: 43",)),
    Defect("month-first dates", month_first, notes=("read month-first",)),
    Defect("dates of birth", put("occurred_from", "03/04/1974"), refused="looks like dates of birth"),
    Defect("dates to come", changed(shifted(years=20), 0.01), finds=found("impossible dates/amber"),
           drops={"impossible date": round(0.01 * N)}),
    Defect("midnights", changed(clock(0, 0), 0.15), finds=found("time spikes/amber")),
    Defect("one minute past midnight", changed(clock(0, 1), 0.15), finds=found("time spikes/amber")),
    Defect("noons", changed(clock(12, 0), 0.15), finds=found("time spikes/amber")),
    Defect("logged before it happened", changed(delayed("created", "occurred_from", minutes=-90), 0.10),
           finds=found("logged before it happened/amber")),
    Defect("occurred when logged", changed(delayed("created", "occurred_from", minutes=0), 0.90),
           finds=found("occurred when logged/amber")),
    Defect("intervals longer than a day", changed(delayed("occurred_to", "occurred_from", hours=30), 0.30),
           finds=found("long intervals/amber")),
    Defect("a month is missing", without_month("2023-05"), finds=found("missing months/amber")),
    Defect("a month is half there", without_month("2023-05", keep=12), finds=found("missing months/amber")),
    Defect("nine months", only_months("2022-03", "2022-11"), finds=found("short history/amber")),
    Defect("four months", only_months("2022-03", "2022-06"),
           finds=found("short history/red", "reporting delay not known/info")),
    Defect("the months of COVID", shifted(years=-2), finds=found("COVID months/info")),
    # its places
    Defect("one row in twelve without a place", unplaced(5), finds=found("coordinates/amber"),
           drops={"no coordinates": 5 * MONTHS}),
    Defect("one row in five without a place", unplaced(12),
           finds=found("coordinates/red", "poorly located groups/amber"), drops={"no coordinates": 12 * MONTHS}),
    Defect("rows without a place or a ward",
           lambda r: unplaced(5)(r).pipe(lambda new: new.assign(ward=new["ward"].where(new["longitude"] != "", ""))),
           finds=found("coordinates/amber", "hit rate by beat/info"), drops={"no coordinates": 5 * MONTHS}),
    Defect("a month without places", unplaced(12, "2023-05"), finds=found("poorly located groups/amber"),
           drops={"no coordinates": 12}),
    Defect("points at zero", changed(lambda r: r.assign(longitude="0", latitude="0"), 0.03),
           drops={"no coordinates": FEW}, notes=(r"at \(0, 0\)",)),
    Defect("words for numbers", put("longitude", "unknown", 0.03), drops={"no coordinates": FEW},
           notes=("values of longitude that are no numbers: 43",)),
    Defect("exchanged columns", exchanged, refused="swapped"),
    Defect("a few exchanged rows", changed(exchanged, 0.03),
           notes=("longitude and latitude exchanged, which were put right: 43",)),
    Defect("metres called degrees", lambda rows: to_grid(1)(rows).rename(
        columns={"easting": "longitude", "northing": "latitude"}), refused="National Grid metres"),
    Defect("degrees called metres", renamed(longitude="easting", latitude="northing"), refused="hold degrees"),
    Defect("degrees to three decimals", rounded(3), finds=found("rounded coordinates/amber")),
    Defect("grid rounded to 100 m", to_grid(-2), finds=found("rounded coordinates/amber")),
    Defect("a default place", at_place("12 High Street", 0.05), finds=found("default locations/amber")),
    Defect("no place at all", at_place("Town centre", 0.05),
           finds=found("default locations/amber", "institutions/info")),
    Defect("a police station", at_place("Police Station, Bilston Street", 0.05),
           finds=found("default locations/amber", "institutions/info")),
    Defect("rows near the edge outside", put("longitude", "-2.095000", 0.03),
           finds=found("outside the area/info"), drops={"outside the area": FEW}),
    Defect("rows in another country", changed(lambda r: r.assign(longitude="-84.39", latitude="33.75"), 0.007),
           finds=found("outside the area/info", "far outside/info"), drops={"outside the area": 10}),
    Defect("everything in another country", lambda r: r.assign(longitude="-84.39", latitude="33.75"),
           refused="lie outside the area"),
    # what it is about
    Defect("other categories among them", changed(lambda r: r.assign(category="Burglary", nsir_category=""), 0.10),
           finds=found("other categories/info"), drops={"other category": round(0.10 * N)}),
    Defect("no wanted category", lambda r: r.assign(category="Burglary", nsir_category=""), refused="hold no category"),
    Defect("officers' own records", put("channel", "officer on patrol", 0.10),
           finds=found("officer-generated/info")),
    Defect("made-up data", put("synthetic", "true"), finds=found("synthetic/info")),
]  # fmt: skip


@pytest.fixture(scope="module")
def clean() -> Rows:
    return clean_rows()


def said(
    rows: Rows, defect: Defect, folder: Path
) -> tuple[frozenset[tuple[str, str]], dict[str, int], tuple[str, ...]]:
    """Return the findings, the rows dropped and the notes for a file, but for how channels were read: all have it."""
    intake = read([(defect.write or as_csv)(rows, folder)])
    notes = tuple(note for note in intake.notes if "channels were read as" not in note)
    report = screen(intake, TOWN, today=TODAY).report
    assert report.n_read == report.n_used + sum(report.dropped.values())
    return frozenset(_named(finding) for finding in report.findings), report.dropped, notes


def _named(finding: Finding) -> tuple[str, str]:
    return finding.check, finding.severity


def test_the_clean_file_is_clean(clean: Rows, tmp_path: Path) -> None:
    findings, dropped, notes = said(clean, Defect("none"), tmp_path)
    assert findings == CLEAN
    assert set(dropped.values()) == {0}
    assert notes == ()


CLEAN = found("coordinates/info", "distinct points/info")


def test_there_are_at_least_forty_defects_with_names_of_their_own() -> None:
    assert len({defect.name for defect in DEFECTS}) == len(DEFECTS) >= 40


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_planted_defect_is_found_and_nothing_else(clean: Rows, tmp_path: Path, defect: Defect) -> None:
    rows = clean if defect.plant is None else defect.plant(clean)
    if defect.refused:
        with pytest.raises(DataError, match=defect.refused):
            said(rows, defect, tmp_path)
        return
    findings, dropped, notes = said(rows, defect, tmp_path)
    names = {name for name, _ in defect.finds}
    assert findings - CLEAN == defect.finds
    assert {name for name, _ in CLEAN - findings} <= names  # a finding may only change its severity
    assert {reason: n for reason, n in dropped.items() if n} == defect.drops
    assert len(notes) == len(defect.notes), notes
    for note, pattern in zip(notes, defect.notes, strict=True):
        assert pd.Series([note]).str.contains(pattern).all(), note
