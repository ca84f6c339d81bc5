"""Every route for everyone: who is let in, who is told that it is not allowed, and who that there is nothing.

The rows come from the URL table itself: a route that is not in `NEEDS` fails the test.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from accounts.models import User
from accounts.permissions import Permission
from rules.openapi import PERMISSION
from tests.people import client_of
from tests.rights.people import BACKUP, BACKUP_OF_WHAT_IS_GONE, CONTAINER, VOLUME, Caller, console_secret, everyone

P = Permission


@dataclass(frozen=True)
class Needs:
    """What a method of a route needs: a permission, or None for anybody with a token. `public`: not even that."""

    permission: Permission | None = None
    public: bool = False
    body: dict[str, Any] = field(default_factory=dict)
    query: str = ""


ANYBODY = Needs()
FILES = (P.FILES_READ, P.FILES_WRITE)
# What a token is told that would make more than it is.
NARROW = ("The new token would", "The credentials would", "A single-use token cannot")
PUBLIC = Needs(public=True)
CREATE = {"internal_id": "new", "image": "debian", "volume_id": "d6764075-c5f1-4045-9fb3-85315b85cb0f"}
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBDtOcRe7DNZa/1YRpWZm3eUnBNasCj2IzQJVtsGU19j alice@laptop"
PORT = {"ip": "0.0.0.0", "port": 25566, "protocol": "tcp"}

NEEDS: dict[str, dict[str, Needs]] = {
    "api/v1/public/ping": {"get": PUBLIC},
    "docs/openapi.json": {"get": ANYBODY},
    "metrics": {"get": Needs(P.ADMIN)},
    "auth/tokens": {"get": ANYBODY, "post": ANYBODY},
    "auth/tokens/<str:token_id>": {"delete": ANYBODY},
    "audit": {"get": Needs(P.ADMIN)},
    "network/ports": {"get": ANYBODY, "post": Needs(P.PORTS, body=PORT)},
    "network/ports/random": {"get": ANYBODY},
    "network/ports/bulk-delete": {"post": Needs(P.PORTS, body={"ports": [PORT]})},
    "network/ports/<str:ip>/<str:port>": {"get": ANYBODY, "delete": Needs(P.PORTS)},
    "network/ports/<str:ip>/<str:port>/use": {"put": Needs(P.PORTS, body={"in_use": True})},
    "volumes": {"get": Needs(P.VOLUMES), "post": Needs(P.VOLUMES)},
    "volumes/<str:volume_id>": {"get": Needs(P.VOLUMES), "delete": Needs(P.VOLUMES)},
    "volumes/<str:volume_id>/quota": {"get": Needs(P.FILES_READ)},
    "volumes/<str:volume_id>/resize": {"post": Needs(P.VOLUMES, body={"size": 512})},
    "volumes/<str:volume_id>/files": {
        "get": Needs(P.FILES_READ),
        "post": Needs(P.FILES_WRITE, body={"path": "file", "content": ""}),
    },
    "volumes/<str:volume_id>/files/content": {"get": Needs(P.FILES_READ, body={"path": "file"})},
    "volumes/<str:volume_id>/files/search": {"get": Needs(P.FILES_READ, body={"query": "file"})},
    "volumes/<str:volume_id>/files/download": {"get": Needs(P.FILES_READ, body={"path": "file"})},
    "volumes/<str:volume_id>/upload": {
        "get": Needs(P.FILES_WRITE, body={"path": "file", "resume": "a"}),
        "post": Needs(P.FILES_WRITE),
        "delete": Needs(P.FILES_WRITE, query="path=file&resume=a"),
    },
    "volumes/<str:volume_id>/folders": {"post": Needs(P.FILES_WRITE, body={"path": "folder"})},
    "volumes/<str:volume_id>/copy": {"post": Needs(P.FILES_WRITE, body={"source": "a", "destination": "b"})},
    "volumes/<str:volume_id>/move": {"post": Needs(P.FILES_WRITE, body={"source": "a", "destination": "b"})},
    "volumes/<str:volume_id>/delete": {"post": Needs(P.FILES_WRITE, body={"paths": ["a"]})},
    "volumes/<str:volume_id>/chmod": {"post": Needs(P.FILES_WRITE, body={"path": "a", "mode": "644"})},
    "volumes/<str:volume_id>/compress": {
        "post": Needs(P.FILES_WRITE, body={"format": "zip", "output_name": "a", "paths": ["a"]}),
    },
    "volumes/<str:volume_id>/decompress": {
        "post": Needs(P.FILES_WRITE, body={"archive_path": "a", "destination": "b"}),
    },
    "volumes/<str:volume_id>/operations": {"get": Needs(P.FILES_READ)},
    "volumes/<str:volume_id>/operations/<str:operation_id>": {
        "get": Needs(P.FILES_READ),
        "delete": Needs(P.FILES_WRITE),
    },
    "volumes/<str:volume_id>/backups": {"get": Needs(P.FILES_READ), "post": Needs(P.FILES_WRITE)},
    "volumes/<str:volume_id>/backup-schedules": {
        "get": Needs(P.FILES_READ),
        "post": Needs(P.FILES_WRITE, body={"cron": "0 4 * * *"}),
    },
    "volumes/<str:volume_id>/backup-schedules/<str:schedule_id>": {
        "get": Needs(P.FILES_READ),
        "patch": Needs(P.FILES_WRITE, body={"keep": 3}),
        "delete": Needs(P.FILES_WRITE),
    },
    "backups": {"get": Needs(P.VOLUMES)},
    "backups/<str:backup_id>": {
        "get": Needs(P.FILES_READ),
        "patch": Needs(P.FILES_WRITE, body={"locked": True}),
        "delete": Needs(P.FILES_WRITE),
    },
    "backups/<str:backup_id>/download": {"get": Needs(P.FILES_READ)},
    "backups/<str:backup_id>/restore": {"post": Needs(P.FILES_WRITE, body={"into": "same"})},
    "containers": {"get": ANYBODY, "post": Needs(P.CREATE, body={**CREATE, "startup_command": "true"})},
    "containers/<str:internal_id>": {
        "get": Needs(P.VIEW),
        "patch": Needs(P.SETTINGS, body={"stop_timeout": 20}),
        "delete": Needs(P.DELETE),
    },
    "containers/<str:internal_id>/start": {"post": Needs(P.POWER)},
    "containers/<str:internal_id>/stop": {"post": Needs(P.POWER)},
    "containers/<str:internal_id>/kill": {"post": Needs(P.POWER)},
    "containers/<str:internal_id>/restart": {"post": Needs(P.POWER)},
    "containers/<str:internal_id>/reinstall": {"post": Needs(P.REINSTALL)},
    "containers/<str:internal_id>/rebind-network": {"post": Needs(P.NETWORK, body={"ports": []})},
    "containers/<str:internal_id>/resources": {
        "get": Needs(P.VIEW),
        "post": Needs(P.SETTINGS, body={"cpu_shares": 512}),
    },
    "containers/<str:internal_id>/logs": {"get": Needs(P.CONSOLE_READ)},
    "containers/<str:internal_id>/install-log": {"get": Needs(P.CONSOLE_READ)},
    "containers/<str:internal_id>/console-token": {"post": Needs(P.CONSOLE_READ)},
    "containers/<str:internal_id>/events": {"get": Needs(P.VIEW)},
    "containers/<str:internal_id>/sftp/info": {"get": Needs(P.FILES_READ)},
    "containers/<str:internal_id>/sftp/credentials": {"post": Needs(P.FILES_READ), "delete": Needs(P.FILES_READ)},
    "containers/<str:internal_id>/sftp/keys": {
        "get": Needs(P.FILES_READ),
        "post": Needs(P.FILES_READ, body={"public_key": PUBLIC_KEY}),
    },
    "containers/<str:internal_id>/sftp/keys/<str:key_id>": {"delete": Needs(P.FILES_READ)},
    "containers/<str:internal_id>/stats": {"get": Needs(P.VIEW)},
    "containers/<str:internal_id>/grants": {"get": Needs(P.SHARE)},
    "containers/<str:internal_id>/grants/<str:username>": {
        "put": Needs(P.SHARE, body={"permissions": ["view"]}),
        "delete": Needs(P.SHARE),
    },
    "host/stats": {"get": Needs(P.ADMIN)},
    "health/live": {"get": ANYBODY},
    "health/ready": {"get": ANYBODY},
}
# Pages are for browsers: `test_pages.py` and the tests of sign-in.
PAGES = ("", "docs/", "account/", "admin/", "dashboard/")

FILLED = {
    "<str:internal_id>": CONTAINER,
    "<str:username>": "dave",
    "<str:token_id>": "7b7e1c52-6c0e-4f0e-9e55-0a2f4c9a1f10",
    "<str:volume_id>": VOLUME,
    "<str:operation_id>": "0b9d2f6e-6f0b-4a57-9a53-1f2f3b3c4d5e",
    "<str:backup_id>": BACKUP,
    "<str:schedule_id>": "c0ffee00-1d2e-4f3a-8b4c-5d6e7f8a9b0c",
    "<str:ip>": "0.0.0.0",
    "<str:port>": "25565",
}
# One for all: each loads the whole site anew.
CLIENT = APIClient(raise_request_exception=False)
CASES = [(route, method) for route, methods in NEEDS.items() for method in methods]
OF_A_BACKUP = [(route, method) for route, method in CASES if route.startswith("backups/")]


def routes(patterns: list[Any] | None = None, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every route of the site, with its view."""
    for each in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns, route)
        elif isinstance(each, URLPattern):
            yield route, each.callback


def is_page(route: str) -> bool:
    return route == "" or (route.startswith(tuple(page for page in PAGES if page)) and route != "docs/openapi.json")


def methods_of(view: Any) -> set[str]:
    return {name for name in ("get", "post", "put", "patch", "delete") if hasattr(view.view_class, name)}


def test_every_route_is_in_the_matrix() -> None:
    served = {route: methods_of(view) for route, view in routes() if not is_page(route)}

    assert served == {route: set(methods) for route, methods in NEEDS.items()}


def test_the_description_of_every_route_says_what_it_needs(alice: User) -> None:
    paths = client_of(alice).get("/docs/openapi.json").json()["paths"]

    said = {
        (path, method): operation.get(PERMISSION)
        for path, operations in paths.items()
        for method, operation in operations.items()
    }
    assert said == {
        ("/" + route.replace("<str:", "{").replace(">", "}"), method): needs.permission
        for route, methods in NEEDS.items()
        for method, needs in methods.items()
    }


def answer(route: str, method: str, needs: Needs, secret: str) -> tuple[int, str]:
    """Status and sentence; what it changes is undone."""
    path = "/" + route
    for name, value in FILLED.items():
        path = path.replace(name, value)
    CLIENT.credentials(**({"HTTP_AUTHORIZATION": f"Bearer {secret}"} if secret else {}))
    with transaction.atomic():
        response = getattr(CLIENT, method)(f"{path}?{needs.query}", needs.body, format="json")
        transaction.set_rollback(True)
    return response.status_code, response.json().get("error", "") if response.status_code >= 400 else ""


def is_of_volume(route: str, needs: Needs) -> bool:
    """Whether it is about a volume's files or backups, and not the container's."""
    return route.startswith(("volumes/", "backups/")) and needs.permission in FILES


def hidden_by(route: str, needs: Needs) -> str:
    """What is said of what is not to be seen."""
    if not is_of_volume(route, needs):
        return "Container not found"
    return "Volume not found" if route.startswith("volumes/") else "Backup not found"


def wanted(caller: Caller, route: str, needs: Needs) -> str:
    """`in`, or the refusal that this caller gets."""
    if needs.public:
        return "in"
    if not caller.known:
        return "401"
    if needs.permission is None or caller.may(needs.permission):
        return "in"
    about_container = needs.permission not in (P.CREATE, P.PORTS, P.VOLUMES, P.ADMIN)
    sees = caller.sees_volume if is_of_volume(route, needs) else caller.sees
    return "404" if about_container and not sees else "403"


def got(status: int, sentence: str, hidden: str) -> str:
    """The same of an answer, which says `hidden` of what is not to be seen. Who is let in may still ask for what is not
    there, or what cannot be done now."""
    if status == 404 and sentence != hidden:
        return "in"
    if status == 403 and sentence.startswith(NARROW):
        return "in"  # `tests/accounts/test_narrow_token.py`, `tests/containers/test_sftp_credentials.py`
    return str(status) if status in (401, 403, 404) else "in"


@pytest.mark.parametrize(("route", "method"), CASES, ids=[f"{method} {route}" for route, method in CASES])
def test_each_gets_what_is_theirs(db: None, route: str, method: str) -> None:
    needs = NEEDS[route][method]
    hidden = hidden_by(route, needs)

    wrong = {}
    for caller in everyone():
        status, sentence = answer(route, method, needs, caller.secret)
        if got(status, sentence, hidden) != wanted(caller, route, needs):
            wrong[caller.name] = f"{status} {sentence}, and not {wanted(caller, route, needs)}"

    assert wrong == {}


def wanted_of_what_is_gone(caller: Caller, needs: Needs) -> str:
    if not caller.known:
        return "401"
    if not caller.sees_own:
        return "404"
    return "in" if needs.permission and caller.may(needs.permission) else "403"


@pytest.mark.parametrize(("route", "method"), OF_A_BACKUP, ids=[f"{method} {route}" for route, method in OF_A_BACKUP])
def test_a_backup_of_a_volume_that_is_gone_is_whose_it_was(db: None, route: str, method: str) -> None:
    needs = NEEDS[route][method]
    one = route.replace("<str:backup_id>", BACKUP_OF_WHAT_IS_GONE)

    wrong = {}
    for caller in everyone():
        status, sentence = answer(one, method, needs, caller.secret)
        if got(status, sentence, "Backup not found") != wanted_of_what_is_gone(caller, needs):
            wrong[caller.name] = f"{status} {sentence}, and not {wanted_of_what_is_gone(caller, needs)}"

    assert wrong == {}


@pytest.mark.parametrize(("route", "method"), CASES, ids=[f"{method} {route}" for route, method in CASES])
def test_a_console_token_opens_no_route(alice: User, route: str, method: str) -> None:
    needs = NEEDS[route][method]

    status, _ = answer(route, method, needs, console_secret(alice))

    assert needs.public or status == 401


ADMIN_PAGES = sorted(
    route for route, _ in routes() if route.startswith("admin/") and "<" not in route and "(" not in route
)


@pytest.mark.parametrize("route", ADMIN_PAGES)
def test_djangos_admin_is_for_administrators(client: Client, alice: User, route: str) -> None:
    for user in (None, alice):
        if user:
            client.force_login(user)
        response = client.get(f"/{route}")
        assert response.status_code in (302, 403, 405), (user, response.status_code)
        assert response.status_code != 302 or response["Location"].startswith(("/account/", "/admin/login/"))
