"""What goes into files that a restore throws away is not said to be there."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from accounts.actor import Actor
from accounts.models import AuditEntry, User
from containers.sftp.desk import Desk
from containers.sftp.sign_in import Guest
from containers.sftp.visits import Visit
from rules.errors import Conflict
from tests.people import actor
from tests.volumes.conftest import volume_with
from volumes import files, posix, storage
from volumes.models import Operation, Volume
from volumes.tree import Opening

pytestmark = pytest.mark.django_db(transaction=True)

LOST = "restored from a backup meanwhile"
UNDER_WAY = "is being restored"


@pytest.fixture
def volume(transactional_db: None, alice: User) -> Volume:
    return volume_with(alice, "old", b"old")


def restored(volume: Volume) -> None:
    """All of a restore, as it is between two pieces of an upload."""
    with storage.replacement(volume) as new:
        storage.swap(volume, new)


def being_restored(volume: Volume) -> None:
    Operation.objects.create(volume=volume, kind=Operation.Kind.RESTORE)


def cut(volume: Volume, meanwhile: Callable[[Volume], None]) -> Iterator[bytes]:
    yield b"before"
    meanwhile(volume)
    yield b"after"


UPLOADS: dict[str, Callable[[Actor, str, Iterator[bytes]], object]] = {
    "whole": lambda who, volume, pieces: files.upload(who, volume, "new", pieces, replace=False),
    "more": lambda who, volume, pieces: files.upload_more(who, volume, "new", pieces, offset=0, replace=False),
    "kept": lambda who, volume, pieces: files.upload_kept(
        who, volume, "new", pieces, key="key", offset=0, replace=False
    ),
}


@pytest.mark.parametrize(("meanwhile", "sentence"), [(restored, LOST), (being_restored, UNDER_WAY)])
@pytest.mark.parametrize("upload", UPLOADS)
def test_an_upload_is_refused_at_its_end(
    alice: User, volume: Volume, upload: str, meanwhile: Callable[[Volume], None], sentence: str
) -> None:
    with pytest.raises(Conflict, match=sentence):
        UPLOADS[upload](actor(alice), str(volume.pk), cut(volume, meanwhile))

    assert AuditEntry.objects.filter(action="file.upload", outcome="refused", target=f"{volume.pk}/new").exists()


@pytest.mark.parametrize(("meanwhile", "sentence"), [(restored, LOST), (being_restored, UNDER_WAY)])
def test_so_is_the_end_of_one_by_sftp(
    alice: User, volume: Volume, meanwhile: Callable[[Volume], None], sentence: str
) -> None:
    file = posix.open_to_write(actor(alice), str(volume.pk), "new", Opening(create=True))
    file.write(0, b"content")
    meanwhile(volume)

    with pytest.raises(Conflict, match=sentence):
        posix.close(actor(alice), str(volume.pk), "new", file)

    assert not AuditEntry.objects.filter(action="file.upload", outcome="accepted").exists()


def test_a_session_ends_with_everything_closed(alice: User, volume: Volume) -> None:
    guest = Guest("alice.web-1", actor(alice), 1, "", uuid4(), "web-1", str(volume.pk), may_write=True)
    desk = Desk(Visit(guest, lambda _: None))
    for name in (b"/home/container/one", b"/home/container/two"):
        desk.open_to_write(name, Opening(create=True))
    restored(volume)

    desk.leave()

    assert AuditEntry.objects.filter(action="file.upload", outcome="refused").count() == 2
