"""What a shell, a console or RE2 gets is what was written, its blanks included."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from containers import lifecycle
from containers.models import Container
from containers.patterns import MAX_PATTERN_LENGTH
from containers.serializers.requests import CreateSerializer
from rules.errors import Invalid
from rules.serializers import validated
from tests.people import actor, client_of, container_of

BLANKS = {"startup_command": "  ls \n", "start_pattern": " > ", "stop_command": " stop "}
TOO_LONG = "a" * (MAX_PATTERN_LENGTH + 1)
REFUSED = {
    "error": "Invalid start_pattern: longer than 1000 characters",
    "details": {"start_pattern": ["longer than 1000 characters"]},
}


def new(**given: Any) -> Any:
    body = {"internal_id": "web-1", "image": "debian", "volume_id": str(uuid4()), "startup_command": "true"}
    return validated(CreateSerializer, body | given)


def stored(*names: str) -> dict[str, Any]:
    row: dict[str, Any] = Container.objects.values(*names).get()
    return row


def test_a_new_container_has_what_was_asked_for() -> None:
    wanted = new(startup_command="  ls \n", start_pattern=" > ")

    assert (wanted.startup_command, wanted.start_pattern) == ("  ls \n", " > ")


def test_a_change_is_what_was_asked_for(alice: User) -> None:
    container_of(alice)

    assert client_of(alice).patch("/containers/web-1", BLANKS, format="json").status_code == 200

    assert stored(*BLANKS) == BLANKS


def test_what_is_typed_into_the_pages_is_too(alice: User) -> None:
    container_of(alice)
    seen = json.dumps(stored(*BLANKS))
    client = Client()
    client.force_login(alice)
    typed = {"stop_timeout": "10", "restart_policy": "never", "seen": seen, **BLANKS}

    call = client.post("/dashboard/new-container/call", {"internal_id": "x", **BLANKS}).content.decode()
    client.post("/dashboard/container/web-1/settings", typed)

    assert stored(*BLANKS) == BLANKS
    assert "  ls " in call
    assert "&quot; &gt; &quot;" in call


def test_a_command_of_blanks_is_none(alice: User) -> None:
    container_of(alice)
    refused = {
        "error": "startup_command: This field may not be blank",
        "details": {"startup_command": ["This field may not be blank."]},
    }

    answer = client_of(alice).patch("/containers/web-1", {"startup_command": " \n"}, format="json")

    assert (answer.status_code, answer.json()) == (400, refused)
    with pytest.raises(Invalid, match="startup_command: This field may not be blank"):
        new(startup_command="  ")


def test_a_pattern_that_is_too_long_is_no_start_pattern(alice: User) -> None:
    container_of(alice)

    answer = client_of(alice).patch("/containers/web-1", {"start_pattern": TOO_LONG}, format="json")

    assert (answer.status_code, answer.json()) == (400, REFUSED)
    with pytest.raises(Invalid) as refused:
        lifecycle.refuse_bad(actor(alice), new(start_pattern=TOO_LONG))
    assert refused.value.sentence == REFUSED["error"]


@pytest.mark.parametrize(("cpu", "status"), [(0.009, 400), (0.01, 200), (0.5, 200)])
def test_the_share_of_a_core_begins_at_docker_s_floor_and_is_said_to(
    alice: User, engine_here: None, cpu: float, status: int
) -> None:
    container_of(alice)

    assert client_of(alice).patch("/containers/web-1", {"limits": {"cpu": cpu}}, format="json").status_code == status

    schemas = client_of(alice).get("/docs/openapi.json").json()["components"]["schemas"]
    assert schemas["Limits"]["properties"]["cpu"]["description"] == "Cores, from 0.01, Docker's floor, to the host's."
