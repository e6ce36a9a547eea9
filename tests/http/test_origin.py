"""Where requests may come from and where a sign-in may lead to."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_core.http.origin import foreign, safe_next, same_origin, sign_in_address


@pytest.mark.parametrize(("origin", "host"), [
    ("http://localhost:8501", "localhost:8501"),
    ("https://rollout.example.com", "rollout.example.com"),
    ("https://rollout.example.com", "rollout.example.com:443"),
])
def test_the_apps_own_origin_is_not_foreign(origin: str, host: str) -> None:
    assert same_origin(origin, host)


@pytest.mark.parametrize(("origin", "host"), [
    ("http://evil.example", "localhost:8501"),
    ("http://localhost:9999", "localhost:8501"),
    ("http://localhost.evil.example:8501", "localhost:8501"),
    ("http://evil.example#localhost:8501", "localhost:8501"),
    ("null", "localhost:8501"),
    ("", "localhost:8501"),
    ("file://", "localhost:8501"),
    ("http://localhost:notaport", "localhost:8501"),
])
def test_any_other_origin_is_foreign(origin: str, host: str) -> None:
    assert not same_origin(origin, host)


def test_the_address_people_use_is_not_foreign_behind_a_proxy_that_rewrites_the_host() -> None:
    headers = {"origin": "https://rollout.example.com", "host": "10.0.0.7:8501"}
    assert foreign("POST", headers)
    assert not foreign("POST", headers, "https://rollout.example.com/")


def test_reading_is_never_foreign_and_a_websocket_handshake_can_be() -> None:
    headers = {"origin": "http://evil.example", "host": "localhost:8501"}
    assert not foreign("GET", headers)
    assert foreign("WEBSOCKET", headers)
    assert foreign("POST", {"sec-fetch-site": "cross-site", "host": "localhost:8501"})
    assert not foreign("POST", {"host": "localhost:8501"})


@pytest.mark.parametrize("target", [
    "//evil.example", "/\\evil.example", "http://evil.example", "https:evil.example", "javascript:alert(1)", "",
    "evil", "/ok\r\nSet-Cookie: a=b", "/a\\b", "/\tevil", "/signin?next=/signin",
])
def test_a_sign_in_leads_nowhere_but_into_the_app(target: str) -> None:
    assert safe_next(target) == "/"


@given(st.text(max_size=60))
def test_whatever_is_asked_for_the_way_on_stays_on_this_host(target: str) -> None:
    parts = urlsplit(safe_next(target))
    assert not parts.scheme
    assert not parts.netloc
    assert parts.path.startswith("/")


def test_the_page_that_was_asked_for_is_carried_along() -> None:
    assert sign_in_address("/rollout", "rollout=a&window=day") == "/signin?next=%2Frollout%3Frollout%3Da%26window%3Dday"
    assert sign_in_address("/", "") == "/signin"
