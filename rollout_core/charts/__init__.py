"""Plotly figures and small drawings; no Streamlit."""
