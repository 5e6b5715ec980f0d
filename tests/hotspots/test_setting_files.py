"""Files that settings name (LSOAs, kinds of ASB, school holidays) reach the gate, the plan and the analyses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import geodata
import hotspots
from geodata.area import read_area
from geodata.calendar import bank_holidays, own_bank_holidays
from geodata.errors import DataError
from geodata.schema import ASB
from hotspots.analyses import Options
from hotspots.app.decisions import FILES
from hotspots.cli import app
from hotspots.config import FILE_SETTINGS, RankingConfig, RunConfig
from hotspots.gate import take_through_gate
from hotspots.results import Run
from hotspots.targeting.sets import by_agency

UNCHECKED = RunConfig(ranking=RankingConfig(backtest_origins=0))
LSOA = "data/boundaries/wolverhampton_lsoa11_E08000031_martinjc.geojson"
CITY = "data/police_uk/wolverhampton_2014-01_2014-02.csv"


@pytest.fixture(scope="module")
def folder(sample_city: dict[str, Path]) -> Path:
    return sample_city["incidents.csv"].parent


def run_with(folder: Path, **settings: str) -> Run:
    intake = geodata.read([folder / "incidents.csv"])
    return hotspots.run(intake, read_area(folder / "area.geojson"), replace(UNCHECKED, **settings))


@pytest.fixture(scope="module")
def shipped(folder: Path) -> Run:
    """A run without any file of the user's."""
    return run_with(folder)


def test_stated_lsoas_that_are_not_where_points_fall_are_part_of_the_grade(shared: Path, tmp_path: Path) -> None:
    # 123 of 3,238: counted by the independent script of tests/geodata/test_context.py
    settings = RunConfig(categories=("all",), lsoa=str(shared / LSOA))
    area = read_area(shared / LSOA)
    report = take_through_gate(geodata.read([shared / CITY]), area, settings).report
    (found,) = [finding for finding in report.findings if finding.check == "stated LSOA"]
    assert (found.n, found.severity) == (123, "info")

    said = tmp_path / "report.json"
    given = ["check", str(shared / CITY), "--area", str(shared / LSOA), "--category", "all"]
    CliRunner().invoke(app, [*given, "--lsoa", str(shared / LSOA), "--json", str(said)])
    assert any(finding["n"] == 123 for finding in json.loads(said.read_text())["findings"])


def test_a_users_kinds_of_asb_decide_what_patrol_hours_rest_on(shipped: Run, folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "nsir.csv"
    own.write_text(
        "kind,slug,label,deterrable,route,agency,synonyms\n"
        "heading,rowdy-inconsiderate,Rowdy behaviour,no,public place,council,Rowdy/inconsiderate behaviour\n"
    )
    told = run_with(folder, report_types=str(own))
    shares = [next(note for note in run.notes if "visible patrol can deter" in note) for run in (shipped, told)]
    assert shares[0] != shares[1]


def test_a_users_school_holidays_replace_the_typical_ones(shipped: Run, tmp_path: Path) -> None:
    own = tmp_path / "holidays.csv"
    own.write_text("first_day,last_day,name\n2023-07-24,2023-09-01,Summer\n")
    own_dates = replace(shipped, config=replace(shipped.config, school_holidays=str(own)))
    typical, told = (hotspots.analyse(run, "holidays") for run in (shipped, own_dates))
    assert any("typical dates" in sentence for sentence in typical.sentences)
    assert not any("typical dates" in sentence for sentence in told.sentences)
    days = [answer.table.set_index("days")["n_days"] for answer in (typical, told)]
    assert days[0].filter(like="chool").iloc[0] > days[1].filter(like="chool").iloc[0]


def test_a_users_bank_holidays_replace_the_nations_in_the_years_they_list(shipped: Run, tmp_path: Path) -> None:
    own = tmp_path / "bank.csv"
    own.write_text("day,name\n2023-05-08,Coronation\n")
    own_days = replace(shipped, config=replace(shipped.config, bank_holidays=str(own)))
    n_days = [
        answer.table.set_index("days").loc["Bank holidays", "n_days"]
        for answer in (hotspots.analyse(run, "holidays") for run in (shipped, own_days))
    ]
    # 2023 had nine in England, of which the sample's months hold some
    listed = bank_holidays(shipped.period)["day"]
    assert n_days[0] - n_days[1] == (listed.dt.year == 2023).sum() - 1 > 0
    by_option = hotspots.analyse(shipped, "holidays", Options(bank_holidays=own_bank_holidays(own)))
    assert by_option.table.set_index("days").loc["Bank holidays", "n_days"] == n_days[1]


def test_a_users_kinds_of_asb_decide_whose_list_a_report_is_on(folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "nsir.csv"
    own.write_text(
        "kind,slug,label,deterrable,route,agency,synonyms\n"
        "heading,rowdy-inconsiderate,Rowdy behaviour,no,public place,night wardens,Rowdy/inconsiderate behaviour\n"
    )
    intake, area = geodata.read([folder / "incidents.csv"]), read_area(folder / "area.geojson")
    found = {}
    for config in (UNCHECKED, replace(UNCHECKED, report_types=str(own))):
        gate = take_through_gate(intake, area, config)
        inside = gate.incidents.loc[gate.incidents["inside"]]
        found[config.report_types] = by_agency(inside, inside["category"] == ASB, config)
    assert "night wardens" not in found[""]
    rowdy = inside["heading"].str.contains("owdy") & inside["heading"].str.contains("nconsiderate")
    assert found[str(own)]["night wardens"].sum() == rowdy.sum() > 100


def test_below_sixty_reports_there_is_a_map_and_no_list(folder: Path) -> None:
    intake, area = geodata.read([folder / "incidents.csv"]), read_area(folder / "area.geojson")
    asb = intake.records.loc[(intake.records["category"] == ASB) & (intake.records["origin"] != "officer")]
    for n, is_refused in ((59, True), (60, False)):
        located = asb.loc[area.contains(asb["longitude"], asb["latitude"])]
        run = hotspots.run(located.sample(n, random_state=0), area, UNCHECKED)
        told = [refusal.reason for refusal in run.refused if refusal.analysis == "ranked hotspots"]
        assert bool(told) == is_refused
        assert not is_refused or (len(run.hotspots) == 0 and "Only 59 reports are left; below 60" in told[0])
    assert len(run.cells) > 0


@pytest.mark.parametrize("name", ["lsoa", "report_types"])
def test_a_file_that_is_not_there_is_one_sentence(folder: Path, name: str) -> None:
    with pytest.raises(DataError, match="nowhere"):
        run_with(folder, **{name: "nowhere.csv"})


def test_an_analysis_says_when_its_file_is_not_there(shipped: Run) -> None:
    run = replace(shipped, config=replace(shipped.config, school_holidays="nowhere.csv"))
    assert "nowhere" in str(hotspots.analyse(run, "holidays").refusal)


def test_settings_find_their_files_beside_themselves_and_a_bad_one_is_refused_by_every_command(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "settings.toml").write_text('school_holidays = "terms.csv"\n')
    given = [str(folder / "incidents.csv"), "--area", str(folder / "area.geojson")]
    given += ["--config", str(tmp_path / "settings.toml")]
    monkeypatch.chdir("/")
    (tmp_path / "terms.csv").write_text("first_day,last_day,name\n25/07/2023,01/09/2023,Summer\n")
    assert CliRunner().invoke(app, ["check", *given]).exit_code == 0
    (tmp_path / "terms.csv").write_text("first_day,last_day,name\n2023-07-25,2023-13-01,Summer\n")
    out = ["--out", str(tmp_path / "out")]
    for command in (["check", *given], ["run", *given, *out], ["analyse", "week", *given, *out]):
        refused = CliRunner().invoke(app, command).exception
        assert isinstance(refused, DataError)
        assert "'terms.csv': a school holiday has its days written as" in str(refused)
    assert not (tmp_path / "out").exists()


def test_the_page_takes_every_file_that_settings_name() -> None:
    assert set(FILES) == set(FILE_SETTINGS)
