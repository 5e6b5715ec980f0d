"""The app's page table: ``streamlit run streamlit_app.py`` opens it on this machine only."""

from pathlib import Path

import streamlit as st

APP = Path(__file__).parent / "hotspots" / "app"
PAGES = APP / "pages"

# A local image: a Material icon would make the browser ask Google for a favicon.
st.set_page_config(page_title="ASB hotspots", page_icon=str(APP / "icon.png"), layout="wide")
st.navigation(
    [
        st.Page(PAGES / "data.py", title="Data", default=True),
        st.Page(PAGES / "hotspots.py", title="Hotspots"),
        st.Page(PAGES / "how_good.py", title="How good is this list?"),
        st.Page(PAGES / "repeat_places.py", title="Repeat places"),
        st.Page(PAGES / "when.py", title="When"),
        st.Page(PAGES / "over_time.py", title="Over time"),
        st.Page(PAGES / "density_and_clusters.py", title="Density and clusters"),
        st.Page(PAGES / "patrols_and_cameras.py", title="Patrols and cameras"),
        st.Page(PAGES / "evaluate.py", title="Evaluate"),
    ]
).run()
