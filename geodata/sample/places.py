"""Published facts the sample city is modelled on, and where each comes from.

Nothing else in the sample is real: streets, addresses and reports are generated.

Sources
-------
- Localities: approximate coordinates of public gazetteers, rounded to about 50 m.
- Area of the city and its British National Grid box: ONS/OS local authority boundary E08000031 (OGL v3).
- Volume: 748 ASB reports in January and February 2014 (data.police.uk, West Midlands, rows in Wolverhampton).
- Pilot (Op Eternity): Safer Wolverhampton Partnership, scrutiny presentation of 16 November 2023: started August
  2023; Low Hill/The Scotlands, Warstones, Heath Town/Bentley Bridge; 170 patrols by the date of the presentation;
  youth work from October 2023.
- Late-shift peak, Wednesday to Saturday 15:00-22:00: West Midlands Op Savvy (R1.16b, R1.26).

The size of the pilot's effect is not published: it is planted here, so that an evaluation can be checked.
"""

from __future__ import annotations

from dataclasses import dataclass

LABEL = "SYNTHETIC"
"""The word every row and file of the sample carries."""

CITY_NAME = "Sample City (SYNTHETIC)"
CITY_AREA_KM2 = 69.4
CITY_BOX_M = (386081.0, 294016.0, 396846.0, 304469.0)  # west, south, east, north, EPSG:27700

FIRST_MONTH = "2021-08"
N_MONTHS = 36
ASB_PER_MONTH = 375.0
OTHER_PER_MONTH = 800.0
OFFICER_SHARE = 0.08  # of ASB, before the pilot

PEAK_DAYS = (2, 3, 4, 5)  # Wednesday to Saturday, Monday = 0
PEAK_START_HOUR = 15
PEAK_END_HOUR = 22  # not included

PILOT_START = "2023-08"
PILOT_FIRST_MONTH = 24  # months from FIRST_MONTH to PILOT_START
PILOT_EFFECT = -0.30  # change in reports by the public, planted
DISPLACED_SHARE = 0.20  # of the prevented reports, planted
RING_M = (150.0, 350.0)  # where displaced reports go, metres from the centre
OFFICER_FACTOR_AFTER = 2.5  # more patrol finds more (R7.6)
PATROLS_BY_PRESENTATION = 170
PRESENTATION_DATE = "2023-11-16"
YOUTH_WORK_FROM = "2023-10-01"
LOCALITY_GROUPS = {
    "Low Hill / The Scotlands": ("Low Hill", "The Scotlands"),
    "Warstones": ("Warstones",),
    "Heath Town / Bentley Bridge": ("Heath Town", "Bentley Bridge"),
}

POLICE_STATION = (52.5800, -2.1160)  # a made-up site, more than 1 km from every planted hotspot


@dataclass(frozen=True, slots=True)
class Locality:
    """A planted hotspot: where it is, how wide, and how many reports by the public a year it draws untreated."""

    name: str
    latitude: float
    longitude: float
    radius_m: float
    reports_per_year: float
    is_treated: bool = False


LOCALITIES = (
    Locality("Low Hill", 52.6085, -2.1110, 140.0, 120.0, is_treated=True),
    Locality("The Scotlands", 52.6130, -2.1010, 120.0, 112.0, is_treated=True),
    Locality("Warstones", 52.5650, -2.1660, 130.0, 116.0, is_treated=True),
    Locality("Heath Town", 52.5950, -2.1040, 130.0, 116.0, is_treated=True),
    Locality("Bentley Bridge", 52.5975, -2.0860, 120.0, 110.0, is_treated=True),
    Locality("City Centre Queen Square", 52.5862, -2.1288, 140.0, 118.0),
    Locality("Whitmore Reans", 52.5950, -2.1450, 120.0, 100.0),
    Locality("Bilston", 52.5665, -2.0735, 130.0, 108.0),
    Locality("Blakenhall", 52.5735, -2.1300, 110.0, 98.0),
    Locality("Pendeford", 52.6270, -2.1440, 110.0, 97.0),
)
