"""The tab on which a container is shared."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import ApiToken, User
from accounts.permissions import Permission
from containers.models import Container, Grant
from tests.answers import found, text
from tests.people import browser_of, client_with, container_of

TAB = "/dashboard/container/web-1/sharing"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def browser(alice: User, container: Container) -> Client:
    return browser_of(alice)


def share(container: Container, user: User, *permissions: Permission) -> Grant:
    return Grant.objects.create(container=container, user=user, permissions=[each.value for each in permissions])


def post(browser: Client, path: str, **form: Any) -> Any:
    return browser.post(f"{TAB}/{path}", form, headers=HTMX)


def offered(page: str) -> set[str]:
    return set(re.findall(r'name="permissions" value="([\w.]+)"', page))


def test_it_says_whose_it_is_and_who_else_may_what(browser: Client, container: Container, bob: User) -> None:
    share(container, bob, Permission.POWER, Permission.CONSOLE_READ)

    page = text(browser.get(TAB))

    assert "It belongs to alice" in page
    assert re.search(r"<b>bob</b>.*<code>power</code><code>console.read</code>", page, re.DOTALL)
    assert "Start, stop, restart and kill it" in page


def test_usual_choices_have_nothing_that_their_viewer_may_not_give(
    browser: Client, container: Container, bob: User
) -> None:
    def usual(viewer: Client) -> dict[str, set[str]]:
        pairs = re.findall(r'data-choose="([\w. ]*)">(\w+)<', text(viewer.get(TAB)))
        return {label: set(permissions.split()) for permissions, label in pairs}

    own = usual(browser)
    assert own["Viewer"] == {"view", "console.read", "files.read"}
    assert own["Operator"] == own["Viewer"] | {"power", "console.write", "files.write"}
    assert own["Everything"] == offered(text(browser.get(TAB)))

    share(container, bob, Permission.SHARE, Permission.POWER)
    assert usual(browser_of(bob)) == {
        "Viewer": {"view"},
        "Operator": {"view", "power"},
        "Everything": {"view", "power", "share"},
        "None": set(),
    }


def test_names_of_users_are_suggested_to_administrators_alone(browser: Client, bob: User, admin: User) -> None:
    assert '<option value="bob">' not in text(browser.get(TAB))
    assert '<option value="bob">' in text(browser_of(admin).get(TAB))


def test_single_permissions_are_given(browser: Client, bob: User) -> None:
    answer = post(browser, "give", username="bob", permissions=["power", "view"])

    assert answer.status_code == 200
    assert "<b>bob</b>" in text(answer)
    assert Grant.objects.get().permissions == ["power", "view"]


@pytest.mark.parametrize(
    ("form", "field", "sentence"),
    [
        ({"username": "nobody"}, "username", "There is no such user"),
        ({"username": "alice"}, "username", "This user owns the container"),
        ({"username": ""}, "username", "This field is required"),
        ({"permissions": []}, "permissions", "Choose at least one"),
        ({"permissions": ["create"]}, "permissions", "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    browser: Client, bob: User, form: dict[str, Any], field: str, sentence: str
) -> None:
    answer = post(browser, "give", **{"username": "bob", "permissions": ["power"], **form})

    assert answer.status_code == 422
    assert re.search(rf'id="id_{field}_error"[^>]*><li>[^<]*{sentence}', text(answer)), text(answer)
    assert not Grant.objects.exists()


def test_nobody_is_added_twice(browser: Client, container: Container, bob: User) -> None:
    share(container, bob, Permission.POWER)

    answer = post(browser, "give", username="bob", permissions=["view"])

    assert answer.status_code == 422
    assert "Something is shared with bob already" in text(answer)
    assert Grant.objects.get().permissions == ["power"]


def test_a_grant_is_changed_and_taken_back(browser: Client, container: Container, bob: User) -> None:
    grant = share(container, bob, Permission.POWER)
    form = text(browser.get(f"{TAB}/{grant.pk}", headers=HTMX))
    assert re.search(r'value="power" id="[^"]+" checked', form)

    changed = post(browser, f"{grant.pk}", permissions=["settings"])

    assert changed.status_code == 200
    assert "<code>settings</code>" in text(changed)
    assert post(browser, f"{grant.pk}").status_code == 422
    grant.refresh_from_db()
    assert grant.permissions == ["settings"]
    assert "Nobody else." in text(post(browser, f"{grant.pk}/take-back"))
    assert not Grant.objects.exists()


def test_only_what_one_has_is_offered_and_given(client: Client, container: Container, bob: User, admin: User) -> None:
    share(container, bob, Permission.SHARE, Permission.POWER)
    more = share(container, User.objects.create_user("carol"), Permission.DELETE)
    User.objects.create_user("dave")
    client.force_login(bob)

    page = text(client.get(TAB))

    assert offered(page) == {"view", "share", "power"}
    assert "carol has more than you" in page
    assert post(client, "give", username="dave", permissions=["delete"]).status_code == 422
    assert post(client, f"{more.pk}", permissions=["view"]).status_code == 422
    assert post(client, f"{more.pk}/take-back").status_code == 403
    assert "Console in your own page" not in page
    assert post(client, "console-token", ttl="10m").status_code == 403
    assert Grant.objects.count() == 2


def test_a_grant_of_another_container_is_not_here(browser: Client, bob: User) -> None:
    other = share(container_of(bob, "web-2"), User.objects.create_user("carol"), Permission.VIEW)

    assert browser.get(f"{TAB}/{other.pk}").status_code == 404
    assert post(browser, f"{other.pk}", permissions=["power"]).status_code == 404
    assert post(browser, f"{other.pk}/take-back").status_code == 404


def test_a_console_token_is_shown_this_once_with_its_address(browser: Client) -> None:
    answer = post(browser, "console-token", ttl="10m", origin="https://shop.example", write="on")

    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    secret = found(r'id="address">ws://testserver/ws/web-1\?token=(lightd_\w+)<', text(answer))
    token = ApiToken.objects.get()
    assert (token.purpose, token.origin, token.scopes) == (
        "console",
        "https://shop.example",
        ["console.read", "console.write"],
    )
    assert secret not in text(browser.get(TAB))
    assert client_with(secret).get("/containers").status_code == 401


def test_who_may_only_read_is_offered_no_more(client: Client, container: Container, bob: User) -> None:
    share(container, bob, Permission.SHARE, Permission.CONSOLE_READ)
    client.force_login(bob)

    assert "May also type" not in text(client.get(TAB))
    assert post(client, "console-token", ttl="10m", write="on").status_code == 200
    assert ApiToken.objects.get().scopes == ["console.read"]


@pytest.mark.parametrize(
    ("form", "field"), [({"ttl": "2h"}, "ttl"), ({"origin": "shop.example"}, "origin"), ({"origin": "a b"}, "origin")]
)
def test_a_wrong_console_token_is_refused_at_its_field(browser: Client, form: dict[str, str], field: str) -> None:
    answer = post(browser, "console-token", **{"ttl": "10m", **form})

    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in text(answer)
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("number", [1, 20])
def test_it_costs_the_same_however_many(
    browser: Client, container: Container, number: int, django_assert_num_queries: Any
) -> None:
    for index in range(number):
        share(container, User.objects.create_user(f"user{index}"), Permission.VIEW)

    with django_assert_num_queries(7):  # session, user, container twice, ports, grants, engine
        browser.get(TAB)
