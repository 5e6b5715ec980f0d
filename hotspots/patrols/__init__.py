"""Patrols: what the money buys, how often and when, a rota nobody can predict, and what was delivered."""

from hotspots.patrols.assigned import AssignedPlan, assigned_plan, assigned_times
from hotspots.patrols.dose import affordable, hotspots_affordable, share_visits
from hotspots.patrols.plan import can_plan_hours, empty_plan, plan
from hotspots.patrols.rota import visit_times
from hotspots.patrols.visits import dose_delivered, read_visits

__all__ = [
    "AssignedPlan",
    "affordable",
    "assigned_plan",
    "assigned_times",
    "can_plan_hours",
    "dose_delivered",
    "empty_plan",
    "hotspots_affordable",
    "plan",
    "read_visits",
    "share_visits",
    "visit_times",
]
