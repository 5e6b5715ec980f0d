from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.categories import KNOWN, NOT_STATED, label, qualifier, slug
from geodata.schema import ASB

POLICE_UK_2014 = {
    "Anti-social behaviour": "anti-social-behaviour",
    "Bicycle theft": "bicycle-theft",
    "Burglary": "burglary",
    "Criminal damage and arson": "criminal-damage-arson",
    "Drugs": "drugs",
    "Other crime": "other-crime",
    "Other theft": "other-theft",
    "Possession of weapons": "possession-of-weapons",
    "Public order": "public-order",
    "Robbery": "robbery",
    "Shoplifting": "shoplifting",
    "Theft from the person": "theft-from-the-person",
    "Vehicle crime": "vehicle-crime",
    "Violence and sexual offences": "violent-crime",
}


@pytest.mark.parametrize(("text", "expected"), POLICE_UK_2014.items())
def test_every_police_uk_category_has_its_api_slug(text: str, expected: str) -> None:
    assert slug(text) == expected


def test_the_2011_names_lead_to_the_same_slugs() -> None:
    assert slug("Violent crime") == slug("Violence and sexual offences")
    assert slug("Public disorder and weapons") == "public-disorder-weapons"


@pytest.mark.parametrize("known", KNOWN)
def test_a_label_leads_back_to_its_slug(known: str) -> None:
    assert slug(label(known)) == known


@given(st.text())
def test_a_slug_is_its_own_slug_and_never_empty(text: str) -> None:
    assert slug(slug(text)) == slug(text) != ""


@pytest.mark.parametrize(
    "text", ["ASB", "asb - nuisance", "Anti Social Behaviour", "ANTISOCIAL BEHAVIOUR", "ASB Personal"]
)
def test_every_force_wording_of_asb_is_asb(text: str) -> None:
    assert slug(text) == ASB


@pytest.mark.parametrize("text", ["Asbestos dumping", "Anti-social media post"])
def test_words_that_only_begin_like_asb_are_not_asb(text: str) -> None:
    assert slug(text) != ASB


def test_an_empty_category_is_said_to_be_not_stated() -> None:
    assert slug("") == slug("  ") == slug("-") == NOT_STATED


@pytest.mark.parametrize(
    ("text", "expected"), [("ASB - Personal", "personal"), ("NUISANCE", "nuisance"), ("impersonal", "")]
)
def test_a_qualifier_is_a_whole_word(text: str, expected: str) -> None:
    assert qualifier(text) == expected
