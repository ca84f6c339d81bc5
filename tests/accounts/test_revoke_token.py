import pytest

from accounts import tokens
from accounts.models import ApiToken, User
from tests.people import client_of, client_with


def test_a_revoked_token_opens_nothing(alice: User) -> None:
    token, secret = tokens.issue(alice)

    answer = client_of(alice).delete(f"/auth/tokens/{token.pk}")

    assert answer.status_code == 200
    assert answer.json() == {"message": "Token revoked"}
    refusal = client_with(secret).get("/auth/tokens")
    assert refusal.status_code == 401
    assert refusal.json() == {"error": "Invalid token"}
    assert token.pk not in tokens.alive({token.pk})


@pytest.mark.parametrize("token_id", ["550e8400-e29b-41d4-a716-446655440099", "1", "..", "x" * 300])
def test_an_unknown_one_is_not_found(alice: User, token_id: str) -> None:
    answer = client_of(alice).delete(f"/auth/tokens/{token_id}")

    assert answer.status_code == 404
    assert answer.json()["error"] in ("Token not found", "Not found")


def test_another_user_s_is_not_found(alice: User, bob: User) -> None:
    token, _ = tokens.issue(bob)

    assert client_of(alice).delete(f"/auth/tokens/{token.pk}").status_code == 404
    assert ApiToken.objects.filter(pk=token.pk).exists()


def test_a_limited_token_revokes_itself_alone(alice: User) -> None:
    other, _ = tokens.issue(alice)
    limited, secret = tokens.issue(alice, scopes=["power"])
    client = client_with(secret)

    assert client.delete(f"/auth/tokens/{other.pk}").status_code == 404
    assert client.delete(f"/auth/tokens/{limited.pk}").status_code == 200
