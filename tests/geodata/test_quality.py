from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
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
from geodata.institutions import Institution, LocationPolicy
from geodata.period import Period
from geodata.quality import Gate, QualityReport, blocking, grade, screen
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
    "made by officers",
]
TOWN = StudyArea("town", shapely.box(-2.16, 52.57, -2.10, 52.60))
INSIDE, NEAR, FAR = -2.1288, -2.095, -1.9


def gate_of(table: pd.DataFrame, area: StudyArea = TOWN, **options: object) -> Gate:
    return screen(intake_of(table), area, **({"categories": (ASB,)} | options))  # type: ignore[arg-type]


def at_station(action: str = "exclude", cap: int = 0) -> LocationPolicy:
    return LocationPolicy(longitude=INSIDE, latitude=52.5862, action=action, cap=cap, reason="booked at the desk")  # type: ignore[arg-type]


def found(gate: Gate, check_name: str) -> Finding:
    return next(finding for finding in gate.report.findings if finding.check == check_name)


def found_in(report: QualityReport, check_name: str) -> Finding:
    return next(finding for finding in report.findings if finding.check == check_name)


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
    assert list(gate.report.dropped.items()) == list(zip(REASONS, [1, 1, 0, 1, 1, 1, 2, 0, 0], strict=True))
    assert (gate.report.n_read, gate.report.n_used, gate.report.n_context) == (10, 3, 1)
    check(gate.incidents, INCIDENTS)
    assert gate.incidents["inside"].sum() == 3
    assert len(gate.incidents) == 4


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([INSIDE, NEAR, FAR, float("nan")]), st.sampled_from([ASB, "drugs"]),
            st.sampled_from(["2024-01-01", "2024-02-01", "2024-06-01", "2062-01-01"]),
        ),
        max_size=20,
    ),
    st.sampled_from(["exclude", "keep", "cap"]),
)  # fmt: skip
def test_no_record_is_lost_or_counted_twice(rows: list[tuple[float, str, str]], action: str) -> None:
    rows = [*rows, (INSIDE + 0.01, ASB, "2024-01-01")]
    longitude, category, month = zip(*rows, strict=True)
    table = records(len(rows), longitude=longitude, category=category, month=pd.to_datetime(list(month)))
    policy = at_station(action, cap=2 * (action == "cap"))
    report = gate_of(table, first_month="2024-01", last_month="2024-02", policies=[policy]).report
    assert report.n_read == len(rows) == report.n_used + sum(report.dropped.values())
    assert report.dropped["impossible date"] == sum(month == "2062-01-01" for month in month)
    assert sum(made.n_excluded for made in report.location_decisions) == report.dropped["excluded default location"]
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


def test_repeated_texts_may_be_categoricals_and_nothing_changes() -> None:
    table = pd.concat([station_town(), records(3, longitude=[np.nan, FAR, NEAR], category=["drugs", ASB, ASB])])
    table = table.reset_index(drop=True).rename_axis("incident_id").assign(beat="W1")
    plain = intake_of(table)
    texts = ["category", "time_precision", "location_precision", "location", "place_id", "crime_id", "qualifier",
             "origin", "source", "beat"]  # fmt: skip
    coded = replace(plain, records=plain.records.astype(dict.fromkeys(texts, "category")))
    expected, gate = (
        screen(plain, TOWN, policies=[at_station("keep")]),
        screen(coded, TOWN, policies=[at_station("keep")]),
    )
    assert gate.report == expected.report
    pd.testing.assert_frame_equal(gate.incidents, expected.incidents)
    with pytest.raises(DataError, match="hold no category 'robbery'"):
        screen(coded, TOWN, categories=("robbery",))


def test_incidents_keep_the_identity_of_their_records() -> None:
    table = records(4, longitude=[FAR, INSIDE, FAR, INSIDE])
    assert list(gate_of(table).incidents.index) == [1, 3]


def test_a_mistyped_year_does_not_stretch_the_period() -> None:
    slips = [records(1, month=pd.Timestamp(month)) for month in ("2032-05-01", "1999-05-01")]
    table = pd.concat([monthly([20] * 12), *slips], ignore_index=True)
    gate = gate_of(table, today=pd.Timestamp("2024-03-15"))
    assert str(gate.period) == "2023-01 to 2023-12"
    assert (gate.report.dropped["impossible date"], gate.report.n_used) == (2, 240)
    finding = found(gate, "impossible dates")
    assert (finding.severity, finding.n) == ("amber", 2)
    assert "1999-05" in finding.message
    assert "2032-05" in finding.message


def test_this_month_is_possible_and_the_next_is_not() -> None:
    table = monthly([20, 20, 20], first="2024-02")
    gate = gate_of(table, today=pd.Timestamp("2024-03-15"))
    assert (gate.report.dropped["impossible date"], gate.report.n_used) == (20, 40)


def test_years_apart_in_earnest_are_no_slip() -> None:
    both = pd.concat([monthly([30], first="2011-02"), monthly([40, 40], first="2014-01")], ignore_index=True)
    assert gate_of(both).report.dropped["impossible date"] == 0
    assert str(gate_of(both).period) == "2011-02 to 2014-02"


def test_a_file_from_the_future_is_refused_with_a_hint() -> None:
    with pytest.raises(DataError, match="Every one of the 3 dated records lies in the future; check dates and clock"):
        gate_of(records(3), today=pd.Timestamp("2020-01-01"))


# ---- decisions about places


def station_town(n_station: int = 60) -> pd.DataFrame:
    longitude = np.concatenate([np.repeat(np.linspace(-2.15, -2.14, 200), 4), np.full(n_station, INSIDE)])
    location = np.array(["Some Street"] * 800 + ["Police Station"] * n_station)
    return records(800 + n_station, longitude=longitude, location=location)


def test_an_excluded_default_location_leaves_and_the_decision_is_on_record() -> None:
    gate = gate_of(station_town(), policies=[at_station()])
    assert gate.report.dropped["excluded default location"] == 60
    assert gate.report.n_used == 800
    assert gate.report.default_locations == ()
    [made] = gate.report.location_decisions
    assert (made.name, made.action, made.n, made.n_excluded, made.reason) == (
        "Police Station", "exclude", 60, 60, "booked at the desk",
    )  # fmt: skip
    assert "Police Station: excluded (60 records, 60 left out; booked at the desk)" in (
        found(gate, "location decisions").message
    )
    assert (gate.incidents["longitude"] != INSIDE).all()


def test_a_kept_or_capped_place_is_settled_and_no_longer_suspected() -> None:
    suspected = gate_of(station_town())
    assert [place.location for place in suspected.report.default_locations] == ["Police Station"]
    kept = gate_of(station_town(), policies=[at_station("keep")])
    assert (kept.report.default_locations, kept.report.n_used) == ((), 860)
    capped = gate_of(station_town(), policies=[at_station("cap", cap=12)])
    assert (capped.report.default_locations, capped.report.n_used) == ((), 812)
    assert set(kept.incidents["location_precision"]) == {"address"}


def test_an_institution_of_the_user_leaves_too() -> None:
    site = Institution("HMP Somewhere", shapely.box(INSIDE - 0.001, 52.585, INSIDE + 0.001, 52.587))
    report = gate_of(station_town(), institutions=[site]).report
    assert (report.dropped["excluded default location"], report.location_decisions[0].name) == (60, "HMP Somewhere")


def test_a_busy_police_station_is_suspected_by_its_name_alone() -> None:
    gate = gate_of(station_town(n_station=9))  # 1.1%, but among points of 4 not far above the rest
    assert [place.location for place in gate.report.default_locations] == ["Police Station"]
    assert [place.n for place in gate.report.institutions] == [9]
    assert found(gate, "institutions").severity == "info"


def test_nothing_left_after_exclusion_says_so() -> None:
    message = refusal(records(3), policies=[at_station()])
    assert message.startswith("All 3 records in 'town' lie at excluded places")


def test_a_busy_square_of_rounded_coordinates_is_no_default_location() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.uniform(390_500, 393_000, 400), rng.uniform(297_500, 299_500, 400)
    x, y = np.concatenate([x, np.full(60, 391_400)]), np.concatenate([y, np.full(60, 298_700)])
    exact = gate_of(records(460, longitude=TOWN.unproject(x, y)[0], latitude=TOWN.unproject(x, y)[1]))
    assert [place.n for place in exact.report.default_locations] == [60]
    longitude, latitude = TOWN.unproject(100 * np.round(x / 100), 100 * np.round(y / 100))
    rounded = gate_of(records(460, longitude=longitude, latitude=latitude))
    assert rounded.report.default_locations == ()
    assert found(rounded, "busiest points").n >= 60
    assert (rounded.report.location_precision, set(rounded.incidents["location_precision"])) == ("rounded", {"rounded"})


# ---- how far each report may be off


def test_every_incident_says_how_far_off_it_may_be() -> None:
    gate = gate_of(station_town())
    incidents = gate.incidents
    booked = incidents["longitude"] == INSIDE
    assert set(incidents.loc[booked, "location_precision"]) == {"default"}
    assert set(incidents.loc[~booked, "location_precision"]) == {"address"}
    assert incidents.loc[~booked, "error_radius_m"].unique().tolist() == [15]
    assert incidents.loc[booked, "error_radius_m"].iloc[0] == pytest.approx(np.sqrt(TOWN.area_km2 * 1e6 / np.pi))
    assert gate.report.location_precision == "address"
    assert dict(gate.report.location_shares) == pytest.approx({"address": 800 / 860, "default": 60 / 860})
    assert gate.report.median_error_m == 15


def test_snap_points_of_other_categories_make_the_catchments_truer() -> None:
    longitude = np.linspace(-2.15, -2.11, 41)
    table = records(41, longitude=longitude, location_precision="snap_point", time_precision="month",
                    category=[ASB if i % 10 == 0 else "drugs" for i in range(41)])  # fmt: skip
    alone = gate_of(table.loc[table["category"] == ASB])
    together = gate_of(table)
    assert alone.report.median_error_m is not None
    assert together.report.median_error_m is not None
    assert together.report.median_error_m < alone.report.median_error_m / 3


# ---- refusals, one sentence each


def test_swapped_grid_coordinates_are_seen_and_said() -> None:
    x, y = TOWN.project(np.linspace(-2.15, -2.11, 3), np.full(3, 52.585))
    longitude, latitude = TOWN.unproject(y, x)
    message = refusal(records(3, longitude=longitude, latitude=latitude))
    assert message.startswith("Easting and northing are swapped: 3 of 3 located records lie in 'town' once exchanged")


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


def test_84_percent_block_the_list_and_85_do_not() -> None:
    blocked, open_ = (
        gate_of(monthly([10] * 10 + [0, 0], longitude=[INSIDE] * located + [np.nan] * (100 - located))).report
        for located in (84, 85)
    )
    assert [finding.check for finding in blocking(blocked)] == ["coordinates"]
    assert (blocked.grade, blocking(open_)) == ("C", ())
    assert blocking(blocked, "agreed with the superintendent") == ()
    assert blocking(blocked, "  ") == blocking(blocked)
    assert blocked.reasons == (found_in(blocked, "coordinates").message,)


def test_nobody_can_answer_for_a_list_of_two_months() -> None:
    report = gate_of(monthly([30, 30], longitude=[INSIDE] * 40 + [np.nan] * 20)).report
    assert {finding.check for finding in blocking(report)} == {"coordinates", "short history"}
    assert [finding.check for finding in blocking(report, "a reason")] == ["short history"]


def test_the_reasons_are_those_of_the_worst_findings() -> None:
    assert gate_of(monthly([4] * 12, longitude=np.linspace(-2.15, -2.11, 48))).report.reasons == ()
    amber = gate_of(monthly([4] * 11, longitude=np.linspace(-2.15, -2.11, 44))).report
    assert (amber.grade, amber.reasons) == ("B", (found_in(amber, "short history").message,))


def test_what_was_found_while_reading_goes_with_the_report(street_csv: Write) -> None:
    intake = read([street_csv([street_line(), street_line(longitude="0", latitude="0")])])
    report = screen(intake, TOWN).report
    assert report.reading_notes == intake.notes
    assert any("at (0, 0): 1" in note for note in report.reading_notes)


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


def shared_between_files(n: int, **columns: object) -> pd.DataFrame:
    """A file of ten records with a clock time, and another that holds the first `n` of them again and five more."""
    start = pd.date_range("2024-01-15 00:07", periods=15, freq="61min", tz="Europe/London").as_unit("us")
    rows = [*range(10), *range(n), *range(10, 15)]
    times = pd.Series(start[rows])
    source = ["a.csv"] * 10 + ["b.csv"] * (n + 5)
    given = {"location": "1 High Street", "time_precision": "minute", "source": source} | columns
    return records(len(rows), occurred_from=times, occurred_to=times, **given)


def test_files_that_overlap_are_counted_and_said() -> None:
    gate = gate_of(shared_between_files(4))
    overlap = found(gate, "overlapping files")
    assert (overlap.severity, overlap.n, gate.report.n_used) == ("amber", 4, 19)
    assert overlap.message.startswith("Files overlap (a.csv, b.csv): 4 records with a time and a place (21.1%) ")
    assert not [finding for finding in gate.report.findings if finding.check == "identical rows"]


@pytest.mark.parametrize("columns", [{"source": "a.csv"}, {"time_precision": "day"}, {"location": ""}])
def test_rows_of_one_file_without_a_clock_or_without_a_place_are_no_overlap(columns: dict[str, object]) -> None:
    gate = gate_of(shared_between_files(4, **columns))
    assert "overlapping files" not in {finding.check for finding in gate.report.findings}
    assert found(gate, "identical rows").n == 4


def test_two_copies_in_each_file_are_two_overlaps_and_two_repeats() -> None:
    table = shared_between_files(0)
    twice = table.iloc[[0, 0, 0, 0]].assign(source=["a.csv", "a.csv", "b.csv", "b.csv"])
    table = pd.concat([twice, table.iloc[1:]], ignore_index=True).rename_axis("incident_id")
    gate = gate_of(table)
    assert (found(gate, "overlapping files").n, found(gate, "identical rows").n) == (2, 1)


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


def test_times_that_mean_not_known_reach_the_report() -> None:
    start = pd.date_range("2024-01-15 00:07", periods=80, freq="61min", tz="Europe/London").as_unit("us").to_series()
    midnight = pd.Timestamp("2024-01-16", tz="Europe/London")
    times = pd.Series([midnight] * 20 + start.tolist())
    report = gate_of(records(100, occurred_from=times, occurred_to=times)).report
    assert any(finding.rule == "R3.13" and finding.severity == "amber" for finding in report.findings)


def test_officers_own_records_leave_last_where_only_the_public_counts() -> None:
    table = records(10, origin=["officer"] * 3 + ["public"] * 6 + ["unknown"])
    with_them, without = gate_of(table).report, gate_of(table, with_officers=False).report
    assert with_them.n_used == 10
    assert without.n_used == 7
    assert without.dropped["made by officers"] == 3
    assert without.n_read == without.n_used + sum(without.dropped.values())
    assert any(finding.check == "officer-generated" and finding.n == 3 for finding in without.findings)
    assert "made by officers" in refusal(records(3, origin="officer"), with_officers=False)


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


def test_wolverhampton_uses_479_of_1308_snap_points_and_a_tenth_of_them_holds_28_percent(shared: Path) -> None:
    path = shared / "data/police_uk/wolverhampton_2014-01_2014-02.csv"
    rows = pd.read_csv(path)
    assert len(rows[["Longitude", "Latitude"]].drop_duplicates()) == 1308
    per_point = rows.loc[rows["Crime type"] == "Anti-social behaviour"].groupby(["Longitude", "Latitude"]).size()
    busiest = per_point.sort_values(ascending=False).head(48).sum() / per_point.sum()
    gate = gate_of_file(path, shared / "data/boundaries/wolverhampton_lad19_E08000031.geojson")
    assert gate.report.distinct_points == len(per_point) == 479
    assert busiest == pytest.approx(0.28, abs=0.005)
    assert "the busiest 10% of the points hold 28% of them" in found(gate, "distinct points").message


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
