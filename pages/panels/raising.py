"""What to know before exposure rises, besides the counts: open alerts, the way back, what the next phase will ask."""

from __future__ import annotations

import streamlit as st

from pages.panels.page import Here
from rollout_core.charts import formats
from rollout_core.charts.words import plain
from rollout_core.control.preview import Preview
from rollout_core.health.alert import AlertState
from rollout_core.insight.alerts import AlertsRequest
from rollout_core.insight.gates import GatesRequest
from rollout_core.insight.plan import PlanRequest
from rollout_core.rollouts.plan import Severity


def open_alerts(here: Here, preview: Preview) -> None:
    """Critical alerts that are not snoozed and not known to be over, by name."""
    if not preview.raises_exposure:
        return
    found = [each.alert for each in here.ask("alerts", AlertsRequest(preview.rollout)).alerts]
    bad = [each.title for each in found if each.severity is Severity.CRITICAL and each.holds(here.now) is not False
           and each.state is not AlertState.SNOOZED]
    if bad:
        many = formats.counted(len(bad), "critical alerts")
        st.warning(f"**{many} open:** {plain('; '.join(bad))}. Look there first.",
                   icon=":material/notification_important:")


def way_back(preview: Preview) -> str:
    """What going back costs, said before going on; nothing for what does not go on to another phase."""
    if preview.verb != "advance" or not preview.gates:
        return ""
    met = sum(gate.open for gate in preview.gates)
    lost = "" if preview.gained is None else (f" takes it from about as many as gain it now "
                                              f"({formats.number(preview.gained)}; its dialog counts them anew), and")
    return (f"It can be rolled back at any time. That{lost} begins this phase anew: its minimum duration and its proof "
            f"({met} of {len(preview.gates)} conditions met now) start from nothing.")


def known_of_next(here: Here, preview: Preview) -> None:
    """Criteria of the phase it leads to that what is known of people already speaks against."""
    if preview.verb != "advance":
        return
    plan = here.ask("plan", PlanRequest(preview.rollout)).plan
    phase = next((each for each in plan.phases if preview.to_phase in (each.name, each.key)), None)
    if phase is None:
        return
    gates = here.ask("gates", GatesRequest(preview.rollout, phase.key)).gates
    against = [each for each in gates if each.kind == "criterion" and str(each.state) == "not_met"]
    if against:
        listed = "".join(f"\n- {plain(each.name)}: {plain(each.words)}" for each in against)
        st.warning(f"**{plain(phase.name)} will ask for what is not so today:**{listed}", icon=":material/flag:")
