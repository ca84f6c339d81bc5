"""The page on which a container is made: what it offers, how it says what is wrong, and the call that it shows."""

import json
import re
import shlex
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from containers.models import Container, Event, Image
from ports import pool
from ports.models import Port
from tests.answers import Answer
from tests.people import browser_of, container_of
from volumes.models import Volume

URL = "/dashboard/new-container"
VOLUME = "550e8400-e29b-41d4-a716-446655440000"
TYPED = {
    "internal_id": "web-1",
    "image": "debian:bookworm",
    "volume_id": VOLUME,
    "startup_command": "sleep infinity",
    "memory_unit": "MiB",
}


def shown(answer: Answer) -> str:
    return answer.content.decode()


def body_of(answer: Any) -> Any:
    """What curl would send."""
    words = shlex.split(answer.context["call"])
    return json.loads(words[words.index("-d") + 1])


def test_a_stranger_is_sent_to_sign_in(db: None) -> None:
    assert Client(headers={"Accept": "text/html"}).get(URL).status_code == 302


def test_it_suggests_the_images_on_the_host(alice: User) -> None:
    Image.objects.create(docker_id="sha256:1", names=["debian:bookworm"], size=1, created_at=timezone.now())
    Image.objects.create(docker_id="sha256:2", names=["lightd/container:1"], size=1, created_at=timezone.now())

    page = shown(browser_of(alice).get(URL))

    assert '<option value="debian:bookworm">' in page
    assert "lightd/container" not in page


def test_ports_that_are_taken_are_not_offered(alice: User) -> None:
    for port in (25565, 25566, 25567):
        pool.add("0.0.0.0", port, "tcp")
    pool.add("192.0.2.1", 25565, "tcp")
    pool.add("0.0.0.0", 25566, "udp")
    Port.objects.filter(port=25565, ip="0.0.0.0").update(container=container_of(alice))
    Port.objects.filter(port=25567).update(held=True)

    page = shown(browser_of(alice).get(URL))

    assert '<option value="25566" label="TCP and UDP">' in page
    assert "25565" not in page.replace("Listening on port 25565", "")
    assert "25567" not in page


def test_one_s_own_volumes_are_offered_by_who_uses_them(alice: User, bob: User) -> None:
    used = container_of(alice, "web-9").volume
    other = Volume.objects.create(owner=bob)

    page = shown(browser_of(alice).get(URL))

    assert f'<option value="{used.pk}">' in page
    assert "(web-9, since" in page
    assert str(other.pk) not in page


def test_host_paths_and_owners_are_for_administrators(alice: User, admin: User) -> None:
    assert "Host paths" not in shown(browser_of(alice).get(URL))
    assert "Owner" not in shown(browser_of(alice).get(URL))
    page = shown(browser_of(admin).get(URL))
    assert "Host paths" in page
    assert '<option value="alice">' in page


def test_it_costs_as_many_queries_whatever_there_is(alice: User, django_assert_num_queries: Any) -> None:
    client = browser_of(alice)
    for number in range(3):
        container_of(alice, f"web-{number}")
        pool.add("0.0.0.0", 25565 + number, "tcp")
    with django_assert_num_queries(10) as few:
        client.get(URL)
    for number in range(3, 20):
        container_of(alice, f"web-{number}")
        pool.add("0.0.0.0", 25565 + number, "tcp")

    with django_assert_num_queries(len(few)):
        client.get(URL)


def test_the_call_says_what_the_form_says(admin: User, tmp_path: Any) -> None:
    answer = browser_of(admin).post(
        f"{URL}/call",
        {
            **TYPED,
            "startup_command": "echo 'it'\r\nsleep 1",
            "start_pattern": r"port \d+",
            "container_port": ["3000", "", "53"],
            "protocol": ["tcp", "tcp", "udp"],
            "host_port": ["25565", "", "192.0.2.1:53"],
            "memory": "1.5",
            "memory_unit": "GiB",
            "cpu": "0.5",
            "container_path": ["/data"],
            "host_path": [str(tmp_path)],
            "install_script": "#!/bin/sh\r\napt-get update\r\n",
            "owner": "alice",
        },
    )

    assert body_of(answer) == {
        "internal_id": "web-1",
        "image": "debian:bookworm",
        "volume_id": VOLUME,
        "startup_command": "echo 'it'\nsleep 1",
        "start_pattern": r"port \d+",
        "ports": [
            {"container_port": 3000, "host_port": 25565, "protocol": "tcp"},
            {"protocol": "tcp"},
            {"container_port": 53, "ip": "192.0.2.1", "host_port": 53, "protocol": "udp"},
        ],
        "limits": {"memory": 3 << 29, "cpu": 0.5},
        "mount": {"/data": str(tmp_path)},
        "install_script": "#!/bin/sh\napt-get update\n",
        "owner": "alice",
    }
    assert "$TOKEN" in answer.context["call"]
    assert answer.context["call"].startswith("curl -X POST http://testserver/containers ")


def test_the_call_of_a_half_filled_form_is_shown_too(alice: User) -> None:
    answer = browser_of(alice).post(f"{URL}/call", {"internal_id": "web-1", "memory": "many", "container_port": "x"})

    assert body_of(answer)["internal_id"] == "web-1"
    assert "limits" not in body_of(answer)


def test_a_row_is_added_and_another_removed_and_nothing_typed_is_lost(alice: User) -> None:
    typed = {
        **TYPED,
        "startup_command": "",
        "install_script": "echo hello",
        "container_port": ["3000", "4000"],
        "protocol": ["tcp", "udp"],
        "host_port": ["25565", ""],
    }

    more = shown(browser_of(alice).post(URL, {**typed, "add_row": "ports"}))
    less = shown(browser_of(alice).post(URL, {**typed, "remove_row": "ports.0"}))

    assert more.count('name="container_port"') == 3
    assert less.count('name="container_port"') == 1
    assert 'value="4000"' in less
    assert 'value="3000"' not in less
    for page in (more, less):
        assert "echo hello" in page
        assert "This field is required" not in page
    assert not Container.objects.exists()


@pytest.mark.parametrize("asked", [{"add_row": "others"}, {"remove_row": "ports.9"}, {"remove_row": "ports.-1"}])
def test_a_row_that_is_not_there_is_no_trouble(alice: User, asked: dict[str, str]) -> None:
    row = {"container_port": "3000", "protocol": "tcp", "host_port": ""}

    answer = browser_of(alice).post(URL, {**TYPED, **row, **asked})

    assert answer.status_code == 200
    assert shown(answer).count('name="container_port"') == 1


WRONG = {
    "internal_id": ({"internal_id": "-web"}, "Begin with a letter or digit; then letters, digits, _ . and -; at most"),
    "image": ({"image": "No Image"}, "Not an image reference."),
    "startup_command": ({"startup_command": ""}, "This field is required."),
    "start_pattern": ({"start_pattern": "("}, "missing )"),
    "memory": ({"memory": "1"}, "At least 6 MiB."),
    "cpu": ({"cpu": "1000"}, "CPU limit must be from"),
    "cpu-text": ({"cpu": "many"}, "Enter a number."),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_beside_its_field(alice: User, case: str) -> None:
    wrong, sentence = WRONG[case]
    field = case.partition("-")[0]

    answer = browser_of(alice).post(URL, {**TYPED, "install_script": "echo kept", **wrong})

    assert answer.status_code == 400
    assert any(sentence in each for each in answer.context["form"].errors[field])
    assert "echo kept" in shown(answer)
    assert not Container.objects.exists()


def test_all_that_is_wrong_is_said_at_once_and_the_page_begins_at_the_first_of_it(admin: User) -> None:
    wrong = {"image": "", "internal_id": "-web", "start_pattern": "(", "memory": "1", "cpu": "1000", "owner": "nobody"}
    rows = {"container_port": ["3000", "70000"], "protocol": ["tcp", "tcp"], "host_port": ["", ""]}
    mounts = {"container_path": ["/data"], "host_path": ["/etc"]}

    answer = browser_of(admin).post(URL, {**TYPED, **wrong, **rows, **mounts})

    labels = [mistake.label for mistake in answer.context["form"].mistakes()]
    assert labels == [
        "Name",
        "Image",
        "Owner",
        "Start pattern",
        "Port 2, container port",
        "Memory",
        "CPU",
        "Host path",
    ]
    page = shown(answer)
    assert "8 mistakes to correct" in page
    assert '<a href="#id_memory">Memory</a>: At least 6 MiB.</li>' in page
    assert '<a href="#id_ports_1_container_port">Port 2, container port</a>' in page
    assert re.findall(r"<(?:input|textarea|select)[^>]*name=\"(\w+)\"[^>]* autofocus", page) == ["internal_id"]


def test_a_page_with_a_mistake_further_down_begins_there(alice: User) -> None:
    page = shown(browser_of(alice).post(URL, {**TYPED, "memory": "1"}))

    assert re.findall(r"<(?:input|textarea|select)[^>]*name=\"(\w+)\"[^>]* autofocus", page) == ["memory"]


ROW = {"container_port": "3000", "protocol": "tcp", "host_port": "25565"}


def test_what_is_wrong_with_a_port_is_said_in_its_row(alice: User) -> None:
    rows = {"container_port": ["3000", "70000"], "protocol": ["tcp", "tcp"], "host_port": ["", "many"]}

    answer = browser_of(alice).post(URL, {**TYPED, **rows})

    first, second = answer.context["form"].lists["ports"]
    assert not first.errors
    assert set(second.errors) == {"container_port", "host_port"}


def test_mounts_that_are_refused_say_so_with_them(admin: User, tmp_path: Any) -> None:
    here = {"container_path": ["/data"], "host_path": ["/etc"]}
    twice = {"container_path": ["/data", "/data"], "host_path": [str(tmp_path), str(tmp_path)]}

    refused = browser_of(admin).post(URL, {**TYPED, **here})
    doubled = browser_of(admin).post(URL, {**TYPED, **twice})

    assert refused.status_code == 403
    assert refused.context["form"].lists["mount"].errors == ["Host path may not be mounted: /etc"]
    assert doubled.context["form"].lists["mount"].errors == ["Container path is already used: /data"]


def test_without_an_engine_it_says_so_and_nothing_is_lost(alice: User, engine_away: None) -> None:
    answer = browser_of(alice).post(URL, {**TYPED, "install_script": "echo kept"})

    assert answer.status_code == 503
    assert "engine" in " ".join(answer.context["form"].non_field_errors()).lower()
    assert "echo kept" in shown(answer)
    assert not Container.objects.exists()


@pytest.mark.usefixtures("engine_here")
class TestWithEngine:
    """What is only found out in the transaction."""

    def test_it_is_made_and_its_installation_shown(self, alice: User) -> None:
        pool.add("0.0.0.0", 25565, "tcp")

        answer = browser_of(alice).post(URL, {**TYPED, **ROW, "memory": "512"})

        assert answer.headers["Location"] == "/dashboard/container/web-1/install"
        made = Container.objects.get()
        assert (made.owner, made.volume_id, made.memory) == (alice, UUID(VOLUME), 512 << 20)
        assert [binding.host_port for binding in pool.bindings(made)] == [25565]
        assert made.events.get().kind == Event.Kind.INSTALLING

    def test_a_name_that_is_taken_is_said_beside_it(self, alice: User) -> None:
        container_of(alice, "web-1")

        answer = browser_of(alice).post(URL, TYPED)

        assert answer.status_code == 409
        assert answer.context["form"].errors == {"internal_id": ["Container already exists"]}

    def test_a_port_that_is_taken_is_said_in_its_row(self, alice: User) -> None:
        pool.add("0.0.0.0", 25565, "tcp")
        pool.add("0.0.0.0", 25566, "tcp")
        Port.objects.filter(port=25565).update(held=True)
        rows = {"container_port": ["1", "2"], "protocol": ["tcp", "tcp"], "host_port": ["25566", "25565"]}

        answer = browser_of(alice).post(URL, {**TYPED, **rows})

        first, second = answer.context["form"].lists["ports"]
        assert answer.status_code == 409
        assert not first.errors
        assert second.errors == {"host_port": ["Port already in use"]}
        assert not Container.objects.exists()

    def test_a_quota_is_said_beside_the_limit_that_it_needs(self, alice: User) -> None:
        User.objects.filter(pk=alice.pk).update(max_memory=1 << 30)

        answer = browser_of(alice).post(URL, TYPED)

        assert answer.status_code == 403
        assert "memory" in answer.context["form"].errors

    def test_an_administrator_makes_it_for_someone_else(self, admin: User, alice: User) -> None:
        browser_of(admin).post(URL, {**TYPED, "owner": "alice"})

        assert Container.objects.get().owner == alice


def tried(client: Client, pattern: str, sample: str) -> str:
    return shown(client.post("/dashboard/try-pattern", {"start_pattern": pattern, "sample": sample}))


def test_a_pattern_is_tried_by_the_engine_that_counts(alice: User) -> None:
    client = browser_of(alice)

    assert "<mark>port 80</mark>" in tried(client, r"port \d+", "listening on\r\nport 80\r\n")
    assert "<mark>Done</mark>" in tried(client, "^Done$", "\x1b[32mDone\x1b[0m\r\n")  # as the console is looked at
    assert "no match" in tried(client, "Done", "starting")
    assert "invalid perl operator" in tried(client, "(?=a)", "a")  # RE2 has no such thing
    assert "no more than 4000" in tried(client, "a", "b" * 4001)
    assert "&lt;script&gt;" in tried(client, "x", "x<script>")
