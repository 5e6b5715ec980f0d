"""What a report is called: police.uk categories and the NSIR headings and qualifiers of ASB (R3.3)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Texts = NDArray[np.object_]

ASB_TEXT = "Anti-social behaviour"
PUBLIC_ORDER = "Public order"
OTHER_CATEGORIES = {
    "Violence and sexual offences": 0.42,
    "Criminal damage and arson": 0.09,
    PUBLIC_ORDER: 0.09,
    "Vehicle crime": 0.10,
    "Other theft": 0.08,
    "Shoplifting": 0.07,
    "Burglary": 0.06,
    "Drugs": 0.03,
    "Robbery": 0.03,
    "Other crime": 0.03,
}

MISRECORDED_HEADING = "Rowdy/inconsiderate behaviour"
FIREWORKS = "Fireworks"
# heading: weight at dwellings, weight elsewhere, shares of personal and nuisance (the rest is environmental)
_HEADINGS: dict[str, tuple[float, float, float, float]] = {
    MISRECORDED_HEADING: (0.26, 0.50, 0.04, 0.90),
    "Rowdy/nuisance neighbours": (0.26, 0.03, 0.65, 0.33),
    "Vehicle nuisance": (0.09, 0.13, 0.03, 0.85),
    "Noise": (0.12, 0.05, 0.10, 0.75),
    "Malicious/nuisance communications": (0.09, 0.02, 0.95, 0.05),
    "Animal problems": (0.05, 0.03, 0.15, 0.70),
    "Street drinking": (0.01, 0.07, 0.00, 0.85),
    "Littering/drug paraphernalia": (0.03, 0.06, 0.00, 0.10),
    "Vehicle abandoned": (0.04, 0.03, 0.00, 0.10),
    "Trespass": (0.03, 0.03, 0.10, 0.70),
    "Begging/vagrancy": (0.00, 0.03, 0.02, 0.93),
    "Prostitution-related": (0.01, 0.01, 0.00, 0.95),
    FIREWORKS: (0.01, 0.01, 0.02, 0.93),
}
_FIREWORKS_SEASON = ("10-25", "11-08")
_FIREWORKS_SHARE = 0.22
_PERSONAL_STAYS_ELSEWHERE = 0.15


def nsir(
    times: NDArray[np.datetime64], is_dwelling: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[Texts, Texts]:
    """Return NSIR heading and qualifier of ASB reports; Personal is mostly at dwellings (R3.3).

    Parameters
    ----------
    times : array of datetime64, shape (n,)
        Fireworks are commoner from 25 October to 8 November.
    is_dwelling : array of bool, shape (n,)
    """
    names = np.array(list(_HEADINGS), dtype=object)
    facts = np.array(list(_HEADINGS.values()))
    heading = np.where(
        is_dwelling,
        rng.choice(names, size=len(times), p=facts[:, 0] / facts[:, 0].sum()),
        rng.choice(names, size=len(times), p=facts[:, 1] / facts[:, 1].sum()),
    )
    day = pd.DatetimeIndex(times).strftime("%m-%d").to_numpy().astype(str)
    is_season = (day >= _FIREWORKS_SEASON[0]) & (day <= _FIREWORKS_SEASON[1])
    heading[is_season & (rng.random(len(times)) < _FIREWORKS_SHARE)] = FIREWORKS
    row = pd.Index(names).get_indexer(heading)
    u, personal, nuisance = rng.random(len(times)), facts[row, 2], facts[row, 3]
    qualifier = np.where(u < personal, "Personal", np.where(u < personal + nuisance, "Nuisance", "Environmental"))
    is_moved = (qualifier == "Personal") & ~is_dwelling & (rng.random(len(times)) > _PERSONAL_STAYS_ELSEWHERE)
    return heading, np.where(is_moved, "Nuisance", qualifier).astype(object)
