from __future__ import annotations

from pathlib import Path

import pytest

from geodata.errors import DesignError
from geodata.institutions import LocationPolicy
from hotspots.config import RunConfig

TOML = """
override_reason = "agreed with the superintendent on 3 March"
institutions = "sites.gpkg"

[[default_locations]]
longitude = -2.116
latitude = 52.58
action = "cap"
cap = 20
reason = "a real hostel beside the station"

[[default_locations]]
longitude = -2.13
latitude = 52.59
reason = "calls logged at the desk"
"""


def test_decisions_about_places_and_the_reason_to_override_come_from_toml(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text(TOML)
    config = RunConfig.from_toml(tmp_path / "run.toml")
    assert config.override_reason == "agreed with the superintendent on 3 March"
    assert config.institutions == str(tmp_path / "sites.gpkg")  # looked for beside the settings
    assert config.default_locations == (
        LocationPolicy(longitude=-2.116, latitude=52.58, action="cap", cap=20,
                       reason="a real hostel beside the station"),
        LocationPolicy(longitude=-2.13, latitude=52.59, reason="calls logged at the desk"),
    )  # fmt: skip
    assert config.to_dict()["default_locations"][0]["reason"] == "a real hostel beside the station"
    hash(config)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[default_locations]]\nlongitude = -2.1\nlatitude = 52.5", "Table 1 of default_locations lacks reason"),
        ("default_locations = 3", "Table 1 of default_locations may hold only"),
        ("default_location = 3", "There is no setting 'default_location'"),
    ],
)
def test_a_wrong_decision_is_refused_in_words(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "run.toml").write_text(text)
    with pytest.raises(DesignError, match=message):
        RunConfig.from_toml(tmp_path / "run.toml")
