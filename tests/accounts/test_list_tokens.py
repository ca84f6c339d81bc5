import json

from accounts import tokens
from accounts.models import User
from tests.people import client_of


def test_the_list_has_your_own_and_no_secret(alice: User, bob: User) -> None:
    mine, secret = tokens.issue(alice, name="deploy")
    tokens.issue(bob, name="of bob")

    answer = client_of(alice, name="asking").get("/auth/tokens").json()

    assert {token["name"] for token in answer["tokens"]} == {"deploy", "asking"}
    text = json.dumps(answer)
    assert secret not in text
    assert mine.digest not in text


def test_the_list_comes_in_parts(alice: User) -> None:
    for name in ("first", "second"):
        tokens.issue(alice, name=name)

    answer = client_of(alice, name="asking").get("/auth/tokens?limit=1&offset=1").json()

    assert [token["name"] for token in answer["tokens"]] == ["second"]
    assert answer["count"] == 3


def test_a_limited_token_sees_itself_alone(alice: User) -> None:
    tokens.issue(alice, name="other")

    answer = client_of(alice, name="asking", scopes=["view"]).get("/auth/tokens").json()

    assert [token["name"] for token in answer["tokens"]] == ["asking"]
