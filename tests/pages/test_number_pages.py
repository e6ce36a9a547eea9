"""Adoption, Errors, Web Vitals, Speed, Business, Feedback: which time they show, what they say, what can be taken away.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.panels import (
    adoption_parts,
    business_parts,
    compare_result,
    errors_parts,
    evidence,
    feedback_parts,
    speed_parts,
    subjects_parts,
    vitals_parts,
)
from pages.panels.evidence import bounds, change_cell, change_columns, rows_as_file
from pages.panels.files import as_csv, changed
from pages.panels.health_card import changed_words
from rollout_core.charts import words
from rollout_core.flags.decision import Reason
from rollout_core.insight.compare import CompareRequest
from rollout_core.insight.errors import ErrorsRequest
from rollout_core.insight.health import HealthRequest
from rollout_core.insight.words import change_in_words
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.measured import Alike, Quality, Window
from tests.fakes.control_room import ANSWERS, FakeControlRoom
from tests.fakes.sample_answers import HOSTILE, NOW
from tests.fakes.sample_numbers import measured
from tests.pages.conftest import open_page, put, text_of

ADOPTION, ERRORS, VITALS = "insight/adoption.py", "insight/errors.py", "insight/web_vitals.py"
SPEED, BUSINESS, FEEDBACK = "insight/speed.py", "insight/business.py", "insight/feedback.py"
HERE = {"rollout": "Exercise library"}


def shown(app: AppTest) -> str:
    """What a reader reads, without the escapes that keep it from being markup."""
    return text_of(app).replace("\\", "").replace("⁠", "")


def phase_began(ago: timedelta) -> Callable[[Any], Any]:
    """The rollouts, each in a phase that began so long ago."""
    found = ANSWERS["rollouts"](None)
    at = datetime.now(UTC) - ago
    return lambda _: replace(found, rollouts=tuple(
        replace(each, phase_entered_at=at, started_at=at - timedelta(days=20)) for each in found.rollouts))


def windows_asked(question: str, script: str, ago: timedelta, **address: str) -> set[str]:
    """The windows a page asks its question for."""
    asked: list[str] = []

    def heard(request: Any) -> Any:
        asked.append(request.window)
        return ANSWERS[question](request)
    put(FakeControlRoom({question: heard, "rollouts": phase_began(ago)}))
    app = open_page(script, **HERE, **address)
    assert not app.exception
    return set(asked)


@pytest.mark.parametrize(("question", "script"), [("vitals", VITALS), ("errors", ERRORS), ("speed", SPEED)])
def test_a_phase_of_minutes_is_not_what_a_page_opens_with(question: str, script: str) -> None:
    assert windows_asked(question, script, timedelta(minutes=12)) == {"week"}
    assert windows_asked(question, script, timedelta(days=3)) == {"phase"}


def test_people_need_time_so_adoption_opens_since_the_start() -> None:
    assert windows_asked("adoption", ADOPTION, timedelta(minutes=12)) == {"rollout"}


def test_a_chosen_time_counts_on_every_page_whatever_it_suggests() -> None:
    for question, script in (("vitals", VITALS), ("adoption", ADOPTION), ("business", BUSINESS)):
        assert windows_asked(question, script, timedelta(days=3), window="Last 24 hours") == {"day"}
    assert windows_asked("vitals", VITALS, timedelta(minutes=5), window="This phase") == {"phase"}


def test_why_a_young_phase_is_not_shown_is_said_in_words() -> None:
    put(FakeControlRoom({"rollouts": phase_began(timedelta(minutes=12))}))
    app = open_page(SPEED, **HERE)
    assert app.selectbox(key="window").options[0] == "Last 7 days (suggested)"
    assert "the phase New users is only 12 min old" in shown(app)


def test_the_slowest_page_in_treatment_is_named_before_any_table(room: FakeControlRoom) -> None:
    text = shown(open_page(VITALS, vital="INP", **HERE))
    assert "INP is slower in treatment, +19.2% (+16.2 to +22.2)." in text
    assert "Slowest page: **/plan**, 380 ms" in text


def test_page_and_device_exclude_each_other_and_never_show_an_error(room: FakeControlRoom) -> None:
    app = open_page(VITALS, page="/plan", **HERE)
    app.selectbox(key="device").set_value("/exercise/:id").run()
    assert not app.error
    assert app.selectbox(key="page").value == "All pages"


def test_an_error_is_dated_by_the_change_before_it(room: FakeControlRoom) -> None:
    assert "24 min after Phase 3, 20%" in shown(open_page(ERRORS, **HERE))


def test_an_error_older_than_the_rollout_says_so() -> None:
    found = ANSWERS["errors"](ANSWERS_REQUEST)
    put(FakeControlRoom({"errors": lambda _: replace(found, groups=(replace(found.groups[0], after=None),))}))
    assert "before the rollout began" in shown(open_page(ERRORS, **HERE))


@pytest.mark.parametrize(("role", "verb"), [("operator", "resolve_issue"), ("admin", "ignore_issue")])
def test_an_error_is_settled_behind_the_button_that_opens_its_ways(role: str, verb: str) -> None:
    known = ANSWERS["issues"](ANSWERS_REQUEST)
    room = FakeControlRoom({"issues": lambda _: replace(known, issues=(replace(known.issues[0], source="f1"),))})
    put(room)
    app = open_page(ERRORS, role, **HERE)
    assert not settling(app), "what is closed is not sent"
    app.session_state["triage-f1"] = True
    app.run()
    assert settling(app) == ["resolve_issue-f1", "ignore_issue-f1"][:1 + (role == "admin")], "each sees what it may"
    app.text_input(key="why-f1").set_value("Known, a browser extension").run()
    app.button(key=f"{verb}-f1").click().run()
    [(done, _, request)] = room.done
    assert (done, request.issue, request.reason) == (verb, known.issues[0].id, "Known, a browser extension")


def settling(app: AppTest) -> list[str]:
    """Keys of the buttons that settle an error."""
    return [each.key for each in app.button if (each.key or "").startswith(("ignore_issue", "resolve_issue"))]


def test_a_viewer_reads_errors_without_buttons(room: FakeControlRoom) -> None:
    app = open_page(ERRORS, "viewer", **HERE)
    app.session_state["triage-f1"] = True
    app.run()
    assert not settling(app)


def test_each_category_is_compared_between_the_arms(room: FakeControlRoom) -> None:
    text = shown(open_page(ERRORS, **HERE))
    assert "**+100.0%** (+80.0 to +120.0)" in text, "network"


def test_each_phase_shows_its_own_funnel_and_no_adoption_while_nobody_is_old_enough(room: FakeControlRoom) -> None:
    text = shown(open_page(ADOPTION, **HERE))
    assert "100 people first exposed" in text
    assert "**60.0%** tried" in text
    assert "**50.0%** of them used again" in text, "30 of the 60 who tried"
    assert "No data" in text


def test_the_funnel_of_one_feature_is_asked_for_by_its_flag() -> None:
    asked: list[str | None] = []

    def heard(request: Any) -> Any:
        asked.append(request.flag)
        return ANSWERS["adoption"](request)
    put(FakeControlRoom({"adoption": heard}))
    open_page(ADOPTION, feature="Video", **HERE)
    assert asked[-1] == "video"


def test_a_target_is_held_against_todays_interval(room: FakeControlRoom) -> None:
    text = shown(open_page(BUSINESS, **HERE))
    assert "target: above 75%" in text
    assert "Not yet" in text


@pytest.mark.parametrize(("address", "wanted"), [
    ({"score": "Low"}, ("", "low", "")), ({"arm": "Control"}, ("control", "", "")),
    ({"said": "slow"}, ("", "", "slow")),
])
def test_the_inbox_is_narrowed_by_its_address(address: dict[str, str], wanted: tuple[str, str, str]) -> None:
    asked: list[Any] = []

    def heard(request: Any) -> Any:
        asked.append(request)
        return ANSWERS["feedback"](request)
    put(FakeControlRoom({"feedback": heard}))
    open_page(FEEDBACK, **HERE, **address)
    assert (asked[-1].arm, asked[-1].score, asked[-1].search) == wanted


def test_older_comments_are_a_press_away_and_so_is_the_way_back(room: FakeControlRoom) -> None:
    app = open_page(FEEDBACK, **HERE)
    assert not [each for each in app.button if each.key == "feedback-newest"]
    app.button(key="feedback-older").click().run()
    assert datetime.fromisoformat(app.query_params["before"]).tzinfo is not None
    app.button(key="feedback-newest").click().run()
    assert "before" not in app.query_params


def test_a_meddled_address_of_the_inbox_begins_with_the_newest(room: FakeControlRoom) -> None:
    assert not open_page(FEEDBACK, before="yesterday", **HERE).error


class Request:
    """Any request about the exercise rollout."""

    rollout, vital, window = "exercise_library", "INP", "week"


ANSWERS_REQUEST = Request()
FILES: dict[str, Callable[[], Any]] = {
    "vitals": lambda: vitals_parts.as_file(ANSWERS["vitals"](ANSWERS_REQUEST)),
    "page loads": lambda: vitals_parts.loads_as_file(ANSWERS["vitals"](ANSWERS_REQUEST)),
    "speed": lambda: speed_parts.degradation_as_file(ANSWERS["speed"](ANSWERS_REQUEST)),
    "rates": lambda: errors_parts.rates_as_file(ANSWERS["errors"](ANSWERS_REQUEST)),
    "groups": lambda: errors_parts.groups_as_file(ANSWERS["errors"](ANSWERS_REQUEST)),
    "adoption": lambda: adoption_parts.as_file(ANSWERS["adoption"](ANSWERS_REQUEST)),
    "funnel": lambda: adoption_parts.funnel_as_file(ANSWERS["adoption"](ANSWERS_REQUEST)),
    "phases": lambda: adoption_parts.phases_as_file(ANSWERS["adoption"](ANSWERS_REQUEST)),
    "features": lambda: adoption_parts.flags_as_file(ANSWERS["adoption"](ANSWERS_REQUEST)),
    "weeks": lambda: adoption_parts.cohorts_as_file(ANSWERS["adoption"](ANSWERS_REQUEST)),
    "days": lambda: adoption_parts.days_as_file(ANSWERS["adoption"](ANSWERS_REQUEST)),
    "together": lambda: adoption_parts.together_as_file(ANSWERS["adoption"](ANSWERS_REQUEST)),
    "business": lambda: rows_as_file(ANSWERS["business"](ANSWERS_REQUEST).rows),
    "retention": lambda: business_parts.retention_as_file(ANSWERS["business"](ANSWERS_REQUEST)),
    "scores": lambda: business_parts.scores_as_file(ANSWERS["business"](ANSWERS_REQUEST)),
    "comments": lambda: feedback_parts.as_file(ANSWERS["feedback"](ANSWERS_REQUEST)),
}


def read(rows: Callable[[], Any]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(as_csv(rows).decode())))


@pytest.mark.parametrize("name", FILES)
def test_every_table_is_a_file_with_a_header_and_its_rows(name: str) -> None:
    rows = read(FILES[name])
    assert len(rows) == len(FILES[name]()) > 0


def test_the_file_of_pages_holds_what_the_table_shows_with_intervals_n_and_time() -> None:
    answer = ANSWERS["vitals"](ANSWERS_REQUEST)
    rows = read(lambda: vitals_parts.slices_as_file(answer, answer.pages, "Page"))
    assert [row["page"] for row in rows] == ["/plan", "/exercise/:id", "/library"], "the slowest first"
    first, worst = rows[0], answer.pages[2]
    assert float(first["INP p75 treatment (ms)"]) == worst.treatment.value
    assert float(first["INP p75 treatment, low (ms)"]) == worst.treatment.low
    assert int(first["INP p75 treatment, n"]) == worst.treatment.n
    assert float(first["change (relative, 0.1 = +10 %)"]) == pytest.approx(0.25)
    assert datetime.fromisoformat(first["since"]) == answer.window.since_at


def test_measured_numbers_are_rounded_and_counts_are_exact() -> None:
    rows = as_csv(lambda: [{"p75 (ms)": 216.96280668654055, "change": -0.09426919017008428, "n": 123_456_789}])
    assert rows.decode() == "p75 (ms),change,n\n216.963,-0.0942692,123456789\n"


def few_and_enough() -> list[Any]:
    """A page with 15 page views at 500 ms, one with 66 at 300 ms."""
    one = ANSWERS["vitals"](ANSWERS_REQUEST).pages[0]
    return [replace(one, key="/rare", treatment=measured("inp_p75", 500.0, 200, n=15, unit="ms", noun="page views")),
            replace(one, key="/often", treatment=measured("inp_p75", 300.0, 20, n=66, unit="ms", noun="page views"))]


def slowest_of(*pages: Any) -> str:
    found = ANSWERS["vitals"](ANSWERS_REQUEST)
    put(FakeControlRoom({"vitals": lambda _: replace(found, pages=pages)}))
    return shown(open_page(VITALS, vital="INP", **HERE))


def test_a_page_with_few_views_is_not_named_slowest_unless_none_has_more() -> None:
    rare, often = few_and_enough()
    assert "Slowest page: **/often**, 300 ms" in slowest_of(rare, often)
    alone = slowest_of(rare)
    assert "Slowest page: **/rare**, 500 ms" in alone
    assert "15 page views, fewer than 30: uncertain" in alone


OF = Alike(0.398, 0.554, 83, 597, "share")


def test_every_change_on_a_page_names_the_two_values_it_is_of() -> None:
    change = measured("good", -0.283, 0.2, unit="relative", noun="page loads", alike=OF)
    assert "like with like 39.8% against 55.4% · 83 and 597 page loads" in change_cell(
        "good", change, words.WORSE, 1).replace("\\", "").replace("\u2060", "")
    columns = {name: values for name, (values, _) in change_columns([change]).items()}
    assert columns["Like with like"] == ["39.8% against 55.4%"]
    assert (columns["Compared"], columns["Change"]) == (["83 and 597"], [pytest.approx(-28.3)])


def test_two_scores_are_told_apart_as_far_as_their_change_is() -> None:
    of = Alike(92.6, 94.3, 83, 597, "score")                 # 92.6 / 94.3 - 1 = -1.8 %, which 93 against 94 is not
    change = measured("score", 92.6 / 94.3 - 1, 0.02, unit="relative", noun="page loads", alike=of)
    assert evidence.alike(change) == "like with like 92.6 against 94.3 · 83 and 597 page loads"
    assert "-1.8" in change_in_words(change).replace("\N{MINUS SIGN}", "-")
    assert "of 92.6 against 94.3 like with like" in change_in_words(change)


def test_a_change_of_too_few_is_not_shown_as_one() -> None:
    change = replace(measured("good", 0.4, 0.2, unit="relative", alike=OF), quality=Quality.FEW)
    assert evidence.verdict(change, lower_is_better=True) is words.TOO_FEW
    assert "40" not in change_cell("good", change, words.TOO_FEW, 1)
    assert change_columns([change])["Change"][0] == [None]


def test_a_file_holds_the_two_values_a_change_is_of() -> None:
    row = changed("change", measured("good", -0.283, unit="relative", alike=OF))
    assert row["like with like treatment (share 0 to 1)"] == 0.398
    assert row["like with like control (share 0 to 1)"] == 0.554
    assert (row["like with like treatment, n"], row["like with like control, n"]) == (83, 597)


def test_no_cell_of_a_file_is_a_formula() -> None:
    assert as_csv(lambda: [{"said": "=1+1", "score": -3}]).decode() == "said,score\n'=1+1,-3\n"


def test_what_is_not_known_is_an_empty_cell_and_never_zero() -> None:
    rows = read(FILES["vitals"])
    assert {row["p75 treatment (ms)"] for row in rows if row["vital"] == "TTFB"} == {""}


def test_rows_with_other_columns_stand_in_one_file() -> None:
    assert as_csv(lambda: [{"a": 1}, {"b": 2}]).decode() == "a,b\n1,\n,2\n"


@pytest.mark.parametrize("script", [ADOPTION, ERRORS, VITALS, SPEED, BUSINESS, FEEDBACK])
def test_every_page_of_numbers_offers_its_tables(room: FakeControlRoom, script: str) -> None:
    keys = [each.proto.id for each in open_page(script, "viewer", **HERE).get("download_button")]
    assert keys
    assert len(keys) == len(set(keys))


def test_a_comment_in_a_file_stays_what_was_written() -> None:
    assert [row["said"] for row in read(FILES["comments"])][1].lstrip("'") == HOSTILE


def test_intervals_beside_milliseconds_stay_milliseconds() -> None:
    assert bounds(measured("api", 786.0, 590.0, unit="ms")) == "196–1,376"
    assert bounds(measured("api", None, unit="ms")) == ""


@pytest.mark.parametrize(("question", "script", "nothing"), [
    ("vitals", VITALS, lambda found: replace(found, cards=tuple(
        replace(each, treatment=measured("v", None), control=measured("v", None)) for each in found.cards))),
    ("speed", SPEED, lambda found: replace(found, endpoints=(), components=(),
                                           degradation=measured("d", None, unit="relative"))),
    ("adoption", ADOPTION, lambda found: replace(found, phases=(), days=())),
    ("business", BUSINESS, lambda found: replace(found, rows=tuple(
        replace(each, everybody=measured("b", None)) for each in found.rows))),
    ("errors", ERRORS, lambda found: replace(found, groups=(), unattributed=0, treatment=measured("e", None, n=0),
                                             control=measured("e", None, n=0))),
])
def test_a_time_in_which_nothing_came_is_one_sentence_and_two_ways_on(question: str, script: str,
                                                                      nothing: Callable[[Any], Any]) -> None:
    put(FakeControlRoom({question: lambda request: nothing(ANSWERS[question](request))}))
    app = open_page(script, **HERE)
    assert "in this time." in shown(app)
    assert "Choose a longer time above." in shown(app)
    assert not app.get("plotly_chart")
    assert not app.header


def test_every_reason_of_a_decision_has_its_words() -> None:
    assert set(subjects_parts.REASONS) == {str(each) for each in Reason}


def test_subjects_are_called_by_the_plans_own_names_and_unknown_is_a_dash(room: FakeControlRoom) -> None:
    app = open_page("control/subjects.py", **HERE)
    rows = app.dataframe[0].value
    assert rows["Why"].tolist() == ["drawn by chance", "by hand"]
    assert rows["Audience"][0] == "New users (30 days)"
    assert rows["Sessions"].isna()[1]
    assert app.dataframe[0].proto.placeholder == "–"
    assert "Has it" not in rows


def test_everybody_shows_who_has_it_and_who_has_not(room: FakeControlRoom) -> None:
    assert "Has it" in open_page("control/subjects.py", who="Everybody", **HERE).dataframe[0].value


def test_the_page_of_subjects_stands_in_the_address() -> None:
    asked: list[Any] = []

    def heard(request: Any) -> Any:
        asked.append(request)
        return ANSWERS["workspaces"](request)
    put(FakeControlRoom({"workspaces": heard}))
    open_page("control/subjects.py", **HERE, **{"subjects-page": "7", "search": "user-1"})
    assert (asked[-1].page, asked[-1].search) == (7, "user-1")


def test_the_traffic_card_adds_up_what_stands_below_it() -> None:
    """2 + 3 events a minute for an hour, none in the last minute: the card shows the mean of 15 minutes, not that one.
    """
    def minutes(request: Any) -> Any:
        found = ANSWERS["traffic"](request)
        flows = tuple(replace(flow, per_minute=(rate,) * 59 + (0.0,)) for flow, rate in zip(
            found.flows[:2], (2.0, 3.0), strict=True))
        return replace(found, flows=flows, stale=False)
    put(FakeControlRoom({"traffic": minutes}))
    text = shown(open_page("insight/live.py", **HERE))
    assert "## 4.7" in text, "14/15 of 2 + 3"
    assert "1.9" in text
    assert "2.8" in text


def test_a_comparison_says_what_it_does_not_know_and_is_a_file() -> None:
    def noted(request: Any) -> Any:
        return replace(ANSWERS["compare"](request), note="people are divided by what the register says of them now")
    put(FakeControlRoom({"compare": noted}))
    app = open_page("insight/analytics.py", by="Device", **HERE)
    assert "people are divided by what the register says of them now" in shown(app)
    assert len(app.get("download_button")) == 2


@pytest.mark.parametrize(("metric", "said"), [("adoption_rate", "so it can be divided by feature only"),
                                              ("retention_day_7", "so it cannot be divided"), ("error_rate", "")])
def test_a_metric_of_people_says_by_what_it_is_not_divided(metric: str, said: str) -> None:
    put(FakeControlRoom())
    text = shown(open_page("insight/analytics.py", metric=CATALOG[metric].name, **HERE))
    assert said in text
    assert ("counted in people" in text) == bool(said)


def test_the_parts_of_a_comparison_are_a_file_with_both_sides() -> None:
    answer = ANSWERS["compare"](CompareRequest("error_rate", "exercise_library", by="device"))
    rows = read(lambda: compare_result.parts_as_file(answer))
    assert [row["part"] for row in rows] == [each.key for each in answer.parts]
    assert [row["metric"] for row in read(lambda: compare_result.as_file(answer))] == [answer.name]


def test_the_change_of_health_over_a_day_is_said_to_be_of_hours_since_its_curve_is_finer() -> None:
    answer = replace(ANSWERS["health"](HealthRequest("exercise_library")), change=0,
                     history_window=Window(NOW - timedelta(days=1), NOW))
    assert changed_words(answer, "Last 24 hours") == "±0 over last 24 hours, from hour to hour"
    week = replace(answer, change=3, history_window=Window(NOW - timedelta(days=7), NOW))
    assert changed_words(week, "Last 7 days") == "+3 over last 7 days"


def test_a_phase_of_too_few_people_is_told_by_how_many_and_by_no_share() -> None:
    found = ANSWERS["adoption"](ANSWERS_REQUEST)
    one = replace(measured("adoption_rate", 1.0, 0.1, 1, noun="people"), quality=Quality.FEW)
    few = replace(found.phases[0], exposed=2, tried=1, used_again=1, adoption=one)
    put(FakeControlRoom({"adoption": lambda _: replace(found, phases=(few,))}))
    said = shown(open_page(ADOPTION, **HERE))
    assert "1 person: too few to say anything yet" in said
    assert "**1** of 2 tried" in said
    assert "**1** of 1 used again" in said
    assert "**50.0%** tried" not in said


@pytest.mark.parametrize("many", [0, 62])
def test_errors_that_name_no_session_are_counted_with_what_to_send(many: int) -> None:
    put(FakeControlRoom({"errors": lambda request: replace(ANSWERS["errors"](request), unnamed=many)}))
    said = shown(open_page(ERRORS, **HERE))
    assert ("62 errors came without the session they happened in" in said) is bool(many)
    assert ("Send each error with the `session`" in said) is bool(many)


@pytest.mark.parametrize(("note", "said"), [("errors come without the session they happened in",
                                             "control: errors come without the session"), ("", "no control")])
def test_a_control_that_is_there_and_not_known_is_not_called_none(note: str, said: str) -> None:
    seen = ANSWERS["errors"](ErrorsRequest("exercise_library")).treatment
    assert said in evidence.both_arms(seen, replace(seen, value=None, note=note))
