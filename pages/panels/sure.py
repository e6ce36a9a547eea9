"""One more question before something is done that cannot be taken back by the same button: words, a reason, the verb.

A button only remembers what is asked (`ask`); the page ends with `open_if_asked`, which opens the dialog. The
confirming press runs the verb as whoever is signed in at that moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.panels import acting
from pages.panels.page import page
from rollout_core.charts.words import plain
from rollout_core.control import VERBS
from rollout_core.errors import Invalid, ReasonMissing, RolloutError

ASKED, REASON, HINT = "sure-asked", "sure-reason", "sure-hint"


@dataclass(frozen=True, slots=True)
class Sure:
    """`words` is markdown whose users' text went through `plain`. `reason`: True needs one, False offers it, None asks
    for none."""

    title: str
    words: str
    button: str
    verb: str
    fields: tuple[tuple[str, Any], ...]
    done: str
    reason: bool | None = False


def ask(sure: Sure) -> None:
    """For `on_click`: the page will open this dialog."""
    forget()
    st.session_state[ASKED] = sure


def forget() -> None:
    """Cancel: nothing is asked any more."""
    for key in (ASKED, REASON, HINT):
        st.session_state.pop(key, None)


def open_if_asked() -> None:
    """The last thing a page does."""
    asked = st.session_state.get(ASKED)
    if asked is not None:
        st.dialog(asked.title, width="medium", on_dismiss=forget)(_dialog)(asked)


def _dialog(asked: Sure) -> None:
    if st.session_state.get(ASKED) is None:
        st.rerun()
    with page(VERBS[asked.verb].role):
        st.markdown(asked.words)
        if asked.reason is not None:
            st.text_area("Reason" if asked.reason else "Reason (optional)", key=REASON, height=76,
                         placeholder="Goes on record with your name")
        if st.session_state.get(HINT):
            st.error(st.session_state[HINT], icon=":material/edit:")
        with st.container(horizontal=True, horizontal_alignment="right"):
            st.button("Cancel", key="sure-cancel", on_click=forget)
            st.button(asked.button, type="primary", key="sure-go", on_click=_go, args=(asked,))


def _go(asked: Sure) -> None:
    reason = str(st.session_state.get(REASON) or "").strip()
    if asked.reason and not reason:
        st.session_state[HINT] = "Write a reason first."
        return
    try:
        acting.perform(asked.verb, {**dict(asked.fields), "reason": reason or None})
    except (Invalid, ReasonMissing) as error:
        st.session_state[HINT] = plain(str(error))
        return
    except RolloutError as error:
        st.session_state[acting.REFUSED] = error
    else:
        st.session_state[acting.DONE] = asked.done
    forget()
