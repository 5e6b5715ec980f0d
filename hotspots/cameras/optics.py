"""How far a camera sees well enough for a purpose: from optics, not from a round number (R5.9)."""

from __future__ import annotations

import math

import pandas as pd

PIXELS_PER_METRE = {"identify": 250.0, "recognise": 125.0, "observe": 62.5, "detect": 25.0}
"""Pixels across one metre of scene that each purpose needs (BS EN 62676-4, as quoted in R5.9)."""


def effective_range_m(image_width_px: float, hfov_deg: float, px_per_m: float) -> float:
    """Return the distance in metres at which a scene still has `px_per_m` pixels a metre.

    ``range = width / (px_per_m * 2 * tan(hfov / 2))``: the width of the view grows with distance while the pixels
    stay the same (R5.9). Assumes a flat scene in front of the lens, good light and no compression loss.

    Parameters
    ----------
    image_width_px : float
        Pixels across the picture, e.g. 1920 for 1080p.
    hfov_deg : float
        Horizontal field of view in degrees, between 0 and 180.
    px_per_m : float
        Pixels a metre needed for the purpose.

    Raises
    ------
    ValueError
        If a value is not above 0, or the field of view reaches 180 degrees.

    Examples
    --------
    >>> round(effective_range_m(1920, 60, 25), 1)
    66.5
    """
    if not (image_width_px > 0 and px_per_m > 0 and 0 < hfov_deg < 180):
        raise ValueError(
            f"a picture {image_width_px} px wide, {hfov_deg} degrees and {px_per_m} px per metre is not a camera; "
            "widths must be above 0 and the field of view between 0 and 180 degrees"
        )
    return image_width_px / (px_per_m * 2 * math.tan(math.radians(hfov_deg) / 2))


def range_table(image_width_px: float = 1920, hfov_deg: tuple[float, ...] = (60.0, 10.0)) -> pd.DataFrame:
    """Return the effective range in metres per purpose (rows) and field of view in degrees (columns)."""
    return pd.DataFrame(
        {
            angle: {
                purpose: effective_range_m(image_width_px, angle, pixels)
                for purpose, pixels in PIXELS_PER_METRE.items()
            }
            for angle in hfov_deg
        }
    ).rename_axis(index="purpose", columns="hfov_deg")


def view_share(hfov_deg: float) -> float:
    """Return the share of the circle around a camera that it sees at any one moment (R5.10).

    A pan-tilt-zoom camera can look anywhere and looks one way at a time: 60 degrees is a sixth of its circle.
    """
    return min(hfov_deg, 360.0) / 360.0
