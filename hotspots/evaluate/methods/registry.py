"""All methods by name, and what they say about one panel side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import pandas as pd

from hotspots.evaluate.methods import (
    bayes,
    calibrated,
    did,
    events,
    regression,
    rotation,
    staggered,
    synthetic,
    textbook,
)
from hotspots.evaluate.methods.panel import Panel
from hotspots.evaluate.methods.result import MethodResult

Method = Callable[[Panel], MethodResult]

_DETERMINISTIC: dict[str, Method] = {
    "long_max": did.long_max,
    "did_cluster": did.did_cluster,
    "did_model": did.did_model,
    "controlled_its": regression.controlled_its,
    "its": regression.its,
    "ancova": regression.ancova,
    "empirical_bayes": bayes.empirical_bayes,
    "staggered": staggered.staggered,
    "steps": staggered.steps,
    "wdd": textbook.wdd_matched,
    "wdd_scaled": textbook.wdd_scaled,
    "wdd_overdispersed": textbook.wdd_overdispersed,
    "wdd_rest": textbook.wdd_rest,
    "wdq": textbook.wdq,
    "e_test": textbook.rates_e_test,
    "before_after": textbook.before_after,
}
_WITH_CHANCE: dict[str, Callable[..., MethodResult]] = {
    "permutation": did.permutation,
    "did_wild": did.did_wild,
    "event_study": events.event_study,
    "rotation": rotation.rotation,
    "synthetic_control": synthetic.synthetic,
    "sdid": synthetic.sdid,
    "calibrated": calibrated.calibrated,
}

METHODS: dict[str, Callable[..., MethodResult]] = {**_DETERMINISTIC, **_WITH_CHANCE}
"""Every method by its name; those that draw take ``random_state`` as well."""


def run_all(panel: Panel, *, random_state: int, names: Iterable[str] | None = None) -> tuple[MethodResult, ...]:
    """Return what each method says, in the order of `METHODS`; a method that cannot speak says why.

    Parameters
    ----------
    names : iterable of str, optional
        Only these methods.
    """
    wanted = set(METHODS if names is None else names)
    if unknown := wanted - set(METHODS):
        raise ValueError(f"no such method: {', '.join(sorted(unknown))}; known are {', '.join(METHODS)}")
    chosen = {
        name: partial(method, random_state=random_state) if name in _WITH_CHANCE else method
        for name, method in METHODS.items()
    }
    return tuple(method(panel) for name, method in chosen.items() if name in wanted)


def comparison_table(results: Sequence[MethodResult]) -> pd.DataFrame:
    """Return one row a method: index ``name``, the estimate, its interval, and how often the method is fooled.

    Returns
    -------
    DataFrame
        ``label``, ``estimate_pct``, ``low_pct``, ``high_pct``, ``prevented``, ``prevented_low``, ``prevented_high``,
        ``p_value``, ``false_positives_pct``, ``measured``, ``interval_method``, ``assumptions``, ``reference``,
        ``refusal`` ("" if none).
    """
    columns = ("estimate_pct", "low_pct", "high_pct", "prevented", "prevented_low", "prevented_high", "p_value")
    rows = [
        {"name": one.name, "label": one.label}
        | {column: getattr(one, column) for column in columns}
        | {
            "false_positives_pct": one.false_positive_rate,
            "measured": one.about.measured,
            "interval_method": one.interval_method,
            "assumptions": " ".join(one.assumptions),
            "reference": one.about.reference,
            "refusal": one.refusal or "",
        }
        for one in results
    ]
    table = pd.DataFrame(rows).set_index("name")
    numbers = [*columns, "false_positives_pct"]
    return table.astype(dict.fromkeys(numbers, float))
