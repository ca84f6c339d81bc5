"""Uploads and downloads, without a network in between; with one: `e2e/attacks/test_uploads.py`."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.actor import Actor
from accounts.models import User
from tests.people import client_of
from tests.volumes.sent import content_of
from volumes import downloads, files, storage
from volumes.downloads import Span
from volumes.models import Volume
from volumes.tree.kept import KEPT
from volumes.uploads import CutOff

CONTENT = bytes(range(256)) * 5000


@pytest.fixture
def client(alice: User) -> APIClient:
    return client_of(alice)


@pytest.fixture
def folder(volume: Volume) -> Path:
    return storage.make_directory(volume)


@pytest.fixture
def url(volume: Volume, folder: Path) -> str:
    return f"/volumes/{volume.pk}"


def raw(client: APIClient, url: str, query: str, content: bytes = b"content") -> tuple[int, dict[str, Any]]:
    answer = client.post(f"{url}/upload?{query}", content, content_type="application/octet-stream")
    return answer.status_code, answer.json()


def form(client: APIClient, url: str, query: str, files: dict[str, bytes]) -> tuple[int, dict[str, Any]]:
    """As browsers send a folder: each name with the folders before it, which Django's own client leaves out."""
    head = b'--b\r\ncontent-disposition: form-data; name="file"; filename="%s"\r\n\r\n'
    parts = [head % name.encode() + content + b"\r\n" for name, content in files.items()]
    body = b"".join([*parts, b"--b--\r\n"])
    answer = client.post(f"{url}/upload?{query}", body, content_type="multipart/form-data; boundary=b")
    return answer.status_code, answer.json()


def test_a_raw_body_is_a_file(client: APIClient, url: str, folder: Path) -> None:
    assert raw(client, url, "path=new/file", CONTENT) == (
        200,
        {"message": "Upload successful", "files": [{"path": "new/file", "size": len(CONTENT)}]},
    )
    assert (folder / "new/file").read_bytes() == CONTENT


def test_nothing_is_replaced_unless_it_is_asked_for(client: APIClient, url: str, folder: Path) -> None:
    (folder / "file").write_text("old")

    assert raw(client, url, "path=file") == (409, {"error": "File already exists at path: file"})
    assert [path.name for path in folder.iterdir()] == ["file"]
    assert raw(client, url, "path=file&overwrite=true")[0] == 200
    assert (folder / "file").read_text() == "content"


def test_a_form_has_many_files_in_many_folders(client: APIClient, url: str, folder: Path) -> None:
    files = {f"world/{number}/file": CONTENT[number:] for number in range(150)}

    status, answer = form(client, url, "path=up", files)

    assert status == 200, answer
    assert len(answer["files"]) == 150
    for number in range(150):
        assert (folder / f"up/world/{number}/file").read_bytes() == CONTENT[number:]


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x"])
def test_a_name_in_a_form_leads_not_out(client: APIClient, url: str, folder: Path, name: str) -> None:
    status, answer = form(client, url, "", {name: b"x"})

    assert (status, answer) == (400, {"error": "Invalid path: path traversal detected"})
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b'--b\r\ncontent-disposition: form-data; name="a"\r\n\r\nx\r\n--b--\r\n'),
        ("multipart/form-data; boundary=b", b'--b\r\ncontent-disposition: form-data; name="f"; filename="f"\r\n\r\nx'),
    ],
    ids=["no boundary", "a field", "cut off"],
)
def test_a_form_that_is_none_is_refused(client: APIClient, url: str, folder: Path, kind: str, body: bytes) -> None:
    answer = client.post(f"{url}/upload", body, content_type=kind)

    assert answer.status_code == 400
    assert answer.json()["error"].startswith("The form ")


def test_an_upload_goes_on_where_it_was_cut_off(client: APIClient, url: str, folder: Path) -> None:
    assert raw(client, url, "path=file&offset=0", b"first ")[0] == 200
    assert raw(client, url, "path=file&offset=3", b"second") == (
        409,
        {"error": "The file has 6 bytes, so that is where it goes on: file"},
    )
    assert raw(client, url, "path=file&offset=6", b"second")[1]["files"] == [{"path": "file", "size": 12}]
    assert (folder / "file").read_bytes() == b"first second"


RESUME = "path=new/world.zip&resume=12-1795558968"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def come(client: APIClient, url: str, query: str = RESUME) -> int:
    answer = client.get(f"{url}/upload?{query}")
    assert answer.status_code == 200, answer.json()
    return int(answer.json()["size"])


def keep(volume: Volume, content: bytes, path: str = "new/world.zip", key: str = "12-1795558968") -> None:
    """As much comes as `content` has, and then the connection breaks."""

    def pieces() -> Iterator[bytes]:
        yield content
        raise CutOff("The upload was cut off")

    with pytest.raises(CutOff):
        files.upload_kept(Actor(volume.owner), str(volume.pk), path, pieces(), key=key, offset=0, replace=False)


def test_what_has_come_of_an_upload_is_kept_until_all_has(
    client: APIClient, url: str, volume: Volume, folder: Path
) -> None:
    assert come(client, url) == 0
    keep(volume, b"first ")

    assert not (folder / "new/world.zip").exists()
    assert come(client, url) == 6
    assert raw(client, url, f"{RESUME}&offset=6", b"second")[1]["files"] == [{"path": "new/world.zip", "size": 12}]
    assert names(folder) == ["new"]
    assert names(folder / "new") == ["world.zip"]
    assert (folder / "new/world.zip").read_bytes() == b"first second"
    assert come(client, url) == 0


def test_it_may_go_on_before_its_end_but_not_behind(client: APIClient, url: str, volume: Volume, folder: Path) -> None:
    keep(volume, b"first sec")

    assert raw(client, url, f"{RESUME}&offset=10", b"nd") == (
        409,
        {"error": "So far 9 bytes have come, so that is where it goes on: new/world.zip"},
    )
    assert raw(client, url, f"{RESUME}&offset=6", b"second")[0] == 200
    assert (folder / "new/world.zip").read_bytes() == b"first second"


def test_what_a_container_wrote_behind_it_is_no_part_of_it(
    client: APIClient, url: str, volume: Volume, folder: Path
) -> None:
    keep(volume, b"first ")
    [draft] = (folder / KEPT[0]).iterdir()
    draft.write_bytes(b"first " + b"?" * 100)

    assert raw(client, url, f"{RESUME}&offset=6", b"second")[0] == 200
    assert (folder / "new/world.zip").read_bytes() == b"first second"


def test_a_file_that_is_there_is_replaced_when_all_has_come(
    client: APIClient, url: str, volume: Volume, folder: Path
) -> None:
    (folder / "new").mkdir()
    (folder / "new/world.zip").write_text("old")
    keep(volume, b"first ")

    assert raw(client, url, f"{RESUME}&offset=6", b"second") == (
        409,
        {"error": "File already exists at path: new/world.zip"},
    )
    assert (folder / "new/world.zip").read_text() == "old"
    assert raw(client, url, f"{RESUME}&offset=6&overwrite=true", b"second")[0] == 200
    assert (folder / "new/world.zip").read_bytes() == b"first second"


@pytest.mark.parametrize("query", ["path=new/other.zip&resume=12-1795558968", "path=new/world.zip&resume=13"])
def test_another_name_and_another_key_are_another_upload(
    client: APIClient, url: str, volume: Volume, query: str
) -> None:
    keep(volume, b"first ")

    assert come(client, url, query) == 0


def test_it_is_given_up(client: APIClient, url: str, volume: Volume, folder: Path) -> None:
    keep(volume, b"first ")

    assert client.delete(f"{url}/upload?{RESUME}").json() == {"message": "Upload cancelled"}
    assert (names(folder), names(folder / "new")) == (["new"], [])
    assert client.delete(f"{url}/upload?{RESUME}").status_code == 404


def test_of_two_that_are_kept_the_end_of_one_leaves_the_other(
    client: APIClient, url: str, volume: Volume, folder: Path
) -> None:
    keep(volume, b"first ")
    keep(volume, b"other ", path="new/other.zip")

    assert raw(client, url, f"{RESUME}&offset=6", b"second")[0] == 200
    assert come(client, url, "path=new/other.zip&resume=12-1795558968") == 6


def test_the_file_belongs_to_whom_its_folder_belongs(client: APIClient, url: str, volume: Volume, folder: Path) -> None:
    (folder / "new").mkdir()
    os.chown(folder / "new", 1000, 1001)
    keep(volume, b"first ")

    assert raw(client, url, f"{RESUME}&offset=6", b"second")[0] == 200
    status = (folder / "new/world.zip").stat()
    assert (status.st_uid, status.st_gid) == (1000, 1001)


@pytest.mark.parametrize(
    "query", ["path=&resume=a", "path=file", "path=file&resume=a/b", f"path=file&resume={'a' * 65}"]
)
def test_an_upload_without_a_name_of_its_own_cannot_be_asked_about(client: APIClient, url: str, query: str) -> None:
    assert client.get(f"{url}/upload?{query}").status_code == 400


def test_what_is_no_file_is_not_written_on(client: APIClient, url: str, volume: Volume, folder: Path) -> None:
    keep(volume, b"first ")
    [draft] = (folder / KEPT[0]).iterdir()
    draft.unlink()
    os.mkfifo(draft)

    assert raw(client, url, f"{RESUME}&offset=0", b"first second")[0] == 400
    assert not (folder / "new/world.zip").exists()


def fetch(client: APIClient, url: str, **headers: str) -> tuple[int, bytes, Mapping[str, str]]:
    answer = client.get(f"{url}/files/download?path=page.html", headers=headers)
    return answer.status_code, content_of(answer), answer.headers


def test_a_download_is_an_attachment_whatever_is_in_it(client: APIClient, url: str, folder: Path) -> None:
    (folder / "page.html").write_bytes(CONTENT)

    status, content, headers = fetch(client, url)

    assert (status, content) == (200, CONTENT)
    assert headers["Content-Disposition"] == 'attachment; filename="page.html"'
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Length"] == str(len(CONTENT))


@pytest.mark.parametrize("name", ['a"b\\c', "new\nline", "grüße", "\uf7e9"])
def test_any_name_is_a_header(client: APIClient, url: str, folder: Path, name: str) -> None:
    client.post(f"{url}/files", {"path": name, "content": ""})

    answer = client.get(f"{url}/files/download", {"path": name})

    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment; filename")
    assert "\n" not in answer["Content-Disposition"]


def test_a_part_of_a_file(client: APIClient, url: str, folder: Path) -> None:
    (folder / "page.html").write_bytes(CONTENT)
    size = len(CONTENT)

    status, content, headers = fetch(client, url, Range="bytes=1000-1999")

    assert (status, content, headers["Content-Range"]) == (206, CONTENT[1000:2000], f"bytes 1000-1999/{size}")
    assert fetch(client, url, Range="bytes=-5")[1] == CONTENT[-5:]
    tag = headers["ETag"]
    assert fetch(client, url, **{"Range": "bytes=5-", "If-Range": tag})[:2] == (206, CONTENT[5:])
    for asked in ("bytes=5-", f"bytes={size}-"):
        assert fetch(client, url, **{"Range": asked, "If-Range": '"other"'})[:2] == (200, CONTENT)
    answer = client.get(f"{url}/files/download?path=page.html", headers={"Range": f"bytes={size}-"})
    assert (answer.status_code, answer.json()) == (416, {"error": f"The file has {size} bytes"})


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-0", Span(0, 1)),
        ("bytes=5-", Span(5, 10)),
        ("bytes=5-99", Span(5, 10)),
        ("bytes=-3", Span(7, 10)),
        ("bytes=-99", Span(0, 10)),
        ("", None),
        ("bytes=5-4", None),
        ("bytes=1-2,4-5", None),
        ("lines=1-2", None),
    ],
)
def test_which_range_is_meant(header: str, span: Span | None) -> None:
    assert downloads.asked(header, 10) == span


def test_a_signed_in_page_uploads_with_its_csrf_token(alice: User, url: str, folder: Path) -> None:
    page = APIClient(enforce_csrf_checks=True)
    page.force_login(alice)
    assert form(page, url, "", {"file": CONTENT})[0] == 403

    token = "a" * 32
    page.cookies["csrftoken"] = token
    page.credentials(HTTP_X_CSRFTOKEN=token)

    assert form(page, url, "", {"file": CONTENT})[0] == 200
    assert (folder / "file").read_bytes() == CONTENT
