"""A whole evaluation on a small made town where everything is known."""

from __future__ import annotations

import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from docx import Document

from geodata import cells as h3cells
from geodata.area import StudyArea
from geodata.errors import DataError, DesignError
from geodata.sources import intake_of
from hotspots.evaluate import Design, estimate, evaluate
from hotspots.evaluate.design import Amendment
from hotspots.evaluate.judge import naive_change
from hotspots.evaluate.places import Place, monthly_counts, treated_places, with_rings
from hotspots.evaluate.wording import displacement_sentence, other_kinds_sentence
from hotspots.report.evaluation import evaluation_files
from hotspots.report.words import tidy
from hotspots.significance.multiple import adjust

MONTHS = pd.date_range("2021-01-01", periods=36, freq="MS")
START = pd.Timestamp("2023-01-01")
AREA = StudyArea("Little Town", shapely.box(-2.18, 52.55, -2.08, 52.61))
SITES = [(float(lon), float(lat)) for lat in np.linspace(52.555, 52.605, 6) for lon in np.linspace(-2.172, -2.088, 7)]
TREATED = [0, 3, 6, 22, 25, 38]


def centre_cell(site):
    return h3cells.assign([site[0]], [site[1]], 10)[0]


def town(*, effect=0.5, per_month=6.0, seed=1, growth=1.0, **columns):
    """Forty-two hotspots of one cell each; at the treated ones the share `effect` of reports goes from the start on."""
    rng = np.random.default_rng(seed)
    rows = []
    for number, site in enumerate(SITES):
        centre = h3cells.centres([centre_cell(site)])[0]
        is_treated = number in TREATED
        for month in MONTHS:
            rate = per_month * (growth if month >= START else 1.0)
            rate *= (1 - effect) if is_treated and month >= START else 1.0
            rows += [(*centre, month)] * rng.poisson(rate * (1.3 if is_treated else 1.0))
    frame = pd.DataFrame(rows, columns=["longitude", "latitude", "month"])
    defaults = {"category": "anti-social-behaviour", "location_precision": "address", "origin": "public"}
    return frame.assign(**{**defaults, **columns})


def design(**changes):
    polygons = h3cells.polygons([centre_cell(SITES[number]) for number in TREATED])
    treated = gpd.GeoDataFrame({"name": [f"Place {n}" for n in TREATED]}, geometry=polygons, crs=4326)
    plain = Design(
        name="Op Example", incidents=(), area=Path("area.geojson"), treated=treated,
        categories=("anti-social-behaviour",), start=START,
    )  # fmt: skip
    return replace(plain, **changes)


@pytest.fixture(scope="module")
def halved():
    return evaluate(design(), intake_of(town()), AREA)


def test_the_planted_fall_lies_in_the_interval_and_is_called_a_reduction(halved):
    assert halved.effect.low_pct < -50 < halved.effect.high_pct < 0
    assert halved.verdict == "reduction"
    assert halved.headline.startswith(
        "Reduction beyond what trend, regression to the mean and comparison would explain"
    )
    assert halved.level == 3
    assert "not randomised" in halved.level_text
    assert halved.permutation_p < 0.05


def test_treated_counts_equal_an_independent_count(halved):
    frame = town()
    for (_, row), number in zip(halved.treated.iterrows(), TREATED, strict=True):
        centre = h3cells.centres([centre_cell(SITES[number])])[0]
        own = frame[np.isclose(frame["longitude"], centre[0]) & np.isclose(frame["latitude"], centre[1])]
        assert row["before"] == (own["month"] < START).sum()
        assert row["after"] == (own["month"] >= START).sum()
    assert halved.series["treated"].sum() == halved.treated[["before", "after"]].to_numpy().sum()
    assert halved.series["controls"].sum() == halved.controls[["before", "after"]].to_numpy().sum()


def test_treated_places_carry_their_rank_on_the_day_before_the_start(halved):
    # They are 30 % busier than the others, so most of the six lead the list of the 42 hotspot cells.
    assert halved.treated["rank"].median() <= 6
    assert halved.treated["rank"].is_unique
    assert list(halved.controls["rank"]) == sorted(halved.controls["rank"])


def test_comparison_places_are_untreated_apart_and_from_before_the_start(halved):
    treated = {cell for text in halved.treated["cells"] for cell in text.split(",")}
    barred = treated | h3cells.ring_around(treated, 2)
    controls = [text.split(",") for text in halved.controls["cells"]]
    assert len(controls) >= 20
    assert not barred & {cell for cells in controls for cell in cells}
    shuffled_after = town()
    late = shuffled_after["month"] >= START
    shuffled_after.loc[late, ["longitude", "latitude"]] = (
        shuffled_after.loc[late, ["longitude", "latitude"]].sample(frac=1, random_state=1).to_numpy()
    )
    again = evaluate(design(), intake_of(shuffled_after), AREA)
    assert list(again.controls["cells"]) == list(halved.controls["cells"])


def test_the_naive_percentage_stands_beside_it_with_its_level(halved):
    series = halved.series["treated"]
    year_before, year_after = series.loc["2022"].sum(), series.loc["2023"].sum()
    assert halved.naive.change_pct == pytest.approx(100 * (year_after / year_before - 1))
    assert halved.naive.before_period == "2022-01 to 2022-12"
    assert "level 2 at best" in halved.naive.warning
    assert any(note.startswith("A simple before and after would claim") for note in halved.notes)


def test_the_chart_scales_the_comparison_to_the_treated_total_before(halved):
    before = ~halved.series["is_after"]
    assert halved.series.loc[before, "controls_scaled"].sum() == pytest.approx(
        halved.series.loc[before, "treated"].sum()
    )
    assert list(halved.series.index) == list(MONTHS)


def test_three_sentences_verdict_interval_doubt(halved):
    assert "reports were prevented" in halved.interval_sentence
    assert "wrong if" in halved.doubt_sentence
    assert "no displacement" not in " ".join(halved.notes).lower()


def test_a_shared_change_is_not_an_effect():
    result = evaluate(design(), intake_of(town(effect=0.0, growth=0.6)), AREA)
    assert result.naive.change_pct < -25
    assert result.effect.low_pct < 0 < result.effect.high_pct
    assert result.verdict == "no_clear_change"
    assert "not evidence of no effect" in result.doubt_sentence
    assert "could only detect" in result.headline


def test_more_reports_read_as_an_increase():
    result = evaluate(design(), intake_of(town(effect=-0.8)), AREA)
    assert result.verdict == "increase"
    assert "extra reports" in result.interval_sentence
    assert "does not arise" in result.displacement.sentence


def test_displacement_is_bounded_and_never_denied():
    frame = town()
    ring = sorted(h3cells.ring_around([centre_cell(SITES[0])], 1))[0]
    point = h3cells.centres([ring])[0]
    near = pd.DataFrame({"longitude": point[0], "latitude": point[1], "month": list(MONTHS) * 2}).assign(
        category="anti-social-behaviour", location_precision="address", origin="public"
    )
    other = near.assign(longitude=SITES[10][0] + 0.002, latitude=SITES[10][1])
    result = evaluate(design(), intake_of(pd.concat([frame, near, other], ignore_index=True)), AREA)
    assert result.treated["ring_before"].sum() == 48
    assert result.displacement.could_have_moved >= 0
    assert result.displacement.sentence.startswith("Up to ")
    assert f"{result.effect.prevented:.0f} reports prevented could have moved" in result.displacement.sentence


def test_officer_generated_records_are_no_outcome():
    quiet = town()
    noisy = quiet.loc[quiet["month"] >= START].assign(origin="officer")
    result = evaluate(design(), intake_of(pd.concat([quiet, noisy], ignore_index=True)), AREA)
    assert result.officer_generated_excluded == len(noisy)
    assert result.effect == evaluate(design(), intake_of(quiet), AREA).effect
    assert f"{len(noisy):,} officer-generated records were left out" in result.notes[0]


def test_months_after_cuts_the_after_period():
    result = evaluate(design(months_after=6), intake_of(town()), AREA)
    assert str(result.after) == "2023-01 to 2023-06"
    assert result.series.index[-1] == pd.Timestamp("2023-06-01")


def test_a_month_the_source_did_not_deliver_is_left_out_of_both_groups():
    frame = town()
    result = evaluate(design(), intake_of(frame.loc[frame["month"] != pd.Timestamp("2022-05-01")]), AREA)
    assert result.missing_months == ("2022-05",)
    assert result.series.loc["2022-05-01", "is_missing"]
    assert np.isnan(result.series.loc["2022-05-01", "treated"])
    assert any("2022-05" in note for note in result.notes)


def test_snap_points_are_judged_in_coarser_cells_and_it_is_said():
    result = evaluate(design(), intake_of(town(location_precision="snap_point")), AREA)
    assert result.resolution == 9
    assert any("street centres" in note for note in result.notes)


def test_too_few_treated_places_are_not_assessable_and_show_no_percentage():
    few = design(treated=design().treated.iloc[:4])
    result = evaluate(few, intake_of(town()), AREA)
    assert result.verdict == "not_assessable"
    assert result.effect is None
    assert "at least 5 are needed" in result.headline
    assert result.interval_sentence == "No number of prevented reports can be given."


def test_without_enough_comparison_places_the_level_is_two():
    small = StudyArea("Corner", shapely.box(-2.18, 52.55, -2.08, 52.572))
    corner = design(treated=design().treated.iloc[:3])
    result = evaluate(corner, intake_of(town()), small)
    assert result.level == 2
    assert result.verdict == "not_assessable"


def test_a_randomised_design_reaches_level_five():
    assert evaluate(design(assignment="randomised"), intake_of(town()), AREA).level == 5


def visits(tmp_path, n):
    rows = [f"Place {place},2023-{1 + i % 12:02d}-10 16:00,15" for i in range(n) for place in TREATED]
    (tmp_path / "visits.csv").write_text("hotspot,started,minutes\n" + "\n".join(rows) + "\n")
    return tmp_path / "visits.csv"


def test_a_pilot_under_four_fifths_of_its_dose_was_not_delivered(tmp_path):
    planned = {"planned_visits_per_week": 6.0}
    result = evaluate(design(visits=visits(tmp_path, 30), **planned), intake_of(town()), AREA)
    assert result.verdict == "not_delivered"
    assert result.dose.delivered_visits == 30 * len(TREATED)
    assert result.dose.share == pytest.approx(30 * 6 / (6 * 365 / 7))
    assert result.headline.startswith("Not delivered: 180 qualifying visits")
    enough = evaluate(design(visits=visits(tmp_path, 50), **planned), intake_of(town()), AREA)
    assert enough.dose.is_enough
    assert enough.verdict == "reduction"


def test_visits_without_a_plan_are_only_counted(tmp_path):
    result = evaluate(design(visits=visits(tmp_path, 2)), intake_of(town()), AREA)
    assert result.dose.planned_visits is None
    assert result.verdict == "reduction"
    assert "no number was planned" in result.dose.sentence


@pytest.mark.parametrize("start", ["2020-06-01", "2021-01-01", "2024-01-01"])
def test_a_start_without_months_on_both_sides_is_refused(start):
    with pytest.raises(DesignError, match="months on both sides"):
        evaluate(design(start=pd.Timestamp(start)), intake_of(town()), AREA)


def test_treated_places_outside_the_area_or_without_a_report_are_refused():
    elsewhere = design().treated.assign(geometry=design().treated.geometry.translate(1.0))
    with pytest.raises(DesignError, match="lie outside the study area"):
        evaluate(design(treated=elsewhere), intake_of(town()), AREA)
    between = design().treated.assign(geometry=design().treated.geometry.translate(0.006))
    with pytest.raises(DesignError, match="No treated place has a report"):
        evaluate(design(treated=between), intake_of(town()), AREA)


def test_a_category_that_is_not_there_is_refused():
    with pytest.raises(DataError):
        evaluate(design(categories=("burglary",)), intake_of(town()), AREA)


def test_the_same_input_gives_the_same_evaluation(halved):
    again = evaluate(design(), intake_of(town()), AREA)
    assert again.effect == halved.effect
    assert (again.permutation_p, again.mde_pct, again.notes) == (halved.permutation_p, halved.mde_pct, halved.notes)
    pd.testing.assert_frame_equal(again.controls, halved.controls)
    assert again.design_hash == halved.design_hash


def test_a_polygon_smaller_than_a_cell_takes_the_cell_it_is_centred_on():
    speck = gpd.GeoDataFrame({"name": ["speck"]}, geometry=[shapely.Point(SITES[8]).buffer(1e-5)], crs=4326)
    found = treated_places(speck, AREA, 10)
    assert found[0].cells == (centre_cell(SITES[8]),)


def test_no_ring_cell_is_counted_twice():
    cells = [centre_cell(SITES[0])]
    beside = sorted(h3cells.ring_around(cells, 2) - h3cells.ring_around(cells, 1))[0]
    (first,), (second,) = with_rings([Place("a", tuple(cells))], [Place("b", (beside,))], 2)
    assert not set(first.ring) & set(second.ring)
    assert not {*cells, beside} & {*first.ring, *second.ring}
    assert set(first.ring) == h3cells.ring_around(cells, 2) - {beside}


def test_monthly_counts_say_zero_aloud():
    frame = town().iloc[:0]
    found = monthly_counts(frame, MONTHS, [Place("a", (centre_cell(SITES[0]),))])
    assert found.shape == (1, 36)
    assert found.to_numpy().sum() == 0


def test_the_naive_change_warns_of_a_small_base_and_of_unlike_months():
    series = pd.Series(2, index=MONTHS)
    small = naive_change(series, MONTHS[:24], MONTHS[24:])
    assert small.change_pct is None  # R6.19: no percentage of a base under 30
    assert "under 30" in small.warning
    short = naive_change(series * 10, MONTHS[:4], MONTHS[4:8])
    assert "unlike months" in short.warning
    assert naive_change(series * 0, MONTHS[:24], MONTHS[24:]).change_pct is None


def recorded_as_crime(frame, share):
    """Return `frame` with that share of the ASB from the start on under the name of public order."""
    renamed = frame.copy()
    late = renamed.index[(renamed["month"] >= START)]
    moved = late[np.random.default_rng(5).random(len(late)) < share]
    renamed.loc[moved, "category"] = "public-order"
    return renamed


def test_asb_recorded_under_another_name_closes_a_claim_on_asb_alone():
    steady = town(effect=0.0).assign(category="public-order").sample(frac=0.3, random_state=3)
    known = pd.concat([town(), steady], ignore_index=True)
    honest = evaluate(design(), intake_of(known), AREA)
    assert honest.verdict == "reduction"
    shifted = pd.concat([recorded_as_crime(town(effect=0.0), 0.4), steady], ignore_index=True)
    blocked = evaluate(design(), intake_of(shifted), AREA)
    assert blocked.verdict == "not_assessable"
    assert "recording may have changed" in blocked.headline
    gate = next(gate for gate in blocked.gates if gate.name == "recording")
    assert not gate.passed
    assert gate.is_required


def test_without_linked_crime_the_recording_gate_warns_and_blocks_nothing(halved):
    gate = next(gate for gate in halved.gates if gate.name == "recording")
    assert not gate.passed
    assert not gate.is_required
    assert "cannot be checked" in gate.message


def test_more_officer_records_after_the_start_are_said():
    frame = town()
    late = frame.index[frame["month"] >= START]
    frame.loc[late[::4], "origin"] = "officer"
    notes = " ".join(evaluate(design(), intake_of(frame), AREA).notes)
    assert "Officers made 0.0% of the reports" in notes


# What is refused or flagged, each with the reason and what would be needed (R6.19) ----------------------------------


@pytest.fixture(scope="module")
def records():
    return intake_of(town())


def treated(numbers):
    polygons = h3cells.polygons([centre_cell(SITES[number]) for number in numbers])
    return gpd.GeoDataFrame({"name": [f"Place {n}" for n in numbers]}, geometry=polygons, crs=4326)


def test_fewer_than_five_treated_hotspots_are_not_assessable(records):
    result = evaluate(design(treated=treated(TREATED[:4])), records, AREA)
    assert result.verdict == "not_assessable"
    assert "4 treated places; at least 5 are needed" in result.headline
    assert result.effect is None


def test_overlapping_treated_places_are_refused(records):
    twice = pd.concat([treated(TREATED), treated(TREATED[:1]).assign(name="Again")], ignore_index=True)
    with pytest.raises(DesignError, match=r"overlap.*draw them apart or join them"):
        evaluate(design(treated=twice), records, AREA)


def test_no_cell_is_treated_and_ring_and_comparison_at_once(records):
    result = evaluate(design(), records, AREA)
    own = [cell for frame in (result.treated, result.controls) for text in frame["cells"] for cell in text.split(",")]
    assert len(own) == len(set(own))


def test_a_start_after_the_end_of_the_data_is_refused(records):
    with pytest.raises(DesignError, match=r"2024-01 needs months on both sides.*add the missing months"):
        evaluate(design(start=MONTHS[-1] + pd.DateOffset(months=1)), records, AREA)


def test_a_percentage_on_a_base_under_thirty_is_not_given():
    result = evaluate(design(), intake_of(town(per_month=0.2, effect=0.0)), AREA)
    assert 0 < result.naive.before < 30
    assert result.naive.change_pct is None
    assert "under 30" in result.naive.warning


def test_a_recording_change_inside_the_months_closes_the_evaluation(records):
    result = evaluate(design(recording_changes=(pd.Timestamp("2023-04-01"),)), records, AREA)
    assert result.verdict == "not_assessable"
    assert "Recording changed in 2023-04" in result.headline
    assert "choose months on one side" in result.headline
    earlier = evaluate(design(recording_changes=(pd.Timestamp("2020-04-01"),)), records, AREA)
    assert earlier.effect is not None


def test_an_amended_design_is_told_first_and_only_describes(records):
    change = Amendment("2023-09-01", "two places added", "the first months looked thin", "0" * 64)
    plain = evaluate(design(), records, AREA)
    result = evaluate(design(amendments=(change,)), records, AREA)
    assert plain.level == 3
    assert result.level == 2
    assert result.headline.startswith("Description only: fewer reports")
    assert result.amendments == (
        "Amended on 2023-09-01: two places added. Reason given: the first months looked thin.",
    )
    before = evaluate(design(amendments=(replace(change, date="2022-12-01"),)), records, AREA)
    assert before.level == 3
    assert before.amendments


def test_a_design_frozen_after_the_start_only_describes(records):
    assert evaluate(design(frozen_on=f"{START + pd.DateOffset(months=2):%Y-%m-%d}"), records, AREA).level == 2


def test_a_dose_under_four_fifths_is_not_delivered_and_its_cost_is_still_told(records, tmp_path):
    log = tmp_path / "visits.csv"
    days = pd.date_range(START + pd.Timedelta(hours=15.5), periods=40, freq="9D")
    pd.DataFrame({"hotspot": "Place 0", "started": days, "minutes": 15}).to_csv(log, index=False)
    result = evaluate(design(visits=log, planned_visits_per_week=12, cost_per_hour_gbp=80.0), records, AREA)
    assert result.verdict == "not_delivered"
    assert "below the 80%" in result.headline
    cost = result.economics
    assert (cost.patrol_hours, cost.person_hours) == pytest.approx((10, 20))  # 40 visits of a quarter hour by two
    assert cost.total_gbp == pytest.approx((800, 800))
    assert cost.per_visit_gbp == pytest.approx((20, 20))
    assert cost.per_prevented_gbp is None
    assert cost.sentence.endswith("not established: the visits were not delivered as planned.")
    assert "No number of prevented reports" in result.interval_sentence
    delivered = evaluate(design(visits=log, planned_visits_per_week=0.7, cost_per_hour_gbp=80.0), records, AREA)
    low, high = 800 / delivered.effect.prevented_high, 800 / delivered.effect.prevented_low
    assert delivered.economics.per_prevented_gbp == pytest.approx((low, high))
    assert delivered.economics.per_prevented_best_gbp == pytest.approx(800 / delivered.effect.prevented)
    assert "10 patrol hours at the treated places (20 person-hours" in cost.sentence


def test_without_a_price_the_national_band_stands_in_and_short_visits_do_not_share_the_cost(records, tmp_path):
    log = tmp_path / "visits.csv"
    days = pd.date_range(START + pd.Timedelta(hours=15.5), periods=40, freq="9D")
    minutes = [20] * 30 + [6] * 10
    pd.DataFrame({"hotspot": "Place 0", "started": days, "minutes": minutes, "crew": 3}).to_csv(log, index=False)
    result = evaluate(design(visits=log), records, AREA)
    cost = result.economics
    assert (result.dose.delivered_visits, result.dose.qualifying_visits) == (40, 30)
    assert (cost.patrol_hours, cost.person_hours) == pytest.approx((11, 33))
    assert cost.is_national_band
    assert cost.price_gbp == (73, 110)
    assert cost.total_gbp == pytest.approx((803, 1210))
    assert cost.per_visit_gbp == pytest.approx((803 / 30, 1210 / 30))
    assert cost.per_prevented_gbp == pytest.approx(
        (803 / result.effect.prevented_high, 1210 / result.effect.prevented_low)
    )
    assert cost.per_prevented_best_gbp is None
    assert "the national band, as no local price was given" in cost.sentence


def test_the_cost_of_a_prevented_report_is_not_established_without_a_proven_fall(tmp_path):
    log = tmp_path / "visits.csv"
    pd.DataFrame(
        {
            "hotspot": "Place 0",
            "started": pd.date_range(START + pd.Timedelta(hours=15.5), periods=20, freq="D"),
            "minutes": 15,
        }
    ).to_csv(log, index=False)
    result = evaluate(design(visits=log, cost_per_hour_gbp=80.0), intake_of(town(effect=0.0)), AREA)
    assert result.economics.per_prevented_gbp is None
    assert "not established" in result.economics.sentence


def test_other_outcomes_are_corrected_for_being_several(records):
    result = evaluate(design(), records, AREA)
    assert result.outcomes
    assert all(one.p_adjusted is None or one.p_adjusted >= one.effect.p_value for one in result.outcomes)


def test_never_more_could_have_moved_than_was_prevented():
    effect = estimate([100] * 6, [60] * 6, [100] * 20, [101] * 20)
    part, whole = (displacement_sentence(effect, share * effect.prevented) for share in (0.5, 3.0))
    assert part.startswith(f"Up to {effect.prevented / 2:.0f} of the {effect.prevented:.0f} reports prevented could")
    assert whole.startswith(f"All of the {effect.prevented:.0f} reports prevented could")
    assert displacement_sentence(effect, 0.0).startswith(f"Hardly any of the {effect.prevented:.0f} reports prevented")
    assert other_kinds_sentence(effect, 3 * effect.prevented).startswith(f"All of the {effect.prevented:.0f} could")


def callers_of(result):
    return next(one for one in result.outcomes if one.name.startswith("distinct callers"))


def test_one_caller_who_calls_again_in_the_month_weighs_as_one():
    """With a caller for every report the outcome is the count itself; calling twice changes the count alone."""
    once = town()
    once["caller"] = np.arange(1, len(once) + 1, dtype="uint64")
    again = pd.concat([once, once[once["month"] >= START]], ignore_index=True)
    plain, repeated = (evaluate(design(), intake_of(frame), AREA) for frame in (once, again))
    assert callers_of(plain).effect == plain.effect
    assert callers_of(repeated).effect == callers_of(plain).effect
    assert repeated.effect != plain.effect
    before, after = (plain.treated[side].sum() for side in ("before", "after"))
    assert callers_of(repeated).sentence.endswith(
        f"The treated places had {before:,} different callers in 24 months before (1.00 calls each in a month they "
        f"called) and {after:,} different callers in 12 months after (2.00 calls each in a month they called)."
    )


def test_callers_are_not_counted_where_most_are_not_known():
    frame = town().assign(caller=np.uint64(0))
    frame.loc[frame.index % 3 == 0, "caller"] = 7
    assert not [one for one in evaluate(design(), intake_of(frame), AREA).outcomes if "callers" in one.name]


SURVEY = """question,group,wave,percent,respondents
Safe at night,treated,before,48,200
Safe at night,treated,after,60,200
Safe at night,comparison,before,50,200
Safe at night,comparison,after,52,200
"""


def test_a_survey_is_one_of_the_outcomes_and_is_told_even_where_counts_are_not_assessable(records, tmp_path):
    (tmp_path / "survey.csv").write_text(SURVEY)
    asked = design(survey=tmp_path / "survey.csv", survey_design_effect=1.5)
    result = evaluate(asked, records, AREA)
    assert [one.name for one in result.outcomes if one.survey] == ["survey, 'Safe at night'"]
    assert len(result.outcomes) > 1
    p_values = [(one.effect or one.survey).p_value for one in result.outcomes]
    assert [one.p_adjusted for one in result.outcomes] == pytest.approx(list(adjust(p_values)))
    content = json.loads(evaluation_files(result)["evaluation.json"])
    assert content["outcomes"][-1]["survey"]["points"] == pytest.approx(10)
    closed = evaluate(replace(asked, recording_changes=(pd.Timestamp("2023-04-01"),)), records, AREA)
    assert closed.verdict == "not_assessable"
    (alone,) = closed.outcomes
    assert "48% (of 200 people) before and 60% (of 200 people) after" in alone.sentence


def test_a_survey_that_is_not_there_is_refused(records, tmp_path):
    with pytest.raises(DataError, match="no survey file at"):
        evaluate(design(survey=tmp_path / "survey.csv"), records, AREA)


def test_the_same_evaluation_gives_the_same_documents_and_says_the_verdict_first(records):
    result = evaluate(design(amendments=(Amendment("2023-09-01", "x", "y", "0" * 64),)), records, AREA)
    files = evaluation_files(result)
    assert files["evaluation.docx"] == evaluation_files(result)["evaluation.docx"]
    texts = [paragraph.text for paragraph in Document(BytesIO(files["evaluation.docx"])).paragraphs]
    told = [texts.index(tidy(text)) for text in (result.amendments[0], result.headline, result.interval_sentence)]
    assert told == sorted(told)
    assert result.doubt_sentence in texts[told[-1] + 1]


def test_the_document_tells_other_methods_with_their_false_alarms_and_leaves_control_characters_out(records):
    result = evaluate(design(name="Op <b>&amp; \x0b\x01 #let"), records, AREA)
    read = Document(BytesIO(evaluation_files(result)["evaluation.docx"]))
    assert read.paragraphs[0].text == "Did it work? Op <b>&amp; #let"
    shown = next(table for table in read.tables if table.rows[0].cells[-1].text == "False alarms")
    answered = result.opinions.methods[result.opinions.methods["refusal"] == ""]
    assert [row.cells[0].text for row in shown.rows[1:]] == list(answered["label"])
    rates = [f"{rate:.0f}% of pilots" if rate == rate else "not measured" for rate in answered["false_positives_pct"]]
    assert [row.cells[-1].text for row in shown.rows[1:]] == rates
