"""Where one is signed in, and signing out there."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from accounts import sessions
from accounts.models import Session, User
from accounts.user_agent import device
from tests.accounts.conftest import PASSWORD

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NEW_PASSWORD = "another horse battery"
URL = "/account/sessions"


def browser(address: str = "192.0.2.1", user_agent: str = FIREFOX) -> Client:
    """Someone who has signed in as carol."""
    client = Client(REMOTE_ADDR=address, headers={"User-Agent": user_agent, "Accept": "text/html"})
    answer = client.post("/account/sign-in", {"username": "carol", "password": PASSWORD})
    assert answer.status_code == 302
    return client


def is_signed_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def session_of(client: Client) -> Session:
    return Session.objects.get(session_key=client.cookies["sessionid"].value)


def test_each_is_listed_with_its_device_and_address_and_this_one_is_marked(carol: User) -> None:
    here = browser()
    browser("198.51.100.7", "curl/8.1")

    page = here.get(URL).content.decode()

    assert "Firefox on Linux" in page
    assert "192.0.2.1" in page
    assert "<b>curl</b>" in page
    assert "198.51.100.7" in page
    assert page.count("this session") == 1
    assert not [key for key in Session.objects.values_list("session_key", flat=True) if key in page]


@pytest.mark.parametrize("key", ["abcdefgh\0", "abcdefgh\ud800", "abcdefgh'--"])
def test_what_can_be_no_key_is_never_looked_for(key: str) -> None:
    assert sessions.SessionStore(key).session_key is None


def test_those_of_others_are_not_listed(carol: User, alice: User) -> None:
    Client(REMOTE_ADDR="203.0.113.9").force_login(alice)

    assert browser().get(URL).content.decode().count("Sign out Firefox") == 1


def test_one_can_be_signed_out(carol: User) -> None:
    here, there = browser(), browser()

    here.post(f"{URL}/{session_of(there).public_id}/end")

    assert is_signed_in(here)
    assert not is_signed_in(there)


def test_that_of_another_can_not(carol: User, alice: User) -> None:
    theirs = Client()
    theirs.force_login(alice)
    here = browser()

    for public_id in (session_of(theirs).public_id, uuid4()):
        assert here.post(f"{URL}/{public_id}/end").status_code == 404
    assert is_signed_in(theirs)


def test_all_can_be_signed_out_at_once(carol: User) -> None:
    here, there = browser(), browser()

    assert here.post(f"{URL}/end")["Location"] == "/account/sign-in"

    assert not is_signed_in(here)
    assert not is_signed_in(there)


def test_when_it_was_last_used_is_written_once_a_minute(carol: User) -> None:
    client = browser()
    before = session_of(client).last_seen_at
    client.get("/")
    assert session_of(client).last_seen_at == before

    Session.objects.update(last_seen_at=timezone.now() - timedelta(minutes=2))
    client.get("/", REMOTE_ADDR="203.0.113.9", headers={"User-Agent": "curl/8.1"})

    seen = session_of(client)
    assert seen.last_seen_at >= before
    assert (seen.address, seen.user_agent) == ("203.0.113.9", "curl/8.1")


def test_a_session_costs_no_more_than_django_s_own(carol: User) -> None:
    client = browser()

    with assertNumQueries(3):  # the session, the user, and what every page says of the engine
        client.get("/account/password")


def test_expired_ones_are_neither_listed_nor_alive_nor_kept(carol: User) -> None:
    old = browser()
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))

    assert not sessions.of(carol)
    assert not is_signed_in(old)
    browser()
    assert Session.objects.count() == 1


def test_another_password_signs_the_others_out(carol: User) -> None:
    here, there = browser(), browser()
    there_key = session_of(there).session_key
    form = {"password": PASSWORD, "new_password": NEW_PASSWORD, "repeated": NEW_PASSWORD}

    assert here.post("/account/password", form).status_code == 302

    assert is_signed_in(here)
    assert not is_signed_in(there)
    assert there_key not in sessions.alive([there_key])
    carol.refresh_from_db()
    assert carol.check_password(NEW_PASSWORD)


def test_a_password_set_by_someone_else_signs_all_out(carol: User) -> None:
    key = session_of(browser()).session_key

    carol.set_password(NEW_PASSWORD)
    carol.save()

    assert not sessions.alive([key])


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"password": "wrong"}, "The password is wrong"),
        ({"new_password": "short1234", "repeated": "short1234"}, "at least 10 characters"),
        ({"new_password": "password123", "repeated": "password123"}, "too common"),
        ({"new_password": "73910482736", "repeated": "73910482736"}, "entirely numeric"),
        ({"new_password": "featherston3", "repeated": "featherston3"}, "too similar to the last name"),
        ({"repeated": "something else"}, "The two new passwords are not the same"),
    ],
)
def test_a_bad_password_is_refused_and_says_why(carol: User, form: dict[str, str], sentence: str) -> None:
    client = browser()
    good = {"password": PASSWORD, "new_password": NEW_PASSWORD, "repeated": NEW_PASSWORD}

    answer = client.post("/account/password", {**good, **form})

    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    carol.refresh_from_db()
    assert carol.check_password(PASSWORD)
    assert is_signed_in(client)


def test_whoever_found_an_open_session_can_not_guess_the_password_in_it(carol: User) -> None:
    client = browser()
    form = {"new_password": NEW_PASSWORD, "repeated": NEW_PASSWORD}

    answers = [client.post("/account/password", {**form, "password": f"guess {n}"}).status_code for n in range(6)]

    assert answers == [400] * 5 + [429]


def test_someone_made_inactive_is_out(carol: User) -> None:
    client = browser()
    key = session_of(client).session_key

    User.objects.update(is_active=False)

    assert not is_signed_in(client)
    assert not sessions.alive([key])


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36",
            "Chrome on Windows",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605 Version/18 Safari/605", "Safari on macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18 like Mac OS X) Version/18 Safari/604", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("python-httpx/0.28", "python-httpx"),
        ("", "Unknown device"),
    ],
)
def test_devices_are_named_as_their_owner_would(user_agent: str, name: str) -> None:
    assert device(user_agent) == name
