"""The bar that says how full a volume is, and the form below it."""

from typing import Any

import pytest

from accounts.models import User
from accounts.permissions import Permission
from containers.models import Grant
from tests.answers import text
from tests.people import browser_of, container_of
from volumes import storage
from volumes.models import Volume
from volumes.operations import queue, run

# Directories are made when the transaction is committed.
pytestmark = pytest.mark.django_db(transaction=True)

MIB = 1 << 20


@pytest.fixture
def volume(alice: User, images: None, monkeypatch: pytest.MonkeyPatch) -> Volume:
    """With 16 MB in it."""
    monkeypatch.setattr(queue, "tell", lambda operation: run.run(str(operation.pk)))
    volume = storage.create(alice, quota_mb=64)
    (storage.directory(volume) / "world").write_bytes(bytes(16 * MIB))
    return volume


@pytest.fixture
def url(volume: Volume) -> str:
    return f"/dashboard/volumes/{volume.pk}"


def posted(user: User, url: str, size: object, **headers: Any) -> Any:
    return browser_of(user).post(f"{url}/resize", {"size": size}, headers=headers)


def test_above_the_files_it_says_how_full_it_is(alice: User, url: str) -> None:
    page = text(browser_of(alice).get(f"{url}/files"))

    assert "16.0 of 64.0 MiB" in page
    assert 'value="25"' in page
    assert "watched" not in page
    assert f'action="{url}/resize"' in page


def test_the_bar_alone_follows_what_is_written(alice: User, volume: Volume, url: str) -> None:
    (storage.directory(volume) / "more").write_bytes(bytes(16 * MIB))

    part = text(browser_of(alice).get(f"{url}/quota"))

    assert "32.0 of 64.0 MiB" in part
    assert "<form" not in part


def test_who_may_only_read_the_files_has_the_bar_without_the_form(alice: User, bob: User) -> None:
    container = container_of(alice, "web-1")
    Grant.objects.create(container=container, user=bob, permissions=[Permission.FILES_READ.value])

    page = text(browser_of(bob).get("/dashboard/container/web-1/files"))

    assert "0 B, no limit" in page
    assert "/resize" not in page
    assert browser_of(bob).get(f"/dashboard/volumes/{container.volume_id}/quota").status_code == 200


def test_others_have_neither(bob: User, url: str) -> None:
    assert browser_of(bob).get(f"{url}/quota").status_code == 404
    assert browser_of(bob).get(f"{url}/resize").status_code == 404


def test_resized_in_the_page_the_bar_is_a_new_one(alice: User, volume: Volume, url: str) -> None:
    answer = posted(alice, url, 128, HX_Request="true")

    assert answer.status_code == 200
    assert "16.0 of 128 MiB" in text(answer)
    assert "has 128 MB now" in answer["HX-Trigger"]
    assert Volume.objects.get().quota_mb == 128


def test_without_scripts_it_is_a_page_of_its_own(alice: User, url: str) -> None:
    assert 'value="64"' in text(browser_of(alice).get(f"{url}/resize"))

    answer = posted(alice, url, 32)

    assert answer["Location"] == f"{url}/files"
    assert Volume.objects.get().quota_mb == 32


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ("15", "There are 16 MB in the volume, and it cannot be made smaller"),
        ("0", "greater than or equal to 1"),
        ("many", "Enter a whole number"),
        ("", "This field is required"),
    ],
)
def test_what_is_refused_is_said_beside_the_field_and_changes_nothing(
    alice: User, url: str, size: str, said: str
) -> None:
    for headers, status in (({"HX-Request": "true"}, (422,)), ({}, (400, 409))):
        answer = posted(alice, url, size, **headers)

        assert answer.status_code in status
        assert said in text(answer)
        assert "<details" in text(answer)
        assert " open>" in text(answer)
    assert Volume.objects.get().quota_mb == 64


def test_a_directory_says_that_the_kernel_does_not_hold_it(alice: User) -> None:
    volume = storage.create(alice, quota_mb=64)

    page = text(browser_of(alice).get(f"/dashboard/volumes/{volume.pk}/files"))

    assert "watched, not held by the kernel" in page


def test_the_list_shows_what_is_in_stopped_ones(alice: User, volume: Volume) -> None:
    page = text(browser_of(alice).get("/dashboard/volumes/"))

    assert "16.0 MiB" in page
    assert "not measured" not in page


def test_administrators_are_told_where_new_ones_are_only_watched(alice: User, admin: User) -> None:
    assert "LIGHTD_VOLUMES is directories" in text(browser_of(admin).get("/dashboard/volumes/"))
    assert "LIGHTD_VOLUMES" not in text(browser_of(alice).get("/dashboard/volumes/"))
