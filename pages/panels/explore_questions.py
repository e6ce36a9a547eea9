"""Which question is asked: those that come with the product, those the team saved, or SQL in the address."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.panels import acting
from pages.panels.page import Here
from rollout_core.charts.words import plain, quiet
from rollout_core.errors import RolloutError
from rollout_core.insight.ready_questions import SHIPPED, Question, is_ready
from rollout_core.insight.saved_questions import SavedQuestionsRequest
from rollout_core.people.role import Role

SQL, CHOSEN, ASKED, NAME = "explore-sql", "explore-chosen", "explore-asked", "explore-name"
"""Keys of the session: the text in the box, the chosen question, what was asked last, the name to save it under."""


def known_questions(here: Here) -> dict[str, Question]:
    """By id: the team's first, then those that come with the product; viewers ask only these."""
    if not here.may(Role.OPERATOR):
        return {each.id: each for each in SHIPPED}
    saved = here.ask("saved_questions", SavedQuestionsRequest()).questions
    return {each.id: each for each in (*(Question(own.id, own.name, own.sql, own=True) for own in saved), *SHIPPED)}


def open_address(here: Here, known: Mapping[str, Question]) -> None:
    """On opening the page: what the address names is in the box and asked. What is gone, or not for this role, is told.
    """
    if SQL in st.session_state:
        return
    named, sql = st.query_params.get("question"), st.query_params.get("sql")
    question = known.get(named or "")
    if (sql or (named and question is None)) and not here.may(Role.OPERATOR):
        st.warning("What this address asks is for operators and admins. Choose a question that is ready.",
                   icon=":material/lock:")
        sql = None
    elif named and question is None and not sql:
        st.warning("The question in this address was removed. Choose another one.", icon=":material/search_off:")
    text = sql or (question.sql if question else "")
    st.session_state[SQL], st.session_state[CHOSEN] = text, question.id if question and not sql else None
    st.session_state[ASKED] = (text, "") if text else None


def choose(here: Here, known: Mapping[str, Question]) -> None:
    """The list of questions; the chosen one is asked at once."""
    st.selectbox("Question", list(known), index=None, key=CHOSEN, width=340, placeholder="Choose a question",
                 format_func=lambda id: known[id].name if id in known else id,
                 on_change=_take, args=(known, here.now.isoformat()))


def write(here: Here, known: Mapping[str, Question]) -> None:
    """The box, and what can be done with what is in it."""
    st.text_area("SQL", key=SQL, height=170, placeholder="select … from … (the views are listed below)")
    with st.container(horizontal=True):
        st.button("Run", type="primary", icon=":material/play_arrow:", key="run-sql", on_click=ask,
                  args=(known, here.now.isoformat()))
        keep(known)


def offer(here: Here, known: Mapping[str, Question]) -> None:
    """In the place of an answer while nothing is asked: every question with what it holds, a press away."""
    with st.grid(2, min_column_width=300, gap="small"):
        for question in known.values():
            with st.container(border=True, gap=None, height="stretch"):
                st.button(plain(question.name), key=f"ask-{question.id}", type="tertiary", icon=":material/play_arrow:",
                          on_click=_choose, args=(question.id, known, here.now.isoformat()))
                st.markdown(quiet(plain(question.about or "saved by the team")))


def _choose(id: str, known: Mapping[str, Question], stamp: str) -> None:
    st.session_state[CHOSEN] = id
    _take(known, stamp)


def _take(known: Mapping[str, Question], stamp: str) -> None:
    question = known.get(st.session_state[CHOSEN] or "")
    if question is not None:
        st.session_state[SQL] = question.sql
        ask(known, stamp)


def asked_for(here: Here) -> tuple[str, str] | None:
    """The SQL that was asked last, with its stamp; what an operator asked is gone once they are one no longer."""
    found: tuple[str, str] | None = st.session_state.get(ASKED)
    return found if found and (here.may(Role.OPERATOR) or is_ready(found[0])) else None


def ask(known: Mapping[str, Question], stamp: str) -> None:
    """For `on_click`: asks what is in the box anew, and puts it into the address, by id where it is a known question.
    """
    sql = st.session_state[SQL].strip()
    st.session_state[ASKED] = (sql, stamp) if sql else None
    question = next((each for each in known.values() if each.sql.strip() == sql), None)
    st.query_params.pop("question" if question is None else "sql", None)
    if question is not None:
        st.query_params["question"] = question.id
    elif sql:
        st.query_params["sql"] = sql


def keep(known: Mapping[str, Question]) -> None:
    """Saving for the team: a new question, or changes to the chosen one of the team's."""
    chosen = known.get(st.session_state.get(CHOSEN) or "")
    with st.popover("Save", icon=":material/bookmark:"):
        st.text_input("Name", key=NAME, max_chars=80, placeholder="What it answers")
        st.button("Save as a new question", key="question-save", on_click=_save, args=(None,))
        if chosen is not None and chosen.own:
            st.button(f"Save the SQL as “{plain(chosen.name)}”", key="question-replace", on_click=_save, args=(chosen,))
            st.button("Rename it", key="question-rename", on_click=_rename,
                      args=(chosen.id,))
            st.button("Remove it for everybody", key="question-remove", on_click=_do,
                      args=("remove_question", "Removed. The audit trail keeps its SQL.", chosen.id))


def _save(chosen: Question | None) -> None:
    name, id = (chosen.name, chosen.id) if chosen else (st.session_state[NAME], None)
    _do("save_question", "Saved for everybody.", id, name=name, sql=st.session_state[SQL])


def _rename(id: str) -> None:
    _do("rename_question", "Renamed for everybody.", id, name=st.session_state[NAME])


def _do(verb: str, said: str, id: str | None, **fields: str) -> None:
    """Runs a verb on a question, remembers what to tell, and puts the question it is about into the address."""
    try:
        change = acting.perform(verb, {"id": id, **fields})
    except RolloutError as error:
        st.session_state[acting.REFUSED] = error
        return
    st.session_state[acting.DONE] = said
    there_is = None if verb == "remove_question" else change.result.get("id", id)
    st.session_state[CHOSEN] = there_is
    for name in ("question", "sql"):
        st.query_params.pop(name, None)
    if there_is is not None:
        st.query_params["question"] = there_is
    elif st.session_state[SQL]:
        st.query_params["sql"] = st.session_state[SQL]
