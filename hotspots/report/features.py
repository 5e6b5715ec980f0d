"""The map's features: shapes with escaped words, as GeoJSON objects. Text of the data stays text here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from hotspots.naming import landmark_name
from hotspots.report import basemap, palette, words
from hotspots.report.markup import data_text, escaped
from hotspots.results import Run

MAX_CELLS = 5000
MAX_PLACES = 100
_DIAMOND = (
    '<svg width="24" height="24" viewBox="0 0 24 24" aria-hidden="true"><path d="M12 4l8 8-8 8-8-8z" fill="#801650" '
    'stroke="#FFF" stroke-width="2"/></svg>'
)
_NEW_CAMERA = (
    '<svg width="28" height="24" viewBox="0 0 28 24" aria-hidden="true"><path d="M14 1l12 21H2z" fill="#F46A25" '
    'stroke="#0B0C0C" stroke-width="1.5"/><text x="14" y="19" font-size="9" font-weight="700" text-anchor="middle" '
    'fill="#0B0C0C" font-family="Arial,DejaVu Sans,sans-serif">%s</text></svg>'
)
_OLD_CAMERA = (
    '<svg width="24" height="24" viewBox="0 0 24 24" aria-hidden="true"><path d="M5 5h14v14H5z" fill="#3D3D3D" '
    'stroke="#FFF" stroke-width="2"/><circle cx="12" cy="12" r="3" fill="#FFF"/></svg>'
)
_LANDMARK = (
    '<svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="5" fill="#28A197" '
    'stroke="#0B0C0C" stroke-width="1.5"/></svg>'
)


def cells(run: Run) -> list[dict[str, Any]]:
    """Return the cells with a report in the last 12 months, busiest 5,000, each with its class colour and words."""
    shown = run.cells.loc[run.cells["n_12m"] > 0].sort_values("rank").head(MAX_CELLS)
    classes = palette.count_classes(shown["n_12m"])
    label = words.year_label(run)
    return [
        feature(
            shape,
            {
                "cell": cell,
                "colour": palette.class_of(int(recent), classes).colour,
                "popup": f"<p><b>{words.counted(recent)}</b> {label}</p><p>{n:,} in the whole period; rank {rank:,} "
                f"of {len(run.cells):,} cells</p><p>{cell}</p>",
            },
        )
        for cell, shape, recent, n, rank in zip(
            shown.index, shown.geometry, shown["n_12m"], shown["n"], shown["rank"], strict=True
        )
    ]


def hotspots(run: Run, selected: str | None) -> list[dict[str, Any]]:
    """Return the hotspots; ``hotspot_id``, ``rank`` and ``name`` are what a click hands to the app."""
    ordered = run.hotspots.sort_values("rank", ascending=False)  # first rank last: drawn on top
    return [
        feature(
            row["geometry"],
            {
                "hotspot_id": hotspot_id,
                "rank": int(row["rank"]),
                "name": data_text(row["name"]),
                "selected": hotspot_id == selected,
                "label": f"{row['rank']}<i>{escaped(row['name'])}</i>",
                "popup": _hotspot_popup(run, str(hotspot_id), row),
            },
        )
        for hotspot_id, row in ordered.iterrows()
    ]


def _hotspot_popup(run: Run, hotspot_id: str, row: pd.Series) -> str:
    facts = words.hotspot_facts(run, hotspot_id)
    lines = [
        ("Reports", f"{row['n_12m']:,} {words.year_label(run)}; {row['n']:,} in {run.period.n_months} months"),
        ("When", facts["when"]),
        ("What", facts["what"]),
        *([("Whose", facts["whose"])] if facts["whose"] else []),
        ("Change", facts["changes"]),
        ("Do", facts["do"]),
        *([("Note", facts["notes"])] if facts["notes"] else []),
    ]
    listed = "".join(f"<dt>{name}</dt><dd>{escaped(text)}</dd>" for name, text in lines)
    heading = f"<h2>{row['rank']}. {escaped(words.placed(row))}</h2><p>{escaped(facts['why'])}</p>"
    return f"{heading}<dl>{listed}</dl>"


def places(run: Run) -> list[dict[str, Any]]:
    """Return the first 100 repeat places."""
    shown = run.repeat_locations.sort_values("rank").head(MAX_PLACES)
    return [
        feature(
            row["geometry"],
            {
                "svg": _DIAMOND,
                "sign": "asb-place",
                "alt": f"Repeat place {row['rank']}",
                "popup": f"<h2>{escaped(row['name'])}</h2><p>Repeat place {row['rank']}: "
                f"{words.counted(row['n_12m'])} {words.year_label(run)}, "
                f"on {words.counted(row['distinct_days'], 'day')}.</p><p>{escaped(row['status'])}</p>",
            },
        )
        for _, row in shown.iterrows()
    ]


def named_places(run: Run) -> list[dict[str, Any]]:
    """Return the user's named places, the 500 nearest to a hotspot; areas as a point inside them."""
    drawn = basemap.named_places(run)
    if drawn is None:
        return []
    points = shapely.point_on_surface(drawn.geometry.to_numpy())
    return [
        feature(
            point,
            {
                "svg": _LANDMARK,
                "sign": "asb-place",
                "alt": f"Named place {escaped(landmark_name(name))}",
                "popup": f"<h2>{escaped(landmark_name(name))}</h2><p>Named place{escaped(kind and f': {kind}')}</p>",
            },
        )
        for point, name, kind in zip(points, drawn["name"], drawn["kind"], strict=True)
    ]


def cameras(run: Run) -> list[dict[str, Any]]:
    """Return the proposed camera sites with their range."""
    return [
        feature(
            row["geometry"],
            {
                "svg": _NEW_CAMERA % escaped(camera_id),
                "alt": f"Proposed camera site {escaped(camera_id)}",
                "colour": "#B34A0F",
                "range_m": float(row["range_m"]),
                "popup": f"<h2>Camera site {escaped(camera_id)}: {escaped(row['name'])}</h2>"
                f"<p>{words.counted(row['n_covered'])} within {row['range_m']:.0f} m in the last 12 months, "
                f"{row['n_marginal']:,} of them seen by no other camera. Remove or renew after "
                f"{row['expires_after_weeks']} weeks; review at {escaped(row['review_weeks'])}.</p>"
                f"<p>{escaped(row['caveat'])}</p>",
            },
        )
        for camera_id, row in run.cameras.iterrows()
    ]


def existing_cameras(run: Run) -> list[dict[str, Any]]:
    """Return the cameras that stand already with their range."""
    if run.existing_cameras is None:
        return []
    return [
        feature(
            shapely.Point(row["longitude"], row["latitude"]),
            {
                "svg": _OLD_CAMERA,
                "alt": "Existing camera",
                "colour": palette.GREY,
                "range_m": float(row["range_m"]),
                "popup": f"<h2>Existing camera</h2><p>{escaped(row.get('name', ''))} range {row['range_m']:.0f} m</p>",
            },
        )
        for _, row in run.existing_cameras.iterrows()
    ]


def feature(shape: BaseGeometry, properties: dict[str, Any]) -> dict[str, Any]:
    """Return one GeoJSON feature, coordinates to 6 decimals (about 0.1 m)."""
    rounded = shapely.transform(shape, lambda points: np.round(points, 6))
    return {"type": "Feature", "properties": properties, "geometry": shapely.geometry.mapping(rounded)}
