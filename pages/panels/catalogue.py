"""The list of pages: what the navigation shows, in order, to whom. The first page is where people land."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.people.role import Role


@dataclass(frozen=True, slots=True)
class PageEntry:
    """One page. `script` is relative to pages/, `icon` a Material symbol, `least` the lowest role that may open it."""

    script: str
    title: str
    icon: str
    url_path: str
    group: str
    least: Role = Role.VIEWER


PAGES: tuple[PageEntry, ...] = (
    PageEntry("insight/overview.py", "Overview", "dashboard", "overview", "Watch"),
    PageEntry("insight/health.py", "Health", "vital_signs", "health", "Watch"),
    PageEntry("insight/live.py", "Dashboard", "monitor_heart", "dashboard", "Watch"),
    PageEntry("control/alerts.py", "Alerts", "notifications", "alerts", "Watch"),
    PageEntry("control/rollout.py", "Rollout", "stairs", "rollout", "Decide"),
    PageEntry("insight/decisions.py", "Decisions", "smart_toy", "decisions", "Decide"),
    PageEntry("control/rehearsal.py", "Rehearsal", "fast_rewind", "rehearsal", "Decide"),
    PageEntry("control/subjects.py", "Who has it", "group", "subjects", "Decide"),
    PageEntry("control/procedure.py", "Checklist", "checklist", "checklist", "Decide"),
    PageEntry("control/flags.py", "Flags and plan", "flag", "flags", "Decide"),
    PageEntry("insight/adoption.py", "Adoption", "trending_up", "adoption", "Understand"),
    PageEntry("insight/errors.py", "Errors", "bug_report", "errors", "Understand"),
    PageEntry("insight/web_vitals.py", "Web Vitals", "speed", "vitals", "Understand"),
    PageEntry("insight/speed.py", "Speed", "timer", "speed", "Understand"),
    PageEntry("insight/business.py", "Business", "storefront", "business", "Understand"),
    PageEntry("insight/feedback.py", "Feedback", "forum", "feedback", "Understand"),
    PageEntry("insight/analytics.py", "Analytics", "compare_arrows", "analytics", "Understand"),
    PageEntry("insight/explore.py", "Explore", "query_stats", "explore", "Understand"),
    PageEntry("insight/report.py", "Report", "description", "report", "Record"),
    PageEntry("control/audit_trail.py", "Audit trail", "history", "audit", "Record"),
    PageEntry("insight/getting_started.py", "Getting started", "rocket_launch", "start", "Record"),
    PageEntry("control/settings.py", "Settings", "settings", "settings", "Record", Role.ADMIN),
)
