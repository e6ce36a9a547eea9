"""Confirming a change: a dialog that shows from and to, who gains and loses, the evidence, and asks for a reason.

A button only remembers what somebody wants (`ask_for`); the page ends with `confirm_if_asked`, which opens the dialog.
The confirming button works through `on_click`: the session and role are read again at that moment, and a raising verb
carries the revision the dialog showed. Ways out (pause, hold, roll back, stop) draw their buttons before anything is
counted, so that a slow or failing count never stands in their way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.panels import acting, foresight
from pages.panels.foresight import noun
from pages.panels.last_change import changed_by
from pages.panels.page import Here, page
from pages.panels.wording import MEANS, ROLLBACKS, WAYS_OUT, WORDING
from rollout_core.charts import formats
from rollout_core.charts.words import plain, quiet
from rollout_core.control import VERBS
from rollout_core.control.change import Change
from rollout_core.control.preview import Preview
from rollout_core.errors import ReasonMissing, RolloutError
from rollout_core.people.role import Role

ASKED, REASON, PERCENT, HINT = "asked", "asked-reason", "asked-percentage", "asked-hint"
REVISION, TARGET, KIND = "asked-revision", "asked-target", "asked-kind"
CHOOSES_SHARE = frozenset({"set_percentage", "resume"})
"""Verbs whose dialog asks how much."""



@dataclass(frozen=True, slots=True)
class Asked:
    """The change somebody wants: a verb on a rollout, and what was chosen already (the kind of rollback). `percentage`
    is served now or, for a resume, was before; `to` names the phase it leads to, `back` where each kind of rollback
    leads."""

    verb: str
    rollout: str
    name: str
    unit: str
    percentage: float = 0.0
    fields: tuple[tuple[str, Any], ...] = ()
    to: str = ""
    back: tuple[tuple[str, float], ...] = ()


def ask_for(asked: Asked) -> None:
    """For `on_click`: the page will open this change's dialog."""
    forget()
    st.session_state[ASKED] = asked


def forget() -> None:
    """Cancel: nothing is asked for any more."""
    for key in (ASKED, REASON, PERCENT, HINT, REVISION, TARGET, KIND):
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
        st.session_state[TARGET] = preview.to
        foresight.show(here, (asked.name, asked.unit), preview)
    except RolloutError as error:
        st.warning(f"{plain(error.message)} {plain(error.mend)}", icon=":material/database_off:")
        st.markdown(MEANS[asked.verb])
    if preview is not None and _moved_on(asked, preview):
        return None
    _reason(asked, preview)
    return preview if preview is not None and preview.allowed else None


def _choices(asked: Asked) -> None:
    """What is still to be chosen: how much, or which way back."""
    if asked.verb in CHOOSES_SHARE:
        most = 100.0 if asked.verb == "set_percentage" else asked.percentage
        st.number_input(f"Percentage of eligible {noun(asked.unit)}", 0.0, most, value=asked.percentage, step=1.0,
                        key=PERCENT, format="%g")
    if asked.verb == "roll_back":
        said = ways_back(asked.back)
        st.session_state.setdefault(KIND, dict(asked.fields)["kind"])
        st.radio("How far back?", list(said), key=KIND, on_change=_other_kind, format_func=said.__getitem__)


def ways_back(back: tuple[tuple[str, float], ...]) -> dict[str, str]:
    """Kind of rollback -> what it is called, with the share that it leads to."""
    return {kind: ROLLBACKS[kind].format(to=f"{percentage:g}%") for kind, percentage in back}


def _other_kind() -> None:
    """Where the way back leads is not known until it is counted anew."""
    st.session_state.pop(TARGET, None)


def _moved_on(asked: Asked, preview: Preview) -> bool:
    """Whether somebody changed the rollout while this dialog was open: what raises must be looked at anew then."""
    seen = st.session_state.setdefault(REVISION, preview.revision)
    if seen == preview.revision or asked.verb in WAYS_OUT:
        return False
    st.error(f"{plain(changed_by(asked.rollout))} (revision {seen} then, {preview.revision} now). Nothing was changed "
             "by you. Close this and look again.", icon=":material/sync_problem:")
    return True


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
        st.button(label, type="primary", key="confirm-go", on_click=_go, args=(asked, needs_reason))


def _fields(asked: Asked) -> dict[str, Any]:
    fields: dict[str, Any] = {"rollout": asked.rollout, **dict(asked.fields)}
    if asked.verb in CHOOSES_SHARE:
        fields["percentage"] = float(st.session_state.get(PERCENT, asked.percentage))
    if asked.verb == "roll_back":
        fields["kind"] = st.session_state.get(KIND, fields["kind"])
    return fields


def _go(asked: Asked, needs_reason: bool) -> None:
    """The confirming press."""
    reason = str(st.session_state.get(REASON) or "").strip()
    if needs_reason and not reason:
        st.session_state[HINT] = "Write a reason first."
        return
    fields = {**_fields(asked), "reason": reason or None, "revision": st.session_state.get(REVISION)}
    if asked.verb == "roll_back":
        fields["to"] = st.session_state.get(TARGET)     # a second press goes to the same place, not further down
    try:
        change = acting.perform(asked.verb, fields)
    except ReasonMissing as error:
        st.session_state[HINT] = plain(error.message)
        return
    except RolloutError as error:
        st.session_state[acting.REFUSED] = error
    else:
        st.session_state[acting.DONE] = said(asked, change)
    forget()


def said(asked: Asked, change: Change) -> str:
    """What happened, for the toast: "Advanced to 50%. 63,912 people gained it. Revision 42."""
    if not change.audit_seq:
        return f"{WORDING[asked.verb].done}, and not recorded yet."
    now = formats.bucket_percent(change.after.percentage if change.after else None)
    moved = [f"{formats.counted(count, noun(asked.unit))} {word} it." for count, word in
             ((change.gained, "gained"), (change.lost, "lost")) if count]
    return " ".join([f"{WORDING[asked.verb].done}, now {now}.", *moved, f"Revision {change.revision}."])


def needed_role(verb: str) -> Role:
    """The lowest role that may do this: what raises exposure asks for an admin on top of the verb's own role."""
    return Role.ADMIN if VERBS[verb].raises_exposure else VERBS[verb].role
