"""Names of categories: police.uk's own, the 2011 layout's, force wording for ASB, and anything else as it comes."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from geodata.schema import ASB

NOT_STATED: Final = "not-stated"
"""Slug of a record whose category is empty."""

KNOWN: Final[dict[str, str]] = {
    ASB: "Anti-social behaviour",
    "bicycle-theft": "Bicycle theft",
    "burglary": "Burglary",
    "criminal-damage-arson": "Criminal damage and arson",
    "drugs": "Drugs",
    "other-crime": "Other crime",
    "other-theft": "Other theft",
    "possession-of-weapons": "Possession of weapons",
    "public-disorder-weapons": "Public disorder and weapons",
    "public-order": "Public order",
    "robbery": "Robbery",
    "shoplifting": "Shoplifting",
    "theft-from-the-person": "Theft from the person",
    "vehicle-crime": "Vehicle crime",
    "violent-crime": "Violence and sexual offences",
}
"""Slug and label of every police.uk category, with the legacy ones (R2.8)."""

QUALIFIERS: Final = ("personal", "nuisance", "environmental")
"""The national standard's three kinds of ASB (R3.3)."""

_OTHER_WORDING: Final = {
    "violence-and-sexual-offences": "violent-crime",
    "criminal-damage-and-arson": "criminal-damage-arson",
    "public-disorder-and-weapons": "public-disorder-weapons",
}
_ASB_START = re.compile(r"^(?:asb|anti-?social-behaviou?r)(?:-|$)|^anti-?social$")

ASB_NAME: Final = re.compile(r"\b(?:asb|anti ?social behaviou?r)\b")
"""ASB's own name anywhere among plain words."""

NEGATED: Final = re.compile(r"\b(?:non|not|no) (?:an? )?(?:asb|anti ?social behaviou?r|crimes?|criminal)\b")
"""Plain words that say what a report is not."""


def slug(text: str) -> str:
    """Return the slug of a category, however police.uk, its API or a force writes it.

    Stable under repetition: ``slug(slug(text)) == slug(text)``. An empty text becomes ``not-stated``.

    Examples
    --------
    >>> slug("Anti-social behaviour"), slug("Violence and sexual offences"), slug("ASB - Nuisance")
    ('anti-social-behaviour', 'violent-crime', 'anti-social-behaviour')
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii").lower()
    joined = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not joined:
        return NOT_STATED
    if _ASB_START.match(joined):
        return ASB
    return _OTHER_WORDING.get(joined, joined)


def label(category: str) -> str:
    """Return the words people read for a category slug.

    Examples
    --------
    >>> label("violent-crime"), label("off-road-bikes")
    ('Violence and sexual offences', 'Off road bikes')
    """
    return KNOWN.get(category, category.replace("-", " ").capitalize())


def qualifier(text: str) -> str:
    """Return ``personal``, ``nuisance`` or ``environmental`` when the text says so, otherwise an empty text.

    Examples
    --------
    >>> qualifier("ASB - Environmental"), qualifier("N/A")
    ('environmental', '')
    """
    words = re.findall(r"[a-z]+", text.lower())
    return next((known for known in QUALIFIERS if known in words), "")


def is_named_asb(text: str) -> bool:
    """Return whether the text begins with ASB's own name; `geodata.nsir.is_asb` knows what else is ASB (R3.3).

    Examples
    --------
    >>> is_named_asb("ASB - Drugs"), is_named_asb("Antisocial"), is_named_asb("Anti-social media post")
    (True, True, False)
    """
    return slug(text) == ASB
