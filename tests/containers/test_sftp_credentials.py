"""Everybody's own name, password and keys for SFTP, through REST."""

import base64
import datetime as dt
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import AuditEntry, User
from containers.models import Container, Grant, SftpAccess, SftpKey
from tests.at_once import at_once
from tests.people import client_of, container_of

URL = "/containers/web-1/sftp"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBDtOcRe7DNZa/1YRpWZm3eUnBNasCj2IzQJVtsGU19j alice@laptop"
OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBDtOcRe7DNZa/1YRpWZm3eUnBNasCj2IzQJVtsGU19k"


@pytest.fixture(autouse=True)
def storage_root(tmp_path: Path, settings: Settings) -> None:
    settings.STORAGE_ROOT = tmp_path


@pytest.fixture
def client(container: Container, alice: User, quick_passwords: None) -> APIClient:
    return client_of(alice)


def make(client: APIClient, **body: str) -> Any:
    answer = client.post(f"{URL}/credentials", body)
    assert answer.status_code == 200, answer.json()
    return answer.json()


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


def test_credentials_are_shown_with_their_password_once(client: APIClient) -> None:
    made = make(client)

    password = made.pop("password")
    assert len(password) == 24
    assert made == client.get(f"{URL}/info").json()
    assert (
        made.items()
        >= {
            "username": "alice.web-1",
            "host": "testserver",
            "port": 2022,
            "volume_path": "/home/container",
        }.items()
    )
    assert isinstance(made["created_at"], int)
    assert isinstance(made["updated_at"], int)


def test_of_a_password_there_is_a_hash(container: Container, alice: User) -> None:
    make(client_of(alice), password="correct-horse-battery")

    assert SftpAccess.objects.get().password.startswith("argon2$")


def test_another_password_keeps_the_name(client: APIClient) -> None:
    make(client, username="builder")

    assert make(client)["username"] == "builder"
    assert make(client, username="second")["username"] == "second"
    assert SftpAccess.objects.count() == 1


def test_the_host_that_people_are_told(client: APIClient, settings: Settings) -> None:
    settings.SFTP_PUBLIC_HOST = "files.example.com"

    assert make(client)["host"] == "files.example.com"


def test_nothing_to_show(client: APIClient) -> None:
    assert refusal(client.get(f"{URL}/info")) == (404, "SFTP credentials not found")
    assert refusal(client.delete(f"{URL}/credentials")) == (404, "SFTP credentials not found")


def test_each_user_has_their_own(client: APIClient, container: Container, bob: User) -> None:
    Grant.objects.create(container=container, user=bob, permissions=["files.read"])
    make(client)

    assert make(client_of(bob))["username"] == "bob.web-1"
    assert client.get(f"{URL}/info").json()["username"] == "alice.web-1"


def test_a_name_is_nobody_elses(client: APIClient, container: Container, bob: User) -> None:
    Grant.objects.create(container=container, user=bob, permissions=["files.read"])
    make(client, username="builder")

    answer = client_of(bob).post(f"{URL}/credentials", {"username": "builder"})

    assert refusal(answer) == (409, "The SFTP username is taken: builder")


def test_names_that_would_be_the_same_are_not(alice: User, quick_passwords: None) -> None:
    dotted = User.objects.create_user("alice.web")
    container_of(alice, "web.1")
    container_of(dotted, "1")

    names = [
        client_of(user).post(f"/containers/{name}/sftp/credentials", {}).json()["username"]
        for user, name in ((alice, "web.1"), (dotted, "1"))
    ]

    assert names[0] == "alice.web.1"
    assert names[1].startswith("alice.web.1.")


def test_a_name_is_ascii_whatever_the_account_is_called(db: None, quick_passwords: None) -> None:
    container_of(User.objects.create_user("Zoë@example.com"))

    assert make(client_of(User.objects.get()))["username"] == "Zo@example.com.web-1"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"password": "short"}, "password"),
        ({"password": "password1234"}, "password"),
        ({"password": "pässwörter-sind-schön"}, "password"),
        ({"password": "with a space in it"}, "password"),
        ({"username": "-rf"}, "username"),
        ({"username": "a b"}, "username"),
        ({"username": "a" * 101}, "username"),
        ({"user": "a"}, "user"),
    ],
)
def test_bad_credentials(client: APIClient, body: dict[str, str], field: str) -> None:
    answer = client.post(f"{URL}/credentials", body)

    assert answer.status_code == 400
    assert list(answer.json()["details"]) == [field]
    assert not SftpAccess.objects.exists()


def test_two_requests_at_once_make_one(transactional_db: None, quick_passwords: None) -> None:
    alice = User.objects.create_user("alice")
    container_of(alice)

    answers = at_once(lambda _: client_of(alice).post(f"{URL}/credentials", {}).status_code, 4)

    assert answers == [200] * 4
    assert SftpAccess.objects.count() == 1


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        ({"lifetime": dt.timedelta(hours=1)}, "The credentials would outlive the token that makes them"),
        ({"scopes": ["files.read"]}, "The credentials would do more than the token that makes them"),
        ({"remove_on_use": True}, "A single-use token cannot make SFTP credentials"),
    ],
)
def test_no_token_makes_more_than_it_is(
    container: Container, alice: User, token: dict[str, Any], sentence: str
) -> None:
    for path, body in (("credentials", {}), ("keys", {"public_key": KEY})):
        assert refusal(client_of(alice, **token).post(f"{URL}/{path}", body)) == (403, sentence)
    assert not SftpAccess.objects.exists()


def test_a_token_that_has_both_permissions_does(container: Container, alice: User) -> None:
    make(client_of(alice, scopes=["files.read", "files.write"], containers=["web-1"]))


def test_turned_off(client: APIClient, settings: Settings) -> None:
    settings.SFTP_PORT = 0

    for answer in (client.get(f"{URL}/info"), client.post(f"{URL}/credentials"), client.get(f"{URL}/keys")):
        assert refusal(answer) == (409, "SFTP is turned off on this server")


def test_what_was_made_is_taken_away(client: APIClient) -> None:
    make(client)
    client.post(f"{URL}/keys", {"public_key": KEY})

    assert client.delete(f"{URL}/credentials").json() == {"message": "SFTP credentials deleted"}
    assert not SftpAccess.objects.exists()
    assert not SftpKey.objects.exists()


def test_all_of_it_is_recorded_without_secrets(client: APIClient, alice: User) -> None:
    password = make(client)["password"]
    key = client.post(f"{URL}/keys", {"public_key": KEY}).json()
    client.delete(f"{URL}/keys/{key['id']}")
    client.delete(f"{URL}/credentials")
    client_of(alice, scopes=["files.read"]).post(f"{URL}/credentials", {})

    entries = list(AuditEntry.objects.order_by("id").values("action", "target", "outcome", "before", "after"))
    assert [(entry["action"], entry["outcome"]) for entry in entries] == [
        ("sftp.credentials", "accepted"),
        ("sftp.key_add", "accepted"),
        ("sftp.key_remove", "accepted"),
        ("sftp.end", "accepted"),
        ("sftp.credentials", "refused"),
    ]
    assert {entry["target"] for entry in entries} == {"web-1"}
    assert password not in str(entries)


# --- Keys ---------------------------------------------------------------------


def test_a_key_is_added_listed_and_removed(client: APIClient) -> None:
    added = client.post(f"{URL}/keys", {"public_key": f"  {KEY}\n"})

    assert added.status_code == 201
    key = added.json()
    assert (
        key.items()
        >= {
            "name": "alice@laptop",
            "type": "ssh-ed25519",
            "fingerprint": "SHA256:yKia4MfIxqRpkAjFp+0pG1jXpNT9edqPd1bHaJ1+zGk",  # ssh-keygen's
        }.items()
    )
    assert client.get(f"{URL}/keys").json() == {"keys": [key]}
    assert client.get(f"{URL}/info").json()["username"] == "alice.web-1"
    assert client.delete(f"{URL}/keys/{key['id']}").json() == {"message": "Key removed"}
    assert client.get(f"{URL}/keys").json() == {"keys": []}


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_what_ssh_keygen_makes(client: APIClient, tmp_path: Path, kind: str) -> None:
    made = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "", "-f", str(tmp_path / "key")]
    subprocess.run(made, check=True)
    shown = subprocess.run(["ssh-keygen", "-lf", str(tmp_path / "key.pub")], check=True, capture_output=True, text=True)

    key = client.post(f"{URL}/keys", {"public_key": (tmp_path / "key.pub").read_text(), "name": "mine"}).json()

    assert key["fingerprint"] == shown.stdout.split()[1]
    assert key["name"] == "mine"


def blob(*fields: bytes) -> str:
    return base64.b64encode(b"".join(len(field).to_bytes(4) + field for field in fields)).decode()


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "A public key begins with one of ssh-ed25519"),
        ("ssh-dss AAAAB3NzaC1kc3M=", "A public key begins with one of ssh-ed25519"),
        ('command="rm -rf /" ' + KEY, "A public key begins with one of ssh-ed25519"),
        ("ssh-ed25519", "This is not a whole public key"),
        ("ssh-ed25519 !!!!", "This is not a whole public key"),
        (KEY[:60], "This is not a whole public key"),
        (f"ssh-ed25519 {blob(b'ssh-rsa', b'x', b'y')}", "This is not a whole public key"),
        (f"ssh-rsa {blob(b'ssh-rsa', b'3', b'x' * 128)}", "An RSA key needs at least 2048 bits"),
    ],
)
def test_bad_keys(client: APIClient, line: str, sentence: str) -> None:
    status, said = refusal(client.post(f"{URL}/keys", {"public_key": line}))

    assert (status, sentence in said) == (400, True), said
    assert not SftpAccess.objects.exists()


def test_a_key_is_there_once_and_not_by_the_hundred(client: APIClient) -> None:
    client.post(f"{URL}/keys", {"public_key": KEY})
    assert refusal(client.post(f"{URL}/keys", {"public_key": KEY})) == (409, "This key is there already")

    access = SftpAccess.objects.get()
    for number in range(19):
        SftpKey.objects.create(access=access, fingerprint=str(number))
    assert refusal(client.post(f"{URL}/keys", {"public_key": OTHER_KEY})) == (
        409,
        "You already have 20 keys, which is the most",
    )


def test_keys_of_others_are_not_there(client: APIClient, container: Container, bob: User) -> None:
    Grant.objects.create(container=container, user=bob, permissions=["files.read"])
    key = client.post(f"{URL}/keys", {"public_key": KEY}).json()

    assert client_of(bob).get(f"{URL}/keys").json() == {"keys": []}
    for key_id in (key["id"], "nonsense"):
        assert refusal(client_of(bob).delete(f"{URL}/keys/{key_id}")) == (404, "Key not found")


def test_the_admin_shows_no_hash(client: APIClient, admin: User) -> None:
    make(client)
    browser = Client()
    browser.force_login(admin)

    page = browser.get(f"/admin/containers/sftpaccess/{SftpAccess.objects.get().pk}/change/")

    assert page.status_code == 200
    assert b"argon2" not in page.content
