"""A volume's files through REST: what is asked, what is answered, what is recorded."""

from pathlib import Path

import pytest
from rest_framework.test import APIClient

from accounts.models import AuditEntry, User
from tests.people import client_of
from volumes import files, storage
from volumes.models import Volume

TRAVERSAL = {"error": "Invalid path: path traversal detected"}


@pytest.fixture
def folder(volume: Volume) -> Path:
    return storage.make_directory(volume)


@pytest.fixture
def client(alice: User) -> APIClient:
    return client_of(alice)


@pytest.fixture
def url(volume: Volume, folder: Path) -> str:
    return f"/volumes/{volume.pk}"


def test_a_folder_is_listed(client: APIClient, url: str, folder: Path) -> None:
    (folder / "notes.txt").write_text("hello")
    (folder / "world").mkdir()
    (folder / "link").symlink_to("/etc")

    world, link, notes = client.get(f"{url}/files").json()["files"]

    assert (world["name"], world["type"], world["mime"]) == ("world", "directory", None)
    assert (link["name"], link["type"], link["target"]) == ("link", "symlink", "/etc")
    assert (notes["type"], notes["size"], notes["mode"], notes["mime"]) == ("file", 5, "0644", "text/plain")
    assert notes["modified_at"] == int((folder / "notes.txt").stat().st_mtime)


def test_a_list_has_pages_and_an_order(client: APIClient, url: str, folder: Path) -> None:
    for size in range(5):
        (folder / f"{size}").write_bytes(b"x" * size)

    answer = client.get(f"{url}/files?limit=2&offset=1&sort=-size").json()

    assert ([file["size"] for file in answer["files"]], answer["count"]) == ([3, 2], 5)
    assert client.get(f"{url}/files?sort=colour").status_code == 400


def test_what_is_written_is_read(client: APIClient, url: str, folder: Path) -> None:
    answer = client.post(f"{url}/files", {"path": "a..b ", "content": "grüße\n"})

    assert answer.status_code == 200
    assert answer.json()["message"] == "File written successfully"
    assert (folder / "a..b ").read_text() == "grüße\n"
    text = client.get(f"{url}/files/content", {"path": "a..b "}).json()
    assert (text["content"], text["version"]) == ("grüße\n", answer.json()["version"])


def test_a_file_that_changed_since_it_was_opened_is_not_overwritten(client: APIClient, url: str, folder: Path) -> None:
    (folder / "file").write_text("1")
    version = client.get(f"{url}/files/content?path=file").json()["version"]
    (folder / "file").write_text("the server's own")
    mine = {"path": "file", "content": "mine"}

    answer = client.post(f"{url}/files", {**mine, "expected_version": version})

    assert answer.status_code == 409
    assert answer.json() == {"error": "The file changed since you opened it: file"}
    assert (folder / "file").read_text() == "the server's own"
    assert client.post(f"{url}/files", mine).status_code == 200


def test_a_file_that_was_deleted_since_it_was_opened_is_not_found(client: APIClient, url: str, folder: Path) -> None:
    (folder / "file").write_text("1")
    version = client.get(f"{url}/files/content?path=file").json()["version"]
    (folder / "file").unlink()

    answer = client.post(f"{url}/files", {"path": "file", "content": "mine", "expected_version": version})

    assert answer.status_code == 404
    assert answer.json() == {"error": "The file was deleted since you opened it: file"}
    assert list(folder.iterdir()) == []


def test_an_editor_gets_text_of_a_sensible_size(client: APIClient, url: str, folder: Path) -> None:
    (folder / "large").write_bytes(b"x" * (files.LARGEST_TEXT + 1))
    (folder / "picture").write_bytes(b"\x89PNG\xff")

    assert client.get(f"{url}/files/content?path=large").status_code == 413
    answer = client.get(f"{url}/files/content?path=picture")
    assert (answer.status_code, answer.json()["error"]) == (400, "The file is not text: download it instead")


@pytest.mark.parametrize("letter", ["x", "ü"])
def test_no_longer_text_is_written_than_an_editor_opens(client: APIClient, url: str, folder: Path, letter: str) -> None:
    text = letter * (files.LARGEST_TEXT // len(letter.encode()))
    assert client.post(f"{url}/files", {"path": "file", "content": text}).status_code == 200

    answer = client.post(f"{url}/files", {"path": "file", "content": text + "x"})

    assert answer.status_code == 413
    assert answer.json() == {"error": "The text is larger than 1048576 bytes: upload it instead"}
    assert (folder / "file").read_text() == text


def test_folders_copies_moves_modes_and_deletions(client: APIClient, url: str, folder: Path) -> None:
    for route, body, message in (
        ("folders", {"path": "a/b"}, "Folder created successfully"),
        ("files", {"path": "a/b/file", "content": "x"}, "File written successfully"),
        ("copy", {"source": "a", "destination": "copy"}, "Copied successfully"),
        ("move", {"source": "copy/b/file", "destination": "moved"}, "Moved successfully"),
        ("chmod", {"path": "moved", "mode": "0750"}, "Mode changed successfully"),
        ("delete", {"paths": ["a", "copy"]}, "Deleted 2 entries"),
    ):
        answer = client.post(f"{url}/{route}", body)
        assert (answer.status_code, answer.json()["message"]) == (200, message)

    (moved,) = folder.iterdir()
    assert (moved.name, moved.read_text(), moved.stat().st_mode & 0o7777) == ("moved", "x", 0o750)


def test_what_is_there_is_not_overwritten_by_a_move(client: APIClient, url: str, folder: Path) -> None:
    (folder / "a").write_text("a")
    (folder / "b").write_text("b")

    answer = client.post(f"{url}/move", {"source": "a", "destination": "b"})

    assert (answer.status_code, answer.json()) == (409, {"error": "File already exists at path: b"})


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/passwd"])
def test_a_path_that_leads_out_is_refused_everywhere(client: APIClient, url: str, path: str) -> None:
    for route in ("files", "files/content", "files/download"):
        answer = client.get(f"{url}/{route}", {"path": path})
        assert (answer.status_code, answer.json()) == (400, TRAVERSAL), route
    for route, body in (
        ("files", {"path": path, "content": ""}),
        ("folders", {"path": path}),
        ("copy", {"source": path, "destination": "x"}),
        ("copy", {"source": "x", "destination": path}),
        ("move", {"source": path, "destination": "x"}),
        ("delete", {"paths": [path]}),
        ("chmod", {"path": path, "mode": "644"}),
        (f"upload?path={path}", {}),
    ):
        answer = client.post(f"{url}/{route}", body)
        assert (answer.status_code, answer.json()) == (400, TRAVERSAL), route


def test_one_path_that_leads_out_keeps_all_from_being_deleted(client: APIClient, url: str, folder: Path) -> None:
    (folder / "a").touch()

    assert client.post(f"{url}/delete", {"paths": ["a", "../b"]}).status_code == 400
    assert (folder / "a").exists()


@pytest.mark.parametrize("mode", ["4755", "abc", "", "64", 644, "-644"])
def test_a_mode_is_three_octal_digits(client: APIClient, url: str, folder: Path, mode: object) -> None:
    (folder / "file").touch()

    assert client.post(f"{url}/chmod", {"path": "file", "mode": mode}).status_code == 400


def test_names_are_searched(client: APIClient, url: str, folder: Path) -> None:
    (folder / "a/b").mkdir(parents=True)
    (folder / "a/b/Server.yml").touch()

    answer = client.get(f"{url}/files/search?query=server").json()

    assert ([file["path"] for file in answer["files"]], answer["complete"]) == (["a/b/Server.yml"], True)


def test_changes_are_in_the_audit_trail_and_so_is_what_was_refused(
    client: APIClient, url: str, volume: Volume, folder: Path
) -> None:
    client.post(f"{url}/files", {"path": "file", "content": "x"})
    client.post(f"{url}/move", {"source": "file", "destination": "moved"})
    client.post(f"{url}/chmod", {"path": "moved", "mode": "600"})
    client.post(f"{url}/delete", {"paths": ["moved", "gone"]})

    entries = AuditEntry.objects.order_by("id").values_list("action", "target", "outcome", "before", "after")

    assert list(entries) == [
        ("file.write", f"{volume.pk}/file", "accepted", None, None),
        ("file.move", f"{volume.pk}/file", "accepted", None, {"path": "moved"}),
        ("file.chmod", f"{volume.pk}/moved", "accepted", {"mode": "0644"}, {"mode": "0600"}),
        ("file.delete", f"{volume.pk}/moved", "accepted", None, None),
        ("file.delete", f"{volume.pk}/moved, gone", "refused", None, None),
    ]


def test_a_hundred_thousand_entries_stay_usable(client: APIClient, url: str, folder: Path) -> None:
    for number in range(100_000):
        (folder / f"{number:06d}").touch()

    answer = client.get(f"{url}/files?limit=3&offset=50000").json()

    assert [file["name"] for file in answer["files"]] == ["050000", "050001", "050002"]
    assert answer["count"] == 100_000
    assert len(client.get(f"{url}/files").json()["files"]) == 100_000
