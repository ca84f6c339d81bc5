"""Who changed what, or tried to: recorded below every door."""

import csv
import datetime as dt
import io
import json
from collections.abc import Callable

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts import audit, tokens
from accounts.actor import Actor, Via
from accounts.models import AuditEntry, User
from ports import administration, pool
from rules.errors import Conflict, Forbidden
from tests.people import actor, client_of, container_of

# Which no server does: Django says so.
READ_HERE = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators")


def last() -> AuditEntry:
    entry = AuditEntry.objects.first()
    assert entry is not None
    return entry


def test_what_was_done_is_there_with_who_and_how(admin: User) -> None:
    token, _ = tokens.issue(admin, name="deploy")

    administration.add(Actor(admin, token, Via.API, "192.0.2.7"), "0.0.0.0", 25565, "tcp")

    entry = last()
    assert (entry.username, entry.token, entry.via, entry.address) == ("admin", "deploy", "api", "192.0.2.7")
    assert (entry.action, entry.target, entry.outcome) == ("port.add", "0.0.0.0:25565/tcp", "accepted")


def test_what_was_refused_is_there_with_the_reason(alice: User) -> None:
    with pytest.raises(Forbidden):
        administration.add(actor(alice), "0.0.0.0", 25565, "tcp")

    entry = last()
    assert (entry.action, entry.target, entry.outcome) == ("port.add", "0.0.0.0:25565/tcp", "refused")
    assert entry.reason == "The permission ports is needed for this"


def test_a_change_that_is_rolled_back_leaves_no_trace_of_success(admin: User) -> None:
    pool.add("0.0.0.0", 25565, "tcp")

    with pytest.raises(Conflict):
        administration.add_range(actor(admin), "0.0.0.0", 25560, 25570, "tcp")

    assert list(AuditEntry.objects.values_list("outcome", flat=True)) == ["refused"]


def test_a_change_whose_transaction_dies_leaves_none_at_all(admin: User) -> None:
    class PowerCut(BaseException):
        """What nobody catches."""

    def cut_off() -> None:
        with transaction.atomic():
            administration.add(actor(admin), "0.0.0.0", 25565, "tcp")
            raise PowerCut

    with pytest.raises(PowerCut):
        cut_off()

    assert not AuditEntry.objects.exists()


def test_settings_are_there_before_and_after(alice: User) -> None:
    container_of(alice)

    answer = client_of(alice).patch("/containers/web-1", {"stop_timeout": 42}, format="json")

    assert answer.status_code == 200
    assert (last().action, last().target) == ("container.settings", "web-1")
    assert (last().before, last().after) == ({"stop_timeout": 10}, {"stop_timeout": 42})


def test_a_strangers_attempt_on_a_container_is_there(alice: User, bob: User) -> None:
    container_of(alice)

    assert client_of(bob).post("/containers/web-1/start").status_code == 404

    assert (last().username, last().action, last().target) == ("bob", "container.start", "web-1")
    assert (last().outcome, last().reason) == ("refused", "Container not found")


def test_it_carries_the_request_id_of_the_answer(alice: User) -> None:
    answer = client_of(alice).post("/auth/tokens", {"ttl": "1h", "name": "x"}, format="json")

    assert answer.status_code == 201
    assert last().request_id == answer["X-Request-ID"]
    assert answer.json()["token"] not in json.dumps(audit.shown(last()))


def test_what_an_administrator_does_in_the_admin_is_there(client: Client, admin: User) -> None:
    client.force_login(admin)

    client.post("/admin/ports/port/add/", {"ip": "0.0.0.0", "port": 25565, "protocol": "tcp"})

    assert (last().via, last().action, last().target) == ("admin", "port.add", "0.0.0.0:25565/tcp")


def test_the_list_is_for_administrators_and_can_be_narrowed(alice: User, admin: User) -> None:
    container_of(alice)
    client_of(alice).patch("/containers/web-1", {"stop_timeout": 42}, format="json")
    client_of(alice).post("/auth/tokens", {"ttl": "1h"}, format="json")

    assert client_of(alice).get("/audit").status_code == 403
    everything = client_of(admin).get("/audit").json()["entries"]
    assert {entry["action"] for entry in everything} == {"container.settings", "token.create"}
    (found,) = client_of(admin).get("/audit?user=alice&action=container.&target=web-1").json()["entries"]
    assert found["after"] == {"stop_timeout": 42}
    assert client_of(admin).get("/audit?outcome=refused").json()["entries"] == []
    assert client_of(admin).get("/audit?limit=1").json()["count"] == 2


@READ_HERE
def test_it_is_exported_as_csv_and_json_lines(client: Client, admin: User) -> None:
    administration.add(actor(admin), "0.0.0.0", 25565, "tcp")
    with pytest.raises(Conflict):
        administration.add(actor(admin), "0.0.0.0", 25565, "tcp")
    client.force_login(admin)
    selected = {"_selected_action": [entry.pk for entry in AuditEntry.objects.all()]}

    answer = client.post("/admin/accounts/auditentry/", {"action": "as_json_lines", **selected})
    lines = [json.loads(line) for line in b"".join(answer).splitlines()]
    answer = client.post("/admin/accounts/auditentry/", {"action": "as_csv", **selected})
    rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode())))

    assert [line["outcome"] for line in lines] == [row["outcome"] for row in rows] == ["refused", "accepted"]
    assert answer["Content-Disposition"] == 'attachment; filename="audit.csv"'


@READ_HERE
def test_no_cell_is_a_formula(client: Client, admin: User) -> None:
    audit.record(Actor(admin), '=HYPERLINK("http://evil")', action="x")
    client.force_login(admin)

    answer = client.post("/admin/accounts/auditentry/", {"action": "as_csv", "_selected_action": [last().pk]})

    (row,) = csv.DictReader(io.StringIO(b"".join(answer).decode()))
    assert row["target"].startswith("'=")


@pytest.mark.parametrize("page", ["add/", "1/delete/"])
def test_nobody_changes_it_in_the_admin(client: Client, admin: User, page: str) -> None:
    audit.record(Actor(admin), action="x")
    client.force_login(admin)

    assert client.post(f"/admin/accounts/auditentry/{page}", {"post": "yes"}).status_code in (302, 403)
    assert AuditEntry.objects.count() == 1


def test_it_is_forgotten_after_its_time(admin: User) -> None:
    audit.record(Actor(admin), action="old")
    AuditEntry.objects.update(at=timezone.now() - dt.timedelta(days=366))
    audit.record(Actor(admin), action="new")

    audit.forget(timezone.now())

    assert list(AuditEntry.objects.values_list("action", flat=True)) == ["new"]


@audit.attempt("container.start")
def refuse(actor: Actor, target: str) -> None:
    raise Conflict("no")


def refused(who: User, target: str) -> None:
    with pytest.raises(Conflict):
        refuse(Actor(who), target)


def write_file(who: User, target: str) -> None:
    audit.record(Actor(who), target, action="file.write")


def start(who: User, target: str) -> None:
    audit.record(Actor(who), target, action="container.start")


@pytest.mark.parametrize("flood", [start, write_file, refused])
def test_of_a_flood_the_latest_stay_and_all_that_is_of_another_sort_or_by_another_user(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch, flood: Callable[[User, str], None]
) -> None:
    monkeypatch.setattr(audit, "MOST", [(sort, 3) for sort, _ in audit.MOST])
    for do in (start, write_file, refused):
        do(bob, "bob's")
        if do != flood:
            do(alice, "before")
    for number in range(5):
        flood(alice, str(number))

    audit.forget(timezone.now())

    kept = AuditEntry.objects.order_by("id").values_list("target", flat=True)
    assert sorted(kept) == ["2", "3", "4", "before", "before", "bob's", "bob's", "bob's"]


# --- What is refused, through each door -------------------------------------------

PORT = {"ip": "0.0.0.0", "port": 25565, "protocol": "tcp"}


@pytest.mark.parametrize(
    ("method", "path", "body", "action", "target"),
    [
        ("post", "", PORT, "port.add", "0.0.0.0:25565/tcp"),
        ("post", "", {"start": 1, "end": 9}, "port.add", "0.0.0.0:1-9/tcp"),
        ("post", "/bulk-delete", {"ports": [PORT]}, "port.delete", "1 ports"),
        ("delete", "/0.0.0.0/25565", {}, "port.delete", "0.0.0.0:25565/tcp"),
        ("put", "/0.0.0.0/25565/use", {"in_use": True}, "port.mark", "0.0.0.0:25565/tcp"),
    ],
)
def test_who_may_not_change_the_pool_is_there(
    alice: User, method: str, path: str, body: dict[str, object], action: str, target: str
) -> None:
    answer = getattr(client_of(alice), method)(f"/network/ports{path}", body, format="json")

    assert answer.status_code == 403
    assert (last().action, last().target, last().outcome) == (action, target, "refused")


@pytest.mark.parametrize(
    ("method", "path", "body", "action"),
    [
        ("post", "", {"size": 1}, "volume.create"),
        ("delete", "/{id}", {}, "volume.delete"),
        ("post", "/{id}/resize", {"size": 1}, "volume.resize"),
    ],
)
def test_whose_token_is_not_for_volumes_is_there(
    alice: User, method: str, path: str, body: dict[str, int], action: str
) -> None:
    url = "/volumes" + path.format(id=container_of(alice).volume_id)

    answer = getattr(client_of(alice, scopes=["power"]), method)(url, body, format="json")

    assert answer.status_code == 403
    assert (last().action, last().outcome) == (action, "refused")


@pytest.mark.parametrize(
    ("page", "body", "action"),
    [
        ("ports/add", {"ip": "0.0.0.0", "protocol": "tcp", "port": "25565"}, "port.add"),
        ("users/new", {"username": "eve", "administrator": "on"}, "user.create"),
    ],
)
def test_who_may_not_post_a_page_is_there(
    client: Client, alice: User, page: str, body: dict[str, str], action: str
) -> None:
    client.force_login(alice)

    assert client.get(f"/dashboard/{page}").status_code == 403
    assert client.post(f"/dashboard/{page}", {}).status_code == 403
    assert client.post(f"/dashboard/{page}", body).status_code == 403

    assert (last().via, last().action, last().outcome) == ("page", action, "refused")


@pytest.mark.parametrize(
    ("page", "body", "action"),
    [("delete", "name", "volume.delete"), ("resize", "size", "volume.resize")],
)
def test_a_stranger_s_attempt_on_a_volume_is_there(
    client: Client, alice: User, bob: User, page: str, body: str, action: str
) -> None:
    volume = container_of(alice).volume
    client.force_login(bob)

    answer = client.post(f"/dashboard/volumes/{volume}/{page}", {body: {"name": str(volume)[:8], "size": "9"}[body]})

    assert answer.status_code == 404
    assert (last().username, last().action, last().target) == ("bob", action, str(volume))


def test_a_stranger_s_form_with_files_is_there(alice: User, bob: User) -> None:
    volume = container_of(alice).volume

    url = f"/volumes/{volume}/upload?path=plugins"
    answer = client_of(bob).post(url, {"file": io.BytesIO(b"x")}, format="multipart")

    assert answer.status_code == 404
    assert (last().username, last().action, last().target) == ("bob", "file.upload", f"{volume}/plugins")
