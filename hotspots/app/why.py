"""Every number behind one hotspot, how it comes about, and what would move it up or down the list."""

from __future__ import annotations

import streamlit as st

from hotspots.app import words
from hotspots.results import Run
from hotspots.why import what_would_move, why


def show_why(run: Run, hotspot_id: str) -> None:
    """Show what would move the hotspot as sentences, and every number with the way it comes about as a table."""
    table = why(run)
    own = table.loc[table["hotspot_id"] == hotspot_id]
    moves = what_would_move(table, hotspot_id)
    if moves:
        st.markdown("**What would move it up or down the list?**")
        st.markdown("\n".join(f"- {words.plain(sentence)}" for sentence in moves))
    with st.expander("How each number comes about"):
        shown = own[["about", "quantity", "value", "how"]].astype(str)
        st.dataframe(shown.set_axis(["About", "What", "Value", "How"], axis=1), hide_index=True)
