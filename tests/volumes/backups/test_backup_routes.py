"""Backups and their schedules through REST, and who may do what to them."""

import hashlib
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import AuditEntry, User
from containers.models import Container, Grant
from tests.people import client_of, container_of
from tests.volumes.backups.working import made, settled
from tests.volumes.sent import content_of
from volumes import storage
from volumes.backups import deleting
from volumes.models import Backup, BackupSchedule, Volume
from volumes.operations import run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(transactional_db: None, alice: User) -> APIClient:
    return client_of(alice)


@pytest.fixture
def url(volume: Volume, folder: Path) -> str:
    return f"/volumes/{volume.pk}"


def told(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


# --- A backup -----------------------------------------------------------------


def test_made_listed_and_downloaded(client: APIClient, url: str, volume: Volume, backup_root: Path) -> None:
    begun = client.post(f"{url}/backups", {"name": "before the update"})
    assert begun.status_code == 202
    shown = begun.json()["backup"]
    assert (shown["name"], shown["status"], shown["sha256"], shown["size"]) == ("before the update", "making", "", None)
    assert client.get(f"{url}/operations/{shown['operation_id']}").json()["backup_id"] == shown["id"]

    run.run(shown["operation_id"])

    (listed,) = client.get(f"{url}/backups").json()["backups"]
    one = f"/backups/{listed['id']}"
    assert client.get(one).json() == listed
    assert (listed["status"], listed["volume_id"]) == ("good", str(volume.pk))
    assert listed["actor"].startswith("alice (token ")
    answer = client.get(f"{one}/download")
    assert answer["Content-Disposition"] == 'attachment; filename="before the update.tar.zst"'
    assert answer["Content-Length"] == str(listed["size"])
    assert hashlib.sha256(content_of(answer)).hexdigest() == listed["sha256"]
    part = client.get(f"{one}/download", headers={"Range": "bytes=4-7"})
    assert (part.status_code, len(content_of(part))) == (206, 4)
    assert client.get(f"{one}/download", headers={"Range": "bytes=99999999-"}).status_code == 416
    assert client.head(f"{one}/download")["ETag"] == f'"{listed["sha256"]}"'


def test_restored(client: APIClient, url: str, alice: User, volume: Volume, folder: Path) -> None:
    backup = made(alice, volume)
    (folder / "start.sh").write_text("broken")

    begun = client.post(f"/backups/{backup.pk}/restore", {"into": "same"})

    assert begun.status_code == 202
    body = begun.json()
    assert (body["message"], body["volume_id"], body["operation"]["kind"]) == (
        "Restore started",
        str(volume.pk),
        "restore",
    )
    run.run(body["operation"]["id"])
    operation = client.get(f"{url}/operations/{body['operation']['id']}").json()
    assert (operation["status"], operation["error"]) == ("done", "")
    assert (folder / "start.sh").read_text() == "#!/bin/sh\n"


def test_named_locked_and_deleted(client: APIClient, url: str, alice: User, volume: Volume, backup_root: Path) -> None:
    backup = made(alice, volume)
    one = f"/backups/{backup.pk}"

    assert client.patch(one, {"name": "keep", "locked": True}).json()["locked"] is True
    assert told(client.delete(one)) == (409, "The backup is locked; unlock it first")
    assert client.patch(one, {"locked": False}).json()["name"] == "keep"
    assert client.delete(one).json() == {"message": "Backup deleted successfully"}
    assert told(client.get(one)) == (404, "Backup not found")

    deleting.clear_stores()
    assert list(backup_root.iterdir()) == []


def test_one_that_is_not_good_cannot_be_had(client: APIClient, url: str, volume: Volume) -> None:
    backup = Backup.objects.get(pk=client.post(f"{url}/backups", {}).json()["backup"]["id"])
    one = f"/backups/{backup.pk}"
    assert told(client.get(f"{one}/download")) == (409, "The backup is still being made")
    assert told(client.delete(one)) == (409, "The backup is still being made; cancel its operation first")

    client.delete(f"{url}/operations/{backup.operation_id}")
    settled(backup)

    assert told(client.get(f"{one}/download")) == (409, "This backup has failed")
    assert told(client.post(f"{one}/restore", {"into": "same"})) == (409, "This backup has failed")


def test_those_of_a_volume_that_is_gone(client: APIClient, url: str, alice: User, bob: User, volume: Volume) -> None:
    backup = made(alice, volume)
    storage.delete(Volume.objects.get())

    (listed,) = client.get("/backups").json()["backups"]
    assert (listed["id"], listed["volume_id"], listed["of_volume"]) == (str(backup.pk), None, str(volume.pk))
    assert content_of(client.get(f"/backups/{backup.pk}/download"))
    begun = client.post(f"/backups/{backup.pk}/restore", {"into": "new"}).json()
    run.run(begun["operation"]["id"])
    assert (storage.directory(Volume.objects.get(pk=begun["volume_id"])) / "start.sh").exists()

    assert client_of(bob).get("/backups").json() == {"backups": []}
    assert told(client_of(bob).get(f"/backups/{backup.pk}")) == (404, "Backup not found")
    assert client.delete(f"/backups/{backup.pk}").status_code == 200
    assert client.get("/backups").json() == {"backups": []}


def test_of_what_one_may_not_see_nothing_is_told(
    client: APIClient, url: str, alice: User, bob: User, volume: Volume
) -> None:
    backup = made(alice, volume)

    for asked in ("nonsense", uuid.uuid4()):
        assert told(client.get(f"/backups/{asked}")) == (404, "Backup not found")
    for _ in range(2):  # while there is the volume, and when there is none
        for other in (client_of(bob), client_of(bob, scopes=["files.read"]), client_of(alice, containers=["web-2"])):
            assert told(other.get(f"/backups/{backup.pk}")) == (404, "Backup not found")
            assert told(other.delete(f"/backups/{backup.pk}")) == (404, "Backup not found")
        Volume.objects.all().delete()


@pytest.mark.parametrize(
    ("method", "path", "body", "sentence"),
    [
        ("post", "{url}/backups", {"name": "x" * 101}, "name: Ensure this field has no more than 100 characters"),
        ("post", "{url}/backups", {"nonsense": 1}, "nonsense: Unknown field"),
        ("post", "/backups/{backup}/restore", {}, "into: This field is required"),
        ("post", "/backups/{backup}/restore", {"into": "x"}, 'into: "x" is not a valid choice'),
        ("patch", "/backups/{backup}", {"locked": "yes"}, "locked: Must be a valid boolean"),
        ("post", "{url}/backup-schedules", {}, "cron: This field is required"),
        ("post", "{url}/backup-schedules", {"cron": "* * * *"}, "cron: Five fields are needed: minute, hour, "),
        (
            "post",
            "{url}/backup-schedules",
            {"cron": "0 0 * * *", "keep": 0},
            "keep: Ensure this value is greater than or equal to 1",
        ),
    ],
)
def test_what_makes_no_sense_is_named(
    client: APIClient,
    url: str,
    alice: User,
    volume: Volume,
    method: str,
    path: str,
    body: dict[str, Any],
    sentence: str,
) -> None:
    backup = made(alice, volume)

    status, said = told(getattr(client, method)(path.format(url=url, backup=backup.pk), body))

    assert status == 400
    assert said.startswith(sentence)


# --- Schedules ----------------------------------------------------------------


def test_a_schedule(client: APIClient, url: str) -> None:
    made = client.post(f"{url}/backup-schedules", {"cron": "30 4 * * *", "time_zone": "Europe/Berlin", "keep": 3})
    assert made.status_code == 201
    schedule = made.json()
    one = f"{url}/backup-schedules/{schedule['id']}"
    assert client.get(f"{url}/backup-schedules").json() == {"schedules": [schedule]}
    assert client.get(one).json() == schedule
    assert schedule["next_at"] is not None

    changed = client.patch(one, {"enabled": False}).json()
    assert (changed["enabled"], changed["next_at"], changed["cron"]) == (False, None, "30 4 * * *")
    assert told(client.patch(one, {"cron": "never"}))[0] == 400
    assert client.delete(one).json() == {"message": "Schedule deleted successfully"}
    assert not BackupSchedule.objects.exists()


# --- Who ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("permissions", "reads", "changes"),
    [(["files.read"], 200, 403), (["files.write"], 403, 200), (["power"], 403, 403), ([], 404, 404)],
)
def test_whoever_was_let_to_the_container_s_files(
    alice: User, bob: User, url: str, volume: Volume, permissions: list[str], reads: int, changes: int
) -> None:
    backup = made(alice, volume)
    container = container_of(alice)
    Container.objects.filter(pk=container.pk).update(volume=volume)
    if permissions:
        Grant.objects.create(container=container, user=bob, permissions=permissions)

    client = client_of(bob)

    assert client.get(f"{url}/backups").status_code == reads
    assert client.get(f"/backups/{backup.pk}/download").status_code == reads
    assert client.patch(f"/backups/{backup.pk}", {"locked": True}).status_code == changes
    assert client.post(f"{url}/backups", {}).status_code == (202 if changes == 200 else changes)


@pytest.mark.parametrize(
    ("token", "reads", "changes", "reads_when_gone"),
    [
        ({"scopes": ["files.read"]}, 200, 403, 404),
        ({"scopes": ["files.write"]}, 403, 200, 404),
        ({"scopes": ["volumes"]}, 403, 403, 403),
        ({"scopes": ["volumes", "files.read"]}, 200, 403, 200),
        ({"scopes": ["ports"]}, 404, 404, 404),
        ({"containers": ["web-1"]}, 200, 200, 404),
        ({"containers": ["web-2"]}, 404, 404, 404),
    ],
)
@pytest.mark.parametrize("whose", ["owner", "administrator"])
def test_a_token_s_scopes_and_containers(
    alice: User,
    admin: User,
    url: str,
    volume: Volume,
    whose: str,
    token: dict[str, list[str]],
    reads: int,
    changes: int,
    reads_when_gone: int,
) -> None:
    backup = made(alice, volume)
    container = container_of(alice)
    Container.objects.filter(pk=container.pk).update(volume=volume)
    client = client_of(alice if whose == "owner" else admin, **token)

    assert client.get(f"/backups/{backup.pk}/download").status_code == reads
    assert client.patch(f"/backups/{backup.pk}", {"locked": True}).status_code == changes

    container.delete()
    storage.delete(volume)
    assert client.get(f"/backups/{backup.pk}/download").status_code == reads_when_gone


def test_into_a_new_volume_takes_who_may_read(alice: User, bob: User, url: str, volume: Volume) -> None:
    backup = made(alice, volume)
    container = container_of(alice)
    Container.objects.filter(pk=container.pk).update(volume=volume)
    grant = Grant.objects.create(container=container, user=bob, permissions=["files.write"])
    address = f"/backups/{backup.pk}/restore"

    assert client_of(bob).post(address, {"into": "new"}).status_code == 403
    grant.permissions = ["files.write", "files.read"]
    grant.save()
    begun = client_of(bob).post(address, {"into": "new"})

    assert begun.status_code == 202
    assert Volume.objects.get(pk=begun.json()["volume_id"]).owner == bob


def test_each_change_is_in_the_audit_trail(client: APIClient, url: str, alice: User, volume: Volume) -> None:
    backup = made(alice, volume)
    one = f"/backups/{backup.pk}"
    client.patch(one, {"locked": True})
    client.delete(one)
    client.post(f"{one}/restore", {"into": "same"})
    client.post(f"{url}/backup-schedules", {"cron": "0 4 * * *"})

    trail = AuditEntry.objects.order_by("at", "pk").values_list("action", "outcome")
    assert [entry for entry in trail if entry[0].startswith("backup")] == [
        ("backup.create", "accepted"),
        ("backup.change", "accepted"),
        ("backup.delete", "refused"),
        ("backup.restore", "accepted"),
        ("backup.schedule", "accepted"),
    ]


def test_what_a_stranger_tried_is_in_the_audit_trail(url: str, alice: User, bob: User, volume: Volume) -> None:
    backup = made(alice, volume)
    one = f"/backups/{backup.pk}"
    stranger = client_of(bob)
    stranger.patch(one, {"locked": True})
    stranger.post(f"{one}/restore", {"into": "new"})
    stranger.delete(one)

    tried = AuditEntry.objects.filter(username="bob", action__startswith="backup.").order_by("at", "pk")
    assert list(tried.values_list("action", "target", "outcome", "reason")) == [
        (f"backup.{action}", f"{volume.pk}/{backup.pk}", "refused", "Backup not found")
        for action in ("change", "restore", "delete")
    ]


@pytest.mark.parametrize("address", ["/backups", "{url}/backups", "{url}/backup-schedules"])
def test_lists_are_paged_and_cost_the_same_however_long(
    client: APIClient, url: str, alice: User, volume: Volume, address: str
) -> None:
    address = address.format(url=url)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    client.get(address)
    short = cost()
    for number in range(10):
        Backup.objects.create(volume=volume, of_volume=volume.pk, owner=alice, name=str(number), store="local")
        BackupSchedule.objects.create(volume=volume, cron="0 0 * * *", keep=1)

    assert cost() == short
    page = client.get(f"{address}?limit=3&offset=8").json()
    assert page.pop("count") == 10
    assert len(next(iter(page.values()))) == 2
