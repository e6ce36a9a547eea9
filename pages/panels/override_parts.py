"""On or off by hand for one subject: who is, since when until when, setting it and taking it back."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from pages.panels import sure
from pages.panels.furniture import table
from pages.panels.page import Here
from rollout_core.charts import formats
from rollout_core.charts.words import Word, badge, plain, quiet
from rollout_core.insight.overrides import OverrideLine, OverridesRequest
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.people.role import Role

ON, OFF = Word("On by hand", "blue", "check"), Word("Off by hand", "gray", "remove")
SHOWN = 200
FLAGLESS = "all flags"


def of_subject(here: Here, entry: RolloutEntry, subject: str) -> None:
    """The overrides of one subject, and the buttons for another."""
    found = here.ask("overrides", OverridesRequest(entry.key, subject)).overrides
    for each in found:
        text, way = st.columns([6, 1.1], vertical_alignment="center")
        text.markdown(_words(here, each))
        if here.may(Role.ADMIN if not each.value else Role.OPERATOR):
            way.button("Remove…", key=f"override-remove-{each.flag}", width="stretch", on_click=sure.ask,
                       args=(_removal(entry, each),))
    if here.may(Role.OPERATOR):
        _set(here, entry, subject)


def _words(here: Here, each: OverrideLine) -> str:
    until = f"until {here.when(each.until_at)}" if each.until_at else "until it is removed"
    over = "" if each.in_force else f" {badge('Time is over', 'gray', 'schedule')}"
    said = f"{each.flag or FLAGLESS} · by {each.by} · {until}" + (f" · {each.reason}" if each.reason else "")
    return f"{(ON if each.value else OFF).badge}{over} {quiet(plain(said))}"


def _removal(entry: RolloutEntry, each: OverrideLine) -> sure.Sure:
    words = f"**{plain(each.subject)}** follows the percentage again, at once, for {plain(each.flag or FLAGLESS)}."
    fields = (("rollout", entry.key), ("subject", each.subject), ("flag", each.flag), ("remove", True))
    return sure.Sure("Remove this override?", words, "Remove", "set_override", fields, "Override removed.",
                     reason=not each.value)


def _set(here: Here, entry: RolloutEntry, subject: str) -> None:
    with st.popover("Override…", icon=":material/person_edit:"):
        st.markdown("On or off for this one, whatever the percentage says. It counts in no comparison.")
        days = int(st.number_input("For days", 1, 365, 14, key="override-days"))
        for value, word in ((True, "On"), (False, "Off")):
            if here.may(Role.ADMIN) or not value:
                st.button(f"{word} for {formats.counted(days, 'days')}…", key=f"override-{word.lower()}",
                          on_click=sure.ask, args=(_setting(here, entry, subject, value, days),))


def _setting(here: Here, entry: RolloutEntry, subject: str, value: bool, days: int) -> sure.Sure:
    state = "gets every flag of the rollout" if value else "gets no flag of the rollout"
    words = f"**{plain(subject)}** {state} from now on, for {days} {'day' if days == 1 else 'days'}."
    until = here.now.replace(minute=0, second=0, microsecond=0) + timedelta(days=days)
    fields = (("rollout", entry.key), ("subject", subject), ("value", value), ("until_at", until))
    return sure.Sure(f"{'On' if value else 'Off'} for this one?", words, "Set it", "set_override", fields,
                     "Override set.", reason=value)


def everybody(here: Here, entry: RolloutEntry) -> None:
    """All overrides of a rollout."""
    found = here.ask("overrides", OverridesRequest(entry.key)).overrides
    if not found:
        st.markdown(quiet("Nobody is on or off by hand."))
        return
    table([{"Id": f"**{plain(each.subject)}**", "Override": _words(here, each)} for each in found[:SHOWN]], "Overrides")
    if len(found) > SHOWN:
        st.markdown(quiet(f"The first {SHOWN} of {len(found):,}."))
