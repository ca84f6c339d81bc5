"""Every answer carries the wall's headers, whoever gave it."""

from http import HTTPStatus

import pytest
from django.http import HttpResponse
from django.templatetags.static import static
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from lightd_site.wall import intake
from tests.answers import Answer
from tests.people import client_of

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def assert_walled(answer: Answer) -> None:
    assert {name: answer.get(name) for name in EVERYWHERE} == EVERYWHERE
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "camera=()" in answer["Permissions-Policy"]
    assert "Strict-Transport-Security" not in answer


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/public/ping", 200),
        ("/auth/tokens", 200),
        ("/docs/", 200),
        ("/docs/openapi.json", 200),
        ("/admin/", 200),
        ("/admin/accounts/user/", 200),
        (static("js/theme.js"), 200),
        ("/static/nothing.js", 404),
        ("/nothing", 404),
        ("/volumes?limit=%00", 400),
        ("/volumes?limit=-1", 400),
        ("/containers/none", 404),
    ],
)
def test_every_kind_of_answer(client: Client, admin: User, path: str, status: int) -> None:
    client.force_login(admin)
    answer = client.get(path)

    assert answer.status_code == status
    assert_walled(answer)


@pytest.mark.parametrize(("path", "status"), [("/admin/", 302), ("/account/sign-in", 200), ("/volumes", 401)])
def test_who_is_not_signed_in_gets_them_too(client: Client, db: None, path: str, status: int) -> None:
    answer = client.get(path)

    assert answer.status_code == status
    assert_walled(answer)


def test_what_the_site_never_saw_has_them_too() -> None:
    _, headers = intake.error(HTTPStatus.BAD_REQUEST, "The request is not valid HTTP", None)

    answer = HttpResponse(headers={name.decode(): value.decode() for name, value in headers})
    assert {name: answer.get(name) for name in EVERYWHERE} == EVERYWHERE
    assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert "camera=()" in answer["Permissions-Policy"]
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Request-ID"]


def test_an_answer_to_its_caller_alone_is_kept_nowhere(alice: User, client: Client) -> None:
    assert client_of(alice).get("/auth/tokens")["Cache-Control"] == "no-store"
    assert "no-store" not in client.get(static("js/theme.js"))["Cache-Control"]


def test_browsers_stay_with_tls_only_where_it_is_there(client: Client, settings: Settings) -> None:
    settings.SECURE_HSTS_SECONDS = 3600

    assert client.get("/api/v1/public/ping", secure=True)["Strict-Transport-Security"] == "max-age=3600"
    assert "Strict-Transport-Security" not in client.get("/api/v1/public/ping")


ORIGIN = {"Origin": "https://shop.example"}
PREFLIGHT = {**ORIGIN, "Access-Control-Request-Method": "POST"}


def test_no_origin_is_let_in_that_is_not_listed(alice: User) -> None:
    answer = client_of(alice).get("/auth/tokens", headers=ORIGIN)

    assert not [name for name in answer.headers if name.startswith("Access-Control")]
    assert "Access-Control-Allow-Origin" not in client_of(alice).options("/auth/tokens", headers=PREFLIGHT)


def test_a_listed_origin_reads_answers_and_sends_no_cookie(alice: User, settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://shop.example"]
    answer = client_of(alice).get("/auth/tokens", headers=ORIGIN)

    assert answer["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "Access-Control-Allow-Credentials" not in answer
    preflight = client_of(alice).options("/auth/tokens", headers=PREFLIGHT)
    assert preflight.status_code == 200
    assert "authorization" in preflight["Access-Control-Allow-Headers"]
    evil = client_of(alice).get("/auth/tokens", HTTP_ORIGIN="https://shop.example.evil")
    assert "Access-Control-Allow-Origin" not in evil
