"""The word for a container's state, and what its viewer may do now."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from containers import access, events
from containers.jobs import queue
from containers.models import Container, Event, Grant, Job
from containers.pages import shown
from containers.pages.shown import Look
from containers.states import State
from rules.errors import Forbidden, NotFound
from tests.people import actor, container_of


def become(container: Container, **columns: Any) -> None:
    Container.objects.filter(pk=container.pk).update(**columns)


def look(user: User) -> Look:
    return shown.find(actor(user), "web-1").look


def possible(user: User) -> set[str]:
    return {name for name, can in shown.find(actor(user), "web-1").can.items() if can}


@pytest.mark.parametrize("state", [state for state in State if state != State.READY])
def test_most_states_are_called_what_they_are(alice: User, container: Container, state: State) -> None:
    become(container, state=state)

    assert look(alice) == state.value


def test_a_ready_container_has_never_run_was_stopped_or_crashed(alice: User, container: Container) -> None:
    become(container, state=State.READY)
    assert look(alice) == Look.READY

    events.record(container, Event.Kind.EXIT)
    assert look(alice) == Look.STOPPED

    events.record(container, Event.Kind.CRASHED)
    events.record(container, Event.Kind.SETTINGS)
    assert look(alice) == Look.CRASHED

    events.record(container, Event.Kind.EXIT)
    assert look(alice) == Look.STOPPED


@pytest.mark.parametrize(
    ("state", "installed", "wanted"),
    [
        (State.READY, True, {"start", "restart", "reinstall", "rebind"}),
        (State.RUNNING, True, {"stop", "restart", "kill", "reinstall", "rebind"}),
        (State.STOPPING, True, {"kill", "reinstall", "rebind"}),
        (State.INSTALLING, False, {"kill"}),
        (State.FAILED, False, {"reinstall", "rebind"}),
        (State.FAILED, True, {"start", "restart", "reinstall", "rebind"}),
    ],
)
def test_what_can_be_done_is_what_the_state_allows(
    alice: User, container: Container, state: State, installed: bool, wanted: set[str]
) -> None:
    become(container, state=state, installed=installed)

    assert possible(alice) == wanted


def test_a_grant_shows_what_it_gives(bob: User, container: Container) -> None:
    become(container, state=State.RUNNING, installed=True)
    with pytest.raises(NotFound):
        shown.find(actor(bob), "web-1")
    Grant.objects.create(container=container, user=bob, permissions=[Permission.POWER])

    one = shown.find(actor(bob), "web-1")

    assert possible(bob) == {"stop", "restart", "kill"}
    assert {name for name, may in one.may.items() if may} == {"view", "power"}
    with pytest.raises(Forbidden):
        shown.find(actor(bob), "web-1", Permission.CONSOLE_READ)


def test_in_the_pause_before_an_automatic_restart_nothing_runs(
    client: Client, alice: User, container: Container
) -> None:
    at = timezone.now().replace(microsecond=0) + timedelta(seconds=15)
    become(container, state=State.STARTING, installed=True, restart_at=at)
    queue.add(container, Job.Kind.START, None, {"restart": True, "automatic": True})
    client.force_login(alice)

    head = client.get("/dashboard/container/web-1/head").content.decode()

    assert "restarting</span>" in head
    assert f'datetime="{at:%Y-%m-%dT%H:%M:%S}+00:00" data-until' in head
    assert "(2 of 3)" in head
    assert 'data-no-input="Nothing runs until it is restarted"' in head
    assert possible(alice) >= {"stop", "restart"}


@pytest.mark.parametrize("number", [1, 20])
def test_a_list_costs_two_queries(bob: User, alice: User, number: int, django_assert_num_queries: Any) -> None:
    for index in range(number):
        one = container_of(alice, f"web-{index}")
        Grant.objects.create(container=one, user=bob, permissions=[Permission.POWER])
    someone = actor(bob)

    with django_assert_num_queries(2):
        rows = shown.shown(someone, access.visible(someone))

    assert len(rows) == number
    assert all(row.may["power"] and not row.may["delete"] for row in rows)


def test_how_it_ended_outlives_the_events(alice: User, container: Container) -> None:
    become(container, state=State.READY)
    events.record(container, Event.Kind.CRASHED)

    Event.objects.all().delete()

    assert look(alice) == Look.CRASHED
