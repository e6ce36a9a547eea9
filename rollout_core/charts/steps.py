"""The phase stepper: an ordered list in HTML that reflows from six columns to two and follows the theme's text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from rollout_core.charts import palette

_TRACK = palette.soft(palette.MUTED, 0.22)
_FILL = {"done": palette.MUTED, "current": palette.TREATMENT, "stopped": palette.POOR}
_SAY = {"done": "Done", "current": "Now", "stopped": "Off", "ahead": "Ahead"}


@dataclass(frozen=True, slots=True)
class Step:
    """One phase in the stepper. `state`: done | current | stopped | ahead. All texts are escaped on drawing."""

    name: str
    share: str
    when: str
    state: str


def stepper(steps: Sequence[Step], label: str) -> str:
    """The steps as HTML for st.html; `label` is read out by screen readers."""
    items = "".join(_item(place, step) for place, step in enumerate(steps, 1))
    return (f'<ol aria-label="{escape(label)}" style="display:grid;'
            'grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:16px 20px;margin:0;padding:0">'
            f"{items}</ol>")


def _item(place: int, step: Step) -> str:
    here = step.state in ("current", "stopped")
    when = f"{_SAY.get(step.state, 'Ahead')}{f' · {escape(step.when)}' if step.when else ''}"
    return (f'<li aria-current="{"step" if here else "false"}" style="list-style:none;margin:0;padding:0">'
            f'<div style="height:6px;border-radius:3px;background:{_FILL.get(step.state, _TRACK)}"></div>'
            f'<div style="margin-top:8px;overflow-wrap:anywhere;font-weight:{600 if here else 400}">'
            f'{place} · {escape(step.name)}</div>'
            f'<div style="font-size:.867rem"><span style="font-variant-numeric:tabular-nums;font-weight:600">'
            f'{escape(step.share)}</span> <span style="opacity:.78">{when}</span></div></li>')
