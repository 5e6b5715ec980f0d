from __future__ import annotations

import io

import geopandas as gpd
import h3
import pyogrio
import pytest

from hotspots.report import cells_parquet, hotspots_gpkg

LAYERS = {"hotspots", "cells", "repeat_locations", "patrols", "cameras"}


@pytest.fixture
def package(run, tmp_path):
    path = tmp_path / "hotspots.gpkg"
    path.write_bytes(hotspots_gpkg(run))
    return path


def test_the_geopackage_has_the_promised_layers_in_degrees(package, run):
    assert set(pyogrio.list_layers(package)[:, 0]) == LAYERS
    frame = gpd.read_file(package, layer="hotspots")
    assert frame.crs == "EPSG:4326"
    assert {"rank", "name", "n", "expected", "cells", "hotspot_id"} <= set(frame.columns)
    assert frame["rank"].tolist() == list(range(1, 11))
    assert frame.geometry.union_all().equals_exact(run.hotspots.geometry.union_all(), 1e-9)


def test_every_report_is_in_a_cell_of_the_geopackage(package, run):
    assert gpd.read_file(package, layer="cells")["n"].sum() == run.cells["n"].sum()


def test_a_layer_without_rows_is_there_with_its_columns(refused_run, tmp_path):
    path = tmp_path / "empty.gpkg"
    path.write_bytes(hotspots_gpkg(refused_run))
    assert set(pyogrio.list_layers(path)[:, 0]) == LAYERS
    info = pyogrio.read_info(path, layer="hotspots")
    assert info["features"] == 0
    assert info["crs"] == "EPSG:4326"
    assert {"hotspot_id", "rank", "name", "n", "expected", "cells"} <= set(info["fields"])


def test_same_run_gives_the_same_geopackage(run):
    assert hotspots_gpkg(run) == hotspots_gpkg(run)


def test_hostile_names_come_back_from_the_geopackage_letter_by_letter(hostile_run, tmp_path):
    path = tmp_path / "hostile.gpkg"
    path.write_bytes(hotspots_gpkg(hostile_run))
    assert gpd.read_file(path, layer="hotspots")["name"].tolist() == hostile_run.hotspots["name"].tolist()


def test_cells_come_back_from_geoparquet_with_h3_text_as_index(run):
    frame = gpd.read_parquet(io.BytesIO(cells_parquet(run)))
    assert frame.index.name == "cell"
    assert all(h3.is_valid_cell(cell) for cell in frame.index[:20])
    assert frame.crs.equals("EPSG:4326")
    assert frame["n"].sum() == run.cells["n"].sum()
    assert len(frame) == len(run.cells)


def test_the_run_is_left_as_it_was(run):
    before = run.cells.copy(), run.hotspots.copy()
    cells_parquet(run)
    hotspots_gpkg(run)
    assert run.cells.equals(before[0])
    assert run.hotspots.equals(before[1])
    assert run.cells.index.name == "cell"
