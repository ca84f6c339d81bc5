import pytest

from accounts.models import User
from tests.people import client_of
from volumes import storage

URL = "/volumes"


def test_the_list_has_your_own(alice: User, bob: User, admin: User) -> None:
    mine = storage.create(alice)
    other = storage.create(bob)

    def listed(user: User) -> list[str]:
        return [volume["id"] for volume in client_of(user).get(URL).json()["volumes"]]

    assert listed(alice) == [str(mine.pk)]
    assert listed(admin) == [str(mine.pk), str(other.pk)]


def test_a_page_comes_with_the_count_of_all(alice: User) -> None:
    volumes = [storage.create(alice) for _ in range(3)]

    answer = client_of(alice).get(f"{URL}?limit=1&offset=1").json()

    assert [volume["id"] for volume in answer["volumes"]] == [str(volumes[1].pk)]
    assert answer["count"] == 3


def test_one_volume_is_shown_to_its_owner(alice: User, bob: User, admin: User) -> None:
    volume = storage.create(alice, quota_mb=5)
    url = f"{URL}/{volume.pk}"

    assert client_of(alice).get(url).json()["quota_mb"] == 5
    assert client_of(admin).get(url).status_code == 200
    assert client_of(bob).get(url).status_code == 404


@pytest.mark.parametrize("volume_id", ["550e8400-e29b-41d4-a716-446655440099", "1", "..", "%2e%2e%2fetc", "x" * 300])
def test_an_unknown_one_is_not_found(alice: User, volume_id: str) -> None:
    answer = client_of(alice).get(f"{URL}/{volume_id}")

    assert answer.status_code == 404
    assert answer.json()["error"] in ("Volume not found", "Not found")


def test_a_token_needs_the_scope(alice: User) -> None:
    assert client_of(alice, scopes=["power"]).get(URL).status_code == 403
    assert client_of(alice, containers=["web-1"]).get(URL).status_code == 403
    assert client_of(alice, scopes=["volumes"]).get(URL).status_code == 200
