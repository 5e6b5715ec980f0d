"""What passes the quality gate under a run's settings: the wanted reports, and everything else reported beside them."""

from __future__ import annotations

from dataclasses import replace

from geodata.area import StudyArea
from geodata.institutions import read_institutions
from geodata.quality import Gate, screen
from geodata.sources import Intake
from hotspots.config import ALL_CATEGORIES, RunConfig


def take_through_gate(intake: Intake, area: StudyArea, config: RunConfig) -> Gate:
    """Return what passes the quality gate under these settings: the first step of every run, and all of `check`.

    Raises
    ------
    DataError
        If nothing usable is left.
    """
    return screen(
        intake,
        area,
        categories=config.categories,
        first_month=config.first_month,
        last_month=config.last_month,
        policies=config.default_locations,
        institutions=read_institutions(config.institutions) if config.institutions else (),
        with_officers=config.include_officer_generated,
    )


def everything_beside(gate: Gate, intake: Intake, area: StudyArea, config: RunConfig) -> Gate:
    """Return what passes the gate of every category over the same months, the wanted reports among it."""
    if ALL_CATEGORIES in config.categories:
        return gate
    first, last = (f"{month:%Y-%m}" for month in (gate.period.first, gate.period.last))
    return take_through_gate(
        intake, area, replace(config, categories=(ALL_CATEGORIES,), first_month=first, last_month=last)
    )
