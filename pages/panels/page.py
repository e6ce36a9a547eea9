"""Opening a page: who is there, what they may see, and what is drawn when something is wrong.

Every page begins with `with page(Role.VIEWER) as here:`. The role is read from the store at that moment, so a revoked
or demoted session is refused in an open tab and on a deep link too. A RolloutError becomes a sentence and a way on;
anything else is logged under a short code that the page names. Nobody ever sees a traceback.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import wraps
from secrets import token_hex
from typing import Any

import streamlit as st

from pages.panels import acting, answers, states
from rollout_core.charts import formats, palette
from rollout_core.errors import RolloutError, StoreError
from rollout_core.people.actor import Actor
from rollout_core.people.permission import require
from rollout_core.people.role import Role, may

log = logging.getLogger("rollout.pages")


@dataclass(frozen=True, slots=True)
class Here:
    """What a page works with: who looks, from which zone, in which theme, and when."""

    actor: Actor
    zone: tzinfo
    theme: palette.Theme
    now: datetime

    def ask(self, question: str, request: Any, *, settled: bool = False) -> Any:
        """The answer, at most 4 s old (`settled`: half a minute, for heavy questions). Raises RolloutError."""
        return answers.ask(question, request, settled=settled)

    def when(self, at: datetime | None) -> str:
        """A time in the viewer's zone."""
        return formats.moment(at, self.now, self.zone)

    def stretch(self, since: datetime, until: datetime) -> str:
        """From when to when in the viewer's zone."""
        return formats.stretch(since, until, self.now, self.zone)

    def day(self, at: datetime | None) -> str:
        """A day in the viewer's zone."""
        return formats.day(at, self.now, self.zone)

    def weekday(self, at: datetime) -> str:
        """A day in the viewer's zone as one plans with it: "Wed 25 Nov", "Sat 18 Sep 2027"."""
        return f"{at.astimezone(self.zone):%a} {self.day(at)}"

    def local(self, at: datetime) -> datetime:
        """A time for a chart's axis: the viewer's wall clock, without zone (plotly would turn it into UTC)."""
        return at.astimezone(self.zone).replace(tzinfo=None)

    def may(self, role: Role) -> bool:
        """Whether to offer a control; the verb itself decides."""
        return may(self.actor.role, role)


def viewer_zone_name() -> str:
    """The browser's time zone, or UTC."""
    return st.context.timezone or "UTC"


def look() -> Here:
    """Who is looking, read anew. Raises NotSignedIn."""
    theme = palette.theme_of(st.context.theme.type)
    return Here(acting.presser(), formats.zone(viewer_zone_name()), theme, datetime.now(UTC))


@contextmanager
def page(least: Role) -> Iterator[Here]:
    """A page or a part of one: checks the role, draws what goes wrong inside."""
    try:
        here = look()
        require(here.actor, least, "open this page")
    except StoreError:
        st.rerun()                  # the frame offers the way down, once, in the place of the whole page
    except RolloutError as error:
        acting.turned_away(error)
        st.stop()
    with part():
        acting.outcome()
        yield here


@contextmanager
def part() -> Iterator[None]:
    """A part of a page that may fail by itself: what went wrong is said in its place, the rest of the page stands."""
    try:
        yield
    except RolloutError as error:
        states.error(error)
    except Exception:
        code = token_hex(3)
        log.exception("part of a page failed, code %s", code)
        states.failed(code)


def live(every: timedelta | None, least: Role = Role.VIEWER) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A part of a page that runs by itself every so often, with the same checks as the page."""
    def decorate(draw: Callable[..., None]) -> Callable[..., None]:
        @st.fragment(run_every=every)
        @wraps(draw)
        def part(*args: Any, **more: Any) -> None:
            with page(least) as here:
                draw(here, *args, **more)
        return part
    return decorate
