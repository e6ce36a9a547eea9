"""Report: everything about one rollout on one page, to read or to take away."""

from functools import partial

import msgspec
import streamlit as st

from pages.panels import filters
from pages.panels.furniture import title
from pages.panels.page import page
from rollout_core.charts.words import quiet, unlinked
from rollout_core.insight.report import ReportRequest
from rollout_core.people.role import Role

with page(Role.VIEWER) as here:
    title("Report")
    with st.container(horizontal=True):
        entry = filters.chosen_rollout(here)
        window, label = filters.chosen_window(here, entry)
    answer = here.ask("report", ReportRequest(entry.key, window), settled=True)
    name = f"{entry.key}-{answer.computed_at:%Y-%m-%d}"
    with st.container(horizontal=True):
        st.download_button("Download as Markdown", answer.markdown, f"{name}.md", "text/markdown",
                           icon=":material/download:", key="report-markdown", on_click="ignore")
        st.download_button("Download as JSON", partial(msgspec.json.encode, answer), f"{name}.json", "application/json",
                           icon=":material/download:", key="report-json", on_click="ignore")
    st.markdown(quiet(f"Numbers of {label.lower()}, times in UTC · the audit trail's anchor, for Verify:"))
    st.code(answer.audit_head, language=None, wrap_lines=True)
    with st.container(border=True, height=900):         # its tables may be wider than a phone: it scrolls inside
        st.markdown(unlinked(answer.markdown))
