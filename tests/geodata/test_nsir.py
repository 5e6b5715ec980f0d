"""Report types: the standard's thirteen headings and three qualifiers, wordings forces use, and a user's own table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geodata
from geodata.categories import KNOWN, QUALIFIERS
from geodata.errors import SourceError
from geodata.nsir import (
    AGENCIES,
    ROUTES,
    agency,
    deterrable,
    heading_of,
    headings,
    report_types,
    route,
    unknown_headings,
)

ASB = "anti-social-behaviour"

# The standard's headings as R3.3 lists them, and the slug each must be given.
THIRTEEN = {
    "vehicle abandoned": "vehicle-abandoned",
    "vehicle nuisance": "vehicle-nuisance",
    "rowdy/inconsiderate": "rowdy-inconsiderate",
    "rowdy/nuisance neighbours": "nuisance-neighbours",
    "littering/drug paraphernalia": "littering-drug-paraphernalia",
    "animal problems": "animal-problems",
    "trespass": "trespass",
    "malicious/nuisance communications": "malicious-communications",
    "street drinking": "street-drinking",
    "prostitution-related": "prostitution-related",
    "noise": "noise",
    "begging/vagrancy": "begging-vagrancy",
    "fireworks": "fireworks",
}


def reports(*rows: tuple[str, str, str]) -> pd.DataFrame:
    """ASB reports from (category, heading, qualifier)."""
    return pd.DataFrame(list(rows), columns=["category", "heading", "qualifier"], dtype="str")


def write(folder: Path, *lines: str) -> Path:
    path = folder / "types.csv"
    path.write_text("\n".join(["kind,slug,label,deterrable,route,agency,synonyms", *lines]) + "\n", encoding="utf-8")
    return path


def test_the_table_holds_the_thirteen_headings_the_three_qualifiers_and_every_police_uk_category() -> None:
    types = report_types()
    assert set(types.loc["heading"].index) == set(THIRTEEN.values())
    assert set(types.loc["qualifier"].index) == set(QUALIFIERS)
    assert set(types.loc["category"].index) == set(KNOWN)
    assert set(types["agency"]) == {*AGENCIES, ""}
    assert set(types["route"]) == {*ROUTES, ""}


def test_exactly_neighbour_disputes_and_malicious_communications_are_headings_no_patrol_deters() -> None:
    of_heading = report_types().loc["heading"]
    assert set(of_heading.index[~of_heading["deterrable"]]) == {"nuisance-neighbours", "malicious-communications"}


def test_each_route_of_a_heading_leads_to_one_agency() -> None:
    of_heading = report_types().loc["heading"]
    assert of_heading.groupby("route")["agency"].unique().map(list).to_dict() == {
        "tenancy": ["housing provider"],
        "environmental": ["council"],
        "public place": ["ASB team"],
        "criminal": ["police"],
    }


@pytest.mark.parametrize(("text", "slug"), THIRTEEN.items())
def test_a_heading_is_found_however_it_is_cased_punctuated_or_led_in(text: str, slug: str) -> None:
    for written in (text, text.upper(), f"ASB - {text}", f"ASB NUISANCE: {text} behaviour", text.replace("/", " or ")):
        assert heading_of(written) == slug
    assert heading_of(slug) == slug


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Neighbour dispute", "nuisance-neighbours"),
        ("Noise nuisance neighbours", "nuisance-neighbours"),
        ("Rowdy and inconsiderate behaviour (youths)", "rowdy-inconsiderate"),
        ("Nuisance motorbike / off-road bikes", "vehicle-nuisance"),
        ("Hoax call to emergency services", "malicious-communications"),
        ("Prostitution related activity", "prostitution-related"),
        ("Fly-tipping", "littering-drug-paraphernalia"),
        ("Begging", "begging-vagrancy"),
        ("Burglary dwelling", ""),
        ("Noisefull", ""),
        ("Nuisance", ""),
        ("", ""),
        ("???", ""),
    ],
)
def test_wordings_of_forces_are_understood_and_others_are_left_alone(text: str, slug: str) -> None:
    assert heading_of(text) == slug


@given(st.text(max_size=40))
def test_any_text_gives_a_known_heading_or_none(text: str) -> None:
    assert heading_of(text) in {*THIRTEEN.values(), ""}


@given(st.sampled_from(list(THIRTEEN)), st.text(alphabet=" -/:.,;()", max_size=5), st.text(alphabet=" -/:", max_size=3))
def test_punctuation_around_a_heading_changes_nothing(text: str, before: str, after: str) -> None:
    assert heading_of(before + text.title() + after) == THIRTEEN[text]


# Reports -------------------------------------------------------------------------------------------------------------


def test_the_heading_decides_then_the_qualifier_then_the_category() -> None:
    table = reports(
        (ASB, "Rowdy/nuisance neighbours", "Nuisance"),
        (ASB, "Rowdy/inconsiderate behaviour", "Personal"),
        (ASB, "", "environmental"),
        (ASB, "Something else", "personal"),
        (ASB, "", ""),
        ("burglary", "Noise", "nuisance"),
        ("violent-crime", "", ""),
        ("off-road-bikes", "", ""),
    ).assign(qualifier=lambda held: held["qualifier"].str.lower())
    assert deterrable(table).tolist() == [False, True, True, False, True, True, False, False]
    assert agency(table).tolist() == [
        "housing provider", "ASB team", "council", "ASB team", "", "police", "police", "",
    ]  # fmt: skip
    assert route(table).tolist() == [
        "tenancy", "public place", "environmental", "", "", "criminal", "criminal", "",
    ]  # fmt: skip


def test_police_uk_records_without_a_heading_are_asb_that_may_be_deterred_and_belongs_to_nobody_yet() -> None:
    table = pd.DataFrame({"category": [ASB, "drugs"]}, index=[5, 9])
    assert deterrable(table).tolist() == [True, True]
    assert agency(table).to_dict() == {5: "", 9: "police"}
    assert headings(table).tolist() == ["", ""]
    assert unknown_headings(table).empty


def test_no_reports_have_no_types() -> None:
    none = reports()
    assert deterrable(none).shape == (0,)
    assert deterrable(none).dtype == bool
    assert agency(none).empty


def test_headings_the_table_does_not_know_are_counted_so_that_they_can_be_added() -> None:
    table = reports(
        (ASB, "Drone", ""), (ASB, "Laser", ""), (ASB, " Laser", ""), (ASB, "Noise", ""), (ASB, "", ""),
        ("burglary", "Shed", ""),
    )  # fmt: skip
    assert list(unknown_headings(table).items()) == [("Laser", 2), ("Drone", 1)]


def test_the_sample_citys_headings_are_all_known(sample_city: dict[str, Path]) -> None:
    own = geodata.read([sample_city["incidents.csv"]]).records
    raw = pd.read_csv(sample_city["incidents.csv"], dtype="str", keep_default_na=False).drop_duplicates("incident_ref")
    asb = raw.loc[raw["category"] == "Anti-social behaviour"]
    assert unknown_headings(own).empty
    refused = asb["nsir_category"].isin(["Rowdy/nuisance neighbours", "Malicious/nuisance communications"])
    is_asb = (own["category"] == ASB).to_numpy()
    assert int((~deterrable(own)[is_asb]).sum()) == int(refused.sum())
    assert set(agency(own.loc[is_asb])) == set(AGENCIES)


# A user's own table --------------------------------------------------------------------------------------------------


def test_a_users_rows_replace_shipped_ones_and_add_new_ones(tmp_path: Path) -> None:
    own = report_types(
        write(
            tmp_path,
            "heading,noise,Noise,no,tenancy,Anytown Homes,loud parties",
            "heading,drones,Drones,yes,public place,ASB team,drone nuisance",
            "category,off-road-bikes,Off-road bikes,yes,criminal,police,",
        )
    )
    assert len(own.loc["heading"]) == 14
    table = reports(
        (ASB, "Noise", ""), (ASB, "Loud parties", ""), (ASB, "Drone nuisance", ""), ("off-road-bikes", "", "")
    )
    assert deterrable(table, own).tolist() == [False, False, True, True]
    assert agency(table, own).tolist() == ["Anytown Homes", "Anytown Homes", "ASB team", "police"]
    assert deterrable(table).tolist() == [True, True, True, False]
    assert heading_of("drone nuisance") == ""


def test_a_table_changed_in_python_is_honoured() -> None:
    mine = report_types()
    mine.loc[("heading", "noise"), "deterrable"] = False
    assert not deterrable(reports((ASB, "Noise", "")), mine).any()
    assert deterrable(reports((ASB, "Noise", ""))).all()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("heading,noise,Noise,maybe,,council,", "deterrable must be one of yes, no; 1 rows are not, first 'maybe'"),
        ("crime,noise,Noise,yes,,council,", "kind must be one of heading, qualifier, category"),
        ("heading,noise,Noise,yes,elsewhere,council,", "route must be one of tenancy"),
        ("heading,,Noise,yes,,council,", "must be given once"),
        ("heading,noise,A,yes,,council,\nheading,noise,B,yes,,council,", "'heading,noise' is not"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_one_sentence(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(SourceError, match=says):
        report_types(write(tmp_path, line))


def test_files_that_are_no_tables_are_refused(tmp_path: Path) -> None:
    binary = tmp_path / "types.csv"
    binary.write_bytes(b"\xff\xfe\x00\x80" * 9)
    for path in (binary, tmp_path / "absent.csv"):
        with pytest.raises(SourceError, match="cannot be read as report types"):
            report_types(path)
    short = tmp_path / "short.csv"
    short.write_text("kind,slug\n")
    with pytest.raises(SourceError, match="has no column label"):
        report_types(short)
