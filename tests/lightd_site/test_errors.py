"""Every error is JSON, at every status; where people look it is a page."""

import sqlite3
from collections.abc import Callable
from typing import NoReturn

import pytest
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from accounts import sessions
from accounts.models import User
from ports import pool
from rules.errors import EngineUnavailable
from tests.answers import Answer
from tests.people import client_of


def assert_json_error(answer: Answer, status: int, sentence: str | None = None) -> None:
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/json"
    assert answer["X-Request-ID"]
    body = answer.json()
    assert isinstance(body["error"], str)
    assert sentence is None or body == {"error": sentence}


def assert_page(answer: Answer, status: int, sentence: str) -> None:
    assert answer.status_code == status
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert f"<h1>{sentence}</h1>" in answer.content.decode()


BUSY = OperationalError("database is locked")
BUSY.__cause__ = sqlite3.OperationalError()


def raising(error: Exception) -> Callable[..., NoReturn]:
    def fail(*_: object) -> NoReturn:
        raise error

    return fail


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/nothing", "/volumes/", "/auth", "/accounts", "/docs.json", "/volumes/a/b/c/d", "/static/nothing.js"]
)
def test_an_unknown_address_is_not_found(client: Client, path: str, admin: User) -> None:
    client.force_login(admin)

    assert_json_error(client.get(path, HTTP_ACCEPT="text/html"), 404, "Not found")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "page"),
    [
        ("/docs", "/docs/"),
        ("/admin", "/admin/"),
        ("/account", "/account/"),
        ("/account/sign-in/", "/account/sign-in"),
        ("/dashboard", "/"),
        ("/dashboard/", "/"),
        ("/dashboard/containers?state=running", "/dashboard/containers/?state=running"),
        ("/dashboard/container/web-1", "/dashboard/container/web-1/"),
        ("/dashboard/container/web-1/console/", "/dashboard/container/web-1/console"),
    ],
)
def test_a_slash_too_many_or_missing_in_the_address_of_a_page_is_put_right(
    client: Client, typed: str, page: str
) -> None:
    answer = client.get(typed, headers={"Accept": "text/html"})

    assert (answer.status_code, answer["Location"]) == (302, page)
    assert_json_error(client.get(typed, headers={"Accept": "application/json"}), 404, "Not found")
    assert client.post(typed, headers={"Accept": "text/html"}).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/dashboard/nothing", "/dashboard/container/a/nothing/", "/account/nothing/"])
def test_an_address_like_no_page_is_an_error(client: Client, path: str) -> None:
    assert_page(client.get(path, headers={"Accept": "text/html"}), 404, "Not found")


def test_who_is_signed_in_keeps_the_navigation_on_an_error_and_finds_the_way_back(client: Client, alice: User) -> None:
    client.force_login(alice)
    before = "http://testserver/dashboard/volumes/"

    page = client.get("/dashboard/container/gone/settings", headers={"Accept": "text/html", "Referer": before})
    foreign = client.get("/dashboard/nothing", headers={"Accept": "text/html", "Referer": "https://example.com/"})

    assert_page(page, 404, "Container not found")
    assert '<nav id="navigation"' in page.content.decode()
    assert f'<a class="btn" href="{before}">Back</a>' in page.content.decode()
    assert "Back</a>" not in foreign.content.decode()


@pytest.mark.django_db
def test_a_stranger_s_error_has_no_navigation(client: Client) -> None:
    page = client.get("/dashboard/nothing", headers={"Accept": "text/html"}).content.decode()

    assert "<nav" not in page
    assert 'href="/"' in page


@pytest.mark.parametrize("method", ["put", "patch", "delete", "trace"])
def test_a_method_that_a_route_does_not_have_is_not_allowed(alice: User, method: str) -> None:
    answer = client_of(alice).generic(method.upper(), "/auth/tokens")

    assert_json_error(answer, 405, f'Method "{method.upper()}" not allowed')
    assert answer["Allow"] == "GET, POST, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"{", "The body is not valid JSON"),
        (b"\xff\xfe", "The body is not valid JSON"),
        (b'{"ttl": NaN}', "The body is not valid JSON"),
        (b'{"ttl": "\\ud800"}', "The body is not valid JSON"),
        (b"[" * 5000, "The body is not valid JSON"),
        (b"[]", "The body must be a JSON object"),
        (b"null", "The body must be a JSON object"),
        (b'"text"', "The body must be a JSON object"),
        (b'{"name": "a\\u0000b"}', "Null characters are not allowed"),
        (b'{"scopes": [{"\\u0000": 1}]}', "Null characters are not allowed"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(alice: User, body: bytes, sentence: str) -> None:
    answer = client_of(alice).post("/auth/tokens", body, content_type="application/json")

    assert_json_error(answer, 400)
    assert answer.json()["error"].startswith(sentence)


def test_a_backslash_before_u0000_is_no_null_character(alice: User) -> None:
    answer = client_of(alice).post("/auth/tokens", b'{"name": "\\\\u0000"}', content_type="application/json")

    assert answer.status_code == 201
    assert answer.json()["name"] == "\\u0000"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_body_of_another_type_is_refused(alice: User, content_type: str) -> None:
    assert_json_error(client_of(alice).post("/auth/tokens", b"name=a", content_type=content_type), 415)


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8"])
def test_both_names_of_json_are_taken(alice: User, content_type: str) -> None:
    client = client_of(alice)

    assert client.post("/auth/tokens", b"{}", content_type=content_type).status_code == 201
    lightd = content_type.replace("json", "vnd.pkglatv1+json", 1)
    assert client.post("/auth/tokens", b"{}", content_type=lightd).status_code == 201


@pytest.mark.parametrize("path", ["/volumes/%00", "/volumes?limit=%00"])
def test_a_null_character_in_an_address_is_refused(alice: User, path: str) -> None:
    assert_json_error(client_of(alice).get(path), 400, "Null characters are not allowed")


def test_a_foreign_host_is_refused(alice: User, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["lightd.example"]

    assert_json_error(client_of(alice).get("/volumes"), 400)


def test_a_page_without_its_csrf_token_is_refused(admin: User) -> None:
    client = Client(enforce_csrf_checks=True)

    assert_json_error(client.post("/account/sign-in", {"username": "a"}), 403)
    page = client.post("/account/sign-in", {"username": "a"}, HTTP_ACCEPT="text/html")
    assert_page(page, 403, "CSRF check failed; reload the page and try again")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/nothing/", "/account/nothing"])
def test_an_unknown_address_among_the_pages_is_a_page(client: Client, path: str, admin: User) -> None:
    client.force_login(admin)

    assert_page(client.get(path, HTTP_ACCEPT="text/html,*/*"), 404, "Not found")
    assert_json_error(client.get(path), 404, "Not found")


def test_a_page_that_breaks_down_says_nothing_of_the_inside(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    monkeypatch.setattr(sessions, "of", raising(BUSY))

    answer = client.get("/account/sessions", HTTP_ACCEPT="text/html")

    assert_page(answer, 503, "The database is busy; try again")
    assert answer["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("error", "status", "sentence", "retry_after"),
    [
        pytest.param(RuntimeError("the inside"), 500, "Internal server error", None, id="unforeseen"),
        pytest.param(BUSY, 503, "The database is busy; try again", "1", id="database"),
        pytest.param(EngineUnavailable("Docker does not answer"), 503, "Docker does not answer", "1", id="engine"),
    ],
)
def test_what_breaks_down_says_nothing_of_the_inside(
    alice: User, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, sentence: str, retry_after: str | None
) -> None:
    monkeypatch.setattr(pool, "pick_free", raising(error))

    answer = client_of(alice).get("/network/ports/random")

    assert_json_error(answer, status, sentence)
    assert answer.get("Retry-After") == retry_after


def test_several_wrong_fields_are_all_in_the_details(admin: User) -> None:
    answer = client_of(admin).post("/network/ports", {"ip": "x", "port": 0})

    assert set(answer.json()["details"]) == {"ip", "port"}
    assert answer.json()["error"] == "ip: Not a valid IPv4 or IPv6 address"


def test_a_wrong_field_within_a_list_is_named_by_its_path(admin: User) -> None:
    answer = client_of(admin).post("/network/ports/bulk-delete", {"ports": [{"ip": "::", "port": 1}, {"ip": "::"}]})

    assert list(answer.json()["details"]) == ["ports.1.port"]
