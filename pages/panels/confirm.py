"""Confirming a change: a dialog that shows from and to, who gains and loses, the evidence, and asks for a reason.

A button only remembers what somebody wants (`ask_for`); the page ends with `confirm_if_asked`, which opens the dialog.
The confirming button works through `on_click`: the session and role are read again at that moment. A raising verb
carries the revision that the page showed when the dialog was asked for, a rollback the share that it named. Ways out
(pause, hold, roll back, stop) draw their buttons before anything is counted, so that a slow or failing count never
stands in their way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.panels import acting, answers, foresight, states
from pages.panels.foresight import noun
from pages.panels.last_change import changed_by
from pages.panels.page import Here, page
from pages.panels.wording import MEANS, ROLLBACKS, WAYS_OUT, WORDING
from rollout_core.charts import formats
from rollout_core.charts.words import plain, quiet
from rollout_core.control import VERBS
from rollout_core.control.change import Change
from rollout_core.control.preview import Preview
from rollout_core.control.share import in_buckets
from rollout_core.errors import ReasonMissing, RolloutError, StaleRollout
from rollout_core.insight.rollouts import WayBack
from rollout_core.people.role import Role

ASKED, REASON, PERCENT, HINT = "asked", "asked-reason", "asked-percentage", "asked-hint"
REVISION, KIND = "asked-revision", "asked-kind"
CHOOSES_SHARE = frozenset({"set_percentage", "resume"})
"""Verbs whose dialog asks how much."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The change somebody wants: a verb on a rollout, and what was chosen already (the kind of rollback). `percentage`
    is served now or, for a resume, was before; `to` names the phase it leads to, `back` where each kind of rollback
    leads. `revision` is the one all this was read at: what somebody saw when they pressed."""

    verb: str
    rollout: str
    name: str
    unit: str
    percentage: float = 0.0
    fields: tuple[tuple[str, Any], ...] = ()
    to: str = ""
    back: tuple[WayBack, ...] = ()
    revision: int | None = None


def ask_for(asked: Asked) -> None:
    """For `on_click`: the page will open this change's dialog."""
    forget()
    st.session_state[ASKED], st.session_state[REVISION] = asked, asked.revision


def forget() -> None:
    """Cancel: nothing is asked for any more."""
    for key in (ASKED, REASON, PERCENT, HINT, REVISION, KIND):
        st.session_state.pop(key, None)


def confirm_if_asked() -> None:
    """Opens the dialog of what was asked for; the last thing a page does."""
    asked = st.session_state.get(ASKED)
    if asked is not None:
        question = f"Advance to {plain(asked.to)}?" if asked.to else WORDING[asked.verb].question
        st.dialog(question, width="medium", on_dismiss=forget)(_dialog)(asked)


def _dialog(asked: Asked) -> None:
    if st.session_state.get(ASKED) is None:
        st.rerun()
    with page(needed_role(asked.verb)) as here:
        body, foot = st.container(), st.container()
        if asked.verb in WAYS_OUT:
            with foot:
                _buttons(asked, None)
            with body:
                _show(here, asked)
        else:
            with body:
                preview = _show(here, asked)
            with foot:
                _buttons(asked, preview)


def _show(here: Here, asked: Asked) -> Preview | None:
    """The change in numbers and words; None when it could not be counted or is refused, which is then said."""
    _choices(asked)
    preview: Preview | None = None
    try:
        preview = foresight.foresee(here, asked.verb, _fields(asked))
        if _moved_on(here, asked, preview):
            return None
        foresight.show(here, (asked.name, asked.unit), preview)
    except RolloutError as error:
        st.warning(f"{plain(error.message)} {plain(error.mend)}", icon=states.icon_of(error))
        st.markdown(MEANS[asked.verb])
    if asked.verb in WAYS_OUT or (preview is not None and preview.allowed):
        _reason(asked, preview)
    return preview if preview is not None and preview.allowed else None


def _choices(asked: Asked) -> None:
    """What is still to be chosen: how much, or which way back."""
    if asked.verb in CHOOSES_SHARE:
        # No bounds here: the browser would keep a number outside of them to itself, and the one before it be confirmed.
        st.number_input(f"Percentage of eligible {noun(asked.unit)}", value=asked.percentage, step=1.0, key=PERCENT,
                        format="%g")
    if asked.verb == "roll_back":
        said = ways_back(asked.back)
        st.session_state.setdefault(KIND, dict(asked.fields)["kind"])
        st.radio("How far back?", list(said), key=KIND, format_func=said.__getitem__)


def ways_back(back: Sequence[WayBack]) -> dict[str, str]:
    """Kind of rollback -> what it is called, with the share that it leads to."""
    return {way.kind: ROLLBACKS[way.kind].format(
        to=f"{way.percentage:g}%", phases="One phase" if way.phases == 1 else f"{way.phases} phases") for way in back}


def _moved_on(here: Here, asked: Asked, preview: Preview) -> bool:
    """Whether somebody changed the rollout since the page was drawn, which is then said. What raises is not shown then:
    it must be looked at anew. A way out is, from where the rollout is now."""
    if st.session_state.get(REVISION) is None:
        st.session_state[REVISION] = preview.revision
    seen = st.session_state[REVISION]
    if seen == preview.revision:
        return False
    since = (f"**Meanwhile {plain(changed_by(asked.rollout, here.when))}.** "
             f"{foresight.standing(asked.name, preview)} (revision {seen} then, {preview.revision} now).")
    if asked.verb in WAYS_OUT:
        st.warning(f"{since} What follows is from there.", icon=":material/sync_problem:")
        return False
    st.error(f"{since} Nothing was changed by you: look at it again and decide anew.", icon=":material/sync_problem:")
    st.button("Look again", key="confirm-look-again", icon=":material/refresh:", on_click=_look_again)
    return True


def _look_again() -> None:
    """Closes the dialog; the page behind it is drawn from what is there now."""
    forget()
    answers.forget()


def _reason(asked: Asked, preview: Preview | None) -> None:
    needed = preview is not None and preview.needs_reason
    st.text_area("Reason for going on before everything is proven" if needed else "Reason (optional)", key=REASON,
                 height=76, placeholder="Goes on record with your name")
    if st.session_state.get(HINT):
        st.error(st.session_state[HINT], icon=":material/edit:")
    if preview is not None:
        told = f"Tell them yourself, no message is sent: {plain(', '.join(preview.told))} · " if preview.told else ""
        st.markdown(quiet(f"{told}decided on revision {preview.revision}"))


def _buttons(asked: Asked, preview: Preview | None) -> None:
    wording, way_out = WORDING[asked.verb], asked.verb in WAYS_OUT
    with st.container(horizontal=True, horizontal_alignment="right"):
        st.button("Cancel", key="confirm-cancel", on_click=forget)
        if preview is None and not way_out:
            return
        label = wording.plain_button if preview is None else wording.button.format(
            to=formats.bucket_percent(preview.to_percentage))
        needs_reason = preview is not None and preview.needs_reason
        shown = None if preview is None else preview.to_percentage
        st.button(label, type="primary", key="confirm-go", on_click=_go, args=(asked, needs_reason, shown))


def _fields(asked: Asked) -> dict[str, Any]:
    fields: dict[str, Any] = {"rollout": asked.rollout, **dict(asked.fields)}
    if asked.verb in CHOOSES_SHARE:
        fields["percentage"] = float(st.session_state.get(PERCENT, asked.percentage))
    if asked.verb == "roll_back":
        fields["kind"] = st.session_state.get(KIND, fields["kind"])
        # A second press goes to the same place, not lower.
        fields["to"] = {way.kind: way.percentage for way in asked.back}.get(fields["kind"])
    return fields


def _go(asked: Asked, needs_reason: bool, shown: int | None) -> None:
    """The confirming press on a button that named the share `shown` (buckets)."""
    reason = str(st.session_state.get(REASON) or "").strip()
    if needs_reason and not reason:
        st.session_state[HINT] = "Write a reason first."
        return
    fields = {**_fields(asked), "reason": reason or None, "revision": st.session_state.get(REVISION)}
    try:
        if asked.verb in CHOOSES_SHARE and in_buckets(fields["percentage"]) != shown:
            st.session_state[HINT] = "The percentage changed as you pressed. Look at what it means, then press again."
            return
        change = acting.perform(asked.verb, fields)
    except ReasonMissing as error:
        st.session_state[HINT] = plain(error.message)
        return
    except StaleRollout as error:
        st.session_state[acting.REFUSED] = StaleRollout(
            f"Meanwhile {changed_by(asked.rollout)}. {error.message}", mend=error.mend, **error.facts)
    except RolloutError as error:
        st.session_state[acting.REFUSED] = error
    else:
        st.session_state[acting.DONE] = said(asked, change)
    forget()


def said(asked: Asked, change: Change) -> str:
    """What happened, for the toast: "Advanced, now 50%. 63,912 people gained it. Revision 42."; or that it was so."""
    if not change.audit_seq:
        return f"{WORDING[asked.verb].done}, and not recorded yet."
    if change.after is not None and not change.changed:
        share = formats.bucket_percent(change.after.percentage)
        return (f"Nothing changed by you: {plain(changed_by(asked.rollout))}. It is at {share}, {change.after.status}. "
                f"Revision {change.revision}.")
    now = formats.bucket_percent(change.after.percentage if change.after else None)
    moved = [f"{formats.counted(count, noun(asked.unit))} {word} it." for count, word in
             ((change.gained, "gained"), (change.lost, "lost")) if count]
    return " ".join([f"{WORDING[asked.verb].done}, now {now}.", *moved, f"Revision {change.revision}."])


def needed_role(verb: str) -> Role:
    """The lowest role that may do this: what raises exposure asks for an admin on top of the verb's own role."""
    return Role.ADMIN if VERBS[verb].raises_exposure else VERBS[verb].role
