"""Deployable cameras: how far one sees, where one could hang, and which few sites cover most (R5)."""

from hotspots.cameras.candidates import candidate_sites
from hotspots.cameras.optics import PIXELS_PER_METRE, effective_range_m, range_table, view_share
from hotspots.cameras.sites import can_site, empty_sites, read_cameras, site_cameras
from hotspots.cameras.siting import Siting, location_set_cover, maximal_cover

__all__ = [
    "PIXELS_PER_METRE",
    "Siting",
    "can_site",
    "candidate_sites",
    "effective_range_m",
    "empty_sites",
    "location_set_cover",
    "maximal_cover",
    "range_table",
    "read_cameras",
    "site_cameras",
    "view_share",
]
