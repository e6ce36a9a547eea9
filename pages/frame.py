"""The screen around every page: page config, who is signed in, navigation. Streamlit's main script.

It lies in pages/ so that no `pages/pages` exists: a folder `pages` beside the main script would be served on a fresh
process without this file, and so without its sign-in.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.panels import acting
from pages.panels.catalogue import PAGES, PageEntry
from pages.panels.way_down import way_down
from rollout_core import bootstrap
from rollout_core.charts.words import plain, spoken
from rollout_core.errors import RolloutError, StoreError
from rollout_core.people.actor import Actor
from rollout_core.people.role import may

HERE = Path(__file__).parent
STATIC = HERE / "static"


def signed_in() -> Actor:
    """Who is there, read anew from the store; nobody: a way to the sign-in, and nothing else runs; a store
    that cannot tell: the way down."""
    try:
        return bootstrap.current().actor(st.user.get("session"), origin="page")
    except StoreError as error:
        way_down(error)
        st.stop()
    except RolloutError as error:
        st.title("Sign in")
        acting.turned_away(error)
        st.stop()


def navigation(actor: Actor) -> dict[str, list[st.Page]]:
    """The pages this person may open and whose script exists, by group; the first is where people land."""
    groups: dict[str, list[st.Page]] = {}
    for entry in PAGES:
        if may(actor.role, entry.least) and (HERE / entry.script).is_file():
            groups.setdefault(entry.group, []).append(as_page(entry, first=not groups))
    return groups


def as_page(entry: PageEntry, *, first: bool) -> st.Page:
    """A catalogue entry as Streamlit's page."""
    return st.Page(HERE / entry.script, title=entry.title, icon=f":material/{entry.icon}:", url_path=entry.url_path,
                   default=first)


st.set_page_config(page_title="Rollout", page_icon="🚦", layout="wide")
actor = signed_in()
st.logo(str(STATIC / "logo.svg"), icon_image=str(STATIC / "mark.svg"), link=None)
chosen = st.navigation(navigation(actor), expanded=True)
with st.sidebar:
    if bootstrap.current().simulated:
        st.badge("Simulated store", icon=":material/science:", color="violet")
    st.caption(f"{plain(actor.principal)}, {actor.role}. [Sign out](/signout)")
    st.caption(f"Times are in {st.context.timezone or 'UTC'}.")
for words in bootstrap.current().notices():
    st.warning(spoken(words), icon=":material/warning:")
chosen.run()
