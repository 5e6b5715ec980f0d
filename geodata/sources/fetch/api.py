"""The street-level API: every report in an area, month by month, as the street files the archive has.

POST ``crimes-street/all-crime`` with a polygon; more than 10,000 crimes answer 503, and the polygon is cut into
quadrants (R2.9, R2.10).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from hashlib import sha256
from typing import Any, Final

import shapely
from shapely.geometry import Polygon

from geodata.area import StudyArea
from geodata.categories import label
from geodata.sources.fetch.cache import HIDDEN, Cache
from geodata.sources.fetch.client import AskAgainError, Client

STREET_COLUMNS: Final = (
    "Crime ID", "Month", "Reported by", "Falls within", "Longitude", "Latitude", "Location", "LSOA code", "LSOA name",
    "Crime type", "Last outcome category", "Context",
)  # fmt: skip
"""Header of a street file, exactly (R2.7)."""

TOLERANCE_M: Final = 50.0
"""The polygon sent may lie this far outside the area and its buffer, never inside them."""

_SMALLEST_DEGREES = 0.002  # about 200 m: no such place has 10,000 reports in a month, so 503 means what it says
_OVERLAP_DEGREES = 1e-5  # about 1 m: a report on the cut is asked for twice and kept once, never lost
_OK, _TOO_MANY_CRIMES = 200, 503
_BTP = "British Transport Police"

Crime = Mapping[str, Any]


def outline(area: StudyArea) -> tuple[Polygon, ...]:
    """Return polygons (degrees) that cover an area and its buffer (R3.15), simple enough to send.

    Holes are filled and nothing is cut away: the gate decides later what is inside.
    """
    wide = area.boundary_m.buffer(area.buffer_m + TOLERANCE_M).simplify(TOLERANCE_M)
    filled = shapely.union_all(shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(wide))))
    return tuple(shapely.get_parts(area.in_degrees(filled)))


def outline_digest(pieces: Iterable[Polygon]) -> str:
    """Return a short name of the polygons sent, for the cache."""
    return sha256("|".join(map(_as_text, pieces)).encode()).hexdigest()[:16]


def available_months(client: Client) -> list[str]:
    """Return the months the API serves, about the last 36 (R2.6), in order.

    Raises
    ------
    DataError
        If it does not answer, or not as documented.
    """
    dates = _json(client, "/api/crimes-street-dates", "The list of months", list)
    return sorted(str(entry.get("date", "")) for entry in dates if isinstance(entry, dict))


def last_updated(client: Client) -> str:
    """Return the date of the API's last update.

    Raises
    ------
    DataError
        If it does not answer, or not as documented.
    """
    return str(_json(client, "/api/crime-last-updated", "The date of the last update", dict).get("date", ""))


def fetch_month(client: Client, cache: Cache, pieces: Iterable[Polygon], month: str, updated: str) -> bytes:
    """Return one month as a street file (R2.7); raw answers stay in the cache.

    Reports are told apart by the API's own number: two identical reports of anti-social behaviour are two reports,
    and one that two polygons return is one.

    Parameters
    ----------
    updated : str
        Date of the API's last update; answers kept from an earlier one are asked for again, because its numbers may
        have changed.

    Raises
    ------
    DataError
        If an answer cannot be had or is not as documented.
    """
    crimes: dict[int, Crime] = {}
    for piece in pieces:
        for crime in _crimes(client, cache, piece, month, updated):
            crimes.setdefault(crime["id"], crime)
    return _street_file(crimes[number] for number in sorted(crimes))


def _crimes(client: Client, cache: Cache, piece: Polygon, month: str, updated: str) -> Iterator[Crime]:
    """Give the crimes of a polygon, from its quadrants where it holds too many."""
    polygon = _as_text(piece)
    name = f"{HIDDEN}/api/{sha256(polygon.encode()).hexdigest()[:16]}-{month}.json"
    if cache.holds(name, updated=updated):
        yield from _checked(cache.path(name).read_bytes(), month)
        return
    west, south, east, north = piece.bounds
    can_split = max(east - west, north - south) > _SMALLEST_DEGREES
    what = f"The reports of {month}"
    form = {"poly": polygon, "date": month}
    body = client.persist(partial(_ask, client, what, form, can_split=can_split), what)
    if body is None:
        for quadrant in _quadrants(piece):
            yield from _crimes(client, cache, quadrant, month, updated)
        return
    cache.write(name, [body], updated=updated)
    yield from _checked(body, month)


def _ask(client: Client, what: str, form: Mapping[str, str], *, can_split: bool) -> bytes | None:
    """Return a well-formed answer, or None when the polygon holds too many crimes."""
    answers = (_OK, _TOO_MANY_CRIMES) if can_split else (_OK,)
    with client.open("/api/crimes-street/all-crime", what, form=form, answers=answers) as response:
        if response.status_code == _TOO_MANY_CRIMES:
            return None
        body = client.body(response, what)
    _checked(body, form["date"])
    return body


def _checked(body: bytes, month: str) -> list[Crime]:
    """Return the crimes of an answer.

    Raises
    ------
    AskAgainError
        If it is not the documented JSON, as when a proxy cut it off.
    """
    try:
        crimes = json.loads(body)
        for crime in crimes:
            place = crime["location"]
            if not isinstance(crime["id"], int) or crime["month"] != month:
                raise ValueError
            float(place["latitude"]), float(place["longitude"]), place["street"]["name"], crime["category"]
    except (ValueError, KeyError, TypeError) as error:
        raise AskAgainError(f"its answer is not the documented list of crimes of {month}") from error
    return list(crimes)


def _street_file(crimes: Iterable[Crime]) -> bytes:
    """Return crimes as a street file; the API states neither force nor LSOA, so these cells stay empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(STREET_COLUMNS)
    for crime in crimes:
        place, outcome = crime["location"], crime.get("outcome_status") or {}
        force = _BTP if crime.get("location_type") == "BTP" else ""
        writer.writerow((
            crime.get("persistent_id") or "", crime["month"], force, force, place["longitude"], place["latitude"],
            place["street"]["name"], "", "", label(str(crime["category"])), outcome.get("category", ""),
            crime.get("context") or "",
        ))  # fmt: skip
    return text.getvalue().encode()


def _quadrants(piece: Polygon) -> list[Polygon]:
    """Return the parts of a polygon in the four quarters of its box, each a little wider than its quarter."""
    west, south, east, north = piece.bounds
    middle_x, middle_y, wide = (west + east) / 2, (south + north) / 2, _OVERLAP_DEGREES
    quarters = [
        shapely.box(x0 - wide, y0 - wide, x1 + wide, y1 + wide)
        for x0, x1 in ((west, middle_x), (middle_x, east))
        for y0, y1 in ((south, middle_y), (middle_y, north))
    ]
    shapes = shapely.get_parts([shapely.intersection(piece, quarter) for quarter in quarters])
    return [shape for shape in shapes if isinstance(shape, Polygon) and not shape.is_empty]


def _as_text(piece: Polygon) -> str:
    """Return a polygon as the API reads it: ``lat,lng:lat,lng``, the last point joined to the first by itself."""
    return ":".join(f"{y:.6f},{x:.6f}" for x, y in piece.exterior.coords[:-1])


def _json(client: Client, path: str, what: str, kind: type[Any]) -> Any:
    def once() -> Any:
        with client.open(path, what) as response:
            body = client.body(response, what)
        try:
            answer = json.loads(body)
        except ValueError as error:
            raise AskAgainError("its answer is not JSON") from error
        if not isinstance(answer, kind):
            raise AskAgainError(f"its answer is not the documented {kind.__name__}")
        return answer

    return client.persist(once, what)
