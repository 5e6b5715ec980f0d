"""Ways to load data: the sample city, an upload, or paths on this machine."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from geodata.errors import DataError
from hotspots.app import data, state, words
from hotspots.app.data import Dataset

INCIDENT_TYPES = [
    "csv", "tsv", "tab", "txt", "gz", "zip", "xlsx", "xlsm", "xlsb", "xls", "ods", "parquet", "geoparquet", "gpkg",
    "geojson", "json", "fgb", "shp", "shx", "dbf", "prj", "cpg",
]  # fmt: skip
"""Ends of file names that `geodata.read` takes, and the parts of a Shapefile."""


def load_with(read: Callable[[], Dataset]) -> None:
    """Read data and make them this session's own, or show the one sentence that says why not."""
    try:
        with st.spinner("Reading the data..."):
            new = read()
            state.use_dataset(new, data.first_config(new))
    except DataError as error:
        st.error(words.plain(error))
        return
    st.rerun()


def show_loaders() -> None:
    """Offer the sample, an upload and paths on this machine."""
    sample, upload, folder = st.tabs(["Sample city", "Upload files", "Files on this machine"])
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


def _show_upload() -> None:
    st.write("Files stay on this machine. Nothing is sent anywhere.")
    with st.form("upload", border=False):
        left, right = st.columns(2)
        incidents = left.file_uploader(
            "Incidents: police.uk files, or your force's tables or map points",
            type=INCIDENT_TYPES,
            accept_multiple_files=True,
        )
        area = right.file_uploader("Area: the boundary as GeoJSON, GeoPackage or Shapefile", accept_multiple_files=True)
        streets = left.file_uploader("Streets (optional): street lines with names", accept_multiple_files=True)
        cameras = right.file_uploader("Existing cameras (optional): CSV with longitude, latitude")
        profile = left.file_uploader("Profile (optional): how your force's columns are named", type=["toml"])
        name = right.text_input("Name of the area (optional; otherwise the file's name)")
        if st.form_submit_button("Read these files", type="primary"):
            load_with(
                lambda: data.load_uploads(incidents, area, name=name, streets=streets, cameras=cameras, profile=profile)
            )


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
        if st.form_submit_button("Read these paths", type="primary"):
            load_with(
                lambda: data.load_folder(incidents, area, name=name, streets=streets, cameras=cameras, profile=profile)
            )
