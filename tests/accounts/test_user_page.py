"""Everybody's accounts in the administrator's browser."""

import re
from typing import Any

import pytest
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import User
from tests.answers import found, text
from tests.people import container_of

pytestmark = pytest.mark.usefixtures("quick_passwords")

LIST = "/dashboard/users/"
NEW = "/dashboard/users/new"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def browser(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


def names(answer: Any) -> list[str]:
    return re.findall(r"<b>(\w+)</b></a>", text(answer))


def post(browser: Client, user: User, change: str, **form: Any) -> Any:
    return browser.post(f"{LIST}{user.pk}/{change}", form, headers=HTMX)


def test_the_list_shows_everybody(browser: Client, alice: User) -> None:
    container_of(alice, "web-1")
    container_of(alice, "web-2")
    TOTPDevice.objects.create(user=alice, name="app", confirmed=True)

    page = text(browser.get(LIST))

    assert names(browser.get(LIST)) == ["admin", "alice"]
    row = page[page.index("<b>alice") :]
    assert re.search(r'data-label="Two-factor"><span class="state state-on">on', row)
    assert re.search(r'data-label="Containers" class="text-md-end">2<', row)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("search=ALI", ["alice"]),
        ("search=example.com", ["alice"]),
        ("role=administrator", ["admin"]),
        ("role=user", ["alice", "bob"]),
        ("state=inactive", ["bob"]),
        ("role=user&state=active", ["alice"]),
        ("role=nonsense", []),
    ],
)
def test_the_list_is_looked_through(browser: Client, alice: User, bob: User, query: str, found: list[str]) -> None:
    User.objects.filter(pk=alice.pk).update(email="alice@example.com")
    User.objects.filter(pk=bob.pk).update(is_active=False)

    assert names(browser.get(f"{LIST}?{query}")) == found
    part = browser.get(f"{LIST}?{query}", headers=HTMX)
    assert names(part) == found
    assert "<html" not in text(part)


@pytest.mark.parametrize("number", [1, 40])
def test_the_list_costs_the_same_however_many(browser: Client, number: int, django_assert_num_queries: Any) -> None:
    for index in range(number):
        container_of(User.objects.create_user(f"user{index}"), f"web-{index}")

    with django_assert_num_queries(5):  # session, user, count, users, engine
        browser.get(LIST)


def test_an_account_is_made_with_a_password_that_is_shown_this_once(browser: Client) -> None:
    answer = browser.post(NEW, {"username": "carol", "email": "", "password": ""}, headers=HTMX)

    assert "no-store" in answer["Cache-Control"]
    password = found(r'<code id="secret">([^<]+)</code>', text(answer))
    carol = User.objects.get(username="carol")
    assert carol.check_password(password)
    assert password not in text(browser.get(f"{LIST}{carol.pk}/"))


def test_a_password_set_by_hand_is_not_shown(browser: Client) -> None:
    password = "correct horse battery staple"

    answer = browser.post(NEW, {"username": "carol", "administrator": "on", "password": password}, headers=HTMX)

    assert User.objects.get(username="carol").is_superuser
    assert password not in text(answer)


@pytest.mark.parametrize(
    ("form", "field", "sentence"),
    [
        ({"username": ""}, "username", "This field is required"),
        ({"username": "admin"}, "username", "already exists"),
        ({"username": "a b"}, "username", "Enter a valid username"),
        ({"email": "nowhere"}, "email", "Enter a valid email"),
        ({"password": "short"}, "password", "too short"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(browser: Client, form: dict[str, str], field: str, sentence: str) -> None:
    answer = browser.post(NEW, {"username": "carol", **form}, headers=HTMX)

    assert answer.status_code == 422
    assert re.search(rf'id="id_{field}_error"[^>]*><li>[^<]*{sentence}', text(answer)), text(answer)
    assert User.objects.count() == 1


def test_a_quota_is_saved_in_its_units_and_shown_in_them(browser: Client, alice: User) -> None:
    form = {"max_containers": "3", "memory": "1.5", "memory_unit": "GiB", "max_cpu": "2.5", "max_disk_mb": "500"}
    form["max_volumes"] = "7"

    assert post(browser, alice, "quota", **form).status_code == 200

    alice.refresh_from_db()
    assert (alice.max_containers, alice.max_memory, alice.max_cpu) == (3, 1536 * 2**20, 2.5)
    assert (alice.max_ports, alice.max_volumes, alice.max_disk_mb) == (None, 7, 500)
    page = text(browser.get(f"{LIST}{alice.pk}/"))
    assert 'value="1536"' in page
    assert '<option value="MiB" selected>' in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_containers", "-1"),
        ("memory", "much"),
        ("max_cpu", "nan"),
        ("max_ports", "9999999999"),
        ("max_volumes", "-1"),
    ],
)
def test_a_wrong_quota_changes_nothing(browser: Client, alice: User, field: str, value: str) -> None:
    answer = post(browser, alice, "quota", **{"max_disk_mb": "5", "memory_unit": "MiB", field: value})

    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in text(answer)
    alice.refresh_from_db()
    assert alice.max_disk_mb is None


def test_role_and_activity_change(browser: Client, alice: User) -> None:
    assert "Make a user" in text(post(browser, alice, "promote"))
    assert "Make administrator" in text(post(browser, alice, "demote"))
    assert "Activate" in text(post(browser, alice, "deactivate"))
    assert "Deactivate" in text(post(browser, alice, "activate"))


def test_a_new_password_is_shown_this_once(browser: Client, alice: User) -> None:
    answer = post(browser, alice, "password")

    password = found(r'<code id="secret">([^<]+)</code>', text(answer))
    alice.refresh_from_db()
    assert alice.check_password(password)
    assert password not in text(browser.get(f"{LIST}{alice.pk}/"))


def test_a_refusal_is_a_sentence(browser: Client, admin: User) -> None:
    answer = post(browser, admin, "deactivate")

    assert answer.status_code == 409
    assert answer.json() == {"error": "admin is the last administrator: make somebody else one first"}


def test_a_deleted_user_leads_back_to_the_list(browser: Client, alice: User) -> None:
    assert post(browser, alice, "delete")["HX-Redirect"] == LIST

    assert "alice is deleted." in text(browser.get(LIST))


def test_there_are_no_other_users_and_no_other_changes(browser: Client, alice: User) -> None:
    assert browser.get(f"{LIST}9999/").status_code == 404
    assert post(browser, alice, "nonsense").status_code == 404
