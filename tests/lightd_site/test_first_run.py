import re
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from pytest_django import Settings

from accounts import tokens
from accounts.models import ApiToken, User
from ports.models import Port


@pytest.fixture(autouse=True)
def _storage_root(tmp_path: Path, settings: Settings) -> None:
    settings.STORAGE_ROOT = tmp_path


def first_run() -> str:
    output = StringIO()
    call_command("first_run", stdout=output)
    return output.getvalue()


def shown(name: str, output: str) -> str:
    match = re.search(rf"^ *{name} +(\S+)$", output, re.MULTILINE)
    assert match, output
    return match[1]


@pytest.mark.django_db
def test_the_administrator_and_the_token_that_are_shown_work() -> None:
    output = first_run()

    user = authenticate(username=shown("user", output), password=shown("password", output))
    assert user is not None
    assert user.is_superuser
    assert tokens.authenticate(shown("token", output)).owner == user


@pytest.mark.django_db
def test_the_token_is_stored_only_as_a_hash() -> None:
    secret = shown("token", first_run())

    row = ApiToken.objects.values().get()
    assert len(secret) >= len("lightd_") + 32
    assert secret not in str(row)


@pytest.mark.django_db
def test_an_empty_pool_is_filled_for_both_protocols() -> None:
    first_run()

    ports = set(Port.objects.values_list("ip", "port", "protocol"))
    assert ports == {("0.0.0.0", port, protocol) for port in range(25565, 25601) for protocol in ("tcp", "udp")}


@pytest.mark.django_db
def test_a_second_run_changes_and_shows_nothing() -> None:
    first_run()

    assert first_run() == ""
    assert User.objects.count() == ApiToken.objects.count() == 1
    assert Port.objects.count() == 72


@pytest.mark.django_db
def test_a_pool_that_someone_filled_stays_as_it_is() -> None:
    Port.objects.create(ip="127.0.0.1", port=4000, protocol="tcp")

    first_run()

    assert Port.objects.get().port == 4000


@pytest.mark.django_db(transaction=True)
def test_ended_before_the_commit_it_starts_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.core.management.base.OutputWrapper.flush", _die)
    with pytest.raises(KeyboardInterrupt):
        first_run()
    assert not User.objects.exists()

    monkeypatch.undo()
    assert "token" in first_run()


def _die(*_: object) -> None:
    raise KeyboardInterrupt
