"""The buttons: what is asked, what is shown before, what is sent, what is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.panels import answers
from pages.panels.confirm import Asked, ways_back
from pages.panels.foresight import evidence_rows
from pages.panels.wording import MEANS, WORDING
from rollout_core.analysis.verdict import Status
from rollout_core.charts import words
from rollout_core.errors import NotSignedIn, StaleRollout, StoreUnavailable
from rollout_core.insight.decisions import Followed
from rollout_core.insight.gates import GatesRequest
from rollout_core.insight.pause_check import PauseCheckAnswer
from rollout_core.insight.rollouts import WayBack
from rollout_core.insight.status import Waiting
from rollout_core.insight.verdict_words import Since
from rollout_core.insight.verdicts import VerdictsAnswer
from rollout_core.people.role import Role
from rollout_core.rollouts.gates import Gate, GateState
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.status import Status as RolloutStatus
from tests.fakes.control_room import ANSWERS, FakeControlRoom
from tests.fakes.sample_answers import NOW
from tests.pages.conftest import open_page, text_of

ROLLOUT = "control/rollout.py"


def sample_rollout() -> Rollout:
    """As little of one as there can be."""
    return Rollout("exercise_library", "Exercise library", "exercise_library", 7, "user", "salt", RolloutStatus.RUNNING,
                   NOW)


def button(app: AppTest, key: str):
    """The button with this key."""
    return app.button(key=key)


def test_advancing_shows_the_step_the_counts_and_what_is_unproven_before_the_press(room: FakeControlRoom) -> None:
    app = open_page(ROLLOUT, rollout="Exercise library")
    button(app, "ask-advance").click().run()
    shown = text_of(app)
    assert "**20%**" in shown
    assert "**50%**" in shown
    assert [metric.value for metric in app.metric] == ["63,912", "0", "105,120"]
    assert "Satisfaction" in shown
    assert "within about 9 h" in shown.replace("\\", ""), "what would be noticed, and how soon"
    assert button(app, "confirm-go").label == "Advance to 50%"
    assert not room.done, "nothing happens before the confirming press"


def test_before_advancing_open_critical_alerts_the_way_back_and_what_comes_next_are_said(room: FakeControlRoom) -> None:
    room.changes = lambda found: replace(found, to_phase="Expanded Rollout")
    app = open_page(ROLLOUT, rollout="Exercise library")
    button(app, "ask-advance").click().run()
    shown = text_of(app).replace("\\", "").replace("⁠", "")
    critical = [each.alert.title for each in ANSWERS["alerts"](None).alerts if each.alert.severity == "critical"]
    assert critical
    assert all(f"critical alert open:** {title}"[:40] in shown for title in critical)
    assert "takes it from about as many as gain it now (63,912; its dialog counts them anew)" in shown
    assert "(1 of 2 conditions met now) start from nothing" in shown
    unmet = [each.name for each in ANSWERS["gates"](GatesRequest("exercise_library")).gates if each.state == "not_met"]
    assert unmet
    assert f"Expanded Rollout will ask for what is not so today:**\n- {unmet[0]}" in shown


def test_what_lowers_or_starts_says_nothing_of_a_next_phase(room: FakeControlRoom) -> None:
    app = open_page(ROLLOUT, rollout="Exercise library")
    button(app, "ask-pause").click().run()
    shown = text_of(app)
    assert "critical alert open" not in shown
    assert "will ask for" not in shown
    assert "It can be rolled back at any time" not in shown


def test_the_confirming_press_sends_the_revision_the_dialog_showed_and_the_reason(room: FakeControlRoom) -> None:
    app = open_page(ROLLOUT, rollout="Exercise library")
    button(app, "ask-advance").click().run()
    app.text_area(key="asked-reason").set_value("Signed off by Maya").run()
    button(app, "confirm-go").click().run()
    [(verb, actor, request)] = room.done
    assert (verb, actor.session_id) == ("advance", "admin")
    assert (request.rollout, request.revision, request.reason) == ("exercise_library", 41, "Signed off by Maya")
    assert any("Advanced" in toast.value and "63,912 people gained it" in toast.value for toast in app.toast)


def test_against_the_evidence_a_reason_is_asked_for_and_the_dialog_stays(room: FakeControlRoom) -> None:
    app = open_page(ROLLOUT, rollout="Exercise library")
    button(app, "ask-advance").click().run()
    button(app, "confirm-go").click().run()
    assert not room.done
    assert any("Write a reason first." in str(each.value) for each in app.error)
    assert button(app, "confirm-go")


def test_cancel_changes_nothing_and_closes_the_dialog(room: FakeControlRoom) -> None:
    app = open_page(ROLLOUT, rollout="Exercise library")
    button(app, "ask-advance").click().run()
    button(app, "confirm-cancel").click().run()
    assert not room.done
    with pytest.raises(KeyError):
        button(app, "confirm-go")


def test_a_stale_tab_is_refused_and_told_why(room: FakeControlRoom) -> None:
    room.needs_reason = False
    room.refuses = StaleRollout("sam@example.org held this rollout 2 min ago (revision 42).", mend="Look again.")
    app = open_page(ROLLOUT, rollout="Exercise library")
    button(app, "ask-advance").click().run()
    button(app, "confirm-go").click().run()
    shown = " ".join(str(each.value) for each in app.error).replace("\\", "").replace("⁠", "")
    assert "sam@example.org held this rollout" in shown
    assert "Nothing was changed." in shown


def test_a_change_by_somebody_else_while_the_dialog_is_open_takes_the_button_away(room: FakeControlRoom) -> None:
    app = open_page(ROLLOUT, rollout="Exercise library")
    button(app, "ask-advance").click().run()
    room.revision = 42
    app.text_area(key="asked-reason").set_value("Decided on what I saw").run()
    shown = " ".join(str(each.value) for each in app.error).replace("\\", "").replace("⁠", "")
    assert "revision 41 then, 42 now" in shown
    assert "maya@example.org advanced it" in shown, "who changed it, and what they did"
    with pytest.raises(KeyError):
        button(app, "confirm-go")


def test_a_tab_drawn_before_somebody_else_s_change_shows_nothing_of_the_step_after_it(room: FakeControlRoom) -> None:
    app = open_page(ROLLOUT, rollout="Exercise library")
    room.revision = 42
    button(app, "ask-advance").click().run()
    shown = " ".join(str(each.value) for each in app.error).replace("\\", "").replace("⁠", "")
    assert "Meanwhile maya@example.org advanced it from 5% to 20%" in shown
    assert "revision 41 then, 42 now" in shown
    assert not app.metric, "no counts of a change that nobody asked for"
    with pytest.raises(KeyError):
        button(app, "confirm-go")
    button(app, "confirm-look-again").click().run()
    assert not app.error
    assert "asked" not in app.session_state, "the dialog is closed, the page is of now"


def test_a_way_out_from_a_tab_that_is_behind_says_so_and_stays_open(room: FakeControlRoom) -> None:
    app = open_page(ROLLOUT, "operator", rollout="Exercise library")
    room.revision = 42
    app.menu_button(key="ask-roll-back").click("immediate").run()
    shown = " ".join(str(each.value) for each in app.warning).replace("\\", "").replace("⁠", "")
    assert "Meanwhile maya@example.org advanced it from 5% to 20%" in shown
    button(app, "confirm-go").click().run()
    assert room.done[0][2].to == 5.0, "where the page said that it leads, not further down from wherever it is now"


def test_a_way_out_that_was_taken_already_says_by_whom_and_that_nothing_changed(room: FakeControlRoom) -> None:
    room.already = replace(sample_rollout(), percentage=50_000, status=RolloutStatus.HELD)
    app = open_page(ROLLOUT, "operator", rollout="Exercise library")
    app.menu_button(key="ask-roll-back").click("immediate").run()
    button(app, "confirm-go").click().run()
    [said] = [toast.value.replace("\\", "").replace("⁠", "") for toast in app.toast]
    assert said.startswith("Nothing changed by you: maya@example.org advanced it from 5% to 20%")
    assert "It is at 50%, held." in said
    assert "Rolled back" not in said


def test_more_than_may_be_resumed_reaches_us_and_leaves_no_button(room: FakeControlRoom) -> None:
    app = opened_with(room, "resume")
    box = app.number_input(key="asked-percentage")
    assert (box.min, box.max) == (None, None), "a bound would keep the number in the browser and confirm the one before"
    room.changes = lambda found: replace(found, allowed=False, changes=False, refusal="Exercise library served 20 %.")
    box.set_value(60.0).run()
    assert any("served 20\N{NO-BREAK SPACE}%" in str(each.value).replace("\\", "") for each in app.error)
    assert not app.metric
    assert not app.text_area, "no reason is asked for what cannot be done"
    with pytest.raises(KeyError):
        button(app, "confirm-go")


def test_a_percentage_that_changed_as_the_button_was_pressed_is_looked_at_first(room: FakeControlRoom) -> None:
    app = opened_with(room, "set_percentage")
    assert button(app, "confirm-go").label == "Set to 20%"
    app.number_input(key="asked-percentage").set_value(10.0)
    button(app, "confirm-go").click().run()
    assert not room.done, "the button named 20 %"
    assert any("changed as you pressed" in str(each.value) for each in app.error)
    button(app, "confirm-go").click().run()
    assert room.done[0][2].percentage == 10.0


def opened_with(room: FakeControlRoom, verb: str) -> AppTest:
    """The rollout's page with the dialog of a verb that asks how much, 20 % at first, and no reason needed."""
    room.needs_reason = False
    app = open_page(ROLLOUT, rollout="Exercise library")
    app.session_state["asked"] = Asked(verb, "exercise_library", "Exercise library", "user", 20.0)
    return app.run()


def test_pausing_works_while_nothing_can_be_counted_and_no_question_is_answered(room: FakeControlRoom) -> None:
    room.broken = room.preview_broken = StoreUnavailable("The event store is away.", mend="Try again soon.")
    app = open_page(ROLLOUT, "operator", rollout="Exercise library")
    button(app, "ask-pause").click().run()
    button(app, "confirm-go").click().run()
    [(verb, _, request)] = room.done
    assert (verb, request.rollout) == ("pause", "exercise_library")


@pytest.mark.parametrize(("key", "said"), [
    ("ask-hold", "until somebody resumes or advances"), ("ask-pause", "Where it was is remembered")])
def test_a_dialog_says_what_a_verb_does_besides_the_counts(room: FakeControlRoom, key: str, said: str) -> None:
    app = open_page(ROLLOUT, rollout="Exercise library")
    button(app, key).click().run()
    assert said in text_of(app)


def test_every_verb_with_a_dialog_says_what_it_does_besides_the_counts() -> None:
    assert set(MEANS) == set(WORDING)


@pytest.mark.parametrize("verb", sorted(WORDING))
def test_the_dialog_of_every_verb_opens_and_confirms(room: FakeControlRoom, verb: str) -> None:
    room.needs_reason = False
    app = open_page(ROLLOUT, rollout="Exercise library")
    fields = (("kind", "immediate"),) if verb == "roll_back" else ()
    back = (WayBack("immediate", 5.0, 1), WayBack("gradual", 10.0, 0), WayBack("full", 0.1, 2))
    app.session_state["asked"] = Asked(verb, "exercise_library", "Exercise library", "user", 20.0, fields, back=back)
    app.run()
    assert not [each.value for each in app.error]
    button(app, "confirm-go").click().run()
    assert [done[0] for done in room.done] == [verb]


def test_rolling_back_is_one_menu_away_and_names_its_kind(room: FakeControlRoom) -> None:
    app = open_page(ROLLOUT, "operator", rollout="Exercise library")
    app.menu_button(key="ask-roll-back").click("gradual").run()
    button(app, "confirm-go").click().run()
    [(verb, _, request)] = room.done
    assert (verb, request.kind) == ("roll_back", "gradual")


def test_a_way_back_says_how_many_phases_back_it_is() -> None:
    assert ways_back([WayBack("immediate", 5.0, 1), WayBack("gradual", 10.0, 0)]) == {
        "immediate": "One phase back, to 5%", "gradual": "Down within this phase, to 10%"}
    assert ways_back([WayBack("immediate", 20.0, 2)]) == {"immediate": "2 phases back, to 20%"}


def test_a_second_press_of_a_rollback_names_the_same_place_to_go(room: FakeControlRoom) -> None:
    app = open_page(ROLLOUT, "operator", rollout="Exercise library")
    app.menu_button(key="ask-roll-back").click("gradual").run()
    button(app, "confirm-go").click().run()
    assert room.done[0][2].to == 10.0, "the share its dialog showed, not half of whatever is served then"


def test_another_way_back_can_be_chosen_in_the_dialog(room: FakeControlRoom) -> None:
    app = open_page(ROLLOUT, "operator", rollout="Exercise library")
    app.menu_button(key="ask-roll-back").click("immediate").run()
    choice = app.radio(key="asked-kind")
    assert choice.options == ["One phase back, to 5%", "Down within this phase, to 10%",
                              "All the way to the safe state, 0.1%"]
    choice.set_value("full").run()
    button(app, "confirm-go").click().run()
    assert room.done[0][2].kind == "full"


def test_a_kind_chosen_while_nothing_can_be_counted_goes_where_its_own_words_say(
        room: FakeControlRoom) -> None:
    app = open_page(ROLLOUT, "operator", rollout="Exercise library")
    app.menu_button(key="ask-roll-back").click("gradual").run()
    room.preview_broken = StoreUnavailable("The event store is away.")
    app.radio(key="asked-kind").set_value("full").run()
    button(app, "confirm-go").click().run()
    assert (room.done[0][2].kind, room.done[0][2].to) == ("full", 0.1)


def test_proven_harm_makes_going_back_the_primary_button(room: FakeControlRoom) -> None:
    app = open_page(ROLLOUT, "operator", rollout="Exercise library")
    assert "Harm is proven: Support tickets" in text_of(app)
    button(app, "lead-roll-back").click().run()
    assert "20,604" in [metric.value for metric in app.metric]


def test_guardrails_without_data_are_not_called_harmless(room: FakeControlRoom) -> None:
    def blind(request: object) -> VerdictsAnswer:
        found = ANSWERS["verdicts"](request)
        lines = [replace(each, verdict=replace(each.verdict, status=Status.NO_DATA)) for each in found.guardrails]
        return replace(found, guardrails=tuple(lines))
    room.answers["verdicts"] = blind
    app = open_page(ROLLOUT, "operator", rollout="Exercise library")
    assert "Whether it harms is not known yet: no guardrail has enough data." in text_of(app)
    button(app, "ask-pause").click().run()
    assert "No harm is proven" not in text_of(app)


@pytest.mark.parametrize(("few", "said"), [
    (0, "No harm is proven."), (1, "No harm is proven by the 3 of 4 guardrails that have enough data."),
    (3, "Whether it harms is not known yet: 1 of 4 guardrails have enough data.")])
def test_that_no_harm_is_proven_is_said_of_the_guardrails_that_have_enough(
        room: FakeControlRoom, few: int, said: str) -> None:
    def early(request: object) -> VerdictsAnswer:
        found = ANSWERS["verdicts"](request)
        lines = [replace(each, verdict=replace(each.verdict, status=Status.WATCHING), enough=place >= few)
                 for place, each in enumerate(found.guardrails)]
        return replace(found, guardrails=tuple(lines))
    room.answers["verdicts"] = early
    app = open_page(ROLLOUT, "operator", rollout="Exercise library")
    assert said in text_of(app)
    assert text_of(app).count("Too few") == few


def test_a_condition_that_decides_by_its_bare_threshold_shows_how_often_that_errs(room: FakeControlRoom) -> None:
    cost = "decides by the bare threshold: looked at every hour, it would be paused by accident in 97% of weeks"
    def bare(request: object) -> PauseCheckAnswer:
        found = ANSWERS["pause_check"](request)
        lines = [replace(each, decide="threshold", cost=cost) if each.measured else each for each in found.conditions]
        return replace(found, conditions=tuple(lines))
    assert "97% of weeks" not in text_of(open_page(ROLLOUT, rollout="Exercise library")).replace("\\", "")
    room.answers["pause_check"] = bare
    answers.forget()
    assert cost in text_of(open_page(ROLLOUT, rollout="Exercise library")).replace("\\", "")


def test_the_page_says_why_the_autopilot_goes_on_reducing_and_when_it_stops(room: FakeControlRoom) -> None:
    shown = text_of(open_page(ROLLOUT, rollout="Patient engagement")).replace("\\", "")
    assert "going down step by step" in shown
    assert "may still be up to 1.2 percentage points worse than control, 0.5 are tolerated" in shown
    assert "to 12.5%" in shown
    assert "It stops when Sessions with an error can be no worse than is tolerated" in shown


def test_what_was_waived_before_a_start_is_not_called_signed() -> None:
    gates = (Gate("a", "Tests pass", GateState.MET), Gate("b", "CDN is set", GateState.WAIVED))
    assert [row["Evidence"] for row in evidence_rows(gates)] == [words.MET.badge, words.WAIVED.badge]


def test_a_rollout_that_is_ready_says_that_it_can_be_started(room: FakeControlRoom) -> None:
    def ready(request: Any) -> Any:
        found = ANSWERS["status"](request)
        waits = replace(found.gates, not_met=0, waiting=(Waiting("Error rate below 1 %", "no_data", None, False),))
        return replace(found, status="ready", gates=waits)
    room.answers["status"] = ready
    text = text_of(open_page(ROLLOUT, rollout="Exercise library")).replace("\\", "")
    assert "It can be started. Before it leaves" in text
    assert "Waits for" not in text


@pytest.mark.parametrize(("chosen", "mode", "meaning"), [
    ("Act: reduces by itself", "act", "it lowers the share by itself and asks nobody"),
    ("Off: nothing by itself", "off", "proven harm goes on until a person lowers the share")])
def test_another_mode_of_the_autopilot_is_set_once_its_meaning_was_confirmed(
        room: FakeControlRoom, chosen: str, mode: str, meaning: str) -> None:
    app = open_page(ROLLOUT, rollout="Exercise library")
    app.menu_button(key="autopilot-exercise_library").click(chosen).run()
    assert not room.done
    assert meaning in text_of(app)
    app.text_area(key="sure-reason").set_value("Nobody is here at night").run()
    app.button(key="sure-go").click().run()
    [(verb, _, request)] = room.done
    assert (verb, request.mode, request.reason) == ("set_autopilot", mode, "Nobody is here at night")


def test_a_paused_rollout_is_offered_no_pause(room: FakeControlRoom) -> None:
    known = ANSWERS["rollouts"](None)
    paused = tuple(replace(each, status="paused", percentage=0.0) for each in known.rollouts)
    room.answers["rollouts"] = lambda _: replace(known, rollouts=paused)
    keys = {each.key for each in open_page(ROLLOUT, rollout="Exercise library").button}
    assert "ask-pause" not in keys
    assert "ask-resume" in keys


def test_a_viewer_has_no_buttons_and_reads_whom_to_ask(room: FakeControlRoom) -> None:
    app = open_page(ROLLOUT, "viewer", rollout="Exercise library")
    assert not [each for each in app.button if (each.key or "").startswith("ask-")]
    assert "View only" in text_of(app)


def test_an_operator_may_lower_but_is_not_offered_what_raises(room: FakeControlRoom) -> None:
    app = open_page(ROLLOUT, "operator", rollout="Exercise library")
    keys = {each.key for each in app.button}
    assert {"ask-pause", "ask-hold"} <= keys
    assert "ask-advance" not in keys


def test_a_session_revoked_in_an_open_tab_is_refused_at_the_press(room: FakeControlRoom) -> None:
    room.needs_reason = False
    app = open_page(ROLLOUT, rollout="Exercise library")
    button(app, "ask-advance").click().run()
    room.sessions.clear()
    button(app, "confirm-go").click().run()
    assert not room.done
    assert NotSignedIn.__name__ not in text_of(app)
    assert not app.exception


def test_somebody_demoted_in_an_open_tab_is_refused_at_the_press(room: FakeControlRoom) -> None:
    room.needs_reason = False
    app = open_page(ROLLOUT, rollout="Exercise library")
    button(app, "ask-advance").click().run()
    room.sessions["admin"] = Role.VIEWER
    button(app, "confirm-go").click().run()
    assert not room.done
    assert not app.exception


def test_acknowledging_an_alert_is_one_press(room: FakeControlRoom) -> None:
    app = open_page("control/alerts.py", "operator")
    button(app, "ack-alert-1").click().run()
    [(verb, _, request)] = room.done
    assert (verb, request.alert) == ("acknowledge_alert", "alert-1")


def test_ticking_an_item_is_a_verb(room: FakeControlRoom) -> None:
    app = open_page("control/procedure.py", "operator", rollout="Exercise library")
    box = next(each for each in app.checkbox if not each.value)
    box.check().run()
    [(verb, _, request)] = room.done
    assert (verb, request.done, request.rollout) == ("tick_checklist", True, "exercise_library")


def test_the_rollout_in_the_address_is_the_one_shown(room: FakeControlRoom) -> None:
    assert "Patient engagement" in open_page(ROLLOUT, rollout="Patient engagement").title[0].value


def test_the_key_in_the_address_shows_that_rollout_too(room: FakeControlRoom) -> None:
    app = open_page(ROLLOUT, rollout="patient_engagement")
    assert app.selectbox(key="rollout").value == "Patient engagement"


def test_what_had_failed_before_a_resume_stands_in_the_headline(room: FakeControlRoom) -> None:
    def resumed(request: Any) -> Any:
        return replace(ANSWERS["gates"](request), since=Since("the resume", NOW),
                       failed_before=("Retention above 75 %",))
    room.answers["gates"] = resumed
    text = text_of(open_page(ROLLOUT, rollout="Exercise library")).replace("\\", "").replace("\u00a0", " ")
    assert text.count("Before the resume it was proven not to be met: Retention above 75 %.") == 2


@pytest.mark.parametrize(("followed", "said"), [
    ((), "Hold: advised then, not done; the share has not changed since."),
    ((Followed(3, NOW, "roll_back", 50.0, 25.0),), "Hold: advised then. The share's next change: "),
    ((Followed(3, NOW, "roll_back", 50.0, 25.0),), "50% to 25% (roll back).")])
def test_advice_of_then_says_what_became_of_it(
        room: FakeControlRoom, followed: tuple[Followed, ...], said: str) -> None:
    room.answers["decisions"] = lambda request: replace(ANSWERS["decisions"](request), followed=followed)
    assert said in text_of(open_page(ROLLOUT, rollout="Exercise library")).replace("\\", "")


def test_the_page_says_when_the_autopilot_looked_last(room: FakeControlRoom) -> None:
    room.answers["autopilot"] = lambda request: replace(ANSWERS["autopilot"](request), next_at=None, reduced_at=None,
                                                        looked_at=NOW)
    assert "no verdict has changed since the newest decision" in text_of(open_page(ROLLOUT, rollout="Exercise library"))
