"""The Settings tab: what is changed is what one changed, and what that does is said."""

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, User
from accounts.permissions import Permission
from containers import configure
from containers.models import Container, Event, Grant, Job
from containers.spool import Spool
from containers.states import State
from tests.answers import Answer, text
from tests.people import actor, browser_of, client_of, container_of

PAGE = "/dashboard/container/web-1/settings"
MIB = 1 << 20


@pytest.fixture
def container(alice: User) -> Container:
    one = container_of(alice, "web-1")
    values = {"state": State.RUNNING, "installed": True, "started_at": timezone.now(), "memory": 256 * MIB}
    Container.objects.filter(pk=one.pk).update(**values)
    one.refresh_from_db()
    return one


def typed_in(page: str) -> dict[str, Any]:
    """What a browser would send if nothing was touched."""
    form = page[page.index('class="settings"') : page.index("settings-advanced")]
    inputs = re.findall(r'<input type="(?:text|number|hidden)" name="(\w+)"(?: value="([^"]*)")?', form)
    areas = re.findall(r'<textarea name="(\w+)"[^>]*>\s*(.*?)</textarea>', form, re.DOTALL)
    chosen = re.findall(r'<select name="(\w+)".*?<option value="([^"]*)" selected', form, re.DOTALL)
    fields: dict[str, list[str]] = {}
    for name, value in [*inputs, *areas, *chosen]:
        fields.setdefault(name, []).append(unescape(value))
    return fields


def open_form(client: Client) -> dict[str, Any]:
    return typed_in(client.get(PAGE).content.decode())


def save(client: Client, form: dict[str, Any], **changed: Any) -> Answer:
    return client.post(PAGE, form | changed)


def stored(name: str) -> Any:
    return Container.objects.values_list(name, flat=True).get(internal_id="web-1")


# --- What is saved --------------------------------------------------------------


def test_only_what_was_touched_is_changed(container: Container, alice: User, engine_here: None) -> None:
    client = browser_of(alice)

    save(client, open_form(client), stop_timeout="30", memory="0.5", memory_unit="GiB")

    assert (stored("stop_timeout"), stored("memory")) == (30, 512 * MIB)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.via) == ("container.settings", "page")
    assert entry.after == {"stop_timeout": 30, "memory": 512 * MIB}
    assert Job.objects.get().kind == Job.Kind.UPDATE


def test_nothing_touched_changes_nothing(container: Container, alice: User) -> None:
    client = browser_of(alice)

    response = client.post(PAGE, open_form(client), follow=True)

    assert "Nothing was changed." in text(response)
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("startup_command", "", "This field is required."),
        ("start_pattern", "(", "missing )"),
        ("stop_timeout", "0", "Ensure this value is greater than or equal to 1."),
        ("memory", "1", "At least 6 MiB."),
        ("cpu", "9999", "CPU limit must be from"),
        ("restart_policy", "sometimes", "Select a valid choice"),
    ],
)
def test_what_is_refused_is_said_beside_its_field(
    container: Container, alice: User, field: str, value: str, sentence: str
) -> None:
    client = browser_of(alice)

    response = save(client, open_form(client), **{field: value})

    assert response.status_code == 400
    beside = text(response)[text(response).index(f'name="{field}"') :]
    assert sentence in beside[: beside.index("</div>")]
    assert not Event.objects.exists()


# --- What it does -----------------------------------------------------------------


def test_it_says_what_waits_for_a_restart_until_it_was(container: Container, alice: User) -> None:
    client = browser_of(alice)
    save(client, open_form(client), startup_command="sleep 9", stop_timeout="30")

    assert "Waits for a restart: <b>startup command</b>" in text(client.get(PAGE))

    Container.objects.update(started_at=timezone.now())

    assert "Waits for a restart" not in text(client.get(f"{PAGE}/state"))


def test_what_makes_the_container_anew_is_said_first(container: Container, alice: User) -> None:
    client = browser_of(alice)
    form = open_form(client)

    preview = text(save(client, form, memory=""))

    assert "<del>256 MiB</del> → <ins>none</ins>" in preview
    assert "the container is made anew" in preview
    assert stored("memory") == 256 * MIB

    save(client, form, memory="", foreseen="yes")

    assert stored("memory") is None
    assert stored("stale")


# --- Two at once ------------------------------------------------------------------


def test_somebody_elses_change_is_not_overwritten_unseen(
    container: Container, alice: User, admin: User, engine_here: None
) -> None:
    client = browser_of(alice)
    form = open_form(client)
    configure.patch(actor(admin), "web-1", {"memory": 512 * MIB, "stop_timeout": 77})

    response = save(client, form, memory="128")

    assert response.status_code == 409
    assert "admin made it 512 MiB meanwhile" in text(response)
    assert stored("memory") == 512 * MIB

    save(client, typed_in(response.content.decode()))  # having seen it

    assert (stored("memory"), stored("stop_timeout")) == (128 * MIB, 77)


def test_changes_of_different_settings_do_not_meet(container: Container, alice: User, admin: User) -> None:
    client = browser_of(alice)
    form = open_form(client)
    configure.patch(actor(admin), "web-1", {"stop_timeout": 77})

    save(client, form, stop_command="quit")

    assert (stored("stop_timeout"), stored("stop_command")) == (77, "quit")


# --- Without an engine --------------------------------------------------------------


@pytest.mark.parametrize("limits", [{"memory": 512 * MIB}, {"cpu": 1.0}])
def test_a_limit_that_docker_cannot_be_told_of_stays(
    container: Container, alice: User, engine_away: None, limits: dict[str, float]
) -> None:
    before = Container.objects.values().get()

    answer = client_of(alice).patch("/containers/web-1", {"limits": limits, "stop_timeout": 30}, format="json")

    assert (answer.status_code, answer.json()) == (503, {"error": "Docker engine unreachable"})
    assert Container.objects.values().get() == before
    assert not Job.objects.exists()


def test_what_docker_is_not_told_of_is_changed_all_the_same(
    container: Container, alice: User, engine_away: None
) -> None:
    values = {"limits": {"memory": None, "cpu": None}, "stop_timeout": 30}  # the next start makes it anew

    answer = client_of(alice).patch("/containers/web-1", values, format="json")

    assert answer.status_code == 200
    assert (stored("memory"), stored("stop_timeout")) == (None, 30)


def test_all_that_is_wrong_is_said_at_once(container: Container, alice: User) -> None:
    client = browser_of(alice)
    form = open_form(client)

    wrong = {"startup_command": "", "start_pattern": "(", "stop_timeout": "0", "memory": "1", "cpu": "1000"}
    response = client.post(PAGE, form | wrong)

    labels = [mistake.label for mistake in response.context["form"].mistakes()]
    assert labels == ["Startup command", "Start pattern", "Stop timeout", "Memory", "CPU"]
    assert '<a href="#id_cpu">CPU</a>: CPU limit must be from' in text(response)
    assert re.findall(r'name="(\w+)"[^>]* autofocus', response.content.decode()) == ["startup_command"]
    assert stored("memory") == 256 * MIB


# --- Docker's own names -----------------------------------------------------------


@pytest.mark.engine
def test_limits_by_dockers_own_names(container: Container, alice: User, engine_here: None) -> None:
    client = browser_of(alice)

    client.post(f"{PAGE}/resources", {"seen": "{}", "cpu_shares": "512", "cpuset_cpus": "0"})

    assert stored("resources") == {"cpu_shares": 512, "cpuset_cpus": "0"}

    seen = json.dumps({"cpu_shares": 512})
    response = client.post(f"{PAGE}/resources", {"seen": seen, "cpu_shares": "", "blkio_weight": "5"})

    assert "Docker can change this, and not take it away." in text(response)
    response = client.post(f"{PAGE}/resources", {"seen": seen, "cpu_shares": "512", "blkio_weight": "5"})
    assert "blkio_weight must be from 10 to 1000" in text(response)
    assert stored("resources") == {"cpu_shares": 512, "cpuset_cpus": "0"}


# --- Who may ------------------------------------------------------------------------


def test_host_paths_are_for_administrators(
    container: Container, alice: User, admin: User, tmp_path: Path, settings: Any
) -> None:
    settings.STORAGE_ROOT = tmp_path / "storage"
    shared = tmp_path / "shared"
    shared.mkdir()
    mount = {"container_path": ["/data"], "host_path": [str(shared)], "foreseen": "yes"}
    client = browser_of(alice)
    form = open_form(client)
    assert "Host paths" not in text(client.get(PAGE))

    save(client, form, **mount)
    assert stored("mount") == {}

    client = browser_of(admin)
    form = open_form(client)
    assert "Host paths" in text(client.get(PAGE))
    response = save(client, form, **(mount | {"host_path": ["/etc"]}))
    assert "Host path may not be mounted: /etc" in text(response)
    save(client, form, **mount)
    assert stored("mount") == {"/data": str(shared)}


def test_a_row_for_a_host_path_is_added_and_what_was_typed_stays(container: Container, admin: User) -> None:
    client = browser_of(admin)
    form = open_form(client)

    page = save(client, form, stop_command="quit", add_row="mount").content.decode()

    assert typed_in(page)["stop_command"] == ["quit"]
    assert typed_in(page)["seen"] == form["seen"]
    assert page.count('name="host_path"') == 1
    assert stored("stop_command") == ""


@pytest.mark.parametrize("address", [PAGE, f"{PAGE}/state"])
def test_it_is_for_those_who_may_change_them(container: Container, bob: User, address: str) -> None:
    client = browser_of(bob)
    assert client.get(address).status_code == 404

    Grant.objects.create(container=container, user=bob, permissions=[Permission.POWER])
    assert client.get(address).status_code == 403
    assert client.post(f"{PAGE}/resources", {"seen": "{}"}).status_code == 403

    Grant.objects.update(permissions=[Permission.SETTINGS])
    assert client.get(address).status_code == 200


def test_it_costs_the_same_however_much_happened(
    container: Container, alice: User, django_assert_num_queries: Any
) -> None:
    client = browser_of(alice)
    for timeout in range(20, 40):
        configure.patch(actor(alice), "web-1", {"stop_timeout": timeout})

    with django_assert_num_queries(9):
        client.get(PAGE)


def test_a_start_pattern_can_be_tried_on_what_was_printed_last(
    container: Container, tmp_path: Path, settings: Any
) -> None:
    settings.STORAGE_ROOT = tmp_path
    Spool(container.directory).append(b"\x1b[32mbooting\x1b[0m\r\nLISTENING <b>\r\n")
    Container.objects.update(state=State.STARTING, start_pattern="Listening")

    page = browser_of(container.owner).get(PAGE).content.decode()

    assert "booting\nLISTENING &lt;b&gt;\n</textarea>" in page
    assert '<details class="try" open>' in page
    assert '<code title="Listening">Listening</code> in its output' in page


def test_but_not_by_who_may_not_read_the_console(
    container: Container, bob: User, tmp_path: Path, settings: Any
) -> None:
    settings.STORAGE_ROOT = tmp_path
    Spool(container.directory).append(b"secret\n")
    Grant.objects.create(container=container, user=bob, permissions=[Permission.SETTINGS])

    assert "secret" not in browser_of(bob).get(PAGE).content.decode()
