"""Signing in through an OpenID Connect provider, on a running site and a provider that both really answer."""

import html
import re
from collections.abc import Iterator
from itertools import count

import httpx
import pytest

from tests.answers import found
from tests.e2e import openid
from tests.e2e.browser import Browser
from tests.e2e.server import Lightd
from tests.e2e.serving import serving
from tests.engine import Engine

_numbers = count(1)


@pytest.fixture(scope="module")
def provider() -> Iterator[openid.Provider]:
    with openid.running() as provider:
        yield provider


@pytest.fixture(scope="module")
def site(engine: Engine, provider: openid.Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lightd]:
    """Makes new users, and calls the provider Example."""
    environment = {
        "LIGHTD_OIDC_ISSUER": provider.url,
        "LIGHTD_OIDC_CLIENT_ID": openid.CLIENT_ID,
        "LIGHTD_OIDC_CLIENT_SECRET": openid.CLIENT_SECRET,
        "LIGHTD_OIDC_NAME": "Example & Sons",
        "LIGHTD_OIDC_NEW_USERS": "true",
    }
    with serving(Lightd(tmp_path_factory.mktemp("oidc"), engine, environment)) as lightd:
        yield lightd


@pytest.fixture(autouse=True)
def _someone_new(provider: openid.Provider) -> None:
    number = next(_numbers)
    provider.person = {"sub": f"person-{number}", "preferred_username": f"dora{number}", "email": "dora@example.com"}
    provider.refusal = ""
    provider.audience = openid.CLIENT_ID


class Guest(Browser):
    """Follows the provider's way as a browser would, by hand."""

    def through(self, path: str = "/account/oidc/start", **form: str) -> httpx.Response:
        """To the provider and back; the callback's answer."""
        page = self.post(path, **form)
        assert page.status_code == 200, page.text
        back = httpx.get(address_in(page), timeout=30)
        assert back.status_code == 302
        return self.http.get(back.headers["Location"])

    def name(self) -> str:
        """Who is signed in; empty for nobody."""
        page = self.http.get("/")
        shown = re.search(r'aria-label="Account of ([^"]+)"', page.text)
        return shown[1] if shown else ""


def address_in(page: httpx.Response) -> str:
    """Where the page sends a browser."""
    return html.unescape(found(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text))


@pytest.fixture
def browser(site: Lightd) -> Iterator[Guest]:
    with Guest(site.url) as browser:
        yield browser


def test_the_button_says_the_provider_s_name_and_the_way_there_needs_no_foreign_form(
    site: Lightd, browser: Guest, provider: openid.Provider
) -> None:
    page = browser.http.get("/account/sign-in")

    assert "Sign in with Example &amp; Sons" in page.text
    assert "form-action 'self'" in page.headers["Content-Security-Policy"].split("; ")
    assert provider.url not in page.text


def test_a_new_user_is_made_once_and_is_no_administrator(browser: Guest, provider: openid.Provider) -> None:
    answer = browser.through(next="/account/sessions")

    assert answer.headers["Location"] == "/account/sessions"
    name = provider.person["preferred_username"]
    assert browser.name() == name
    assert browser.http.get("/admin/", follow_redirects=True).status_code == 403
    browser.post("/account/sign-out")
    assert browser.name() == ""
    provider.person["preferred_username"] = "renamed"
    browser.through()
    assert browser.name() == name


def test_a_name_that_is_taken_here_opens_nobody_s_account(browser: Guest, provider: openid.Provider) -> None:
    provider.person |= {"preferred_username": "admin"}

    browser.through()

    assert browser.name() not in ("", "admin")
    assert browser.http.get("/admin/", follow_redirects=True).status_code == 403


def test_an_account_that_is_connected_signs_in_and_is_asked_for_its_second_factor(
    site: Lightd, browser: Guest, provider: openid.Provider
) -> None:
    browser.post("/account/sign-in", username="admin", password=site.password)
    connected = browser.through("/account/oidc/connect")
    assert connected.headers["Location"] == "/account/oidc"
    assert "connected" in browser.http.get("/account/oidc").text
    browser.post("/account/sign-out")

    browser.through()
    assert browser.name() == "admin"

    key = "from accounts.models import User; from django_otp.plugins.otp_totp.models import TOTPDevice; "
    site.manage("shell", "-v", "0", "-c", key + "TOTPDevice.objects.create(user=User.objects.get(username='admin'))")
    browser.post("/account/sign-out")
    answer = browser.through(next="/docs/")
    assert answer.headers["Location"] == "/account/sign-in/code"
    assert browser.name() == ""
    site.manage("reset_two_factor", "admin")

    browser.post("/account/sign-in", username="admin", password=site.password)
    browser.post("/account/oidc/disconnect")
    browser.post("/account/sign-out")
    browser.through()
    assert browser.name() not in ("", "admin")


def test_who_connected_and_who_could_not_is_in_the_audit_trail(
    site: Lightd, browser: Guest, provider: openid.Provider
) -> None:
    browser.post("/account/sign-in", username="admin", password=site.password)
    first = provider.person["sub"]
    browser.through("/account/oidc/connect")
    assert "Your account is connected." in browser.http.get("/account/oidc").text
    provider.person["sub"] += "-too"

    assert browser.through("/account/oidc/connect").status_code == 409

    browser.post("/account/oidc/disconnect")
    trail = site.http.get("/audit?action=identity.connect").json()["entries"]
    assert [(entry["username"], entry["outcome"], entry["after"]) for entry in trail[:2]] == [
        ("admin", "refused", None),
        ("admin", "accepted", {"identity": first}),
    ]


def test_without_a_password_one_can_not_disconnect(browser: Guest) -> None:
    browser.through()

    browser.post("/account/oidc/disconnect")

    assert "Without a password you could no longer sign in" in browser.http.get("/account/oidc").text


def test_an_answer_that_was_not_asked_for_signs_nobody_in(
    site: Lightd, browser: Guest, provider: openid.Provider
) -> None:
    page = browser.post("/account/oidc/start")
    back = httpx.get(address_in(page), timeout=30).headers["Location"]

    with Guest(site.url) as victim:
        victim.http.get(back)
        assert victim.name() == ""
        victim.http.get("/account/oidc/callback?code=a&state=b")
        assert victim.name() == ""


def test_what_goes_wrong_there_is_a_sentence_here(browser: Guest, provider: openid.Provider) -> None:
    provider.refusal = "access_denied"
    assert browser.through().headers["Location"] == "/account/sign-in"
    assert "Signing in through Example &amp; Sons was called off" in browser.http.get("/account/sign-in").text

    provider.refusal = "server_error"
    browser.through()
    assert "Signing in through Example &amp; Sons failed; try again" in browser.http.get("/account/sign-in").text

    provider.refusal, provider.audience = "", "somebody else"
    browser.through()
    assert "failed; try again" in browser.http.get("/account/sign-in").text
    assert browser.name() == ""


def test_its_secret_and_its_tokens_are_in_no_log_and_not_in_the_admin(site: Lightd, browser: Guest) -> None:
    browser.through()

    assert openid.CLIENT_SECRET not in site.log.read_text()
    browser.post("/account/sign-out")
    browser.post("/account/sign-in", username="admin", password=site.password)
    assert "socialaccount" not in browser.http.get("/admin/").text
    assert browser.http.get("/admin/socialaccount/socialapp/").status_code == 404


def test_who_has_no_account_stays_outside_where_none_are_made(
    engine: Engine, provider: openid.Provider, tmp_path_factory: pytest.TempPathFactory
) -> None:
    environment = {"LIGHTD_OIDC_ISSUER": provider.url, "LIGHTD_OIDC_CLIENT_ID": openid.CLIENT_ID}
    environment["LIGHTD_OIDC_CLIENT_SECRET"] = openid.CLIENT_SECRET
    with serving(Lightd(tmp_path_factory.mktemp("oidc"), engine, environment)) as lightd, Guest(lightd.url) as browser:
        answer = browser.through()

        assert answer.status_code == 403
        assert "No account here is connected to this one at OpenID Connect" in answer.text
        assert browser.name() == ""
        trail = lightd.http.get("/audit?action=session.start&outcome=refused").json()["entries"]
        assert [(entry["username"], entry["reason"] in answer.text) for entry in trail] == [("", True)]

        provider.discovery = lambda: {}  # type: ignore[method-assign]
        try:
            assert browser.post("/account/oidc/start").status_code == 503
        finally:
            del provider.discovery
