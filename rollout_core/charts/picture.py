"""A chart in the making, in plotly's own words but as plain values.

plotly's figures check, copy and look up every value that is put into them: 10 to 40 CPU ms for a chart with a few
regions and notes. Here a chart is what is sent of it and nothing else; its tests hand it to plotly, which checks it.
"""

from __future__ import annotations

from typing import Any


class Picture:
    """Traces and layout as plotly's documents have them. What is None is left out."""

    def __init__(self, layout: dict[str, Any]) -> None:
        self.layout = layout
        self._traces: list[dict[str, Any]] = []

    def to_dict(self) -> dict[str, Any]:
        """The whole figure."""
        return {"data": self._traces, "layout": self.layout}

    def add_scatter(self, **trace: Any) -> None:
        """A line, dots, or a filled region."""
        self._add("scatter", trace)

    def add_bar(self, **trace: Any) -> None:
        """Bars."""
        self._add("bar", trace)

    def add_heatmap(self, **trace: Any) -> None:
        """A grid of shades."""
        self._add("heatmap", trace)

    def add_hline(self, y: Any, line: dict[str, Any]) -> None:
        """A line across the whole chart."""
        self._shape(type="line", xref="x domain", x0=0, x1=1, yref="y", y0=y, y1=y, line=line)

    def add_vline(self, x: Any, line: dict[str, Any]) -> None:
        """A line from top to bottom."""
        self._shape(type="line", xref="x", x0=x, x1=x, yref="y domain", y0=0, y1=1, line=line)

    def add_region(self, axis: str, ends: tuple[Any, Any], colour: str) -> None:
        """A tinted region between two values of an axis ("x" or "y"), below what is drawn."""
        other = "x" if axis == "y" else "y"
        self._shape(type="rect", fillcolor=colour, line={"width": 0}, layer="below", **{
            f"{axis}ref": axis, f"{axis}0": ends[0], f"{axis}1": ends[1],
            f"{other}ref": f"{other} domain", f"{other}0": 0, f"{other}1": 1})

    def add_annotation(self, **note: Any) -> None:
        """Words at a place."""
        self.layout.setdefault("annotations", []).append(_known(note))

    def update_xaxes(self, **changes: Any) -> None:
        """Changes the x axis."""
        self.update_layout(xaxis=changes)

    def update_yaxes(self, **changes: Any) -> None:
        """Changes the y axis."""
        self.update_layout(yaxis=changes)

    def update_layout(self, **changes: Any) -> None:
        """Changes the layout; of what has parts only those that are named."""
        for name, value in _known(changes).items():
            before = self.layout.get(name)
            both = isinstance(before, dict) and isinstance(value, dict)
            self.layout[name] = {**before, **_known(value)} if both else value      # type: ignore[dict-item]

    def _add(self, kind: str, trace: dict[str, Any]) -> None:
        self._traces.append({"type": kind, **_known(trace)})

    def _shape(self, **shape: Any) -> None:
        self.layout.setdefault("shapes", []).append(shape)


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
