"""Pieces of the settings page: tokens for machines, open sessions, the identity provider."""

from __future__ import annotations

import streamlit as st

from pages.panels import acting, sure
from pages.panels.furniture import table
from pages.panels.page import Here
from rollout_core import bootstrap
from rollout_core.charts.words import badge, plain, quiet
from rollout_core.errors import RolloutError
from rollout_core.insight.sessions import SessionsRequest
from rollout_core.insight.tokens import TokenLine, TokensRequest
from rollout_core.people.role import Role

NEW_TOKEN, TESTED = "new-token", "provider-tested"
MOST_SHOWN = 100
STATE = {"revoked": badge("Revoked", "gray", "block"), "expired": badge("Ended", "gray", "schedule")}
METHOD = {"link": "one-time link", "password": "password", "oidc": "identity provider"}


def tokens(here: Here) -> None:
    """Tokens without anything secret; making one shows its secret once."""
    secret = st.session_state.pop(NEW_TOKEN, None)
    if secret:
        st.success("Copy it now, it is not shown again.", icon=":material/key:")
        st.code(secret, language=None, wrap_lines=True)
    everything = st.checkbox("Also revoked and ended ones", key="tokens-all")
    found = here.ask("tokens", TokensRequest(all=everything)).tokens
    for each in found[:MOST_SHOWN]:
        _token(here, each)
    if not found:
        st.markdown(quiet("No token yet. A CI job or a sender of events needs one."))
    with st.popover("Make a token…", icon=":material/key:"):
        name = st.text_input("What is it for?", key="token-name")
        role = st.selectbox("Role", [str(each) for each in Role], key="token-role",
                            help="A server that sends events is a sender: it reads and changes nothing.")
        days = st.number_input("Days until it ends", 1, 730, 90, key="token-days")
        st.button("Make", key="token-make", on_click=_make, args=(name, role, int(days)))


def _token(here: Here, each: TokenLine) -> None:
    text, way = st.columns([6, 1.1], vertical_alignment="center")
    ends = f"ends {here.when(each.expires_at)}" if each.expires_at else "does not end"
    used = f"last used {here.when(each.last_used_at)}" if each.last_used_at else "never used"
    text.markdown(f"**{plain(each.name)}** {badge(plain(each.role))} {STATE.get(each.state, '')}  \n"
                  f"{quiet(f'made by {plain(each.created_by)} · {used} · {ends}')}")
    if each.state == "valid":
        words = f"**{plain(each.name)}** opens nothing from the next request on. That cannot be taken back."
        way.button("Revoke…", key=f"revoke-{each.id}", width="stretch", on_click=sure.ask, args=(sure.Sure(
            "Revoke this token?", words, "Revoke", "revoke_token", (("id", each.id),), "Revoked."),))


def _make(name: str, role: str, days: int) -> None:
    try:
        change = acting.perform("create_token", {"name": name, "role": Role(role), "days": days})
    except RolloutError as error:
        st.session_state[acting.REFUSED] = error
    else:
        st.session_state[NEW_TOKEN] = str(change.result["secret"])


def sessions(here: Here) -> None:
    """Who is signed in now; any of them can be ended, one's own too."""
    found = here.ask("sessions", SessionsRequest()).sessions
    for each in found[:MOST_SHOWN]:
        text, way = st.columns([6, 1.1], vertical_alignment="center")
        own = f" {badge('This one', 'blue', 'person')}" if each.id == here.actor.session_id else ""
        since, until = here.when(each.created_at), here.when(each.expires_at)
        text.markdown(f"**{plain(each.person)}** {badge(plain(each.role))}{own}  \n"
                      f"{quiet(f'by {METHOD.get(each.method, each.method)} · since {since} · until {until}')}")
        words = (f"The session of **{plain(each.person)}** since {since} ends at once, in every tab. "
                 "Nothing else of theirs ends.")
        way.button("End…", key=f"end-{each.id}", width="stretch", on_click=sure.ask, args=(sure.Sure(
            "End this session?", words, "End it", "end_sessions", (("session", each.id),), "Ended."),))
    if len(found) > MOST_SHOWN:
        st.markdown(quiet(f"The newest {MOST_SHOWN} of {len(found):,}."))


def provider(here: Here) -> None:
    """Whether an identity provider is set up, whom it may send, and whether it answers now."""
    settings = bootstrap.current().settings
    if settings.oidc_issuer is None:
        st.markdown("No identity provider is set up: people sign in with a password or a one-time link.")
        st.markdown("To use one, register this app there as a web client with the redirect address "
                    "`…/signin/oidc/callback`, set `ROLLOUT_OIDC_ISSUER`, `ROLLOUT_OIDC_CLIENT_ID` and "
                    "`ROLLOUT_OIDC_SECRET_FILE`, and start the app again. The guide's page on settings has the rest.")
        return
    roles = ", ".join(f"{group} gives {role}" for group, role in settings.oidc_roles)
    home = settings.url or "the app's address"
    table([{"What": "Issuer", "Is": plain(settings.oidc_issuer)},
           {"What": "Client id", "Is": plain(settings.oidc_client_id)},
           {"What": "Redirect address", "Is": plain(f"{home}/signin/oidc/callback")},
           {"What": "Mail domains", "Is": plain(", ".join(settings.oidc_domains) or "any")},
           {"What": f"Roles by the claim {plain(settings.oidc_claim)}",
            "Is": plain(roles) if roles else "none: only people known here come in"}], "Identity provider")
    st.button("Test it", icon=":material/network_check:", key="provider-test", on_click=_test)
    found = st.session_state.pop(TESTED, None)
    if found is None:
        return
    if found.problems:
        st.error("  \n".join(plain(each) for each in found.problems), icon=":material/link_off:")
    else:
        st.success("It answers and is the one in the settings.", icon=":material/check_circle:")


def _test() -> None:
    try:
        st.session_state[TESTED] = bootstrap.current().provider_found(acting.presser())
    except RolloutError as error:
        st.session_state[acting.REFUSED] = error
