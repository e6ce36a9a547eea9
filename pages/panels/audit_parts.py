"""Pieces of the audit page: what to look for, verifying the chain, taking it away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import streamlit as st

from pages.panels.filters import labels as rollout_labels
from pages.panels.page import Here
from rollout_core import bootstrap
from rollout_core.charts.words import plain
from rollout_core.control import VERBS
from rollout_core.errors import Invalid
from rollout_core.insight.audit import MOST, AuditRequest
from rollout_core.insight.audit_file import audit_file
from rollout_core.insight.audit_verify import AuditVerifyRequest
from rollout_core.insight.rollouts import RolloutsRequest

ANCHOR, ASKED, BEFORE = "audit-anchor", "audit-verify", "audit-before"
SHOWN = 50
SIGN_IN_VERBS = {"sign_in": "Sign in", "sign_out": "Sign out", "offer_link": "Offer link"}
"""What is in the trail and no verb of the registry."""

FILES = (("CSV, for a spreadsheet", "csv", "csv", "text/csv"), ("JSON lines", "json", "jsonl", "application/jsonl"),
         ("Parquet", "parquet", "parquet", "application/vnd.apache.parquet"))
"""Button, kind of `audit_file`, file ending, media type."""

OUTCOMES: Mapping[str, str | None] = {"Any way": None, "Done": "done", "Nothing changed": "unchanged",
                                      "Refused": "refused", "Failed": "failed"}
SPANS: Mapping[str, timedelta | None] = {"Ever": None, "Today": timedelta(0), "Last 7 days": timedelta(days=6),
                                         "Last 30 days": timedelta(days=29)}


def verify_button(here: Here) -> None:
    """Walks the whole chain on request; an anchor kept outside makes a cut or rewritten tail visible."""
    with st.popover("Verify…", icon=":material/verified:"):
        st.text_input("Anchor (optional)", key=ANCHOR, placeholder="seq:hash from a notice, report or backup")
        st.button("Verify now", key="audit-verify-go", on_click=_ask)
        verdict(here)


def _ask() -> None:
    st.session_state[ASKED] = st.session_state.get(ANCHOR) or ""


def verdict(here: Here) -> None:
    """What the walk found, once it was asked for."""
    if ASKED not in st.session_state:
        return
    anchor = st.session_state.pop(ASKED)
    try:
        with st.spinner("Walking along the chain"):
            found = here.ask("audit_verify", AuditVerifyRequest(anchor or None))
    except Invalid as error:
        st.warning(plain(str(error)), icon=":material/edit:")
        return
    if found.whole:
        against = "also against your anchor" if found.anchored else "without an anchor: a cut tail would not show"
        st.success(f"Whole: {found.records:,} entries, {against}.", icon=":material/verified:")
    else:
        lines = "".join(f"  \nEntry {finding.seq}: {plain(finding.what)}" for finding in found.findings[:20])
        st.error(f"Not whole. Keep the files as they are and compare with a backup.{lines}", icon=":material/gpp_bad:")


def filters(here: Here) -> AuditRequest:
    """What to look for; every choice is in the address."""
    known = rollout_labels(here.ask("rollouts", RolloutsRequest()).rollouts)
    verbs = {SIGN_IN_VERBS.get(name, name.replace("_", " ").capitalize()): name for name in (*VERBS, *SIGN_IN_VERBS)}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        rollout = st.selectbox("Of", ["Everything", *known], key="audit-of", bind="query-params", width=230)
        who = st.text_input("Who", key="audit-who", bind="query-params", width=190, placeholder="part of a name")
        verb = st.selectbox("What", ["Anything", *sorted(verbs)], key="audit-verb", bind="query-params", width=190)
        outcome = st.selectbox("Ended", list(OUTCOMES), key="audit-outcome", bind="query-params", width=130)
        days = st.selectbox("When", list(SPANS), key="audit-when", bind="query-params", width=160)
        before = st.number_input("Older than entry", 0, key=BEFORE, bind="query-params", width=150,
                                 help="0: from the newest")
    span = SPANS[days]
    key = known[rollout].key if rollout in known else None
    return AuditRequest(key, SHOWN, int(before) or None, who.strip() or None, verbs.get(verb), OUTCOMES[outcome],
                        None if span is None else _midnight(here) - span)


def _midnight(here: Here) -> datetime:
    """The beginning of the viewer's day: the same question all day long."""
    return here.now.astimezone(here.zone).replace(hour=0, minute=0, second=0, microsecond=0)


def narrowed(asked: AuditRequest) -> bool:
    """Whether anything but the newest of everything was asked for."""
    return asked != AuditRequest(limit=asked.limit)


def go_before(seq: int) -> None:
    """For `on_click`: the page after this one."""
    st.session_state[BEFORE] = seq


def download(here: Here, asked: AuditRequest) -> None:
    """Everything that fits, not only what is shown, with links and hashes; made when it is pressed."""
    whole = replace(asked, limit=MOST, before=None)
    with st.popover("Download…", icon=":material/download:"):
        st.markdown("Everything that fits, with the hashes: whoever holds the file can verify the chain.")
        for name, kind, ending, mime in FILES:
            st.download_button(name, partial(file_of, whole, kind), f"audit.{ending}", mime, key=f"audit-file-{kind}",
                               on_click="ignore", width="stretch")


def file_of(asked: AuditRequest, kind: str) -> bytes:
    """The file of a kind; JSON lines and CSV end with the head."""
    room, records = bootstrap.current(), []
    while True:
        found = room.ask("audit", asked)
        records += found.records
        if not found.more:
            return audit_file(records, found.head, kind)
        asked = replace(asked, before=found.records[-1].seq)
