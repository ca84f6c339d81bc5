"""Signing in with a password, and out again."""

import re

import pytest
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import make_password
from django.test import Client

from accounts.models import Session, User
from tests.accounts.conftest import PASSWORD
from tests.answers import Answer

URL = "/account/sign-in"
BROWSER = {"Accept": "text/html"}


@pytest.fixture
def carol(db: None) -> User:
    """With a password that is hashed as it is outside tests."""
    return User.objects.create_user("carol", password=PASSWORD)


def sign_in(client: Client, password: str = PASSWORD, **more: str) -> Answer:
    return client.post(URL, {"username": "carol", "password": password, **more}, headers=BROWSER)


def test_the_right_password_signs_in(client: Client, carol: User) -> None:
    answer = sign_in(client)

    assert answer["Location"] == "/"
    page = client.get("/", headers=BROWSER)
    assert page.status_code == 200
    assert "carol" in page.content.decode()


@pytest.mark.parametrize("username", ["carol", "nobody"])
def test_a_wrong_one_is_told_nothing_of_who_exists(client: Client, carol: User, username: str) -> None:
    answer = client.post(URL, {"username": username, "password": "wrong"})

    assert answer.status_code == 400
    assert "The user name or the password is wrong" in answer.content.decode()
    assert "wrong" not in client.cookies.get("sessionid", "")
    assert client.get("/")["Location"] == f"{URL}?next=/"


def test_the_inactive_stay_outside(client: Client, carol: User) -> None:
    User.objects.update(is_active=False)

    assert sign_in(client).status_code == 400


def test_whose_session_ended_is_told_so_and_comes_back_to_the_page(client: Client, carol: User) -> None:
    page = "/dashboard/containers/"
    stranger = client.get(page, headers=BROWSER, follow=True)
    sign_in(client)
    Session.objects.all().delete()

    answer = client.get(page, headers=BROWSER, follow=True)

    assert "You are signed out." not in stranger.content.decode()
    assert "You are signed out." in answer.content.decode()
    assert "You are signed out." not in client.get(URL, headers=BROWSER).content.decode()
    assert sign_in(client, next=page)["Location"] == page


@pytest.mark.parametrize(
    ("wanted", "goal"),
    [
        ("/docs/?a=b", "/docs/?a=b"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("docs/", "/"),
        ("", "/"),
    ],
)
def test_afterwards_one_is_where_one_wanted_to_be_on_this_site(
    client: Client, carol: User, wanted: str, goal: str
) -> None:
    assert sign_in(client, next=wanted)["Location"] == goal
    assert client.get(URL, {"next": wanted})["Location"] == goal


def test_where_one_wanted_to_be_outlives_a_wrong_password(client: Client, carol: User) -> None:
    assert 'name="next" value="/docs/"' in client.get(URL, {"next": "/docs/"}).content.decode()
    assert 'name="next" value="/docs/"' in sign_in(client, "wrong", next="/docs/").content.decode()


def test_the_form_is_for_everybody(client: Client, carol: User) -> None:
    page = client.get(URL).content.decode()
    assert '<label for="id_username"' in page
    assert 'autocomplete="username"' in page
    assert 'autocomplete="current-password"' in page
    assert not re.search(r"<script(?![^>]* src=)", page)
    assert "style=" not in page

    refused = client.post(URL, {"username": "carol", "password": ""}).content.decode()
    assert 'aria-describedby="id_password_error"' in refused
    assert 'id="id_password_error"' in refused


def test_no_password_is_ever_in_the_page(client: Client, carol: User) -> None:
    assert "hunter2-hunter2" not in sign_in(client, "hunter2-hunter2").content.decode()


def test_the_session_gets_another_key(client: Client, carol: User) -> None:
    client.session["a"] = "b"
    client.session.save()
    before = client.session.session_key

    sign_in(client)

    assert client.session.session_key != before


def test_signing_out_takes_a_post_and_removes_the_session(client: Client, carol: User) -> None:
    sign_in(client)

    assert client.get("/account/sign-out").status_code == 405
    assert Session.objects.count() == 1
    assert client.post("/account/sign-out")["Location"] == URL
    assert Session.objects.count() == 0
    assert client.get("/").status_code == 302


def test_the_admin_has_the_same_door(client: Client, carol: User) -> None:
    assert client.get("/admin/")["Location"] == "/admin/login/?next=/admin/"
    assert client.get("/admin/login/?next=/admin/ports/")["Location"] == f"{URL}?next=%2Fadmin%2Fports%2F"
    assert client.post("/admin/login/", {"username": "carol", "password": PASSWORD}).status_code == 405


def test_who_is_no_administrator_is_told_so_and_not_sent_in_circles(client: Client, carol: User) -> None:
    sign_in(client)

    answer = client.get("/admin/", follow=True, headers=BROWSER)

    assert answer.status_code == 403
    assert "Only administrators may open this page" in answer.content.decode()


def test_signing_out_of_the_admin_is_signing_out(client: Client, admin: User) -> None:
    client.force_login(admin)

    assert client.post("/admin/logout/")["Location"] == URL
    assert client.get("/admin/").status_code == 302


def test_passwords_are_hashed_with_argon2(carol: User) -> None:
    assert carol.password.startswith("argon2$argon2id$")


def test_an_older_hash_is_replaced_when_its_owner_signs_in(client: Client, carol: User) -> None:
    User.objects.update(password=make_password(PASSWORD, hasher="pbkdf2_sha256"))

    assert sign_in(client).status_code == 302

    carol.refresh_from_db()
    assert carol.password.startswith("argon2$")
    assert client.get("/").status_code == 200
    assert authenticate(username="carol", password=PASSWORD) == carol


def test_an_api_token_opens_no_page(client: Client, carol: User) -> None:
    assert client.get("/account/sessions", HTTP_AUTHORIZATION="Bearer lightd_x").status_code == 302


def test_pages_without_a_session_lead_to_the_sign_in(client: Client, db: None) -> None:
    assert settings.LOGIN_URL == "account:sign-in"
    for path in ("/account/password", "/account/sessions", "/docs/"):
        assert client.get(path, headers=BROWSER)["Location"] == f"{URL}?next={path}"
