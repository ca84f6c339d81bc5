"""The pages of volumes."""

from pathlib import Path
from typing import Any

import pytest

from accounts.models import AuditEntry, User
from containers.models import Container
from tests.answers import text
from tests.mounts import break_image, unmount_below
from tests.people import browser_of, container_of
from volumes import storage
from volumes.models import Volume

# Directories are made when the transaction is committed.
pytestmark = pytest.mark.django_db(transaction=True)

URL = "/dashboard/volumes/"


def listed(answer: Any) -> list[Volume]:
    return [row.volume for row in answer.context["rows"]]


# --- The list --------------------------------------------------------------------


def test_everyone_sees_their_own_and_administrators_all(alice: User, bob: User, admin: User) -> None:
    ours, theirs = storage.create(alice, quota_mb=512), storage.create(bob)

    assert listed(browser_of(alice).get(URL)) == [ours]
    assert listed(browser_of(admin).get(URL)) == [theirs, ours]
    assert "512 MiB" in text(browser_of(alice).get(URL))


def test_who_uses_it_is_said_as_far_as_one_may_know(alice: User, bob: User, admin: User) -> None:
    volume = container_of(alice, "web-1").volume
    secret = container_of(bob, "secret")
    Container.objects.filter(pk=secret.pk).update(volume=volume)

    page = text(browser_of(alice).get(URL))

    assert '<a href="/dashboard/container/web-1/">web-1</a>' in page
    assert "secret" not in page
    assert "1 of someone else" in page
    assert "secret" in text(browser_of(admin).get(URL))


def test_its_size_follows_the_container_that_runs(alice: User) -> None:
    stopped = container_of(alice, "stopped")
    running = container_of(alice, "runs")
    Container.objects.filter(pk=running.pk).update(volume=stopped.volume, state="running")

    page = text(browser_of(alice).get(f"{URL}?search={stopped.volume.short}"))

    assert 'data-container="runs"' in page
    assert "not measured" in page


def test_it_is_found_by_id_owner_or_container(alice: User, bob: User, admin: User) -> None:
    volume = container_of(alice, "web-1").volume
    other = container_of(bob, "sql-1").volume

    for search in (str(volume.pk), volume.short, "ALICE", "web"):
        assert listed(browser_of(admin).get(f"{URL}?search={search}")) == [volume], search
    Container.objects.filter(internal_id="sql-1").update(volume=volume)
    assert listed(browser_of(alice).get(f"{URL}?search=sql-1")) == []
    assert other not in listed(browser_of(alice).get(URL))


@pytest.mark.parametrize("number", [1, 40])
def test_it_costs_the_same_however_many_there_are(alice: User, number: int, django_assert_num_queries: Any) -> None:
    for index in range(number):
        container_of(alice, f"web-{index}")
    client = browser_of(alice)

    with django_assert_num_queries(6):  # session, user, count, volumes, containers, engine
        client.get(URL)


# --- Create ----------------------------------------------------------------------


@pytest.mark.parametrize(("size", "quota"), [("", 1024), ("2048", 2048)])
def test_a_volume_is_made(alice: User, size: str, quota: int) -> None:
    answer = browser_of(alice).post(f"{URL}create", {"size": size})

    assert answer["Location"] == URL
    volume = Volume.objects.get()
    assert (volume.owner, volume.quota_mb) == (alice, quota)
    assert storage.directory(volume).is_dir()
    assert AuditEntry.objects.get(action="volume.create").via == "page"


@pytest.mark.parametrize(
    ("size", "sentence"),
    [("0", "greater than or equal to 1"), ("-1", "greater than"), ("x", "whole number"), (str(2**40), "less than")],
)
def test_a_size_that_cannot_be_is_refused_beside_its_field(alice: User, size: str, sentence: str) -> None:
    answer: Any = browser_of(alice).post(f"{URL}create", {"size": size})

    assert answer.status_code == 400
    assert sentence in answer.context["form"].errors["size"][0]
    assert not Volume.objects.exists()


def test_a_quota_is_said_in_a_sentence(alice: User) -> None:
    alice.max_disk_mb = 100
    alice.save()

    answer = browser_of(alice).post(f"{URL}create", {"size": "200"})

    assert answer.status_code == 403
    assert "The quota of disk is 100 MB" in text(answer)


# --- Delete ----------------------------------------------------------------------


@pytest.fixture
def volume(alice: User) -> Volume:
    volume = storage.create(alice)
    (storage.directory(volume) / "world").write_bytes(b"x" * 3000)
    return volume


def test_before_a_deletion_it_is_said_what_is_lost(alice: User, volume: Volume) -> None:
    page = text(browser_of(alice).get(f"{URL}{volume.pk}/delete"))

    assert "1 file, 2.9 KiB" in page
    assert "cannot be undone" in page
    assert f"Type {volume.short} to delete it" in page


@pytest.mark.parametrize("is_lost", [True, False])
def test_one_that_nobody_can_look_into_is_deleted_as_well(
    alice: User, images: None, storage_root: Path, is_lost: bool
) -> None:
    volume = storage.create(alice)
    file = storage.image(volume).file
    unmount_below(storage_root)
    if is_lost:
        file.unlink()
    else:
        break_image(file)
    client = browser_of(alice)

    page = text(client.get(f"{URL}{volume.pk}/delete"))
    assert "All that is in it</b> will be gone" in page
    assert "empty" not in page
    client.post(f"{URL}{volume.pk}/delete", {"name": volume.short})

    assert not Volume.objects.exists()


def test_its_name_deletes_it(alice: User, volume: Volume) -> None:
    answer = browser_of(alice).post(f"{URL}{volume.pk}/delete", {"name": volume.short}, follow=True)

    assert f"Volume {volume.short} is deleted." in text(answer)
    assert not Volume.objects.exists()
    assert not storage.directory(volume).exists()


@pytest.mark.parametrize("typed", ["", "yes", "00000000"])
def test_anything_else_does_not(alice: User, volume: Volume, typed: str) -> None:
    answer: Any = browser_of(alice).post(f"{URL}{volume.pk}/delete", {"name": typed})

    assert answer.status_code == 400
    assert Volume.objects.exists()


def test_one_in_use_is_not_deleted_and_says_by_whom(alice: User) -> None:
    volume = container_of(alice, "web-1").volume
    client = browser_of(alice)

    assert "It is in use" in text(client.get(f"{URL}{volume.pk}/delete"))
    answer = client.post(f"{URL}{volume.pk}/delete", {"name": volume.short})

    assert answer.status_code == 409
    assert "Volume is in use by web-1" in text(answer)
    assert Volume.objects.exists()


def test_another_s_is_not_found(bob: User, volume: Volume) -> None:
    client = browser_of(bob)

    assert client.get(f"{URL}{volume.pk}/delete").status_code == 404
    assert client.post(f"{URL}{volume.pk}/delete", {"name": volume.short}).status_code == 404
    assert storage.directory(volume).is_dir()


def test_a_directory_that_is_gone_counts_as_empty(alice: User, volume: Volume, storage_root: Path) -> None:
    storage.directory(volume).rename(storage_root / "elsewhere")

    assert "It is empty." in text(browser_of(alice).get(f"{URL}{volume.pk}/delete"))
