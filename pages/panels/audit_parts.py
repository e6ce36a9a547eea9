"""Pieces of the audit page: verifying the chain, and taking a page of it away."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import streamlit as st

from pages.panels.page import Here
from rollout_core.charts.words import plain
from rollout_core.insight.audit_verify import AuditVerifyRequest
from rollout_core.ports.control_records import AuditRecord

ANCHOR, ASKED = "audit-anchor", "audit-verify"


def verify_button(here: Here) -> None:
    """Walks the whole chain on request; an anchor kept outside makes a cut or rewritten tail visible."""
    with st.popover("Verify…", icon=":material/verified:"):
        st.text_input("Anchor (optional)", key=ANCHOR, placeholder="seq:hash from a notice, report or backup")
        st.button("Verify now", key="audit-verify-go", on_click=_ask)


def _ask() -> None:
    st.session_state[ASKED] = st.session_state.get(ANCHOR) or ""


def verdict(here: Here) -> None:
    """What the walk found, once it was asked for."""
    if ASKED not in st.session_state:
        return
    anchor = st.session_state.pop(ASKED)
    with st.spinner("Walking along the chain"):
        found = here.ask("audit_verify", AuditVerifyRequest(anchor or None))
    if found.whole:
        against = "also against your anchor" if found.anchored else "without an anchor: a cut tail would not show"
        st.success(f"Whole: {found.records:,} entries, {against}.", icon=":material/verified:")
    else:
        lines = "".join(f"  \nEntry {finding.seq}: {plain(finding.what)}" for finding in found.findings[:20])
        st.error(f"Not whole. Keep the files as they are and compare with a backup.{lines}", icon=":material/gpp_bad:")


def download(records: Sequence[AuditRecord]) -> None:
    """This page of the trail as JSON lines, each as it was hashed."""
    lines = b"\n".join(msgspec.json.encode({"seq": each.seq, "previous": each.previous, "hash": each.hash,
                                            "entry": msgspec.Raw(each.body)}) for each in records)
    st.download_button("Download these entries", lines, "audit.jsonl", "application/jsonl", icon=":material/download:",
                       key="audit-download", on_click="ignore")
