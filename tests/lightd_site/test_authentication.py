import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User
from tests.people import client_of, client_with

PUBLIC = {"api/v1/public/ping"}
PAGES = ("admin/", "account/", "dashboard/")


def api_routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> list[str]:
    found: list[str] = []
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found += api_routes(pattern.url_patterns, route)
        elif route and not route.startswith(PAGES):
            found.append(route)
    return found


@pytest.mark.django_db
def test_every_route_but_ping_needs_a_token() -> None:
    routes = api_routes(get_resolver().url_patterns)
    assert len(routes) > 10

    for route in routes:
        url = "/" + route.replace("<str:", "").replace("<", "").replace(">", "")
        answer = client_with("").get(url)
        assert (route in PUBLIC) is (answer.status_code == 200), route
        if route not in PUBLIC:
            assert answer.status_code == 401, route
            assert answer["WWW-Authenticate"] == "Bearer", route
            assert list(answer.json()) == ["error"], route


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("", "Authentication required"),
        ("Basic YTpi", "Authentication required"),
        ("Bearer", "Invalid token"),
        ("Bearer lightd_wrong", "Invalid token"),
        ("bearer \xff\xfe", "Invalid token"),
    ],
)
def test_the_sentence_says_what_is_wrong(client: Client, header: str, sentence: str) -> None:
    answer = client.get("/volumes", HTTP_AUTHORIZATION=header)

    assert answer.status_code == 401
    assert answer.json() == {"error": sentence}


def test_a_session_reads_without_a_token_but_writes_only_with_its_csrf_token(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)

    assert client.get("/volumes").status_code == 200
    refusal = client.post("/auth/tokens", {}, content_type="application/json")
    assert refusal.status_code == 403
    assert "CSRF" in refusal.json()["error"]

    client.cookies["csrftoken"] = "a" * 32
    accepted = client.post("/auth/tokens", {}, content_type="application/json", HTTP_X_CSRFTOKEN="a" * 32)
    assert accepted.status_code == 201


def test_a_token_needs_no_csrf_token(alice: User) -> None:
    client = client_of(alice)
    client.handler.enforce_csrf_checks = True

    assert client.post("/auth/tokens", {}).status_code == 201
