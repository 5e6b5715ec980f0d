from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.area import british_grid_to_wgs84
from geodata.coordinates import detect, grid_references, is_swapped, numbers, rounding

QUEEN_SQUARE = (-2.1288, 52.5862)
QUEEN_SQUARE_M = (391370.6, 298718.3)


def one(text: str, *, is_degrees: bool) -> float | None:
    [value] = numbers(pl.Series("x", [text]), is_degrees=is_degrees).to_list()
    return None if value is None else float(value)


# ---- what is written


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("391370.6", 391370.6), (" 391370 ", 391370), ("391,370.6", 391370.6), ("391,370", 391370),
        ("391 370.6", 391370.6), ("391\u00a0370", 391370), ("391'370", 391370), ("391370,6", 391370.6),
        ("391.370,6", 391370.6), ("391370.6 m", 391370.6), ("1,298,718", 1298718), ("3.913706e5", 391370.6),
    ],
)  # fmt: skip
def test_metres_are_read_however_they_are_grouped(text: str, value: float) -> None:
    assert one(text, is_degrees=False) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-2.1288", -2.1288), ("−2.1288", -2.1288), ("–2.1288", -2.1288), ("-2,1288", -2.1288), ("52,586", 52.586),
        ("52.5862°", 52.5862), ("52.5862N", 52.5862), ("2.1288° W", -2.1288), ("W2.1288", -2.1288), ("0", 0),
        ("391,370", 391370),
    ],
)  # fmt: skip
def test_degrees_are_read_with_commas_dashes_and_hemispheres(text: str, value: float) -> None:
    assert one(text, is_degrees=True) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "unknown", "n/a", "nan", "inf", "1,2,3", "52°35'10.3\"N", "--2", "#N/A", "5-3"])
def test_what_is_no_number_is_no_number(text: str) -> None:
    assert one(text, is_degrees=True) is None
    assert one(text, is_degrees=False) is None


@given(st.lists(st.floats(-700_000, 1_300_000).map(lambda x: round(x, 2)), min_size=1, max_size=20))
def test_numbers_survive_grouping_by_thousands(values: list[float]) -> None:
    written = pl.Series("x", [f"{value:,.2f}" for value in values])
    assert numbers(written, is_degrees=False).to_list() == pytest.approx(values)


@given(st.floats(-180, 180).map(lambda x: round(x, 4)))
def test_degrees_survive_a_decimal_comma(value: float) -> None:
    assert one(f"{value:.4f}".replace(".", ","), is_degrees=True) == pytest.approx(value)


@given(st.lists(st.text(max_size=12), max_size=20), st.booleans())
def test_any_text_is_a_finite_number_or_nothing(texts: list[str], is_degrees: bool) -> None:
    read = numbers(pl.Series("x", texts, dtype=pl.String), is_degrees=is_degrees)
    assert len(read) == len(texts)
    assert read.drop_nulls().is_finite().all()


# ---- grid references


def reference(text: str) -> tuple[float | None, float | None, float | None, bool]:
    row: tuple[float | None, float | None, float | None, bool] = grid_references(pl.Series([text])).row(0)  # type: ignore[assignment]
    return row


@pytest.mark.parametrize(
    ("text", "easting", "northing", "square"),
    [
        ("SO 914 987", 391450, 298750, 100),
        ("SO914987", 391450, 298750, 100),
        ("so 9137 9871", 391375, 298715, 10),
        ("SO 91370 98718", 391370.5, 298718.5, 1),
        ("SO 91 98", 391500, 298500, 1000),
        ("SO98", 395000, 285000, 10_000),
        ("391370 298718", 391370, 298718, 1),
        ("391370,298718", 391370, 298718, 1),
        ("TQ 30 80", 530500, 180500, 1000),  # Trafalgar Square
        ("NN 166 712", 216650, 771250, 100),  # Ben Nevis, published as NN 166 712
        ("SV 9 1", 95000, 15000, 10_000),  # the Isles of Scilly
        ("HU 47 41", 447500, 1141500, 1000),  # Lerwick
    ],
)
def test_a_grid_reference_is_the_centre_of_its_square(
    text: str, easting: float, northing: float, square: float
) -> None:
    assert reference(text) == (easting, northing, square, False)


@pytest.mark.parametrize("text", ["", "SO", "SO 9", "SO 914 98", "SO 914 987 1", "AA 914 987", "high street", "S0 914"])
def test_what_is_no_grid_reference_is_none(text: str) -> None:
    assert reference(text)[:3] == (None, None, None)


@pytest.mark.parametrize("text", ["J 338 740", "O 15904 34671", "IJ338740"])
def test_irish_references_are_known_and_not_read(text: str) -> None:
    assert reference(text) == (None, None, None, True)


@given(st.integers(1, 699_999), st.integers(1, 1_299_999), st.integers(1, 5))
def test_a_place_lies_in_the_square_of_its_reference(easting: int, northing: int, digits: int) -> None:
    # the letters by the published arithmetic, written independently of the table under test
    e100, n100 = easting // 100_000, northing // 100_000
    first = (19 - n100) - (19 - n100) % 5 + (e100 + 10) // 5
    second = (19 - n100) * 5 % 25 + e100 % 5
    letters = "".join(chr(65 + (i + 1 if i > 7 else i)) for i in (first, second))
    figures = [f"{value % 100_000:05d}"[:digits] for value in (easting, northing)]
    east, north, square, _ = reference(f"{letters} {figures[0]} {figures[1]}")
    assert east is not None
    assert north is not None
    assert square == 10 ** (5 - digits)
    assert abs(east - easting) <= square / 2
    assert abs(north - northing) <= square / 2


# ---- which system


@pytest.mark.parametrize(
    ("x", "y", "system"),
    [
        (*QUEEN_SQUARE, "degrees"),
        (QUEEN_SQUARE[1], QUEEN_SQUARE[0], "swapped degrees"),
        (*QUEEN_SQUARE_M, "grid metres"),
        (-87.63, 41.88, "degrees"),
        (41.88, -122.4, "swapped degrees"),
        (733_800, 874_000, "Irish metres"),  # Belfast
        (715_830, 734_697, "Irish metres"),  # Dublin
        (567_000, 572_000, "Irish metres"),  # Cork
        (440_000, 557_000, "grid metres"),  # Sunderland
        (447_500, 1_141_500, "grid metres"),  # Lerwick
        (5e6, 5e6, "unknown"),
    ],
)
def test_the_system_of_a_pair_is_told_by_its_range(x: float, y: float, system: str) -> None:
    assert detect([x] * 3 + [np.nan, 0.0], [y] * 3 + [1.0, 0.0]) == system


def test_the_majority_decides_and_nothing_says_nothing() -> None:
    assert detect([-2.1] * 6 + [391_370.0] * 4, [52.5] * 6 + [298_718.0] * 4) == "degrees"
    assert detect([-2.1, 391_370.0], [52.5, 298_718.0]) == "unknown"
    assert detect([], []) == "unknown"


@given(st.floats(-8.6, 1.7), st.floats(49.9, 60.8))
def test_british_degrees_are_known_in_either_order(longitude: float, latitude: float) -> None:
    assert not is_swapped([longitude], [latitude])[0]
    assert is_swapped([latitude], [longitude])[0]


# ---- how finely


def points(n: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.uniform(386_000, 396_000, n), rng.uniform(294_000, 304_000, n)


def rounding_of(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, tuple[tuple[str, int], ...]]:
    found = rounding(*british_grid_to_wgs84(x, y), x, y)
    return found.radius_m, found.steps


@pytest.mark.parametrize("seed", range(5))
def test_exact_points_are_not_rounded(seed: int) -> None:
    x, y = points(seed=seed)
    for given_x, given_y in ((x, y), (np.round(x), np.round(y))):
        radius, steps = rounding_of(given_x, given_y)
        assert steps == ()
        assert not radius.any()


@pytest.mark.parametrize(("step", "radius_m"), [(1000, 707.1), (100, 70.71), (10, 7.071)])
@pytest.mark.parametrize("at", [0.0, 0.5])
def test_points_on_a_grid_stand_for_a_square_of_it(step: int, radius_m: float, at: float) -> None:
    x, y = points()
    radius, steps = rounding_of(step * (np.floor(x / step) + at), step * (np.floor(y / step) + at))
    assert [name for name, _ in steps] == [f"{step:,} m"]
    assert radius == pytest.approx(np.full(400, radius_m), rel=1e-3)


def test_a_grid_seen_through_another_transform_is_still_a_grid() -> None:
    x, y = points()
    assert rounding_of(100 * np.round(x / 100) + 2.5, 100 * np.round(y / 100) - 2.1)[1] == (("100 m", 400),)


def test_only_the_rounded_part_of_a_file_is_rounded() -> None:
    x, y = points()
    x[:100], y[:100] = 100 * np.round(x[:100] / 100), 100 * np.round(y[:100] / 100)
    radius, [(name, n)] = rounding_of(x, y)
    assert name == "100 m"
    assert radius[:100].all()
    assert 100 <= n <= 112  # chance puts some 1.3% of the others on it
    assert (radius[100:] > 0).sum() == n - 100


@pytest.mark.parametrize(("decimals", "radius_m"), [(2, 650.6), (3, 65.06), (4, 6.506)])
def test_degrees_of_few_decimals_stand_for_a_rectangle(decimals: int, radius_m: float) -> None:
    longitude, latitude = british_grid_to_wgs84(*points())
    lon, lat = np.round(longitude, decimals), np.round(latitude, decimals)
    found = rounding(lon, lat, *points(seed=9))
    assert [name for name, _ in found.steps] == [f"{decimals} decimals of a degree"]
    assert found.radius_m == pytest.approx(np.full(400, radius_m), rel=0.01)  # 111.195 m x 67.6 m at 52.6 degrees north
