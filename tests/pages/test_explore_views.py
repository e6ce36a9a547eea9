"""The Explore page: what it offers is what the event store allows, what it hands out is harmless, what runs can end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.panels import explore_answer
from pages.panels.explore_chart import NO_COLOUR, parting, telling, weighty
from pages.panels.explore_schema import COLUMNS, VIEWS
from rollout_core.errors import InvalidRequest, QueryRefused, QueryStopped, StoreUnavailable
from rollout_core.insight.ready_questions import SHIPPED
from rollout_core.ports.event_store import Found
from rollout_core.storage.event_store import DuckdbEventStore, open_event_store
from rollout_core.storage.event_views import view_definitions
from tests.fakes.control_room import FakeControlRoom
from tests.pages.conftest import open_page, put, text_of

PAGE = "insight/explore.py"
ANSWER = Found(("day", "arm", "people"), [("2026-03-01", "treatment", 3), ("2026-03-01", "control", 4),
                                          ("2026-03-02", "treatment", 5), ("2026-03-02", "=cmd|' /C calc'!A0", None)],
               capped=False, types=("VARCHAR", "VARCHAR", "BIGINT"))


class Room(FakeControlRoom):
    """Answers SQL with `rows`, or raises `wrong`; remembers what was asked and by whom."""

    rows: Found = ANSWER
    wrong: Exception | None = None

    def query(self, actor: Any, sql: str, limit: int, called_off: Any = None) -> Found:
        super().query(actor, sql, limit, called_off)
        self.asked = [*getattr(self, "asked", []), (sql, str(actor.role))]
        if self.wrong is not None:
            raise self.wrong
        return Found(("view_name", "column_name", "column_type", "meaning"),
                     [("exposures", "rollout", "VARCHAR", "Rollout")], capped=False) if sql == COLUMNS else self.rows


@pytest.fixture(autouse=True)
def asked_anew() -> Iterator[None]:
    """No answer of one test reaches the next."""
    explore_answer._started.clear()
    yield
    explore_answer._started.clear()


def open_explore(role: str = "operator", **query: str) -> AppTest:
    """The page as a link with this query opens it."""
    return open_page(PAGE, role, **query)


def asked(room: Room) -> list[str]:
    """The SQL that reached the room."""
    return [sql for sql, _ in getattr(room, "asked", [])]


@pytest.fixture(scope="module")
def events() -> Iterator[DuckdbEventStore]:
    """An empty event store in memory."""
    store = open_event_store(None, b"k" * 32)
    yield store
    store.close()


def test_a_viewer_asks_ready_questions_and_writes_no_sql() -> None:
    room = put(Room())
    app = open_explore("viewer")
    assert not app.error
    assert "Operators and admins also write SQL" in text_of(app)
    assert not [each for each in app.text_area if each.key == "explore-sql"]
    assert [each.label for each in app.button if str(each.key).startswith("ask-")] == [each.name for each in SHIPPED]
    app.button(key="ask-worst-inp").click().run()
    assert asked(room) == [SHIPPED[0].sql]
    assert "4 rows" in text_of(app)


@pytest.mark.parametrize("address", [{"sql": "select 42"}, {"question": "q1"}, {"question": "q1", "sql": "select 42"}])
def test_an_address_asks_nothing_for_a_viewer_that_they_may_not_ask(address: dict[str, str]) -> None:
    room = put(Room())
    app = open_explore("viewer", **address)
    assert "for operators and admins" in app.warning[0].value
    assert asked(room) == []


def test_opening_the_page_asks_nothing_and_says_how_to_begin() -> None:
    room = put(Room())
    app = open_explore()
    assert "Where to begin?" in text_of(app)
    assert [each.label for each in app.button if str(each.key).startswith("ask-")][-len(SHIPPED):] == [
        each.name for each in SHIPPED]
    assert asked(room) == []


def test_a_question_on_the_empty_page_is_a_press_away() -> None:
    room = put(Room())
    app = open_explore()
    app.button(key="ask-worst-inp").click().run()
    assert asked(room) == [SHIPPED[0].sql]
    assert app.selectbox(key="explore-chosen").value == "worst-inp"
    assert app.query_params["question"] == "worst-inp"
    assert "4 rows" in text_of(app)


def test_a_chosen_question_is_asked_at_once_and_stands_in_the_address() -> None:
    room = put(Room())
    app = open_explore()
    app.selectbox(key="explore-chosen").select("sessions").run()
    assert asked(room) == [next(each.sql for each in SHIPPED if each.id == "sessions")]
    assert app.query_params["question"] == "sessions"
    assert "4 rows" in text_of(app)


def test_sql_of_ones_own_stands_in_the_address_and_opens_from_it() -> None:
    room = put(Room())
    app = open_explore()
    app.text_area(key="explore-sql").input("select 42").run()
    assert asked(room) == [], "typing asks nothing"
    app.button(key="run-sql").click().run()
    assert app.query_params["sql"] == "select 42"
    again = put(Room())
    opened = open_explore(sql="select 42")
    assert opened.text_area(key="explore-sql").value == "select 42"
    assert asked(again) == ["select 42"]


def test_a_saved_question_opens_by_its_id() -> None:
    room = put(Room())
    app = open_explore(question="q1")
    assert app.selectbox(key="explore-chosen").value == "q1"
    assert asked(room) == ["select 1"]


def test_an_address_whose_question_was_removed_says_so() -> None:
    put(Room())
    app = open_explore(question="gone")
    assert "was removed" in app.warning[0].value


def test_choosing_a_chart_does_not_ask_again_but_run_does() -> None:
    room = put(Room())
    app = open_explore(sql="select 42")
    app.selectbox(key="kind").select("Line").run()
    assert asked(room) == ["select 42"]
    app.button(key="run-sql").click().run()
    assert asked(room) == ["select 42", "select 42"]


def test_arms_are_the_colour_unless_another_one_is_chosen() -> None:
    put(Room())
    app = open_explore(sql="select 42")
    assert (app.selectbox(key="x").value, app.selectbox(key="y").value, app.selectbox(key="colour").value) == (
        "day", "people", "arm")


def test_a_question_is_saved_renamed_and_removed_for_everybody() -> None:
    room = put(Room())
    app = open_explore(question="q1")
    app.text_input(key="explore-name").input("By kind").run()
    for button in ("question-save", "question-rename", "question-remove"):
        app.button(key=button).click().run()
        if button != "question-remove":
            app.selectbox(key="explore-chosen").select("q1").run()
    assert [(verb, request.name if hasattr(request, "name") else request.id) for verb, _, request in room.done] == [
        ("save_question", "By kind"), ("rename_question", "By kind"), ("remove_question", "q1")]


def test_a_name_that_is_taken_is_refused_in_words() -> None:
    put(Room(refuses=InvalidRequest("There is a question called By kind already.", mend="Choose another name.")))
    app = open_explore(question="q1")
    app.button(key="question-save").click().run()
    assert not app.exception
    assert "called By kind already" in " ".join(each.value for each in app.error).replace("\\", "")


def test_what_the_store_refuses_is_said_in_its_place() -> None:
    room = put(Room())
    room.wrong = QueryRefused("dead_letter may not be read.", mend="Views: …")
    app = open_explore(sql="select * from dead_letter")
    assert "may not be read" in app.error[0].value.replace("\\", "")
    assert app.text_area(key="explore-sql").value == "select * from dead_letter"


def test_a_query_that_took_too_long_does_not_look_like_a_mistake_in_it() -> None:
    room = put(Room())
    room.wrong = QueryStopped("The query took longer than 10 s and was stopped.", mend="Narrow it by time.")
    assert open_explore(sql="select 1").error[0].icon == ":material/timer_off:"


def test_a_store_that_is_away_is_said_and_the_box_stays() -> None:
    room = put(Room())
    room.wrong = StoreUnavailable("The event store is being reopened.", mend="Try again soon.")
    app = open_explore(sql="select 1")
    assert "being reopened" in app.error[0].value
    assert app.text_area(key="explore-sql").value == "select 1"


def test_an_answer_without_rows_says_so_and_offers_no_file() -> None:
    room = put(Room())
    room.rows = Found(("a",), [], capped=False)
    app = open_explore(sql="select 1")
    assert "Nothing fits" in text_of(app)
    assert not app.get("download_button") or {each.proto.label for each in app.get("download_button")} == {
        "Download notebook"}


def test_a_running_query_is_shown_and_can_be_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explore_answer, "PATIENCE_SECONDS", 0.01)

    class Slow(Room):
        def query(self, actor: Any, sql: str, limit: int, called_off: Event | None = None) -> Found:
            assert called_off is not None
            assert called_off.wait(20), "cancel must reach the query"
            raise QueryRefused("The query was called off.", mend="Nothing was changed.")

    put(Slow())
    app = open_explore(sql="select slow")
    assert "Running" in text_of(app)
    app.button(key="cancel-query").click().run()
    for _ in range(50):
        if app.error:
            break
        app.run()
    assert "called off" in app.error[0].value


def test_only_an_admin_is_offered_a_copy_of_the_store() -> None:
    room = put(Room())
    assert not [each for each in open_explore(sql="select 1").button if each.key == "copy-events"]
    app = open_explore("admin", sql="select 1")
    app.button(key="copy-events").click().run()
    assert [verb for verb, _, _ in room.done] == ["copy_events"]


def test_no_cell_of_the_table_is_a_formula_because_its_toolbar_saves_csv() -> None:
    put(Room())
    app = open_explore(sql="select 1")
    assert list(app.dataframe[0].value["arm"])[3] == "'=cmd|' /C calc'!A0"


def test_the_schema_is_looked_up_only_when_it_is_opened() -> None:
    room = put(Room())
    open_explore()
    assert asked(room) == []
    app = open_explore()
    app.session_state["schema"] = True
    app.run()
    assert asked(room)[0] == COLUMNS
    assert "VARCHAR" in text_of(app)


def test_the_column_across_tells_rows_apart_and_is_no_arm() -> None:
    columns = {"arm": ("a", "b", "c"), "page": ("x", "y", "y"), "n": (1, 2, 3)}
    assert telling(columns, ["n"]) == 1


def test_the_one_other_column_of_names_is_the_colour_unless_it_has_too_many() -> None:
    room = put(Room())
    room.rows = Found(("category", "week", "n"), [(kind, f"2026-03-{day:02d}", day) for kind in ("js", "api", "net")
                                                  for day in (2, 9, 16, 23)], capped=False)
    app = open_explore(sql="select 42")
    assert (app.selectbox(key="x").value, app.selectbox(key="colour").value) == ("week", "category")
    many = {"day": tuple(range(9)), "page": tuple("abcdefghi"), "n": tuple(range(9))}
    assert parting(many, ["n"], "day") == NO_COLOUR
    assert parting({**many, "page": tuple("aabbaabba")}, ["n"], "day") == "page"
    two = {**many, "page": tuple("aabbaabba"), "kind": tuple("xyxyxyxyx")}
    assert parting(two, ["n"], "day") == NO_COLOUR, "which of two is meant cannot be known"
    assert parting({**two, "kind": ("same",) * 9}, ["n"], "day") == "page"


def test_every_view_people_may_read_is_explained_and_no_other() -> None:
    assert set(VIEWS) == set(view_definitions())


@pytest.mark.parametrize("question", SHIPPED, ids=lambda each: each.id)
def test_every_offered_question_is_accepted_by_the_store(events: DuckdbEventStore, question: Any) -> None:
    assert events.query(question.sql, limit=explore_answer.MOST_ROWS, seconds=explore_answer.MOST_SECONDS).columns


def test_the_store_explains_every_column(events: DuckdbEventStore) -> None:
    assert {row[0] for row in events.query(COLUMNS).rows} == set(VIEWS) - {"view_columns"}


def test_ids_and_names_of_offered_questions_are_their_own() -> None:
    assert len({each.id for each in SHIPPED}) == len({each.name for each in SHIPPED}) == len(SHIPPED)
    assert json.dumps([each.id for each in SHIPPED]).isascii()


def test_what_is_drawn_first_is_a_rate_or_a_time_and_else_the_last_count() -> None:
    columns = {"page": ("/a",), "views": (3,), "p75": (1.5,), "control_p75": (2.5,), "control_views": (4,)}
    assert weighty(columns, ["views", "p75", "control_p75", "control_views"]) == 1
    assert weighty(columns, ["views", "control_views"]) == 1


@pytest.mark.parametrize(("name", "file"), [
    ("Exposures a day", "Exposures a day.xlsx"), ("INP: p75 / page?", "INP p75 page.xlsx"), ("../..", "answer.xlsx"),
    ("Fehler je Öffnung", "Fehler je Öffnung.xlsx")])
def test_a_file_is_named_after_its_question(name: str, file: str) -> None:
    assert explore_answer.file_name(name, "xlsx") == file
