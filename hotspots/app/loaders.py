"""Ways to load data: the sample city, an upload, paths on this machine, or a query on a database."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from geodata.errors import DataError
from hotspots.app import data, reading, state, words
from hotspots.app.data import Dataset

INCIDENT_TYPES = [
    "csv", "tsv", "tab", "txt", "gz", "zip", "xlsx", "xlsm", "xlsb", "xls", "ods", "parquet", "geoparquet", "gpkg",
    "geojson", "json", "fgb", "shp", "shx", "dbf", "prj", "cpg",
]  # fmt: skip
"""Ends of file names that `geodata.read` takes, and the parts of a Shapefile."""

_ATTEMPT, _REFUSED = "asb_database_attempt", "asb_database_refused"
"""How often a database was asked: each time the password field is a new, empty one. And what it said last."""

_AREA = "Area: the boundary as GeoJSON, GeoPackage or Shapefile"
_GRID = "OSTN15 grid (optional): British grid coordinates to 1 m instead of 2 m"
_GRID_TYPES = ["gsb", "tif"]
_CAMERAS = "Existing cameras (optional): CSV with longitude, latitude"
_MAPPING = "Columns not recognised (optional): field = Column, one a line"
_MAPPING_EXAMPLE = "category = Incident Type\neasting = X_27700"
_NAME = "Name of the area (optional; otherwise the file's name)"
_PROFILE = "Profile (optional): how your force's columns are named"
_STREETS = "Streets (optional): street lines with names"


def load_with(read: Callable[[], Dataset]) -> None:
    """Read data and make them this session's own, or show the one sentence that says why not."""
    if refused := _read_with(read):
        st.error(refused)
    else:
        st.rerun()


def _read_with(read: Callable[[], Dataset]) -> str:
    """Read data and make them this session's own; return "" or the one sentence that says why not."""
    try:
        with st.spinner("Reading the data..."):
            new = read()
            state.use_dataset(new, data.first_config(new))
    except DataError as error:
        return words.plain(error)
    return ""


def show_loaders() -> None:
    """Offer the sample, an upload, paths on this machine and a database."""
    sample, upload, folder, database = st.tabs(["Sample city", "Upload files", "Files on this machine", "Database"])
    with sample:
        st.write(
            "A made-up city with three years of reports, streets, cameras and a patrol pilot. "
            "Use it to learn the tool. It is labelled SYNTHETIC wherever it is shown."
        )
        if st.button("Load the sample city", type="primary"):
            load_with(data.sample)
    with upload:
        _show_upload()
    with folder:
        _show_folder()
    with database:
        _show_database()


def _show_upload() -> None:
    st.write("Files stay on this machine. Nothing is sent anywhere.")
    with st.form("upload", border=False):
        left, right = st.columns(2)
        incidents = left.file_uploader(
            "Incidents: police.uk files, or your force's tables or map points",
            type=INCIDENT_TYPES,
            accept_multiple_files=True,
        )
        area = right.file_uploader(_AREA, accept_multiple_files=True)
        streets = left.file_uploader(_STREETS, accept_multiple_files=True)
        cameras = right.file_uploader(_CAMERAS)
        profile = left.file_uploader(_PROFILE, type=["toml"])
        grid = right.file_uploader(_GRID, type=_GRID_TYPES)
        name = left.text_input(_NAME)
        mapping = right.text_area(_MAPPING, placeholder=_MAPPING_EXAMPLE, height=80)
        if st.form_submit_button("Read these files", type="primary"):
            beside = reading.Uploads(
                area=area, name=name, streets=streets, cameras=cameras, profile=profile, mapping=mapping
            )
            load_with(lambda: reading.from_uploads(incidents, beside, data.keep(grid) if grid else ""))


def _show_folder() -> None:
    st.write("For files too large to upload: give their paths on the machine this app runs on.")
    with st.form("folder", border=False):
        incidents = st.text_input("Incidents: a file, a ZIP or a folder")
        area = st.text_input("Area: a polygon file")
        left, right = st.columns(2)
        streets = left.text_input("Streets (optional)")
        cameras = right.text_input("Existing cameras (optional)")
        profile = left.text_input("Profile (optional)")
        name = right.text_input("Name of the area (optional)")
        grid = left.text_input(_GRID)
        mapping = right.text_area(_MAPPING, placeholder=_MAPPING_EXAMPLE, height=80)
        if st.form_submit_button("Read these paths", type="primary"):
            beside = reading.Paths(
                area=area, name=name, streets=streets, cameras=cameras, profile=profile, mapping=mapping
            )
            load_with(lambda: reading.from_folder(incidents, beside, grid))


def _show_database() -> None:
    st.write(
        "Ask your force's database: one SELECT, read only. The password is used once and kept nowhere. Leave the "
        f"address empty to use the one this app was started with ({reading.DATABASE_VARIABLE})."
    )
    attempt = st.session_state.get(_ATTEMPT, 0)
    if refused := st.session_state.pop(_REFUSED, ""):
        st.error(refused)
    with st.form("database", border=False):
        left, right = st.columns([3, 1])
        address = left.text_input(
            "Address, without the password", placeholder="postgresql+psycopg://reader@server/database"
        )
        password = right.text_input("Password", type="password", key=f"{_ATTEMPT}-{attempt}", autocomplete="off")
        query = st.text_area("Query", placeholder="SELECT log_no, occurred, category, geom FROM incidents", height=100)
        left, right = st.columns(2)
        area = left.file_uploader(_AREA, accept_multiple_files=True)
        profile = right.file_uploader(_PROFILE, type=["toml"])
        streets = left.file_uploader(_STREETS, accept_multiple_files=True)
        cameras = right.file_uploader(_CAMERAS)
        grid = left.file_uploader(_GRID, type=_GRID_TYPES)
        name = right.text_input(_NAME)
        mapping = st.text_area(_MAPPING, placeholder=_MAPPING_EXAMPLE, height=80)
        if st.form_submit_button("Ask the database", type="primary"):
            st.session_state[_ATTEMPT] = attempt + 1
            question = reading.Question(query=query, address=address, password=password)
            beside = reading.Uploads(
                area=area, name=name, streets=streets, cameras=cameras, profile=profile, mapping=mapping
            )
            kept = data.keep(grid) if grid else ""
            st.session_state[_REFUSED] = _read_with(lambda: reading.from_database(question, beside, kept))
            st.rerun()  # also when refused, so that the password is gone from the page
