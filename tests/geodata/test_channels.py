"""Who made a report: public words first, officers by what says so, everything else not known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from geodata.errors import SourceError
from geodata.sources import load_profile, read, save_profile
from geodata.sources.channels import origin_of

Write = Callable[..., Path]
HEADER = "date,category,lon,lat,officer_initiated,channel"

PUBLIC = ["Police 101", "Police website", "999", "Telephone", "Single Online Home", "Walk-in", "Public", "E-mail",
          "Front Counter", "Police contact centre", "Reported to officer by public", "Social Media", "WEB"]  # fmt: skip
OFFICERS = ["Patrol", "Direct - Officer", "Officer", "Officers", "Officer on patrol", "Police generated", "PCSO",
            "Officer initiated (via 101)", "Self-generated", "Pro-active", "Stop and Search", "Police patrol",
            "OFFICER OBSERVED", "Police-generated"]  # fmt: skip
UNKNOWN = ["Police Control Room", "Police", "CCTV", "", "Housing officer", "Council officer", "Not officer generated",
           "Non police generated", "Police station", "Partner agency", "ASB officer", "Webb Street", "Apprehended",
           "Council Enforcement Officer", "10123"]  # fmt: skip


@pytest.mark.parametrize(
    ("channel", "origin"),
    [
        (written, origin)
        for origin, all_written in (("public", PUBLIC), ("officer", OFFICERS), ("unknown", UNKNOWN))
        for written in all_written
    ],
)
def test_a_channel_says_who_made_the_report_or_nothing(channel: str, origin: str) -> None:
    assert origin_of(channel) == origin
    assert origin_of(f"  {channel.upper()} ") == origin


def test_the_reader_says_which_channels_it_read_as_what(extract_csv: Write) -> None:
    tails = [",Police 101"] * 3 + [",Patrol"] * 2 + [",Police Control Room", "Y,999", ","]
    intake = read([extract_csv([f"05/08/2023,ASB,-2.1,52.5,{tail}" for tail in tails], HEADER)])
    assert intake.records["origin"].value_counts().to_dict() == {"public": 3, "officer": 3, "unknown": 2}
    [note] = [note for note in intake.notes if "channels were read" in note]
    said = "public: Police 101 (3); officer: Patrol (2); unknown: Police Control Room (1)"
    assert said in note, "the row whose flag decides, and the row without a channel, are not among them"


def test_a_profile_says_otherwise_and_is_kept_on_saving(extract_csv: Write, tmp_path: Path) -> None:
    path = extract_csv(["05/08/2023,ASB,-2.1,52.5,,Police CONTROL room", "05/08/2023,ASB,-2.1,52.5,,Patrol"], HEADER)
    profile = tmp_path / "own.toml"
    profile.write_text('[channels]\n"Police Control Room" = "public"\npatrol = "unknown"\n', encoding="utf-8")
    intake = read([path], profile=profile)
    assert intake.records["origin"].tolist() == ["public", "unknown"]
    again = load_profile(save_profile(intake, tmp_path / "again.toml"))
    assert again.channels == {"Police Control Room": "public", "patrol": "unknown"}


def test_a_profile_with_an_origin_that_is_none_is_refused(tmp_path: Path) -> None:
    profile = tmp_path / "own.toml"
    profile.write_text('[channels]\nPatrol = "police"\n', encoding="utf-8")
    with pytest.raises(SourceError, match="channel is 'police'; write public, officer, unknown"):
        load_profile(profile)
