"""Making and unpacking archives through REST, with a worker beside the requests."""

import os
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django_q.models import OrmQ
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import AuditEntry, User
from tests.people import client_of
from tests.volumes.archives import entry, tar_of, zip_of
from volumes import archiving, downloads, storage
from volumes.models import Operation, Volume
from volumes.operations import queue, run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(transactional_db: None, alice: User) -> APIClient:
    return client_of(alice)


@pytest.fixture
def folder(volume: Volume) -> Path:
    folder = storage.make_directory(volume)
    (folder / "world").mkdir()
    (folder / "world/level.dat").write_text("level")
    return folder


@pytest.fixture
def url(volume: Volume, folder: Path) -> str:
    return f"/volumes/{volume.pk}"


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    """Takes what the broker has, as django-q2's would."""
    ends = threading.Event()

    def work() -> None:
        try:
            while not ends.wait(0.02):
                for task in OrmQ.objects.all():
                    task.delete()
                    run.run(*task.task["args"])
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    ends.set()
    thread.join()


def compress(client: APIClient, url: str, **wanted: Any) -> tuple[int, dict[str, Any]]:
    answer = client.post(f"{url}/compress", {"format": "zip", "output_name": "archive", **wanted})
    return answer.status_code, answer.json()


def decompress(client: APIClient, url: str, **wanted: Any) -> tuple[int, dict[str, Any]]:
    answer = client.post(f"{url}/decompress", {"archive_path": "archive", "destination": "out", **wanted})
    return answer.status_code, answer.json()


def nothing_hidden(folder: Path) -> bool:
    return not [path for path in folder.rglob("*") if path.name.startswith(".lightd")]


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.bz2", "tar.zst"])
def test_both_ways_as_the_contract_says(client: APIClient, url: str, folder: Path, kind: str) -> None:
    status, answer = compress(client, url, format=kind, output_name="backup", paths=["world"])

    made = folder / f"backup.{kind}"
    assert (status, answer["message"]) == (200, "Compression successful")
    assert (answer["archive_path"], answer["size"]) == (made.name, made.stat().st_size)

    assert decompress(client, url, archive_path=made.name, destination="restored/here") == (
        200,
        {"message": "Decompression successful", "destination": "restored/here"},
    )
    assert (folder / "restored/here/world/level.dat").read_text() == "level"
    assert nothing_hidden(folder)


@pytest.mark.usefixtures("worker")
def test_without_paths_all_of_the_volume(client: APIClient, url: str, folder: Path) -> None:
    assert compress(client, url, output_name="world/all.zip")[1]["archive_path"] == "world/all.zip"

    with zipfile.ZipFile(folder / "world/all.zip") as archive:
        assert archive.namelist() == ["world/", "world/level.dat"]


@pytest.mark.usefixtures("worker")
def test_what_no_archive_may_have_is_named(client: APIClient, url: str, folder: Path) -> None:
    os.mkfifo(folder / "world/pipe")

    status, answer = compress(client, url)

    assert (status, answer["left_out"]) == (200, ["world/pipe"])


@pytest.mark.parametrize(
    ("wanted", "answer"),
    [
        ({"paths": ["missing"]}, (404, {"error": "File not found: missing"})),
        ({"paths": ["../x"]}, (400, {"error": "Invalid path: path traversal detected"})),
        ({"output_name": "missing/a"}, (404, {"error": "File not found: missing"})),
        ({"output_name": "world/level.dat/a"}, (400, {"error": "Not a folder: world/level.dat"})),
        ({"output_name": "there.zip"}, (409, {"error": "File already exists at path: there.zip"})),
    ],
)
def test_what_can_be_checked_is_checked_at_once(
    client: APIClient, url: str, folder: Path, wanted: dict[str, Any], answer: tuple[int, Any]
) -> None:
    (folder / "there.zip").touch()

    assert compress(client, url, **wanted) == answer
    assert not Operation.objects.exists()


@pytest.mark.parametrize(
    ("wanted", "answer"),
    [
        ({"archive_path": "missing"}, (404, {"error": "File not found: missing"})),
        ({"archive_path": "world"}, (400, {"error": "This is a folder: world"})),
        ({"archive_path": "link"}, (400, {"error": "Links are not followed: link"})),
        ({"destination": "../x"}, (400, {"error": "Invalid path: path traversal detected"})),
        ({"destination": "world/level.dat/x"}, (400, {"error": "Not a folder: world/level.dat"})),
        ({"destination": "link/x"}, (400, {"error": "Not a folder: link"})),
    ],
)
def test_the_same_of_an_archive_to_unpack(
    client: APIClient, url: str, folder: Path, wanted: dict[str, Any], answer: tuple[int, Any]
) -> None:
    (folder / "archive").write_bytes(tar_of(entry("a")))
    (folder / "link").symlink_to("/etc")

    assert decompress(client, url, **wanted) == answer
    assert not Operation.objects.exists()


@pytest.mark.usefixtures("worker")
def test_a_hostile_archive_leaves_nothing(client: APIClient, url: str, folder: Path) -> None:
    (folder / "archive").write_bytes(tar_of(entry("good"), entry("../evil")))

    status, answer = decompress(client, url)

    assert (status, answer["error"]) == (
        400,
        "The archive is refused: Invalid path: path traversal detected: ../evil",
    )
    assert sorted(path.name for path in folder.iterdir()) == ["archive", "world"]


@pytest.mark.usefixtures("worker")
def test_a_bomb_leaves_nothing(client: APIClient, url: str, folder: Path, settings: Settings) -> None:
    settings.ARCHIVE_MAX_MB = 1
    (folder / "archive").write_bytes(zip_of("zeros", content=bytes(2 << 20)))

    status, answer = decompress(client, url)

    assert (status, answer["error"]) == (413, "The archive has more than the 1048576 bytes that it may have unpacked")
    assert sorted(path.name for path in folder.iterdir()) == ["archive", "world"]


@pytest.mark.usefixtures("worker")
def test_folders_are_filled_and_no_file_is_replaced_unless_it_is_asked_for(
    client: APIClient, url: str, folder: Path
) -> None:
    (folder / "archive").write_bytes(tar_of(entry("world/new"), entry("world/level.dat"), content=b"other"))

    assert decompress(client, url, destination="") == (409, {"error": "File already exists at path: world/level.dat"})
    assert [path.name for path in (folder / "world").iterdir()] == ["level.dat"]
    assert nothing_hidden(folder)

    assert decompress(client, url, destination="", overwrite=True)[0] == 200
    assert (folder / "world/level.dat").read_text() == (folder / "world/new").read_text() == "other"


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_file_never_takes_the_place_of_a_folder_or_of_what_a_link_leads_to(
    client: APIClient, url: str, folder: Path, overwrite: bool
) -> None:
    (folder / "outside").mkdir()
    (folder / "there").mkdir()
    (folder / "there/link").symlink_to("../outside")
    (folder / "archive").write_bytes(tar_of(entry("world"), content=b"a file"))
    (folder / "through").write_bytes(tar_of(entry("link/file")))

    assert decompress(client, url, destination="", overwrite=overwrite)[0] == 409
    assert decompress(client, url, archive_path="through", destination="there", overwrite=overwrite)[0] == 409
    assert list((folder / "outside").iterdir()) == []
    assert nothing_hidden(folder)


@pytest.mark.usefixtures("worker")
def test_what_is_made_belongs_to_the_folder_s_owner(client: APIClient, url: str, folder: Path) -> None:
    os.chown(folder / "world", 4242, 4243)
    (folder / "archive").write_bytes(tar_of(entry("d/f")))

    decompress(client, url, destination="world/new")
    compress(client, url, output_name="world/archive", paths=["archive"])

    for name in ("new", "new/d", "new/d/f", "archive.zip"):
        status = (folder / "world" / name).stat()
        assert (status.st_uid, status.st_gid) == (4242, 4243)
    assert os.stat(folder).st_uid == 0


def test_in_the_background(client: APIClient, url: str, folder: Path) -> None:
    status, answer = compress(client, url, background=True)

    operation = answer["operation"]
    assert (status, answer["message"], operation["status"]) == (202, "Operation started", "queued")
    assert not (folder / "archive.zip").exists()

    run.run(operation["id"])

    shown = client.get(f"{url}/operations/{operation['id']}").json()
    assert (shown["status"], shown["entries"], shown["done_bytes"], shown["total_bytes"]) == ("done", 2, 5, 5)
    assert shown["size"] == (folder / "archive.zip").stat().st_size
    assert client.get(f"{url}/operations?limit=1").json() == {"operations": [shown], "count": 1}


def test_who_waited_long_enough_is_told_that_it_goes_on(
    client: APIClient, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "LONGEST_WAIT", 0.2)

    status, answer = compress(client, url)

    assert (status, answer["operation"]["status"]) == (202, "queued")


def test_an_operation_that_waits_is_cancelled(client: APIClient, url: str, folder: Path) -> None:
    operation = compress(client, url, background=True)[1]["operation"]["id"]

    assert client.delete(f"{url}/operations/{operation}").json() == {"message": "Operation cancelled"}
    run.run(operation)

    assert client.get(f"{url}/operations/{operation}").json()["status"] == "cancelled"
    assert client.delete(f"{url}/operations/{operation}").status_code == 409
    tried = AuditEntry.objects.filter(action="operation.cancel").order_by("at", "pk")
    assert [entry.outcome for entry in tried] == ["accepted", "refused"]
    assert [path.name for path in folder.iterdir()] == ["world"]


def test_another_volume_s_operation_is_not_found(client: APIClient, url: str, alice: User) -> None:
    operation = compress(client, url, background=True)[1]["operation"]["id"]
    other = Volume.objects.create(owner=alice)

    for method in (client.get, client.delete):
        answer = method(f"/volumes/{other.pk}/operations/{operation}")
        assert (answer.status_code, answer.json()) == (404, {"error": "Operation not found"})


def test_a_volume_has_only_so_many_unfinished(client: APIClient, url: str) -> None:
    for number in range(queue.MOST_UNFINISHED):
        assert compress(client, url, output_name=f"{number}", background=True)[0] == 202

    assert compress(client, url, background=True)[0] == 409


@pytest.mark.usefixtures("worker")
def test_who_did_what_is_in_the_trail(client: APIClient, url: str, volume: Volume) -> None:
    compress(client, url, paths=["world"])
    decompress(client, url, archive_path="archive.zip")
    decompress(client, url, archive_path="missing")

    found = AuditEntry.objects.filter(action__startswith="archive.").order_by("at", "pk")
    assert [(row.action, row.target, row.outcome) for row in found] == [
        ("archive.compress", f"{volume.pk}/archive.zip", "accepted"),
        ("archive.decompress", f"{volume.pk}/archive.zip", "accepted"),
        ("archive.decompress", f"{volume.pk}/missing", "refused"),
    ]


@pytest.mark.usefixtures("worker")
def test_of_many_paths_the_first_are_in_the_trail(client: APIClient, url: str) -> None:
    compress(client, url, paths=["world"] * 30)

    entry = AuditEntry.objects.get(action="archive.compress")
    assert entry.after == {"paths": ["world"] * archiving.MOST_NAMED, "number": 30}


# --- A folder as an archive on the fly ----------------------------------------


def fetch(client: APIClient, url: str, query: str) -> tuple[Any, bytes]:
    answer: Any = client.get(f"{url}/files/download?{query}")

    async def read() -> bytes:
        return b"".join([piece async for piece in answer])

    try:
        return answer, async_to_sync(read)()
    finally:
        answer.close()


@pytest.mark.parametrize(
    ("query", "name", "mime"),
    [
        ("path=world", "world.zip", "application/zip"),
        ("path=world&format=tar.zst", "world.tar.zst", "application/zstd"),
        ("path=world/level.dat&format=tar.gz", "level.dat.tar.gz", "application/gzip"),
        ("format=tar", "{volume}.tar", "application/x-tar"),
    ],
)
def test_a_folder_is_downloaded_as_an_archive(
    client: APIClient, url: str, folder: Path, tmp_path: Path, query: str, name: str, mime: str
) -> None:
    answer, content = fetch(client, url, query)

    name = name.format(volume=folder.name)
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == (mime, "nosniff")
    assert not answer.has_header("Content-Length")
    (folder / "archive").write_bytes(content)
    assert client.head(f"{url}/files/download?{query}").status_code == 200
    assert sorted(path.name for path in folder.iterdir()) == ["archive", "world"]
    if name.endswith(".tar.gz"):
        with tarfile.open(folder / "archive") as tar:
            assert tar.getnames() == ["level.dat"]


def test_a_download_makes_no_more_than_is_taken(client: APIClient, url: str, folder: Path) -> None:
    with (folder / "world/large").open("wb") as file:
        file.truncate(1 << 40)

    answer: Any = client.get(f"{url}/files/download?path=world&format=tar")

    async def read_some() -> int:
        pieces = aiter(answer)
        return sum([len(await anext(pieces)) for _ in range(3)])

    assert async_to_sync(read_some)() < 4 << 20
    answer.close()


def test_only_so_many_are_made_at_once(client: APIClient, url: str) -> None:
    answers: list[Any] = [client.get(f"{url}/files/download?path=world") for _ in range(downloads.ARCHIVES_AT_ONCE)]

    refused = client.get(f"{url}/files/download?path=world")
    assert (refused.status_code, refused["Retry-After"]) == (429, "5")

    for answer in answers:
        answer.close()
    assert fetch(client, url, "path=world")[0].status_code == 200


def test_what_is_not_there_is_no_archive(client: APIClient, url: str) -> None:
    answer = client.get(f"{url}/files/download?path=missing&format=zip")

    assert (answer.status_code, answer.json()) == (404, {"error": "File not found: missing"})
