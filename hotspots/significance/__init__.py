"""Is a cluster unusual? Gi*, local Moran's I, their p-values, and what many tests at once mean (R4.3).

The word for what passes is "statistically unusual cluster", not "risk".
"""

from hotspots.significance.chance import ListScan, scan_list
from hotspots.significance.checks import cautions
from hotspots.significance.exact import gi_star_exact, gi_star_ordinary
from hotspots.significance.local import LocalMoran, gi, gi_star, local_moran
from hotspots.significance.multiple import adjust, critical_value, false_discovery
from hotspots.significance.permutation import gi_star_permuted, local_moran_permuted
from hotspots.significance.whole import GeneralG, MoranI, general_g, morans_i

__all__ = [
    "GeneralG",
    "ListScan",
    "LocalMoran",
    "MoranI",
    "adjust",
    "cautions",
    "critical_value",
    "false_discovery",
    "general_g",
    "gi",
    "gi_star",
    "gi_star_exact",
    "gi_star_ordinary",
    "gi_star_permuted",
    "local_moran",
    "local_moran_permuted",
    "morans_i",
    "scan_list",
]
