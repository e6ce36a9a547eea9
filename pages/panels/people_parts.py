"""Pieces of the settings page: who may sign in, what each role may do, adding and changing somebody, one-time links."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from pages.panels import acting, sure
from pages.panels.furniture import table
from pages.panels.page import Here, page
from rollout_core import bootstrap
from rollout_core.charts.formats import counted
from rollout_core.charts.words import badge, plain, quiet
from rollout_core.errors import Invalid, RolloutError
from rollout_core.insight.roster import PeopleRequest, PersonLine
from rollout_core.people.identity import FROM_PROVIDER
from rollout_core.people.name import folded
from rollout_core.people.role import OF_PEOPLE, Role

CHANGED, HINT, LINK = "person-changed", "person-hint", "person-link"
MAY = {
    Role.VIEWER: "Looks at everything but settings and people's texts in SQL; changes nothing.",
    Role.OPERATOR: "Also answers alerts and issues, ticks the checklist, signs criteria, runs SQL, and lowers "
                   "exposure: hold, pause, roll back.",
    Role.ADMIN: "Also raises exposure, changes plans and overrides, erases subjects, and does everything on this page.",
}
LINK_WAY, OUT_WAY, UNLINK_WAY = "One-time link", "Sign out everywhere", "Unlink the provider's account"


def roles() -> None:
    """What each role may do, in words."""
    with st.expander("What may each role do?"):
        table([{"Role": f"**{plain(role)}**", "May": words} for role, words in MAY.items()], "Roles")


def people(here: Here) -> None:
    """Everybody, with a way to change each; a link that was just made is shown once."""
    roles()
    _shown_link()
    for each in here.ask("people", PeopleRequest()).people:
        _row(here, each)
    st.button("Add a person…", icon=":material/person_add:", key="person-add", on_click=_open, args=("",))


def _row(here: Here, each: PersonLine) -> None:
    text, change, more = st.columns([6, 1.1, 1.1], vertical_alignment="center")
    state = "" if each.active else f" {badge('May not sign in', 'gray', 'block')}"
    way = "role follows the identity provider" if each.source == FROM_PROVIDER else (
        "password set" if each.has_password else "no password")
    signed_in = counted(each.sessions, "open sessions") if each.sessions else "not signed in"
    text.markdown(f"**{plain(each.name)}** {badge(plain(each.role))}{state}  \n"
                  f"{quiet(f'{way} · {signed_in} · since {here.day(each.created_at)}')}")
    change.button("Change…", key=f"person-change-{each.name}", on_click=_open, args=(each.name,), width="stretch")
    with more:
        ways = [LINK_WAY, OUT_WAY, *([UNLINK_WAY] if each.issuer else [])]
        chosen = st.menu_button("More", ways, key=f"person-more-{each.name}", width="stretch")
    if chosen == LINK_WAY:
        _make_link(each.name)
        st.rerun()
    if chosen == OUT_WAY:
        sure.ask(sure.Sure("Sign out everywhere?", f"Every session of **{plain(each.name)}** ends at once, in every "
                           "browser, and so do links not used yet. They can sign in again.", "Sign out",
                           "end_sessions", (("person", each.name),), "Signed out everywhere."))
    if chosen == UNLINK_WAY:
        sure.ask(sure.Sure("Unlink the provider's account?", f"**{plain(each.name)}** is signed out everywhere. The "
                           f"next account of {plain(each.issuer or '')} with this verified address signs them in.",
                           "Unlink", "set_person", (("name", each.name), ("unlink", True)), "Unlinked.", None))


def _open(name: str) -> None:
    st.session_state.pop(HINT, None)
    st.session_state[CHANGED] = name


def _forget() -> None:
    for key in (CHANGED, HINT):
        st.session_state.pop(key, None)


def dialog_if_asked(here: Here) -> None:
    """The form of one person, when it was asked for."""
    name = st.session_state.get(CHANGED)
    if name is None:
        return
    known = next((each for each in here.ask("people", PeopleRequest()).people if each.name == name), None)
    st.dialog("Change a person" if known else "Add a person", on_dismiss=_forget)(_form)(known)


def _form(known: PersonLine | None) -> None:
    if st.session_state.get(CHANGED) is None:
        st.rerun()
    # A form: what is typed goes with the press. By itself a password left with Tab stays in the browser, since Tab
    # leads to the field's own eye button. Enter would press the first button, which is Cancel.
    with page(Role.ADMIN), st.form("person", enter_to_submit=False, border=False):
        _fields(known)
        if st.session_state.get(HINT):
            st.error(st.session_state[HINT], icon=":material/edit:")
        with st.container(horizontal=True, horizontal_alignment="right"):
            st.form_submit_button("Cancel", key="person-cancel", on_click=_forget)
            st.form_submit_button("Save" if known else "Add", type="primary", key="person-save", on_click=_save,
                                  args=(known,))


def _fields(known: PersonLine | None) -> None:
    if known is None:
        st.text_input("Name", key="person-name", placeholder="Usually the e-mail address")
    else:
        st.markdown(f"**{plain(known.name)}**")
    names = [str(role) for role in OF_PEOPLE]
    st.selectbox("Role", names, index=names.index(known.role) if known else 0, key="person-role")
    if known is not None:
        st.checkbox("May sign in", value=known.active, key="person-active")
    st.text_input("New password (optional)", type="password", key="person-password", autocomplete="new-password",
                  help="At least 12 characters. Without one, a one-time link or the identity provider signs in.")
    st.markdown(quiet("Whoever loses a right or gets a new password is signed out everywhere. A role given here stays, "
                      "whatever an identity provider says."))


def _save(known: PersonLine | None) -> None:
    state = st.session_state
    role, active = Role(state["person-role"]), bool(state.get("person-active", True))
    fields = {"name": known.name if known else str(state.get("person-name") or ""),
              "role": role if known is None or role != known.role else None,
              "active": active if known is not None and active != known.active else None,
              "password": state.get("person-password") or None}
    if known is None and not fields["name"].strip():
        state[HINT] = "Write a name first."
        return
    if known is None and _is_there(fields["name"]):
        state[HINT] = "Somebody of this name is in the list already: change them there."
        return
    try:
        acting.perform("set_person", fields)
    except Invalid as error:
        state[HINT] = plain(str(error))
        return
    except RolloutError as error:
        state[acting.REFUSED] = error
    else:
        state[acting.DONE] = "Saved." if known else "Added. More, One-time link makes the link that lets them in."
    _forget()


def _is_there(name: str) -> bool:
    everybody = bootstrap.current().ask("people", PeopleRequest()).people
    return any(folded(each.name) == folded(name) for each in everybody)


def _make_link(name: str) -> None:
    try:
        made = bootstrap.current().sign_in_link(acting.presser(), name)
    except RolloutError as error:
        st.session_state[acting.REFUSED] = error
    else:
        st.session_state[LINK] = (name, made)


def _shown_link() -> None:
    """The link of the last press, once."""
    found = st.session_state.pop(LINK, None)
    if found is None:
        return
    name, made = found
    st.success(f"Send this to {plain(name)} by a way only they read. It signs in once, within {made['minutes']} "
               "minutes, and is not shown again.", icon=":material/link:")
    st.code(f"{_address()}/signin?link={made['secret']}", language=None, wrap_lines=True)


def _address() -> str:
    """Where people reach this app: the setting, else what this browser used."""
    settings = bootstrap.current().settings
    if settings.url:
        return str(settings.url)
    used = urlsplit(st.context.url or "")
    return f"{used.scheme}://{used.netloc}" if used.netloc else f"http://localhost:{settings.port}"
