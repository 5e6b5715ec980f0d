"""Harm beside count: the user's weights only, every report weighed, and what a rank rests on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.errors import DataError, DesignError, SourceError
from hotspots.harm import harm_of, harm_weights, rank_agreement, rank_by_harm, read_weights

WEIGHTS = harm_weights({"burglary": 20.0, "violent-crime": 100.0, "shoplifting": 0.0}, asb_weight=2.0)


def reports_of(reports, *categories, **columns):
    n = len(categories)
    return reports(np.zeros(n), np.zeros(n), category=list(categories), **columns)


def write(folder, text, name="weights.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_harm_by_hand(reports):
    table = reports_of(reports, "burglary", "anti-social-behaviour", "shoplifting", "violent-crime")
    assert harm_of(table, WEIGHTS).to_list() == [20.0, 2.0, 0.0, 100.0]


def test_one_rare_heavy_report_leads_by_harm_and_is_said_to(reports):
    asb = ["anti-social-behaviour"] * 30
    table = reports_of(reports, *asb, "violent-crime", *["anti-social-behaviour"] * 3)
    place = np.array(["a"] * 30 + ["b"] * 4, dtype=object)
    found = rank_by_harm(place, table, WEIGHTS)
    assert found.index.to_list() == ["b", "a"]
    assert found.loc["b", ["n", "harm", "count_rank", "harm_rank", "n_asb", "harm_of_asb"]].to_list() == [
        4, 106.0, 2, 1, 3, 6.0,
    ]  # fmt: skip
    assert found.loc["b", "top_category"] == "Violence and sexual offences"
    assert found.loc["b", "top_share"] == pytest.approx(100 / 106)
    assert found["rests_on_few"].to_list() == [True, False]
    assert rank_agreement(found, k=1) == (0.0, pytest.approx(-1.0))


def test_reports_of_no_place_are_left_out_and_a_place_without_harm_has_no_share(reports):
    table = reports_of(reports, "shoplifting", "burglary")
    found = rank_by_harm(np.array(["a", ""], dtype=object), table, WEIGHTS)
    assert found.index.to_list() == ["a"]
    assert found.loc["a", "harm"] == 0.0
    assert np.isnan(found.loc["a", "top_share"])
    assert not found.loc["a", "rests_on_few"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["burglary", "anti-social-behaviour"])), min_size=1))
def test_harm_of_all_places_is_harm_of_all_reports(rows):
    table = pd.DataFrame({"category": [category for _, category in rows]})
    found = rank_by_harm(np.array([place for place, _ in rows], dtype=object), table, WEIGHTS)
    assert found["harm"].sum() == pytest.approx(harm_of(table, WEIGHTS).sum())
    assert found["n"].sum() == len(rows)
    same = harm_weights({"burglary": 1.0}, asb_weight=1.0)
    equal = rank_by_harm(np.array([place for place, _ in rows], dtype=object), table, same)
    assert (equal["harm"] == equal["n"]).all()
    assert (equal["count_rank"] == equal["harm_rank"]).all()


def test_a_report_without_a_weight_is_refused_and_never_weighs_nothing(reports):
    table = reports_of(reports, "burglary", "drugs", "drugs", "robbery")
    with pytest.raises(
        DataError, match=r"3 of 4 reports have no harm weight in given in Python \('drugs' 2; 'robbery' 1"
    ):
        harm_of(table, WEIGHTS)


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_negative_and_missing_weights_are_refused(weight):
    with pytest.raises(DesignError, match="1 of 2 harm weights are negative or missing, first 'drugs'"):
        harm_weights({"burglary": 1.0, "drugs": weight})
    with pytest.raises(DesignError, match="anti-social behaviour report must be 0 or more"):
        harm_weights({}, asb_weight=weight)


def test_a_table_is_read_with_its_own_names(tmp_path, reports):
    path = write(tmp_path, "Crime type,CCHI days\nBurglary,20\nViolence and sexual offences,365\nBurglary,20\n")
    weights = read_weights(path, asb_weight=3)
    assert weights.weights == {"burglary": 20.0, "violent-crime": 365.0}
    assert harm_of(reports_of(reports, "anti-social-behaviour"), weights).to_list() == [3.0]
    assert "weights.csv (2 weights, supplied by the user)" in weights.declare()
    assert "weighs 3: a local choice" in weights.declare()


def test_offence_codes_weigh_more_finely_than_categories(tmp_path, reports):
    path = write(tmp_path, "HO code,offence,weight\n028/01,Burglary,20\n 8k ,Harassment,5\n")
    weights = read_weights(path)
    assert weights.by == "offence_code"
    table = reports_of(reports, "burglary", "violent-crime", "anti-social-behaviour")
    with pytest.raises(DataError, match="no column offence_code"):
        harm_of(table, weights)
    assert harm_of(table.assign(offence_code=["028/01", "8K", ""]), weights).to_list() == [20.0, 5.0, 1.0]
    assert harm_of(table.iloc[2:], weights).to_list() == [1.0]  # ASB alone needs no codes


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("category,weight\nburglary,-5\n", SourceError, "not a number from 0"),
        ("category,weight\nburglary,\n", SourceError, "not a number from 0"),
        ("category\nburglary\n", SourceError, "no column weight"),
        ("place,weight\nx,1\n", DesignError, "need a column category or offence_code"),
        ("category,weight\nburglary,1\nBurglary,2\n", DesignError, "1 names have two weights, first 'burglary'"),
        ("category,weight\n,1\nburglary,2\n", DesignError, "1 rows have a weight but no category, first line 2"),
        ("category,weight\nAnti-social behaviour,1\n", DesignError, "declare its weight"),
    ],
)
def test_a_bad_table_is_refused_in_one_sentence(tmp_path, text, error, message):
    with pytest.raises(error, match=message):
        read_weights(write(tmp_path, text))


def test_unknown_keys_are_refused():
    with pytest.raises(DesignError, match="not by 'place'"):
        harm_weights({}, by="place")


def test_agreement_of_a_table_where_all_are_equal_has_no_correlation(reports):
    table = reports_of(reports, "burglary", "burglary")
    share, correlation = rank_agreement(rank_by_harm(np.array(["a", "b"], dtype=object), table, WEIGHTS), k=5)
    assert share == 1.0
    assert np.isnan(correlation)
