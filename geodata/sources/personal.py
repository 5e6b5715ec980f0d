"""People's details told by a column's name and by its content, whatever it is called (R3.17)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

from geodata.sources.synonyms import SYNONYMS, known_as, words

_KNOWN: Final = known_as(*SYNONYMS)
_CATEGORIES: Final = known_as("category", "heading")
_PERSON: Final = frozenset({
    "surname", "forename", "forenames", "initials", "alias", "dob", "birth", "birthday", "phone", "mobile", "telephone",
    "tel", "email", "victim", "offender", "suspect", "caller", "complainant", "informant", "reporter", "aggrieved",
    "ethnic", "ethnicity", "race", "gender", "sex", "nationality", "religion", "disability", "mental", "appearance",
    "occupation", "person", "age", "witness", "resident", "tenant", "occupier", "householder", "customer", "applicant",
    "defendant", "perpetrator", "accused", "arrestee", "nominal", "pnc", "pncid", "passport", "nino", "vrm", "vrn",
    "collar", "shoulder", "warrant", "kin", "oic", "firstname", "lastname", "fullname",
})  # fmt: skip
_PAIRS: Final = tuple(map(frozenset, (
    ("home", "address"), ("vehicle", "reg"), ("vehicle", "registration"), ("vehicle", "index"), ("no", "plate"),
    ("e", "mail"), ("first", "name"), ("last", "name"), ("middle", "name"), ("full", "name"), ("known", "name"),
    ("user", "name"), ("operator", "name"),
)))  # fmt: skip
_UNLESS: Final = {
    "officer": frozenset({"initiated", "generated", "created", "originated", "led", "flag", "proactive"}),
    "by": frozenset({"initiated", "generated", "originated"}),
    "contact": frozenset({"type", "source", "medium", "mode", "reason", "code"}),
}
"""Words that mean a person (an officer, who reported, whom to contact), and words beside which they do not."""

_FREE_TEXT: Final = frozenset({
    "notes", "note", "narrative", "comment", "comments", "description", "details", "detail", "summary", "mo", "text",
    "freetext", "remarks",
})  # fmt: skip

E_MAIL: Final = r"[\w.+-]+@[\w-]+\.\w+"
PHONE: Final = (
    r"(?:\+44[\s-]?(?:\(0\))?|\b0)(?:7\d{3}[\s-]?\d{3}[\s-]?\d{3}|[12]\d{2}[\s-]?\d{3}[\s-]?\d{4}"
    r"|[12]\d{3}[\s-]?\d{5,6}|[12]\d{3}[\s-]\d{3}[\s-]\d{3})\b"
)
NATIONAL_INSURANCE: Final = r"(?i)\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b"
BORN: Final = r"(?i)\b(?:dob|d\.o\.b)\b\W*\d|\b(?:born|date of birth)\b"
BORN_ON: Final = r"\b\d{1,2}[/.-]\d{1,2}[/.-](?:19\d\d|20[01]\d)\b"
NUMBER_PLATE: Final = r"\b[A-Z]{2}\d{2} ?[A-Z]{3}\b"
_WORD: Final = r"[a-z][a-z'’-]*"
_TITLED: Final = (
    rf"(?i)(?:\b(?:mr|mrs|miss|ms|mx)|(?:^|[,;])\s*dr)\b\.?(?: (?:and|&) mrs\b\.?)?"
    rf"((?: {_WORD}\.?){{1,3}})\s*(?:$|[,;()/])"
)
_GIVEN: Final = (
    "aaron abdul abdullah adam adrian ahmed aisha alan ali alice alison amanda amy andrea andrew angela ann anne "
    "anthony barbara ben benjamin bernard brenda brian callum carl carol caroline catherine chloe chris christine "
    "christopher claire colin daniel david dawn deborah debbie dennis derek diane donna dorothy edward eileen "
    "elaine elizabeth emily emma eric fatima fiona frank gareth gary gemma geoffrey gillian graham gurpreet "
    "hannah harpreet hassan helen hussain ian ibrahim imran jacqueline jake jamie jane janet janice jason jean "
    "jennifer jessica joan joanne john jonathan joseph joshua joyce judith julie karen kathleen keith kelly "
    "kenneth kevin khalid kieran kirsty laura lauren leon liam linda lisa louise lucy luke malcolm manjit "
    "margaret maria marie mark martin mary matthew maureen michael michelle mike mohamed mohammad mohammed "
    "muhammad natalie natasha nathan neil nicholas nicola nigel oliver omar pamela patricia patrick paul paula "
    "pauline peter philip rachel raymond rebecca richard robert roger ronald ruth ryan samantha samuel sandra "
    "sarah scott sean shane sharon sheila shirley simon sophie stacey stephanie stephen steve steven stuart "
    "sukhdev susan suzanne tahir thomas timothy tina tony tracey tracy valerie vanessa vincent wayne wendy yasmin "
    "yusuf yvonne zoe"
).replace(" ", "|")
_FULL_NAME: Final = rf"(?i)^\s*(?:{_GIVEN})(?: (?:{_GIVEN}|[a-z]\.?))?( {_WORD})\s*$"
_ENDS: Final = (
    "road rd street st lane ln avenue ave close cl drive dr court ct way place pl square sq crescent cres terrace "
    "gardens gdns garden grove gr hill park pk green rise row walk view mews croft fold end drove wharf bank quay "
    "yard gate hall house building buildings tower towers flats point heights lodge cottage cottages villa villas "
    "farm field fields meadow meadows mead meade orchard wood woods common heath estate manor circus circle chase "
    "parade passage path parkway middleway alley acres lands plain valley vale dale dean ridge wynd how bridge "
    "junction roundabout island corner cross underpass subway bypass opening car centre center school academy "
    "college university nursery church chapel mosque temple cathedral library museum theatre cinema hotel motel "
    "inn arms pub bar club tavern cafe restaurant shop store stores supermarket market pharmacy chemist surgery "
    "practice clinic hospital hospice home station depot works factory office offices bakery butchers kebab pizza "
    "chips chicken chippy takeaway kitchen grill barbers salon gym pool ground stadium playground cemetery "
    "crematorium memorial statue monument trust charity foundation plc ltd limited motors garage reservoir canal "
    "lock basin marina ring north south east west central nw ne sw se"
).replace(" ", "|")
_NO_NAME: Final = rf"(?i)(?:['’]s|\b(?:of|the|use|in|on|at|to)\b|\b(?:{_ENDS})\.?$)"
"""A possessive, a word no name holds ("miss use of fireworks"), or what a street, a house or a firm ends with."""

MAX_WORDS: Final = 20
"""A category or an address has fewer words; more are free text."""

MAX_SHARE: Final = 0.10
"""A column of which this share holds people's details is left out whole; below it, single values are blanked."""

MIN_VALUES: Final = 5
"""Fewer such values say nothing about a whole column."""


def _is_name(text: pl.Expr) -> pl.Expr:
    """Return whether a text holds a title and a name, or is a given name and a surname, and does not name a place."""
    names = [text.str.extract(pattern, 1).str.strip_chars() for pattern in (_TITLED, _FULL_NAME)]
    return pl.any_horizontal(
        (name.is_not_null() & ~name.str.contains(_NO_NAME)).fill_null(value=False) for name in names
    )


_FIELDS: Final = ("incident_ref", "category", "heading", "qualifier", "address", "location", "origin", "beat")
_PLACES: Final = ("address", "location")
_TEXT: Final = pl.col("text")
_LOOSE: Final = ("names of people", "vehicle registrations", "dates of birth in figures")
_KINDS: Final = {
    "e-mail addresses": _TEXT.str.contains(E_MAIL),
    "telephone numbers": _TEXT.str.contains(PHONE),
    "National Insurance numbers": _TEXT.str.contains(NATIONAL_INSURANCE),
    "dates of birth": _TEXT.str.contains(BORN),
    "dates of birth in figures": _TEXT.str.contains(BORN_ON),
    "vehicle registrations": _TEXT.str.contains(NUMBER_PLATE),
    "names of people": _is_name(_TEXT),
    "free text": _TEXT.str.count_matches(r"\S+") > MAX_WORDS,
}
"""Kinds of details and how each is told; those of `_LOOSE` are never looked for in references of records, and blank
single values of places alone."""


def is_personal(column: str) -> bool:
    """Return whether a column's name says that it holds people's details or free text, which is never read (R3.17).

    A name known for a field is none, nor is what a code of a category stands for, though it is called a description;
    what such columns hold is looked at all the same (`without_personal`, `callers.keys_only`).
    """
    said = words(column)
    if said in _KNOWN or ("description" in said and said - {"description"} in _CATEGORIES):
        return False
    means_one = any(word in said and not said & beside for word, beside in _UNLESS.items())
    return means_one or said == {"name"} or bool(said & (_PERSON | _FREE_TEXT)) or any(pair <= said for pair in _PAIRS)


def without_personal(text: pl.DataFrame, columns: dict[str, str], name: str) -> tuple[pl.DataFrame, list[str]]:
    """Leave out fields whose content is people's details, and blank single values that are.

    Parameters
    ----------
    text : DataFrame
        Canonical fields as text.
    columns : dict
        Canonical field -> column it was read from, for the notes.
    name : str
        File name for the notes.

    Returns
    -------
    text : DataFrame
    notes : list of str
    """
    notes = []
    for field in [field for field in _FIELDS if field in text.columns]:
        kinds = [kind for kind in _KINDS if field != "incident_ref" or kind not in _LOOSE]
        found = _rows_by_kind(text[field], kinds)
        if not found:
            continue
        rows_held = _any_of(found)
        n, held, column = int(rows_held.sum()), ", ".join(found), columns.get(field, field)
        if n >= MIN_VALUES and n > MAX_SHARE * int((text[field] != "").sum()):
            text = text.drop(field)
            notes.append(f"{name}: column {column} was not used, because it holds {held} ({n:,} values).")
            continue
        # a ward, a campaign or a code may be called after a person; an address that is one leads to them
        single = {kind: rows for kind, rows in found.items() if field in _PLACES or kind not in _LOOSE}
        if single:
            held_there = _any_of(single)
            text = text.with_columns(text[field].zip_with(~held_there, pl.Series([""])).alias(field))
            notes.append(
                f"{name}: values of {column} blanked because they held {', '.join(single)}: {held_there.sum():,}."
            )
    return text, notes


def _rows_by_kind(column: pl.Series, kinds: Sequence[str]) -> dict[str, pl.Series]:
    """Return which rows hold which kind of personal detail; each distinct text is looked at once."""
    distinct = pl.DataFrame({"text": column.unique()}).with_columns(**{kind: _KINDS[kind] for kind in kinds})
    held = [kind for kind in kinds if distinct[kind].any()]
    if not held:
        return {}
    rows = pl.DataFrame({"text": column}).join(distinct, on="text", how="left", maintain_order="left")
    return {kind: rows[kind] for kind in held}


def _any_of(found: Mapping[str, pl.Series]) -> pl.Series:
    return pl.DataFrame(found).select(held=pl.any_horizontal(pl.all())).to_series()
