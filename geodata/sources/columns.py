"""Which column of a force extract holds what: an explicit mapping, then the names known, whole or cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from geodata.errors import SourceError
from geodata.sources.personal import is_personal
from geodata.sources.places import PAIRS, POSITIONS
from geodata.sources.synonyms import SYNONYMS, known_as, words
from geodata.sources.tables import plain

ESSENTIAL: Final = (*POSITIONS, "occurred_from", "category")
_KNOWN: Final = known_as(*SYNONYMS)
_CUT_AT: Final = 10  # characters that a Shapefile leaves of a name
_TWO_NAMES: Final = 2  # one may be a word of a title
_OF_DATES: Final = ("date", "time", "occur", "commit", "report", "creat", "start", "month")


def n_known(header: Sequence[str]) -> int:
    """Return how many different names of a header are known ones."""
    return len({words(cell) for cell in header} & _KNOWN)


def header_row(rows: Sequence[Sequence[str]]) -> int | None:
    """Return which of the first rows of a table is its header: the one that holds most known names, at least two."""
    known = [n_known(row) for row in rows]
    most = max(known, default=0)
    return known.index(most) if most >= _TWO_NAMES else None


def match(columns: Sequence[str], mapping: Mapping[str, str], name: str) -> dict[str, str]:
    """Return canonical field -> column for a force extract.

    An explicit `mapping` goes first; other fields are found by synonym: the whole name, or else a name of the very same
    words, or, in a table none of whose names is longer than a Shapefile's, the one name it begins. One column may serve
    two fields: the national standard's category is both category and heading.

    Raises
    ------
    SourceError
        If the mapping names an unknown field, an absent or a personal column; if two columns fit one essential field
        equally well; or if there is no position or no date.
    """
    matched = _mapped(columns, mapping, name)
    free = [column for column in columns if column not in matched.values()]
    for field, tiers in SYNONYMS.items():
        if field in matched:
            continue
        best = _first_tier(field, tiers, free, name)
        if best is not None:
            matched[field] = best
    matched.update(_cut_names(columns, matched, name))
    _drop_half_pairs(matched)
    _refuse_incomplete(matched, columns, name)
    return matched


def without_whole_name(matched: Mapping[str, str]) -> dict[str, str]:
    """Return the fields whose column has no name that is known whole: what a reader should look at."""
    return {
        field: column for field, column in matched.items() if not any(plain(column) in tier for tier in SYNONYMS[field])
    }


def looks_like_incidents(columns: Sequence[str]) -> bool:
    """Return whether a header has at least a position and a date."""
    names = {words(column) for column in columns}
    found = {field for field in SYNONYMS if names & known_as(field)}
    has_place = any(found >= set(pair) for pair in PAIRS) or "grid_reference" in found
    return has_place and bool(found & {"occurred_from", "created"})


def _mapped(columns: Sequence[str], mapping: Mapping[str, str], name: str) -> dict[str, str]:
    for field, column in mapping.items():
        if field not in SYNONYMS:
            raise SourceError(
                f"The mapping names the field '{field}', which does not exist; fields are: {', '.join(SYNONYMS)}."
            )
        if column not in columns:
            raise SourceError(f"The mapping names column '{column}' for {field}, but {name} has: {_listed(columns)}.")
        if is_personal(column):
            raise SourceError(
                f"The mapping names column '{column}' for {field}: people's details and free text are never read."
            )
    return dict(mapping)


def _first_tier(field: str, tiers: tuple[tuple[str, ...], ...], columns: Sequence[str], name: str) -> str | None:
    for tier in tiers:
        found = [column for synonym in tier for column in columns if plain(column) == synonym]
        found = found or [column for column in columns if words(column) in {words(synonym) for synonym in tier}]
        if len(found) > 1 and field in ESSENTIAL and len(set(found)) == 1:
            raise SourceError(f"{name}: column '{found[0]}' is there {len(found)} times; rename or delete the others.")
        if len(found) > 1 and field in ESSENTIAL:
            raise SourceError(
                f"{name}: columns {_listed(found)} could each be the {field}; say which with a mapping, "
                f"for example {field} = '{found[0]}', or rename the other."
            )
        if found:
            return found[0]
    return None


def _cut_names(columns: Sequence[str], matched: Mapping[str, str], name: str) -> dict[str, str]:
    """Return field -> column for the fields still lacking, by names that a Shapefile cut after ten characters."""
    if max(map(len, columns), default=0) > _CUT_AT:
        return {}
    found: dict[str, list[str]] = {}
    for column in columns:
        if len(column) == _CUT_AT and column not in matched.values() and not is_personal(column):
            for field in _begun_by(plain(column), is_located=any(field in matched for field in POSITIONS)):
                found.setdefault(field, []).append(column)
    lacking = {field: held for field, held in found.items() if field not in matched}
    for field, held in lacking.items():
        if len(held) > 1 and field in ESSENTIAL:
            raise SourceError(
                f"{name}: columns {_listed(held)}, whose names were cut, could each be the {field}; say which with a "
                f"mapping, for example {field} = '{held[0]}'."
            )
    return {field: held[0] for field, held in lacking.items() if len(held) == 1}


def _begun_by(cut: str, *, is_located: bool) -> set[str]:
    """Return the field of the names a cut name begins, or none where they are of several.

    Of a date and its time of day the date is meant: a time by itself is of no use.
    """
    begun = {field for field, tiers in SYNONYMS.items() if any(n.startswith(cut) for tier in tiers for n in tier)}
    begun -= {f"{field}_time" for field in begun} | set(POSITIONS if is_located else ())
    return begun if len(begun) == 1 or begun == {"category", "heading"} else set()


def _drop_half_pairs(matched: dict[str, str]) -> None:
    """Leave whole pairs; x and y may be anything, so they count only where nothing else says where."""
    for pair in PAIRS:
        if not matched.keys() >= set(pair):
            for field in pair:
                matched.pop(field, None)
    if any(field in matched for field in POSITIONS if field not in ("x", "y")):
        matched.pop("x", None)
        matched.pop("y", None)


def _refuse_incomplete(matched: Mapping[str, str], columns: Sequence[str], name: str) -> None:
    missing = []
    if not any(field in matched for field in POSITIONS):
        missing.append("a position (longitude and latitude, or easting and northing)")
    if "occurred_from" not in matched and "created" not in matched:
        missing.append("a date (occurred_from)")
    if missing:
        field = "easting" if "position" in missing[0] else "occurred_from"
        near = [column for column in columns if _mentions_a_date(column)] if "date" in missing[-1] else []
        perhaps = f", of which {_listed(near)} may be meant" if near else ""
        example = near[0] if near and field == "occurred_from" else "the column"
        raise SourceError(
            f"{name} is not recognised as incidents: no column holds {' nor '.join(missing)}; its columns are "
            f"{_listed(columns)}{perhaps}; rename them or give a mapping, for example {field} = '{example}'."
        )


def _mentions_a_date(column: str) -> bool:
    return not is_personal(column) and any(word.startswith(_OF_DATES) for word in words(column))


def _listed(columns: Sequence[str], limit: int = 15) -> str:
    shown = ", ".join(f"'{column[:40]}'" for column in columns[:limit])
    return f"{shown} and {len(columns) - limit} more" if len(columns) > limit else shown
