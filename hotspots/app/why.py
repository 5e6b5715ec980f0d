"""Every number behind one hotspot, how it comes about, and what would change its rank."""

from __future__ import annotations

import streamlit as st

from hotspots.app import words
from hotspots.results import Run
from hotspots.why import CHANGE, why


def show_why(run: Run, hotspot_id: str) -> None:
    """Show what would change the rank as sentences, and every number with the way it comes about as a table."""
    table = why(run)
    own = table.loc[table["hotspot_id"] == hotspot_id]
    changes = own.loc[own["about"] == CHANGE]
    if len(changes):
        st.markdown("**What would change its rank**")
        st.markdown("\n".join(f"- {words.plain(f'{line.quantity}: {line.value}')}" for line in changes.itertuples()))
    with st.expander("How each number comes about"):
        shown = own[["about", "quantity", "value", "how"]].astype(str)
        st.dataframe(shown.set_axis(["About", "What", "Value", "How"], axis=1), hide_index=True)
