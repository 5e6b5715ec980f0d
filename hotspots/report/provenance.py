"""``run.json``: everything needed to check a run later and to repeat it (R7.11)."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, is_dataclass
from typing import Any

import numpy as np

from hotspots.report import words
from hotspots.results import Run


def run_json(run: Run) -> bytes:
    """Return the record of a run as JSON; ``created``, the only thing that differs between reruns, comes last."""
    quality, stamp = run.quality, run.provenance
    content = {
        "title": f"{words.CLAIM}: {run.area.name}",
        "marking": run.marking,
        "is_synthetic": run.is_synthetic,
        "area": {"name": run.area.name, "area_km2": round(run.area.area_km2, 3), "crs": run.area.crs},
        "period": {
            "first": f"{run.period.first:%Y-%m}",
            "last": f"{run.period.last:%Y-%m}",
            "months": run.period.n_months,
            "missing": list(quality.missing_months),
        },
        "resolution": run.resolution,
        "n_read": quality.n_read,
        "n_used": quality.n_used,
        "n_context": quality.n_context,
        "dropped": quality.dropped,
        "grade": quality.grade,
        "hit_rate": quality.hit_rate,
        "distinct_points": quality.distinct_points,
        "location_precision": quality.location_precision,
        "time_precision": quality.time_precision,
        "duplicate_ids": quality.duplicate_ids,
        "conflicting_ids": quality.conflicting_ids,
        "findings": quality.findings,
        "grade_reasons": quality.reasons,
        "reading_notes": quality.reading_notes,
        "columns": dict(quality.columns),
        "default_locations": quality.default_locations,
        "institutions": quality.institutions,
        "location_decisions": quality.location_decisions,
        "location_shares": dict(quality.location_shares),
        "median_error_m": quality.median_error_m,
        "hit_rates": quality.hit_rates,
        "missing_force_months": quality.missing_force_months,
        "override_reason": run.config.override_reason,
        "n_hotspots": len(run.hotspots),
        "drawn_list": run.drawn_list,
        "edits": run.config.edits,
        "refused": run.refused,
        "notes": run.notes,
        "concentration": run.concentration,
        "stability": run.stability,
        "robustness": run.robustness,
        "agreement": run.agreement,
        "accuracy": run.accuracy,
        "accuracy_in_words": [] if run.accuracy is None else words.accuracy(run.accuracy),
        "budget": run.budget,
        "fingerprint": stamp.fingerprint,
        "sources": stamp.sources,
        "setting_files": dict(stamp.setting_files),
        "seed": stamp.seed,
        "config": run.config.to_dict(),
        "versions": stamp.versions,
        "coordinate_operation": stamp.coordinate_operation,
        "licence": stamp.licence,
        "caveat": words.CAVEAT,
        "created": stamp.created,
    }
    return as_json(content)


def as_json(content: Any) -> bytes:
    """Return readable UTF-8 JSON; dataclasses become objects and numbers that do not exist become ``null``."""
    return (json.dumps(plain(content), indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def plain(value: Any) -> Any:
    """Return `value` as the nested lists, dicts, texts and numbers JSON knows."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, str | int | float) else str(value)
