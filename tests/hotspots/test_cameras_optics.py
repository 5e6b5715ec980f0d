"""Camera ranges: the published table, and the laws of a lens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspots.cameras import effective_range_m, range_table, view_share

WIDTHS = st.floats(320, 8000)
ANGLES = st.floats(1, 170)
PIXELS = st.floats(1, 500)


def test_a_1080p_camera_reaches_what_the_practice_table_says():
    table = range_table(1920, (60.0, 10.0)).round(1)
    assert table[60.0].to_dict() == {"identify": 6.7, "recognise": 13.3, "observe": 26.6, "detect": 66.5}
    assert table[10.0].round().to_dict() == {"identify": 44, "recognise": 88, "observe": 176, "detect": 439}


@given(WIDTHS, ANGLES, PIXELS)
def test_at_its_range_the_view_is_as_wide_as_the_pixels_allow(width, angle, pixels):
    import math

    reach = effective_range_m(width, angle, pixels)
    view_width_m = 2 * reach * math.tan(math.radians(angle / 2))
    assert width / view_width_m == pytest.approx(pixels)


@given(WIDTHS, ANGLES, PIXELS)
def test_twice_the_pixels_reach_twice_as_far(width, angle, pixels):
    assert effective_range_m(2 * width, angle, pixels) == pytest.approx(2 * effective_range_m(width, angle, pixels))


@pytest.mark.parametrize(("width", "angle", "pixels"), [(0, 60, 25), (1920, 180, 25), (1920, 0, 25), (1920, 60, 0)])
def test_what_is_no_camera_is_refused(width, angle, pixels):
    with pytest.raises(ValueError, match="is not a camera"):
        effective_range_m(width, angle, pixels)


def test_a_turning_camera_sees_a_sixth_of_its_circle_at_sixty_degrees():
    assert view_share(60) == pytest.approx(1 / 6)
    assert view_share(360) == 1
