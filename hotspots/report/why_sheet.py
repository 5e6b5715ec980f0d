"""The sheet Why as a spreadsheet works it out: live formulas over other sheets of the same workbook (R7.12)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from openpyxl.utils import get_column_letter

from hotspots.describe import kinds, reports_at_places
from hotspots.membership import hotspot_of
from hotspots.results import Run
from hotspots.why import MONTHS_PER_YEAR, OVERTAKE, OVERTAKEN, WITHOUT_MONTH, WITHOUT_PLACE, volume_to_stay, why

RECALCULATED = "recalculated"


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula of our own, the only thing a sheet may work out; text from the data never becomes one."""

    text: str


Range = Callable[[str, str], str]


def hotspot_cells(run: Run, busiest: int) -> pd.DataFrame:
    """Return the cells of every hotspot and the `busiest` others: ``hotspot_id``, and what is expected next of it."""
    owner = {cell: str(name) for name, text in run.hotspots["cells"].items() for cell in text.split(",")}
    reported = run.cells.loc[run.cells["n"] > 0].sort_values("rank")
    own = reported.index.isin(list(owner))
    others = reported.loc[~own].head(max(0, busiest - int(own.sum())))
    cells = pd.DataFrame(pd.concat([reported.loc[own], others]).sort_values("rank"))
    cells.insert(0, "hotspot_id", [owner.get(str(cell), "") for cell in cells.index])
    to_come = {} if run.robustness is None else run.robustness.regression.by_cell
    return cells.assign(expected_next=[to_come.get(str(cell), np.nan) for cell in cells.index])


def reports_behind(run: Run) -> dict[str, pd.DataFrame]:
    """Return the reports of the hotspots counted by month, by kind, and by place in the last 12 months, as sheets.

    Places have no name here: an address with few reports is nobody's business but the analyst's.
    """
    inside = run.incidents.loc[run.incidents["inside"]]
    owner = hotspot_of(run.hotspots, inside["longitude"], inside["latitude"])
    own = inside.assign(hotspot_id=owner).loc[owner != ""]
    recent = own["month"] > run.period.last - pd.DateOffset(months=MONTHS_PER_YEAR)
    months = own.groupby(["hotspot_id", "month"]).size().rename("n").reset_index()
    months["last_12m"] = (months["month"] > run.period.last - pd.DateOffset(months=MONTHS_PER_YEAR)).astype(int)
    months["month"] = months["month"].dt.strftime("%Y-%m")
    by_kind = own.groupby(["hotspot_id", kinds(own).rename("kind")]).size().rename("n").reset_index()
    places = reports_at_places(own.loc[recent], run.area)[["hotspot_id", "n"]].rename(columns={"n": "n_12m"})
    return {
        "Months": months,
        "Kinds": by_kind.sort_values(["hotspot_id", "n", "kind"], ascending=[True, False, True]),
        "Places": places.sort_values(["hotspot_id", "n_12m"], ascending=[True, False]),
    }


def why_with_formulas(run: Run, sheets: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return `hotspots.why.why` with a live formula beside each value that the other sheets can give.

    Parameters
    ----------
    run : Run
    sheets : mapping of str to DataFrame
        Hotspots, Cells, Months, Kinds, Places and Repeat places as they stand in the workbook.

    Returns
    -------
    DataFrame
        With `RECALCULATED` after ``value``: a `Formula`, or empty where ranking again, drawing again or chance is
        behind the number.
    """

    def at(sheet: str, column: str) -> str:
        frame = sheets[sheet]
        letter = get_column_letter(list(frame.columns).index(column) + 1)
        return f"'{sheet}'!${letter}$2:${letter}${len(frame) + 1}"

    table = why(run)
    formulas = _formulas(at, volume_to_stay(run))
    have = {name for name, frame in sheets.items() if len(frame)}
    live = [
        Formula("=" + formulas[key][1].replace("@id", f"$A{line}"))
        if key in formulas and formulas[key][0] <= have
        else None
        for line, key in enumerate(table["key"], start=2)
    ]
    table.insert(list(table.columns).index("value") + 1, RECALCULATED, pd.Series(live, dtype=object, index=table.index))
    return table


def _formulas(at: Range, needed: int) -> dict[str, tuple[set[str], str]]:
    """Return for each key the sheets its formula needs and the formula, with ``@id`` for the row's own hotspot.

    Only functions every spreadsheet has had for twenty years; none needs to be entered as an array.
    """

    def summed(column: str) -> str:
        return f"SUMIF({at('Cells', 'hotspot_id')},@id,{at('Cells', column)})"

    def largest(sheet: str, column: str, also: str = "") -> str:
        return f"SUMPRODUCT(MAX(({at(sheet, 'hotspot_id')}=@id){also}*{at(sheet, column)}))"

    cells, listed = {"Cells"}, {"Cells", "Hotspots"}
    scores = at("Hotspots", "score")
    score = f"INDEX({scores},MATCH(@id,{at('Hotspots', 'hotspot_id')},0))"
    higher = f"SUMPRODUCT(({scores}>{score})*1)"
    n_12m = summed("n_12m")

    def without(lost: str) -> str:
        left = f"({n_12m}-MIN({n_12m},{lost}))"
        rank = f"SUMPRODUCT(({scores}>{score}*{left}/{n_12m})*1)+IF({left}={n_12m},1,0)"
        off = f'CONCATENATE("off the list: ",{left}," reports are fewer than {needed}")'
        return f'IF({left}<{needed},{off},CONCATENATE("rank ",{rank}))'

    own, per_place = at("Places", "hotspot_id"), at("Places", "n_12m")
    return {
        **{column: (cells, summed(column)) for column in ("n", "n_12m", "expected", "n_shrunk", "expected_next")},
        "score": (cells, f"{summed('score')}/SQRT(COUNTIF({at('Cells', 'hotspot_id')},@id))"),
        "p_top": (cells, largest("Cells", "p_top")),
        "rank": (listed, f"1+{higher}"),
        "months_with_reports": ({"Months"}, f"COUNTIF({at('Months', 'hotspot_id')},@id)"),
        "top_types": ({"Kinds"}, _three_kinds(at)),
        "repeat_share": (
            {"Places"}, f"SUMPRODUCT(({own}=@id)*({per_place}>=2)*{per_place})/SUMIF({own},@id,{per_place})",
        ),
        OVERTAKE: (listed, f"ROUNDUP({n_12m}*(LARGE({scores},{higher})/{score}-1),0)"),
        OVERTAKEN: (listed, f"ROUNDUP({n_12m}*(1-LARGE({scores},{higher}+2)/{score}),0)"),
        WITHOUT_PLACE: ({*listed, "Repeat places"}, without(largest("Repeat places", "n_12m"))),
        WITHOUT_MONTH: ({*listed, "Months"}, without(largest("Months", "n", f"*{at('Months', 'last_12m')}"))),
    }  # fmt: skip


def _three_kinds(at: Range) -> str:
    """Return the commonest three kinds with their shares, or the only kind by its name alone; sorted in the sheet."""
    owner, kind, n = (at("Kinds", column) for column in ("hotspot_id", "kind", "n"))
    first, how_many = f"MATCH(@id,{owner},0)", f"COUNTIF({owner},@id)"

    def told(place: int) -> str:
        row = f"{first}+{place}"
        return f'CONCATENATE(INDEX({kind},{row})," ",TEXT(INDEX({n},{row})/SUMIF({owner},@id,{n}),"0%"))'

    third = f'IF({how_many}>2,CONCATENATE(", ",{told(2)}),"")'
    return f'IF({how_many}=1,INDEX({kind},{first}),CONCATENATE({told(0)},", ",{told(1)},{third}))'
