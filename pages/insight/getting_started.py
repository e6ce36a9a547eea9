"""Getting started: an empty store connected to a source in five minutes, and the first event seen arriving."""

from datetime import timedelta

from pages.panels import start_parts
from pages.panels.furniture import section, title
from pages.panels.page import live, page
from rollout_core.charts.words import quiet
from rollout_core.insight.rollouts import RolloutsRequest
from rollout_core.people.role import Role

WAITING, ARRIVED = timedelta(seconds=3), timedelta(seconds=15)

with page(Role.VIEWER) as here:
    title("Getting started", quiet("How do I connect a source? Four steps, about five minutes"))
    start_parts.which_store(here)
    rollouts = here.ask("rollouts", RolloutsRequest()).rollouts
    section("1 · Is there a rollout?", "A plan says who gets what, in which steps, and what would stop it")
    start_parts.rollout_step(here, rollouts)
    section("2 · Send an event", "Pick what you have · each line below is ready to copy")
    start_parts.ways(here, rollouts)
    section("3 · Does it arrive?", "Looks by itself every few seconds")
    heard = here.ask("events_health", start_parts.HEARD).last_event_at is not None
    live(ARRIVED if heard else WAITING)(start_parts.arrivals)(already=heard)
    section("4 · Open the rollout", "Let events come in first, so that there is something to compare with")
    start_parts.onwards(here, rollouts)
