"""One's tokens in the browser."""

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import tokens
from accounts.models import ApiToken, AuditEntry, User
from tests.answers import found, text
from tests.people import browser_of, client_with

LIST = "/dashboard/tokens/"
NEW = "/dashboard/tokens/new"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def browser(alice: User) -> Client:
    return browser_of(alice)


def make(browser: Client, **form: Any) -> Any:
    return browser.post(NEW, {"name": "", "ttl": "1h", **form}, headers=HTMX)


def test_a_token_is_made_and_shown_this_once(browser: Client, alice: User) -> None:
    answer = make(browser, name="deploy", ttl="7d", scopes=["power", "view"], containers=["web-1, web-2", "web-1"])

    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    secret = found(r"lightd_\w{40}", text(answer))
    assert f"Authorization: Bearer {secret}" in text(answer)
    assert "curl http://testserver/containers" in text(answer)
    token = ApiToken.objects.get()
    assert (token.name, token.scopes, token.containers) == ("deploy", ["power", "view"], ["web-1", "web-2"])
    assert token.expires_at is not None
    assert dt.timedelta(days=6) < token.expires_at - timezone.now() < dt.timedelta(days=8)
    assert client_with(secret).get("/containers").status_code == 200
    assert secret not in text(browser.get(LIST)) + text(browser.get(NEW))
    assert AuditEntry.objects.get().action == "token.create"


def test_without_anything_chosen_it_may_all_that_its_owner_may(browser: Client) -> None:
    make(browser, ttl="")

    token = ApiToken.objects.get()
    assert (token.scopes, token.containers, token.expires_at, token.remove_on_use) == ([], [], None, False)


def test_it_can_be_for_a_single_use(browser: Client) -> None:
    assert "It works once" in text(make(browser, remove_on_use="on"))

    assert ApiToken.objects.get().remove_on_use


@pytest.mark.parametrize(
    ("form", "field", "sentence"),
    [
        ({"name": "x" * 101}, "name", "at most 100 characters"),
        ({"ttl": "5000d"}, "ttl", "Select a valid choice"),
        ({"scopes": ["admin"]}, "scopes", "Select a valid choice"),
        ({"containers": ["x" * 64]}, "containers", "no more than 63 characters"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(browser: Client, form: dict[str, Any], field: str, sentence: str) -> None:
    answer = make(browser, **form)

    assert answer.status_code == 422
    assert re.search(rf'id="id_{field}_error"[^>]*><li>[^<]*{sentence}', text(answer)), text(answer)
    assert not ApiToken.objects.exists()


def test_only_scopes_that_would_give_something_are_offered(browser: Client, admin: User) -> None:
    assert 'value="power"' in text(browser.get(NEW))
    assert 'value="admin"' not in text(browser.get(NEW))

    browser.force_login(admin)

    assert 'value="admin"' in text(browser.get(NEW))


def test_the_list_says_which_are_dead(browser: Client, alice: User) -> None:
    tokens.issue(alice, name="old", lifetime=dt.timedelta(seconds=-1))
    _, secret = tokens.issue(alice, name="once", remove_on_use=True)
    tokens.authenticate(secret, address="192.0.2.7")
    tokens.issue(alice, name="young", scopes=["power"], containers=["web-1"])

    page = text(browser.get(LIST))

    assert re.findall(r"<b>(\w+)</b>", page) == ["young", "once", "old"]
    assert re.findall(r'state-failed">([\w ]+)<', page) == ["used up", "expired"]
    assert "from 192.0.2.7" in page
    assert "on web-1" in page


def test_a_token_is_revoked(browser: Client, alice: User) -> None:
    token, secret = tokens.issue(alice, name="deploy")

    answer = browser.post(f"{LIST}{token.pk}/revoke", headers=HTMX)

    assert answer.status_code == 200
    assert "You have no tokens" in text(answer)
    assert client_with(secret).get("/containers").status_code == 401


def test_nobody_sees_or_revokes_the_tokens_of_others(browser: Client, bob: User) -> None:
    token, _ = tokens.issue(bob, name="bobs")

    assert "bobs" not in text(browser.get(LIST))
    assert browser.post(f"{LIST}{token.pk}/revoke", headers=HTMX).status_code == 404
    assert ApiToken.objects.exists()


@pytest.mark.parametrize("number", [1, 40])
def test_the_list_costs_the_same_however_many(
    browser: Client, alice: User, number: int, django_assert_num_queries: Any
) -> None:
    for index in range(number):
        tokens.issue(alice, name=f"token {index}")

    with django_assert_num_queries(5):  # session, user, count, tokens, engine
        browser.get(LIST)
