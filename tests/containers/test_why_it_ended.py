"""Why a process ended stays with its container, for whoever looks later, until it is started again."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from containers import outcomes
from containers.crashes import Ending
from containers.models import Container
from containers.states import State
from tests.people import container_of

OURS = "a" * 64
OUT_OF_MEMORY = "Crashed: the process ran out of memory (exit code 137)"
WITH_ENGINE = "The process ended with the Docker engine or the host (exit code 143)"


@pytest.fixture
def container(alice: User, tmp_path: Path, settings: Any) -> Container:
    settings.STORAGE_ROOT = tmp_path
    container = container_of(alice, "web-1")
    runs(container)
    return container


def runs(container: Container) -> None:
    Container.objects.update(state=State.RUNNING, docker_id=OURS, installed=True, should_run=True)
    container.refresh_from_db()


def end(container: Container, exit_code: int = 1, **how: bool) -> None:
    outcomes.exited(container.pk, OURS, Ending(exit_code, timezone.now(), **how))
    container.refresh_from_db()


@pytest.mark.parametrize(
    ("exit_code", "how", "sentence"),
    [
        (137, {"out_of_memory": True}, OUT_OF_MEMORY),
        (3, {}, "Crashed: the process exited with code 3"),
        (143, {"by_engine": True}, WITH_ENGINE),
        (0, {}, ""),
    ],
)
def test_the_row_keeps_the_sentence(container: Container, exit_code: int, how: dict[str, bool], sentence: str) -> None:
    end(container, exit_code, **how)

    assert (container.state, container.error) == (State.READY, sentence)


def test_the_page_and_the_list_say_it_and_lead_to_the_last_lines(
    client: Client, alice: User, container: Container
) -> None:
    end(container, 137, out_of_memory=True)
    client.force_login(alice)

    head = client.get("/dashboard/container/web-1/head").content.decode()
    row = client.get("/dashboard/containers/").content.decode()

    assert OUT_OF_MEMORY in head
    assert "/dashboard/container/web-1/activity?about=crashes" in head
    assert f'title="{OUT_OF_MEMORY}"' in row


def test_one_that_stays_down_says_that_too(container: Container, settings: Any) -> None:
    settings.CRASH_LIMIT = 0
    Container.objects.update(restart_policy="always")

    end(container, 137, out_of_memory=True)

    assert container.error.startswith(f"{OUT_OF_MEMORY}. Restarted 0 times")


def test_it_is_forgotten_with_the_next_start(container: Container) -> None:
    Container.objects.update(restart_policy="always")
    end(container)
    assert (container.state, container.error) == (State.STARTING, "Crashed: the process exited with code 1")

    Container.objects.update(restart_at=timezone.now())
    outcomes.begin_due_restarts()
    container.refresh_from_db()

    assert (container.state, container.error) == (State.STARTING, "")


def test_nor_does_one_that_was_started_beside_us_keep_it(container: Container) -> None:
    end(container)

    outcomes.started(container.pk, OURS, timezone.now())
    container.refresh_from_db()

    assert (container.state, container.error) == (State.RUNNING, "")
