"""Who sits at the browser."""

import secrets
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.answers import found
from tests.e2e.server import Lightd


@dataclass(frozen=True)
class Person:
    """Someone with an account, whose browser shows ``page``. The token is for what the test asks of the API."""

    username: str
    password: str
    token: str
    page: Page


def sign_in(page: Page, username: str, password: str) -> None:
    """As a person does it, by what the page shows."""
    fill_in_password(page, username, password)
    expect(page.get_by_role("button", name=f"Account of {username}")).to_be_visible()


def fill_in_password(page: Page, username: str, password: str) -> None:
    """The first half of it for whoever has a second factor."""
    page.goto("/account/sign-in")
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def new_user(lightd: Lightd, name: str, *, administrator: bool = False) -> tuple[str, str, str]:
    """Makes an account on the server; returns its user name, which no other test has, its password and a token."""
    username, password = lightd.fresh_id(name), secrets.token_urlsafe(12)
    make = "create_superuser" if administrator else "create_user"
    code = (
        "from accounts import tokens; from accounts.models import User; "
        f"print(tokens.issue(User.objects.{make}({username!r}, password={password!r}))[1])"
    )
    return username, password, found(r"lightd_\w{32,}", lightd.manage("shell", "-v", "0", "-c", code))
