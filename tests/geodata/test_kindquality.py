"""Which wordings are ASB: one table decides, crimes stay crimes, and what is left out is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import geodata
from geodata import kindquality
from geodata.area import StudyArea
from geodata.categories import KNOWN, label
from geodata.nsir import asb_test, is_asb, report_types, with_own_types
from geodata.schema import ASB

Write = Callable[..., Path]

HEADER = "occurred_from,category,qualifier,lon,lat"
TYPES = "kind,slug,label,deterrable,route,agency,synonyms\n"


def written(kind: str) -> list[tuple[str, str]]:
    """Return (slug, wording) of every type of a kind, as the table has them."""
    of_kind = report_types().loc[kind]
    return [
        (str(slug), wording)
        for slug, row in of_kind.iterrows()
        for wording in (row["label"], *row["synonyms"].split("|"))
        if wording and slug != ASB
    ]


CRIMES = [wording for _, wording in written("category")]


@pytest.mark.parametrize(
    "text",
    [
        "Street Drinkers", "Neighbour dispute", "Off road bikes", "off-road-bikes", "Youths causing nuisance",
        "Fly-tipping", "Noise nuisance", "Nuisance - ASB", "ASB ENVIRONMENTAL", "Antisocial", "Anti-Social Behaviour",
        "Nuisance", "Nuisance: Noise", "Environmental - Littering", "Non-crime: neighbour dispute", "ASB - Drugs",
        "Rowdy / inconsiderate", "Malicious/nuisance communications", "Prostitution Related Activity",
        "Incident: street drinking",
    ],
)  # fmt: skip
def test_wordings_forces_use_are_asb(text: str) -> None:
    assert is_asb(text)


@pytest.mark.parametrize(
    "text",
    [
        "Burglary dwelling", "Theft of fireworks", "Theft of quad bike", "Neighbour dispute - assault", "Non-ASB",
        "Not ASB", "Asbestos dumping", "Anti-social media post", "Malicious communications", "Criminal damage (ASB)",
        "Concern for safety reported by neighbour", "Public nuisance", "Controlling prostitution for gain",
        "Stolen abandoned vehicle", "Litter bin fire", "Trespass with intent to commit a sexual offence", "Drugs",
        "Domestic - neighbour", "Racially aggravated harassment", "Road traffic collision", "", "N/A", "Other",
    ],
)  # fmt: skip
def test_crimes_and_other_incidents_that_mention_a_wording_are_not(text: str) -> None:
    assert not is_asb(text)


def test_every_wording_of_a_crime_is_none_and_makes_a_crime_of_every_heading_beside_it() -> None:
    heading, means_asb = [wording for _, wording in written("heading")], asb_test()
    assert not [wording for wording in CRIMES if means_asb(wording)]
    assert not [(a, b) for a in heading for b in CRIMES if means_asb(f"{a} - {b}")]


def test_every_wording_of_the_table_is_asb_because_of_the_table() -> None:
    types = report_types()
    means_asb = asb_test()
    missed = [wording for _, wording in written("heading") if not means_asb(wording)]
    assert missed == ["malicious communication"]  # a notifiable crime of that name unless a category says ASB
    for slug, wording in written("heading"):
        without = asb_test(types.drop(index=("heading", slug)))
        alone = wording.lower().split()[0]
        if wording not in missed and not any(alone in other for s, other in written("heading") if s != slug):
            assert not without(wording), (slug, wording)


@pytest.mark.parametrize("category", sorted(KNOWN))
def test_police_uks_categories_are_what_they_were(category: str) -> None:
    assert is_asb(label(category)) == (category == ASB)


def test_a_blank_category_goes_by_the_heading(extract_csv: Write) -> None:
    lines = [f"2024-01-{day:02},{kind},{head},-2.1,52.5" for day, kind, head in [
        (1, "ASB", "Noise"), (2, "", "Street drinking"), (3, "", "Theft of fireworks"), (4, "Burglary", "Noise"),
    ]]  # fmt: skip
    intake = geodata.read([extract_csv(lines, "occurred_from,category,nsir_category,lon,lat")])
    assert list(intake.records["category"]) == [ASB, ASB, "not-stated", "burglary"]
    assert list(intake.records["heading"]) == ["Noise", "Street drinking", "", ""]
    assert [note for note in intake.notes if "by their heading: 1" in note]


def test_kinds_left_out_are_named_and_unknown_ones_graded() -> None:
    types, counts = report_types(), pd.Series({"burglary": 300, "theft-of-bike": 50, "concern-for-safety": 100})
    found = kindquality.left_out(counts, 1_000, types)
    assert found is not None
    assert (found.severity, found.n) == ("info", 450)
    assert "Burglary (300); Concern for safety (100); Theft of bike (50)" in found.message
    assert "by any wording known: 100: Concern for safety (100)" in found.message
    more = kindquality.left_out(counts.replace(100, 101), 1_000, types)
    assert more is not None
    assert more.severity == "amber"
    crimes = kindquality.left_out(counts.drop("concern-for-safety"), 350, types)
    assert crimes is not None
    assert (crimes.severity, "unknown" in crimes.message, "wording" in crimes.message) == ("info", False, False)
    assert kindquality.left_out(pd.Series({"not-stated": 9}), 10, types) is None


@pytest.mark.parametrize(("n", "severity"), [(500, "red"), (499, "amber"), (101, "amber"), (100, "info"), (0, None)])
def test_records_without_a_category_are_graded_by_their_share(n: int, severity: str | None) -> None:
    found = kindquality.without_category(pd.Series({"not-stated": n, "burglary": 5}), 1_000)
    assert (found and found.severity) == severity


def test_a_users_table_changes_what_is_asb_at_the_gate(extract_csv: Write, tmp_path: Path, town: StudyArea) -> None:
    own = tmp_path / "own.csv"
    own.write_text(TYPES + "heading,drones,Drones,yes,public place,drone unit,drone nuisance|uav\n", encoding="utf-8")
    kinds = ["ASB"] * 8 + ["UAV"] * 3 + ["Drone nuisance"] * 2 + ["Burglary"] * 2
    lines = [f"2024-{1 + n % 12:02}-05 20:00,{kind},,-2.1288,52.5862" for n, kind in enumerate(kinds)]
    intake = geodata.read([extract_csv(lines, HEADER)])
    shipped, with_own = (geodata.screen(intake, town, report_types=path) for path in ("", str(own)))
    assert (shipped.report.n_used, with_own.report.n_used) == (8, 13)
    [found] = [f for f in shipped.report.findings if f.check == "other categories"]
    assert (found.severity, found.n) == ("amber", 7)
    assert "Uav (3)" in found.message
    assert set(with_own.incidents["heading"]) == {"ASB", "Uav", "Drone nuisance"}
    assert with_own_types(intake.records, report_types()) is intake.records


def test_headings_the_table_does_not_know_are_named(extract_csv: Write, town: StudyArea) -> None:
    heads = ["Noise", "Laser pens", "Laser pens", "", "ASB - Nuisance"]
    lines = [f"2024-{1 + n:02}-05,ASB,{head},-2.1288,52.5862" for n, head in enumerate(heads)]
    intake = geodata.read([extract_csv(lines, "occurred_from,category,nsir_category,lon,lat")])
    [found] = [f for f in geodata.screen(intake, town).report.findings if f.check == "unknown headings"]
    assert (found.n, "Laser pens (2)" in found.message) == (2, True)
