"""The Activity tab: who did what, and for those who answer for the container, from where."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts import audit
from accounts.actor import Actor, Via
from accounts.models import User
from accounts.permissions import Permission
from containers import configure, events, grants
from containers.models import Container, Event, Grant
from containers.pages.activity import ROWS
from rules import request_id
from rules.errors import Conflict, Invalid
from tests.people import actor, browser_of, container_of
from volumes.backups import lifecycle as backups
from volumes.backups.lifecycle import Into
from volumes.models import Backup
from volumes.operations import asking

PAGE = "/dashboard/container/web-1/activity"


def shown_to(user: User, address: str = PAGE) -> str:
    return browser_of(user).get(address).content.decode()


def grant(container: Container, user: User, *permissions: Permission) -> None:
    Grant.objects.create(container=container, user=user, permissions=list(permissions))


def change(container: Container, who: Actor) -> None:
    configure.patch(who, container.internal_id, {"stop_timeout": 77})


def crash(container: Container) -> None:
    words = "\x1b[31mout of\x1b[0m cheese\r\n"
    events.record(container, Event.Kind.CRASHED, "Crashed: the process exited with code 3", data={"output": words})


def test_the_owner_and_administrators_see_from_where_it_was_done(
    container: Container, alice: User, bob: User, admin: User
) -> None:
    grant(container, bob, Permission.SETTINGS)
    request_id.use("one")
    change(container, Actor(bob, via=Via.PAGE, address="192.0.2.7"))

    for user in (alice, admin):
        page = shown_to(user)
        assert "Dashboard, 192.0.2.7" in page
        assert "<dt>stop timeout</dt><dd><del>10</del> → <ins>77</ins></dd>" in page
    page = shown_to(bob)
    assert "Changed stop_timeout" in page
    assert "192.0.2.7" not in page


@pytest.mark.parametrize("via", list(Via))
def test_every_door_has_a_name(container: Container, alice: User, via: Via) -> None:
    request_id.use("one")
    change(container, Actor(alice, via=via, address="192.0.2.7"))

    assert f"{via.label}, 192.0.2.7" in shown_to(alice)


def test_a_borrowed_request_id_says_nothing_of_others(container: Container, alice: User, bob: User) -> None:
    grant(container, bob, Permission.SETTINGS)
    request_id.use("one")
    change(container, Actor(alice, via=Via.API, address="192.0.2.1"))
    configure.patch(Actor(bob, via=Via.API, address="192.0.2.2"), "web-1", {"stop_timeout": 78})

    page = shown_to(alice)

    assert page.index("API, 192.0.2.2") < page.index("API, 192.0.2.1")
    assert page.count("API, 192.0.2") == 2


def test_a_tokens_doing_is_found_as_well(container: Container, alice: User) -> None:
    request_id.use("one")
    change(container, actor(alice, name="deploy"))

    page = shown_to(alice)

    assert "alice (token deploy)" in page
    assert "<td>API</td>" in page


def test_last_words_are_for_those_who_may_read_the_console(container: Container, alice: User, bob: User) -> None:
    grant(container, bob, Permission.POWER)
    crash(container)

    assert "out of cheese" in shown_to(alice)
    assert "\x1b" not in shown_to(alice)
    assert "exited with code 3" in shown_to(bob)
    assert "cheese" not in shown_to(bob)


def test_it_shows_what_one_looks_for(container: Container, alice: User) -> None:
    events.record(container, Event.Kind.REBOUND, "Moved to port 25566")
    crash(container)

    crashes = shown_to(alice, f"{PAGE}?about=crashes")

    assert "exited with code 3" in crashes
    assert "Moved to port" not in crashes
    assert "Moved to port" in shown_to(alice, f"{PAGE}?about=nothing-known")
    assert "Nothing has happened" in shown_to(alice, f"{PAGE}?about=settings")


def test_the_list_alone_is_the_page_that_one_looks_at(container: Container, alice: User) -> None:
    for number in range(ROWS + 1):
        events.record(container, Event.Kind.EXIT, f"exit number {number}")

    assert "exit number 0" in shown_to(alice, f"{PAGE}/list?page=2")
    assert "exit number 1<" not in shown_to(alice, f"{PAGE}/list?page=2")
    assert f'data-live-part="{PAGE}/list?page=2"' in shown_to(alice, f"{PAGE}?page=2")


def test_strangers_see_nothing(container: Container, bob: User) -> None:
    client = Client()
    client.force_login(bob)

    assert client.get(PAGE).status_code == client.get(f"{PAGE}/list").status_code == 404


@pytest.mark.parametrize("number", [1, 40])
def test_it_costs_the_same_however_much_happened(
    container: Container, alice: User, number: int, django_assert_num_queries: Any
) -> None:
    client = Client()
    client.force_login(alice)
    for _ in range(number):
        change(container, actor(alice))
        crash(container)

    with django_assert_num_queries(9):
        client.get(PAGE)


# --- What is done to its files, and who is let in ---------------------------------


def test_the_owner_sees_what_others_did_to_files_and_from_where(
    container: Container, alice: User, bob: User, admin: User
) -> None:
    grant(container, bob, Permission.FILES_WRITE)
    by_sftp = Actor(bob, via=Via.SFTP, address="192.0.2.7")
    audit.record(by_sftp, f"{container.volume_id}/world/region", action="file.delete")
    elsewhere = container_of(alice, "web-2")
    audit.record(by_sftp, f"{elsewhere.volume_id}/another", action="file.delete")

    for user in (alice, admin):
        page = shown_to(user, f"{PAGE}?about=files")
        assert re.search(r"file\.delete <span class=\"path\">world/region</span>", page)
        assert "SFTP, 192.0.2.7" in page
        assert "another" not in page
    assert "world/region" not in shown_to(bob, f"{PAGE}?about=files")
    assert "about=files" not in shown_to(bob)


def test_the_owner_sees_what_others_did_to_backups(container: Container, alice: User, bob: User) -> None:
    grant(container, bob, Permission.FILES_READ, Permission.FILES_WRITE)
    by_page = Actor(bob, via=Via.PAGE, address="192.0.2.7")
    Container.objects.update(state="ready")
    good = {"status": Backup.Status.GOOD, "file": "x", "sha256": "x", "size": 1}
    backup = backups.new(container.volume, "alice", name="before", **good)
    key = str(backup.pk)
    backups.change(by_page, key, locked=True)
    with pytest.raises(Conflict):
        backups.delete(by_page, key)
    backups.change(by_page, key, locked=False)
    restore = backups.restore(by_page, key, Into.SAME)
    asking.cancel(by_page, str(container.volume_id), str(restore.pk))
    other = backups.new(container.volume, "alice", name="another", **good)
    backups.delete(by_page, str(other.pk))

    page = shown_to(alice, f"{PAGE}?about=files")

    done = re.findall(r"(\w+\.\w+) <span class=\"path\">(.+)</span>", page)
    assert done == [
        ("backup.delete", str(other.pk)),
        ("operation.cancel", str(restore.pk)),
        ("backup.restore", key),
        ("backup.change", key),
        ("backup.delete", key),
        ("backup.change", key),
    ]
    assert page.count("Dashboard, 192.0.2.7") == 6
    assert "The backup is locked; unlock it first" in page


def test_the_owner_sees_who_was_let_in(container: Container, alice: User, bob: User) -> None:
    grants.give(actor(alice), "web-1", bob.username, [Permission.POWER])
    with pytest.raises(Invalid):
        grants.give(actor(alice), "web-1", "nobody", [Permission.POWER])

    page = shown_to(alice, f"{PAGE}?about=access")

    assert page.count("grant.give") == 2
    assert "refused" in page
    assert "username: There is no such user" in page
