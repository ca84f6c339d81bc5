"""Where the kernel holds no size, our own doors write no more than there was room for when they began."""

import io
import os
from collections.abc import Callable, Iterator

import pytest

from accounts.actor import Actor
from accounts.models import User
from rules.errors import OutOfSpace
from tests.people import actor, client_of
from tests.volumes.archives import entry, tar_of
from volumes import archiving, files, posix, storage, usage
from volumes.archives import Format
from volumes.models import Operation, Volume
from volumes.operations import run
from volumes.tree import Opening
from volumes.tree.kept import KEPT

# Directories are made when the transaction is committed.
pytestmark = pytest.mark.django_db(transaction=True)

MIB = 1 << 20
ROOM = MIB // 2
BEFORE = ["world", "world/region"]
Put = Callable[[Actor, str, int], object]
Ask = Callable[[Actor, str], Operation]


@pytest.fixture
def volume(alice: User) -> Volume:
    """Of 2 MiB, with half a MiB left."""
    volume = storage.create(alice, quota_mb=2)
    (storage.directory(volume) / "world").mkdir()
    folder = storage.directory(volume) / "world"
    (folder / "region").write_bytes(os.urandom(2 * MIB - ROOM - folder.stat().st_blocks * 512))
    assert usage.of(volume).available == ROOM
    return volume


def there(volume: Volume) -> list[str]:
    root = storage.directory(volume)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def size_of(volume: Volume) -> int:
    """On the disk, but for the folder of kept uploads, which is counted later."""
    found = [path for path in storage.directory(volume).rglob("*") if path.name != KEPT[0]]
    return sum(path.lstat().st_blocks * 512 for path in found)


def pieces(size: int) -> Iterator[bytes]:
    """As they come: none of them is too large by itself."""
    while size > 0:
        yield bytes(min(size, 4096))
        size -= 4096


def write(who: Actor, volume_id: str, size: int) -> None:
    files.write(who, volume_id, "new", "x" * size, None)


def upload(who: Actor, volume_id: str, size: int) -> None:
    files.upload(who, volume_id, "new", pieces(size), replace=False)


def upload_more(who: Actor, volume_id: str, size: int) -> None:
    files.upload_more(who, volume_id, "new", pieces(size), offset=0, replace=True)


def upload_kept(who: Actor, volume_id: str, size: int) -> None:
    files.upload_kept(who, volume_id, "new", pieces(size), key="a", offset=0, replace=False)


@pytest.mark.parametrize("put", [write, upload, upload_more, upload_kept])
def test_the_last_byte_fits(alice: User, volume: Volume, put: Put) -> None:
    put(actor(alice), str(volume.pk), ROOM)

    assert there(volume) == ["new", *BEFORE]
    assert size_of(volume) == 2 * MIB


@pytest.mark.parametrize("put", [write, upload])
def test_one_more_does_not_and_leaves_nothing(alice: User, volume: Volume, put: Put) -> None:
    with pytest.raises(OutOfSpace, match="The volume is full"):
        put(actor(alice), str(volume.pk), ROOM + 1)

    assert there(volume) == BEFORE


@pytest.mark.parametrize("put", [upload_more, upload_kept])
def test_of_an_upload_that_can_go_on_what_fits_is_kept(alice: User, volume: Volume, put: Put) -> None:
    with pytest.raises(OutOfSpace, match="The volume is full"):
        put(actor(alice), str(volume.pk), ROOM + 1)

    assert size_of(volume) == 2 * MIB


def test_a_copy_is_whole_or_not_there(alice: User, volume: Volume) -> None:
    (storage.directory(volume) / "world/level").write_bytes(bytes(1000))

    with pytest.raises(OutOfSpace, match="The volume is full"):
        files.copy(actor(alice), str(volume.pk), "world", "copy")
    assert there(volume) == ["world", "world/level", "world/region"]

    files.copy(actor(alice), str(volume.pk), "world/level", "copy")
    assert there(volume) == ["copy", "world", "world/level", "world/region"]


def compress(who: Actor, volume_id: str) -> Operation:
    return archiving.compress(who, volume_id, Format.TAR_GZ, "made", ["world"])


def decompress(who: Actor, volume_id: str) -> Operation:
    return archiving.decompress(who, volume_id, "archive", "", overwrite=False)


@pytest.mark.parametrize("ask", [compress, decompress])
def test_an_archive_is_refused_as_a_whole(alice: User, volume: Volume, ask: Ask) -> None:
    packed = tar_of(*[entry(f"made/{number}") for number in range(20)], content=b"x" * 20_000)
    (storage.directory(volume) / "archive").write_bytes(packed)
    (storage.directory(volume) / "world/region").write_bytes(os.urandom(2 * MIB - len(packed) - 100_000))
    usage.count(volume)

    operation = ask(actor(alice), str(volume.pk))
    run.run(str(operation.pk))

    operation.refresh_from_db()
    assert (operation.status, operation.error, operation.error_status) == ("failed", "The volume is full", 507)
    assert there(volume) == ["archive", *BEFORE]


def test_one_that_fits_is_unpacked(alice: User, volume: Volume) -> None:
    (storage.directory(volume) / "archive").write_bytes(tar_of(entry("made"), content=b"x" * 100_000))

    operation = decompress(actor(alice), str(volume.pk))
    run.run(str(operation.pk))

    operation.refresh_from_db()
    assert operation.status == "done"
    assert there(volume) == ["archive", "made", *BEFORE]


def test_the_files_of_a_form_share_the_room(alice: User, volume: Volume) -> None:
    form = {name: io.BytesIO(bytes(ROOM // 2)) for name in ("a", "b", "c")}
    for name, file in form.items():
        file.name = name

    answer = client_of(alice).post(f"/volumes/{volume.pk}/upload", form, format="multipart")

    assert (answer.status_code, answer.json()) == (507, {"error": "The volume is full"})
    assert there(volume) == ["a", "b", *BEFORE]


def test_what_is_replaced_gives_its_room(alice: User, volume: Volume) -> None:
    for _ in range(5):
        write(actor(alice), str(volume.pk), ROOM // 2)

    files.upload(actor(alice), str(volume.pk), "more", pieces(ROOM // 2), replace=False)

    assert size_of(volume) == 2 * MIB


@pytest.mark.parametrize("append", [False, True])
def test_so_it_is_by_sftp_wherever_one_says_to_write(alice: User, volume: Volume, append: bool) -> None:
    file = posix.open_to_write(actor(alice), str(volume.pk), "world/region", Opening(append=append))
    end = file.status().st_size
    file.write(end, bytes(ROOM))
    if not append:
        file.write(0, b"again")  # takes nothing

    with pytest.raises(OutOfSpace, match="The volume is full"):
        file.write(0 if append else end + ROOM, b"x")

    posix.close(actor(alice), str(volume.pk), "world/region", file)
    assert size_of(volume) == 2 * MIB
    following = posix.open_to_write(actor(alice), str(volume.pk), "next", Opening(create=True))
    with pytest.raises(OutOfSpace, match="The volume is full"):
        following.write(0, b"x")
    following.close()
