"""The page of a console: where it begins, who may look and type, its log as a file, and what one typed there before."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.http import StreamingHttpResponse
from django.test import AsyncClient, Client

from accounts.models import AuditEntry, User
from accounts.permissions import Permission
from containers import commands
from containers.models import CommandHistory, Container, Event, Grant
from containers.sockets import history
from containers.spool import Spool
from tests.people import container_of

PAGE = "/dashboard/container/web-1/console"
COMMANDS = f"{PAGE}/commands"


@pytest.fixture
def container(alice: User, tmp_path: Path, settings: Any) -> Container:
    settings.STORAGE_ROOT = tmp_path
    return container_of(alice, "web-1")


@pytest.fixture
def console(container: Container) -> Spool:
    return Spool(container.directory)


def grant(container: Container, user: User, *permissions: Permission) -> None:
    Grant.objects.create(container=container, user=user, permissions=list(permissions))


def typed(client: Client) -> list[str]:
    before: list[str] = client.get(COMMANDS).json()["commands"]
    return before


def send(client: Client, *several: str) -> None:
    for command in several:
        assert client.post(COMMANDS, {"command": command}).status_code == 204


# --- The page -------------------------------------------------------------------


def test_it_begins_with_the_lines_that_a_terminal_keeps(client: Client, alice: User, console: Spool) -> None:
    console.append(b"old\n" * 5)
    first = console.end
    console.append(b"kept\n" * history.MAX_TAIL)
    client.force_login(alice)

    assert f'data-since="{first}"' in client.get(PAGE).content.decode()


def test_who_may_only_read_is_told_so_and_gets_no_box(client: Client, bob: User, container: Container) -> None:
    client.force_login(bob)
    assert client.get(PAGE).status_code == 404

    grant(container, bob, Permission.CONSOLE_READ)
    page = client.get(PAGE).content.decode()

    assert "You may read this console, and not type into it." in page
    assert 'id="command"' not in page


@pytest.mark.parametrize("address", [PAGE, f"{PAGE}/log"])
def test_who_may_not_read_the_console_does_not_get_it(
    client: Client, bob: User, container: Container, address: str
) -> None:
    grant(container, bob, Permission.CONSOLE_WRITE)
    client.force_login(bob)

    assert client.get(address).status_code == 403


def test_a_stopped_one_says_what_its_limits_are(client: Client, alice: User, container: Container) -> None:
    Container.objects.update(memory=256 << 20, cpu=0.5)
    client.force_login(alice)

    page = client.get(PAGE).content.decode()

    assert '<span data-figure="memory_limit">256 MiB</span>' in page
    assert "of 50 %" in page


def test_it_costs_the_same_however_much_happened(
    client: Client, alice: User, container: Container, django_assert_num_queries: Any
) -> None:
    client.force_login(alice)
    for _ in range(20):
        Event.objects.create(container=container, container_uuid=container.pk, internal_id="web-1", kind="exit")

    with django_assert_num_queries(7):
        client.get(PAGE)


# --- Its log --------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
async def test_the_log_is_a_file_to_keep_without_colours(alice: User, console: Spool) -> None:
    console.append(b"\x1b[32mready\x1b[0m\r\n" * 20_000 + b"half a line")
    client = AsyncClient()
    await client.aforce_login(alice)

    response: Any = await client.get(f"{PAGE}/log")

    assert isinstance(response, StreamingHttpResponse)
    assert response["Content-Disposition"] == 'attachment; filename="web-1.log"'
    content = b"".join([piece async for piece in response])
    assert content == b"ready\n" * 20_000 + b"half a line"


def test_a_log_without_line_ends_is_read_in_pieces(tmp_path: Path) -> None:
    Spool(tmp_path).append(b"x" * (3 << 20))

    assert sum(map(len, history.plain(tmp_path))) == 3 << 20
    assert max(map(len, history.plain(tmp_path))) == history.CHUNK


# --- What was typed ---------------------------------------------------------------


def test_what_was_typed_is_recalled_on_any_device(client: Client, alice: User, container: Container) -> None:
    client.force_login(alice)
    send(client, "list", "say hello", "list")

    elsewhere = Client()
    elsewhere.force_login(alice)

    assert typed(elsewhere) == ["say hello", "list"]


def test_it_is_each_users_own_and_each_containers(client: Client, alice: User, bob: User, container: Container) -> None:
    other = container_of(alice, "web-2")
    grant(container, bob, Permission.CONSOLE_WRITE)
    client.force_login(alice)
    send(client, "op alice")

    client.force_login(bob)

    assert typed(client) == []
    assert not CommandHistory.objects.filter(container=other).exists()


def test_the_last_hundred_are_kept_and_nothing_that_was_pasted(
    client: Client, alice: User, container: Container
) -> None:
    client.force_login(alice)
    send(client, *(f"command {number}" for number in range(commands.MOST + 5)))
    send(client, "  ", "x" * (commands.LONGEST + 1), "a\0b")

    assert typed(client) == [f"command {number}" for number in range(5, commands.MOST + 5)]


def test_it_can_be_forgotten(client: Client, alice: User, container: Container) -> None:
    client.force_login(alice)
    send(client, "login hunter2")

    response = client.post(f"{COMMANDS}/forget")

    assert response.status_code == 204
    assert "forgotten" in json.loads(response["HX-Trigger"])["toast"]
    assert typed(client) == []


def test_it_is_written_nowhere_else(
    client: Client, alice: User, container: Container, caplog: pytest.LogCaptureFixture
) -> None:
    client.force_login(alice)
    send(client, "login hunter2")

    assert "hunter2" not in caplog.text
    assert not Event.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("address", [COMMANDS, f"{COMMANDS}/forget"])
def test_it_is_for_those_who_may_type(client: Client, bob: User, container: Container, address: str) -> None:
    client.force_login(bob)
    assert client.post(address, {"command": "list"}).status_code == 404

    grant(container, bob, Permission.CONSOLE_READ)

    assert client.post(address, {"command": "list"}).status_code == 403
