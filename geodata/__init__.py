"""What was reported, where and when, and how far the record can be trusted.

>>> import geodata                                                      # doctest: +SKIP
>>> intake = geodata.read(["2023-08-west-midlands-street.csv"])         # doctest: +SKIP
>>> area = geodata.read_area("wolverhampton.geojson")                   # doctest: +SKIP
>>> gate = geodata.screen(intake, area)                                 # doctest: +SKIP
>>> gate.report.grade                                                   # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from geodata.errors import DataError, DesignError, SourceError

if TYPE_CHECKING:
    from geodata.area import StudyArea, read_area
    from geodata.landmarks import read_places
    from geodata.quality import QualityReport, screen
    from geodata.sample import make_city, write_city
    from geodata.sources import Intake
    from geodata.sources.streets import read_streets
    from geodata.store import load, read, save

__all__ = [
    "DataError",
    "DesignError",
    "Intake",
    "QualityReport",
    "SourceError",
    "StudyArea",
    "load",
    "make_city",
    "read",
    "read_area",
    "read_places",
    "read_streets",
    "save",
    "screen",
    "write_city",
]

_HOME = {
    "Intake": "geodata.sources",
    "QualityReport": "geodata.quality",
    "StudyArea": "geodata.area",
    "load": "geodata.store",
    "make_city": "geodata.sample",
    "read": "geodata.store",
    "read_area": "geodata.area",
    "read_places": "geodata.landmarks",
    "read_streets": "geodata.sources.streets",
    "save": "geodata.store",
    "screen": "geodata.quality",
    "write_city": "geodata.sample",
}


def __getattr__(name: str) -> Any:
    """Load a room when something in it is first asked for."""
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'geodata' has no attribute '{name}'")
