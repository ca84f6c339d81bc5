import re
from typing import Any

import pytest
from django.core.management import call_command
from django.templatetags.static import static
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator

from accounts.models import User
from tests.people import client_of

URL = "/docs/openapi.json"
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
def schema(alice: User) -> Any:
    answer = client_of(alice).get(URL)
    assert answer.status_code == 200
    return answer.json()


def operations(schema: Any) -> list[tuple[str, Any]]:
    return [
        (f"{method} {path}", operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]


def test_every_route_is_described_with_its_errors_and_an_example(schema: Any) -> None:
    assert len(operations(schema)) >= 16

    for name, operation in operations(schema):
        assert operation["summary"], name
        statuses = set(operation["responses"])
        assert statuses & {"200", "201", "202"}, name
        assert {"400", "405", "406"} <= statuses, name
        if "requestBody" in operation:
            assert {"413", "415"} <= statuses, name
            examples = [content.get("examples") for content in operation["requestBody"]["content"].values()]
            assert any(examples), name
        if "{" in name:
            assert "404" in statuses, name


@pytest.mark.parametrize(
    ("operation", "statuses"),
    [
        ("delete /containers/{internal_id}", {"409"}),  # Docker refuses
        ("post /volumes/{volume_id}/chmod", {"409"}),
        ("get /volumes/{volume_id}/files", {"409"}),
        ("get /volumes/{volume_id}/files/content", {"409", "413"}),
        ("post /volumes/{volume_id}/files", {"409", "413", "507"}),
        ("get /volumes/{volume_id}/files/search", {"409"}),
        ("get /volumes/{volume_id}/files/download", {"409", "416"}),
        ("post /volumes/{volume_id}/move", {"409", "507"}),
        ("get /volumes/{volume_id}/upload", {"409"}),
        ("post /volumes/{volume_id}/upload", {"408", "409", "507"}),
        ("delete /volumes/{volume_id}/upload", {"409"}),
    ],
)
def test_what_a_state_or_a_connection_does_to_a_request_is_described(
    schema: Any, operation: str, statuses: set[str]
) -> None:
    assert statuses <= set(dict(operations(schema))[operation]["responses"])


def test_the_description_is_worked_out_once(schema: Any, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(SchemaGenerator, "get_schema")  # it takes most of a second of the process that carries consoles

    assert client_of(alice).get(URL).json() == schema


def test_what_an_entry_can_be_is_described(schema: Any) -> None:
    kinds = schema["components"]["schemas"]["File"]["properties"]["type"]

    assert "`other`: a pipe, a socket or a device." in kinds["description"]


@pytest.mark.django_db
def test_the_description_is_made_without_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    GENERATOR_STATS.reset()

    call_command("spectacular", fail_on_warn=True)

    assert "paths:" in capsys.readouterr().out


def test_all_but_ping_ask_for_a_token(schema: Any) -> None:
    assert schema["components"]["securitySchemes"]["token"]["scheme"] == "bearer"

    for name, operation in operations(schema):
        secured = {"token": []} in operation.get("security", [])
        assert secured is (name != "get /api/v1/public/ping"), name
        assert ("401" in operation["responses"]) is secured, name


def test_unknown_fields_are_ruled_out(schema: Any) -> None:
    assert schema["components"]["schemas"]["VolumeRequest"]["additionalProperties"] is False


def test_the_page_is_served_without_any_outside_host(client: Client, alice: User) -> None:
    client.force_login(alice)

    answer = client.get("/docs/", HTTP_ACCEPT="text/html")

    assert answer.status_code == 200
    loaded = re.findall(r'(?:src|<link [^>]*href)="([^"]+)"', answer.content.decode())
    assert static("js/filter.js") in loaded
    for asset in loaded:
        assert asset.startswith("/static/")
        assert client.get(asset).status_code == 200, asset


@pytest.mark.django_db
def test_a_browser_that_is_not_signed_in_is_sent_there(client: Client) -> None:
    answer = client.get("/docs/", HTTP_ACCEPT="text/html,*/*;q=0.8")

    assert answer.status_code == 302
    assert answer["Location"] == "/account/sign-in?next=/docs/"
    assert client.get(answer["Location"]).status_code == 200


@pytest.mark.django_db
def test_a_program_without_a_token_is_told_so(client: Client) -> None:
    for url in ("/docs/", URL):
        answer = client.get(url, HTTP_ACCEPT="application/json")
        assert answer.status_code == 401
        assert answer.json() == {"error": "Authentication required"}
