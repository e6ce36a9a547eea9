"""Signing in with an identity provider, against a real one: who gets in, and everything that is refused."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import pytest

from tests.fakes.identity_provider import Both, IdentityProvider, consent, identity_provider
from tests.fakes.running_app import RunningApp, running_app

pytestmark = pytest.mark.server

DOMAIN = "example.org"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    directory = tmp_path_factory.mktemp("oidc")
    with identity_provider() as provider:
        environment = provider.environment(directory, ROLLOUT_OIDC_DOMAINS=DOMAIN,
                                           ROLLOUT_OIDC_ROLES="on-call=operator,staff=viewer,leads=admin")
        with running_app(directory / "store", environment) as app:
            yield Both(app, provider)


def come_in(both: Both, email: str, to: str = "/") -> httpx.Response:
    """The whole way; the app's answer at its end."""
    with both.app.client() as browser:
        return browser.get(consent(both.app, browser, email, to=to))


def told(both: Both, answer: httpx.Response) -> dict[str, str]:
    """Who the new session is."""
    with both.app.signed_in(answer.cookies[both.app.cookie]) as browser:
        return dict(browser.get("/api/session").json())


def test_the_sign_in_page_offers_the_provider_and_keeps_where_one_wanted_to_go(both: Both) -> None:
    with both.app.client() as browser:
        shown = browser.get("/signin", params={"next": "/flags"}).text
    assert f"Sign in with {urlsplit(both.provider.url).netloc}" in shown
    assert "/signin/oidc?next=%2Fflags" in shown


def test_the_request_carries_state_nonce_and_a_hashed_verifier(both: Both) -> None:
    with both.app.client() as browser:
        left = browser.get("/signin/oidc")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(left.headers["location"]).query).items()}
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 16
    assert asked["redirect_uri"] == f"{both.app.url}/signin/oidc/callback"
    assert "httponly" in left.headers["set-cookie"].lower()


def test_what_waits_for_the_answer_lies_in_one_cookie_below_the_sign_in(both: Both) -> None:
    with both.app.client() as browser:
        left = browser.get("/signin/oidc", params={"next": "/flags"})
    (given,) = left.headers.get_list("set-cookie")
    assert given.startswith("rollout_oidc_")
    assert "path=/signin; max-age=600; httponly; samesite=lax" in given.lower()


@pytest.mark.parametrize("query", ["x" * 19_000, "%E2%86%92" * 900])
def test_an_address_that_is_too_long_for_a_cookie_does_not_cost_the_sign_in(both: Both, query: str) -> None:
    both.provider.knows("lea@example.org", groups=("leads",))
    with both.app.client() as browser:
        address = consent(both.app, browser, "lea@example.org", to=f"/explore?sql={unquote(query)}")
        assert max(len(f"{each.name}={each.value}") for each in browser.cookies.jar) < 4_096
        answer = browser.get(address)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_a_person_known_here_comes_in_with_the_role_given_here(both: Both) -> None:
    both.provider.knows("ann@example.org", groups=("leads",))
    with both.app.owner() as owner:
        owner.post("/api/admin/rollout/set-person", json={"name": "ann@example.org", "role": "operator"})
    answer = come_in(both, "ann@example.org", to="/flags?rollout=Exercise+library")
    assert (answer.status_code, answer.headers["location"]) == (303, "/flags?rollout=Exercise+library")
    assert told(both, answer)["role"] == "operator"
    assert told(both, answer)["name"] == "ann@example.org"


def test_the_highest_role_of_somebodys_groups_counts_and_follows_them(both: Both) -> None:
    both.provider.knows("ben@example.org", groups=("staff", "on-call", "football"))
    first = come_in(both, "ben@example.org")
    assert told(both, first)["role"] == "operator"
    both.provider.knows("ben@example.org", groups=("staff",))
    assert told(both, come_in(both, "ben@example.org"))["role"] == "viewer"
    assert told(both, first)["role"] == "viewer", "the older session is demoted too"
    both.provider.knows("ben@example.org", groups=("football",))
    assert come_in(both, "ben@example.org").status_code == 401
    with both.app.signed_in(first.cookies[both.app.cookie]) as browser:
        assert browser.get("/").status_code == 303, "whose groups give no role any more is out at once"


@pytest.mark.parametrize(("email", "verified", "groups", "words"), [
    ("eve@example.org", True, (), "is not known here"),
    ("leo@example.org", False, ("leads",), "has not verified"),
    ("mal@evil.example", True, ("leads",), "of a domain"),
    ("mal@example.org.evil.example", True, ("leads",), "of a domain"),
])
def test_whoever_may_not_in_is_told_why_and_gets_no_session(both: Both, email: str, verified: bool,
                                                             groups: tuple[str, ...], words: str) -> None:
    both.provider.knows(email, verified=verified, groups=groups)
    answer = come_in(both, email)
    assert answer.status_code == 401
    assert words in answer.text
    assert both.app.cookie not in answer.cookies
    with both.app.owner() as owner:
        newest = owner.get("/api/admin/rollout/audit?limit=1").json()["records"][0]["entry"]
    assert (newest["verb"], newest["outcome"], newest["principal"]) == ("sign_in", "refused", email)


def test_a_person_taken_off_the_list_stays_out_whatever_the_groups_say(both: Both) -> None:
    both.provider.knows("off@example.org", groups=("leads",))
    assert come_in(both, "off@example.org").status_code == 303
    with both.app.owner() as owner:
        owner.post("/api/admin/rollout/set-person", json={"name": "off@example.org", "active": False})
    assert come_in(both, "off@example.org").status_code == 401


def test_an_answer_for_another_nonce_is_refused(both: Both) -> None:
    both.provider.knows("ida@example.org", groups=("leads",))
    with both.app.client() as browser:
        back = consent(both.app, browser, "ida@example.org", change={"nonce": "somebody-elses"})
        answer = browser.get(back)
    assert answer.status_code == 401
    assert both.app.cookie not in answer.cookies


def test_an_answer_to_a_sign_in_that_another_browser_began_is_refused(both: Both) -> None:
    both.provider.knows("ida@example.org", groups=("leads",))
    with both.app.client() as attacker, both.app.client() as victim:
        back = consent(both.app, attacker, "ida@example.org")
        assert victim.get(back).status_code == 401
        victim.get("/signin/oidc")
        assert victim.get(back).status_code == 401
        assert attacker.get(back).status_code == 303


def test_an_answer_cannot_be_used_twice(both: Both) -> None:
    both.provider.knows("ida@example.org", groups=("leads",))
    with both.app.client() as browser:
        back = consent(both.app, browser, "ida@example.org")
        assert browser.get(back).status_code == 303
        assert browser.get(back).status_code == 401


@pytest.mark.parametrize("target", ["http://evil.example", "//evil.example", "/\\evil.example", "/signin?next=//evil"])
def test_the_way_back_leads_to_no_other_site(both: Both, target: str) -> None:
    both.provider.knows("ida@example.org", groups=("leads",))
    assert come_in(both, "ida@example.org", to=target).headers["location"] == "/"


def test_saying_no_at_the_provider_leads_back_with_a_sentence(both: Both) -> None:
    with both.app.client() as browser:
        left = browser.get("/signin/oidc")
        state = parse_qs(urlsplit(left.headers["location"]).query)["state"][0]
        answer = browser.get("/signin/oidc/callback", params={"error": "access_denied", "state": state})
    assert answer.status_code == 401
    assert "Begin again" in answer.text


def test_a_provider_that_is_away_leaves_the_other_ways_in(tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("away")
    environment = IdentityProvider("http://localhost:9").environment(directory)
    with running_app(directory / "store", environment) as app, app.client() as browser:
        answer = browser.get("/signin/oidc")
        assert answer.status_code == 503
        assert "Password" in answer.text
        assert browser.post("/signin", data={"link": app.link()}).status_code == 303


def test_without_a_provider_nothing_is_offered(app: RunningApp) -> None:
    with app.client() as browser:
        assert "/signin/oidc" not in browser.get("/signin").text
        assert browser.get("/signin/oidc").headers["location"] == "/signin"
        assert browser.get("/signin/oidc/callback?code=x&state=y").headers["location"] == "/signin"
