"""Why the score is what it is: each deduction as a floating bar below the one before."""

from __future__ import annotations

from pages.panels.furniture import table
from rollout_core.charts import drawings, formats, palette, words
from rollout_core.charts.words import plain, quiet
from rollout_core.health.score import Deduction, HealthScore


def health_waterfall(health: HealthScore) -> None:
    """From 100 down to the score. A reason that is not counted shows why and takes nothing."""
    rows = [_row("Full score", "every rollout starts here", "100", (0, 100, palette.MUTED))]
    level = 100.0
    for deduction in health.deductions:
        below = max(level - deduction.points, 0.0)
        rows.append(_deducted(deduction, below, level))
        level = below
    word = words.health_word(health.score, health.provisional, health.measured)
    rows.append(_row("Health score", word.text.lower(), str(health.score), (0, health.score, palette.MUTED)))
    table(rows, f"Waterfall of deductions from 100 to {health.score}")


def _deducted(deduction: Deduction, below: float, level: float) -> dict[str, str]:
    if not deduction.counted:
        row = _row(deduction.name, deduction.evidence, "0", (level, level, palette.MUTED))
        return {**row, "Points": f"**0** {quiet('not counted')}" if deduction.fresh else words.NO_DATA.badge}
    points = formats.true_minus(f"-{deduction.points:.0f}") if round(deduction.points) else "0"
    colour = palette.POOR if deduction.points else palette.MUTED
    return _row(deduction.name, deduction.evidence, points, (below, level, colour))


def _row(name: str, why: str, points: str, bar: tuple[float, float, str]) -> dict[str, str]:
    return {"What": f"**{plain(name)}**  \n{quiet(plain(why))}", "Points": f"**{points}**",
            "Score from 0 to 100": drawings.floating(*bar, f"{name}: {points}")}
