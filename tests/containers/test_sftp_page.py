"""The panel for SFTP on the tab of a container's files."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import AuditEntry, User
from accounts.permissions import Permission
from containers.models import Container, Grant, SftpAccess, SftpKey
from tests.answers import text
from tests.people import browser_of

PANEL = "/dashboard/container/web-1/sftp"
HTMX = {"HX-Request": "true"}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBDtOcRe7DNZa/1YRpWZm3eUnBNasCj2IzQJVtsGU19j alice@laptop"
SECRET = re.compile(r'<code id="secret">([^<]+)</code>')


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, settings: Settings, quick_passwords: None) -> None:
    settings.STORAGE_ROOT = tmp_path


@pytest.fixture
def browser(alice: User, container: Container) -> Client:
    return browser_of(alice)


def post(browser: Client, path: str, **form: str) -> Any:
    return browser.post(f"{PANEL}/{path}", form, headers=HTMX)


def test_the_tab_asks_for_it_when_it_is_opened(browser: Client) -> None:
    page = text(browser.get("/dashboard/container/web-1/files"))

    assert f'hx-get="{PANEL}" hx-trigger="toggle once"' in page
    assert "Nothing opens these files to you yet" in text(browser.get(PANEL))


def test_a_password_is_shown_this_once_with_where_to_connect(browser: Client, settings: Settings) -> None:
    settings.SFTP_PORT = 2022

    answer = post(browser, "password")

    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    [password] = SECRET.findall(text(answer))
    assert len(password) == 24
    for page in (text(answer), text(browser.get(PANEL))):
        assert "sftp://alice.web-1@testserver:2022" in page
        assert "sftp -P 2022 alice.web-1@testserver" in page
    assert password not in text(browser.get(PANEL))
    assert "Make a new password" in text(browser.get(PANEL))


def test_another_password_takes_its_place(browser: Client) -> None:
    [first] = SECRET.findall(text(post(browser, "password")))
    before = SftpAccess.objects.get().password

    [second] = SECRET.findall(text(post(browser, "password")))

    assert first != second
    assert SftpAccess.objects.get().password != before


def test_the_host_that_was_configured_is_named(browser: Client, settings: Settings) -> None:
    settings.SFTP_PUBLIC_HOST, settings.SFTP_PORT = "files.example.com", 2222

    assert "sftp://alice.web-1@files.example.com:2222" in text(post(browser, "password"))


def test_a_username_that_has_an_at_sign_is_escaped_in_the_address(browser: Client, container: Container) -> None:
    SftpAccess.objects.create(container=container, user=container.owner, username="alice@home")

    assert "sftp://alice%40home@testserver:" in text(browser.get(PANEL))


def test_the_host_key_is_shown_once_there_is_one(browser: Client, tmp_path: Path) -> None:
    post(browser, "password")
    assert "Made when SFTP starts for the first time." in text(browser.get(PANEL))

    (tmp_path / "sftp_host_key.pub").write_text(KEY)

    assert "SHA256:" in text(browser.get(PANEL))


def test_keys_come_and_go(browser: Client) -> None:
    added = post(browser, "keys", public_key=KEY)

    key = SftpKey.objects.get()
    assert added.status_code == 200
    assert "alice@laptop" in text(added)
    assert key.fingerprint in text(added)
    assert "your keys are enough" in text(added)

    removed = post(browser, f"keys/{key.pk}/remove")
    assert key.fingerprint not in text(removed)
    assert not SftpKey.objects.exists()


@pytest.mark.parametrize(
    ("public_key", "sentence"),
    [
        ("", "This field is required"),
        ("hello", "A public key begins with one of"),
        ("ssh-ed25519 AAAA", "This is not a whole public key"),
    ],
)
def test_what_is_no_key_is_said_beside_the_field(browser: Client, public_key: str, sentence: str) -> None:
    answer = post(browser, "keys", public_key=public_key)

    assert answer.status_code == 422
    assert sentence in text(answer)
    assert 'aria-invalid="true"' in text(answer)
    assert not SftpAccess.objects.exists()


def test_a_key_that_is_there_is_not_added_again(browser: Client) -> None:
    post(browser, "keys", public_key=KEY)

    assert "This key is there already" in text(post(browser, "keys", public_key=KEY))


def test_all_of_it_is_taken_away(browser: Client) -> None:
    post(browser, "password")
    post(browser, "keys", public_key=KEY)

    answer = post(browser, "end")

    assert "Nothing opens these files to you yet" in text(answer)
    assert not SftpAccess.objects.exists()
    recorded = AuditEntry.objects.values_list("action", flat=True)
    assert set(recorded) == {"sftp.credentials", "sftp.key_add", "sftp.end"}


def test_it_says_so_where_sftp_is_off(browser: Client, settings: Settings) -> None:
    settings.SFTP_PORT = 0

    page = text(browser.get(PANEL))

    assert "SFTP is turned off on this server." in page
    assert "<button" not in page
    assert post(browser, "password").status_code == 409


def test_everybody_sees_and_ends_their_own_alone(browser: Client, container: Container, bob: User) -> None:
    Grant.objects.create(container=container, user=bob, permissions=[Permission.FILES_READ.value])
    post(browser, "password")
    post(browser, "keys", public_key=KEY)
    client = Client()
    client.force_login(bob)

    page = text(client.get(PANEL))

    assert "alice.web-1" not in page
    assert "You may read the files, and not change them." in page
    assert post(client, f"keys/{SftpKey.objects.get().pk}/remove").status_code == 404
    assert post(client, "end").status_code == 404
    assert SftpAccess.objects.get().user.username == "alice"


@pytest.mark.parametrize("number", [0, 5])
def test_it_asks_the_database_the_same_however_many_keys(
    browser: Client, container: Container, number: int, django_assert_num_queries: Any
) -> None:
    access = SftpAccess.objects.create(container=container, user=container.owner, username="alice")
    for index in range(number):
        SftpKey.objects.create(access=access, kind="ssh-ed25519", fingerprint=f"SHA256:{index}")

    with django_assert_num_queries(5):  # session, user, container, access, keys
        browser.get(PANEL)
