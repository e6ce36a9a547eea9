"""The settings page over the real verbs: who may sign in, tokens, sessions, retention, the identity provider."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from rollout_core import bootstrap
from rollout_core.bootstrap.control_room import ControlRoom
from rollout_core.control.sign_in import SignedIn, offer_link, sign_in_by_link, sign_in_by_password
from rollout_core.control.sign_in_by_identity import sign_in_by_identity
from rollout_core.control.who import actor_of_session, actor_of_token
from rollout_core.errors import NotSignedIn
from rollout_core.people.identity import Identity, Trust
from rollout_core.people.person import Account
from rollout_core.people.role import Role
from rollout_core.settings import read_settings
from tests.fakes.control_room import FakeControlRoom
from tests.fakes.control_setting import ADMIN, Setting
from tests.fakes.sample_answers import HOSTILE
from tests.pages.conftest import open_as, open_page, text_of

PAGE = "control/settings.py"


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    """A control room with nothing faked but its stores and its clock; ann is its admin."""
    made = Setting(tmp_path)
    made.act("set_person", name="ann", role=Role.ADMIN)
    bootstrap.set_current(ControlRoom(made.room, read_settings({"ROLLOUT_STORE": str(tmp_path)}), "owner", "write"))
    return made


def sign_in(setting: Setting, name: str = "ann") -> SignedIn:
    return sign_in_by_link(setting.room, offer_link(setting.room, ADMIN, timedelta(minutes=5), name))


def settings_page(session: str, tab: str = "People") -> AppTest:
    """One tab of the page, as whoever has this session."""
    app = open_as("ann", "admin", session, PAGE, **{"settings-tab": tab})
    assert not app.exception
    return app


def errors_of(app: AppTest) -> str:
    return " ".join(str(each.value) for each in app.error).replace("\\", "")


def test_an_admin_adds_somebody_with_a_password_who_can_then_sign_in(setting: Setting) -> None:
    app = settings_page(sign_in(setting).session.id)
    app.button(key="person-add").click().run()
    app.text_input(key="person-name").set_value("pam")
    app.selectbox(key="person-role").set_value("operator")
    app.text_input(key="person-password").set_value("correct horse battery")
    app.button(key="person-save").click().run()
    assert sign_in_by_password(setting.room, "pam", "correct horse battery").session.role is Role.OPERATOR
    assert any("Added" in each.value for each in app.toast)
    assert "**pam**" in text_of(app)


def test_a_password_that_is_too_short_is_refused_in_the_dialog_which_stays(setting: Setting) -> None:
    app = settings_page(sign_in(setting).session.id)
    app.button(key="person-add").click().run()
    app.text_input(key="person-name").set_value("pam")
    app.text_input(key="person-password").set_value("short")
    app.button(key="person-save").click().run()
    assert "A password has 12 to" in errors_of(app)
    assert app.button(key="person-save")
    with setting.control.read() as unit:
        assert unit.people.get("pam") is None


def test_adding_somebody_who_is_there_in_another_spelling_changes_nobody(setting: Setting) -> None:
    setting.act("set_person", name="Pam@Example.org", role=Role.OPERATOR)
    app = settings_page(sign_in(setting).session.id)
    app.button(key="person-add").click().run()
    app.text_input(key="person-name").set_value("pam@example.org")
    app.button(key="person-save").click().run()
    assert "in the list already" in errors_of(app)
    with setting.control.read() as unit:
        assert unit.people.get("Pam@Example.org").role is Role.OPERATOR


def test_an_account_of_the_provider_is_unlinked_after_one_more_question(setting: Setting) -> None:
    trust = Trust(roles={"staff": Role.VIEWER})
    hers = sign_in_by_identity(setting.room, Identity(Account("https://id", "7"), "pam@x.org", True, ("staff",)), trust)
    setting.act("set_person", name="bob", role=Role.VIEWER)
    app = settings_page(sign_in(setting).session.id)
    app.menu_button(key="person-more-pam@x.org").click("Unlink the provider's account").run()
    app.button(key="sure-go").click().run()
    with setting.control.read() as unit:
        assert unit.people.get("pam@x.org").account is None
    with pytest.raises(NotSignedIn):
        actor_of_session(setting.room, hers.session.id, "page")
    assert app.menu_button(key="person-more-bob").options == ["One-time link", "Sign out everywhere"]


def test_a_changed_role_ends_the_sessions_of_whoever_loses_a_right(setting: Setting) -> None:
    setting.act("set_person", name="pam", role=Role.OPERATOR)
    hers = sign_in(setting, "pam")
    app = settings_page(sign_in(setting).session.id)
    app.button(key="person-change-pam").click().run()
    app.selectbox(key="person-role").set_value("viewer")
    app.button(key="person-save").click().run()
    with pytest.raises(NotSignedIn):
        actor_of_session(setting.room, hers.session.id, "page")


def test_a_one_time_link_is_shown_once_and_signs_that_person_in(setting: Setting) -> None:
    setting.act("set_person", name="pam", role=Role.VIEWER)
    app = settings_page(sign_in(setting).session.id)
    app.menu_button(key="person-more-pam").click("One-time link").run()
    [shown] = [each.value for each in app.code]
    assert sign_in_by_link(setting.room, shown.partition("link=")[2]).session.person == "pam"
    app.run()
    assert not app.code


def test_a_token_is_shown_once_works_and_is_revoked_by_its_button(setting: Setting) -> None:
    app = settings_page(sign_in(setting).session.id, "Tokens")
    app.text_input(key="token-name").set_value("ci").run()
    app.button(key="token-make").click().run()
    [secret] = [each.value for each in app.code]
    assert actor_of_token(setting.room, secret, "http").principal == "ci"
    [revoke] = [each for each in app.button if (each.key or "").startswith("revoke-")]
    revoke.click().run()
    app.button(key="sure-go").click().run()
    with pytest.raises(NotSignedIn):
        actor_of_token(setting.room, secret, "http")
    assert "**ci**" not in text_of(app)


def test_ending_a_session_is_asked_once_more_and_cancel_ends_nothing(setting: Setting) -> None:
    setting.act("set_person", name="pam", role=Role.VIEWER)
    hers = sign_in(setting, "pam").session.id
    app = settings_page(sign_in(setting).session.id, "Sessions")
    app.button(key=f"end-{hers}").click().run()
    app.button(key="sure-cancel").click().run()
    assert actor_of_session(setting.room, hers, "page")
    app.button(key=f"end-{hers}").click().run()
    app.text_area(key="sure-reason").set_value("laptop lost").run()
    app.button(key="sure-go").click().run()
    with pytest.raises(NotSignedIn):
        actor_of_session(setting.room, hers, "page")
    assert setting.trail()[0].entry.reason == "laptop lost"


def test_an_admin_whose_session_ended_is_refused_at_the_press_and_nothing_is_changed(setting: Setting) -> None:
    mine = sign_in(setting).session.id
    app = settings_page(mine)
    app.button(key="person-add").click().run()
    app.text_input(key="person-name").set_value("pam")
    setting.act("end_sessions", session=mine)
    app.button(key="person-save").click().run()
    assert "Your sign-in has ended" in errors_of(app)
    with setting.control.read() as unit:
        assert unit.people.get("pam") is None


def shown(tab: str, **more: Any) -> str:
    """What a tab says over canned answers."""
    return text_of(open_page(PAGE, "admin", **{"settings-tab": tab}, **more))


@pytest.mark.parametrize(("tab", "words"), [
    ("People", "role follows the identity provider"), ("Tokens", "ingest"), ("Sessions", "by identity provider"),
    ("Retention", "Comments and error texts"), ("Identity provider", "ROLLOUT_OIDC_ISSUER"), ("Store", "Audit chain")])
def test_every_tab_stands_and_has_an_address(room: FakeControlRoom, tab: str, words: str) -> None:
    assert words.replace("_", "\\_") in shown(tab) or words in shown(tab)


def test_keeping_less_shows_what_goes_and_asks_for_a_reason(room: FakeControlRoom) -> None:
    app = open_page(PAGE, "admin", **{"settings-tab": "Retention"})
    app.selectbox(key="retention-kind").set_value("Comments and error texts").run()
    app.number_input(key="retention-days-text").set_value(30).run()
    assert "1,200 of 5,000 lose their text" in text_of(app)
    app.button(key="retention-change").click().run()
    app.button(key="sure-go").click().run()
    assert not room.done
    assert "Write a reason first." in errors_of(app)
    app.text_area(key="sure-reason").set_value("They hold names").run()
    app.button(key="sure-go").click().run()
    [(verb, _, request)] = room.done
    assert (verb, request.kind, request.days, request.reason) == ("set_retention", "text", 30, "They hold names")


def test_the_identity_provider_is_shown_without_its_secret_and_tested(room: FakeControlRoom, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("very-secret")
    room.settings = read_settings({
        "ROLLOUT_OIDC_ISSUER": "https://id.example.org", "ROLLOUT_OIDC_CLIENT_ID": "rollout",
        "ROLLOUT_OIDC_SECRET_FILE": str(secret), "ROLLOUT_OIDC_ROLES": "leads=admin"})
    app = open_page(PAGE, "admin", **{"settings-tab": "Identity provider"})
    assert "leads gives admin" in text_of(app)
    assert "very-secret" not in text_of(app)
    app.button(key="provider-test").click().run()
    assert "It cannot be reached" in errors_of(app)


def test_an_operator_does_not_reach_the_page(room: FakeControlRoom) -> None:
    with pytest.raises(ValueError, match=r"settings|find|page"):
        open_page(PAGE, "operator")


def test_a_person_list_that_cannot_be_read_leaves_the_page_standing(room: FakeControlRoom) -> None:
    def fails(_: Any) -> Any:
        raise ZeroDivisionError("secret detail")
    room.answers["people"] = fails
    app = open_page(PAGE)
    assert "secret detail" not in text_of(app)
    assert "under code" in errors_of(app)


@pytest.mark.parametrize("tab", ["People", "Tokens", "Sessions", "Retention", "Identity provider", "Store"])
def test_names_and_reasons_of_people_stay_text_in_every_part(room: FakeControlRoom, tab: str) -> None:
    shown_as = text_of(open_page(PAGE, "admin", **{"settings-tab": tab}))
    assert HOSTILE not in shown_as
    assert "<script>alert" not in shown_as
