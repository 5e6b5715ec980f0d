"""Named places: read from the files of several makers, and refused in one sentence where they cannot be used."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from geodata.area import StudyArea
from geodata.errors import SourceError
from geodata.landmarks import read_places

TOWN = StudyArea(name="Town", boundary=shapely.box(-2.14, 52.58, -2.11, 52.60))

OSM = """<?xml version='1.0' encoding='UTF-8'?>
<osm version="0.6" generator="by hand">
 <node id="1" lat="52.5862" lon="-2.1288"/><node id="2" lat="52.5870" lon="-2.1288"/>
 <node id="3" lat="52.5870" lon="-2.1270"/>
 <node id="4" lat="52.5866" lon="-2.1284"><tag k="name" v="The Old Bell"/><tag k="amenity" v="pub"/></node>
 <node id="5" lat="52.5867" lon="-2.1285"><tag k="name" v="Big Oak"/><tag k="natural" v="tree"/></node>
 <node id="6" lat="52.5868" lon="-2.1286"><tag k="name" v="Town"/><tag k="place" v="town"/></node>
 <node id="7" lat="52.5868" lon="-2.1286"><tag k="amenity" v="bench"/></node>
 <node id="8" lat="52.5869" lon="-2.1287"><tag k="name" v="Central"/><tag k="railway" v="station"/></node>
 <way id="10"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="1"/><tag k="leisure" v="park"/><tag k="name" v="West Park"/></way>
 <way id="11"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="1"/><tag k="landuse" v="retail"/><tag k="name" v="Retail"/></way>
 <way id="12"><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/><tag k="name" v="High Street"/></way>
</osm>
"""  # noqa: E501


def test_an_openstreetmap_extract_gives_points_and_areas_that_people_go_to(tmp_path: Path) -> None:
    (tmp_path / "town.osm").write_text(OSM, encoding="utf-8")
    places = read_places(tmp_path / "town.osm", area=TOWN).set_index("name")
    assert places["kind"].to_dict() == {"The Old Bell": "pub", "Central": "station", "West Park": "park"}
    assert places.geometry["The Old Bell"].equals_exact(shapely.Point(-2.1284, 52.5866), 1e-9)
    assert places.geometry["West Park"].geom_type == "MultiPolygon"  # its edge counts, not its middle


def open_names(path: Path) -> Path:
    """A file as OS Open Names is: everything with a name is a point, on the British grid."""
    kinds = {
        "Wolverhampton": "City", "WV1 1LY": "Postcode", "Pipers Row": "Named Road", "A4150": "Numbered Road",
        "Lichfield Street": "Section Of Named Road", "Springfield": "Suburban Area", "Wolverhampton Station":
        "Railway Station", "St Peter's Collegiate School": "Secondary Education", "West Park": "Public Garden Or Park",
    }  # fmt: skip
    frame = gpd.GeoDataFrame(
        {"name1": list(kinds), "name1_lang": None, "type": "other", "local_type": list(kinds.values())},
        geometry=[shapely.Point(391370 + 5 * i, 298718) for i in range(len(kinds))], crs=27700,
    )  # fmt: skip
    frame.to_file(path, layer="named_place", driver="GPKG")
    return path


def test_os_open_names_gives_no_postcode_no_road_and_no_settlement(tmp_path: Path) -> None:
    places = read_places(open_names(tmp_path / "opname_gb.gpkg"), area=TOWN)
    assert places["name"].tolist() == ["Wolverhampton Station", "St Peter's Collegiate School", "West Park"]
    assert places["kind"].tolist() == ["Railway Station", "Secondary Education", "Public Garden Or Park"]
    assert places.geometry[0].distance(shapely.Point(-2.1288, 52.5862)) < 0.001  # the brief's conversion point


def test_a_table_of_places_is_read_by_the_usual_names_of_columns(tmp_path: Path) -> None:
    table = tmp_path / "places.csv"
    table.write_text(
        "Place,Type,Lat,Lon\nThe Old Bell,pub,52.5866,-2.1284\nSpringfield,suburb,52.59,-2.12\n,pub,52.59,-2.12\n"
    )
    places = read_places(table)
    assert places["name"].tolist() == ["The Old Bell"]
    assert (places.geometry.x[0], places.geometry.y[0]) == (-2.1284, 52.5866)


def test_nameless_places_are_left_out_and_a_file_without_names_is_refused(tmp_path: Path) -> None:
    shapes = [shapely.box(-2.13, 52.58, -2.12, 52.59), shapely.Point(-2.12, 52.585), shapely.Point(-2.12, 52.59)]
    frame = gpd.GeoDataFrame({"name": ["Park\x1b[31m_1", "School", None]}, geometry=shapes, crs=4326)
    frame.to_file(tmp_path / "places.geojson")
    assert read_places(tmp_path / "places.geojson")["name"].tolist() == ["Park[31m 1", "School"]
    frame.assign(name=None).to_file(tmp_path / "nameless.geojson")
    frame.drop(columns="name").assign(code=[1, 2, 3]).to_file(tmp_path / "coded.geojson")
    for name in ("nameless", "coded"):
        with pytest.raises(SourceError, match=f"{name}.geojson holds no place with a name"):
            read_places(tmp_path / f"{name}.geojson", area=TOWN)


def test_streets_given_as_places_are_refused_and_lines_among_places_left_out(tmp_path: Path) -> None:
    line, point = shapely.LineString([(-2.13, 52.59), (-2.12, 52.59)]), shapely.Point(-2.12, 52.59)
    both = gpd.GeoDataFrame({"name": ["High Street", "Station"]}, geometry=[line, point], crs=4326)
    both.to_file(tmp_path / "both.geojson")
    assert read_places(tmp_path / "both.geojson", area=TOWN)["name"].tolist() == ["Station"]
    both.head(1).to_file(tmp_path / "roads.gpkg", layer="road_link")
    with pytest.raises(
        SourceError, match=r"holds no layer of such shapes \(road_link: LineString\); give points or areas"
    ):
        read_places(tmp_path / "roads.gpkg", area=TOWN)


def test_a_zipped_shapefile_with_a_kind_and_a_crossed_outline_is_read(tmp_path: Path) -> None:
    bow = shapely.Polygon([(-2.13, 52.58), (-2.12, 52.59), (-2.12, 52.58), (-2.13, 52.59)])
    frame = gpd.GeoDataFrame({"name": ["West Park"], "fclass": ["park"]}, geometry=[bow], crs=4326)
    frame.to_file(tmp_path / "gis_osm_pois.shp.zip", driver="ESRI Shapefile")
    places = read_places(tmp_path / "gis_osm_pois.shp.zip", area=TOWN)
    assert places.loc[0, ["name", "kind"]].tolist() == ["West Park", "park"]
    assert places.geometry.is_valid.all()


def test_places_of_another_town_are_refused_with_how_many_there_are(tmp_path: Path) -> None:
    far = gpd.GeoDataFrame({"name": ["A", "B"]}, geometry=[shapely.Point(0, 51), shapely.Point(0, 51.1)], crs=4326)
    far.to_file(tmp_path / "far.geojson")
    with pytest.raises(SourceError, match=r"0 of 2 named places of far\.geojson lie in Town or within 1 km"):
        read_places(tmp_path / "far.geojson", area=TOWN)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("absent.gpkg", None, "There is no place file"),
        ("junk.geojson", b"\x00\x01nothing", "could not be read as a place file"),
        ("plain.csv", b"name,notes\nStation,x\n", "the place table has no column longitude, latitude"),
        ("words.csv", b"name,longitude,latitude\nStation,west,52.5\n", "not a number from -180 to 180"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=said):
        read_places(tmp_path / name, area=TOWN)


def test_every_institution_file_of_shapes_is_read_by_its_area_alone(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"name": ["Here", "There"]}, geometry=[shapely.Point(-2.12, 52.59), shapely.Point(-3, 53)], crs=4326
    )
    frame.to_file(tmp_path / "places.geojson")
    assert read_places(tmp_path / "places.geojson", area=TOWN)["name"].tolist() == ["Here"]
