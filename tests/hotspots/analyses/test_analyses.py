"""Every analysis of the registry: it answers the sample in words, table and picture, and refuses what it must."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.spatial.distance import cdist

import hotspots
from geodata import cells as h3cells
from geodata.errors import DesignError
from geodata.hitrate import HitRate
from geodata.nsir import deterrable
from geodata.schema import ASB
from hotspots.alerts import change_z
from hotspots.analyses import ANALYSES, PAGES, Analysis, Options, analyse, facts, listing, names_on
from hotspots.analyses.registry import WHOLE_AREA, unmet
from hotspots.harm import harm_weights
from hotspots.near_repeat import near_repeat
from hotspots.report.analyses import picture_svg
from hotspots.results import Run
from hotspots.timing import week_matrix

NEEDS_MORE = {"areas", "facilities", "harm", "recording"}  # a file, or more categories
REFUSED_ON_STREET_CENTRES_AND_MONTHS = {
    "repeat-clocks", "repeat-prompts", "repeat-course", "repeat-outcome", "near-repeat", "near-repeat-chains", "week",
    "day-night", "holidays", "density-adaptive", "density-streets", *NEEDS_MORE,
}  # fmt: skip
"""R2.2: hours, days, repeat addresses and near repeat; the streets and files were not given."""


@pytest.fixture(scope="session")
def answers(city: Run, town: Run) -> dict[str, Analysis]:
    """Every analysis of the sample that needs nothing more than the run; near repeat of the smaller town."""
    everything = Options(near_repeat_categories=("all",))
    return {
        name: analyse(town if name.startswith("near") else city, name, everything)
        for name in ANALYSES
        if name not in NEEDS_MORE
    }


@pytest.mark.parametrize("name", [name for name in ANALYSES if name not in NEEDS_MORE])
def test_every_analysis_answers_the_sample_in_words_table_and_picture(answers, name):
    answer = answers[name]
    assert answer.refusal is None, answer.refusal
    assert answer.name == name
    assert answer.title == ANALYSES[name].question
    assert answer.picture is not None
    assert len(answer.table)
    assert list(answer.table.index) == list(range(len(answer.table)))
    assert "geometry" not in answer.table
    assert answer.sentences
    assert all(sentence.endswith(".") and "nan" not in sentence.split() for sentence in answer.sentences)
    assert answer.method


@pytest.mark.parametrize("name", ANALYSES)
def test_street_centres_and_months_are_refused_what_they_cannot_tell_in_words_with_the_rule(snapped, name):
    answer = analyse(snapped, name)
    assert (answer.refusal is not None) == (name in REFUSED_ON_STREET_CENTRES_AND_MONTHS)
    if answer.refusal is not None:
        assert answer.refusal.rule.startswith("R")
        assert answer.sentences == (answer.refusal.reason,)
        assert answer.refusal.reason.endswith(".")
        assert answer.picture is None
        assert answer.table.empty


MUST_REFUSE = {
    "one month": {"seasons", "kinds", "changes", "density-compare", "list-chance", "repeat-course", "near-repeat"},
    "one point": {"bandwidth", "repeat-concentration"},
    "a gap": {"seasons"},
    "days": {"week", "day-night"},
    "areas": {"repeat-clocks", "repeat-prompts", "repeat-score", "repeat-outcome", "near-repeat", "facilities"},
    "one report": {"repeat-score", "repeat-concentration", "near-repeat", "bandwidth", "kinds"},
}


def test_records_that_lack_something_are_answered_or_refused_and_never_end_in_an_error(odd):
    lacking, run = odd
    options = Options(near_repeat_categories=("all",), boundaries=halves(run))
    answers = [analyse(run, name, options) for name in ANALYSES]
    assert "areas" not in {answer.name for answer in answers if answer.refusal}
    assert MUST_REFUSE[lacking] <= {answer.name for answer in answers if answer.refusal}
    for answer in answers:
        assert not {"nan", "inf", "nan%"} & set(" ".join(answer.sentences).replace(",", " ").split()), answer.name
    assert not any("nan" in picture_svg(run, answer).lower() for answer in answers)


def test_no_answer_speaks_of_the_future_or_of_people_as_suspects(answers):
    for answer in answers.values():
        said = " ".join([answer.title, *answer.sentences, *answer.method]).lower()
        assert not [word for word in ("predict", "forecast", "offender", "suspect", "risk of") if word in said], (
            answer.name
        )


def test_the_registry_says_which_question_and_where():
    listed = listing()
    assert list(listed.index) == list(ANALYSES)
    assert listed["question"].str.endswith("?").all()
    assert listed["question"].is_unique
    assert set(listed["page"]) == set(PAGES)
    assert sorted(name for page in PAGES for name in names_on(page)) == sorted(ANALYSES)


def test_the_package_offers_the_analyses_themselves(city):
    assert hotspots.analyses.listing().equals(listing())
    assert hotspots.analyse(city, "seasons").title == ANALYSES["seasons"].question


def test_an_unknown_name_lists_the_known_ones(city):
    with pytest.raises(DesignError, match="near-repeat-chains"):
        analyse(city, "tarot")


def test_an_answer_cannot_be_changed(answers):
    with pytest.raises(FrozenInstanceError):
        answers["week"].title = "x"


@pytest.mark.parametrize("wrong", ["0", "-5", "wide", "nan", "inf"])
def test_a_bandwidth_that_makes_no_sense_is_refused_by_name(wrong):
    with pytest.raises(DesignError, match="metres above 0"):
        Options(bandwidth=wrong)


def test_a_hotspot_that_is_not_there_is_refused_with_those_there_are(city):
    answer = analyse(city, "week", Options(hotspot="H99"))
    assert "H01" in answer.refusal.reason


# The numbers, against another way to them -----------------------------------------------------------------------------


def words_of_svg(svg: str) -> str:
    return " ".join(
        "".join(text.itertext()) for text in ElementTree.fromstring(svg).iter() if text.tag.endswith("text")
    )


def test_low_counts_are_said_beside_the_clusters_and_islands_too(city, town, answers):
    assert any("do not rest on the normal curve" in sentence for sentence in answers["clusters"].sentences)
    alone = replace(town, cells=town.cells.loc[[town.cells.index[0], town.cells.index[-1]]])
    assert any("no neighbour" in sentence for sentence in analyse(alone, "clusters").sentences)


def brute_quartic(points: np.ndarray, at: np.ndarray, h: float) -> np.ndarray:
    u2 = (cdist(at, points) / h) ** 2
    return np.where(u2 < 1, 3 / (np.pi * h**2) * (1 - u2) ** 2, 0.0)


def metres(run: Run, cells: pd.Series) -> np.ndarray:
    return np.column_stack(run.area.project(*h3cells.centres(cells).T))


def test_the_density_is_the_sum_of_kernels_without_the_default_location(city, answers):
    top = answers["density"].table.head(3)
    reports = facts.placed(city, buffered=True)
    sums = brute_quartic(facts.in_metres(city, reports), metres(city, top["cell"]), 200.0).sum(axis=1)
    np.testing.assert_allclose(top["density"], sums * 1e6 / 3, rtol=1e-9)  # three years
    assert len(facts.placed(city)) < len(facts.inside(city))
    assert any("default location" in sentence for sentence in answers["density"].sentences)


def test_the_density_of_late_counts_a_report_half_after_its_half_life(city, answers):
    top = answers["density-lately"].table.head(3)
    reports = facts.placed(city, buffered=True)
    when = reports["occurred_from"].dt.tz_localize(None)
    age = (facts.as_of(city) - when) / pd.Timedelta(days=1)
    fade = np.log(2) / 60 * 0.5 ** (age.to_numpy() / 60)
    sums = brute_quartic(facts.in_metres(city, reports), metres(city, top["cell"]), 200.0) @ fade
    np.testing.assert_allclose(top["density"], sums * 1e6 * 365.25, rtol=1e-9)


def test_the_ratio_compares_shares_within_the_kernel(city, answers):
    row = answers["density-compare"].table.iloc[[0]]
    reports = facts.placed(city)
    recent = (reports["month"] >= pd.Timestamp("2023-08-01")).to_numpy()
    before = ~recent & (reports["month"] >= pd.Timestamp("2022-08-01")).to_numpy()
    near = brute_quartic(facts.in_metres(city, reports), metres(city, row["cell"]), 200.0)[0]
    expected = (near[recent].sum() / recent.sum()) / (near[before].sum() / before.sum())
    assert row["ratio"].iloc[0] == pytest.approx(expected, rel=1e-9)


def test_along_streets_the_pieces_add_up_to_the_reports_of_a_year(city, answers):
    pieces = answers["density-streets"].table
    total = (pieces["per_100m_year"] / 100 * pieces["length_m"]).sum()
    # kept at junctions, lost only where a street ends within the bandwidth and between middles of pieces
    assert 0.9 < total / (len(facts.placed(city)) / 3) < 1.02


def test_the_windows_are_those_of_the_patrol_plan(city, answers):
    table = answers["week"].table.set_index("hotspot_id")
    assert (table["window"].drop("") == city.patrols["window"]).all()
    reports = facts.inside(city)
    placed = week_matrix(reports.loc[deterrable(reports)]).to_numpy().sum()
    assert answers["week"].picture.counts.sum() == pytest.approx(placed)


def test_what_the_run_says_too_is_said_with_the_same_numbers(city, answers):
    held, agreed = city.concentration, city.agreement
    assert f"hold {held.held_share:.0%} of the reports" in answers["concentration"].sentences[0]
    assert f"{held.area_share_for_half:.1%}" in answers["concentration"].sentences[1]
    assert f"{round(agreed.count_and_density * agreed.k)} are also" in answers["agreement"].sentences[0]
    assert f"and {round(agreed.count_and_repeats * agreed.k)} among" in answers["agreement"].sentences[0]
    assert answers["list-chance"].sentences[0] in city.notes
    listed = city.hotspots.sort_values("rank")["p_top"]
    assert answers["list-chance"].table["p_top"].tolist() == listed.tolist()
    drawn = picture_svg(city, answers["list-chance"])
    assert drawn.count(">over 99%<") == (listed > 0.99).sum() > 0
    assert (
        answers["clusters"].table["is_cluster"].sum()
        == (city.cells["is_cluster"] & (city.cells["n"] > 0)).sum()
        - (city.cells["is_cluster"] & (facts.cell_counts(city) == 0) & (city.cells["n"] > 0)).sum()
    )
    kinds = answers["kinds"].table.set_index("id")["label"]
    assert (kinds.reindex(city.hotspots.index) == city.hotspots["kind_label"]).all()


def test_busy_cells_of_planted_hotspots_lie_among_busy_ones_and_only_busy_cells_are_judged(city, answers):
    table = answers["odd-cells"].table
    assert (table["n"] > facts.cell_counts(city).mean()).all()
    assert set(table["pattern"]) <= {"", "high-high", "high-low"}
    near = table.loc[table["hotspot_id"] != ""]
    assert (near.groupby("hotspot_id")["pattern"].agg(lambda found: "high-high" in set(found))).mean() >= 0.8


def test_a_change_is_the_difference_of_square_roots(answers):
    table = answers["changes"].table
    np.testing.assert_allclose(table["z"], change_z(table["now"], table["expected"]))
    own = table.loc[table["what"] == "hotspot"]
    assert (own["is_alert"] == (own["z"].abs() >= 3)).all()


def test_the_repeat_score_is_the_product_of_its_factors(answers):
    table = answers["repeat-score"].table
    product = table["count_factor"] * table["recency_factor"] * table["spread_factor"]
    np.testing.assert_allclose(table["score"], product)


def test_places_meet_the_case_review_threshold_from_three_reports_in_six_months(city, answers):
    table = answers["repeat-clocks"].table
    met = table["case_review"] == "case review threshold met"
    near = table["case_review"] == "approaching threshold"
    assert (table.loc[met, "n_6m_in_time"] >= 3).all()
    assert (table.loc[near, "n_6m_in_time"] == 2).all()
    assert f"{met.sum():,} places meet" in answers["repeat-clocks"].sentences[0]
    assert not table["place"].eq("").any()


def test_a_default_location_is_no_repeat_place_of_note(city, answers):
    booked = set(city.repeat_locations.index[city.repeat_locations["is_default_location"]])
    assert booked
    for name in ("repeat-clocks", "repeat-prompts", "repeat-unusual", "repeat-concentration"):
        assert not booked & set(answers[name].table["place_key"]), name


def test_a_question_is_beyond_the_data_where_it_is_refused_and_no_file_would_help(city, snapped):
    beyond = {name for name in ANALYSES if unmet(snapped, name)}
    assert beyond == REFUSED_ON_STREET_CENTRES_AND_MONTHS - NEEDS_MORE - {"density-streets"}
    assert unmet(snapped, "repeat-prompts") == ("the exact place", "the date")
    assert not any(unmet(city, name) for name in ANALYSES)


def test_knox_is_the_test_itself(town, answers):
    own = near_repeat(facts.placed(town), town.area, categories=(), random_state=town.config.seed)
    pd.testing.assert_frame_equal(answers["near-repeat"].table, own.table)
    assert answers["near-repeat"].sentences[0] == own.describe()


def test_without_its_categories_near_repeat_is_refused_with_where_the_events_went(city):
    refusal = analyse(city, "near-repeat").refusal
    assert refusal.rule == "R4.12"
    assert "another category" in refusal.reason
    assert "of Burglary, Vehicle crime, Criminal damage and arson there are" in refusal.reason


def test_harm_of_one_category_ranks_as_the_count_does_and_declares_its_weight(city):
    answer = analyse(city, "harm", Options(harm=harm_weights({"burglary": 100.0}, asb_weight=2.5)))
    assert (answer.table["harm"] == 2.5 * answer.table["n"]).all()
    assert (answer.table["harm_rank"] == answer.table["count_rank"]).all()
    assert "weighs 2.5" in answer.sentences[1]
    assert any("anti-social behaviour only" in sentence for sentence in answer.sentences)


def test_facilities_are_ranked_by_type_and_a_type_of_few_has_no_curve(town):
    busy = facts.inside(town)[["longitude", "latitude"]].value_counts().index[:6]
    table = pd.DataFrame(
        {
            "name": [f"Shop {n}" for n in range(6)] + ["Arms"], "type": ["shop"] * 6 + ["pub"],
            "longitude": [x for x, _ in busy] + [-2.12], "latitude": [y for _, y in busy] + [52.585],
        }
    )  # fmt: skip
    answer = analyse(town, "facilities", Options(facilities=table))
    counts = facts.inside(town)[["longitude", "latitude"]].value_counts().head(6)
    assert sorted(answer.table["n"]) == sorted(counts)
    assert set(answer.table["type"]) == {"shop"}
    assert any("pub: only 1" in sentence for sentence in answer.sentences)
    assert answer.picture.others == ()
    two = pd.concat([table, table.head(6).assign(type="stop", latitude=table["latitude"].head(6) + 0.0001)])
    both = analyse(town, "facilities", Options(facilities=two.reset_index(drop=True)))
    assert [name for name, _, _ in both.picture.others] == ["stop"]
    assert "stop" in words_of_svg(picture_svg(town, both))


def halves(run: Run, **columns: object) -> gpd.GeoDataFrame:
    """The area of a run as a western and an eastern ward."""
    west, south, east, north = run.area.boundary.bounds
    middle = (west + east) / 2
    parts = [shapely.box(west, south, middle, north), shapely.box(middle, south, east, north)]
    named = {"code": ["E05000001", "E05000002"], "name": ["West", "East"]} | columns
    return gpd.GeoDataFrame(named, geometry=parts, crs=4326)


def test_areas_hold_every_report_and_say_that_they_are_no_hotspots(city):
    answer = analyse(city, "areas", Options(boundaries=halves(city)))
    table, reports = answer.table.set_index("place"), facts.inside(city)
    middle = np.mean(city.area.boundary.bounds[::2])
    assert table.loc["West", "n"] == (reports["longitude"] <= middle).sum()
    assert table["n"].sum() == len(reports) == city.quality.n_used
    assert table["n_in_hotspots"].sum() == (facts.owners(city, reports) != "").sum()
    assert table["n_default"].sum() == len(reports) - len(facts.placed(city))
    assert table["share_of_list"].sum() == pytest.approx(1)
    missing = city.quality.dropped["no coordinates"]
    assert f"0 outside all of them; {missing:,} more records of the files have no coordinates" in answer.sentences[0]
    assert any("is no hotspot" in sentence for sentence in answer.sentences)
    assert list(answer.shapes.index) == list(answer.table.index)
    assert answer.picture.marks == tuple(table["n_before"] / 12)


def test_areas_that_changed_otherwise_are_named_and_those_of_few_reports_counted(town):
    west, south, east, _ = town.area.boundary.bounds
    moved = town.incidents.assign(longitude=west + 0.001, latitude=south + 0.001)
    is_early = (moved["month"] < "2023-03-01").to_numpy()
    one_left = pd.concat([moved, moved.loc[is_early].assign(longitude=east - 0.001)])
    one_left.index = pd.RangeIndex(len(one_left), name="incident_id")
    answer = analyse(replace(town, incidents=one_left), "areas", Options(boundaries=halves(town)))
    table = answer.table.set_index("place")
    assert table.loc["East", "n_now"] == 0
    assert any("Too few reports to tell a change" in said and "1 of 2 areas" in said for said in answer.sentences)
    assert table.loc["West", "differs"]
    assert any(
        said.startswith("Areas that changed otherwise than all reports together: West ") for said in answer.sentences
    )


def test_records_without_coordinates_stand_beside_the_area_they_state(town):
    rates = (HitRate("beat", "west", 40, 30), HitRate("LSOA", "E05000002", 9, 8), HitRate("month", "East", 9, 1))
    told = replace(town, quality=replace(town.quality, hit_rates=rates))
    answer = analyse(told, "areas", Options(boundaries=halves(town)))
    assert answer.table.set_index("place")["n_not_located"].to_dict() == {"West": 10, "East": 1}
    assert any(sentence.startswith("11 records without coordinates state one") for sentence in answer.sentences)
    assert "n_not_located" not in analyse(town, "areas", Options(boundaries=halves(town))).table


def test_areas_are_the_lsoas_of_the_settings_where_none_are_given(town, tmp_path):
    halves(town).to_file(tmp_path / "lsoa.geojson")
    with_lsoa = replace(town, config=replace(town.config, lsoa=str(tmp_path / "lsoa.geojson")))
    assert analyse(with_lsoa, "areas").table["n"].sum() == town.quality.n_used
    assert "--boundaries" in analyse(town, "areas").refusal.reason


def test_one_hotspot_in_depth_is_about_its_own_reports(city, answers):
    own = Options(hotspot="H02")
    week = analyse(city, "week", own)
    assert week.table["hotspot_id"].tolist() == ["H02"]
    assert week.picture.counts.sum() < answers["week"].picture.counts.sum()
    assert (analyse(city, "repeat-score", own).table["hotspot_id"] == "H02").all()
    assert analyse(city, "kinds", own).table["id"].tolist() == ["H02"]
    assert analyse(city, "clusters", own).sentences[-1] == WHOLE_AREA


@pytest.mark.parametrize("name", [name for name, entry in ANALYSES.items() if entry.of_one and name != "facilities"])
def test_what_can_be_asked_of_one_hotspot_answers_something_else_than_of_the_area(city, answers, name):
    one = analyse(city, name, Options(hotspot="H02"))
    assert one.refusal is None
    assert WHOLE_AREA not in one.sentences
    assert not one.table.equals(answers[name].table)


def test_a_bandwidth_is_chosen_as_asked_and_said(city):
    for choice, words in (("150", "150 m (given)"), ("rule", "Scott"), ("hold-out", "later months")):
        method = " ".join(analyse(city, "density", Options(bandwidth=choice)).method)
        assert words in method


def test_street_centres_are_never_smoothed_below_the_floor(snapped):
    method = " ".join(analyse(snapped, "density", Options(bandwidth="100")).method)
    assert "Bandwidth 250 m" in method
    assert "R2.2c" in method


def test_two_categories_are_compared_by_name(town):
    frame = facts.inside(town)
    half = frame["category"].where(frame.index % 2 == 0, "burglary")
    mixed = replace(town, incidents=town.incidents.assign(category=half))
    answer = analyse(mixed, "density-compare", Options(compare=(ASB, "burglary")))
    assert answer.refusal is None
    assert "Anti-social behaviour" in answer.sentences[0]
    refused = analyse(town, "density-compare", Options(compare=(ASB, "burglary")))
    assert "both sets" in refused.refusal.reason


def test_readme_lists_every_analysis_with_its_question(root: Path):
    text = (root / "README.md").read_text(encoding="utf-8")
    begin, end = "<!-- analyses: begin (", "<!-- analyses: end -->"
    rows = [line for line in text[text.index(begin) : text.index(end)].splitlines() if line.startswith("| `")]
    assert rows == [f"| `{name}` | {row.question} | {row.page} |" for name, row in listing().iterrows()]
