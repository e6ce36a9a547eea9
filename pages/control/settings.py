"""Settings: who may sign in, tokens for machines, whether events arrive, whether the store is sound."""

from pages.panels import settings_parts
from pages.panels.furniture import section, title
from pages.panels.page import page
from rollout_core.people.role import Role

with page(Role.ADMIN) as here:
    title("Settings")
    section("Do events arrive?", "Counted by the store · refused events are kept with their reason")
    with page(Role.ADMIN):
        settings_parts.ingest(here)
    section("Is the store sound?")
    with page(Role.ADMIN):
        settings_parts.soundness(here)
    section("People", "A changed role counts from the next press, in open tabs too")
    with page(Role.ADMIN):
        settings_parts.people(here)
    section("Tokens for machines", "A token's secret is shown once, when it is made")
    with page(Role.ADMIN):
        settings_parts.tokens(here)
