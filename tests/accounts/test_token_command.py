"""`manage.py token`: for who has the shell."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts import tokens
from accounts.models import ApiToken, AuditEntry, User
from rules.errors import Unauthenticated


def run(*arguments: str) -> str:
    output = StringIO()
    call_command("token", *arguments, stdout=output, stderr=StringIO())
    return output.getvalue().strip()


def test_create_shows_a_secret_that_works_as_told(alice: User) -> None:
    secret = run(
        "create", "alice", "--name", "ci", "--ttl", "1h", "--scope", "power", "--scope", "view", "--container", "web-1"
    )

    token = tokens.authenticate(secret)
    assert (token.owner, token.name, token.scopes, token.containers) == (alice, "ci", ["power", "view"], ["web-1"])
    assert AuditEntry.objects.get().via == "command"


def test_list_shows_no_secret(alice: User) -> None:
    secret = run("create", "alice", "--name", "ci")

    for listed in (run("list"), run("list", "alice")):
        assert "ci" in listed
        assert secret not in listed


@pytest.mark.parametrize("by", ["pk", "prefix"])
def test_revoke_ends_it(alice: User, by: str) -> None:
    secret = run("create", "alice")
    named = str(getattr(ApiToken.objects.get(), by))

    run("revoke", named)

    with pytest.raises(Unauthenticated):
        tokens.authenticate(secret)


def test_reset_revokes_all_of_a_user_and_makes_one(alice: User, bob: User) -> None:
    old = [run("create", "alice"), run("create", "alice")]
    bobs = run("create", "bob")

    new = run("reset", "alice")

    assert tokens.authenticate(new).owner == alice
    assert tokens.authenticate(bobs).owner == bob
    for secret in old:
        with pytest.raises(Unauthenticated):
            tokens.authenticate(secret)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("create", "nobody"), "There is no user nobody"),
        (("create", "alice", "--ttl", "soon"), "ttl must be a number and a unit"),
        (("revoke", "lightd_xxxxxxxx"), "No tokens are called lightd_xxxxxxxx"),
    ],
)
def test_what_cannot_be_done_is_said(alice: User, arguments: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        run(*arguments)
    assert not ApiToken.objects.exists()
