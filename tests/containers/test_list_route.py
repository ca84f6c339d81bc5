"""`GET /containers`: which are listed, a page of them, and at what cost."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from containers.models import Container
from containers.states import State
from ports.models import Port
from tests.people import client_of, container_of


@pytest.fixture
def three(alice: User, bob: User) -> None:
    for number, state in enumerate((State.RUNNING, State.READY, State.RUNNING), start=1):
        container = container_of(alice, f"game-{number}")
        Container.objects.filter(pk=container.pk).update(state=state, image=f"games/image-{number}:latest")
    container_of(bob, "game-of-bob")


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("query", "names", "count"),
    [
        ("", {"game-1", "game-2", "game-3"}, None),
        ("search=GAME-2", {"game-2"}, None),
        ("search=image-3", {"game-3"}, None),
        ("search=bob", set(), None),
        ("state=running", {"game-1", "game-3"}, None),
        ("state=running&search=game-1", {"game-1"}, None),
        ("state=running&limit=1000", {"game-1", "game-3"}, 2),
    ],
)
def test_who_is_listed(alice: User, query: str, names: set[str], count: int | None) -> None:
    answer = client_of(alice).get(f"/containers?{query}").json()

    assert {each["internal_id"] for each in answer["containers"]} == names
    assert answer.get("count") == count


@pytest.mark.usefixtures("three")
def test_pages_have_each_once_and_say_how_many_there_are(alice: User) -> None:
    pages = [client_of(alice).get(f"/containers?limit=2&offset={offset}").json() for offset in (0, 2, 4)]

    assert [len(page["containers"]) for page in pages] == [2, 1, 0]
    assert [page["count"] for page in pages] == [3, 3, 3]
    named = {each["internal_id"] for page in pages for each in page["containers"]}
    assert named == {"game-1", "game-2", "game-3"}


def test_a_state_that_there_is_not_is_named(alice: User) -> None:
    answer = client_of(alice).get("/containers?state=dancing")

    assert answer.status_code == 400
    assert answer.json()["details"] == {"state": ['"dancing" is not a valid choice.']}


@pytest.fixture
def fill(alice: User) -> Callable[[int], None]:
    """Has her own one container without a port, and so many with one."""
    volume = container_of(alice).volume

    def fill(total: int) -> None:
        present = Container.objects.count() - 1
        rows = [
            Container(owner=alice, volume=volume, internal_id=f"c-{number}", image="debian", state=State.READY)
            for number in range(present, total)
        ]
        Container.objects.bulk_create(rows)
        Port.objects.bulk_create(
            Port(port=20_000 + number, container=row, container_port=80) for number, row in enumerate(rows, present)
        )

    return fill


def test_it_costs_no_more_queries_the_more_there_are(alice: User, fill: Callable[[int], None]) -> None:
    caller = client_of(alice)

    def queries() -> tuple[int, list[dict[str, Any]]]:
        with CaptureQueriesContext(connection) as asked:
            listed = caller.get("/containers").json()["containers"]
        return len(asked), listed

    fill(1)
    queries()  # once a minute it is noted that the token was used
    few, _ = queries()
    fill(600)  # more than one query takes parameters for
    many, listed = queries()

    assert (few, many, len(listed)) == (3, 3, 601)
    assert {port["host_port"] for each in listed for port in each["ports"]} == set(range(20_000, 20_600))
