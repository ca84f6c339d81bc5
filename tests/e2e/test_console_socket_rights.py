"""Who may open the console socket, for what, and for how long."""

import time
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests.e2e.browser import Browser
from tests.e2e.console import Console
from tests.e2e.server import Lightd

# The contract promises one second; the rest is for a busy machine.
SOON = 5.0


@pytest.fixture(scope="module")
def container(lightd: Lightd) -> str:
    return lightd.create()


def token(lightd: Lightd, **wanted: Any) -> dict[str, Any]:
    answer = lightd.http.post("/auth/tokens", json={"ttl": "1h", **wanted})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def assert_open(viewer: Console) -> None:
    viewer.send({"event": "request_logs"})
    viewer.wait_for(lambda m: m["event"] == "logs")


def assert_closed(viewer: Console, code: int, reason: str) -> None:
    assert viewer.wait_closed() == code
    assert viewer.close_reason == reason
    assert viewer.messages == []


@pytest.mark.parametrize(
    ("secret", "reason"),
    [("", "Authentication required"), ("nonsense", "Invalid token"), (f"lightd_{'0' * 40}", "Invalid token")],
)
def test_a_bad_token_is_4401(lightd: Lightd, container: str, secret: str, reason: str) -> None:
    for internal_id in (container, "unknown"):
        assert_closed(lightd.socket(internal_id, token=secret), 4401, reason)


def test_no_right_to_it_is_4403(lightd: Lightd, container: str) -> None:
    viewer = lightd.socket(container, token=token(lightd, scopes=["view"])["token"])

    assert_closed(viewer, 4403, "You may not do this to the container: console.read is needed")


@pytest.mark.parametrize("internal_id", ["unknown", "%2e%2e%2fetc", "a%00b", "%ff"])
def test_an_unknown_container_is_4404(lightd: Lightd, internal_id: str) -> None:
    assert_closed(lightd.socket(internal_id), 4404, "Container not found")


def test_a_token_for_other_containers_finds_none(lightd: Lightd, container: str) -> None:
    viewer = lightd.socket(container, token=token(lightd, containers=["another"])["token"])

    assert_closed(viewer, 4404, "Container not found")


def test_a_path_that_is_no_socket_is_refused(lightd: Lightd) -> None:
    for path in ("/nowhere", "/ws/", "/containers"):
        with pytest.raises(InvalidStatus) as refused:
            Console(f"ws://127.0.0.1:{lightd.port}{path}", {})
        assert refused.value.response.status_code == 403


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "9" * 30])
def test_a_cursor_that_is_none_is_refused(lightd: Lightd, container: str, cursor: str) -> None:
    assert_closed(lightd.socket(container, query=f"&since_seq={cursor}"), 4400, "since_seq is not a cursor")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1.evil"])
def test_a_foreign_origin_is_refused_before_the_upgrade(lightd: Lightd, container: str, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        lightd.socket(container, origin=origin)
    assert refused.value.response.status_code == 403


def test_our_own_origin_is_let_in(lightd: Lightd, container: str) -> None:
    assert_open(lightd.socket(container, origin=lightd.url))


def test_the_header_does_as_well_as_the_address(lightd: Lightd, container: str) -> None:
    assert_open(lightd.socket(container, token="", headers={"Authorization": f"Bearer {lightd.token}"}))


def test_the_dashboards_cookie_does_from_its_own_pages_only(lightd: Lightd, container: str) -> None:
    cookie = {"Cookie": f"sessionid={session(lightd)}"}

    assert_open(lightd.socket(container, token="", headers=cookie, origin=lightd.url))
    assert_closed(lightd.socket(container, token="", headers=cookie), 4401, "Authentication required")
    with pytest.raises(InvalidStatus):
        lightd.socket(container, token="", headers=cookie, origin="https://evil.example")


def session(lightd: Lightd) -> str:
    with Browser(lightd.url) as browser:
        return browser.sign_in("admin", lightd.password).http.cookies["sessionid"]


def test_signing_out_another_password_and_deactivation_close_the_sessions_connections(
    lightd: Lightd, container: str
) -> None:
    name, old, new = lightd.fresh_id("second"), "correct horse battery", "another horse battery"
    in_shell(lightd, f"User.objects.create_superuser({name!r}, password={old!r})")
    with ExitStack() as closing:
        browsers = [closing.enter_context(Browser(lightd.url)).sign_in(name, old) for _ in range(3)]
        viewers = [console_of(lightd, container, browser) for browser in browsers]

        assert browsers[0].post("/account/sign-out").status_code == 302
        assert_signed_out(viewers[0])
        assert_open(viewers[1])

        form = {"password": old, "new_password": new, "repeated": new}
        assert browsers[1].post("/account/password", **form).status_code == 302
        assert_signed_out(viewers[2])
        assert browsers[2].http.get("/").status_code == 302
        assert browsers[1].http.get("/").status_code == 200

        viewer = console_of(lightd, container, browsers[1])
        in_shell(lightd, f"User.objects.filter(username={name!r}).update(is_active=False)")
        assert_signed_out(viewer)


def in_shell(lightd: Lightd, code: str) -> None:
    lightd.manage("shell", "-v", "0", "-c", f"from accounts.models import User; {code}")


def console_of(lightd: Lightd, container: str, browser: Browser) -> Console:
    cookie = {"Cookie": f"sessionid={browser.http.cookies['sessionid']}"}
    viewer = lightd.socket(container, token="", headers=cookie, origin=lightd.url)
    assert_open(viewer)
    return viewer


def assert_signed_out(viewer: Console) -> None:
    assert viewer.wait_closed(SOON) == 4401
    assert viewer.close_reason == "You are signed out"


def test_one_who_may_only_read_neither_types_nor_switches(lightd: Lightd, container: str) -> None:
    viewer = lightd.socket(container, token=token(lightd, scopes=["view", "console.read"])["token"])

    viewer.command("rm -rf /")
    viewer.wait_for(lambda m: m.get("data") == "Error: You may not do this to the container: console.write is needed")
    viewer.power("start")
    viewer.wait_for(lambda m: m.get("data") == "Error: You may not do this to the container: power is needed")
    assert_open(viewer)
    assert lightd.state(container) == "ready"


def test_a_revoked_token_closes_its_connections(lightd: Lightd, container: str) -> None:
    made = token(lightd)
    revoked = [lightd.socket(container, token=made["token"]) for _ in range(2)]
    other = lightd.socket(container)
    for viewer in (*revoked, other):
        assert_open(viewer)

    assert lightd.http.delete(f"/auth/tokens/{made['id']}").status_code == 200

    for viewer in revoked:
        assert viewer.wait_closed(SOON) == 4401
        assert viewer.close_reason == "Token has expired or was revoked"
    assert_open(other)


def test_an_expiring_token_closes_its_connection_when_it_does(lightd: Lightd, container: str) -> None:
    made = token(lightd, ttl="5s")
    viewer = lightd.socket(container, token=made["token"])
    assert_open(viewer)

    assert viewer.wait_closed(made["expires_at"] - time.time() + 1 + SOON) == 4401
    assert time.time() >= made["expires_at"]


def test_a_single_use_token_is_good_for_one_connection(lightd: Lightd, container: str) -> None:
    single = token(lightd, remove_on_use=True)["token"]
    viewer = lightd.socket(container, token=single)
    assert_open(viewer)

    assert_closed(lightd.socket(container, token=single), 4401, "Token has already been used")
    answer = httpx.get(f"{lightd.url}/containers", headers={"Authorization": f"Bearer {single}"}, timeout=30)
    assert answer.json() == {"error": "Token has already been used"}
    assert_open(viewer)


def other_user(lightd: Lightd, like: str) -> tuple[str, str]:
    """A new user's name and token."""
    name = lightd.fresh_id(like)
    in_shell(lightd, f"User.objects.create_user({name!r})")
    return name, lightd.manage("token", "create", name).strip()


def test_a_grant_opens_the_console_and_taken_back_closes_it(lightd: Lightd, container: str) -> None:
    name, bob = other_user(lightd, "bob")
    grant = f"/containers/{container}/grants/{name}"
    assert_closed(lightd.socket(container, token=bob), 4404, "Container not found")
    assert lightd.http.put(grant, json={"permissions": ["console.read"]}).status_code == 200
    viewer = lightd.socket(container, token=bob)
    assert_open(viewer)
    viewer.command("hello")
    viewer.wait_for(lambda m: m.get("data") == "Error: You may not do this to the container: console.write is needed")

    assert lightd.http.delete(grant).status_code == 200

    assert viewer.wait_closed(SOON) == 4403
    assert viewer.close_reason == "You may not watch this container any more"


def test_a_user_made_inactive_loses_the_console_of_a_token_too(lightd: Lightd, container: str) -> None:
    name, carol = other_user(lightd, "carol")
    lightd.http.put(f"/containers/{container}/grants/{name}", json={"permissions": ["console.read"]})
    viewer = lightd.socket(container, token=carol)
    assert_open(viewer)

    in_shell(lightd, f"User.objects.filter(username={name!r}).update(is_active=False)")

    assert viewer.wait_closed(SOON) == 4401


def test_an_administrator_no_longer_loses_the_console_at_once(lightd: Lightd, container: str) -> None:
    name, dora = other_user(lightd, "dora")
    in_shell(lightd, f"User.objects.filter(username={name!r}).update(is_superuser=True)")
    viewer = lightd.socket(container, token=dora)
    assert_open(viewer)

    in_shell(lightd, f"User.objects.filter(username={name!r}).update(is_superuser=False)")

    assert viewer.wait_closed(SOON) == 4403


def console_token(lightd: Lightd, container: str, **wanted: Any) -> str:
    answer = lightd.http.post(f"/containers/{container}/console-token", json=wanted)
    assert answer.status_code == 201, answer.text
    secret: str = answer.json()["token"]
    return secret


def test_a_console_token_opens_its_console_from_the_page_it_was_made_for(lightd: Lightd, container: str) -> None:
    shop = console_token(lightd, container, origin="https://shop.example")

    viewer = lightd.socket(container, token=shop, origin="https://shop.example")
    assert_open(viewer)
    viewer.command("hello")
    viewer.wait_for(lambda m: m.get("data") == "Error: You may not do this to the container: console.write is needed")
    for origin in ("https://evil.example", "http://shop.example", "https://shop.example:8443"):
        with pytest.raises(InvalidStatus):
            lightd.socket(container, token=shop, origin=origin)


def test_a_console_token_opens_nothing_else(lightd: Lightd, container: str) -> None:
    secret = console_token(lightd, container, write=True)
    other = lightd.create(wait=None)

    assert_open(lightd.socket(container, token=secret))
    assert_closed(lightd.socket(other, token=secret), 4404, "Container not found")
    answer = httpx.get(
        f"{lightd.url}/containers/{container}", headers={"Authorization": f"Bearer {secret}"}, timeout=30
    )
    assert (answer.status_code, answer.json()) == (401, {"error": "Invalid token"})


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"ttl": "2h"}, "ttl must be at most 1h"),
        ({"origin": "shop.example"}, "origin: This value does not match the required pattern"),
    ],
)
def test_a_console_token_is_short_and_for_an_origin(
    lightd: Lightd, container: str, wanted: dict[str, str], sentence: str
) -> None:
    answer = lightd.http.post(f"/containers/{container}/console-token", json=wanted)

    assert (answer.status_code, answer.json()["error"]) == (400, sentence)
