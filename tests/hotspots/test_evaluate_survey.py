"""A survey before and after: read as totals, compared by hand, with published numbers and with statsmodels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from geodata.errors import DataError
from hotspots.evaluate import SurveyQuestion, Wave, read_survey, survey_change
from hotspots.evaluate.outcomes import corrected, survey_outcomes

FOUR = SurveyQuestion("Safe at night", (Wave(96, 200), Wave(120, 200)), (Wave(100, 200), Wave(104, 200)))
COUNTS = """question,group,wave,favourable,respondents
Safe at night,treated,before,96,200
Safe at night,treated,after,120,200
Safe at night,comparison,before,100,200
Safe at night,comparison,after,104,200
"""
LIKERT = """Question,Group,When,Answer,Counts as,People
Safe at night,Treated,Before,Very safe,favourable,40
Safe at night,Treated,Before,Fairly safe,favourable,56
Safe at night,Treated,Before,A bit unsafe,unfavourable,64
Safe at night,Treated,Before,Very unsafe,unfavourable,40
Safe at night,Treated,Before,Don't know,not counted,17
Safe at night,Treated,After,Very safe,favourable,50
Safe at night,Treated,After,Fairly safe,favourable,70
Safe at night,Treated,After,Very unsafe,unfavourable,80
"""


def written(tmp_path, text, name="survey.csv"):
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / name


def test_newcombes_published_interval_for_two_shares():
    """Newcombe (1998), table II, case (a): 56/70 against 48/80, method 10: 0.0524 to 0.3339."""
    change = survey_change(SurveyQuestion("x", (Wave(48, 80), Wave(56, 70)), None))
    assert change.points == pytest.approx(20.0)
    assert (change.low_points, change.high_points) == pytest.approx((5.24, 33.39), abs=0.005)


@pytest.mark.parametrize("pairs", [((9, 40), (3, 55)), ((0, 33), (10, 44)), ((80, 80), (61, 70)), ((30, 60), (30, 60))])
def test_two_shares_agree_with_statsmodels(pairs):
    (x1, n1), (x0, n0) = pairs
    change = survey_change(SurveyQuestion("x", (Wave(x0, n0), Wave(x1, n1)), None))
    oracle = confint_proportions_2indep(x1, n1, x0, n0, method="newcomb", compare="diff")
    assert (change.low_points / 100, change.high_points / 100) == pytest.approx(oracle, abs=1e-12)


def test_four_shares_by_hand():
    """(60 - 48) - (52 - 50) = 10 points; the four Wilson distances, squared and added."""
    change = survey_change(FOUR)
    wilson = [proportion_confint(x, 200, method="wilson") for x in (120, 96, 104, 100)]
    shares = (0.60, 0.48, 0.52, 0.50)
    down = [share - low for share, (low, _) in zip(shares, wilson, strict=True)]
    up = [high - share for share, (_, high) in zip(shares, wilson, strict=True)]
    low = 0.10 - math.sqrt(down[0] ** 2 + up[1] ** 2 + up[2] ** 2 + down[3] ** 2)
    high = 0.10 + math.sqrt(up[0] ** 2 + down[1] ** 2 + down[2] ** 2 + up[3] ** 2)
    assert change.points == pytest.approx(10.0)
    assert (change.low_points, change.high_points) == pytest.approx((100 * low, 100 * high))
    textbook = 100 * math.sqrt(sum(p * (1 - p) / 200 for p in shares))
    assert change.high_points - change.low_points == pytest.approx(2 * 1.96 * textbook, rel=0.02)
    assert change.detectable_points == pytest.approx((1.959964 + 0.841621) * textbook, rel=1e-6)


def test_a_design_effect_of_two_is_half_the_people():
    half = SurveyQuestion(
        "x", *(tuple(Wave(w.favourable / 2, 100) for w in g) for g in (FOUR.treated, FOUR.comparison))
    )
    wide, same = survey_change(FOUR, design_effect=2), survey_change(half)
    assert (wide.low_points, wide.high_points) == pytest.approx((same.low_points, same.high_points))
    assert wide.p_value == pytest.approx(same.p_value)


def test_the_p_value_is_one_twentieth_where_the_interval_touches_no_change():
    change = survey_change(FOUR)
    edge = survey_change(FOUR, confidence=1 - change.p_value)
    assert edge.low_points == pytest.approx(0, abs=1e-9)
    none = SurveyQuestion("x", (Wave(50, 100), Wave(50, 100)), (Wave(20, 100), Wave(20, 100)))
    assert survey_change(none).p_value == 1.0
    assert survey_change(SurveyQuestion("x", (Wave(0, 9000), Wave(9000, 9000)), None)).p_value < 1e-12


def test_intervals_hold_the_truth_as_often_as_they_say():
    """2,000 surveys with shares known; 95 % intervals hold the true change in 93.5 to 97 % of them."""
    rng = np.random.default_rng(5)
    shares, people = np.array([0.55, 0.9, 0.6, 0.93]), (60, 45, 150, 80)
    truth = 100 * ((shares[1] - shares[0]) - (shares[3] - shares[2]))
    held = 0
    for _ in range(2000):
        waves = [Wave(float(rng.binomial(n, p)), n) for n, p in zip(people, shares, strict=True)]
        change = survey_change(SurveyQuestion("x", (waves[0], waves[1]), (waves[2], waves[3])))
        held += change.low_points <= truth <= change.high_points
    assert 0.935 <= held / 2000 <= 0.97


def test_counts_percentages_and_single_answers_read_alike(tmp_path):
    (counts,) = read_survey(written(tmp_path, COUNTS))
    percent = COUNTS.replace("favourable", "percent").replace("96,", "48%,").replace("120,", "60,")
    (shares,) = read_survey(written(tmp_path, percent.replace("100,", "50,").replace("104,", "52 %,")))
    assert counts == FOUR
    assert np.array(shares.treated) == pytest.approx(np.array(FOUR.treated))
    (answers,) = read_survey(written(tmp_path, LIKERT))
    assert answers == SurveyQuestion("Safe at night", FOUR.treated, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (COUNTS.replace("comparison,after", "elsewhere,after"), "group must be one of treated, comparison"),
        (COUNTS.replace(",104,", ",204,"), "on line 5 more people answer favourably than answered"),
        (COUNTS.replace("Safe at night,treated,after,120,200\n", ""), "was not asked before and after"),
        (COUNTS.replace("Safe at night,comparison,after,104,200\n", ""), "was not asked before and after"),
        (COUNTS + "Safe at night,treated,after,1,200\n", "two rows for one group and wave"),
        (COUNTS.replace("favourable", "shoe size"), "needs a column 'favourable' (people), 'percent', or 'answer'"),
        (LIKERT.replace("Counts as", "Thought"), "say in a column 'counts as'"),
        (LIKERT.replace("unfavourable", "bad"), "counts as must be one of favourable, unfavourable, not counted"),
        ("question,group,wave,respondents,favourable\n", "has no rows"),
        ("name,phone,answer\nAnn,0121 496 0000,yes\n", "no column question, group, wave, respondents"),
        ("\n".join([COUNTS.splitlines()[0], *(f"{'I think that ' * 20}{i},treated,after,1,1" for i in range(3))]),
         "single people's answers are not read"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_refused_in_one_sentence(tmp_path, text, said):
    with pytest.raises(DataError) as refusal:
        read_survey(written(tmp_path, text))
    assert said in str(refusal.value)
    assert "survey.csv" in str(refusal.value)


def test_few_answers_give_shares_and_no_change():
    few = SurveyQuestion("Safe", (Wave(10, 29), Wave(20, 200)), None)
    assert survey_change(few) is None
    (outcome,) = corrected(survey_outcomes([few]))
    assert outcome.p_adjusted is None
    assert "fewer than 30 people in a group" in outcome.sentence


def test_several_questions_are_corrected_together_and_say_what_they_cannot_show():
    clear = SurveyQuestion("Trust", (Wave(60, 200), Wave(120, 200)), (Wave(60, 200), Wave(62, 200)))
    first, second = corrected(survey_outcomes([FOUR, clear], design_effect=1.5))
    single = [survey_change(one, design_effect=1.5).p_value for one in (FOUR, clear)]
    assert second.p_adjusted == pytest.approx(2 * single[1])
    assert first.p_adjusted == pytest.approx(max(single[0], 2 * single[1]))
    assert "48% (of 200 people) before and 60% (of 200 people) after in the treated places" in first.sentence
    assert "not told apart from chance" in first.sentence
    assert "more favourable, also after correction" in second.sentence
    assert "usually have been missed (variance widened 1.5 times" in second.sentence
