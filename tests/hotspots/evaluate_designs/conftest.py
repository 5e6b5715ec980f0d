"""A made town of forty-two hotspots in which anything can be planted, and the folder a run of it would have left."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geodata import cells as h3cells
from hotspots import cli

MONTHS = pd.date_range("2021-01-01", periods=36, freq="MS")
START = pd.Timestamp("2023-01-01")
SITES = [(float(lon), float(lat)) for lat in np.linspace(52.555, 52.605, 6) for lon in np.linspace(-2.172, -2.088, 7)]


@dataclass(frozen=True, slots=True)
class Town:
    """Names, cells and polygons of the hotspots, busiest first."""

    names: tuple[str, ...]
    cells: tuple[str, ...]
    polygons: tuple

    def reports(self, left, *, seed=1, per_month=8.0, late=0.0):
        """Return a force's extract; ``left`` (places x months) is the share of reports a place keeps in a month.

        ``late`` reports a month are added in the treated hours of the night at every place with something left out.
        """
        rng = np.random.default_rng(seed)
        level = per_month * np.linspace(1.6, 0.8, len(self.cells))[:, None] * rng.gamma(20, 1 / 20, left.shape)
        season = 1 + 0.25 * np.sin(np.arange(len(MONTHS)) / 12 * 2 * np.pi)
        counts = rng.poisson(level * season * left)
        centres = h3cells.centres(self.cells)
        place, month = np.nonzero(counts)
        place, month = (np.repeat(axis, counts[place, month]) for axis in (place, month))
        day, hour = rng.integers(0, 28, len(place)), rng.integers(14, 24, len(place))
        extra = np.nonzero(left < 1) if late else (np.array([], int), np.array([], int))
        n_extra = rng.poisson(late, len(extra[0]))
        place, month = (
            np.concatenate([one, np.repeat(two, n_extra)]) for one, two in zip((place, month), extra, strict=True)
        )
        day = np.concatenate([day, rng.integers(0, 28, n_extra.sum())])
        hour = np.concatenate([hour, np.full(n_extra.sum(), 23)])
        # A tenth of each place's reports lies next door, where nothing is planted.
        near_place, near_month = (axis.ravel() for axis in np.indices(left.shape))
        n_near = rng.poisson(1.0, len(near_place))
        near = np.array([sorted(h3cells.ring_around([cell], 1))[0] for cell in self.cells])
        centres = np.vstack([centres, h3cells.centres(near)])
        place = np.concatenate([place, len(self.cells) + np.repeat(near_place, n_near)])
        month = np.concatenate([month, np.repeat(near_month, n_near)])
        day = np.concatenate([day, rng.integers(0, 28, n_near.sum())])
        hour = np.concatenate([hour, rng.integers(14, 24, n_near.sum())])
        when = MONTHS[month] + pd.to_timedelta(day, "D") + pd.to_timedelta(hour, "h")
        return pd.DataFrame(
            {
                "Occurred": when.strftime("%Y-%m-%d %H:%M"),
                "Longitude": centres[place, 0].round(6),
                "Latitude": centres[place, 1].round(6),
                "Category": "Anti-social behaviour",
                "Origin": "public",
            }
        )


def new(folder, *more):
    """Return the command that writes a design for the list in a folder, with more options behind it."""
    return ("design", "new", folder / "run", "--name", "Op Example", "--incidents", folder / "incidents.csv",
            "--area", folder / "area.geojson", "--out", folder / "design", *more)  # fmt: skip


@pytest.fixture(scope="session")
def town():
    cells = tuple(h3cells.assign([lon], [lat], 10)[0] for lon, lat in SITES)
    names = tuple(f"Street {number}" for number in range(1, len(SITES) + 1))
    return Town(names, cells, tuple(h3cells.polygons(list(cells))))


@pytest.fixture
def folder(tmp_path, town):
    """Area and the ranked list, as `hotspots run` leaves them."""
    area = shapely.box(-2.18, 52.55, -2.08, 52.61)
    gpd.GeoDataFrame({"name": ["Little Town"]}, geometry=[area], crs=4326).to_file(tmp_path / "area.geojson")
    listed = gpd.GeoDataFrame(
        {
            "hotspot_id": [f"H{number:02d}" for number in range(1, 43)],
            "rank": range(1, 43),
            "name": town.names,
            "score": np.linspace(2, 1, 42),
        },
        geometry=list(town.polygons),
        crs=4326,
    )
    (tmp_path / "run").mkdir()
    listed.to_file(tmp_path / "run" / "hotspots.gpkg", layer="hotspots")
    (tmp_path / "incidents.csv").write_text("placeholder\n")
    return tmp_path


@pytest.fixture(autouse=True)
def before_the_start(monkeypatch):
    """Designs are frozen before the made pilot starts."""
    commands = importlib.import_module("hotspots.cli.design")  # the package has a Typer of that name
    monkeypatch.setattr(commands, "_today", lambda: "2022-12-15")


@pytest.fixture
def hotspots(monkeypatch, capsys):
    """Call the command line as a user does; return the exit code and what it printed, on stdout and stderr."""

    def call(*arguments):
        monkeypatch.setattr("sys.argv", ["hotspots", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "300")
        try:
            cli.main()
            code = 0
        except SystemExit as ended:
            code = ended.code
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


@pytest.fixture
def refused(hotspots):
    """Call the command line and return the one sentence it refuses with."""

    def call(*arguments):
        code, out, err = hotspots(*arguments)
        said = err.strip()
        assert code == 1, (code, out, err)
        assert said.startswith("hotspots: ")
        assert "\n" not in said
        assert "Traceback" not in said
        return said

    return call
