"""Strings made to be taken for markup, script, template or SQL, in every text that a page shows: they stay text."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import httpx
import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.browser.conftest import PageFactory, kept_when_signed_in
from tests.browser.injection import ALL, PAYLOADS, Tripwire, assert_shown
from tests.browser.network import Network
from tests.browser.people import fill_in_password, sign_in
from tests.e2e.server import Lightd

PASSWORD = "the same for all of them"
LONGEST_NAME = 150  # characters, of a user


@dataclass(frozen=True)
class Planted:
    """Where the strings are."""

    row: str  # the primary key of the container that has them
    person: str  # the name of a user
    container: str
    account: str  # the primary key of that user


@pytest.fixture(scope="module")
def lightd(lightd_apart: Lightd) -> Lightd:
    """A server of its own: the strings would be in every other test's pages too."""
    return lightd_apart


@pytest.fixture(scope="module")
def administrators_session(browser: Browser, network: Network, lightd: Lightd) -> StorageState:
    return kept_when_signed_in(browser, network, lightd)


@pytest.fixture(scope="module")
def planted(lightd: Lightd) -> Planted:
    """Everything of the server that takes a text from outside has been given the strings."""
    container = lightd.create(
        startup_command=f": <<'END'\n{ALL}\nEND",
        install_script=f"cat <<'END'\n{ALL}\nEND\nexit 1",
        start_pattern=re.escape(PAYLOADS[0]),
        wait="failed",
    )
    changed = lightd.http.patch(f"/containers/{container}", json={"stop_command": ALL})
    assert changed.status_code == 200, changed.text
    for payload in PAYLOADS:
        made = lightd.http.post("/auth/tokens", json={"name": payload})
        assert made.status_code == 201, made.text
        by_that_token = {"Authorization": f"Bearer {made.json()['token']}"}
        refused = httpx.post(
            f"{lightd.url}/containers", headers=by_that_token, json=lightd.body(image=payload), timeout=30
        )
        assert refused.status_code == 400, refused.text
        unknown = lightd.http.delete(f"/auth/tokens/{quote(payload.replace('/', ''))}")
        assert unknown.status_code == 404, unknown.text
    row, account = make_people(lightd, container)
    return Planted(row=row, person=PAYLOADS[0], container=container, account=account)


def make_people(lightd: Lightd, container: str) -> list[str]:
    """Users named so, with a grant each; the primary keys of the container and of the first of them.

    Past the forms, which refuse such a name; but an OpenID provider may bring one.
    """
    return lightd.manage(
        "shell",
        "-v",
        "0",
        "-c",
        f"""
from accounts.models import User
from containers.models import Container, Grant
container = Container.objects.get(internal_id={container!r})
for name in {PAYLOADS!r}:
    user = User.objects.create_user(name, password={PASSWORD!r}, first_name=name, last_name=name)
    Grant.objects.create(container=container, user=user, permissions=["console.read"])
print(container.pk, User.objects.get(username={PAYLOADS[0]!r}).pk)
""",
    ).split()


Address = Callable[[Planted], str]


def listing(path: str, **query: str) -> Address:
    """A list of the admin, narrowed down if anything is said about that."""
    return lambda planted: f"/admin/{path}/?{urlencode(query)}"


# Each page with what it has to show.
PAGES: dict[str, tuple[Address, tuple[str, ...]]] = {
    "admin, containers": (listing("containers/container"), ()),
    "admin, a container": (lambda planted: f"/admin/containers/container/{planted.row}/change/", (ALL,)),
    "admin, jobs": (listing("containers/job"), ()),
    "admin, events": (listing("containers/event"), ()),
    "admin, grants": (listing("containers/grant"), PAYLOADS),
    "admin, tokens": (listing("accounts/apitoken"), PAYLOADS),
    "admin, users": (listing("accounts/user"), PAYLOADS),
    "admin, audit": (listing("accounts/auditentry"), PAYLOADS),
    "admin, a search": (listing("containers/container", q=ALL), (ALL,)),
    "admin, what was done": (lambda planted: "/admin/", ()),
    "the form of a new container": (lambda planted: "/dashboard/new-container", ()),
    "tokens": (lambda planted: "/dashboard/tokens/", PAYLOADS),
    "users": (lambda planted: "/dashboard/users/", PAYLOADS),
    "users, a search": (lambda planted: f"/dashboard/users/?{urlencode({'search': ALL[:150]})}", (ALL[:150],)),
    "a user": (lambda planted: f"/dashboard/users/{planted.account}/", (PAYLOADS[0],)),
    "audit": (lambda planted: "/dashboard/audit/?action=token.create", PAYLOADS),
    "audit, refusals": (lambda planted: "/dashboard/audit/?action=container.create", PAYLOADS),
    "audit, a search": (lambda planted: f"/dashboard/audit/?{urlencode({'target': PAYLOADS[0]})}", (PAYLOADS[0],)),
    "sharing": (lambda planted: f"/dashboard/container/{planted.container}/sharing", PAYLOADS),
    "an installation": (lambda planted: f"/dashboard/container/{planted.container}/install", (ALL,)),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_it_as_text(administrators_page: Page, planted: Planted, name: str) -> None:
    address, shown = PAGES[name]
    tripwire = Tripwire(administrators_page.context)

    administrators_page.goto(address(planted))

    assert_shown(administrators_page, *shown)
    tripwire.assert_untouched(administrators_page)


def test_whoever_is_named_so_reads_it_as_their_name(page: Page, planted: Planted) -> None:
    tripwire = Tripwire(page.context)
    sign_in(page, planted.person, PASSWORD)

    for path in ("/", "/account/sessions", "/account/password", "/account/two-factor", "/account/two-factor/set-up"):
        page.goto(path)
        assert_shown(page, planted.person)
        tripwire.assert_untouched(page)


@pytest.mark.expects_errors("status of 400")
def test_the_sign_in_form_gives_a_name_back_as_it_was_typed(page: Page) -> None:
    # In one attempt: failed ones are counted.
    name = "".join(payload for payload in PAYLOADS if payload[0] in "\"'<")[:LONGEST_NAME].strip()
    tripwire = Tripwire(page.context)

    fill_in_password(page, name, "not the password")

    expect(page.get_by_label("User name")).to_have_value(name)
    tripwire.assert_untouched(page)


@pytest.mark.parametrize("goal", ["javascript:alert('address')", "//lightd.example/", "https://lightd.example/"])
def test_signing_in_leads_nowhere_else(page: Page, lightd: Lightd, goal: str) -> None:
    tripwire = Tripwire(page.context)
    page.goto(f"/account/sign-in?{urlencode({'next': goal})}")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill(lightd.password)
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page).to_have_url(f"{lightd.url}/")
    tripwire.assert_untouched(page)


def test_a_browser_named_so_is_listed_by_that_name(open_page: PageFactory, lightd: Lightd) -> None:
    name = "<svg\tonload=alert('browser')>"
    page = open_page(user_agent=name)
    tripwire = Tripwire(page.context)
    sign_in(page, "admin", lightd.password)

    page.goto("/account/sessions")

    assert_shown(page, name)
    tripwire.assert_untouched(page)
