from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from pyproj import Transformer

from geodata.errors import SourceError
from geodata.sources import describe_matching, read
from geodata.sources.places import degrees

Write = Callable[..., Path]
QUEEN_SQUARE = (-2.1288, 52.5862)


def located(**columns: list[str]) -> tuple[pl.DataFrame, tuple[str, ...]]:
    return degrees(pl.DataFrame(columns), "log.csv")


def first(**columns: list[str]) -> tuple[float, float]:
    row = located(**columns)[0].row(0)
    return row[0], row[1]


@pytest.mark.parametrize(
    "columns",
    [
        {"longitude": ["-2.1288"], "latitude": ["52.5862"]},
        {"longitude": ["-2,1288"], "latitude": ["52,5862"]},
        {"longitude": ["2.1288° W"], "latitude": ["52.5862° N"]},
        {"easting": ["391370.6"], "northing": ["298718.3"]},
        {"easting": ["391,370.6"], "northing": ["298,718.3"]},
        {"easting": ["391 370,6"], "northing": ["298 718,3"]},
        {"x": ["391370.6"], "y": ["298718.3"]},
        {"x": ["-2.1288"], "y": ["52.5862"]},
        {"grid_reference": ["SO 91370 98718"]},
        {"grid_reference": ["391370 298718"]},
        {"longitude": [""], "latitude": [""], "grid_reference": ["SO9137098718"]},
    ],
)
def test_the_test_point_is_found_however_it_is_written(columns: dict[str, list[str]]) -> None:
    longitude, latitude = first(**columns)
    x, y = Transformer.from_crs(4326, 27700, always_xy=True).transform(longitude, latitude)
    assert np.hypot(x - 391370.6, y - 298718.3) < 5


def test_osgb36_degrees_are_moved_by_104_metres_when_their_column_says_so(extract_csv: Write) -> None:
    old = Transformer.from_crs(27700, 4277, always_xy=True).transform(391370.6, 298718.3)
    line = f"05/08/2023,ASB,{old[0]:.8f},{old[1]:.8f}"
    right = read([extract_csv([line], "date,category,osgb_lon,osgb_lat")])
    wrong = read([extract_csv([line], "date,category,lon,lat")])
    mapped = read(
        [extract_csv([line], "date,category,lon,lat")], mapping={"osgb36_longitude": "lon", "osgb36_latitude": "lat"}
    )
    to_grid = Transformer.from_crs(4326, 27700, always_xy=True)
    at = [to_grid.transform(i.records["longitude"][0], i.records["latitude"][0]) for i in (right, wrong, mapped)]
    assert np.hypot(at[0][0] - 391370.6, at[0][1] - 298718.3) < 0.05
    assert np.hypot(at[1][0] - 391370.6, at[1][1] - 298718.3) == pytest.approx(104, abs=3)  # R3.11
    assert at[2] == at[0]
    assert any("OSGB36 datum were converted to WGS84 in 1 rows" in note for note in right.notes)


def test_a_grid_reference_says_how_far_off_it_may_be() -> None:
    places, _ = located(grid_reference=["SO 914 987", "SO 9137 9871", "", "SO 91 98"])
    assert places["stated_radius_m"].to_list() == [
        pytest.approx(70.71, abs=0.01), pytest.approx(7.071, abs=0.001), None, pytest.approx(707.1, abs=0.1),
    ]  # fmt: skip
    assert places["longitude"].is_null().to_list() == [False, False, True, False]


def test_a_file_of_grid_references_is_read_and_its_precision_kept(extract_csv: Write) -> None:
    path = extract_csv(["05/08/2023,ASB,SO 914 987", "06/08/2023,ASB,rubbish"], "date,category,Grid Ref")
    intake = read([path])
    assert intake.records["longitude"].isna().tolist() == [False, True]
    assert any("grid references that could not be read: 1" in note for note in intake.notes)
    assert intake.records["stated_radius_m"].tolist()[0] == pytest.approx(70.7, abs=0.1)


def test_the_beat_is_kept(extract_csv: Write) -> None:
    intake = read([extract_csv(["05/08/2023,ASB,-2.1,52.5,WV1"], "date,category,lon,lat,Beat Code")])
    assert intake.records["beat"].tolist() == ["WV1"]
    assert intake.matched["beat"] == "Beat Code"


@pytest.mark.parametrize("column", ["NPU", "Neighbourhood Policing Team", "Electoral Ward", "WD23NM", "ward_cd"])
def test_wards_and_neighbourhoods_are_beats(extract_csv: Write, column: str) -> None:
    intake = read([extract_csv(["05/08/2023,ASB,,,Park"], f"date,category,lon,lat,{column}")])
    assert intake.records["beat"].tolist() == ["Park"]


def test_lsoa_codes_are_kept_and_names_are_not(extract_csv: Write) -> None:
    lines = ["05/08/2023,ASB,,,e01010521 ", "05/08/2023,ASB,-2.1,52.5,", "05/08/2023,ASB,-2.1,52.5,Wolverhampton 001A"]
    intake = read([extract_csv(lines, "date,category,lon,lat,LSOA21CD")])
    assert intake.records["lsoa_code"].tolist() == ["E01010521", "", ""]
    named = read([extract_csv(lines[1:], "date,category,lon,lat,LSOA")])
    assert "lsoa_code" not in named.records
    assert any("LSOA was not used: it holds no LSOA codes" in note for note in named.notes)


def test_single_rows_the_wrong_way_round_are_put_right_and_said() -> None:
    places, notes = located(longitude=["-2.1288"] * 3 + ["52.5862"], latitude=["52.5862"] * 3 + ["-2.1288"])
    assert places["longitude"].to_list() == [-2.1288] * 4
    assert notes == ("log.csv: rows with longitude and latitude exchanged, which were put right: 1.",)


def test_a_file_the_wrong_way_round_is_left_for_the_gate_to_refuse() -> None:
    places, notes = located(longitude=["52.5862"] * 3, latitude=["-2.1288"] * 3)
    assert places["longitude"].to_list() == [52.5862] * 3
    assert notes == ()


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"easting": ["733800"], "northing": ["874000"]}, "metres are Irish .* in 1 of 1 .*export longitude"),
        ({"x": ["715830"], "y": ["734697"]}, "metres are Irish"),
        ({"grid_reference": ["J 338 740"]}, r"references are Irish in 1 of 1 rows \(first 'J 338 740'\)"),
        ({"easting": ["-2.1"], "northing": ["52.5"]}, "hold degrees in 1 of 1"),
        ({"longitude": ["391370"], "latitude": ["298718"]}, "British National Grid metres in 1 of 1"),
    ],
)
def test_another_system_than_the_columns_say_is_refused_in_words(columns: dict[str, list[str]], message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        located(**columns)
    assert "\n" not in str(caught.value)


def test_positions_nobody_can_mean_are_counted() -> None:
    places, notes = located(
        easting=["0", "391370", "800000", "n/k", ""], northing=["0", "298718", "298718", "298718", ""]
    )
    assert places["longitude"].is_not_null().to_list() == [False, True, False, False, False]
    assert notes == (
        "log.csv: values of easting that are no numbers: 1 (first 'n/k'); those rows count as not located.",
        "log.csv: positions outside the British National Grid or at (0, 0): 2; those rows count as not located.",
    )


def test_x_and_y_count_only_where_nothing_else_says_where(extract_csv: Write) -> None:
    path = extract_csv(["05/08/2023,ASB,-2.1,52.5,100,200"], "date,category,lon,lat,x,y")
    assert read([path]).records["longitude"].tolist() == [-2.1]


GRID = (388_000.0 + 700.0 * np.arange(10), 296_500.0 + 450.0 * np.arange(10))
LIZARD_AND_UNST = (np.array([170_000.0, 462_000.0, 650_000.0]), np.array([12_000.0, 1_210_000.0, 310_000.0]))


def both_pairs(grid: tuple[np.ndarray, np.ndarray], datum: int, decimals: int = 6) -> dict[str, list[str]]:
    """Return grid metres and, beside them, degrees that pyproj made of them on a datum."""
    longitude, latitude = Transformer.from_crs(27700, datum, always_xy=True).transform(*grid)
    degrees = {"longitude": longitude, "latitude": latitude}
    written = {name: [f"{value:.{decimals}f}" for value in values] for name, values in degrees.items()}
    return written | {"easting": [f"{x:.0f}" for x in grid[0]], "northing": [f"{y:.0f}" for y in grid[1]]}


def off_the_grid(places: pl.DataFrame, grid: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    x, y = Transformer.from_crs(4326, 27700, always_xy=True).transform(places["longitude"], places["latitude"])
    return np.hypot(np.asarray(x) - grid[0], np.asarray(y) - grid[1])


@pytest.mark.parametrize(("grid", "decimals", "within"), [(GRID, 6, 0.2), (GRID, 3, 70), (LIZARD_AND_UNST, 6, 0.2)])
def test_degrees_that_the_grid_beside_them_proves_to_be_osgb36_are_converted(
    grid: tuple[np.ndarray, np.ndarray], decimals: int, within: float
) -> None:
    columns = both_pairs(grid, 4277, decimals)
    places, notes = located(**columns)
    assert off_the_grid(places, grid).max() < within
    assert len(notes) == 1
    assert f"they were converted to WGS84 in {len(grid[0])} rows" in notes[0]


def test_the_gap_of_the_datum_is_said_in_metres_and_degrees_without_grid_are_converted_with_the_rest() -> None:
    columns = both_pairs(GRID, 4277)
    columns["easting"][0] = ""
    places, notes = located(**columns)
    assert "lie a median of 104 m apart, as degrees on the OSGB36 datum do" in notes[0]  # R3.11
    assert off_the_grid(places, GRID).max() < 0.2


@pytest.mark.parametrize("decimals", [6, 4, 3])
def test_two_positions_that_agree_raise_no_alarm(decimals: int) -> None:
    columns = both_pairs(GRID, 4326, decimals)
    places, notes = located(**columns)
    assert notes == ()
    assert [f"{value:.{decimals}f}" for value in places["longitude"]] == columns["longitude"]


def test_a_coarse_grid_reference_agrees_within_its_square() -> None:
    longitude, latitude = Transformer.from_crs(27700, 4326, always_xy=True).transform(*GRID)
    squares = [f"SO {int(x - 300_000) // 1000:02d} {int(y - 200_000) // 1000:02d}" for x, y in zip(*GRID, strict=True)]
    squares = [s for s, y in zip(squares, GRID[1], strict=True) if y < 300_000]
    n = len(squares)
    columns = {"longitude": [f"{x:.6f}" for x in longitude[:n]], "latitude": [f"{y:.6f}" for y in latitude[:n]]}
    assert located(**columns, grid_reference=squares)[1] == ()


def test_positions_that_contradict_each_other_are_counted_and_degrees_are_used() -> None:
    columns = both_pairs(GRID, 4326)
    columns["easting"][:4] = ["390000"] * 4
    columns["northing"][:4] = ["290000"] * 4
    places, notes = located(**columns)
    assert off_the_grid(places, GRID).max() < 0.2
    assert notes[0].endswith(
        "more than 100 m in 4 of 10; the longitude and latitude were used: check which of the two is right."
    )


def test_a_gap_as_long_as_the_datums_in_another_direction_is_no_datum() -> None:
    columns = both_pairs(GRID, 4326)
    columns["easting"] = [f"{x - 104:.0f}" for x in GRID[0]]
    places, notes = located(**columns)
    assert off_the_grid(places, GRID).max() < 0.2
    assert "lie a median of 104 m apart, more than 100 m in 10 of 10" in notes[0]


def test_degrees_alone_are_said_to_be_taken_as_wgs84_and_the_way_out_is_told(extract_csv: Write) -> None:
    def lines(line: str, header: str) -> list[str]:
        said = describe_matching(read([extract_csv([f"05/08/2023,ASB,{line}"], f"date,category,{header}")]))
        return [line for line in said if "degrees are taken as WGS84" in line]

    (said,) = lines("-2.1,52.5", "lon,lat")
    assert "--map osgb36_longitude=Column" in said
    assert not lines("391370,298718", "easting,northing")
    assert not lines("-2.1,52.5", "osgb_lon,osgb_lat")
    assert not lines("-2.1,52.5,391370,298718", "lon,lat,easting,northing")
