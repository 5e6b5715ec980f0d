"""How thick reports lie: kernel density on the plane, in time, between two sets and along streets (R4.1, R4.2).

The picture beside the ranking: smoothing shows where reports lie thick, counts say which place is first.
"""

from hotspots.density.adaptive import adaptive_bandwidths, adaptive_density
from hotspots.density.bandwidth import (
    GRID_M,
    cross_validated_bandwidth,
    holdout_bandwidth,
    predictive_accuracy,
    rule_of_thumb,
)
from hotspots.density.edges import edge_corrected_density, mass_inside
from hotspots.density.fast import gaussian_density
from hotspots.density.kernels import KERNELS, Bandwidth
from hotspots.density.network import NetworkDensity, network_density
from hotspots.density.planar import collapse_points, kernel_density
from hotspots.density.ratio import RiskRatio, risk_ratio
from hotspots.density.spacetime import space_time_density
from hotspots.density.streets import StreetGraph, street_graph
from hotspots.density.surface import Surface, density_surface

__all__ = [
    "GRID_M",
    "KERNELS",
    "Bandwidth",
    "NetworkDensity",
    "RiskRatio",
    "StreetGraph",
    "Surface",
    "adaptive_bandwidths",
    "adaptive_density",
    "collapse_points",
    "cross_validated_bandwidth",
    "density_surface",
    "edge_corrected_density",
    "gaussian_density",
    "holdout_bandwidth",
    "kernel_density",
    "mass_inside",
    "network_density",
    "predictive_accuracy",
    "risk_ratio",
    "rule_of_thumb",
    "space_time_density",
    "street_graph",
]
