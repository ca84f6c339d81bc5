import hashlib
import re
import time

import pytest

from accounts.models import ApiToken, User
from tests.people import client_of, client_with

URL = "/auth/tokens"


def test_the_answer_has_a_secret_that_works(alice: User) -> None:
    answer = client_of(alice).post(URL, {"ttl": "1h", "remove_on_use": False})

    assert answer.status_code == 201
    assert re.fullmatch(r"lightd_[A-Za-z0-9]{32,}", answer.json()["token"])
    assert answer.json()["expires_at"] == pytest.approx(time.time() + 3600, abs=5)
    assert client_with(answer.json()["token"]).get(URL).status_code == 200


def test_the_secret_is_stored_only_as_a_hash(alice: User) -> None:
    secret = client_of(alice).post(URL, {}).json()["token"]

    row = ApiToken.objects.filter(digest=hashlib.sha256(secret.encode()).hexdigest()).values().get()
    assert not any(secret in str(value) for value in row.values())


def test_without_a_body_it_lives_an_hour(alice: User) -> None:
    answer = client_of(alice).post(URL)

    assert answer.json()["expires_at"] == pytest.approx(time.time() + 3600, abs=5)


def test_with_a_ttl_of_null_it_lives_until_revoked(alice: User) -> None:
    assert client_of(alice).post(URL, {"ttl": None}).json()["expires_at"] is None


def test_name_scopes_and_containers_are_kept(alice: User) -> None:
    answer = client_of(alice).post(URL, {"name": "deploy", "scopes": ["power"], "containers": ["web-1"]}).json()

    assert (answer["name"], answer["scopes"], answer["containers"]) == ("deploy", ["power"], ["web-1"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"ttl": "soon"}, "ttl"),
        ({"ttl": 60}, "ttl"),
        ({"remove_on_use": "yes"}, "remove_on_use"),
        ({"scopes": ["fly"]}, "scopes.0"),
        ({"scopes": "power"}, "scopes"),
        ({"name": "x" * 101}, "name"),
        ({"owner": "admin"}, "owner"),
    ],
)
def test_bad_input_is_refused_with_the_field_named(alice: User, body: dict[str, object], field: str) -> None:
    client = client_of(alice)

    answer = client.post(URL, body)

    assert answer.status_code == 400
    assert list(answer.json()["details"]) == [field]
    assert field in answer.json()["error"]
    assert ApiToken.objects.count() == 1
