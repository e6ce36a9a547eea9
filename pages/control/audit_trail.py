"""Audit trail: who changed what, when and why; and whether the trail is whole."""

import streamlit as st

from pages.panels import audit_parts, filters
from pages.panels.audit_rows import audit_rows
from pages.panels.furniture import section, table, title
from pages.panels.page import page
from rollout_core.charts.words import quiet
from rollout_core.insight.audit import AuditRequest
from rollout_core.insight.rollouts import RolloutsRequest
from rollout_core.people.role import Role

with page(Role.VIEWER) as here:
    title("Audit trail", quiet("Append-only and chained by hashes; refused attempts are in it too"))
    known = filters.labels(here.ask("rollouts", RolloutsRequest()).rollouts)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Of", ["Everything", *known], key="audit-of", bind="query-params", width=230)
        before = st.number_input("Older than entry", 0, key="audit-before", bind="query-params", width=160,
                                 help="0: from the newest")
        audit_parts.verify_button(here)
    audit_parts.verdict(here)
    answer = here.ask("audit", AuditRequest(known[name].key if name in known else None, 50, int(before) or None))
    section("Newest first", f"The newest entry is {answer.head.seq:,}; its hash anchors everything before it")
    st.code(str(answer.head), language=None)
    if answer.records:
        table(audit_rows(here, answer.records), "Audit trail")
        audit_parts.download(answer.records)
    else:
        st.markdown(quiet("Nothing was changed yet."))
    if answer.more:
        st.markdown(quiet(f"Older ones: set \"Older than entry\" to {answer.records[-1].seq}."))
