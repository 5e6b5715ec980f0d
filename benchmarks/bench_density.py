"""Kernel density against scikit-learn, in the same process on the same points; prints the ratio.

Run with ``python -m pytest benchmarks/bench_density.py -s``.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from sklearn.neighbors import KernelDensity

from hotspots.density import collapse_points, gaussian_density, kernel_density

EXTENT_M = 15_000.0


def street_points(n: int) -> np.ndarray[Any, Any]:
    """Reports on 15,000 distinct street points, a few of them very busy."""
    rng = np.random.default_rng(0)
    points = np.round(rng.uniform(0, EXTENT_M, (15_000, 2)), 1)
    busy = rng.pareto(1.2, 15_000) + 0.1
    return points[rng.choice(15_000, n, p=busy / busy.sum())]


def cell_centres() -> np.ndarray[Any, Any]:
    side = np.arange(60.0, EXTENT_M, 117.0)  # as many as there are resolution-10 cells
    return np.column_stack([axis.ravel() for axis in np.meshgrid(side, side)])


def sklearn_density(points: Any, at: Any, bandwidth: float, kernel: str) -> Any:
    """The peer at its best: on distinct points with weights."""
    distinct, weights = collapse_points(points[:, 0], points[:, 1])
    model = KernelDensity(kernel=kernel, bandwidth=bandwidth, rtol=0 if kernel == "epanechnikov" else 1e-4)
    with np.errstate(divide="ignore"):
        return np.exp(model.fit(distinct, sample_weight=weights).score_samples(at)) * weights.sum()


@pytest.mark.parametrize("n", [10_000, 100_000, 1_000_000])
@pytest.mark.parametrize(("kernel", "bandwidth"), [("epanechnikov", 400.0), ("gaussian", 200.0), ("quartic", 400.0)])
def test_density_at_cell_centres(benchmark: Any, n: int, kernel: str, bandwidth: float) -> None:
    points, at = street_points(n), cell_centres()
    kernel_density(points[:10], at[:10], bandwidth_m=bandwidth, kernel=kernel)  # compile
    found = benchmark.pedantic(
        kernel_density, args=(points, at), kwargs={"bandwidth_m": bandwidth, "kernel": kernel}, rounds=3
    )
    ours = benchmark.stats.stats.median
    peer_kernel = "epanechnikov" if kernel == "quartic" else kernel  # scikit-learn has no quartic
    started = time.perf_counter()
    peer = sklearn_density(points, at, bandwidth, peer_kernel)
    theirs = time.perf_counter() - started
    print(f"\n{kernel} n={n:,}: ours {ours:.4f} s, scikit-learn ({peer_kernel}) {theirs:.3f} s: {theirs / ours:.0f} x")
    if kernel != "quartic":
        seen = peer > 1e-3 * peer.max()
        assert np.abs(found[seen] / peer[seen] - 1).max() < (1e-9 if kernel == "epanechnikov" else 1e-3)
    assert theirs > ours


@pytest.mark.parametrize("n", [10_000, 100_000, 1_000_000, 10_000_000])
def test_gaussian_density_by_splines(benchmark: Any, n: int) -> None:
    points, at = street_points(n), cell_centres()
    gaussian_density(points[:10], at[:10], bandwidth_m=200.0)  # compile
    found = benchmark.pedantic(gaussian_density, args=(points, at), kwargs={"bandwidth_m": 200.0}, rounds=3)
    ours = benchmark.stats.stats.median
    started = time.perf_counter()
    sklearn_density(points, at, 200.0, "gaussian")
    theirs = time.perf_counter() - started
    exact = kernel_density(points, at, bandwidth_m=200.0, kernel="gaussian")
    seen = exact > 1e-3 * exact.max()
    error = np.abs(found[seen] / exact[seen] - 1).max()
    print(
        f"\ngaussian by splines n={n:,}: ours {ours:.4f} s, scikit-learn on collapsed points {theirs:.3f} s: "
        f"{theirs / ours:.0f} x; largest relative error {error:.1e}"
    )
    assert error < 5e-4
    assert theirs > ours
