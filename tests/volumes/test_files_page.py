"""The file manager, as the server renders it: on a volume's page and on a container's."""

import html
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from accounts.models import User
from containers.models import Container, Grant
from tests.answers import text
from tests.people import browser_of, container_of
from volumes import storage
from volumes.files import LARGEST_TEXT
from volumes.models import Operation
from volumes.pages import files as page
from volumes.tree import Entry, Kind, parse

pytestmark = pytest.mark.django_db

WRITING = 'data-file-action="remove"'
PNG = b"\x89PNG\r\n\x1a\n\0"


@pytest.fixture
def container(alice: User) -> Container:
    return container_of(alice, "web-1")


@pytest.fixture
def folder(container: Container) -> Path:
    """Where the volume's files are."""
    return storage.make_directory(container.volume)


@pytest.fixture
def url(container: Container) -> str:
    return f"/dashboard/volumes/{container.volume_id}/files"


def names(answer: Any) -> list[str]:
    return [row.name for row in answer.context["files"].rows]


def test_it_is_the_same_on_both_pages(alice: User, folder: Path, url: str) -> None:
    (folder / "server.properties").write_text("motd=Hello\n")
    (folder / "world").mkdir()

    for address in (url, "/dashboard/container/web-1/files"):
        answer = browser_of(alice).get(address)
        assert names(answer) == ["world", "server.properties"]
        assert "11 B" in text(answer)
        assert "0644" in text(answer)
    assert "/home/container" in text(answer)


def test_a_container_has_it_as_a_tab(alice: User, folder: Path) -> None:
    console = text(browser_of(alice).get("/dashboard/container/web-1/console"))

    assert 'href="/dashboard/container/web-1/files"' in console


# --- Who may -----------------------------------------------------------------------


def test_its_owner_and_administrators_may_all(alice: User, admin: User, folder: Path, url: str) -> None:
    (folder / "file").touch()
    for user in (alice, admin):
        assert WRITING in text(browser_of(user).get(url))


@pytest.mark.parametrize(
    ("permissions", "status", "writes"),
    [
        (["files.read"], 200, False),
        (["files.read", "files.write"], 200, True),
        (["power"], 403, False),
        ([], 404, False),
    ],
)
def test_others_as_far_as_it_was_granted(
    bob: User, container: Container, folder: Path, url: str, permissions: list[str], status: int, writes: bool
) -> None:
    (folder / "file").touch()
    if permissions:
        Grant.objects.create(container=container, user=bob, permissions=permissions)

    for address in (url, "/dashboard/container/web-1/files"):
        answer = browser_of(bob).get(address)
        assert answer.status_code == status
        assert (WRITING in text(answer)) == writes
        assert ("data-select=" in text(answer)) == writes


def test_who_may_only_read_gets_an_editor_that_cannot_save(
    bob: User, container: Container, folder: Path, url: str
) -> None:
    (folder / "file").write_text("text")
    Grant.objects.create(container=container, user=bob, permissions=["files.read"])

    answer = text(browser_of(bob).get(f"{url}?path=file"))

    assert "file-text" in answer
    assert "data-save" not in answer
    assert "data-may-write" not in answer


# --- A folder ------------------------------------------------------------------------


def test_it_is_sorted_as_asked_and_says_so(alice: User, folder: Path, url: str) -> None:
    (folder / "a").write_text("x" * 10)
    (folder / "b").write_text("x" * 100)

    answer = browser_of(alice).get(f"{url}?sort=-size")

    assert names(answer) == ["b", "a"]
    assert [column.sorted for column in answer.context["files"].columns] == ["none", "descending", "none"]
    assert answer.context["files"].columns[1].address == "?sort=size"


@pytest.mark.parametrize("query", ["sort=owner", "path=../..", "path=/etc", "path=world/%2e%2e/%2e%2e"])
def test_what_makes_no_sense_is_refused(alice: User, folder: Path, url: str, query: str) -> None:
    assert browser_of(alice).get(f"{url}?{query}").status_code == 400


def test_what_is_not_there_is_not_found(alice: User, folder: Path, url: str) -> None:
    assert browser_of(alice).get(f"{url}?path=nothing").status_code == 404


def test_a_long_folder_comes_in_pages(alice: User, folder: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "ROWS", 3)
    for number in range(7):
        (folder / f"file-{number}").touch()
    client = browser_of(alice)

    assert names(client.get(url)) == ["file-0", "file-1", "file-2"]
    assert names(client.get(f"{url}?page=2")) == ["file-3", "file-4", "file-5"]
    assert "Page 2 of 3" in text(client.get(f"{url}?page=2"))
    for beyond in ("4", "999999999"):
        assert names(client.get(f"{url}?page={beyond}")) == ["file-6"]
    for nonsense in ("0", "-1", "x", "9" * 100):
        assert names(client.get(f"{url}?page={nonsense}")) == ["file-0", "file-1", "file-2"]


@pytest.mark.parametrize("address", ["volume", "container"])
@pytest.mark.parametrize("number", [1, 40])
def test_it_asks_the_database_the_same_however_many_there_are(
    alice: User, folder: Path, url: str, number: int, address: str, django_assert_num_queries: Any
) -> None:
    for index in range(number):
        (folder / f"file-{index}").touch()
    client = browser_of(alice)
    client.get(url)  # counts what is in the volume, for a while

    # Session, user, the volume for each of three questions, its operations; the container, and what is shown of it.
    with django_assert_num_queries(7 if address == "volume" else 10):
        client.get(url if address == "volume" else "/dashboard/container/web-1/files")


def test_archives_that_are_not_done_are_known_when_it_opens(alice: User, container: Container, url: str) -> None:
    storage.make_directory(container.volume)
    kinds = Operation.Status
    asked = [
        Operation.objects.create(volume=container.volume, kind=Operation.Kind.COMPRESS, status=status)
        for status in (kinds.RUNNING, kinds.DONE, kinds.FAILED, kinds.CANCELLED, kinds.QUEUED)
    ]

    assert f'data-operations="{asked[0].pk} {asked[-1].pk}"' in text(browser_of(alice).get(url))


def test_a_search_looks_below_and_says_where(alice: User, folder: Path, url: str) -> None:
    (folder / "world/region").mkdir(parents=True)
    (folder / "world/region/r.0.mca").touch()
    (folder / "r.0.mca").touch()

    answer = browser_of(alice).get(f"{url}?path=world&query=R.0")

    assert names(answer) == ["world/region/r.0.mca"]
    assert "1 with “R.0” in the name" in text(answer)
    assert "Nothing here or below has “lost”" in text(browser_of(alice).get(f"{url}?query=lost"))


# --- Names -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["<script>alert(1)</script>", "\"' onfocus=alert(1) x='", "{{ 7|add:7 }}", "a b+c%2e&d=e#f?g", "a..b", "é🎈"],
)
def test_a_name_is_text_and_leads_to_what_it_names(alice: User, folder: Path, url: str, name: str) -> None:
    name = name.replace("/", "⁄")
    (folder / name).write_text("text")
    client = browser_of(alice)

    answer = client.get(url)

    assert names(answer) == [name]
    assert name not in answer.content.decode() or html.escape(name) == name
    assert f'href="?path={quote(name, safe="")}"' in answer.content.decode()
    assert client.get(f"{url}?path={quote(name, safe='')}").context["files"].row.entry.name == name


def test_bytes_that_are_no_text_are_a_name_too(alice: User, folder: Path, url: str) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9")).write_text("text")
    client = browser_of(alice)

    row = client.get(url).context["files"].rows[0]

    assert client.get(f"{url}?path={row.quoted}").context["files"].view == "editor"


def test_what_breaks_a_line_or_turns_it_is_shown_as_an_escape(alice: User, folder: Path, url: str) -> None:
    (folder / "a\r\nb\u202etxt.exe").touch()

    answer = browser_of(alice).get(url)

    assert names(answer) == ["a\\u000d\\u000ab\\u202etxt.exe"]
    assert 'data-path="a%0D%0Ab%E2%80%AEtxt.exe"' in answer.content.decode()


@pytest.mark.parametrize("seconds", [2**60, 2**40, -(2**60)])
def test_a_time_that_no_calendar_has_is_left_out(seconds: int) -> None:
    entry = Entry("old", Kind.FILE, size=0, mode=0o644, modified_ns=seconds * 10**9, version="1")

    assert page.Row("old", entry).modified is None


def test_what_is_being_uploaded_is_called_unfinished(alice: User, folder: Path, url: str) -> None:
    (folder / "world").touch()
    assert "unfinished" not in text(browser_of(alice).get(url))

    with storage.tree(Container.objects.get().volume) as tree, tree.draft(parse("server.jar")):
        assert "unfinished" in text(browser_of(alice).get(url))


# --- A file ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "view"),
    [
        ("start.sh", b"#!/bin/sh\n", "editor"),
        ("empty", b"", "editor"),
        ("icon.png", PNG, "picture"),
        ("icon.svg", b"<svg onload='alert(1)'/>", "editor"),
        ("server.jar", b"PK\3\4\0\0", "nothing"),
        ("latest.log", b"line\n" * (LARGEST_TEXT // 5 + 1), "end"),
    ],
)
def test_a_file_is_shown_as_what_it_is(
    alice: User, folder: Path, url: str, name: str, content: bytes, view: str
) -> None:
    (folder / name).write_bytes(content)

    answer = browser_of(alice).get(f"{url}?path={name}")

    assert answer.context["files"].view == view
    assert f"/files/download?path={name}" in text(answer)


def test_a_picture_that_is_too_large_is_only_to_download(alice: User, folder: Path, url: str) -> None:
    (folder / "icon.png").write_bytes(PNG)
    os.truncate(folder / "icon.png", page.LARGEST_PICTURE + 1)

    assert browser_of(alice).get(f"{url}?path=icon.png").context["files"].view == "nothing"


def test_a_link_says_where_it_leads_and_leads_nowhere(alice: User, folder: Path, url: str) -> None:
    (folder / "link").symlink_to("/etc/passwd")
    client = browser_of(alice)

    listed, alone = text(client.get(url)), text(client.get(f"{url}?path=link"))

    assert "link to <bdi>/etc/passwd</bdi>" in listed
    assert 'href="?path=link"' not in listed
    assert "Links are not followed here" in alone
    assert "/files/download" not in listed + alone
    assert "root:" not in alone


def test_a_pipe_is_never_opened(alice: User, folder: Path, url: str) -> None:
    os.mkfifo(folder / "pipe")

    assert "neither a file nor a folder" in text(browser_of(alice).get(f"{url}?path=pipe"))
