import os
import sys
from collections.abc import Iterator
from subprocess import PIPE, Popen

import pytest
from django.conf import settings

from accounts import tokens
from accounts.models import User
from rules.errors import Unauthenticated
from tests.at_once import at_once
from tests.people import client_of


def test_it_works_once(alice: User) -> None:
    client = client_of(alice, remove_on_use=True)

    assert client.get("/network/ports").status_code == 200
    again = client.get("/network/ports")

    assert again.status_code == 401
    assert again.json() == {"error": "Token has already been used"}


def test_what_was_opened_with_it_may_stay_open_until_it_is_revoked(alice: User) -> None:
    token, secret = tokens.issue(alice, remove_on_use=True)

    tokens.authenticate(secret)
    assert token.pk in tokens.alive({token.pk})

    token.delete()
    assert token.pk not in tokens.alive({token.pk})


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_gets_in() -> None:
    _, secret = tokens.issue(User.objects.create_user("alice"), remove_on_use=True)

    results = at_once(lambda _: tokens.authenticate(secret), 20)

    refusals = [result for result in results if isinstance(result, Unauthenticated)]
    assert len(refusals) == 19
    assert {refusal.sentence for refusal in refusals} == {"Token has already been used"}


USER_OF_TOKENS = """
import django, sys
django.setup()
from accounts import tokens
from rules.errors import Unauthenticated
for secret in sys.stdin:
    try:
        tokens.authenticate(secret.strip())
        print("in", flush=True)
    except Unauthenticated as refusal:
        print(refusal.sentence, flush=True)
"""


@pytest.fixture
def two_processes() -> Iterator[list[Popen[str]]]:
    """Two of them, on the tests' own database, each using one token a line."""
    name = settings.DATABASES["default"]["NAME"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "lightd_site.settings", "DATABASE_URL": f"sqlite:///{name}"}
    processes = [
        Popen([sys.executable, "-c", USER_OF_TOKENS], stdin=PIPE, stdout=PIPE, text=True, env=environment)
        for _ in range(2)
    ]
    yield processes
    for process in processes:
        process.communicate(timeout=30)


@pytest.mark.django_db(transaction=True)
def test_of_two_processes_exactly_one_gets_in_two_hundred_times(two_processes: list[Popen[str]]) -> None:
    alice = User.objects.create_user("alice")
    for _ in range(200):
        _, secret = tokens.issue(alice, remove_on_use=True)
        for process in two_processes:
            assert process.stdin
            process.stdin.write(f"{secret}\n")
            process.stdin.flush()
        answers = sorted(process.stdout.readline().strip() for process in two_processes if process.stdout)
        assert answers == ["Token has already been used", "in"]
