"""In the place of every page while the control store cannot tell who asks: what happened, and the buttons that stop."""

from __future__ import annotations

import streamlit as st

from pages.panels import acting, states
from rollout_core import bootstrap
from rollout_core.charts.words import plain
from rollout_core.errors import StoreError
from rollout_core.people.role import Role, may

OWNERS_WAY = ("To stop a rollout now, run `rollout stop --rollout KEY` on the app's machine: its owner needs no store "
              "to be known.")


def way_down(error: StoreError) -> None:
    """Stops work by memory, at one press: whoever was signed in as operator or admin when the store last told."""
    st.title("The control store is away")
    states.error(error)
    acting.outcome()
    actor = acting.remembered()
    if actor is None or not may(actor.role, Role.OPERATOR):
        st.markdown(OWNERS_WAY)
        return
    st.markdown(f"You were signed in as **{plain(actor.principal)}**, {plain(actor.role)}. You can still stop a "
                "rollout: nobody is served from that moment on. It is kept in a file beside the store with your name, "
                "and recorded at the next start.")
    for rollout in bootstrap.current().served():
        if rollout.stopped:
            st.markdown(f"**{plain(rollout.key)}** is served to nobody.")
        else:
            st.button(f"Stop {plain(rollout.key)} for everybody", key=f"way-down-{rollout.key}", type="primary",
                      icon=":material/block:", on_click=acting.act,
                      args=("stop", "Stopped, and not recorded yet."), kwargs={"rollout": rollout.key})
