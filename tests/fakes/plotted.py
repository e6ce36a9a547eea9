"""A picture in plotly's own hands, which refuses names and values that no chart has."""

from __future__ import annotations

import plotly.graph_objects as go

from rollout_core.charts.picture import Picture


def plotted(picture: Picture) -> go.Figure:
    """Plotly's figure of a picture. Raises ValueError for what plotly does not know."""
    return go.Figure(picture.to_dict(), skip_invalid=False)
