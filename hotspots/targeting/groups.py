"""Which other crime goes together: four groups whose past helps to say where reports of the wanted kind lie thick."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

GROUPS: Final = ("violence", "order", "retail", "home")
"""Violence; disorder, damage, weapons and drugs; theft and robbery; burglary, vehicles and anything else."""

_WORDS: Final = (
    ("home", r"burglar|vehicle|auto|\bcar\b|\bhome\b"),
    ("violence", r"violen|sexual|rape|assault|homicide|murder|manslaughter|harass|stalk"),
    ("order", r"order|damage|arson|weapon|drug|narcotic|vandal|mischief|nuisance|behaviou?r"),
    ("retail", r"theft|larceny|robbery|shoplift|stealing|retail"),
)
"""First match decides: vehicle theft goes with the places vehicles stand at, not with shops."""

_POLICE_ACTIVITY: Final = r"stop-?(?:and|&)?-?search|traffic-stop|patrol|warrant|proactive"
"""What police did rather than what was reported; it never enters a ranking (R7.5, R7.7)."""


def group_of(category: str) -> int:
    """Return which group a category slug belongs to; anything unknown goes with the last.

    Examples
    --------
    >>> [GROUPS[group_of(name)] for name in ("violent-crime", "drugs", "shoplifting", "auto-theft", "other-crime")]
    ['violence', 'order', 'retail', 'home', 'home']
    """
    words = category.replace("-", " ")
    found = next((name for name, pattern in _WORDS if re.search(pattern, words)), GROUPS[-1])
    return GROUPS.index(found)


def groups_of(categories: pd.Series) -> NDArray[np.int64]:
    """Return the group of each record, -1 where the category is police activity."""
    names = categories.astype(str)
    held = {name: -1 if re.search(_POLICE_ACTIVITY, name) else group_of(name) for name in names.unique()}
    return names.map(held).to_numpy(dtype=np.int64)
