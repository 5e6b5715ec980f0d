"""What the money buys, when to go, and where a camera would help for a while."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import pandas as pd
import streamlit as st

from geodata.errors import DataError
from hotspots.app import data, design, state, widgets, words
from hotspots.config import RunConfig
from hotspots.patrols import AssignedPlan, assigned_plan, assigned_times, visit_times
from hotspots.results import PatrolBudget, Run
from hotspots.timing import week_matrix

MONDAY = 0


def show_budget(config: RunConfig) -> None:
    """Ask what there is to spend; the plan follows."""
    patrol = config.patrol
    with st.form("budget"):
        money, low, high, minutes, least, most = st.columns(6, vertical_alignment="bottom")
        budget = money.number_input("Budget a year (GBP)", 0, 10_000_000, int(patrol.budget_gbp_per_year), 1000)
        cheap = low.number_input("Hour costs from (GBP)", 1.0, 1000.0, float(patrol.cost_per_hour_gbp[0]), 1.0)
        dear = high.number_input("to (GBP)", 1.0, 1000.0, float(patrol.cost_per_hour_gbp[1]), 1.0)
        visit = minutes.number_input("Minutes a visit", 5, 120, int(patrol.visit_minutes))
        fewest = least.number_input("Fewest visits a week", 1, 50, int(patrol.min_visits_per_week))
        maximum = most.number_input("Most visits a week", 1, 100, int(patrol.max_visits_per_week))
        if st.form_submit_button("Plan with these"):
            try:
                new = replace(
                    patrol,
                    budget_gbp_per_year=float(budget),
                    cost_per_hour_gbp=(cheap, dear),
                    visit_minutes=float(visit),
                    min_visits_per_week=float(fewest),
                    max_visits_per_week=float(maximum),
                )
            except DataError as error:
                widgets.refuse(error)
            state.use_config(replace(config, patrol=new))
            st.rerun()


def show_affordable(budget: PatrolBudget, n_hotspots: int, minutes: float) -> None:
    hours, year, week = budget.hours_per_year, budget.visits_per_year, budget.visits_per_week
    one, two, three = st.columns(3)
    one.metric("Patrol hours a year", f"{hours[0]:,.0f} to {hours[1]:,.0f}", border=True)
    two.metric(f"Visits of {minutes:.0f} minutes a year", f"{year[0]:,.0f} to {year[1]:,.0f}", border=True)
    three.metric(
        f"Visits a week to each of {n_hotspots} hotspots",
        f"{week[0] / n_hotspots:.1f} to {week[1] / n_hotspots:.1f}",
        border=True,
    )


def show_plan(run: Run) -> None:
    plan = run.patrols.sort_values("rank")
    table = pd.DataFrame(
        {
            "Rank": plan["rank"],
            "Place": plan["name"],
            "Visits a week": [
                f"{low}" if low == high else f"{low} to {high}"
                for low, high in zip(plan["visits_per_week_low"], plan["visits_per_week_high"], strict=True)
            ],
            "Minutes": plan["minutes_per_visit"],
            "Days": plan["days"],
            "Hours": plan["hours"],
            "Share of reports": widgets.percent(plan["share_of_reports"]),
            "Share of the week": widgets.percent(plan["share_of_week"]),
            "Note": plan["note"],
        }
    )
    if (plan["days"] == "").all():
        table = table.drop(columns=["Days", "Hours", "Share of reports", "Share of the week"])
    if (plan["note"] == "").all():
        table = table.drop(columns="Note")
    st.dataframe(
        table, hide_index=True, alt="Patrol plan, one line a hotspot",
        column_config={"Share of reports": widgets.PERCENT, "Share of the week": widgets.PERCENT,
                       "Minutes": st.column_config.NumberColumn(format="%d")},
    )  # fmt: skip
    if run.quality.doubtful_hours:
        st.caption(words.plain(run.quality.doubtful_hours))


def show_week(run: Run, hotspot_id: str) -> None:
    timed = data.incidents_of(run, hotspot_id)
    timed = timed.loc[timed["time_precision"] == "minute"]
    widgets.week_table(
        week_matrix(timed),
        f"Reports by day and hour, {run.period}; a report that could have happened at any time in a span is shared "
        f"over its hours. {len(timed):,} reports carry a time.",
    )


def show_assignment(run: Run) -> AssignedPlan | None:
    """Take the assignment of a pilot, say whom it lets be patrolled, and return its plan."""
    with st.expander("Is this plan for a pilot? Give its assignment, and only its hotspots are planned"):
        files = st.file_uploader(
            "assignment.csv, or DESIGN.toml with the files it names", accept_multiple_files=True, key="assignment"
        )
    if not files:
        return None
    try:
        assigned = assigned_plan(
            run.patrols, run.hotspots["score"], design.read_assignment_uploads(files), run.config.patrol
        )
    except DataError as error:
        st.error(words.plain(error))
        return None
    st.info(words.plain(assigned.sentence))
    shown = assigned.turns.assign(
        **{day: assigned.turns[day].dt.strftime("%d %b %Y") for day in ("first_day", "last_day")}
    )
    titles = {"name": "Place", "first_day": "From", "last_day": "To", "visits_per_week_low": "Visits a week, at least",
              "visits_per_week_high": "At most", "days": "Days", "hours": "Hours", "note": "Note"}  # fmt: skip
    st.dataframe(shown[list(titles)].rename(columns=titles), hide_index=True, height=280, alt="Turns of the pilot")
    return assigned


def show_visit_times(run: Run, assigned: AssignedPlan | None) -> None:
    st.write(
        "Times are drawn at random inside each window, because a timetable that can be learnt stops working. "
        "The same seed draws the same times."
    )
    one, two, three = st.columns(3, vertical_alignment="bottom")
    today = date.today()
    monday = one.date_input("First Monday", today + timedelta(days=(MONDAY - today.weekday()) % 7))
    weeks = two.number_input("Weeks", 1, 52, 4)
    seed = three.number_input("Seed", 0, 1_000_000, run.config.seed)
    draw = partial(assigned_times, run.patrols, assigned) if assigned else partial(visit_times, run.patrols)
    try:
        times = draw(weeks=int(weeks), first_monday=pd.Timestamp(monday), random_state=int(seed))
    except DataError as error:
        st.error(words.plain(error))
        return
    if times.empty:
        st.warning("No hotspot of the pilot has its turn in these weeks; choose the first Monday within the pilot.")
        return
    shown = pd.DataFrame(
        {
            "Place": times["name"],
            "Week": times["week"],
            "Day": times["start"].dt.strftime("%a %d %b %Y"),
            "Start": times["start"].dt.strftime("%H:%M"),
            "End": times["end"].dt.strftime("%H:%M"),
        }
    )
    st.dataframe(shown, hide_index=True, height=240, alt="Randomised visit times")
    st.download_button(
        "visit_times.csv", data.csv_bytes(times), file_name="visit_times.csv", mime="text/csv", on_click="ignore"
    )


def show_cameras(run: Run) -> None:
    st.header("Camera sites")
    st.info(
        "**A camera is a time-limited support to a plan, not a plan.** A site stays a candidate until it has an "
        "accompanying measure and a named person who watches the pictures."
    )
    widgets.refusals(run, "camera")
    if any("camera" in refusal.analysis for refusal in run.refused):
        return
    show_camera_settings(state.config())
    if run.cameras.empty:
        st.write("No site adds anything to what is covered already.")
        return
    ready = show_sites(run)
    left, right = st.columns([1, 1], gap="medium")
    with left:
        widgets.hotspot_map(run, key="camera_map", height=460)
    with right:
        show_status(run, ready)


def show_camera_settings(config: RunConfig) -> None:
    with st.form("cameras"):
        one, two, three = st.columns([1, 1, 2], vertical_alignment="bottom")
        number = one.number_input("Number of cameras", 0, 50, config.cameras.n_cameras)
        reach = two.number_input("Range of view (m)", 10, 300, int(config.cameras.range_m))
        three.write("60 m is what an overview at 60 degrees shows; faces are recognised only much closer.")
        if st.form_submit_button("Choose sites with these"):
            state.use_config(
                replace(config, cameras=replace(config.cameras, n_cameras=int(number), range_m=float(reach)))
            )
            st.rerun()


def show_sites(run: Run) -> pd.Series:
    """Show the sites with room for what must be named first; return which of them are ready (R5.3)."""
    sites = run.cameras.sort_values("rank")
    st.write(
        "Reports of the last 12 months in range of each site, and how many of them no other camera sees. "
        "Fill in the last two columns."
    )
    facts = pd.DataFrame(
        {
            "Site": sites.index,
            "Place": sites["name"],
            "In range": sites["n_covered"],
            "New": sites["n_marginal"],
            "Covered so far": widgets.percent(sites["share_covered"]),
            "Accompanying measure": "",
            "Pictures watched by": "",
        },
        index=sites.index,
    )
    filled = st.data_editor(
        facts, hide_index=True, key="sites", disabled=list(facts.columns[:5]),
        column_config={"Covered so far": widgets.PERCENT},
    )  # fmt: skip
    named = filled[["Accompanying measure", "Pictures watched by"]].fillna("").map(str.strip)
    return (named != "").all(axis=1)


def show_status(run: Run, ready: pd.Series) -> None:
    for camera_id, site in run.cameras.sort_values("rank").iterrows():
        status = "**Recommended**" if ready[camera_id] else "Candidate (measure and watcher missing)"
        st.markdown(
            f"**{camera_id}** {words.plain(site['name'])}: {status}. Review at weeks "
            f"{words.plain(site['review_weeks'])}; remove after {site['expires_after_weeks']} weeks."
        )
    for caveat in run.cameras["caveat"].drop_duplicates():
        st.markdown(words.plain(caveat))


def main() -> None:
    widgets.page("Patrols and cameras")
    run = widgets.current_run()
    if run.hotspots.empty or run.budget is None:
        widgets.refusals(run)
        st.write("Without a list of hotspots there is nothing to plan.")
        widgets.footer()
        return
    st.header("What the budget buys")
    show_budget(state.config())
    show_affordable(run.budget, len(run.hotspots), run.config.patrol.visit_minutes)
    st.header("Patrol plan")
    widgets.refusals(run, "hour")
    show_plan(run)
    assigned = show_assignment(run)
    if run.week is not None:
        hotspot_id = widgets.hotspot_choice(run, key="week_choice")
        show_week(run, hotspot_id)
        st.subheader("Visit times to hand out")
        show_visit_times(run, assigned)
    show_cameras(run)
    widgets.footer()


main()
