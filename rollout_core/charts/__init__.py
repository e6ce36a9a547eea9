"""Colours, words, formats, small drawings and plotly figures: how answers look. Pure, no Streamlit."""
