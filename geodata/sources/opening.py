"""What kind of file it is, told by its first bytes, and its table."""

from __future__ import annotations

import io
import zipfile

from geodata.errors import SourceError
from geodata.sources.columns import header_row
from geodata.sources.files import Part
from geodata.sources.geofiles import open_geofile, open_parquet
from geodata.sources.tables import Table, open_text
from geodata.sources.workbooks import open_workbook

_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
_SHAPEFILE = b"\x00\x00\x27\x0a"
_FLATGEOBUF = b"fgb"
_SQLITE = b"SQLite format 3\x00"


def open_table(part: Part) -> Table:
    """Return the table in a part: text, workbook, GIS file or Parquet.

    Raises
    ------
    SourceError
        If it is empty, damaged, of no known kind, or cannot be taken apart into columns.
    """
    data = part.read()
    if data[:4] == b"PAR1":
        return open_parquet(part, data)
    if data[:4] == _SHAPEFILE or data[:3] == _FLATGEOBUF or data[:16] == _SQLITE or _is_zipped_shapefile(data):
        return open_geofile(part, data)
    if data[:2] == b"PK" or data[:4] == _OLD_WORKBOOK:
        return open_workbook(part, data)
    start = data[:1000].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] == b"{":
        return open_geofile(part, data)
    if start[:1] in (b"<", b"["):
        kind = "XML or a web page" if start[:1] == b"<" else "a JSON list"
        raise SourceError(f"{part.name} is {kind} inside, not a table; export it as CSV, XLSX or GeoJSON.")
    return open_text(part, data, header_row)


def _is_zipped_shapefile(data: bytes) -> bool:
    if data[:2] != b"PK":
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(name.lower().endswith(".shp") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False
