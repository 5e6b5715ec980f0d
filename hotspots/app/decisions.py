"""What only a person can decide about the data: which places are no scene, and whether red data may be listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

import streamlit as st

from geodata.area import StudyArea
from geodata.confidence import at_any
from geodata.errors import DataError
from geodata.institutions import Action, LocationDecision, LocationPolicy
from geodata.quality import QualityReport, blocking
from hotspots.app import data, state, widgets, words
from hotspots.app.data import Dataset
from hotspots.config import RunConfig, with_settings

ACTIONS: Final[dict[Action | Literal[""], str]] = {
    "": "Not decided",
    "keep": "Keep: a real place",
    "exclude": "Exclude its reports",
    "cap": "Cap its reports",
}
"""What may be done with the reports of a place, in the words of the page."""


@dataclass(frozen=True, slots=True)
class Place:
    """One point to decide on, or decided: what it is called, and why it is shown or what was done."""

    longitude: float
    latitude: float
    name: str
    why: str
    policy: LocationPolicy | None = None


def places(report: QualityReport, config: RunConfig, area: StudyArea) -> tuple[Place, ...]:
    """Return the places decided on, then the likely default locations and named institutions still open (R3.9, R1.11).

    Each point comes once, also when it is found both by its number of reports and by its name.
    """
    decided = config.default_locations
    settled = [
        Place(p.longitude, p.latitude, done.name, _what_was_done(done), p)
        for p, done in zip(decided, report.location_decisions, strict=False)  # a file's institutions come after them
    ]
    found = {(p.longitude, p.latitude): p for p in (*report.institutions, *report.default_locations)}
    suspects = sorted(found.values(), key=lambda place: -place.n)
    is_settled = at_any([p.longitude for p in suspects], [p.latitude for p in suspects], decided, area)
    still_open = [
        Place(p.longitude, p.latitude, p.location, f"{p.reason}.")
        for p, done in zip(suspects, is_settled, strict=True)
        if not done
    ]
    return (*settled, *still_open)


def _what_was_done(done: LocationDecision) -> str:
    return f"{done.n:,} records lie there; {done.n_excluded:,} are left out."


def show_places(dataset: Dataset, report: QualityReport, config: RunConfig) -> None:
    """Let a person keep, exclude or cap the reports of each place, with a reason; nothing is shown without places."""
    listed = places(report, config, dataset.area)
    if not listed:
        return
    st.subheader("Places to decide on")
    st.write(
        "Reports of which nobody knows the place are often booked to a police station, a hospital or a town centre; "
        "they make hotspots where nothing happened. You know these places: decide, and say why. Decisions and reasons "
        "are kept with the run."
    )
    with st.form("places"):
        chosen = [_show_row(dataset, place) for place in listed]
        if st.form_submit_button("Apply these decisions"):
            _apply(dataset, config, listed, chosen)


@dataclass(frozen=True, slots=True)
class _Choice:
    """What was entered for one place."""

    action: Action | Literal[""]
    cap: int
    reason: str


def _show_row(dataset: Dataset, place: Place) -> _Choice:
    said, key = place.policy, f"place-{dataset.key[:12]}-{place.longitude}-{place.latitude}"
    left, what, most, why = st.columns([4, 2.2, 1.5, 4], gap="small")
    name = words.plain(place.name or f"Unnamed point at {place.latitude:.5f}, {place.longitude:.5f}")
    left.markdown(f"**{name}**  \n{words.plain(place.why)}")
    options = list(ACTIONS)
    action = what.selectbox(
        "What to do", options, index=options.index(said.action if said else ""), format_func=ACTIONS.__getitem__,
        key=f"{key}-action",
    )  # fmt: skip
    cap = most.number_input(
        "If capped, leave", min_value=1, value=said.cap or None if said else None, placeholder="", key=f"{key}-cap",
    )  # fmt: skip
    reason = why.text_input("Reason", value=said.reason if said else "", key=f"{key}-reason")
    return _Choice(action, int(cap or 0), reason.strip())


def _apply(dataset: Dataset, config: RunConfig, listed: Sequence[Place], chosen: Sequence[_Choice]) -> None:
    """Put the decisions into this session's settings, or say which cannot be used and change nothing."""
    policies = []
    for place, choice in zip(listed, chosen, strict=True):
        if not choice.action:
            continue
        cap = choice.cap if choice.action == "cap" else 0
        try:
            policies.append(
                LocationPolicy(
                    longitude=place.longitude, latitude=place.latitude, action=choice.action, reason=choice.reason,
                    cap=cap,
                )
            )  # fmt: skip
        except DataError as error:
            st.error(words.plain(f"{place.name}: {error}"))
            return
    new = replace(config, default_locations=tuple(policies))
    try:
        data.current_gate(dataset, new)
    except DataError as error:
        st.error(words.plain(error))
        return
    state.use_config(new)
    st.rerun()


FILES: Final = {
    "institutions": "Institutions whose reports are left out: polygons or points with a name",
    "lsoa": "LSOA boundaries, to check the codes that the records state",
    "school_holidays": "School holidays: CSV of first_day, last_day, name",
    "bank_holidays": "Bank holidays: CSV of day, name; for the years it lists",
    "places": "Named places (stations, schools, parks): GIS file, or CSV of name, longitude, latitude",
    "report_types": "Kinds of ASB: CSV of headings with owner and whether a patrol can deter it",
}
"""Settings that name a file, in the words of the page."""


def show_files(dataset: Dataset, config: RunConfig) -> None:
    """Let a person give the files that settings name, and take them away again."""
    with st.expander(
        "Files that go with these data: institutions, LSOAs, school and bank holidays, named places, kinds of ASB"
    ):
        with st.form("setting-files", border=False):
            columns = st.columns(2)
            given = {
                name: columns[number % 2].file_uploader(label, key=f"file-{name}")
                for number, (name, label) in enumerate(FILES.items())
            }
            used = st.form_submit_button("Use these files")
        if used and any(given.values()):
            _use_files(dataset, config, {name: data.keep(file) for name, file in given.items() if file})
        held = [name for name in FILES if getattr(config, name)]
        if held:
            st.write("In use: " + ", ".join(words.plain(Path(getattr(config, name)).name) for name in held))
            if st.button("Use none of them"):
                _use_files(dataset, config, dict.fromkeys(FILES, ""))
        st.write("The tables used without a file of yours; take one as a start and edit it:")
        widgets.downloads(data.shipped_tables(), stem="shipped")


def _use_files(dataset: Dataset, config: RunConfig, paths: Mapping[str, str]) -> None:
    """Put the files into this session's settings, or say which cannot be used and change nothing."""
    new = with_settings(config, dict(paths))
    try:
        data.check_files(dataset, new)
    except DataError as error:
        st.error(words.plain(error))
        return
    state.use_config(new)
    st.rerun()


def show_override(report: QualityReport, config: RunConfig) -> None:
    """Where the gate is red, let a person answer for a list made all the same (R3.7); a short history stays (R1.8)."""
    if not report.is_red:
        return
    stays = blocking(report, "any reason")
    if len(stays) == len(blocking(report)):
        st.write("No reason lifts this: with so short a history the top places would be luck.")
        return
    with st.form("override"):
        reason = st.text_input(
            "Reason for making the list all the same",
            value=config.override_reason,
            help="Empty: no list is made.",
        )
        st.write(
            "Your reason is printed on every output. It never lifts a history shorter than six months."
            + (" These data are that short, so there will be no list." if stays else "")
        )
        if st.form_submit_button("Use this reason"):
            state.use_config(replace(config, override_reason=reason.strip()))
            st.rerun()
