"""Every page for everyone: who gets it, who is told that it is not allowed, who that there is nothing, who to sign in.

The rows come from the URL table itself: a page that is not in `NEEDS`, or a method that it answers to, fails a test.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client

from accounts import tokens
from accounts.models import User
from accounts.permissions import OF_A_CONTAINER, Permission
from containers.models import Container, Grant
from tests.people import container_of
from tests.rights.people import CONTAINER, EVERYTHING, USER, Caller, granted, with_view
from tests.rights.test_matrix import Needs, is_page, routes, wanted

P = Permission

ANYBODY = Needs()
PUBLIC = Needs(public=True)
ADMINISTRATORS = Needs(P.ADMIN)
LOOK = {"get": ANYBODY}
DO = {"post": ANYBODY}
BOTH = {"get": ANYBODY, "post": ANYBODY}


def of_container(permission: Permission, *methods: str) -> dict[str, Needs]:
    return dict.fromkeys(methods, Needs(permission))


ONE = "dashboard/container/<str:internal_id>/"

# By route and method. Each app's pages stand together; a new one goes where its neighbours are.
NEEDS: dict[str, dict[str, Needs]] = {
    "": LOOK,
    "docs/": LOOK,
    # --- Account ---
    "account/": {"get": PUBLIC, "post": PUBLIC},
    "account/sign-in": {"get": PUBLIC, "post": PUBLIC},
    "account/sign-in/code": {"get": PUBLIC, "post": PUBLIC},
    "account/sign-out": {"post": PUBLIC},
    "account/password": BOTH,
    "account/two-factor": LOOK,
    "account/two-factor/set-up": BOTH,
    "account/two-factor/codes": BOTH,
    "account/two-factor/turn-off": BOTH,
    "account/sessions": LOOK,
    "account/sessions/end": DO,
    "account/sessions/<uuid:public_id>/end": DO,
    # --- Tokens, users, audit ---
    "dashboard/tokens/": LOOK,
    "dashboard/tokens/new": BOTH,
    "dashboard/tokens/<uuid:token_id>/revoke": DO,
    "dashboard/users/": {"get": ADMINISTRATORS},
    "dashboard/users/new": {"get": ADMINISTRATORS, "post": ADMINISTRATORS},
    "dashboard/users/<int:user_id>/": {"get": ADMINISTRATORS},
    "dashboard/users/<int:user_id>/quota": {"post": ADMINISTRATORS},
    "dashboard/users/<int:user_id>/delete": {"post": ADMINISTRATORS},
    "dashboard/users/<int:user_id>/<str:what>": {"post": ADMINISTRATORS},
    "dashboard/audit/": {"get": ADMINISTRATORS},
    "dashboard/audit/export/<str:kind>": {"get": ADMINISTRATORS},
    # --- Ports, volumes, images ---
    "dashboard/ports/": LOOK,
    "dashboard/ports/add": {"get": Needs(P.PORTS), "post": Needs(P.PORTS)},
    "dashboard/ports/delete": {"post": Needs(P.PORTS, body={"port": "0.0.0.0 25566 tcp"})},
    "dashboard/ports/mark-used": {"post": Needs(P.PORTS, body={"port": "0.0.0.0 25566 tcp"})},
    "dashboard/ports/mark-free": {"post": Needs(P.PORTS, body={"port": "0.0.0.0 25566 tcp"})},
    "dashboard/volumes/": {"get": Needs(P.VOLUMES)},
    "dashboard/volumes/create": {"get": Needs(P.VOLUMES), "post": Needs(P.VOLUMES)},
    "dashboard/volumes/<str:volume_id>/delete": {"get": Needs(P.VOLUMES), "post": Needs(P.VOLUMES)},
    "dashboard/volumes/<str:volume_id>/quota": LOOK,  # of whom: volumes/test_quota_page.py
    "dashboard/volumes/<str:volume_id>/resize": {"get": Needs(P.VOLUMES), "post": Needs(P.VOLUMES)},
    "dashboard/volumes/<str:volume_id>/files": LOOK,  # of whom: volumes/test_files_page.py
    "dashboard/volumes/backups": {"get": Needs(P.VOLUMES)},
    "dashboard/volumes/backups/list": {"get": Needs(P.VOLUMES)},
    "dashboard/volumes/backups/<str:backup_id>/<str:what>": {"post": Needs(P.VOLUMES)},
    # Of whom: volumes/test_backups_page.py
    "dashboard/volumes/<str:volume_id>/backups": LOOK,
    "dashboard/volumes/<str:volume_id>/backups/list": LOOK,
    "dashboard/volumes/<str:volume_id>/backups/make": DO,
    "dashboard/volumes/<str:volume_id>/backups/cancel/<str:operation_id>": DO,
    "dashboard/volumes/<str:volume_id>/backups/schedules": DO,
    "dashboard/volumes/<str:volume_id>/backups/schedules/foresee": DO,
    "dashboard/volumes/<str:volume_id>/backups/schedules/<str:schedule_id>/<str:what>": DO,
    "dashboard/volumes/<str:volume_id>/backups/<str:backup_id>/<str:what>": DO,
    "dashboard/images/": {"get": ADMINISTRATORS},
    "dashboard/images/table": {"get": ADMINISTRATORS},
    "dashboard/images/jobs": {"get": ADMINISTRATORS},
    "dashboard/images/pull": {"post": ADMINISTRATORS},
    "dashboard/images/remove/<str:docker_id>": {"post": ADMINISTRATORS},
    "dashboard/images/cancel/<uuid:job_id>": {"post": ADMINISTRATORS},
    # --- Containers ---
    "dashboard/palette": LOOK,
    "dashboard/overview/parts": LOOK,
    "dashboard/containers/": LOOK,
    "dashboard/containers/rows": LOOK,
    "dashboard/containers/counts": LOOK,
    "dashboard/containers/names": LOOK,
    "dashboard/new-container": {"get": Needs(P.CREATE), "post": Needs(P.CREATE)},
    "dashboard/new-container/call": {"post": Needs(P.CREATE)},
    "dashboard/try-pattern": DO,
    ONE: of_container(P.VIEW, "get"),
    f"{ONE}head": of_container(P.VIEW, "get"),
    f"{ONE}power/<str:action>": of_container(P.POWER, "post"),
    f"{ONE}console": of_container(P.CONSOLE_READ, "get"),
    f"{ONE}console/log": of_container(P.CONSOLE_READ, "get"),
    f"{ONE}console/commands": of_container(P.CONSOLE_WRITE, "get", "post"),
    f"{ONE}console/commands/forget": of_container(P.CONSOLE_WRITE, "post"),
    f"{ONE}files": of_container(P.FILES_READ, "get"),
    f"{ONE}sftp": of_container(P.FILES_READ, "get"),
    f"{ONE}sftp/password": of_container(P.FILES_READ, "post"),
    f"{ONE}sftp/end": of_container(P.FILES_READ, "post"),
    f"{ONE}sftp/keys": of_container(P.FILES_READ, "post"),
    f"{ONE}sftp/keys/<uuid:key_id>/remove": of_container(P.FILES_READ, "post"),
    f"{ONE}backups": of_container(P.FILES_READ, "get"),
    f"{ONE}statistics": of_container(P.VIEW, "get"),
    f"{ONE}statistics/figures": of_container(P.VIEW, "get"),
    f"{ONE}network": of_container(P.NETWORK, "get", "post"),
    f"{ONE}network/ports": of_container(P.NETWORK, "get"),
    f"{ONE}network/rebind": of_container(P.NETWORK, "post"),
    f"{ONE}install": {"get": Needs(P.VIEW), "post": Needs(P.REINSTALL)},
    f"{ONE}install/progress": of_container(P.VIEW, "get"),
    f"{ONE}install/output": of_container(P.CONSOLE_READ, "get"),
    f"{ONE}install/retry": of_container(P.REINSTALL, "post"),
    f"{ONE}settings": of_container(P.SETTINGS, "get", "post"),
    f"{ONE}settings/resources": of_container(P.SETTINGS, "post"),
    f"{ONE}settings/state": of_container(P.SETTINGS, "get"),
    f"{ONE}activity": of_container(P.VIEW, "get"),
    f"{ONE}activity/list": of_container(P.VIEW, "get"),
    f"{ONE}danger": of_container(P.DELETE, "get", "post"),
    f"{ONE}sharing": of_container(P.SHARE, "get"),
    f"{ONE}sharing/give": of_container(P.SHARE, "post"),
    f"{ONE}sharing/console-token": of_container(P.CONSOLE_READ, "post"),
    f"{ONE}sharing/<int:grant_id>": of_container(P.SHARE, "get", "post"),
    f"{ONE}sharing/<int:grant_id>/take-back": of_container(P.SHARE, "post"),
}
CASES = [(route, method) for route, methods in NEEDS.items() for method in methods]
IDS = [f"{method} {route}" for route, method in CASES]
# One for all: each loads the whole site anew.
CLIENT = Client(raise_request_exception=False)
Visitor = tuple[Caller, User | None]


@pytest.fixture
def container(db: None) -> Container:
    """Of `owner`'s, shared with `dave`."""
    container = container_of(User.objects.create_user("owner"), CONTAINER)
    Grant.objects.create(container=container, user=User.objects.create_user("dave"), permissions=["view"])
    return container


def everyone(container: Container) -> Iterator[Visitor]:
    """Who may come with a browser, and as whom they are signed in."""
    stranger = User.objects.create_user("stranger")
    administrator = User.objects.create_superuser("administrator")
    yield Caller("anonymous", "", known=False), None
    yield Caller("stranger", "", on_site=USER), stranger
    yield Caller("owner", "", on_container=OF_A_CONTAINER, on_site=USER), container.owner
    yield Caller("administrator", "", on_container=OF_A_CONTAINER, on_site=EVERYTHING), administrator
    for permission in sorted(OF_A_CONTAINER):
        user = granted(container, permission)
        yield Caller(f"granted {permission}", "", on_container=with_view(permission), on_site=USER), user


def path_of(route: str) -> str:
    """The route to what is there."""
    dave = User.objects.get(username="dave")
    filled = {
        "<str:internal_id>": CONTAINER,
        "<str:action>": "start",
        "<str:kind>": "csv",
        "<str:what>": "sign-out",
        "<int:user_id>": dave.pk,
        "<int:grant_id>": dave.grants.get().pk,
        "<str:volume_id>": "550e8400-e29b-41d4-a716-446655440000",
        "<str:backup_id>": "7a1c2f0e-3d4b-4c5d-8e6f-9a0b1c2d3e4f",
        "<str:schedule_id>": "c0ffee00-1d2e-4f3a-8b4c-5d6e7f8a9b0c",
        "<str:operation_id>": "0b9d2f6e-6f0b-4a57-9a53-1f2f3b3c4d5e",
        "<str:docker_id>": "sha256:0",
        "<uuid:job_id>": "7b7e1c52-6c0e-4f0e-9e55-0a2f4c9a1f10",
        "<uuid:token_id>": "7b7e1c52-6c0e-4f0e-9e55-0a2f4c9a1f10",
        "<uuid:key_id>": "7b7e1c52-6c0e-4f0e-9e55-0a2f4c9a1f10",
        "<uuid:public_id>": "7b7e1c52-6c0e-4f0e-9e55-0a2f4c9a1f10",
    }
    for name, value in filled.items():
        route = route.replace(name, str(value))
    return f"/{route}"


def ask(
    path: str, method: str, user: User | None, body: dict[str, Any] | None = None, **headers: str
) -> HttpResponseBase:
    """The answer; what it changes is undone."""
    with transaction.atomic():
        CLIENT.logout()
        if user:
            CLIENT.force_login(user)
        answer: HttpResponseBase = getattr(CLIENT, method)(path, body, headers=headers)
        transaction.set_rollback(True)
    return answer


def got(answer: Any) -> str:
    """As `wanted` says it. Who is let in may still ask for what is not there, or what cannot be done now."""
    if answer.status_code == 302 and answer["Location"].startswith("/account/sign-in?next="):
        return "401"
    if answer.status_code == 404 and answer.json()["error"] != "Container not found":
        return "in"
    return str(answer.status_code) if answer.status_code in (401, 403, 404) else "in"


def pages() -> set[str]:
    """Django's admin is in `test_matrix.py`."""
    return {route for route, _ in routes() if is_page(route) and not route.startswith("admin/")}


def test_every_page_is_in_the_table() -> None:
    assert pages() == set(NEEDS)


@pytest.mark.parametrize(("route", "method"), CASES, ids=IDS)
def test_each_gets_what_is_theirs(container: Container, route: str, method: str) -> None:
    needs = NEEDS[route][method]
    path = path_of(route)

    wrong = {}
    for caller, user in everyone(container):
        answer = got(ask(path, method, user, needs.body))
        if answer != wanted(caller, route.removeprefix("dashboard/"), needs):
            wrong[caller.name] = f"{answer}, and not {wanted(caller, route.removeprefix('dashboard/'), needs)}"

    assert wrong == {}


@pytest.mark.parametrize("route", NEEDS)
def test_it_can_be_asked_for_in_no_other_way(container: Container, admin: User, route: str) -> None:
    if route == "account/":
        return  # leads on, however it is asked for
    for method in {"get", "post", "put", "patch", "delete"} - set(NEEDS[route]):
        assert ask(path_of(route), method, admin).status_code == 405, method


@pytest.mark.parametrize(("route", "method"), CASES, ids=IDS)
def test_a_token_opens_no_page(container: Container, admin: User, route: str, method: str) -> None:
    _, secret = tokens.issue(admin)

    answer = ask(path_of(route), method, None, authorization=f"Bearer {secret}")

    assert NEEDS[route][method].public or got(answer) == "401"
