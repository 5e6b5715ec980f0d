"""Incidents from a database: a query through SQLAlchemy, read-only, with PostGIS geometry understood."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
import shapely

from geodata.errors import DataError, SourceError
from geodata.sources.geofiles import DEGREES, degrees_of
from geodata.sources.intake import Intake, join
from geodata.sources.places import POSITIONS
from geodata.sources.profiles import Profile, check_timezone, load_profile
from geodata.sources.recognise import read_table
from geodata.sources.refusing import first_line
from geodata.sources.synonyms import known_as, words
from geodata.sources.tables import Table, plain
from geodata.sources.typed import as_text

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection, Engine

TIMEOUT_SECONDS: Final = 300
"""A query that takes longer is stopped."""

GEOMETRY_NAMES: Final = frozenset(
    {"geom", "the_geom", "geometry", "wkb_geometry", "geog", "geography", "shape", "point"}
)
"""Columns taken for WKB where the database itself does not say which columns hold geometry."""

_POSITION_NAMES: Final = known_as(*POSITIONS)
_ROWS_AT_ONCE: Final = 50_000


def read_database(
    url: str,
    query: str,
    *,
    mapping: Mapping[str, str] | None = None,
    profile: str | Path | None = None,
    timezone: str = "Europe/London",
    parameters: Mapping[str, Any] | None = None,
    timeout_seconds: int = TIMEOUT_SECONDS,
    password: str | None = None,
) -> Intake:
    """Read incidents from a database (extra ``postgis``: PostgreSQL with or without PostGIS; SQLite as well).

    The query runs in a read-only transaction. Its columns are asked for first, so columns that are not needed, people's
    details among them, never leave the database. Points of a geometry column, in any coordinate system, are the
    position. The address of the database with its password appears nowhere.

    Parameters
    ----------
    url : str
        SQLAlchemy URL, for example ``postgresql+psycopg://reader@server/asb``.
    query : str
        One ``SELECT``; values belong in `parameters`, written ``:name`` in the query.
    mapping, profile, timezone
        As for `read`.
    parameters : mapping, optional
        Values for the query's ``:name`` places.
    timeout_seconds : int
        After how long the query is stopped.
    password : str, optional
        The password, where it is given apart from the address, which must then hold none.

    Raises
    ------
    SourceError
        If the extra is not installed, the database cannot be reached, the query fails, takes too long or writes, or its
        rows are no incidents.
    """
    check_timezone(timezone)
    known = load_profile(profile) if profile is not None else Profile()
    known = replace(known, columns={**known.columns, **(mapping or {})})
    address = _address(url, password)
    name = f"database '{_database_name(address)}'"
    with _connected(address, timeout_seconds, name) as connection:
        table = _open_query(_Query(connection, query.strip().rstrip(";"), parameters or {}, name))
        reading = read_table(table, known, timezone)
    digest = hashlib.sha256(query.encode()).hexdigest()[:12]
    intake = join([reading], [f"{name} was asked by a query with SHA-256 {digest}."])
    if intake.n_read == 0:
        raise SourceError(f"The query on {name} returns no row; widen it.")
    return intake


@dataclass(frozen=True)
class _Query:
    """A query on an open connection, used as a subquery, so that its columns can be listed and chosen."""

    connection: Connection
    text: str
    parameters: Mapping[str, Any]
    name: str


def _header(query: _Query) -> list[tuple[str, Any]]:
    """Return the name and the driver's type code of each column."""
    from sqlalchemy import text

    result = query.connection.execute(text(f"SELECT * FROM ({query.text}\n) AS q WHERE 1 = 0"), dict(query.parameters))  # noqa: S608  # the user's own query, in a read-only transaction
    described = [(str(column[0]), column[1]) for column in result.cursor.description]
    result.close()
    return described


def _columns(query: _Query, wanted: Sequence[str]) -> pl.DataFrame:
    """Return the wanted columns, fetched in batches."""
    from sqlalchemy import column, select, text
    from sqlalchemy.sql import quoted_name

    chosen: list[Any] = [column(quoted_name(name, quote=True)) for name in wanted]
    source = text(f"({query.text}\n) AS q")
    result = query.connection.execute(select(*chosen).select_from(source), dict(query.parameters))
    lists: list[list[Any]] = [[] for _ in wanted]
    for batch in result.partitions(_ROWS_AT_ONCE):
        for values, more in zip(lists, zip(*batch, strict=True), strict=True):
            values.extend(more)
    return pl.DataFrame({name: _series(name, values) for name, values in zip(wanted, lists, strict=True)})


def _geometry_columns(query: _Query, header: Sequence[tuple[str, Any]]) -> list[str]:
    """Return the columns that hold geometry: PostgreSQL says which do, elsewhere their names do."""
    from sqlalchemy import text

    if query.connection.dialect.name != "postgresql":
        return [column for column, _ in header if plain(column) in GEOMETRY_NAMES]
    types = query.connection.execute(text("SELECT oid FROM pg_type WHERE typname IN ('geometry', 'geography')"))
    codes = {row[0] for row in types}
    return [column for column, code in header if code in codes]


def _open_query(query: _Query) -> Table:
    header = _header(query)
    names = [column for column, _ in header]
    repeated = sorted({column for column in names if names.count(column) > 1})
    if repeated:
        raise SourceError(f"The query on {query.name} returns column '{repeated[0]}' twice; name each column with AS.")
    shapes = _geometry_columns(query, header)
    if not shapes:
        return Table(query.name, query.name, tuple(names), partial(_select, query, ""))
    attributes = [column for column in names if column not in shapes and words(column) not in _POSITION_NAMES]
    left = [column for column in names if column not in attributes and column != shapes[0]]
    note = f"{query.name}: positions were taken from the geometry column {shapes[0]}"
    note += f", not from {', '.join(left)}." if left else "."
    return Table(query.name, query.name, (*attributes, *DEGREES), partial(_select, query, shapes[0]), (note,))


def _select(query: _Query, geometry: str, wanted: Sequence[str]) -> pl.DataFrame:
    asked = [column for column in wanted if not geometry or column not in DEGREES]
    frame = _columns(query, [*asked, *([geometry] if geometry else [])])
    texts = {column: as_text(frame[column]) for column in asked}
    if geometry:
        located = _degrees(frame[geometry], query.name)
        texts |= {column: as_text(located[column]) for column in DEGREES}
    return pl.DataFrame(texts).select(wanted)


def _degrees(written: pl.Series, name: str) -> pl.DataFrame:
    """Return degrees of well-known binary, plain or PostGIS's extended with its SRID, as bytes or as hex digits."""
    try:
        shapes = shapely.from_wkb(written.to_list())
    except (shapely.errors.ShapelyError, TypeError, ValueError) as error:
        raise SourceError(
            f"{name}: column {written.name} holds no geometry that can be read ({first_line(error)}); select "
            f"ST_AsEWKB({written.name}), or longitude and latitude."
        ) from error
    shapes = np.asarray(shapes, dtype=object)
    systems = shapely.get_srid(shapes)
    located = pl.DataFrame({column: pl.Series([None] * len(shapes), dtype=pl.Float64) for column in DEGREES})
    for srid in np.unique(systems[~shapely.is_missing(shapes)]):
        rows = systems == srid
        of_system = shapes.copy()
        of_system[~rows] = None
        degrees = degrees_of(of_system, f"EPSG:{srid}" if srid > 0 else None, name)
        located = pl.DataFrame([located[column].zip_with(~pl.Series(rows), degrees[column]) for column in DEGREES])
    return located


def _series(name: str, values: list[Any]) -> pl.Series:
    """Return values as the driver gave them; kinds that polars does not know become text."""
    try:
        return pl.Series(name, values, strict=True)
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
        return pl.Series(name, [None if value is None else str(value) for value in values], dtype=pl.String)


def _address(url: str, password: str | None) -> URL:
    try:
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError, NoSuchModuleError
    except ImportError as error:
        raise SourceError(
            "Reading a database needs more packages; install the extra: pip install 'asb-hotspots[postgis]'."
        ) from error
    try:
        address = make_url(url.strip())
        address.get_dialect()
    except NoSuchModuleError as error:
        raise SourceError(
            f"There is no driver for '{url.partition('://')[0]}' databases; use postgresql+psycopg or sqlite."
        ) from error
    except (ArgumentError, ValueError) as error:
        raise SourceError(
            "The address of the database is not understood; write it like postgresql+psycopg://user@server/database."
        ) from error
    if password is None:
        return address
    if address.password or "password" in address.query:
        raise SourceError(
            "The address of the database holds a password; take it out and give it as the password, which is not shown."
        )
    return address.set(password=password) if password else address


def _database_name(address: URL) -> str:
    return Path(address.database).name if address.database else address.drivername


@contextmanager
def _connected(address: URL, timeout_seconds: int, name: str) -> Iterator[Connection]:
    """Give a connection in a read-only transaction that stops long queries; nothing is ever committed."""
    from sqlalchemy.exc import SQLAlchemyError

    engine = None
    try:
        engine = _engine(address, timeout_seconds, name)
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA query_only = ON")
            yield connection
            connection.rollback()
    except DataError:
        raise
    except SQLAlchemyError as error:
        raise SourceError(f"{name} could not be read: {_reason(error, address)}.") from None
    except ImportError as error:
        raise SourceError(
            f"The driver '{address.get_driver_name()}' is not installed; install the extra: "
            "pip install 'asb-hotspots[postgis]'."
        ) from error
    finally:
        if engine is not None:
            engine.dispose()


def _engine(address: URL, timeout_seconds: int, name: str) -> Engine:
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    kind = address.get_backend_name()
    if kind == "sqlite":
        if address.database and address.database != ":memory:" and not Path(address.database).exists():
            raise SourceError(f"There is no file for {name}; check the address.")
        return create_engine(address, poolclass=NullPool)
    if kind != "postgresql":
        return create_engine(address, poolclass=NullPool)
    # each statement is prepared, which lets the server refuse a second one smuggled in after a semicolon
    arguments: dict[str, Any] = {
        "connect_timeout": 10,
        "options": f"-c default_transaction_read_only=on -c statement_timeout={1000 * timeout_seconds}",
    }
    if address.get_driver_name() == "psycopg":
        arguments["prepare_threshold"] = 0
    engine = create_engine(address, poolclass=NullPool, connect_args=arguments)
    return engine.execution_options(postgresql_readonly=True)


def _reason(error: Exception, address: URL) -> str:
    """Return the driver's own first line, without anything the address keeps secret."""
    said = first_line(getattr(error, "orig", None) or error)
    secrets = [address.password, *(str(value) for value in address.query.values())]
    for secret in secrets:
        if secret:
            said = said.replace(str(secret), "***")
    return said
