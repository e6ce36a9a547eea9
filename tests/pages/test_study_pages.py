"""Decisions, Dashboard, Analytics, Rehearsal, Getting started: what each says, in every state it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from threading import Event
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from pages.panels.decision_list import number_in
from pages.panels.vitals_parts import slowest_first
from rollout_core.bootstrap.own_command import place_of, typed
from rollout_core.bootstrap.rehearsal_desk import Rehearsing
from rollout_core.cli.commands.rehearsing import rehearsed as in_words
from rollout_core.control.sweep import Swept
from rollout_core.insight.replay import ReplayRequest
from rollout_core.metrics.measured import Quality
from rollout_core.people.role import Role
from rollout_core.simulation.rehearsed import Rehearsed, SharePoint, is_another, looks
from tests.fakes.control_room import ANSWERS, FakeControlRoom, empty_room
from tests.pages.conftest import open_page, put, text_of

DECISIONS, LIVE, ANALYTICS = "insight/decisions.py", "insight/live.py", "insight/analytics.py"
REHEARSAL, START = "control/rehearsal.py", "insight/getting_started.py"


def shown(app: object) -> str:
    """What a reader reads, without the escapes that keep it from being markup."""
    return text_of(app).replace("\\", "").replace("⁠", "")  # type: ignore[arg-type]


def test_a_decision_says_what_it_means_what_was_done_and_what_would_have_changed_it(room: FakeControlRoom) -> None:
    text = shown(open_page(DECISIONS, rollout="Exercise library"))
    assert "Decision 3: hold, advised but not done" in text
    assert "Inp is proven worse" in text
    assert "the autopilot only advises. A person had to decide." in text
    assert "Inp with log e below 5.00" in text


def test_the_numbers_of_a_decision_carry_interval_e_value_and_what_is_needed(room: FakeControlRoom) -> None:
    text = shown(open_page(DECISIONS, rollout="Exercise library"))
    assert "**+6.0 pp** (+2.0 to +10.0)" in text, "a percentile is judged as a share, in points"
    assert "evidence 221, decides at 148" in text, "exp(5.4) is 221, exp(5.0) is 148"
    assert "**41.00%** (38.00 to 44.00)" in text
    assert "No data" in text


def test_replay_judges_again_only_when_it_is_pressed(room: FakeControlRoom) -> None:
    app = open_page(DECISIONS, rollout="Exercise library")
    assert "The same verdicts" not in shown(app)
    app.button(key="replay").click().run()
    assert "The same verdicts, all 4 of them" in shown(app)
    assert "difference 0" in shown(app)


def test_other_verdicts_than_then_are_said_in_the_words_of_the_replay() -> None:
    again = ANSWERS["replay"](ReplayRequest(3))
    changed = replace(again, same=False, largest_difference=0.25, words="inp was worse and is watching")
    put(FakeControlRoom({"replay": lambda _: changed}))
    app = open_page(DECISIONS, rollout="Exercise library")
    app.button(key="replay").click().run()
    assert "Inp was worse and is watching. The largest difference of log e is 0.25." in shown(app)


def test_a_rollout_that_no_sweep_has_seen_says_when_one_will() -> None:
    found = ANSWERS["decisions"](None)
    put(FakeControlRoom({"decisions": lambda _: replace(found, decisions=())}))
    assert "No sweep has looked at this rollout yet." in shown(open_page(DECISIONS))


@pytest.mark.parametrize(("label", "number"), [("Decision 12", 12), ("12", 12), ("", None), ("-1", None), ("1.5", None),
                                               ("9" * 400, None)])
def test_the_number_of_a_decision_is_read_from_an_address(label: str, number: int | None) -> None:
    assert number_in(label) == number


def test_the_dashboard_says_that_it_is_live_and_draws_no_data_as_no_data() -> None:
    def fresh(request: object) -> object:
        return replace(ANSWERS["traffic"](request), last_event_at=datetime.now(UTC))
    put(FakeControlRoom({"traffic": fresh}))
    text = shown(open_page(LIVE, "viewer", rollout="Exercise library"))
    assert "Live" in text
    assert "nothing since 13:50" in text, "INP has no value"
    assert "Worse" in text, "the error rate rose by 40% with its whole interval above zero"


def test_numbers_that_stopped_coming_stay_with_their_time_and_a_warning() -> None:
    old = datetime.now(UTC) - timedelta(minutes=42)

    def stopped(request: object) -> object:
        return replace(ANSWERS["traffic"](request), last_event_at=old, stale=True)
    put(FakeControlRoom({"traffic": stopped}))
    app = open_page(LIVE, rollout="Exercise library")
    warning = " ".join(each.value for each in app.warning)
    assert "42 min ago" in warning
    assert "Nothing has arrived since" in warning
    assert "sensors]" not in shown(app), "nothing is called live"


def test_the_dashboard_names_the_newest_event_of_any_kind_and_a_stale_number_that_of_its_own_kinds() -> None:
    heard, old = datetime.now(UTC) - timedelta(minutes=3), datetime.now(UTC) - timedelta(minutes=47)

    def apart(request: object) -> object:
        return replace(ANSWERS["traffic"](request), last_event_at=datetime.now(UTC) - timedelta(minutes=20),
                       newest=(("custom", heard), ("web_vital", old)))

    def stale(request: object) -> object:
        found = ANSWERS["metrics"](request)
        return replace(found, rows=tuple(
            replace(each, treatment=replace(each.treatment, quality=Quality.STALE)) if each.key == "lcp_p75" else each
            for each in found.rows))
    put(FakeControlRoom({"traffic": apart, "metrics": stale}))
    text = shown(open_page(LIVE, rollout="Exercise library"))
    assert "3 min ago" in text
    assert "as of" in text
    assert f"{old.astimezone(ZoneInfo('Europe/Berlin')):%H:%M}" in text


def test_a_store_that_never_heard_anything_shows_the_way_to_connect_a_source() -> None:
    def never(request: object) -> object:
        found = ANSWERS["traffic"](request)
        flows = tuple(replace(flow, per_minute=(None,) * 60) for flow in found.flows)
        return replace(found, last_event_at=None, flows=flows)
    put(FakeControlRoom({"traffic": never}))
    assert "No event was received yet" in shown(open_page(LIVE, rollout="Exercise library"))


def test_pausing_the_updates_is_said_with_its_time(room: FakeControlRoom) -> None:
    text = shown(open_page(LIVE, rollout="Exercise library", still="true"))
    assert "Paused at" in text


def test_a_comparison_answers_in_words_then_numbers_and_says_whether_chance_split_the_sides(
        room: FakeControlRoom) -> None:
    text = shown(open_page(ANALYTICS, "viewer", rollout="Exercise library"))
    assert "Error rate is higher in treatment than in control." in text
    assert "**+2.2 pp** (+1.7 to +2.7), +115.0% (+85.0 to +145.0)" in text
    assert "Split by chance" in text
    assert "Worse" in text


def test_two_periods_are_not_called_causal(room: FakeControlRoom) -> None:
    text = shown(open_page(ANALYTICS, rollout="Exercise library", across="Two periods"))
    assert "Not causal" in text
    assert "this period than in the stretch before" in text


def test_divided_by_device_every_part_stands_in_the_table_with_no_data_as_no_data(room: FakeControlRoom) -> None:
    text = shown(open_page(ANALYTICS, rollout="Exercise library", by="Device"))
    assert "**phone**" in text
    assert "+3.0 pp" in text
    assert "**tablet**" in text
    assert "No data" in text


def test_the_address_says_which_phases_are_compared() -> None:
    asked = []

    def heard(request: object) -> object:
        asked.append(request)
        return ANSWERS["compare"](request)
    put(FakeControlRoom({"compare": heard}))
    open_page(ANALYTICS, rollout="Exercise library", across="Two phases")
    assert asked[-1].across == "phases"
    assert asked[-1].first != asked[-1].second


SWEPT = Swept("exercise_library", "pause", False, "advise", "Errors are proven worse.", None, 0, 0,
              datetime(2026, 11, 18, 12, tzinfo=UTC), ("errors",), to=0.0, otherwise="errors with log e below 5.0.")
FOUND = Rehearsed("exercise_library", 1, 28, (SWEPT,), (
    SharePoint(datetime(2026, 11, 16, tzinfo=UTC), 20.0, 20.0),
    SharePoint(datetime(2026, 11, 18, 12, tzinfo=UTC), 20.0, 0.0)), datetime(2026, 11, 19, tzinfo=UTC))


def rehearsed(room: FakeControlRoom, work: Callable[..., Rehearsed]) -> Rehearsing:
    """A rehearsal begun on the fake's desk, waited for until it is over."""
    begun = room.rehearsals.begin("exercise_library", "maya", work)
    for _ in range(1000):
        if room.rehearsals.of(begun.id).state != "running":
            break
        Event().wait(0.005)
    return begun


def test_a_viewer_is_told_who_may_rehearse(room: FakeControlRoom) -> None:
    app = open_page(REHEARSAL, "viewer", rollout="Exercise library")
    assert "View only" in shown(app)
    assert not [each for each in app.button if each.key == "rehearse"]


def test_a_finished_rehearsal_says_when_it_would_have_acted_why_and_what_else_would_have_been(
        room: FakeControlRoom) -> None:
    begun = rehearsed(room, lambda say, stopped: FOUND)
    text = shown(open_page(REHEARSAL, "operator", rollout="Exercise library", rehearsal=begun.id))
    assert "These rules would have asked for one step: pause, Wed 18 Nov, 13:00" in text
    assert "Errors are proven worse." in text
    assert "Otherwise: Errors with log e below 5.0." in text


def test_a_rehearsed_variant_is_not_called_the_plan_on_the_page_nor_in_the_terminal(room: FakeControlRoom) -> None:
    edited = replace(FOUND, variant=True)
    begun = rehearsed(room, lambda say, stopped: edited)
    assert "28 looks up to Thu 19 Nov, 01:00 · a variant of plan version 1" in shown(
        open_page(REHEARSAL, rehearsal=begun.id))
    assert in_words({**asdict(edited), "decisions": []}).startswith(
        "exercise_library, a variant of plan version 1: 28 sweeps")
    assert in_words({**asdict(FOUND), "decisions": []}).startswith("exercise_library, plan version 1")


def test_looks_are_foretold_with_the_first_and_the_last_and_without_those_before_the_rollout_began() -> None:
    day, noon = timedelta(days=1), datetime(2026, 11, 18, 12, tzinfo=UTC)
    assert looks(noon, noon + 7 * day, day, noon - day) == 8
    assert looks(noon, noon + 7 * day - timedelta(hours=1), day, noon) == 7
    assert looks(noon, noon + 7 * day, day, noon + timedelta(hours=1)) == 7
    assert looks(noon, noon + 7 * day, day, noon + day) == 7
    assert looks(noon, noon + day, day, noon + 3 * day) == looks(noon, noon + day, day, None) == 0


def test_a_rehearsal_that_would_have_done_nothing_says_so(room: FakeControlRoom) -> None:
    quiet = replace(FOUND, decisions=(replace(SWEPT, act="none", words="Nothing asks for a change."),))
    begun = rehearsed(room, lambda say, stopped: quiet)
    assert "These rules would have left it alone" in shown(open_page(REHEARSAL, rehearsal=begun.id))


def test_a_running_rehearsal_shows_how_far_it_is_and_can_be_stopped(room: FakeControlRoom) -> None:
    ended = Event()

    def work(say: Callable[[float], None], stopped: Callable[[], bool]) -> Rehearsed:
        say(0.4)
        while not stopped() and not ended.wait(0.005):
            pass
        return replace(FOUND, finished=False)
    begun = room.rehearsals.begin("exercise_library", "maya", work)
    try:
        app = open_page(REHEARSAL, rollout="Exercise library", rehearsal=begun.id)
        assert not app.exception
        app.button(key="rehearsal-stop").click().run()
        for _ in range(1000):
            if room.rehearsals.of(begun.id).state == "stopped":
                break
            Event().wait(0.005)
        assert room.rehearsals.of(begun.id).state == "stopped"
        app.run()
        assert "before its end: later decisions are not known" in shown(app)
    finally:
        ended.set()


def test_another_thing_to_wait_for_is_another_decision_though_nothing_is_asked_for_either_time() -> None:
    waits = replace(SWEPT, act="none", because=(), words="Not proven yet: adoption above 50 %.")
    assert is_another(replace(waits, words="Not proven yet: engagement above 15 %."), waits)
    assert not is_another(replace(waits, swept_at=waits.swept_at + timedelta(hours=1)), waits)
    assert not is_another(replace(SWEPT, words="Errors are proven worse, by a little more."), SWEPT)


def test_a_rehearsal_foretells_its_end_by_its_speed_once_enough_is_done() -> None:
    began = datetime(2026, 11, 18, 12, tzinfo=UTC)
    half = Rehearsing("id", "exercise_library", "maya", done=0.5, began_at=began)
    assert half.left(began + timedelta(minutes=6)) == timedelta(minutes=6)
    assert replace(half, done=0.01).left(began + timedelta(minutes=6)) is None
    assert replace(half, began_at=None).left(began) is None


def test_a_rehearsal_that_broke_off_says_why(room: FakeControlRoom) -> None:
    def work(say: object, stopped: object) -> Rehearsed:
        raise OSError("no space left")
    begun = rehearsed(room, work)
    app = open_page(REHEARSAL, rehearsal=begun.id)
    assert "no space left" in " ".join(each.value for each in app.error).replace("\\", "")


def test_somebody_demoted_in_an_open_tab_begins_no_rehearsal(room: FakeControlRoom) -> None:
    app = open_page(REHEARSAL, "operator", rollout="Exercise library")
    room.sessions["operator"] = Role.VIEWER
    app.button(key="rehearse").click().run()
    assert not app.exception
    assert not room.rehearsals.all()


def test_a_variant_begins_as_a_copy_of_the_plan_in_force(room: FakeControlRoom) -> None:
    app = open_page(REHEARSAL, rollout="Exercise library", rules="A variant, in YAML")
    assert app.text_area[0].value == room.plan_text("exercise_library").text


def test_an_empty_store_waits_for_its_first_event_and_offers_the_snippets() -> None:
    fake = empty_room()
    nothing = replace(ANSWERS["events_health"](None), last_event_at=None, kinds=(), letters=(), stored=0)
    fake.answers["events_health"] = lambda _: nothing
    fake.simulated = False
    put(fake)
    app = open_page(START)
    text = shown(app)
    assert "Waiting" in text
    assert "make run" in " ".join(each.value for each in app.code)
    assert any("/api/v1/events?key=pub_for_tests" in each.value for each in app.code)


def test_the_line_that_imports_names_the_program_as_this_place_finds_it(room: FakeControlRoom) -> None:
    app = open_page(START, way="CSV file")
    line = typed("import events.csv --mapping events.yaml", place_of(room.settings))
    assert line in [each.value for each in app.code]
    viewers = open_page(START, "viewer", way="CSV file")
    assert "rollout import events.csv --mapping events.yaml" in [each.value for each in viewers.code]


def test_the_first_event_is_ticked_with_its_kind(room: FakeControlRoom) -> None:
    assert "Received" in shown(open_page(START))
    assert "the newest is a **session**" in shown(open_page(START))


def test_refused_events_are_shown_with_their_reason_where_a_first_try_looks(room: FakeControlRoom) -> None:
    app = open_page(START)
    assert any("unknown kind" in each.value for each in app.warning)


def test_a_viewer_sees_no_write_key(room: FakeControlRoom) -> None:
    app = open_page(START, "viewer")
    assert not any("pub_for_tests" in each.value for each in app.code)
    assert "Ask an operator for the write key" in shown(app)


def test_the_overview_of_an_empty_store_leads_to_getting_started() -> None:
    put(empty_room())
    app = open_page()
    links = [each.proto.page for each in app.get("page_link")]
    assert any("start" in link or "getting_started" in link for link in links)


def test_the_slowest_page_of_enough_page_views_comes_first_then_those_of_few_and_unknown_last() -> None:
    def page_of(value: float | None, n: int = 30) -> SimpleNamespace:
        return SimpleNamespace(treatment=SimpleNamespace(value=value, n=n))
    ordered = slowest_first([page_of(158.0), page_of(None, 0), page_of(900.0, 29), page_of(178.0)], "INP")
    assert [each.treatment.value for each in ordered] == [178.0, 158.0, 900.0, None]
