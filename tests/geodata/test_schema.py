from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geodata.errors import DataError
from geodata.schema import CAMERAS, COUNTS, INCIDENTS, RECORDS, check, empty_records


def some_records() -> pd.DataFrame:
    start = pd.to_datetime(["2024-01-15 21:30", "2024-02-01 00:00"]).tz_localize("Europe/London")
    frame = empty_records().reindex([0, 1])
    return frame.assign(
        longitude=[-2.1, np.nan], latitude=[52.5, np.nan], category="drugs",
        month=pd.to_datetime(["2024-01-01", "2024-02-01"]), occurred_from=start, occurred_to=start,
        time_precision="minute", location_precision="street", origin="unknown",
        location="", place_id="", crime_id="", qualifier="", source="a.csv",
    )  # fmt: skip


def test_records_may_lack_coordinates_and_incidents_may_not() -> None:
    table = some_records()
    check(table, RECORDS)
    with pytest.raises(DataError, match=r"latitude: must not be empty \(1 rows"):
        check(table.assign(inside=True), INCIDENTS)


def test_an_empty_table_keeps_the_contract() -> None:
    check(empty_records(), RECORDS)


def test_every_broken_rule_is_in_one_message() -> None:
    table = some_records().assign(time_precision="second", longitude=[200.0, 1.0], month=pd.Timestamp("2024-01-02"))
    with pytest.raises(DataError) as caught:
        check(table, RECORDS)
    message = str(caught.value)
    assert message.startswith("RECORDS table:")
    for part in ("longitude", "time_precision", "month", "first day of a month"):
        assert part in message


def test_times_without_a_zone_are_refused() -> None:
    table = some_records()
    table["occurred_from"] = table["occurred_from"].dt.tz_localize(None)
    with pytest.raises(DataError, match="must carry a time zone"):
        check(table, RECORDS)


def test_a_month_in_the_middle_of_a_day_is_refused() -> None:
    table = some_records().assign(month=pd.Timestamp("2024-01-01 12:00"))
    with pytest.raises(DataError, match="first day of a month"):
        check(table, RECORDS)


def test_a_repeated_identity_is_refused() -> None:
    table = some_records()
    table.index = pd.Index([7, 7], name="incident_id")
    with pytest.raises(DataError, match="incident_id: must not repeat"):
        check(table, RECORDS)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(DataError, match=r"is missing .*qualifier"):
        check(some_records().drop(columns="qualifier"), RECORDS)


def test_a_count_of_zero_is_no_row_of_counts() -> None:
    index = pd.MultiIndex.from_tuples([("89195c0f637ffff", pd.Timestamp("2024-01-01"))], names=["cell", "month"])
    check(pd.DataFrame({"n": [1]}, index=index), COUNTS)
    with pytest.raises(DataError, match="COUNTS table: n"):
        check(pd.DataFrame({"n": [0]}, index=index), COUNTS)


def test_a_camera_needs_a_range_above_zero() -> None:
    with pytest.raises(DataError, match="range_m"):
        check(pd.DataFrame({"longitude": [0.0], "latitude": [0.0], "range_m": [0.0]}), CAMERAS)


def test_checking_leaves_the_table_alone() -> None:
    table = some_records()
    before = table.copy(deep=True)
    check(table, RECORDS)
    pd.testing.assert_frame_equal(table, before)
