from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from geodata import findings
from geodata.area import StudyArea, read_area
from geodata.errors import DataError
from geodata.findings import Finding
from geodata.period import Period
from geodata.quality import Gate, grade, screen
from geodata.schema import ASB, INCIDENTS, check
from geodata.sources import Intake, intake_of, read

from .conftest import records, street_line

Write = Callable[..., Path]
REASONS = [
    "duplicate Crime ID",
    "no date",
    "impossible date",
    "other category",
    "outside the period",
    "no coordinates",
    "outside the area",
    "excluded default location",
]
TOWN = StudyArea("town", shapely.box(-2.16, 52.57, -2.10, 52.60))
INSIDE, NEAR, FAR = -2.1288, -2.095, -1.9


def gate_of(table: pd.DataFrame, area: StudyArea = TOWN, **options: object) -> Gate:
    return screen(intake_of(table), area, **({"categories": (ASB,)} | options))  # type: ignore[arg-type]


def found(gate: Gate, check_name: str) -> Finding:
    return next(finding for finding in gate.report.findings if finding.check == check_name)


def monthly(counts: list[int], first: str = "2023-01", **columns: object) -> pd.DataFrame:
    """ASB reports, so many in each month in turn."""
    months = pd.date_range(first, periods=len(counts), freq="MS")
    return records(sum(counts), month=np.repeat(months.to_numpy(), counts), **columns)


# ---- the gate


def test_each_record_leaves_by_the_first_reason_that_applies_in_the_written_order(street_csv: Write) -> None:
    lines = [
        street_line("c1", month="2024-01"), street_line("c1", month="2024-01"),  # a copy
        street_line(month=""),
        street_line(category="Drugs", longitude=""),  # other category before no coordinates
        street_line(month="2023-01", longitude=""),  # period before coordinates
        street_line(longitude=""),
        street_line(longitude=FAR), street_line(longitude=NEAR),
        street_line(), street_line(),
    ]  # fmt: skip
    gate = screen(read([street_csv(lines)]), TOWN, categories=(ASB,), first_month="2024-01", last_month="2024-01")
    assert list(gate.report.dropped.items()) == list(zip(REASONS, [1, 1, 0, 1, 1, 1, 2, 0], strict=True))
    assert (gate.report.n_read, gate.report.n_used, gate.report.n_context) == (10, 3, 1)
    check(gate.incidents, INCIDENTS)
    assert gate.incidents["inside"].sum() == 3
    assert len(gate.incidents) == 4


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([INSIDE, NEAR, FAR, float("nan")]), st.sampled_from([ASB, "drugs"]),
            st.sampled_from(["2024-01-01", "2024-02-01", "2024-06-01"]),
        ),
        max_size=20,
    )
)  # fmt: skip
def test_no_record_is_lost_or_counted_twice(rows: list[tuple[float, str, str]]) -> None:
    rows = [*rows, (INSIDE, ASB, "2024-01-01")]
    longitude, category, month = zip(*rows, strict=True)
    table = records(len(rows), longitude=longitude, category=category, month=pd.to_datetime(list(month)))
    report = gate_of(table, first_month="2024-01", last_month="2024-02").report
    assert report.n_read == len(rows) == report.n_used + sum(report.dropped.values())
    assert list(report.dropped) == REASONS


def test_the_period_is_the_span_of_the_wanted_records_unless_given() -> None:
    table = monthly([1, 0, 2])
    table.loc[len(table)] = table.loc[0]
    table.loc[3, ["month", "category"]] = [pd.Timestamp("2024-12-01"), "drugs"]
    assert str(gate_of(table).period) == "2023-01 to 2023-03"
    assert str(gate_of(table, categories=("all",)).period) == "2023-01 to 2024-12"
    assert str(gate_of(table, last_month="2023-06").period) == "2023-01 to 2023-06"


def test_categories_may_be_written_as_people_write_them() -> None:
    assert gate_of(records(2), categories=("Anti-social behaviour",)).report.n_used == 2
    assert gate_of(records(2), categories=("ASB", "anti-social-behaviour")).report.n_used == 2


def test_screening_leaves_the_records_alone() -> None:
    intake = intake_of(records(4))
    before = intake.records.copy(deep=True)
    screen(intake, TOWN, categories=(ASB,))
    pd.testing.assert_frame_equal(intake.records, before)


def test_incidents_keep_the_identity_of_their_records() -> None:
    table = records(4, longitude=[FAR, INSIDE, FAR, INSIDE])
    assert list(gate_of(table).incidents.index) == [1, 3]


# ---- refusals, one sentence each


def refusal(table: pd.DataFrame, area: StudyArea = TOWN, **options: object) -> str:
    with pytest.raises(DataError) as caught:
        gate_of(table, area, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    return message


def test_an_unknown_category_names_the_known_ones() -> None:
    message = refusal(records(3, category=[ASB, "drugs", "drugs"]), categories=("fly-tipping",))
    assert "'fly-tipping'" in message
    assert "Drugs (drugs, 2), Anti-social behaviour (anti-social-behaviour, 1)" in message


def test_a_period_without_records_says_when_they_are() -> None:
    message = refusal(records(3), first_month="2020-01", last_month="2020-12")
    assert "2020-01 to 2020-12" in message
    assert "2024-01 to 2024-01" in message


def test_records_without_any_coordinates_are_refused() -> None:
    assert refusal(records(3, longitude=np.nan)) == (
        "None of the 3 wanted records has coordinates; export them with positions."
    )


def test_swapped_coordinates_are_seen_and_said() -> None:
    message = refusal(records(3, longitude=52.5862, latitude=-2.1288))
    assert message.startswith("Longitude and latitude are swapped: 3 of 3")
    assert "exchange the two columns" in message


def test_records_all_outside_say_how_many_and_where() -> None:
    message = refusal(records(5, longitude=-0.4144, latitude=51.8787))
    for part in ("All 5 located records", "'town'", "latitude 51.88, longitude -0.41", "km away"):
        assert part in message
    distance = float(message.split("some ")[1].split(" km")[0])
    assert distance == pytest.approx(141, abs=3)  # Luton to Wolverhampton


def test_an_area_on_another_continent_says_how_far() -> None:
    chicago = StudyArea("Chicago", shapely.box(-87.7, 41.8, -87.6, 41.9))
    message = refusal(records(2), chicago)
    _, _, metres = Geod(ellps="WGS84").inv(-87.65, 41.85, INSIDE, 52.5862)
    assert float(message.split("some ")[1].split(" km")[0].replace(",", "")) == pytest.approx(metres / 1000, rel=0.005)


def test_an_empty_table_is_refused() -> None:
    assert "no dated record" in refusal(records(1).iloc[:0])


# ---- findings


@pytest.mark.parametrize(
    ("located", "severity"), [(100, "info"), (95, "info"), (94, "amber"), (85, "amber"), (84, "red"), (1, "red")]
)
def test_the_hit_rate_is_graded_by_the_published_limits(located: int, severity: str) -> None:
    table = records(100, longitude=[INSIDE] * located + [np.nan] * (100 - located))
    gate = gate_of(table)
    assert found(gate, "coordinates").severity == severity
    assert gate.report.hit_rate == pytest.approx(located / 100)


@pytest.mark.parametrize(("n_months", "severity"), [(1, "red"), (5, "red"), (6, "amber"), (11, "amber")])
def test_a_short_history_is_graded(n_months: int, severity: str) -> None:
    gate = gate_of(monthly([3] * n_months))
    assert found(gate, "short history").severity == severity
    assert gate.report.is_red == (severity == "red")


def test_a_year_is_no_short_history() -> None:
    assert findings.short_history(Period.of("2023-01", "2023-12")) is None


def test_a_month_nobody_recorded_is_missing() -> None:
    assert gate_of(monthly([20, 22, 0, 19])).report.missing_months == ("2023-03",)


def test_a_month_with_less_than_half_the_usual_is_missing() -> None:
    counts = [40] * 12 + [19, 40, 21, 40]
    gate = gate_of(monthly(counts))
    assert gate.report.missing_months == ("2024-01",)
    assert found(gate, "missing months").severity == "amber"


def test_a_quiet_month_of_a_quiet_place_is_no_missing_month() -> None:
    table = monthly([3, 2, 3, 4, 1, 3])
    elsewhere = monthly([0, 0, 0, 0, 0, 0, 50], longitude=FAR)
    both = pd.concat([table, elsewhere], ignore_index=True)
    assert gate_of(both).report.missing_months == ()


def test_months_without_a_report_are_missing_only_when_the_files_hold_none() -> None:
    inside = monthly([2, 0, 2])
    outside = monthly([30, 30, 30], longitude=FAR)
    assert gate_of(pd.concat([inside, outside], ignore_index=True)).report.missing_months == ()


@settings(max_examples=25)
@given(st.lists(st.integers(31, 60), min_size=4, max_size=24))
def test_ordinary_months_are_never_missing(counts: list[int]) -> None:
    assert gate_of(monthly(counts)).report.missing_months == ()


def spread(n: int) -> np.ndarray:
    return np.linspace(-2.15, -2.11, n)


def test_a_planted_default_location_is_found_and_nothing_else_is() -> None:
    longitude = np.concatenate([np.repeat(spread(200), 4), np.full(60, -2.105)])
    location = np.array(["Some Street"] * 800 + ["Police Station"] * 60)
    gate = gate_of(records(860, longitude=longitude, location=location))
    [place] = gate.report.default_locations
    assert (place.longitude, place.latitude, place.location, place.n) == (-2.105, 52.5862, "Police Station", 60)
    assert place.share == pytest.approx(60 / 860)
    assert found(gate, "default locations").severity == "amber"


def test_both_conditions_must_hold_for_a_default_location() -> None:
    few_points = records(100, longitude=np.repeat(spread(4), 25))  # 25% each, but no point stands out
    assert gate_of(few_points).report.default_locations == ()
    many_points = np.concatenate([np.repeat(spread(2000), 2), np.full(30, -2.105)])  # stands out, but holds 0.7%
    assert gate_of(records(4030, longitude=many_points)).report.default_locations == ()


def test_busy_snap_points_are_streets_and_not_default_locations() -> None:
    longitude = np.concatenate([np.repeat(spread(200), 4), np.full(60, -2.105)])
    gate = gate_of(records(860, longitude=longitude, location_precision="snap_point", time_precision="month"))
    assert gate.report.default_locations == ()
    assert found(gate, "busiest points").severity == "info"
    assert found(gate, "snap points").severity == "amber"


def test_identical_rows_are_counted_and_kept() -> None:
    gate = gate_of(records(5))
    assert found(gate, "identical rows").n == 4
    assert gate.report.n_used == 5


def test_distinct_points_are_counted() -> None:
    gate = gate_of(records(10, longitude=np.repeat(spread(5), 2)))
    assert gate.report.distinct_points == 5
    assert "5 different points (50.0% of the records)" in found(gate, "distinct points").message


@pytest.mark.parametrize("step", [100, 1000])
def test_coordinates_rounded_on_the_grid_are_seen(step: int) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.uniform(390_000, 393_000, 50), rng.uniform(297_500, 299_500, 50)
    exact = TOWN.unproject(x, y)
    rounded = TOWN.unproject(step * np.round(x / step), step * np.round(y / step))
    assert findings.rounded_coordinates(records(50, longitude=exact[0], latitude=exact[1]), TOWN) is None
    table = records(50, longitude=rounded[0], latitude=rounded[1])
    finding = findings.rounded_coordinates(table, TOWN)
    assert finding is not None
    assert finding.severity == "amber"


def test_degrees_with_three_decimals_are_seen() -> None:
    assert (
        findings.rounded_coordinates(records(3, longitude=[-2.129, -2.13, -2.131], latitude=52.586), TOWN) is not None
    )


def test_times_that_mean_not_known_are_seen() -> None:
    start = pd.date_range("2024-01-15 00:07", periods=100, freq="61min", tz="Europe/London").as_unit("us").to_series()
    assert findings.midnight_spike(records(100, occurred_from=start.to_numpy(), occurred_to=start.to_numpy())) is None
    midnight = pd.Timestamp("2024-01-16", tz="Europe/London")
    times = pd.Series([midnight] * 20 + start.tolist()[:80])
    finding = findings.midnight_spike(records(100, occurred_from=times, occurred_to=times))
    assert finding is not None
    assert (finding.n, finding.severity) == (20, "amber")
    months = records(100, time_precision="month", occurred_from=midnight, occurred_to=midnight)
    assert findings.midnight_spike(months) is None


@pytest.mark.parametrize(
    ("first", "last", "n"), [("2019-01", "2020-03", 0), ("2020-03", "2020-05", 2), ("2019-01", "2022-01", 12)]
)
def test_covid_months_are_counted(first: str, last: str, n: int) -> None:
    finding = findings.covid_months(Period.of(first, last))
    assert (finding.n if finding else 0) == n


def test_officers_own_reports_are_counted() -> None:
    gate = gate_of(records(4, origin=["officer", "public", "unknown", "officer"]))
    assert found(gate, "officer-generated").n == 2


def test_synthetic_data_say_so_first() -> None:
    gate = gate_of(records(12, source="SYNTHETIC sample"))
    assert gate.report.findings[0].message.startswith("SYNTHETIC")


def test_the_coarsest_notable_precision_is_that_of_the_data() -> None:
    mixed = records(20, location_precision=["address"] * 17 + ["street"] * 3)
    assert gate_of(mixed).report.location_precision == "street"
    nearly = records(20, location_precision=["address"] * 19 + ["street"])
    assert gate_of(nearly).report.location_precision == "address"


@pytest.mark.parametrize(
    ("severities", "expected"), [((), "A"), (("info",), "A"), (("info", "amber"), "B"), (("amber", "red"), "C")]
)
def test_the_grade_is_that_of_the_worst_finding(severities: tuple[str, ...], expected: str) -> None:
    assert grade(tuple(Finding("x", severity, 1, "", "") for severity in severities)) == expected  # type: ignore[arg-type]


# ---- real files


def shapely_count(points: pd.DataFrame, boundary: Path) -> int:
    """Count points in a boundary with geopandas and shapely alone."""
    shape = gpd.read_file(boundary).geometry.union_all()
    located = points.dropna(subset=["Longitude", "Latitude"])
    return int(
        sum(
            shape.intersects(shapely.Point(x, y))
            for x, y in zip(located["Longitude"], located["Latitude"], strict=True)
        )
    )


def street_rows(intake_path: Path) -> pd.DataFrame:
    """Every ASB row of an archive, read by pandas alone."""
    import zipfile

    with zipfile.ZipFile(intake_path) as archive:
        names = [name for name in archive.namelist() if name.endswith("-street.csv")]
        table = pd.concat([pd.read_csv(archive.open(name)) for name in names], ignore_index=True)
    return table.loc[table["Crime type"] == "Anti-social behaviour"]


@pytest.fixture(scope="module")
def luton(shared: Path) -> tuple[Intake, Gate]:
    intake = read([shared / "data/police_uk/bedfordshire-2021-05_2024-04.zip"])
    area = read_area(shared / "data/boundaries/luton_lad19_E06000032.geojson")
    return intake, screen(intake, area, categories=(ASB,))


def test_luton_holds_as_many_reports_as_shapely_counts(shared: Path, luton: tuple[Intake, Gate]) -> None:
    rows = street_rows(shared / "data/police_uk/bedfordshire-2021-05_2024-04.zip")
    expected = shapely_count(rows, shared / "data/boundaries/luton_lad19_E06000032.geojson")
    report = luton[1].report
    assert report.n_used == expected > 10_000
    assert report.n_read == 182_113 == report.n_used + sum(report.dropped.values())
    assert (report.duplicate_ids, report.conflicting_ids) == (184, 1)
    assert report.dropped["no coordinates"] == 32
    assert report.n_context == (~luton[1].incidents["inside"]).sum()


def test_luton_has_no_missing_month_and_grade_b(luton: tuple[Intake, Gate]) -> None:
    report = luton[1].report
    assert len(report.months) == 36
    assert report.missing_months == ()
    assert (report.grade, report.location_precision, report.time_precision) == ("B", "snap_point", "month")


def test_the_context_lies_within_a_kilometre_of_luton(shared: Path, luton: tuple[Intake, Gate]) -> None:
    boundary = (
        gpd.read_file(shared / "data/boundaries/luton_lad19_E06000032.geojson").to_crs(27700).geometry.union_all()
    )
    context = luton[1].incidents.loc[~luton[1].incidents["inside"]]
    points = gpd.GeoSeries(gpd.points_from_xy(context["longitude"], context["latitude"]), crs=4326).to_crs(27700)
    assert points.distance(boundary).between(0, 1001, inclusive="right").all()


def test_a_dropped_out_month_is_noticed_in_real_data(luton: tuple[Intake, Gate], shared: Path) -> None:
    intake = luton[0]
    gap = intake.records.loc[intake.records["month"] != pd.Timestamp("2022-09-01")]
    area = read_area(shared / "data/boundaries/luton_lad19_E06000032.geojson")
    assert gate_of(gap, area).report.missing_months == ("2022-09",)


def test_the_full_force_and_the_derived_file_agree_on_wolverhampton_2014(shared: Path) -> None:
    boundary = shared / "data/boundaries/wolverhampton_lad19_E08000031.geojson"
    archive = shared / "data/police_uk/west-midlands-2014-01_2014-02.zip"
    whole = gate_of_file(archive, boundary)
    derived = gate_of_file(shared / "data/police_uk/wolverhampton_2014-01_2014-02.csv", boundary)
    assert whole.report.n_used == shapely_count(street_rows(archive), boundary)
    assert derived.report.n_used == 748
    assert (
        0 <= whole.report.n_used - derived.report.n_used <= 3
    )  # the derived file goes by stated LSOA, 3.8% of them off
    assert whole.report.is_red  # two months: a map and no list


def test_the_2011_layout_agrees_with_the_derived_degrees(shared: Path) -> None:
    boundary = shared / "data/boundaries/wolverhampton_lad19_E08000031.geojson"
    old = gate_of_file(shared / "data/police_uk/west-midlands-2011-02-old-format.csv.gz", boundary)
    derived = gate_of_file(shared / "data/police_uk/wolverhampton_2011-02.csv", boundary)
    assert old.report.n_used == derived.report.n_used == 573


def gate_of_file(path: Path, boundary: Path) -> Gate:
    gate = screen(read([path]), read_area(boundary), categories=(ASB,))
    assert gate.report.n_read == gate.report.n_used + sum(gate.report.dropped.values())
    return gate


def test_records_of_one_force_and_a_boundary_of_another_are_refused(shared: Path) -> None:
    intake = read([shared / "data/police_uk/wolverhampton_2014-01_2014-02.csv"])
    area = read_area(shared / "data/boundaries/luton_lad19_E06000032.geojson")
    with pytest.raises(
        DataError, match=r"All 748 located records lie outside.*around latitude 52\.5\d, longitude -2\.1\d"
    ):
        screen(intake, area, categories=(ASB,))
