"""What every page is built on: the frame, its navigation, and a policy that no page needs to loosen."""

import json
import re
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from tests.answers import found

ROOT = Path(settings.BASE_DIR)
TEMPLATES = [*ROOT.glob("templates/**/*.html"), *ROOT.glob("*/templates/**/*.html")]


def page_of(client: Client, user: User, path: str = "/") -> str:
    client.force_login(user)
    return client.get(path, HTTP_ACCEPT="text/html").content.decode()


def navigation_in(page: str) -> dict[str, bool]:
    """The links of the navigation, and which of them is the page itself."""
    links = re.findall(r'<li><a href="([^"]+)"( aria-current="page")?>', page)
    return {address: bool(current) for address, current in links}


def test_the_navigation_marks_where_one_is(client: Client, admin: User) -> None:
    assert navigation_in(page_of(client, admin))["/"]

    at_the_docs = navigation_in(page_of(client, admin, "/docs/"))
    assert [address for address, current in at_the_docs.items() if current] == ["/docs/"]


def test_the_admin_is_in_the_navigation_of_those_who_may(client: Client, admin: User, alice: User) -> None:
    assert "/admin/" in navigation_in(page_of(client, admin))
    assert "/admin/" not in navigation_in(page_of(client, alice))


@pytest.mark.parametrize(
    "action",
    ["/dashboard/images/pull", "/account/sessions/end", f"/account/sessions/{UUID(int=1)}/end"],
)
def test_who_is_signed_out_when_a_page_asks_for_something_comes_back_to_that_page(
    client: Client, db: None, action: str
) -> None:
    page = "http://testserver/dashboard/audit/?user=alice"

    answer = client.post(action, headers={"Accept": "text/html", "Referer": page})

    assert answer["Location"] == "/account/sign-in?next=/dashboard/audit/%3Fuser%3Dalice"


def test_requests_of_htmx_carry_the_csrf_token(client: Client, alice: User) -> None:
    page = page_of(client, alice)

    headers = json.loads(found(r"hx-headers='([^']+)'", page))
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert strict.post("/account/sign-out").status_code == 403
    assert strict.post("/account/sign-out", headers={"X-CSRFToken": headers["X-CSRFToken"]}).status_code == 302


def test_htmx_is_told_to_evaluate_nothing_and_to_ask_nobody_else(client: Client, alice: User) -> None:
    config = json.loads(found(r"""name="htmx-config" content='([^']+)'""", page_of(client, alice)))

    assert config["allowEval"] is False
    assert config["selfRequestsOnly"] is True
    assert config["includeIndicatorStyles"] is False


def test_what_makes_styles_as_it_runs_finds_the_nonce_of_the_answer(client: Client, alice: User) -> None:
    client.force_login(alice)
    answer = client.get("/")

    nonce = found(r'<link [^>]*nonce="([^"]+)"', answer.content.decode())
    assert f"style-src 'self' 'nonce-{nonce}'" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has_a_script_a_style_or_a_handler_within(template: Path) -> None:
    text = template.read_text()

    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert "<style" not in text
    assert not re.search(r"\s(style|on[a-z]+|hx-on[^=]*)=", text)


def test_every_icon_that_a_template_names_is_there() -> None:
    there = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/vendor/tabler-icons/icons.svg").read_text()))
    named = {name for path in TEMPLATES for name in re.findall(r'(?:{% icon |icon_name=)"([^"]+)"', path.read_text())}

    assert named
    assert named <= there
    assert there == set((ROOT / "script/vendored/icons.txt").read_text().split())


def test_every_icon_that_is_there_is_used() -> None:
    """By its name in a template, or in what a template is given."""
    code = [path for app in ("accounts", "containers", "lightd_site", "volumes") for path in (ROOT / app).rglob("*.py")]
    text = "\n".join(path.read_text() for path in (*TEMPLATES, *code))
    names = (ROOT / "script/vendored/icons.txt").read_text().split()

    assert [name for name in names if f'"{name}"' not in text] == []


def test_what_is_vendored_is_listed_with_its_version() -> None:
    packages = json.loads((ROOT / "script/vendored/package.json").read_text())["dependencies"]
    listed = dict(re.findall(r"^\| (\S+) \| (\S+) \|", (ROOT / "static/vendor/README.md").read_text(), re.MULTILINE))
    listed = {name: version for name, version in listed.items() if name not in ("Part", "---|---")}

    assert {name: packages[name] for name in listed} == listed
    assert {name for name in packages if not name.startswith("@codemirror/")} - {"esbuild"} == set(listed)
