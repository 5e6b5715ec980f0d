"""Fetch from data.police.uk, when a user asks: one force from the archives, or one area from the API.

The only package that may ask the network. What is complete is kept with its checksum and never asked for twice; what
was interrupted, at whatever moment, goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shapely.geometry import Polygon

from geodata.area import StudyArea
from geodata.categories import slug
from geodata.errors import DataError
from geodata.period import Period
from geodata.sources.fetch import api, archive
from geodata.sources.fetch.archive import FORCE, street_name
from geodata.sources.fetch.cache import Cache
from geodata.sources.fetch.client import Client, Patience

__all__ = ["BASE", "STORAGE", "FetchReport", "Patience", "fetch"]

BASE: Final = "https://data.police.uk"
STORAGE: Final = "policeuk-data.s3.amazonaws.com"
"""Where data.police.uk keeps its archives: the one other host its own addresses may lead to."""

Say = Callable[[str, int, int], None]


@dataclass(frozen=True)
class FetchReport:
    """What was fetched.

    Attributes
    ----------
    files : tuple of Path
        Street files of the months asked for, in order; `geodata.sources.read` reads them, or their folder.
    months_fetched, months_cached : tuple of str
        Months (``YYYY-MM``) that were asked for now, and those that were there already, checksum verified.
    n_bytes, n_requests, n_retries : int
        Bytes received, requests sent (redirects included), and times something was asked for again.
    warnings : tuple of str
        Sentences to show.
    """

    files: tuple[Path, ...]
    months_fetched: tuple[str, ...]
    months_cached: tuple[str, ...]
    n_bytes: int
    n_requests: int
    n_retries: int
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Target:
    """What a folder's street files are fetched for, the word in their names, and the polygons to ask the API for."""

    kind: str
    who: str
    pieces: tuple[Polygon, ...] = ()
    note: str = ""


def fetch(
    force: str | None,
    first: str,
    last: str,
    folder: str | Path,
    *,
    area: StudyArea | None = None,
    base: str = BASE,
    progress: Say | None = None,
    requests_per_second: float = 10.0,
    also_hosts: Collection[str] = (),
    patience: Patience | None = None,
    random_state: int | None = None,
) -> FetchReport:
    """Fetch street files into ``folder/YYYY-MM/`` and say what was done.

    Without an area the files of `force` are taken from the monthly archives (R2.6), each a large download that stays
    in ``folder/.fetch``. With an area every report in it and its buffer (R3.15) is asked of the API, which serves
    about 36 months and cannot be asked for one force (R2.9, R2.10).

    Parameters
    ----------
    force : str or None
        Force as police.uk writes it, for example ``west-midlands``; needed without `area`.
    first, last : str
        Months ``YYYY-MM``, both included.
    folder : path
        Where the files go; the same folder again continues, or finds everything there.
    area : StudyArea, optional
        Ask the API for this area instead.
    base : str
        Address of data.police.uk or of a mirror.
    progress : callable, optional
        Called with what is being done, how much of it is done, and how much there is (0: unknown).
    requests_per_second : float
        At most this many; the API allows 15 (R2.9).
    also_hosts : collection of str
        Hosts beside that of `base` a redirect may lead to. From data.police.uk itself its own archive storage
        (`STORAGE`) is allowed too; from a mirror nothing is, unless named here.
    patience : Patience, optional
        Time limits and attempts.
    random_state : int, optional
        Seed of the jitter between attempts; it changes no result.

    Raises
    ------
    DataError
        One sentence: what could not be had, which month, and what to do.
    """
    months = [f"{month:%Y-%m}" for month in Period.of(first, last).months]
    target = _target(force, area)
    hosts = (*also_hosts, STORAGE) if base == BASE else also_hosts
    client = Client(
        base, also_hosts=hosts, requests_per_second=requests_per_second, patience=patience, random_state=random_state
    )
    try:
        with client:
            cache = Cache(folder)
            _refuse_mixture(cache, target)
            return _fetch(client, cache, target, months, progress or (lambda *_: None))
    except OSError as error:  # the network's own errors never get here
        raise DataError(
            f"{folder} could not be written ({error.strerror or error}); what is complete is kept."
        ) from error


def _fetch(client: Client, cache: Cache, target: _Target, months: list[str], say: Say) -> FetchReport:
    cached = [month for month in months if cache.holds(street_name(month, target.who), target=target.kind)]
    wanted = [month for month in months if month not in cached]
    absent: list[str] = []
    if wanted and target.pieces:
        _fetch_area(client, cache, target, wanted, say)
    elif wanted:
        absent = archive.fetch_force(client, cache, target.who, wanted, say)
    if len(absent) == len(months):
        raise DataError(f"The archives hold no street file of {target.who} for {_listed(absent)}; choose other months.")
    return FetchReport(
        files=tuple(cache.path(street_name(month, target.who)) for month in months if month not in absent),
        months_fetched=tuple(month for month in wanted if month not in absent),
        months_cached=tuple(cached),
        n_bytes=client.n_bytes,
        n_requests=client.n_requests,
        n_retries=client.n_retries,
        warnings=tuple(_warnings(cache, target, months, absent)),
    )


def _fetch_area(client: Client, cache: Cache, target: _Target, months: list[str], say: Say) -> None:
    served = api.available_months(client)
    if unserved := [month for month in months if month not in served]:
        serves = f"it serves {served[0]} to {served[-1]}" if served else "it serves no month"
        raise DataError(
            f"The API of {client.host} has no reports of {_listed(unserved)}: {serves}; choose other months, or take "
            "them from the archives by naming the force and no area."
        )
    updated = api.last_updated(client)
    for done, month in enumerate(months):
        say(f"Asking for the reports of {month}", done, len(months))
        content = api.fetch_month(client, cache, target.pieces, month, updated)
        cache.write(street_name(month, target.who), [content], target=target.kind, updated=updated)
    say("All months are there", len(months), len(months))


def _target(force: str | None, area: StudyArea | None) -> _Target:
    if force is not None and not FORCE.fullmatch(force):
        raise DataError(f"'{force[:80]}' is not a force as police.uk writes it; write it like west-midlands.")
    if area is not None:
        pieces, who = api.outline(area), slug(area.name)[:60]
        note = f"The API cannot be asked for one force: reports of forces other than {force} are included."
        return _Target(f"area {who} {api.outline_digest(pieces)}", who, pieces, note if force else "")
    if force is None:
        raise DataError("Name a force, for example west-midlands, or give an area.")
    return _Target(f"force {force}", force)


def _refuse_mixture(cache: Cache, target: _Target) -> None:
    """Refuse to put an area beside a force or another area: a folder is read as a whole, and twice counts twice."""
    others = cache.targets() - {target.kind}
    if others and not all(kind.startswith("force ") for kind in others | {target.kind}):
        held = "another area" if any(kind.startswith("area ") for kind in others) else " and ".join(sorted(others))
        raise DataError(
            f"{cache.folder} already holds the reports of {held}; reading both together would count reports twice, so "
            "choose another folder."
        )


def _warnings(cache: Cache, target: _Target, months: list[str], absent: list[str]) -> list[str]:
    said = [target.note] if target.note else []
    if absent:
        said.append(
            f"The archives hold no street file of {target.who} for {_listed(absent)}: missing, not zero (R2.11)."
        )
    dates = {cache.facts(street_name(month, target.who)).get("updated", "") for month in months} - {""}
    if len(dates) > 1:
        said.append(
            f"These months were published in {len(dates)} updates of data.police.uk ({', '.join(sorted(dates))}); for "
            "one consistent set fetch into an empty folder."
        )
    return said


def _listed(months: list[str]) -> str:
    return ", ".join(months) if len(months) <= 4 else f"{len(months)} months from {months[0]} to {months[-1]}"
