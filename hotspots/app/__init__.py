"""The browser app: pages ask, call the pipeline, and show; the only importer of streamlit."""
