"""Whose problem a hotspot is: shares by hand, and nothing where the data do not tell."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import shapely

from geodata import cells as h3cells
from geodata.nsir import report_types
from hotspots.owners import COLUMNS, hotspots_with_owners, whose

ASB = "anti-social-behaviour"
AT = {"H01": (-2.13, 52.58), "H02": (-2.10, 52.60)}


def hotspots() -> gpd.GeoDataFrame:
    cells = [str(h3cells.assign([x], [y], 10)[0]) for x, y in AT.values()]
    ids = pd.Index(list(AT), name="hotspot_id", dtype=object)
    return gpd.GeoDataFrame({"cells": cells}, geometry=[shapely.Point(at) for at in AT.values()], index=ids, crs=4326)


def reports(*kinds: tuple[str, str], place: str = "H01") -> pd.DataFrame:
    x, y = AT[place]
    return pd.DataFrame(
        [{"longitude": x, "latitude": y, "category": ASB, "heading": h, "qualifier": q} for h, q in kinds]
    )


MIXED = reports(("Noise", "nuisance"), ("Noise", "environmental"), ("Street drinking", ""), ("", ""))


def test_the_shares_are_those_counted_by_hand_and_only_of_the_own_reports() -> None:
    far = reports(("Neighbour dispute", "personal"), place="H02")
    told = hotspots_with_owners(hotspots(), pd.concat([MIXED, far], ignore_index=True), report_types())
    first, second = (told.loc[hotspot_id] for hotspot_id in AT)
    assert first["owners"] == "council 50%, ASB team 25%, not told 25%"
    assert first["routes"] == "environmental 50%, not told 25%, public place 25%"
    assert first["qualifiers"] == "not told 50%, environmental 25%, nuisance 25%"
    assert tuple(second[list(COLUMNS)]) == ("housing provider 100%", "tenancy 100%", "personal 100%")
    assert (
        whose(second) == "By the kinds of report: housing provider 100%. Route: tenancy 100%. Qualifier: personal 100%."
    )


def test_a_users_own_owners_are_named() -> None:
    types = report_types()
    types.loc[("heading", "noise"), "agency"] = "Noise\x07 patrol"
    told = hotspots_with_owners(hotspots(), MIXED, types)
    assert told.loc["H01", "owners"].startswith("Noise patrol 50%")
    assert (told.loc["H02", list(COLUMNS)] == "").all()
    assert whose(told.loc["H02"]) == ""


def test_data_without_headings_and_qualifiers_say_nothing() -> None:
    drawn = hotspots()
    told = hotspots_with_owners(drawn, reports(("", ""), ("", "")), report_types())
    assert told is drawn
    assert whose(told.loc["H01"]) == ""


def test_headings_that_the_table_does_not_know_are_no_answer() -> None:
    told = hotspots_with_owners(hotspots(), reports(("Laser", ""), ("Drone", "")), report_types())
    assert told.loc["H01", "owners"] == "not told 100%"
    assert whose(told.loc["H01"]) == ""


def test_no_hotspot_has_no_owner() -> None:
    assert hotspots_with_owners(hotspots().iloc[:0], MIXED, report_types()).empty
