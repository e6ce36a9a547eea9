"""Audit trail: who changed what, when and why; and whether the trail is whole."""

import streamlit as st

from pages.panels import audit_parts
from pages.panels.audit_rows import audit_rows
from pages.panels.furniture import section, table, title
from pages.panels.page import page
from rollout_core.charts.words import quiet
from rollout_core.people.role import Role

with page(Role.VIEWER) as here:
    title("Audit trail", quiet("Append-only and chained by hashes; refused attempts are in it too"))
    asked = audit_parts.filters(here)
    with st.container(horizontal=True):
        audit_parts.verify_button(here)
        audit_parts.download(here, asked)
    answer = here.ask("audit", asked)
    section("Newest first", f"The newest entry is {answer.head.seq:,}; its hash anchors everything before it")
    st.code(str(answer.head), language=None, wrap_lines=True)
    if answer.records:
        table(audit_rows(here, answer.records), "Audit trail")
    else:
        st.markdown(quiet("Nothing fits." if audit_parts.narrowed(asked) else "Nothing was changed yet."))
    if answer.more:
        st.button("Older ones", key="audit-older", icon=":material/arrow_downward:", on_click=audit_parts.go_before,
                  args=(answer.records[-1].seq,))
