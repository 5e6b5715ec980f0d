"""Kernel density along streets: distance is walked, and density is reports per metre of street."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numba import njit
from numpy.typing import ArrayLike, NDArray
from shapely.ops import substring

from geodata.errors import DesignError
from hotspots.density.kernels import Bandwidth, Floats, checked_bandwidth, checked_points, checked_weights
from hotspots.density.planar import collapse_points
from hotspots.density.streets import StreetGraph, lixels, nearest_street

METHODS = ("simple", "discontinuous", "continuous")

_NEGLIGIBLE = 1e-5
"""Paths whose share of the kernel's peak falls below this are not followed further."""

_MOST_STEPS = 5_000_000
"""Paths followed from one place before the bandwidth is refused as too wide for such short streets."""


@dataclass(frozen=True, eq=False)
class NetworkDensity:
    """Density along streets.

    Attributes
    ----------
    lixels : DataFrame
        One row for each piece of street: ``edge`` (line of the graph), ``start_m``, ``end_m`` (along it), ``x``, ``y``
        (its middle, metres), ``per_m`` (reports per metre of street at its middle).
    bandwidth : Bandwidth
    method : str
    n_snapped : float
        Weight of the reports put on a street.
    notes : tuple of str
    """

    lixels: pd.DataFrame
    bandwidth: Bandwidth
    method: str
    n_snapped: float
    notes: tuple[str, ...]


def network_density(
    points_m: ArrayLike,
    graph: StreetGraph,
    *,
    bandwidth_m: float,
    method: str = "discontinuous",
    weights: ArrayLike | None = None,
    lixel_m: float = 25.0,
    max_snap_m: float = 50.0,
) -> NetworkDensity:
    r"""Return the density of reports along streets.

    The kernel is quartic along the street, :math:`k(d) = \frac{15}{16 h} (1 - (d / h)^2)^2` for d < h, with d walked:

    - ``"simple"``: k of the shortest way (Xie & Yan 2008, https://doi.org/10.1016/j.compenvurbsys.2008.05.001). Every
      arm of a junction gets the full density, so the total exceeds the number of reports where streets meet.
    - ``"discontinuous"``: at a junction of n arms each of the n - 1 arms ahead gets 1 / (n - 1) (Okabe, Satoh &
      Sugihara 2009, https://doi.org/10.1080/13658810802475491). The total is kept, except at dead ends.
    - ``"continuous"``: each arm ahead gets 2 / n and the arm behind 2 / n - 1, over every way including turns back
      (same source). The total is kept and the density does not jump at junctions. It costs most.

    Both splitting kernels add up every way shorter than h that follows the streets, as in Gelb (2021,
    https://doi.org/10.32614/RJ-2021-102); ways worth less than 1e-5 of the peak are not followed further. Assumes
    lines that are cut at junctions (`street_graph`) and reports that belong to the nearest street.

    Parameters
    ----------
    points_m : array of float, shape (n, 2)
        Metres east and north, in the coordinates of `graph`.
    graph : StreetGraph
    bandwidth_m : float
        h.
    method : {"simple", "discontinuous", "continuous"}
    weights : array of float, shape (n,), optional
    lixel_m : float
        Longest piece of street with one density.
    max_snap_m : float
        Reports farther than this from any street are left out and counted in ``notes``.

    Returns
    -------
    NetworkDensity

    Raises
    ------
    DesignError
        If the method is not known, a length is not above 0, or the bandwidth spans too many junctions.
    DataError
        If a coordinate is missing, or a weight is negative or missing.
    """
    if method not in METHODS:
        raise DesignError(f"The network method '{method}' is not known; use one of {', '.join(METHODS)}.")
    h, given = checked_bandwidth(bandwidth_m), checked_points(points_m)
    points, weight = collapse_points(given[:, 0], given[:, 1], checked_weights(weights, len(given)))
    edge, along, away = nearest_street(points, graph)
    near = away <= max_snap_m
    piece, start_m, end_m = lixels(graph, lixel_m)
    first_piece = np.searchsorted(piece, np.arange(len(graph.lines) + 1)).astype(np.int64)
    roads = (graph.start, graph.end, graph.length, graph.first, graph.edge, graph.side, first_piece)
    events = (edge[near], along[near], weight[near] * 15 / (16 * h))
    if method == "simple":
        density = _shortest_ways(*events, *roads, h)
    else:
        density, too_many = _all_ways(*events, *roads, h, method == "continuous", _NEGLIGIBLE, _MOST_STEPS)
        if too_many:
            raise DesignError(
                f"A bandwidth of {h:g} m spans too many junctions for the {method} kernel; use a narrower one, or the "
                "simple kernel."
            )
    middle = shapely.get_coordinates(shapely.line_interpolate_point(graph.lines[piece], (start_m + end_m) / 2))
    frame = pd.DataFrame(
        {"edge": piece, "start_m": start_m, "end_m": end_m, "x": middle[:, 0], "y": middle[:, 1], "per_m": density}
    )
    return NetworkDensity(
        frame, Bandwidth(h, "given, along streets"), method, float(weight[near].sum()),
        _notes(weight, near, max_snap_m, h, lixel_m),
    )  # fmt: skip


def lixel_lines(graph: StreetGraph, density: NetworkDensity) -> NDArray[Any]:
    """Return each piece of street as a line in metres, for a map."""
    rows = density.lixels[["edge", "start_m", "end_m"]].to_numpy()
    return np.array([substring(graph.lines[int(edge)], a, b) for edge, a, b in rows], dtype=object)


def _notes(
    weight: Floats, near: NDArray[np.bool_], max_snap_m: float, bandwidth: float, lixel_m: float
) -> tuple[str, ...]:
    notes = []
    lost = float(weight[~near].sum())
    if lost > 0:
        notes.append(f"{lost:g} of {weight.sum():g} reports lie more than {max_snap_m:g} m from any street: left out.")
    if bandwidth < lixel_m:
        notes.append(
            f"The bandwidth ({bandwidth:g} m) is shorter than a piece of street ({lixel_m:g} m), so reports between "
            "middles of pieces go unseen; use shorter pieces."
        )
    return tuple(notes)


@njit(cache=True)
def _quartic(d, h):  # type: ignore[no-untyped-def]  # pragma: no cover
    u2 = (d / h) * (d / h)
    return (1.0 - u2) * (1.0 - u2) if u2 < 1.0 else 0.0


@njit(cache=True)
def _shortest_ways(  # type: ignore[no-untyped-def]  # noqa: PLR0917  # pragma: no cover
    event_edge, event_along, event_weight, start, end, length, first, edges, sides, first_piece, h
):
    """Dijkstra's shortest ways up to h from each event, then the kernel of every piece on the lines reached."""
    density = np.zeros(first_piece[-1])
    far = np.full(len(first) - 1, np.inf)
    done = np.full(len(start), -1)
    for i in range(len(event_edge)):
        own = event_edge[i]
        heap = [(event_along[i], start[own]), (length[own] - event_along[i], end[own])]
        heapq.heapify(heap)
        reached = [own]
        reached.pop()
        while len(heap) > 0:
            d, node = heapq.heappop(heap)
            if d >= h or d >= far[node]:
                continue
            far[node] = d
            reached.append(node)
            for k in range(first[node], first[node + 1]):
                e = edges[k]
                heapq.heappush(heap, (d + length[e], end[e] if sides[k] == 0 else start[e]))
        for r in range(-1, len(reached)):
            low = 0 if r < 0 else first[reached[r]]
            high = 1 if r < 0 else first[reached[r] + 1]
            for k in range(low, high):
                e = own if r < 0 else edges[k]
                if done[e] == i:
                    continue
                done[e] = i
                n = first_piece[e + 1] - first_piece[e]
                for p in range(n):
                    x = (p + 0.5) * length[e] / n
                    d = min(far[start[e]] + x, far[end[e]] + length[e] - x)
                    if e == own:
                        d = min(d, abs(x - event_along[i]))
                    density[first_piece[e] + p] += event_weight[i] * _quartic(d, h)
        for node in reached:
            far[node] = np.inf
    return density


@njit(cache=True)
def _all_ways(  # type: ignore[no-untyped-def]  # noqa: PLR0917  # pragma: no cover
    event_edge, event_along, event_weight, start, end, length, first, edges, sides, first_piece, h, continuous,
    negligible, most,
):  # fmt: skip
    """Follow every way from each event, splitting at junctions; a way is (line, side it arrives at, walked, share)."""
    density = np.zeros(first_piece[-1])
    for i in range(len(event_edge)):
        own = event_edge[i]
        n = first_piece[own + 1] - first_piece[own]
        for p in range(n):
            x = (p + 0.5) * length[own] / n
            density[first_piece[own] + p] += event_weight[i] * _quartic(abs(x - event_along[i]), h)
        ways = [(own, 0, event_along[i], 1.0), (own, 1, length[own] - event_along[i], 1.0)]
        steps = 0
        while len(ways) > 0:
            arrived, at_side, walked, share = ways.pop()
            if abs(share) * _quartic(walked, h) < negligible:
                continue
            node = start[arrived] if at_side == 0 else end[arrived]
            arms = first[node + 1] - first[node]
            for k in range(first[node], first[node + 1]):
                e = edges[k]
                side = sides[k]
                back = e == arrived and side == at_side
                if continuous:
                    part = share * (2.0 / arms - 1.0 if back else 2.0 / arms)
                elif back:
                    continue
                else:
                    part = share / (arms - 1.0)
                if part == 0.0:
                    continue
                n = first_piece[e + 1] - first_piece[e]
                for p in range(n):
                    x = (p + 0.5) * length[e] / n
                    d = walked + (x if side == 0 else length[e] - x)
                    density[first_piece[e] + p] += event_weight[i] * part * _quartic(d, h)
                ways.append((e, 1 - side, walked + length[e], part))
            steps += 1
            if steps > most:
                return density, True
    return density, False
