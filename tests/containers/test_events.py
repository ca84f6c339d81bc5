"""The event log: written with what it reports, shown on the socket in the contract's words."""

import pytest
from django.db import transaction

from accounts.models import User
from containers import events
from containers.models import Event, Grant, Job
from containers.supervisor import relay
from rules import request_id
from tests.people import client_of, container_of

Kind = Event.Kind

# Section 3 of the API contract.
STATE_WORDS = {"installing", "installed", "starting", "running", "stopping", "exit", "crashed", "failed", "deleted"}


def test_every_kind_has_its_words_on_the_socket() -> None:
    assert set(events.ON_SOCKET) == set(Kind)
    assert {shape.event for shape in events.ON_SOCKET.values() if shape.event} == STATE_WORDS
    assert all(shape.event or shape.daemon_message for shape in events.ON_SOCKET.values())


@pytest.mark.parametrize(
    ("kind", "message", "sent"),
    [
        (Kind.STARTED, "Container started", [("daemon_message", "Container started")]),
        (Kind.RUNNING, "Running", [("event", "running"), ("daemon_message", "Server started")]),
        (Kind.EXIT, "The process exited with code 0", [("event", "exit"), ("daemon_message", "Container stopped")]),
        (Kind.PULLING, "Pulling image debian", [("daemon_message", "Pulling image debian")]),
        (Kind.FAILED, "No such image {0}", [("event", "failed"), ("daemon_message", "Error: No such image {0}")]),
        (Kind.STOPPING, "Stop requested", [("event", "stopping")]),
        (Kind.DELETED, "Deleted", [("event", "deleted")]),
    ],
)
def test_what_a_viewer_is_sent(alice: User, kind: Kind, message: str, sent: list[tuple[str, str]]) -> None:
    event = events.record(container_of(alice), kind, message)

    assert [(one["event"], one["data"]) for one in events.socket_messages(event)] == sent


def test_data_comes_beside_the_word_and_never_in_its_place(alice: User) -> None:
    event = events.record(
        container_of(alice), Kind.CRASHED, "Crashed", data={"exit_code": 3, "event": "x", "data": "x"}
    )

    assert events.socket_messages(event)[0] == {"event": "event", "data": "crashed", "exit_code": 3}


def test_an_event_says_who_asked_and_in_which_request(alice: User) -> None:
    container = container_of(alice)
    request_id.use("deploy-17")

    event = events.record_for(Job(container=container, actor="alice (token deploy)"), Kind.CREATED, "Created")

    event.refresh_from_db()
    assert (event.actor, event.request_id) == ("alice (token deploy)", "deploy-17")
    assert (event.container, event.internal_id, event.container_uuid) == (container, "web-1", container.pk)


def test_what_did_not_happen_leaves_no_event(alice: User) -> None:
    container = container_of(alice)

    with transaction.atomic():
        events.record(container, Kind.STARTING)
        transaction.set_rollback(True)

    assert not Event.objects.exists()


def test_events_outlive_their_container(alice: User) -> None:
    container = container_of(alice)
    pk = container.pk
    events.record(container, Kind.DELETED, "Deleted")
    container.delete()

    [(_, message)] = relay.unsent()

    assert message["container_id"] == str(pk)
    assert message["deleted"]


def test_each_event_is_sent_once_and_in_order(alice: User) -> None:
    container = container_of(alice)
    kinds = [Kind.STARTING, Kind.STARTED, Kind.RUNNING]
    rows = [events.record(container, kind, kind.value) for kind in kinds]

    sent = relay.unsent()
    relay.mark_sent([pk for pk, _ in sent])
    later = events.record(container, Kind.EXIT)

    assert [pk for pk, _ in sent] == [row.pk for row in rows]
    assert [pk for pk, _ in relay.unsent()] == [later.pk]


# --- On the route -----------------------------------------------------------------

EVENTS = "/containers/web-1/events"


def test_the_route_says_in_which_request_it_was_asked_for(alice: User) -> None:
    container_of(alice)
    client = client_of(alice)
    client.patch("/containers/web-1", {"stop_timeout": 42}, format="json", HTTP_X_REQUEST_ID="deploy-17")

    (event,) = client.get(EVENTS).json()["events"]

    assert (event["kind"], event["actor"][:5], event["request_id"]) == ("settings", "alice", "deploy-17")


def test_a_crash_has_its_last_lines_for_who_may_read_the_console(alice: User, bob: User) -> None:
    container = container_of(alice)
    events.record(container, Kind.CRASHED, "Crashed", data={"exit_code": 1, "output": "out of disk space"})
    grant = Grant.objects.create(container=container, user=bob, permissions=["view"])

    def output(user: User, **token: object) -> object:
        (event,) = client_of(user, **token).get(EVENTS).json()["events"]
        return event.get("output")

    assert output(alice) == "out of disk space"
    assert output(alice, scopes=["view"]) is None
    assert output(bob) is None
    Grant.objects.filter(pk=grant.pk).update(permissions=["console.read"])
    assert output(bob) == "out of disk space"


def test_pages_of_them_the_newest_first(alice: User) -> None:
    container = container_of(alice)
    for number in range(5):
        events.record(container, Kind.STARTED, f"start {number}")

    pages = [client_of(alice).get(f"/containers/web-1/events?limit=2&offset={offset}").json() for offset in (0, 2, 4)]

    told = [[event["message"] for event in page["events"]] for page in pages]
    assert told == [["start 4", "start 3"], ["start 2", "start 1"], ["start 0"]]
    assert [page["count"] for page in pages] == [5, 5, 5]
